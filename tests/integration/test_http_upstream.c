/* test_http_upstream.c - requests that wait for their polling thread's upstream: it answers or
 * hands over them, others are served meanwhile, and a client that disconnects withdraws its
 * request. */
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/wire.h"

#include "core/containers/buffer.h"
#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "http/http.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUESTS = 200, BODY_BYTES = 1 << 20, SPRINGS_MAX = 8 };

/* ---- the upstream ---- */

/* A pending request. */
struct wish {
    struct cairn_http_request *request;
    struct cairn_http_response *response;
    int calls;      /* of its handler */
    int64_t due_us; /* monotonic: when it is answered by itself; 0: when the spring is told to */
    struct spring *spring;
    struct wish *next;
};

struct spring {
    int fd; /* readable: answer all */
    struct wish *wishes;
    bool started; /* its thread has been seen */
    pthread_t thread;
};

static struct spring *springs[SPRINGS_MAX];
static atomic_int spring_count;
static atomic_int asked;                        /* requests that wait now */
static atomic_int answered;                     /* in total */
static atomic_int springs_may_be = SPRINGS_MAX; /* further ones fail */

static int open_spring(void *context, void **ret, struct cairn_error *error)
{
    (void)context;
    if (atomic_load(&spring_count) == atomic_load(&springs_may_be))
        return cairn_fail(error, CAIRN_CONFIG, "no water");
    struct spring *spring = cairn_allocate(sizeof *spring);
    spring->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(spring->fd >= 0);
    springs[atomic_fetch_add(&spring_count, 1)] = spring;
    *ret = spring;
    return 0;
}

static void close_spring(void *self)
{
    struct spring *spring = self;
    assert_null(spring->wishes); /* no request is left */
    (void)close(spring->fd);
    free(spring);
    atomic_fetch_sub(&spring_count, 1);
}

/* Checks that a spring is used by one thread only. */
static void expect_thread(struct spring *spring)
{
    if (!spring->started)
        spring->thread = pthread_self();
    spring->started = true;
    assert_true(pthread_equal(spring->thread, pthread_self()));
}

static int64_t prepare_spring(void *self, struct pollfd *ret)
{
    struct spring *spring = self;
    int64_t due_us = 0;
    expect_thread(spring);
    *ret = (struct pollfd){.fd = spring->fd, .events = POLLIN};
    for (const struct wish *at = spring->wishes; at; at = at->next) {
        if (at->due_us && (!due_us || at->due_us < due_us))
            due_us = at->due_us;
    }
    return due_us;
}

/* Hands "handed" over to a worker; answers everything else. */
static void fulfil(struct wish *wish)
{
    struct cairn_http_request *request = wish->request;
    atomic_fetch_sub(&asked, 1);
    if (strncmp(request->path, "/handed", 7) == 0) {
        cairn_http_hand_over(request);
        return;
    }
    wish->response->status = 200;
    wish->response->body = cairn_print(request->arena, "%s %d", request->id, wish->calls);
    wish->response->body_bytes = strlen(wish->response->body);
    atomic_fetch_add(&answered, 1);
    cairn_http_answer(request);
}

static void spring_goes_on(void *self, short what)
{
    struct spring *spring = self;
    eventfd_t ignored;
    bool all = what & POLLIN;
    expect_thread(spring);
    if (all)
        (void)eventfd_read(spring->fd, &ignored);
    for (struct wish **at = &spring->wishes; *at;) {
        struct wish *wish = *at;
        if (all || (wish->due_us && wish->due_us <= cairn_monotonic_us())) {
            *at = wish->next;
            fulfil(wish);
        } else {
            at = &wish->next;
        }
    }
}

/* Has all waiting requests answered. */
static void let_flow(void)
{
    for (int i = 0; i < atomic_load(&spring_count); i++)
        (void)eventfd_write(springs[i]->fd, 1);
}

/* ---- handlers ---- */

static enum cairn_http_outcome wish(const void *self, void *worker,
                                    struct cairn_http_request *request,
                                    struct cairn_http_response *response)
{
    (void)self;
    struct wish *wish = request->memo;
    if (!wish)
        request->memo = wish = cairn_new(request->arena, struct wish, 1);
    wish->calls++;
    if (worker) {
        assert_null(request->upstream);
        response->status = 200;
        response->body = cairn_print(request->arena, "%s by a worker", request->id);
        response->body_bytes = strlen(response->body);
        return CAIRN_HTTP_DONE;
    }
    wish->request = request;
    wish->response = response;
    wish->spring = request->upstream;
    if (strncmp(request->path, "/due", 4) == 0)
        wish->due_us = cairn_monotonic_us() + CAIRN_MILLISECONDS(30);
    expect_thread(wish->spring);
    wish->next = wish->spring->wishes;
    wish->spring->wishes = wish;
    atomic_fetch_add(&asked, 1);
    return CAIRN_HTTP_ASKED;
}

/* The upstream answers at once. */
static enum cairn_http_outcome wish_granted(const void *self, void *worker,
                                            struct cairn_http_request *request,
                                            struct cairn_http_response *response)
{
    enum cairn_http_outcome outcome = wish(self, worker, request, response);
    struct wish *wish = request->memo;
    if (worker)
        return outcome;
    wish->spring->wishes = wish->next;
    fulfil(wish);
    return outcome;
}

static void leave(struct cairn_http_request *request)
{
    const struct wish *wish = request->memo;
    for (struct wish **at = &wish->spring->wishes; *at; at = &(*at)->next) {
        if (*at == wish) {
            *at = wish->next;
            atomic_fetch_sub(&asked, 1);
            return;
        }
    }
}

static enum cairn_http_outcome measure(const void *self, void *worker,
                                       struct cairn_http_request *request,
                                       struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    response->status = 200;
    response->body = cairn_print(request->arena, "%zu", request->body_bytes);
    response->body_bytes = strlen(response->body);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome shout(const void *self, void *worker,
                                     struct cairn_http_request *request,
                                     struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    char *body = cairn_new(request->arena, char, BODY_BYTES);
    memset(body, 'a', BODY_BYTES);
    response->status = 200;
    response->body = body;
    response->body_bytes = BODY_BYTES;
    return CAIRN_HTTP_DONE;
}

static void *own_thing(void *context)
{
    (void)context;
    static int thing;
    return &thing;
}

static const struct cairn_http_route routes[] = {
    {.method = "GET", .pattern = "/wish/{id}", .handle = wish, .eager = true, .leave = leave},
    {.method = "GET", .pattern = "/handed/{id}", .handle = wish, .eager = true, .leave = leave},
    {.method = "GET", .pattern = "/due/{id}", .handle = wish, .eager = true, .leave = leave},
    {.method = "GET", .pattern = "/at-once/{id}", .handle = wish_granted, .eager = true},
    {.method = "GET", .pattern = "/handed/{id}/at-once", .handle = wish_granted, .eager = true},
    {.method = "POST", .pattern = "/measure", .handle = measure, .takes_body = true},
    {.method = "GET", .pattern = "/shout", .handle = shout},
};

/* ---- the server ---- */

static struct cairn_http *http;
static int port;

static const struct cairn_http_options options = {
    .workers = 2,
    .queue_max = REQUESTS,
    .body_max_bytes = BODY_BYTES,
    .header_max_bytes = 8192,
    .deadline_us = CAIRN_SECONDS(20),
    .connections_max = 500,
    .routes = routes,
    .route_count = sizeof routes / sizeof *routes,
    .worker_open = own_thing,
    .upstream = {open_spring, close_spring, prepare_spring, spring_goes_on},
};

static int setup(void **state)
{
    (void)state;
    atomic_store(&asked, 0);
    atomic_store(&answered, 0);
    atomic_store(&springs_may_be, SPRINGS_MAX);
    assert_int_equal(cairn_http_start(&options, &http, NULL), 0);
    port = cairn_http_port(http);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (http)
        cairn_http_stop(http, CAIRN_SECONDS(5));
    http = NULL;
    assert_int_equal(atomic_load(&spring_count), 0);
    return 0;
}

/* ---- requests ---- */

static void expect_text(struct wire *wire, int number, const char *text)
{
    char all[64];
    (void)snprintf(all, sizeof all, "%d %s", number, text);
    struct wire_answer answer = wire_read(wire);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, all);
}

static bool so_many_wait(void *count)
{
    return atomic_load(&asked) == *(int *)count;
}

static void expect_waiting(int count)
{
    wire_until(so_many_wait, &count);
}

/* ---- tests ---- */

static void a_suspended_request_is_answered_by_the_upstream(void **state)
{
    (void)state;
    struct wire wires[REQUESTS];
    for (int i = 0; i < REQUESTS; i++)
        wires[i] = wire_get(port, "wish", i);
    expect_waiting(REQUESTS);
    assert_int_equal(atomic_load(&answered), 0);
    let_flow();
    for (int i = 0; i < REQUESTS; i++)
        expect_text(&wires[i], i, "1");
    for (int i = 0; i < REQUESTS; i++) /* once more on the same connections */
        wire_send(&wires[i], "GET /due/7 HTTP/1.1\r\nHost: test\r\n\r\n");
    for (int i = 0; i < REQUESTS; i++) {
        expect_text(&wires[i], 7, "1");
        wire_close(&wires[i]);
    }
}

static void a_failed_upstream_question_is_handed_to_a_worker(void **state)
{
    (void)state;
    struct wire wires[REQUESTS];
    for (int i = 0; i < REQUESTS; i++)
        wires[i] = wire_get(port, "handed", i);
    expect_waiting(REQUESTS);
    let_flow();
    for (int i = 0; i < REQUESTS; i++) {
        expect_text(&wires[i], i, "by a worker");
        wire_close(&wires[i]);
    }
}

static void what_is_known_at_once_is_answered_at_once(void **state)
{
    (void)state;
    struct wire wires[REQUESTS];
    for (int i = 0; i < REQUESTS; i++)
        wires[i] = wire_get(port, "at-once", i);
    for (int i = 0; i < REQUESTS; i++) {
        expect_text(&wires[i], i, "1");
        wire_send(&wires[i], "GET /handed/7/at-once HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    for (int i = 0; i < REQUESTS; i++) {
        expect_text(&wires[i], 7, "by a worker");
        wire_close(&wires[i]);
    }
}

static void what_is_due_comes_without_a_sign(void **state)
{
    (void)state;
    struct wire wire = wire_get(port, "due", 1);
    expect_text(&wire, 1, "1");
    wire_close(&wire);
}

/* The library cannot signal that it has work while requests wait: bodies in many parts, both
 * ways. */
static void while_some_wait_all_others_are_served(void **state)
{
    (void)state;
    struct wire waiting[8];
    struct wire others[8];
    char *body = calloc(1, BODY_BYTES + 1);
    char head[128];
    assert_non_null(body);
    memset(body, 'b', BODY_BYTES);
    (void)snprintf(head, sizeof head,
                   "POST /measure HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                   "Content-Length: %d\r\n\r\n",
                   BODY_BYTES);
    for (int i = 0; i < 8; i++)
        waiting[i] = wire_get(port, "wish", i);
    expect_waiting(8);
    for (int i = 0; i < 8; i++) {
        others[i] = wire_open(port);
        wire_send(&others[i], head);
        wire_send(&others[i], body);
        wire_send(&others[i], "GET /shout HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    for (int i = 0; i < 8; i++) {
        assert_string_equal(wire_read(&others[i]).body, "1048576");
        assert_int_equal(wire_read(&others[i]).body_bytes, BODY_BYTES);
        wire_close(&others[i]);
    }
    assert_int_equal(atomic_load(&answered), 0);
    let_flow();
    for (int i = 0; i < 8; i++) {
        expect_text(&waiting[i], i, "1");
        wire_close(&waiting[i]);
    }
    free(body);
}

/* Resets the connection, which the server sees at once. */
static void cut(struct wire *wire)
{
    const struct linger at_once = {.l_onoff = 1};
    assert_int_equal(setsockopt(wire->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    wire_close(wire);
}

static void a_disconnect_withdraws_the_question_and_frees_its_place(void **state)
{
    (void)state;
    struct wire wires[REQUESTS];
    for (int i = 0; i < REQUESTS; i++)
        wires[i] = wire_get(port, "wish", i);
    expect_waiting(REQUESTS);
    for (int i = 0; i < REQUESTS; i += 2)
        cut(&wires[i]);
    expect_waiting(REQUESTS / 2);
    let_flow();
    for (int i = 1; i < REQUESTS; i += 2) {
        expect_text(&wires[i], i, "1");
        wire_close(&wires[i]);
    }
    wire_until(wire_none_is_open, NULL);
    assert_int_equal(atomic_load(&answered), REQUESTS / 2);
    for (int i = 0; i < REQUESTS; i++) /* there is room for as many again */
        wires[i] = wire_get(port, "wish", i);
    expect_waiting(REQUESTS);
    let_flow();
    for (int i = 0; i < REQUESTS; i++) {
        expect_text(&wires[i], i, "1");
        wire_close(&wires[i]);
    }
}

/* Disconnects clients at the moment of the answer. */
static void a_disconnect_during_the_answer_affects_no_other_request(void **state)
{
    (void)state;
    struct wire wires[REQUESTS];
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < REQUESTS; i++)
            wires[i] = wire_get(port, i % 4 < 2 ? "wish" : "handed", i);
        expect_waiting(REQUESTS);
        for (int i = 0; i < REQUESTS; i++) {
            if (i == REQUESTS / 4)
                let_flow();
            if (i % 2)
                cut(&wires[i]);
        }
        for (int i = 0; i < REQUESTS; i += 2) {
            expect_text(&wires[i], i, i % 4 < 2 ? "1" : "by a worker");
            wire_close(&wires[i]);
        }
        wire_until(wire_none_is_open, NULL);
        expect_waiting(0);
    }
}

static void *stop(void *context)
{
    (void)context;
    cairn_http_stop(http, CAIRN_SECONDS(10));
    return NULL;
}

static void a_suspended_request_is_answered_when_the_server_stops(void **state)
{
    (void)state;
    pthread_t thread;
    struct wire wires[REQUESTS];
    for (int i = 0; i < REQUESTS; i++)
        wires[i] = wire_get(port, "wish", i);
    expect_waiting(REQUESTS);
    assert_int_equal(pthread_create(&thread, NULL, stop, NULL), 0);
    let_flow();
    for (int i = 0; i < REQUESTS; i++) {
        expect_text(&wires[i], i, "1");
        wire_close(&wires[i]);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    http = NULL;
}

static void a_server_without_its_upstream_does_not_start(void **state)
{
    (void)state;
    struct cairn_http *other = NULL;
    struct cairn_error error = {0};
    int before = atomic_load(&spring_count);
    atomic_store(&springs_may_be, before + 1); /* the first is opened, and closed again */
    assert_int_equal(cairn_http_start(&options, &other, &error), -CAIRN_CONFIG);
    assert_string_equal(error.message, "no water");
    assert_null(other);
    assert_int_equal(atomic_load(&spring_count), before);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_suspended_request_is_answered_by_the_upstream),
        TEST(a_failed_upstream_question_is_handed_to_a_worker),
        TEST(what_is_known_at_once_is_answered_at_once),
        TEST(what_is_due_comes_without_a_sign),
        TEST(while_some_wait_all_others_are_served),
        TEST(a_disconnect_withdraws_the_question_and_frees_its_place),
        TEST(a_disconnect_during_the_answer_affects_no_other_request),
        TEST(a_suspended_request_is_answered_when_the_server_stops),
        TEST(a_server_without_its_upstream_does_not_start),
    };
    cairn_log_setup("test", CAIRN_LOG_ERROR);
    return cmocka_run_group_tests_name("http_upstream", tests, NULL, NULL);
}
