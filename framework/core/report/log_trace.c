/* log_trace.c - keeps the trace id of what each thread works at, for log lines and exemplars. */
#include "core/report/log.h"

#include <stdio.h>

static _Thread_local char log_trace[40];

void cairn_log_trace(const char *trace_id)
{
    (void)snprintf(log_trace, sizeof log_trace, "%s", trace_id ? trace_id : "");
}

bool cairn_log_has_trace(void)
{
    return log_trace[0] != '\0';
}

const char *cairn_log_trace_id(void)
{
    return log_trace;
}
