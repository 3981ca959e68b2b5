/* query.h - answers GET requests from read models.
 *
 * By key: Redis first, row and checkpoint in one MGET, the stored bytes as they are; PostgreSQL
 * when Redis is away, behind the client's position, or has no such row. Lists: PostgreSQL, with
 * keyset cursors. An answer that has to be at or past a position is waited for without a thread
 * (CAIRN_HTTP_LATER).
 *
 * What a client may send with a GET:
 *
 *     Cairn-Position   "not older than this": the value that a command, or another read, gave
 *     Prefer: wait=N   how many seconds to wait for that, 0 to 30; 2 unless it is said
 *     If-None-Match    an ETag: 304 if that is still what would be answered
 *
 * and what every answer from a read model says:
 *
 *     Cairn-Position   the position that it shows, also where it says 404
 *     ETag             by key "VERSION.GENERATION", which a command takes as If-Match; for lists,
 *                      and for rows that belong to no stream, a weak one which no command takes
 *
 * A request that is waited for in vain gets 503 `not-yet-visible`; its detail says so if the read
 * model has stopped. A position of another timeline gets 412 at once. */
#ifndef CAIRN_QUERY_H
#define CAIRN_QUERY_H

#include "http/http.h"

#include <cairn/resource.h>

/* What a worker thread asks with: its own connections, and what it knows of the read models. */
struct cairn_query_context;

/* Connects lazily; `redis_url` may be NULL or empty: then PostgreSQL answers all. Returns 0, or
 * -CAIRN_CONFIG if a URL makes no sense. */
int cairn_query_open(const char *database_url, const char *redis_url,
                     struct cairn_query_context **ret, struct cairn_error *error) CAIRN_CHECKED;
void cairn_query_close(struct cairn_query_context *context); /* NULL is fine */

/* Holds a resource against its row, once at start: fields exist, kinds can be compared, an index
 * serves the order of a list. Returns 0 or -CAIRN_BUG. */
int cairn_query_check(const struct cairn_resource *resource,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Answers, or asks to be called again; `request->memo` belongs to it. */
enum cairn_http_outcome cairn_query_handle(const struct cairn_resource *resource,
                                           struct cairn_query_context *context,
                                           struct cairn_http_request *request,
                                           struct cairn_http_response *response);

/* Can it answer now? Returns 0 if PostgreSQL answers and every read model of `resources` has a
 * complete generation; the message names what is missing. Redis may be away: that costs speed. */
int cairn_query_ready(const struct cairn_resource *resources, struct cairn_query_context *context,
                      struct cairn_error *error) CAIRN_CHECKED;

#endif
