/* test_metrics.c - /metrics of each process: Prometheus' own checker has nothing to say of the
 * text format, a strict parser reads OpenMetrics, and what the kernel counts is there. */
#include "../support/fixture.h"
#include "../support/shell.h"
#include "../support/support.h"
#include "../support/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct system_under_test shop;
static struct shell place;
static struct http_reply reply;

/* Programs and libraries of Debian: packages prometheus and python3-prometheus-client. */
#define HAS_CHECKER "command -v promtool >/dev/null || { echo promtool is not installed; false; }"
#define HAS_PARSER                                                                                 \
    "/usr/bin/python3 -c 'import prometheus_client' ||"                                            \
    " { echo python3-prometheus-client is not installed; false; }"

/* Of the order that is placed. */
#define TRACE_ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define TRACEPARENT "traceparent: 00-" TRACE_ID "-00f067aa0ba902b7-01\r\n"

/* Registers a user, places an order and waits until the query service has its row, so that most of
 * the metrics are used. */
static int setup(void **state)
{
    (void)state;
    char id[64];
    char headers[200];
    char path[100];
    char body[300];
    system_start(&shop);
    shell_open(&place, "metrics");
    ask_for(201, shop.user, "POST", "/users", NULL,
            "{\"email\":\"ada@example.com\",\"name\":\"Ada\"}", &reply);
    (void)snprintf(body, sizeof body,
                   "{\"user_id\":\"%s\",\"currency\":\"EUR\",\"card_token\":\"tok_visa\","
                   "\"lines\":[{\"sku\":\"a\",\"quantity\":1,\"unit_price\":100}]}",
                   reply_id(&reply, id, sizeof id));
    ask_for(201, shop.order, "POST", "/orders", TRACEPARENT, body, &reply);
    reply_position(&reply, headers, sizeof headers);
    (void)snprintf(path, sizeof path, "/orders/%s", reply_id(&reply, id, sizeof id));
    ask_for(200, shop.query, "GET", path, headers, NULL, &reply);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_reply_free(&reply);
    system_stop(&shop);
    return 0;
}

/* Runs the command once for each process, with its metrics as standard input. */
static void check_each(const char *accept, const char *command)
{
    const int ports[] = {shop.user,  shop.order,     shop.payment, shop.notification, shop.acquirer,
                         shop.query, shop.projector, shop.console, shop.log,          shop.bff};
    char line[1000];
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        (void)snprintf(line, sizeof line,
                       "curl -sf -H 'Accept: %s' http://127.0.0.1:%d/metrics >scraped &&"
                       " { %s; } <scraped || { echo at port %d; cat scraped; exit 1; }",
                       accept, system_admin_port(&shop, ports[i]), command, ports[i]);
        shell_expect(&place, line);
    }
}

static void prometheus_has_nothing_to_say_of_names_units_and_help(void **state)
{
    (void)state;
    if (shell_run(&place, HAS_CHECKER) != 0 && !getenv("CI"))
        skip();
    check_each("text/plain;version=0.0.4", "promtool check metrics >said 2>&1 && test ! -s said"
                                           " || { cat said; false; }");
}

static void openmetrics_is_read_by_a_strict_parser(void **state)
{
    (void)state;
    if (shell_run(&place, HAS_PARSER) != 0 && !getenv("CI"))
        skip();
    check_each("application/openmetrics-text;version=1.0.0,text/plain;q=0.3",
               "/usr/bin/python3 -c 'import sys\n"
               "from prometheus_client.openmetrics.parser import text_string_to_metric_families\n"
               "names = {f.name for f in text_string_to_metric_families(sys.stdin.read())}\n"
               "assert {\"cairn_http_requests\", \"cairn_http_request_seconds\"} <= names, names'");
}

/* The trace id of a request is beside the bucket that its duration fell into. */
static void a_requests_trace_is_the_exemplar_of_its_duration(void **state)
{
    (void)state;
    ask_for(404, shop.query, "GET", "/orders/00000000-0000-4000-8000-000000000000",
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n", NULL,
            &reply);
    ask_for(200, system_admin_port(&shop, shop.query), "GET", "/metrics",
            "Accept: application/openmetrics-text\r\n", NULL, &reply);
    assert_non_null(strstr(reply.body, "# {trace_id=\"0af7651916cd43dd8448eb211c80319c\"} 0."));
}

static void plain_text_is_answered_where_nothing_else_is_asked_for(void **state)
{
    (void)state;
    static const char *const accepts[] = {
        NULL, "Accept: */*\r\n", "Accept: text/plain, application/openmetrics-text;q=0.5\r\n"};
    char type[100];
    for (size_t i = 0; i < sizeof accepts / sizeof accepts[0]; i++) {
        ask_for(200, system_admin_port(&shop, shop.query), "GET", "/metrics", accepts[i], NULL,
                &reply);
        assert_true(http_header(&reply, "Content-Type", type, sizeof type));
        assert_string_equal(type, "text/plain; version=0.0.4; charset=utf-8");
    }
}

static double value_of(const char *name)
{
    char line[100];
    (void)snprintf(line, sizeof line, "\n%s ", name);
    const char *at = strstr(reply.body, line);
    if (!at)
        fail_msg("%s is not there", name);
    return strtod(at + strlen(line), NULL);
}

/* Returns whether one of the processes has observed something: the value of `series` is not 0. */
static bool is_observed(const char *series)
{
    const int ports[] = {shop.user, shop.order, shop.payment, shop.notification, shop.projector};
    char line[200];
    (void)snprintf(line, sizeof line, "\n%s ", series);
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        ask_for(200, system_admin_port(&shop, ports[i]), "GET", "/metrics", NULL, NULL, &reply);
        const char *at = strstr(reply.body, line);
        if (at && strtod(at + strlen(line), NULL) > 0)
            return true;
    }
    return false;
}

/* An order goes from its decision to the mail: each hop is observed, soon. */
static void each_hop_of_an_order_has_its_time_observed(void **state)
{
    (void)state;
    static const char *const series[] = {
        "cairn_command_decide_seconds_count{command=\"place_order\"}",
        "cairn_append_seconds_count",
        "cairn_projection_freshness_seconds_count{projection=\"order_summary\"}",
        "cairn_process_reaction_seconds_count{process=\"fulfilment\"}",
        "cairn_bus_publish_seconds_count",
        "cairn_bus_delay_seconds_count",
        "cairn_consumer_attempt_seconds_count{consumer=\"notification\"}",
        "cairn_consumer_delay_seconds_count{consumer=\"notification\"}",
    };
    int64_t until_ms = fixture_now_ms() + 30000;
    for (size_t i = 0; i < sizeof series / sizeof series[0]; i++) {
        while (!is_observed(series[i])) {
            if (fixture_now_ms() > until_ms)
                fail_msg("%s is 0, or not there", series[i]);
            fixture_nap();
        }
    }
}

/* The thread that appends works for many requests; the trace is the request's. */
static void a_decision_and_an_append_name_the_trace_of_their_request(void **state)
{
    (void)state;
    static const char *const names[] = {"\ncairn_command_decide_seconds_bucket{",
                                        "\ncairn_append_seconds_bucket{"};
    ask_for(200, system_admin_port(&shop, shop.order), "GET", "/metrics",
            "Accept: application/openmetrics-text\r\n", NULL, &reply);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bool found = false;
        for (const char *at = reply.body; !found && (at = strstr(at, names[i])); at++) {
            const char *trace = strstr(at + 1, "# {trace_id=\"" TRACE_ID "\"}");
            found = trace && trace < strchr(at + 1, '\n');
        }
        if (!found)
            fail_msg("no bucket of %s names the trace", names[i] + 1);
    }
}

static void what_the_kernel_counts_of_the_process_is_shown(void **state)
{
    (void)state;
    char expected[200];
    FILE *file = popen("date +%s", "r");
    long now = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld", &now), 1);
    assert_int_equal(pclose(file), 0);
    ask_for(200, system_admin_port(&shop, shop.order), "GET", "/metrics", NULL, NULL, &reply);
    assert_true(value_of("process_cpu_seconds_total") > 0);
    assert_true(value_of("process_resident_memory_bytes") > 1e6);
    assert_true(value_of("process_virtual_memory_bytes") >
                value_of("process_resident_memory_bytes"));
    assert_true(value_of("process_open_fds") > 5);
    assert_true(value_of("process_max_fds") > value_of("process_open_fds"));
    double age_s = (double)now - value_of("process_start_time_seconds");
    assert_true(age_s > -5 && age_s < 600);
    (void)snprintf(expected, sizeof expected, "cairn_build_info{service=\"order\",version=\"");
    assert_non_null(strstr(reply.body, expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prometheus_has_nothing_to_say_of_names_units_and_help),
        cmocka_unit_test(openmetrics_is_read_by_a_strict_parser),
        cmocka_unit_test(a_requests_trace_is_the_exemplar_of_its_duration),
        cmocka_unit_test(a_decision_and_an_append_name_the_trace_of_their_request),
        cmocka_unit_test(each_hop_of_an_order_has_its_time_observed),
        cmocka_unit_test(plain_text_is_answered_where_nothing_else_is_asked_for),
        cmocka_unit_test(what_the_kernel_counts_of_the_process_is_shown),
    };
    return cmocka_run_group_tests_name("metrics", tests, setup, teardown);
}
