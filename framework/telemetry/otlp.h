/* otlp.h - encodes spans as OpenTelemetry's protocol has them: ExportTraceServiceRequest of
 * opentelemetry-proto 1.x, in protobuf.
 *
 * Ownership: an encoder belongs to one thread. */
#ifndef CAIRN_TELEMETRY_OTLP_H
#define CAIRN_TELEMETRY_OTLP_H

#include "core/containers/buffer.h"
#include "telemetry/span.h"

/* An attribute of the process: service.name, host.name … */
struct cairn_resource_attribute {
    const char *key;
    const char *value;
};

struct cairn_otlp;

/* `version` is that of the library, as the scope of all spans has it. All are borrowed for the
 * call. */
struct cairn_otlp *cairn_otlp_open(const struct cairn_resource_attribute *resource, size_t count,
                                   const char *version);
void cairn_otlp_close(struct cairn_otlp *otlp); /* NULL is allowed */

/* Adds a span to the request. `unix_us` is what turns its times into those since 1970. */
void cairn_otlp_add(struct cairn_otlp *otlp, const struct cairn_span *span, int64_t unix_us);
size_t cairn_otlp_count(const struct cairn_otlp *otlp);

/* Returns the request with the spans that were added; it is valid until the encoder is emptied. */
const char *cairn_otlp_request(struct cairn_otlp *otlp, size_t *ret_bytes);
void cairn_otlp_empty(struct cairn_otlp *otlp);

/* Reads an ExportTraceServiceResponse: returns how many spans the collector has rejected. */
int64_t cairn_otlp_rejected(const char *bytes, size_t count);

#endif
