/* batch_span.h - the span of a batch of appends, one call of PostgreSQL, and its phases as
 * metrics. */
#ifndef CAIRN_STORE_BATCH_SPAN_H
#define CAIRN_STORE_BATCH_SPAN_H

#include "store/commit/appender.h"

struct cairn_batch_call {
    const char *function; /* "append_all" */
    size_t events;
    int64_t begun_us, ended_us;   /* monotonic */
    int64_t waited_us, worked_us; /* for the lock, and under it, as the server says; 0: it does
                                   * not */
};

/* Records a batch that is on disk: its phases lock, execute and commit in the metric of batches,
 * and, if one of its appends belongs to a trace that is recorded, a span with these parts, in the
 * trace of the first one, linked with the spans of the others. Sets `batch` of those appends.
 * Called before they are answered. */
void cairn_batch_span(struct cairn_appending *const *items, size_t count,
                      const struct cairn_batch_call *call);

#endif
