/* test_process.c - a single process: its start, its start-up errors, and the documentation's
 * service. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char url[512];
static char log_path[512];

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    (void)snprintf(log_path, sizeof log_path, "%s/process-%d.log", getenv("CAIRN_TEST_SERVERS"),
                   (int)getpid());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

/* ---- helpers ---- */

static const char *binary(const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", getenv("CAIRN_TEST_BUILD"), name);
    return path;
}

static const char *variable(const char *name, const char *value)
{
    static char text[6][600];
    static int turn;
    turn = (turn + 1) % 6;
    (void)snprintf(text[turn], sizeof text[turn], "%s=%s", name, value);
    return text[turn];
}

static const char *number(int value)
{
    static char text[20];
    (void)snprintf(text, sizeof text, "%d", value);
    return text;
}

/* Returns the process's output so far. */
static const char *output(void)
{
    static char text[16384];
    FILE *file = fopen(log_path, "re");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[length] = '\0';
    if (file)
        (void)fclose(file);
    return text;
}

static int run(const char *const argv[], const char *const env[])
{
    struct child child;
    child_start(&child, argv, env, log_path);
    return child_wait(&child, 20000);
}

static void expect_exit(int status, const char *const env[], const char *says)
{
    const char *const argv[] = {binary("bin/cairn-order"), NULL};
    assert_int_equal(run(argv, env), status);
    if (!strstr(output(), says))
        fail_msg("wanted \"%s\" in: %s", says, output());
}

/* ---- starting ---- */

static void help_lists_every_variable(void **state)
{
    (void)state;
    const char *const argv[] = {binary("bin/cairn-order"), "--help", NULL};
    const char *const env[] = {NULL};
    assert_int_equal(run(argv, env), 0);
    static const char *const wanted[] = {"DATABASE_URL", "REDIS_URL",  "PORT",
                                         "8002",         "CAIRN_BIND", "CAIRN_HTTP_WORKERS"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        assert_non_null(strstr(output(), wanted[i]));
}

static void all_that_is_wrong_with_the_environment_is_named(void **state)
{
    (void)state;
    const char *const none[] = {NULL};
    expect_exit(64, none, "DATABASE_URL is not set");
    const char *const wrong[] = {variable("DATABASE_URL", url), "PORT=eighty",
                                 "CAIRN_HTTP_WORKERS=0", NULL};
    expect_exit(64, wrong, "PORT must be from 0 to 65535");
    assert_non_null(strstr(output(), "CAIRN_HTTP_WORKERS must be from 1"));
    const char *const mistyped[] = {variable("DATABASE_URL", url), "CAIRN_HTTP_WOKRERS=2",
                                    "CAIRN_CURSOR_SECRETS=x", "CAIRN_ORDER_PORT=tcp://1.2.3.4:80",
                                    NULL};
    expect_exit(64, mistyped,
                "CAIRN_HTTP_WOKRERS is not a setting: did you mean "
                "CAIRN_HTTP_WORKERS?");
    assert_non_null(strstr(output(), "did you mean CAIRN_CURSOR_SECRET?"));
    assert_null(strstr(output(), "CAIRN_ORDER_PORT"));
}

static void a_database_that_cannot_be_reached_ends_the_start(void **state)
{
    (void)state;
    const char *const env[] = {"DATABASE_URL=postgresql:///x?host=/nonexistent",
                               "CAIRN_START_WAIT_S=0", "PORT=0", NULL};
    expect_exit(69, env, "PostgreSQL is unavailable");
}

static void an_older_or_newer_schema_ends_the_start_and_says_what_to_run(void **state)
{
    (void)state;
    const char *const env[] = {variable("DATABASE_URL", url), "PORT=0", NULL};
    fixture_sql(url, "create table kept as select * from cairn.migrations where version = 57;"
                     "delete from cairn.migrations where version = 57");
    expect_exit(69, env, "cairn migrate");
    fixture_sql(url, "insert into cairn.migrations select * from kept;"
                     "insert into cairn.migrations values (9999, '9999_later', 'x')");
    expect_exit(69, env, "newer than this binary");
    fixture_sql(url, "delete from cairn.migrations where version = 9999");
}

static void a_port_that_is_taken_is_named(void **state)
{
    (void)state;
    struct child child;
    int port = fixture_free_port();
    const char *const argv[] = {binary("bin/cairn-order"), NULL};
    const char *const env[] = {variable("DATABASE_URL", url), variable("PORT", number(port)), NULL};
    child_start(&child, argv, env, log_path);
    struct http_reply reply = {0};
    fixture_wait_http(port, "/readyz", 10000);
    http_reply_free(&reply);
    expect_exit(64, env, number(port));
    assert_int_equal(child_stop(&child, 10000), 0);
}

/* ---- the documentation's service ---- */

static void the_example_service_works(void **state)
{
    (void)state;
    struct child child;
    struct http_reply reply = {0};
    char location[200];
    char position[200];
    char path[300];
    static const char json[] = "Content-Type: application/json\r\n";
    int port = fixture_free_port();
    const char *const argv[] = {binary("docs/examples/ticket"), NULL};
    const char *const env[] = {variable("DATABASE_URL", url),
                               variable("REDIS_URL", fixture_redis()),
                               variable("PORT", number(port)), NULL};
    child_start(&child, argv, env, log_path);
    fixture_wait_http(port, "/readyz", 10000);

    assert_true(http_send(port, "POST", "/tickets", json, "{\"title\":\"it leaks\"}", 20, &reply,
                          10000) >= 0);
    assert_int_equal(reply.status, 201);
    assert_true(http_header(&reply, "Location", location, sizeof location));
    http_reply_free(&reply);
    (void)snprintf(path, sizeof path, "%s/close", location);
    assert_true(http_send(port, "POST", path, json, "{\"reason\":\"mended\"}", 19, &reply, 10000) >=
                0);
    assert_int_equal(reply.status, 200);
    assert_true(http_header(&reply, "Cairn-Position", position, sizeof position));
    http_reply_free(&reply);
    assert_true(http_send(port, "POST", path, json, "{\"reason\":\"again\"}", 18, &reply, 10000) >=
                0);
    assert_int_equal(reply.status, 422);
    assert_non_null(strstr(reply.body, "ticket-closed"));
    http_reply_free(&reply);

    char headers[300];
    (void)snprintf(headers, sizeof headers, "Cairn-Position: %s\r\nPrefer: wait=10\r\n", position);
    assert_true(http_send(port, "GET", location, headers, NULL, 0, &reply, 15000) >= 0);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\"title\":\"it leaks\",\"closed_because\":\"mended\""));
    http_reply_free(&reply);
    assert_int_equal(child_stop(&child, 15000), 0);
}

static bool is_unready(void *context)
{
    struct http_reply reply = {0};
    (void)http_send(*(const int *)context, "GET", "/readyz", NULL, NULL, 0, &reply, 10000);
    bool unready = reply.status == 503 && strstr(reply.body, "about to stop");
    http_reply_free(&reply);
    return unready;
}

static void a_stopping_process_reports_unready_first_and_still_serves(void **state)
{
    (void)state;
    struct child child;
    int port = fixture_free_port();
    const char *const argv[] = {binary("bin/cairn-user"), NULL};
    const char *const env[] = {variable("DATABASE_URL", url), variable("PORT", number(port)),
                               "CAIRN_STOP_DRAIN_MS=600000", NULL};
    child_start(&child, argv, env, log_path);
    fixture_wait_http(port, "/readyz", 20000);
    child_kill(&child, SIGTERM);
    fixture_wait(is_unready, &port, 20000, "the process says that it is about to stop");
    static const char body[] = "{\"email\":\"late@example.com\",\"name\":\"Late\"}";
    struct http_reply reply = {0};
    assert_int_equal(http_send(port, "POST", "/users", "Content-Type: application/json\r\n", body,
                               strlen(body), &reply, 20000),
                     0);
    assert_int_equal(reply.status, 201);
    http_reply_free(&reply);
    assert_int_equal(child_stop(&child, 20000), 0); /* a second SIGTERM stops at once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_lists_every_variable),
        cmocka_unit_test(all_that_is_wrong_with_the_environment_is_named),
        cmocka_unit_test(a_database_that_cannot_be_reached_ends_the_start),
        cmocka_unit_test(an_older_or_newer_schema_ends_the_start_and_says_what_to_run),
        cmocka_unit_test(a_port_that_is_taken_is_named),
        cmocka_unit_test(a_stopping_process_reports_unready_first_and_still_serves),
        cmocka_unit_test(the_example_service_works),
    };
    return cmocka_run_group_tests_name("process", tests, setup, teardown);
}
