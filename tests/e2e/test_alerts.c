/* test_alerts.c - real faults fire the alerts of deploy/observe in a real Prometheus, with
 * exporters of PostgreSQL and Redis, and their repair resolves them: processes and servers that
 * end, locks, events that cannot be read. Others are in test_alerts_load.c and
 * test_alerts_servers.c; `make lint` looks whether each alert of the rules has one. */
#include "../support/fixture.h"
#include "../support/observed.h"
#include "../support/support.h"
#include "../support/wire.h"

#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct observed observed;

#define FIRES(alert) observed_fires(&observed, alert)
#define IS_RESOLVED(alert) observed_is_resolved(&observed, alert)

static int setup(void **state)
{
    (void)state;
    observed_start(&observed, "alerts");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    observed_stop(&observed);
    return 0;
}

static void begin(void)
{
    observed_need(&observed);
    observed_wait_quiet(&observed);
}

/* ---- faults ---- */

/* Opens the stream of an order, and leaves it. */
static void look_at(const char *path)
{
    char request[300];
    struct wire wire = wire_open(observed.shop.query);
    (void)snprintf(request, sizeof request,
                   "GET %s HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n\r\n", path);
    wire_send(&wire, request);
    assert_int_equal(wire_read_head(&wire).status, 200);
    wire_close(&wire);
}

/* An order is placed, read at its position and watched, so that dashboards have something to show;
 * the slowest collectors have been scraped. */
static bool has_scraped_all(void *unused)
{
    static const char *const names[] = {
        "pg_database_size_bytes", "pg_locks_count",           "redis_up",
        "cairn_query_streams",    "cairn_redis_pieces_total", "cairn_query_wait_seconds_bucket"};
    char position[300];
    char id[64];
    char path[100];
    (void)unused;
    observed_order(&observed, 201, observed.shop.order);
    reply_position(&observed.reply, position, sizeof position);
    (void)snprintf(path, sizeof path, "/orders/%s", reply_id(&observed.reply, id, sizeof id));
    ask_for(200, observed.shop.query, "GET", path, position, NULL, &observed.reply);
    look_at(path);
    ask_for(200, observed.port, "GET", "/api/v1/label/__name__/values", NULL, NULL,
            &observed.reply);
    bool ret = true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ret = ret && strstr(observed.reply.body, names[i]);
    return ret;
}

static void the_rules_and_dashboards_are_valid_and_name_what_there_is(void **state)
{
    (void)state;
    char command[200];
    observed_need(&observed);
    fixture_wait(has_scraped_all, NULL, 90000, "all exporters to be scraped");
    (void)snprintf(command, sizeof command,
                   "\"$tree/tests/observe/check\" queries http://127.0.0.1:%d", observed.port);
    shell_expect(&observed.place, command);
}

static void a_killed_service_is_down_until_it_runs_again(void **state)
{
    (void)state;
    begin();
    system_kill(&observed.shop, "query", SIGKILL);
    FIRES("CairnInstanceDown");
    system_heal(&observed.shop);
    IS_RESOLVED("CairnInstanceDown");
}

static void a_command_that_nothing_takes_waits_and_opens_the_breaker(void **state)
{
    (void)state;
    begin();
    system_kill(&observed.shop, "payment", SIGKILL);
    for (int i = 0; i < 10; i++)
        observed_order(&observed, 201, observed.shop.order);
    FIRES("CairnDeliveriesWait");
    FIRES("CairnBreakerOpen");
    system_heal(&observed.shop);
    IS_RESOLVED("CairnDeliveriesWait");
    IS_RESOLVED("CairnBreakerOpen");
}

static void a_lock_on_a_table_stops_its_read_model(void **state)
{
    (void)state;
    begin();
    struct pg_conn *session = fixture_connect(observed.shop.database_url);
    PGresult *locked = PQexec(session, "begin; lock table read.users_g1");
    assert_int_equal(PQresultStatus(locked), PGRES_COMMAND_OK);
    PQclear(locked);
    observed_register(&observed, "bob@example.com");
    FIRES("PostgresLockHeld");
    FIRES("PostgresTransactionStaysOpen");
    FIRES("CairnReadModelStands");
    PQfinish(session);
    IS_RESOLVED("PostgresLockHeld");
    IS_RESOLVED("PostgresTransactionStaysOpen");
    IS_RESOLVED("CairnReadModelStands");
}

static void an_event_that_cannot_be_read_parks_its_key_until_it_is_skipped(void **state)
{
    (void)state;
    begin();
    observed_write(&observed,
                   "values (1, 'user-' || gen_random_uuid(), 'UserRegistered', '{}'::json)");
    observed_register(&observed, "carol@example.com");
    FIRES("CairnKeysParked");
    (void)setenv("run_dir", observed.shop.run_dir, 1);
    shell_expect(
        &observed.place,
        ". \"$run_dir/env\" && set -- $(\"$build/bin/cairn\" parked users --json |"
        " jq -r '\"\\(.key) \\(.position)\"') && \"$build/bin/cairn\" parked skip users $1 $2");
    IS_RESOLVED("CairnKeysParked");
}

static void without_redis_the_bus_stops(void **state)
{
    (void)state;
    begin();
    system_kill(&observed.shop, "redis", SIGKILL);
    observed_order(&observed, 201, observed.shop.order);
    FIRES("RedisDown");
    FIRES("CairnBusStopped");
    system_heal(&observed.shop);
    IS_RESOLVED("RedisDown");
    IS_RESOLVED("CairnBusStopped");
}

/* As after a restore: the owner of the lease is gone, and its time is not over. */
static void a_lease_of_a_lost_owner_leaves_the_bus_unled(void **state)
{
    (void)state;
    begin();
    fixture_sql(observed.superuser_url,
                "update cairn.leases set owner = 'a lost host', fence = fence + 1,"
                " held_until = now() + interval '1 hour' where name = 'bus'");
    FIRES("CairnBusUnled");
    fixture_sql(observed.superuser_url,
                "update cairn.leases set held_until = now() where name = 'bus'");
    IS_RESOLVED("CairnBusUnled");
}

static void order_in_vain(void *unused)
{
    (void)unused;
    observed_order(&observed, 503, observed.shop.order);
}

static void without_postgresql_requests_fail_and_nothing_leads(void **state)
{
    (void)state;
    begin();
    system_kill(&observed.shop, "postgres", SIGKILL);
    FIRES("PostgresDown");
    observed_fires_while(&observed, "CairnErrorRatio", order_in_vain, NULL);
    FIRES("CairnReadModelStopped");
    system_heal(&observed.shop);
    IS_RESOLVED("PostgresDown");
    IS_RESOLVED("CairnReadModelStopped");
    IS_RESOLVED("CairnErrorRatio");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rules_and_dashboards_are_valid_and_name_what_there_is),
        cmocka_unit_test(a_killed_service_is_down_until_it_runs_again),
        cmocka_unit_test(a_command_that_nothing_takes_waits_and_opens_the_breaker),
        cmocka_unit_test(a_lock_on_a_table_stops_its_read_model),
        cmocka_unit_test(an_event_that_cannot_be_read_parks_its_key_until_it_is_skipped),
        cmocka_unit_test(a_lease_of_a_lost_owner_leaves_the_bus_unled),
        cmocka_unit_test(without_redis_the_bus_stops),
        cmocka_unit_test(without_postgresql_requests_fail_and_nothing_leads),
    };
    return cmocka_run_group_tests_name("alerts", tests, setup, teardown);
}
