/* steward.h - manages the generations of one projection.
 *
 *     a thread for the projection: finds generations to follow, build, roll back to, or drop
 *     a thread for each generation that is followed (runner.h)
 *
 * The process that has the lease of the code version does all of it; the others only show its
 * progress. Operators' requests (`cairn rebuild`, `cairn rollback`) are rows in the database, so
 * any process may make one, and the process that has the lease carries it out.
 *
 * Ownership: the steward belongs to its thread; its shown state is copied under its lock. */
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
    pthread_mutex_t *turn; /* held while building: one build at a time uses the memory */
    struct cairn_lease *lease;
    struct cairn_store *store;
    struct cairn_redis *redis; /* to remove dropped copies; NULL: there is no copy */
    struct cairn_arena arena;  /* of a round */
    pthread_t thread;
    bool started;
    bool hurries;        /* the next round is due soon */
    bool waits;          /* another read model is being built: `turn` is taken */
    bool built;          /* this round has built a generation */
    int64_t build_us;    /* monotonic: nothing is built before */
    int64_t diverged_us; /* monotonic: when to check next for divergence */
    int64_t swept_us;    /* monotonic: when to check next for dropped copies in Redis */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    atomic_bool stopping;
    struct cairn_track *tracks[CAIRN_TRACKS_MAX];
    struct cairn_rebuild_progress building; /* phase NULL: nothing is built here */
    char problem[200];
};

/* The state that all stewards of a process share. */
struct cairn_steward_shared {
    struct cairn_follower *follower; /* of the log */
    struct cairn_notifier *notifier; /* tells readers that a checkpoint has moved */
    pthread_mutex_t turn;
};

/* Initialises the steward and starts its thread. */
int cairn_steward_open(struct cairn_steward *steward, const struct cairn_projection *projection,
                       const struct cairn_projector_options *options,
                       struct cairn_steward_shared *shared,
                       struct cairn_error *error) CAIRN_CHECKED;

/* The first tells the thread to stop; the second waits until it has stopped. */
void cairn_steward_stop(struct cairn_steward *steward);
void cairn_steward_close(struct cairn_steward *steward);

/* Returns the state of the generation that is read, or else of the newest. Any thread may call it.
 */
void cairn_steward_state(struct cairn_steward *steward, struct cairn_projector_state *ret);

#endif
