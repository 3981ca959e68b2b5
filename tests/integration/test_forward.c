/* test_forward.c - answers of another service that are passed on as they come: streams of events,
 * clients that leave or do not read, services that are away, and the end of the process. */
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/server.h"
#include "../support/sse.h"
#include "../support/support.h"

#include "runtime/host.h"
#include "testkit/outside/loopback.h"

#include <cairn/outbound.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 20000, BLOCK_BYTES = 65536, MOST_HELD_BYTES = 32 << 20 };

/* ---- the other service ---- */

static struct server far;
static _Atomic bool more;         /* a second event may be sent */
static _Atomic int left;          /* streams whose reader has left */
static _Atomic int waiting;       /* requests without an answer */
static _Atomic int64_t flooded;   /* bytes that were taken */
static _Atomic bool saw_position; /* a header that was passed on */

static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                           "Cairn-Position: p-1-7\r\nConnection: close\r\n\r\n";

static void tick(int socket)
{
    (void)server_send(socket, head);
    (void)server_send(socket, "id: 1\ndata: one\n\n");
    while (!atomic_load(&more) && !atomic_load(&far.stopping))
        fixture_nap();
    (void)server_send(socket, "id: 2\ndata: two\n\n");
    if (!atomic_load(&far.stopping))
        return;
    server_rest(socket);
}

static void rest(int socket)
{
    (void)server_send(socket, head);
    (void)server_send(socket, "id: 1\ndata: one\n\n");
    server_rest(socket);
    atomic_fetch_add(&left, 1);
}

static void flood(int socket)
{
    static char block[BLOCK_BYTES];
    memset(block, 'x', sizeof block);
    (void)server_send(socket, head);
    while (cairn_loopback_send(socket, block, sizeof block))
        atomic_fetch_add(&flooded, (int64_t)sizeof block);
    atomic_fetch_add(&left, 1);
}

static void serve(struct server *self, int socket)
{
    char request[4096];
    (void)self;
    if (!server_read_request(socket, request, sizeof request))
        return;
    if (strstr(request, "Last-Event-ID: 7"))
        atomic_store(&saw_position, true);
    if (strstr(request, "/stream/ticks"))
        tick(socket);
    else if (strstr(request, "/stream/rest"))
        rest(socket);
    else if (strstr(request, "/stream/flood"))
        flood(socket);
    else if (strstr(request, "/stream/none"))
        (void)server_send(socket, "HTTP/1.1 404 None\r\nContent-Type: application/problem+json\r\n"
                                  "Content-Length: 14\r\n\r\n{\"status\":404}");
    else {
        atomic_fetch_add(&waiting, 1);
        server_rest(socket);
    }
}

/* ---- the service that forwards ---- */

static char url[64];
static struct cairn_target target = {.name = "far", .url = url};

static void on_stream(struct cairn_request *request, struct cairn_reply *reply)
{
    const char *last = cairn_request_header(request, "Last-Event-ID");
    const struct cairn_outbound_request call = {
        .method = "GET",
        .path = cairn_print(request->arena, "%s", request->path),
        .headers = {{last ? "Last-Event-ID" : NULL, last}},
    };
    cairn_reply_forward(reply, &target, &call);
}

static const struct cairn_route routes[] = {
    {.route = "GET /stream/{id}", .handle = on_stream},
    {0},
};
static const struct cairn_service near = {.name = "near", .port = 8099, .routes = routes};
static const struct cairn_service *const services[] = {&near, NULL};

static struct cairn_config config;
static struct cairn_host *host;

static int setup(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    assert_int_equal(unsetenv("DATABASE_URL"), 0);
    assert_int_equal(setenv("PORT", "0", 1), 0);
    server_start(&far, serve, NULL);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", far.port);
    atomic_store(&more, false);
    atomic_store(&left, 0);
    atomic_store(&waiting, 0);
    atomic_store(&flooded, 0);
    assert_int_equal(cairn_config_read(&config, services, &error), 0);
    assert_int_equal(cairn_host_start(&config, services, &host, &error), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (host)
        cairn_host_stop(host);
    host = NULL;
    cairn_target_close(&target);
    server_stop(&far);
    return 0;
}

static struct sse open_stream(const char *path, const char *headers)
{
    struct sse sse;
    assert_true(sse_open(&sse, cairn_host_port(host), path, headers));
    return sse;
}

static bool reached(void *context)
{
    return atomic_load((_Atomic int *)context) > 0;
}

/* ---- tests ---- */

static void a_stream_passes_with_its_head_event_by_event(void **state)
{
    (void)state;
    struct sse sse = open_stream("/stream/ticks", "Last-Event-ID: 7\r\n");
    assert_string_equal(sse_expect(&sse).data, "one");
    assert_int_equal(sse.status, 200);
    assert_non_null(strstr(sse.head, "text/event-stream"));
    assert_non_null(strstr(sse.head, "Cairn-Position: p-1-7"));
    assert_true(atomic_load(&saw_position));
    atomic_store(&more, true);
    assert_string_equal(sse_expect(&sse).data, "two");
    struct sse_message none;
    assert_false(sse_next(&sse, &none, PATIENCE_MS));
    assert_true(sse.ended); /* as the other service's answer has */
    sse_close(&sse);
}

static void an_answer_that_is_no_stream_passes_too(void **state)
{
    (void)state;
    struct http_reply reply = {0};
    assert_int_equal(
        http_send(cairn_host_port(host), "GET", "/stream/none", "", NULL, 0, &reply, PATIENCE_MS),
        0);
    assert_int_equal(reply.status, 404);
    assert_string_equal(reply.body, "{\"status\":404}");
    http_reply_free(&reply);
}

static void a_client_that_leaves_ends_the_call(void **state)
{
    (void)state;
    struct sse sse = open_stream("/stream/flood", NULL);
    fixture_wait(reached, &far.connections, PATIENCE_MS, "the other service to be called");
    sse_close(&sse);
    fixture_wait(reached, &left, PATIENCE_MS, "the other service to be left");
}

/* Returns what the other service could send until it could send no more. */
static int64_t stalled(void)
{
    int64_t before = -1;
    for (int64_t now = 0; now != before;) {
        before = now;
        for (int i = 0; i < 300; i++)
            fixture_nap();
        now = atomic_load(&flooded);
    }
    return before;
}

static void a_client_that_does_not_read_makes_the_other_service_wait(void **state)
{
    (void)state;
    struct sse sse = open_stream("/stream/flood", NULL);
    fixture_wait(reached, &far.connections, PATIENCE_MS, "the other service to be called");
    int64_t bytes = stalled();
    assert_true(bytes > 0 && bytes < MOST_HELD_BYTES);
    sse_close(&sse);
    fixture_wait(reached, &left, PATIENCE_MS, "the other service to be left");
}

static void a_service_that_is_away_is_a_503(void **state)
{
    (void)state;
    struct http_reply reply = {0};
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", fixture_free_port());
    assert_int_equal(
        http_send(cairn_host_port(host), "GET", "/stream/ticks", "", NULL, 0, &reply, PATIENCE_MS),
        0);
    assert_int_equal(reply.status, 503);
    assert_non_null(strstr(reply.body, "far does not answer"));
    http_reply_free(&reply);
}

static void the_end_of_the_process_ends_streams_and_those_that_wait_for_one(void **state)
{
    (void)state;
    struct sse open = open_stream("/stream/rest", NULL);
    struct sse mute = open_stream("/stream/mute", NULL);
    assert_string_equal(sse_expect(&open).data, "one");
    fixture_wait(reached, &waiting, PATIENCE_MS, "the second request to be passed on");
    int64_t began_ms = fixture_now_ms();
    cairn_host_stop(host);
    host = NULL;
    assert_true(fixture_now_ms() - began_ms < 5000);
    fixture_wait(reached, &left, PATIENCE_MS, "the other service to be left");
    sse_close(&open);
    sse_close(&mute);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_stream_passes_with_its_head_event_by_event),
        TEST(an_answer_that_is_no_stream_passes_too),
        TEST(a_client_that_leaves_ends_the_call),
        TEST(a_client_that_does_not_read_makes_the_other_service_wait),
        TEST(a_service_that_is_away_is_a_503),
        TEST(the_end_of_the_process_ends_streams_and_those_that_wait_for_one),
    };
    return cmocka_run_group_tests_name("forward", tests, NULL, NULL);
}
