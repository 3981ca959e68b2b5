/* test_outbound.c - outgoing calls to a server that is slow, abrupt, absent or wrong. */
#include "../support/fixture.h"
#include "../support/server.h"
#include "../support/support.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "testkit/outside/loopback.h"

#include <cairn/outbound.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { PATIENCE_MS = 30000 };
#define SHORT_US CAIRN_MILLISECONDS(300)
#define LONG_US CAIRN_SECONDS(30)

/* ---- the server ---- */

static struct server server;
static _Atomic int64_t bytes_sent;
static _Atomic bool healthy; /* for /flaky */
static _Atomic int held;     /* requests that wait at /held */
static _Atomic bool released;

static bool send_page(int socket, const char *status, const char *headers, const char *body)
{
    static const char format[] = "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s";
    size_t size = sizeof format + strlen(status) + strlen(headers) + strlen(body) + 20;
    char *text = malloc(size);
    assert_non_null(text);
    (void)snprintf(text, size, format, status, strlen(body), headers, body);
    bool sent = server_send(socket, text);
    free(text);
    return sent;
}

/* Sends a byte every few milliseconds, forever. */
static bool drip(int socket)
{
    bool on = server_send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (on) {
        for (int i = 0; i < 5; i++)
            fixture_nap();
        on = server_send(socket, "x");
    }
    return false;
}

static bool flood(int socket, const char *head)
{
    static char block[65536];
    memset(block, 'x', sizeof block);
    bool on = server_send(socket, head);
    for (int i = 0; on && i < 100 * 16; i++) {
        on = cairn_loopback_send(socket, block, sizeof block);
        atomic_fetch_add(&bytes_sent, on ? (int64_t)sizeof block : 0);
    }
    return false;
}

static bool endless_head(int socket)
{
    bool on = server_send(socket, "HTTP/1.1 200 OK\r\n");
    while (on)
        on = server_send(socket, "X-More: and more and more and more and more and more\r\n");
    return false;
}

static bool hold(int socket)
{
    atomic_fetch_add(&held, 1);
    while (!atomic_load(&released) && !atomic_load(&server.stopping))
        fixture_nap();
    return send_page(socket, "200 OK", "", "held");
}

static bool is(const char *request, const char *path)
{
    const char *at = strchr(request, ' ');
    return at && strncmp(at + 1, path, strlen(path)) == 0 && at[1 + strlen(path)] == ' ';
}

/* Answers one request. Returns whether the connection stays open. */
static bool respond(int socket, const char *request)
{
    if (is(request, "/echo"))
        return send_page(socket, "200 OK", "Content-Type: text/plain\r\n", request);
    if (is(request, "/hang")) {
        server_rest(socket);
        return false;
    }
    if (is(request, "/drip"))
        return drip(socket);
    if (is(request, "/cut"))
        return server_send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") && false;
    if (is(request, "/silent-cut"))
        return false;
    if (is(request, "/once")) /* and then stops listening */
        return shutdown(server.listener, SHUT_RDWR) != 0 && false;
    if (is(request, "/500"))
        return send_page(socket, "500 Oops", "", "");
    if (is(request, "/404"))
        return send_page(socket, "404 None", "", "nothing");
    if (is(request, "/flaky"))
        return atomic_load(&healthy) || atomic_load(&server.requests) % 3 == 0
                   ? send_page(socket, "200 OK", "", "at last")
                   : send_page(socket, "503 Later", "Retry-After: 0\r\n", "");
    if (is(request, "/later"))
        return send_page(socket, "503 Later", "Retry-After: 3600\r\n", "later");
    if (is(request, "/big"))
        return flood(socket, "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n");
    if (is(request, "/big-unsaid"))
        return flood(socket, "HTTP/1.1 200 OK\r\n\r\n");
    if (is(request, "/endless-head"))
        return endless_head(socket);
    if (is(request, "/redirect"))
        return send_page(socket, "302 There", "Location: /echo\r\n", "");
    if (is(request, "/rubbish"))
        return server_send(socket, "\001\002 this is no HTTP\r\n\r\n") && false;
    if (is(request, "/closing")) { /* closes without "Connection: close" */
        (void)send_page(socket, "200 OK", "", "closing");
        return false;
    }
    if (is(request, "/held"))
        return hold(socket);
    return send_page(socket, "200 OK", "", "");
}

static void serve(struct server *self, int socket)
{
    static _Thread_local char request[70000];
    while (server_read_request(socket, request, sizeof request)) {
        atomic_fetch_add(&self->requests, 1);
        if (!respond(socket, request))
            return;
    }
}

/* ---- one call ---- */

static char url[64];
static struct cairn_target target;
static struct cairn_error error;
static struct cairn_outbound_response response;

static int setup(void **state)
{
    (void)state;
    server_start(&server, serve, NULL);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", server.port);
    target = (struct cairn_target){
        .name = "test", .url = url, .deadline_us = LONG_US, .breaker_failures = 1000};
    atomic_store(&bytes_sent, 0);
    atomic_store(&healthy, false);
    atomic_store(&held, 0);
    atomic_store(&released, false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_outbound_response_reset(&response);
    cairn_target_close(&target);
    server_stop(&server);
    return 0;
}

static int call_with(const struct cairn_outbound_request *request)
{
    error = (struct cairn_error){0};
    return cairn_outbound_call(&target, request, &response, &error);
}

static int get(const char *path)
{
    return call_with(&(struct cairn_outbound_request){.method = "GET", .path = path});
}

static int get_idempotent(const char *path)
{
    return call_with(
        &(struct cairn_outbound_request){.method = "GET", .path = path, .idempotent = true});
}

static void an_answer_comes_with_status_type_and_body(void **state)
{
    (void)state;
    assert_int_equal(get("/echo"), 0);
    assert_int_equal(response.status, 200);
    assert_string_equal(response.content_type, "text/plain");
    assert_int_equal(response.body_bytes, strlen(response.body));
    assert_non_null(strstr(response.body, "GET /echo HTTP/1.1\r\n"));
    assert_int_equal(get("/404"), 0);
    assert_int_equal(response.status, 404);
    assert_string_equal(response.content_type, "");
    assert_string_equal(response.body, "nothing");
}

static void a_header_of_the_answer_is_found_by_its_name_in_any_case(void **state)
{
    (void)state;
    assert_int_equal(get("/echo"), 0);
    assert_string_equal(cairn_outbound_header(&response, "content-TYPE"), "text/plain");
    assert_null(cairn_outbound_header(&response, "Content"));
    assert_int_equal(get("/404"), 0);
    assert_null(cairn_outbound_header(&response, "Content-Type"));
    assert_string_equal(cairn_outbound_header(&response, "Content-Length"), "7");
    cairn_outbound_response_reset(&response);
    assert_null(cairn_outbound_header(&response, "Content-Length"));
}

static void what_is_asked_for_goes_out(void **state)
{
    (void)state;
    static char large[60000];
    memset(large, 'y', sizeof large - 1);
    const struct cairn_outbound_request request = {
        .method = "POST",
        .path = "/echo",
        .content_type = "application/json",
        .body = large,
        .body_bytes = sizeof large - 1,
        .idempotency_key = "key-1",
        .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        .headers = {{"X-One", "one and only"}, {"X-Two", "2"}},
    };
    assert_int_equal(call_with(&request), 0);
    static const char *const wanted[] = {
        "POST /echo HTTP/1.1\r\n",
        "Content-Type: application/json\r\n",
        "Idempotency-Key: key-1\r\n",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n",
        "X-One: one and only\r\n",
        "X-Two: 2\r\n",
        "Content-Length: 59999\r\n",
        large,
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        assert_non_null(strstr(response.body, wanted[i]));
    assert_null(strstr(response.body, "Expect"));
}

static void every_method_is_sent_as_it_is(void **state)
{
    (void)state;
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        const struct cairn_outbound_request request = {
            .method = methods[i], .path = "/echo", .body = "b", .body_bytes = i ? 1 : 0};
        assert_int_equal(call_with(&request), 0);
        assert_memory_equal(response.body, methods[i], strlen(methods[i]));
    }
    const struct cairn_outbound_request head = {.method = "HEAD", .path = "/404"};
    assert_int_equal(call_with(&head), 0);
    assert_int_equal(response.status, 404);
    assert_string_equal(response.body, "");
}

/* ---- several calls at once ---- */

static void parts_are_called_at_once_and_one_that_hangs_disturbs_no_other(void **state)
{
    (void)state;
    static const char *const paths[] = {"/hang", "/echo", "/404", "/drip", "/echo"};
    enum { PARTS = sizeof paths / sizeof paths[0] };
    struct cairn_outbound_part parts[PARTS] = {0};
    for (size_t i = 0; i < PARTS; i++) {
        parts[i].target = &target;
        parts[i].request =
            (struct cairn_outbound_request){.method = "GET", .path = paths[i], .idempotent = true};
    }
    int64_t began_us = cairn_monotonic_us();
    cairn_outbound_call_all(parts, PARTS, SHORT_US);
    int64_t took_us = cairn_monotonic_us() - began_us;
    assert_true(took_us < 2 * SHORT_US); /* one after the other they would take longer */
    assert_int_equal(parts[0].failed, -CAIRN_UNKNOWN);
    assert_int_equal(parts[1].failed, 0);
    assert_non_null(strstr(parts[1].response.body, "GET /echo"));
    assert_int_equal(parts[2].response.status, 404);
    assert_int_equal(parts[3].failed, -CAIRN_UNKNOWN);
    assert_int_equal(parts[4].response.status, 200);
    for (size_t i = 0; i < PARTS; i++)
        cairn_outbound_response_reset(&parts[i].response);
    cairn_outbound_call_all(parts, 0, SHORT_US);
}

/* ---- failing servers ---- */

static void without_a_listener_nothing_was_sent(void **state)
{
    (void)state;
    char nowhere[64];
    (void)snprintf(nowhere, sizeof nowhere, "http://127.0.0.1:%d", fixture_free_port());
    target.url = nowhere;
    assert_int_equal(get("/echo"), -CAIRN_UNAVAILABLE);
    assert_int_equal(error.code, CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "no request was sent to test"));
}

/* Makes a call that has to return at its own deadline: not before it, and long before the
 * target's. */
static void expect_unknown_at_the_deadline(const char *path)
{
    const struct cairn_outbound_request request = {
        .method = "GET", .path = path, .deadline_us = SHORT_US};
    int64_t began_us = cairn_monotonic_us();
    assert_int_equal(call_with(&request), -CAIRN_UNKNOWN);
    int64_t took_us = cairn_monotonic_us() - began_us;
    assert_true(took_us >= SHORT_US - CAIRN_MILLISECONDS(5));
    assert_true(took_us < LONG_US / 2);
    assert_null(response.body);
}

static void a_server_that_hangs_is_left_at_the_deadline(void **state)
{
    (void)state;
    expect_unknown_at_the_deadline("/hang");
}

static void a_server_that_drips_is_left_at_the_deadline(void **state)
{
    (void)state;
    expect_unknown_at_the_deadline("/drip");
}

static void repetitions_stay_within_the_deadline(void **state)
{
    (void)state;
    target.attempts = 1000000;
    target.backoff_us = 1;
    const struct cairn_outbound_request request = {
        .method = "GET", .path = "/500", .deadline_us = SHORT_US, .idempotent = true};
    int64_t began_us = cairn_monotonic_us();
    int failed = call_with(&request);
    assert_true(failed == 0 || failed == -CAIRN_UNKNOWN);
    assert_true(cairn_monotonic_us() - began_us < LONG_US / 2);
    assert_true(atomic_load(&server.requests) > 1);
}

static void an_answer_that_is_cut_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(get("/cut"), -CAIRN_UNKNOWN);
    assert_int_equal(get("/silent-cut"), -CAIRN_UNKNOWN);
    assert_int_equal(get("/rubbish"), -CAIRN_UNKNOWN);
    assert_int_equal(atomic_load(&server.requests), 3);
}

static void a_hundred_megabytes_are_refused_early(void **state)
{
    (void)state;
    assert_int_equal(get("/big"), -CAIRN_TOO_LARGE);
    assert_int_equal(get("/big-unsaid"), -CAIRN_TOO_LARGE);
    assert_null(response.body);
    assert_true(atomic_load(&bytes_sent) < INT64_C(40) << 20);
    target.answer_max_bytes = 7;
    cairn_target_close(&target);
    assert_int_equal(get("/404"), 0); /* exactly as large as allowed */
    assert_string_equal(response.body, "nothing");
}

static void a_head_without_end_is_refused(void **state)
{
    (void)state;
    assert_int_equal(get("/endless-head"), -CAIRN_TOO_LARGE);
}

static void redirects_are_answers(void **state)
{
    (void)state;
    assert_int_equal(get("/redirect"), 0);
    assert_int_equal(response.status, 302);
    assert_int_equal(atomic_load(&server.requests), 1);
}

/* ---- retrying ---- */

static void what_is_idempotent_is_repeated(void **state)
{
    (void)state;
    target.backoff_us = 1000;
    assert_int_equal(get_idempotent("/flaky"), 0);
    assert_int_equal(response.status, 200);
    assert_string_equal(response.body, "at last");
    assert_int_equal(atomic_load(&server.requests), 3);
}

static void what_is_not_idempotent_is_sent_once(void **state)
{
    (void)state;
    assert_int_equal(get("/flaky"), 0);
    assert_int_equal(response.status, 503);
    assert_int_equal(get("/silent-cut"), -CAIRN_UNKNOWN);
    assert_int_equal(atomic_load(&server.requests), 2);
}

static void attempts_are_bounded_and_the_last_answer_counts(void **state)
{
    (void)state;
    target.backoff_us = 1000;
    target.attempts = 4;
    assert_int_equal(get_idempotent("/500"), 0);
    assert_int_equal(response.status, 500);
    assert_int_equal(atomic_load(&server.requests), 4);
    assert_int_equal(get_idempotent("/404"), 0);
    assert_int_equal(atomic_load(&server.requests), 5);
}

static void a_retry_after_beyond_the_deadline_is_not_waited_for(void **state)
{
    (void)state;
    assert_int_equal(get_idempotent("/later"), 0);
    assert_int_equal(response.status, 503);
    assert_string_equal(response.body, "later");
    assert_int_equal(atomic_load(&server.requests), 1);
}

static void what_may_have_been_done_before_is_not_called_unsent(void **state)
{
    (void)state;
    target.backoff_us = 1000;
    assert_int_equal(get_idempotent("/once"), -CAIRN_UNKNOWN);
    assert_non_null(strstr(error.message, "an attempt before this one"));
    assert_int_equal(atomic_load(&server.requests), 1);
    assert_int_equal(get("/once"), -CAIRN_UNAVAILABLE); /* no listener now */
}

/* ---- connections ---- */

static void connections_are_kept_for_what_is_idempotent(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        assert_int_equal(get_idempotent("/404"), 0);
    assert_int_equal(atomic_load(&server.connections), 1);
    for (int i = 0; i < 5; i++)
        assert_int_equal(get("/404"), 0);
    assert_int_equal(atomic_load(&server.connections), 6);
}

/* libcurl itself would resend, even a POST, a request sent on a dead connection. */
static void a_connection_that_died_costs_no_repetition(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(get("/closing"), 0);
        assert_int_equal(get("/silent-cut"), -CAIRN_UNKNOWN);
    }
    assert_int_equal(atomic_load(&server.requests), 20);
    for (int i = 0; i < 10; i++)
        assert_int_equal(get_idempotent("/closing"), 0);
}

/* ---- many threads ---- */

struct caller {
    pthread_t thread;
    const char *path;
    int64_t deadline_us;
    int failed;
    int status;
};

static void *call_it(void *context)
{
    struct caller *caller = context;
    struct cairn_outbound_response answer = {0};
    struct cairn_error why = {0};
    const struct cairn_outbound_request request = {.method = "GET",
                                                   .path = caller->path,
                                                   .deadline_us = caller->deadline_us,
                                                   .idempotent = true};
    caller->failed = cairn_outbound_call(&target, &request, &answer, &why);
    caller->status = answer.status;
    cairn_outbound_response_reset(&answer);
    return NULL;
}

static void start_callers(struct caller *callers, int count, const char *path)
{
    for (int i = 0; i < count; i++) {
        callers[i] = (struct caller){.path = path};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_it, &callers[i]), 0);
    }
}

static void join_callers(struct caller *callers, int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
}

static bool two_are_held(void *context)
{
    (void)context;
    return atomic_load(&held) == 2;
}

static bool one_is_held(void *context)
{
    (void)context;
    return atomic_load(&held) == 1;
}

static void the_bulkhead_refuses_at_once_when_it_is_full(void **state)
{
    (void)state;
    struct caller callers[2];
    target.concurrency = 2;
    start_callers(callers, 2, "/held");
    fixture_wait(two_are_held, NULL, PATIENCE_MS, "two calls to be under way");
    assert_int_equal(get("/404"), -CAIRN_BUSY);
    assert_non_null(strstr(error.message, "2 calls to test are under way"));
    assert_int_equal(atomic_load(&server.requests), 2);
    atomic_store(&released, true);
    join_callers(callers, 2);
    assert_int_equal(callers[0].status, 200);
    assert_int_equal(callers[1].status, 200);
    assert_int_equal(get("/404"), 0);
}

static void a_waiting_call_gets_the_next_free_place_or_is_refused_in_time(void **state)
{
    (void)state;
    struct caller callers[1];
    struct caller waiting[1];
    target.concurrency = 1;
    target.wait_us = LONG_US;
    start_callers(callers, 1, "/held");
    fixture_wait(one_is_held, NULL, PATIENCE_MS, "a call to be under way");
    const struct cairn_outbound_request hurried = {
        .method = "GET", .path = "/404", .deadline_us = SHORT_US};
    assert_int_equal(call_with(&hurried), -CAIRN_BUSY); /* its deadline is shorter than its wait */
    start_callers(waiting, 1, "/404");
    atomic_store(&released, true);
    join_callers(callers, 1);
    join_callers(waiting, 1);
    assert_int_equal(waiting[0].failed, 0);
    assert_int_equal(waiting[0].status, 404);
}

static void many_threads_share_a_target(void **state)
{
    (void)state;
    enum { CALLERS = 16 };
    struct caller callers[CALLERS];
    target.concurrency = 4;
    target.wait_us = LONG_US;
    for (int round = 0; round < 5; round++) {
        start_callers(callers, CALLERS, "/404");
        join_callers(callers, CALLERS);
        for (int i = 0; i < CALLERS; i++)
            assert_int_equal(callers[i].status, 404);
    }
    assert_true(atomic_load(&server.connections) <= 4);
}

/* ---- the breaker ---- */

static void the_breaker_opens_after_failures_and_no_call_is_made(void **state)
{
    (void)state;
    target.breaker_failures = 3;
    target.breaker_open_us = CAIRN_HOURS(1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(get("/500"), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(get("/404"), -CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "circuit breaker is open"));
    assert_int_equal(atomic_load(&server.requests), 3);
}

static void a_breaker_that_opens_between_attempts_leaves_the_last_answer(void **state)
{
    (void)state;
    target.breaker_failures = 2;
    target.backoff_us = 1000;
    target.attempts = 5;
    assert_int_equal(get_idempotent("/500"), 0);
    assert_int_equal(response.status, 500);
    assert_int_equal(atomic_load(&server.requests), 2);
}

static bool probe_is_held(void *context)
{
    struct caller *probe = context;
    if (atomic_load(&held) == 0 && probe->thread) { /* the call was too early, and was refused */
        assert_int_equal(pthread_join(probe->thread, NULL), 0);
        start_callers(probe, 1, "/held");
    }
    for (int i = 0; i < 50 && atomic_load(&held) == 0; i++)
        fixture_nap();
    return atomic_load(&held) == 1;
}

static void one_probe_is_let_through_and_its_answer_closes_the_breaker(void **state)
{
    (void)state;
    struct caller probe[1];
    target.breaker_failures = 2;
    target.breaker_open_us = SHORT_US;
    for (int i = 0; i < 2; i++)
        assert_int_equal(get("/silent-cut"), -CAIRN_UNKNOWN);
    assert_int_equal(get("/404"), -CAIRN_UNAVAILABLE);
    start_callers(probe, 1, "/held");
    fixture_wait(probe_is_held, probe, PATIENCE_MS, "the probe");
    for (int i = 0; i < 10; i++)
        assert_int_equal(get("/404"), -CAIRN_UNAVAILABLE);
    assert_int_equal(atomic_load(&server.requests), 3);
    atomic_store(&released, true);
    join_callers(probe, 1);
    assert_int_equal(probe[0].status, 200);
    assert_int_equal(get("/404"), 0);
}

static bool is_let_through(void *context)
{
    return get(context) != -CAIRN_UNAVAILABLE;
}

static void a_probe_that_fails_opens_the_breaker_again(void **state)
{
    (void)state;
    static char failing[] = "/500", fine[] = "/404";
    target.breaker_failures = 2;
    target.breaker_open_us = SHORT_US;
    for (int i = 0; i < 2; i++)
        assert_int_equal(get("/500"), 0);
    fixture_wait(is_let_through, failing, PATIENCE_MS, "a probe");
    assert_int_equal(response.status, 500);
    int requests = atomic_load(&server.requests);
    assert_int_equal(get("/404"), -CAIRN_UNAVAILABLE);
    assert_int_equal(atomic_load(&server.requests), requests);
    fixture_wait(is_let_through, fine, PATIENCE_MS, "the next probe");
    assert_int_equal(response.status, 404);
    assert_int_equal(get("/404"), 0);
}

static void without_a_path_the_url_itself_is_called(void **state)
{
    (void)state;
    char hook[80];
    (void)snprintf(hook, sizeof hook, "%s/echo", url);
    target.url = hook;
    assert_int_equal(get(NULL), 0);
    assert_non_null(strstr(response.body, "GET /echo HTTP/1.1"));
    cairn_target_close(&target);
    (void)snprintf(hook, sizeof hook, "%s/echo/", url); /* another page of the server */
    assert_int_equal(get(NULL), 0);
    assert_string_equal(response.body, "");
}

/* ---- what must not be sent ---- */

static void line_breaks_do_not_go_out(void **state)
{
    (void)state;
    static const char *const wrong[] = {"a\r\nX-Evil: 1", "a\nb", "a\rb", "a\tb", "", " a",
                                        "a\177"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cairn_outbound_request request = {.method = "GET", .path = "/echo"};
        request.idempotency_key = wrong[i];
        assert_int_equal(call_with(&request), -CAIRN_INVALID);
        request.idempotency_key = NULL;
        request.traceparent = wrong[i];
        assert_int_equal(call_with(&request), -CAIRN_INVALID);
        request.traceparent = NULL;
        request.content_type = wrong[i];
        assert_int_equal(call_with(&request), -CAIRN_INVALID);
        request.content_type = NULL;
        request.headers[0].name = "X-Fine";
        request.headers[0].value = wrong[i];
        assert_int_equal(call_with(&request), -CAIRN_INVALID);
        request.headers[0].name = wrong[i];
        request.headers[0].value = "fine";
        assert_int_equal(call_with(&request), -CAIRN_INVALID);
        request.headers[0].name = NULL;
        request.method = wrong[i];
        assert_int_equal(call_with(&request), -CAIRN_INVALID);
    }
    assert_int_equal(atomic_load(&server.connections), 0);
}

static void paths_and_headers_that_lead_elsewhere_do_not_go_out(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "", "echo", "@127.0.0.1/", "/a b", "/a\r\nHost: x", "/a#part", "/\xc3\xa4"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_int_equal(get(paths[i]), -CAIRN_INVALID);
    static const char *const names[] = {
        "Host", "content-length", "Transfer-Encoding", "Connection", "X:Y", "X Y"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct cairn_outbound_request request = {
            .method = "GET", .path = "/echo", .headers = {{names[i], "1"}}};
        assert_int_equal(call_with(&request), -CAIRN_INVALID);
    }
    assert_int_equal(atomic_load(&server.connections), 0);
}

static void only_http_is_called(void **state)
{
    (void)state;
    static const char *const urls[] = {"file:///etc/passwd",
                                       "ftp://127.0.0.1/",
                                       "127.0.0.1",
                                       "gopher://127.0.0.1",
                                       "smtp://127.0.0.1",
                                       "",
                                       "http://",
                                       "http://h/?query=1",
                                       NULL};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        target.url = urls[i];
        assert_int_equal(get("/echo"), -CAIRN_CONFIG);
        cairn_target_close(&target);
    }
}

static void a_tls_handshake_that_fails_has_sent_nothing(void **state)
{
    (void)state;
    char secure[64];
    (void)snprintf(secure, sizeof secure, "https://127.0.0.1:%d", server.port);
    target.url = secure;
    target.deadline_us = SHORT_US;
    assert_int_equal(get("/echo"), -CAIRN_UNAVAILABLE);
    assert_int_equal(atomic_load(&server.requests), 0);
}

static void a_password_in_the_url_is_in_no_message(void **state)
{
    (void)state;
    char with_password[96];
    (void)snprintf(with_password, sizeof with_password, "http://ada:sesame@127.0.0.1:%d",
                   server.port);
    target.url = with_password;
    assert_int_equal(get("/echo"), 0);
    assert_non_null(strstr(response.body, "Authorization: Basic YWRhOnNlc2FtZQ==\r\n"));
    assert_int_equal(get("/silent-cut"), -CAIRN_UNKNOWN);
    assert_null(strstr(error.message, "sesame"));
}

/* ---- metrics ---- */

static void expect_metric(const char *line)
{
    struct cairn_arena arena = {0};
    struct cairn_buffer text = cairn_buffer(&arena);
    cairn_metrics_write(CAIRN_METRICS_TEXT, &text);
    if (!strstr(text.text, line))
        fail_msg("/metrics has no %s\n%s", line, text.text);
    cairn_arena_close(&arena);
}

static void each_part_is_visible_in_the_metrics(void **state)
{
    (void)state;
    target.name = "seen";
    target.breaker_failures = 4;
    target.backoff_us = 1000;
    assert_int_equal(get_idempotent("/flaky"), 0);
    expect_metric("\ncairn_outbound_breaker_state{target=\"seen\"} 0\n");
    assert_int_equal(get("/silent-cut"), -CAIRN_UNKNOWN);
    for (int i = 0; i < 3; i++)
        assert_int_equal(get("/500"), 0);
    assert_int_equal(get("/404"), -CAIRN_UNAVAILABLE);
    expect_metric("\ncairn_outbound_calls_total{target=\"seen\",outcome=\"answered\"} 1\n");
    expect_metric("\ncairn_outbound_calls_total{target=\"seen\",outcome=\"answered-5xx\"} 3\n");
    expect_metric("\ncairn_outbound_calls_total{target=\"seen\",outcome=\"outcome-unknown\"} 1\n");
    expect_metric("\ncairn_outbound_calls_total{target=\"seen\",outcome=\"unavailable\"} 1\n");
    expect_metric("\ncairn_outbound_retries_total{target=\"seen\"} 2\n");
    expect_metric("\ncairn_outbound_call_seconds_count{target=\"seen\"} 6\n");
    expect_metric("\ncairn_outbound_breaker_state{target=\"seen\"} 2\n");
    expect_metric("\ncairn_outbound_in_use{target=\"seen\"} 0\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_comes_with_status_type_and_body),
        TEST(a_header_of_the_answer_is_found_by_its_name_in_any_case),
        TEST(parts_are_called_at_once_and_one_that_hangs_disturbs_no_other),
        TEST(what_is_asked_for_goes_out),
        TEST(every_method_is_sent_as_it_is),
        TEST(without_a_listener_nothing_was_sent),
        TEST(a_server_that_hangs_is_left_at_the_deadline),
        TEST(a_server_that_drips_is_left_at_the_deadline),
        TEST(repetitions_stay_within_the_deadline),
        TEST(an_answer_that_is_cut_is_unknown),
        TEST(a_hundred_megabytes_are_refused_early),
        TEST(a_head_without_end_is_refused),
        TEST(redirects_are_answers),
        TEST(what_is_idempotent_is_repeated),
        TEST(what_is_not_idempotent_is_sent_once),
        TEST(attempts_are_bounded_and_the_last_answer_counts),
        TEST(a_retry_after_beyond_the_deadline_is_not_waited_for),
        TEST(what_may_have_been_done_before_is_not_called_unsent),
        TEST(connections_are_kept_for_what_is_idempotent),
        TEST(a_connection_that_died_costs_no_repetition),
        TEST(the_bulkhead_refuses_at_once_when_it_is_full),
        TEST(a_waiting_call_gets_the_next_free_place_or_is_refused_in_time),
        TEST(many_threads_share_a_target),
        TEST(the_breaker_opens_after_failures_and_no_call_is_made),
        TEST(a_breaker_that_opens_between_attempts_leaves_the_last_answer),
        TEST(one_probe_is_let_through_and_its_answer_closes_the_breaker),
        TEST(a_probe_that_fails_opens_the_breaker_again),
        TEST(without_a_path_the_url_itself_is_called),
        TEST(line_breaks_do_not_go_out),
        TEST(paths_and_headers_that_lead_elsewhere_do_not_go_out),
        TEST(only_http_is_called),
        TEST(a_tls_handshake_that_fails_has_sent_nothing),
        TEST(a_password_in_the_url_is_in_no_message),
        TEST(each_part_is_visible_in_the_metrics),
    };
    return cmocka_run_group_tests_name("outbound", tests, NULL, NULL);
}
