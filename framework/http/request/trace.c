/* trace.c - determines which trace a request belongs to (W3C Trace Context), and records the span
 * of the request.
 *
 * The span's id is in the traceparent that the answer has and that this service passes on; the span
 * itself is made when the request is answered, and only where its trace is recorded. Requests that
 * monitors make all the time (/healthz, /metrics) have none. */
#include "core/threads/clock.h"
#include "http/exchange.h"
#include "telemetry/span.h"

#include <stdio.h>
#include <string.h>

void cairn_trace_begin(struct cairn_http_request *request, const char *traceparent,
                       const char *state)
{
    struct cairn_trace *trace = &request->trace;
    if (cairn_trace_join(traceparent, cairn_tracestate_check(state), trace))
        memcpy(request->caller_span, trace->span_id, sizeof request->caller_span);
    else
        cairn_trace_begin_root(trace);
    cairn_trace_new_span(trace);
    char *id = cairn_new(request->arena, char, CAIRN_TRACE_ID_SIZE);
    cairn_trace_format_id(trace, id);
    request->trace_id = id;
    request->traceparent = cairn_trace_text(trace, request->arena);
}

/* Returns a method of RFC 9110 or RFC 5789; "_OTHER" for all else, which clients make up. */
static const char *method_of(const struct cairn_http_request *request)
{
    static const char *const known[] = {"GET",   "HEAD",    "POST",    "PUT",  "DELETE",
                                        "PATCH", "OPTIONS", "CONNECT", "TRACE"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(request->method, known[i]) == 0)
            return known[i];
    }
    return "_OTHER";
}

static void describe(struct cairn_span *span, const struct cairn_exchange *exchange)
{
    const struct cairn_http_request *request = &exchange->request;
    const char *method = method_of(request);
    const char *route = *request->route ? request->route : NULL;
    int status = exchange->response.status;
    char text[12];
    cairn_span_name(span, *method == '_' ? "HTTP" : method, route);
    cairn_span_text(span, "http.request.method", method);
    cairn_span_text(span, "url.scheme", exchange->http->tls ? "https" : "http");
    cairn_span_text(span, "http.route", route);
    cairn_span_text(span, "url.path", request->path);
    cairn_span_number(span, "http.response.status_code", status);
    cairn_span_number(span, "server.port", exchange->http->port);
    (void)snprintf(text, sizeof text, "%d", status);
    if (status >= 500)
        cairn_span_fail(span, text, NULL);
}

void cairn_trace_end(const struct cairn_exchange *exchange)
{
    const struct cairn_http_request *request = &exchange->request;
    const struct cairn_http_route *route = exchange->route;
    struct cairn_span room;
    if (!request->trace.sampled || (route && (route->direct || route->vital)))
        return;
    struct cairn_span *span = cairn_span_begin(&room, CAIRN_SPAN_SERVER, NULL, &request->trace);
    if (!span)
        return;
    span->trace = request->trace;
    memcpy(span->parent_id, request->caller_span, sizeof span->parent_id);
    cairn_span_since(span, request->received_us);
    describe(span, exchange);
    cairn_span_end(span);
}
