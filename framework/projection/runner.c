/* runner.c - one projection on its way along the log. */
#include "projection/runner.h"

#include "core/clock.h"

#include <stdio.h>
#include <string.h>

#define IDLE_US CAIRN_SECONDS(1) /* between two looks at the head, unasked */
#define EMPTY_MOVE_US                                                                              \
    CAIRN_MILLISECONDS(25)                 /* between two moves over nothing but ignored events    \
                                            */
#define TROUBLE_US CAIRN_MILLISECONDS(100) /* after a first failure; doubled up to … */
#define TROUBLE_MAX_US CAIRN_SECONDS(1)    /* … this, which a refusal waits at once */
#define REDIS_DEADLINE_US CAIRN_MILLISECONDS(500)

/* A range is bounded in positions, and by what the ranges before it weighed: the log may hold
 * events of a megabyte each. */
enum { RANGE_FIRST = 50, RANGE_MAX = 1000, LIGHT_BYTES = 2 << 20, HEAVY_BYTES = 8 << 20 };

/* ---- begin ---- */

static int find_generation(struct cairn_runner *runner, struct cairn_error *error)
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

static int read_checkpoint(struct cairn_runner *runner, struct cairn_error *error)
{
    const struct cairn_generation *generation = &runner->rows.generation;
    struct cairn_error why = {0};
    int failed = cairn_generation_checkpoint(runner->store, generation, &runner->batch,
                                             &runner->checkpoint, &why);
    if (failed == -CAIRN_DIVERGED)
        (void)!cairn_generation_stop(runner->store, generation, runner->checkpoint.position,
                                     why.message, &runner->batch, NULL);
    if (failed)
        return cairn_fail(error, why.code, "%s", why.message);
    runner->position = runner->checkpoint.position;
    runner->outdated = false;
    return 0;
}

/* What was read is true for the connection it was read on, and until somebody else moves the
 * checkpoint. */
static int begin(struct cairn_runner *runner, struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(runner->store);
    int failed = cairn_pg_ready(pg, error);
    if (failed)
        return failed;
    if (runner->connection == cairn_pg_generation(pg))
        return runner->outdated ? read_checkpoint(runner, error) : 0;
    failed = find_generation(runner, error);
    if (!failed)
        failed = read_checkpoint(runner, error);
    if (failed)
        return failed;
    runner->connection = cairn_pg_generation(pg);
    cairn_show_begin(runner);
    return 0;
}

/* ---- advance ---- */

/* A range of nothing but ignored events is only remembered, unless it ends at the head, which
 * those who wait for a fresh read must see. */
static bool is_worth_a_move(const struct cairn_runner *runner, const struct cairn_batch *batch,
                            size_t changed)
{
    if (changed)
        return true;
    if (batch->problem[0]) /* people are told once */
        return batch->position > runner->checkpoint.position ||
               strcmp(runner->stopped, batch->problem) != 0;
    return batch->position >= runner->head &&
           cairn_monotonic_us() - runner->moved_us >= EMPTY_MOVE_US;
}

static int commit(struct cairn_runner *runner, const struct cairn_batch *batch,
                  const struct cairn_stored_row *changed, size_t count, struct cairn_error *error)
{
    const struct cairn_checkpoint before = runner->checkpoint;
    const char *stopped = batch->problem[0] ? batch->problem : NULL;
    int failed = cairn_rows_write(&runner->rows, cairn_store_pg(runner->store), changed, count,
                                  &before, batch->position, stopped, &runner->batch, error);
    if (failed)
        return failed;
    runner->checkpoint.position = batch->position;
    runner->checkpoint.stopped = stopped != NULL;
    runner->moved_us = cairn_monotonic_us();
    cairn_copy_write(&runner->copy, changed, count, &before, &runner->checkpoint, &runner->batch);
    cairn_notifier_nudge(runner->notifier); /* after Redis has it, or readers would be too early */
    return 0;
}

static void fit_range(struct cairn_runner *runner, size_t bytes)
{
    if (bytes > HEAVY_BYTES && runner->range > 1)
        runner->range /= 2;
    else if (bytes < LIGHT_BYTES && runner->range < RANGE_MAX)
        runner->range = runner->range * 2 < RANGE_MAX ? runner->range * 2 : RANGE_MAX;
}

/* It stands before an event, and tries it again now and then: what it could not be applied to may
 * have been mended. */
static void stand(struct cairn_runner *runner, const char *why)
{
    (void)snprintf(runner->stopped, sizeof runner->stopped, "%s", why);
    runner->again_us = *why ? cairn_monotonic_us() + TROUBLE_MAX_US : 0;
}

/* Folds the range up to `to`. Returns 1 if there may be more to do at once, 0 if not. */
static int fold_range(struct cairn_runner *runner, int64_t to, struct cairn_error *error)
{
    struct cairn_batch batch;
    const struct cairn_stored_row *changed = NULL;
    int64_t begun_us = cairn_monotonic_us();
    int failed = cairn_batch_fold(&runner->rows, runner->store, runner->position, to,
                                  &runner->batch, &batch, error);
    if (failed)
        return failed;
    size_t count = cairn_rows_changed(&batch.fold, &changed);
    if (is_worth_a_move(runner, &batch, count)) {
        failed = commit(runner, &batch, changed, count, error);
        if (failed)
            return failed;
        cairn_show_batch(runner, &batch, cairn_monotonic_us() - begun_us);
    } else if (batch.position >= runner->head) {
        return 0; /* looked at again when it is time to move */
    }
    runner->position = batch.position;
    fit_range(runner, batch.bytes);
    stand(runner, batch.problem);
    runner->halted = batch.newer;
    return 1;
}

static bool is_refusal(int failed)
{
    return failed == -CAIRN_INVALID || failed == -CAIRN_BUG || failed == -CAIRN_UNREADABLE;
}

/* PostgreSQL refuses something in the range, and says not in which event: smaller ranges find it.
 * All before it is committed on the way. */
static int narrow(struct cairn_runner *runner, int64_t to, const struct cairn_error *why,
                  struct cairn_error *error)
{
    if (to - runner->position > 1) {
        runner->range = (to - runner->position) / 2;
        return 1;
    }
    struct cairn_batch nothing = {.position = runner->position};
    (void)snprintf(nothing.problem, sizeof nothing.problem,
                   "event %" PRId64 " cannot be written: %.400s", to, why->message);
    int failed = 0;
    if (is_worth_a_move(runner, &nothing, 0))
        failed = commit(runner, &nothing, NULL, 0, error);
    stand(runner, nothing.problem);
    return failed;
}

static int advance(struct cairn_runner *runner, struct cairn_error *error)
{
    struct cairn_error why = {0};
    int64_t to = runner->head - runner->position > runner->range ? runner->position + runner->range
                                                                 : runner->head;
    int more = fold_range(runner, to, &why);
    if (is_refusal(more))
        return narrow(runner, to, &why, error);
    if (more < 0)
        return cairn_fail(error, why.code, "%s", why.message);
    return more;
}

/* ---- rest ---- */

static int rest(struct cairn_runner *runner, struct cairn_error *error)
{
    struct cairn_generation *generation = &runner->rows.generation;
    stand(runner, "");
    if (runner->checkpoint.stopped) {
        int failed = cairn_generation_stop(runner->store, generation, runner->checkpoint.position,
                                           NULL, &runner->batch, error);
        if (failed)
            return failed;
        runner->checkpoint.stopped = false;
    }
    if (generation->complete)
        return 0;
    int failed = cairn_generation_complete(runner->store, generation, &runner->batch, error);
    if (!failed)
        cairn_show_complete(runner);
    return failed;
}

/* ---- a step ---- */

static int look_at_head(struct cairn_runner *runner, struct cairn_error *error)
{
    int64_t head = cairn_store_head(runner->store, error);
    if (head < 0)
        return (int)head;
    if (head < runner->checkpoint.position)
        return cairn_fail(error, CAIRN_DIVERGED,
                          "diverged: the log ends at %" PRId64
                          ", before the checkpoint at %" PRId64,
                          head, runner->checkpoint.position);
    runner->head = head;
    return 0;
}

/* An event of a newer release may mean anything, also for the events behind it, so this binary
 * folds nothing any more, whoever moves the checkpoint on. It says so until it is replaced. */
static int halt(struct cairn_runner *runner, struct cairn_error *error)
{
    int failed = cairn_pg_ready(cairn_store_pg(runner->store), error);
    if (!failed)
        failed = look_at_head(runner, error);
    if (!failed)
        cairn_show_step(runner);
    return failed;
}

/* Returns 1 if there may be more to do at once, 0 if not. */
static int step(struct cairn_runner *runner, struct cairn_error *error)
{
    if (runner->halted)
        return halt(runner, error);
    int failed = begin(runner, error);
    if (!failed)
        failed = cairn_copy_tend(&runner->copy, &runner->rows, runner->store, &runner->checkpoint,
                                 &runner->batch, error);
    if (!failed)
        failed = look_at_head(runner, error);
    if (failed)
        return failed;
    int more = 0;
    if (runner->head == runner->position)
        more = rest(runner, error);
    else if (cairn_monotonic_us() >= runner->again_us)
        more = advance(runner, error);
    if (more >= 0)
        cairn_show_step(runner);
    return more;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Nothing to do at once: until the log grows, or what is due before that. A projection that stands
 * before an event has seen enough of the log. */
static struct cairn_pause pause_at_rest(const struct cairn_runner *runner)
{
    struct cairn_pause pause = {.until_us = cairn_monotonic_us() + IDLE_US, .seen = runner->head};
    if (runner->halted)
        return pause;
    if (runner->copy.redis)
        pause.until_us = earlier(pause.until_us, runner->copy.due_us);
    if (runner->again_us)
        return (struct cairn_pause){earlier(pause.until_us, runner->again_us), INT64_MAX};
    if (runner->position < runner->head) /* ignored events that the checkpoint has to pass yet */
        pause.until_us = earlier(pause.until_us, runner->moved_us + EMPTY_MOVE_US);
    return pause;
}

static struct cairn_pause pause_in_trouble(struct cairn_runner *runner, bool passes)
{
    int64_t wait_us = passes ? runner->trouble_us : TROUBLE_MAX_US;
    runner->trouble_us = earlier(wait_us * 2, TROUBLE_MAX_US);
    return (struct cairn_pause){cairn_monotonic_us() + wait_us, INT64_MAX};
}

struct cairn_pause cairn_runner_step(struct cairn_runner *runner)
{
    static const struct cairn_pause none = {0};
    struct cairn_error error = {0};
    cairn_arena_reset(&runner->batch);
    int more = step(runner, &error);
    if (more >= 0) {
        runner->trouble_us = TROUBLE_US;
        return more ? none : pause_at_rest(runner);
    }
    if (more == -CAIRN_CONFLICT) { /* another projector was faster */
        runner->outdated = true;
        return none;
    }
    runner->connection = 0;
    cairn_show_trouble(runner, &error);
    return pause_in_trouble(runner, more == -CAIRN_UNAVAILABLE || more == -CAIRN_BUSY);
}

/* ---- life ---- */

/* The tables are empty when the statements are planned first, and a plan may be kept: it has to be
 * one that uses the keys. A plan that has to scan all the same, as that of cairn.store's one row,
 * is reckoned so dear then that it would be compiled, for half a second each time: no jit. */
static const char greeting[] = "set enable_seqscan = off; set jit = off";

int cairn_runner_open(struct cairn_runner *runner, const struct cairn_projection *projection,
                      const char *database_url, const char *redis_url, struct cairn_error *error)
{
    runner->projection = projection;
    runner->shown.name = projection->name;
    runner->range = RANGE_FIRST;
    runner->trouble_us = TROUBLE_US;
    (void)pthread_mutex_init(&runner->lock, NULL);
    int failed = cairn_store_open(database_url, projection->name, &runner->store, error);
    if (failed)
        return failed;
    cairn_pg_on_connect(cairn_store_pg(runner->store), greeting);
    return redis_url ? cairn_redis_open(redis_url, REDIS_DEADLINE_US, &runner->copy.redis, error)
                     : 0;
}

void cairn_runner_close(struct cairn_runner *runner)
{
    cairn_redis_close(runner->copy.redis);
    cairn_store_close(runner->store);
    cairn_arena_close(&runner->batch);
    cairn_arena_close(&runner->arena);
    (void)pthread_mutex_destroy(&runner->lock);
}
