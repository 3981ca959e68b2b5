/* test_http_time.c - the HTTP server under clients that are many, slow, gone or late, and its
 * stop. */
#include "../support/support.h"
#include "../support/wire.h"

#include "core/containers/buffer.h"
#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "http/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGE_BYTES = 1 << 25 };

/* State shared by the handlers and the tests. */
static struct {
    atomic_bool open;   /* lets waiting handlers answer */
    atomic_int waiting; /* requests whose handler has not answered yet */
    atomic_int calls;   /* of handlers that wait */
    atomic_int opened;  /* worker contexts */
    atomic_int closed;
    char *large;
} hall;

static struct cairn_http *http;
static int port;

/* ---- handlers ---- */

static void say(struct cairn_http_response *response, const char *text)
{
    response->status = 200;
    response->body = text;
    response->body_bytes = strlen(text);
}

static enum cairn_http_outcome at_once(const void *self, void *worker,
                                       struct cairn_http_request *request,
                                       struct cairn_http_response *response)
{
    (void)worker;
    (void)request;
    say(response, self);
    return CAIRN_HTTP_DONE;
}

/* Holds its thread until the hall is open. */
static enum cairn_http_outcome held(const void *self, void *worker,
                                    struct cairn_http_request *request,
                                    struct cairn_http_response *response)
{
    (void)worker;
    (void)request;
    atomic_fetch_add(&hall.waiting, 1);
    while (!atomic_load(&hall.open))
        (void)usleep(500);
    say(response, self);
    return CAIRN_HTTP_DONE;
}

/* Holds no thread until the hall is open. */
static enum cairn_http_outcome later(const void *self, void *worker,
                                     struct cairn_http_request *request,
                                     struct cairn_http_response *response)
{
    (void)worker;
    atomic_fetch_add(&hall.calls, 1);
    if (!request->memo) {
        request->memo = cairn_print(request->arena, "%s %s", (const char *)self, request->path);
        atomic_fetch_add(&hall.waiting, 1);
    }
    response->again_us = CAIRN_MILLISECONDS(2);
    if (!atomic_load(&hall.open))
        return CAIRN_HTTP_LATER;
    say(response, request->memo);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome large(const void *self, void *worker,
                                     struct cairn_http_request *request,
                                     struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    (void)request;
    response->status = 200;
    response->body = hall.large;
    response->body_bytes = LARGE_BYTES;
    return CAIRN_HTTP_DONE;
}

#define GET(pattern_, handle_, self_)                                                              \
    {                                                                                              \
        .method = "GET", .pattern = (pattern_), .handle = (handle_), .self = (self_)               \
    }
static const struct cairn_http_route routes[] = {
    GET("/now", at_once, "now"),
    GET("/held", held, "held"),
    GET("/later/{id}", later, "later"),
    GET("/large", large, NULL),
    {.method = "GET", .pattern = "/vital", .handle = at_once, .self = "vital", .vital = true},
    {.method = "GET", .pattern = "/direct", .handle = at_once, .self = "direct", .direct = true},
    {.method = "POST", .pattern = "/now", .handle = at_once, .self = "now", .takes_body = true},
    {.method = "POST", .pattern = "/later", .handle = later, .self = "", .takes_body = true},
};

static void *open_worker(void *context)
{
    assert_ptr_equal(context, &hall);
    atomic_fetch_add(&hall.opened, 1);
    return &hall;
}

static void close_worker(void *worker)
{
    assert_ptr_equal(worker, &hall);
    atomic_fetch_add(&hall.closed, 1);
}

/* ---- the server ---- */

static struct cairn_http_options usual(void)
{
    return (struct cairn_http_options){
        .workers = 2,
        .queue_max = 500,
        .body_max_bytes = 4096,
        .header_max_bytes = 8192,
        .deadline_us = CAIRN_SECONDS(20),
        .connections_max = 500,
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
        .worker_open = open_worker,
        .worker_close = close_worker,
        .context = &hall,
    };
}

static void start(struct cairn_http_options options)
{
    assert_int_equal(cairn_http_start(&options, &http, NULL), 0);
    port = cairn_http_port(http);
}

static void stop(void)
{
    cairn_http_stop(http, CAIRN_SECONDS(5));
    http = NULL;
}

static int clear(void **state)
{
    (void)state;
    atomic_store(&hall.open, false);
    atomic_store(&hall.waiting, 0);
    atomic_store(&hall.calls, 0);
    atomic_store(&hall.opened, 0);
    atomic_store(&hall.closed, 0);
    return 0;
}

/* Cleans up, also after a failed test. */
static int clean(void **state)
{
    (void)state;
    atomic_store(&hall.open, true);
    if (http)
        stop();
    return 0;
}

/* ---- requesting and waiting ---- */

static struct wire ask_for(const char *path)
{
    char text[128];
    struct wire wire = wire_open(port);
    (void)snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", path);
    wire_send(&wire, text);
    return wire;
}

static void assert_now(void)
{
    assert_string_equal(wire_ask(port, "GET /now HTTP/1.1\r\n", "").body, "now");
}

static bool is_waiting(void *count)
{
    return atomic_load(&hall.waiting) >= *(int *)count;
}

static void until_waiting(int count)
{
    wire_until(is_waiting, &count);
}

static bool is_called(void *count)
{
    return atomic_load(&hall.calls) >= *(int *)count;
}

static bool is_shown(void *line)
{
    struct cairn_arena arena = {0};
    struct cairn_buffer text = cairn_buffer(&arena);
    cairn_metrics_write(CAIRN_METRICS_TEXT, &text);
    bool shown = strstr(text.text, line) != NULL;
    cairn_arena_close(&arena);
    return shown;
}

/* Waits until a metric has this value: "name value\n". */
static void until_shown(const char *line)
{
    char text[128];
    (void)snprintf(text, sizeof text, "%s", line);
    wire_until(is_shown, text);
}

static bool has_passed(void *time_us)
{
    return cairn_monotonic_us() >= *(int64_t *)time_us;
}

/* ---- requests that wait ---- */

static void more_requests_can_wait_than_there_are_workers(void **state)
{
    (void)state;
    enum { MANY = 200 };
    struct wire wires[MANY];
    start(usual());
    for (int i = 0; i < MANY; i++) {
        char path[32];
        (void)snprintf(path, sizeof path, "/later/%d", i);
        wires[i] = ask_for(path);
    }
    until_waiting(MANY);
    assert_now();
    until_shown("cairn_http_requests_open 200\n");
    atomic_store(&hall.open, true);
    for (int i = 0; i < MANY; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "later /later/%d", i);
        assert_string_equal(wire_read(&wires[i]).body, text);
        wire_close(&wires[i]);
    }
    stop();
    until_shown("cairn_http_requests_open 0\n");
}

/* The other worker has to handle the deferred requests. */
static void a_deferred_request_is_called_again_while_a_worker_is_held(void **state)
{
    (void)state;
    start(usual());
    struct wire deferred = ask_for("/later/1");
    until_waiting(1);
    struct wire busy = ask_for("/held");
    until_waiting(2);
    int calls = atomic_load(&hall.calls) + 20;
    wire_until(is_called, &calls);
    atomic_store(&hall.open, true);
    assert_string_equal(wire_read(&busy).body, "held");
    assert_string_equal(wire_read(&deferred).body, "later /later/1");
    wire_close(&busy);
    wire_close(&deferred);
}

static void beyond_the_bound_the_answer_is_busy_at_once(void **state)
{
    (void)state;
    struct cairn_http_options options = usual();
    options.queue_max = 4;
    start(options);
    struct wire wires[4] = {ask_for("/held"), ask_for("/held"), ask_for("/held"),
                            ask_for("/later/1")};
    until_shown("cairn_http_requests_open 4\n"); /* two in progress, two queued */
    struct wire_answer got = wire_ask(port, "GET /now HTTP/1.1\r\n", "");
    assert_int_equal(got.status, 503);
    assert_non_null(strstr(got.body, "\"code\":\"busy\""));
    assert_string_equal(wire_header(&got, "Retry-After"), "1");
    until_shown("cairn_http_requests_shed_total 1\n");
    assert_int_equal(wire_ask(port, "GET /direct HTTP/1.1\r\n", "").status, 200);
    atomic_store(&hall.open, true);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(wire_read(&wires[i]).status, 200);
        wire_close(&wires[i]);
    }
    assert_now();
}

static void a_client_that_leaves_while_its_request_waits_leaves_nothing(void **state)
{
    (void)state;
    start(usual());
    struct wire deferred = ask_for("/later/1");
    struct wire first = ask_for("/held");
    until_waiting(2);
    struct wire second = ask_for("/held");
    until_waiting(3);
    struct wire queued = ask_for("/now");
    until_shown("cairn_http_requests_open 4\n");
    wire_close(&deferred);
    wire_close(&first);
    wire_close(&second);
    wire_close(&queued);
    atomic_store(&hall.open, true);
    until_shown("cairn_http_requests_open 0\n");
    until_shown("cairn_http_connections 0\n");
    assert_now();
}

static void what_is_pipelined_waits_for_the_answer_before(void **state)
{
    (void)state;
    start(usual());
    struct wire wire = ask_for("/later/1");
    wire_send(&wire, "GET /now HTTP/1.1\r\nHost: test\r\n\r\n");
    until_waiting(1);
    int calls = 10;
    wire_until(is_called, &calls);
    assert_false(wire_readable(&wire, 0));
    atomic_store(&hall.open, true);
    assert_string_equal(wire_read(&wire).body, "later /later/1");
    assert_string_equal(wire_read(&wire).body, "now");
    wire_close(&wire);
}

static void every_worker_has_a_context_of_its_own(void **state)
{
    (void)state;
    start(usual());
    struct wire wires[2] = {ask_for("/held"), ask_for("/held")};
    until_waiting(2);
    assert_int_equal(atomic_load(&hall.opened), 2);
    atomic_store(&hall.open, true);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wire_read(&wires[i]).status, 200);
        wire_close(&wires[i]);
    }
    assert_int_equal(atomic_load(&hall.closed), 0);
    stop();
    assert_int_equal(atomic_load(&hall.closed), 2);
}

/* Half of the clients disconnect at any moment: a mix for the sanitizers. */
static void clients_come_and_go(void **state)
{
    (void)state;
    enum { CLIENTS = 32, ROUNDS = 30 };
    static const char *const paths[] = {"/now", "/later/1", "/direct", "/nowhere"};
    start(usual());
    atomic_store(&hall.open, true);
    for (int round = 0; round < ROUNDS; round++) {
        struct wire wires[CLIENTS];
        for (int i = 0; i < CLIENTS; i++) {
            wires[i] = ask_for(paths[(i + round) % 4]);
            wire_send(&wires[i], "POST /now HTTP/1.1\r\nHost: test\r\n"
                                 "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{");
        }
        for (int i = 0; i < CLIENTS; i++) {
            bool stays = i % 2 == 0;
            assert_true(!stays || wire_read(&wires[i]).status > 0);
            if (stays) {
                wire_send(&wires[i], "}");
                assert_int_equal(wire_read(&wires[i]).status, 200);
            }
            wire_close(&wires[i]);
        }
    }
    until_shown("cairn_http_requests_open 0\n");
    until_shown("cairn_http_connections 0\n");
}

/* ---- deadlines ---- */

enum { SHORT_MS = 400 };

static void start_short(void)
{
    struct cairn_http_options options = usual();
    options.deadline_us = CAIRN_MILLISECONDS(SHORT_MS);
    start(options);
}

/* Sends a byte every few milliseconds until an answer or the end comes. */
static int64_t drip(struct wire *wire, const char *byte)
{
    int64_t since_us = cairn_monotonic_us();
    while (!wire_readable(wire, 5) && cairn_monotonic_us() < since_us + CAIRN_SECONDS(10)) {
        if (!wire_try_send(wire, byte))
            break;
    }
    return cairn_monotonic_us() - since_us;
}

static void assert_late(struct wire *wire, int64_t after_us)
{
    struct wire_answer got = wire_read(wire);
    assert_true(after_us >= CAIRN_MILLISECONDS(SHORT_MS) - CAIRN_MILLISECONDS(50));
    assert_true(after_us < CAIRN_MILLISECONDS(10 * SHORT_MS));
    assert_int_equal(got.status, 408);
    assert_non_null(strstr(got.body, "\"code\":\"request-timed-out\""));
    assert_string_equal(wire_header(&got, "Connection"), "close");
    wire_read_end(wire);
    wire_close(wire);
}

static void dripping_headers_do_not_defeat_the_deadline(void **state)
{
    (void)state;
    start_short();
    struct wire wire = wire_open(port);
    wire_send(&wire, "GET /now HTTP/1.1\r\nHost: test\r\nX-Drip: ");
    int64_t after_us = drip(&wire, "x");
    assert_late(&wire, after_us);
    assert_now();
}

static void a_dripping_body_does_not_defeat_the_deadline(void **state)
{
    (void)state;
    start_short();
    struct wire wire = wire_open(port);
    wire_send(&wire, "POST /now HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                     "Content-Length: 4000\r\n\r\n");
    int64_t after_us = drip(&wire, " ");
    assert_late(&wire, after_us);
    wire = wire_open(port);
    wire_send(&wire, "POST /now HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n");
    after_us = drip(&wire, "1\r\n \r\n");
    assert_late(&wire, after_us);
}

static void a_dripping_request_line_does_not_defeat_the_deadline(void **state)
{
    (void)state;
    start_short();
    struct wire wire = ask_for("/now"); /* also after a good request */
    assert_int_equal(wire_read(&wire).status, 200);
    int64_t after_us = drip(&wire, "G");
    assert_true(after_us < CAIRN_MILLISECONDS(10 * SHORT_MS));
    wire_read_end(&wire);
    wire_close(&wire);
}

static void an_idle_connection_is_closed(void **state)
{
    (void)state;
    start_short();
    struct wire used = ask_for("/now");
    struct wire fresh = wire_open(port);
    assert_int_equal(wire_read(&used).status, 200);
    wire_read_end(&used);
    wire_read_end(&fresh);
    wire_close(&used);
    wire_close(&fresh);
}

/* ---- chunks ---- */

static struct wire begin_chunks(const char *path)
{
    char head[200];
    struct wire wire = wire_open(port);
    (void)snprintf(head, sizeof head,
                   "POST %s HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
                   path);
    wire_send(&wire, head);
    return wire;
}

/* From 0.9.77 on the library itself rejects such a chunk, without an answer if its memory is
 * full. */
static bool library_gives_up(void)
{
    return strcmp(MHD_get_version(), "0.9.77") >= 0;
}

static void expect_malformed(struct wire *wire)
{
    if (!library_gives_up()) {
        struct wire_answer answer = wire_read(wire);
        assert_int_equal(answer.status, 400);
        assert_string_equal(wire_header(&answer, "Content-Type"), "application/problem+json");
    }
    wire_read_end(wire);
}

/* The deadline is far away. A client that merely pauses, on the same threads, is not cut. */
static void a_chunk_whose_beginning_never_ends_is_refused(void **state)
{
    (void)state;
    enum { CLIENTS = 8, EXTENSION_BYTES = 60000 };
    start(usual());
    char *extension = calloc(1, EXTENSION_BYTES + 1);
    assert_non_null(extension);
    memset(extension, 'a', EXTENSION_BYTES);
    memcpy(extension, "5;", 2);
    struct wire pausing[CLIENTS];
    struct wire stuck[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        pausing[i] = begin_chunks("/now");
    for (int i = 0; i < CLIENTS; i++) {
        stuck[i] = begin_chunks(i % 2 ? "/now" : "/nowhere");
        (void)wire_try_send(&stuck[i], extension);
    }
    for (int i = 0; i < CLIENTS; i++) {
        expect_malformed(&stuck[i]);
        wire_close(&stuck[i]);
    }
    for (int i = 0; i < CLIENTS; i++) {
        wire_send(&pausing[i], "1\r\n}\r\n0\r\n\r\n");
        assert_int_equal(wire_read(&pausing[i]).status, 200);
        wire_close(&pausing[i]);
    }
    free(extension);
    stop();
}

/* Returns how many bytes of the client the server has not read (proc(5), /proc/net/tcp); -1: it has
 * no such connection. */
static int unread(const struct wire *wire)
{
    struct sockaddr_in client = {0};
    socklen_t length = sizeof client;
    char line[300];
    unsigned here, there, bytes;
    int found = -1;
    assert_int_equal(getsockname(wire->socket, (struct sockaddr *)&client, &length), 0);
    FILE *table = fopen("/proc/net/tcp", "r");
    assert_non_null(table);
    while (found < 0 && fgets(line, sizeof line, table)) {
        if (sscanf(line, "%*s %*8[0-9A-F]:%X %*8[0-9A-F]:%X %*s %*8[0-9A-F]:%X", &here, &there,
                   &bytes) == 3 &&
            (int)here == port && there == ntohs(client.sin_port))
            found = (int)bytes;
    }
    (void)fclose(table);
    return found;
}

/* Such a chunk leaves no unread byte in the socket, so it looks like one that pauses, as with a
 * byte less. */
static void a_chunk_that_fills_the_memory_to_the_last_byte_is_cut_at_the_deadline(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    static char extension[MANY];
    memset(extension, 'a', sizeof extension);
    memcpy(extension, "5;", 2);
    struct cairn_http_options options = usual();
    options.deadline_us = CAIRN_SECONDS(3);
    start(options);
    struct wire wire = begin_chunks("/now");
    wire_send_bytes(&wire, extension, MANY);
    int left = 0, longest = 0; /* the bytes left unread for the longest time, until the refusal */
    for (int seen = -1, times = 0, now; !wire_readable(&wire, 1); seen = now) {
        now = unread(&wire);
        times = now == seen ? times + 1 : 0;
        if (times > longest) {
            longest = times;
            left = now;
        }
    }
    expect_malformed(&wire);
    wire_close(&wire);
    for (int less = 1; less >= 0; less--) {
        wire = begin_chunks("/now");
        wire_send_bytes(&wire, extension, (size_t)(MANY - left - less));
        assert_int_equal(wire_ask(port, "GET /now HTTP/1.1\r\n", "").status, 200);
        if (library_gives_up())
            wire_read_end(&wire);
        else
            assert_int_equal(wire_read(&wire).status, 408);
        wire_close(&wire);
    }
    stop();
}

static void a_client_that_does_not_read_is_cut(void **state)
{
    (void)state;
    hall.large = calloc(1, LARGE_BYTES);
    start_short();
    struct wire wire = ask_for("/large");
    until_shown("cairn_http_connections_cut_total{phase=\"answering\"} 1\n");
    until_shown("cairn_http_connections 0\n");
    wire_close(&wire);
    stop();
    free(hall.large);
}

static void a_request_that_is_worked_on_is_not_cut(void **state)
{
    (void)state;
    start_short();
    struct wire wires[2] = {ask_for("/later/1"), ask_for("/held")};
    until_waiting(2);
    int64_t later_us = cairn_monotonic_us() + 2 * CAIRN_MILLISECONDS(SHORT_MS);
    wire_until(has_passed, &later_us);
    atomic_store(&hall.open, true);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wire_read(&wires[i]).status, 200);
        wire_close(&wires[i]);
    }
}

static void half_open_requests_block_no_client(void **state)
{
    (void)state;
    enum { MANY = 200 };
    struct wire wires[MANY];
    struct cairn_http_options options = usual();
    options.deadline_us = CAIRN_SECONDS(3);
    start(options);
    for (int i = 0; i < MANY; i++) {
        wires[i] = wire_open(port);
        wire_send(&wires[i], i % 2 ? "GET /now HTTP/1.1\r\nHost: test\r\nX-Half: "
                                   : "POST /now HTTP/1.1\r\nHost: test\r\nContent-Type: "
                                     "application/json\r\nContent-Length: 100\r\n\r\n{");
    }
    int64_t since_us = cairn_monotonic_us();
    for (int i = 0; i < 20; i++)
        assert_now();
    assert_true(cairn_monotonic_us() - since_us < CAIRN_SECONDS(2));
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(wire_read(&wires[i]).status, 408);
        wire_read_end(&wires[i]);
        wire_close(&wires[i]);
    }
    until_shown("cairn_http_connections 0\n");
}

static void a_connection_too_many_waits_for_a_place(void **state)
{
    (void)state;
    struct cairn_http_options options = usual();
    options.connections_max = 2;
    start(options);
    struct wire first = ask_for("/now");
    struct wire second = ask_for("/now");
    assert_int_equal(wire_read(&first).status, 200);
    assert_int_equal(wire_read(&second).status, 200);
    struct wire third = ask_for("/now");
    assert_false(wire_readable(&third, 50));
    wire_close(&first);
    assert_int_equal(wire_read(&third).status, 200);
    wire_close(&second);
    wire_close(&third);
}

static void idle_connections_make_room_for_requests(void **state)
{
    (void)state;
    struct cairn_http_options options = usual();
    options.connections_max = 3;
    options.deadline_us = CAIRN_SECONDS(60);
    start(options);
    struct wire idle[3];
    for (int i = 0; i < 3; i++) {
        idle[i] = ask_for("/now");
        assert_int_equal(wire_read(&idle[i]).status, 200);
    }
    struct wire asks = ask_for("/now");
    assert_int_equal(wire_read(&asks).status, 200);
    int cut = 0;
    for (int i = 0; i < 3; i++) {
        cut += wire_readable(&idle[i], 0);
        wire_close(&idle[i]);
    }
    assert_in_range(cut, 1, 2);
    wire_close(&asks);
}

static struct wire begin_body(size_t announced, size_t sent)
{
    static char body[20000];
    char head[200];
    struct wire wire = wire_open(port);
    (void)snprintf(head, sizeof head,
                   "POST /now HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                   "Content-Length: %zu\r\n\r\n",
                   announced);
    wire_send(&wire, head);
    wire_send_bytes(&wire, body, sent);
    return wire;
}

static void half_sent_bodies_have_a_memory_of_their_own(void **state)
{
    (void)state;
    struct cairn_http_options options = usual();
    options.body_max_bytes = 20000;
    options.bodies_max_bytes = 60000;
    start(options);
    struct wire half[3];
    int busy = 0;
    for (int i = 0; i < 3; i++) {
        half[i] = begin_body(20000, 19000);
        while (!wire_readable(&half[i], 50) && unread(&half[i]) > 0)
            continue;
        busy += wire_readable(&half[i], 0);
    }
    assert_in_range(busy, 1, 2);
    struct wire large = begin_body(20000, 20000);
    struct wire small = begin_body(5000, 5000);
    assert_int_equal(wire_read(&large).status, 503);
    assert_int_equal(wire_read(&small).status, 200);
    for (int i = 0; i < 3; i++)
        wire_close(&half[i]);
    wire_close(&large);
    until_shown("cairn_http_connections 1\n");
    large = begin_body(20000, 20000);
    assert_int_equal(wire_read(&large).status, 200);
    wire_close(&large);
    wire_close(&small);
}

/* A load balancer asks a vital route, to decide where requests go. */
static void what_is_vital_has_places_of_its_own(void **state)
{
    (void)state;
    struct cairn_http_options options = usual();
    options.queue_max = 4;
    start(options);
    struct wire wires[4];
    for (int i = 0; i < 4; i++)
        wires[i] = ask_for("/later/1");
    until_shown("cairn_http_requests_open 4\n");
    assert_int_equal(wire_ask(port, "GET /now HTTP/1.1\r\n", "").status, 503);
    assert_int_equal(wire_ask(port, "GET /vital HTTP/1.1\r\n", "").status, 200);
    atomic_store(&hall.open, true);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(wire_read(&wires[i]).status, 200);
        wire_close(&wires[i]);
    }
}

/* ---- the stop ---- */

static void *stop_thread(void *grace_us)
{
    cairn_http_stop(http, *(int64_t *)grace_us);
    return NULL;
}

static bool is_refused(void *unused)
{
    (void)unused;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool refused = connect(one, (struct sockaddr *)&address, sizeof address) != 0;
    assert_true(!refused || errno == ECONNREFUSED || errno == ECONNRESET);
    (void)close(one);
    return refused;
}

static pthread_t begin_stop(int64_t *grace_us)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_thread, grace_us), 0);
    wire_until(is_refused, NULL);
    return thread;
}

static void end_stop(pthread_t thread)
{
    assert_int_equal(pthread_join(thread, NULL), 0);
    http = NULL;
}

static void what_was_accepted_is_finished_before_the_stop(void **state)
{
    (void)state;
    int64_t grace_us = CAIRN_SECONDS(10);
    start(usual());
    struct wire wires[4];
    static const char *const paths[] = {"/later/1", "/held", "/held", "/now"};
    for (int i = 0; i < 4; i++) {
        wires[i] = ask_for(paths[i]);
        until_waiting(i < 3 ? i + 1 : 3);
    }
    struct wire half = wire_open(port);
    wire_send(&half, "POST /now HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                     "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_int_equal(wire_read_head(&half).status, 100); /* it is certainly in progress */
    until_shown("cairn_http_requests_open 4\n");
    pthread_t thread = begin_stop(&grace_us);
    wire_send(&half, "{}");
    atomic_store(&hall.open, true);
    for (int i = 0; i < 4; i++) {
        struct wire_answer got = wire_read(&wires[i]);
        assert_int_equal(got.status, 200);
        assert_string_equal(wire_header(&got, "Connection"), "close");
        wire_close(&wires[i]);
    }
    assert_int_equal(wire_read(&half).status, 200);
    wire_close(&half);
    end_stop(thread);
}

static void when_the_grace_is_over_what_waits_is_answered(void **state)
{
    (void)state;
    int64_t grace_us = CAIRN_MILLISECONDS(100);
    start(usual());
    struct wire asks = ask_for("/later/1");
    struct wire does = wire_open(port);
    wire_send(&does, "POST /later HTTP/1.1\r\nHost: test\r\n\r\n");
    until_waiting(2);
    pthread_t thread = begin_stop(&grace_us);
    struct wire_answer got = wire_read(&asks);
    assert_int_equal(got.status, 503);
    assert_non_null(strstr(got.body, "\"code\":\"busy\""));
    got = wire_read(&does);
    assert_int_equal(got.status, 503);
    assert_non_null(strstr(got.body, "\"code\":\"outcome-unknown\""));
    end_stop(thread);
    wire_close(&asks);
    wire_close(&does);
}

static void the_stop_does_not_wait_for_idle_connections(void **state)
{
    (void)state;
    start(usual());
    struct wire used = ask_for("/now");
    struct wire fresh = wire_open(port);
    assert_int_equal(wire_read(&used).status, 200);
    int64_t since_us = cairn_monotonic_us();
    stop();
    assert_true(cairn_monotonic_us() - since_us < CAIRN_SECONDS(4));
    wire_read_end(&used);
    wire_read_end(&fresh);
    wire_close(&used);
    wire_close(&fresh);
}

static void it_can_stop_under_load_again_and_again(void **state)
{
    (void)state;
    enum { ROUNDS = 20, CLIENTS = 20 };
    atomic_store(&hall.open, true);
    for (int round = 0; round < ROUNDS; round++) {
        struct wire wires[CLIENTS];
        start(usual());
        for (int i = 0; i < CLIENTS; i++)
            wires[i] = ask_for(i % 2 ? "/now" : "/later/1");
        stop();
        for (int i = 0; i < CLIENTS; i++)
            wire_close(&wires[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clear, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(more_requests_can_wait_than_there_are_workers),
        TEST(a_deferred_request_is_called_again_while_a_worker_is_held),
        TEST(beyond_the_bound_the_answer_is_busy_at_once),
        TEST(what_is_vital_has_places_of_its_own),
        TEST(half_sent_bodies_have_a_memory_of_their_own),
        TEST(idle_connections_make_room_for_requests),
        TEST(a_client_that_leaves_while_its_request_waits_leaves_nothing),
        TEST(what_is_pipelined_waits_for_the_answer_before),
        TEST(every_worker_has_a_context_of_its_own),
        TEST(clients_come_and_go),
        TEST(dripping_headers_do_not_defeat_the_deadline),
        TEST(a_chunk_whose_beginning_never_ends_is_refused),
        TEST(a_chunk_that_fills_the_memory_to_the_last_byte_is_cut_at_the_deadline),
        TEST(a_dripping_body_does_not_defeat_the_deadline),
        TEST(a_dripping_request_line_does_not_defeat_the_deadline),
        TEST(an_idle_connection_is_closed),
        TEST(a_client_that_does_not_read_is_cut),
        TEST(a_request_that_is_worked_on_is_not_cut),
        TEST(half_open_requests_block_no_client),
        TEST(a_connection_too_many_waits_for_a_place),
        TEST(what_was_accepted_is_finished_before_the_stop),
        TEST(when_the_grace_is_over_what_waits_is_answered),
        TEST(the_stop_does_not_wait_for_idle_connections),
        TEST(it_can_stop_under_load_again_and_again),
    };
    cairn_log_setup("test", CAIRN_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
