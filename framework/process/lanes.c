/* lanes.c - keeps lanes by key in a hash table; those that are ready in a list, those that pause in
 * a heap by due time. A lane is in one of the two, or with a thread; an empty one is freed. */
#include "process/lanes.h"

#include "core/arena.h"
#include "core/clock.h"
#include "core/hash.h"
#include "core/wait.h"

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

struct cairn_lanes {
    cairn_work *work;
    cairn_dispose *dispose;
    void *context;
    pthread_t *threads;
    int thread_count;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wanted;
    struct lane *buckets[BUCKETS];
    struct lane *ready, *last_ready;
    struct lane **heap; /* paused lanes, the next one due first */
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

static void pause_lane(struct cairn_lanes *lanes, struct lane *lane, int64_t due_us)
{
    if (lanes->pausing == lanes->heap_capacity) {
        lanes->heap_capacity = lanes->heap_capacity ? lanes->heap_capacity * 2 : 64;
        lanes->heap = cairn_reallocate(lanes->heap, lanes->heap_capacity * sizeof *lanes->heap);
    }
    lane->due_us = due_us;
    size_t at = lanes->pausing++;
    lanes->heap[at] = lane;
    while (at > 0 && lanes->heap[(at - 1) / 2]->due_us > lanes->heap[at]->due_us) {
        swap(&lanes->heap[(at - 1) / 2], &lanes->heap[at]);
        at = (at - 1) / 2;
    }
}

static struct lane *end_first_pause(struct cairn_lanes *lanes)
{
    struct lane *lane = lanes->heap[0];
    lanes->heap[0] = lanes->heap[--lanes->pausing];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < lanes->pausing; child++) {
            if (lanes->heap[child]->due_us < lanes->heap[least]->due_us)
                least = child;
        }
        if (least == at)
            return lane;
        swap(&lanes->heap[least], &lanes->heap[at]);
        at = least;
    }
}

/* ---- lanes, under the lock ---- */

static struct lane **bucket_of(struct cairn_lanes *lanes, const char *key)
{
    return &lanes->buckets[cairn_hash(key) % BUCKETS];
}

/* Returns the link to the lane, or the one where a new lane belongs. */
static struct lane **find(struct cairn_lanes *lanes, const char *key)
{
    struct lane **at = bucket_of(lanes, key);
    while (*at && strcmp((*at)->key, key) != 0)
        at = &(*at)->next_in_bucket;
    return at;
}

static void make_ready(struct cairn_lanes *lanes, struct lane *lane)
{
    lane->next_ready = NULL;
    *(lanes->ready ? &lanes->last_ready->next_ready : &lanes->ready) = lane;
    lanes->last_ready = lane;
    (void)pthread_cond_signal(&lanes->wanted);
}

static void free_lane(struct cairn_lanes *lanes, struct lane *lane)
{
    struct lane **at = find(lanes, lane->key);
    *at = lane->next_in_bucket;
    free(lane->key);
    free(lane);
}

void cairn_lanes_push(struct cairn_lanes *lanes, struct cairn_task *task)
{
    (void)pthread_mutex_lock(&lanes->lock);
    struct lane **at = find(lanes, task->key);
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
    lanes->tasks++;
    if (is_new)
        make_ready(lanes, lane);
    (void)pthread_mutex_unlock(&lanes->lock);
}

/* Discards the tasks of a lane after `kept` (NULL: all). */
static void forget_behind(struct cairn_lanes *lanes, struct lane *lane, struct cairn_task *kept)
{
    struct cairn_task *task = kept ? kept->next_ : lane->first;
    while (task) {
        struct cairn_task *next = task->next_;
        lanes->dispose(task);
        lanes->tasks--;
        task = next;
    }
    if (kept)
        kept->next_ = NULL;
    lane->first = lane->last = kept;
}

static void clear(struct cairn_lanes *lanes)
{
    while (lanes->pausing) {
        struct lane *lane = end_first_pause(lanes);
        forget_behind(lanes, lane, NULL);
        free_lane(lanes, lane);
    }
    while (lanes->ready) {
        struct lane *lane = lanes->ready;
        lanes->ready = lane->next_ready;
        forget_behind(lanes, lane, NULL);
        free_lane(lanes, lane);
    }
    for (size_t i = 0; i < BUCKETS; i++) { /* what is left is under way */
        for (struct lane *lane = lanes->buckets[i]; lane; lane = lane->next_in_bucket) {
            forget_behind(lanes, lane, lane->first);
            lane->cleared = true;
        }
    }
}

/* ---- the threads ---- */

/* Waits for a ready lane, under the lock; NULL when closing. */
static struct lane *next_lane(struct cairn_lanes *lanes)
{
    while (!lanes->closing) {
        int64_t now_us = cairn_monotonic_us();
        while (lanes->pausing && lanes->heap[0]->due_us <= now_us)
            make_ready(lanes, end_first_pause(lanes));
        if (lanes->ready) {
            struct lane *lane = lanes->ready;
            lanes->ready = lane->next_ready;
            return lane;
        }
        int64_t until_us = lanes->pausing ? lanes->heap[0]->due_us : now_us + CAIRN_SECONDS(60);
        (void)cairn_cond_wait_until(&lanes->wanted, &lanes->lock, until_us);
    }
    return NULL;
}

/* Returns a lane after work on its first task, under the lock. */
static void put_back(struct cairn_lanes *lanes, struct lane *lane, struct cairn_task *task,
                     struct cairn_task *behind, int64_t again_us)
{
    bool done = again_us == CAIRN_TASK_DONE;
    if (!done && lane->cleared) {
        lanes->dispose(task);
        done = true;
    }
    lane->cleared = false;
    if (done) {
        lane->first = behind;
        lanes->tasks--;
    }
    if (!lane->first)
        free_lane(lanes, lane);
    else if (done)
        make_ready(lanes, lane);
    else
        pause_lane(lanes, lane, cairn_monotonic_us() + again_us);
}

static void *run(void *context)
{
    struct cairn_lanes *lanes = context;
    (void)pthread_mutex_lock(&lanes->lock);
    for (struct lane *lane; (lane = next_lane(lanes));) {
        /* A placeholder keeps the place meanwhile, since `work` may free a task that is done. */
        struct cairn_task *task = lane->first;
        struct cairn_task place = {.key = lane->key, .next_ = task->next_};
        lane->first = &place;
        if (lane->last == task)
            lane->last = &place;
        (void)pthread_mutex_unlock(&lanes->lock);
        int64_t again_us = lanes->work(lanes->context, task);
        (void)pthread_mutex_lock(&lanes->lock);
        struct cairn_task *behind = place.next_;
        if (again_us != CAIRN_TASK_DONE) {
            task->attempts++;
            task->next_ = behind;
            lane->first = task;
            if (lane->last == &place)
                lane->last = task;
        }
        put_back(lanes, lane, task, behind, again_us);
    }
    (void)pthread_mutex_unlock(&lanes->lock);
    return NULL;
}

/* ---- life ---- */

int cairn_lanes_open(int threads, cairn_work *work, cairn_dispose *dispose, void *context,
                     struct cairn_lanes **ret, struct cairn_error *error)
{
    struct cairn_lanes *lanes = cairn_allocate(sizeof *lanes);
    lanes->work = work;
    lanes->dispose = dispose;
    lanes->context = context;
    lanes->threads = cairn_allocate((size_t)threads * sizeof *lanes->threads);
    cairn_cond_init(&lanes->wanted);
    (void)pthread_mutex_init(&lanes->lock, NULL);
    for (; lanes->thread_count < threads; lanes->thread_count++) {
        if (pthread_create(&lanes->threads[lanes->thread_count], NULL, run, lanes) != 0) {
            cairn_lanes_close(lanes);
            return cairn_fail(error, CAIRN_CONFIG, "cannot start %d threads", threads);
        }
    }
    *ret = lanes;
    return 0;
}

size_t cairn_lanes_count(struct cairn_lanes *lanes)
{
    (void)pthread_mutex_lock(&lanes->lock);
    size_t count = lanes->tasks;
    (void)pthread_mutex_unlock(&lanes->lock);
    return count;
}

void cairn_lanes_clear(struct cairn_lanes *lanes)
{
    (void)pthread_mutex_lock(&lanes->lock);
    clear(lanes);
    (void)pthread_mutex_unlock(&lanes->lock);
}

void cairn_lanes_close(struct cairn_lanes *lanes)
{
    if (!lanes)
        return;
    (void)pthread_mutex_lock(&lanes->lock);
    clear(lanes);
    lanes->closing = true;
    (void)pthread_cond_broadcast(&lanes->wanted);
    (void)pthread_mutex_unlock(&lanes->lock);
    for (int i = 0; i < lanes->thread_count; i++)
        (void)pthread_join(lanes->threads[i], NULL);
    clear(lanes);
    (void)pthread_cond_destroy(&lanes->wanted);
    (void)pthread_mutex_destroy(&lanes->lock);
    free(lanes->heap);
    free(lanes->threads);
    free(lanes);
}

int64_t cairn_backoff_us(int64_t attempts, int64_t first_us, int64_t most_us)
{
    int64_t pause_us = first_us;
    for (int64_t i = 0; i < attempts && pause_us < most_us; i++)
        pause_us *= 2;
    if (pause_us > most_us)
        pause_us = most_us;
    int64_t spread = cairn_uuid_make().bytes[15]; /* 0 to 255 */
    return pause_us / 2 + pause_us / 2 * spread / 255;
}
