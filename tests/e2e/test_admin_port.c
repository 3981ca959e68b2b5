/* test_admin_port.c - the operators' listener: what tells how a process is, on a port of its own,
 * and for operators alone where others reach it. */
#include "../support/callers.h"
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/service.h"
#include "../support/support.h"
#include "../support/system.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

static char url[512];
static struct child child;
static int port, admin_port;
static struct http_reply reply;

static const char *const admin_paths[] = {"/readyz", "/metrics", "/openapi.json"};
enum { ADMIN_PATHS = sizeof admin_paths / sizeof admin_paths[0] };

static int set_up(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    port = fixture_free_port();
    admin_port = fixture_free_port();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_reply_free(&reply);
    child_kill(&child, SIGKILL);
    fixture_drop(url);
    return 0;
}

/* Starts a service with an operators' listener on this address, and one more variable, or NULL. */
static void launch_with(const char *name, const char *address, const char *variable)
{
    char at[40], on[40];
    const char *const env[] = {at, on, variable, NULL};
    (void)snprintf(at, sizeof at, "CAIRN_ADMIN_PORT=%d", admin_port);
    (void)snprintf(on, sizeof on, "CAIRN_ADMIN_BIND=%s", address);
    service_launch(&child, name, url, port, env);
}

static void launch(const char *address)
{
    launch_with("user", address, NULL);
}

static void expect(int status, int at, const char *path, const char *headers)
{
    http_reply_free(&reply);
    assert_int_equal(http_send(at, "GET", path, headers, NULL, 0, &reply, PATIENCE_MS), 0);
    if (reply.status != status)
        fail_msg("%s at %s: %d %s", path, at == port ? "PORT" : "CAIRN_ADMIN_PORT", reply.status,
                 reply.body);
}

static void operators_have_a_listener_of_their_own(void **state)
{
    (void)state;
    launch("127.0.0.1");
    fixture_wait_http(admin_port, "/readyz", PATIENCE_MS);
    for (int i = 0; i < ADMIN_PATHS; i++) {
        expect(200, admin_port, admin_paths[i], NULL);
        expect(404, port, admin_paths[i], NULL);
    }
    expect(200, admin_port, "/healthz", NULL);
    expect(200, port, "/healthz", NULL);
    /* and nothing of the domain is there */
    expect(404, admin_port, "/users/01890000-0000-7000-8000-000000000001", NULL);
    ask_for(404, admin_port, "POST", "/users", NULL, "{}", &reply);
    ask_for(201, port, "POST", "/users", NULL, "{\"email\":\"ada@example.com\",\"name\":\"Ada\"}",
            &reply);
    assert_int_equal(child_stop(&child, PATIENCE_MS), 0);
}

static void the_operators_listener_answers_while_the_public_one_is_full(void **state)
{
    (void)state;
    struct http_connection taken[8];
    char at[40];
    const char *const env[] = {at, "CAIRN_HTTP_CONNECTIONS_MAX=8", NULL};
    (void)snprintf(at, sizeof at, "CAIRN_ADMIN_PORT=%d", admin_port);
    service_launch(&child, "user", url, port, env);
    fixture_wait_http(admin_port, "/readyz", PATIENCE_MS);
    for (int i = 0; i < 8; i++)
        assert_int_equal(http_open(&taken[i], port, PATIENCE_MS), 0);
    for (int i = 0; i < ADMIN_PATHS; i++)
        expect(200, admin_port, admin_paths[i], NULL);
    for (int i = 0; i < 8; i++)
        http_close(&taken[i]);
    assert_int_equal(child_stop(&child, PATIENCE_MS), 0);
}

static void beyond_this_machine_the_role_operator_is_needed(void **state)
{
    (void)state;
    callers_open();
    launch("0.0.0.0");
    fixture_wait_http(admin_port, "/readyz", PATIENCE_MS);
    for (int i = 0; i < ADMIN_PATHS; i++) {
        expect(200, admin_port, admin_paths[i], caller_headers("bob", "operator"));
        expect(404, port, admin_paths[i], caller_headers("bob", "operator"));
    }
    for (int i = 1; i < ADMIN_PATHS; i++) {
        expect(401, admin_port, admin_paths[i], NULL);
        expect(403, admin_port, admin_paths[i], caller_headers("ada", "clerk support"));
    }
    expect(200, admin_port, "/healthz", NULL);
    assert_int_equal(child_stop(&child, PATIENCE_MS), 0);
    callers_close();
}

static bool readiness_is(void *context)
{
    const int *wanted = context;
    http_reply_free(&reply);
    return http_send(admin_port, "GET", "/readyz", NULL, NULL, 0, &reply, PATIENCE_MS) == 0 &&
           reply.status == *wanted;
}

/* Waits for the status; a caller without a token is told these words of it, an operator others. */
static void expect_readiness(int status, const char *bare, const char *details)
{
    fixture_wait(readiness_is, &status, PATIENCE_MS, "the process to be ready, or not");
    if (!strstr(reply.body, bare) || strstr(reply.body, details))
        fail_msg("a load balancer is told %s", reply.body);
    expect(status, admin_port, "/readyz", caller_headers("ada", "clerk"));
    if (!strstr(reply.body, bare) || strstr(reply.body, details))
        fail_msg("a clerk is told %s", reply.body);
    expect(status, admin_port, "/readyz", caller_headers("bob", "operator"));
    if (!strstr(reply.body, details))
        fail_msg("an operator is not told of %s: %s", details, reply.body);
}

static void a_load_balancer_is_told_whether_it_is_ready_and_only_operators_why(void **state)
{
    (void)state;
    callers_open();
    launch_with("projector", "0.0.0.0", NULL);
    expect_readiness(200, "{\"status\":\"ready\",\"service\":\"projector\"}", "\"projections\":");
    fixture_postgres_stop();
    expect_readiness(503, "operators are told why", "PostgreSQL");
    fixture_postgres_start();
    assert_int_equal(child_stop(&child, PATIENCE_MS), 0);
    callers_close();
}

static void without_authentication_operators_have_a_door_where_that_was_said_twice(void **state)
{
    (void)state;
    launch_with("user", "0.0.0.0", "CAIRN_AUTH=off anywhere");
    fixture_wait_http(admin_port, "/readyz", PATIENCE_MS);
    for (int i = 0; i < ADMIN_PATHS; i++)
        expect(200, admin_port, admin_paths[i], NULL);
    assert_int_equal(child_stop(&child, PATIENCE_MS), 0);
}

/* Returns what the service says when it does not start. */
static void expect_no_start(const char *address, int at, const char *words)
{
    char path[512], log[8192] = "";
    admin_port = at;
    launch(address);
    assert_int_not_equal(child_wait(&child, PATIENCE_MS), 0);
    (void)snprintf(path, sizeof path, "%s/user-%d-%d.log", getenv("CAIRN_TEST_SERVERS"),
                   (int)getpid(), port);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_true(fread(log, 1, sizeof log - 1, file) > 0);
    (void)fclose(file);
    if (!strstr(log, words))
        fail_msg("not %s: %s", words, log);
}

static void an_operators_listener_that_anyone_could_use_stops_the_start(void **state)
{
    (void)state;
    expect_no_start("0.0.0.0", admin_port, "CAIRN_ADMIN_BIND is 0.0.0.0, which others reach");
    expect_no_start("127.0.0.1", port, "CAIRN_ADMIN_PORT is that of the public listener");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(operators_have_a_listener_of_their_own),
        TEST(the_operators_listener_answers_while_the_public_one_is_full),
        TEST(beyond_this_machine_the_role_operator_is_needed),
        TEST(a_load_balancer_is_told_whether_it_is_ready_and_only_operators_why),
        TEST(without_authentication_operators_have_a_door_where_that_was_said_twice),
        TEST(an_operators_listener_that_anyone_could_use_stops_the_start),
    };
    return cmocka_run_group_tests_name("admin port", tests, NULL, NULL);
}
