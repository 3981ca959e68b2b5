/* poller.h - the polling threads: each serves its own connections, and its upstreams, in one loop.
 *
 *     the library's turn: input is read, handlers of eager routes are called, answers are sent
 *     the upstreams': the handlers' queries are sent
 *     wait: for either, for a new connection from the acceptor, for a resumed connection
 *     the upstreams': their results are answered, with the library's next turn
 *
 * The library could run its own threads. But then an answer that has to be fetched comes from
 * another thread, with two hand-overs per request, and a waiting connection is removed from epoll
 * and added again: docs/decisions/0019.
 *
 * A request that waits for its thread's upstream (CAIRN_HTTP_ASKED) is not suspended: the library
 * calls it again in each of its turns and is told that there is nothing yet, until there is.
 *
 * Threads: cairn_pollers_add() from the acceptor's; cairn_poller_resume() from any; all else from
 * the one that starts and stops them. */
#ifndef CAIRN_HTTP_POLLER_H
#define CAIRN_HTTP_POLLER_H

#include "http/exchange.h"

#include <netinet/in.h>

struct cairn_poller;
struct cairn_pollers;

/* Starts the threads, each with a daemon of the library that `start` creates: its `context` is the
 * poller. Returns 0 or -CAIRN_CONFIG. */
int cairn_pollers_start(struct cairn_http *http, int count,
                        struct MHD_Daemon *(*start)(struct cairn_poller *poller),
                        struct cairn_pollers **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Stops the threads and closes all connections; none may be suspended. NULL is fine. */
void cairn_pollers_stop(struct cairn_pollers *pollers);

/* Passes an accepted socket to the next polling thread. */
void cairn_pollers_add(struct cairn_pollers *pollers, int socket,
                       const struct sockaddr_storage *address, socklen_t length);

struct cairn_http *cairn_poller_http(const struct cairn_poller *poller);

/* Resumes a suspended connection. The exchange may be freed by the time this returns. */
void cairn_poller_resume(struct cairn_exchange *exchange);

/* ---- on the poller's own thread ---- */

/* Return the upstreams' handles for handlers, or NULL. */
void *cairn_poller_upstream(const struct cairn_poller *poller);
void *cairn_poller_writes(const struct cairn_poller *poller);

/* Adds `more`, 1 or -1, to the number of requests that wait for the upstream. */
void cairn_poller_asked(struct cairn_poller *poller, int more);

/* Record that the library has opened a connection, or has passed something on. */
void cairn_poller_opened(struct cairn_poller *poller);
void cairn_poller_moved(struct cairn_poller *poller);

/* Return the list of chunked bodies on its connections, and of requests with incomplete headers. */
struct cairn_stalled_bodies *cairn_poller_stalls(struct cairn_poller *poller);
struct cairn_heads *cairn_poller_heads(struct cairn_poller *poller);

#endif
