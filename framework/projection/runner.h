/* runner.h - one projection on its way along the log: the steps that a thread repeats.
 *
 *     begin    find the generation, read the checkpoint, hold it against the log
 *     tend     look after the copy in Redis, if that is due
 *     advance  fold a range, write rows and checkpoint, copy them to Redis
 *     rest     nothing new: the generation is complete, and the log is waited for
 *     halt     the next event is of a newer release: nothing, until a newer binary is started
 *
 * Whatever fails, the next step begins again from what is committed.
 *
 * Ownership: a runner belongs to its thread; what it shows is copied under its lock (show.c). */
#ifndef CAIRN_PROJECTION_RUNNER_H
#define CAIRN_PROJECTION_RUNNER_H

#include "projection/batch.h"
#include "projection/copy.h"
#include "projection/projector.h"
#include "store/notify.h"

#include <pthread.h>

struct cairn_runner {
    const struct cairn_projection *projection;
    struct cairn_store *store;
    struct cairn_copy copy;
    struct cairn_notifier *notifier; /* of all runners: told when the checkpoint has moved */

    struct cairn_arena arena; /* of what lives as long as the connection */
    struct cairn_arena batch; /* of one step */
    int64_t connection;       /* the connection that what follows was read on; 0: none yet */
    bool outdated;            /* somebody else has moved the checkpoint */
    struct cairn_rows rows;
    struct cairn_checkpoint checkpoint; /* committed */
    int64_t position;                   /* looked at; ahead of it while events are ignored */
    int64_t head;                       /* of the log, when it was looked at last */
    int64_t range;                      /* positions to fold at once */
    int64_t moved_us;                   /* monotonic: when the checkpoint was moved last */
    int64_t again_us;                   /* monotonic: not before this is the next range tried */
    int64_t trouble_us;                 /* to wait after the failure that comes next */
    char stopped[512];                  /* by which event, or "" */
    bool halted;                        /* by an event of a newer release: for good */

    pthread_mutex_t lock; /* guards `shown` and `shown_us` */
    struct cairn_projector_state shown;
    int64_t shown_us; /* monotonic: when it last looked at the head without trouble */
};

int cairn_runner_open(struct cairn_runner *runner, const struct cairn_projection *projection,
                      const char *database_url, const char *redis_url,
                      struct cairn_error *error) CAIRN_CHECKED;
void cairn_runner_close(struct cairn_runner *runner);

/* When the next step is due: at `until_us` (monotonic; 0: now), or as soon as the log grows beyond
 * `seen`; INT64_MAX where that changes nothing. */
struct cairn_pause {
    int64_t until_us;
    int64_t seen;
};

/* One step. */
struct cairn_pause cairn_runner_step(struct cairn_runner *runner);

/* ---- show.c: what others see of it, and the log ---- */

/* Any thread may ask. */
void cairn_runner_state(struct cairn_runner *runner, struct cairn_projector_state *ret);

/* It goes on, or stands where `runner->stopped` says. */
void cairn_show_step(struct cairn_runner *runner);
/* It cannot go on for now. */
void cairn_show_trouble(struct cairn_runner *runner, const struct cairn_error *error);
/* A range was committed. */
void cairn_show_batch(struct cairn_runner *runner, const struct cairn_batch *batch,
                      int64_t took_us);
/* It has a generation to follow; it has reached the head for the first time. */
void cairn_show_begin(struct cairn_runner *runner);
void cairn_show_complete(struct cairn_runner *runner);

#endif
