/* test_socket_activation.c - a service that is started with its listening socket answers the
 * requests that waited in it; and one that nothing runs starts at its first request. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/support.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG_MS = 60000 };

static char url[512];
static char program[512];
static char database[700];
static char port_text[40];
static int port;

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    port = fixture_free_port();
    (void)snprintf(program, sizeof program, "%s/bin/cairn-log", getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", url);
    (void)snprintf(port_text, sizeof port_text, "PORT=%d", port);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

static int listen_at(const char *address)
{
    const int on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(listener >= 0);
    assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(listener, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listener, 16), 0);
    return listener;
}

/* Starts the service with the socket as descriptor 3. */
static pid_t start_with(int listener)
{
    pid_t pid = fork();
    if (pid > 0)
        return pid;
    char own[40];
    (void)snprintf(own, sizeof own, "%d", (int)getpid());
    (void)setenv("LISTEN_PID", own, 1);
    (void)setenv("LISTEN_FDS", "1", 1);
    (void)putenv(database);
    (void)putenv(port_text);
    if (dup2(listener, 3) == 3)
        (void)execl(program, program, (char *)NULL);
    _exit(127);
}

static int wait_for_end(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static void
a_request_that_waits_in_the_socket_is_answered_by_the_service_that_is_started(void **state)
{
    (void)state;
    struct http_connection connection;
    struct http_reply reply = {0};
    int listener = listen_at("127.0.0.1");
    assert_int_equal(http_open(&connection, port, LONG_MS), 0); /* before there is a service */
    for (int round = 0; round < 2; round++) {
        pid_t pid = start_with(listener);
        if (round > 0)
            assert_int_equal(http_open(&connection, port, LONG_MS), 0);
        assert_int_equal(http_ask(&connection, "GET", "/events", NULL, NULL, 0, &reply, LONG_MS),
                         0);
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply.body, "[]");
        http_reply_free(&reply);
        http_close(&connection);
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(wait_for_end(pid), 0);
    }
    (void)close(listener);
}

static void a_socket_at_another_address_than_the_service_s_is_refused(void **state)
{
    (void)state;
    int listener = listen_at("0.0.0.0");
    assert_int_equal(wait_for_end(start_with(listener)), 64);
    (void)close(listener);
}

static void a_service_starts_at_its_first_request(void **state)
{
    (void)state;
    struct child activator;
    struct http_reply reply = {0};
    char address[60];
    (void)snprintf(address, sizeof address, "127.0.0.1:%d", port);
    const char *const argv[] = {"systemd-socket-activate",
                                "-l",
                                address,
                                "-E",
                                "DATABASE_URL",
                                "-E",
                                "PORT",
                                program,
                                NULL};
    const char *const env[] = {database, port_text, NULL};
    if (system("command -v systemd-socket-activate >/dev/null") != 0) {
        print_message("systemd-socket-activate is not installed\n");
        skip();
    }
    assert_int_equal(child_start(&activator, argv, env, "/dev/null"), 0);
    int64_t until_ms = fixture_now_ms() + LONG_MS;
    while (fixture_port_is_free(port) && fixture_now_ms() < until_ms)
        fixture_nap();
    int64_t begun_ms = fixture_now_ms();
    assert_int_equal(http_send(port, "GET", "/events", NULL, NULL, 0, &reply, LONG_MS), 0);
    print_message("the first answer took %d ms\n", (int)(fixture_now_ms() - begun_ms));
    assert_int_equal(reply.status, 200);
    http_reply_free(&reply);
    assert_int_equal(child_stop(&activator, LONG_MS), 0); /* it has become the service */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_that_waits_in_the_socket_is_answered_by_the_service_that_is_started),
        TEST(a_socket_at_another_address_than_the_service_s_is_refused),
        TEST(a_service_starts_at_its_first_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
