/* log_trace.c - keeps the trace and the span of what each thread works at, for log lines and
 * exemplars. */
#include "core/report/log.h"

#include <string.h>

static _Thread_local struct {
    uint8_t trace_id[CAIRN_LOG_TRACE_BYTES];
    uint8_t span_id[CAIRN_LOG_SPAN_BYTES];
} own;

void cairn_log_trace(const uint8_t *trace_id, const uint8_t *span_id)
{
    memset(&own, 0, sizeof own);
    if (trace_id)
        memcpy(own.trace_id, trace_id, sizeof own.trace_id);
    if (span_id)
        memcpy(own.span_id, span_id, sizeof own.span_id);
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
    size_t i = 0;
    while (i < count && bytes[i] == 0)
        i++;
    return i == count;
}

const uint8_t *cairn_log_trace_id(void)
{
    return is_zero(own.trace_id, sizeof own.trace_id) ? NULL : own.trace_id;
}

const uint8_t *cairn_log_span_id(void)
{
    return is_zero(own.span_id, sizeof own.span_id) ? NULL : own.span_id;
}
