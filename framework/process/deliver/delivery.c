/* delivery.c - delivers commands: a channel for each category, with a queue that sends those to one
 * target in order, and a list of the outcomes. */
#include "process/deliver/delivery.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/backoff.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "telemetry/span.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_PAUSE_US CAIRN_MILLISECONDS(50)
#define LONGEST_PAUSE_US CAIRN_SECONDS(10)

enum { ROOM = 2000 }; /* commands of one channel in memory: some 2 MB, if they are small */

struct channel {
    struct cairn_keyed_queue *queue;
    bool behind;              /* the table has commands that were not queued */
    int64_t position, number; /* of the last command queued, where reading the table goes on */
};

struct cairn_delivery {
    const struct cairn_process *process;
    struct cairn_command_client *client;
    const char **categories; /* of all channels but the last, which is for other categories */
    struct channel *channels;
    size_t channel_count;
    void (*notify)(void *context);
    void *context;
    pthread_mutex_t lock;                 /* guards the list below */
    struct cairn_delivered *first, *last; /* outcomes to take */
};

/* One command; its strings are in its own arena. */
struct item {
    struct cairn_task task; /* first, so that a pointer to it is one to the item */
    struct cairn_arena arena;
    struct cairn_outgoing outgoing;
};

static struct cairn_metric attempts_by_outcome =
    CAIRN_COUNTER("cairn_process_commands_total",
                  "Attempts to deliver commands of process managers, by outcome.", "outcome");
static struct cairn_metric seconds = CAIRN_HISTOGRAM(
    "cairn_process_delivery_seconds", "Duration of one attempt to deliver a command.", "process");

static struct cairn_outgoing copy(const struct cairn_outgoing *from, struct cairn_arena *arena)
{
    return (struct cairn_outgoing){
        .stream = cairn_copy_text(arena, from->stream),
        .version = from->version,
        .number = from->number,
        .position = from->position,
        .target = cairn_copy_text(arena, from->target),
        .command = cairn_copy_text(arena, from->command),
        .method = cairn_copy_text(arena, from->method),
        .path = cairn_copy_text(arena, from->path),
        .body = cairn_copy_text(arena, from->body),
        .traceparent = cairn_copy_text(arena, from->traceparent),
        .tracestate = cairn_copy_text(arena, from->tracestate),
        .correlation_id = cairn_copy_text(arena, from->correlation_id),
        .key = cairn_copy_text(arena, from->key),
    };
}

/* ---- outcomes ---- */

/* An outcome, and the arena that its strings are in. */
struct outcome {
    struct cairn_delivered delivered; /* first, as in struct item */
    struct cairn_arena arena;
};

static void count_attempt(enum cairn_delivery_status status)
{
    static const char *const names[] = {
        [CAIRN_DELIVERED] = "delivered",
        [CAIRN_DELIVERY_RETRIED] = "retried",
        [CAIRN_DELIVERY_REFUSED] = "refused",
    };
    cairn_metric_add(&attempts_by_outcome, names[status], 1);
}

static void report_outcome(struct cairn_delivery *delivery, const struct item *item,
                           enum cairn_delivery_status status, const struct cairn_error *error)
{
    struct outcome *outcome = cairn_allocate(sizeof *outcome);
    outcome->delivered = (struct cairn_delivered){
        .outgoing = copy(&item->outgoing, &outcome->arena),
        .status = status,
        .attempts = item->task.attempts + 1,
        .error = *error,
    };
    cairn_lock(&delivery->lock);
    *(delivery->first ? &delivery->last->next : &delivery->first) = &outcome->delivered;
    delivery->last = &outcome->delivered;
    cairn_unlock(&delivery->lock);
    delivery->notify(delivery->context);
}

struct cairn_delivered *cairn_delivery_take(struct cairn_delivery *delivery)
{
    cairn_lock(&delivery->lock);
    struct cairn_delivered *first = delivery->first;
    delivery->first = delivery->last = NULL;
    cairn_unlock(&delivery->lock);
    return first;
}

struct cairn_delivered *cairn_delivered_free(struct cairn_delivered *delivered)
{
    struct outcome *outcome = (struct outcome *)(void *)delivered;
    struct cairn_delivered *next = delivered->next;
    cairn_arena_close(&outcome->arena);
    free(outcome);
    return next;
}

/* ---- sending ---- */

static void dispose(struct cairn_task *task)
{
    struct item *item = (struct item *)(void *)task;
    cairn_arena_close(&item->arena);
    free(item);
}

/* Begins the span of one attempt, caused by the reaction that sends the command. `ret` is the trace
 * that the attempt is a part of: the span's, or, where none is recorded, the reaction's. */
static struct cairn_span *begin_span(const struct cairn_delivery *delivery,
                                     const struct cairn_outgoing *outgoing, int64_t attempts,
                                     struct cairn_span *storage, struct cairn_trace *ret)
{
    if (!cairn_trace_join(outgoing->traceparent, outgoing->tracestate, ret))
        return NULL;
    struct cairn_span *span = cairn_span_begin(storage, CAIRN_SPAN_PRODUCER, NULL, ret);
    *ret = *cairn_span_trace(span, ret);
    cairn_span_name(span, "deliver", outgoing->command);
    cairn_span_text(span, "cairn.process", delivery->process->name);
    cairn_span_text(span, "cairn.stream", outgoing->target);
    cairn_span_number(span, "cairn.attempt", attempts + 1);
    return span;
}

static void end_span(struct cairn_span *span, int failed, const struct cairn_error *error)
{
    if (failed && cairn_is_final(failed))
        cairn_span_text(span, "cairn.refusal",
                        error->reason[0] ? error->reason : cairn_code_info(failed)->name);
    else if (failed)
        cairn_span_fail(span, cairn_code_info(failed)->name, error->message);
    cairn_span_end(span);
}

static int send_outgoing(struct cairn_delivery *delivery, const struct cairn_outgoing *outgoing,
                         int64_t attempts, struct cairn_error *error)
{
    struct cairn_trace trace;
    struct cairn_span storage;
    struct cairn_span *span = begin_span(delivery, outgoing, attempts, &storage, &trace);
    const struct cairn_command_request request = {
        .to = outgoing->target,
        .method = outgoing->method,
        .path = outgoing->path,
        .body = outgoing->body,
        .idempotency_key = outgoing->key,
        .correlation_id = outgoing->correlation_id,
    };
    int64_t begun_us = cairn_monotonic_us();
    const struct cairn_trace before = cairn_trace_enter(&trace);
    int failed = cairn_command_client_send(delivery->client, &request, error);
    (void)cairn_trace_enter(&before);
    cairn_metric_observe(&seconds, delivery->process->name, cairn_monotonic_us() - begun_us);
    end_span(span, failed, error);
    return failed;
}

/* Returns whether a failed attempt is reported: the first, and then every eighth. */
static bool is_reported(int64_t attempts)
{
    return attempts == 0 || attempts % 8 == 7;
}

/* Makes one attempt. Returns the pause before the next one, never 0, or CAIRN_TASK_DONE. */
static int64_t attempt_delivery(void *context, struct cairn_task *task)
{
    struct cairn_delivery *delivery = context;
    struct item *item = (struct item *)(void *)task;
    struct cairn_error error = {0};
    int failed = send_outgoing(delivery, &item->outgoing, task->attempts, &error);
    enum cairn_delivery_status status = !failed                  ? CAIRN_DELIVERED
                                        : cairn_is_final(failed) ? CAIRN_DELIVERY_REFUSED
                                                                 : CAIRN_DELIVERY_RETRIED;
    count_attempt(status);
    if (status == CAIRN_DELIVERY_RETRIED) {
        if (is_reported(task->attempts))
            report_outcome(delivery, item, status, &error);
        return 1 + cairn_backoff_us(task->attempts + 1, FIRST_PAUSE_US, LONGEST_PAUSE_US);
    }
    report_outcome(delivery, item, status, &error);
    dispose(task);
    return CAIRN_TASK_DONE;
}

/* ---- channels ---- */

/* Returns the channel of a target, "category-id". The last one is for categories that only an older
 * version of the process has sent to. */
static struct channel *channel_to(const struct cairn_delivery *delivery, const char *target)
{
    size_t length = strcspn(target, "-");
    size_t i = 0;
    while (i < delivery->channel_count - 1 &&
           (strncmp(delivery->categories[i], target, length) != 0 ||
            delivery->categories[i][length] != '\0'))
        i++;
    return &delivery->channels[i];
}

static void enqueue(struct channel *channel, const struct cairn_outgoing *outgoing)
{
    struct item *item = cairn_allocate(sizeof *item);
    cairn_arena_reserve(&item->arena, 1024);
    item->outgoing = copy(outgoing, &item->arena);
    item->task.key = item->outgoing.target; /* one after the other to each */
    channel->position = outgoing->position;
    channel->number = outgoing->number;
    cairn_keyed_queue_push(channel->queue, &item->task);
}

void cairn_delivery_push(struct cairn_delivery *delivery, const struct cairn_outgoing *outgoing)
{
    struct channel *channel = channel_to(delivery, outgoing->target);
    channel->behind = channel->behind || cairn_keyed_queue_count(channel->queue) >= ROOM;
    if (!channel->behind)
        enqueue(channel, outgoing);
}

bool cairn_delivery_gap(const struct cairn_delivery *delivery, size_t *channel,
                        struct cairn_gap *ret)
{
    const size_t named = delivery->channel_count - 1;
    size_t i = *channel;
    while (i < delivery->channel_count &&
           (!delivery->channels[i].behind ||
            cairn_keyed_queue_count(delivery->channels[i].queue) > ROOM / 2))
        i++;
    *channel = i + 1;
    if (i == delivery->channel_count)
        return false;
    bool others = i == named;
    *ret = (struct cairn_gap){
        .categories = others ? delivery->categories : &delivery->categories[i],
        .count = others ? named : 1,
        .others = others,
        .position = delivery->channels[i].position,
        .number = delivery->channels[i].number,
        .limit = ROOM / 2,
        .channel = i,
    };
    return true;
}

void cairn_delivery_fill(struct cairn_delivery *delivery, const struct cairn_gap *gap,
                         const struct cairn_outgoing *outgoing)
{
    enqueue(&delivery->channels[gap->channel], outgoing);
}

void cairn_delivery_filled(struct cairn_delivery *delivery, const struct cairn_gap *gap)
{
    delivery->channels[gap->channel].behind = false;
}

void cairn_delivery_clear(struct cairn_delivery *delivery)
{
    for (size_t i = 0; i < delivery->channel_count; i++) {
        cairn_keyed_queue_clear(delivery->channels[i].queue);
        delivery->channels[i].behind = true;
        delivery->channels[i].position = delivery->channels[i].number = 0;
    }
}

size_t cairn_delivery_count(struct cairn_delivery *delivery)
{
    size_t count = 0;
    for (size_t i = 0; i < delivery->channel_count; i++)
        count += cairn_keyed_queue_count(delivery->channels[i].queue);
    return count;
}

/* ---- opening and closing ---- */

static int open_channels(struct cairn_delivery *delivery, int threads, struct cairn_error *error)
{
    const struct cairn_commands *const *sends = delivery->process->sends;
    size_t count = 0;
    int failed = 0;
    while (sends && sends[count])
        count++;
    delivery->categories = cairn_allocate((count + 1) * sizeof *delivery->categories);
    delivery->channels = cairn_allocate((count + 1) * sizeof *delivery->channels);
    for (size_t i = 0; i <= count && !failed; i++) {
        if (i < count)
            delivery->categories[i] = sends[i]->category;
        delivery->channels[i].behind = true;
        failed = cairn_keyed_queue_open(i < count ? threads : 1, attempt_delivery, dispose,
                                        delivery, &delivery->channels[i].queue, error);
        delivery->channel_count = i + 1;
    }
    return failed;
}

int cairn_delivery_open(const struct cairn_process *process, struct cairn_command_client *client,
                        int threads, void (*notify)(void *context), void *context,
                        struct cairn_delivery **ret, struct cairn_error *error)
{
    struct cairn_delivery *delivery = cairn_allocate(sizeof *delivery);
    delivery->process = process;
    delivery->client = client;
    delivery->notify = notify;
    delivery->context = context;
    cairn_lock_init(&delivery->lock);
    int failed = open_channels(delivery, threads, error);
    if (failed) {
        cairn_delivery_close(delivery);
        return failed;
    }
    *ret = delivery;
    return 0;
}

void cairn_delivery_close(struct cairn_delivery *delivery)
{
    if (!delivery)
        return;
    for (size_t i = 0; i < delivery->channel_count; i++)
        cairn_keyed_queue_close(delivery->channels[i].queue);
    struct cairn_delivered *at = delivery->first;
    while (at)
        at = cairn_delivered_free(at);
    cairn_lock_destroy(&delivery->lock);
    free(delivery->categories);
    free(delivery->channels);
    free(delivery);
}
