/* delivery.c - delivers commands: a way for each category, a lane for each target, and a list of
 * the outcomes. */
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

enum { ROOM = 2000 }; /* commands of one way in memory: some 2 MB, if they are small */

struct way {
    struct cairn_keyed_queue *queue;
    bool behind;
    int64_t position, number; /* of the last command queued on it */
};

struct cairn_delivery {
    const struct cairn_process *process;
    struct cairn_command_client *client;
    const char **categories; /* of the first ways; there is one more, for others */
    struct way *ways;
    size_t way_count;
    void (*told)(void *context);
    void *context;
    pthread_mutex_t lock; /* guards what follows */
    struct cairn_delivered *first, *last;
};

/* One command; its texts are in its own arena. */
struct item {
    struct cairn_task task;
    struct cairn_arena arena;
    struct cairn_outgoing outgoing;
};

static struct cairn_metric fates =
    CAIRN_COUNTER("cairn_process_commands_total",
                  "Commands that process managers have sent, by what became of them.", "outcome");
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
        .correlation_id = cairn_copy_text(arena, from->correlation_id),
        .key = cairn_copy_text(arena, from->key),
    };
}

/* ---- outcomes ---- */

/* An outcome, and the arena that its texts are in. */
struct told {
    struct cairn_delivered delivered;
    struct cairn_arena arena;
};

static void report_outcome(struct cairn_delivery *delivery, const struct item *item,
                           enum cairn_delivery_status status, const struct cairn_error *error)
{
    static const char *const names[] = {NULL, "delivered", "again", "refused"};
    struct told *told = cairn_allocate(sizeof *told);
    told->delivered = (struct cairn_delivered){
        .outgoing = copy(&item->outgoing, &told->arena),
        .status = status,
        .attempts = item->task.attempts + 1,
        .error = *error,
    };
    cairn_lock(&delivery->lock);
    *(delivery->first ? &delivery->last->next : &delivery->first) = &told->delivered;
    delivery->last = &told->delivered;
    cairn_unlock(&delivery->lock);
    cairn_metric_add(&fates, names[status], 1);
    delivery->told(delivery->context);
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
    struct told *told = (struct told *)(void *)delivered;
    struct cairn_delivered *next = delivered->next;
    cairn_arena_close(&told->arena);
    free(told);
    return next;
}

/* ---- the work ---- */

static void dispose(struct cairn_task *task)
{
    struct item *item = (struct item *)(void *)task;
    cairn_arena_close(&item->arena);
    free(item);
}

/* Begins the span of one attempt, caused by the reaction that sends the command. */
static struct cairn_span *begin_span(const struct cairn_delivery *delivery,
                                     const struct cairn_outgoing *outgoing, int64_t attempts,
                                     struct cairn_span *room)
{
    struct cairn_trace trace;
    if (!cairn_trace_join(outgoing->traceparent, NULL, &trace))
        return NULL;
    struct cairn_span *span = cairn_span_begin(room, CAIRN_SPAN_PRODUCER, NULL, &trace);
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
    char traceparent[CAIRN_TRACEPARENT_SIZE];
    struct cairn_span room;
    struct cairn_span *span = begin_span(delivery, outgoing, attempts, &room);
    if (span)
        cairn_trace_format(&span->trace, traceparent);
    const struct cairn_command_request request = {
        .to = outgoing->target,
        .method = outgoing->method,
        .path = outgoing->path,
        .body = outgoing->body,
        .idempotency_key = outgoing->key,
        .traceparent = span ? traceparent : outgoing->traceparent,
        .correlation_id = outgoing->correlation_id,
    };
    int64_t begun_us = cairn_monotonic_us();
    int failed = cairn_command_client_send(delivery->client, &request, error);
    cairn_metric_observe(&seconds, delivery->process->name, cairn_monotonic_us() - begun_us);
    end_span(span, failed, error);
    return failed;
}

/* Returns whether a failed attempt is reported: the first, and then every eighth. */
static bool is_worth_telling(int64_t attempts)
{
    return attempts == 0 || attempts % 8 == 7;
}

static int64_t work(void *context, struct cairn_task *task)
{
    struct cairn_delivery *delivery = context;
    struct item *item = (struct item *)(void *)task;
    struct cairn_error error = {0};
    int failed = send_outgoing(delivery, &item->outgoing, task->attempts, &error);
    if (failed && !cairn_is_final(failed)) {
        if (is_worth_telling(task->attempts))
            report_outcome(delivery, item, CAIRN_NOT_YET, &error);
        return 1 + cairn_backoff_us(task->attempts + 1, FIRST_PAUSE_US, LONGEST_PAUSE_US);
    }
    report_outcome(delivery, item, failed ? CAIRN_TURNED_DOWN : CAIRN_DELIVERED, &error);
    dispose(task);
    return CAIRN_TASK_DONE;
}

/* ---- the ways ---- */

/* Returns the way to a target. The last one is for categories that only an older version of the
 * process has sent to. */
static struct way *way_to(const struct cairn_delivery *delivery, const char *target)
{
    size_t length = strcspn(target, "-");
    size_t i = 0;
    while (i < delivery->way_count - 1 && (strncmp(delivery->categories[i], target, length) != 0 ||
                                           delivery->categories[i][length] != '\0'))
        i++;
    return &delivery->ways[i];
}

static void go(struct way *way, const struct cairn_outgoing *outgoing)
{
    struct item *item = cairn_allocate(sizeof *item);
    cairn_arena_reserve(&item->arena, 1024);
    item->outgoing = copy(outgoing, &item->arena);
    item->task.key = item->outgoing.target;
    way->position = outgoing->position;
    way->number = outgoing->number;
    cairn_keyed_queue_push(way->queue, &item->task);
}

void cairn_delivery_push(struct cairn_delivery *delivery, const struct cairn_outgoing *outgoing)
{
    struct way *way = way_to(delivery, outgoing->target);
    way->behind = way->behind || cairn_keyed_queue_count(way->queue) >= ROOM;
    if (!way->behind)
        go(way, outgoing);
}

bool cairn_delivery_gap(const struct cairn_delivery *delivery, size_t *way, struct cairn_gap *ret)
{
    for (; *way < delivery->way_count; ++*way) {
        const struct way *at = &delivery->ways[*way];
        size_t named = delivery->way_count - 1;
        if (!at->behind || cairn_keyed_queue_count(at->queue) > ROOM / 2)
            continue;
        bool others = *way == named;
        *ret = (struct cairn_gap){
            .categories = others ? delivery->categories : &delivery->categories[*way],
            .count = others ? named : 1,
            .others = others,
            .position = at->position,
            .number = at->number,
            .limit = ROOM / 2,
            .way = (*way)++,
        };
        return true;
    }
    return false;
}

void cairn_delivery_fill(struct cairn_delivery *delivery, const struct cairn_gap *gap,
                         const struct cairn_outgoing *outgoing)
{
    go(&delivery->ways[gap->way], outgoing);
}

void cairn_delivery_filled(struct cairn_delivery *delivery, const struct cairn_gap *gap)
{
    delivery->ways[gap->way].behind = false;
}

void cairn_delivery_clear(struct cairn_delivery *delivery)
{
    for (size_t i = 0; i < delivery->way_count; i++) {
        cairn_keyed_queue_clear(delivery->ways[i].queue);
        delivery->ways[i].behind = true;
        delivery->ways[i].position = delivery->ways[i].number = 0;
    }
}

size_t cairn_delivery_count(struct cairn_delivery *delivery)
{
    size_t count = 0;
    for (size_t i = 0; i < delivery->way_count; i++)
        count += cairn_keyed_queue_count(delivery->ways[i].queue);
    return count;
}

/* ---- life ---- */

static int open_ways(struct cairn_delivery *delivery, int threads, struct cairn_error *error)
{
    const struct cairn_commands *const *sends = delivery->process->sends;
    size_t count = 0;
    int failed = 0;
    while (sends && sends[count])
        count++;
    delivery->categories = cairn_allocate((count + 1) * sizeof *delivery->categories);
    delivery->ways = cairn_allocate((count + 1) * sizeof *delivery->ways);
    for (size_t i = 0; i <= count && !failed; i++) {
        if (i < count)
            delivery->categories[i] = sends[i]->category;
        delivery->ways[i].behind = true;
        failed = cairn_keyed_queue_open(i < count ? threads : 1, work, dispose, delivery,
                                        &delivery->ways[i].queue, error);
        delivery->way_count = i + 1;
    }
    return failed;
}

int cairn_delivery_open(const struct cairn_process *process, struct cairn_command_client *client,
                        int threads, void (*told)(void *context), void *context,
                        struct cairn_delivery **ret, struct cairn_error *error)
{
    struct cairn_delivery *delivery = cairn_allocate(sizeof *delivery);
    delivery->process = process;
    delivery->client = client;
    delivery->told = told;
    delivery->context = context;
    cairn_lock_init(&delivery->lock);
    int failed = open_ways(delivery, threads, error);
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
    for (size_t i = 0; i < delivery->way_count; i++)
        cairn_keyed_queue_close(delivery->ways[i].queue);
    struct cairn_delivered *at = delivery->first;
    while (at)
        at = cairn_delivered_free(at);
    cairn_lock_destroy(&delivery->lock);
    free(delivery->categories);
    free(delivery->ways);
    free(delivery);
}
