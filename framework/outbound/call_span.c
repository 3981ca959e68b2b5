/* call_span.c - records the span of a call to another service. */
#include "outbound/call_span.h"

#include <stdio.h>

void cairn_call_span_begin(struct cairn_call_span *ret, const char *verb, const char *traceparent,
                           const struct cairn_limits *limits)
{
    const struct cairn_trace *current = cairn_trace_current();
    struct cairn_trace parent = *current;
    if (traceparent)
        (void)cairn_trace_join(traceparent, current->state, &parent);
    ret->span = cairn_span_begin(&ret->room, CAIRN_SPAN_CLIENT, NULL, &parent);
    ret->trace = *cairn_span_trace(ret->span, &parent);
    ret->traceparent[0] = '\0';
    if (cairn_trace_exists(&ret->trace))
        cairn_trace_format(&ret->trace, ret->traceparent);
    cairn_span_name(ret->span, verb, limits->name);
    cairn_span_text(ret->span, "server.address", limits->host);
    if (limits->port)
        cairn_span_number(ret->span, "server.port", limits->port);
}

void cairn_call_span_end(struct cairn_call_span *call, int failed, int status,
                         const struct cairn_error *error)
{
    char text[12];
    if (!call->span)
        return;
    if (status)
        cairn_span_number(call->span, "http.response.status_code", status);
    (void)snprintf(text, sizeof text, "%d", status);
    if (failed)
        cairn_span_fail(call->span, cairn_code_info(failed)->name, error ? error->message : NULL);
    else if (status >= 400)
        cairn_span_fail(call->span, text, NULL);
    cairn_span_end(call->span);
}
