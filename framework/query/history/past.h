/* past.h - answers a row as it was: GET /orders/{id}?at=POSITION|TIME, or with Accept-Datetime
 * (RFC 7089, where the row's URL is its own time gate).
 *
 * The state is folded from the log, within bounds, and the row that is read is not touched. It is
 * answered to those that may read the row now, if they may see the state that it had; a row that
 * was deleted since, to those that may read every row. An answer that names a position stays the
 * same, and may be kept for ever; one that names a time says which position that is. */
#ifndef CAIRN_QUERY_PAST_H
#define CAIRN_QUERY_PAST_H

#include "query/read/query_read.h"

/* Replaces what was read, whose result is `looked`, by the past state. Returns 0, or
 *   -CAIRN_INVALID, -CAIRN_MALFORMED  what was asked for is no position and no time
 *   -CAIRN_NOT_FOUND                  there was no such row
 *   -CAIRN_STALE                      the read model has not come there yet
 *   -CAIRN_TOO_LARGE, -CAIRN_BUSY     as cairn_query_fold_row() */
int cairn_query_past(struct cairn_query_read *read, int looked,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Adds the headers by which the answer says that it is past, and where it stays. */
void cairn_query_past_headers(const struct cairn_query_read *read);

#endif
