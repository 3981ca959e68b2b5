/* otel_config.h - the settings of telemetry, which are those of OpenTelemetry's specification. */
#ifndef CAIRN_RUNTIME_OTEL_CONFIG_H
#define CAIRN_RUNTIME_OTEL_CONFIG_H

#include "runtime/config/config.h"
#include "telemetry/exporter.h"

/* Adds a wrong variable to `wrong` for each setting that does not fit: unlike OpenTelemetry's own
 * libraries, which ignore it, a process does not start with a setting that has no effect. */
void cairn_otel_check(const struct cairn_config *config, struct cairn_error *wrong);

/* Returns whether spans are recorded. */
bool cairn_otel_is_on(const struct cairn_config *config);

/* Returns the URL that spans are sent to. */
const char *cairn_otel_traces_url(const struct cairn_config *config, struct cairn_arena *arena);

/* A list of names and values: headers, or attributes of the resource. */
struct cairn_otel_pairs {
    struct cairn_resource_attribute *items;
    size_t count;
};

/* Reads "name=value,name=value" (W3C Baggage, without properties), percent-encoded, into an array
 * of the arena. Returns false if it is not that. */
bool cairn_otel_pairs_read(const char *text, struct cairn_arena *arena,
                           struct cairn_otel_pairs *ret);

/* Returns the attributes of this process: its name, where it runs, and those of
 * OTEL_RESOURCE_ATTRIBUTES, which prevail over all but OTEL_SERVICE_NAME. */
struct cairn_otel_pairs cairn_otel_resource(const struct cairn_config *config, const char *service,
                                            struct cairn_arena *arena);

struct cairn_sampler cairn_otel_sampler(const struct cairn_config *config);

#endif
