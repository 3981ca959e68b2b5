/* handler.h - routes answered by plain functions, for requests that are neither commands nor reads
 * of a read model: a webhook, an admin page, a stand-in for a partner.
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
 * Errors of a request that precede the call of its function (limits, path, method, media type) are
 * answered as on every other route. The function runs on a worker thread and should not block for
 * long: a function that cannot answer yet sets `again_us`, returns, and is called again after that
 * time; meanwhile it occupies no thread.
 *
 * Ownership: a request, what it points to, and all memory allocated from it live until the answer
 * has been sent. Threads: functions run concurrently on several threads, one call at a time for one
 * request. */
#ifndef CAIRN_HANDLER_H
#define CAIRN_HANDLER_H

#include <cairn/memory.h>
#include <cairn/policy.h>
#include <cairn/value.h>

CAIRN_BEGIN_C

struct cairn_request {
    const char *method;
    const char *path; /* as sent, without the query */
    const char *id;   /* the value of {id}, or NULL */
    const char *body; /* ended by a NUL that body_bytes does not count; "" if there is none */
    size_t body_bytes;
    const char *traceparent;   /* to pass on: this trace, with a span of this service */
    struct cairn_actor actor;  /* the caller; zeroed if not authenticated */
    struct cairn_arena *arena; /* memory.h: what is allocated here lives as long as the request */
    void *memo;    /* for the function's own use, kept across its calls; NULL at first */
    void *handle_; /* private to the library */
};

/* Return the value of a header or a decoded query parameter, or NULL if it was not sent. */
const char *cairn_request_header(const struct cairn_request *request, const char *name);
const char *cairn_request_query(const struct cairn_request *request, const char *name);

/* Returns zeroed memory that lives as long as the request; never NULL. */
void *cairn_request_memory(struct cairn_request *request, size_t bytes);

/* The answer, zeroed at first. A function sets `status` or `again_us`. */
struct cairn_reply {
    int status;
    const char *content_type; /* NULL: application/json */
    int64_t again_us;         /* no answer yet: call again after this time */
    void *handle_;            /* private to the library */
};

/* Append text to the body: as it is, or as a JSON string with its quotes. */
void cairn_reply_print(struct cairn_reply *reply, const char *format, ...) CAIRN_PRINTF(2, 3);
void cairn_reply_json(struct cairn_reply *reply, const char *text);

/* Sets a header of the answer, in place of one of the same name; `value` is borrowed until the
 * answer was sent. At most ten. */
void cairn_reply_header(struct cairn_reply *reply, const char *name, const char *value);

/* Answers an error as problem+json, with the status of its code; nothing may be added after it. */
void cairn_reply_problem(struct cairn_reply *reply, const struct cairn_error *error);

typedef void cairn_handler(struct cairn_request *request, struct cairn_reply *reply);

struct cairn_route {
    const char *route; /* "POST /things/{id}": at most one {id} */
    cairn_handler *handle;
    const char
        *takes; /* the media type of its body; NULL: a request with a body is answered with 400 */
    struct cairn_allow allow; /* its policy (policy.h); not CAIRN_OWNER, which the function
                                 compares itself, by `request->actor` */
    const char *help;
};

CAIRN_END_C

#endif
