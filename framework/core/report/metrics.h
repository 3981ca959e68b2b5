/* metrics.h - counters, gauges and histograms for /metrics, in Prometheus' text format 0.0.4.
 *
 *     static struct cairn_metric appends =
 *         CAIRN_COUNTER("cairn_appends_total", "Appends to the log.", "outcome");
 *
 *     cairn_metric_add(&appends, "committed", 1);
 *
 * A metric has at most one label, or two in one text, "target,outcome", whose values are passed as
 * "bank,answered"; the first must not contain a comma. A metric registers itself at its first use;
 * an unused one is not shown. Names must differ.
 *
 * Threads: any thread may update a metric; one lock guards all metrics and is held for some
 * nanoseconds. Ownership: a metric is static; its values are kept for the life of the process. */
#ifndef CAIRN_CORE_METRICS_H
#define CAIRN_CORE_METRICS_H

#include "core/containers/buffer.h"

#include <stdbool.h>

enum cairn_metric_kind { CAIRN_METRIC_COUNTER = 1, CAIRN_METRIC_GAUGE, CAIRN_METRIC_HISTOGRAM };

struct cairn_metric {
    enum cairn_metric_kind kind;
    const char *name;
    const char *help;
    const char *label; /* name of the label (or "one,two"), or NULL */
    struct cairn_metric_series *series;
    struct cairn_metric *next;
    bool registered;
};
#define CAIRN_COUNTER(name_, help_, label_)                                                        \
    {                                                                                              \
        .kind = CAIRN_METRIC_COUNTER, .name = (name_), .help = (help_), .label = (label_)          \
    }
#define CAIRN_GAUGE(name_, help_, label_)                                                          \
    {                                                                                              \
        .kind = CAIRN_METRIC_GAUGE, .name = (name_), .help = (help_), .label = (label_)            \
    }
/* A histogram of microseconds, shown in seconds, with buckets from 0.5 ms to 10 s. */
#define CAIRN_HISTOGRAM(name_, help_, label_)                                                      \
    {                                                                                              \
        .kind = CAIRN_METRIC_HISTOGRAM, .name = (name_), .help = (help_), .label = (label_)        \
    }

/* `value` is the label's value, "" if the metric has no label; it is copied at its first use. A
 * metric has at most 200 values; further ones are counted under "other". Counters and gauges are
 * added to, gauges are set, histograms observe; anything else is a programming error and aborts. A
 * negative duration counts as zero. */
void cairn_metric_add(struct cairn_metric *metric, const char *value, int64_t n);
void cairn_metric_set(struct cairn_metric *metric, const char *value, int64_t n);
void cairn_metric_observe(struct cairn_metric *metric, const char *value, int64_t us);

/* Writes all metrics, sorted by name, the series of each in the order of their first use. */
void cairn_metrics_write(struct cairn_buffer *buffer);

#endif
