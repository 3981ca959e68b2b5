/* fold_row.h - folds one row from the log for an answer, within bounds. */
#ifndef CAIRN_QUERY_FOLD_ROW_H
#define CAIRN_QUERY_FOLD_ROW_H

#include "projection/history/row_history.h"
#include "query/read/query_read.h"

/* Completes the question with the row that is read, and the bounds, and reads its history, which
 * the caller closes in any case. Returns 0, what cairn_row_history_read() does, or
 *   -CAIRN_BUSY  others are being folded */
int cairn_query_fold_row(const struct cairn_query_read *read, struct cairn_row_question *question,
                         struct cairn_row_history *ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
