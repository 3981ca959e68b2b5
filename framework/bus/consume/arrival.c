/* arrival.c - decodes an event and calls its handler. */
#include "bus/consume/arrival.h"

#include "bus/consume/consumer_sql.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "store/events/events.h"
#include "store/events/handlers.h"
#include "telemetry/span.h"

static struct cairn_metric handled =
    CAIRN_COUNTER("cairn_consumer_handled_total", "Events handled.", "consumer");
static struct cairn_metric attempts = CAIRN_HISTOGRAM(
    "cairn_consumer_attempt_seconds", "Duration of one attempt to handle an event.", "consumer");
static struct cairn_metric ages =
    CAIRN_HISTOGRAM("cairn_consumer_delay_seconds",
                    "Time from an event's record until it was handled.", "consumer");

bool cairn_arrival_find(struct cairn_arrival *arrival)
{
    arrival->consumes = (const struct cairn_consumes *)cairn_handlers_find(
        arrival->consumer->consumes, arrival->event.category, arrival->event.type, &arrival->type);
    return arrival->consumes != NULL;
}

/* ---- decoding ---- */

static int decode_event(const struct cairn_arrival *arrival, void **ret, struct cairn_error *error)
{
    struct cairn_arena *arena = arrival->arena;
    const struct cairn_event_type *type = arrival->type;
    int64_t version = arrival->event.schema_version;
    if (version > type->schema_version)
        return cairn_fail(error, CAIRN_NEWER_EVENT, "%s is of version %" PRId64, type->name,
                          version);
    const struct cairn_record *record = cairn_event_record(type, version);
    if (!record)
        return cairn_fail(error, CAIRN_UNREADABLE, "nothing reads version %" PRId64 " of %s",
                          version, type->name);
    void *value = cairn_arena_alloc(arena, record->size, record->align);
    int failed = cairn_cloudevent_data(arrival->json, arrival->bytes, record, arena, value, error);
    *ret = value;
    if (failed || version == type->schema_version)
        return failed;
    *ret = cairn_arena_alloc(arena, type->record->size, type->record->align);
    return cairn_event_lift(type, version, value, arena, *ret, error);
}

int cairn_arrival_decode(const struct cairn_arrival *arrival, void **ret, struct cairn_error *error)
{
    const struct cairn_record *state = arrival->consumes->state;
    struct cairn_arena *arena = arrival->arena;
    *ret = NULL;
    if (arrival->event.problem && arrival->consumes->style != CAIRN_BUS_THIN)
        return cairn_fail(error, CAIRN_UNREADABLE, "it was published without its state: %s",
                          arrival->event.problem);
    if (arrival->consumes->style == CAIRN_BUS_EVENT)
        return decode_event(arrival, ret, error);
    if (arrival->consumes->style == CAIRN_BUS_THIN || !arrival->event.has_data)
        return 0;
    *ret = cairn_arena_alloc(arena, state->size, state->align);
    return cairn_cloudevent_data(arrival->json, arrival->bytes, state, arena, *ret, error);
}

/* ---- the handler ---- */

/* Begins the span of one attempt, caused by the publication. Calls that the handler makes belong to
 * the trace in `ret`. */
static struct cairn_span *begin_span(const struct cairn_arrival *arrival, struct cairn_span *room,
                                     struct cairn_trace *ret)
{
    const struct cairn_cloudevent *event = &arrival->event;
    char id[CAIRN_UUID_TEXT_SIZE];
    if (!cairn_trace_join(event->traceparent, event->tracestate, ret))
        return NULL;
    struct cairn_span *span = cairn_span_begin(room, CAIRN_SPAN_CONSUMER, NULL, ret);
    if (!span)
        return NULL;
    *ret = span->trace;
    cairn_uuid_format(event->meta.event_id, id);
    cairn_span_name(span, "process", event->category);
    cairn_span_text(span, "messaging.system", arrival->system);
    cairn_span_text(span, "messaging.operation.name", "process");
    cairn_span_text(span, "messaging.operation.type", "process");
    if (arrival->destination)
        cairn_span_text(span, "messaging.destination.name", arrival->destination);
    cairn_span_text(span, "messaging.consumer.group.name", arrival->consumer->name);
    cairn_span_text(span, "messaging.message.id", id);
    cairn_span_text(span, "cairn.event", event->type);
    cairn_span_text(span, "cairn.stream", event->meta.stream);
    cairn_span_number(span, "cairn.attempt", arrival->attempt);
    return span;
}

/* Calls the handler. What it calls belongs to the span, or, without one, to the event's trace. */
static enum cairn_outcome call_handler(struct cairn_arrival *arrival, const void *data,
                                       struct cairn_consumed *call, struct cairn_error *why)
{
    struct cairn_span room;
    struct cairn_span *span = begin_span(arrival, &room, &arrival->trace);
    if (span)
        call->traceparent = call->call.traceparent =
            cairn_trace_text(&arrival->trace, arrival->arena);
    const struct cairn_trace before = cairn_trace_enter(&arrival->trace);
    int64_t begun_us = span ? span->begin_us : cairn_monotonic_us();
    enum cairn_outcome outcome = arrival->consumes->handle(data, call, why);
    int64_t now_us = cairn_monotonic_us();
    (void)cairn_trace_enter(&before);
    cairn_metric_observe_traced(&attempts, arrival->consumer->name, now_us - begun_us,
                                arrival->trace.trace_id);
    if (outcome != CAIRN_DONE)
        cairn_span_fail(span, why->code ? cairn_code_info((int)why->code)->name : "_OTHER",
                        why->message);
    cairn_span_end_at(span, now_us);
    return outcome;
}

void cairn_arrival_count(const struct cairn_arrival *arrival)
{
    const char *name = arrival->consumer->name;
    cairn_metric_add(&handled, name, 1);
    if (!arrival->is_revived)
        cairn_metric_observe_traced(&ages, name,
                                    cairn_time_to_unix(cairn_now()) -
                                        cairn_time_to_unix(arrival->event.meta.recorded_at),
                                    arrival->trace.trace_id);
}

enum cairn_outcome cairn_arrival_hand_over(struct cairn_arrival *arrival, const void *data,
                                           struct cairn_error *why)
{
    struct cairn_sql sql = {.pg = arrival->pg, .arena = arrival->arena, .whole = true};
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(arrival->event.meta.event_id, id);
    const struct cairn_call calls = {
        /* what those need that the handler makes */
        .meta = &arrival->event.meta,
        .idempotency_key = cairn_print(arrival->arena, "%s-%s", arrival->consumer->name, id),
        .attempt = (int)arrival->attempt,
        .traceparent = arrival->event.traceparent,
        .arena = arrival->arena,
        .teller_ = arrival->teller,
    };
    struct cairn_consumed call = {
        .call = calls,
        .meta = calls.meta,
        .type = arrival->event.type,
        .traceparent = calls.traceparent,
        .idempotency_key = calls.idempotency_key,
        .attempt = calls.attempt,
        .again = arrival->is_revived,
        .sql = &sql,
    };
    enum cairn_outcome outcome = call_handler(arrival, data, &call, why);
    return outcome == CAIRN_DONE && sql.failed ? CAIRN_TRY_AGAIN : outcome;
}
