/* http_client.h - a small blocking HTTP/1.1 client for tests, over a plain socket.
 *
 *     struct http_reply reply;
 *     if (http_send(port, "GET", "/healthz", NULL, NULL, 0, &reply, 5000) == 0)
 *         assert_int_equal(reply.status, 200);
 *     http_reply_free(&reply);
 *
 * It never fails a test by itself: an unreachable process is a result to check. Every call returns
 * by its deadline. All connections are to 127.0.0.1.
 *
 * Ownership: a call fills the reply whatever it held before, and leaves it empty on failure; the
 * caller frees it either way. Threads: any thread may call; a connection belongs to one at a
 * time. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

/* Returned by a call if there is no complete reply. */
enum http_failure {
    HTTP_AWAY = -1,    /* no listener: the request was not sent */
    HTTP_CUT = -2,     /* the connection closed first: the request may have been executed */
    HTTP_LATE = -3,    /* no complete reply within the time: the same */
    HTTP_GARBLED = -4, /* the reply is not HTTP, or larger than 64 MiB */
};

struct http_reply {
    int status;
    char *headers; /* status line and headers, as received, ended by NUL */
    char *body;    /* never NULL after success; ended by a NUL that body_bytes does not count */
    size_t body_bytes;
};

/* Sends one request on its own connection. `headers` are lines that each end with CRLF, NULL for
 * none; Host, Connection and, with a body or a method that has one, Content-Length are added; the
 * caller adds a Content-Type. Returns 0 or an http_failure. */
int http_send(int port, const char *method, const char *path, const char *headers, const void *body,
              size_t body_bytes, struct http_reply *reply, int timeout_ms);

/* Sends these bytes, however malformed, and reads one reply, for at most ten seconds. */
int http_raw(int port, const void *bytes, size_t count, struct http_reply *reply);

/* A connection for several requests, one after the other. After a failure, or a reply with
 * "Connection: close", it is closed, and further requests return HTTP_CUT. */
struct http_connection {
    int socket; /* -1: closed */
    int port;
};

int http_open(struct http_connection *ret, int port, int timeout_ms);
int http_ask(struct http_connection *connection, const char *method, const char *path,
             const char *headers, const void *body, size_t body_bytes, struct http_reply *reply,
             int timeout_ms);
void http_close(struct http_connection *connection);

/* Copies the value of the first header of this name, case-insensitive. Returns whether there is
 * one; `ret` is "" if not, and truncated to its size. */
bool http_header(const struct http_reply *reply, const char *name, char *ret, size_t size);

/* Frees the reply's contents and empties it; harmless on an empty one. */
void http_reply_free(struct http_reply *reply);

#endif
