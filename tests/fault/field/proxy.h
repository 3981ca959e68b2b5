/* proxy.h - an unreliable connection: passes bytes between clients and a server, and on demand
 * fails the way networks do.
 *
 * The proxy listens on a port of the loopback or on a Unix socket, and connects to one. One thread
 * per connection. Any thread may set the knobs at any time. */
#ifndef PROXY_H
#define PROXY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct proxy {
    int listener;
    char target[200]; /* a path, or "" and: */
    int target_port;
    pthread_t thread;
    atomic_int open; /* connections */
    atomic_bool over;

    /* the knobs */
    atomic_int cuts; /* so many more answers are cut in the middle, with their connections */
    atomic_int
        cuts_before;       /* so many more requests are passed on and then cut, before the answer */
    atomic_int latency_us; /* each piece of data is delayed that much, in either direction */
    atomic_bool frozen;    /* nothing is passed on, and nothing is closed */
    atomic_bool refuses;   /* new connections are closed at once */
};

/* Listens on `path`, or on `port` if it is ""; connects to `target` likewise. Aborts if it cannot
 * listen. */
void proxy_start(struct proxy *ret, const char *path, int port, const char *target,
                 int target_port);
void proxy_stop(struct proxy *proxy);
/* Resets all knobs. */
void proxy_heal(struct proxy *proxy);

#endif
