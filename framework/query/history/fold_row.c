/* fold_row.c - folds one row from the log for an answer, within bounds. */
#include "query/history/fold_row.h"

#include "core/threads/clock.h"

#include <stdatomic.h>

/* What one answer may read, and how many are folded at once in a process: the others are told to
 * come again, so that looking back does not take the workers from reading. */
enum { EVENTS_MAX = 100000, AT_ONCE = 2 };
#define PATIENCE_US CAIRN_SECONDS(2)

static atomic_int folding;

static int fold(const struct cairn_query_read *read, const struct cairn_row_question *question,
                struct cairn_row_history *ret, struct cairn_error *error)
{
    int failed = cairn_row_history_read(read->context->store, question, ret, error);
    if (failed == -CAIRN_TOO_LARGE)
        cairn_error_context(error, "%s: an operator may ask `cairn why` or `cairn at`",
                            question->projection->name);
    return failed;
}

int cairn_query_fold_row(const struct cairn_query_read *read, struct cairn_row_question *question,
                         struct cairn_row_history *ret, struct cairn_error *error)
{
    int failed;
    *ret = (struct cairn_row_history){.row = ""};
    question->projection = read->resource->projection;
    question->generation = read->known->generation;
    question->key = read->ask->key;
    question->events_max = EVENTS_MAX;
    question->deadline_us = cairn_monotonic_us() + PATIENCE_US;
    if (atomic_fetch_add(&folding, 1) >= AT_ONCE)
        failed = cairn_fail(error, CAIRN_BUSY, "other rows are being folded: ask again");
    else
        failed = fold(read, question, ret, error);
    (void)atomic_fetch_sub(&folding, 1);
    return failed;
}
