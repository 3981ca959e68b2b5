/* reactor.c - implements the steps of one reactor.
 *
 * A reactor reads the log, has events handled (handling.h), and moves the checkpoint up to the
 * first event that is still under way. */
#include "process/reactor/reactor.h"

#include "core/threads/clock.h"
#include "process/reactor/handling.h"
#include "process/reactor/parked_events.h"
#include "store/events/amend.h"
#include "store/events/handlers.h"

#include <stdlib.h>

#define IDLE_US CAIRN_MILLISECONDS(500)
#define SWEEP_US CAIRN_MILLISECONDS(20) /* between two sweeps while events are under way */
#define MOVE_US CAIRN_MILLISECONDS(200) /* between two moves of the checkpoint */
#define PARKED_US CAIRN_SECONDS(1)      /* between two checks for parked events to retry */

enum { UNDER_WAY_MAX = 2000 };

struct cairn_reactor_runner {
    struct cairn_log_cursor cursor;
    const struct cairn_reactor *reactor;
    struct cairn_handling *handling;
    struct cairn_event_filter filter;
    int64_t looked_us; /* monotonic: when parked events were last checked */
};

static struct cairn_pg *pg_of(const struct cairn_reactor_runner *runner)
{
    return cairn_log_cursor_pg(&runner->cursor);
}

/* Discards the events under way: the next owner reads them again. */
static void drop_work(struct cairn_reactor_runner *runner)
{
    runner->cursor.fence = 0;
    cairn_handling_clear(runner->handling);
}

/* ---- parked ---- */

/* Begins to handle the parked events that an operator wants retried. */
static int look_at_parked(struct cairn_reactor_runner *runner, struct cairn_error *error)
{
    if (cairn_monotonic_us() - runner->looked_us < PARKED_US)
        return 0;
    runner->looked_us = cairn_monotonic_us();
    const int64_t *positions = NULL;
    int64_t count = cairn_parked_wanted(pg_of(runner), runner->reactor->name,
                                        &runner->cursor.step_arena, &positions, error);
    struct cairn_timeline timeline;
    int failed = cairn_store_timeline(runner->cursor.store, &timeline, error);
    if (failed)
        return failed;
    for (int64_t row = 0; row < count; row++) {
        const struct cairn_stored_event *event = NULL;
        const struct cairn_event_type *type = NULL;
        int64_t position = positions[row];
        if (cairn_handling_has(runner->handling, position))
            continue;
        int64_t read = cairn_store_read_range(runner->cursor.store, position - 1, position, NULL,
                                              &runner->cursor.step_arena, &event, error);
        if (read < 0)
            return (int)read;
        if (read == 1 && cairn_reacts_find(runner->reactor, event, &type))
            cairn_handling_begin(runner->handling, event, &timeline, true);
    }
    return count < 0 ? (int)count : 0;
}

/* ---- finished events ---- */

static int put_away(void *context, const struct cairn_handled *handled, struct cairn_error *error)
{
    struct cairn_reactor_runner *runner = context;
    const struct cairn_parking parking = {
        .reactor = runner->reactor->name,
        .fence = runner->cursor.fence,
        .event = handled->event,
        .attempts = handled->attempts,
        .reason = handled->reason,
    };
    if (handled->given_up)
        return cairn_parked_event_add(pg_of(runner), &parking, &runner->cursor.step_arena, error);
    if (handled->was_parked)
        return cairn_unpark(pg_of(runner), &parking, &runner->cursor.step_arena, error);
    return 0;
}

static int move(struct cairn_reactor_runner *runner, int64_t to, struct cairn_error *error)
{
    if (to <= runner->cursor.checkpoint || cairn_monotonic_us() - runner->cursor.moved_us < MOVE_US)
        return 0;
    return cairn_log_cursor_move(&runner->cursor, to, error);
}

/* Reports an event that is retried again and again, since the checkpoint stays before it. */
static int report_retries(struct cairn_reactor_runner *runner, struct cairn_error *error)
{
    char problem[sizeof runner->cursor.stopped];
    char shown[sizeof runner->cursor.stopped];
    cairn_handling_problem(runner->handling, problem, shown, sizeof problem);
    return cairn_log_cursor_stop(&runner->cursor, problem, shown, error);
}

/* ---- read ---- */

/* Checks the schema version. An event of a newer release is not parked: a newer binary will handle
 * it. */
static int check_event(const struct cairn_event_type *type, const struct cairn_stored_event *event,
                       struct cairn_error *error)
{
    if (event->schema_version <= type->schema_version)
        return 0;
    return cairn_fail(error, CAIRN_NEWER_EVENT,
                      "event %" PRId64 ", %s, is of version %" PRId64
                      ", this binary knows version %d",
                      event->position, event->type, event->schema_version, type->schema_version);
}

/* Stops before an event of a newer release. Earlier events are finished first, since the next owner
 * would handle them again. Returns `failed` when they are, else 0. */
static int stop_before(struct cairn_reactor_runner *runner, int64_t position, int failed)
{
    struct cairn_log_cursor *cursor = &runner->cursor;
    cursor->position = position - 1;
    bool settled =
        cairn_handling_count(runner->handling) == 0 && cursor->checkpoint == position - 1;
    return settled ? failed : 0;
}

/* Returns 1 if there may be more to read, 0 if not. */
static int read_range(struct cairn_reactor_runner *runner, struct cairn_error *error)
{
    struct cairn_log_cursor *cursor = &runner->cursor;
    struct cairn_timeline timeline;
    int failed = cairn_log_cursor_look(cursor, error);
    if (!failed)
        failed = cairn_store_timeline(cursor->store, &timeline, error);
    if (failed)
        return failed;
    if (cursor->head == cursor->position || cairn_handling_count(runner->handling) >= UNDER_WAY_MAX)
        return 0;
    int64_t to = cairn_log_cursor_next(cursor);
    const struct cairn_stored_event *events = NULL;
    int64_t count =
        cairn_store_read_filtered(runner->cursor.store, runner->cursor.position, to,
                                  &runner->filter, &runner->cursor.step_arena, &events, error);
    for (int64_t i = 0; i < count; i++) {
        const struct cairn_event_type *type = NULL;
        if (!cairn_reacts_find(runner->reactor, &events[i], &type) ||
            cairn_is_passed_over(&events[i]))
            continue;
        failed = check_event(type, &events[i], error);
        if (failed)
            return stop_before(runner, events[i].position, failed);
        cairn_handling_begin(runner->handling, &events[i], &timeline, false);
    }
    if (count < 0)
        return (int)count;
    runner->cursor.position = to;
    return 1;
}

/* ---- a step ---- */

static int take(struct cairn_reactor_runner *runner, int64_t fence, struct cairn_error *error)
{
    drop_work(runner);
    return cairn_log_cursor_take(&runner->cursor, fence, error);
}

/* Returns 1 if there may be more to do at once, 0 if not. */
static int step(struct cairn_reactor_runner *runner, int64_t fence, struct cairn_error *error)
{
    int64_t done = 0;
    int held = cairn_log_cursor_hold(&runner->cursor, fence, error);
    int failed = held < 0 ? held : 0;
    if (!held)
        failed = take(runner, fence, error);
    if (!failed)
        failed = look_at_parked(runner, error);
    if (!failed)
        failed = cairn_handling_sweep(runner->handling, put_away, runner, runner->cursor.position,
                                      &done, error);
    if (!failed)
        failed = move(runner, done, error);
    if (!failed)
        failed = report_retries(runner, error);
    return failed ? failed : read_range(runner, error);
}

static void handle_failure(struct cairn_reactor_runner *runner, int failed,
                           const struct cairn_error *error)
{
    if (failed == -CAIRN_NEWER_EVENT) {
        drop_work(runner);
        cairn_log_cursor_give_way(&runner->cursor);
    }
    cairn_log_cursor_step_failed(&runner->cursor, failed, error);
}

void cairn_reactor_step(struct cairn_reactor_runner *runner)
{
    struct cairn_error error = {0};
    int64_t fence = cairn_log_cursor_wait(&runner->cursor);
    if (!fence) {
        drop_work(runner);
        return;
    }
    int more = step(runner, fence, &error);
    if (more < 0) {
        handle_failure(runner, more, &error);
        return;
    }
    cairn_log_cursor_step_ok(&runner->cursor);
    if (!more)
        cairn_log_cursor_rest(&runner->cursor,
                              cairn_monotonic_us() +
                                  (cairn_handling_count(runner->handling) ? SWEEP_US : IDLE_US));
}

/* ---- life ---- */

int cairn_reactor_open(const struct cairn_reactor *reactor, const struct cairn_engine_parts *parts,
                       struct cairn_reactor_runner **ret, struct cairn_error *error)
{
    struct cairn_reactor_runner *runner = cairn_allocate(sizeof *runner);
    runner->reactor = reactor;
    runner->filter = cairn_handlers_filter(reactor->handles, NULL, NULL, &runner->cursor.arena);
    int failed = cairn_log_cursor_open(&runner->cursor, reactor->name, NULL, reactor->from_start,
                                       parts, error);
    if (!failed)
        failed = cairn_handling_open(reactor, parts, &runner->handling, error);
    if (failed) {
        cairn_reactor_close(runner);
        return failed;
    }
    *ret = runner;
    return 0;
}

struct cairn_follower_state cairn_reactor_state(struct cairn_reactor_runner *runner)
{
    return cairn_log_cursor_state(&runner->cursor);
}

void cairn_reactor_close(struct cairn_reactor_runner *runner)
{
    if (!runner)
        return;
    cairn_handling_close(runner->handling);
    cairn_log_cursor_close(&runner->cursor);
    free(runner);
}
