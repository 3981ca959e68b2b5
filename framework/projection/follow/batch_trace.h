/* batch_trace.h - the spans of a range of the log that was folded: one for each of its first events
 * whose trace is recorded, in that trace, and one for the range. */
#ifndef CAIRN_PROJECTION_BATCH_TRACE_H
#define CAIRN_PROJECTION_BATCH_TRACE_H

#include "projection/fold/fold_batch.h"
#include "telemetry/span.h"

enum { CAIRN_TRACED_EVENTS = CAIRN_SPAN_LINKS };

struct cairn_batch_trace {
    int64_t begun_us; /* monotonic */
    size_t count;
    struct cairn_traced_event {
        struct cairn_trace trace;
        const char *type;
        int64_t position;
    } events[CAIRN_TRACED_EVENTS];
};

/* Notes the events whose trace is recorded, in an arena. Returns NULL if there is none. */
struct cairn_batch_trace *cairn_batch_trace_note(const struct cairn_stored_event *events,
                                                 size_t count, struct cairn_arena *arena);

/* Records the spans of a range that is committed. The range's belongs to the trace of its first
 * event, and is linked with the spans of the others. `trace` may be NULL. */
void cairn_batch_trace_end(const struct cairn_batch_trace *trace, const char *projection,
                           const struct cairn_fold_batch *batch, size_t rows);

#endif
