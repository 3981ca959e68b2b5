/* refused_rows.c - handles events that a runner cannot apply: parks rows that PostgreSQL refuses,
 * and retries parked events when an operator requests it. */
#include "core/threads/clock.h"
#include "projection/follow/runner.h"
#include "projection/tables/parked_rows.h"

#define LOOK_US CAIRN_SECONDS(1) /* between two checks of parked events */

enum { PAGE = 100 };

bool cairn_is_refusal(int failed)
{
    return failed == -CAIRN_INVALID || failed == -CAIRN_BUG || failed == -CAIRN_UNREADABLE;
}

/* ---- rows that PostgreSQL refuses ---- */

/* Finds the rows of this batch of one event that are refused, and why. Returns their number. */
static int find_refused(struct cairn_runner *runner, const struct cairn_fold_batch *batch,
                        int64_t to, struct cairn_park *ret, struct cairn_error *error)
{
    const struct cairn_stored_row *changed = NULL;
    size_t count = cairn_rows_changed(&batch->fold, &changed);
    int found = 0;
    for (size_t i = 0; i < count; i++) {
        struct cairn_error why = {0};
        int failed = cairn_rows_try(&runner->rows, cairn_store_pg(runner->store), &changed[i],
                                    &runner->step_arena, &why);
        if (cairn_is_refusal(failed))
            ret[found++] =
                (struct cairn_park){.key = changed[i].key,
                                    .position = to,
                                    .reason = cairn_print(&runner->step_arena, "%s", why.message)};
        else if (failed)
            return cairn_error_pass(error, &why);
    }
    return found;
}

int cairn_runner_park_refused(struct cairn_runner *runner, int64_t to, struct cairn_error *error)
{
    struct cairn_fold_batch batch;
    struct cairn_error why = {0};
    if (runner->projection->poison != CAIRN_POISON_PARKS)
        return 0;
    int failed = cairn_runner_fold(runner, to, NULL, 0, &batch, &why);
    if (cairn_is_refusal(failed))
        return 0; /* the rows cannot even be loaded */
    if (failed)
        return cairn_error_pass(error, &why);
    struct cairn_park *refused =
        cairn_new(&runner->step_arena, struct cairn_park, batch.fold.rows.count + 1);
    int found = find_refused(runner, &batch, to, refused, error);
    if (found <= 0)
        return found;
    failed = cairn_runner_fold(runner, to, refused, (size_t)found, &batch, error);
    if (!failed)
        failed = cairn_runner_commit(runner, &batch, error);
    if (failed)
        return failed;
    runner->position = batch.position;
    return 1;
}

/* ---- parked events ---- */

/* Halves a page that PostgreSQL refuses, until the event that it refuses is found. */
static int try_again(struct cairn_runner *runner, const struct cairn_parked_state *asked,
                     struct cairn_stored_row *ret, struct cairn_error *error)
{
    struct cairn_parked_try ask = {.key = asked->key, .skip = asked->skip, .limit = PAGE};
    struct cairn_park refused;
    struct cairn_error why = {0};
    for (;;) {
        int64_t last = 0;
        why = (struct cairn_error){0};
        int failed = cairn_parked_retry(&runner->rows, runner->store, &ask, &runner->checkpoint,
                                        &runner->step_arena, ret, &last, &why);
        if (!failed)
            return 0;
        if (!cairn_is_refusal(failed) || ask.refused)
            return cairn_error_pass(error, &why);
        if (ask.limit == 1) {
            refused =
                (struct cairn_park){.key = ask.key,
                                    .position = last,
                                    .reason = cairn_print(&runner->step_arena, "%s", why.message)};
            ask.refused = &refused;
        }
        ask.limit = ask.limit > 1 ? ask.limit / 2 : 1;
    }
}

static int carry_out(struct cairn_runner *runner, const struct cairn_parked_state *asked,
                     struct cairn_error *error)
{
    const struct cairn_checkpoint before = runner->checkpoint;
    struct cairn_stored_row row;
    struct cairn_error why = {0};
    int failed = try_again(runner, asked, &row, &why);
    if (cairn_is_refusal(failed) || failed == -CAIRN_DIVERGED) { /* other keys continue */
        failed = cairn_parked_give_up(&runner->rows, cairn_store_pg(runner->store), asked->key,
                                      why.message, &runner->step_arena, error);
        return failed ? failed : 1;
    }
    if (failed)
        return cairn_error_pass(error, &why);
    runner->checkpoint.revision++;
    cairn_copy_write(&runner->copy, &row, 1, &before, &runner->checkpoint, &runner->step_arena);
    return 1;
}

int cairn_runner_tend_parked(struct cairn_runner *runner, struct cairn_error *error)
{
    struct cairn_parked_state state = {0};
    if (cairn_monotonic_us() < runner->parked_us)
        return 0;
    int failed = cairn_parked_look(&runner->rows, cairn_store_pg(runner->store),
                                   &runner->step_arena, &state, error);
    if (failed)
        return failed;
    runner->parked_keys = state.keys;
    if (state.key)
        return carry_out(runner, &state, error); /* checks for the next request at once */
    runner->parked_us = cairn_monotonic_us() + LOOK_US;
    return 0;
}
