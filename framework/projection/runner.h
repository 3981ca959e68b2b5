/* runner.h - one generation of a projection on its way along the log: the steps that a thread
 * repeats.
 *
 *     stand by  another process has the lease: see how far it is, wait for the lease
 *     begin     take the generation over, read the checkpoint, hold it against the log
 *     tend      look after the copy in Redis, if that is due, and after parked events (setbacks.c)
 *     advance   fold a range, write rows and checkpoint, copy them to Redis
 *     rest      nothing new: queries may read the generation, and the log is waited for
 *     halt      the next event is of a newer release: the lease is given away for good
 *
 * Whatever fails, the next step begins again from what is committed.
 *
 * Ownership: a runner belongs to its thread; what it shows is copied under its lock (show.c). */
#ifndef CAIRN_PROJECTION_RUNNER_H
#define CAIRN_PROJECTION_RUNNER_H

#include "projection/batch.h"
#include "projection/copy.h"
#include "projection/projector.h"
#include "projection/switch.h"
#include "store/notify.h"

#include <pthread.h>
#include <stdatomic.h>

struct cairn_runner {
    const struct cairn_projection *projection;
    int64_t number; /* of the generation */
    struct cairn_store *store;
    struct cairn_lease *lease;
    struct cairn_copy copy;
    struct cairn_notifier *notifier; /* of all runners: told when the checkpoint has moved */

    struct cairn_arena arena; /* of what lives as long as the connection */
    struct cairn_arena batch; /* of one step */
    int64_t connection;       /* the connection that what follows was read on; 0: none yet */
    int64_t fence;            /* of the tenure that the generation was taken over with; 0: none */
    bool outdated;            /* the checkpoint is not what it was taken for */
    struct cairn_rows rows;
    struct cairn_checkpoint checkpoint; /* committed */
    int64_t position;                   /* looked at; ahead of it while events are ignored */
    int64_t head;                       /* of the log, when it was looked at last */
    int64_t told;       /* head that the follower has seen; anything if it has not */
    int64_t range;      /* positions to fold at once */
    int64_t moved_us;   /* monotonic: when the checkpoint was moved last */
    int64_t again_us;   /* monotonic: not before this is the next range tried */
    int64_t trouble_us; /* to wait after the failure that comes next */
    int64_t parked_us;  /* monotonic: when to look after parked events */
    int64_t parked_keys;
    char stopped[512];   /* by which event, or "" */
    bool halted;         /* by an event of a newer release: for good */
    int64_t window_ms;   /* for which the generation that is read before is kept */
    int64_t gate_us;     /* monotonic: when to ask next whether it may be read */
    atomic_bool serving; /* as far as is known: queries read it */

    pthread_mutex_t lock; /* guards `shown` and `shown_us` */
    struct cairn_projector_state shown;
    int64_t shown_us; /* monotonic: when it last looked at the head without trouble */
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
 * `seen`; INT64_MAX where that changes nothing. */
struct cairn_pause {
    int64_t until_us;
    int64_t seen;
    bool for_lease; /* or as soon as the lease is held, and the log does not matter */
};

/* One step. */
struct cairn_pause cairn_runner_step(struct cairn_runner *runner);

/* ---- what runner.c and setbacks.c share ---- */

/* Folds the range behind `runner->position` up to `to`; `refused` as in batch.h. */
int cairn_runner_fold(struct cairn_runner *runner, int64_t to, const struct cairn_park *refused,
                      size_t refused_count, struct cairn_batch *ret,
                      struct cairn_error *error) CAIRN_CHECKED;
/* Writes what a batch has made, in both stores. */
int cairn_runner_commit(struct cairn_runner *runner, const struct cairn_batch *batch,
                        struct cairn_error *error) CAIRN_CHECKED;

/* PostgreSQL refused what the one event at `to` made: the rows it refuses are parked. Returns 1, or
 * 0 if it is not their fault, or an error. */
int cairn_runner_park_refused(struct cairn_runner *runner, int64_t to,
                              struct cairn_error *error) CAIRN_CHECKED;
/* Looks after parked events, if that is due. Returns 1 if there may be more to do at once. */
int cairn_runner_tend_parked(struct cairn_runner *runner, struct cairn_error *error) CAIRN_CHECKED;
bool cairn_is_refusal(int failed);

/* ---- show.c: what others see of it, and the log ---- */

/* Any thread may ask. */
void cairn_runner_state(struct cairn_runner *runner, struct cairn_projector_state *ret);

/* Another process has the lease. */
void cairn_show_stand_by(struct cairn_runner *runner, int64_t generation);
/* It goes on, or stands where `runner->stopped` says. */
void cairn_show_step(struct cairn_runner *runner);
/* It cannot go on for now. */
void cairn_show_trouble(struct cairn_runner *runner, const struct cairn_error *error);
/* A range was committed. */
void cairn_show_batch(struct cairn_runner *runner, const struct cairn_batch *batch,
                      int64_t took_us);
/* It has a generation to follow. */
void cairn_show_begin(struct cairn_runner *runner);

#endif
