/* exporter.h - the thread that sends spans to a collector, in batches.
 *
 *     a span ends -> queue -> batch -> OTLP request -> collector
 *                      '-- full: dropped, counted
 *
 * A batch is sent when it is full, or `schedule_us` after the first span. What the collector does
 * not take for now (429, 502, 503, 504), or where there is none, is sent again after pauses that
 * double, or after the collector's Retry-After, until `batch_us` have passed: then the batch has
 * failed, and is counted. Meanwhile spans gather in the queue; what does not fit is dropped. No
 * thread but the exporter's own ever waits for a collector.
 *
 * One exporter can be open in a process. /metrics has cairn_spans_total by outcome: exported,
 * dropped (the queue was full), failed (the collector did not take them), rejected (it took their
 * batch, without them).
 *
 * Threads: open and close by one thread; no span may end after close. */
#ifndef CAIRN_TELEMETRY_EXPORTER_H
#define CAIRN_TELEMETRY_EXPORTER_H

#include "telemetry/otlp.h"
#include "telemetry/sampler.h"

#include <cairn/error.h>

/* What became of one request. */
struct cairn_export_answer {
    bool is_taken;
    bool may_repeat;  /* it was not taken for now */
    int64_t pause_us; /* as the collector has asked for; 0: it has not */
    int64_t rejected; /* of the spans that were taken */
    struct cairn_error error;
};

/* How requests reach the collector. */
struct cairn_export_door {
    /* Sends one request, within `deadline_us`. */
    void (*send)(void *context, const void *body, size_t bytes, int64_t deadline_us,
                 struct cairn_export_answer *ret);
    /* Ends a call of `send` that is under way, within a second, and all later ones. Any thread. */
    void (*abandon)(void *context);
    void *context;
};

struct cairn_exporter_options {
    struct cairn_sampler sampler;
    const struct cairn_resource_attribute *resource;
    size_t resource_count;
    const char *version;
    size_t queue_max, batch_max; /* spans; the batch is not larger than the queue */
    int64_t schedule_us;
    int64_t call_us;  /* of one request */
    int64_t batch_us; /* of all attempts */
    struct cairn_export_door door;
};

struct cairn_exporter;

/* Begins to record spans. Returns 0, or -CAIRN_CONFIG if there can be no more threads. The options
 * are copied, but for the door's context. */
int cairn_exporter_open(const struct cairn_exporter_options *options, struct cairn_exporter **ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Ends recording, sends what is in the queue, for at most CAIRN_EXPORTER_FLUSH_US and a second, and
 * frees everything. NULL is allowed. */
#define CAIRN_EXPORTER_FLUSH_US INT64_C(3000000)
void cairn_exporter_close(struct cairn_exporter *exporter);

#endif
