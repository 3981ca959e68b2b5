/* runner_status.c - publishes a projection's state and metrics and logs its changes: each change is
 * logged once, not repeatedly while it lasts. */
#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "projection/follow/batch_trace.h"
#include "projection/follow/runner.h"

#include <stdio.h>
#include <string.h>

#define FRESH_US CAIRN_SECONDS(5) /* how long an update of `shown` counts as following */

static struct cairn_metric positions =
    CAIRN_GAUGE("cairn_projection_position", "Position of the committed checkpoint.", "projection");
static struct cairn_metric heads = CAIRN_GAUGE(
    "cairn_projection_head", "Position of the log's head, when it was last seen.", "projection");
static struct cairn_metric lags = CAIRN_GAUGE(
    "cairn_projection_lag_events", "Events between the checkpoint and the head.", "projection");
static struct cairn_metric leading = CAIRN_GAUGE(
    "cairn_projection_leading", "1 where this process has the projection's lease.", "projection");
static struct cairn_metric problems = CAIRN_GAUGE(
    "cairn_projection_problem", "1 while the projection is stopped by an error.", "projection");
static struct cairn_metric parked_keys = CAIRN_GAUGE(
    "cairn_projection_parked_keys", "Rows that an event could not be applied to.", "projection");
static struct cairn_metric applied =
    CAIRN_COUNTER("cairn_projection_events_total", "Events applied to rows.", "projection");
static struct cairn_metric batches =
    CAIRN_COUNTER("cairn_projection_batches_total", "Ranges of the log committed.", "projection");
static struct cairn_metric durations = CAIRN_HISTOGRAM(
    "cairn_projection_batch_seconds", "Time to fold and commit a range.", "projection");
static struct cairn_metric freshness =
    CAIRN_HISTOGRAM("cairn_projection_freshness_seconds",
                    "Age of the newest event of a range when queries could see it.", "projection");

void cairn_runner_state(struct cairn_runner *runner, struct cairn_projector_state *ret)
{
    struct cairn_lease_state lease;
    cairn_lease_state(runner->lease, &lease);
    cairn_lock(&runner->lock);
    *ret = runner->shown;
    ret->serving = atomic_load(&runner->serving);
    memcpy(ret->owner, lease.owner, sizeof ret->owner);
    ret->following = runner->shown.problem[0] == '\0' && runner->shown_us != 0 &&
                     cairn_monotonic_us() - runner->shown_us < FRESH_US;
    cairn_unlock(&runner->lock);
}

static void log_line(const struct cairn_runner *runner, enum cairn_log_level level,
                     const char *message, const char *problem)
{
    cairn_log(level, message, CAIRN_LOG_TEXT("projection", runner->projection->name),
              CAIRN_LOG_INTEGER("generation", runner->rows.generation.number),
              CAIRN_LOG_INTEGER("position", runner->checkpoint.position),
              CAIRN_LOG_TEXT("error", problem));
}

/* ---- problems ---- */

/* Sets the problem, "" for none, and what everybody may see of it; logs it if it differs from the
 * previous one. */
static void set_problem(struct cairn_runner *runner, const char *problem, const char *shown)
{
    char before[sizeof runner->shown.problem];
    cairn_lock(&runner->lock);
    memcpy(before, runner->shown.problem, sizeof before);
    (void)snprintf(runner->shown.problem, sizeof runner->shown.problem, "%.*s",
                   (int)sizeof runner->shown.problem - 1, problem);
    (void)snprintf(runner->shown.shown, sizeof runner->shown.shown, "%.*s",
                   (int)sizeof runner->shown.shown - 1, shown);
    bool is_new = strcmp(before, runner->shown.problem) != 0;
    cairn_unlock(&runner->lock);
    if (is_new && *problem)
        log_line(runner, CAIRN_LOG_WARN, "the projection is stopped", problem);
    else if (is_new)
        log_line(runner, CAIRN_LOG_INFO, "the projection has resumed", "");
}

/* Logs a change of the copy's state: it delays nothing, but operators should know. */
static void log_copy(const struct cairn_runner *runner, bool was_current)
{
    const struct cairn_copy *copy = &runner->copy;
    if (copy->current && !was_current)
        log_line(runner, CAIRN_LOG_INFO, "the copy in Redis is current", "");
    else if (!copy->current && was_current)
        log_line(runner, CAIRN_LOG_WARN, "the copy in Redis is not current", copy->problem);
}

static void set_gauges(const struct cairn_runner *runner)
{
    const char *name = runner->projection->name;
    if (!atomic_load(&runner->serving))
        return; /* the metrics describe the generation that is read */
    cairn_metric_set(&positions, name, runner->checkpoint.position);
    cairn_metric_set(&heads, name, runner->head);
    cairn_metric_set(&lags, name, runner->head - runner->checkpoint.position);
    cairn_metric_set(&leading, name, runner->fence != 0);
    cairn_metric_set(&problems, name, runner->shown.problem[0] != '\0');
}

static void set_shown(struct cairn_runner *runner)
{
    cairn_lock(&runner->lock);
    runner->shown.position = runner->checkpoint.position;
    runner->shown.head = runner->head;
    runner->shown.leading = runner->fence != 0;
    runner->shown_us = cairn_monotonic_us();
    cairn_unlock(&runner->lock);
    set_gauges(runner);
}

/* Reads the head of the growing log, since a failed step may not have, unless PostgreSQL failed. */
void cairn_show_trouble(struct cairn_runner *runner, const struct cairn_error *error)
{
    char shown[sizeof runner->shown.shown];
    cairn_error_print_public(error, shown, sizeof shown);
    set_problem(runner, error->message, shown);
    int64_t head = error->code == CAIRN_UNAVAILABLE ? -1 : cairn_store_head(runner->store, NULL);
    if (head >= 0)
        runner->head = head;
    set_shown(runner);
}

void cairn_show_stand_by(struct cairn_runner *runner, int64_t generation)
{
    struct cairn_lease_state lease;
    cairn_lease_state(runner->lease, &lease);
    const char *problem = lease.owner[0] ? "" : "the owner of its lease is not known yet";
    set_problem(runner, problem, problem);
    if (runner->shown.leading)
        log_line(runner, CAIRN_LOG_WARN, "the projection has lost its lease and stands by", "");
    cairn_lock(&runner->lock);
    runner->shown.generation = (int)generation;
    runner->shown.copy_current = false; /* unknown */
    cairn_unlock(&runner->lock);
    set_shown(runner);
}

void cairn_show_step(struct cairn_runner *runner)
{
    char shown[sizeof runner->stopped];
    (void)snprintf(shown, sizeof shown, "%.*s", (int)cairn_pg_public_bytes(runner->stopped),
                   runner->stopped);
    set_problem(runner, runner->stopped, shown);
    cairn_lock(&runner->lock);
    bool was_current = runner->shown.copy_current;
    int64_t were_parked = runner->shown.parked_keys;
    runner->shown.generation = (int)runner->rows.generation.number;
    runner->shown.copy_current = runner->copy.current;
    runner->shown.parked_keys = runner->parked_keys;
    cairn_unlock(&runner->lock);
    set_shown(runner);
    if (atomic_load(&runner->serving))
        cairn_metric_set(&parked_keys, runner->projection->name, runner->parked_keys);
    log_copy(runner, was_current);
    if (runner->parked_keys > were_parked)
        log_line(runner, CAIRN_LOG_WARN, "an event could not be applied to a row: cairn parked",
                 "");
}

/* ---- success ---- */

/* The event's time is of PostgreSQL's clock, this one of this machine's: where the difference is
 * more than the age, the age counts as zero. */
static void observe_freshness(const struct cairn_runner *runner,
                              const struct cairn_fold_batch *batch, const uint8_t *trace_id)
{
    if (batch->newest.us == 0 || !atomic_load(&runner->serving))
        return;
    cairn_metric_observe_traced(&freshness, runner->projection->name,
                                cairn_time_to_unix(cairn_now()) - cairn_time_to_unix(batch->newest),
                                trace_id);
}

void cairn_show_batch(struct cairn_runner *runner, const struct cairn_fold_batch *batch,
                      int64_t took_us)
{
    cairn_metric_add(&applied, runner->projection->name, (int64_t)batch->applied);
    cairn_metric_add(&batches, runner->projection->name, 1);
    const struct cairn_batch_trace *trace = batch->trace;
    const uint8_t *trace_id = trace ? trace->events[trace->count - 1].trace.trace_id : NULL;
    cairn_metric_observe_traced(&durations, runner->projection->name, took_us, trace_id);
    observe_freshness(runner, batch, trace_id);
}

void cairn_show_begin(struct cairn_runner *runner)
{
    if (!runner->shown.leading)
        log_line(runner, CAIRN_LOG_INFO, "the projection follows the log", "");
}
