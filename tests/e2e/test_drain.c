/* test_drain.c - `--drain`: services that work to the head of the log, and end with a status that
 * scripts can use. */
#include "../support/cairn.h"
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/smtp_sink.h"
#include "../support/support.h"
#include "../support/system.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 120000, USERS = 30, AT_HEAD = 0, FAILED = 1, USAGE = 64, NOT_AT_HEAD = 75 };

#define USER "0193a1c2-0000-7000-8000-00000000%04d"

static struct bench {
    char url[512];
    char redis[300];
    struct smtp_sink sink;
    struct child acquirer;
    int acquirer_port, peer_port; /* nothing listens at the latter */
    char log[600];                /* of the last drain */
} bench;

static void start(struct child *child, const char *name, const char *role, const char *option,
                  const char *limit)
{
    char binary[512], url[600], database[700], listen[40], smtp[80], acquirer[80], peer[80];
    fixture_url_as(bench.url, role, url, sizeof url);
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-%s", getenv("CAIRN_TEST_BUILD"), name);
    (void)snprintf(bench.log, sizeof bench.log, "%s/log/drain-%s.log", getenv("CAIRN_TEST_SERVERS"),
                   name);
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", url);
    (void)snprintf(listen, sizeof listen, "PORT=%d", fixture_free_port());
    (void)snprintf(smtp, sizeof smtp, "CAIRN_SMTP_URL=smtp://127.0.0.1:%d", bench.sink.server.port);
    (void)snprintf(acquirer, sizeof acquirer, "CAIRN_ACQUIRER_URL=http://127.0.0.1:%d",
                   bench.acquirer_port);
    (void)snprintf(peer, sizeof peer, "CAIRN_PAYMENT_URL=http://127.0.0.1:%d", bench.peer_port);
    bool is_whole = strcmp(name, "monolith") == 0; /* it has the payments itself */
    const char *const argv[] = {binary, option, NULL};
    const char *const env[] = {database,
                               bench.redis,
                               listen,
                               smtp,
                               "CAIRN_AUTH=off",
                               acquirer,
                               limit ? limit : "CAIRN_DRAIN_S=90",
                               is_whole ? NULL : peer,
                               NULL};
    assert_int_equal(child_start(child, argv, env, bench.log), 0);
}

/* Runs a service until it is at the head. Returns its exit status. */
static int drain(const char *name, const char *role, const char *limit)
{
    struct child child;
    start(&child, name, role, "--drain", limit);
    return child_wait(&child, LONG_MS);
}

/* Fails unless the last drain has said this. */
static void expect_said(const char *words)
{
    char text[20000] = "";
    FILE *file = fopen(bench.log, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    if (!strstr(text, words))
        fail_msg("\"%s\" was not said: %s", words, text);
}

static int setup(void **state)
{
    (void)state;
    char listen[40];
    char binary[512];
    char ledger[700];
    bench = (struct bench){.acquirer_port = fixture_free_port(), .peer_port = fixture_free_port()};
    fixture_database(bench.url, sizeof bench.url);
    (void)snprintf(bench.redis, sizeof bench.redis, "REDIS_URL=%s", fixture_redis());
    smtp_sink_start(&bench.sink);
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-acquirer", getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(listen, sizeof listen, "PORT=%d", bench.acquirer_port);
    const char *const argv[] = {binary, NULL};
    (void)snprintf(ledger, sizeof ledger, "CAIRN_ACQUIRER_LEDGER=%s/drain-ledger",
                   getenv("CAIRN_TEST_SERVERS"));
    const char *const env[] = {listen, ledger, NULL};
    assert_int_equal(child_start(&bench.acquirer, argv, env, NULL), 0);
    fixture_wait_http(bench.acquirer_port, "/healthz", LONG_MS);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    child_kill(&bench.acquirer, SIGKILL);
    smtp_sink_stop(&bench.sink);
    fixture_drop(bench.url);
    return 0;
}

static void register_user(int number)
{
    char sql[400];
    (void)snprintf(sql, sizeof sql,
                   "select cairn.append('user-" USER "', 'UserRegistered',"
                   " '{\"email\":\"ada-%d@example.com\",\"name\":\"Ada\"}')",
                   number, number);
    fixture_sql(bench.url, sql);
}

static void place_order(int number)
{
    char sql[600];
    (void)snprintf(sql, sizeof sql,
                   "select cairn.append('order-" USER "', 'OrderPlaced', '{\"user_id\":\"" USER
                   "\",\"currency\":\"EUR\",\"total\":900,\"card_token\":\"tok_visa\",\"lines\":"
                   "[{\"sku\":\"tea-100\",\"quantity\":2,\"unit_price\":450}]}')",
                   number, number);
    fixture_sql(bench.url, sql);
}

static void what_was_appended_is_projected_published_and_mailed_by_services_that_end(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = round * USERS; i < (round + 1) * USERS; i++) {
            register_user(i);
            place_order(i);
        }
        assert_int_equal(drain("projector", "cairn_projector", NULL), AT_HEAD);
        assert_int_equal(fixture_sql_int(bench.url, "select count(*) from read.users"),
                         (round + 1) * USERS);
        assert_int_equal(fixture_sql_int(bench.url, "select count(*) from cairn.checkpoints"
                                                    " where position < cairn.head()"),
                         0);
        assert_int_equal(drain("notification", "cairn_consumer", NULL), AT_HEAD);
        assert_int_equal(smtp_sink_matches(&bench.sink, "was placed"), (round + 1) * USERS);
        expect_said("\"at the head\"");
    }
    /* Without anything to do it is as good. */
    assert_int_equal(drain("projector", "cairn_projector", NULL), AT_HEAD);
    assert_int_equal(drain("notification", "cairn_consumer", NULL), AT_HEAD);
    assert_int_equal(smtp_sink_matches(&bench.sink, "was placed"), 3 * USERS);
}

enum { ORDER = 5000 };

static void what_follows_from_an_order_is_done_to_its_end_or_said_to_be_left(void **state)
{
    (void)state;
    assert_int_equal(drain("order", "cairn_writer", NULL), AT_HEAD);
    register_user(ORDER);
    place_order(ORDER);
    /* The payment service is away: the command that follows cannot be delivered. */
    assert_int_equal(drain("order", "cairn_writer", "CAIRN_DRAIN_S=2"), NOT_AT_HEAD);
    expect_said("process/fulfilment");
    expect_said("not at the head");
    /* All services in one process: the order is paid when it ends. */
    assert_int_equal(drain("monolith", "cairn_owner", NULL), AT_HEAD);
    assert_int_equal(
        fixture_sql_int(bench.url, "select count(*) from cairn.events where type = 'OrderPaid'"),
        1);
    assert_int_equal(fixture_sql_int(bench.url, "select count(*) from cairn.outgoing"), 0);
}

static void what_cannot_be_projected_ends_a_drain_with_1_until_it_is_mended(void **state)
{
    (void)state;
    char amend[120];
    fixture_sql(bench.url, "select cairn.append('user-0193a1c2-0000-7000-8000-00000000bbbb',"
                           " 'UserRegistered', '{\"email\":7}')");
    int64_t wrong = fixture_sql_int(bench.url, "select cairn.head()");
    register_user(8000);
    assert_int_equal(drain("projector", "cairn_projector", NULL), FAILED);
    expect_said("projection users");
    expect_said("something has failed");
    (void)snprintf(amend, sizeof amend, "amend %d 'the address is a number'", (int)wrong);
    cairn_expect(bench.url, 0, amend, "");
    fixture_sql(bench.url, "select cairn.retry_parked('users')");
    assert_int_equal(drain("projector", "cairn_projector", NULL), AT_HEAD);
    assert_int_equal(fixture_sql_int(bench.url, "select count(*) from read.users where user_id ="
                                                " '0193a1c2-0000-7000-8000-000000008000'"),
                     1);
}

static void a_signal_ends_a_drain_and_a_service_without_work_is_told_so(void **state)
{
    (void)state;
    struct child child;
    assert_int_equal(drain("user", "cairn_writer", NULL), USAGE);
    expect_said("there is nothing to work through");
    /* Commands that cannot be delivered keep it busy. */
    fixture_sql(bench.url, "insert into cairn.outgoing (process, stream, version, number, position,"
                           " target, command, method, path, body) values ('fulfilment',"
                           " 'fulfilment-1', 1, 0, 1, 'payment-1', 'request_payment', 'POST',"
                           " '/payments', '{}')");
    start(&child, "order", "cairn_writer", "--drain", NULL);
    fixture_wait_sql(bench.url, "select count(*) from cairn.outgoing where attempts > 0", 1,
                     LONG_MS);
    child_kill(&child, SIGTERM);
    assert_int_equal(child_wait(&child, LONG_MS), NOT_AT_HEAD);
    fixture_sql(bench.url, "delete from cairn.outgoing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_appended_is_projected_published_and_mailed_by_services_that_end),
        cmocka_unit_test(what_follows_from_an_order_is_done_to_its_end_or_said_to_be_left),
        cmocka_unit_test(what_cannot_be_projected_ends_a_drain_with_1_until_it_is_mended),
        cmocka_unit_test(a_signal_ends_a_drain_and_a_service_without_work_is_told_so),
    };
    return cmocka_run_group_tests_name("drain", tests, setup, teardown);
}
