/* trace_context.h - W3C Trace Context: which trace some work belongs to, and the span that caused
 * it.
 *
 *     00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01     traceparent, in lower case hex:
 *     version, trace id, id of the span that sends it, flags      (01: sampled)
 *
 * A context is read from a text at each border of a process: a request, an event's metadata, an
 * entry of the bus. The sampler (sampler.h) decides there whether spans are recorded from here on;
 * within the process that holds, and what is sent on says so in its flags.
 *
 * Threads: a context is a value. The current one is the thread's own. */
#ifndef CAIRN_TELEMETRY_TRACE_CONTEXT_H
#define CAIRN_TELEMETRY_TRACE_CONTEXT_H

#include "core/containers/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum { CAIRN_TRACEPARENT_SIZE = 56, CAIRN_TRACE_ID_SIZE = 33, CAIRN_TRACESTATE_MAX = 512 };

/* Zeroed: there is no trace. */
struct cairn_trace {
    uint8_t trace_id[16];
    uint8_t span_id[8];
    bool sampled;      /* spans of it are recorded */
    const char *state; /* tracestate, or NULL; borrowed */
};

/* Returns whether there is a trace. */
bool cairn_trace_exists(const struct cairn_trace *trace);

/* Reads a traceparent, of this version or a later one; `ret->sampled` is the sender's flag. Returns
 * false, and zeroes `ret`, if it is invalid or NULL. */
bool cairn_trace_parse(const char *traceparent, struct cairn_trace *ret);
void cairn_trace_format(const struct cairn_trace *trace, char ret[static CAIRN_TRACEPARENT_SIZE]);
void cairn_trace_format_id(const struct cairn_trace *trace, char ret[static CAIRN_TRACE_ID_SIZE]);
/* The traceparent in an arena; NULL if there is no trace. */
const char *cairn_trace_text(const struct cairn_trace *trace, struct cairn_arena *arena);

/* Returns the value of a tracestate header if it may be passed on: visible ASCII, and no longer
 * than every party has to accept; else NULL. */
const char *cairn_tracestate_check(const char *tracestate);

/* Fills in new random ids. */
void cairn_trace_new_id(struct cairn_trace *trace);
void cairn_trace_new_span(struct cairn_trace *trace);

/* ---- where processes meet ---- */

/* Continues the trace of a traceparent, as the sampler decides. Returns false, and zeroes `ret`, if
 * there is none. `state` may be NULL. */
bool cairn_trace_join(const char *traceparent, const char *state, struct cairn_trace *ret);
/* The same with the one in an event's metadata, which is JSON that Cairn has written; NULL is
 * allowed. The state is copied to the arena. */
bool cairn_trace_join_meta(const char *meta, struct cairn_arena *arena, struct cairn_trace *ret);
/* Begins a trace. `ret->span_id` stays zero: its first span has no parent. */
void cairn_trace_begin_root(struct cairn_trace *ret);

/* ---- the thread's own ---- */

/* What this thread does is caused by the current trace: calls that it makes belong to it, and its
 * log lines name it. Returns the one before, to be set again afterwards. NULL for none; the trace
 * is copied. */
struct cairn_trace cairn_trace_enter(const struct cairn_trace *trace);
const struct cairn_trace *cairn_trace_current(void);

#endif
