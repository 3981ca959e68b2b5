/* delivery.c - a lane for each target, and a list of what became of what went out. */
#include "process/delivery.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_PAUSE_US CAIRN_MILLISECONDS(50)
#define LONGEST_PAUSE_US CAIRN_SECONDS(10)

struct cairn_delivery {
    const char *process;
    struct cairn_courier *courier;
    struct cairn_lanes *lanes;
    void (*told)(void *context);
    void *context;
    pthread_mutex_t lock; /* guards what follows */
    struct cairn_delivered *first, *last;
};

/* One command; its texts lie in an arena of its own. */
struct item {
    struct cairn_task task;
    struct cairn_arena arena;
    struct cairn_outgoing outgoing;
};

static struct cairn_metric fates =
    CAIRN_COUNTER("cairn_process_commands_total",
                  "Commands that process managers have sent, by what became of them.", "outcome");
static struct cairn_metric seconds =
    CAIRN_HISTOGRAM("cairn_process_delivery_seconds",
                    "Time that one attempt to deliver a command takes.", "process");

static struct cairn_outgoing copy(const struct cairn_outgoing *from, struct cairn_arena *arena)
{
    return (struct cairn_outgoing){
        .stream = cairn_copy_text(arena, from->stream),
        .version = from->version,
        .number = from->number,
        .target = cairn_copy_text(arena, from->target),
        .command = cairn_copy_text(arena, from->command),
        .method = cairn_copy_text(arena, from->method),
        .path = cairn_copy_text(arena, from->path),
        .body = cairn_copy_text(arena, from->body),
        .traceparent = cairn_copy_text(arena, from->traceparent),
        .key = cairn_copy_text(arena, from->key),
    };
}

/* ---- what became of them ---- */

/* Lies in an arena of its own too, whose handle stands in front of it. */
struct told {
    struct cairn_delivered delivered;
    struct cairn_arena arena;
};

static void tell(struct cairn_delivery *delivery, const struct item *item, enum cairn_fate fate,
                 const struct cairn_error *error)
{
    static const char *const names[] = {NULL, "delivered", "again", "refused"};
    struct told *told = cairn_allocate(sizeof *told);
    told->delivered = (struct cairn_delivered){
        .outgoing = copy(&item->outgoing, &told->arena),
        .fate = fate,
        .attempts = item->task.attempts + 1,
        .error = *error,
    };
    (void)pthread_mutex_lock(&delivery->lock);
    *(delivery->first ? &delivery->last->next : &delivery->first) = &told->delivered;
    delivery->last = &told->delivered;
    (void)pthread_mutex_unlock(&delivery->lock);
    cairn_metric_add(&fates, names[fate], 1);
    delivery->told(delivery->context);
}

struct cairn_delivered *cairn_delivery_take(struct cairn_delivery *delivery)
{
    (void)pthread_mutex_lock(&delivery->lock);
    struct cairn_delivered *first = delivery->first;
    delivery->first = delivery->last = NULL;
    (void)pthread_mutex_unlock(&delivery->lock);
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

static int send(struct cairn_delivery *delivery, const struct cairn_outgoing *outgoing,
                struct cairn_error *error)
{
    const struct cairn_parcel parcel = {
        .to = outgoing->target,
        .method = outgoing->method,
        .path = outgoing->path,
        .body = outgoing->body,
        .idempotency_key = outgoing->key,
        .traceparent = outgoing->traceparent,
    };
    int64_t begun_us = cairn_monotonic_us();
    int failed = cairn_courier_send(delivery->courier, &parcel, error);
    cairn_metric_observe(&seconds, delivery->process, cairn_monotonic_us() - begun_us);
    return failed;
}

/* People are told of the first attempt in vain, and of one in a while. */
static bool is_worth_telling(int64_t attempts)
{
    return attempts == 0 || attempts % 8 == 7;
}

static int64_t work(void *context, struct cairn_task *task)
{
    struct cairn_delivery *delivery = context;
    struct item *item = (struct item *)(void *)task;
    struct cairn_error error = {0};
    int failed = send(delivery, &item->outgoing, &error);
    if (failed && !cairn_is_final(failed)) {
        if (is_worth_telling(task->attempts))
            tell(delivery, item, CAIRN_NOT_YET, &error);
        return 1 + cairn_backoff_us(task->attempts, FIRST_PAUSE_US, LONGEST_PAUSE_US);
    }
    tell(delivery, item, failed ? CAIRN_TURNED_DOWN : CAIRN_DELIVERED, &error);
    dispose(task);
    return CAIRN_TASK_DONE;
}

void cairn_delivery_push(struct cairn_delivery *delivery, const struct cairn_outgoing *outgoing)
{
    struct item *item = cairn_allocate(sizeof *item);
    cairn_arena_reserve(&item->arena, 1024);
    item->outgoing = copy(outgoing, &item->arena);
    item->task.key = item->outgoing.target;
    cairn_lanes_push(delivery->lanes, &item->task);
}

void cairn_delivery_clear(struct cairn_delivery *delivery)
{
    cairn_lanes_clear(delivery->lanes);
}

size_t cairn_delivery_count(struct cairn_delivery *delivery)
{
    return cairn_lanes_count(delivery->lanes);
}

/* ---- life ---- */

int cairn_delivery_open(const char *process, struct cairn_courier *courier, int threads,
                        void (*told)(void *context), void *context, struct cairn_delivery **ret,
                        struct cairn_error *error)
{
    struct cairn_delivery *delivery = cairn_allocate(sizeof *delivery);
    delivery->process = process;
    delivery->courier = courier;
    delivery->told = told;
    delivery->context = context;
    (void)pthread_mutex_init(&delivery->lock, NULL);
    int failed = cairn_lanes_open(threads, work, dispose, delivery, &delivery->lanes, error);
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
    cairn_lanes_close(delivery->lanes);
    struct cairn_delivered *at = delivery->first;
    while (at)
        at = cairn_delivered_free(at);
    (void)pthread_mutex_destroy(&delivery->lock);
    free(delivery);
}
