/* handler.h - URLs that plain functions answer, for what is neither a command nor a read model: a
 * webhook, an admin page, a stand-in for a partner.
 *
 *     static void on_ping(struct cairn_request *request, struct cairn_reply *reply)
 *     {
 *         (void)request;
 *         reply->status = 200;
 *         cairn_reply_print(reply, "{\"pong\":true}");
 *     }
 *
 *     static const struct cairn_route ping_routes[] = {
 *         {.route = "GET /ping", .handle = on_ping, .help = "Whether it is there."},
 *         {0},
 *     };
 *     const struct cairn_service ping_service = {.name = "ping", .port = 8099, .routes =
 * ping_routes};
 *
 * What is wrong with a request before its function sees it (limits, path, method, media type) is
 * answered as everywhere. The function runs on a worker thread and should not wait for long: one
 * that cannot answer yet sets `again_us`, returns, and is called again then, holding no thread.
 *
 * Ownership: a request and what it points to, and all memory taken from it, live until the answer
 * has left. Threads: functions run at once on several threads, one at a time for one request. */
#ifndef CAIRN_HANDLER_H
#define CAIRN_HANDLER_H

#include <cairn/value.h>

struct cairn_request {
    const char *method;
    const char *path; /* as sent, without the query */
    const char *id;   /* the value of {id}, or NULL */
    const char *body; /* ended by a NUL that body_bytes does not count; "" if there is none */
    size_t body_bytes;
    const char *traceparent; /* to hand on: this trace, with a span of our own */
    void *memo;              /* the function's own, kept when it is called again; NULL at first */
    void *handle_;           /* the library's */
};

/* Both are NULL if it was not sent. The query is decoded. */
const char *cairn_request_header(const struct cairn_request *request, const char *name);
const char *cairn_request_query(const struct cairn_request *request, const char *name);

/* Zeroed memory that lives as long as the request; never NULL. */
void *cairn_request_memory(struct cairn_request *request, size_t bytes);

/* Begins zeroed. A function sets `status` or `again_us`. */
struct cairn_reply {
    int status;
    const char *content_type; /* NULL: application/json */
    int64_t again_us;         /* no answer yet: call again after so long */
    void *handle_;            /* the library's */
};

/* Adds to the body: text as it is, or as a JSON string with its quotes. */
void cairn_reply_print(struct cairn_reply *reply, const char *format, ...) CAIRN_PRINTF(2, 3);
void cairn_reply_json(struct cairn_reply *reply, const char *text);

/* Answers an error as problem+json, with the status of its code; nothing may be added after it. */
void cairn_reply_problem(struct cairn_reply *reply, const struct cairn_error *error);

typedef void cairn_handler(struct cairn_request *request, struct cairn_reply *reply);

struct cairn_route {
    const char *route; /* "POST /things/{id}": at most one {id} */
    cairn_handler *handle;
    const char
        *takes; /* the media type of its body; NULL: it takes none, one that is sent is 400 */
    const char *help;
};

#endif
