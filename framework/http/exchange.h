/* exchange.h - the state of one request and its answer in the server. Private to http/.
 *
 *     state      owner              what happens                                  next
 *     OPENED     polling thread     the request line is there (server.c)          ARRIVING
 *     ARRIVING   polling thread     headers are checked against the rules, the
 *                                   body is collected (request.c)                 WORKING, ANSWERED
 *     WORKING    a worker           the connection is suspended (worker.c)        ANSWERED
 *                polling thread     where the route is eager; also while it waits
 *                                   for the thread's upstream (server.c)          ANSWERED
 *     ANSWERED   polling thread     the answer leaves (http_answer.c, body_stream.c)        freed
 *     CUT        polling thread     sent bypassing the library, which closes      freed
 *
 * Suspending and resuming the connection transfers ownership of the exchange: before suspension and
 * after resumption it belongs to the polling thread, in between to the workers, never to both. */
#ifndef CAIRN_HTTP_EXCHANGE_H
#define CAIRN_HTTP_EXCHANGE_H

#include "http/http.h"
#include "http/limits/buckets.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum cairn_step {
    CAIRN_STEP_OPENED = 1,
    CAIRN_STEP_ARRIVING,
    CAIRN_STEP_WORKING,
    CAIRN_STEP_ANSWERED,
    CAIRN_STEP_CUT
};

struct cairn_parameter {
    const char *name;
    const char *value;
};

struct cairn_exchange {
    struct cairn_http_request request;
    struct cairn_http_response response;
    struct cairn_arena arena;
    struct cairn_http *http;
    struct cairn_poller *poller; /* owns the connection */
    struct MHD_Connection *wire;
    struct cairn_connection *connection;
    enum cairn_step step;
    const struct cairn_http_route *route; /* NULL: unknown */
    const char *label;                    /* the route's, for metrics: "GET /orders/{id}" */
    struct cairn_error *refusal;          /* why no handler is called, or NULL */
    char *body;                           /* on the heap: it grows */
    size_t body_capacity;
    size_t target_bytes;                /* length of the target in the request line, as sent */
    size_t body_counted;                /* its part of cairn_http.bodies_bytes */
    struct cairn_parameter *parameters; /* the query's, decoded */
    size_t parameter_count;
    struct cairn_exchange *next; /* worker.c: next in its list */
    int64_t due_us;
    struct {
        const char *by; /* what it was counted by: "address", "caller"; NULL: it was not */
        struct cairn_quota left;
    } quota;
    const char *origin;                /* of the script that asks, where CORS is on; or NULL */
    bool placed;                       /* holds a worker place */
    bool admitted;                     /* by the guard */
    bool deferred;                     /* its handler was called and returned LATER */
    atomic_int suspension;             /* enum cairn_suspension */
    struct {                           /* refused_request.c: headers not complete */
        struct cairn_exchange *before; /* in its polling thread's list */
        struct cairn_exchange *after;
        bool listed;
    } head;
    struct {                           /* stalled_body.c: a body arriving in chunks */
        struct cairn_exchange *before; /* in its polling thread's list */
        struct cairn_exchange *after;
        bool listed;
        int64_t unread_us; /* monotonic: unread bytes since then; 0: none */
    } chunks;
    struct {                           /* body_stream.c: a stream that was begun */
        struct cairn_exchange *before; /* in the list of all streams */
        struct cairn_exchange *after;
        bool listed;
        bool resting; /* nothing to pull: the connection is suspended */
        bool woken;
    } flow;
};

/* A handler returns SUSPENDED, and the request's new owner decides how it continues, in either
 * order: the second of the two moves the request on, the first only records its state. */
enum cairn_suspension {
    CAIRN_RUNNING,
    CAIRN_ASKED, /* not suspended: its polling thread waits for the upstream */
    CAIRN_SUSPENDED,
    CAIRN_RESUMED, /* the handler is to be called again */
    CAIRN_HANDED,  /* a worker is to call the handler */
    CAIRN_REPLIED, /* the answer is ready */
};

enum { CAIRN_SPARES_MAX = 64 };

/* Arenas of answered requests, reused for later ones: blocks of this size are expensive to
 * allocate. */
struct cairn_spares {
    pthread_mutex_t lock;
    size_t count;
    struct cairn_arena arenas[CAIRN_SPARES_MAX];
};

/* State that all exchanges of one server share. */
struct cairn_http {
    struct cairn_http_options options;
    const char **labels; /* one per route */
    struct cairn_connections *connections;
    struct cairn_workers *workers;
    struct cairn_acceptor *acceptor;
    struct cairn_tls *tls; /* NULL: plain */
    struct cairn_limiter *limiter;
    struct cairn_streams *streams;
    struct cairn_pollers *pollers;
    struct cairn_arena arena;
    struct cairn_spares spares;
    int port;
    _Atomic bool stopping;
    atomic_size_t bodies_bytes; /* memory of all bodies except small ones */
};

/* ---- request.c ---- */

struct cairn_exchange *cairn_exchange_open(struct cairn_poller *poller, struct MHD_Connection *wire,
                                           struct cairn_connection *connection);
void cairn_exchange_close(struct cairn_exchange *exchange);
/* Call when there are no more exchanges. */
void cairn_spares_free(struct cairn_spares *spares);

/* Checks the request line for what the library could not process. Returns false if the request was
 * answered, bypassing the library. */
bool cairn_request_line(struct cairn_exchange *exchange, const char *target) CAIRN_CHECKED;

/* Checks the request line and the headers against the rules and finds the route. A violation
 * becomes the refusal. Returns true if the answer should not wait for the body. */
bool cairn_request_begin(struct cairn_exchange *exchange, const char *method, const char *url,
                         const char *version) CAIRN_CHECKED;

/* Asks the guard, unless it has admitted the request already. Returns 0; CAIRN_HTTP_GUARD_WAITS; or
 * a negative number, and the refusal is set. */
int cairn_request_admit(struct cairn_exchange *exchange, bool may_wait) CAIRN_CHECKED;

/* Appends a part of the body. Returns 0, -CAIRN_TOO_LARGE, or -CAIRN_BUSY: no memory for it. */
int cairn_request_collect(struct cairn_exchange *exchange, const char *bytes,
                          size_t count) CAIRN_CHECKED;

/* Checks the complete request. */
void cairn_request_complete(struct cairn_exchange *exchange);

/* ---- body_stream.c ---- */

struct cairn_streams *cairn_streams_open(void);
void cairn_streams_free(struct cairn_streams *streams);

/* Returns the library's response for an answer that is a stream; NULL if it cannot be created. */
struct MHD_Response *cairn_stream_begin(struct cairn_exchange *exchange);
/* Ends the answer, whether it was sent or not. No effect if it is not a stream. */
void cairn_stream_close(struct cairn_exchange *exchange);
/* Ends all streams, including those that begin afterwards. */
void cairn_streams_end(struct cairn_streams *streams);

/* ---- trace.c ---- */

/* Fills in trace, trace_id and traceparent: continues the client's trace if its header is valid,
 * else begins one. `state` is the client's tracestate, or NULL. */
void cairn_trace_begin(struct cairn_http_request *request, const char *traceparent,
                       const char *state);
/* Records the span of a request that is answered, if its trace is recorded. */
void cairn_trace_end(const struct cairn_exchange *exchange);

/* ---- answer_record.c ---- */

/* Counts and logs an answer that is ready. If the handler gave none, it becomes a 500. */
void cairn_answer_complete(struct cairn_exchange *exchange);
/* Counts an answer that no exchange has. */
void cairn_answer_count(int status);

/* ---- http_answer.c ---- */

/* Passes the answer to the library. On the polling thread. */
enum MHD_Result cairn_answer_send(struct cairn_exchange *exchange) CAIRN_CHECKED;

/* ---- plain_answer.c ---- */

/* Sends the exchange's error, bypassing the library, while the request still arrives and the
 * library accepts no answer. The connection must then be closed. */
void cairn_answer_cut(struct cairn_exchange *exchange);

/* The same, with an error of this code and text; also shuts the connection down. */
void cairn_answer_refuse(struct cairn_exchange *exchange, enum cairn_code code, const char *why);

/* The same for a request that this thread must not access: 408. Not on a connection with TLS, whose
 * session belongs to its polling thread. */
void cairn_answer_late(int socket);

#endif
