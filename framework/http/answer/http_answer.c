/* http_answer.c - sends answers, with the headers that each carries, through the library or, where it
 * accepts none, as plain bytes; and writes the log line and the metrics of each answer. */
#include "core/buffer.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "http/connection/client_connection.h"
#include "http/exchange.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static struct cairn_metric requests =
    CAIRN_COUNTER("cairn_http_requests_total", "Requests answered, by status.", "status");
static struct cairn_metric seconds =
    CAIRN_HISTOGRAM("cairn_http_request_seconds",
                    "From the request line to the answer being ready, by route.", "route");

void cairn_http_set_header(struct cairn_http_response *response, const char *name,
                           const char *value)
{
    unsigned i = 0;
    while (i < response->header_count && strcasecmp(response->headers[i].name, name) != 0)
        i++;
    assert(i < CAIRN_HTTP_HEADERS_MAX);
    response->headers[i].name = name;
    response->headers[i].value = value;
    if (i == response->header_count)
        response->header_count++;
}

static void count_status(int status)
{
    char text[12];
    (void)snprintf(text, sizeof text, "%d", status);
    cairn_metric_add(&requests, text, 1);
}

static void answer_missing_response(struct cairn_exchange *exchange)
{
    struct cairn_error error = {0};
    (void)cairn_fail(&error, CAIRN_BUG, "%s gave no answer", exchange->label);
    cairn_http_problem(&exchange->request, &exchange->response, &error);
}

void cairn_answer_complete(struct cairn_exchange *exchange)
{
    const struct cairn_http_request *request = &exchange->request;
    int64_t us = cairn_monotonic_us() - request->received_us;
    bool direct = exchange->route && exchange->route->direct;
    if (exchange->response.status < 200)
        answer_missing_response(exchange);
    count_status(exchange->response.status);
    cairn_metric_observe(&seconds, exchange->label, us);
    cairn_log(direct ? CAIRN_LOG_DEBUG : CAIRN_LOG_INFO, "request",
              CAIRN_LOG_TEXT("method", request->method),
              CAIRN_LOG_TEXT("path", *request->route ? request->route : request->path),
              CAIRN_LOG_INTEGER("status", exchange->response.status),
              CAIRN_LOG_INTEGER("duration_us", us));
}

/* ---- headers ---- */

typedef void header_sink(void *sink, const char *name, const char *value);

static bool has_header(const struct cairn_http_response *response, const char *name)
{
    for (unsigned i = 0; i < response->header_count; i++) {
        if (strcasecmp(response->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

static void each_header(const struct cairn_http_request *request,
                        const struct cairn_http_response *response, header_sink *put, void *sink)
{
    if (response->status != 304 && (response->content_type || response->body_bytes))
        put(sink, "Content-Type",
            response->content_type ? response->content_type : "application/json");
    if (!has_header(response, "Cache-Control"))
        put(sink, "Cache-Control", "no-store");
    put(sink, "X-Content-Type-Options", "nosniff");
    put(sink, "traceparent", request->traceparent);
    for (unsigned i = 0; i < response->header_count; i++)
        put(sink, response->headers[i].name, response->headers[i].value);
}

/* ---- through the library ---- */

static void put_header(void *sink, const char *name, const char *value)
{
    if (MHD_add_response_header(sink, name, value) != MHD_YES)
        cairn_log(CAIRN_LOG_WARN, "an answer's header was left out", CAIRN_LOG_TEXT("name", name),
                  CAIRN_LOG_TEXT("value", value));
}

static struct MHD_Response *make_response(struct cairn_exchange *exchange)
{
    const struct cairn_http_response *answer = &exchange->response;
    if (answer->stream.pull)
        return cairn_stream_begin(exchange);
    /* The library does not write to the body; its parameter is not const for historical reasons. */
    void *body = (void *)(uintptr_t)(answer->body ? answer->body : "");
    cairn_connection_enter(exchange->connection, CAIRN_PHASE_ANSWERING);
#if MHD_VERSION >= 0x00097701
    /* A 304 has no body. A Content-Length would be that of the 200 (RFC 9110 section 8.6), and
     * clients with older parsers wait for that many bytes: library versions that can omit it do
     * so. */
    if (answer->status == 304)
        return MHD_create_response_empty(MHD_RF_HEAD_ONLY_RESPONSE);
#endif
    return MHD_create_response_from_buffer(answer->body_bytes, body, MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result cairn_answer_send(struct cairn_exchange *exchange)
{
    const struct cairn_http_response *answer = &exchange->response;
    struct MHD_Response *response = make_response(exchange);
    if (!response)
        return MHD_NO;
    each_header(&exchange->request, answer, put_header, response);
    if (atomic_load(&exchange->http->stopping))
        put_header(response, "Connection", "close");
    enum MHD_Result queued = MHD_queue_response(exchange->wire, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    if (answer->stream.pull)
        cairn_arena_close(&exchange->arena); /* the library has its own copy of the headers */
    return queued;
}

/* ---- bypassing the library ---- */

static void print_header(void *sink, const char *name, const char *value)
{
    cairn_buffer_print(sink, "%s: %s\r\n", name, value);
}

/* Prints the date (RFC 9110 section 5.6.7) independently of the locale. */
static void print_date(struct cairn_buffer *out)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm;
    time_t now = time(NULL);
    if (gmtime_r(&now, &tm))
        cairn_buffer_print(out, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[tm.tm_wday],
                           tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                           tm.tm_sec);
}

/* Sends without waiting: the answer fits into the socket's empty buffer; the rest is dropped. */
static void send_plain(int socket, const struct cairn_http_request *request,
                       const struct cairn_http_response *answer)
{
    struct cairn_buffer text = cairn_buffer(request->arena);
    cairn_buffer_print(&text, "HTTP/1.1 %d %s\r\n", answer->status,
                       MHD_get_reason_phrase_for((unsigned)answer->status));
    print_date(&text);
    cairn_buffer_print(&text, "Connection: close\r\nContent-Length: %zu\r\n", answer->body_bytes);
    each_header(request, answer, print_header, &text);
    cairn_buffer_text(&text, "\r\n");
    cairn_buffer_bytes(&text, answer->body, answer->body_bytes);
    (void)send(socket, text.text, text.length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void cairn_answer_cut(struct cairn_exchange *exchange)
{
    cairn_http_problem(&exchange->request, &exchange->response, exchange->refusal);
    send_plain(exchange->connection->socket, &exchange->request, &exchange->response);
    cairn_answer_complete(exchange);
}

/* Answers at the socket and shuts it down: the library finds its end and closes the connection. */
void cairn_answer_refuse(struct cairn_exchange *exchange, enum cairn_code code, const char *why)
{
    exchange->refusal = cairn_new(&exchange->arena, struct cairn_error, 1);
    (void)cairn_fail(exchange->refusal, code, "%s", why);
    exchange->connection->linger = true;
    if (!exchange->request.traceparent)
        cairn_trace_begin(&exchange->request, NULL);
    cairn_answer_cut(exchange);
    exchange->step = CAIRN_STEP_CUT;
    (void)shutdown(exchange->connection->socket, SHUT_RDWR);
}

void cairn_answer_late(int socket)
{
    struct cairn_arena arena = {0};
    struct cairn_http_request request = {.arena = &arena};
    struct cairn_http_response answer = {0};
    struct cairn_error error = {.code = CAIRN_TIMED_OUT};
    cairn_trace_begin(&request, NULL);
    cairn_http_problem(&request, &answer, &error);
    send_plain(socket, &request, &answer);
    count_status(answer.status);
    cairn_arena_close(&arena);
}
