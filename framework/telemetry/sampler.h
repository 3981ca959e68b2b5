/* sampler.h - decides which traces are recorded: the samplers of OpenTelemetry.
 *
 * The ratio looks at the trace id alone, so that all processes with the same ratio decide alike: of
 * its last 56 bits, which are random (W3C Trace Context, level 2, section 3.2.2.3), the highest
 * part of that size is recorded. "parentbased" does what the sender's flag says, and decides only
 * about traces that begin here.
 *
 * Threads: set before the first decision, and after the last; decisions are made by any thread. */
#ifndef CAIRN_TELEMETRY_SAMPLER_H
#define CAIRN_TELEMETRY_SAMPLER_H

#include "telemetry/trace_context.h"

struct cairn_sampler {
    bool parent_based;
    uint64_t threshold; /* of 2^56: what is below is not recorded */
};

/* Reads the values of OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG. */
bool cairn_sampler_parse(const char *name, struct cairn_sampler *ret);
/* `ratio` is from 0 to 1; only the samplers by ratio use it. */
bool cairn_sampler_parse_ratio(const char *text, double *ret);
bool cairn_sampler_uses_ratio(const char *name);
void cairn_sampler_set_ratio(struct cairn_sampler *sampler, double ratio);

/* Sets the sampler of the process; NULL: nothing is recorded. */
void cairn_sampler_use(const struct cairn_sampler *sampler);
/* Returns whether anything is recorded at all. */
bool cairn_sampler_is_on(void);

/* Returns whether spans of a trace are recorded. `has_parent`: it came from elsewhere, with the
 * flag in `trace->sampled`. While nothing is recorded the flag stays as it came. */
bool cairn_sampler_decide(const struct cairn_trace *trace, bool has_parent);

#endif
