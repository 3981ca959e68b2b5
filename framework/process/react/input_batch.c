/* input_batch.c - makes the reactions of one batch, and appends them at once. */
#include "process/react/input_batch.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "process/react/inputs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct cairn_metric durations = CAIRN_HISTOGRAM(
    "cairn_process_reaction_seconds",
    "Time from the begin of a process manager's reaction until it is on disk.", "process");

struct cairn_input_batch cairn_input_batch(const struct cairn_process *process, const char *service,
                                           const struct cairn_map *parked,
                                           struct cairn_arena *arena, struct cairn_time now)
{
    return (struct cairn_input_batch){.parked = parked,
                                      .process = process,
                                      .service = service,
                                      .arena = arena,
                                      .now = now,
                                      .instances = cairn_map(arena)};
}

struct cairn_instance *cairn_input_batch_want(struct cairn_input_batch *inputs,
                                              struct cairn_uuid id)
{
    return cairn_instance_want(&inputs->instances, inputs->process, id);
}

int cairn_input_batch_load(struct cairn_input_batch *inputs, struct cairn_pg *pg,
                           struct cairn_error *error)
{
    return cairn_instances_load(pg, inputs->process, &inputs->instances, error);
}

static struct cairn_pending *add(struct cairn_input_batch *inputs)
{
    cairn_grow(inputs->arena, inputs->pending, inputs->count, &inputs->capacity);
    return &inputs->pending[inputs->count];
}

static void stick(struct cairn_input_batch *inputs, struct cairn_instance *instance,
                  int64_t position, const char *reason)
{
    cairn_grow(inputs->arena, inputs->stuck, inputs->stuck_count, &inputs->stuck_capacity);
    inputs->stuck[inputs->stuck_count++] = (struct cairn_stuck){instance->stream, position, reason};
    instance->stuck = true;
}

/* Begins the span of a reaction, caused by what the input was. The event that the reaction is, and
 * its commands, are caused by the span: `ret` is the input with its traceparent. */
static struct cairn_span *begin_span(const struct cairn_input_batch *inputs,
                                     const struct cairn_instance *instance,
                                     const struct cairn_process_input *input,
                                     struct cairn_process_input *ret)
{
    struct cairn_trace trace;
    *ret = *input;
    if (!cairn_trace_join(input->traceparent, input->tracestate, &trace))
        return NULL;
    struct cairn_span *span = cairn_span_begin_in(inputs->arena, CAIRN_SPAN_CONSUMER, "react",
                                                  inputs->process->name, &trace);
    if (!span)
        return NULL;
    cairn_span_text(span, "cairn.stream", instance->stream);
    cairn_span_text(span, "cairn.timer", input->timer);
    if (input->position)
        cairn_span_number(span, "cairn.position", input->position);
    if (input->when && input->when->handler.record)
        cairn_span_text(span, "cairn.input", input->when->handler.record->name);
    ret->traceparent = cairn_trace_text(&span->trace, inputs->arena);
    return span;
}

int cairn_input_batch_take(struct cairn_input_batch *inputs, struct cairn_instance *instance,
                           const struct cairn_process_input *input, struct cairn_error *error)
{
    if (instance->stuck || (inputs->parked && cairn_map_get(inputs->parked, instance->stream)))
        return 0;
    if (input->position && input->position <= instance->position)
        return 0;
    const char *reason = instance->unreadable ? instance->unreadable : input->unreadable;
    if (reason) {
        stick(inputs, instance, input->position, reason);
        return 0;
    }
    struct cairn_pending *pending = add(inputs);
    pending->expected =
        (struct cairn_expected){instance->stream, instance->version, instance->event_id};
    struct cairn_process_input own;
    struct cairn_error why = {0};
    pending->span = begin_span(inputs, instance, input, &own);
    pending->begun_us = pending->span ? pending->span->begin_us : cairn_monotonic_us();
    int taken = cairn_advance(inputs->process, inputs->service, instance, &own, inputs->now,
                              inputs->arena, &pending->event, &why);
    if (taken == 0)
        cairn_span_end(pending->span);
    if (taken == -CAIRN_BUG) { /* with this state and input; others may be all right */
        stick(inputs, instance, input->position, cairn_copy_text(inputs->arena, why.message));
        return 0;
    }
    if (taken < 0)
        return cairn_error_pass(error, &why);
    inputs->count += (size_t)taken;
    return 0;
}

/* ---- processes that are associated ---- */

static const struct cairn_statement associated_statement = {
    .name = "associated",
    .sql = "select stream from cairn.associated($1, $2, $3, $4, $5)",
};

int cairn_input_batch_want_all(struct cairn_input_batch *inputs, struct cairn_pg *pg,
                               const struct cairn_process_input *input, int64_t from, int64_t head,
                               struct cairn_error *error)
{
    struct cairn_pg_array names = cairn_pg_array(CAIRN_PG_TEXTS, inputs->arena);
    struct cairn_pg_array ids = cairn_pg_array(CAIRN_PG_UUIDS, inputs->arena);
    struct cairn_pg_params params = {.arena = inputs->arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_array_text(&names, input->when->association);
    cairn_pg_array_uuid(&ids, input->about);
    cairn_pg_add_text(&params, inputs->process->name);
    cairn_pg_add_array(&params, &names);
    cairn_pg_add_array(&params, &ids);
    cairn_pg_add_integer(&params, from);
    cairn_pg_add_integer(&params, head);
    int64_t count = cairn_pg_call(pg, &associated_statement, &params, &rows, error);
    for (int64_t row = 0; row < count; row++) {
        struct cairn_uuid id = {{0}};
        if (cairn_stream_id(cairn_pg_text(rows, row, 0), &id) == 0)
            (void)cairn_input_batch_want(inputs, id);
    }
    return count < 0 ? (int)count : 0;
}

struct waiting {
    struct cairn_instance *instance;
    int64_t since;
};

static int by_time(const void *left, const void *right)
{
    const struct waiting *a = left;
    const struct waiting *b = right;
    if (a->since != b->since)
        return a->since < b->since ? -1 : 1;
    return strcmp(a->instance->stream, b->instance->stream);
}

/* Collects the instances that are associated now, after the inputs before this one. Returns how
 * many. One that cannot be read is among them: it cannot say that it is not. */
static size_t find_waiting(const struct cairn_input_batch *inputs,
                           const struct cairn_process_input *input, struct waiting *ret)
{
    size_t count = 0;
    for (size_t i = 0; i < inputs->instances.count; i++) {
        struct cairn_instance *instance = inputs->instances.entries[i].value;
        const struct cairn_association *found =
            cairn_instance_association(instance, input->when->association, input->about);
        if (instance->unreadable)
            ret[count++] = (struct waiting){instance, 0};
        else if (found && found->since < input->position)
            ret[count++] = (struct waiting){instance, found->since};
    }
    qsort(ret, count, sizeof *ret, by_time);
    return count;
}

int cairn_input_batch_take_all(struct cairn_input_batch *inputs,
                               const struct cairn_process_input *input, struct cairn_error *error)
{
    struct waiting *waiting = cairn_new(inputs->arena, struct waiting, inputs->instances.count + 1);
    size_t count = find_waiting(inputs, input, waiting);
    int failed = 0;
    for (size_t i = 0; i < count && !failed; i++) {
        const struct cairn_process_input own = cairn_input_for(input, waiting[i].instance);
        failed = cairn_input_batch_take(inputs, waiting[i].instance, &own, error);
    }
    return failed;
}

/* ---- appending ---- */

struct latch {
    pthread_mutex_t lock;
    pthread_cond_t done;
    size_t open;
};

struct append {
    struct cairn_appending appending;
    struct cairn_write write;
    struct cairn_appended appended;
};

static void on_done(struct cairn_appending *appending)
{
    struct latch *latch = appending->context;
    cairn_lock(&latch->lock);
    if (--latch->open == 0)
        cairn_cond_signal(&latch->done);
    cairn_unlock(&latch->lock);
}

static int submit(struct cairn_appender *appender, const struct cairn_pending *pending,
                  struct latch *latch, struct append *append, struct cairn_error *error)
{
    append->write = (struct cairn_write){
        .expected = pending->expected, .events = &pending->event, .event_count = 1};
    append->appending = (struct cairn_appending){
        .append = {.writes = &append->write, .write_count = 1},
        .ret = &append->appended,
        .done = on_done,
        .context = latch,
    };
    if (pending->span)
        append->appending.trace = pending->span->trace;
    cairn_lock(&latch->lock);
    latch->open++;
    cairn_unlock(&latch->lock);
    int failed = cairn_appender_submit(appender, &append->appending, error);
    if (failed)
        on_done(&append->appending);
    return failed;
}

static void wait_for(struct latch *latch)
{
    cairn_lock(&latch->lock);
    while (latch->open)
        cairn_cond_wait(&latch->done, &latch->lock);
    cairn_unlock(&latch->lock);
}

static int outcome_of(const struct append *appends, size_t count, struct cairn_error *error)
{
    for (size_t i = 0; i < count; i++) {
        const struct cairn_appending *appending = &appends[i].appending;
        if (appending->outcome < 0)
            return cairn_error_pass_as(error, (enum cairn_code) - appending->outcome,
                                       &appending->error);
    }
    return 0;
}

/* Records the reactions, which have ended together. */
static void end_spans(const struct cairn_input_batch *inputs, const struct append *appends,
                      size_t count)
{
    int64_t now_us = cairn_monotonic_us();
    for (size_t i = 0; i < count; i++) {
        const struct cairn_appending *appending = &appends[i].appending;
        struct cairn_span *span = inputs->pending[i].span;
        if (appending->outcome >= 0)
            cairn_metric_observe_traced(&durations, inputs->process->name,
                                        now_us - inputs->pending[i].begun_us,
                                        span ? span->trace.trace_id : NULL);
        cairn_span_link(span, &appending->batch);
        if (appending->outcome < 0)
            cairn_span_fail(span, cairn_code_info(appending->outcome)->name,
                            appending->error.message);
        cairn_span_end_at(span, now_us);
    }
}

int cairn_input_batch_append(struct cairn_input_batch *inputs, struct cairn_appender *appender,
                             struct cairn_error *error)
{
    struct latch latch = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
    struct append *appends = cairn_new(inputs->arena, struct append, inputs->count + 1);
    struct cairn_error refused = {0};
    int failed = 0;
    size_t handed = 0;
    for (; handed < inputs->count && !failed; handed++)
        failed = submit(appender, &inputs->pending[handed], &latch, &appends[handed], &refused);
    wait_for(&latch);
    if (failed)
        handed--;
    end_spans(inputs, appends, handed);
    int outcome = outcome_of(appends, handed, error);
    if (!outcome && failed)
        outcome = cairn_error_pass(error, &refused);
    return outcome;
}
