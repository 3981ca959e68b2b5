/* manager.c - the steps of one process manager. */
#include "process/manager.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "process/arrive.h"
#include "process/checkpoint.h"
#include "process/inputs.h"
#include "process/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_US CAIRN_MILLISECONDS(500)    /* between two looks at clock and log, unasked */
#define TROUBLE_US CAIRN_MILLISECONDS(100) /* after a first failure; doubled up to … */
#define TROUBLE_MAX_US CAIRN_SECONDS(1)    /* … this */
#define MOVE_US CAIRN_SECONDS(1)     /* a checkpoint that has nothing to write moves so often */
#define STARVING_US CAIRN_SECONDS(2) /* timers wait so long for the log to be read to its end */
#define ALIEN_US CAIRN_SECONDS(5)    /* how long a newer binary may have the lease */

enum { RANGE = 500, OUTGOING_MAX = 20000 };

struct cairn_manager {
    const struct cairn_process *process;
    const char *service;
    struct cairn_engine_parts parts;
    char name[210]; /* "process/fulfilment" */
    struct cairn_store *store;
    struct cairn_lease *lease;
    struct cairn_delivery *delivery;
    struct cairn_arena arena; /* of what lives as long as the manager */
    struct cairn_arena batch; /* of one step */
    struct cairn_event_filter filter;

    int64_t fence;      /* under which what follows was read; 0: nothing was */
    int64_t connection; /* on which */
    int64_t checkpoint; /* in the table */
    int64_t position;   /* looked at; ahead of it while there is nothing to write */
    int64_t head;       /* of the log, when it was looked at last */
    struct cairn_time now;
    struct cairn_delivered *news; /* what became of commands, not yet dealt with */
    int64_t moved_us;             /* monotonic: when the checkpoint was moved last */
    int64_t due_us;               /* monotonic: when the next timer is due */
    int64_t fired_us;             /* monotonic: when timers were looked at last */
    int64_t again_us;             /* monotonic: not before this is the next range tried */
    int64_t trouble_us;           /* to wait after the failure that comes next */
    char stopped[512];            /* by which event, or "" */
    bool failing;                 /* the last step, and that was logged */
};

static struct cairn_metric reactions =
    CAIRN_COUNTER("cairn_process_reactions_total", "Reactions of process managers.", "process");
static struct cairn_metric fired =
    CAIRN_COUNTER("cairn_process_timers_fired_total", "Timers that fired.", "process");
static struct cairn_metric lag =
    CAIRN_GAUGE("cairn_follower_lag", "Positions behind the head of the log.", "follower");
static struct cairn_metric open_commands =
    CAIRN_GAUGE("cairn_process_commands_open", "Commands on their way.", "process");

static struct cairn_pg *pg_of(const struct cairn_manager *manager)
{
    return cairn_store_pg(manager->store);
}

/* ---- take ---- */

/* What was under way is found in the tables by whoever is next. */
static void let_go(struct cairn_manager *manager)
{
    manager->fence = 0;
    cairn_delivery_clear(manager->delivery);
    while (manager->news)
        manager->news = cairn_delivered_free(manager->news);
}

/* The lease is held: nobody with an older one writes any more. */
static int take(struct cairn_manager *manager, int64_t fence, struct cairn_error *error)
{
    let_go(manager);
    int failed = cairn_checkpoint_begin(pg_of(manager), manager->name, manager->process->name,
                                        manager->process->from_start, error);
    if (failed)
        return failed;
    int64_t position = cairn_checkpoint_take(pg_of(manager), manager->name, fence, error);
    if (position == -CAIRN_CONFLICT) /* of a rebuild: the next lease has a higher one */
        cairn_lease_yield(manager->lease, 0);
    if (position < 0)
        return (int)position;
    failed = cairn_ledger_open(pg_of(manager), manager->process->name, manager->delivery,
                               &manager->batch, error);
    if (failed)
        return failed;
    manager->fence = fence;
    manager->connection = cairn_pg_generation(pg_of(manager));
    manager->checkpoint = manager->position = position;
    cairn_log(CAIRN_LOG_INFO, "running", CAIRN_LOG_TEXT("process_manager", manager->process->name),
              CAIRN_LOG_INTEGER("position", position), CAIRN_LOG_INTEGER("fence", fence));
    return 0;
}

static int hold(struct cairn_manager *manager, int64_t fence, struct cairn_error *error)
{
    int failed = cairn_pg_ready(pg_of(manager), error);
    if (failed)
        return failed;
    bool current =
        manager->fence == fence && manager->connection == cairn_pg_generation(pg_of(manager));
    return current ? 0 : take(manager, fence, error);
}

/* ---- settle ---- */

/* What has come from the delivery goes behind what there is. */
static void collect_news(struct cairn_manager *manager)
{
    struct cairn_delivered **at = &manager->news;
    while (*at)
        at = &(*at)->next;
    *at = cairn_delivery_take(manager->delivery);
}

static void tell_people(const struct cairn_manager *manager)
{
    for (const struct cairn_delivered *at = manager->news; at; at = at->next) {
        if (at->fate == CAIRN_DELIVERED || (at->fate == CAIRN_NOT_YET && at->attempts < 8))
            continue;
        cairn_log(
            CAIRN_LOG_WARN,
            at->fate == CAIRN_TURNED_DOWN ? "a command was refused for good"
                                          : "a command cannot be delivered yet",
            CAIRN_LOG_TEXT("process", at->outgoing.stream),
            CAIRN_LOG_TEXT("command", at->outgoing.command),
            CAIRN_LOG_TEXT("to", at->outgoing.target), CAIRN_LOG_INTEGER("attempts", at->attempts),
            CAIRN_LOG_TEXT("reason", at->error.reason), CAIRN_LOG_TEXT("error", at->error.message));
    }
}

static int take_refusal(struct cairn_manager *manager, struct cairn_inputs *inputs,
                        const struct cairn_delivered *refused, struct cairn_error *error)
{
    struct cairn_instance *instance = cairn_map_get(&inputs->instances, refused->outgoing.stream);
    int known =
        cairn_ledger_was_refused(pg_of(manager), &refused->outgoing, &manager->batch, error);
    if (known)
        return known < 0 ? known : 0;
    const struct cairn_arrival arrival =
        cairn_arrive_refusal(manager->process, instance, refused, &manager->batch);
    return cairn_inputs_take(inputs, instance, &arrival, error);
}

static int take_refusals(struct cairn_manager *manager, struct cairn_error *error)
{
    struct cairn_inputs inputs =
        cairn_inputs(manager->process, manager->service, &manager->batch, manager->now);
    for (const struct cairn_delivered *at = manager->news; at; at = at->next) {
        struct cairn_uuid id = {{0}};
        if (at->fate == CAIRN_TURNED_DOWN && cairn_stream_id(at->outgoing.stream, &id) == 0)
            (void)cairn_inputs_want(&inputs, id);
    }
    int failed = cairn_inputs_load(&inputs, pg_of(manager), error);
    for (const struct cairn_delivered *at = manager->news; at && !failed; at = at->next) {
        if (at->fate == CAIRN_TURNED_DOWN)
            failed = take_refusal(manager, &inputs, at, error);
    }
    if (!failed)
        failed = cairn_inputs_append(&inputs, manager->parts.appender, error);
    return failed;
}

static int settle(struct cairn_manager *manager, struct cairn_error *error)
{
    bool had = manager->news != NULL; /* they have been told of */
    collect_news(manager);
    if (!manager->news)
        return 0;
    if (!had)
        tell_people(manager);
    int failed = cairn_ledger_settle(pg_of(manager), manager->process->name, manager->fence,
                                     manager->news, &manager->batch, error);
    if (!failed)
        failed = take_refusals(manager, error);
    while (!failed && manager->news)
        manager->news = cairn_delivered_free(manager->news);
    return failed;
}

/* ---- fire ---- */

/* The table may be behind the streams: what counts is what the stream says. */
static int fire(struct cairn_manager *manager, struct cairn_inputs *inputs,
                const struct cairn_due *due, struct cairn_error *error)
{
    struct cairn_instance *instance = cairn_map_get(&inputs->instances, due->stream);
    const struct cairn_set_timer *set = instance ? cairn_instance_timer(instance, due->name) : NULL;
    if (!set || set->at.us > manager->now.us)
        return 0;
    const struct cairn_arrival arrival =
        cairn_arrive_timer(manager->process, instance, due->name, set->at, &manager->batch);
    return cairn_inputs_take(inputs, instance, &arrival, error);
}

/* Events come before timers: what has happened while nobody looked may have cancelled or moved
 * them. Under a load that never ends they cannot wait for that. */
static bool may_fire(const struct cairn_manager *manager)
{
    return manager->position >= manager->head || manager->stopped[0] ||
           cairn_monotonic_us() - manager->fired_us > STARVING_US;
}

/* Returns 1 if timers have fired, 0 if not. */
static int fire_timers(struct cairn_manager *manager, struct cairn_error *error)
{
    const struct cairn_due *due = NULL;
    if (!may_fire(manager))
        return 0;
    manager->fired_us = cairn_monotonic_us();
    int64_t count =
        cairn_ledger_due(pg_of(manager), manager->process->name,
                         cairn_time_after(manager->now, IDLE_US), &manager->batch, &due, error);
    if (count < 0)
        return (int)count;
    struct cairn_inputs inputs =
        cairn_inputs(manager->process, manager->service, &manager->batch, manager->now);
    int64_t ready = 0;
    for (; ready < count && due[ready].at.us <= manager->now.us; ready++) {
        struct cairn_uuid id = {{0}};
        if (cairn_stream_id(due[ready].stream, &id) == 0)
            (void)cairn_inputs_want(&inputs, id);
    }
    manager->due_us = cairn_monotonic_us() +
                      (ready < count ? due[ready].at.us - manager->now.us : CAIRN_SECONDS(1));
    int failed = cairn_inputs_load(&inputs, pg_of(manager), error);
    for (int64_t i = 0; i < ready && !failed; i++)
        failed = fire(manager, &inputs, &due[i], error);
    if (!failed)
        failed = cairn_inputs_append(&inputs, manager->parts.appender, error);
    if (failed)
        return failed;
    cairn_metric_add(&fired, manager->process->name, (int64_t)inputs.count);
    return inputs.count > 0;
}

/* ---- follow ---- */

/* A range of the log, looked at. */
struct range {
    int64_t to;  /* the last position that was dealt with */
    int64_t own; /* events of the process manager's own streams in it */
    bool newer;  /* it ends before an event of a newer release */
    char problem[512];
};

struct arrived {
    struct cairn_instance *instance;
    struct cairn_arrival arrival;
};

static void stop_before(struct range *range, int64_t position, int failed,
                        const struct cairn_error *why)
{
    range->to = position - 1;
    range->newer = failed == -CAIRN_NEWER_EVENT;
    (void)snprintf(range->problem, sizeof range->problem, "%s", why->message);
}

/* Returns how many events matter; the range ends before the first that cannot be read. */
static size_t decode_range(struct cairn_manager *manager, const struct cairn_stored_event *events,
                           int64_t count, struct cairn_inputs *inputs, struct arrived *ret,
                           struct range *range)
{
    size_t taken = 0;
    for (int64_t i = 0; i < count; i++) {
        struct cairn_error wrong = {0};
        struct cairn_uuid id = {{0}};
        if (cairn_is_own_event(manager->process, &events[i])) {
            range->own++;
            continue;
        }
        int outcome = cairn_arrive_event(manager->process, &events[i], &manager->batch,
                                         &ret[taken].arrival, &id, &wrong);
        if (outcome < 0) {
            stop_before(range, events[i].position, outcome, &wrong);
            return taken;
        }
        if (outcome > 0)
            ret[taken++].instance = cairn_inputs_want(inputs, id);
    }
    return taken;
}

static void react_to_all(struct cairn_inputs *inputs, const struct arrived *arrived, size_t count,
                         struct range *range)
{
    for (size_t i = 0; i < count; i++) {
        struct cairn_error wrong = {0};
        int failed = cairn_inputs_take(inputs, arrived[i].instance, &arrived[i].arrival, &wrong);
        if (failed) {
            cairn_error_context(&wrong, "event %" PRId64, arrived[i].arrival.position);
            stop_before(range, arrived[i].arrival.position, failed, &wrong);
            return;
        }
    }
}

static int react_to_range(struct cairn_manager *manager, struct range *range,
                          struct cairn_error *error)
{
    const struct cairn_stored_event *events = NULL;
    struct cairn_inputs inputs =
        cairn_inputs(manager->process, manager->service, &manager->batch, manager->now);
    int64_t count = cairn_store_read_filtered(manager->store, manager->position, range->to,
                                              &manager->filter, &manager->batch, &events, error);
    if (count < 0)
        return (int)count;
    struct arrived *arrived = cairn_new(&manager->batch, struct arrived, (size_t)count + 1);
    size_t taken = decode_range(manager, events, count, &inputs, arrived, range);
    int failed = cairn_inputs_load(&inputs, pg_of(manager), error);
    if (failed)
        return failed;
    react_to_all(&inputs, arrived, taken, range);
    failed = cairn_inputs_append(&inputs, manager->parts.appender, error);
    if (!failed)
        cairn_metric_add(&reactions, manager->process->name, (int64_t)inputs.count);
    return failed;
}

/* The tables take what is new in the process' own streams; a checkpoint without that can wait. */
static int write_range(struct cairn_manager *manager, const struct range *range,
                       struct cairn_error *error)
{
    int failed = 0;
    bool is_late = cairn_monotonic_us() - manager->moved_us >= MOVE_US;
    bool is_told = strcmp(manager->stopped, range->problem) == 0;
    if (range->own > 0 || (is_late && range->to > manager->checkpoint)) {
        failed = cairn_ledger_advance(pg_of(manager), manager->process->name, manager->fence,
                                      manager->checkpoint, range->to, manager->delivery,
                                      &manager->batch, error);
        if (failed)
            return failed;
        manager->checkpoint = range->to;
        manager->moved_us = cairn_monotonic_us();
    }
    if (!is_told) {
        failed = cairn_checkpoint_move(pg_of(manager), manager->name, manager->fence,
                                       manager->checkpoint, manager->checkpoint,
                                       range->problem[0] ? range->problem : NULL, error);
        if (!failed && range->problem[0])
            cairn_log(CAIRN_LOG_ERROR, "stands still",
                      CAIRN_LOG_TEXT("process_manager", manager->process->name),
                      CAIRN_LOG_TEXT("error", range->problem));
        if (!failed)
            (void)snprintf(manager->stopped, sizeof manager->stopped, "%s", range->problem);
    }
    return failed;
}

/* Returns 1 if there may be more to do at once, 0 if not. */
static int follow(struct cairn_manager *manager, struct cairn_error *error)
{
    int64_t head = cairn_store_head(manager->store, error);
    if (head < 0)
        return (int)head;
    manager->head = head;
    cairn_metric_set(&lag, manager->name, head - manager->position);
    if (head < manager->position) /* the log is another one */
        return cairn_fail(error, CAIRN_DIVERGED,
                          "the log ends at %" PRId64 ", before the checkpoint of %s at %" PRId64,
                          head, manager->name, manager->position);
    if (cairn_monotonic_us() < manager->again_us ||
        cairn_delivery_count(manager->delivery) > OUTGOING_MAX)
        return 0;
    struct range range = {.to =
                              head - manager->position > RANGE ? manager->position + RANGE : head};
    int failed = range.to > manager->position ? react_to_range(manager, &range, error) : 0;
    if (!failed)
        failed = write_range(manager, &range, error);
    if (failed)
        return failed;
    bool moved = range.to > manager->position;
    manager->position = range.to;
    manager->again_us = range.problem[0] ? cairn_monotonic_us() + TROUBLE_MAX_US : 0;
    if (range.newer) {
        let_go(manager);
        cairn_lease_yield(manager->lease, ALIEN_US);
    }
    return moved;
}

/* ---- a step ---- */

/* Returns 1 if there may be more to do at once, 0 if not. */
static int step(struct cairn_manager *manager, int64_t fence, struct cairn_error *error)
{
    int failed = hold(manager, fence, error);
    if (failed)
        return failed;
    failed = cairn_ledger_now(pg_of(manager), &manager->now, error);
    if (!failed)
        failed = settle(manager, error);
    if (failed)
        return failed;
    cairn_metric_set(&open_commands, manager->process->name,
                     (int64_t)cairn_delivery_count(manager->delivery));
    int moved = follow(manager, error);
    if (moved < 0 || !manager->fence)
        return moved < 0 ? moved : 0;
    int fires = fire_timers(manager, error);
    return fires < 0 ? fires : moved || fires;
}

static void rest(struct cairn_manager *manager)
{
    int64_t until_us = cairn_monotonic_us() + IDLE_US;
    if (manager->due_us < until_us)
        until_us = manager->due_us;
    if (manager->moved_us + MOVE_US < until_us && manager->position > manager->checkpoint)
        until_us = manager->moved_us + MOVE_US;
    (void)!cairn_follower_wait(manager->parts.follower, manager->head, until_us, NULL);
}

/* An outage is logged once. That somebody was faster is none. */
static void suffer(struct cairn_manager *manager, int failed, const struct cairn_error *error)
{
    if (failed == -CAIRN_CONFLICT || failed == -CAIRN_EXISTS) {
        manager->fence = 0; /* begin again from what is in the log */
        return;
    }
    if (!manager->failing)
        cairn_log_error(CAIRN_LOG_WARN, "a process manager cannot go on", error);
    manager->failing = true;
    manager->fence = 0;
    int64_t until_us = cairn_monotonic_us() + manager->trouble_us;
    manager->trouble_us *= 2;
    if (manager->trouble_us > TROUBLE_MAX_US)
        manager->trouble_us = TROUBLE_MAX_US;
    (void)!cairn_follower_wait(manager->parts.follower, INT64_MAX, until_us, NULL);
}

void cairn_manager_step(struct cairn_manager *manager)
{
    struct cairn_error error = {0};
    int64_t fence = cairn_lease_wait(manager->lease, cairn_monotonic_us() + IDLE_US);
    if (!fence) {
        if (manager->fence)
            let_go(manager);
        return;
    }
    cairn_arena_reset(&manager->batch);
    int more = step(manager, fence, &error);
    if (more < 0) {
        suffer(manager, more, &error);
        return;
    }
    manager->failing = false;
    manager->trouble_us = TROUBLE_US;
    if (!more)
        rest(manager);
}

/* ---- life ---- */

static void wake(void *context)
{
    const struct cairn_manager *manager = context;
    cairn_follower_wake(manager->parts.follower);
}

/* As in projection/runner.c: the tables are empty when the statements are planned first. */
static const char greeting[] = "set enable_seqscan = off; set jit = off";

int cairn_manager_open(const struct cairn_process *process, const char *service,
                       const struct cairn_engine_parts *parts, struct cairn_manager **ret,
                       struct cairn_error *error)
{
    struct cairn_manager *manager = cairn_allocate(sizeof *manager);
    manager->process = process;
    manager->service = service;
    manager->parts = *parts;
    manager->trouble_us = TROUBLE_US;
    (void)snprintf(manager->name, sizeof manager->name, "process/%s", process->name);
    manager->filter = cairn_process_filter(process, &manager->arena);
    int failed = cairn_store_open(parts->database_url, manager->name, &manager->store, error);
    if (!failed)
        failed = cairn_delivery_open(process->name, parts->courier, parts->calls, wake, manager,
                                     &manager->delivery, error);
    if (failed) {
        cairn_manager_close(manager);
        return failed;
    }
    cairn_pg_on_connect(pg_of(manager), greeting);
    manager->lease = cairn_lease_want(parts->leases, manager->name);
    *ret = manager;
    return 0;
}

void cairn_manager_close(struct cairn_manager *manager)
{
    if (!manager)
        return;
    cairn_delivery_close(manager->delivery);
    while (manager->news)
        manager->news = cairn_delivered_free(manager->news);
    cairn_store_close(manager->store);
    cairn_arena_close(&manager->batch);
    cairn_arena_close(&manager->arena);
    free(manager);
}
