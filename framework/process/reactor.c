/* reactor.c - the steps of one reactor.
 *
 * The runner's thread reads the log, keeps a list of what is under way in the order of the log, and
 * moves the checkpoint to where that list begins. The handling is done by the threads of the lanes:
 * when one has come to an end it says so in the item, under the lock, and wakes the runner. */
#include "process/reactor.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "process/arrive.h"
#include "process/checkpoint.h"
#include "process/parked.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_US CAIRN_MILLISECONDS(500)
#define TROUBLE_US CAIRN_SECONDS(1)
#define MOVE_US CAIRN_MILLISECONDS(200) /* between two moves of the checkpoint */
#define PARKED_US CAIRN_SECONDS(1)      /* between two looks at what people want tried again */
#define FIRST_PAUSE_US CAIRN_MILLISECONDS(100)
#define LONGEST_PAUSE_US CAIRN_SECONDS(10)

enum { RANGE = 500, UNDER_WAY_MAX = 2000, ATTEMPTS = 20 };

/* An event under way. Guarded by the runner's lock: `state`, `reason`. */
struct item {
    struct cairn_task task;
    struct cairn_reactor_runner *runner;
    struct cairn_arena arena; /* of the event's texts */
    struct cairn_stored_event event;
    const char *traceparent;
    bool parked; /* it was, and a person wants it tried again */
    enum { WAITING, FINISHED, GIVEN_UP, FORGOTTEN } state;
    char reason[300];
    int64_t attempts;
    struct item *next; /* in the order of the log */
};

struct cairn_reactor_runner {
    const struct cairn_reactor *reactor;
    struct cairn_engine_parts parts;
    char name[210]; /* "reactor/bank" */
    struct cairn_store *store;
    struct cairn_lease *lease;
    struct cairn_lanes *lanes;
    struct cairn_arena arena;
    struct cairn_arena batch;
    struct cairn_event_filter filter;

    int64_t fence, connection;
    int64_t checkpoint; /* in the table */
    int64_t position;   /* read */
    int64_t head;
    int64_t moved_us, looked_us, again_us;
    char stopped[512];
    bool failing;

    pthread_mutex_t lock;      /* guards what the items say of themselves */
    struct item *first, *last; /* under way */
    size_t under_way;
};

static struct cairn_metric outcomes = CAIRN_COUNTER(
    "cairn_reactor_events_total", "Events handled by reactors, by what became of them.", "outcome");
static struct cairn_metric seconds =
    CAIRN_HISTOGRAM("cairn_reactor_seconds", "Time that handling an event once takes.", "reactor");
static struct cairn_metric lag =
    CAIRN_GAUGE("cairn_reactor_lag", "Positions behind the head of the log.", "reactor");

static struct cairn_pg *pg_of(const struct cairn_reactor_runner *runner)
{
    return cairn_store_pg(runner->store);
}

/* ---- handling, on the threads of the lanes ---- */

static const struct cairn_reacts *find_handler(const struct cairn_reactor *reactor,
                                               const struct cairn_stored_event *event,
                                               const struct cairn_event_type **ret)
{
    size_t length = strcspn(event->stream, "-");
    for (size_t i = 0; reactor->handles[i]; i++) {
        const struct cairn_reacts *reacts = reactor->handles[i];
        const struct cairn_event_type *type = cairn_events_of(reacts->events, reacts->record);
        if (type && strcmp(type->name, event->type) == 0 &&
            strlen(reacts->events->category) == length &&
            strncmp(reacts->events->category, event->stream, length) == 0) {
            *ret = type;
            return reacts;
        }
    }
    return NULL;
}

static enum cairn_outcome handle(struct item *item, struct cairn_error *error)
{
    struct cairn_reactor_runner *runner = item->runner;
    struct cairn_arena arena = {0};
    struct cairn_meta meta;
    char id[CAIRN_UUID_TEXT_SIZE];
    const struct cairn_event_type *type = NULL;
    const struct cairn_reacts *reacts = find_handler(runner->reactor, &item->event, &type);
    void *value = cairn_arena_alloc(&arena, type->record->size, type->record->align);
    int failed = cairn_event_meta(&item->event, &meta, error);
    if (!failed)
        failed = cairn_event_decode(type, &item->event, &arena, value, error);
    enum cairn_outcome outcome = CAIRN_GIVE_UP;
    if (!failed) {
        cairn_uuid_format(item->event.event_id, id);
        const struct cairn_call call = {
            .meta = &meta,
            .idempotency_key = cairn_print(&arena, "%s/%s", runner->reactor->name, id),
            .attempt = (int)item->task.attempts + 1,
            .courier_ = runner->parts.courier,
            .traceparent_ = item->traceparent,
        };
        outcome = reacts->handle(value, &call, error);
    }
    cairn_arena_close(&arena);
    return outcome;
}

static void finish(struct item *item, bool given_up, const struct cairn_error *error)
{
    struct cairn_reactor_runner *runner = item->runner;
    (void)pthread_mutex_lock(&runner->lock);
    item->attempts = item->task.attempts + 1;
    (void)snprintf(item->reason, sizeof item->reason, "%s%s%.230s", error->reason,
                   error->reason[0] ? ": " : "", error->message[0] ? error->message : "given up");
    if (item->state == WAITING)
        item->state = given_up ? GIVEN_UP : FINISHED;
    (void)pthread_mutex_unlock(&runner->lock);
    cairn_follower_wake(runner->parts.follower);
}

static int64_t work(void *context, struct cairn_task *task)
{
    struct cairn_reactor_runner *runner = context;
    struct item *item = (struct item *)(void *)task;
    struct cairn_error error = {0};
    int attempts = runner->reactor->attempts ? runner->reactor->attempts : ATTEMPTS;
    int64_t begun_us = cairn_monotonic_us();
    enum cairn_outcome outcome = handle(item, &error);
    cairn_metric_observe(&seconds, runner->reactor->name, cairn_monotonic_us() - begun_us);
    if (outcome == CAIRN_TRY_AGAIN && task->attempts + 1 < attempts) {
        cairn_metric_add(&outcomes, "again", 1);
        return 1 + cairn_backoff_us(task->attempts, FIRST_PAUSE_US, LONGEST_PAUSE_US);
    }
    cairn_metric_add(&outcomes, outcome == CAIRN_DONE ? "done" : "parked", 1);
    finish(item, outcome != CAIRN_DONE, &error);
    return CAIRN_TASK_DONE;
}

/* The lanes forget it; the list does so when it comes to it. */
static void dispose(struct cairn_task *task)
{
    struct item *item = (struct item *)(void *)task;
    (void)pthread_mutex_lock(&item->runner->lock);
    item->state = FORGOTTEN;
    (void)pthread_mutex_unlock(&item->runner->lock);
}

/* ---- the list ---- */

static void begin(struct cairn_reactor_runner *runner, const struct cairn_stored_event *event,
                  bool parked)
{
    struct item *item = cairn_allocate(sizeof *item);
    struct cairn_arena *arena = &item->arena;
    cairn_arena_reserve(arena, 1024 + event->data_bytes);
    item->runner = runner;
    item->event = *event;
    item->event.stream = cairn_copy_text(arena, event->stream);
    item->event.type = cairn_copy_text(arena, event->type);
    item->event.data = cairn_copy_bytes(arena, event->data, event->data_bytes);
    item->event.meta = NULL;
    item->traceparent = cairn_origin_of(event, arena).traceparent;
    item->parked = parked;
    item->task.key = item->event.stream;
    *(runner->first ? &runner->last->next : &runner->first) = item;
    runner->last = item;
    runner->under_way++;
    cairn_lanes_push(runner->lanes, &item->task);
}

static void free_item(struct item *item)
{
    cairn_arena_close(&item->arena);
    free(item);
}

/* Every item is done with by its thread: the lanes were cleared, and nothing is under way. */
static void let_go(struct cairn_reactor_runner *runner)
{
    runner->fence = 0;
    cairn_lanes_clear(runner->lanes);
    while (cairn_lanes_count(runner->lanes) > 0) /* a call has a deadline of its own */
        (void)!cairn_follower_wait(runner->parts.follower, INT64_MAX,
                                   cairn_monotonic_us() + CAIRN_MILLISECONDS(20), NULL);
    while (runner->first) {
        struct item *item = runner->first;
        runner->first = item->next;
        free_item(item);
    }
    runner->last = NULL;
    runner->under_way = 0;
}

/* ---- parked ---- */

static bool is_under_way(const struct cairn_reactor_runner *runner, int64_t position)
{
    for (const struct item *at = runner->first; at; at = at->next) {
        if (at->event.position == position)
            return true;
    }
    return false;
}

/* Takes up what a person wants tried again. */
static int look_at_parked(struct cairn_reactor_runner *runner, struct cairn_error *error)
{
    if (cairn_monotonic_us() - runner->looked_us < PARKED_US)
        return 0;
    runner->looked_us = cairn_monotonic_us();
    const int64_t *positions = NULL;
    int64_t count = cairn_parked_wanted(pg_of(runner), runner->reactor->name, &runner->batch,
                                        &positions, error);
    for (int64_t row = 0; row < count; row++) {
        const struct cairn_stored_event *event = NULL;
        const struct cairn_event_type *type = NULL;
        int64_t position = positions[row];
        if (is_under_way(runner, position))
            continue;
        int64_t read = cairn_store_read_range(runner->store, position - 1, position, NULL,
                                              &runner->batch, &event, error);
        if (read < 0)
            return (int)read;
        if (read == 1 && find_handler(runner->reactor, event, &type))
            begin(runner, event, true);
    }
    return count < 0 ? (int)count : 0;
}

/* ---- sweep: what has come to an end ---- */

static int put_away(struct cairn_reactor_runner *runner, const struct item *item, int state,
                    struct cairn_error *error)
{
    const struct cairn_parking parking = {
        .reactor = runner->reactor->name,
        .fence = runner->fence,
        .event = &item->event,
        .attempts = item->attempts,
        .reason = item->reason,
    };
    if (state == GIVEN_UP)
        return cairn_park(pg_of(runner), &parking, &runner->batch, error);
    if (item->parked && state == FINISHED)
        return cairn_unpark(pg_of(runner), &parking, &runner->batch, error);
    return 0;
}

/* Goes through all that is under way; `ret` is the last position below which all is at an end. */
static int sweep(struct cairn_reactor_runner *runner, int64_t *ret, struct cairn_error *error)
{
    struct item **at = &runner->first;
    struct item *last = NULL;
    *ret = runner->position;
    while (*at) {
        struct item *item = *at;
        (void)pthread_mutex_lock(&runner->lock);
        int state = item->state;
        (void)pthread_mutex_unlock(&runner->lock);
        if (state == WAITING) {
            if (!item->parked && item->event.position <= *ret)
                *ret = item->event.position - 1;
            last = item;
            at = &item->next;
            continue;
        }
        int failed = put_away(runner, item, state, error);
        if (failed)
            return failed;
        *at = item->next;
        runner->under_way--;
        free_item(item);
    }
    runner->last = last;
    return 0;
}

static int move(struct cairn_reactor_runner *runner, int64_t to, struct cairn_error *error)
{
    if (to <= runner->checkpoint || cairn_monotonic_us() - runner->moved_us < MOVE_US)
        return 0;
    int failed = cairn_checkpoint_move(pg_of(runner), runner->name, runner->fence,
                                       runner->checkpoint, to, NULL, error);
    if (failed)
        return failed;
    runner->checkpoint = to;
    runner->moved_us = cairn_monotonic_us();
    return 0;
}

/* ---- read ---- */

/* Can it be decoded? An event of a newer release is not parked: a newer binary will handle it. */
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

/* Returns 1 if there may be more to read, 0 if not. */
static int read_range(struct cairn_reactor_runner *runner, struct cairn_error *error)
{
    int64_t head = cairn_store_head(runner->store, error);
    if (head < 0)
        return (int)head;
    runner->head = head;
    cairn_metric_set(&lag, runner->reactor->name, head - runner->position);
    if (head < runner->position)
        return cairn_fail(error, CAIRN_DIVERGED,
                          "the log ends at %" PRId64 ", before the checkpoint of %s at %" PRId64,
                          head, runner->name, runner->position);
    if (head == runner->position || runner->under_way >= UNDER_WAY_MAX)
        return 0;
    int64_t to = head - runner->position > RANGE ? runner->position + RANGE : head;
    const struct cairn_stored_event *events = NULL;
    int64_t count = cairn_store_read_filtered(runner->store, runner->position, to, &runner->filter,
                                              &runner->batch, &events, error);
    for (int64_t i = 0; i < count; i++) {
        const struct cairn_event_type *type = NULL;
        if (!find_handler(runner->reactor, &events[i], &type))
            continue;
        int failed = check_event(type, &events[i], error);
        if (failed) {
            runner->position = events[i].position - 1;
            return failed;
        }
        begin(runner, &events[i], false);
    }
    if (count < 0)
        return (int)count;
    runner->position = to;
    return 1;
}

/* ---- a step ---- */

static int take(struct cairn_reactor_runner *runner, int64_t fence, struct cairn_error *error)
{
    let_go(runner);
    int failed = cairn_checkpoint_begin(pg_of(runner), runner->name, NULL,
                                        runner->reactor->from_start, error);
    if (failed)
        return failed;
    int64_t position = cairn_checkpoint_take(pg_of(runner), runner->name, fence, error);
    if (position == -CAIRN_CONFLICT)
        cairn_lease_yield(runner->lease, 0);
    if (position < 0)
        return (int)position;
    runner->fence = fence;
    runner->connection = cairn_pg_generation(pg_of(runner));
    runner->checkpoint = runner->position = position;
    cairn_log(CAIRN_LOG_INFO, "running", CAIRN_LOG_TEXT("reactor", runner->reactor->name),
              CAIRN_LOG_INTEGER("position", position), CAIRN_LOG_INTEGER("fence", fence));
    return 0;
}

/* Returns 1 if there may be more to do at once, 0 if not. */
static int step(struct cairn_reactor_runner *runner, int64_t fence, struct cairn_error *error)
{
    int64_t done = 0;
    int failed = cairn_pg_ready(pg_of(runner), error);
    if (!failed &&
        (runner->fence != fence || runner->connection != cairn_pg_generation(pg_of(runner))))
        failed = take(runner, fence, error);
    if (!failed)
        failed = look_at_parked(runner, error);
    if (!failed)
        failed = sweep(runner, &done, error);
    if (!failed)
        failed = move(runner, done, error);
    return failed ? failed : read_range(runner, error);
}

static void suffer(struct cairn_reactor_runner *runner, int failed, const struct cairn_error *error)
{
    bool faster = failed == -CAIRN_CONFLICT; /* somebody else was */
    if (!runner->failing && !faster)
        cairn_log_error(CAIRN_LOG_WARN, "a reactor cannot go on", error);
    runner->failing = !faster;
    runner->fence = 0;
    if (failed == -CAIRN_NEWER_EVENT) {
        let_go(runner);
        cairn_lease_yield(runner->lease, CAIRN_SECONDS(5));
    }
    if (!faster)
        (void)!cairn_follower_wait(runner->parts.follower, INT64_MAX,
                                   cairn_monotonic_us() + TROUBLE_US, NULL);
}

void cairn_reactor_step(struct cairn_reactor_runner *runner)
{
    struct cairn_error error = {0};
    int64_t fence = cairn_lease_wait(runner->lease, cairn_monotonic_us() + IDLE_US);
    if (!fence) {
        if (runner->fence)
            let_go(runner);
        return;
    }
    cairn_arena_reset(&runner->batch);
    int more = step(runner, fence, &error);
    if (more < 0) {
        suffer(runner, more, &error);
        return;
    }
    runner->failing = false;
    if (!more)
        (void)!cairn_follower_wait(runner->parts.follower, runner->head,
                                   cairn_monotonic_us() + IDLE_US, NULL);
}

/* ---- life ---- */

static struct cairn_event_filter filter_of(const struct cairn_reactor *reactor,
                                           struct cairn_arena *arena)
{
    size_t count = 0;
    while (reactor->handles[count])
        count++;
    const char **types = cairn_new(arena, const char *, count + 1);
    const char **categories = cairn_new(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct cairn_reacts *reacts = reactor->handles[i];
        types[i] = cairn_events_of(reacts->events, reacts->record)->name;
        categories[i] = reacts->events->category;
    }
    return (struct cairn_event_filter){types, categories};
}

int cairn_reactor_open(const struct cairn_reactor *reactor, const struct cairn_engine_parts *parts,
                       struct cairn_reactor_runner **ret, struct cairn_error *error)
{
    struct cairn_reactor_runner *runner = cairn_allocate(sizeof *runner);
    runner->reactor = reactor;
    runner->parts = *parts;
    (void)pthread_mutex_init(&runner->lock, NULL);
    (void)snprintf(runner->name, sizeof runner->name, "reactor/%s", reactor->name);
    runner->filter = filter_of(reactor, &runner->arena);
    int failed = cairn_store_open(parts->database_url, runner->name, &runner->store, error);
    if (!failed)
        failed = cairn_lanes_open(reactor->concurrency ? reactor->concurrency : 1, work, dispose,
                                  runner, &runner->lanes, error);
    if (failed) {
        cairn_reactor_close(runner);
        return failed;
    }
    cairn_pg_on_connect(pg_of(runner), "set enable_seqscan = off; set jit = off");
    runner->lease = cairn_lease_want(parts->leases, runner->name);
    *ret = runner;
    return 0;
}

void cairn_reactor_close(struct cairn_reactor_runner *runner)
{
    if (!runner)
        return;
    cairn_lanes_close(runner->lanes);
    runner->lanes = NULL;
    while (runner->first) {
        struct item *item = runner->first;
        runner->first = item->next;
        free_item(item);
    }
    cairn_store_close(runner->store);
    cairn_arena_close(&runner->batch);
    cairn_arena_close(&runner->arena);
    (void)pthread_mutex_destroy(&runner->lock);
    free(runner);
}
