/* fresh.h - read your writes: the position that an answer must reach, and how long to wait. */
#ifndef CAIRN_QUERY_FRESH_H
#define CAIRN_QUERY_FRESH_H

#include "query/read/query_read.h"

#include <stdbool.h>

/* Finds wait=N in a Prefer header (RFC 7240; NULL for none). Returns whether it was found. Sets
 * *ret_s to N, at most 30, or to 2 if it is absent or invalid: preferences that are not understood
 * are ignored. */
bool cairn_query_prefer_wait(const char *prefer, int64_t *ret_s);

/* Returns whether the client's token names a position beyond the log, which is not waited for. */
bool cairn_query_is_future(struct cairn_query_read *read);

/* Sets read->at_least from the client's token, and from the Last-Event-ID of a stream's client,
 * which must not be shown an older state. Returns 0, -CAIRN_MALFORMED if it is no token, or
 * -CAIRN_TIMELINE if it is of another timeline; the known model may then be outdated. */
int cairn_query_at_least(struct cairn_query_read *read, struct cairn_error *error) CAIRN_CHECKED;

/* Sets read->position to the checkpoint's `position` and compares it with what the client requires:
 * returns 0 or -CAIRN_STALE. `stopped` is why the read model has stopped, or NULL. */
int cairn_query_reached(struct cairn_query_read *read, int64_t position, const char *stopped,
                        struct cairn_error *error) CAIRN_CHECKED;

/* The same for a row from PostgreSQL that begins with the columns of read_sql.h. Also returns
 *   -CAIRN_UNAVAILABLE  the generation is gone, or the timeline differs from the known one:
 *                       read->outdated is set
 *   -CAIRN_DIVERGED     the read model is of another timeline than the log */
int cairn_query_standing(struct cairn_query_read *read, const struct cairn_pg_result *rows,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Records the outcome and the duration of a finished wait. */
void cairn_query_waited(const struct cairn_query_visit *visit, int outcome);

#endif
