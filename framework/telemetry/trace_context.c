/* trace_context.c - reads and writes W3C Trace Context, level 1. */
#include "telemetry/trace_context.h"

#include "core/report/log.h"
#include "core/text/text.h"
#include "core/threads/clock.h"
#include "telemetry/sampler.h"

#include <string.h>

enum { TRACE_AT = 3, SPAN_AT = 36, FLAGS_AT = 53, LENGTH = CAIRN_TRACEPARENT_SIZE - 1 };

static _Thread_local struct cairn_trace current;

bool cairn_trace_exists(const struct cairn_trace *trace)
{
    static const uint8_t zero[16];
    return memcmp(trace->trace_id, zero, sizeof zero) != 0;
}

/* ---- reading ---- */

static bool is_hex(const char *text, size_t count)
{
    return strspn(text, "0123456789abcdef") >= count;
}

static bool is_zero(const char *text, size_t count)
{
    return strspn(text, "0") >= count;
}

/* A later version may have more after the flags, behind another dash. */
static bool is_traceparent(const char *text)
{
    size_t length = strnlen(text, LENGTH + 1);
    if (length < LENGTH)
        return false;
    if (length > LENGTH && (memcmp(text, "00", 2) == 0 || text[LENGTH] != '-'))
        return false;
    return is_hex(text, 2) && memcmp(text, "ff", 2) != 0 && text[TRACE_AT - 1] == '-' &&
           is_hex(text + TRACE_AT, 32) && !is_zero(text + TRACE_AT, 32) &&
           text[SPAN_AT - 1] == '-' && is_hex(text + SPAN_AT, 16) && !is_zero(text + SPAN_AT, 16) &&
           text[FLAGS_AT - 1] == '-' && is_hex(text + FLAGS_AT, 2);
}

static void read_hex(const char *text, uint8_t *ret, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ret[i] = (uint8_t)(cairn_hex_value(text[2 * i]) << 4 | cairn_hex_value(text[2 * i + 1]));
}

bool cairn_trace_parse(const char *traceparent, struct cairn_trace *ret)
{
    *ret = (struct cairn_trace){.state = NULL};
    if (!traceparent || !is_traceparent(traceparent))
        return false;
    read_hex(traceparent + TRACE_AT, ret->trace_id, sizeof ret->trace_id);
    read_hex(traceparent + SPAN_AT, ret->span_id, sizeof ret->span_id);
    /* The lowest bit means sampled; no other is defined. */
    ret->sampled = cairn_hex_value(traceparent[FLAGS_AT + 1]) & 1;
    return true;
}

const char *cairn_tracestate_check(const char *tracestate)
{
    size_t length = tracestate ? strnlen(tracestate, CAIRN_TRACESTATE_MAX + 1) : 0;
    if (length == 0 || length > CAIRN_TRACESTATE_MAX)
        return NULL;
    for (const char *at = tracestate; *at; at++) {
        if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\')
            return NULL;
    }
    return tracestate;
}

/* ---- writing ---- */

void cairn_trace_format(const struct cairn_trace *trace, char ret[static CAIRN_TRACEPARENT_SIZE])
{
    memcpy(ret, "00-", sizeof "00-"); /* its end is overwritten */
    char *at = cairn_hex_write(ret + TRACE_AT, trace->trace_id, sizeof trace->trace_id);
    *at++ = '-';
    at = cairn_hex_write(at, trace->span_id, sizeof trace->span_id);
    memcpy(at, trace->sampled ? "-01" : "-00", 4);
}

void cairn_trace_format_id(const struct cairn_trace *trace, char ret[static CAIRN_TRACE_ID_SIZE])
{
    *cairn_hex_write(ret, trace->trace_id, sizeof trace->trace_id) = '\0';
}

const char *cairn_trace_text(const struct cairn_trace *trace, struct cairn_arena *arena)
{
    if (!cairn_trace_exists(trace))
        return NULL;
    char *text = cairn_new(arena, char, CAIRN_TRACEPARENT_SIZE);
    cairn_trace_format(trace, text);
    return text;
}

/* A UUID's second half is random, except for its two first bits, and never zero; so is what the
 * sampler looks at. */
void cairn_trace_new_id(struct cairn_trace *trace)
{
    const struct cairn_uuid id = cairn_uuid_make();
    memcpy(trace->trace_id, id.bytes, sizeof trace->trace_id);
}

void cairn_trace_new_span(struct cairn_trace *trace)
{
    const struct cairn_uuid id = cairn_uuid_make();
    memcpy(trace->span_id, id.bytes + 8, sizeof trace->span_id);
}

/* ---- where processes meet ---- */

bool cairn_trace_join(const char *traceparent, const char *state, struct cairn_trace *ret)
{
    if (!cairn_trace_parse(traceparent, ret))
        return false;
    ret->state = state;
    ret->sampled = cairn_sampler_decide(ret, true);
    return true;
}

/* Returns what follows `"name":` in a JSON object, an opening quote; NULL if that is not there. A
 * quote within a text is escaped, so that the name is found only where it is one, or a whole text,
 * which no colon follows. */
static const char *member(const char *json, const char *name)
{
    for (const char *at = strstr(json, name); at; at = strstr(at, name)) {
        at += strlen(name);
        const char *value = at + strspn(at, " ");
        if (*value != ':')
            continue;
        value++;
        value += strspn(value, " ");
        return *value == '"' ? value + 1 : NULL;
    }
    return NULL;
}

bool cairn_trace_join_meta(const char *meta, struct cairn_arena *arena, struct cairn_trace *ret)
{
    char text[CAIRN_TRACEPARENT_SIZE];
    const char *at = meta ? member(meta, "\"traceparent\"") : NULL;
    *ret = (struct cairn_trace){.state = NULL};
    if (!at || strcspn(at, "\"") != LENGTH)
        return false;
    memcpy(text, at, LENGTH);
    text[LENGTH] = '\0';
    const char *state = member(meta, "\"tracestate\"");
    if (state)
        state = cairn_tracestate_check(cairn_copy_bytes(arena, state, strcspn(state, "\"")));
    return cairn_trace_join(text, state, ret);
}

void cairn_trace_begin_root(struct cairn_trace *ret)
{
    *ret = (struct cairn_trace){.state = NULL};
    cairn_trace_new_id(ret);
    ret->sampled = cairn_sampler_decide(ret, false);
}

/* ---- the thread's own ---- */

struct cairn_trace cairn_trace_enter(const struct cairn_trace *trace)
{
    struct cairn_trace before = current;
    current = trace ? *trace : (struct cairn_trace){.state = NULL};
    cairn_log_trace(current.trace_id, current.span_id);
    return before;
}

const struct cairn_trace *cairn_trace_current(void)
{
    return &current;
}
