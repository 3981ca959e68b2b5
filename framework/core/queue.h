/* queue.h - a bounded queue of pointers between threads.
 *
 * Nobody waits to push: a full queue says so, and whoever pushes decides what that means.
 *
 * Threads: any number may push and pop; whoever pops an item sees all that was written before it
 * was pushed.
 * Ownership: items are only passed on; whoever pops one has it. */
#ifndef CAIRN_CORE_QUEUE_H
#define CAIRN_CORE_QUEUE_H

#include <cairn/error.h>

struct cairn_queue;

/* Room for `capacity` items, at least one. */
struct cairn_queue *cairn_queue_open(size_t capacity);
/* Nobody may use the queue any more. Items that are still in it are forgotten. */
void cairn_queue_free(struct cairn_queue *queue);

/* Returns 0, or -CAIRN_BUSY if the queue is full or closed; the item stays the caller's then. Never
 * waits. `item` is not NULL. */
int cairn_queue_push(struct cairn_queue *queue, void *item) CAIRN_CHECKED;

/* The oldest item. Waits for one until `deadline_us` (monotonic; 0 for ever). NULL when time is up,
 * or when the queue is closed and empty. */
void *cairn_queue_pop(struct cairn_queue *queue, int64_t deadline_us);

/* The oldest items, up to `max` of them: waits until there is one. Returns how many; 0 when the
 * queue is closed and empty. */
size_t cairn_queue_drain(struct cairn_queue *queue, void **ret, size_t max);
/* The same, of what is there now, without waiting. */
size_t cairn_queue_take(struct cairn_queue *queue, void **ret, size_t max);

/* Waits until there is an item, or until `until_us` (monotonic), without going to sleep: for some
 * microseconds in which one is expected, as waking up takes longer. Others who can run do. */
void cairn_queue_watch(struct cairn_queue *queue, int64_t until_us);

/* No more pushes; everybody who waits wakes up. What is in it can still be popped. */
void cairn_queue_close(struct cairn_queue *queue);

#endif
