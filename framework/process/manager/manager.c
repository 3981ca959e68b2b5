/* manager.c - implements the steps of one process manager.
 *
 * The cursor's position is what this process has read of the log; the checkpoint is what the tables
 * have of it. The position may be ahead, by events that need no rows. A stopped manager cannot read
 * past one event; a parked instance takes no inputs while the others proceed.
 *
 * Functions return a negative error, 0 when done, or 1 if there may be more to do at once. */
#include "process/manager/manager.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "process/deliver/process_ledger.h"
#include "process/follow/log_range.h"
#include "process/manager/parked_instances.h"
#include "process/react/input_batch.h"
#include "process/react/inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_US CAIRN_MILLISECONDS(500) /* between two checks of clock and log, if not woken */
#define TIMERS_US CAIRN_SECONDS(1)      /* between two reads of the timers, if none is due */
#define STOPPED_US CAIRN_SECONDS(1)     /* between two attempts at an event that stops it */
#define MOVE_US CAIRN_SECONDS(1)        /* between two moves of a checkpoint that has no rows */

struct cairn_manager {
    struct cairn_log_cursor cursor;
    const struct cairn_process *process;
    const char *service;
    struct cairn_delivery *delivery;
    struct cairn_event_filter filter;
    struct cairn_parked_instances parked;
    struct cairn_time now;
    struct cairn_delivered *outcomes; /* of commands; not yet recorded */
    int64_t due_us;                   /* monotonic: when the next timer is due */
    int64_t retry_us;                 /* monotonic: earliest time of the next range */
    bool has_schedules;               /* those of CAIRN_WHEN_EVERY have begun */
};

static struct cairn_metric reactions =
    CAIRN_COUNTER("cairn_process_reactions_total", "Reactions of process managers.", "process");
static struct cairn_metric fired =
    CAIRN_COUNTER("cairn_process_timers_fired_total", "Timers that fired.", "process");
static struct cairn_metric timer_delays =
    CAIRN_HISTOGRAM("cairn_process_timer_delay_seconds",
                    "Time from when a timer was due until its reaction was on disk.", "process");
static struct cairn_metric open_commands =
    CAIRN_GAUGE("cairn_process_commands_open", "Commands on their way.", "process");

static struct cairn_pg *pg_of(const struct cairn_manager *manager)
{
    return cairn_log_cursor_pg(&manager->cursor);
}

/* ---- take ---- */

/* Gives up what is held in memory, and the fence: the next owner, which may be this process, finds
 * everything in the tables. */
static void resign(struct cairn_manager *manager)
{
    manager->cursor.fence = 0;
    cairn_delivery_clear(manager->delivery);
    while (manager->outcomes)
        manager->outcomes = cairn_delivered_free(manager->outcomes);
}

/* Takes the place under a new lease; an owner with an older one can no longer write. */
static int take(struct cairn_manager *manager, int64_t fence, struct cairn_error *error)
{
    resign(manager);
    manager->has_schedules = false;
    int failed = cairn_log_cursor_take(&manager->cursor, fence, error);
    if (!failed)
        failed = cairn_parked_instances_look(&manager->parked, &manager->cursor, true, error);
    if (failed)
        resign(manager);
    return failed;
}

static int hold_cursor(struct cairn_manager *manager, int64_t fence, struct cairn_error *error)
{
    int held = cairn_log_cursor_hold(&manager->cursor, fence, error);
    if (held)
        return held < 0 ? held : 0;
    return take(manager, fence, error);
}

/* ---- settle ---- */

/* Appends the new outcomes of the delivery to those already there. */
static void collect_outcomes(struct cairn_manager *manager)
{
    struct cairn_delivered **at = &manager->outcomes;
    while (*at)
        at = &(*at)->next;
    *at = cairn_delivery_take(manager->delivery);
}

static void log_outcomes(const struct cairn_manager *manager)
{
    for (const struct cairn_delivered *at = manager->outcomes; at; at = at->next) {
        if (at->status == CAIRN_DELIVERED ||
            (at->status == CAIRN_DELIVERY_RETRIED && at->attempts < 8))
            continue;
        cairn_log(
            CAIRN_LOG_WARN,
            at->status == CAIRN_DELIVERY_REFUSED ? "a command was refused for good"
                                                 : "a command cannot be delivered yet",
            CAIRN_LOG_TEXT("process", at->outgoing.stream),
            CAIRN_LOG_TEXT("command", at->outgoing.command),
            CAIRN_LOG_TEXT("to", at->outgoing.target), CAIRN_LOG_INTEGER("attempts", at->attempts),
            CAIRN_LOG_TEXT("reason", at->error.reason), CAIRN_LOG_TEXT("error", at->error.message));
    }
}

static int take_refusal(struct cairn_manager *manager, struct cairn_input_batch *inputs,
                        const struct cairn_delivered *refused, struct cairn_error *error)
{
    struct cairn_instance *instance = cairn_map_get(&inputs->instances, refused->outgoing.stream);
    if (!instance) /* the name of its stream has no id: no process sent it */
        return 0;
    int known = cairn_ledger_was_refused(pg_of(manager), &refused->outgoing,
                                         &manager->cursor.step_arena, error);
    if (known)
        return known < 0 ? known : 0;
    struct cairn_process_input input =
        cairn_input_from_refusal(manager->process, instance, refused, &manager->cursor.step_arena);
    input.read = manager->cursor.position;
    return cairn_input_batch_take(inputs, instance, &input, error);
}

/* Returns whether the command's refusal comes for the first time in this step. A command that was
 * on its way when the manager resigned is delivered again: both outcomes may come in one step, in
 * which the log does not have the first one yet. */
static bool is_first(struct cairn_map *seen, const struct cairn_outgoing *outgoing)
{
    void **place =
        cairn_map_at(seen, cairn_print(seen->arena, "%s %" PRId64 " %" PRId64, outgoing->stream,
                                       outgoing->version, outgoing->number));
    bool first = !*place;
    *place = seen;
    return first;
}

static int take_refusals(struct cairn_manager *manager, struct cairn_error *error)
{
    struct cairn_map seen = cairn_map(&manager->cursor.step_arena);
    struct cairn_input_batch inputs =
        cairn_input_batch(manager->process, manager->service, &manager->parked.streams,
                          &manager->cursor.step_arena, manager->now);
    for (const struct cairn_delivered *at = manager->outcomes; at; at = at->next) {
        struct cairn_uuid id = {{0}};
        if (at->status == CAIRN_DELIVERY_REFUSED && cairn_stream_id(at->outgoing.stream, &id) == 0)
            (void)cairn_input_batch_want(&inputs, id);
    }
    int failed = cairn_input_batch_load(&inputs, pg_of(manager), error);
    for (const struct cairn_delivered *at = manager->outcomes; at && !failed; at = at->next) {
        if (at->status == CAIRN_DELIVERY_REFUSED && is_first(&seen, &at->outgoing))
            failed = take_refusal(manager, &inputs, at, error);
    }
    if (!failed)
        failed = cairn_parked_instances_put(&manager->parked, &manager->cursor, &inputs, error);
    if (!failed)
        failed = cairn_input_batch_append(&inputs, manager->cursor.parts.appender, error);
    return failed;
}

static int record_outcomes(struct cairn_manager *manager, struct cairn_error *error)
{
    bool had = manager->outcomes != NULL; /* these were logged already */
    collect_outcomes(manager);
    if (!manager->outcomes)
        return 0;
    if (!had)
        log_outcomes(manager);
    int failed = cairn_ledger_settle(pg_of(manager), manager->process->name, manager->cursor.fence,
                                     manager->outcomes, &manager->cursor.step_arena, error);
    if (!failed)
        failed = take_refusals(manager, error);
    while (!failed && manager->outcomes)
        manager->outcomes = cairn_delivered_free(manager->outcomes);
    return failed;
}

/* ---- fire ---- */

/* Fires a timer. The table may be behind the streams: only a timer that its stream has set
 * fires. Returns 1 if it does, 0 if not. */
static int fire(struct cairn_manager *manager, struct cairn_input_batch *inputs,
                const struct cairn_due *due, struct cairn_time until, struct cairn_error *error)
{
    struct cairn_instance *instance = cairn_map_get(&inputs->instances, due->stream);
    const struct cairn_set_timer *set = instance ? cairn_instance_timer(instance, due->name) : NULL;
    const struct cairn_process_input nothing = {0};
    if (instance && instance->unreadable)
        return cairn_input_batch_take(inputs, instance, &nothing, error);
    if (!set || set->at.us > until.us)
        return 0;
    struct cairn_process_input input = cairn_input_from_timer(manager->process, instance, due->name,
                                                              set->at, &manager->cursor.step_arena);
    input.read = manager->cursor.position;
    if (!input.when) /* set by another release */
        cairn_log(CAIRN_LOG_WARN, "a timer has fired that has no CAIRN_WHEN_TIMER any more",
                  CAIRN_LOG_TEXT("process", due->stream), CAIRN_LOG_TEXT("timer", due->name));
    int failed = cairn_input_batch_take(inputs, instance, &input, error);
    return failed ? failed : 1;
}

/* Fires those that may fire, and drops the others from `due`. Returns how many have fired. */
static int64_t fire_each(struct cairn_manager *manager, struct cairn_input_batch *inputs,
                         struct cairn_due *due, int64_t ready, struct cairn_time until,
                         struct cairn_error *error)
{
    int64_t count = 0;
    for (int64_t i = 0; i < ready; i++) {
        int fires = fire(manager, inputs, &due[i], until, error);
        if (fires < 0)
            return fires;
        if (fires)
            due[count++] = due[i];
    }
    return count;
}

/* By the processes' clock, which may be turned; `begun_us`, monotonic, is when it was read. */
static void observe_timers(const struct cairn_manager *manager, const struct cairn_due *due,
                           int64_t count, int64_t begun_us)
{
    int64_t now_us = manager->now.us + cairn_monotonic_us() - begun_us;
    for (int64_t i = 0; i < count; i++)
        cairn_metric_observe(&timer_delays, manager->process->name, now_us - due[i].at.us);
}

/* Finds the time up to which timers may fire. An unread event that was recorded before a timer was
 * due may cancel or move it, so the timer waits until such events are read:
 *   at the head of the log    all due timers fire
 *   behind the head           those that were due when the newest read event was recorded
 *   stopped before an event   all due timers fire: the event may be unreadable for days */
static int fire_until(struct cairn_manager *manager, struct cairn_time *ret,
                      struct cairn_error *error)
{
    const struct cairn_log_cursor *cursor = &manager->cursor;
    *ret = manager->now;
    if (cursor->position >= cursor->head || cursor->stopped[0])
        return 0;
    int failed = cairn_ledger_recorded_at(pg_of(manager), cursor->position,
                                          &manager->cursor.step_arena, ret, error);
    if (ret->us > manager->now.us)
        *ret = manager->now;
    return failed;
}

/* Fires the due timers. Returns 1 if any have fired, 0 if not. */
static int fire_timers(struct cairn_manager *manager, struct cairn_error *error)
{
    struct cairn_due *due = NULL;
    struct cairn_time until = manager->now;
    int64_t begun_us = cairn_monotonic_us();
    int64_t count = cairn_ledger_due(pg_of(manager), manager->process->name,
                                     cairn_time_after(manager->now, IDLE_US),
                                     &manager->cursor.step_arena, &due, error);
    if (count < 0)
        return (int)count;
    bool is_one_due = count > 0 && due[0].at.us <= manager->now.us;
    int failed = is_one_due ? fire_until(manager, &until, error) : 0;
    if (failed)
        return failed;
    struct cairn_input_batch inputs =
        cairn_input_batch(manager->process, manager->service, &manager->parked.streams,
                          &manager->cursor.step_arena, manager->now);
    int64_t ready = 0;
    for (; ready < count && due[ready].at.us <= until.us; ready++) {
        struct cairn_uuid id = {{0}};
        if (cairn_stream_id(due[ready].stream, &id) == 0)
            (void)cairn_input_batch_want(&inputs, id);
    }
    manager->due_us =
        cairn_monotonic_us() + (ready < count ? due[ready].at.us - manager->now.us : TIMERS_US);
    failed = cairn_input_batch_load(&inputs, pg_of(manager), error);
    if (!failed)
        ready = fire_each(manager, &inputs, due, ready, until, error);
    if (!failed && ready < 0)
        failed = (int)ready;
    if (!failed)
        failed = cairn_parked_instances_put(&manager->parked, &manager->cursor, &inputs, error);
    if (!failed)
        failed = cairn_input_batch_append(&inputs, manager->cursor.parts.appender, error);
    if (failed)
        return failed;
    cairn_metric_add(&fired, manager->process->name, (int64_t)inputs.count);
    observe_timers(manager, due, ready, begun_us);
    return inputs.count > 0;
}

static bool is_schedule(const struct cairn_registered *handler)
{
    return ((const struct cairn_when *)handler)->every_us > 0;
}

/* Sets the timers of CAIRN_WHEN_EVERY that were never set: each is a process of its own. */
static int begin_schedules(struct cairn_manager *manager, struct cairn_error *error)
{
    struct cairn_arena *arena = &manager->cursor.step_arena;
    struct cairn_input_batch inputs = cairn_input_batch(
        manager->process, manager->service, &manager->parked.streams, arena, manager->now);
    const struct cairn_registered *first = manager->process->when->first;
    struct cairn_uuid id = {{0}};
    for (const struct cairn_registered *at = first; at; at = at->next) {
        if (is_schedule(at)) {
            (void)cairn_input_of_schedule(manager->process, (const struct cairn_when *)at, arena,
                                          &id);
            (void)cairn_input_batch_want(&inputs, id);
        }
    }
    int failed = cairn_input_batch_load(&inputs, pg_of(manager), error);
    for (const struct cairn_registered *at = first; at && !failed; at = at->next) {
        const struct cairn_when *when = (const struct cairn_when *)at;
        if (!is_schedule(at))
            continue;
        const struct cairn_process_input input =
            cairn_input_of_schedule(manager->process, when, arena, &id);
        struct cairn_instance *instance = cairn_input_batch_want(&inputs, id);
        if (!cairn_instance_timer(instance, when->timer))
            failed = cairn_input_batch_take(&inputs, instance, &input, error);
    }
    if (!failed)
        failed = cairn_input_batch_append(&inputs, manager->cursor.parts.appender, error);
    manager->has_schedules = failed == 0;
    return failed;
}

/* ---- follow ---- */

static int react(struct cairn_manager *manager, struct cairn_log_range *range,
                 struct cairn_error *error)
{
    struct cairn_input_batch inputs =
        cairn_input_batch(manager->process, manager->service, &manager->parked.streams,
                          &manager->cursor.step_arena, manager->now);
    int failed = cairn_log_range_react(&manager->cursor, &manager->filter, &inputs, range, error);
    if (!failed)
        failed = cairn_parked_instances_put(&manager->parked, &manager->cursor, &inputs, error);
    if (!failed)
        cairn_metric_add(&reactions, manager->process->name, (int64_t)inputs.count);
    return failed;
}

/* Writes new events of the process' own streams to the tables, with the checkpoint; a checkpoint
 * without such events can wait. */
static int write_range(struct cairn_manager *manager, const struct cairn_log_range *range,
                       struct cairn_error *error)
{
    struct cairn_log_cursor *cursor = &manager->cursor;
    bool is_late = cairn_monotonic_us() - cursor->moved_us >= MOVE_US;
    if (range->own > 0 || (is_late && range->to > cursor->checkpoint)) {
        int failed = cairn_ledger_advance(pg_of(manager), manager->process->name, cursor->fence,
                                          cursor->checkpoint, range->to, manager->delivery,
                                          &cursor->step_arena, error);
        if (failed)
            return failed;
        cairn_log_cursor_moved(cursor, range->to);
    }
    return cairn_log_cursor_stop(cursor, range->problem, range->problem, error);
}

/* Follows the log by one range. Returns 1 if there may be more to do at once, 0 if not. */
static int follow(struct cairn_manager *manager, struct cairn_error *error)
{
    struct cairn_log_cursor *cursor = &manager->cursor;
    int failed = cairn_log_cursor_look(cursor, error);
    if (failed)
        return failed;
    if (cairn_monotonic_us() < manager->retry_us)
        return 0;
    struct cairn_log_range range = {.to = cairn_log_cursor_next(cursor)};
    if (range.to > cursor->position)
        failed = react(manager, &range, error);
    if (!failed)
        failed = write_range(manager, &range, error);
    if (failed)
        return failed;
    bool moved = range.to > cursor->position;
    cursor->position = range.to;
    manager->retry_us = range.problem[0] ? cairn_monotonic_us() + STOPPED_US : 0;
    if (range.newer) {
        resign(manager);
        cairn_log_cursor_give_way(cursor);
    }
    return moved;
}

/* ---- a step ---- */

/* Retries a parked instance. Its commands may have been refused meanwhile, so all open ones are
 * delivered again. Returns 1 if it is unparked. */
static int retry_parked(struct cairn_manager *manager, struct cairn_error *error)
{
    int failed = cairn_parked_instances_look(&manager->parked, &manager->cursor, false, error);
    if (failed)
        return failed;
    int goes_on =
        cairn_parked_instances_retry(&manager->parked, &manager->cursor, &manager->filter,
                                     cairn_input_batch(manager->process, manager->service, NULL,
                                                       &manager->cursor.step_arena, manager->now),
                                     error);
    if (goes_on > 0)
        resign(manager);
    return goes_on;
}

/* Returns 1 if there may be more to do at once, 0 if not. */
static int step(struct cairn_manager *manager, int64_t fence, struct cairn_error *error)
{
    int failed = hold_cursor(manager, fence, error);
    if (failed)
        return failed;
    failed = cairn_ledger_now(pg_of(manager), &manager->now, error);
    if (!failed)
        failed = record_outcomes(manager, error);
    if (!failed)
        failed = cairn_ledger_fill(pg_of(manager), manager->process->name, manager->delivery,
                                   &manager->cursor.step_arena, error);
    if (failed)
        return failed;
    cairn_metric_set(&open_commands, manager->process->name,
                     (int64_t)cairn_delivery_count(manager->delivery));
    int again = retry_parked(manager, error);
    if (again)
        return again;
    failed = manager->has_schedules ? 0 : begin_schedules(manager, error);
    if (failed)
        return failed;
    int moved = follow(manager, error);
    if (moved < 0 || !manager->cursor.fence)
        return moved < 0 ? moved : 0;
    int fires = fire_timers(manager, error);
    return fires < 0 ? fires : moved || fires;
}

static void wait_for_input(struct cairn_manager *manager)
{
    const struct cairn_log_cursor *cursor = &manager->cursor;
    int64_t now_us = cairn_monotonic_us();
    int64_t until_us = now_us + IDLE_US;
    int64_t move_us = cursor->moved_us + MOVE_US; /* in the past: something else delays it */
    if (manager->due_us < until_us)
        until_us = manager->due_us;
    if (move_us > now_us && move_us < until_us && cursor->position > cursor->checkpoint)
        until_us = move_us;
    cairn_log_cursor_rest(&manager->cursor, until_us);
}

void cairn_manager_step(struct cairn_manager *manager)
{
    struct cairn_error error = {0};
    int64_t fence = cairn_log_cursor_wait(&manager->cursor);
    if (!fence) {
        resign(manager);
        return;
    }
    int more = step(manager, fence, &error);
    if (more < 0) {
        cairn_log_cursor_step_failed(&manager->cursor, more, &error);
        return;
    }
    cairn_log_cursor_step_ok(&manager->cursor);
    if (!more)
        wait_for_input(manager);
}

/* ---- life ---- */

static void wake(void *context)
{
    const struct cairn_manager *manager = context;
    cairn_follower_wake(manager->cursor.parts.follower);
}

int cairn_manager_open(const struct cairn_process *process, const char *service,
                       const struct cairn_engine_parts *parts, struct cairn_manager **ret,
                       struct cairn_error *error)
{
    struct cairn_manager *manager = cairn_allocate(sizeof *manager);
    manager->process = process;
    manager->service = service;
    manager->filter = cairn_process_filter(process, &manager->cursor.arena);
    int failed = cairn_log_cursor_open(&manager->cursor, process->name, process->name,
                                       process->from_start, parts, error);
    if (!failed)
        failed = cairn_delivery_open(process, parts->client, parts->calls, wake, manager,
                                     &manager->delivery, error);
    if (failed) {
        cairn_manager_close(manager);
        return failed;
    }
    *ret = manager;
    return 0;
}

struct cairn_follower_state cairn_manager_state(struct cairn_manager *manager)
{
    return cairn_log_cursor_state(&manager->cursor);
}

void cairn_manager_close(struct cairn_manager *manager)
{
    if (!manager)
        return;
    cairn_delivery_close(manager->delivery);
    while (manager->outcomes)
        manager->outcomes = cairn_delivered_free(manager->outcomes);
    cairn_parked_instances_close(&manager->parked);
    cairn_log_cursor_close(&manager->cursor);
    free(manager);
}
