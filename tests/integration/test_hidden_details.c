/* test_hidden_details.c - what servers and libraries say is in the log, with the request's trace,
 * and not in an answer; passwords of URLs are in neither. */
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/logged.h"
#include "../support/own_redis.h"
#include "../support/service.h"
#include "../support/support.h"
#include "../support/wire.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "http/http.h"
#include "redis/redis.h"

#include <cairn/outbound.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- every way on which an error becomes an answer ---- */

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SECRET "connection to server at \"10.0.0.5\" failed"

static int fail_inside(struct cairn_error *error)
{
    return cairn_fail_inside(error, CAIRN_UNAVAILABLE, "the store is unavailable", "%s", SECRET);
}

static enum cairn_http_outcome break_down(const void *self, void *worker,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_error other = {0};
    (void)self;
    (void)worker;
    (void)fail_inside(&error);
    (void)cairn_error_pass_as(&other, CAIRN_UNKNOWN, &error);
    cairn_error_context(&other, "while it was written");
    cairn_http_problem(request, response, &other);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome call_out(const void *self, void *worker,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    static char url[64];
    (void)snprintf(url, sizeof url, "http://ada:S3cret@127.0.0.1:%d", fixture_free_port());
    struct cairn_target bank = {.name = "bank", .url = url, .attempts = 2, .backoff_us = 1000};
    const struct cairn_outbound_request call = {.method = "GET", .path = "/", .idempotent = true};
    struct cairn_outbound_response answer = {0};
    struct cairn_error error = {0};
    (void)self;
    (void)worker;
    assert_int_equal(cairn_outbound_call(&bank, &call, &answer, &error), -CAIRN_UNAVAILABLE);
    cairn_target_close(&bank);
    cairn_http_problem(request, response, &error);
    return CAIRN_HTTP_DONE;
}

static int refuse_all(void *self, const struct cairn_allow *allow,
                      struct cairn_http_request *request, bool may_wait,
                      struct cairn_http_response *response, struct cairn_error *error)
{
    (void)self;
    (void)allow;
    (void)request;
    (void)may_wait;
    (void)response;
    return fail_inside(error);
}

static const struct cairn_allow anyone;
static const struct cairn_http_route routes[] = {
    {.method = "GET", .pattern = "/worker", .handle = break_down},
    {.method = "GET", .pattern = "/eager", .handle = break_down, .eager = true},
    {.method = "GET", .pattern = "/direct", .handle = break_down, .direct = true},
    {.method = "GET", .pattern = "/guarded", .handle = break_down, .allow = &anyone},
    {.method = "GET", .pattern = "/outbound", .handle = call_out},
};
static const struct cairn_http_options options = {
    .workers = 1,
    .queue_max = 10,
    .body_max_bytes = 4096,
    .header_max_bytes = 8192,
    .deadline_us = CAIRN_SECONDS(20),
    .connections_max = 100,
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .guard = {.admit = refuse_all},
};

static void expect_hidden(int port, const char *path, const char *shown, const char *hidden)
{
    char head[200], line[2000], wanted[200];
    struct logged logged = logged_begin();
    (void)snprintf(head, sizeof head,
                   "GET %s HTTP/1.1\r\ntraceparent: 00-" TRACE "-b7ad6b7169203331-01\r\n", path);
    struct wire_answer answer = wire_ask(port, head, "");
    logged_line(&logged, "could not be answered", line, sizeof line);
    logged_end(&logged);
    assert_int_equal(answer.status, 503);
    (void)snprintf(wanted, sizeof wanted, "\"detail\":\"%s\",", shown);
    if (!strstr(answer.body, wanted) || strstr(answer.body, hidden))
        fail_msg("%s: %s", path, answer.body);
    if (!strstr(line, hidden) || !strstr(line, "\"trace_id\":\"" TRACE "\""))
        fail_msg("%s was logged as %s", path, line);
}

static void what_is_not_shown_to_a_client_is_in_the_log_with_its_trace(void **state)
{
    (void)state;
    static const char rewrapped[] = "while it was written: the store is unavailable";
    struct cairn_http *http = NULL;
    cairn_log_setup("test", CAIRN_LOG_WARN);
    assert_int_equal(cairn_http_start(&options, &http, NULL), 0);
    int port = cairn_http_port(http);
    expect_hidden(port, "/worker", rewrapped, "10.0.0.5");
    expect_hidden(port, "/eager", rewrapped, "10.0.0.5");
    expect_hidden(port, "/direct", rewrapped, "10.0.0.5");
    expect_hidden(port, "/guarded", "the store is unavailable", "10.0.0.5");
    expect_hidden(port, "/outbound", "no request was sent to bank", "127.0.0.1");
    cairn_http_stop(http, CAIRN_SECONDS(5));
}

static void an_error_shows_its_public_part_wherever_it_is_printed(void **state)
{
    (void)state;
    char text[100], small[12];
    struct cairn_error error = {0};
    (void)fail_inside(&error);
    cairn_error_print_public(&error, text, sizeof text);
    assert_string_equal(text, "the store is unavailable");
    cairn_error_print_public(&error, small, sizeof small);
    assert_string_equal(small, "the store i");
    struct cairn_error defect = {0};
    (void)cairn_fail(&defect, CAIRN_BUG, "%s", SECRET);
    cairn_error_print_public(&defect, text, sizeof text);
    assert_string_equal(text, cairn_code_info(CAIRN_BUG)->meaning);
}

/* ---- a whole service whose servers are away ---- */

/* None of these is known to a client of a service: a path, an address, libpq's or hiredis' text. */
static void assert_says_nothing(const struct http_reply *reply)
{
    static const char *const inside[] = {"/",      "127.0.0.1", "localhost", "PGSQL",
                                         "socket", "refused",   "No such",   "FATAL"};
    const char *text = strstr(reply->body, "\"detail\":");
    const char *end = text ? strstr(text, "\",\"") : NULL;
    if (!end)
        fail_msg("no detail: %s", reply->body);
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        const char *found = strstr(text, inside[i]);
        if (found && found < end)
            fail_msg("%s is in %s", inside[i], reply->body);
    }
}

static void expect_silent(int port, const char *method, const char *path, const char *body)
{
    struct http_reply reply = {0};
    const char *type = body ? "Content-Type: application/json\r\n" : NULL;
    int failed = http_send(port, method, path, type, body, body ? strlen(body) : 0, &reply, 20000);
    assert_int_equal(failed, 0);
    assert_int_equal(reply.status, 503);
    assert_says_nothing(&reply);
    http_reply_free(&reply);
}

static void a_service_whose_servers_are_away_does_not_say_where_they_are(void **state)
{
    (void)state;
    struct service shop;
    service_start(&shop, "monolith");
    fixture_postgres_stop();
    fixture_redis_stop();
    for (int i = 0; i < 2; i++) { /* found lost, then away */
        expect_silent(shop.port, "POST", "/users",
                      "{\"email\":\"ada@example.com\",\"name\":\"Ada\"}");
        expect_silent(shop.port, "GET", "/reports/sales", NULL);
        expect_silent(shop.port, "GET", "/readyz", NULL);
    }
    fixture_redis_start();
    fixture_postgres_start();
    service_stop(&shop);
}

/* ---- passwords ---- */

static void a_wrong_redis_url_keeps_its_password(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "redis://:S3cr%zzet@h",  "redis://:S3cret@h:port",  "redis://:S3cret@h/first",
        "redis://u:S3cret@[::1", "redis:/:S3cret@h",        "redis://:S3cret@",
        "redis://u:S3cret",      "redis://:S3cret@h:99999", "REDIS://:S3cret@h",
        "redis://u:S3cr%00et@h",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct cairn_redis *redis = NULL;
        struct cairn_error error = {0};
        if (cairn_redis_open(wrong[i], CAIRN_SECONDS(1), &redis, &error) != -CAIRN_CONFIG)
            fail_msg("%s was taken", wrong[i]);
        if (strstr(error.message, "S3") || strstr(error.message, "et@"))
            fail_msg("%s", error.message);
    }
}

static void a_login_that_a_redis_repeats_is_not_told(void **state)
{
    (void)state;
    static const char *const logins[] = {":S3cret", "ada:S3cret"};
    struct own_redis server;
    own_redis_start(&server, (const char *[]){"--rename-command", "AUTH", "", NULL});
    for (size_t i = 0; i < sizeof logins / sizeof *logins; i++) {
        char url[100];
        struct cairn_arena arena = {0};
        struct cairn_redis *redis = NULL;
        struct cairn_redis_reply reply;
        struct cairn_error error = {0};
        const struct cairn_redis_arg ping = CAIRN_ARG("PING");
        (void)snprintf(url, sizeof url, "redis://%s@127.0.0.1:%d", logins[i], server.port);
        assert_int_equal(cairn_redis_open(url, CAIRN_SECONDS(5), &redis, NULL), 0);
        assert_int_equal(cairn_redis_call(redis, &ping, 1, &arena, &reply, &error),
                         -CAIRN_UNAVAILABLE);
        assert_null(strstr(error.message, "S3cret"));
        assert_non_null(strstr(error.message, "does not accept AUTH"));
        cairn_redis_close(redis);
        cairn_arena_close(&arena);
    }
    own_redis_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_shown_to_a_client_is_in_the_log_with_its_trace),
        cmocka_unit_test(an_error_shows_its_public_part_wherever_it_is_printed),
        cmocka_unit_test(a_service_whose_servers_are_away_does_not_say_where_they_are),
        cmocka_unit_test(a_wrong_redis_url_keeps_its_password),
        cmocka_unit_test(a_login_that_a_redis_repeats_is_not_told),
    };
    return cmocka_run_group_tests_name("hidden details", tests, NULL, NULL);
}
