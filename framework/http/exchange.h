/* exchange.h - one request and its answer, on their way through the door. Private to http/.
 *
 *     state      who holds it       what happens                                  next
 *     OPENED     polling thread     the request line is there (server.c)          ARRIVING
 *     ARRIVING   polling thread     headers are held against the rules, the body
 *                                   is collected (request.c)                      WORKING, ANSWERED
 *     WORKING    a worker           the connection is suspended (worker.c)        ANSWERED
 *                polling thread     where the route is eager; also while it waits
 *                                   for the thread's upstream (server.c)          ANSWERED
 *     ANSWERED   polling thread     the answer leaves (answer.c, stream.c)        freed
 *     CUT        polling thread     it has left past the library, which closes    freed
 *
 * Suspending and resuming the connection hands the exchange over: before the one and after the
 * other it belongs to the polling thread, between them to the workers, never to both. */
#ifndef CAIRN_HTTP_EXCHANGE_H
#define CAIRN_HTTP_EXCHANGE_H

#include "http/http.h"

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
    struct cairn_poller *poller; /* whose connection it is */
    struct MHD_Connection *wire;
    struct cairn_connection *connection;
    enum cairn_step step;
    const struct cairn_http_route *route; /* NULL: unknown */
    const char *label;                    /* of the route, for metrics: "GET /orders/{id}" */
    struct cairn_error *refusal;          /* why no handler sees it, or NULL */
    char *body;                           /* allocated by itself: it grows */
    size_t body_capacity;
    size_t target_bytes;                /* of the request line, as it came */
    size_t body_counted;                /* of that, in cairn_http.bodies_bytes */
    struct cairn_parameter *parameters; /* of the query, decoded */
    size_t parameter_count;
    struct cairn_exchange *next; /* worker.c: in its list */
    int64_t due_us;
    bool placed;                       /* has one of the workers' places */
    bool deferred;                     /* its handler was called and said LATER */
    atomic_int suspension;             /* enum cairn_suspension */
    struct {                           /* refused.c: whose headers are not complete */
        struct cairn_exchange *before; /* in the list of its polling thread */
        struct cairn_exchange *after;
        bool listed;
    } head;
    struct {                           /* stall.c: of a body that arrives in chunks */
        struct cairn_exchange *before; /* in the list of its polling thread */
        struct cairn_exchange *after;
        bool listed;
        int64_t unread_us; /* monotonic: since when some lies unread; 0: none does */
    } chunks;
    struct {                           /* stream.c: of a stream that was begun */
        struct cairn_exchange *before; /* in the list of all streams */
        struct cairn_exchange *after;
        bool listed;
        bool resting; /* nothing to pull: the connection is suspended */
        bool woken;
    } flow;
};

/* A handler says SUSPENDED, and somebody else says what becomes of the request, in whatever order:
 * the second of the two brings it on its way, the first only leaves word. */
enum cairn_suspension {
    CAIRN_RUNNING,
    CAIRN_ASKED, /* not suspended: its polling thread waits for the upstream */
    CAIRN_SUSPENDED,
    CAIRN_RESUMED, /* its handler is called again */
    CAIRN_HANDED,  /* by a worker */
    CAIRN_REPLIED, /* the answer is there */
};

enum { CAIRN_SPARES_MAX = 64 };

/* Arenas of requests that were answered, for those to come: blocks of this size are dear to get. */
struct cairn_spares {
    pthread_mutex_t lock;
    size_t count;
    struct cairn_arena arenas[CAIRN_SPARES_MAX];
};

/* What all exchanges of one server share. */
struct cairn_http {
    struct cairn_http_options options;
    const char **labels; /* one a route */
    struct cairn_connections *connections;
    struct cairn_workers *workers;
    struct cairn_gate *gate;
    struct cairn_streams *streams;
    struct cairn_pollers *pollers;
    struct cairn_arena arena;
    struct cairn_spares spares;
    int port;
    _Atomic bool stopping;
    atomic_size_t bodies_bytes; /* memory of bodies, but for small ones */
};

/* ---- request.c ---- */

struct cairn_exchange *cairn_exchange_open(struct cairn_poller *poller, struct MHD_Connection *wire,
                                           struct cairn_connection *connection);
void cairn_exchange_close(struct cairn_exchange *exchange);
/* When there are no more exchanges. */
void cairn_spares_free(struct cairn_spares *spares);

/* Holds a request line as it came against what the library could not take. Returns false, and the
 * request was answered past the library. */
bool cairn_request_line(struct cairn_exchange *exchange, const char *target) CAIRN_CHECKED;

/* Holds the request line and the headers against the rules and finds the route. What is wrong
 * becomes the refusal. Returns true if the answer should not wait for the body. */
bool cairn_request_begin(struct cairn_exchange *exchange, const char *method, const char *url,
                         const char *version) CAIRN_CHECKED;

/* Takes a part of the body. Returns 0, -CAIRN_TOO_LARGE, or -CAIRN_BUSY: there is no memory for it.
 */
int cairn_request_collect(struct cairn_exchange *exchange, const char *bytes,
                          size_t count) CAIRN_CHECKED;

/* The request is complete. */
void cairn_request_complete(struct cairn_exchange *exchange);

/* ---- stream.c ---- */

struct cairn_streams *cairn_streams_open(void);
void cairn_streams_free(struct cairn_streams *streams);

/* The library's response of an exchange whose answer is a stream; NULL if there can be none. */
struct MHD_Response *cairn_stream_begin(struct cairn_exchange *exchange);
/* The answer is over, whatever became of it. Harmless where it is no stream. */
void cairn_stream_close(struct cairn_exchange *exchange);
/* Every stream ends, those that begin from now on too. */
void cairn_streams_end(struct cairn_streams *streams);

/* ---- trace.c ---- */

/* Fills in trace_id and traceparent: continues the client's trace if its header can be read, else
 * begins one. */
void cairn_trace_begin(struct cairn_http_request *request, const char *traceparent);

/* ---- answer.c ---- */

/* The answer is ready: counts and logs it. One that a handler forgot becomes a 500. */
void cairn_answer_complete(struct cairn_exchange *exchange);

/* Hands the answer to the library. On the polling thread. */
enum MHD_Result cairn_answer_send(struct cairn_exchange *exchange) CAIRN_CHECKED;

/* Answers the exchange's error past the library, while the request still arrives, where the library
 * takes no answer. The connection has to be closed then. */
void cairn_answer_cut(struct cairn_exchange *exchange);

/* The same, with an error that says why, and the connection is as good as closed. */
void cairn_answer_refuse(struct cairn_exchange *exchange, enum cairn_code code, const char *why);

/* The same for a request that nobody may look at from this thread: 408. */
void cairn_answer_late(int socket);

#endif
