/* test_verifications.c - verifying a read model over HTTP: a console and a projector beside a
 * database; rows that are right, rows that are not, and what is cancelled. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/pots.h"
#include "../support/service.h"
#include "../support/support.h"
#include "../support/system.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 90000, USERS = 20 };

#define VERIFY "/admin/verifications"
#define USERS_BODY "{\"read_model\":\"users\"}"

static struct child console, projector;
static int port;
static struct http_reply reply;

static int set_up(void **state)
{
    static char redis[600];
    const char *const env[] = {redis, "CAIRN_AUTH=off", NULL};
    int failed = pots_setup(state);
    (void)snprintf(redis, sizeof redis, "REDIS_URL=%s", pot_bench.redis_url);
    port = fixture_free_port();
    service_launch(&console, "console", pot_bench.url, port, env);
    service_launch(&projector, "projector", pot_bench.url, fixture_free_port(), env);
    fixture_wait_http(port, "/readyz", PATIENCE_MS);
    fixture_sql(pot_bench.url,
                cairn_print(&pot_bench.arena,
                            "select cairn.append('user-' || gen_random_uuid(), 'UserRegistered',"
                            " json_build_object('email', i || '@example.com', 'name', 'Ada'))"
                            " from generate_series(1, %d) i",
                            USERS));
    fixture_wait_sql(pot_bench.url,
                     "select count(*) from cairn.generations g join cairn.checkpoints c"
                     " using (projection, generation) where g.projection = 'users' and g.live"
                     "     and c.position = cairn.head()",
                     1, PATIENCE_MS);
    return failed;
}

static int tear_down(void **state)
{
    http_reply_free(&reply);
    child_kill(&projector, SIGKILL);
    child_kill(&console, SIGKILL);
    return pots_teardown(state);
}

static void ask_console(int status, const char *method, const char *path, const char *headers,
                        const char *body)
{
    ask_for(status, port, method, path, headers, body, &reply);
}

static bool says(const char *words)
{
    ask_console(200, "GET", VERIFY "?read_model=users", NULL, NULL);
    return strstr(reply.body, words) != NULL;
}

static void wait_until_it_says(const char *words)
{
    int64_t until_ms = fixture_now_ms() + PATIENCE_MS;
    while (!says(words) && fixture_now_ms() < until_ms)
        fixture_nap();
    if (!strstr(reply.body, words))
        fail_msg("wanted %s, was answered %s", words, reply.body);
}

static void wait_until_it_is_over(void)
{
    int64_t until_ms = fixture_now_ms() + PATIENCE_MS;
    while (says("\"state\":\"running\"") && fixture_now_ms() < until_ms)
        fixture_nap();
    assert_null(strstr(reply.body, "\"state\":\"running\""));
}

static void begin(void)
{
    ask_console(200, "POST", VERIFY, NULL, USERS_BODY);
    assert_non_null(strstr(reply.body, "\"action\":\"verify\""));
}

static void expect_operations(const char *wanted)
{
    char found[1000];
    fixture_sql_text(pot_bench.url,
                     "select string_agg(action || ' ' || state || coalesce(' ' ||"
                     " (result ->> 'differences'), ''), ', ' order by position)"
                     " from cairn.operations",
                     found, sizeof found);
    assert_string_equal(found, wanted);
}

static void rows_are_compared_with_the_log_and_differences_are_named(void **state)
{
    (void)state;
    begin();
    wait_until_it_says("\"state\":\"done\"");
    assert_true(says("\"rows\":20,\"differences\":0,\"parked\":0"));
    assert_true(says("\"copied\":20,\"copy_differences\":0"));
    expect_operations("verify done 0");
    fixture_sql(pot_bench.url, "update read.users_g1 set email = 'wrong@example.com'"
                               " where email = '7@example.com'");
    begin();
    wait_until_it_is_over();
    assert_true(says("\"differences\":1"));
    assert_true(says("\"store\":\"postgres\",\"difference\":\"is \\\"email\\\":"));
    assert_true(says("\"type\":\"UserRegistered\",\"stream\":\"user-"));
    expect_operations("verify done 0, verify done 1");
    ask_console(200, "GET", VERIFY, NULL, NULL);
    assert_non_null(strstr(reply.body, "\"differences\":0"));
}

/* What is compared waits for the lock on the rows. */
static void one_at_a_time_is_verified_and_can_be_cancelled(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    struct cairn_pg *pg = cairn_store_pg(pot_bench.store);
    ask_console(404, "POST", VERIFY "/cancel", NULL, USERS_BODY);
    assert_int_equal(cairn_pg_script(pg, "begin; lock table read.users_g1", &error), 0);
    begin();
    fixture_wait_sql(pot_bench.url,
                     "select count(*) from pg_stat_activity where application_name = 'verify'"
                     " and wait_event_type = 'Lock'",
                     1, PATIENCE_MS);
    assert_true(says("\"state\":\"running\""));
    ask_console(503, "POST", VERIFY, NULL, "{\"read_model\":\"order_summary\"}");
    ask_console(200, "POST", VERIFY "/cancel", NULL, USERS_BODY);
    assert_int_equal(cairn_pg_script(pg, "rollback", &error), 0);
    wait_until_it_says("\"state\":\"cancelled\"");
    expect_operations("verify failed, cancel-verification done");
    begin();
    wait_until_it_says("\"state\":\"done\"");
}

static void a_request_under_the_same_key_is_answered_its_outcome(void **state)
{
    (void)state;
    const char *key = "Idempotency-Key: verify-once\r\n";
    ask_console(200, "POST", VERIFY, key, USERS_BODY);
    wait_until_it_says("\"state\":\"done\"");
    ask_console(200, "POST", VERIFY, key, USERS_BODY);
    assert_non_null(strstr(reply.body, "\"rows\":20"));
    expect_operations("verify done 0");
}

static void what_no_service_has_is_not_verified(void **state)
{
    (void)state;
    ask_console(404, "POST", VERIFY, NULL, "{\"read_model\":\"vases\"}");
    ask_console(400, "POST", VERIFY, NULL, "{}");
    ask_console(400, "GET", VERIFY "?more=1", NULL, NULL);
    assert_int_equal(sql_int("select count(*) from cairn.operations"), 0);
}

static void a_console_that_stops_ends_what_it_verifies(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    struct cairn_pg *pg = cairn_store_pg(pot_bench.store);
    assert_int_equal(cairn_pg_script(pg, "begin; lock table read.users_g1", &error), 0);
    begin();
    fixture_wait_sql(pot_bench.url,
                     "select count(*) from pg_stat_activity where application_name = 'verify'"
                     " and wait_event_type = 'Lock'",
                     1, PATIENCE_MS);
    assert_int_equal(kill(console.pid, SIGTERM), 0);
    assert_int_equal(cairn_pg_script(pg, "rollback", &error), 0);
    assert_int_equal(child_wait(&console, PATIENCE_MS), 0);
    assert_int_equal(
        sql_int("select count(*) from cairn.operations where state in ('failed', 'done')"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_are_compared_with_the_log_and_differences_are_named),
        TEST(one_at_a_time_is_verified_and_can_be_cancelled),
        TEST(a_request_under_the_same_key_is_answered_its_outcome),
        TEST(what_no_service_has_is_not_verified),
        TEST(a_console_that_stops_ends_what_it_verifies),
    };
    return cmocka_run_group_tests_name("verifications", tests, NULL, NULL);
}
