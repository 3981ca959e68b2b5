/* runner.c - the steps by which one generation follows the log.
 *
 * Functions that do a part of a step return a negative error, 0 when there is nothing more to do
 * at once, or 1 if there may be. Terms: docs/GLOSSARY.md has generation, fence and park. A runner
 * is *stopped* before an event that cannot be folded or written, and tries again after a while; it
 * is *halted* for good before an event of a newer release; *trouble* is any failure of a step. */
#include "projection/follow/runner.h"

#include "core/threads/clock.h"
#include "core/threads/lock.h"

#include <stdio.h>
#include <string.h>

#define IDLE_US CAIRN_SECONDS(1)             /* between two reads of the head without news */
#define EMPTY_MOVE_US CAIRN_MILLISECONDS(25) /* between two moves over only ignored events */
#define GATHER_US CAIRN_MILLISECONDS(10)     /* between the starts of two small ranges */
/* Pause after UNAVAILABLE or BUSY, doubled each time up to the longest one, which is also the pause
 * after any other failure, and while the runner is stopped. */
#define TROUBLE_US CAIRN_MILLISECONDS(100)
#define TROUBLE_MAX_US CAIRN_SECONDS(1)
#define SWITCH_CHECK_US CAIRN_MILLISECONDS(100) /* between two attempts to switch queries to it */
#define REDIS_DEADLINE_US CAIRN_MILLISECONDS(500)

/* A range is bounded in positions, and adapts to the data bytes of the ranges before it: the log
 * may hold events of a megabyte each. */
enum {
    SMALL_RANGE = 200, /* positions; a smaller one may wait for more events */
    RANGE_FIRST = 50,
    RANGE_MAX = 1000,
    LIGHT_BYTES = 2 << 20,
    HEAVY_BYTES = 8 << 20
};

/* ---- begin ---- */

static int find_generation(struct cairn_runner *runner, struct cairn_error *error)
{
    struct cairn_timeline timeline;
    struct cairn_generation generation;
    cairn_arena_reset(&runner->arena);
    int failed = cairn_store_timeline(runner->store, &timeline, error);
    if (failed)
        return failed;
    int found = cairn_generation_get(runner->store, runner->projection, runner->number,
                                     &runner->arena, &generation, error);
    if (found <= 0)
        return found < 0
                   ? found
                   : cairn_fail(error, CAIRN_UNAVAILABLE,
                                "generation %" PRId64 " is not followed any more", runner->number);
    atomic_store(&runner->serving, generation.serving);
    cairn_rows_init(&runner->rows, &generation, &runner->arena);
    cairn_copy_init(&runner->copy, &timeline, &generation, &runner->arena);
    return 0;
}

static int read_checkpoint(struct cairn_runner *runner, struct cairn_error *error)
{
    const struct cairn_generation *generation = &runner->rows.generation;
    struct cairn_error why = {0};
    int failed = cairn_generation_checkpoint(runner->store, generation, &runner->step_arena,
                                             &runner->checkpoint, &why);
    if (failed == -CAIRN_DIVERGED)
        (void)!cairn_generation_stop(runner->store, generation, &runner->checkpoint, why.message,
                                     &runner->step_arena, NULL);
    if (failed)
        return cairn_error_pass(error, &why);
    runner->position = runner->checkpoint.position;
    return 0;
}

/* Fails and records the reason if the table's columns differ from the fields of the record. */
static int check_columns(struct cairn_runner *runner, struct cairn_error *error)
{
    const struct cairn_generation *generation = &runner->rows.generation;
    struct cairn_error why = {0};
    int failed =
        cairn_generation_check_columns(runner->store, generation, &runner->step_arena, &why);
    if (failed == -CAIRN_BUG)
        (void)!cairn_generation_stop(runner->store, generation, &runner->checkpoint, why.message,
                                     &runner->step_arena, NULL);
    return failed ? cairn_error_pass(error, &why) : 0;
}

/* Writes this process' fence, then reads: no process with an older fence can change it after that.
 * A parked event may be due at once. */
static int take_over(struct cairn_runner *runner, int64_t fence, struct cairn_error *error)
{
    int failed = cairn_generation_fence(runner->store, &runner->rows.generation, fence,
                                        &runner->step_arena, error);
    if (!failed)
        failed = read_checkpoint(runner, error);
    if (failed)
        return failed;
    if (runner->checkpoint.fence != fence)
        return cairn_fail(error, CAIRN_CONFLICT, "another process has taken the generation over");
    failed = check_columns(runner, error);
    if (failed)
        return failed;
    if (runner->fence != fence)
        cairn_copy_doubt(&runner->copy);
    runner->fence = fence;
    runner->outdated = false;
    runner->announced = 0; /* it may be of another log */
    runner->parked_us = 0;
    return 0;
}

/* Takes the generation over unless that is done already. What was read stays valid as long as the
 * connection and this tenure of the lease, and until a write finds another checkpoint. */
static int begin(struct cairn_runner *runner, int64_t fence, struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(runner->store);
    int failed = cairn_pg_ready(pg, error);
    if (failed)
        return failed;
    bool is_new = runner->connection != cairn_pg_connection_number(pg);
    if (!is_new && runner->fence == fence && !runner->outdated)
        return 0;
    if (is_new)
        failed = find_generation(runner, error);
    if (!failed)
        failed = take_over(runner, fence, error);
    if (failed)
        return failed;
    runner->connection = cairn_pg_connection_number(pg);
    cairn_show_begin(runner);
    return 0;
}

/* ---- advance ---- */

/* Returns whether to move the checkpoint. A range of only ignored events moves it only where it
 * reaches the head, as clients may wait for that position, and at most every EMPTY_MOVE_US. */
static bool is_worth_a_move(const struct cairn_runner *runner, const struct cairn_fold_batch *batch)
{
    if (batch->park_count)
        return true;
    for (size_t i = 0; i < batch->fold.rows.count; i++) {
        if (((const struct cairn_fold_row *)batch->fold.rows.entries[i].value)->changed)
            return true;
    }
    if (batch->problem[0]) /* the reason is recorded once */
        return batch->position > runner->checkpoint.position ||
               strcmp(runner->stopped, batch->problem) != 0;
    return batch->position >= runner->head &&
           cairn_monotonic_us() - runner->moved_us >= EMPTY_MOVE_US;
}

static void fit_range(struct cairn_runner *runner, size_t bytes)
{
    if (bytes > HEAVY_BYTES && runner->range > 1)
        runner->range /= 2;
    else if (bytes < LIGHT_BYTES && runner->range < RANGE_MAX)
        runner->range = runner->range * 2 < RANGE_MAX ? runner->range * 2 : RANGE_MAX;
}

/* Records why the runner is stopped before an event ("" if it is not), and when it retries: the
 * cause may have been repaired by then. */
static void set_stopped(struct cairn_runner *runner, const char *why)
{
    (void)snprintf(runner->stopped, sizeof runner->stopped, "%s", why);
    runner->retry_us = *why ? cairn_monotonic_us() + TROUBLE_MAX_US : 0;
}

/* Folds the range up to `to`. Returns 1 if there may be more to do at once, 0 if not. */
static int fold_range(struct cairn_runner *runner, int64_t to, struct cairn_error *error)
{
    struct cairn_fold_batch batch;
    int64_t begun_us = cairn_monotonic_us();
    int failed = cairn_runner_fold(runner, to, NULL, 0, &batch, error);
    if (failed)
        return failed;
    if (is_worth_a_move(runner, &batch)) {
        failed = cairn_runner_commit(runner, &batch, error);
        if (failed)
            return failed;
        cairn_show_batch(runner, &batch, cairn_monotonic_us() - begun_us);
    } else if (batch.position >= runner->head) {
        return 0; /* the position stays: the range is folded another time, when a move is due */
    }
    runner->position = batch.position;
    fit_range(runner, batch.bytes);
    set_stopped(runner, batch.problem);
    if (batch.newer) { /* the next event is of a newer release: another process may know it */
        runner->halted = true;
        runner->fence = 0;
        cairn_lease_yield(runner->lease, INT64_MAX); /* and does not ask for the lease any more */
    }
    return 1;
}

/* Halves a range that PostgreSQL has refused, without telling for which event, until it is one
 * event. A half that is accepted is committed, and the range after it, twice as large again, is
 * halved as often as needed. The event that is left has its rows parked, or stops the runner. */
static int halve_range(struct cairn_runner *runner, int64_t to, const struct cairn_error *why,
                       struct cairn_error *error)
{
    if (to - runner->position > 1) {
        runner->range = (to - runner->position) / 2;
        return 1;
    }
    int parked = cairn_runner_park_refused(runner, to, error);
    if (parked)
        return parked;
    struct cairn_fold_batch nothing = {.fold = cairn_fold(runner->projection, &runner->step_arena),
                                       .position = runner->position};
    (void)snprintf(nothing.problem, sizeof nothing.problem,
                   "event %" PRId64 " cannot be written: %.400s", to, why->message);
    int failed = 0;
    if (is_worth_a_move(runner, &nothing))
        failed = cairn_runner_commit(runner, &nothing, error);
    if (failed) /* not recorded: the next step tries that, too */
        return failed;
    set_stopped(runner, nothing.problem);
    return 0;
}

/* Returns whether to wait until more events have gathered: a range costs as much as some ten
 * events, so under load small ranges would take the processor from the services that append. An
 * event that comes more than GATHER_US after the last range is folded at once. */
static bool gathers(const struct cairn_runner *runner)
{
    return runner->head - runner->position < SMALL_RANGE &&
           cairn_monotonic_us() < runner->gather_us;
}

static int advance(struct cairn_runner *runner, struct cairn_error *error)
{
    struct cairn_error why = {0};
    runner->gather_us = cairn_monotonic_us() + GATHER_US;
    int64_t to = runner->head - runner->position > runner->range ? runner->position + runner->range
                                                                 : runner->head;
    int more = fold_range(runner, to, &why);
    if (cairn_is_refusal(more))
        return halve_range(runner, to, &why, error);
    if (more < 0)
        return cairn_error_pass(error, &why);
    return more;
}

/* ---- rest ---- */

/* Returns whether the copy in Redis allows the switch. A copy that is behind would show readers an
 * older state. One whose Redis fails does not matter: it is not marked as current, so readers use
 * PostgreSQL. */
static bool copy_allows_switch(const struct cairn_runner *runner)
{
    return !runner->copy.redis || runner->copy.current || runner->copy.problem[0];
}

static int try_switch(struct cairn_runner *runner, struct cairn_generation *generation,
                      struct cairn_error *error)
{
    const struct cairn_switch_terms terms = {runner->fence, runner->window_ms};
    if (cairn_monotonic_us() < runner->switch_check_us)
        return 0;
    runner->switch_check_us = cairn_monotonic_us() + SWITCH_CHECK_US;
    if (!copy_allows_switch(runner))
        return 0;
    int done = cairn_switch_to(runner->store, generation, &terms, &runner->step_arena, error);
    if (done <= 0)
        return done;
    atomic_store(&runner->serving, true);
    cairn_notifier_nudge(runner->notifier);
    return 0;
}

/* Nothing is left to fold: clears a recorded reason, and switches queries to a generation that was
 * not read before. */
static int rest(struct cairn_runner *runner, struct cairn_error *error)
{
    struct cairn_generation *generation = &runner->rows.generation;
    set_stopped(runner, "");
    if (runner->checkpoint.stopped) {
        int failed = cairn_generation_stop(runner->store, generation, &runner->checkpoint, NULL,
                                           &runner->step_arena, error);
        if (failed)
            return failed;
        runner->checkpoint.stopped = false;
    }
    return generation->complete ? 0 : try_switch(runner, generation, error);
}

/* ---- a step ---- */

/* Uses a newer head that the projector's log follower has announced, instead of a query: if that is
 * of a log that was replaced since, the write detects it. */
static int look_at_head(struct cairn_runner *runner, struct cairn_error *error)
{
    if (runner->announced > runner->position && runner->announced > runner->head) {
        runner->head = runner->announced;
        return 0;
    }
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

/* An event of a newer release may change the meaning of later events too, so this binary folds
 * nothing more, even if another process moves the checkpoint past it. It reports that until it is
 * replaced. */
static int report_halted(struct cairn_runner *runner, struct cairn_error *error)
{
    int failed = cairn_pg_ready(cairn_store_pg(runner->store), error);
    if (!failed)
        failed = look_at_head(runner, error);
    if (!failed)
        cairn_show_step(runner);
    return failed;
}

/* Reads the checkpoint that another process, which has the lease, has committed. */
static int stand_by(struct cairn_runner *runner, struct cairn_error *error)
{
    struct cairn_generation generation = {0};
    struct cairn_checkpoint at = {0};
    struct cairn_error why = {0};
    runner->fence = 0;
    int found = cairn_generation_get(runner->store, runner->projection, runner->number,
                                     &runner->step_arena, &generation, &why);
    if (found > 0)
        found =
            cairn_generation_checkpoint(runner->store, &generation, &runner->step_arena, &at, &why);
    if (found < 0 && found != -CAIRN_DIVERGED) /* that is recorded by the owner of the lease */
        return cairn_error_pass(error, &why);
    atomic_store(&runner->serving, generation.serving);
    int64_t head = cairn_store_head(runner->store, error);
    if (head < 0)
        return (int)head;
    runner->checkpoint = at;
    runner->head = head;
    cairn_show_stand_by(runner, generation.number);
    return 0;
}

/* Returns 1 if there may be more to do at once, 0 if not. */
static int lead(struct cairn_runner *runner, int64_t fence, struct cairn_error *error)
{
    int failed = begin(runner, fence, error);
    if (!failed)
        failed = cairn_copy_tend(&runner->copy, &runner->rows, runner->store, &runner->checkpoint,
                                 &runner->step_arena, error);
    int unparked = failed ? failed : cairn_runner_tend_parked(runner, error);
    if (unparked >= 0)
        failed = look_at_head(runner, error);
    if (unparked < 0 || failed)
        return unparked < 0 ? unparked : failed;
    int more = 0;
    if (runner->head == runner->position)
        more = rest(runner, error);
    else if (cairn_monotonic_us() >= runner->retry_us && !gathers(runner))
        more = advance(runner, error);
    if (more < 0)
        return more;
    cairn_show_step(runner);
    return more || unparked;
}

static int step(struct cairn_runner *runner, struct cairn_error *error)
{
    if (runner->halted)
        return report_halted(runner, error);
    int64_t fence = cairn_lease_fence(runner->lease);
    return fence ? lead(runner, fence, error) : stand_by(runner, error);
}

/* Returns the pause until the log grows or the next action is due. That of a runner which is
 * stopped before an event, or gathers some, does not end when the log grows. */
static struct cairn_pause pause_at_rest(const struct cairn_runner *runner)
{
    struct cairn_pause pause = {.until_us = cairn_monotonic_us() + IDLE_US, .seen = runner->head};
    if (runner->halted)
        return pause;
    if (runner->fence == 0)
        return (struct cairn_pause){.until_us = pause.until_us, .for_lease = true};
    pause.until_us = cairn_earlier_us(pause.until_us, runner->parked_us);
    if (!runner->rows.generation.complete && runner->position == runner->head)
        pause.until_us = cairn_earlier_us(pause.until_us, runner->switch_check_us);
    if (runner->copy.redis)
        pause.until_us = cairn_earlier_us(pause.until_us, runner->copy.due_us);
    if (runner->retry_us)
        return (struct cairn_pause){.until_us = cairn_earlier_us(pause.until_us, runner->retry_us),
                                    .seen = INT64_MAX};
    if (runner->position < runner->head && gathers(runner))
        return (struct cairn_pause){.until_us = cairn_earlier_us(pause.until_us, runner->gather_us),
                                    .seen = INT64_MAX};
    if (runner->position < runner->head) /* ignored events that the checkpoint must still pass */
        pause.until_us = cairn_earlier_us(pause.until_us, runner->moved_us + EMPTY_MOVE_US);
    return pause;
}

static struct cairn_pause pause_in_trouble(struct cairn_runner *runner, bool is_transient)
{
    int64_t wait_us = is_transient ? runner->trouble_us : TROUBLE_MAX_US;
    runner->trouble_us = cairn_earlier_us(wait_us * 2, TROUBLE_MAX_US);
    return (struct cairn_pause){.until_us = cairn_monotonic_us() + wait_us, .seen = INT64_MAX};
}

/* Makes the next step take over again. If that conflicts too, there is a higher fence, and the
 * lease is lost, whatever its last known state: it is released and requested at once, for a fence
 * that is higher still. */
static void conflict(struct cairn_runner *runner)
{
    if (runner->outdated)
        cairn_lease_yield(runner->lease, 0);
    runner->outdated = true;
    runner->fence = 0;
}

struct cairn_pause cairn_runner_step(struct cairn_runner *runner)
{
    static const struct cairn_pause none = {0};
    struct cairn_error error = {0};
    cairn_arena_reset(&runner->step_arena);
    int more = step(runner, &error);
    if (more >= 0) {
        runner->trouble_us = TROUBLE_US;
        return more ? none : pause_at_rest(runner);
    }
    if (more == -CAIRN_CONFLICT) { /* the checkpoint was moved, or taken over */
        conflict(runner);
        return none;
    }
    runner->connection = 0; /* begin() reads all again */
    cairn_show_trouble(runner, &error);
    return pause_in_trouble(runner, more == -CAIRN_UNAVAILABLE || more == -CAIRN_BUSY);
}

/* ---- opening and closing ---- */

/* Settings of the connection. Statements are first planned while the tables are empty, and plans
 * may be cached: they must use the keys, so sequential scans are off. A plan that has to scan
 * anyway, as for the one row of cairn.store, then gets a cost estimate high enough to trigger JIT,
 * about 0.5 s per plan: JIT is off.
 *
 * A process that is frozen between two statements of a transaction must not hold locks that the
 * next owner needs, which starts when the lease expires; and a lock of another session, as of a
 * migration, is an error after two seconds, which is shown, and not a wait without end. */
static const char greeting[] = "set enable_seqscan = off; set lock_timeout = '2s';"
                               "set idle_in_transaction_session_timeout = '2s'";

int cairn_runner_open(struct cairn_runner *runner, const struct cairn_runner_options *options,
                      struct cairn_error *error)
{
    *runner = (struct cairn_runner){.projection = options->projection,
                                    .number = options->generation,
                                    .lease = options->lease,
                                    .notifier = options->notifier,
                                    .window_ms = options->window_ms,
                                    .range = RANGE_FIRST,
                                    .trouble_us = TROUBLE_US};
    runner->shown.name = options->projection->name;
    runner->shown.generation = (int)options->generation;
    cairn_lock_init(&runner->lock);
    int failed =
        cairn_store_open(options->database_url, options->projection->name, &runner->store, error);
    if (failed)
        return failed;
    cairn_pg_on_connect(cairn_store_pg(runner->store), greeting);
    return options->redis_url
               ? cairn_redis_open(options->redis_url, REDIS_DEADLINE_US, &runner->copy.redis, error)
               : 0;
}

void cairn_runner_close(struct cairn_runner *runner)
{
    cairn_redis_close(runner->copy.redis);
    cairn_store_close(runner->store);
    cairn_arena_close(&runner->step_arena);
    cairn_arena_close(&runner->arena);
    cairn_lock_destroy(&runner->lock);
}
