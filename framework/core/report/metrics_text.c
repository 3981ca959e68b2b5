/* metrics_text.c - writes metrics in Prometheus' text format 0.0.4 and in OpenMetrics 1.0.0.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/ and
 * https://github.com/prometheus/OpenMetrics (specification 1.0.0). The second one differs: the
 * family of a counter has its name without "_total", bounds are written as floating point numbers,
 * buckets have exemplars, and there is a last line. */
#include "core/report/metrics.h"

#include "core/report/metrics_series.h"

#include <string.h>

struct writer {
    struct cairn_buffer *out;
    const struct cairn_metric *metric;
    bool open; /* OpenMetrics */
};

/* ---- names ---- */

/* Escapes line feeds, and the characters in `escaped`. */
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

/* Writes label="value"; for several labels, "target,outcome", the value has as many parts. */
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
static void write_name(const struct writer *writer, const char *suffix,
                       const struct cairn_metric_series *series, const char *le)
{
    const char *label = writer->metric->label;
    cairn_buffer_print(writer->out, "%s%s", writer->metric->name, suffix);
    if (!label && !le) {
        cairn_buffer_char(writer->out, ' ');
        return;
    }
    cairn_buffer_char(writer->out, '{');
    if (label)
        write_label(writer->out, label, series->value);
    if (le)
        cairn_buffer_print(writer->out, "%sle=\"%s\"", label ? "," : "", le);
    cairn_buffer_text(writer->out, "} ");
}

/* The family of a counter has no suffix in OpenMetrics. */
static void write_family(const struct writer *writer)
{
    static const char *const kinds[] = {
        [CAIRN_METRIC_COUNTER] = "counter",
        [CAIRN_METRIC_GAUGE] = "gauge",
        [CAIRN_METRIC_HISTOGRAM] = "histogram",
    };
    static const char total[] = "_total";
    const struct cairn_metric *metric = writer->metric;
    int length = (int)strlen(metric->name);
    if (writer->open && metric->kind == CAIRN_METRIC_COUNTER)
        length -= (int)sizeof total - 1;
    cairn_buffer_print(writer->out, "# HELP %.*s ", length, metric->name);
    write_escaped(writer->out, metric->help, writer->open ? "\\\"" : "\\");
    cairn_buffer_print(writer->out, "\n# TYPE %.*s %s\n", length, metric->name,
                       kinds[metric->kind]);
}

/* ---- values ---- */

static int64_t load(const _Atomic int64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

static int64_t total_of(const struct cairn_metric_series *series)
{
    int64_t ret = 0;
    for (int i = 0; i < CAIRN_CELLS; i++)
        ret += load(&series->cells[i].sum);
    return ret;
}

static int64_t observed_in(const struct cairn_metric_series *series, int bucket)
{
    int64_t ret = 0;
    for (int i = 0; i < CAIRN_CELLS; i++)
        ret += load(&series->cells[i].observed[bucket]);
    return ret;
}

static void write_seconds(struct cairn_buffer *out, int64_t us)
{
    const char *sign = us < 0 ? "-" : "";
    uint64_t size = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
    cairn_buffer_print(out, "%s%" PRIu64 ".%06" PRIu64, sign, size / 1000000, size % 1000000);
}

static void write_exemplar(const struct writer *writer, const struct cairn_exemplar *exemplar)
{
    int64_t at_us = load(&exemplar->at_us);
    if (!writer->open || at_us == 0)
        return;
    cairn_buffer_print(writer->out, " # {trace_id=\"%s\"} ", exemplar->trace_id);
    write_seconds(writer->out, exemplar->us);
    cairn_buffer_char(writer->out, ' ');
    write_seconds(writer->out, at_us);
}

/* The number of all observations is that of the buckets, so that they agree while others add. */
static void write_histogram(const struct writer *writer, const struct cairn_metric_series *series)
{
    int64_t count = 0;
    for (int i = 0; i <= CAIRN_BUCKETS; i++) {
        const struct cairn_metric_bucket *bucket = &cairn_metric_buckets[i];
        const char *bound = i == CAIRN_BUCKETS ? "+Inf"
                            : writer->open     ? bucket->open_name
                                               : bucket->name;
        count += observed_in(series, i);
        write_name(writer, "_bucket", series, bound);
        cairn_buffer_print(writer->out, "%" PRId64, count);
        write_exemplar(writer, &series->exemplars[i]);
        cairn_buffer_char(writer->out, '\n');
    }
    write_name(writer, "_sum", series, NULL);
    write_seconds(writer->out, total_of(series));
    cairn_buffer_char(writer->out, '\n');
    write_name(writer, "_count", series, NULL);
    cairn_buffer_print(writer->out, "%" PRId64 "\n", count);
}

static void write_number(const struct writer *writer, const struct cairn_metric_series *series)
{
    write_name(writer, "", series, NULL);
    if (writer->metric->is_time)
        write_seconds(writer->out, total_of(series));
    else
        cairn_buffer_print(writer->out, "%" PRId64, total_of(series));
    cairn_buffer_char(writer->out, '\n');
}

void cairn_metrics_write(enum cairn_metrics_format format, struct cairn_buffer *buffer)
{
    struct writer writer = {.out = buffer, .open = format == CAIRN_METRICS_OPEN};
    for (writer.metric = cairn_metrics_lock(); writer.metric; writer.metric = writer.metric->next) {
        write_family(&writer);
        struct cairn_metric_series *at =
            atomic_load_explicit(&writer.metric->series, memory_order_acquire);
        for (; at; at = atomic_load_explicit(&at->next, memory_order_acquire)) {
            if (writer.metric->kind == CAIRN_METRIC_HISTOGRAM)
                write_histogram(&writer, at);
            else
                write_number(&writer, at);
        }
    }
    cairn_metrics_unlock();
    if (writer.open)
        cairn_buffer_text(buffer, "# EOF\n");
}
