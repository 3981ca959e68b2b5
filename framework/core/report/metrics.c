/* metrics.c - finds the series of a metric and adds to it, without a lock once it is there. */
#include "core/report/metrics.h"

#include "core/report/log.h"
#include "core/report/metrics_series.h"
#include "core/text/text.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct cairn_metric_bucket cairn_metric_buckets[CAIRN_BUCKETS] = {
    {100, "0.0001", "0.0001"},   {250, "0.00025", "0.00025"}, {500, "0.0005", "0.0005"},
    {1000, "0.001", "0.001"},    {2500, "0.0025", "0.0025"},  {5000, "0.005", "0.005"},
    {10000, "0.01", "0.01"},     {25000, "0.025", "0.025"},   {50000, "0.05", "0.05"},
    {100000, "0.1", "0.1"},      {250000, "0.25", "0.25"},    {500000, "0.5", "0.5"},
    {1000000, "1", "1.0"},       {2500000, "2.5", "2.5"},     {5000000, "5", "5.0"},
    {10000000, "10", "10.0"},    {30000000, "30", "30.0"},    {60000000, "60", "60.0"},
    {300000000, "300", "300.0"},
};

/* A bucket's exemplar is replaced when it is older than this. */
#define EXEMPLAR_US CAIRN_SECONDS(1)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct cairn_metric *metrics;

struct cairn_metric *cairn_metrics_lock(void)
{
    cairn_lock(&lock);
    return metrics;
}

void cairn_metrics_unlock(void)
{
    cairn_unlock(&lock);
}

/* ---- series ---- */

static void enlist(struct cairn_metric *metric)
{
    struct cairn_metric **at = &metrics;
    while (*at && strcmp((*at)->name, metric->name) < 0)
        at = &(*at)->next;
    metric->next = *at;
    *at = metric;
}

static struct cairn_metric_series *make_series(const struct cairn_metric *metric, const char *value)
{
    struct cairn_metric_series *ret =
        aligned_alloc(_Alignof(struct cairn_metric_series), sizeof *ret);
    if (!ret)
        abort();
    memset(ret, 0, sizeof *ret);
    ret->value = cairn_duplicate(value);
    if (metric->kind == CAIRN_METRIC_HISTOGRAM)
        ret->exemplars = cairn_allocate((CAIRN_BUCKETS + 1) * sizeof *ret->exemplars);
    return ret;
}

/* Returns the series of the value, or the last one's end, where it belongs, in `*end`. `*count` is
 * the number of series besides "other". */
static struct cairn_metric_series *look_up(struct cairn_metric *metric, const char *value,
                                           _Atomic(struct cairn_metric_series *) **end,
                                           size_t *count)
{
    _Atomic(struct cairn_metric_series *) *at = &metric->series;
    struct cairn_metric_series *series;
    *count = 0;
    while ((series = atomic_load_explicit(at, memory_order_acquire))) {
        if (strcmp(series->value, value) == 0)
            return series;
        *count += strcmp(series->value, "other") != 0;
        at = &series->next;
    }
    *end = at;
    return NULL;
}

static struct cairn_metric_series *find(struct cairn_metric *metric, const char *value);

static struct cairn_metric_series *find_or_make(struct cairn_metric *metric, const char *value)
{
    _Atomic(struct cairn_metric_series *) *end;
    size_t count;
    cairn_lock(&lock);
    struct cairn_metric_series *ret = look_up(metric, value, &end, &count);
    bool full = count >= CAIRN_SERIES_MAX && strcmp(value, "other") != 0;
    if (!ret && !full) {
        if (end == &metric->series)
            enlist(metric);
        ret = make_series(metric, value);
        atomic_store_explicit(end, ret, memory_order_release);
    }
    cairn_unlock(&lock);
    return ret ? ret : find(metric, "other");
}

static struct cairn_metric_series *find(struct cairn_metric *metric, const char *value)
{
    _Atomic(struct cairn_metric_series *) *end;
    size_t count;
    const char *text = value && metric->label ? value : "";
    struct cairn_metric_series *ret = look_up(metric, text, &end, &count);
    if (!ret && count >= CAIRN_SERIES_MAX)
        ret = look_up(metric, "other", &end, &count);
    return ret ? ret : find_or_make(metric, text);
}

/* Returns this thread's part of a series. */
static struct cairn_metric_cell *own_cell(struct cairn_metric_series *series)
{
    static atomic_uint threads;
    static _Thread_local unsigned number; /* from 1 */
    if (number == 0)
        number = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % CAIRN_CELLS + 1;
    return &series->cells[number - 1];
}

/* ---- values ---- */

static void add(_Atomic int64_t *number, int64_t n)
{
    (void)atomic_fetch_add_explicit(number, n, memory_order_relaxed);
}

void cairn_metric_add(struct cairn_metric *metric, const char *value, int64_t n)
{
    assert(metric->kind != CAIRN_METRIC_HISTOGRAM);
    struct cairn_metric_series *series = find(metric, value);
    bool is_gauge = metric->kind == CAIRN_METRIC_GAUGE;
    struct cairn_metric_cell *cell = is_gauge ? &series->cells[0] : own_cell(series);
    add(&cell->sum, n);
}

void cairn_metric_set(struct cairn_metric *metric, const char *value, int64_t n)
{
    assert(metric->kind == CAIRN_METRIC_GAUGE);
    atomic_store_explicit(&find(metric, value)->cells[0].sum, n, memory_order_relaxed);
}

void cairn_metric_total(struct cairn_metric *metric, const char *value, int64_t total)
{
    assert(metric->kind == CAIRN_METRIC_COUNTER);
    atomic_store_explicit(&find(metric, value)->cells[0].sum, total, memory_order_relaxed);
}

/* Keeps the observation as its bucket's exemplar, unless that one is new, or another thread is at
 * exemplars just now: any will do. */
static void keep_exemplar(struct cairn_exemplar *exemplar, int64_t us, const uint8_t *trace_id)
{
    static const uint8_t none[CAIRN_LOG_TRACE_BYTES];
    if (!trace_id || memcmp(trace_id, none, sizeof none) == 0)
        return;
    int64_t now_us = cairn_time_to_unix(cairn_now());
    int64_t at_us = atomic_load_explicit(&exemplar->at_us, memory_order_relaxed);
    bool is_new = at_us <= now_us && now_us - at_us < EXEMPLAR_US; /* clocks may be set back */
    if (is_new || pthread_mutex_trylock(&lock) != 0)
        return;
    exemplar->us = us;
    *cairn_hex_write(exemplar->trace_id, trace_id, CAIRN_LOG_TRACE_BYTES) = '\0';
    atomic_store_explicit(&exemplar->at_us, now_us, memory_order_relaxed);
    cairn_unlock(&lock);
}

void cairn_metric_observe_traced(struct cairn_metric *metric, const char *value, int64_t us,
                                 const uint8_t *trace_id)
{
    assert(metric->kind == CAIRN_METRIC_HISTOGRAM);
    struct cairn_metric_series *series = find(metric, value);
    struct cairn_metric_cell *cell = own_cell(series);
    int bucket = 0;
    us = us < 0 ? 0 : us;
    while (bucket < CAIRN_BUCKETS && us > cairn_metric_buckets[bucket].us)
        bucket++;
    add(&cell->sum, us);
    add(&cell->observed[bucket], 1);
    keep_exemplar(&series->exemplars[bucket], us, trace_id);
}

void cairn_metric_observe(struct cairn_metric *metric, const char *value, int64_t us)
{
    cairn_metric_observe_traced(metric, value, us, cairn_log_trace_id());
}
