/* test_faults.c - processes and servers that crash under load: nothing acknowledged is lost, and
 * every read model ends up as the fold of the log, which is computed here independently, in SQL. */
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/system.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct system_under_test shop;
static char user[64];

static int setup(void **state)
{
    (void)state;
    struct http_reply reply = {0};
    system_start(&shop);
    ask_for(201, shop.user, "POST", "/users", NULL, "{\"email\":\"a@example.com\",\"name\":\"A\"}",
            &reply);
    reply_id(&reply, user, sizeof user);
    http_reply_free(&reply);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    system_stop(&shop);
    return 0;
}

/* ---- a load of orders ---- */

enum { CLIENTS = 8 };

struct load {
    int orders;               /* to place, over all clients */
    _Atomic int next;         /* the next one's number */
    _Atomic int acknowledged; /* answered with 201 */
    _Atomic int refused;      /* any other answer, or none */
    char (*ids)[40];          /* of those acknowledged */
    pthread_t threads[CLIENTS];
};

/* Places an order; cancels every third one, with the first answer's version. */
static void place_one(struct load *load, int number)
{
    struct http_reply reply = {0};
    char body[300];
    char id[64];
    char path[100];
    (void)snprintf(body, sizeof body,
                   "{\"user_id\":\"%s\",\"currency\":\"%s\",\"lines\":[{\"sku\":\"a\","
                   "\"quantity\":%d,\"unit_price\":10}]}",
                   user, number % 2 ? "EUR" : "USD", 1 + number % 9);
    int got = http_send(shop.order, "POST", "/orders", "Content-Type: application/json\r\n", body,
                        strlen(body), &reply, 30000);
    if (got < 0 || reply.status != 201) {
        load->refused++;
        http_reply_free(&reply);
        return;
    }
    reply_id(&reply, id, sizeof id);
    (void)snprintf(load->ids[load->acknowledged++], sizeof load->ids[0], "%.39s", id);
    http_reply_free(&reply);
    if (number % 3 == 0) {
        (void)snprintf(path, sizeof path, "/orders/%.40s/cancel", id);
        (void)!http_send(shop.order, "POST", path, "Content-Type: application/json\r\n",
                         "{\"reason\":\"x\"}", 14, &reply, 30000);
        http_reply_free(&reply);
    }
}

static void *place_many(void *context)
{
    struct load *load = context;
    for (int number; (number = load->next++) < load->orders;)
        place_one(load, number);
    return NULL;
}

static struct load *start_load(int orders)
{
    struct load *load = calloc(1, sizeof *load);
    load->orders = orders;
    load->ids = calloc((size_t)orders, sizeof *load->ids);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&load->threads[i], NULL, place_many, load), 0);
    return load;
}

static void finish_load(struct load *load)
{
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_join(load->threads[i], NULL), 0);
}

static void free_load(struct load *load)
{
    free(load->ids);
    free(load);
}

struct progress {
    struct load *load;
    int orders;
};

static bool load_has_come_to(void *context)
{
    const struct progress *progress = context;
    return progress->load->next >= progress->orders;
}

static void wait_for_load(struct load *load, int orders)
{
    struct progress progress = {load, orders};
    fixture_wait(load_has_come_to, &progress, 120000, "the load to go on");
}

/* ---- invariants ---- */

static int64_t sql_int(const char *sql)
{
    return fixture_sql_int(shop.database_url, sql);
}

/* A count in a state where the projections are at the head: processes go on deciding after the load
 * has ended, so one statement checks both. */
struct tally {
    const char *sql; /* returns a number */
    int64_t number;
};

static bool is_counted_at_the_head(void *context)
{
    struct tally *tally = context;
    char sql[4000];
    (void)snprintf(sql, sizeof sql,
                   "select case when (select min(position) from cairn.checkpoints) >="
                   " (select max(position) from cairn.events)"
                   " and (select count(*) from cairn.checkpoints) = 4 then (%s) else -1 end",
                   tally->sql);
    tally->number = sql_int(sql);
    return tally->number >= 0;
}

static int64_t count_at_the_head(const char *sql)
{
    struct tally tally = {.sql = sql};
    fixture_wait(is_counted_at_the_head, &tally, 120000, "the projections to reach the head");
    return tally.number;
}

static void expect_no_rows(const char *what, const char *sql)
{
    char count[3000];
    (void)snprintf(count, sizeof count, "select count(*) from (%s) differing", sql);
    int64_t differing = count_at_the_head(count);
    if (differing)
        fail_msg("%s: %lld rows differ", what, (long long)differing);
}

static void expect_every_order_acknowledged_is_there(const struct load *load)
{
    for (int i = 0; i < load->acknowledged; i++) {
        char sql[200];
        (void)snprintf(sql, sizeof sql,
                       "select count(*) from cairn.events where stream = 'order-%s' and"
                       " type = 'OrderPlaced'",
                       load->ids[i]);
        assert_int_equal(sql_int(sql), 1);
    }
}

/* order_summary folded in SQL: the last event gives the status, the first the rest. */
static const char orders_differ[] =
    "(select placed.stream::text, (placed.data->>'total')::bigint as total,"
    " placed.data->>'currency' as currency, case last.type when 'OrderPlaced' then 'placed'"
    " when 'OrderPaid' then 'paid' when 'OrderShipped' then 'shipped' else 'cancelled' end as "
    "status,"
    " placed.recorded_at as placed_at"
    " from cairn.events placed join lateral (select type from cairn.events e"
    " where e.shard = 0 and e.stream = placed.stream order by version desc limit 1) last on true"
    " where placed.type = 'OrderPlaced')"
    " except all (select 'order-' || order_id, total, currency, status, placed_at"
    " from read.order_summary)";

static const char sales_differ[] =
    "(select (recorded_at at time zone 'UTC')::date, data->>'currency',"
    " count(*) filter (where type = 'OrderPlaced'), count(*) filter (where type = 'OrderCancelled')"
    " from cairn.events where type in ('OrderPlaced', 'OrderPaid', 'OrderCancelled') group by 1, 2)"
    " except all (select day, currency, orders_placed, orders_cancelled from read.sales_by_day)";

static void expect_read_models_equal_the_log(void)
{
    expect_no_rows("order_summary", orders_differ);
    expect_no_rows("sales_by_day", sales_differ);
    assert_int_equal(
        count_at_the_head("select abs((select count(*) from read.order_summary) - (select count(*)"
                          " from cairn.events where type = 'OrderPlaced'))"),
        0);
    assert_int_equal(sql_int("select max(position) - count(*) from cairn.events"), 0);
}

static bool is_answered_as_stored(void *context)
{
    const char *id = context;
    struct http_reply reply = {0};
    char path[100];
    char status[40];
    char sql[200];
    char wanted[40];
    (void)snprintf(path, sizeof path, "/orders/%s", id);
    (void)snprintf(sql, sizeof sql, "select status from read.order_summary where order_id = '%s'",
                   id);
    ask_for(200, shop.query, "GET", path, NULL, NULL, &reply);
    reply_member(&reply, "status", status, sizeof status);
    fixture_sql_text(shop.database_url, sql, wanted, sizeof wanted);
    http_reply_free(&reply);
    return strcmp(status, wanted) == 0;
}

/* The query service answers from Redis what PostgreSQL holds, as soon as no process changes it. */
static void expect_queries_answer(const struct load *load)
{
    for (int i = 0; i < load->acknowledged; i += 97)
        fixture_wait(is_answered_as_stored, load->ids[i], 60000,
                     "the answer to be as it is stored");
}

/* ---- faults ---- */

static void a_projector_killed_in_the_middle_of_5000_orders_repeats_and_loses_nothing(void **state)
{
    (void)state;
    struct load *load = start_load(5000);
    for (int at = 500; at < 5000; at += 1500) {
        wait_for_load(load, at);
        system_kill(&shop, "projector", SIGKILL);
        system_heal(&shop);
    }
    finish_load(load);
    assert_int_equal(load->acknowledged, 5000);
    expect_read_models_equal_the_log();
    expect_queries_answer(load);
    free_load(load);
}

static void a_service_killed_under_load_has_kept_what_it_acknowledged(void **state)
{
    (void)state;
    struct load *load = start_load(1000);
    wait_for_load(load, 300);
    system_kill(&shop, "order", SIGKILL);
    system_heal(&shop);
    finish_load(load);
    assert_true(load->acknowledged > 0);
    expect_every_order_acknowledged_is_there(load);
    expect_read_models_equal_the_log();
    free_load(load);
}

static void a_database_killed_under_load_comes_back_and_has_lost_nothing(void **state)
{
    (void)state;
    struct http_reply reply = {0};
    struct load *load = start_load(2000);
    wait_for_load(load, 500);
    system_kill(&shop, "postgres", SIGQUIT); /* immediate shutdown, no checkpoint */
    wait_for_load(load, 700);
    ask(shop.order, "POST", "/orders", NULL, "{}", &reply);
    assert_int_equal(reply.status, 400); /* an invalid body is rejected without a database, too */
    system_heal(&shop);
    finish_load(load);
    expect_every_order_acknowledged_is_there(load);
    expect_read_models_equal_the_log();
    ask_for(200, system_admin_port(&shop, shop.order), "GET", "/readyz", NULL, NULL, &reply);
    http_reply_free(&reply);
    free_load(load);
}

static bool is_ready_for_rows_by_key(void *context)
{
    struct http_reply *reply = context;
    ask(system_admin_port(&shop, shop.query), "GET", "/readyz", NULL, NULL, reply);
    return reply->status == 200 && strstr(reply->body, "only rows by key") != NULL;
}

/* Without readiness, no traffic would be routed to the query service for rows that it can
 * answer. */
/* Returns whether the read models and their copies are at the head: a row that is not copied yet
 * when the database becomes unavailable is not guaranteed. */
static bool copies_are_current(void *context)
{
    struct http_reply *reply = context;
    char wanted[60];
    int64_t head = fixture_sql_int(shop.database_url, "select cairn.head()");
    ask(system_admin_port(&shop, shop.projector), "GET", "/readyz", NULL, NULL, reply);
    (void)snprintf(wanted, sizeof wanted,
                   "\"position\":%" PRId64 ",\"head\":%" PRId64 ",\"copy_current\":true", head,
                   head);
    int current = 0;
    for (const char *at = reply->body; at && (at = strstr(at, wanted)); at++)
        current++;
    return current == 4;
}

static void rows_by_key_are_answered_and_readiness_says_so_while_the_database_is_away(void **state)
{
    (void)state;
    struct http_reply reply = {0};
    char path[100];
    struct load *load = start_load(20);
    finish_load(load);
    expect_queries_answer(load);
    fixture_wait(copies_are_current, &reply, 20000, "the copies to be current");
    system_kill(&shop, "postgres", SIGQUIT);
    fixture_wait(is_ready_for_rows_by_key, &reply, 20000, "readiness to say what there is");
    for (int i = 0; i < load->acknowledged; i++) {
        (void)snprintf(path, sizeof path, "/orders/%s", load->ids[i]);
        ask_for(200, shop.query, "GET", path, NULL, NULL, &reply);
    }
    (void)snprintf(path, sizeof path, "/users/%s/orders", user);
    ask_for(503, shop.query, "GET", path, NULL, NULL, &reply);
    ask(system_admin_port(&shop, shop.order), "GET", "/readyz", NULL, NULL, &reply);
    assert_int_equal(reply.status, 503); /* no command can be executed */
    system_heal(&shop);
    ask_for(200, shop.query, "GET", path, NULL, NULL, &reply);
    http_reply_free(&reply);
    free_load(load);
}

static void a_redis_that_dies_costs_nothing_but_speed(void **state)
{
    (void)state;
    struct load *load = start_load(1000);
    wait_for_load(load, 300);
    system_kill(&shop, "redis", SIGKILL);
    finish_load(load);
    assert_int_equal(load->acknowledged, 1000);
    expect_read_models_equal_the_log();
    expect_queries_answer(load); /* from PostgreSQL */
    system_heal(&shop);
    expect_queries_answer(load);
    free_load(load);
}

static bool is_gone(void *context)
{
    return kill(*(const int *)context, 0) != 0;
}

static void sigterm_finishes_what_was_accepted(void **state)
{
    (void)state;
    struct load *load = start_load(1000);
    wait_for_load(load, 300);
    int pid = system_pid(&shop, "order");
    system_kill(&shop, "order", SIGTERM);
    fixture_wait(is_gone, &pid, 15000, "the order service to stop");
    finish_load(load);
    system_heal(&shop);
    expect_every_order_acknowledged_is_there(load);
    free_load(load);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_projector_killed_in_the_middle_of_5000_orders_repeats_and_loses_nothing),
        cmocka_unit_test(a_service_killed_under_load_has_kept_what_it_acknowledged),
        cmocka_unit_test(a_database_killed_under_load_comes_back_and_has_lost_nothing),
        cmocka_unit_test(rows_by_key_are_answered_and_readiness_says_so_while_the_database_is_away),
        cmocka_unit_test(a_redis_that_dies_costs_nothing_but_speed),
        cmocka_unit_test(sigterm_finishes_what_was_accepted),
    };
    return cmocka_run_group_tests_name("faults", tests, setup, teardown);
}
