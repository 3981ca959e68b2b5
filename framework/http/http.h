/* http.h - the HTTP/1.1 server: receives requests and sends answers. The only folder that uses
 * libmicrohttpd.
 *
 *     a connection -> limits -> the route -> the queue -> a worker calls the handler -> the answer
 *
 * The polling threads never block: a complete request is suspended and put into a bounded queue;
 * one of `workers` threads takes it, calls the route's handler and resumes it with its answer. The
 * handler of an eager route is called on the polling thread until it asks for a worker. A full
 * queue answers 503 with Retry-After. A handler that cannot answer yet returns CAIRN_HTTP_LATER and
 * is called again after a while, holding no thread; or it passes the request to another owner
 * (CAIRN_HTTP_SUSPENDED), or to its polling thread's upstream (CAIRN_HTTP_ASKED). An answer may
 * also be a stream, which ends when its handler or its client ends it.
 *
 * Every error in a request that is found before its handler is called is answered here, as
 * problem+json (RFC 9457): malformed 400, unknown path 404, wrong method 405 with Allow, not
 * arrived within the deadline 408, body too large 413, wrong media type 415, another host 421, more
 * than the client's share 429 (limits/limits.h), headers too large 431.
 * HEAD is answered like GET, without the body. A body on a route that takes none is refused with
 * 400: HTTP gives it no meaning, so its sender expects something that would not happen. A head that
 * two recipients could interpret differently (RFC 9112 section 11.2) is refused, and its connection
 * closed. Data that is not HTTP, or headers far beyond the limit or by the hundred, are answered by
 * the library, with its own text; a library from 0.9.77 on also answers violations of the line
 * grammar itself. OPTIONS is answered 204 with Allow, for a path and for `*`.
 *
 * Every answer carries Content-Type, Cache-Control (no-store, unless the handler set its own),
 * X-Content-Type-Options: nosniff, and `traceparent`: the request's trace with the span that this
 * service created for it, in the format of the request header, so that one parser can read both.
 *
 * Time: only a handler's own work may take longer than `deadline_us`; waiting for the next request
 * line, the arrival of the request from there on, and sending the answer may not. A late connection
 * is cut, even if it still transfers bytes. A stream may last; its producer cuts clients that have
 * stopped reading.
 *
 * Ownership: a request and all it points to lives in its arena until the answer has left; the
 * response may point into that arena or to constants. Threads: a handler is called by one thread at
 * a time for one request, and with that worker's own `worker` pointer. */
#ifndef CAIRN_HTTP_HTTP_H
#define CAIRN_HTTP_HTTP_H

#include "core/containers/arena.h"
#include "telemetry/trace_context.h"

#include <cairn/policy.h>
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
    int64_t received_us;             /* monotonic */
    const char *trace_id;            /* 32 hex digits: from traceparent, else new */
    const char *traceparent;         /* to pass on: this trace, with a new span id */
    struct cairn_trace trace;        /* the same: this trace, with the request's own span */
    uint8_t caller_span[8];          /* zero: the trace begins here */
    const struct cairn_actor *actor; /* the caller, set by the guard; NULL: not authenticated */
    const char *token;               /* its bearer token, likewise */
    struct cairn_arena *arena;
    void *memo;      /* the handler's own, kept between its calls */
    void *upstream;  /* on a polling thread: the upstream's handle, else NULL */
    void *writes;    /* likewise, of what it writes to */
    uint64_t client; /* whose limits it counts for: the caller's, else the address'; 0: not known */
    int64_t retry_after_s; /* for a 429 */
    void *handle_;         /* the library's */
};

/* Header and query values are NULL if the client did not send them. A header that Cairn reads must
 * not be sent twice: check with `cairn_http_header_count`. */
const char *cairn_http_header(const struct cairn_http_request *request, const char *name);
unsigned cairn_http_header_count(const struct cairn_http_request *request, const char *name);
/* Returns all lines of a list header joined into one (RFC 9110 section 5.3); NULL if there is
 * none. */
const char *cairn_http_header_list(const struct cairn_http_request *request, const char *name);
const char *cairn_http_query(const struct cairn_http_request *request, const char *name);

/* Reads the Idempotency-Key as the client sent it, with its quotes: keys are compared, not parsed.
 * NULL: there is none. Returns 0, or -CAIRN_MALFORMED. */
int cairn_http_idempotency_key(const struct cairn_http_request *request, const char **ret,
                               struct cairn_error *error) CAIRN_CHECKED;

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
    int64_t again_us; /* with CAIRN_HTTP_LATER: delay until the next call */

    /* A body that is not known in advance, if `pull` is set; `body` is not sent then. The request's
     * arena is freed when the stream begins: a stream lasts, and there may be many. */
    struct cairn_http_stream {
        /* Writes at most `room` bytes. Returns how many; 0 for none now: it is called again after
         * cairn_http_wake(); -1 at the end. On a polling thread: must not wait. */
        int64_t (*pull)(void *self, char *ret, size_t room);
        /* Called last, whether the stream ended, failed or was never begun (HEAD). */
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
    CAIRN_HTTP_WORKER, /* eager route, on the polling thread: call again on a worker */
    CAIRN_HTTP_ASKED   /* the same, but the thread's upstream has been asked */
};

typedef enum cairn_http_outcome cairn_http_handler(const void *self, void *worker,
                                                   struct cairn_http_request *request,
                                                   struct cairn_http_response *response);

/* A handler that returns SUSPENDED has passed the request and its response to a new owner, and no
 * longer accesses either; no thread waits meanwhile. The new owner calls exactly one of these, once
 * for each SUSPENDED, from any thread, even before the handler has returned and even when the
 * server stops. cairn_http_resume: the handler is called again, even when the server stops.
 * cairn_http_hand_over: a worker calls the handler, or answers 503 if the server stops.
 * cairn_http_answer: the response is filled in and is sent. */
void cairn_http_resume(struct cairn_http_request *request);
void cairn_http_hand_over(struct cairn_http_request *request);
void cairn_http_answer(struct cairn_http_request *request);

/* A data source that a polling thread queries without waiting and serves beside its connections: a
 * database that has the answers, over a connection that only this thread uses. A handler of an
 * eager route queries it through `request->upstream`, if that is set, and returns ASKED; the result
 * is delivered to the request, on the same thread, by cairn_http_answer() or
 * cairn_http_hand_over(), possibly before the handler has returned. If the client disconnects
 * before, the route's `leave` is called, and the request must no longer be accessed.
 *
 * `writes` is another one, that handlers reach through `request->writes`: what a request is
 * suspended for may be done on its polling thread. It resumes the request as any other owner does.
 */
#define CAIRN_HTTP_WATCH INT64_C(1)

struct cairn_http_upstream {
    /* Called once per polling thread, before it starts. Returns 0 or an error. */
    int (*open)(void *context, void **ret, struct cairn_error *error);
    /* Called on the thread when it ends. No request waits any more. */
    void (*close)(void *self);
    /* Sends the pending queries, and fills in the event to wait for. Returns until when
     * (monotonic); 0: no limit; or CAIRN_HTTP_WATCH: the event is expected within microseconds, and
     * the thread does not sleep before it is prepared again. */
    int64_t (*prepare)(void *self, struct pollfd *ret);
    /* Called when the event has occurred or the time is over. Must not wait. */
    void (*go_on)(void *self, short what);
};

/* Decides whether a request is admitted: finds its caller, and compares it with the policy of the
 * route. Asked when the head of a request has arrived, before any of its body is kept. */
struct cairn_http_guard {
    /* On the polling thread; must not wait. Returns 0, having set request->actor or not;
     * CAIRN_HTTP_GUARD_WAITS; or minus a code, with `error`, and headers in the response. With
     * `may_wait` false, WAITS begins nothing, and it is asked again when the request is complete;
     * with true, the request is suspended: cairn_http_resume() makes it be asked again. NULL: all
     * requests are admitted. */
    int (*admit)(void *self, const struct cairn_allow *allow, struct cairn_http_request *request,
                 bool may_wait, struct cairn_http_response *response, struct cairn_error *error);
    void *self;
};
enum { CAIRN_HTTP_GUARD_WAITS = 1 };

/* Wakes a stream that has data to pull, or cuts one whose client has stopped reading. From any
 * thread, until its `close` was called; never from `pull` or `close`. */
void cairn_http_wake(struct cairn_http_request *request);
void cairn_http_cut(struct cairn_http_request *request);

struct cairn_http_route {
    const char *method;
    const char *pattern; /* "/orders/{id}/ship": at most one {id}; "" segments never match */
    cairn_http_handler *handle;
    const void *self;
    const struct cairn_allow *allow; /* for the guard, which is asked; NULL: it is not */
    bool takes_body;
    const char *media_type; /* of the body; NULL: application/json */
    bool any_media_type;    /* the handler looks at the type of the body itself */
    bool direct;            /* answered on the polling thread, with a NULL worker: must not wait */
    bool vital;             /* admitted beyond queue_max, and queued first */
    /* The handler is called on the polling thread, with a NULL worker, and there again when it is
     * resumed: one that has to wait for something else returns CAIRN_HTTP_WORKER. Most requests of
     * most routes that suspend do not need a worker thread, and waking one costs more than they
     * do. */
    bool eager;
    /* Of an eager route: called when the client disconnects while its request is suspended, or the
     * upstream is asked. Releases what the request holds; its handler is not called again. On the
     * polling thread. May be NULL where handlers never return ASKED. */
    void (*leave)(struct cairn_http_request *request);
};

/* Files of TLS, in PEM; all NULL: the listener is plain. */
struct cairn_http_tls {
    const char *cert_file;      /* the certificate, then those between it and its root */
    const char *key_file;       /* its private key, not encrypted */
    const char *client_ca_file; /* not NULL: clients need a certificate of one of these */
};

/* What one client may take, and whom the server answers; zeroed: anything, and anyone. Lists are
 * separated by commas, and borrowed. */
struct cairn_http_limits {
    int64_t address_rate;  /* requests a second of an address; 0: any number */
    int64_t address_burst; /* at once; 0: as many as in a second */
    int64_t caller_rate;   /* the same of an authenticated caller */
    int64_t caller_burst;
    int64_t address_connections; /* open at once; 0: any number */
    bool numbers;                /* clients are numbered: handlers compare request->client */
    const char *proxies;         /* whose X-Forwarded-For is believed: addresses and networks */
    const char *hosts;           /* for other ones in Host the answer is 421; NULL or "": any */
    const char *origins; /* whose scripts may read answers (CORS), or "*"; NULL or "": none */
};

struct cairn_http_options {
    const char *bind;         /* IPv4 or IPv6 as text; NULL: "127.0.0.1" */
    int port;                 /* 0: any free port */
    const char *bind_setting; /* what messages call these two; NULL: "CAIRN_BIND", "PORT" */
    const char *port_setting;
    int workers;
    size_t queue_max; /* maximum of requests accepted and not yet answered, in work or waiting */
    size_t body_max_bytes;
    size_t bodies_max_bytes; /* of all bodies, complete or arriving; 0: no limit. Small ones are
                              * always admitted */
    size_t header_max_bytes;
    int64_t deadline_us; /* for a whole request to arrive */
    int connections_max;
    struct cairn_http_tls tls;
    struct cairn_http_limits limits;
    const struct cairn_http_route *routes; /* borrowed for the server's life */
    size_t route_count;
    /* Each worker thread opens its own context at start and closes it at the end. May be NULL. */
    void *(*worker_open)(void *context);
    void (*worker_close)(void *worker);
    struct cairn_http_upstream upstream; /* zeroed: none */
    struct cairn_http_upstream writes;   /* zeroed: none */
    struct cairn_http_guard guard;       /* likewise */
    void *context;
};

struct cairn_http;

/* Starts to listen and answer. Fails with -CAIRN_CONFIG, naming the address, if the port is not
 * available. */
int cairn_http_start(const struct cairn_http_options *options, struct cairn_http **ret,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Reads the files of TLS again: connections that are opened from now on use them, open ones are not
 * disturbed. Without TLS nothing happens. If it fails, with -CAIRN_CONFIG, nothing has changed. Any
 * thread. */
int cairn_http_reload(struct cairn_http *http, struct cairn_error *error) CAIRN_CHECKED;

/* Returns the port it listens on, also where the options asked for any (0). */
int cairn_http_port(const struct cairn_http *http);

/* Stops accepting connections, ends all streams, lets every accepted request finish (for at most
 * `grace_us`, after which those that still wait are answered 503), and frees everything. */
void cairn_http_stop(struct cairn_http *http, int64_t grace_us);

#endif
