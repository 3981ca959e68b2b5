/* runner.c - one projection on its way along the log. */
#include "projection/runner.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "projection/batch.h"

#include <stdio.h>
#include <string.h>

enum {
    RANGE = 1000,          /* positions folded at once */
    IDLE_US = 10000,       /* between two looks at the head */
    TROUBLE_US = 250000,   /* after a failure */
    STOPPED_US = 1000000,  /* before an event that cannot be applied is tried again */
    EMPTY_MOVE_US = 25000, /* between two checkpoints that nothing but ignored events moved */
    FRESH_US = 5000000,    /* for how long what was seen counts as following */
    REDIS_DEADLINE_US = 500000,
};

static struct cairn_metric positions =
    CAIRN_GAUGE("cairn_projection_position", "Position of the committed checkpoint.", "projection");
static struct cairn_metric lags =
    CAIRN_GAUGE("cairn_projection_lag_events", "Positions behind the head.", "projection");
static struct cairn_metric applied =
    CAIRN_COUNTER("cairn_projection_events_total", "Events applied to rows.", "projection");
static struct cairn_metric durations = CAIRN_HISTOGRAM(
    "cairn_projection_batch_seconds", "Time to fold and commit a range.", "projection");

/* ---- what it shows ---- */

static void show(struct cairn_runner *runner, int64_t head)
{
    const char *name = runner->projection->name;
    (void)pthread_mutex_lock(&runner->lock);
    runner->shown.generation = (int)runner->rows.generation.number;
    runner->shown.position = runner->checkpoint.position;
    runner->shown.head = head;
    runner->shown.copy_current = runner->copy.current;
    runner->shown.problem[0] = '\0';
    (void)snprintf(runner->shown.problem, sizeof runner->shown.problem, "%.*s",
                   (int)sizeof runner->shown.problem - 1, runner->stopped);
    runner->shown_us = cairn_monotonic_us();
    (void)pthread_mutex_unlock(&runner->lock);
    cairn_metric_set(&positions, name, runner->checkpoint.position);
    cairn_metric_set(&lags, name, head - runner->checkpoint.position);
}

/* Shows and logs what is in the way, once for each new cause. */
static void show_problem(struct cairn_runner *runner, const struct cairn_error *error)
{
    (void)pthread_mutex_lock(&runner->lock);
    bool is_new =
        strncmp(runner->shown.problem, error->message, sizeof runner->shown.problem - 1) != 0;
    (void)snprintf(runner->shown.problem, sizeof runner->shown.problem, "%.*s",
                   (int)sizeof runner->shown.problem - 1, error->message);
    (void)pthread_mutex_unlock(&runner->lock);
    if (is_new)
        cairn_log(CAIRN_LOG_WARN, "a projection does not go on",
                  CAIRN_LOG_TEXT("projection", runner->projection->name),
                  CAIRN_LOG_TEXT("code", cairn_code_info((int)error->code)->name),
                  CAIRN_LOG_TEXT("error", error->message));
}

void cairn_runner_state(struct cairn_runner *runner, struct cairn_projector_state *ret)
{
    (void)pthread_mutex_lock(&runner->lock);
    *ret = runner->shown;
    ret->following = runner->shown.problem[0] == '\0' && runner->shown_us != 0 &&
                     cairn_monotonic_us() - runner->shown_us < FRESH_US;
    (void)pthread_mutex_unlock(&runner->lock);
}

/* ---- begin ---- */

static int find_place(struct cairn_runner *runner, struct cairn_error *error)
{
    struct cairn_timeline timeline;
    struct cairn_generation generation;
    cairn_arena_reset(&runner->arena);
    int failed = cairn_store_timeline(runner->store, &timeline, error);
    if (!failed)
        failed = cairn_generation_find(runner->store, runner->projection, &runner->arena,
                                       &generation, error);
    if (failed)
        return failed;
    cairn_rows_init(&runner->rows, &generation, &runner->arena);
    cairn_copy_init(&runner->copy, &timeline, &generation, &runner->arena);
    return 0;
}

/* What was read is true for the connection it was read on, and until somebody else moves the
 * checkpoint. */
static int begin(struct cairn_runner *runner, struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(runner->store);
    int failed = cairn_pg_ready(pg, error);
    if (failed || runner->connection == cairn_pg_generation(pg))
        return failed;
    failed = find_place(runner, error);
    if (!failed)
        failed = cairn_generation_checkpoint(runner->store, &runner->rows.generation,
                                             &runner->batch, &runner->checkpoint, error);
    if (failed)
        return failed;
    runner->position = runner->checkpoint.position;
    runner->connection = cairn_pg_generation(pg);
    return 0;
}

/* ---- advance ---- */

static bool changed_anything(const struct cairn_batch *batch)
{
    for (size_t i = 0; i < batch->fold.rows.count; i++) {
        const struct cairn_fold_row *row = batch->fold.rows.entries[i].value;
        if (row->changed)
            return true;
    }
    return false;
}

/* A range of nothing but ignored events is only remembered, unless it ends at the head, which
 * those who wait for a fresh read must see. */
static bool worth_a_move(const struct cairn_runner *runner, const struct cairn_batch *batch,
                         int64_t head)
{
    if (changed_anything(batch) || batch->problem[0] || runner->stopped[0])
        return true;
    return batch->position >= head && cairn_monotonic_us() - runner->moved_us >= EMPTY_MOVE_US;
}

static int commit(struct cairn_runner *runner, const struct cairn_batch *batch,
                  struct cairn_error *error)
{
    const struct cairn_checkpoint before = runner->checkpoint;
    const char *stopped = batch->problem[0] ? batch->problem : NULL;
    int failed = cairn_rows_write(&runner->rows, cairn_store_pg(runner->store), &batch->fold,
                                  &before, batch->position, stopped, error);
    if (failed) {
        runner->connection = 0; /* begin again from what is committed */
        return failed;
    }
    runner->checkpoint.position = batch->position;
    runner->moved_us = cairn_monotonic_us();
    cairn_copy_write(&runner->copy, &batch->fold, &before, &runner->checkpoint);
    return 0;
}

static void note_problem(struct cairn_runner *runner, const char *problem)
{
    struct cairn_error error = {.code = CAIRN_PARKED};
    (void)snprintf(runner->stopped, sizeof runner->stopped, "%s", problem);
    (void)snprintf(error.message, sizeof error.message, "%s", problem);
    if (problem[0])
        show_problem(runner, &error);
}

/* Returns how long to wait, or an error. */
static int64_t advance(struct cairn_runner *runner, int64_t head, struct cairn_error *error)
{
    int64_t begun_us = cairn_monotonic_us();
    int64_t to = head - runner->position > RANGE ? runner->position + RANGE : head;
    struct cairn_batch batch;
    int failed = cairn_batch_fold(&runner->rows, runner->store, runner->position, to,
                                  &runner->batch, &batch, error);
    if (failed)
        return failed;
    bool was_stopped = runner->stopped[0] != '\0';
    if (worth_a_move(runner, &batch, head) &&
        !(was_stopped && batch.problem[0] && !batch.applied)) {
        failed = commit(runner, &batch, error);
        if (failed)
            return failed;
        cairn_metric_observe(&durations, runner->projection->name, cairn_monotonic_us() - begun_us);
    } else if (batch.position >= head && !batch.problem[0]) {
        return IDLE_US; /* looked at again when it is time to move */
    }
    cairn_metric_add(&applied, runner->projection->name, (int64_t)batch.applied);
    runner->position = batch.position;
    note_problem(runner, batch.problem);
    return batch.problem[0] ? STOPPED_US : 0;
}

/* ---- rest ---- */

static int64_t rest(struct cairn_runner *runner, struct cairn_error *error)
{
    struct cairn_generation *generation = &runner->rows.generation;
    int failed =
        cairn_copy_repair(&runner->copy, &runner->rows, runner->store, &runner->batch, error);
    if (!failed && !generation->complete)
        failed = cairn_generation_complete(runner->store, generation, &runner->batch, error);
    return failed ? failed : IDLE_US;
}

/* ---- a step ---- */

static int64_t step(struct cairn_runner *runner, struct cairn_error *error)
{
    int failed = begin(runner, error);
    if (!failed)
        failed =
            cairn_copy_repair(&runner->copy, &runner->rows, runner->store, &runner->batch, error);
    if (failed)
        return failed;
    int64_t head = cairn_store_head(runner->store, error);
    if (head < 0)
        return head;
    if (head < runner->checkpoint.position)
        return cairn_fail(error, CAIRN_DIVERGED,
                          "the log ends at %" PRId64 ", before the checkpoint at %" PRId64, head,
                          runner->checkpoint.position);
    int64_t wait_us = head > runner->position ? advance(runner, head, error) : rest(runner, error);
    if (wait_us >= 0)
        show(runner, head);
    return wait_us;
}

int64_t cairn_runner_step(struct cairn_runner *runner)
{
    struct cairn_error error = {0};
    cairn_arena_reset(&runner->batch);
    int64_t wait_us = step(runner, &error);
    if (wait_us >= 0)
        return wait_us;
    runner->connection = 0;
    if (wait_us == -CAIRN_CONFLICT)
        return IDLE_US; /* another projector was faster */
    show_problem(runner, &error);
    return TROUBLE_US;
}

/* ---- life ---- */

int cairn_runner_open(struct cairn_runner *runner, const struct cairn_projection *projection,
                      const char *database_url, const char *redis_url, struct cairn_error *error)
{
    runner->projection = projection;
    runner->shown.name = projection->name;
    (void)pthread_mutex_init(&runner->lock, NULL);
    int failed = cairn_store_open(database_url, projection->name, &runner->store, error);
    if (!failed && redis_url)
        failed = cairn_redis_open(redis_url, REDIS_DEADLINE_US, &runner->copy.redis, error);
    return failed;
}

void cairn_runner_close(struct cairn_runner *runner)
{
    cairn_redis_close(runner->copy.redis);
    cairn_store_close(runner->store);
    cairn_arena_close(&runner->batch);
    cairn_arena_close(&runner->arena);
    (void)pthread_mutex_destroy(&runner->lock);
}
