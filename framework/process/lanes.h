/* lanes.h - work in order for each key, at once for different keys, tried again with a pause.
 *
 * Tasks of one key stand in one lane and are worked off one after the other; a task that has to be
 * tried again stays at the head of its lane, and holds up nobody else. A fixed number of threads
 * works on the lanes that are ready.
 *
 * Threads: any thread may push; `work` is called by the threads of the lanes.
 * Ownership: a task is the lanes' from the push until `work` has returned CAIRN_TASK_DONE for it,
 * or `dispose` was called. */
#ifndef CAIRN_PROCESS_LANES_H
#define CAIRN_PROCESS_LANES_H

#include <cairn/error.h>

struct cairn_lanes;

/* First member of what is to be done. */
struct cairn_task {
    const char *key;
    int64_t attempts; /* that have been made; `work` finds 0 the first time */
    struct cairn_task *next_;
};

enum { CAIRN_TASK_DONE = 0 };

/* Does it. Returns CAIRN_TASK_DONE, and the task is the worker's again; or after how many
 * microseconds to try it again. */
typedef int64_t cairn_work(void *context, struct cairn_task *task);
typedef void cairn_dispose(struct cairn_task *task);

int cairn_lanes_open(int threads, cairn_work *work, cairn_dispose *dispose, void *context,
                     struct cairn_lanes **ret, struct cairn_error *error) CAIRN_CHECKED;

void cairn_lanes_push(struct cairn_lanes *lanes, struct cairn_task *task);

/* How many tasks wait or are under way. */
size_t cairn_lanes_count(struct cairn_lanes *lanes);

/* Forgets what waits; what is under way is finished, but not tried again. What is pushed from now
 * on stands behind it. */
void cairn_lanes_clear(struct cairn_lanes *lanes);

/* The same, and waits for what is under way. NULL is fine. */
void cairn_lanes_close(struct cairn_lanes *lanes);

/* A pause before the next attempt: doubled each time from `first_us` up to `most_us`, and spread,
 * so that those who failed together do not come again together. */
int64_t cairn_backoff_us(int64_t attempts, int64_t first_us, int64_t most_us);

#endif
