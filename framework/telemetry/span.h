/* span.h - spans: what was done, when, as a part of which trace.
 *
 *     struct cairn_span room;
 *     struct cairn_span *span = cairn_span_begin(&room, CAIRN_SPAN_INTERNAL, "decide", parent);
 *     cairn_span_text(span, "cairn.stream", stream);
 *     ...
 *     cairn_span_end(span);
 *
 * A span of a trace that is not recorded is NULL, and every function takes NULL and does nothing:
 * that is all that it costs. One that is recorded is of fixed size and allocates nothing; texts are
 * copied into it, and what does not fit is counted in it, as OpenTelemetry has it. At its end it is
 * copied to the queue of the exporter (exporter.h), or dropped and counted where that is full: no
 * thread ever waits for it.
 *
 * Names and attributes are those of OpenTelemetry's semantic conventions; what they have no name
 * for begins with "cairn.".
 *
 * Threads: a span belongs to one thread at a time. Units: `_us` is microseconds, monotonic. */
#ifndef CAIRN_TELEMETRY_SPAN_H
#define CAIRN_TELEMETRY_SPAN_H

#include "telemetry/trace_context.h"

enum cairn_span_kind {
    CAIRN_SPAN_INTERNAL = 1,
    CAIRN_SPAN_SERVER,
    CAIRN_SPAN_CLIENT,
    CAIRN_SPAN_PRODUCER,
    CAIRN_SPAN_CONSUMER,
};

enum { CAIRN_SPAN_ATTRIBUTES = 16, CAIRN_SPAN_LINKS = 32, CAIRN_SPAN_TEXT_BYTES = 1024 };

/* A text in the span's `text`. */
struct cairn_span_text {
    uint16_t at, bytes;
};

struct cairn_span_attribute {
    const char *key; /* a constant */
    bool is_text;
    union {
        struct cairn_span_text text;
        int64_t number;
    } value;
};

struct cairn_span_link {
    uint8_t trace_id[16];
    uint8_t span_id[8];
};

struct cairn_span {
    struct cairn_trace trace; /* `span_id` is its own */
    uint8_t parent_id[8];     /* zero: it has none */
    enum cairn_span_kind kind;
    bool failed;
    int64_t begin_us, end_us;
    struct cairn_span_text name;
    struct cairn_span_text state;   /* tracestate */
    struct cairn_span_text problem; /* of one that has failed */
    uint16_t text_bytes;
    uint16_t attribute_count, attributes_dropped;
    uint16_t link_count, links_dropped;
    struct cairn_span_attribute attributes[CAIRN_SPAN_ATTRIBUTES];
    /* Used from the start, `link_count` and `text_bytes` of them. */
    struct cairn_span_link links[CAIRN_SPAN_LINKS];
    char text[CAIRN_SPAN_TEXT_BYTES];
};

/* Begins a span in `room`, if the parent's trace is recorded. A parent without a span id begins the
 * trace. Returns the span or NULL. */
struct cairn_span *cairn_span_begin(struct cairn_span *room, enum cairn_span_kind kind,
                                    const char *name, const struct cairn_trace *parent);
/* The same in an arena; a name of two words, the second of which may be NULL. */
struct cairn_span *cairn_span_begin_in(struct cairn_arena *arena, enum cairn_span_kind kind,
                                       const char *verb, const char *noun,
                                       const struct cairn_trace *parent);
/* Names it again: two words. */
void cairn_span_name(struct cairn_span *span, const char *verb, const char *noun);
/* Sets another beginning than the call of cairn_span_begin(). */
void cairn_span_since(struct cairn_span *span, int64_t begin_us);

/* `key` is a constant; a NULL value is left out. */
void cairn_span_text(struct cairn_span *span, const char *key, const char *value);
void cairn_span_number(struct cairn_span *span, const char *key, int64_t value);
/* Links it with another span; nothing if that is not recorded. */
void cairn_span_link(struct cairn_span *span, const struct cairn_trace *to);
/* Marks it as failed: `type` is a word of few ("unavailable"), `problem` a sentence or NULL. */
void cairn_span_fail(struct cairn_span *span, const char *type, const char *problem);

/* Ends it, now or at `end_us`. It must not be used any more. */
void cairn_span_end(struct cairn_span *span);
void cairn_span_end_at(struct cairn_span *span, int64_t end_us);

/* Returns the trace that what the span does belongs to; `parent`, if there is no span. */
static inline const struct cairn_trace *cairn_span_trace(const struct cairn_span *span,
                                                         const struct cairn_trace *parent)
{
    return span ? &span->trace : parent;
}

/* ---- the exporter's side ---- */

/* What takes the spans that have ended, by any thread, and never waits; NULL: there is none. */
typedef void cairn_span_sink(void *context, const struct cairn_span *span);
void cairn_span_set_sink(cairn_span_sink *sink, void *context);

#endif
