/* test_metrics.c - tests counters, gauges and histograms, and both formats that show them. */
#include "../support/support.h"

#include "core/containers/arena.h"
#include "core/report/log.h"
#include "core/report/metrics.h"

#include <pthread.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Shared by all tests. */
static struct cairn_arena arena;

static int close_arena(void **state)
{
    (void)state;
    cairn_arena_close(&arena);
    return 0;
}

/* Returns the text of one metric: from its HELP to the next one, or to the end. */
static const char *shown_as(enum cairn_metrics_format format, const char *name)
{
    struct cairn_buffer buffer = cairn_buffer(&arena);
    cairn_metrics_write(format, &buffer);
    char *from = strstr(buffer.text, cairn_print(&arena, "# HELP %s ", name));
    if (!from)
        return "";
    char *next = strstr(from + 1, "# HELP ");
    if (next)
        *next = '\0';
    return from;
}

static const char *shown(const char *name)
{
    return shown_as(CAIRN_METRICS_TEXT, name);
}

static void a_metric_that_was_never_used_is_not_shown(void **state)
{
    (void)state;
    static struct cairn_metric metric = CAIRN_COUNTER("test_unused_total", "Never.", NULL);
    assert_string_equal(shown(metric.name), "");
}

static void a_counter_adds_up(void **state)
{
    (void)state;
    static struct cairn_metric metric = CAIRN_COUNTER("test_plain_total", "Plain.", NULL);
    cairn_metric_add(&metric, "", 40);
    cairn_metric_add(&metric, "", 2);
    assert_string_equal(shown(metric.name), "# HELP test_plain_total Plain.\n"
                                            "# TYPE test_plain_total counter\n"
                                            "test_plain_total 42\n");
}

static void a_label_divides_a_counter(void **state)
{
    (void)state;
    static struct cairn_metric metric = CAIRN_COUNTER("test_answers_total", "Answers.", "status");
    char status[] = "404";
    cairn_metric_add(&metric, status, 1);
    status[2] = '9'; /* the value was copied */
    cairn_metric_add(&metric, "201", 5);
    cairn_metric_add(&metric, "404", 1);
    assert_string_equal(shown(metric.name), "# HELP test_answers_total Answers.\n"
                                            "# TYPE test_answers_total counter\n"
                                            "test_answers_total{status=\"404\"} 2\n"
                                            "test_answers_total{status=\"201\"} 5\n");
}

static void a_gauge_goes_up_and_down(void **state)
{
    (void)state;
    static struct cairn_metric metric = CAIRN_GAUGE("test_open", "Open.", NULL);
    cairn_metric_add(&metric, "", 5);
    cairn_metric_add(&metric, "", -7);
    assert_non_null(strstr(shown(metric.name), "# TYPE test_open gauge\ntest_open -2\n"));
    cairn_metric_set(&metric, "", 9);
    assert_non_null(strstr(shown(metric.name), "\ntest_open 9\n"));
}

static void what_the_format_reserves_is_escaped(void **state)
{
    (void)state;
    static struct cairn_metric metric = CAIRN_COUNTER("test_escaped_total", "A \\ \"b\"\nc", "l");
    cairn_metric_add(&metric, "a\"b\\c\nd", 1);
    assert_string_equal(shown(metric.name), "# HELP test_escaped_total A \\\\ \"b\"\\nc\n"
                                            "# TYPE test_escaped_total counter\n"
                                            "test_escaped_total{l=\"a\\\"b\\\\c\\nd\"} 1\n");
}

static void a_histogram_shows_seconds_in_buckets_that_add_up(void **state)
{
    (void)state;
    static struct cairn_metric metric = CAIRN_HISTOGRAM("test_seconds", "Time.", "route");
    static const int64_t times_us[] = {-5, 0, 500, 501, 30000, 10000000, 10000001};
    for (size_t i = 0; i < COUNT(times_us); i++)
        cairn_metric_observe(&metric, "/orders", times_us[i]);
    assert_string_equal(shown(metric.name),
                        "# HELP test_seconds Time.\n"
                        "# TYPE test_seconds histogram\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"0.0001\"} 2\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"0.00025\"} 2\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"0.0005\"} 3\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"0.001\"} 4\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"0.0025\"} 4\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"0.005\"} 4\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"0.01\"} 4\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"0.025\"} 4\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"0.05\"} 5\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"0.1\"} 5\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"0.25\"} 5\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"0.5\"} 5\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"1\"} 5\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"2.5\"} 5\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"5\"} 5\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"10\"} 6\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"30\"} 7\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"60\"} 7\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"300\"} 7\n"
                        "test_seconds_bucket{route=\"/orders\",le=\"+Inf\"} 7\n"
                        "test_seconds_sum{route=\"/orders\"} 20.031002\n"
                        "test_seconds_count{route=\"/orders\"} 7\n");
}

static void a_histogram_needs_no_label(void **state)
{
    (void)state;
    static struct cairn_metric metric = CAIRN_HISTOGRAM("test_wait_seconds", "Waits.", NULL);
    cairn_metric_observe(&metric, "", 2000000);
    const char *text = shown(metric.name);
    assert_non_null(strstr(text, "\ntest_wait_seconds_bucket{le=\"1\"} 0\n"));
    assert_non_null(strstr(text, "\ntest_wait_seconds_bucket{le=\"2.5\"} 1\n"));
    assert_non_null(strstr(text, "\ntest_wait_seconds_sum 2.000000\n"));
    assert_non_null(strstr(text, "\ntest_wait_seconds_count 1\n"));
}

static int count_lines(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* An earlier value named "other" makes no difference. */
static void too_many_values_are_counted_as_other(void **state)
{
    (void)state;
    static struct cairn_metric metric = CAIRN_COUNTER("test_many_total", "Many.", "path");
    cairn_metric_add(&metric, "other", 1000);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 203; i++)
            cairn_metric_add(&metric, cairn_print(&arena, "/%d", i), 1);
    }
    const char *text = shown(metric.name);
    assert_int_equal(count_lines(text), 2 + 200 + 1);
    assert_non_null(strstr(text, "{path=\"/199\"} 2\n"));
    assert_null(strstr(text, "{path=\"/200\"}"));
    assert_non_null(strstr(text, "{path=\"other\"} 1006\n"));
}

enum { COUNTED_EACH = 20000 };

static void a_metric_may_have_two_labels(void **state)
{
    (void)state;
    static struct cairn_metric metric =
        CAIRN_COUNTER("test_calls_total", "Calls.", "target,outcome");
    cairn_metric_add(&metric, "bank,answered", 2);
    cairn_metric_add(&metric, "bank,un\"known", 1);
    assert_string_equal(shown(metric.name),
                        "# HELP test_calls_total Calls.\n"
                        "# TYPE test_calls_total counter\n"
                        "test_calls_total{target=\"bank\",outcome=\"answered\"} 2\n"
                        "test_calls_total{target=\"bank\",outcome=\"un\\\"known\"} 1\n");
}

static void *count_up(void *metric)
{
    for (int i = 0; i < COUNTED_EACH; i++)
        cairn_metric_add(metric, i % 2 ? "odd" : "even", 1);
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    (void)state;
    static struct cairn_metric metric = CAIRN_COUNTER("test_threads_total", "Threads.", "parity");
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, &metric), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_non_null(strstr(shown(metric.name), "{parity=\"odd\"} 40000\n"));
    assert_non_null(strstr(shown(metric.name), "{parity=\"even\"} 40000\n"));
}

static void a_time_is_shown_in_seconds(void **state)
{
    (void)state;
    static struct cairn_metric spent =
        CAIRN_COUNTER_OF_TIME("test_spent_seconds_total", "Spent.", NULL);
    static struct cairn_metric begun = CAIRN_GAUGE_OF_TIME("test_begun_seconds", "Begun.", NULL);
    cairn_metric_total(&spent, "", 1500000);
    cairn_metric_total(&spent, "", 2000001);
    cairn_metric_set(&begun, "", -250000);
    assert_non_null(strstr(shown(spent.name), "\ntest_spent_seconds_total 2.000001\n"));
    assert_non_null(strstr(shown(begun.name), "\ntest_begun_seconds -0.250000\n"));
}

/* ---- OpenMetrics ---- */

static void a_counters_family_has_no_suffix_in_openmetrics(void **state)
{
    (void)state;
    static struct cairn_metric metric = CAIRN_COUNTER("test_spoken_total", "Say \"it\".", NULL);
    cairn_metric_add(&metric, "", 3);
    const char *text = shown_as(CAIRN_METRICS_OPEN, "test_spoken");
    assert_non_null(strstr(text, "# HELP test_spoken Say \\\"it\\\".\n# TYPE test_spoken counter\n"
                                 "test_spoken_total 3\n"));
}

static void openmetrics_ends_with_its_last_line(void **state)
{
    (void)state;
    struct cairn_buffer buffer = cairn_buffer(&arena);
    cairn_metrics_write(CAIRN_METRICS_OPEN, &buffer);
    assert_string_equal(buffer.text + buffer.length - 6, "# EOF\n");
}

static void a_bucket_shows_the_trace_of_one_of_its_observations(void **state)
{
    (void)state;
    static const uint8_t first[16] = {0x0a, 0xf7, [15] = 0x9c};
    static const uint8_t second[16] = {0xff};
    static struct cairn_metric metric = CAIRN_HISTOGRAM("test_traced_seconds", "Time.", NULL);
    cairn_metric_observe(&metric, "", 200);
    cairn_log_trace(first, NULL);
    cairn_metric_observe(&metric, "", 700);
    cairn_log_trace(second, NULL); /* within a second: the first one stays */
    cairn_metric_observe(&metric, "", 800);
    cairn_log_trace(NULL, NULL);
    const char *text = shown_as(CAIRN_METRICS_OPEN, metric.name);
    assert_non_null(strstr(text, "_bucket{le=\"0.00025\"} 1\n"));
    assert_non_null(strstr(text, "_bucket{le=\"0.001\"} 3 # {trace_id=\""
                                 "0af7000000000000000000000000009c\"} 0.000700 1"));
    assert_non_null(strstr(text, "_bucket{le=\"1.0\"} 3\n"));
    assert_null(strstr(shown(metric.name), "trace_id"));
}

static void a_bucket_shows_the_trace_that_its_observer_names(void **state)
{
    (void)state;
    static const uint8_t trace[16] = {0x0a, 0xf7, [15] = 0x9c};
    static const uint8_t none[16];
    static const uint8_t own[16] = {0xff};
    static struct cairn_metric metric = CAIRN_HISTOGRAM("test_named_seconds", "Time.", NULL);
    cairn_log_trace(own, NULL); /* of what this thread does itself */
    cairn_metric_observe_traced(&metric, "", 200, none);
    cairn_metric_observe_traced(&metric, "", 700, NULL);
    assert_null(strstr(shown_as(CAIRN_METRICS_OPEN, metric.name), "trace_id"));
    cairn_metric_observe_traced(&metric, "", 700, trace);
    cairn_log_trace(NULL, NULL);
    const char *text = shown_as(CAIRN_METRICS_OPEN, metric.name);
    assert_non_null(strstr(text, "_bucket{le=\"0.001\"} 3 # {trace_id=\""
                                 "0af7000000000000000000000000009c\"} 0.000700 1"));
}

/* ---- threads ---- */

enum { OBSERVATIONS = 20000 };

static void *observe(void *metric)
{
    for (int i = 0; i < OBSERVATIONS; i++)
        cairn_metric_observe(metric, i % 3 ? "one" : "three", 300);
    return NULL;
}

/* While others add, too: what is shown agrees with itself. */
static void observations_of_threads_add_up(void **state)
{
    (void)state;
    static struct cairn_metric metric = CAIRN_HISTOGRAM("test_shared_seconds", "Time.", "which");
    pthread_t threads[10];
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, observe, &metric), 0);
    for (int i = 0; i < 20; i++)
        (void)shown(metric.name);
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    const char *text = shown(metric.name);
    assert_non_null(strstr(text, "_bucket{which=\"three\",le=\"0.0005\"} 66670\n"));
    assert_non_null(strstr(text, "_count{which=\"three\"} 66670\n"));
    assert_non_null(strstr(text, "_sum{which=\"three\"} 20.001000\n"));
    assert_non_null(strstr(text, "_count{which=\"one\"} 133330\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_metric_that_was_never_used_is_not_shown, close_arena),
        cmocka_unit_test_teardown(a_counter_adds_up, close_arena),
        cmocka_unit_test_teardown(a_label_divides_a_counter, close_arena),
        cmocka_unit_test_teardown(a_gauge_goes_up_and_down, close_arena),
        cmocka_unit_test_teardown(what_the_format_reserves_is_escaped, close_arena),
        cmocka_unit_test_teardown(a_histogram_shows_seconds_in_buckets_that_add_up, close_arena),
        cmocka_unit_test_teardown(a_histogram_needs_no_label, close_arena),
        cmocka_unit_test_teardown(too_many_values_are_counted_as_other, close_arena),
        cmocka_unit_test_teardown(a_metric_may_have_two_labels, close_arena),
        cmocka_unit_test_teardown(threads_lose_no_count, close_arena),
        cmocka_unit_test_teardown(a_time_is_shown_in_seconds, close_arena),
        cmocka_unit_test_teardown(a_counters_family_has_no_suffix_in_openmetrics, close_arena),
        cmocka_unit_test_teardown(openmetrics_ends_with_its_last_line, close_arena),
        cmocka_unit_test_teardown(a_bucket_shows_the_trace_of_one_of_its_observations, close_arena),
        cmocka_unit_test_teardown(a_bucket_shows_the_trace_that_its_observer_names, close_arena),
        cmocka_unit_test_teardown(observations_of_threads_add_up, close_arena),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
