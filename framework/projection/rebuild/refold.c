/* refold.c - schedules a refold: batches in a ring, workers that decode them and apply them to
 * parts. */
#include "projection/rebuild/refold.h"

#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "projection/rebuild/partition.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING = 8, BATCH_EVENTS = 2000, BATCH_BYTES = 1 << 20, THREADS_MAX = 16 };

/* The share of the memory for rows; the rest is for batches, buffers and malloc's overhead. */
#define ROWS_SHARE(bytes) ((bytes) / 20 * 11)

enum batch_state { FREE = 0, FILLED, DECODING, DECODED };

struct slot {
    struct cairn_partition_batch batch;
    enum batch_state state;
    int left; /* number of parts that have not applied it */
};

struct lane {
    struct cairn_partition part;
    int64_t next; /* number of the batch to apply next */
    bool busy;
};

struct cairn_refold {
    struct cairn_refold_options options;
    struct cairn_partition_store store;
    pthread_t threads[THREADS_MAX];
    int started;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;  /* there is work, or there will be none any more */
    pthread_cond_t room;  /* a batch was completed */
    struct slot slots[RING];
    struct lane lanes[CAIRN_REFOLD_PARTS];
    int64_t filled; /* number of batches handed over */
    int64_t freed;  /* number of batches completed */
    size_t turn;    /* lane that is checked first */
    bool ending;
    struct cairn_error problem; /* of the earliest event */
    int64_t problem_at;
};

/* ---- failure ---- */

static bool has_failed(const struct cairn_refold *refold)
{
    return refold->problem.code != 0;
}

/* Keeps the failure with the lowest position, so that another run would report the same. */
static void fail(struct cairn_refold *refold, int64_t position, const struct cairn_error *error)
{
    if (has_failed(refold) && refold->problem_at <= position)
        return;
    refold->problem = *error;
    refold->problem_at = position;
    cairn_cond_broadcast(&refold->work);
    cairn_cond_broadcast(&refold->room);
}

static int pass_problem(struct cairn_refold *refold, struct cairn_error *error)
{
    if (!has_failed(refold))
        return 0;
    return cairn_error_pass(error, &refold->problem);
}

/* ---- workers ---- */

static struct slot *slot_of(struct cairn_refold *refold, int64_t number)
{
    return &refold->slots[number % RING];
}

/* Returns an idle part whose next batch is decoded, or NULL. */
static struct lane *find_lane(struct cairn_refold *refold)
{
    for (size_t i = 0; i < CAIRN_REFOLD_PARTS; i++) {
        struct lane *lane = &refold->lanes[(refold->turn + i) % CAIRN_REFOLD_PARTS];
        if (!lane->busy && lane->next < refold->filled &&
            slot_of(refold, lane->next)->state == DECODED) {
            refold->turn = (refold->turn + i + 1) % CAIRN_REFOLD_PARTS;
            return lane;
        }
    }
    return NULL;
}

static struct slot *find_batch(struct cairn_refold *refold)
{
    for (int64_t number = refold->freed; number < refold->filled; number++) {
        if (slot_of(refold, number)->state == FILLED)
            return slot_of(refold, number);
    }
    return NULL;
}

static void decode(struct cairn_refold *refold, struct slot *slot)
{
    struct cairn_error error = {0};
    slot->state = DECODING;
    cairn_unlock(&refold->lock);
    int64_t position = cairn_partition_decode(&refold->store, &slot->batch, &error);
    cairn_lock(&refold->lock);
    slot->state = DECODED;
    if (position)
        fail(refold, position, &error);
    cairn_cond_broadcast(&refold->work);
}

static void release(struct cairn_refold *refold, struct slot *slot)
{
    if (--slot->left > 0)
        return;
    slot->state = FREE;
    refold->freed++;
    cairn_cond_signal(&refold->room);
}

/* Applies to the part its next batches, up to the first that is not decoded. */
static void apply(struct cairn_refold *refold, struct lane *lane, struct cairn_arena *arena)
{
    lane->busy = true;
    while (!has_failed(refold) && lane->next < refold->filled &&
           slot_of(refold, lane->next)->state == DECODED) {
        struct slot *slot = slot_of(refold, lane->next);
        struct cairn_error error = {0};
        cairn_unlock(&refold->lock);
        int64_t position = cairn_partition_apply(&lane->part, &slot->batch, arena, &error);
        cairn_lock(&refold->lock);
        lane->next++;
        if (position)
            fail(refold, position, &error);
        else
            release(refold, slot);
    }
    lane->busy = false;
}

static void *work(void *context)
{
    struct cairn_refold *refold = context;
    struct cairn_arena arena = {0};
    cairn_thread_yields();
    cairn_lock(&refold->lock);
    while (!has_failed(refold)) {
        struct lane *lane = find_lane(refold);
        struct slot *slot = lane ? NULL : find_batch(refold);
        if (lane)
            apply(refold, lane, &arena);
        else if (slot)
            decode(refold, slot);
        else if (refold->ending && refold->freed == refold->filled)
            break;
        else
            cairn_cond_wait(&refold->work, &refold->lock);
    }
    cairn_cond_broadcast(&refold->work);
    cairn_unlock(&refold->lock);
    cairn_arena_close(&arena);
    return NULL;
}

/* ---- input ---- */

/* Returns the batch that is being filled, which no worker accesses. */
static struct slot *current(struct cairn_refold *refold)
{
    return slot_of(refold, refold->filled);
}

static void hand_over(struct cairn_refold *refold)
{
    struct slot *slot = current(refold);
    if (slot->batch.count == 0)
        return;
    cairn_lock(&refold->lock);
    slot->state = FILLED;
    slot->left = CAIRN_REFOLD_PARTS;
    refold->filled++;
    cairn_cond_broadcast(&refold->work);
    while (!has_failed(refold) && current(refold)->state != FREE)
        cairn_cond_wait(&refold->room, &refold->lock);
    bool is_ours = current(refold)->state == FREE; /* false after a failure */
    cairn_unlock(&refold->lock);
    if (is_ours)
        cairn_partition_batch_reset(&current(refold)->batch);
}

static int check_problem(struct cairn_refold *refold, struct cairn_error *error)
{
    cairn_lock(&refold->lock);
    int failed = pass_problem(refold, error);
    cairn_unlock(&refold->lock);
    return failed;
}

int cairn_refold_take(struct cairn_refold *refold, const struct cairn_stored_event *event,
                      struct cairn_error *error)
{
    struct cairn_partition_batch *batch = &current(refold)->batch;
    cairn_partition_batch_add(batch, event);
    if (batch->count < BATCH_EVENTS && batch->bytes < BATCH_BYTES)
        return 0;
    hand_over(refold);
    return check_problem(refold, error);
}

static void join(struct cairn_refold *refold)
{
    cairn_lock(&refold->lock);
    refold->ending = true;
    cairn_cond_broadcast(&refold->work);
    cairn_unlock(&refold->lock);
    for (; refold->started > 0; refold->started--)
        cairn_thread_join(refold->threads[refold->started - 1]);
}

int cairn_refold_end(struct cairn_refold *refold, struct cairn_error *error)
{
    hand_over(refold);
    join(refold);
    for (size_t i = 0; i < RING; i++)
        cairn_partition_batch_close(&refold->slots[i].batch);
    return pass_problem(refold, error);
}

/* ---- parts ---- */

int cairn_refold_part(struct cairn_refold *refold, size_t part, const struct cairn_row_table **ret,
                      struct cairn_error *error)
{
    int failed = cairn_partition_finish(&refold->lanes[part].part, error);
    *ret = &refold->lanes[part].part.row_table;
    return failed;
}

void cairn_refold_done(struct cairn_refold *refold, size_t part)
{
    cairn_partition_clear(&refold->lanes[part].part);
}

size_t cairn_refold_parks(struct cairn_refold *refold, const struct cairn_park **ret)
{
    *ret = refold->store.parks.all;
    return refold->store.parks.count;
}

size_t cairn_refold_skips(struct cairn_refold *refold, const struct cairn_park **ret)
{
    *ret = refold->store.skips.all;
    return refold->store.skips.count;
}

void cairn_refold_state(struct cairn_refold *refold, struct cairn_refold_state *ret)
{
    ret->events = atomic_load(&refold->store.events);
    ret->rows = atomic_load(&refold->store.rows);
    ret->bytes = atomic_load(&refold->store.bytes);
    ret->spilled = atomic_load(&refold->store.spilled);
}

/* ---- opening and closing ---- */

int cairn_refold_open(const struct cairn_refold_options *options, struct cairn_refold **ret,
                      struct cairn_error *error)
{
    struct cairn_refold *refold = cairn_allocate(sizeof *refold);
    int threads = options->threads < THREADS_MAX ? options->threads : THREADS_MAX;
    *ret = refold;
    refold->options = *options;
    cairn_partition_store_open(&refold->store, options->projection,
                               ROWS_SHARE(options->memory_bytes), options->directory,
                               options->skipped);
    for (size_t i = 0; i < CAIRN_REFOLD_PARTS; i++)
        cairn_partition_open(&refold->lanes[i].part, &refold->store, i);
    cairn_lock_init(&refold->lock);
    cairn_cond_init(&refold->work);
    cairn_cond_init(&refold->room);
    for (; refold->started < threads; refold->started++) {
        if (cairn_thread_start(&refold->threads[refold->started], work, refold, "folds", NULL))
            return cairn_fail(error, CAIRN_BUSY, "no more threads can be created");
    }
    return 0;
}

void cairn_refold_close(struct cairn_refold *refold)
{
    static const struct cairn_error given_up = {.code = CAIRN_CONFLICT};
    if (!refold)
        return;
    cairn_lock(&refold->lock);
    if (refold->started)
        fail(refold, INT64_MAX, &given_up);
    cairn_unlock(&refold->lock);
    join(refold);
    for (size_t i = 0; i < RING; i++)
        cairn_partition_batch_close(&refold->slots[i].batch);
    for (size_t i = 0; i < CAIRN_REFOLD_PARTS; i++)
        cairn_partition_clear(&refold->lanes[i].part);
    cairn_partition_store_close(&refold->store);
    cairn_cond_destroy(&refold->work);
    cairn_cond_destroy(&refold->room);
    cairn_lock_destroy(&refold->lock);
    free(refold);
}
