/* command_spans.c - the spans of a command: its decision, and the wait for its append; and how long
 * the decision took. */
#include "command/attempt.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"

static struct cairn_metric durations = CAIRN_HISTOGRAM(
    "cairn_command_decide_seconds",
    "Time from a command's arrival, or its last conflict, to its decision: states are read.",
    "command");

struct cairn_span *cairn_attempt_decides(const struct attempt *attempt, struct cairn_span *room)
{
    struct cairn_span *span =
        cairn_span_begin(room, CAIRN_SPAN_INTERNAL, NULL, &attempt->request->trace);
    cairn_span_name(span, "decide", attempt->endpoint->command->name);
    cairn_span_text(span, "cairn.stream", attempt->stream);
    return span;
}

/* A refusal is what the rules say: no failure. */
void cairn_attempt_decided(const struct attempt *attempt, struct cairn_span *span, int failed)
{
    int64_t now_us = cairn_monotonic_us();
    cairn_metric_observe_traced(&durations, attempt->endpoint->command->name,
                                now_us - attempt->since_us, attempt->request->trace.trace_id);
    if (!span)
        return;
    const struct cairn_error *error = &attempt->error;
    const char *code = cairn_code_info((int)error->code)->name;
    if (!failed)
        cairn_span_number(span, "cairn.events", (int64_t)attempt->decision.event_count);
    else if (cairn_code_info((int)error->code)->http_status < 500)
        cairn_span_text(span, "cairn.refusal", error->reason[0] ? error->reason : code);
    else
        cairn_span_fail(span, code, NULL);
    cairn_span_end_at(span, now_us);
}

void cairn_attempt_appends(struct attempt *attempt)
{
    struct cairn_http_request *request = attempt->request;
    attempt->span = cairn_span_begin_in(request->arena, CAIRN_SPAN_INTERNAL, "append",
                                        attempt->endpoint->decider->category, &request->trace);
    attempt->traceparent = attempt->span ? cairn_trace_text(&attempt->span->trace, request->arena)
                                         : request->traceparent;
}

void cairn_attempt_has_appended(struct attempt *attempt, int outcome,
                                const struct cairn_error *error)
{
    struct cairn_span *span = attempt->span;
    if (!span)
        return;
    cairn_span_text(span, "cairn.stream", attempt->stream);
    cairn_span_number(span, "cairn.events", (int64_t)attempt->decision.event_count);
    cairn_span_link(span, &attempt->appending.batch);
    if (outcome == 0) {
        cairn_span_number(span, "cairn.version", attempt->appended.version);
        cairn_span_number(span, "cairn.position", attempt->appended.position);
    } else if (outcome < 0) {
        cairn_span_fail(span, cairn_code_info(outcome)->name, error->message);
    }
    cairn_span_end(span);
    attempt->span = NULL;
}
