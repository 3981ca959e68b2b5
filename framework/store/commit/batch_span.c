/* batch_span.c - records the phases of a batch of appends, and its span. */
#include "store/commit/batch_span.h"

#include "core/report/metrics.h"
#include "telemetry/span.h"

static struct cairn_metric phases = CAIRN_HISTOGRAM(
    "cairn_append_batch_seconds",
    "Parts of a call that appends a batch: waiting for the lock, executing, committing.", "phase");

static size_t find_recorded(struct cairn_appending *const *items, size_t count)
{
    size_t first = 0;
    while (first < count && !items[first]->trace.sampled)
        first++;
    return first;
}

static void record_part(const struct cairn_span *batch, const char *name, int64_t from_us,
                        int64_t to_us)
{
    struct cairn_span room;
    struct cairn_span *span =
        cairn_span_begin(&room, CAIRN_SPAN_INTERNAL, name, cairn_span_trace(batch, NULL));
    cairn_span_since(span, from_us);
    cairn_span_end_at(span, to_us);
}

/* The server measures by itself how long it has waited and worked; the rest is the commit, with
 * its flush, and the way there and back. */
static void record_parts(const struct cairn_span *batch, const struct cairn_batch_call *call)
{
    int64_t locked_us = call->begun_us + call->waited_us;
    int64_t executed_us = locked_us + call->worked_us;
    if (call->worked_us == 0 || executed_us > call->ended_us)
        return;
    record_part(batch, "lock", call->begun_us, locked_us);
    record_part(batch, "execute", locked_us, executed_us);
    record_part(batch, "commit", executed_us, call->ended_us);
}

static void observe_parts(const struct cairn_batch_call *call, const uint8_t *trace_id)
{
    int64_t rest_us = call->ended_us - call->begun_us - call->waited_us - call->worked_us;
    if (call->worked_us == 0)
        return;
    cairn_metric_observe_traced(&phases, "lock", call->waited_us, trace_id);
    cairn_metric_observe_traced(&phases, "execute", call->worked_us, trace_id);
    cairn_metric_observe_traced(&phases, "commit", rest_us, trace_id);
}

void cairn_batch_span(struct cairn_appending *const *items, size_t count,
                      const struct cairn_batch_call *call)
{
    struct cairn_span room;
    size_t first = find_recorded(items, count);
    observe_parts(call, items[first < count ? first : 0]->trace.trace_id);
    if (first == count)
        return;
    struct cairn_span *span =
        cairn_span_begin(&room, CAIRN_SPAN_CLIENT, NULL, &items[first]->trace);
    if (!span)
        return;
    cairn_span_name(span, "batch", call->function);
    cairn_span_since(span, call->begun_us);
    cairn_span_text(span, "db.system.name", "postgresql");
    cairn_span_text(span, "db.stored_procedure.name", call->function);
    if (count > 1)
        cairn_span_number(span, "db.operation.batch.size", (int64_t)count);
    cairn_span_number(span, "cairn.events", (int64_t)call->events);
    for (size_t i = first; i < count; i++) {
        if (!items[i]->trace.sampled)
            continue;
        items[i]->batch = span->trace;
        if (i > first)
            cairn_span_link(span, &items[i]->trace);
    }
    record_parts(span, call);
    cairn_span_end_at(span, call->ended_us);
}
