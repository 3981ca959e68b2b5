/* queue.h - a bounded queue of pointers between threads.
 *
 * Threads: any number may push and pop. Nobody waits to push: a full queue says so, and whoever
 * pushes decides what that means. */
#ifndef CAIRN_CORE_QUEUE_H
#define CAIRN_CORE_QUEUE_H

#include <cairn/error.h>

struct cairn_queue;

struct cairn_queue *cairn_queue_open(size_t capacity);
/* The queue must be empty and nobody may wait on it any more. */
void cairn_queue_free(struct cairn_queue *queue);

/* Returns 0, or -CAIRN_BUSY if the queue is full or closed. */
int cairn_queue_push(struct cairn_queue *queue, void *item) CAIRN_CHECKED;

/* The oldest item. Waits for one until `deadline_us` (monotonic; 0 for ever). NULL when time is up,
 * or when the queue is closed and empty. */
void *cairn_queue_pop(struct cairn_queue *queue, int64_t deadline_us);

/* No more pushes; everybody who waits wakes up. What is in it can still be popped. */
void cairn_queue_close(struct cairn_queue *queue);

#endif
