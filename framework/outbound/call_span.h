/* call_span.h - the span of a call, and the trace that it passes on. */
#ifndef CAIRN_OUTBOUND_CALL_SPAN_H
#define CAIRN_OUTBOUND_CALL_SPAN_H

#include "outbound/target/target.h"
#include "telemetry/span.h"

struct cairn_call_span {
    struct cairn_span room;
    struct cairn_span *span;  /* NULL: not recorded */
    struct cairn_trace trace; /* to be passed on; zeroed: none */
    char traceparent[CAIRN_TRACEPARENT_SIZE];
};

/* Begins the span of a call, as a part of the trace of `traceparent`, or, if that is NULL, of what
 * this thread handles. `verb` is its name's first word, the target its second. */
void cairn_call_span_begin(struct cairn_call_span *ret, const char *verb, const char *traceparent,
                           const struct cairn_limits *limits);
/* Ends it with its outcome: 0 or minus a code, and the `status` of an answer, 0 for none. */
void cairn_call_span_end(struct cairn_call_span *call, int failed, int status,
                         const struct cairn_error *error);

#endif
