/* supervisor.h - manages the generations of one projection.
 *
 *     a thread for the projection: finds generations to follow, build, roll back to, or drop
 *     a thread for each generation that is followed (runner.h)
 *
 * The process that has the lease of the code version does all of it; the others only show its
 * progress. Operators' requests (`cairn rebuild`, `cairn rollback`) are rows in the database, so
 * any process may make one, and the process that has the lease carries it out.
 *
 * Ownership: the supervisor belongs to its thread; its shown state is copied under its lock. */
#ifndef CAIRN_PROJECTION_SUPERVISOR_H
#define CAIRN_PROJECTION_SUPERVISOR_H

#include "projection/follow/runner.h"
#include "projection/projector.h"
#include "projection/rebuild/rebuild_attempt.h"
#include "store/read/log_follower.h"

enum { CAIRN_FOLLOWED_MAX = 4 };

/* A generation that is followed. */
struct cairn_generation_follower {
    struct cairn_follower *follower;
    struct cairn_runner runner;
    pthread_t thread;
    atomic_bool stopping;
};

struct cairn_supervisor {
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
    struct cairn_generation_follower *followers[CAIRN_FOLLOWED_MAX];
    struct cairn_rebuild_progress building; /* phase NULL: nothing is built here */
    char problem[200];
    char shown[200]; /* what everybody may see of it */
};

/* The state that all supervisors of a process share. */
struct cairn_supervisor_shared {
    struct cairn_follower *follower; /* of the log */
    struct cairn_notifier *notifier; /* tells readers that a checkpoint has moved */
    pthread_mutex_t turn;
};

/* Initialises the supervisor and starts its thread. */
int cairn_supervisor_open(struct cairn_supervisor *supervisor,
                          const struct cairn_projection *projection,
                          const struct cairn_projector_options *options,
                          struct cairn_supervisor_shared *shared,
                          struct cairn_error *error) CAIRN_CHECKED;

/* The first tells the thread to stop; the second waits until it has stopped. */
void cairn_supervisor_stop(struct cairn_supervisor *supervisor);
void cairn_supervisor_close(struct cairn_supervisor *supervisor);

/* Returns the state of the generation that is read, or else of the newest. Any thread may call it.
 */
void cairn_supervisor_state(struct cairn_supervisor *supervisor, struct cairn_projector_state *ret);

#endif
