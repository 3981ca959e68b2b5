/* test_http_suspend.c - suspended requests, which another thread resumes, hands over to a worker,
 * or answers. */
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/support.h"
#include "../support/wire.h"

#include "core/containers/buffer.h"
#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/queue.h"
#include "http/http.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUESTS = 200 };

static struct cairn_http *http;
static int port;
static struct cairn_queue *suspended; /* requests, for the thread that resumes them */
static pthread_t resumer;
static atomic_int held_back; /* the resumer waits meanwhile */
static atomic_int count;

/* A request whose fate another thread decides, letter by letter: it is resumed, handed over or
 * answered. */
struct gift {
    struct cairn_http_request *request;
    struct cairn_http_response *response;
    const char *script;
    int calls; /* of its handler */
};
static const char *const scripts[] = {"a", "ra", "ha", "rhrha", "hhra"};
enum { SCRIPTS = sizeof scripts / sizeof *scripts };

static struct cairn_queue *given; /* gifts, for the thread that decides */
static pthread_t taker;

/* Where a gift is decided: in the other thread, or in the handler before it returns. */
static const bool elsewhere = false;
static const bool at_once = true;

/* The first call hands the request to the resumer, which may resume it before the call returns. */
static enum cairn_http_outcome suspend(const void *self, void *worker,
                                       struct cairn_http_request *request,
                                       struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    int *calls = request->memo;
    if (!calls) {
        request->memo = calls = cairn_new(request->arena, int, 1);
        atomic_fetch_add(&count, 1);
    }
    if (++*calls <= 2) {
        assert_int_equal(cairn_queue_push(suspended, request), 0);
        return CAIRN_HTTP_SUSPENDED;
    }
    response->status = 200;
    response->body = cairn_print(request->arena, "%s %d", request->id, *calls);
    response->body_bytes = strlen(response->body);
    return CAIRN_HTTP_DONE;
}

static void *own_thing(void *context)
{
    (void)context;
    static int thing;
    return &thing;
}

static enum cairn_http_outcome refuse(struct cairn_http_request *request,
                                      struct cairn_http_response *response, int call)
{
    response->status = 500;
    response->body = cairn_print(request->arena, "call %d was on the wrong thread", call);
    response->body_bytes = strlen(response->body);
    return CAIRN_HTTP_DONE;
}

/* The outcomes, call by call: every transition between the polling threads and the workers. */
static enum cairn_http_outcome wander(const void *self, void *worker,
                                      struct cairn_http_request *request,
                                      struct cairn_http_response *response)
{
    static const enum cairn_http_outcome steps[] = {
        CAIRN_HTTP_SUSPENDED, CAIRN_HTTP_LATER, CAIRN_HTTP_SUSPENDED,
        CAIRN_HTTP_WORKER,    CAIRN_HTTP_LATER, CAIRN_HTTP_DONE,
    };
    static const char threads[] = "ppwpww";
    (void)self;
    int *calls = request->memo;
    if (!calls)
        request->memo = calls = cairn_new(request->arena, int, 1);
    int step = (*calls)++;
    if ((worker ? 'w' : 'p') != threads[step])
        return refuse(request, response, step);
    if (steps[step] == CAIRN_HTTP_SUSPENDED)
        assert_int_equal(cairn_queue_push(suspended, request), 0);
    response->status = 200;
    response->body = cairn_print(request->arena, "%s %d", request->id, *calls / 2);
    response->body_bytes = strlen(response->body);
    return steps[step];
}

static void decide(struct gift *gift)
{
    switch (gift->script[gift->calls - 1]) {
    case 'r':
        cairn_http_resume(gift->request);
        break;
    case 'h':
        cairn_http_hand_over(gift->request);
        break;
    default:
        gift->response->status = 200;
        gift->response->body =
            cairn_print(gift->request->arena, "%s %d", gift->request->id, gift->calls);
        gift->response->body_bytes = strlen(gift->response->body);
        cairn_http_answer(gift->request);
    }
}

static struct gift *make_gift(struct cairn_http_request *request,
                              struct cairn_http_response *response)
{
    struct gift *gift = cairn_new(request->arena, struct gift, 1);
    gift->request = request;
    gift->response = response;
    gift->script = scripts[strtol(request->id, NULL, 10) % SCRIPTS];
    request->memo = gift;
    atomic_fetch_add(&count, 1);
    return gift;
}

static bool is_eager(const struct cairn_http_request *request)
{
    return strncmp(request->path, "/line", 5) != 0;
}

static enum cairn_http_outcome give_away(const void *self, void *worker,
                                         struct cairn_http_request *request,
                                         struct cairn_http_response *response)
{
    struct gift *gift = request->memo ? request->memo : make_gift(request, response);
    bool handed = gift->calls > 0 && gift->script[gift->calls - 1] == 'h';
    if ((worker != NULL) != (handed || !is_eager(request)))
        return refuse(request, response, gift->calls);
    gift->calls++;
    if (self == &at_once)
        decide(gift);
    else
        assert_int_equal(cairn_queue_push(given, gift), 0);
    return CAIRN_HTTP_SUSPENDED;
}

static void *take_all(void *context)
{
    (void)context;
    struct gift *gift;
    while ((gift = cairn_queue_pop(given, 0))) {
        while (atomic_load(&held_back))
            fixture_nap();
        decide(gift);
    }
    return NULL;
}

static atomic_int held; /* references that suspended requests hold */

static enum cairn_http_outcome hold(const void *self, void *worker,
                                    struct cairn_http_request *request,
                                    struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    if (!request->memo) {
        request->memo = &held;
        atomic_fetch_add(&held, 1);
        atomic_fetch_add(&count, 1);
        assert_int_equal(cairn_queue_push(suspended, request), 0);
        return CAIRN_HTTP_SUSPENDED;
    }
    atomic_fetch_sub(&held, 1);
    response->status = 204;
    return CAIRN_HTTP_DONE;
}

static void let_go(struct cairn_http_request *request)
{
    assert_ptr_equal(request->memo, &held);
    atomic_fetch_sub(&held, 1);
}

static const struct cairn_http_route routes[] = {
    {.method = "GET", .pattern = "/suspended/{id}", .handle = suspend},
    {.method = "GET", .pattern = "/eager/{id}", .handle = wander, .eager = true},
    {.method = "GET",
     .pattern = "/given/{id}",
     .handle = give_away,
     .self = &elsewhere,
     .eager = true},
    {.method = "GET",
     .pattern = "/given-at-once/{id}",
     .handle = give_away,
     .self = &at_once,
     .eager = true},
    {.method = "GET", .pattern = "/line/{id}", .handle = give_away, .self = &elsewhere},
    {.method = "GET", .pattern = "/line-at-once/{id}", .handle = give_away, .self = &at_once},
    {.method = "GET", .pattern = "/held/{id}", .handle = hold, .eager = true, .leave = let_go},
};

static void *resume_all(void *context)
{
    (void)context;
    struct cairn_http_request *request;
    while ((request = cairn_queue_pop(suspended, 0))) {
        while (atomic_load(&held_back))
            fixture_nap();
        cairn_http_resume(request);
    }
    return NULL;
}

static int setup(void **state)
{
    (void)state;
    const struct cairn_http_options options = {
        .workers = 3,
        .queue_max = REQUESTS,
        .body_max_bytes = 4096,
        .header_max_bytes = 8192,
        .deadline_us = CAIRN_SECONDS(20),
        .connections_max = 500,
        .routes = routes,
        .route_count = sizeof routes / sizeof *routes,
        .worker_open = own_thing,
    };
    atomic_store(&held_back, 0);
    atomic_store(&count, 0);
    suspended = cairn_queue_open(1000);
    given = cairn_queue_open(1000);
    assert_int_equal(pthread_create(&resumer, NULL, resume_all, NULL), 0);
    assert_int_equal(pthread_create(&taker, NULL, take_all, NULL), 0);
    assert_int_equal(cairn_http_start(&options, &http, NULL), 0);
    port = cairn_http_port(http);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    atomic_store(&held_back, 0);
    if (http)
        cairn_http_stop(http, CAIRN_SECONDS(5));
    http = NULL;
    cairn_queue_close(suspended);
    assert_int_equal(pthread_join(resumer, NULL), 0);
    cairn_queue_free(suspended);
    cairn_queue_close(given);
    assert_int_equal(pthread_join(taker, NULL), 0);
    cairn_queue_free(given);
    return 0;
}

static struct wire ask_for(int number)
{
    return wire_get(port, "suspended", number);
}

static void expect_answer(struct wire *wire, int number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%d 3", number);
    assert_string_equal(wire_read(wire).body, text);
    wire_close(wire);
}

static void what_is_suspended_is_answered_when_it_was_resumed(void **state)
{
    (void)state;
    struct wire wires[REQUESTS];
    for (int i = 0; i < REQUESTS; i++)
        wires[i] = ask_for(i);
    for (int i = 0; i < REQUESTS; i++)
        expect_answer(&wires[i], i);
}

static bool all_are_suspended(void *context)
{
    (void)context;
    return atomic_load(&count) == REQUESTS;
}

static void suspended_requests_hold_no_thread(void **state)
{
    (void)state;
    struct wire wires[REQUESTS];
    atomic_store(&held_back, 1);
    for (int i = 0; i < REQUESTS; i++)
        wires[i] = ask_for(i);
    wire_until(all_are_suspended, NULL);
    atomic_store(&held_back, 0);
    for (int i = 0; i < REQUESTS; i++)
        expect_answer(&wires[i], i);
}

static void an_eager_request_goes_from_thread_to_thread_as_it_says(void **state)
{
    (void)state;
    struct wire wires[REQUESTS];
    for (int i = 0; i < REQUESTS; i++)
        wires[i] = wire_get(port, "eager", i);
    for (int i = 0; i < REQUESTS; i++)
        expect_answer(&wires[i], i);
}

static void expect_given(struct wire *wire, int number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%d %zu", number, strlen(scripts[number % SCRIPTS]));
    struct wire_answer answer = wire_read(wire);
    assert_string_equal(answer.body, text);
    assert_int_equal(answer.status, 200);
    wire_close(wire);
}

static void ask_and_expect_given(const char *what)
{
    struct wire wires[REQUESTS];
    for (int i = 0; i < REQUESTS; i++)
        wires[i] = wire_get(port, what, i);
    for (int i = 0; i < REQUESTS; i++)
        expect_given(&wires[i], i);
}

static void what_is_given_away_goes_the_way_that_its_taker_says(void **state)
{
    (void)state;
    ask_and_expect_given("given");
    ask_and_expect_given("line");
}

static void what_was_decided_before_the_handler_returned_holds(void **state)
{
    (void)state;
    ask_and_expect_given("given-at-once");
    ask_and_expect_given("line-at-once");
}

/* Checks that as many requests fit again: each has one place. */
static void expect_places(void)
{
    struct wire wires[REQUESTS];
    wire_until(wire_none_is_open, NULL);
    atomic_store(&count, 0);
    atomic_store(&held_back, 1);
    for (int i = 0; i < REQUESTS; i++)
        wires[i] = wire_get(port, "given", i);
    wire_until(all_are_suspended, NULL);
    atomic_store(&held_back, 0);
    for (int i = 0; i < REQUESTS; i++)
        expect_given(&wires[i], i);
    wire_until(wire_none_is_open, NULL);
}

static void a_disconnect_frees_the_place_of_a_request_that_was_handed_over(void **state)
{
    (void)state;
    struct wire wires[REQUESTS];
    atomic_store(&held_back, 1);
    for (int i = 0; i < REQUESTS; i++)
        wires[i] = wire_get(port, "given", i);
    wire_until(all_are_suspended, NULL);
    for (int i = 0; i < REQUESTS; i++)
        wire_close(&wires[i]);
    atomic_store(&held_back, 0);
    expect_places();
}

static bool nothing_is_held(void *context)
{
    (void)context;
    return atomic_load(&held) == 0;
}

static void a_disconnect_while_suspended_releases_what_the_request_held(void **state)
{
    (void)state;
    struct wire wires[REQUESTS];
    atomic_store(&held_back, 1);
    for (int i = 0; i < REQUESTS; i++)
        wires[i] = wire_get(port, "held", i);
    wire_until(all_are_suspended, NULL);
    for (int i = 0; i < REQUESTS; i++)
        wire_close(&wires[i]);
    assert_int_equal(atomic_load(&held), REQUESTS);
    atomic_store(&held_back, 0);
    wire_until(nothing_is_held, NULL);
    expect_places();
}

static void *stop(void *context)
{
    (void)context;
    cairn_http_stop(http, 0);
    return NULL;
}

static bool nobody_is_admitted(void *context)
{
    struct http_reply reply = {0};
    (void)context;
    int outcome = http_send(port, "GET", "/suspended/0", NULL, NULL, 0, &reply, 100);
    http_reply_free(&reply);
    return outcome == HTTP_AWAY;
}

/* Also after the grace period: the awaited event has happened, and the client has to know. */
static void what_is_suspended_when_the_server_stops_is_answered(void **state)
{
    (void)state;
    pthread_t thread;
    atomic_store(&held_back, 1);
    struct wire wires[10];
    for (int i = 0; i < 10; i++)
        wires[i] = ask_for(i);
    while (atomic_load(&count) < 10)
        fixture_nap();
    assert_int_equal(pthread_create(&thread, NULL, stop, NULL), 0);
    wire_until(nobody_is_admitted, NULL);
    atomic_store(&held_back, 0);
    for (int i = 0; i < 10; i++)
        expect_answer(&wires[i], i);
    assert_int_equal(pthread_join(thread, NULL), 0);
    http = NULL;
}

/* A request that is handed over then is refused: a worker may have no time left for it. */
static void what_is_given_away_when_the_server_stops_is_answered(void **state)
{
    (void)state;
    pthread_t thread;
    atomic_store(&held_back, 1);
    struct wire wires[REQUESTS];
    for (int i = 0; i < REQUESTS; i++)
        wires[i] = wire_get(port, i % 2 ? "given" : "line", i);
    wire_until(all_are_suspended, NULL);
    assert_int_equal(pthread_create(&thread, NULL, stop, NULL), 0);
    wire_until(nobody_is_admitted, NULL);
    atomic_store(&held_back, 0);
    for (int i = 0; i < REQUESTS; i++) {
        if (!strchr(scripts[i % SCRIPTS], 'h')) {
            expect_given(&wires[i], i);
            continue;
        }
        struct wire_answer answer = wire_read(&wires[i]);
        assert_true(answer.status == 200 || answer.status == 503);
        wire_close(&wires[i]);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    http = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_suspended_is_answered_when_it_was_resumed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_eager_request_goes_from_thread_to_thread_as_it_says,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_given_away_goes_the_way_that_its_taker_says, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_was_decided_before_the_handler_returned_holds, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            a_disconnect_frees_the_place_of_a_request_that_was_handed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(a_disconnect_while_suspended_releases_what_the_request_held,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(suspended_requests_hold_no_thread, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_suspended_when_the_server_stops_is_answered, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_given_away_when_the_server_stops_is_answered, setup,
                                        teardown),
    };
    cairn_log_setup("test", CAIRN_LOG_ERROR);
    return cmocka_run_group_tests_name("http_suspend", tests, NULL, NULL);
}
