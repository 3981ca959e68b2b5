/* http.h - the door for HTTP/1.1: requests in, answers out. The one folder that knows
 * libmicrohttpd.
 *
 *     a connection -> limits -> the route -> the queue -> a worker calls the handler -> the answer
 *
 * The polling threads never wait for anything: a complete request is suspended and put into a
 * bounded queue; one of `workers` threads takes it, calls the route's handler and resumes it with
 * its answer. An eager route spares that way until its handler asks for it. A full queue answers
 * 503 with Retry-After. A handler that cannot answer yet returns CAIRN_HTTP_LATER and is called
 * again after a while, holding no thread; or it gives the request away (CAIRN_HTTP_SUSPENDED) to
 * somebody who knows more later, or to its polling thread's upstream (CAIRN_HTTP_ASKED). An answer
 * may also be a stream, which ends when its handler or its reader says so.
 *
 * Everything that is wrong with a request before its handler sees it is answered here, as
 * problem+json (RFC 9457): malformed 400, unknown path 404, wrong method 405 with Allow, not
 * arrived within the deadline 408, body too large 413, wrong media type 415, headers too large 431.
 * HEAD is answered like GET, without the body. A body on a route that takes none is refused with
 * 400: HTTP gives it no meaning, so its sender expects something that would not happen. A
 * head that two readers could understand in two ways (RFC 9112 section 11.2) is refused, and its
 * connection ends. What is no HTTP at all, or has headers far beyond the limit or by the hundred,
 * is answered by the library, in its own words; a library from 0.9.77 on answers itself what
 * breaks the grammar of lines, too. OPTIONS is answered 204 with Allow, for a path and for `*`.
 *
 * Every answer carries Content-Type, Cache-Control (no-store, unless the handler set its own),
 * X-Content-Type-Options: nosniff, and `traceparent`: the trace of the request with the span that
 * this service made of it, in the format of the request header, so that whoever can read one can
 * read the other.
 *
 * Time: nothing but a handler's own work may take a connection longer than `deadline_us`: waiting
 * for the next request line, the arrival of the request from there on, the leaving of the answer.
 * What is late is cut, however busily it drips. A stream may last; whoever feeds it cuts readers
 * who have stopped reading.
 *
 * Ownership: a request and all it points to lives in its arena until the answer has left; the
 * response may point into that arena or to constants. Threads: a handler is called by one thread
 * at a time for one request, and with that worker's own `worker` pointer. */
#ifndef CAIRN_HTTP_HTTP_H
#define CAIRN_HTTP_HTTP_H

#include "core/arena.h"

#include <cairn/value.h>

#include <poll.h>
#include <stdbool.h>

struct cairn_http_request {
    const char *method;
    const char *path;  /* without the query, as sent */
    const char *route; /* the pattern that matched: for metrics and logs */
    const char *id;    /* the value of {id}, or NULL */
    const char *body;  /* NUL-terminated; "" when there is none */
    size_t body_bytes;
    int64_t received_us;     /* monotonic */
    const char *trace_id;    /* 32 hex digits: from traceparent, else new */
    const char *traceparent; /* to hand on: this trace, with a span id of our own */
    struct cairn_arena *arena;
    void *memo;     /* the handler's own, kept when it is called again */
    void *upstream; /* on a polling thread: what its upstream is to handlers; else NULL */
    void *handle_;  /* the library's */
};

/* Both are NULL if the client did not send it. A header that was sent twice counts as wrong for
 * the headers that Cairn reads: `cairn_http_header_count` tells. */
const char *cairn_http_header(const struct cairn_http_request *request, const char *name);
unsigned cairn_http_header_count(const struct cairn_http_request *request, const char *name);
/* The lines of a header that is a list, as one (RFC 9110 section 5.3); NULL if there is none. */
const char *cairn_http_header_list(const struct cairn_http_request *request, const char *name);
const char *cairn_http_query(const struct cairn_http_request *request, const char *name);

/* Calls `each` for every query parameter, decoded, in the order sent. */
typedef void cairn_http_each(void *context, const char *name, const char *value);
void cairn_http_query_each(const struct cairn_http_request *request, cairn_http_each *each,
                           void *context);

enum { CAIRN_HTTP_HEADERS_MAX = 16 };

struct cairn_http_response {
    int status;
    const char *content_type; /* NULL: application/json */
    const char *body;
    size_t body_bytes;
    struct {
        const char *name;
        const char *value;
    } headers[CAIRN_HTTP_HEADERS_MAX];
    unsigned header_count;
    int64_t again_us; /* with CAIRN_HTTP_LATER: call the handler again after so long */

    /* A body that is not known in advance, where `pull` is set; `body` is not sent then. When it
     * has begun, the request's arena is given back: a stream lasts, and there may be many. */
    struct cairn_http_stream {
        /* Writes at most `room` bytes. Returns how many; 0 for none now: it is called again after
         * cairn_http_wake(); -1 at the end. On a polling thread: must not wait. */
        int64_t (*pull)(void *self, char *ret, size_t room);
        /* The last call, whether the stream ended, failed or was never begun (HEAD). */
        void (*close)(void *self);
        void *self;
    } stream;
};

void cairn_http_set_header(struct cairn_http_response *response, const char *name,
                           const char *value);

/* Fills in an error as problem+json: type, title, status, detail, code, errors, trace_id. 503 and
 * 429 get a Retry-After. `error->reason`, where set, is the code. */
void cairn_http_problem(const struct cairn_http_request *request,
                        struct cairn_http_response *response, const struct cairn_error *error);

enum cairn_http_outcome {
    CAIRN_HTTP_DONE = 1,
    CAIRN_HTTP_LATER,
    CAIRN_HTTP_SUSPENDED,
    CAIRN_HTTP_WORKER, /* of an eager route, without a worker: it is called again with one */
    CAIRN_HTTP_ASKED   /* the same; the thread's upstream has been asked */
};

typedef enum cairn_http_outcome cairn_http_handler(const void *self, void *worker,
                                                   struct cairn_http_request *request,
                                                   struct cairn_http_response *response);

/* A handler that says SUSPENDED has given the request to somebody else, together with the response,
 * and looks at neither any more; no thread waits meanwhile. He calls one of these, once for each
 * SUSPENDED, from any thread, also before the handler has returned and also when the server stops:
 * the handler is called again, also then; or a worker calls it, unless the server stops: then the
 * request is answered 503; or the response is filled in and leaves. */
void cairn_http_resume(struct cairn_http_request *request);
void cairn_http_hand_over(struct cairn_http_request *request);
void cairn_http_answer(struct cairn_http_request *request);

/* What a polling thread asks without waiting, and looks after beside its connections: a database of
 * answers, over a connection that this thread alone has. A handler of an eager route asks it by
 * `request->upstream`, while that is set, and says ASKED; what has come is given to the request, on
 * the same thread, by cairn_http_answer() or cairn_http_hand_over(), also before it has said so.
 * Where the client leaves before, the route's `leave` is called, and its request must not be
 * touched any more. */
struct cairn_http_upstream {
    /* Once for each polling thread, before it starts. Returns 0 or an error. */
    int (*open)(void *context, void **ret, struct cairn_error *error);
    /* When the thread ends, on it. No request waits any more. */
    void (*close)(void *self);
    /* Sends what has been asked, and fills in what to wait for. Returns until when (monotonic), or
     * 0 for ever. */
    int64_t (*prepare)(void *self, struct pollfd *ret);
    /* That has come, or the time is over. Must not wait. */
    void (*go_on)(void *self, short what);
};

/* There is something to pull for a stream; or it is to be cut, as its reader has stopped reading.
 * From any thread, until its `close` was called; never from `pull` or `close`. */
void cairn_http_wake(struct cairn_http_request *request);
void cairn_http_cut(struct cairn_http_request *request);

struct cairn_http_route {
    const char *method;
    const char *pattern; /* "/orders/{id}/ship": at most one {id}; "" segments never match */
    cairn_http_handler *handle;
    const void *self;
    bool takes_body;
    const char *media_type; /* that a body must have; NULL: application/json */
    bool direct;            /* answered on the polling thread, with a NULL worker: must not wait */
    bool vital;             /* has a place, and comes first, however many requests are open */
    /* Called on the polling thread, with a NULL worker, and there again when it is resumed: one
     * that has to wait for something else says CAIRN_HTTP_WORKER. Most requests of most routes that
     * suspend do not need a thread of their own, and waking one costs more than they do. */
    bool eager;
    /* Of an eager route: the client left while its request was suspended, or the upstream was
     * asked. Gives back what the request holds; its handler is not called again. On the polling
     * thread. May be NULL where handlers never say ASKED. */
    void (*leave)(struct cairn_http_request *request);
};

struct cairn_http_options {
    const char *bind; /* IPv4 or IPv6 as text; NULL: "127.0.0.1" */
    int port;         /* 0: any that is free */
    int workers;
    size_t queue_max; /* requests accepted and not yet answered, worked on or waiting, at most */
    size_t body_max_bytes;
    size_t bodies_max_bytes; /* of all that are there or arriving; 0: no limit. Small ones are let
                              * in in any case */
    size_t header_max_bytes;
    int64_t deadline_us; /* for a whole request to arrive */
    int connections_max;
    const struct cairn_http_route *routes; /* borrowed for the server's life */
    size_t route_count;
    /* Each worker thread makes its own context at start and closes it at the end. May be NULL. */
    void *(*worker_open)(void *context);
    void (*worker_close)(void *worker);
    struct cairn_http_upstream upstream; /* zeroed: there is none */
    void *context;
};

struct cairn_http;

/* Listens, and answers from now on. Fails with -CAIRN_CONFIG, naming the address, if the port
 * cannot be had. */
int cairn_http_start(const struct cairn_http_options *options, struct cairn_http **ret,
                     struct cairn_error *error) CAIRN_CHECKED;

/* The port it listens on, also where the options asked for any (0). */
int cairn_http_port(const struct cairn_http *http);

/* Stops taking connections, ends all streams, lets every accepted request finish (for at most
 * `grace_us`, after which those that still wait are answered 503), and frees all. */
void cairn_http_stop(struct cairn_http *http, int64_t grace_us);

#endif
