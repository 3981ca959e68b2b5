/* metrics_series.h - the values of a metric. Part of metrics.c and metrics_text.c.
 *
 * Invariants
 *  (1) A metric is in the list if and only if it has a series; the list is sorted by name.
 *  (2) A metric has at most CAIRN_SERIES_MAX series, plus "other", and each label value once.
 *  (3) Lists grow at their ends, under the lock; a series does not move and is not freed. A thread
 *      that has reached one by acquiring loads may use it without the lock. */
#ifndef CAIRN_CORE_METRICS_SERIES_H
#define CAIRN_CORE_METRICS_SERIES_H

#include "core/report/metrics.h"

enum {
    CAIRN_SERIES_MAX = 200,
    CAIRN_CELLS = 8,    /* parts of a series, each on cache lines of its own */
    CAIRN_BUCKETS = 19, /* one more is for what is above the last bound */
};

struct cairn_metric_bucket {
    int64_t us;
    const char *name, *open_name; /* bound in seconds, in either format */
};
extern const struct cairn_metric_bucket cairn_metric_buckets[CAIRN_BUCKETS];

/* Part of a series to which some of the threads add. Gauges have the first one only. */
struct cairn_metric_cell {
    _Alignas(64) _Atomic int64_t sum;            /* of a histogram: microseconds */
    _Atomic int64_t observed[CAIRN_BUCKETS + 1]; /* of a histogram; not cumulative */
};

/* The latest observation of a bucket whose trace is known. */
struct cairn_exemplar {
    _Atomic int64_t at_us; /* wall clock; 0: there is none */
    int64_t us;
    char trace_id[40];
};

struct cairn_metric_series {
    _Atomic(struct cairn_metric_series *) next;
    char *value;                      /* the label's value */
    struct cairn_exemplar *exemplars; /* of a histogram, CAIRN_BUCKETS + 1, under the lock */
    struct cairn_metric_cell cells[CAIRN_CELLS];
};

/* Locks the list of metrics, and exemplars, and returns the first metric. */
struct cairn_metric *cairn_metrics_lock(void);
void cairn_metrics_unlock(void);

#endif
