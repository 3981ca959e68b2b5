/* wire.h - a connection for sending what no ordinary client would: partial requests, two at once, a
 * byte at a time. Every wait is at most ten seconds and then fails the test. */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
    int socket;
    char *bytes; /* read but not consumed yet */
    size_t count;
    size_t capacity;
};

struct wire_answer {
    int status;
    char head[4096];
    char body[8192]; /* truncated to fit */
    size_t body_bytes;
};

struct wire wire_open(int port);
void wire_close(struct wire *wire);
void wire_send(struct wire *wire, const char *text);
void wire_send_bytes(struct wire *wire, const void *bytes, size_t count);
/* Returns whether the text could be sent, the other side still being connected. */
bool wire_try_send(struct wire *wire, const char *text);

/* Reads one answer; the one to HEAD has no body. */
struct wire_answer wire_read(struct wire *wire);
struct wire_answer wire_read_head(struct wire *wire);
/* Reads until the other side closes, and discards the data. */
void wire_read_end(struct wire *wire);
/* Returns whether there is data to read, or the end, within `ms`. */
bool wire_readable(const struct wire *wire, int ms);

/* Sends one request on its own connection. `head` is the request line and headers, each ended by
 * CRLF; Host and Content-Length are added. */
struct wire_answer wire_ask(int port, const char *head, const char *body);

/* Sends GET /WHAT/NUMBER on its own connection, without reading the answer. */
struct wire wire_get(int port, const char *what, int number);

/* Returns whether the HTTP server of this process has no open request, for wire_until(). */
bool wire_none_is_open(void *context);

/* Returns the value of an answer's header, "" if it has none. Valid until the next call. */
const char *wire_header(const struct wire_answer *answer, const char *name);

/* Waits until `holds` returns true; fails the test after ten seconds. */
void wire_until(bool (*holds)(void *context), void *context);

#endif
