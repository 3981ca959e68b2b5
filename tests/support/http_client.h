/* http_client.h - a small blocking HTTP/1.1 client for tests, over a socket and nothing else.
 *
 *     struct http_reply reply;
 *     if (http_send(port, "GET", "/healthz", NULL, NULL, 0, &reply, 5000) == 0)
 *         assert_int_equal(reply.status, 200);
 *     http_reply_free(&reply);
 *
 * It never fails a test by itself: a process that is away is something to see. Every call ends by
 * its deadline. All talk is with 127.0.0.1.
 *
 * Ownership: a call fills the reply whatever it held before, and leaves it empty on failure; the
 * caller frees it either way. Threads: all may call; a connection belongs to one at a time. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

/* What a call returns if there is no whole reply. */
enum http_failure {
    HTTP_AWAY = -1,    /* nobody listens: the request was not sent */
    HTTP_CUT = -2,     /* the connection ended first: the request may have been carried out */
    HTTP_LATE = -3,    /* no whole reply within the time: the same */
    HTTP_GARBLED = -4, /* what came is no HTTP, or larger than 64 MiB */
};

struct http_reply {
    int status;
    char *headers; /* status line and headers, as they came, ended by NUL */
    char *body;    /* never NULL after success; ended by a NUL that body_bytes does not count */
    size_t body_bytes;
};

/* One request on a connection of its own. `headers` are lines that each end with CRLF, NULL for
 * none; Host, Connection and, with a body or a method that has one, Content-Length are added: a
 * Content-Type is the caller's to say. Returns 0 or an http_failure. */
int http_send(int port, const char *method, const char *path, const char *headers, const void *body,
              size_t body_bytes, struct http_reply *reply, int timeout_ms);

/* Sends these bytes, as wrong as they are, and reads one reply, for at most ten seconds. */
int http_raw(int port, const void *bytes, size_t count, struct http_reply *reply);

/* A connection for many requests, one after the other. After a failure, or a reply that says
 * "Connection: close", it is closed, and asking again gives HTTP_CUT. */
struct http_connection {
    int socket; /* -1: closed */
    int port;
};

int http_open(struct http_connection *ret, int port, int timeout_ms);
int http_ask(struct http_connection *connection, const char *method, const char *path,
             const char *headers, const void *body, size_t body_bytes, struct http_reply *reply,
             int timeout_ms);
void http_close(struct http_connection *connection);

/* The value of the first header of this name, in any case. Returns whether there is one; `ret` is
 * "" if not, and cut to its size. */
bool http_header(const struct http_reply *reply, const char *name, char *ret, size_t size);

/* Frees what the reply holds and empties it; harmless on an empty one. */
void http_reply_free(struct http_reply *reply);

#endif
