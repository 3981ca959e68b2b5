/* metrics.h - counters, gauges and histograms for /metrics, in Prometheus' text format 0.0.4.
 *
 *     static struct cairn_metric appends =
 *         CAIRN_COUNTER("cairn_appends_total", "Appends to the log.", "outcome");
 *
 *     cairn_metric_add(&appends, "committed", 1);
 *
 * A metric has at most one label, or two in one text, "target,outcome", whose values come as
 * "bank,answered": the first has no comma. It registers itself at its first use; one that was never
 * used is not shown. Names must differ.
 *
 * Threads: any thread may add; one lock guards them all, adding holds it for some nanoseconds.
 * Ownership: a metric is static; what it has counted stays for the life of the process. */
#ifndef CAIRN_CORE_METRICS_H
#define CAIRN_CORE_METRICS_H

#include "core/buffer.h"

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
/* Observes microseconds, shows seconds, in buckets from 0.5 ms to 10 s. */
#define CAIRN_HISTOGRAM(name_, help_, label_)                                                      \
    {                                                                                              \
        .kind = CAIRN_METRIC_HISTOGRAM, .name = (name_), .help = (help_), .label = (label_)        \
    }

/* `value` is that of the label, "" where the metric has none; it is copied at its first use. A
 * metric takes at most 200 values; what comes after them is counted under "other". Counters and
 * gauges are added to, gauges set, histograms observe; anything else is a mistake in the program
 * and aborts. A duration below zero counts as zero. */
void cairn_metric_add(struct cairn_metric *metric, const char *value, int64_t n);
void cairn_metric_set(struct cairn_metric *metric, const char *value, int64_t n);
void cairn_metric_observe(struct cairn_metric *metric, const char *value, int64_t us);

/* Writes all of them, sorted by name; the series of each in the order of their first use. */
void cairn_metrics_write(struct cairn_buffer *buffer);

#endif
