/* log_cursor.c - how process managers and reactors hold a place in the log. */
#include "process/follow/log_cursor.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "process/follow/checkpoint.h"

#include <stdio.h>
#include <string.h>

#define LEASE_US CAIRN_MILLISECONDS(500)   /* longest wait for the lease in one call */
#define TROUBLE_US CAIRN_MILLISECONDS(100) /* after a first failure; doubled up to … */
#define TROUBLE_MAX_US CAIRN_SECONDS(1)    /* … this */
#define ALIEN_US CAIRN_SECONDS(5)          /* how long a newer binary may keep the lease */

enum { RANGE = 500 };

static struct cairn_metric lag =
    CAIRN_GAUGE("cairn_follower_lag", "Positions behind the head of the log.", "follower");

struct cairn_pg *cairn_log_cursor_pg(const struct cairn_log_cursor *cursor)
{
    return cairn_store_pg(cursor->store);
}

/* ---- visible state ---- */

/* Updates the visible state. A reactor's lag counts from the checkpoint: not all it has read is
 * handled. */
static void show(struct cairn_log_cursor *cursor, const char *problem, const char *shown)
{
    cairn_lock(&cursor->lock);
    cursor->shown.leads = cursor->fence != 0;
    cursor->shown.lag = cursor->head - (cursor->process ? cursor->position : cursor->checkpoint);
    (void)snprintf(cursor->shown.problem, sizeof cursor->shown.problem, "%s", problem);
    (void)snprintf(cursor->shown.shown, sizeof cursor->shown.shown, "%s", shown);
    cairn_unlock(&cursor->lock);
}

struct cairn_follower_state cairn_log_cursor_state(struct cairn_log_cursor *cursor)
{
    cairn_lock(&cursor->lock);
    struct cairn_follower_state shown = cursor->shown;
    cairn_unlock(&cursor->lock);
    return shown;
}

/* ---- the lease ---- */

int64_t cairn_log_cursor_wait(struct cairn_log_cursor *cursor)
{
    cairn_arena_reset(&cursor->step_arena);
    return cairn_lease_wait(cursor->lease, cairn_monotonic_us() + LEASE_US);
}

int cairn_log_cursor_hold(struct cairn_log_cursor *cursor, int64_t fence, struct cairn_error *error)
{
    int failed = cairn_pg_ready(cairn_log_cursor_pg(cursor), error);
    if (failed)
        return failed;
    return cursor->fence == fence &&
           cursor->connection == cairn_pg_connection_number(cairn_log_cursor_pg(cursor));
}

int cairn_log_cursor_take(struct cairn_log_cursor *cursor, int64_t fence, struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_log_cursor_pg(cursor);
    int failed =
        cairn_checkpoint_begin(pg, cursor->name, cursor->process, cursor->from_start, error);
    if (failed)
        return failed;
    int64_t position = cairn_checkpoint_take(pg, cursor->name, fence, error);
    if (position == -CAIRN_CONFLICT) /* fence raised by a rebuild: the next lease exceeds it */
        cairn_lease_yield(cursor->lease, 0);
    if (position < 0)
        return (int)position;
    cursor->fence = fence;
    cursor->connection = cairn_pg_connection_number(pg);
    cursor->checkpoint = cursor->position = position;
    cursor->told = false; /* the table may hold the problem of another process */
    cairn_log(CAIRN_LOG_INFO, "running", CAIRN_LOG_TEXT("follower", cursor->name),
              CAIRN_LOG_INTEGER("position", position), CAIRN_LOG_INTEGER("fence", fence));
    return 0;
}

void cairn_log_cursor_give_way(struct cairn_log_cursor *cursor)
{
    cairn_lease_yield(cursor->lease, ALIEN_US);
}

/* ---- the log ---- */

int cairn_log_cursor_look(struct cairn_log_cursor *cursor, struct cairn_error *error)
{
    int64_t head = cairn_store_head(cursor->store, error);
    if (head < 0)
        return (int)head;
    cursor->head = head;
    show(cursor, cursor->stopped, cursor->stopped_shown);
    cairn_metric_set(&lag, cursor->name, cursor->shown.lag);
    if (head < cursor->position) /* the log is a different one */
        return cairn_fail(error, CAIRN_DIVERGED,
                          "the log ends at %" PRId64 ", before the checkpoint of %s at %" PRId64,
                          head, cursor->name, cursor->position);
    return 0;
}

int64_t cairn_log_cursor_next(const struct cairn_log_cursor *cursor)
{
    return cursor->head - cursor->position > RANGE ? cursor->position + RANGE : cursor->head;
}

/* ---- the checkpoint ---- */

static int move(struct cairn_log_cursor *cursor, int64_t to, const char *stopped,
                struct cairn_error *error)
{
    return cairn_checkpoint_move(cairn_log_cursor_pg(cursor), cursor->name, cursor->fence,
                                 cursor->checkpoint, to, stopped[0] ? stopped : NULL, error);
}

void cairn_log_cursor_moved(struct cairn_log_cursor *cursor, int64_t to)
{
    cursor->checkpoint = to;
    cursor->moved_us = cairn_monotonic_us();
    cursor->told = false;
}

int cairn_log_cursor_move(struct cairn_log_cursor *cursor, int64_t to, struct cairn_error *error)
{
    int failed = move(cursor, to, "", error);
    if (!failed)
        cairn_log_cursor_moved(cursor, to);
    return failed;
}

int cairn_log_cursor_stop(struct cairn_log_cursor *cursor, const char *problem, const char *shown,
                          struct cairn_error *error)
{
    bool is_new = strcmp(cursor->stopped, problem) != 0;
    if (!is_new && (cursor->told || !problem[0]))
        return 0;
    int failed = move(cursor, cursor->checkpoint, problem, error);
    if (failed)
        return failed;
    (void)snprintf(cursor->stopped, sizeof cursor->stopped, "%s", problem);
    (void)snprintf(cursor->stopped_shown, sizeof cursor->stopped_shown, "%s", shown);
    show(cursor, problem, shown);
    cursor->told = true;
    if (is_new && problem[0])
        cairn_log(CAIRN_LOG_ERROR, "is stopped by an event",
                  CAIRN_LOG_TEXT("follower", cursor->name), CAIRN_LOG_TEXT("error", problem));
    return 0;
}

/* ---- failure and success ---- */

void cairn_log_cursor_step_failed(struct cairn_log_cursor *cursor, int failed,
                                  const struct cairn_error *error)
{
    cursor->fence = 0; /* resume from what is in the log */
    if (failed == -CAIRN_CONFLICT || failed == -CAIRN_EXISTS)
        return;
    if (!cursor->failing) {
        struct cairn_error told = *error;
        cairn_error_context(&told, "%s", cursor->name);
        cairn_log_error(CAIRN_LOG_WARN, "a step failed and is retried", &told);
    }
    cursor->failing = true;
    char shown[sizeof cursor->shown.shown];
    cairn_error_print_public(error, shown, sizeof shown);
    show(cursor, error->message, shown);
    int64_t until_us = cairn_monotonic_us() + cursor->trouble_us;
    cursor->trouble_us *= 2;
    if (cursor->trouble_us > TROUBLE_MAX_US)
        cursor->trouble_us = TROUBLE_MAX_US;
    (void)!cairn_follower_wait(cursor->parts.follower, INT64_MAX, until_us, NULL);
}

void cairn_log_cursor_step_ok(struct cairn_log_cursor *cursor)
{
    cursor->failing = false;
    cursor->trouble_us = TROUBLE_US;
}

void cairn_log_cursor_rest(struct cairn_log_cursor *cursor, int64_t until_us)
{
    (void)!cairn_follower_wait(cursor->parts.follower, cursor->head, until_us, NULL);
}

/* ---- life ---- */

/* As in projection/follow/runner.c: the tables are empty when the statements are planned first. */
static const char greeting[] = "set enable_seqscan = off";

int cairn_log_cursor_open(struct cairn_log_cursor *cursor, const char *name, const char *process,
                          bool from_start, const struct cairn_engine_parts *parts,
                          struct cairn_error *error)
{
    cursor->parts = *parts;
    cursor->process = process;
    cursor->from_start = from_start;
    (void)snprintf(cursor->name, sizeof cursor->name, "%s/%s", process ? "process" : "reactor",
                   name);
    cairn_lock_init(&cursor->lock);
    (void)snprintf(cursor->shown.name, sizeof cursor->shown.name, "%s", cursor->name);
    cairn_log_cursor_step_ok(cursor);
    int failed = cairn_store_open(parts->database_url, cursor->name, &cursor->store, error);
    if (failed)
        return failed;
    cairn_pg_on_connect(cairn_log_cursor_pg(cursor), greeting);
    cursor->lease = cairn_lease_want(parts->leases, cursor->name);
    return 0;
}

void cairn_log_cursor_close(struct cairn_log_cursor *cursor)
{
    cairn_store_close(cursor->store);
    cairn_lock_destroy(&cursor->lock);
    cairn_arena_close(&cursor->step_arena);
    cairn_arena_close(&cursor->arena);
}
