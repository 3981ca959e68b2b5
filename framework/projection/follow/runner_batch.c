/* runner_batch.c - folds a range of the log for a runner, and commits the result to both stores. */
#include "core/threads/clock.h"
#include "projection/follow/batch_trace.h"
#include "projection/follow/runner.h"

int cairn_runner_commit(struct cairn_runner *runner, const struct cairn_fold_batch *batch,
                        struct cairn_error *error)
{
    const struct cairn_checkpoint before = runner->checkpoint;
    struct cairn_rows_change change = {.parks = batch->parks,
                                       .park_count = batch->park_count,
                                       .position = batch->position,
                                       .stopped = batch->problem[0] ? batch->problem : NULL};
    change.count = cairn_rows_changed(&batch->fold, &change.rows);
    int failed = cairn_rows_write(&runner->rows, cairn_store_pg(runner->store), &change, &before,
                                  &runner->step_arena, error);
    if (failed)
        return failed;
    runner->checkpoint.position = batch->position;
    runner->checkpoint.stopped = change.stopped != NULL;
    runner->moved_us = cairn_monotonic_us();
    if (batch->park_count)
        runner->parked_us = 0; /* count them */
    cairn_copy_write(&runner->copy, change.rows, change.count, &before, &runner->checkpoint,
                     &runner->step_arena);
    cairn_batch_trace_end(batch->trace, runner->projection->name, batch, change.count);
    cairn_notifier_nudge(runner->notifier); /* after the write to Redis, which readers read */
    return 0;
}

static int load_rows(void *context, struct cairn_fold *fold, struct cairn_error *error)
{
    struct cairn_runner *runner = context;
    return cairn_rows_load(&runner->rows, cairn_store_pg(runner->store), fold, error);
}

/* Returns when the last of the events that were folded was recorded. */
static struct cairn_time newest_of(const struct cairn_stored_event *events, int64_t count,
                                   int64_t position)
{
    while (count > 0 && events[count - 1].position > position)
        count--;
    return count > 0 ? events[count - 1].recorded_at : (struct cairn_time){0};
}

int cairn_runner_fold(struct cairn_runner *runner, int64_t to, const struct cairn_park *refused,
                      size_t refused_count, struct cairn_fold_batch *ret, struct cairn_error *error)
{
    const struct cairn_stored_event *stored = NULL;
    int64_t count =
        cairn_store_read_range(runner->store, runner->position, to,
                               cairn_projection_types(runner->projection, &runner->step_arena),
                               &runner->step_arena, &stored, error);
    if (count < 0)
        return (int)count;
    const struct cairn_fold_input events = {.events = stored,
                                            .count = (size_t)count,
                                            .to = to,
                                            .load = load_rows,
                                            .context = runner,
                                            .refused = refused,
                                            .refused_count = refused_count};
    const struct cairn_batch_trace *trace =
        cairn_batch_trace_note(stored, (size_t)count, &runner->step_arena);
    int failed = cairn_fold_events(runner->projection, &events, &runner->step_arena, ret, error);
    ret->trace = trace;
    ret->newest = newest_of(stored, count, ret->position);
    return failed;
}
