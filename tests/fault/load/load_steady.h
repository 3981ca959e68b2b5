/* load_steady.h - what the actors that append without pause have in common: the ways that lead to
 * the database, and for how long nothing was acknowledged on each. */
#ifndef LOAD_STEADY_H
#define LOAD_STEADY_H

#include <pthread.h>
#include <stdint.h>

enum { STEADY_PROXY, STEADY_HOSTS, STEADY_WAYS };

/* One way to the database. */
struct steady_way {
    char url[640];
    int64_t last_us;    /* when the last append was acknowledged (history_now_us()) */
    int64_t longest_us; /* between two acknowledged appends, since steady_reset() */
    int64_t acknowledged;
};

struct steady {
    pthread_mutex_t lock; /* for the ways' numbers */
    struct steady_way ways[STEADY_WAYS];
};

/* Forgets the longest pauses. */
void steady_reset(struct steady *steady);

/* Copies what is known of a way. */
struct steady_way steady_look(struct steady *steady, int way);

#endif
