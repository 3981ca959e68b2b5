/* loopback.h - HTTP/1.1 messages over sockets of the loopback, as far as a test needs them. */
#ifndef CAIRN_TESTKIT_LOOPBACK_H
#define CAIRN_TESTKIT_LOOPBACK_H

#include "core/containers/arena.h"

#include <cairn/error.h>

#include <stdbool.h>

/* Makes a socket that is bound to a port of 127.0.0.1 and does not listen yet. *port 0: any free
 * one, which it becomes. Returns 0 or -CAIRN_CONFIG. */
int cairn_loopback_bind(int *port, int *ret, struct cairn_error *error) CAIRN_CHECKED;

/* A request or an answer. */
struct cairn_loopback_message {
    const char *head; /* the first line and the headers, each ended by CRLF */
    const char *body; /* ended by a NUL that is not counted */
    size_t body_bytes;
};

/* Receives one message whose body has a Content-Length; without one it has none. `has_body`: false
 * for the answer to HEAD. Returns false if the other side closes before its end, or if it has more
 * than `max` bytes. */
bool cairn_loopback_receive(int socket, size_t max, bool has_body, struct cairn_arena *arena,
                            struct cairn_loopback_message *ret);

/* Returns false if the other side is gone. */
bool cairn_loopback_send(int socket, const void *bytes, size_t count);

/* Connects to a port of 127.0.0.1, sends a request, which asks for the connection to be closed, and
 * receives the answer. Returns its status, or
 *   -CAIRN_UNAVAILABLE  nothing listens there
 *   -CAIRN_UNKNOWN      no complete answer came, or none within a minute
 *   -CAIRN_MALFORMED    the answer is not HTTP/1.1 */
int cairn_loopback_ask(int port, const char *request, bool has_body, struct cairn_arena *arena,
                       struct cairn_loopback_message *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Returns the value of the first header of this name, NULL if there is none. */
const char *cairn_loopback_header(const char *headers, const char *name, struct cairn_arena *arena);

#endif
