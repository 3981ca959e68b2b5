/* acceptor.h - accepts connections and lingers on refused ones.
 *
 * One thread accepts connections and hands them to the polling threads, in turn; cuts overdue ones
 * (client_connection.h); and lingers on connections that were refused while the client was still
 * sending: it discards the client's data for a moment, since closing at once would reset the
 * connection and lose the answer that says why.
 *
 * The library could accept connections itself, but then all its daemons would share one listening
 * socket, and one of them would get nearly all connections; and its way to stop accepting
 * (MHD_quiesce_daemon) may abort the process in 0.9.75 when it meets a polling thread.
 *
 * Threads: cairn_acceptor_linger() from any; all else from the one that opened it. */
#ifndef CAIRN_HTTP_ACCEPTOR_H
#define CAIRN_HTTP_ACCEPTOR_H

#include "http/connection/client_connection.h"

#include <cairn/error.h>

struct cairn_http_options;
struct cairn_pollers;
struct cairn_acceptor;

/* Opens a listening socket on the address and port of the options. `ret_port` is the port it got.
 * Returns the socket, or -CAIRN_CONFIG, with the setting to change. */
int cairn_acceptor_listen(const struct cairn_http_options *options, int *ret_port,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Takes ownership of the listening socket, even on failure. Returns 0 or -CAIRN_CONFIG. */
int cairn_acceptor_open(int listener, struct cairn_pollers *pollers,
                        struct cairn_connections *connections, struct cairn_acceptor **ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Stops accepting; after it returns no more connections are handed over. */
void cairn_acceptor_shut(struct cairn_acceptor *acceptor);

void cairn_acceptor_close(struct cairn_acceptor *acceptor);

/* Keeps a connection that the library is about to close open for a moment. */
void cairn_acceptor_linger(struct cairn_acceptor *acceptor, int socket);

#endif
