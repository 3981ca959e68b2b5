/* span_queue.c - a ring of slots with turns.
 *
 * Invariants: slot n of the sequence of all pushes is `slots[n % capacity]`, and its `turn` is
 *  (1) n              where push n may write it,
 *  (2) n + 1          where it was written, and may be read,
 *  (3) n + capacity   where it was read: it is the turn of that push. */
#include "telemetry/span_queue.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct slot {
    _Atomic uint64_t turn;
    struct cairn_span span;
};

struct cairn_span_queue {
    _Alignas(64) _Atomic uint64_t pushed; /* by all threads: on a cache line of its own */
    _Alignas(64) _Atomic uint64_t taken;  /* written by the taker only */
    _Alignas(64) uint64_t capacity;
    struct slot *slots;
};

struct cairn_span_queue *cairn_span_queue_open(size_t capacity)
{
    assert(capacity > 1);
    struct cairn_span_queue *queue = aligned_alloc(64, sizeof *queue);
    if (!queue)
        abort(); /* out of memory */
    memset(queue, 0, sizeof *queue);
    queue->capacity = capacity;
    queue->slots = cairn_allocate(capacity * sizeof *queue->slots);
    for (uint64_t i = 0; i < capacity; i++)
        atomic_init(&queue->slots[i].turn, i);
    return queue;
}

void cairn_span_queue_free(struct cairn_span_queue *queue)
{
    if (!queue)
        return;
    free(queue->slots);
    free(queue);
}

/* Copies what is used of it. */
static void copy_span(struct cairn_span *to, const struct cairn_span *from)
{
    memcpy(to, from, offsetof(struct cairn_span, attributes));
    memcpy(to->attributes, from->attributes, from->attribute_count * sizeof from->attributes[0]);
    memcpy(to->links, from->links, from->link_count * sizeof from->links[0]);
    memcpy(to->text, from->text, from->text_bytes);
}

int64_t cairn_span_queue_push(struct cairn_span_queue *queue, const struct cairn_span *span)
{
    uint64_t place = atomic_load_explicit(&queue->pushed, memory_order_relaxed);
    for (;;) {
        struct slot *slot = &queue->slots[place % queue->capacity];
        uint64_t turn = atomic_load_explicit(&slot->turn, memory_order_acquire);
        if (turn < place) /* not read yet */
            return -1;
        if (turn > place) { /* another thread has pushed meanwhile */
            place = atomic_load_explicit(&queue->pushed, memory_order_relaxed);
            continue;
        }
        if (!atomic_compare_exchange_weak_explicit(&queue->pushed, &place, place + 1,
                                                   memory_order_relaxed, memory_order_relaxed))
            continue;
        copy_span(&slot->span, span);
        atomic_store_explicit(&slot->turn, place + 1, memory_order_release);
        return (int64_t)place;
    }
}

const struct cairn_span *cairn_span_queue_look(struct cairn_span_queue *queue)
{
    uint64_t place = atomic_load_explicit(&queue->taken, memory_order_relaxed);
    struct slot *slot = &queue->slots[place % queue->capacity];
    bool is_written = atomic_load_explicit(&slot->turn, memory_order_acquire) == place + 1;
    return is_written ? &slot->span : NULL;
}

void cairn_span_queue_release(struct cairn_span_queue *queue)
{
    uint64_t place = atomic_load_explicit(&queue->taken, memory_order_relaxed);
    struct slot *slot = &queue->slots[place % queue->capacity];
    atomic_store_explicit(&slot->turn, place + queue->capacity, memory_order_release);
    atomic_store_explicit(&queue->taken, place + 1, memory_order_relaxed);
}

size_t cairn_span_queue_count(const struct cairn_span_queue *queue)
{
    uint64_t taken = atomic_load_explicit(&queue->taken, memory_order_relaxed);
    uint64_t pushed = atomic_load_explicit(&queue->pushed, memory_order_relaxed);
    return pushed > taken ? (size_t)(pushed - taken) : 0;
}
