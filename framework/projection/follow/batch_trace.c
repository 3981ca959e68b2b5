/* batch_trace.c - records the spans of a range of the log that was folded. */
#include "projection/follow/batch_trace.h"

#include "core/threads/clock.h"
#include "telemetry/sampler.h"

struct cairn_batch_trace *cairn_batch_trace_note(const struct cairn_stored_event *events,
                                                 size_t count, struct cairn_arena *arena)
{
    struct cairn_batch_trace *ret = NULL;
    if (!cairn_sampler_is_on())
        return NULL;
    for (size_t i = 0; i < count; i++) {
        struct cairn_trace trace;
        if (!cairn_trace_join_meta(events[i].meta, arena, &trace) || !trace.sampled)
            continue;
        if (!ret) {
            ret = cairn_new(arena, struct cairn_batch_trace, 1);
            ret->begun_us = cairn_monotonic_us();
        }
        ret->events[ret->count++] =
            (struct cairn_traced_event){trace, events[i].type, events[i].position};
        if (ret->count == CAIRN_TRACED_EVENTS)
            break;
    }
    return ret;
}

static struct cairn_span *begin_event(const struct cairn_traced_event *event,
                                      const char *projection, int64_t begun_us,
                                      struct cairn_span *room)
{
    struct cairn_span *span = cairn_span_begin(room, CAIRN_SPAN_CONSUMER, NULL, &event->trace);
    cairn_span_name(span, "project", projection);
    cairn_span_since(span, begun_us);
    cairn_span_text(span, "cairn.event", event->type);
    cairn_span_number(span, "cairn.position", event->position);
    return span;
}

/* The span of the range is made first, so that the others can be linked with it. */
void cairn_batch_trace_end(const struct cairn_batch_trace *trace, const char *projection,
                           const struct cairn_fold_batch *batch, size_t rows)
{
    struct cairn_span first_room, range_room, room;
    if (!trace)
        return;
    int64_t end_us = cairn_monotonic_us();
    struct cairn_span *first =
        begin_event(&trace->events[0], projection, trace->begun_us, &first_room);
    if (!first)
        return;
    struct cairn_span *range =
        cairn_span_begin(&range_room, CAIRN_SPAN_INTERNAL, NULL, &first->trace);
    cairn_span_name(range, "range", projection);
    cairn_span_since(range, trace->begun_us);
    cairn_span_number(range, "cairn.events", (int64_t)batch->applied);
    cairn_span_number(range, "cairn.rows", (int64_t)rows);
    cairn_span_number(range, "cairn.position", batch->position);
    for (size_t i = 1; i < trace->count; i++) {
        struct cairn_span *span =
            begin_event(&trace->events[i], projection, trace->begun_us, &room);
        cairn_span_link(span, cairn_span_trace(range, &first->trace));
        cairn_span_link(range, cairn_span_trace(span, &trace->events[i].trace));
        cairn_span_end_at(span, end_us);
    }
    cairn_span_end_at(range, end_us);
    cairn_span_end_at(first, end_us);
}
