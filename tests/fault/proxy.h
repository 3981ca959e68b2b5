/* proxy.h - a wire that can be bad: passes bytes between whoever connects and a server, and does on
 * demand what networks do.
 *
 * It listens on a port of the loopback or on a Unix socket, and goes to one. A thread a connection.
 * The knobs may be turned by any thread at any time. */
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
    atomic_int cuts; /* so many answers more are cut in the middle, with their connections */
    atomic_int
        cuts_before;       /* so many requests more are passed on and then cut, before the answer */
    atomic_int latency_us; /* each piece of bytes comes that much later, in either direction */
    atomic_bool frozen;    /* nothing passes; nothing is said */
    atomic_bool refuses;   /* new connections are closed at once */
};

/* "" and a port, or a path: from where, to where. Aborts if it cannot listen. */
void proxy_start(struct proxy *ret, const char *path, int port, const char *target,
                 int target_port);
void proxy_stop(struct proxy *proxy);
/* Takes all knobs back. */
void proxy_heal(struct proxy *proxy);

#endif
