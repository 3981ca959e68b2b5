/* log_cursor.h - the place of a process manager or a reactor in the log: its lease, its connection,
 * its checkpoint, and how it handles failures.
 *
 *     fence = cairn_log_cursor_wait(…)   waits for the lease
 *     cairn_log_cursor_hold(…)           is what was read still valid? if not:
 *     cairn_log_cursor_take(…)           reads the checkpoint under this fence
 *     cairn_log_cursor_look(…)           reads the head; the next range ends at
 *     cairn_log_cursor_next(…)           this position
 *     cairn_log_cursor_step_failed(…)    after a failure
 *     cairn_log_cursor_step_ok(…)        after a success
 *
 * Whatever fails, the next step resumes from what is committed.
 *
 * Ownership: one thread. Units: times are of the monotonic clock. */
#ifndef CAIRN_PROCESS_LOG_CURSOR_H
#define CAIRN_PROCESS_LOG_CURSOR_H

#include "store/commit/appender.h"
#include "store/lease.h"
#include "store/read/log_follower.h"
#include "store/store.h"

#include <pthread.h>

struct cairn_command_client;

/* What all process managers and reactors of this process share. */
struct cairn_engine_parts {
    const char *database_url;
    struct cairn_appender *appender;
    struct cairn_leases *leases;
    struct cairn_follower *follower;
    struct cairn_command_client *client;
    int calls; /* made at once, by each per category */
};

/* Progress and problem, for display. */
struct cairn_follower_state {
    char name[210];
    bool leads;        /* this process has the lease */
    int64_t lag;       /* positions of the log that are not handled */
    char problem[512]; /* or "" */
    char shown[512];   /* what everybody may see of it */
};

struct cairn_log_cursor {
    struct cairn_engine_parts parts;
    char name[210];      /* "process/fulfilment", "reactor/bank" */
    const char *process; /* "fulfilment", or NULL */
    bool from_start;
    struct cairn_store *store;
    struct cairn_lease *lease;
    struct cairn_arena arena;      /* of data that lives as long as the place */
    struct cairn_arena step_arena; /* of one step */

    int64_t fence;           /* under which the following was read; 0: nothing was */
    int64_t connection;      /* on which it was read */
    int64_t checkpoint;      /* in the table */
    int64_t position;        /* read up to here; ahead of the checkpoint while that waits */
    int64_t head;            /* of the log, when it was last read */
    int64_t moved_us;        /* when the checkpoint was last moved */
    int64_t trouble_us;      /* the pause after the next failure */
    char stopped[512];       /* which event stops it, and why, or "" */
    char stopped_shown[512]; /* what everybody may see of it */
    bool told;               /* the table has recorded that */
    bool failing;            /* the last step failed, and that was logged */

    pthread_mutex_t lock; /* guards `shown` */
    struct cairn_follower_state shown;
};

/* Returns the state as of the last step. Any thread may call it. */
struct cairn_follower_state cairn_log_cursor_state(struct cairn_log_cursor *cursor);

/* `process` is NULL for a reactor. Returns 0 or the error of cairn_store_open(); the place must be
 * closed in either case. */
int cairn_log_cursor_open(struct cairn_log_cursor *cursor, const char *name, const char *process,
                          bool from_start, const struct cairn_engine_parts *parts,
                          struct cairn_error *error) CAIRN_CHECKED;
void cairn_log_cursor_close(struct cairn_log_cursor *cursor);

struct cairn_pg *cairn_log_cursor_pg(const struct cairn_log_cursor *cursor);

/* Waits up to 500 ms for the lease. Returns its fence, or 0 if another process has it. */
int64_t cairn_log_cursor_wait(struct cairn_log_cursor *cursor);

/* Returns 1 if what was read under this fence is still valid, 0 if the place has to be taken, or an
 * error of postgres.h. */
int cairn_log_cursor_hold(struct cairn_log_cursor *cursor, int64_t fence,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Reads the checkpoint; an owner with a lower fence can no longer move it. Returns 0, or an error
 * of cairn_checkpoint_take(). */
int cairn_log_cursor_take(struct cairn_log_cursor *cursor, int64_t fence,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Reads the head of the log. Returns 0, or -CAIRN_DIVERGED if it is before the place, or an error
 * of postgres.h. */
int cairn_log_cursor_look(struct cairn_log_cursor *cursor, struct cairn_error *error) CAIRN_CHECKED;

/* Returns where the next range ends: at the head, or 500 positions after the place. */
int64_t cairn_log_cursor_next(const struct cairn_log_cursor *cursor);

/* Moves the checkpoint, and clears the recorded problem. Returns as cairn_checkpoint_move()
 * does. */
int cairn_log_cursor_move(struct cairn_log_cursor *cursor, int64_t to,
                          struct cairn_error *error) CAIRN_CHECKED;
/* Notes that the checkpoint was moved together with other rows. */
void cairn_log_cursor_moved(struct cairn_log_cursor *cursor, int64_t to);

/* Records in the table, unless it has it already, and once in the log, which event stops the place;
 * "" is none; `shown` is what everybody may see of it. Returns the same. */
int cairn_log_cursor_stop(struct cairn_log_cursor *cursor, const char *problem, const char *shown,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Yields the lease to a newer binary for a while: the next event is of a newer release. */
void cairn_log_cursor_give_way(struct cairn_log_cursor *cursor);

/* Handles a failed step: the next one takes the place again, after a pause. An outage is logged
 * once. A conflict with a faster process is none. */
void cairn_log_cursor_step_failed(struct cairn_log_cursor *cursor, int failed,
                                  const struct cairn_error *error);
/* Ends the outage after a successful step. */
void cairn_log_cursor_step_ok(struct cairn_log_cursor *cursor);

/* Waits until then, or until the log grows beyond the head that was read, or the follower is
 * woken. */
void cairn_log_cursor_rest(struct cairn_log_cursor *cursor, int64_t until_us);

#endif
