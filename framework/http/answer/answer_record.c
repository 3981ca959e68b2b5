/* answer_record.c - records an answer that is ready: its log line and its metrics. */
#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "http/exchange.h"

#include <stdio.h>

static struct cairn_metric requests =
    CAIRN_COUNTER("cairn_http_requests_total", "Requests answered, by status.", "status");
static struct cairn_metric seconds =
    CAIRN_HISTOGRAM("cairn_http_request_seconds",
                    "From the request line to the answer being ready, by route.", "route");

void cairn_answer_count(int status)
{
    char text[12];
    (void)snprintf(text, sizeof text, "%d", status);
    cairn_metric_add(&requests, text, 1);
}

static void answer_missing_response(struct cairn_exchange *exchange)
{
    struct cairn_error error = {0};
    (void)cairn_fail(&error, CAIRN_BUG, "the handler of %s gave no answer", exchange->label);
    cairn_http_problem(&exchange->request, &exchange->response, &error);
}

void cairn_answer_complete(struct cairn_exchange *exchange)
{
    const struct cairn_http_request *request = &exchange->request;
    int64_t us = cairn_monotonic_us() - request->received_us;
    bool direct = exchange->route && exchange->route->direct;
    if (exchange->response.status < 200)
        answer_missing_response(exchange);
    cairn_answer_count(exchange->response.status);
    cairn_trace_end(exchange);
    cairn_metric_observe(&seconds, exchange->label, us);
    cairn_log(direct ? CAIRN_LOG_DEBUG : CAIRN_LOG_INFO, "request",
              CAIRN_LOG_TEXT("method", request->method),
              CAIRN_LOG_TEXT("path", *request->route ? request->route : request->path),
              CAIRN_LOG_INTEGER("status", exchange->response.status),
              CAIRN_LOG_INTEGER("duration_us", us));
}
