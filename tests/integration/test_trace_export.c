/* test_trace_export.c - tests the way of spans to a collector: a real one, and collectors that
 * hang, refuse, ask for patience or are away. */
#include "../support/collector.h"
#include "../support/fixture.h"
#include "../support/server.h"
#include "../support/support.h"

#include "core/containers/buffer.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "runtime/config/config.h"
#include "runtime/trace_export.h"
#include "telemetry/exporter.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cairn_service nothing = {.name = "nothing", .port = 8099};
static const struct cairn_service *const services[] = {&nothing, NULL};
static struct cairn_config config;
static struct cairn_trace_export *traces;

/* ---- the exporter of this process ---- */

static int read_config(struct cairn_error *error)
{
    (void)setenv("DATABASE_URL", "postgresql://unused", 1);
    int failed = cairn_config_read(&config, services, error);
    (void)unsetenv("DATABASE_URL");
    return failed;
}

/* Sends to `port`, soon; `variables` are set on top, "NAME", "value", …, NULL. */
static void start_export(int port, const char *const variables[])
{
    char url[60];
    struct cairn_error error = {0};
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    (void)setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url, 1);
    (void)setenv("OTEL_BSP_SCHEDULE_DELAY", "20", 1);
    for (int i = 0; variables && variables[i]; i += 2)
        (void)setenv(variables[i], variables[i + 1], 1);
    if (read_config(&error) < 0 ||
        cairn_trace_export_start(&config, "nothing", &traces, &error) < 0)
        fail_msg("%s", error.message);
    for (int i = 0; variables && variables[i]; i += 2)
        (void)unsetenv(variables[i]);
    (void)unsetenv("OTEL_BSP_SCHEDULE_DELAY");
    (void)unsetenv("OTEL_EXPORTER_OTLP_ENDPOINT");
}

/* Returns how long it took. */
static int64_t stop_export(void)
{
    int64_t begun_us = cairn_monotonic_us();
    cairn_trace_export_stop(traces);
    traces = NULL;
    return cairn_monotonic_us() - begun_us;
}

/* Records spans that are a trace each. Returns the longest time that one of them took. */
static int64_t record(int count)
{
    int64_t longest_us = 0;
    for (int i = 0; i < count; i++) {
        struct cairn_span room;
        struct cairn_trace root;
        int64_t begun_us = cairn_monotonic_us();
        cairn_trace_begin_root(&root);
        struct cairn_span *span = cairn_span_begin(&room, CAIRN_SPAN_INTERNAL, "work", &root);
        cairn_span_number(span, "cairn.number", i);
        cairn_span_end(span);
        int64_t us = cairn_monotonic_us() - begun_us;
        longest_us = us > longest_us ? us : longest_us;
    }
    return longest_us;
}

static int64_t counted(const char *outcome)
{
    char name[80];
    struct cairn_arena arena = {0};
    struct cairn_buffer text = cairn_buffer(&arena);
    (void)snprintf(name, sizeof name, "\ncairn_spans_total{outcome=\"%s\"} ", outcome);
    cairn_metrics_write(CAIRN_METRICS_TEXT, &text);
    const char *at = strstr(text.text, name);
    int64_t value = at ? strtoll(at + strlen(name), NULL, 10) : 0;
    cairn_arena_close(&arena);
    return value;
}

struct expected {
    const char *outcome;
    int64_t value;
};

static bool is_counted(void *context)
{
    const struct expected *expected = context;
    return counted(expected->outcome) >= expected->value;
}

/* Waits until so many more than `before` have this outcome. */
static void expect_counted(const char *outcome, int64_t before, int64_t more)
{
    struct expected expected = {outcome, before + more};
    fixture_wait(is_counted, &expected, 20000, outcome);
    assert_int_equal(counted(outcome), before + more);
}

/* ---- collectors that misbehave ---- */

static char last_request[1 << 20];
static _Atomic int64_t arrived_us[16];

/* Answers the first so many requests with the text, and all later ones with 200. */
static struct {
    const char *text;
    int count;
} answers;

static void answer_requests(struct server *server, int socket)
{
    static char request[1 << 20];
    while (server_read_request(socket, request, sizeof request)) {
        int number = atomic_fetch_add(&server->requests, 1);
        if (number < 16)
            atomic_store(&arrived_us[number], cairn_monotonic_us());
        memcpy(last_request, request, sizeof request);
        const char *text =
            number < answers.count ? answers.text : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        if (!server_send(socket, text))
            return;
    }
}

static void hang(struct server *server, int socket)
{
    (void)server;
    server_rest(socket);
}

/* ---- tests ---- */

static void spans_are_sent_as_the_settings_say(void **state)
{
    struct server server;
    static const char *const variables[] = {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b, x=y",
                                            NULL};
    (void)state;
    answers.count = 0;
    server_start(&server, answer_requests, NULL);
    int64_t exported = counted("exported");
    start_export(server.port, variables);
    (void)record(7);
    expect_counted("exported", exported, 7);
    (void)stop_export();
    assert_non_null(strstr(last_request, "POST /v1/traces HTTP/1.1\r\n"));
    assert_non_null(strstr(last_request, "\r\nContent-Type: application/x-protobuf\r\n"));
    assert_non_null(strstr(last_request, "\r\napi-key: a b\r\n"));
    assert_non_null(strstr(last_request, "\r\nx: y\r\n"));
    server_stop(&server);
}

static void a_collector_that_hangs_holds_nothing_up(void **state)
{
    struct server server;
    static const char *const variables[] = {"OTEL_BSP_MAX_QUEUE_SIZE", "1000", NULL};
    (void)state;
    server_start(&server, hang, NULL);
    int64_t dropped = counted("dropped");
    int64_t failed = counted("failed");
    start_export(server.port, variables);
    assert_true(record(20000) < CAIRN_SECONDS(1)); /* no call waits for a timeout */
    int64_t took_us = stop_export();
    assert_true(took_us < CAIRN_EXPORTER_FLUSH_US + CAIRN_SECONDS(2));
    assert_int_equal(counted("dropped") - dropped + counted("failed") - failed, 20000);
    assert_true(counted("dropped") - dropped > 10000);
    server_stop(&server);
}

static void a_collector_that_is_away_holds_nothing_up(void **state)
{
    (void)state;
    int64_t failed = counted("failed");
    start_export(fixture_free_port(), NULL);
    assert_true(record(100) < CAIRN_SECONDS(1));
    assert_true(stop_export() < CAIRN_EXPORTER_FLUSH_US + CAIRN_SECONDS(2));
    expect_counted("failed", failed, 100);
}

static void what_is_not_taken_for_now_is_sent_again_when_the_collector_says(void **state)
{
    struct server server;
    (void)state;
    answers.text =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n";
    answers.count = 1;
    server_start(&server, answer_requests, NULL);
    int64_t exported = counted("exported");
    start_export(server.port, NULL);
    (void)record(3);
    expect_counted("exported", exported, 3);
    assert_int_equal(atomic_load(&server.requests), 2);
    assert_true(atomic_load(&arrived_us[1]) - atomic_load(&arrived_us[0]) >= CAIRN_SECONDS(2));
    (void)stop_export();
    server_stop(&server);
}

static void what_the_collector_refuses_is_not_sent_again(void **state)
{
    struct server server;
    (void)state;
    answers.text = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
    answers.count = 1;
    server_start(&server, answer_requests, NULL);
    int64_t failed = counted("failed");
    int64_t exported = counted("exported");
    start_export(server.port, NULL);
    (void)record(3);
    expect_counted("failed", failed, 3);
    (void)record(2);
    expect_counted("exported", exported, 2);
    assert_int_equal(atomic_load(&server.requests), 2);
    (void)stop_export();
    server_stop(&server);
}

static void spans_that_the_collector_rejects_are_counted(void **state)
{
    struct server server;
    (void)state;
    answers.text = "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n"
                   "Content-Length: 4\r\n\r\n\x0a\x02\x08\x02";
    answers.count = 1;
    server_start(&server, answer_requests, NULL);
    int64_t exported = counted("exported");
    int64_t rejected = counted("rejected");
    start_export(server.port, NULL);
    (void)record(3);
    expect_counted("exported", exported, 1);
    expect_counted("rejected", rejected, 2);
    (void)stop_export();
    server_stop(&server);
}

static void what_is_recorded_before_the_end_is_sent_at_the_end(void **state)
{
    struct server server;
    static const char *const variables[] = {"OTEL_BSP_SCHEDULE_DELAY", "600000", NULL};
    (void)state;
    answers.count = 0;
    server_start(&server, answer_requests, NULL);
    int64_t exported = counted("exported");
    start_export(server.port, variables);
    (void)record(1500); /* less than three batches */
    (void)stop_export();
    assert_int_equal(counted("exported") - exported, 1500);
    server_stop(&server);
}

static void without_an_endpoint_nothing_is_recorded(void **state)
{
    struct cairn_error error = {0};
    struct cairn_trace root;
    struct cairn_span room;
    (void)state;
    assert_int_equal(read_config(&error), 0);
    assert_int_equal(cairn_trace_export_start(&config, "nothing", &traces, &error), 0);
    assert_null(traces);
    cairn_trace_begin_root(&root);
    assert_null(cairn_span_begin(&room, CAIRN_SPAN_INTERNAL, "work", &root));
}

static void a_wrong_setting_of_telemetry_is_named(void **state)
{
    static const char *const wrong[][2] = {
        {"OTEL_SDK_DISABLED", "perhaps"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"},
        {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "grpc://collector"},
        {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
        {"OTEL_EXPORTER_OTLP_HEADERS", "no equals sign"},
        {"OTEL_EXPORTER_OTLP_TIMEOUT", "soon"},
        {"OTEL_RESOURCE_ATTRIBUTES", "a=%zz"},
        {"OTEL_TRACES_SAMPLER", "sometimes"},
        {"OTEL_TRACES_SAMPLER_ARG", "2"},
        {"OTEL_BSP_SCHEDULE_DELAY", "0"},
        {"OTEL_BSP_MAX_QUEUE_SIZE", "1"},
        {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4096"}, /* more than the queue has */
        {"OTEL_BSP_EXPORT_TIMEOUT", "-1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cairn_error error = {0};
        (void)setenv(wrong[i][0], wrong[i][1], 1);
        assert_int_equal(read_config(&error), -CAIRN_CONFIG);
        if (!strstr(error.message, wrong[i][0]))
            fail_msg("%s is not named: %s", wrong[i][0], error.message);
        (void)unsetenv(wrong[i][0]);
    }
}

/* ---- a real collector ---- */

static void spans_are_what_opentelemetry_reads(void **state)
{
    struct collector collector;
    static const char *const variables[] = {"OTEL_RESOURCE_ATTRIBUTES",
                                            "service.name=by-list,deployment.environment.name=t",
                                            "OTEL_SERVICE_NAME", "by name", NULL};
    (void)state;
    if (!collector_start(&collector))
        skip();
    start_export(collector.port, variables);
    (void)record(1200);
    collector_wait(&collector,
                   ".service == \"by name\" and .name == \"work\" and .kind == \"internal\" and "
                   ".parent == \"\" and .attributes[\"cairn.number\"] >= 0",
                   1200);
    collector_expect_right(&collector);
    (void)stop_export();
    collector_stop(&collector);
}

static void a_collector_that_was_killed_gets_the_spans_when_it_is_back(void **state)
{
    struct collector collector;
    (void)state;
    if (!collector_start(&collector))
        skip();
    start_export(collector.port, NULL);
    (void)record(10);
    collector_wait(&collector, "true", 10);
    collector_kill(&collector);
    (void)record(10);
    collector_restart(&collector);
    (void)record(10);
    collector_wait(&collector, "true", 30);
    collector_expect_right(&collector);
    (void)stop_export();
    collector_stop(&collector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_are_sent_as_the_settings_say),
        cmocka_unit_test(a_collector_that_hangs_holds_nothing_up),
        cmocka_unit_test(a_collector_that_is_away_holds_nothing_up),
        cmocka_unit_test(what_is_not_taken_for_now_is_sent_again_when_the_collector_says),
        cmocka_unit_test(what_the_collector_refuses_is_not_sent_again),
        cmocka_unit_test(spans_that_the_collector_rejects_are_counted),
        cmocka_unit_test(what_is_recorded_before_the_end_is_sent_at_the_end),
        cmocka_unit_test(without_an_endpoint_nothing_is_recorded),
        cmocka_unit_test(a_wrong_setting_of_telemetry_is_named),
        cmocka_unit_test(spans_are_what_opentelemetry_reads),
        cmocka_unit_test(a_collector_that_was_killed_gets_the_spans_when_it_is_back),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("trace_export", tests, NULL, NULL);
}
