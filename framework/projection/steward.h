/* steward.h - looks after the generations of one projection.
 *
 *     a thread for the projection: which generations are there? is one to be built, left, dropped?
 *     a thread for each generation that is followed (runner.h)
 *
 * Whoever has the lease of the code version does all of it; the others only show how far it is.
 * What people ask for (`cairn rebuild`, `cairn rollback`) is a row in the database, so any process
 * may ask and the one that has the lease does it.
 *
 * Ownership: the thread has the steward; what it shows is copied under its lock. */
#ifndef CAIRN_PROJECTION_STEWARD_H
#define CAIRN_PROJECTION_STEWARD_H

#include "projection/projector.h"
#include "projection/rebuild.h"
#include "projection/runner.h"
#include "store/follow.h"

enum { CAIRN_TRACKS_MAX = 4 };

/* A generation that is followed. */
struct cairn_track {
    struct cairn_follower *follower;
    struct cairn_runner runner;
    pthread_t thread;
    atomic_bool stopping;
};

struct cairn_steward {
    const struct cairn_projection *projection;
    const char *database_url, *redis_url;
    struct cairn_rebuild_limits limits;
    struct cairn_follower *follower;
    struct cairn_notifier *notifier;
    pthread_mutex_t *turn; /* one generation at a time is built: the memory is for all of them */
    struct cairn_lease *lease;
    struct cairn_store *store;
    struct cairn_redis *redis; /* for sweeping; NULL: there is no copy */
    struct cairn_arena arena;  /* of a round */
    pthread_t thread;
    bool started;
    bool hurries;        /* the next round is due soon */
    bool waits;          /* for another read model that is built now */
    bool built;          /* a generation, in this round */
    int64_t build_us;    /* monotonic: not before this is anything built */
    int64_t diverged_us; /* monotonic: when to look next whether one has diverged */
    int64_t swept_us;    /* monotonic: when to look next for what is left in Redis */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    atomic_bool stopping;
    struct cairn_track *tracks[CAIRN_TRACKS_MAX];
    struct cairn_rebuild_progress building; /* phase NULL: nothing is built here */
    char problem[200];
};

/* What all stewards of a process share. */
struct cairn_steward_shared {
    struct cairn_follower *follower; /* of the log */
    struct cairn_notifier *notifier; /* tells readers that a checkpoint has moved */
    pthread_mutex_t turn;
};

/* Starts the thread. */
int cairn_steward_open(struct cairn_steward *steward, const struct cairn_projection *projection,
                       const struct cairn_projector_options *options,
                       struct cairn_steward_shared *shared,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Says that it is time to stop; the close waits for it. */
void cairn_steward_stop(struct cairn_steward *steward);
void cairn_steward_close(struct cairn_steward *steward);

/* Of the generation that is read, or else of the newest. Any thread may ask. */
void cairn_steward_state(struct cairn_steward *steward, struct cairn_projector_state *ret);

#endif
