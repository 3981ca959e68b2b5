/* poller.h - the polling threads: each has connections of its own, and looks after them, and after
 * one upstream, in one loop.
 *
 *     the library's turn: what has come is read, handlers of eager routes are called, answers leave
 *     the upstream's: what the handlers have asked is sent
 *     wait: for either, for the gate that brings a connection, for whoever resumes one
 *     the upstream's: what has come is answered, with the library's next turn
 *
 * The library could run threads of its own. But then an answer that has to be fetched comes by
 * another thread, with two hand-overs a request, and a connection that waits is taken out of epoll
 * and put back: docs/decisions/0019.
 *
 * A request that waits for its thread's upstream (CAIRN_HTTP_ASKED) is not suspended: the library
 * calls it again with each of its turns and is told that there is nothing yet, until there is.
 *
 * Threads: any may add and resume; all else is for the one that opens and stops them. */
#ifndef CAIRN_HTTP_POLLER_H
#define CAIRN_HTTP_POLLER_H

#include "http/exchange.h"

#include <netinet/in.h>

struct cairn_poller;
struct cairn_pollers;

/* Starts them, each with a daemon of the library's that `start` makes: its `context` is the poller.
 * Returns 0 or -CAIRN_CONFIG. */
int cairn_pollers_start(struct cairn_http *http, int count,
                        struct MHD_Daemon *(*start)(struct cairn_poller *poller),
                        struct cairn_pollers **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Ends them and all connections; none may be suspended. NULL is fine. */
void cairn_pollers_stop(struct cairn_pollers *pollers);

/* Gives a socket that was accepted to the next of them. */
void cairn_pollers_add(struct cairn_pollers *pollers, int socket,
                       const struct sockaddr_storage *address, socklen_t length);

struct cairn_http *cairn_poller_http(const struct cairn_poller *poller);

/* Resumes a suspended connection. The exchange may be gone then. */
void cairn_poller_resume(struct cairn_exchange *exchange);

/* ---- on its own thread ---- */

/* What the upstream is for its users, or NULL. */
void *cairn_poller_upstream(const struct cairn_poller *poller);

/* One request more, or less, waits for the upstream. */
void cairn_poller_asked(struct cairn_poller *poller, int more);

/* The library has opened a connection; it has passed something on. */
void cairn_poller_opened(struct cairn_poller *poller);
void cairn_poller_moved(struct cairn_poller *poller);

/* Bodies in chunks on its connections, and requests whose headers are not complete. */
struct cairn_stalls *cairn_poller_stalls(struct cairn_poller *poller);
struct cairn_heads *cairn_poller_heads(struct cairn_poller *poller);

#endif
