/* server.c - the library's daemons, and the callbacks by which they drive an exchange.
 *
 * For each connection the library calls, on the polling thread that owns it:
 *
 *     on_connection   a connection begins or is about to be closed
 *     on_line         the request line is there: an exchange opens
 *     on_request      headers are there; then for each part of the body; then the request is
 *                     complete; and again after the connection was suspended and resumed, or
 *                     until the thread's upstream has answered
 *     on_completed    the answer has left, or the connection failed: the exchange is freed
 *
 * See exchange.h for the states in between. */
#include "core/report/log.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "http/connection/acceptor.h"
#include "http/connection/client_connection.h"
#include "http/connection/poller.h"
#include "http/connection/stalled_body.h"
#include "http/connection/worker.h"
#include "http/exchange.h"
#include "http/limits/limits.h"
#include "http/request/fields.h"
#include "http/request/refused_request.h"
#include "http/tls/tls.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    POLLING_THREADS = 2,
    MEMORY_LEAST = 8192,  /* per connection, in bytes */
    FAREWELL_US = 1000000 /* after the grace period: for sending the last answers */
};

/* ---- one request ---- */

static bool take_place(struct cairn_exchange *exchange)
{
    exchange->placed = cairn_workers_reserve(exchange->http->workers, exchange->route->vital);
    return exchange->placed;
}

static void give_place(struct cairn_exchange *exchange)
{
    if (exchange->placed)
        cairn_workers_release(exchange->http->workers);
    exchange->placed = false;
}

/* Releases the place before the client has the answer; otherwise its next request might find it
 * taken. */
static enum MHD_Result send_answer(struct cairn_exchange *exchange)
{
    give_place(exchange);
    return cairn_answer_send(exchange);
}

static enum MHD_Result answer(struct cairn_exchange *exchange)
{
    if (exchange->refusal)
        cairn_http_problem(&exchange->request, &exchange->response, exchange->refusal);
    (void)cairn_trace_enter(&exchange->request.trace);
    cairn_answer_complete(exchange);
    (void)cairn_trace_enter(NULL);
    exchange->step = CAIRN_STEP_ANSWERED;
    return send_answer(exchange);
}

/* An answer that is sent before the body was read ends the connection. */
static enum MHD_Result begin(struct cairn_exchange *exchange, const char *method, const char *url,
                             const char *version)
{
    exchange->step = CAIRN_STEP_ARRIVING;
    cairn_heads_forget(cairn_poller_heads(exchange->poller), exchange);
    bool answers = cairn_request_begin(exchange, method, url, version);
    if (!answers && cairn_http_header(&exchange->request, "Transfer-Encoding"))
        cairn_stalled_bodies_note(cairn_poller_stalls(exchange->poller), exchange);
    if (!answers)
        return MHD_YES;
    exchange->connection->linger = true;
    return answer(exchange);
}

static enum MHD_Result collect(struct cairn_exchange *exchange, const char *bytes, size_t *count)
{
    if (cairn_request_collect(exchange, bytes, *count) < 0) {
        exchange->connection->linger = true;
        cairn_answer_cut(exchange);
        return MHD_NO;
    }
    if (exchange->chunks.listed)
        cairn_stalled_bodies_note(cairn_poller_stalls(exchange->poller), exchange);
    *count = 0;
    return MHD_YES;
}

static enum MHD_Result answer_directly(struct cairn_exchange *exchange)
{
    const struct cairn_http_route *route = exchange->route;
    enum cairn_http_outcome outcome =
        route->handle(route->self, NULL, &exchange->request, &exchange->response);
    assert(outcome == CAIRN_HTTP_DONE);
    (void)outcome;
    return answer(exchange);
}

static enum MHD_Result answer_busy(struct cairn_exchange *exchange)
{
    exchange->refusal = cairn_new(&exchange->arena, struct cairn_error, 1);
    (void)cairn_fail(exchange->refusal, CAIRN_BUSY, "%zu requests are open already",
                     exchange->http->options.queue_max);
    return answer(exchange);
}

/* Suspends the connection, unless the request was already resumed or answered: then this thread
 * continues at once. Returns whether it is suspended. */
static bool suspend(struct cairn_exchange *exchange)
{
    int now = atomic_load(&exchange->suspension);
    if (now == CAIRN_RESUMED || now == CAIRN_REPLIED)
        return false;
    MHD_suspend_connection(exchange->wire);
    cairn_exchange_suspend(exchange);
    return true;
}

/* Passes the request to a worker. A resumed one is not refused when the server stops. */
static enum MHD_Result hand_over(struct cairn_exchange *exchange, bool later, bool resumed)
{
    MHD_suspend_connection(exchange->wire);
    if (resumed)
        atomic_store(&exchange->suspension, CAIRN_RESUMED);
    if (later)
        cairn_workers_defer(exchange->http->workers, exchange);
    else
        cairn_workers_push(exchange->http->workers, exchange);
    return MHD_YES;
}

static enum cairn_http_outcome call(struct cairn_exchange *exchange)
{
    (void)cairn_trace_enter(&exchange->request.trace);
    exchange->request.upstream = cairn_poller_upstream(exchange->poller);
    exchange->request.writes = cairn_poller_writes(exchange->poller);
    enum cairn_http_outcome outcome = cairn_exchange_call(exchange, NULL);
    exchange->request.upstream = NULL;
    exchange->request.writes = NULL;
    (void)cairn_trace_enter(NULL);
    return outcome;
}

/* Marks the request as waiting for the upstream: the library calls again until there is an answer.
 * Returns false if there already is one. */
static bool wait_for_upstream(struct cairn_exchange *exchange)
{
    int was = CAIRN_RUNNING;
    if (!atomic_compare_exchange_strong(&exchange->suspension, &was, CAIRN_ASKED))
        return false;
    cairn_poller_asked(exchange->poller, 1);
    return true;
}

/* Asks the guard about a complete request, which may suspend it. Returns whether it is admitted; if
 * not, *ret is what to return to the library. */
static bool is_admitted(struct cairn_exchange *exchange, enum MHD_Result *ret)
{
    *ret = MHD_YES;
    for (;;) {
        int outcome = cairn_request_admit(exchange, true);
        if (outcome < 0)
            *ret = answer(exchange);
        if (outcome <= 0)
            return outcome == 0;
        if (suspend(exchange))
            return false;
        atomic_store(&exchange->suspension, CAIRN_RUNNING); /* resumed already */
    }
}

/* Calls the handler of an eager route, for the first time or when it was resumed. */
static enum MHD_Result go_on(struct cairn_exchange *exchange)
{
    if (atomic_load(&exchange->suspension) == CAIRN_ASKED)
        return MHD_YES;
    if (!exchange->admitted) {
        enum MHD_Result result;
        atomic_store(&exchange->suspension, CAIRN_RUNNING);
        if (!is_admitted(exchange, &result))
            return result;
        if (!exchange->route->eager)
            return hand_over(exchange, false, false);
    }
    for (;;) {
        if (atomic_load(&exchange->suspension) == CAIRN_HANDED) /* by the upstream */
            return hand_over(exchange, false, false);
        bool resumed = atomic_exchange(&exchange->suspension, CAIRN_RUNNING) == CAIRN_RESUMED;
        switch (call(exchange)) {
        case CAIRN_HTTP_DONE:
            return answer(exchange);
        case CAIRN_HTTP_LATER:
            return hand_over(exchange, true, false);
        case CAIRN_HTTP_WORKER:
            return hand_over(exchange, false, resumed);
        case CAIRN_HTTP_ASKED:
            if (wait_for_upstream(exchange))
                return MHD_YES;
            if (exchange->step == CAIRN_STEP_ANSWERED)
                return send_answer(exchange);
            break;
        case CAIRN_HTTP_SUSPENDED:
            if (suspend(exchange))
                return MHD_YES;
            if (exchange->step == CAIRN_STEP_ANSWERED)
                return send_answer(exchange);
            break;
        }
    }
}

static enum MHD_Result complete(struct cairn_exchange *exchange)
{
    cairn_stalled_bodies_forget(cairn_poller_stalls(exchange->poller), exchange);
    cairn_request_complete(exchange);
    if (exchange->refusal)
        return answer(exchange);
    if (exchange->route->direct)
        return answer_directly(exchange);
    if (!take_place(exchange))
        return answer_busy(exchange);
    exchange->step = CAIRN_STEP_WORKING;
    cairn_connection_enter(exchange->connection, CAIRN_PHASE_WORKING);
    bool goes_on = exchange->route->eager || !exchange->admitted;
    return goes_on ? go_on(exchange) : hand_over(exchange, false, false);
}

/* ---- the library's callbacks ---- */

static struct cairn_connection *connection_of(struct MHD_Connection *wire)
{
    return MHD_get_connection_info(wire, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* Closes the exchange of a request that is over, answered or not. */
static void close_exchange(struct cairn_exchange *exchange)
{
    /* The client disconnected while the upstream was asked, or after the request was resumed and
     * before the library's next call. */
    if (atomic_load(&exchange->suspension) == CAIRN_ASKED)
        cairn_poller_asked(exchange->poller, -1);
    if (exchange->step == CAIRN_STEP_WORKING && exchange->admitted && exchange->route->leave)
        exchange->route->leave(&exchange->request);
    give_place(exchange);
    cairn_stalled_bodies_forget(cairn_poller_stalls(exchange->poller), exchange);
    cairn_heads_forget(cairn_poller_heads(exchange->poller), exchange);
    exchange->connection->exchange = NULL;
    cairn_exchange_close(exchange);
}

/* Proxies have the connections of many clients: theirs are not counted. */
static struct cairn_connection *open_connection(struct cairn_http *http,
                                                struct MHD_Connection *wire, int socket)
{
    uint8_t address[16];
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(wire, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct cairn_client_key key = cairn_client_key_of(info ? info->client_addr : NULL, address);
    bool is_proxy = cairn_limiter_trusts(http->limiter, address);
    return cairn_connection_open(http->connections, socket, cairn_tls_begin(http->tls, wire),
                                 is_proxy ? NULL : &key);
}

/* The library (1.0.1) does not report the end of every request that it refuses itself (for example,
 * where a chunk's extension is too long): a request ends at the latest with its connection. */
static void on_connection(void *context, struct MHD_Connection *wire, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct cairn_http *http = cairn_poller_http(context);
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(wire, MHD_CONNECTION_INFO_CONNECTION_FD);
        *socket_context = open_connection(http, wire, info->connect_fd);
        cairn_poller_opened(context);
        return;
    }
    struct cairn_connection *connection = *socket_context;
    if (connection->exchange)
        close_exchange(connection->exchange);
    if (connection->linger)
        cairn_acceptor_linger(http->acceptor, connection->socket);
    cairn_connection_close(connection);
}

static void *on_line(void *context, const char *url, struct MHD_Connection *wire)
{
    struct cairn_connection *connection = connection_of(wire);
    cairn_connection_enter(connection, CAIRN_PHASE_ARRIVING);
    struct cairn_exchange *exchange = cairn_exchange_open(context, wire, connection);
    if (connection->exchange)
        close_exchange(connection->exchange);
    connection->exchange = exchange;
    if (cairn_request_line(exchange, url))
        cairn_heads_note(cairn_poller_heads(context), exchange);
    return exchange;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *wire, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *count, void **request_context)
{
    (void)wire;
    struct cairn_exchange *exchange = *request_context;
    cairn_poller_moved(context);
    if (exchange->step == CAIRN_STEP_OPENED)
        return begin(exchange, method, url, version);
    if (exchange->step == CAIRN_STEP_ANSWERED)
        return send_answer(exchange);
    if (exchange->step == CAIRN_STEP_WORKING)
        return go_on(exchange);
    if (exchange->step == CAIRN_STEP_CUT)
        return MHD_NO;
    assert(exchange->step == CAIRN_STEP_ARRIVING);
    return *count ? collect(exchange, bytes, count) : complete(exchange);
}

static void on_completed(void *context, struct MHD_Connection *wire, void **request_context,
                         enum MHD_RequestTerminationCode why)
{
    struct cairn_connection *connection = connection_of(wire);
    struct cairn_exchange *exchange = *request_context;
    *request_context = NULL;
    cairn_poller_moved(context);
    if (!exchange)
        return;
    close_exchange(exchange);
    if (why == MHD_REQUEST_TERMINATED_WITH_ERROR) /* or the client has disconnected: harmless */
        connection->linger = true; /* answered by the library, for headers far too large */
    cairn_connection_enter(connection, CAIRN_PHASE_WAITING);
}

CAIRN_PRINTF(2, 0)
static void on_log(void *context, const char *format, va_list list)
{
    cairn_heads_log(cairn_poller_heads(context), format, list);
}

/* Leaves percent-encoding to request.c, which refuses invalid encodings. */
static size_t on_unescape(void *context, struct MHD_Connection *wire, char *text)
{
    (void)context;
    (void)wire;
    return strlen(text);
}

/* ---- life ---- */

/* The acceptor limits connections; the library's own limit only must not be lower. A connection's
 * memory holds the request's headers, as bytes and parsed (72 bytes each), and the answer's
 * headers; each open connection and stream has it, and it is cleared after each request. */
static struct MHD_Daemon *start_daemon(struct cairn_poller *poller)
{
    const struct cairn_http *http = cairn_poller_http(poller);
    const struct cairn_http_options *options = &http->options;
    const unsigned limit = (unsigned)options->connections_max + 64;
    const size_t memory = options->header_max_bytes + options->header_max_bytes / 2;
    const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET |
                           MHD_USE_ERROR_LOG | cairn_tls_flags(http->tls);
    const int strict = cairn_library_is_strict() ? 1 : 0; /* earlier, 1 has another meaning */
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, poller, MHD_OPTION_EXTERNAL_LOGGER, on_log, poller,
        MHD_OPTION_STRICT_FOR_CLIENT, strict, MHD_OPTION_NOTIFY_CONNECTION, on_connection, poller,
        MHD_OPTION_URI_LOG_CALLBACK, on_line, poller, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        poller, MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL, MHD_OPTION_CONNECTION_LIMIT, limit,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory > MEMORY_LEAST ? memory : MEMORY_LEAST,
        MHD_OPTION_ARRAY, cairn_tls_options(http->tls), MHD_OPTION_END);
}

static void make_labels(struct cairn_http *http)
{
    const struct cairn_http_options *options = &http->options;
    http->labels = cairn_new(&http->arena, const char *, options->route_count);
    for (size_t i = 0; i < options->route_count; i++)
        http->labels[i] = cairn_print(&http->arena, "%s %s", options->routes[i].method,
                                      options->routes[i].pattern);
}

static void free_http(struct cairn_http *http)
{
    if (http->workers)
        cairn_workers_stop(http->workers);
    cairn_pollers_stop(http->pollers);
    cairn_acceptor_close(http->acceptor);
    cairn_workers_free(http->workers);
    cairn_streams_free(http->streams);
    cairn_connections_free(http->connections);
    cairn_tls_close(http->tls);
    cairn_limiter_close(http->limiter);
    cairn_spares_free(&http->spares);
    cairn_arena_close(&http->arena);
    free(http);
}

int cairn_http_start(const struct cairn_http_options *options, struct cairn_http **ret,
                     struct cairn_error *error)
{
    int port = 0;
    int listener = cairn_acceptor_listen(options, &port, error);
    if (listener < 0)
        return listener;
    struct cairn_http *http = cairn_allocate(sizeof *http);
    http->options = *options;
    http->port = port;
    cairn_lock_init(&http->spares.lock);
    make_labels(http);
    http->streams = cairn_streams_open();
    http->connections =
        cairn_connections_open((size_t)options->connections_max,
                               (size_t)options->limits.address_connections, options->deadline_us);
    http->limiter = cairn_limiter_open(&options->limits);
    int failed = cairn_tls_open(&options->tls, &http->tls, error);
    if (!failed)
        failed = cairn_workers_start(&http->options, &http->workers, error);
    if (!failed)
        failed = cairn_pollers_start(http, POLLING_THREADS, start_daemon, &http->pollers, error);
    if (failed)
        (void)close(listener);
    else
        failed =
            cairn_acceptor_open(listener, http->pollers, http->connections, &http->acceptor, error);
    if (failed) {
        free_http(http);
        return failed;
    }
    *ret = http;
    return 0;
}

int cairn_http_reload(struct cairn_http *http, struct cairn_error *error)
{
    return http->tls ? cairn_tls_reload(http->tls, error) : 0;
}

int cairn_http_port(const struct cairn_http *http)
{
    return http->port;
}

void cairn_http_stop(struct cairn_http *http, int64_t grace_us)
{
    if (!http)
        return;
    atomic_store(&http->stopping, true);
    cairn_acceptor_shut(http->acceptor);
    cairn_streams_end(http->streams);
    (void)cairn_connections_settle(http->connections, cairn_monotonic_us() + grace_us);
    cairn_workers_stop(http->workers);
    (void)cairn_connections_settle(http->connections, cairn_monotonic_us() + FAREWELL_US);
    free_http(http);
}
