/* test_trace.c - looking back at the whole shop: `cairn trace`, one order's tree, node by node;
 * `cairn why` and `cairn at`, and why by HTTP. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 60000 };

static struct system_under_test shop;

static int setup(void **state)
{
    (void)state;
    system_start(&shop);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    system_stop(&shop);
    return 0;
}

/* ---- an order ---- */

static void place(const char *card, char *ret_order, size_t size)
{
    static int number;
    char user[60];
    char body[400];
    struct http_reply reply = {0};
    (void)snprintf(body, sizeof body, "{\"email\":\"user%d@example.com\",\"name\":\"Ada\"}",
                   ++number);
    ask_for(201, shop.user, "POST", "/users", NULL, body, &reply);
    reply_id(&reply, user, sizeof user);
    (void)snprintf(body, sizeof body,
                   "{\"user_id\":\"%s\",\"currency\":\"EUR\",\"card_token\":\"%s\","
                   "\"lines\":[{\"sku\":\"tea-100\",\"quantity\":2,\"unit_price\":450}]}",
                   user, card);
    ask_for(201, shop.order, "POST", "/orders", NULL, body, &reply);
    reply_id(&reply, ret_order, size);
    http_reply_free(&reply);
}

/* Waits until mail for the order's last event has gone, and all read models and the bus have it. */
static void await_end(const char *order, const char *type)
{
    char sql[500];
    (void)snprintf(
        sql, sizeof sql,
        "select count(*) from notification.messages m join cairn.events e using (event_id)"
        " where e.stream = 'order-%s' and e.type = '%s' and m.status = 'sent'",
        order, type);
    fixture_wait_sql(shop.database_url, sql, 1, LONG_MS);
    fixture_wait_sql(
        shop.database_url,
        "select (select bool_and(c.position >= cairn.head()) from cairn.checkpoints c)::int"
        " * (select (b.position >= cairn.head())::int from cairn.bus b)"
        " * (select bool_and(f.position >= cairn.head())::int from cairn.followers f)",
        1, LONG_MS);
}

/* ---- the tree ---- */

static void member(const char *line, const char *name, char *ret, size_t size)
{
    char wanted[40];
    (void)snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *at = strstr(line, wanted);
    *ret = '\0';
    if (!at)
        return;
    at += strlen(wanted);
    bool quoted = *at == '"';
    at += quoted;
    (void)snprintf(ret, size, "%.*s", (int)strcspn(at, quoted ? "\"" : ",}"), at);
}

/* Writes a line for each node: an indentation, its kind, its name, its state. */
static void draw(const char *lines, char *ret, size_t size)
{
    static int depths[200];
    size_t used = 0;
    *ret = '\0';
    for (const char *line = lines; strncmp(line, "{\"node\":", 8) == 0;
         line = strchr(line, '\n') + 1) {
        char one[2000];
        char number[20];
        char parent[20];
        char kind[40];
        char name[60];
        char state[60];
        (void)snprintf(one, sizeof one, "%.*s", (int)strcspn(line, "\n"), line);
        member(one, "node", number, sizeof number);
        member(one, "parent", parent, sizeof parent);
        member(one, "kind", kind, sizeof kind);
        member(one, "name", name, sizeof name);
        member(one, "state", state, sizeof state);
        int at = atoi(number);
        assert_in_range(at, 1, 199);
        depths[at] = strcmp(parent, "null") == 0 ? 0 : depths[atoi(parent)] + 1;
        used += (size_t)snprintf(ret + used, size - used, "%*s%s %s%s%s\n", depths[at], "", kind,
                                 name, *state ? " " : "", state);
    }
}

static void expect_tree(const char *id, const char *wanted)
{
    static char drawn[16384];
    char arguments[200];
    (void)snprintf(arguments, sizeof arguments, "trace %s --json", id);
    assert_int_equal(cairn_run(shop.database_url, arguments), 0);
    draw(said, drawn, sizeof drawn);
    assert_string_equal(drawn, wanted);
}

static const char paid[] = "command place_order\n"
                           " event OrderPlaced\n"
                           "  publication order published\n"
                           "  consumption notification consumed\n"
                           "  work notification.messages sent\n"
                           "  reaction fulfilment\n"
                           "   sent request_payment delivered\n"
                           "    command request_payment\n"
                           "     event PaymentRequested\n"
                           "      publication payment published\n"
                           "      reactor charging sent\n"
                           "       command authorize_payment\n"
                           "        event PaymentAuthorized\n"
                           "         row payments changed\n"
                           "         publication payment published\n"
                           "         reaction fulfilment\n"
                           "          sent pay_order delivered\n"
                           "           command pay_order\n"
                           "            event OrderPaid\n"
                           "             row order_summary changed\n"
                           "             row sales_by_day changed\n"
                           "             publication order published\n"
                           "             consumption notification consumed\n"
                           "             work notification.messages sent\n";

static void one_orders_tree_is_whole_by_every_id_of_it(void **state)
{
    (void)state;
    char order[60];
    char id[100];
    char sql[300];
    place("tok_visa", order, sizeof order);
    await_end(order, "OrderPaid");
    static const char *const ids[] = {"event_id::text",
                                      "meta ->> 'correlation_id'",
                                      "meta ->> 'command_id'",
                                      "meta ->> 'traceparent'",
                                      "substr(meta ->> 'traceparent', 4, 32)",
                                      "position::text"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        (void)snprintf(sql, sizeof sql,
                       "select %s from cairn.events where stream = 'order-%s' and version = 2",
                       ids[i], order);
        fixture_sql_text(shop.database_url, sql, id, sizeof id);
        expect_tree(id, paid);
    }
}

static void a_trees_times_and_actors_are_those_of_the_log(void **state)
{
    (void)state;
    char order[60];
    char id[100];
    char sql[400];
    char text[200];
    place("tok_visa", order, sizeof order);
    await_end(order, "OrderPaid");
    (void)snprintf(sql, sizeof sql,
                   "select position from cairn.events where stream = 'order-%s' and version = 2",
                   order);
    fixture_sql_text(shop.database_url, sql, id, sizeof id);
    (void)snprintf(
        sql, sizeof sql,
        "select '\"after_us\":' || (extract(epoch from b.recorded_at - a.recorded_at) * 1000000)::bigint"
        " from cairn.events a, cairn.events b where a.stream = 'order-%s' and a.version = 1"
        " and b.meta ->> 'causation_id' = a.event_id::text",
        order);
    fixture_sql_text(shop.database_url, sql, text, sizeof text);
    char arguments[120];
    (void)snprintf(arguments, sizeof arguments, "trace %s --json", id);
    cairn_expect(shop.database_url, 0, arguments, text);
    (void)snprintf(arguments, sizeof arguments, "trace %s", id);
    cairn_expect(shop.database_url, 0, arguments, "process fulfilment, at OrderPlaced");
    assert_true(cairn_said("reactor charging: sent"));
}

static void a_declined_orders_tree_ends_with_its_cancellation(void **state)
{
    (void)state;
    char order[60];
    char id[100];
    char sql[300];
    place("tok_declined", order, sizeof order);
    await_end(order, "OrderCancelled");
    (void)snprintf(sql, sizeof sql,
                   "select event_id from cairn.events where stream = 'order-%s' and version = 1",
                   order);
    fixture_sql_text(shop.database_url, sql, id, sizeof id);
    expect_tree(id, "command place_order\n"
                    " event OrderPlaced\n"
                    "  publication order published\n"
                    "  consumption notification consumed\n"
                    "  work notification.messages sent\n"
                    "  reaction fulfilment\n"
                    "   sent request_payment delivered\n"
                    "    command request_payment\n"
                    "     event PaymentRequested\n"
                    "      publication payment published\n"
                    "      consumption notification consumed\n"
                    "      reactor charging sent\n"
                    "       command decline_payment\n"
                    "        event PaymentDeclined\n"
                    "         row payments changed\n"
                    "         publication payment published\n"
                    "         consumption notification consumed\n"
                    "         work notification.messages sent\n"
                    "         reaction fulfilment\n"
                    "          sent cancel_order delivered\n"
                    "           command cancel_order\n"
                    "            event OrderCancelled\n"
                    "             row order_summary changed\n"
                    "             row sales_by_day changed\n"
                    "             publication order published\n"
                    "             consumption notification consumed\n"
                    "             work notification.messages sent\n"
                    "             reaction fulfilment\n");
}

/* ---- why a row is as it is ---- */

static void a_row_says_by_both_ways_which_events_made_it(void **state)
{
    (void)state;
    char order[60];
    char arguments[200];
    char path[100];
    struct http_reply reply = {0};
    place("tok_visa", order, sizeof order);
    await_end(order, "OrderPaid");
    (void)snprintf(arguments, sizeof arguments, "why order_summary %s", order);
    cairn_expect(shop.database_url, 0, arguments, "OrderPlaced of order-");
    assert_true(cairn_said("status: \"placed\" -> \"paid\""));
    assert_true(cairn_said("by pay_order"));
    (void)snprintf(path, sizeof path, "/orders/%s/why", order);
    ask_for(200, shop.query, "GET", path, NULL, NULL, &reply);
    assert_non_null(strstr(reply.body, "\"field\":\"status\",\"from\":\"placed\",\"to\":\"paid\""));
    assert_non_null(strstr(reply.body, "\"command\":\"pay_order\""));
    assert_non_null(strstr(reply.body, "\"left_out\":0"));
    ask_for(404, shop.query, "GET", "/orders/0199aaaa-0000-7000-8000-00000000dead/why", NULL, NULL,
            &reply);
    ask_for(400, shop.query, "GET", "/orders/4711/why", NULL, NULL, &reply);
    ask_for(404, shop.query, "GET", "/reports/sales/why", NULL, NULL, &reply);
    http_reply_free(&reply);
}

static void a_row_of_many_streams_says_it_too_and_how_it_was(void **state)
{
    (void)state;
    char order[60];
    char key[60];
    char arguments[200];
    char position[40];
    char sql[200];
    place("tok_visa", order, sizeof order);
    await_end(order, "OrderPaid");
    (void)snprintf(sql, sizeof sql,
                   "select to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD') || ':EUR'"
                   " from cairn.events where stream = 'order-%s' and version = 1",
                   order);
    fixture_sql_text(shop.database_url, sql, key, sizeof key);
    (void)snprintf(arguments, sizeof arguments, "why sales_by_day %s --limit 1", key);
    cairn_expect(shop.database_url, 0, arguments, "OrderPaid of order-");
    assert_true(cairn_said("earlier events are left out"));
    (void)snprintf(sql, sizeof sql,
                   "select position from cairn.events where stream = 'order-%s'"
                   " and version = 1",
                   order);
    fixture_sql_text(shop.database_url, sql, position, sizeof position);
    (void)snprintf(arguments, sizeof arguments, "at %s order_summary %s", position, order);
    cairn_expect(shop.database_url, 0, arguments, "\"status\":\"placed\"");
    (void)snprintf(arguments, sizeof arguments, "at %s order-%s", position, order);
    cairn_expect(shop.database_url, 0, arguments, "\"status\":\"placed\"");
    (void)snprintf(arguments, sizeof arguments, "at %s order-%s --json", position, order);
    cairn_expect(shop.database_url, 0, arguments, "\"by\":\"decider\",\"before\":null,\"state\":{");
    (void)snprintf(arguments, sizeof arguments, "at 2000-01-01T00:00:00Z order-%s", order);
    cairn_expect(shop.database_url, 1, arguments, "the log was empty then");
    cairn_expect(shop.database_url, 1, "at 1 order-none", "there was then no stream order-none");
    (void)snprintf(arguments, sizeof arguments, "at %lld order_summary %s",
                   (long long)atoll(position) - 1, order);
    cairn_expect(shop.database_url, 1, arguments, "there is no such row in order_summary");
    (void)snprintf(arguments, sizeof arguments, "at 2000-01-01T00:00:00Z order_summary %s", order);
    cairn_expect(shop.database_url, 1, arguments, "up to position 0");
    (void)snprintf(arguments, sizeof arguments, "at yesterday order_summary %s", order);
    cairn_expect(shop.database_url, 64, arguments, "yesterday is neither a position nor a time");
    (void)snprintf(arguments, sizeof arguments, "at 999999 order_summary %s", order);
    cairn_expect(shop.database_url, 64, arguments, "there is nothing at 999999 yet");
    cairn_expect(shop.database_url, 1, "why order_summary nothing", "no event concerns it");
    cairn_expect(shop.database_url, 64, "why nothing nothing", "has no read model nothing");
    cairn_expect(shop.database_url, 64, "why order_summary", "name a read model and the key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_orders_tree_is_whole_by_every_id_of_it),
        cmocka_unit_test(a_trees_times_and_actors_are_those_of_the_log),
        cmocka_unit_test(a_declined_orders_tree_ends_with_its_cancellation),
        cmocka_unit_test(a_row_says_by_both_ways_which_events_made_it),
        cmocka_unit_test(a_row_of_many_streams_says_it_too_and_how_it_was),
    };
    return cmocka_run_group_tests_name("trace", tests, setup, teardown);
}
