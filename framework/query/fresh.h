/* fresh.h - read your writes: which position an answer must have reached, and how long to wait. */
#ifndef CAIRN_QUERY_FRESH_H
#define CAIRN_QUERY_FRESH_H

#include "query/read.h"

#include <stdbool.h>

/* Finds wait=N in a Prefer header (RFC 7240; NULL for none). Returns whether it was there. *ret_s
 * is what holds: N, at most 30, or 2 where the client did not say or said what makes no sense: a
 * preference that is not understood is ignored. */
bool cairn_query_prefer_wait(const char *prefer, int64_t *ret_s);

/* Does the client's token name a position that the log has not reached? It is not waited for. */
bool cairn_query_is_future(struct cairn_query_read *read);

/* Sets read->at_least from the client's token, and from the last event that a reader has seen, who
 * must not be shown an older state. Returns 0, -CAIRN_MALFORMED if it is none, or
 * -CAIRN_TIMELINE if it is of another timeline; then the model may be what is outdated. */
int cairn_query_at_least(struct cairn_query_read *read, struct cairn_error *error) CAIRN_CHECKED;

/* Notes that the checkpoint says `position`, and holds it against what the client wants: returns 0
 * or -CAIRN_STALE. `stopped` is why the read model does not go on, or NULL. */
int cairn_query_reached(struct cairn_query_read *read, int64_t position, const char *stopped,
                        struct cairn_error *error) CAIRN_CHECKED;

/* The same for a row of PostgreSQL that begins as sql.h says. Returns also
 *   -CAIRN_UNAVAILABLE  the generation is gone, or the timeline is another one than was known:
 *                       read->outdated is set
 *   -CAIRN_DIVERGED     the read model is of another timeline than the log */
int cairn_query_standing(struct cairn_query_read *read, const struct cairn_pg_result *rows,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Counts a wait that has come to an end. */
void cairn_query_waited(const struct cairn_query_visit *visit, int outcome);

#endif
