/* sse.h - a reader of server-sent events (the HTML standard, section 9.2), as simple as can be: a
 * request on a connection of its own, and its messages one by one.
 *
 * Fails the test when the server speaks no HTTP; that the stream ends is something to see. */
#ifndef SSE_H
#define SSE_H

#include <stdbool.h>
#include <stddef.h>

struct sse {
    int socket;      /* -1: closed */
    int status;      /* of the answer; 0 until it has come */
    bool ended;      /* by the server, or because it has gone */
    char head[1024]; /* of the answer, as much as fits */
    size_t comments; /* that have come */
    struct sse_text {
        char *bytes;
        size_t count;
        size_t capacity;
    } raw, body;  /* that have not been looked at */
    char id[128]; /* the last that came, as Last-Event-ID */
};

struct sse_message {
    char event[32]; /* "message" unless it says so */
    char id[128];
    char data[8192];
};

/* Sends the request: "GET PATH" with `headers`, lines ended by CRLF, NULL for none. Returns false
 * if nobody listens. */
bool sse_open(struct sse *sse, int port, const char *path, const char *headers);
void sse_close(struct sse *sse);

/* The next message, if one comes within so long. */
bool sse_next(struct sse *sse, struct sse_message *ret, int ms);
/* The same, and it has to come: within twenty seconds. */
struct sse_message sse_expect(struct sse *sse);

#endif
