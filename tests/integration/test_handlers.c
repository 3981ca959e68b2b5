/* test_handlers.c - services that handle URLs with plain functions: routes, settings, start and
 * stop, in a process without a database. */
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/support.h"

#include "runtime/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

/* ---- two services ---- */

static const char *greeting;
static int64_t pauses;
static const char *secret;
static char order_of_things[200];
static bool second_fails;

static void note(const char *what)
{
    strncat(order_of_things, what, sizeof order_of_things - strlen(order_of_things) - 1);
}

static void on_echo(struct cairn_request *request, struct cairn_reply *reply)
{
    const char *query = cairn_request_query(request, "q");
    const char *header = cairn_request_header(request, "X-Mine");
    reply->status = 200;
    cairn_reply_print(reply, "{\"said\":");
    cairn_reply_json(reply, greeting);
    cairn_reply_print(reply, ",\"method\":\"%s\",\"path\":\"%s\",\"id\":\"%s\",\"q\":\"%s\",",
                      request->method, request->path, request->id ? request->id : "-",
                      query ? query : "-");
    cairn_reply_print(reply, "\"mine\":\"%s\",\"body\":\"%s\",\"bytes\":%zu,\"trace\":%zu}",
                      header ? header : "-", request->body, request->body_bytes,
                      strlen(request->traceparent));
}

/* Answers after `pauses` calls. */
static void on_later(struct cairn_request *request, struct cairn_reply *reply)
{
    int64_t *calls = request->memo;
    if (!calls)
        request->memo = calls = cairn_request_memory(request, sizeof *calls);
    if (++*calls <= pauses) {
        reply->again_us = CAIRN_MILLISECONDS(1);
        return;
    }
    reply->status = 202;
    reply->content_type = "text/plain";
    cairn_reply_print(reply, "%s %" PRId64, request->body, *calls);
}

static void on_problem(struct cairn_request *request, struct cairn_reply *reply)
{
    (void)request;
    struct cairn_error error = {0};
    (void)cairn_refuse(&error, "not-on-mondays", "come back on Tuesday");
    cairn_reply_problem(reply, &error);
}

static void on_silence(struct cairn_request *request, struct cairn_reply *reply)
{
    (void)request;
    (void)reply;
}

static const struct cairn_route first_routes[] = {
    {.route = "GET /", .handle = on_echo},
    {.route = "GET /echo/{id}", .handle = on_echo},
    {.route = "POST /echo", .handle = on_echo, .takes = "text/csv", .help = "Echoes."},
    {.route = "DELETE /echo", .handle = on_echo},
    {.route = "POST /later", .handle = on_later, .takes = "application/json"},
    {.route = "GET /problem", .handle = on_problem},
    {0},
};
static const struct cairn_route second_routes[] = {
    {.route = "GET /silence", .handle = on_silence},
    {0},
};
static const struct cairn_setting settings[] = {
    {.name = "CAIRN_TEST_GREETING", .fallback = "hello", .unit = "text", .text = &greeting},
    {.name = "CAIRN_TEST_PAUSES",
     .fallback = "3",
     .unit = "times",
     .number = &pauses,
     .min = 1,
     .max = 9},
    {.name = "CAIRN_TEST_SECRET", .unit = "text", .secret = true, .text = &secret},
    {0},
};

static int start_first(struct cairn_error *error)
{
    (void)error;
    note("first starts, ");
    return 0;
}

static void stop_first(void)
{
    note("first stops. ");
}

static int start_second(struct cairn_error *error)
{
    note("second starts, ");
    return second_fails ? cairn_fail(error, CAIRN_CONFIG, "it rains") : 0;
}

static void stop_second(void)
{
    note("second stops, ");
}

static const struct cairn_service first = {.name = "first",
                                           .port = 8090,
                                           .routes = first_routes,
                                           .settings = settings,
                                           .start = start_first,
                                           .stop = stop_first};
static const struct cairn_service second = {
    .name = "second", .routes = second_routes, .start = start_second, .stop = stop_second};
static const struct cairn_service *const both[] = {&first, &second, NULL};

/* ---- the process ---- */

CAIRN_STRUCT(thing_kept);
CAIRN_EVENTS(thing, EVENT(thing_kept, "ThingKept", 1));
CAIRN_REACTOR(keeper);
CAIRN_HANDLE(keeper, thing, thing_kept)
{
    return CAIRN_DONE;
}

static struct cairn_config config;
static struct cairn_host *host;
static struct cairn_error error;

static int start(const struct cairn_service *const services[])
{
    error = (struct cairn_error){0};
    order_of_things[0] = '\0';
    int failed = cairn_host_check(services, &error);
    if (!failed)
        failed = cairn_config_read(&config, services, &error);
    if (!failed)
        failed = cairn_host_start(&config, services, &host, &error);
    return failed;
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("DATABASE_URL"), 0);
    assert_int_equal(setenv("PORT", "0", 1), 0);
    assert_int_equal(setenv("CAIRN_LOG_LEVEL", "error", 1), 0);
    assert_int_equal(setenv("CAIRN_TEST_SECRET", "sesame", 1), 0);
    cairn_log_setup("test", CAIRN_LOG_ERROR);
    second_fails = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (host)
        cairn_host_stop(host);
    host = NULL;
    assert_int_equal(unsetenv("CAIRN_TEST_PAUSES"), 0);
    assert_int_equal(unsetenv("CAIRN_TEST_GREETING"), 0);
    return 0;
}

static void ask(int status, const char *method, const char *path, const char *headers,
                const char *body, const char *wanted)
{
    struct http_reply reply;
    assert_int_equal(http_send(cairn_host_port(host), method, path, headers, body, strlen(body),
                               &reply, PATIENCE_MS),
                     0);
    if (reply.status != status || !strstr(reply.body, wanted))
        fail_msg("%s %s gave %d %s", method, path, reply.status, reply.body);
    http_reply_free(&reply);
}

static void a_function_sees_all_of_its_request(void **state)
{
    (void)state;
    assert_int_equal(setenv("CAIRN_TEST_GREETING", "good \"day\"", 1), 0);
    assert_int_equal(start(both), 0);
    ask(200, "GET", "/echo/a%20b?q=1%2B1", "X-Mine: yes\r\n", "",
        "{\"said\":\"good \\\"day\\\"\",\"method\":\"GET\",\"path\":\"/echo/a%20b\",\"id\":\"a b\","
        "\"q\":\"1+1\",\"mine\":\"yes\",\"body\":\"\",\"bytes\":0,\"trace\":55}");
    ask(200, "POST", "/echo", "Content-Type: text/csv; charset=utf-8\r\n", "a,b",
        "\"id\":\"-\",\"q\":\"-\",\"mine\":\"-\",\"body\":\"a,b\",\"bytes\":3");
    ask(200, "DELETE", "/echo", NULL, "", "\"method\":\"DELETE\"");
}

static void what_is_wrong_is_answered_before_it_comes_to_the_function(void **state)
{
    (void)state;
    assert_int_equal(start(both), 0);
    ask(415, "POST", "/echo", "Content-Type: application/json\r\n", "{}", "text/csv");
    ask(415, "POST", "/echo", "Content-Type: text/csvs\r\n", "{}", "text/csv");
    ask(415, "POST", "/later", "Content-Type: text/csv\r\n", "{}", "application/json");
    ask(400, "DELETE", "/echo", "Content-Type: text/csv\r\n", "a,b", "must not have a body");
    ask(405, "PUT", "/echo", NULL, "", "use POST, DELETE");
    ask(404, "GET", "/echo/a/b", NULL, "", "not-found");
    ask(404, "GET", "//", NULL, "", "not-found");
    ask(200, "GET", "/", NULL, "", "\"path\":\"/\"");
}

static void one_that_cannot_answer_yet_is_called_again_with_its_memo(void **state)
{
    (void)state;
    assert_int_equal(setenv("CAIRN_TEST_PAUSES", "7", 1), 0);
    assert_int_equal(start(both), 0);
    for (int i = 0; i < 5; i++)
        ask(202, "POST", "/later", "Content-Type: application/json\r\n", "{}", "{} 8");
}

static void problems_and_silence_are_answered_as_everywhere(void **state)
{
    (void)state;
    assert_int_equal(start(both), 0);
    ask(422, "GET", "/problem", NULL, "", "\"code\":\"not-on-mondays\"");
    ask(500, "GET", "/silence", NULL, "", "internal-error");
}

static void the_process_tells_of_itself_without_a_database(void **state)
{
    (void)state;
    assert_int_equal(start(both), 0);
    assert_null(config.database_url);
    ask(200, "GET", "/readyz", NULL, "", "ready");
    ask(200, "GET", "/openapi.json", NULL, "", "\"/echo\":{\"post\":{");
    ask(200, "GET", "/metrics", NULL, "", "cairn_http_requests_total");
}

static void services_start_in_their_order_and_stop_backwards(void **state)
{
    (void)state;
    assert_int_equal(start(both), 0);
    cairn_host_stop(host);
    host = NULL;
    assert_string_equal(order_of_things,
                        "first starts, second starts, second stops, first stops. ");
}

static void one_that_cannot_start_ends_the_process(void **state)
{
    (void)state;
    second_fails = true;
    assert_int_equal(start(both), -CAIRN_CONFIG);
    assert_string_equal(error.message, "service second: it rains");
    assert_string_equal(order_of_things, "first starts, second starts, first stops. ");
}

static void wrong_settings_are_named_together(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("CAIRN_TEST_SECRET"), 0);
    assert_int_equal(setenv("CAIRN_TEST_PAUSES", "10", 1), 0);
    assert_int_equal(start(both), -CAIRN_CONFIG);
    assert_non_null(strstr(error.message, "CAIRN_TEST_SECRET is not set"));
    assert_non_null(strstr(error.message, "CAIRN_TEST_PAUSES must be from 1 to 9, not 10"));
    assert_null(strstr(error.message, "DATABASE_URL"));
}

static void a_secret_may_come_from_a_file(void **state)
{
    (void)state;
    char path[] = "/tmp/cairn-secret.XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, "open\n", 5), 5);
    assert_int_equal(close(file), 0);
    assert_int_equal(unsetenv("CAIRN_TEST_SECRET"), 0);
    assert_int_equal(setenv("CAIRN_TEST_SECRET_FILE", path, 1), 0);
    assert_int_equal(start(both), 0);
    assert_string_equal(secret, "open");
    static const char *volatile kept; /* text from a file lives as long as the process */
    kept = secret;
    assert_non_null(kept);
    assert_int_equal(unsetenv("CAIRN_TEST_SECRET_FILE"), 0);
    assert_int_equal(unlink(path), 0);
}

static void a_service_without_routes_needs_a_database(void **state)
{
    (void)state;
    static const struct cairn_service keeper = {
        .name = "keeper", .port = 8091, .reactors = {&keeper_reactor}};
    const struct cairn_service *const three[] = {&first, &second, &keeper, NULL};
    assert_int_equal(start(three), -CAIRN_CONFIG);
    assert_non_null(strstr(error.message, "DATABASE_URL is not set"));
}

static void every_route_of_many_is_answered(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    static struct cairn_route many[MANY + 1];
    static char routes[MANY][32];
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(routes[i], sizeof routes[i], "GET /many-%d", i);
        many[i] = (struct cairn_route){.route = routes[i], .handle = on_echo};
    }
    static const struct cairn_service service = {.name = "many", .port = 8092, .routes = many};
    static const struct cairn_service *const services[] = {&service, NULL};
    assert_int_equal(start(services), 0);
    ask(200, "GET", "/many-0", NULL, "", "many-0");
    ask(200, "GET", "/many-999", NULL, "", "many-999");
}

static void a_row_that_makes_no_sense_is_found_at_start(void **state)
{
    (void)state;
    static const struct cairn_route wrong[][2] = {{{.route = "FETCH /x", .handle = on_silence}},
                                                  {{.route = "GET x", .handle = on_silence}},
                                                  {{.route = "GET /x"}}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct cairn_service service = {.name = "wrong", .routes = wrong[i]};
        const struct cairn_service *const services[] = {&service, NULL};
        assert_int_equal(start(services), -CAIRN_BUG);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_function_sees_all_of_its_request),
        TEST(what_is_wrong_is_answered_before_it_comes_to_the_function),
        TEST(one_that_cannot_answer_yet_is_called_again_with_its_memo),
        TEST(problems_and_silence_are_answered_as_everywhere),
        TEST(the_process_tells_of_itself_without_a_database),
        TEST(services_start_in_their_order_and_stop_backwards),
        TEST(one_that_cannot_start_ends_the_process),
        TEST(wrong_settings_are_named_together),
        TEST(a_secret_may_come_from_a_file),
        TEST(a_service_without_routes_needs_a_database),
        TEST(every_route_of_many_is_answered),
        TEST(a_row_that_makes_no_sense_is_found_at_start),
    };
    return cmocka_run_group_tests_name("handlers", tests, NULL, NULL);
}
