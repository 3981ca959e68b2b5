/* sse.h - a minimal reader of server-sent events (the HTML standard, section 9.2): one request on
 * its own connection, and its messages one by one.
 *
 * Fails the test if the answer is not HTTP; the end of the stream is a result to check. */
#ifndef SSE_H
#define SSE_H

#include <stdbool.h>
#include <stddef.h>

struct sse {
    int socket;      /* -1: closed */
    int status;      /* of the answer; 0 until received */
    bool ended;      /* closed by the server, or the connection failed */
    char head[1024]; /* of the answer, truncated to fit */
    size_t comments; /* received so far */
    struct sse_text {
        char *bytes;
        size_t count;
        size_t capacity;
    } raw, body;  /* not parsed yet */
    char id[128]; /* the last received, as Last-Event-ID */
};

struct sse_message {
    char event[32]; /* "message" unless stated */
    char id[128];
    char data[8192];
};

/* Sends the request: "GET PATH" with `headers`, lines ended by CRLF, NULL for none. Returns false
 * if there is no listener. */
bool sse_open(struct sse *sse, int port, const char *path, const char *headers);
void sse_close(struct sse *sse);

/* Returns whether a next message came within `ms`. */
bool sse_next(struct sse *sse, struct sse_message *ret, int ms);
/* Returns the next message; fails the test unless it comes within twenty seconds. */
struct sse_message sse_expect(struct sse *sse);

#endif
