/* trace.c - W3C Trace Context, level 1: determines which trace a request belongs to.
 *
 * traceparent is version, trace id, the sender's span id and flags, in lower case hex:
 * 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01. The one that this service sends has a
 * new span id. A new trace is marked as sampled: it is logged. */
#include "core/threads/clock.h"
#include "http/exchange.h"

#include <string.h>

enum { TRACE_AT = 3, SPAN_AT = 36, FLAGS_AT = 53, TRACEPARENT_LENGTH = 55 };

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
    size_t length = strlen(text);
    if (length < TRACEPARENT_LENGTH)
        return false;
    if (length > TRACEPARENT_LENGTH &&
        (memcmp(text, "00", 2) == 0 || text[TRACEPARENT_LENGTH] != '-'))
        return false;
    return is_hex(text, 2) && memcmp(text, "ff", 2) != 0 && text[TRACE_AT - 1] == '-' &&
           is_hex(text + TRACE_AT, 32) && !is_zero(text + TRACE_AT, 32) &&
           text[SPAN_AT - 1] == '-' && is_hex(text + SPAN_AT, 16) && !is_zero(text + SPAN_AT, 16) &&
           text[FLAGS_AT - 1] == '-' && is_hex(text + FLAGS_AT, 2);
}

static char *hex(struct cairn_arena *arena, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    char *text = cairn_arena_alloc(arena, 2 * count + 1, 1);
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return text;
}

void cairn_trace_begin(struct cairn_http_request *request, const char *traceparent)
{
    struct cairn_uuid span = cairn_uuid_make(); /* its second half is random and never zero */
    const char *flags = "01";
    if (traceparent && is_traceparent(traceparent)) {
        request->trace_id = cairn_copy_bytes(request->arena, traceparent + TRACE_AT, 32);
        /* The lowest bit means sampled; no other is defined. */
        flags = strchr("13579bdf", traceparent[FLAGS_AT + 1]) ? "01" : "00";
    } else {
        struct cairn_uuid trace = cairn_uuid_make();
        request->trace_id = hex(request->arena, trace.bytes, sizeof trace.bytes);
    }
    request->traceparent = cairn_print(request->arena, "00-%s-%s-%s", request->trace_id,
                                       hex(request->arena, span.bytes + 8, 8), flags);
}
