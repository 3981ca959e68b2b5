/* keyed_queue.h - runs tasks in order for each key, concurrently for different keys, with retries
 * after a pause.
 *
 * Tasks of one key form one lane and are executed one after the other; a task that has to be
 * retried stays at the head of its lane, and delays no other lane. A fixed number of threads works
 * on the tasks that are ready.
 *
 * Threads: any thread may push; `work` is called by the threads of the queue.
 * Ownership: the queue owns a task from the push until `work` has returned CAIRN_TASK_DONE for it,
 * or `dispose` was called. */
#ifndef CAIRN_PROCESS_KEYED_QUEUE_H
#define CAIRN_PROCESS_KEYED_QUEUE_H

#include <cairn/error.h>

struct cairn_keyed_queue;

/* The first member of a task's struct. */
struct cairn_task {
    const char *key;
    int64_t attempts; /* made so far; `work` finds 0 the first time */
    struct cairn_task *next_;
};

enum { CAIRN_TASK_DONE = 0 };

/* Executes a task. Returns CAIRN_TASK_DONE, and `work` owns the task again; or after how many
 * microseconds to retry it. */
typedef int64_t cairn_work(void *context, struct cairn_task *task);
typedef void cairn_dispose(struct cairn_task *task);

int cairn_keyed_queue_open(int threads, cairn_work *work, cairn_dispose *dispose, void *context,
                           struct cairn_keyed_queue **ret, struct cairn_error *error) CAIRN_CHECKED;

void cairn_keyed_queue_push(struct cairn_keyed_queue *queue, struct cairn_task *task);

/* Returns how many tasks wait or are being executed. */
size_t cairn_keyed_queue_count(struct cairn_keyed_queue *queue);

/* Discards waiting tasks; those being executed are finished, but not retried. Tasks pushed from now
 * on run after them. */
void cairn_keyed_queue_clear(struct cairn_keyed_queue *queue);

/* Does the same, and waits for tasks being executed. NULL is allowed. */
void cairn_keyed_queue_close(struct cairn_keyed_queue *queue);

#endif
