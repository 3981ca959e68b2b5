/* runner.h - one generation of a projection that follows the log: the steps that a thread repeats.
 *
 *     stand by  another process has the lease: read its checkpoint, wait for the lease
 *     begin     take the generation over, read the checkpoint, check it against the log
 *     tend      repair the copy in Redis, retry parked events (refused_rows.c), where that is due
 *     advance   fold a range, write rows and checkpoint, copy them to Redis
 *     rest      nothing new: switch queries to the generation if it is fit, wait for the log
 *     halt      the next event is of a newer release: the lease is released for good
 *
 * After any failure the next step resumes from the committed state.
 *
 * Ownership: a runner belongs to its thread; its shown state is copied under its lock
 * (runner_status.c). */
#ifndef CAIRN_PROJECTION_RUNNER_H
#define CAIRN_PROJECTION_RUNNER_H

#include "projection/fold/fold_batch.h"
#include "projection/follow/projector_state.h"
#include "projection/generations/switch.h"
#include "projection/tables/redis_copy.h"
#include "store/lease.h"
#include "store/notifier.h"

#include <pthread.h>
#include <stdatomic.h>

struct cairn_runner {
    const struct cairn_projection *projection;
    int64_t number; /* of the generation */
    struct cairn_store *store;
    struct cairn_lease *lease;
    struct cairn_copy copy;
    struct cairn_notifier *notifier; /* shared by all runners: notified of each new checkpoint */

    struct cairn_arena arena;      /* of data that lives as long as the connection */
    struct cairn_arena step_arena; /* of one step */
    int64_t connection;            /* the connection that what follows was read on; 0: none yet */
    int64_t fence;                 /* with which the generation was taken over; 0: it is not ours */
    bool outdated;                 /* the checkpoint must be read again after a conflict */
    struct cairn_rows rows;
    struct cairn_checkpoint checkpoint; /* committed */
    int64_t position;                   /* folded up to here: >= checkpoint (ignored events) */
    int64_t head;                       /* of the log, when last read */
    int64_t announced;  /* last result of the follower: head of the log, or error code */
    int64_t range;      /* positions to fold at once */
    int64_t moved_us;   /* monotonic: when the checkpoint was last moved */
    int64_t retry_us;   /* monotonic: the next range is not tried before */
    int64_t gather_us;  /* monotonic: before this, a small range waits for more events */
    int64_t trouble_us; /* pause after the next failure */
    int64_t parked_us;  /* monotonic: when to check parked events next; 0: now */
    int64_t parked_keys;
    char stopped[512];       /* why, if stopped before an event, or "" */
    bool halted;             /* stopped for good, before an event of a newer release */
    int64_t window_ms;       /* how long the generation that was read before is kept */
    int64_t switch_check_us; /* monotonic: when to check next whether it may be read */
    atomic_bool serving;     /* queries read it, as last seen */

    pthread_mutex_t lock; /* guards `shown` and `shown_us` */
    struct cairn_projector_state shown;
    int64_t shown_us; /* monotonic: when `shown` was last updated */
};

struct cairn_runner_options {
    const struct cairn_projection *projection;
    int64_t generation;
    const char *database_url, *redis_url;
    struct cairn_lease *lease;
    struct cairn_notifier *notifier;
    int64_t window_ms;
};
int cairn_runner_open(struct cairn_runner *runner, const struct cairn_runner_options *options,
                      struct cairn_error *error) CAIRN_CHECKED;
void cairn_runner_close(struct cairn_runner *runner);

/* When the next step is due: at `until_us` (monotonic; 0: now), or as soon as the log grows beyond
 * `seen`; INT64_MAX: regardless of the log. */
struct cairn_pause {
    int64_t until_us;
    int64_t seen;
    bool for_lease; /* or as soon as the lease is held, regardless of the log */
};

/* Executes one step. */
struct cairn_pause cairn_runner_step(struct cairn_runner *runner);

/* ---- shared by runner.c, runner_batch.c and refused_rows.c ---- */

/* Folds the range after `runner->position` up to `to`; `refused` as in fold_batch.h. */
int cairn_runner_fold(struct cairn_runner *runner, int64_t to, const struct cairn_park *refused,
                      size_t refused_count, struct cairn_fold_batch *ret,
                      struct cairn_error *error) CAIRN_CHECKED;
/* Writes the result of a batch to both stores. */
int cairn_runner_commit(struct cairn_runner *runner, const struct cairn_fold_batch *batch,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Parks the rows that PostgreSQL refuses after it has refused the result of the single event at
 * `to`. Returns 1, or 0 if no row is refused or the projection does not park, or an error. */
int cairn_runner_park_refused(struct cairn_runner *runner, int64_t to,
                              struct cairn_error *error) CAIRN_CHECKED;
/* Carries out a request for parked events, if that is due. Returns 1 if there may be more. */
int cairn_runner_tend_parked(struct cairn_runner *runner, struct cairn_error *error) CAIRN_CHECKED;
bool cairn_is_refusal(int failed);

/* ---- runner_status.c: the state for other threads, metrics and log lines ---- */

/* Any thread may call it. */
void cairn_runner_state(struct cairn_runner *runner, struct cairn_projector_state *ret);

/* The runner stands by: another process has the lease. */
void cairn_show_stand_by(struct cairn_runner *runner, int64_t generation);
/* A step succeeded; the runner advances, or is stopped as `runner->stopped` says. */
void cairn_show_step(struct cairn_runner *runner);
/* A step failed. */
void cairn_show_trouble(struct cairn_runner *runner, const struct cairn_error *error);
/* A range was committed. */
void cairn_show_batch(struct cairn_runner *runner, const struct cairn_fold_batch *batch,
                      int64_t took_us);
/* The runner has taken the generation over. */
void cairn_show_begin(struct cairn_runner *runner);

#endif
