/* test_egress.c - calls to the outside by way of an egress proxy: a real squid, whose list has one
 * host.
 *
 * The hosts have names of this test's own (hosts_file of squid): nothing but the proxy can resolve
 * them, so a call that reached one has gone through it. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/server.h"
#include "../support/smtp_sink.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "outbound/target/egress.h"

#include <cairn/outbound.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000 };
#define ALLOWED "partner.test"
#define FORBIDDEN "other.test"

static struct child proxy;
static int proxy_port;
static char proxy_url[80];
static struct server server;
static char log_path[512];

/* ---- the proxy ---- */

static bool has_squid(void)
{
    return access("/usr/sbin/squid", X_OK) == 0;
}

/* Returns the path of a file of the test; squid writes it as another user. */
static const char *in_servers(const char *name, char *ret, size_t size)
{
    (void)snprintf(ret, size, "%s/egress-%d-%s", getenv("CAIRN_TEST_SERVERS"), (int)getpid(), name);
    return ret;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0666), 0);
}

static void write_configuration(const char *path)
{
    char hosts[512], text[4096];
    write_file(in_servers("hosts", hosts, sizeof hosts),
               "127.0.0.1 " ALLOWED " unused." ALLOWED "\n127.0.0.1 " FORBIDDEN "\n");
    write_file(in_servers("access", log_path, sizeof log_path), "");
    (void)snprintf(text, sizeof text,
                   "http_port 127.0.0.1:%d\n"
                   "hosts_file %s\n"
                   "acl listed dstdomain " ALLOWED "\n"
                   "http_access deny !CONNECT\n"
                   "http_access allow listed\n"
                   "http_access deny all\n"
                   "cache deny all\n"
                   "access_log stdio:%s\n"
                   "logfile_daemon none\n"
                   "buffered_logs off\n"
                   "cache_log /dev/null\n"
                   "pid_filename none\n"
                   "pinger_enable off\n"
                   "shutdown_lifetime 0 seconds\n",
                   proxy_port, hosts, log_path);
    write_file(path, text);
}

static bool listens(void *context)
{
    (void)context;
    struct http_connection connection;
    if (http_open(&connection, proxy_port, 1000) < 0)
        return false;
    http_close(&connection);
    return true;
}

static void start_proxy(void)
{
    char configuration[512], log[512];
    proxy_port = fixture_free_port();
    (void)snprintf(proxy_url, sizeof proxy_url, "http://127.0.0.1:%d", proxy_port);
    write_configuration(in_servers("conf", configuration, sizeof configuration));
    const char *const argv[] = {"/usr/sbin/squid", "-N", "-f", configuration, NULL};
    assert_int_equal(child_start(&proxy, argv, NULL, in_servers("log", log, sizeof log)), 0);
    fixture_wait(listens, NULL, PATIENCE_MS, "squid to listen");
}

/* Returns how many lines of the proxy's log have these words. */
static int logged(const char *words)
{
    char line[1000];
    int count = 0;
    FILE *file = fopen(log_path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        count += strstr(line, words) != NULL;
    (void)fclose(file);
    return count;
}

struct wanted {
    const char *words;
    int count;
};

static bool is_logged(void *context)
{
    const struct wanted *wanted = context;
    return logged(wanted->words) >= wanted->count;
}

/* The proxy logs a tunnel when it is closed. */
static void expect_logged(const char *words, int count)
{
    struct wanted wanted = {words, count};
    fixture_wait(is_logged, &wanted, PATIENCE_MS, "the proxy to log a request");
    assert_int_equal(logged(words), count);
}

/* ---- the outside ---- */

static void serve(struct server *outside, int socket)
{
    char request[4096];
    while (server_read_request(socket, request, sizeof request)) {
        outside->requests++;
        if (!server_send(socket, "HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\noutside"))
            return;
    }
}

static int setup(void **state)
{
    (void)state;
    server_start(&server, serve, NULL);
    if (has_squid())
        start_proxy();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(cairn_egress_set("", "", NULL), 0);
    if (has_squid())
        (void)child_stop(&proxy, PATIENCE_MS);
    server_stop(&server);
    return 0;
}

/* Without squid nothing is tried, and the count of skipped tests says so. */
static void need_squid(void)
{
    if (has_squid())
        return;
    print_message("squid is not installed: deploy/deps install check\n");
    skip();
}

static struct cairn_target target_at(const char *host, int port, char *url, size_t size)
{
    (void)snprintf(url, size, "http://%s:%d", host, port);
    return (struct cairn_target){.name = "outside", .url = url, .deadline_us = CAIRN_SECONDS(20)};
}

static int call(struct cairn_target *target, struct cairn_outbound_response *ret,
                struct cairn_error *error)
{
    const struct cairn_outbound_request request = {
        .method = "GET", .path = "/", .idempotent = true};
    return cairn_outbound_call(target, &request, ret, error);
}

static void use_proxy(const char *except)
{
    assert_int_equal(cairn_egress_set(proxy_url, except, NULL), 0);
}

/* ---- the tests ---- */

static void a_host_on_the_list_is_reached_through_the_proxy(void **state)
{
    (void)state;
    char url[100];
    struct cairn_outbound_response response = {0};
    struct cairn_error error = {0};
    struct cairn_target target = target_at(ALLOWED, server.port, url, sizeof url);
    need_squid();
    use_proxy("");
    /* a refusal by the other side, not by the proxy */
    if (call(&target, &response, &error) < 0)
        fail_msg("%s", error.message);
    assert_int_equal(response.status, 403);
    assert_string_equal(response.body, "outside");
    /* the tunnel is kept, as a connection would be */
    assert_int_equal(call(&target, &response, &error), 0);
    assert_int_equal(server.requests, 2);
    assert_int_equal(server.connections, 1);
    cairn_outbound_response_reset(&response);
    cairn_target_close(&target);
    expect_logged("CONNECT " ALLOWED, 1);
}

static void a_host_that_is_not_on_the_list_is_refused_and_nothing_is_sent(void **state)
{
    (void)state;
    char url[100];
    struct cairn_outbound_response response = {0};
    struct cairn_error error = {0};
    struct cairn_target target = target_at(FORBIDDEN, server.port, url, sizeof url);
    need_squid();
    use_proxy("");
    assert_int_equal(call(&target, &response, &error), -CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "the egress proxy refuses it (403)"));
    assert_int_equal(server.requests, 0);
    cairn_target_close(&target);
    expect_logged("CONNECT " FORBIDDEN, 1); /* not repeated: the answer would be the same */
}

static void nothing_is_reached_without_the_proxy_while_it_is_away(void **state)
{
    (void)state;
    char url[100];
    struct cairn_outbound_response response = {0};
    struct cairn_error error = {0};
    struct cairn_target target = target_at("127.0.0.1", server.port, url, sizeof url);
    char away[80];
    (void)snprintf(away, sizeof away, "http://127.0.0.1:%d", fixture_free_port());
    assert_int_equal(cairn_egress_set(away, "", NULL), 0);
    assert_int_equal(call(&target, &response, &error), -CAIRN_UNAVAILABLE);
    assert_int_equal(server.connections, 0);
    cairn_target_close(&target);
}

static void an_allowed_host_that_is_away_is_told_from_a_refused_one(void **state)
{
    (void)state;
    char url[100];
    struct cairn_outbound_response response = {0};
    struct cairn_error error = {0};
    struct cairn_target target = target_at(ALLOWED, fixture_free_port(), url, sizeof url);
    need_squid();
    target.attempts = 1;
    use_proxy("");
    assert_int_equal(call(&target, &response, &error), -CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "the egress proxy does not reach it (503)"));
    cairn_target_close(&target);
}

static void what_is_inside_or_excepted_is_reached_directly(void **state)
{
    (void)state;
    char url[100];
    struct cairn_outbound_response response = {0};
    struct cairn_error error = {0};
    struct cairn_target target = target_at("127.0.0.1", server.port, url, sizeof url);
    need_squid();
    use_proxy("");
    assert_int_equal(call(&target, &response, &error), -CAIRN_UNAVAILABLE); /* not on the list */
    cairn_target_close(&target);
    target.inside = true;
    cairn_error_reset(&error);
    assert_int_equal(call(&target, &response, &error), 0);
    cairn_target_close(&target);
    target.inside = false;
    use_proxy("elsewhere.test,127.0.0.1");
    assert_int_equal(call(&target, &response, &error), 0);
    cairn_target_close(&target);
    assert_int_equal(server.requests, 2);
    cairn_outbound_response_reset(&response);
}

/* The environment's exceptions are none of ours. */
static void proxies_and_exceptions_of_the_environment_are_not_used(void **state)
{
    (void)state;
    char url[100];
    struct cairn_outbound_response response = {0};
    struct cairn_error error = {0};
    struct cairn_target target = target_at(FORBIDDEN, server.port, url, sizeof url);
    need_squid();
    assert_int_equal(setenv("no_proxy", "*", 1), 0);
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    use_proxy("");
    assert_int_equal(call(&target, &response, &error), -CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "refuses it (403)"));
    cairn_target_close(&target);
    cairn_error_reset(&error);
    target = target_at("127.0.0.1", server.port, url, sizeof url);
    assert_int_equal(cairn_egress_set("", "", NULL), 0);
    assert_int_equal(call(&target, &response, &error), 0);
    cairn_outbound_response_reset(&response);
    cairn_target_close(&target);
    assert_int_equal(unsetenv("no_proxy"), 0);
    assert_int_equal(unsetenv("http_proxy"), 0);
}

static void mail_goes_through_the_proxy(void **state)
{
    (void)state;
    static struct smtp_sink sink;
    static const char message[] = "Subject: hello\r\n\r\nhello\r\n";
    char url[100];
    struct cairn_error error = {0};
    const struct cairn_mail mail = {.from = "shop@example.com",
                                    .to = "ada@example.com",
                                    .message = message,
                                    .message_bytes = sizeof message - 1};
    need_squid();
    use_proxy("");
    smtp_sink_start(&sink);
    (void)snprintf(url, sizeof url, "smtp://" ALLOWED ":%d", sink.server.port);
    struct cairn_target post = {.name = "post", .url = url, .deadline_us = CAIRN_SECONDS(20)};
    if (cairn_outbound_mail(&post, &mail, &error) < 0)
        fail_msg("%s", error.message);
    smtp_sink_wait(&sink, 1, PATIENCE_MS);
    cairn_target_close(&post);
    (void)snprintf(url, sizeof url, "smtp://" FORBIDDEN ":%d", sink.server.port);
    assert_int_equal(cairn_outbound_mail(&post, &mail, &error), -CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "refuses it (403)"));
    cairn_target_close(&post);
    smtp_sink_stop(&sink);
}

static void a_proxy_that_is_none_is_refused_without_its_password(void **state)
{
    (void)state;
    static const char *const wrong[] = {"egress:secret@",
                                        "socks5://user:secret@egress:1080",
                                        "http://user:secret@egress:3128/path",
                                        "http://:secret@",
                                        "ftp://user:secret@egress",
                                        "http://user:secret@e gress"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cairn_error error = {0};
        if (cairn_egress_set(wrong[i], "", &error) != -CAIRN_CONFIG)
            fail_msg("%s is taken", wrong[i]);
        assert_non_null(strstr(error.message, "CAIRN_EGRESS_URL"));
        assert_null(strstr(error.message, "secret"));
    }
    assert_int_equal(cairn_egress_set("http://user:secret@egress:3128", "", NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_host_on_the_list_is_reached_through_the_proxy),
        TEST(a_host_that_is_not_on_the_list_is_refused_and_nothing_is_sent),
        TEST(nothing_is_reached_without_the_proxy_while_it_is_away),
        TEST(an_allowed_host_that_is_away_is_told_from_a_refused_one),
        TEST(what_is_inside_or_excepted_is_reached_directly),
        TEST(proxies_and_exceptions_of_the_environment_are_not_used),
        TEST(mail_goes_through_the_proxy),
        cmocka_unit_test(a_proxy_that_is_none_is_refused_without_its_password),
    };
    return cmocka_run_group_tests_name("egress", tests, NULL, NULL);
}
