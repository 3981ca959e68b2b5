/* metrics.c - counters, gauges and histograms, in a list under one lock.
 *
 * Invariants, under `lock`
 *  (1) A metric is in the list if and only if it is registered; the list is sorted by name.
 *  (2) A metric has at most SERIES_MAX series, plus "other", and each label value once. */
#include "core/report/metrics.h"
#include "core/threads/lock.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

enum { SERIES_MAX = 200, BUCKETS = 14 };

static const int64_t bucket_us[BUCKETS] = {500,     1000,    2500,    5000,    10000,
                                           25000,   50000,   100000,  250000,  500000,
                                           1000000, 2500000, 5000000, 10000000};
static const char *const bucket_names[BUCKETS] = {"0.0005", "0.001", "0.0025", "0.005", "0.01",
                                                  "0.025",  "0.05",  "0.1",    "0.25",  "0.5",
                                                  "1",      "2.5",   "5",      "10"};

struct cairn_metric_series {
    struct cairn_metric_series *next;
    char *value; /* the label's value */
    int64_t sum; /* counter and gauge: the number; histogram: microseconds */
    int64_t count;
    int64_t buckets[BUCKETS]; /* not cumulative; added up when written */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct cairn_metric *metrics;

static void enlist(struct cairn_metric *metric)
{
    if (metric->registered)
        return;
    metric->registered = true;
    struct cairn_metric **at = &metrics;
    while (*at && strcmp((*at)->name, metric->name) < 0)
        at = &(*at)->next;
    metric->next = *at;
    *at = metric;
}

static struct cairn_metric_series *find(struct cairn_metric *metric, const char *value)
{
    static const char other[] = "other";
    size_t count = 0;
    struct cairn_metric_series **at = &metric->series;
    for (; *at; at = &(*at)->next) {
        if (strcmp((*at)->value, value) == 0)
            return *at;
        count += strcmp((*at)->value, other) != 0;
    }
    if (count >= SERIES_MAX && strcmp(value, other) != 0)
        return find(metric, other);
    *at = cairn_allocate(sizeof **at);
    (*at)->value = cairn_duplicate(value);
    return *at;
}

static struct cairn_metric_series *locked(struct cairn_metric *metric, const char *value)
{
    cairn_lock(&lock);
    enlist(metric);
    return find(metric, value && metric->label ? value : "");
}

static void unlock(void)
{
    cairn_unlock(&lock);
}

void cairn_metric_add(struct cairn_metric *metric, const char *value, int64_t n)
{
    assert(metric->kind != CAIRN_METRIC_HISTOGRAM);
    locked(metric, value)->sum += n;
    unlock();
}

void cairn_metric_set(struct cairn_metric *metric, const char *value, int64_t n)
{
    assert(metric->kind == CAIRN_METRIC_GAUGE);
    locked(metric, value)->sum = n;
    unlock();
}

void cairn_metric_observe(struct cairn_metric *metric, const char *value, int64_t us)
{
    assert(metric->kind == CAIRN_METRIC_HISTOGRAM);
    struct cairn_metric_series *series = locked(metric, value);
    us = us < 0 ? 0 : us;
    series->sum += us;
    series->count++;
    for (int i = 0; i < BUCKETS; i++) {
        if (us <= bucket_us[i]) {
            series->buckets[i]++;
            break;
        }
    }
    unlock();
}

/* ---- output ---- */

/* Escapes line feeds, and the characters in `escaped`: the backslash, in a label's value also the
 * double quote. */
static void write_escaped(struct cairn_buffer *out, const char *text, const char *escaped)
{
    for (; *text; text++) {
        if (*text == '\n') {
            cairn_buffer_text(out, "\\n");
            continue;
        }
        if (strchr(escaped, *text))
            cairn_buffer_char(out, '\\');
        cairn_buffer_char(out, *text);
    }
}

/* Writes label="value"; for two labels, "target,outcome", the value has two parts as well. */
static void write_label(struct cairn_buffer *out, const char *label, const char *value)
{
    size_t first = strcspn(label, ",");
    const char *comma = label[first] ? strchr(value, ',') : NULL;
    cairn_buffer_bytes(out, label, first);
    cairn_buffer_text(out, "=\"");
    if (!comma) {
        write_escaped(out, value, "\\\"");
        cairn_buffer_char(out, '"');
        return;
    }
    char *part = cairn_copy_bytes(out->arena, value, (size_t)(comma - value));
    write_escaped(out, part, "\\\"");
    cairn_buffer_text(out, "\",");
    write_label(out, label + first + 1, comma + 1);
}

/* Writes NAME SUFFIX {label="value",le="…"} */
static void write_name(struct cairn_buffer *out, const struct cairn_metric *metric,
                       const char *suffix, const struct cairn_metric_series *series, const char *le)
{
    cairn_buffer_print(out, "%s%s", metric->name, suffix);
    if (!metric->label && !le) {
        cairn_buffer_char(out, ' ');
        return;
    }
    cairn_buffer_char(out, '{');
    if (metric->label)
        write_label(out, metric->label, series->value);
    if (le)
        cairn_buffer_print(out, "%sle=\"%s\"", metric->label ? "," : "", le);
    cairn_buffer_text(out, "} ");
}

static void write_histogram(struct cairn_buffer *out, const struct cairn_metric *metric,
                            const struct cairn_metric_series *series)
{
    int64_t count = 0;
    for (int i = 0; i < BUCKETS; i++) {
        count += series->buckets[i];
        write_name(out, metric, "_bucket", series, bucket_names[i]);
        cairn_buffer_print(out, "%" PRId64 "\n", count);
    }
    write_name(out, metric, "_bucket", series, "+Inf");
    cairn_buffer_print(out, "%" PRId64 "\n", series->count);
    write_name(out, metric, "_sum", series, NULL);
    cairn_buffer_print(out, "%" PRId64 ".%06" PRId64 "\n", series->sum / 1000000,
                       series->sum % 1000000);
    write_name(out, metric, "_count", series, NULL);
    cairn_buffer_print(out, "%" PRId64 "\n", series->count);
}

static void write_metric(struct cairn_buffer *out, const struct cairn_metric *metric)
{
    static const char *const kinds[] = {
        [CAIRN_METRIC_COUNTER] = "counter",
        [CAIRN_METRIC_GAUGE] = "gauge",
        [CAIRN_METRIC_HISTOGRAM] = "histogram",
    };
    cairn_buffer_print(out, "# HELP %s ", metric->name);
    write_escaped(out, metric->help, "\\");
    cairn_buffer_print(out, "\n# TYPE %s %s\n", metric->name, kinds[metric->kind]);
    for (const struct cairn_metric_series *at = metric->series; at; at = at->next) {
        if (metric->kind == CAIRN_METRIC_HISTOGRAM) {
            write_histogram(out, metric, at);
        } else {
            write_name(out, metric, "", at, NULL);
            cairn_buffer_print(out, "%" PRId64 "\n", at->sum);
        }
    }
}

void cairn_metrics_write(struct cairn_buffer *buffer)
{
    cairn_lock(&lock);
    for (const struct cairn_metric *at = metrics; at; at = at->next)
        write_metric(buffer, at);
    unlock();
}
