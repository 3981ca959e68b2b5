/* handling.c - the list of events that a reactor has under way, and the work of the queue.
 *
 * The reactor's thread keeps the list. The threads of the queue handle the events: a thread that
 * has finished one records the result in the item, under the lock, and wakes the reactor. */
#include "process/reactor/handling.h"

#include "core/report/metrics.h"
#include "core/threads/backoff.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "process/deliver/keyed_queue.h"
#include "process/react/inputs.h"
#include "process/reactor/teller.h"
#include "store/events/handlers.h"
#include "store/read/token.h"
#include "telemetry/span.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_PAUSE_US CAIRN_MILLISECONDS(100)
#define LONGEST_PAUSE_US CAIRN_SECONDS(10)

/* Failures are reported from the second on: the first may be transient. */
enum { ATTEMPTS = 20, TELL_ATTEMPTS = 2 };

/* An event under way. Guarded by the lock: `state`, `reason`, `attempts`. */
struct item {
    struct cairn_task task;
    struct cairn_handling *handling;
    struct cairn_arena arena; /* of the event's texts */
    struct cairn_stored_event event;
    struct cairn_origin origin;
    char position[CAIRN_TOKEN_TEXT_SIZE];
    bool parked; /* a parked event that an operator wants retried */
    enum { WAITING, FINISHED, GIVEN_UP, FORGOTTEN } state;
    char reason[300];
    char shown[300]; /* what everybody may see of it */
    int64_t attempts;
    struct item *next; /* in the list */
};

struct cairn_handling {
    const struct cairn_reactor *reactor;
    struct cairn_engine_parts parts;
    struct cairn_teller teller;
    struct cairn_keyed_queue *queue;
    struct item *first, *last; /* in the order of the log */
    size_t count;
    pthread_mutex_t lock; /* guards the named fields of the items */
};

static struct cairn_metric outcomes = CAIRN_COUNTER(
    "cairn_reactor_events_total", "Events handled by reactors, by what became of them.", "outcome");
static struct cairn_metric seconds = CAIRN_HISTOGRAM(
    "cairn_reactor_seconds", "Duration of one attempt to handle an event.", "reactor");

const struct cairn_reacts *cairn_reacts_find(const struct cairn_reactor *reactor,
                                             const struct cairn_stored_event *event,
                                             const struct cairn_event_type **ret)
{
    return (const struct cairn_reacts *)cairn_handlers_find_stream(reactor->handles, event->stream,
                                                                   event->type, ret);
}

/* ---- on the threads of the queue ---- */

/* Begins the span of one attempt, caused by what has written the event. */
static struct cairn_span *begin_span(const struct item *item, struct cairn_arena *arena)
{
    struct cairn_trace trace;
    if (!cairn_trace_join(item->origin.traceparent, item->origin.tracestate, &trace))
        return NULL;
    struct cairn_span *span = cairn_span_begin_in(arena, CAIRN_SPAN_CONSUMER, "handle",
                                                  item->handling->reactor->name, &trace);
    cairn_span_text(span, "cairn.event", item->event.type);
    cairn_span_text(span, "cairn.stream", item->event.stream);
    cairn_span_number(span, "cairn.position", item->event.position);
    cairn_span_number(span, "cairn.attempt", item->task.attempts + 1);
    return span;
}

/* Calls the handler. What it calls belongs to the span, or, without one, to the event's trace. */
static enum cairn_outcome call_handler(const struct cairn_reacts *reacts, const struct item *item,
                                       const void *value, struct cairn_call *call,
                                       struct cairn_error *error)
{
    struct cairn_trace trace;
    struct cairn_span *span = begin_span(item, call->arena);
    (void)cairn_trace_join(item->origin.traceparent, item->origin.tracestate, &trace);
    if (span)
        call->traceparent = cairn_trace_text(&span->trace, call->arena);
    const struct cairn_trace before = cairn_trace_enter(cairn_span_trace(span, &trace));
    enum cairn_outcome outcome = reacts->handle(value, call, error);
    (void)cairn_trace_enter(&before);
    if (outcome != CAIRN_DONE)
        cairn_span_fail(span, error->code ? cairn_code_info((int)error->code)->name : "_OTHER",
                        error->message);
    cairn_span_end(span);
    return outcome;
}

static enum cairn_outcome handle(struct item *item, struct cairn_error *error)
{
    struct cairn_handling *handling = item->handling;
    struct cairn_arena arena = {0};
    struct cairn_meta meta;
    char id[CAIRN_UUID_TEXT_SIZE];
    const struct cairn_event_type *type = NULL;
    const struct cairn_reacts *reacts = cairn_reacts_find(handling->reactor, &item->event, &type);
    void *value = cairn_arena_alloc(&arena, type->record->size, type->record->align);
    int failed = cairn_event_meta(&item->event, &meta, error);
    if (!failed)
        failed = cairn_event_decode(type, &item->event, &arena, value, error);
    enum cairn_outcome outcome = CAIRN_GIVE_UP;
    if (!failed) {
        cairn_uuid_format(item->event.event_id, id);
        struct cairn_call call = {
            .meta = &meta,
            .idempotency_key = cairn_print(&arena, "%s/%s", handling->reactor->name, id),
            .attempt = (int)item->task.attempts + 1,
            .traceparent = item->origin.traceparent,
            .correlation_id = item->origin.correlation_id,
            .arena = &arena,
            .position_ = item->position,
            .teller_ = &handling->teller,
        };
        outcome = call_handler(reacts, item, value, &call, error);
    }
    cairn_arena_close(&arena);
    return outcome;
}

/* Under the lock. */
static void note_attempt(struct item *item, const struct cairn_error *error, const char *silent)
{
    item->attempts = item->task.attempts + 1;
    const char *colon = error->reason[0] ? ": " : "";
    char public[231];
    (void)snprintf(public, sizeof public, "%s", silent);
    if (error->message[0])
        cairn_error_print_public(error, public, sizeof public);
    (void)snprintf(item->reason, sizeof item->reason, "%s%s%.230s", error->reason, colon,
                   error->message[0] ? error->message : silent);
    (void)snprintf(item->shown, sizeof item->shown, "%s%s%s", error->reason, colon, public);
}

/* Wakes the reactor only if it has something to do at once: while others are under way, it looks
 * every few milliseconds (reactor.c), and a step for each event would cost more than the event. */
static void finish(struct item *item, bool given_up, const struct cairn_error *error)
{
    struct cairn_handling *handling = item->handling;
    bool is_urgent = given_up || item->parked || cairn_keyed_queue_count(handling->queue) <= 1;
    cairn_lock(&handling->lock);
    note_attempt(item, error, "given up");
    if (item->state == WAITING)
        item->state = given_up ? GIVEN_UP : FINISHED;
    cairn_unlock(&handling->lock);
    if (is_urgent)
        cairn_follower_wake(handling->parts.follower);
}

static int64_t work(void *context, struct cairn_task *task)
{
    struct cairn_handling *handling = context;
    struct item *item = (struct item *)(void *)task;
    struct cairn_error error = {0};
    int attempts = handling->reactor->attempts ? handling->reactor->attempts : ATTEMPTS;
    int64_t begun_us = cairn_monotonic_us();
    enum cairn_outcome outcome = handle(item, &error);
    cairn_metric_observe(&seconds, handling->reactor->name, cairn_monotonic_us() - begun_us);
    if (outcome == CAIRN_TRY_AGAIN && task->attempts + 1 < attempts) {
        cairn_metric_add(&outcomes, "again", 1);
        cairn_lock(&handling->lock);
        note_attempt(item, &error, "the handler gave no reason");
        cairn_unlock(&handling->lock);
        return 1 + cairn_backoff_us(task->attempts + 1, FIRST_PAUSE_US, LONGEST_PAUSE_US);
    }
    cairn_metric_add(&outcomes, outcome == CAIRN_DONE ? "done" : "parked", 1);
    finish(item, outcome != CAIRN_DONE, &error);
    return CAIRN_TASK_DONE;
}

/* Marks an item that the queue discard; the next sweep frees it. */
static void dispose(struct cairn_task *task)
{
    struct item *item = (struct item *)(void *)task;
    cairn_lock(&item->handling->lock);
    item->state = FORGOTTEN;
    cairn_unlock(&item->handling->lock);
}

/* ---- the list ---- */

void cairn_handling_begin(struct cairn_handling *handling, const struct cairn_stored_event *event,
                          const struct cairn_timeline *timeline, bool parked)
{
    struct item *item = cairn_allocate(sizeof *item);
    struct cairn_arena *arena = &item->arena;
    cairn_arena_reserve(arena, 1024 + event->data_bytes);
    item->handling = handling;
    item->event = *event;
    item->event.stream = cairn_copy_text(arena, event->stream);
    item->event.type = cairn_copy_text(arena, event->type);
    item->event.data = cairn_copy_bytes(arena, event->data, event->data_bytes);
    item->event.meta = cairn_copy_text(arena, cairn_event_kept_meta(event->meta));
    item->origin = cairn_origin_of(event, arena);
    item->parked = parked;
    cairn_token_format(timeline, event->position, item->position);
    item->task.key = item->event.stream;
    *(handling->first ? &handling->last->next : &handling->first) = item;
    handling->last = item;
    handling->count++;
    cairn_keyed_queue_push(handling->queue, &item->task);
}

static void free_item(struct item *item)
{
    cairn_arena_close(&item->arena);
    free(item);
}

static void free_items(struct cairn_handling *handling)
{
    while (handling->first) {
        struct item *item = handling->first;
        handling->first = item->next;
        free_item(item);
    }
    handling->last = NULL;
    handling->count = 0;
}

bool cairn_handling_has(const struct cairn_handling *handling, int64_t position)
{
    for (const struct item *at = handling->first; at; at = at->next) {
        if (at->event.position == position)
            return true;
    }
    return false;
}

void cairn_handling_problem(struct cairn_handling *handling, char *ret, char *ret_shown,
                            size_t size)
{
    ret[0] = ret_shown[0] = '\0';
    cairn_lock(&handling->lock);
    for (const struct item *at = handling->first; at && !ret[0]; at = at->next) {
        if (at->state != WAITING || at->attempts < TELL_ATTEMPTS)
            continue;
        (void)snprintf(ret_shown, size, "event %" PRId64 ", %s of %s, is retried: %s",
                       at->event.position, at->event.type, at->event.stream, at->shown);
        (void)snprintf(ret, size, "event %" PRId64 ", %s of %s, is retried: %s", at->event.position,
                       at->event.type, at->event.stream, at->reason);
    }
    cairn_unlock(&handling->lock);
}

size_t cairn_handling_count(const struct cairn_handling *handling)
{
    return handling->count;
}

static int state_of(struct item *item)
{
    struct cairn_handling *handling = item->handling;
    cairn_lock(&handling->lock);
    int state = (int)item->state;
    cairn_unlock(&handling->lock);
    return state;
}

static struct cairn_handled handled_of(const struct item *item, int state)
{
    return (struct cairn_handled){
        .event = &item->event,
        .was_parked = item->parked,
        .given_up = state == GIVEN_UP,
        .attempts = item->attempts,
        .reason = item->reason,
    };
}

int cairn_handling_sweep(struct cairn_handling *handling, cairn_put_away *put_away, void *context,
                         int64_t read, int64_t *ret, struct cairn_error *error)
{
    struct item **at = &handling->first;
    struct item *last = NULL;
    *ret = read;
    while (*at) {
        struct item *item = *at;
        int state = state_of(item);
        if (state == WAITING) {
            if (!item->parked && item->event.position <= *ret)
                *ret = item->event.position - 1;
            last = item;
            at = &item->next;
            continue;
        }
        const struct cairn_handled handled = handled_of(item, state);
        int failed = state == FORGOTTEN ? 0 : put_away(context, &handled, error);
        if (failed)
            return failed;
        *at = item->next;
        handling->count--;
        free_item(item);
    }
    handling->last = last;
    return 0;
}

/* Frees the items only when no thread uses them: the queue are cleared, and nothing is under
 * way. */
void cairn_handling_clear(struct cairn_handling *handling)
{
    cairn_keyed_queue_clear(handling->queue);
    while (cairn_keyed_queue_count(handling->queue) > 0) /* a call has its own deadline */
        (void)!cairn_follower_wait(handling->parts.follower, INT64_MAX,
                                   cairn_monotonic_us() + CAIRN_MILLISECONDS(20), NULL);
    free_items(handling);
}

/* ---- life ---- */

int cairn_handling_open(const struct cairn_reactor *reactor, const struct cairn_engine_parts *parts,
                        struct cairn_handling **ret, struct cairn_error *error)
{
    struct cairn_handling *handling = cairn_allocate(sizeof *handling);
    handling->reactor = reactor;
    handling->parts = *parts;
    handling->teller = cairn_teller_by_http(parts->client);
    cairn_lock_init(&handling->lock);
    int threads = reactor->concurrency ? reactor->concurrency : 1;
    int failed = cairn_keyed_queue_open(threads, work, dispose, handling, &handling->queue, error);
    if (failed) {
        cairn_handling_close(handling);
        return failed;
    }
    *ret = handling;
    return 0;
}

void cairn_handling_close(struct cairn_handling *handling)
{
    if (!handling)
        return;
    cairn_keyed_queue_close(handling->queue);
    free_items(handling);
    cairn_lock_destroy(&handling->lock);
    free(handling);
}
