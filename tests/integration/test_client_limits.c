/* test_client_limits.c - what one client may take of a server, and what others notice. */
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/wire.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "http/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum cairn_http_outcome answer(const void *self, void *worker,
                                      struct cairn_http_request *request,
                                      struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    response->status = 200;
    response->body = cairn_print(request->arena, "%d", request->client != 0);
    response->body_bytes = 1;
    return CAIRN_HTTP_DONE;
}

/* The caller is the one that Authorization names. */
static int admit(void *self, const struct cairn_allow *allow, struct cairn_http_request *request,
                 bool may_wait, struct cairn_http_response *response, struct cairn_error *error)
{
    (void)self;
    (void)allow;
    (void)may_wait;
    (void)response;
    const char *name = cairn_http_header(request, "Authorization");
    if (!name)
        return cairn_fail(error, CAIRN_UNAUTHENTICATED, "who is it");
    struct cairn_actor *actor = cairn_new(request->arena, struct cairn_actor, 1);
    *actor = (struct cairn_actor){.sub = cairn_copy_text(request->arena, name), .iss = "test"};
    request->actor = actor;
    return 0;
}

static const struct cairn_allow signed_in = {.kind = CAIRN_ALLOW_SIGNED_IN};
static const struct cairn_http_route routes[] = {
    {.method = "GET", .pattern = "/x", .handle = answer},
    {.method = "GET", .pattern = "/eager", .handle = answer, .eager = true},
    {.method = "GET", .pattern = "/mine", .handle = answer, .allow = &signed_in},
    {.method = "GET", .pattern = "/healthz", .handle = answer, .direct = true},
    {.method = "GET", .pattern = "/readyz", .handle = answer, .vital = true},
};

static struct cairn_http *http;
static int port;

static void start(struct cairn_http_limits limits)
{
    const struct cairn_http_options options = {
        .workers = 2,
        .queue_max = 100,
        .body_max_bytes = 4096,
        .header_max_bytes = 8192,
        .deadline_us = CAIRN_SECONDS(20),
        .connections_max = 100,
        .limits = limits,
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
        .guard = {.admit = admit},
    };
    cairn_log_setup("test", CAIRN_LOG_ERROR);
    assert_int_equal(cairn_http_start(&options, &http, NULL), 0);
    port = cairn_http_port(http);
}

static int stop(void **state)
{
    (void)state;
    cairn_http_stop(http, CAIRN_SECONDS(5));
    return 0;
}

static struct wire_answer get(const char *path, const char *headers)
{
    char head[600];
    (void)snprintf(head, sizeof head, "GET %s HTTP/1.1\r\n%s", path, headers);
    return wire_ask(port, head, "");
}

static void expect_header(const struct wire_answer *answer, const char *name, const char *wanted)
{
    assert_string_equal(wire_header(answer, name), wanted);
}

/* ---- requests ---- */

static void an_address_that_asks_too_often_is_told_when_to_come_again(void **state)
{
    (void)state;
    start((struct cairn_http_limits){.address_rate = 1, .address_burst = 5});
    for (int i = 4; i >= 0; i--) {
        char left[40];
        struct wire_answer got = get(i % 2 ? "/x" : "/eager", "");
        assert_int_equal(got.status, 200);
        (void)snprintf(left, sizeof left, "\"address\";r=%d", i);
        assert_int_equal(strncmp(wire_header(&got, "RateLimit"), left, strlen(left)), 0);
        expect_header(&got, "RateLimit-Policy", "\"address\";q=5;w=5");
    }
    struct wire_answer got = get("/x", "");
    assert_int_equal(got.status, 429);
    expect_header(&got, "Content-Type", "application/problem+json");
    expect_header(&got, "Retry-After", "1");
    assert_int_equal(strncmp(wire_header(&got, "RateLimit"), "\"address\";r=0;t=", 16), 0);
    assert_non_null(strstr(got.body, "\"code\":\"too-many-requests\""));
    got = get("/unknown", ""); /* nor may it look for what there is */
    assert_int_equal(got.status, 429);
    got = get("/mine", "Authorization: ada\r\n"); /* nor does a caller help */
    assert_int_equal(got.status, 429);
    for (int i = 0; i < 20; i++) { /* monitors are answered */
        assert_int_equal(get("/healthz", "").status, 200);
        assert_int_equal(get("/readyz", "").status, 200);
    }
    got = get("/healthz", "");
    expect_header(&got, "RateLimit", "");
}

static void a_caller_is_counted_wherever_it_asks_from(void **state)
{
    (void)state;
    start((struct cairn_http_limits){
        .caller_rate = 1, .caller_burst = 3, .address_rate = 1000, .address_burst = 1000});
    for (int i = 0; i < 3; i++) {
        struct wire_answer got = get("/mine", "Authorization: ada\r\n");
        assert_int_equal(got.status, 200);
        expect_header(&got, "RateLimit-Policy", "\"caller\";q=3;w=3");
    }
    assert_int_equal(get("/mine", "Authorization: ada\r\n").status, 429);
    assert_int_equal(get("/mine", "Authorization: bob\r\n").status, 200);
    assert_int_equal(get("/mine", "").status, 401);
    assert_int_equal(get("/x", "").status, 200);
}

static void without_limits_nothing_is_counted_and_no_field_is_added(void **state)
{
    (void)state;
    start((struct cairn_http_limits){0});
    for (int i = 0; i < 200; i++)
        assert_int_equal(get("/x", "").status, 200);
    struct wire_answer got = get("/x", "Origin: https://a.example.com\r\n");
    expect_header(&got, "RateLimit", "");
    expect_header(&got, "RateLimit-Policy", "");
    expect_header(&got, "Access-Control-Allow-Origin", "");
    assert_string_equal(got.body, "0"); /* nor is found out whose limits it counts for */
}

static void where_handlers_compare_clients_they_are_numbered(void **state)
{
    (void)state;
    start((struct cairn_http_limits){.numbers = true});
    assert_string_equal(get("/x", "").body, "1");
}

static void behind_a_trusted_proxy_each_client_has_a_bucket(void **state)
{
    (void)state;
    start((struct cairn_http_limits){
        .address_rate = 1, .address_burst = 2, .proxies = "127.0.0.0/8"});
    for (int i = 0; i < 2; i++)
        assert_int_equal(get("/x", "X-Forwarded-For: 192.0.2.1\r\n").status, 200);
    assert_int_equal(get("/x", "X-Forwarded-For: 192.0.2.1\r\n").status, 429);
    assert_int_equal(get("/x", "X-Forwarded-For: 198.51.100.9, 192.0.2.1\r\n").status, 429);
    assert_int_equal(get("/x", "X-Forwarded-For: 192.0.2.2\r\n").status, 200);
    assert_int_equal(get("/x", "").status, 200);
}

/* ---- connections ---- */

/* Opens a connection from this address of the loopback. */
static struct wire wire_from(const char *address)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct wire wire = {.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
    assert_int_equal(bind(wire.socket, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(wire.socket, (struct sockaddr *)&to, sizeof to), 0);
    return wire;
}

#define ASK "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"

static void an_address_with_too_many_connections_gets_no_more(void **state)
{
    (void)state;
    enum { MOST = 8 };
    struct wire open[MOST];
    start((struct cairn_http_limits){.address_connections = MOST});
    for (int i = 0; i < MOST; i++) {
        open[i] = wire_from("127.0.0.3");
        wire_send(&open[i], ASK);
        assert_int_equal(wire_read(&open[i]).status, 200);
    }
    for (int i = 0; i < 20; i++) {
        struct wire more = wire_from("127.0.0.3");
        wire_read_end(&more);
        wire_close(&more);
    }
    struct wire other = wire_from("127.0.0.4");
    wire_send(&other, ASK);
    assert_int_equal(wire_read(&other).status, 200);
    wire_close(&other);
    wire_send(&open[0], ASK); /* those that are open go on */
    assert_int_equal(wire_read(&open[0]).status, 200);
    wire_close(&open[0]);
    bool again = false;
    for (int64_t until_ms = fixture_now_ms() + 10000; !again && fixture_now_ms() < until_ms;) {
        struct wire next = wire_from("127.0.0.3"); /* a place was freed */
        again = wire_try_send(&next, ASK) && wire_readable(&next, 1000) &&
                recv(next.socket, (char[1]){0}, 1, MSG_PEEK) == 1;
        wire_close(&next);
    }
    assert_true(again);
    for (int i = 1; i < MOST; i++)
        wire_close(&open[i]);
}

/* ---- hosts ---- */

static struct wire_answer ask_host(const char *host, const char *path)
{
    char request[200];
    struct wire wire = wire_open(port);
    (void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host);
    wire_send(&wire, request);
    struct wire_answer got = wire_read(&wire);
    wire_close(&wire);
    return got;
}

static void a_host_that_is_not_listed_is_misdirected(void **state)
{
    (void)state;
    start((struct cairn_http_limits){.hosts = "shop.example.com,127.0.0.1"});
    assert_int_equal(ask_host("shop.example.com", "/x").status, 200);
    assert_int_equal(ask_host("Shop.Example.com:8101", "/x").status, 200);
    assert_int_equal(ask_host("127.0.0.1:8101", "/x").status, 200);
    struct wire_answer got = ask_host("evil.example.com", "/x");
    assert_int_equal(got.status, 421);
    assert_non_null(strstr(got.body, "\"code\":\"misdirected\""));
    assert_int_equal(ask_host("evil.example.com", "/unknown").status, 421);
    assert_int_equal(ask_host("10.1.2.3:8101", "/healthz").status, 200); /* a load balancer */
    assert_int_equal(ask_host("10.1.2.3:8101", "/readyz").status, 200);
}

/* ---- scripts of other origins ---- */

#define SHOP "https://shop.example.com"

static void scripts_of_a_listed_origin_may_read_answers(void **state)
{
    (void)state;
    start((struct cairn_http_limits){.origins = SHOP ",http://localhost:8060"});
    struct wire_answer got = get("/x", "Origin: " SHOP "\r\n");
    assert_int_equal(got.status, 200);
    expect_header(&got, "Access-Control-Allow-Origin", SHOP);
    expect_header(&got, "Vary", "Origin");
    assert_non_null(strstr(wire_header(&got, "Access-Control-Expose-Headers"), "Cairn-Position"));
    expect_header(&got, "Access-Control-Allow-Credentials", "");
    got = get("/unknown", "Origin: " SHOP "\r\n"); /* errors, too, have to be read */
    assert_int_equal(got.status, 404);
    expect_header(&got, "Access-Control-Allow-Origin", SHOP);
    got = get("/x", "Origin: https://evil.example.com\r\n");
    assert_int_equal(got.status, 200);
    expect_header(&got, "Access-Control-Allow-Origin", "");
    expect_header(&got, "Vary", "Origin");
}

static void a_preflight_is_told_what_may_be_sent(void **state)
{
    (void)state;
    start((struct cairn_http_limits){.origins = SHOP, .address_rate = 1, .address_burst = 1});
    for (int i = 0; i < 3; i++) { /* is not counted */
        struct wire_answer got =
            wire_ask(port,
                     "OPTIONS /x HTTP/1.1\r\nOrigin: " SHOP "\r\nAccess-Control-Request-Method: GET"
                     "\r\nAccess-Control-Request-Headers: authorization\r\n",
                     "");
        assert_int_equal(got.status, 204);
        expect_header(&got, "Access-Control-Allow-Origin", SHOP);
        assert_non_null(strstr(wire_header(&got, "Access-Control-Allow-Methods"), "GET"));
        assert_non_null(
            strstr(wire_header(&got, "Access-Control-Allow-Headers"), "Idempotency-Key"));
        expect_header(&got, "Access-Control-Max-Age", "600");
    }
    struct wire_answer got =
        wire_ask(port, "OPTIONS /x HTTP/1.1\r\nOrigin: https://evil.example.com\r\n", "");
    assert_int_equal(got.status, 204);
    expect_header(&got, "Access-Control-Allow-Origin", "");
    expect_header(&got, "Access-Control-Allow-Methods", "");
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_address_that_asks_too_often_is_told_when_to_come_again),
        TEST(a_caller_is_counted_wherever_it_asks_from),
        TEST(without_limits_nothing_is_counted_and_no_field_is_added),
        TEST(where_handlers_compare_clients_they_are_numbered),
        TEST(behind_a_trusted_proxy_each_client_has_a_bucket),
        TEST(an_address_with_too_many_connections_gets_no_more),
        TEST(a_host_that_is_not_listed_is_misdirected),
        TEST(scripts_of_a_listed_origin_may_read_answers),
        TEST(a_preflight_is_told_what_may_be_sent),
    };
    return cmocka_run_group_tests_name("limits of a server", tests, NULL, NULL);
}
