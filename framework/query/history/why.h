/* why.h - answers GET /orders/{id}/why: the events that made a row, with what each changed in it.
 *
 *     {"read_model", "key", "position", "left_out", "events": [
 *         {"position", "recorded_at", "stream", "version", "type", "event_id", "effect",
 *          "changes": [{"field", "from", "to"}], "command_id", "command", "service", "actor",
 *          "issuer", "correlation_id", "traceparent"}]}
 *
 * It is answered to those that may read the row, as it is now; where ownership is compared, the
 * history begins when the row became the caller's, and names no other callers. The row is folded
 * from the log, within bounds: beyond them the answer is 413, and `cairn why` has no bounds. */
#ifndef CAIRN_QUERY_WHY_H
#define CAIRN_QUERY_WHY_H

#include "query/read/query_read.h"

/* Folds the row that was read, and makes its history the body of the answer. Returns 0, or
 *   -CAIRN_TOO_LARGE  the bounds are exceeded
 *   -CAIRN_BUSY       others are being folded */
int cairn_query_why(struct cairn_query_read *read, struct cairn_error *error) CAIRN_CHECKED;

#endif
