/* queue.h - a bounded queue of pointers between threads.
 *
 * A push never waits: if the queue is full it fails, and the caller decides what to do.
 *
 * Threads: any number may push and pop; a thread that pops an item sees everything that was written
 * before the push. Ownership: items are only passed on; the thread that pops an item owns it. */
#ifndef CAIRN_CORE_QUEUE_H
#define CAIRN_CORE_QUEUE_H

#include <cairn/error.h>

struct cairn_queue;

/* Returns a queue for `capacity` items, at least one. */
struct cairn_queue *cairn_queue_open(size_t capacity);
/* Frees a queue that no thread uses any more. Items still in it are not freed. */
void cairn_queue_free(struct cairn_queue *queue);

/* Returns 0, or -CAIRN_BUSY if the queue is full or closed: the caller keeps the item. Never waits.
 * `item` is not NULL. */
int cairn_queue_push(struct cairn_queue *queue, void *item) CAIRN_CHECKED;

/* Returns the oldest item. Waits for one until `deadline_us` (monotonic; 0: no limit). Returns NULL
 * after the deadline, or when the queue is closed and empty. */
void *cairn_queue_pop(struct cairn_queue *queue, int64_t deadline_us);

/* Removes up to `max` of the oldest items, after waiting until there is at least one. Returns how
 * many; 0 when the queue is closed and empty. */
size_t cairn_queue_drain(struct cairn_queue *queue, void **ret, size_t max);
/* Removes up to `max` of the items present, without waiting. */
size_t cairn_queue_take(struct cairn_queue *queue, void **ret, size_t max);

/* Waits until there is an item, or until `until_us` (monotonic), without sleeping: for the few
 * microseconds in which an item is expected, since waking up takes longer. Yields to other runnable
 * threads. */
void cairn_queue_watch(struct cairn_queue *queue, int64_t until_us);

/* Closes the queue: pushes fail, and all waiting threads wake up. Items in it can still be
 * popped. */
void cairn_queue_close(struct cairn_queue *queue);

#endif
