/* test_traces.c - the trace of one order through all services, by a real collector: one tree, from
 * the door to the mail. */
#include "../support/collector.h"
#include "../support/fixture.h"
#include "../support/shell.h"
#include "../support/support.h"
#include "../support/system.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define CALLER "b7ad6b7169203331"
#define USER "0199aaaa-0000-7000-8000-000000000001"
#define ORDER "0199aaaa-0000-7000-8000-000000000002"
#define OTHER_TRACE "11111111111111111111111111111111"
#define OTHER_ORDER "0199aaaa-0000-7000-8000-000000000003"

static struct collector collector;
static struct system_under_test shop;
static struct shell place;
static bool is_there; /* a collector */

static int set_up(void **state)
{
    (void)state;
    is_there = collector_start(&collector);
    if (!is_there)
        return 0;
    (void)setenv("OTEL_EXPORTER_OTLP_ENDPOINT", strchr(collector.setting, '=') + 1, 1);
    (void)setenv("OTEL_BSP_SCHEDULE_DELAY", "100", 1);
    system_start(&shop);
    shell_open(&place, "traces");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (!is_there)
        return 0;
    system_stop(&shop);
    collector_stop(&collector);
    return 0;
}

static void register_user(void)
{
    struct http_reply reply = {0};
    ask_for(201, shop.user, "POST", "/users", NULL,
            "{\"user_id\":\"" USER "\",\"email\":\"ada@example.com\",\"name\":\"Ada\"}", &reply);
    http_reply_free(&reply);
}

static void place_order(const char *order, const char *trace)
{
    struct http_reply reply = {0};
    char headers[200];
    char body[400];
    (void)snprintf(headers, sizeof headers,
                   "traceparent: 00-%s-" CALLER "-01\r\ntracestate: shop=1\r\n", trace);
    (void)snprintf(body, sizeof body,
                   "{\"order_id\":\"%s\",\"user_id\":\"" USER "\",\"currency\":\"EUR\","
                   "\"card_token\":\"tok_visa\","
                   "\"lines\":[{\"sku\":\"tea-100\",\"quantity\":2,\"unit_price\":450}]}",
                   order);
    ask_for(201, shop.order, "POST", "/orders", headers, body, &reply);
    http_reply_free(&reply);
}

static void the_trace_of_an_order_is_one_tree_from_the_door_to_the_mail(void **state)
{
    char command[2000];
    (void)state;
    if (!is_there)
        skip();
    register_user();
    place_order(ORDER, TRACE);
    collector_wait(&collector, ".trace == \"" TRACE "\" and .name == \"send mail\"", 2);
    collector_wait(&collector, ".trace == \"" TRACE "\" and .name == \"project payments\"", 2);
    collector_wait(&collector, ".trace == \"" TRACE "\" and .name == \"project order_summary\"", 2);
    (void)snprintf(command, sizeof command,
                   "node '%s/tree.mjs' '%s' " TRACE
                   " >found && diff \"$tree/tests/otlp/order.tree\" found",
                   collector.directory, collector.file);
    shell_expect(&place, command);
    assert_int_equal(collector_count(&collector, ".name == \"POST /orders\" and .parent == "
                                                 "\"" CALLER "\" and .state == \"shop=1\""),
                     1);
    collector_expect_right(&collector);
}

/* Mails are sent later, by what their rows keep, which is the traceparent. */
static void the_tracestate_of_a_request_is_in_all_that_follows_from_it(void **state)
{
    (void)state;
    if (!is_there)
        skip();
    fixture_wait_sql(shop.database_url,
                     "select count(*) from cairn.log where meta ->> 'traceparent' like '00-" TRACE
                     "-%' and meta ->> 'tracestate' = 'shop=1' and type in ('OrderPlaced',"
                     " 'PaymentRequested', 'PaymentAuthorized', 'OrderPaid')",
                     4, 0);
    fixture_wait_sql(shop.database_url,
                     "select count(*) from cairn.log where meta ->> 'traceparent' like '00-" TRACE
                     "-%' and meta ->> 'tracestate' is distinct from 'shop=1'",
                     0, 0);
    assert_int_equal(collector_count(&collector,
                                     ".trace == \"" TRACE
                                     "\" and .name != \"send mail\" and .state != \"shop=1\""),
                     0);
}

/* Not of a request: a trace of its own. Copying to Redis is a phase only where it takes longer than
 * loading into PostgreSQL. */
static void a_rebuild_is_a_trace_with_a_span_for_each_phase(void **state)
{
    char command[2000];
    (void)state;
    if (!is_there)
        skip();
    (void)setenv("run_dir", shop.run_dir, 1);
    shell_expect(&place, ". \"$run_dir/env\" && \"$build/bin/cairn\" rebuild order_summary");
    collector_wait(&collector, ".name == \"rebuild order_summary\"", 1);
    (void)snprintf(
        command, sizeof command,
        "trace=$(jq -r 'select(.name == \"rebuild order_summary\").trace' '%s' | tail -n 1) &&"
        " node '%s/tree.mjs' '%s' $trace | grep -v copying >found &&"
        " diff \"$tree/tests/otlp/rebuild.tree\" found",
        collector.file, collector.directory, collector.file);
    shell_expect(&place, command);
    collector_expect_right(&collector);
}

static void a_killed_service_loses_spans_and_not_the_trace(void **state)
{
    (void)state;
    if (!is_there)
        skip();
    place_order(OTHER_ORDER, OTHER_TRACE);
    system_kill(&shop, "payment", SIGKILL);
    system_heal(&shop);
    collector_wait(&collector, ".trace == \"" OTHER_TRACE "\" and .name == \"send mail\"", 2);
    assert_int_equal(
        collector_count(&collector, ".trace == \"" OTHER_TRACE "\" and .name == \"POST /orders\""),
        1);
    collector_expect_right(&collector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trace_of_an_order_is_one_tree_from_the_door_to_the_mail),
        cmocka_unit_test(the_tracestate_of_a_request_is_in_all_that_follows_from_it),
        cmocka_unit_test(a_rebuild_is_a_trace_with_a_span_for_each_phase),
        cmocka_unit_test(a_killed_service_loses_spans_and_not_the_trace),
    };
    return cmocka_run_group_tests_name("traces", tests, set_up, tear_down);
}
