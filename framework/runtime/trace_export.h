/* trace_export.h - sends the spans of the process to the collector that its settings name. */
#ifndef CAIRN_RUNTIME_TRACE_EXPORT_H
#define CAIRN_RUNTIME_TRACE_EXPORT_H

#include "runtime/config/config.h"

struct cairn_trace_export;

/* Begins to record spans, if the settings name a collector; else `ret` stays NULL. Whether it can
 * be reached does not matter. `service` is the name of the process. Returns 0, or -CAIRN_CONFIG:
 * its URL is invalid, or may not be used without TLS. */
int cairn_trace_export_start(const struct cairn_config *config, const char *service,
                             struct cairn_trace_export **ret,
                             struct cairn_error *error) CAIRN_CHECKED;

/* Sends what there is, for some seconds at most (exporter.h). NULL is allowed. */
void cairn_trace_export_stop(struct cairn_trace_export *traces);

#endif
