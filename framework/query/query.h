/* query.h - answers GET requests from read models.
 *
 * By key: Redis first, row and checkpoint in one MGET, the stored bytes as they are; PostgreSQL
 * when Redis is away, behind the client's position, or has no such row. Lists: PostgreSQL, with
 * keyset cursors. An answer that has to be at or past a position is waited for without a thread.
 *
 * What a client may send with a GET:
 *
 *     Cairn-Position   "not older than this": the value that a command, or another read, gave
 *     Prefer: wait=N   how many seconds to wait for that, 0 to 30; 2 unless it is said
 *     If-None-Match    an ETag: 304 if that is still what would be answered
 *     Accept           text/event-stream: see below
 *
 * and what every answer from a read model says:
 *
 *     Cairn-Position   the position that it shows, also where it says 404
 *     ETag             by key "VERSION.GENERATION", which a command takes as If-Match; for lists,
 *                      and for rows that belong to no stream, a weak one which no command takes
 *
 * A request that is waited for in vain gets 503 `not-yet-visible`; its detail says so if the read
 * model has stopped. A position of another timeline gets 412 at once.
 *
 * A row as a stream of events (the HTML standard, "Server-sent events"): the row as it is, then
 * each time it has changed. Each message has the row's JSON as data and an id that says what it
 * shows; a row that was deleted is an event `deleted`, whose data is {}, and the stream goes on. A
 * reader who is slow gets the changes merged: always the newest state, at last the last one. One
 * who comes back with Last-Event-ID is sent nothing until something has changed since; one who
 * comes to a row that there is not gets 404, unless it has been deleted since that id. Between
 * changes a comment shows that the stream lives.
 *
 * A page of a list in the same way, whole each time it shows something else: with filters, limit
 * and cursor as they were asked. It is looked at ten times a second at most, so changes that come
 * closer are merged.
 *
 * Streams go on while PostgreSQL is away or restarts, and when another generation of the read model
 * is shown: rows and pages that are not the same in it are sent. They end when the server stops. */
#ifndef CAIRN_QUERY_QUERY_H
#define CAIRN_QUERY_QUERY_H

#include "http/http.h"

#include <cairn/resource.h>

struct cairn_query_options {
    const char *database_url;  /* borrowed, as all here, until the side is closed */
    const char *redis_url;     /* may be NULL or empty: then PostgreSQL answers all */
    const char *cursor_secret; /* what cursors are signed with; NULL or empty: made of the store's
                                * id, which replicas share and clients are not told */
    int64_t streams_max;       /* open at once; beyond it 503 */
    int64_t pages_max;         /* different pages that they follow at once; beyond it 503 */
    int64_t waiting_max;       /* reads that wait for a position at once; others are told at once */
    int64_t heartbeat_us;      /* between two signs of life on a stream that has nothing to say */
    const struct cairn_resource *const *resources; /* tables, ended by NULL */
};

/* What the query side of a process shares: what is known of the read models, the waiting reads
 * and the open streams. Three threads, three database connections. */
struct cairn_query_side;

/* Connects lazily. Returns 0, or -CAIRN_CONFIG if a URL makes no sense or there can be no more
 * threads. */
int cairn_query_side_open(const struct cairn_query_options *options, struct cairn_query_side **ret,
                          struct cairn_error *error) CAIRN_CHECKED;
/* Whoever waits is answered now, streams end. Before the server is stopped. NULL is fine. */
void cairn_query_side_stop(struct cairn_query_side *side);
/* After the server was stopped and the contexts closed. NULL is fine. */
void cairn_query_side_close(struct cairn_query_side *side);

/* What a worker thread asks with: its own connection, connected lazily. */
struct cairn_query_context;
int cairn_query_open(struct cairn_query_side *side, struct cairn_query_context **ret,
                     struct cairn_error *error) CAIRN_CHECKED;
void cairn_query_close(struct cairn_query_context *context); /* NULL is fine */

/* What a polling thread asks Redis with; `open` wants the side as its context. It has none where
 * the options name none. */
extern const struct cairn_http_upstream cairn_query_upstream;

/* Holds a resource against its row, once at start: fields exist, kinds can be compared, an index
 * serves the order of a list. Returns 0 or -CAIRN_BUG. */
int cairn_query_check(const struct cairn_resource *resource,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Answers, or asks to be called again; `request->memo` belongs to it. Without a context it never
 * waits: what takes PostgreSQL it leaves to a worker. For routes that are `eager`. */
enum cairn_http_outcome cairn_query_handle(const struct cairn_resource *resource,
                                           struct cairn_query_side *side,
                                           struct cairn_query_context *context,
                                           struct cairn_http_request *request,
                                           struct cairn_http_response *response);

/* The client has left: the `leave` of such a route. */
void cairn_query_leave(struct cairn_http_request *request);

/* While PostgreSQL is away: are rows by key answered from Redis all the same? */
bool cairn_query_serves_copies(const struct cairn_resource *resources,
                               const struct cairn_query_context *context);

/* Can it answer now? Returns 0 if PostgreSQL answers and every read model of `resources` has a
 * complete generation; the message names what is missing. Redis may be away: that costs speed. */
int cairn_query_ready(const struct cairn_resource *resources, struct cairn_query_context *context,
                      struct cairn_error *error) CAIRN_CHECKED;

#endif
