/* queue.c - a bounded queue of pointers: a ring, a lock and a condition. */
#include "core/threads/queue.h"

#include "core/containers/arena.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct cairn_queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    void **items;
    size_t capacity;
    size_t first;
    atomic_size_t count; /* changed under the lock */
    bool closed;
};

struct cairn_queue *cairn_queue_open(size_t capacity)
{
    assert(capacity > 0 && capacity <= SIZE_MAX / sizeof(void *));
    struct cairn_queue *queue = cairn_allocate(sizeof *queue);
    queue->items = cairn_allocate(capacity * sizeof *queue->items);
    queue->capacity = capacity;
    cairn_cond_init(&queue->filled);
    cairn_lock_init(&queue->lock);
    return queue;
}

void cairn_queue_free(struct cairn_queue *queue)
{
    if (!queue)
        return;
    cairn_cond_destroy(&queue->filled);
    cairn_lock_destroy(&queue->lock);
    free(queue->items);
    free(queue);
}

int cairn_queue_push(struct cairn_queue *queue, void *item)
{
    assert(item);
    cairn_lock(&queue->lock);
    bool full = queue->closed || queue->count == queue->capacity;
    if (!full) {
        queue->items[(queue->first + queue->count) % queue->capacity] = item;
        queue->count++;
        cairn_cond_signal(&queue->filled);
    }
    cairn_unlock(&queue->lock);
    return full ? -CAIRN_BUSY : 0;
}

/* Waits until there is an item, the queue is closed, or the deadline has passed. */
static void wait_filled(struct cairn_queue *queue, int64_t deadline_us)
{
    int64_t until_us = deadline_us ? deadline_us : INT64_MAX;
    while (queue->count == 0 && !queue->closed &&
           cairn_cond_wait_until(&queue->filled, &queue->lock, until_us))
        continue;
}

/* Removes up to `max` items; the caller holds the lock. */
static size_t take(struct cairn_queue *queue, void **ret, size_t max)
{
    size_t count = queue->count < max ? queue->count : max;
    for (size_t i = 0; i < count; i++)
        ret[i] = queue->items[(queue->first + i) % queue->capacity];
    queue->first = (queue->first + count) % queue->capacity;
    queue->count -= count;
    return count;
}

void *cairn_queue_pop(struct cairn_queue *queue, int64_t deadline_us)
{
    void *item = NULL;
    cairn_lock(&queue->lock);
    wait_filled(queue, deadline_us);
    (void)take(queue, &item, 1);
    cairn_unlock(&queue->lock);
    return item;
}

size_t cairn_queue_drain(struct cairn_queue *queue, void **ret, size_t max)
{
    cairn_lock(&queue->lock);
    wait_filled(queue, 0);
    size_t count = take(queue, ret, max);
    cairn_unlock(&queue->lock);
    return count;
}

void cairn_queue_watch(struct cairn_queue *queue, int64_t until_us)
{
    while (atomic_load_explicit(&queue->count, memory_order_relaxed) == 0 &&
           cairn_monotonic_us() < until_us)
        (void)sched_yield();
}

size_t cairn_queue_take(struct cairn_queue *queue, void **ret, size_t max)
{
    cairn_lock(&queue->lock);
    size_t count = take(queue, ret, max);
    cairn_unlock(&queue->lock);
    return count;
}

void cairn_queue_close(struct cairn_queue *queue)
{
    cairn_lock(&queue->lock);
    queue->closed = true;
    cairn_cond_broadcast(&queue->filled);
    cairn_unlock(&queue->lock);
}
