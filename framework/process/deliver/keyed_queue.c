/* keyed_queue.c - keeps queue by key in a hash table; those that are ready in a list, those that
 * pause in a heap by due time. A lane is in one of the two, or with a thread; an empty one is
 * freed. */
#include "process/deliver/keyed_queue.h"

#include "core/containers/arena.h"
#include "core/text/hash.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096 };

struct lane {
    char *key;
    struct cairn_task *first, *last;
    bool cleared;   /* while its first task is under way: do not retry that task */
    int64_t due_us; /* in the heap */
    struct lane *next_ready;
    struct lane *next_in_bucket;
};

struct cairn_keyed_queue {
    cairn_work *work;
    cairn_dispose *dispose;
    void *context;
    pthread_t *threads;
    int thread_count;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wanted;
    struct lane *buckets[BUCKETS];
    struct lane *ready, *last_ready;
    struct lane **heap; /* paused queue, the next one due first */
    size_t pausing, heap_capacity;
    size_t tasks;
    bool closing;
};

/* ---- the heap, under the lock ---- */

static void swap(struct lane **a, struct lane **b)
{
    struct lane *kept = *a;
    *a = *b;
    *b = kept;
}

static void pause_lane(struct cairn_keyed_queue *queue, struct lane *lane, int64_t due_us)
{
    if (queue->pausing == queue->heap_capacity) {
        queue->heap_capacity = queue->heap_capacity ? queue->heap_capacity * 2 : 64;
        queue->heap = cairn_reallocate(queue->heap, queue->heap_capacity * sizeof *queue->heap);
    }
    lane->due_us = due_us;
    size_t at = queue->pausing++;
    queue->heap[at] = lane;
    while (at > 0 && queue->heap[(at - 1) / 2]->due_us > queue->heap[at]->due_us) {
        swap(&queue->heap[(at - 1) / 2], &queue->heap[at]);
        at = (at - 1) / 2;
    }
}

static struct lane *end_first_pause(struct cairn_keyed_queue *queue)
{
    struct lane *lane = queue->heap[0];
    queue->heap[0] = queue->heap[--queue->pausing];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < queue->pausing; child++) {
            if (queue->heap[child]->due_us < queue->heap[least]->due_us)
                least = child;
        }
        if (least == at)
            return lane;
        swap(&queue->heap[least], &queue->heap[at]);
        at = least;
    }
}

/* ---- queue, under the lock ---- */

static struct lane **bucket_of(struct cairn_keyed_queue *queue, const char *key)
{
    return &queue->buckets[cairn_hash(key) % BUCKETS];
}

/* Returns the link to the lane, or the one where a new lane belongs. */
static struct lane **find(struct cairn_keyed_queue *queue, const char *key)
{
    struct lane **at = bucket_of(queue, key);
    while (*at && strcmp((*at)->key, key) != 0)
        at = &(*at)->next_in_bucket;
    return at;
}

static void make_ready(struct cairn_keyed_queue *queue, struct lane *lane)
{
    lane->next_ready = NULL;
    *(queue->ready ? &queue->last_ready->next_ready : &queue->ready) = lane;
    queue->last_ready = lane;
    cairn_cond_signal(&queue->wanted);
}

static void free_lane(struct cairn_keyed_queue *queue, struct lane *lane)
{
    struct lane **at = find(queue, lane->key);
    *at = lane->next_in_bucket;
    free(lane->key);
    free(lane);
}

void cairn_keyed_queue_push(struct cairn_keyed_queue *queue, struct cairn_task *task)
{
    cairn_lock(&queue->lock);
    struct lane **at = find(queue, task->key);
    struct lane *lane = *at;
    bool is_new = !lane;
    if (is_new) {
        lane = cairn_allocate(sizeof *lane);
        lane->key = cairn_duplicate(task->key);
        *at = lane;
    }
    task->next_ = NULL;
    *(lane->first ? &lane->last->next_ : &lane->first) = task;
    lane->last = task;
    queue->tasks++;
    if (is_new)
        make_ready(queue, lane);
    cairn_unlock(&queue->lock);
}

/* Discards the tasks of a lane after `kept` (NULL: all). */
static void forget_behind(struct cairn_keyed_queue *queue, struct lane *lane,
                          struct cairn_task *kept)
{
    struct cairn_task *task = kept ? kept->next_ : lane->first;
    while (task) {
        struct cairn_task *next = task->next_;
        queue->dispose(task);
        queue->tasks--;
        task = next;
    }
    if (kept)
        kept->next_ = NULL;
    lane->first = lane->last = kept;
}

static void clear(struct cairn_keyed_queue *queue)
{
    while (queue->pausing) {
        struct lane *lane = end_first_pause(queue);
        forget_behind(queue, lane, NULL);
        free_lane(queue, lane);
    }
    while (queue->ready) {
        struct lane *lane = queue->ready;
        queue->ready = lane->next_ready;
        forget_behind(queue, lane, NULL);
        free_lane(queue, lane);
    }
    for (size_t i = 0; i < BUCKETS; i++) { /* what is left is under way */
        for (struct lane *lane = queue->buckets[i]; lane; lane = lane->next_in_bucket) {
            forget_behind(queue, lane, lane->first);
            lane->cleared = true;
        }
    }
}

/* ---- the threads ---- */

/* Waits for a ready lane, under the lock; NULL when closing. */
static struct lane *next_lane(struct cairn_keyed_queue *queue)
{
    while (!queue->closing) {
        int64_t now_us = cairn_monotonic_us();
        while (queue->pausing && queue->heap[0]->due_us <= now_us)
            make_ready(queue, end_first_pause(queue));
        if (queue->ready) {
            struct lane *lane = queue->ready;
            queue->ready = lane->next_ready;
            return lane;
        }
        int64_t until_us = queue->pausing ? queue->heap[0]->due_us : now_us + CAIRN_SECONDS(60);
        (void)cairn_cond_wait_until(&queue->wanted, &queue->lock, until_us);
    }
    return NULL;
}

/* Returns a lane after work on its first task, under the lock. */
static void put_back(struct cairn_keyed_queue *queue, struct lane *lane, struct cairn_task *task,
                     struct cairn_task *behind, int64_t again_us)
{
    bool done = again_us == CAIRN_TASK_DONE;
    if (!done && lane->cleared) {
        queue->dispose(task);
        done = true;
    }
    lane->cleared = false;
    if (done) {
        lane->first = behind;
        queue->tasks--;
    }
    if (!lane->first)
        free_lane(queue, lane);
    else if (done)
        make_ready(queue, lane);
    else
        pause_lane(queue, lane, cairn_monotonic_us() + again_us);
}

static void *queue_thread(void *context)
{
    struct cairn_keyed_queue *queue = context;
    cairn_lock(&queue->lock);
    for (struct lane *lane; (lane = next_lane(queue));) {
        /* A placeholder keeps the place meanwhile, since `work` may free a task that is done. */
        struct cairn_task *task = lane->first;
        struct cairn_task cursor = {.key = lane->key, .next_ = task->next_};
        lane->first = &cursor;
        if (lane->last == task)
            lane->last = &cursor;
        cairn_unlock(&queue->lock);
        int64_t again_us = queue->work(queue->context, task);
        cairn_lock(&queue->lock);
        struct cairn_task *behind = cursor.next_;
        if (again_us != CAIRN_TASK_DONE) {
            task->attempts++;
            task->next_ = behind;
            lane->first = task;
            if (lane->last == &cursor)
                lane->last = task;
        }
        put_back(queue, lane, task, behind, again_us);
    }
    cairn_unlock(&queue->lock);
    return NULL;
}

/* ---- life ---- */

int cairn_keyed_queue_open(int threads, cairn_work *work, cairn_dispose *dispose, void *context,
                           struct cairn_keyed_queue **ret, struct cairn_error *error)
{
    struct cairn_keyed_queue *queue = cairn_allocate(sizeof *queue);
    queue->work = work;
    queue->dispose = dispose;
    queue->context = context;
    queue->threads = cairn_allocate((size_t)threads * sizeof *queue->threads);
    cairn_cond_init(&queue->wanted);
    cairn_lock_init(&queue->lock);
    for (; queue->thread_count < threads; queue->thread_count++) {
        int failed = cairn_thread_start(&queue->threads[queue->thread_count], queue_thread, queue,
                                        "executes tasks", error);
        if (failed) {
            cairn_keyed_queue_close(queue);
            return failed;
        }
    }
    *ret = queue;
    return 0;
}

size_t cairn_keyed_queue_count(struct cairn_keyed_queue *queue)
{
    cairn_lock(&queue->lock);
    size_t count = queue->tasks;
    cairn_unlock(&queue->lock);
    return count;
}

void cairn_keyed_queue_clear(struct cairn_keyed_queue *queue)
{
    cairn_lock(&queue->lock);
    clear(queue);
    cairn_unlock(&queue->lock);
}

void cairn_keyed_queue_close(struct cairn_keyed_queue *queue)
{
    if (!queue)
        return;
    cairn_lock(&queue->lock);
    clear(queue);
    queue->closing = true;
    cairn_cond_broadcast(&queue->wanted);
    cairn_unlock(&queue->lock);
    for (int i = 0; i < queue->thread_count; i++)
        cairn_thread_join(queue->threads[i]);
    clear(queue);
    cairn_cond_destroy(&queue->wanted);
    cairn_lock_destroy(&queue->lock);
    free(queue->heap);
    free(queue->threads);
    free(queue);
}
