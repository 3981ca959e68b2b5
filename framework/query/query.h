/* query.h - answers GET requests from read models.
 *
 * By key: Redis first, row and checkpoint in one MGET, the stored bytes unchanged; PostgreSQL if
 * Redis is unavailable, is behind the client's position, or has no such row. Lists: PostgreSQL,
 * with keyset cursors. An answer that must be at or past a position is waited for without a thread.
 *
 * What a client may send with a GET:
 *
 *     Cairn-Position   "not older than this": the value that a command or another read returned
 *     Prefer: wait=N   how many seconds to wait for that, 0 to 30; default 2
 *     If-None-Match    an ETag: 304 if the answer would be the same
 *     Accept           text/event-stream: see below
 *
 * and the headers of every answer from a read model:
 *
 *     Cairn-Position   the position that it shows, also with a 404
 *     ETag             by key "VERSION.GENERATION", which a command accepts as If-Match; for
 *                      lists, and for rows of no single stream, a weak one that no command accepts
 *
 * A wait that times out gets 503 `not-yet-visible`; its detail says so if the read model has
 * stopped. A position of another timeline gets 412 at once.
 *
 * A row as a stream of events (the HTML standard, "Server-sent events"): the current row, then the
 * row after each change. Each message has the row's JSON as data and an id that names the state; a
 * deleted row is an event `deleted`, whose data is {}, and the stream continues. For a slow client
 * changes are merged: it always gets the newest state, and in the end the last one. A client that
 * reconnects with Last-Event-ID is sent nothing until something has changed since; one that asks
 * for a row that does not exist gets 404, unless the row was deleted since that id. Between changes
 * comments serve as heartbeats.
 *
 * A page of a list works the same way: it is sent whole whenever its content differs, with the
 * filters, limit and cursor of the request. It is read at most ten times a second, so changes in
 * quick succession are merged.
 *
 * Streams continue while PostgreSQL is unavailable or restarts, and when another generation of the
 * read model is shown: rows and pages that differ are sent. They end when the server stops. */
#ifndef CAIRN_QUERY_QUERY_H
#define CAIRN_QUERY_QUERY_H

#include "http/http.h"

#include <cairn/resource.h>

struct cairn_query_options {
    const char *database_url;   /* borrowed, like all members, until the side is closed */
    const char *redis_url;      /* may be NULL or empty: PostgreSQL then answers everything */
    const char *cursor_secret;  /* key that signs cursors; NULL or empty: the store's id, which
                                * replicas share; clients see its first 8 digits only */
    int64_t streams_max;        /* open streams; beyond it 503 */
    int64_t client_streams_max; /* of one client; beyond it 429; 0: any number */
    int64_t pages_max;          /* different pages that they follow; beyond it 503 */
    int64_t waiting_max;        /* reads that wait for a position; beyond it 503 at once */
    int64_t client_waiting_max; /* of one client; 0: any number */
    int64_t heartbeat_us;       /* between two heartbeats on an idle stream */
    const struct cairn_resource *const *resources; /* tables, terminated by NULL */
};

/* State shared by the threads of the query side: the known read models, the waiting reads and the
 * open streams. Three threads, three database connections. */
struct cairn_query_engine;

/* Connects lazily. Returns 0, or -CAIRN_CONFIG if a URL is invalid or no more threads can
 * be created. */
int cairn_query_engine_open(const struct cairn_query_options *options,
                            struct cairn_query_engine **ret,
                            struct cairn_error *error) CAIRN_CHECKED;
/* Answers waiting requests at once and stops accepting streams. Call it before the server is
 * stopped. NULL is fine. */
void cairn_query_engine_stop(struct cairn_query_engine *engine);
/* Call it after the server was stopped and the contexts closed. NULL is fine. */
void cairn_query_engine_close(struct cairn_query_engine *engine);

/* A worker thread's context: its own connection, connected lazily. */
struct cairn_query_context;
int cairn_query_open(struct cairn_query_engine *engine, struct cairn_query_context **ret,
                     struct cairn_error *error) CAIRN_CHECKED;
void cairn_query_close(struct cairn_query_context *context); /* NULL is fine */

/* A polling thread's connection to Redis; `open` takes the side as its context. There is none if
 * the options name no Redis. */
extern const struct cairn_http_upstream cairn_query_upstream;

/* Checks a resource against its row type, once at startup: fields exist, kinds can be compared, an
 * index serves the order of a list. Returns 0 or -CAIRN_BUG. */
int cairn_query_check(const struct cairn_resource *resource,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Returns where a list of resources is, or NULL: only CAIRN_RESOURCES says so. */
const char *cairn_resources_at(const struct cairn_resource *resources);

/* Answers, or asks to be called again; `request->memo` is reserved for it. Without a context it
 * never waits: whatever needs PostgreSQL is passed to a worker. For `eager` routes. */
enum cairn_http_outcome cairn_query_handle(const struct cairn_resource *resource,
                                           struct cairn_query_engine *engine,
                                           struct cairn_query_context *context,
                                           struct cairn_http_request *request,
                                           struct cairn_http_response *response);

/* The same for GET /orders/{id}/why: the events that made the row (history/why.h). */
enum cairn_http_outcome cairn_query_handle_why(const struct cairn_resource *resource,
                                               struct cairn_query_engine *engine,
                                               struct cairn_query_context *context,
                                               struct cairn_http_request *request,
                                               struct cairn_http_response *response);

/* The `leave` of such a route: the client has disconnected. */
void cairn_query_leave(struct cairn_http_request *request);

/* Returns whether rows by key can be answered from Redis while PostgreSQL is unavailable. */
bool cairn_query_serves_copies(const struct cairn_resource *resources,
                               const struct cairn_query_context *context);

/* Checks readiness. Returns 0 if PostgreSQL answers and every read model of `resources` has a
 * complete generation; the message names what is missing. Redis is not required. */
int cairn_query_ready(const struct cairn_resource *resources, struct cairn_query_context *context,
                      struct cairn_error *error) CAIRN_CHECKED;

#endif
