/* metrics.h - counters, gauges and histograms for /metrics, in Prometheus' text format 0.0.4 and in
 * OpenMetrics 1.0.0.
 *
 *     static struct cairn_metric appends =
 *         CAIRN_COUNTER("cairn_appends_total", "Appends, by outcome.", "outcome");
 *
 *     cairn_metric_add(&appends, "committed", 1);
 *
 * A metric has at most one label, or several in one text, "target,outcome", whose values are given
 * as "bank,answered"; only the last may contain a comma. A metric registers itself at its first
 * use; one that was never used is not shown. Names, units and help texts follow the conventions of
 * Prometheus: `promtool check metrics` has nothing to say.
 *
 * Threads: any thread may update a metric. Each adds to one of eight parts, which are summed when
 * they are shown; the only lock is for the first use of a label's value. Ownership: a metric is
 * static; its values are kept for the life of the process. */
#ifndef CAIRN_CORE_METRICS_H
#define CAIRN_CORE_METRICS_H

#include "core/containers/buffer.h"

#include <stdatomic.h>
#include <stdbool.h>

enum cairn_metric_kind { CAIRN_METRIC_COUNTER = 1, CAIRN_METRIC_GAUGE, CAIRN_METRIC_HISTOGRAM };
enum cairn_metrics_format { CAIRN_METRICS_TEXT = 1, CAIRN_METRICS_OPEN };

struct cairn_metric {
    enum cairn_metric_kind kind;
    bool is_time; /* the values are microseconds, shown in seconds */
    const char *name;
    const char *help;
    const char *label; /* name of the label (or "one,two"), or NULL */
    _Atomic(struct cairn_metric_series *) series;
    struct cairn_metric *next;
};
#define CAIRN_COUNTER(name_, help_, label_)                                                        \
    {                                                                                              \
        .kind = CAIRN_METRIC_COUNTER, .name = (name_), .help = (help_), .label = (label_)          \
    }
#define CAIRN_GAUGE(name_, help_, label_)                                                          \
    {                                                                                              \
        .kind = CAIRN_METRIC_GAUGE, .name = (name_), .help = (help_), .label = (label_)            \
    }
/* Both of microseconds, shown in seconds. */
#define CAIRN_COUNTER_OF_TIME(name_, help_, label_)                                                \
    {                                                                                              \
        .kind = CAIRN_METRIC_COUNTER, .is_time = true, .name = (name_), .help = (help_),           \
        .label = (label_)                                                                          \
    }
#define CAIRN_GAUGE_OF_TIME(name_, help_, label_)                                                  \
    {                                                                                              \
        .kind = CAIRN_METRIC_GAUGE, .is_time = true, .name = (name_), .help = (help_),             \
        .label = (label_)                                                                          \
    }
/* A histogram of microseconds, shown in seconds, with buckets from 0.1 ms to 5 minutes. */
#define CAIRN_HISTOGRAM(name_, help_, label_)                                                      \
    {                                                                                              \
        .kind = CAIRN_METRIC_HISTOGRAM, .is_time = true, .name = (name_), .help = (help_),         \
        .label = (label_)                                                                          \
    }

/* `value` is the label's value, "" if the metric has no label; it is copied at its first use. A
 * metric has at most 200 values; further ones are counted under "other". Counters and gauges are
 * added to, gauges are set, histograms observe; anything else is a programming error and aborts. A
 * negative duration counts as zero. An observation of a thread with a trace (core/report/log.h) may
 * become the exemplar of its bucket: OpenMetrics shows the trace id beside it. */
void cairn_metric_add(struct cairn_metric *metric, const char *value, int64_t n);
void cairn_metric_set(struct cairn_metric *metric, const char *value, int64_t n);
void cairn_metric_observe(struct cairn_metric *metric, const char *value, int64_t us);

/* The same on a thread that works for others: the exemplar is of the trace with these 16 bytes.
 * NULL or zeroes: it is of no trace. */
void cairn_metric_observe_traced(struct cairn_metric *metric, const char *value, int64_t us,
                                 const uint8_t *trace_id);

/* Sets a counter whose total is kept elsewhere, for example by the kernel. It must not fall. */
void cairn_metric_total(struct cairn_metric *metric, const char *value, int64_t total);

/* Writes all metrics, sorted by name, the series of each in the order of their first use. */
void cairn_metrics_write(enum cairn_metrics_format format, struct cairn_buffer *buffer);

#endif
