/* fuzz_trace.c - what traces are read from: a traceparent, an event's metadata, a list of
 * OpenTelemetry's settings, and the answer of a collector. What is read as a traceparent is written
 * as it was, but for its version and flags; a tracestate that is passed on breaks no header. */
#include "fuzz.h"

#include "runtime/config/otel_config.h"
#include "telemetry/otlp.h"
#include "telemetry/trace_context.h"

#include <string.h>

static void check_traceparent(const char *text)
{
    struct cairn_trace trace;
    char written[CAIRN_TRACEPARENT_SIZE];
    bool is_one = cairn_trace_parse(text, &trace);
    expect(is_one == cairn_trace_exists(&trace));
    if (!is_one)
        return;
    cairn_trace_format(&trace, written);
    expect(memcmp(text + 2, written + 2, CAIRN_TRACEPARENT_SIZE - 5) == 0);
    expect(cairn_trace_parse(written, &trace));
}

static void check_state(const char *state)
{
    expect(!state || (strlen(state) <= CAIRN_TRACESTATE_MAX && !strpbrk(state, "\r\n\"\\")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cairn_arena arena = {0};
    struct cairn_trace trace;
    struct cairn_otel_pairs pairs;
    char *text = text_of(data, size);
    check_traceparent(text);
    check_state(cairn_tracestate_check(text));
    if (cairn_trace_join_meta(text, &arena, &trace))
        check_state(trace.state);
    if (cairn_otel_pairs_read(text, &arena, &pairs)) {
        for (size_t i = 0; i < pairs.count; i++)
            expect(*pairs.items[i].key && pairs.items[i].value);
    }
    expect(cairn_otlp_rejected((const char *)data, size) >= 0);
    free(text);
    cairn_arena_close(&arena);
    return 0;
}
