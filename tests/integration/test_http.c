/* test_http.c - the HTTP server: which requests it accepts, which it rejects, and with which
 * answers. */
#include "../support/support.h"
#include "../support/wire.h"

#include "core/containers/buffer.h"
#include "core/report/log.h"
#include "core/report/metrics.h"
#include "http/http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY_MAX = 4096, HEADER_MAX = 8192 };

static struct cairn_http *http;
static int port;

/* ---- handlers ---- */

static void answer(struct cairn_http_response *response, const struct cairn_buffer *text)
{
    response->status = 200;
    response->body = text->text;
    response->body_bytes = text->length;
}

static void print_parameter(void *context, const char *name, const char *value)
{
    cairn_buffer_print(context, "[%s=%s]", name, value);
}

/* Answers with a description of the request, in plain text. */
static enum cairn_http_outcome echo(const void *self, void *worker,
                                    struct cairn_http_request *request,
                                    struct cairn_http_response *response)
{
    (void)worker;
    struct cairn_buffer text = cairn_buffer(request->arena);
    cairn_buffer_print(&text, "%s %s %s id=%s body=%s keys=%u ", (const char *)self,
                       request->method, request->path, request->id ? request->id : "-",
                       request->body, cairn_http_header_count(request, "idempotency-key"));
    cairn_http_query_each(request, print_parameter, &text);
    answer(response, &text);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome trace(const void *self, void *worker,
                                     struct cairn_http_request *request,
                                     struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    struct cairn_buffer text = cairn_buffer(request->arena);
    cairn_buffer_print(&text, "%s %s", request->trace_id, request->traceparent);
    answer(response, &text);
    cairn_http_set_header(response, "Cache-Control", "max-age=1");
    cairn_http_set_header(response, "ETag", "\"1\"");
    cairn_http_set_header(response, "etag", "\"2\"");
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome refuse(const void *self, void *worker,
                                      struct cairn_http_request *request,
                                      struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    struct cairn_error error = {0};
    (void)cairn_wrong(&error, "/lines/0/quantity", "has to be at least %d", 1);
    (void)cairn_wrong(&error, "/na\"me", "is missing");
    cairn_http_problem(request, response, &error);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome say_no(const void *self, void *worker,
                                      struct cairn_http_request *request,
                                      struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    struct cairn_error error = {0};
    (void)cairn_refuse(&error, "too-late", "the order was shipped already");
    cairn_http_problem(request, response, &error);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome break_down(const void *self, void *worker,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    struct cairn_error error = {0};
    (void)cairn_fail(&error, CAIRN_BUG, "the secret of line 42");
    cairn_http_problem(request, response, &error);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome say_nothing(const void *self, void *worker,
                                           struct cairn_http_request *request,
                                           struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    (void)request;
    (void)response;
    return CAIRN_HTTP_DONE;
}

static const struct cairn_http_route routes[] = {
    {.method = "GET", .pattern = "/things", .handle = echo, .self = "list"},
    {"POST", "/things", echo, "create", .takes_body = true},
    {.method = "GET", .pattern = "/things/{id}", .handle = echo, .self = "read"},
    {.method = "GET", .pattern = "/things/special", .handle = echo, .self = "special"},
    {"POST", "/things/{id}/move", echo, "move", .takes_body = true},
    {"GET", "/health", echo, "direct", .direct = true},
    {.method = "GET", .pattern = "/trace", .handle = trace, .self = NULL},
    {.method = "GET", .pattern = "/refuse", .handle = refuse, .self = NULL},
    {.method = "GET", .pattern = "/no", .handle = say_no, .self = NULL},
    {.method = "GET", .pattern = "/bug", .handle = break_down, .self = NULL},
    {.method = "GET", .pattern = "/nothing", .handle = say_nothing, .self = NULL},
};

static const struct cairn_http_options options = {
    .workers = 2,
    .queue_max = 10,
    .body_max_bytes = BODY_MAX,
    .header_max_bytes = HEADER_MAX,
    .deadline_us = CAIRN_SECONDS(20),
    .connections_max = 100,
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
};

static int start(void **state)
{
    (void)state;
    cairn_log_setup("test", CAIRN_LOG_ERROR);
    assert_int_equal(cairn_http_start(&options, &http, NULL), 0);
    port = cairn_http_port(http);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    cairn_http_stop(http, CAIRN_SECONDS(5));
    return 0;
}

/* ---- requests ---- */

static void get(const char *target, int status, const char *body)
{
    char head[512];
    (void)snprintf(head, sizeof head, "GET %s HTTP/1.1\r\n", target);
    struct wire_answer got = wire_ask(port, head, "");
    assert_int_equal(got.status, status);
    if (body)
        assert_string_equal(got.body, body);
}

/* Returns the answer to raw bytes. */
static struct wire_answer exchange_bytes(const char *bytes)
{
    struct wire wire = wire_open(port);
    wire_send(&wire, bytes);
    struct wire_answer got = wire_read(&wire);
    wire_close(&wire);
    return got;
}

static struct wire_answer post(const char *headers, const char *body)
{
    char head[1024];
    (void)snprintf(head, sizeof head, "POST /things HTTP/1.1\r\n%s", headers);
    return wire_ask(port, head, body);
}

static void assert_code(const struct wire_answer *got, int status, const char *code)
{
    char member[128];
    (void)snprintf(member, sizeof member, "\"code\":\"%s\"", code);
    assert_int_equal(got->status, status);
    assert_string_equal(wire_header(got, "Content-Type"), "application/problem+json");
    assert_non_null(strstr(got->body, member));
}

static bool no_connection_is_open(void *context)
{
    (void)context;
    struct cairn_arena arena = {0};
    struct cairn_buffer text = cairn_buffer(&arena);
    cairn_metrics_write(CAIRN_METRICS_TEXT, &text);
    bool none = strstr(text.text, "cairn_http_connections 0") != NULL;
    cairn_arena_close(&arena);
    return none;
}

/* ---- routes ---- */

static void a_path_finds_its_route(void **state)
{
    (void)state;
    get("/things", 200, "list GET /things id=- body= keys=0 ");
    get("/things/7", 200, "read GET /things/7 id=7 body= keys=0 ");
    get("/health", 200, "direct GET /health id=- body= keys=0 ");
}

static void a_pattern_without_id_wins(void **state)
{
    (void)state;
    get("/things/special", 200, "special GET /things/special id=- body= keys=0 ");
}

static void the_absolute_form_finds_its_route(void **state)
{
    (void)state;
    get("http://elsewhere:80/things/7", 200, "read GET /things/7 id=7 body= keys=0 ");
}

static void an_unknown_path_is_404(void **state)
{
    (void)state;
    get("/", 404, NULL);
    get("/thing", 404, NULL);
    get("/things/", 404, NULL);
    get("/things//move", 404, NULL);
    get("/things/7/move/on", 404, NULL);
    get("/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r", 404, NULL);
    struct wire_answer got = wire_ask(port, "GET /nowhere HTTP/1.1\r\n", "");
    assert_code(&got, 404, "not-found");
}

static void a_wrong_method_is_405_and_says_which_are_right(void **state)
{
    (void)state;
    struct wire_answer got = wire_ask(port, "DELETE /things HTTP/1.1\r\n", "");
    assert_code(&got, 405, "method-not-allowed");
    assert_string_equal(wire_header(&got, "Allow"), "GET, HEAD, POST, OPTIONS");
    got = wire_ask(port, "PATCH /things/7/move HTTP/1.1\r\n", "");
    assert_code(&got, 405, "method-not-allowed");
    assert_string_equal(wire_header(&got, "Allow"), "POST, OPTIONS");
}

static void head_is_get_without_the_body(void **state)
{
    (void)state;
    struct wire wire = wire_open(port);
    wire_send(&wire, "HEAD /things/7 HTTP/1.1\r\nHost: test\r\n\r\n");
    struct wire_answer got = wire_read_head(&wire);
    assert_int_equal(got.status, 200);
    assert_string_equal(wire_header(&got, "Content-Length"), "38");
    wire_send(&wire, "GET /things/7 HTTP/1.1\r\nHost: test\r\n\r\n");
    got = wire_read(&wire); /* no byte of a HEAD answer's body is in between */
    assert_string_equal(got.body, "read GET /things/7 id=7 body= keys=0 ");
    wire_close(&wire);
}

/* ---- paths and queries ---- */

static void an_id_is_percent_decoded(void **state)
{
    (void)state;
    get("/things/a%2Fb%20%C3%A9", 200,
        "read GET /things/a%2Fb%20%C3%A9 id=a/b \xC3\xA9 body= keys=0 ");
    get("/th%69ngs", 200, "list GET /th%69ngs id=- body= keys=0 ");
}

static void wrong_percent_encoding_is_400(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "/things/%",        "/things/%4",        "/things/%zz",          "/things/%00",
        "/things/%C3",      "/things/%ED%A0%80", "/things/%F5%80%80%80", "/things?a=%",
        "/things?a=%C0%80", "/things?%ff=1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        get(wrong[i], 400, NULL);
}

static void a_query_is_decoded(void **state)
{
    (void)state;
    get("/things?limit=10&name=a+b%2Bc%26d&empty=&bare&limit=20", 200,
        "list GET /things id=- body= keys=0 "
        "[limit=10][name=a b+c&d][empty=][bare=][limit=20]");
}

/* ---- bodies ---- */

static const char json[] = "Content-Type: application/json\r\n";

static void a_body_arrives(void **state)
{
    (void)state;
    struct wire_answer got = post(json, "{\"a\":1}");
    assert_string_equal(got.body, "create POST /things id=- body={\"a\":1} keys=0 ");
    got = wire_ask(port, "POST /things/7/move HTTP/1.1\r\n", "");
    assert_string_equal(got.body, "move POST /things/7/move id=7 body= keys=0 ");
}

static void a_chunked_body_arrives(void **state)
{
    (void)state;
    struct wire_answer got =
        exchange_bytes("POST /things HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n");
    assert_string_equal(got.body, "create POST /things id=- body={\"a\":1} keys=0 ");
}

static void the_media_type_has_to_be_json_in_utf_8(void **state)
{
    (void)state;
    static const char *const right[] = {
        "Content-Type: APPLICATION/JSON\r\n", "Content-Type: application/json; charset=UTF-8\r\n",
        "Content-Type: application/json ;charset=\"utf-8\"; x=y\r\n",
        "Content-Type: application/json\r\nContent-Encoding: identity\r\n"};
    static const char *const wrong[] = {
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/jsonp\r\n",
        "Content-Type: application/json; charset=latin1\r\n",
        "Content-Type: application/json; charset=utf-80\r\n",
        "Content-Type: application/json\r\nContent-Type: application/json\r\n",
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        assert_int_equal(post(right[i], "{}").status, 200);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct wire_answer got = post(wrong[i], "{}");
        assert_code(&got, 415, "unsupported-media-type");
    }
}

static void a_chunked_body_has_to_be_json_too(void **state)
{
    (void)state;
    struct wire_answer got =
        exchange_bytes("POST /things HTTP/1.1\r\nHost: test\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
    assert_code(&got, 415, "unsupported-media-type");
}

static void a_body_where_none_belongs_is_400(void **state)
{
    (void)state;
    struct wire_answer got =
        wire_ask(port, "GET /things HTTP/1.1\r\nContent-Type: application/json\r\n", "{}");
    assert_code(&got, 400, "malformed");
}

static void a_body_that_says_it_is_too_large_is_413_at_once(void **state)
{
    (void)state;
    struct wire_answer got =
        exchange_bytes("POST /things HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                       "Content-Length: 4097\r\n\r\n");
    assert_code(&got, 413, "too-large");
    got = exchange_bytes("POST /things HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                         "Content-Length: 18446744073709551615\r\n\r\n");
    assert_int_equal(got.status, 413);
}

static void a_chunked_body_that_grows_too_large_is_413(void **state)
{
    (void)state;
    struct wire wire = wire_open(port);
    wire_send(&wire, "POST /things HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 5; i++) {
        char chunk[1100];
        (void)snprintf(chunk, sizeof chunk, "400\r\n%01024d\r\n", 1);
        if (!wire_try_send(&wire, chunk))
            break;
    }
    struct wire_answer got = wire_read(&wire);
    assert_code(&got, 413, "too-large");
    assert_string_equal(wire_header(&got, "Connection"), "close");
    wire_read_end(&wire);
    wire_close(&wire);
}

static void a_body_of_exactly_the_limit_is_taken(void **state)
{
    (void)state;
    char body[BODY_MAX + 1];
    memset(body, ' ', BODY_MAX);
    body[BODY_MAX] = '\0';
    assert_int_equal(post(json, body).status, 200);
}

/* The client sends the whole body before it reads; the answer must not be lost by a reset. */
static void the_413_reaches_a_client_that_sends_first(void **state)
{
    (void)state;
    enum { BYTES = 1 << 22 };
    struct wire wire = wire_open(port);
    char *body = calloc(1, BYTES);
    wire_send(&wire, "POST /things HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                     "Content-Length: 4194304\r\n\r\n");
    wire_send_bytes(&wire, body, BYTES);
    struct wire_answer got = wire_read(&wire);
    assert_code(&got, 413, "too-large");
    free(body);
    wire_close(&wire);
}

static void a_client_that_asks_first_is_told_to_continue(void **state)
{
    (void)state;
    struct wire wire = wire_open(port);
    wire_send(&wire, "POST /things HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                     "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_int_equal(wire_read_head(&wire).status, 100);
    wire_send(&wire, "{}");
    assert_int_equal(wire_read(&wire).status, 200);
    wire_close(&wire);
}

static void a_client_that_asks_first_is_refused_before_it_sends(void **state)
{
    (void)state;
    struct wire_answer got =
        exchange_bytes("POST /things HTTP/1.1\r\nHost: test\r\nContent-Type: text/plain\r\n"
                       "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_code(&got, 415, "unsupported-media-type");
}

static void after_a_refusal_the_connection_can_be_used(void **state)
{
    (void)state;
    struct wire wire = wire_open(port);
    wire_send(&wire, "POST /nowhere HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n{}");
    assert_int_equal(wire_read(&wire).status, 404);
    wire_send(&wire, "POST /things HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n{}");
    assert_int_equal(wire_read(&wire).status, 415);
    wire_send(&wire, "GET /things HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_int_equal(wire_read(&wire).status, 200);
    wire_close(&wire);
}

/* ---- framing ---- */

/* `library_may`: from 0.9.77 on libmicrohttpd rejects such a request itself, with its own body. */
static void assert_malformed(const char *bytes, size_t count, bool library_may)
{
    struct wire wire = wire_open(port);
    wire_send_bytes(&wire, bytes, count);
    struct wire_answer got = wire_read(&wire);
    assert_int_equal(got.status, 400);
    if (!library_may || strcmp(MHD_get_version(), "0.9.77") < 0)
        assert_code(&got, 400, "malformed");
    assert_string_not_equal(wire_header(&got, "Date"), "");
    assert_null(strstr(got.body, "HTTP/1.1 4"));
    wire_read_end(&wire); /* nothing after it is parsed as a request */
    wire_close(&wire);
}

#define POST_HEAD "POST /things HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
#define MALFORMED(bytes) assert_malformed(bytes, sizeof(bytes) - 1, false)
#define MALFORMED_TO_EITHER(bytes) assert_malformed(bytes, sizeof(bytes) - 1, true)

static void two_lengths_of_one_body_are_400(void **state)
{
    (void)state;
    MALFORMED_TO_EITHER(POST_HEAD "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "0\r\n\r\n");
    MALFORMED(POST_HEAD "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}");
    MALFORMED_TO_EITHER(POST_HEAD "Transfer-Encoding: gzip\r\n\r\n");
    MALFORMED("POST /things HTTP/1.0\r\nHost: test\r\nContent-Type: application/json\r\n"
              "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
}

static void a_length_that_is_no_number_is_400(void **state)
{
    (void)state;
    MALFORMED("POST /things HTTP/1.1\r\nHost: test\r\nContent-Length: x\r\n\r\n");
    MALFORMED("POST /things HTTP/1.1\r\nHost: test\r\nContent-Length: -1\r\n\r\n");
    MALFORMED("POST /things HTTP/1.1\r\nHost: test\r\nContent-Length: +2\r\n\r\n{}");
    MALFORMED("POST /things HTTP/1.1\r\nHost: test\r\nContent-Length:\r\n\r\n");
    MALFORMED("POST /things HTTP/1.1\r\nHost: test\r\nContent-Length: 2, 2\r\n\r\n{}");
    struct wire_answer got = exchange_bytes("POST /things HTTP/1.1\r\nHost: test\r\n"
                                            "Content-Length: 99999999999999999999999\r\n\r\n");
    assert_code(&got, 413, "too-large");
}

static void a_missing_host_is_400(void **state)
{
    (void)state;
    MALFORMED_TO_EITHER("GET /things HTTP/1.1\r\n\r\n");
    MALFORMED("GET /things HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    MALFORMED_TO_EITHER("GET /things HTTP/1.7\r\n\r\n");
}

/* Two servers that read different requests in one head allow request smuggling. */
static void a_head_that_can_be_read_in_two_ways_is_400(void **state)
{
    (void)state;
    MALFORMED_TO_EITHER(POST_HEAD "Content-Length : 2\r\n\r\n{}");
    MALFORMED_TO_EITHER(POST_HEAD "X: a\0b\r\nContent-Length: 2\r\n\r\n{}");
    MALFORMED_TO_EITHER(POST_HEAD "Content-Length: 2\r\nX: a\0b\r\n\r\n{}");
    MALFORMED_TO_EITHER(POST_HEAD "X: a\rContent-Length: 2\r\n\r\n{}");
    MALFORMED_TO_EITHER(POST_HEAD "X: a\nContent-Length: 2\r\n\r\n{}");
    MALFORMED_TO_EITHER(POST_HEAD "X: a\r\n Content-Length: 2\r\n\r\n{}");
    MALFORMED_TO_EITHER(POST_HEAD ": a\r\nContent-Length: 2\r\n\r\n{}");
    MALFORMED(POST_HEAD "X: a\x01\r\nContent-Length: 2\r\n\r\n{}");
    MALFORMED(POST_HEAD "X@: a\r\nContent-Length: 2\r\n\r\n{}");
    MALFORMED_TO_EITHER("GET /things HTTP/1.1\r\n X: a\r\nHost: test\r\n\r\n");
    MALFORMED_TO_EITHER("GET /things HTTP/1.1\nHost: test\n\n");
}

/* From 0.9.77 on, the library closes the connection without an answer. */
static void assert_line_refused(const char *bytes, size_t count)
{
    char got[16] = {0};
    if (strcmp(MHD_get_version(), "0.9.77") < 0) {
        assert_malformed(bytes, count, false);
        return;
    }
    struct wire wire = wire_open(port);
    wire_send_bytes(&wire, bytes, count);
    ssize_t length = recv(wire.socket, got, 12, MSG_WAITALL);
    if (length > 0)
        assert_string_equal(got, "HTTP/1.1 400");
    wire_close(&wire);
}
#define LINE_REFUSED(bytes) assert_line_refused(bytes, sizeof(bytes) - 1)

static void a_request_line_that_can_be_read_in_two_ways_is_refused(void **state)
{
    (void)state;
    LINE_REFUSED("GET /things\0/1 HTTP/1.1\r\nHost: test\r\n\r\n");
    LINE_REFUSED("GET /things?a=1\0 HTTP/1.1\r\nHost: test\r\n\r\n");
    LINE_REFUSED("GET\0X /things HTTP/1.1\r\nHost: test\r\n\r\n");
}

static void a_head_that_comes_byte_by_byte_is_taken(void **state)
{
    (void)state;
    static const char head[] = "GET /things HTTP/1.1\r\nX:   padded  \r\nY:\r\nHost: test\r\n"
                               "Cookie: a=b; c=d\r\nZ:\t\xc3\xa9\r\n\r\n";
    struct wire wire = wire_open(port);
    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < sizeof head - 1; i++)
            wire_send_bytes(&wire, head + i, 1);
        assert_int_equal(wire_read(&wire).status, 200);
    }
    wire_close(&wire);
}

static void a_query_of_too_many_parameters_is_400(void **state)
{
    (void)state;
    char text[3000] = "GET /things?";
    for (int i = 1; i < 400; i++) {
        (void)snprintf(text + strlen(text), 8, "%s%d", i > 1 ? "&" : "", i);
        if (i != 50 && i != 51 && i != 170 && i != 399)
            continue;
        char head[3100];
        (void)snprintf(head, sizeof head, "%s HTTP/1.1\r\nHost: test\r\n\r\n", text);
        struct wire_answer got = exchange_bytes(head);
        if (i == 50)
            assert_int_equal(got.status, 200);
        else
            assert_code(&got, 400, "malformed");
    }
}

static void options_say_which_methods_there_are(void **state)
{
    (void)state;
    struct wire_answer got = exchange_bytes("OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_int_equal(got.status, 204);
    assert_non_null(strstr(wire_header(&got, "Allow"), "POST"));
    got = exchange_bytes("OPTIONS /things HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_int_equal(got.status, 204);
    assert_non_null(strstr(wire_header(&got, "Allow"), "GET, HEAD"));
    assert_int_equal(exchange_bytes("OPTIONS /nowhere HTTP/1.1\r\nHost: test\r\n\r\n").status, 404);
}

static void a_method_that_is_no_token_is_400(void **state)
{
    (void)state;
    struct wire_answer got = exchange_bytes("G(T /things HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_int_equal(got.status, 400);
}

static void headers_beyond_the_limit_are_431(void **state)
{
    (void)state;
    char head[3 * HEADER_MAX];
    (void)snprintf(head, sizeof head, "GET /things HTTP/1.1\r\nX-Large: %0*d\r\n", HEADER_MAX, 1);
    struct wire_answer got = wire_ask(port, head, "");
    assert_code(&got, 431, "headers-too-large");
    /* Far beyond the limit the library itself rejects the request. */
    (void)snprintf(head, sizeof head, "GET /things HTTP/1.1\r\nX-Large: %0*d\r\n", 2 * HEADER_MAX,
                   1);
    assert_int_equal(wire_ask(port, head, "").status, 431);
    /* The library also rejects headers that are small, but too many. */
    size_t used = (size_t)snprintf(head, sizeof head, "GET /things HTTP/1.1\r\n");
    for (int i = 0; i < 400; i++)
        used += (size_t)snprintf(head + used, sizeof head - used, "X-%03d: 1\r\n", i);
    assert_int_equal(wire_ask(port, head, "").status, 431);
}

/* As many as a browser behind two proxies sends, and as large as allowed. */
static void headers_up_to_the_limit_are_taken(void **state)
{
    enum { HEADERS = 40, EACH = HEADER_MAX / HEADERS - 4 };
    (void)state;
    char head[2 * HEADER_MAX] = "GET /things HTTP/1.1\r\n";
    size_t used = strlen(head);
    for (int i = 1; i < HEADERS; i++)
        used +=
            (size_t)snprintf(head + used, sizeof head - used, "X-%02d: %0*d\r\n", i, EACH - 8, i);
    for (int again = 0; again < 3; again++) {
        struct wire_answer got = wire_ask(port, head, "");
        assert_int_equal(got.status, 200);
        assert_string_equal(got.body, "list GET /things id=- body= keys=0 ");
    }
}

static void what_is_no_http_ends_the_connection(void **state)
{
    (void)state;
    struct wire wire = wire_open(port);
    wire_send(&wire, "\x16\x03\x01\x02 hello\r\n\r\n");
    wire_read_end(&wire);
    wire_close(&wire);
    get("/things", 200, NULL);
}

static void a_header_sent_twice_is_counted(void **state)
{
    (void)state;
    struct wire_answer got =
        wire_ask(port, "GET /things HTTP/1.1\r\nIdempotency-Key: a\r\nidempotency-key: b\r\n", "");
    assert_string_equal(got.body, "list GET /things id=- body= keys=2 ");
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    struct wire wire = wire_open(port);
    wire_send(&wire, "GET /things/1 HTTP/1.1\r\nHost: test\r\n\r\n"
                     "POST /things HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                     "Content-Length: 2\r\n\r\n{}"
                     "GET /health HTTP/1.1\r\nHost: test\r\n\r\n"
                     "GET /things/4 HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_string_equal(wire_read(&wire).body, "read GET /things/1 id=1 body= keys=0 ");
    assert_string_equal(wire_read(&wire).body, "create POST /things id=- body={} keys=0 ");
    assert_string_equal(wire_read(&wire).body, "direct GET /health id=- body= keys=0 ");
    assert_string_equal(wire_read(&wire).body, "read GET /things/4 id=4 body= keys=0 ");
    wire_close(&wire);
}

/* ---- answers ---- */

static void every_answer_carries_the_safe_headers(void **state)
{
    (void)state;
    static const char *const heads[] = {"GET /things HTTP/1.1\r\n", "GET /nowhere HTTP/1.1\r\n",
                                        "GET /things HTTP/1.1\r\nContent-Length: x\r\n"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct wire_answer got = wire_ask(port, heads[i], "");
        assert_string_equal(wire_header(&got, "Cache-Control"), "no-store");
        assert_string_equal(wire_header(&got, "X-Content-Type-Options"), "nosniff");
        assert_string_not_equal(wire_header(&got, "Content-Type"), "");
        assert_int_equal(strlen(wire_header(&got, "traceparent")), 55);
    }
}

static void a_handler_sets_its_own_headers(void **state)
{
    (void)state;
    struct wire_answer got = wire_ask(port, "GET /trace HTTP/1.1\r\n", "");
    assert_string_equal(wire_header(&got, "Cache-Control"), "max-age=1");
    assert_string_equal(wire_header(&got, "ETag"), "\"2\"");
}

static void a_trace_goes_on(void **state)
{
    (void)state;
    static const char id[] = "0af7651916cd43dd8448eb211c80319c";
    struct wire_answer got = wire_ask(port,
                                      "GET /trace HTTP/1.1\r\ntraceparent: "
                                      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\r\n",
                                      "");
    assert_memory_equal(got.body, id, 32);
    assert_memory_equal(got.body + 33, "00-", 3);
    assert_memory_equal(got.body + 36, id, 32);
    assert_memory_not_equal(got.body + 69, "b7ad6b7169203331", 16);
    assert_string_equal(got.body + 85, "-00");
    assert_string_equal(wire_header(&got, "traceparent"), got.body + 33);
}

#define ONE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static void a_trace_that_cannot_be_read_begins_anew(void **state)
{
    (void)state;
    static const char *const wrong[] = {"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                                        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                                        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                                        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
                                        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
                                        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
                                        (ONE "\r\ntraceparent: " ONE)};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char head[256];
        (void)snprintf(head, sizeof head, "GET /trace HTTP/1.1\r\ntraceparent: %s\r\n", wrong[i]);
        struct wire_answer got = wire_ask(port, head, "");
        assert_int_equal(got.body_bytes, 88);
        assert_memory_not_equal(got.body, "0af7651916cd43dd8448eb211c80319c", 32);
    }
    struct wire_answer got =
        wire_ask(port,
                 "GET /trace HTTP/1.1\r\ntraceparent: "
                 "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later\r\n",
                 "");
    assert_memory_equal(got.body, "0af7651916cd43dd8448eb211c80319c", 32);
}

static void a_problem_names_every_wrong_field(void **state)
{
    (void)state;
    struct wire_answer got = wire_ask(port,
                                      "GET /refuse HTTP/1.1\r\ntraceparent: "
                                      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\r\n",
                                      "");
    assert_code(&got, 400, "invalid");
    assert_non_null(strstr(got.body, "{\"type\":\"urn:cairn:problem:invalid\",\"title\":"));
    assert_non_null(strstr(got.body, "\"status\":400,\"detail\":\""));
    assert_non_null(strstr(got.body, "\"errors\":[{\"pointer\":\"/lines/0/quantity\",\"detail\":"
                                     "\"has to be at least 1\"},{\"pointer\":\"/na\\\"me\","
                                     "\"detail\":\"is missing\"}]"));
    assert_non_null(strstr(got.body, "\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\"}"));
}

static void a_refusal_has_the_code_of_the_domain(void **state)
{
    (void)state;
    struct wire_answer got = wire_ask(port, "GET /no HTTP/1.1\r\n", "");
    assert_code(&got, 422, "too-late");
    assert_non_null(strstr(got.body, "\"type\":\"urn:cairn:problem:too-late\""));
    assert_non_null(strstr(got.body, "\"detail\":\"the order was shipped already\""));
}

static void a_defect_keeps_its_details_to_itself(void **state)
{
    (void)state;
    struct wire_answer got = wire_ask(port, "GET /bug HTTP/1.1\r\n", "");
    assert_code(&got, 500, "internal-error");
    assert_null(strstr(got.body, "secret"));
    got = wire_ask(port, "GET /nothing HTTP/1.1\r\n", "");
    assert_code(&got, 500, "internal-error");
}

static void what_a_server_says_stays_inside(void **state)
{
    (void)state;
    static const struct {
        const char *context;
        const char *what;
        const char *detail; /* NULL: there is none */
        const char *wanted;
    } cases[] = {
        {NULL, "PostgreSQL is unavailable", "connection to server at \"10.0.0.5\" failed",
         "PostgreSQL is unavailable\""},
        {"projection users", "PostgreSQL is unavailable", "FATAL: password of \"u\"",
         "projection users: PostgreSQL is unavailable\""},
        {NULL, "PostgreSQL", "no space left on 10.0.0.5 (53100)", "PostgreSQL\""},
        {NULL, "the process is about to stop", NULL, "the process is about to stop\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cairn_arena arena = {0};
        struct cairn_http_request request = {.arena = &arena, .trace_id = "t"};
        struct cairn_http_response response = {0};
        struct cairn_error error = {0};
        char wanted[100];
        if (cases[i].detail)
            (void)cairn_fail_inside(&error, CAIRN_UNAVAILABLE, cases[i].what, "%s",
                                    cases[i].detail);
        else
            (void)cairn_fail(&error, CAIRN_UNAVAILABLE, "%s", cases[i].what);
        if (cases[i].context)
            cairn_error_context(&error, "%s", cases[i].context);
        cairn_http_problem(&request, &response, &error);
        (void)snprintf(wanted, sizeof wanted, "\"detail\":\"%s,", cases[i].wanted);
        if (!strstr(response.body, wanted))
            fail_msg("no %s in %s", wanted, response.body);
        cairn_arena_close(&arena);
    }
}

static void requests_are_counted(void **state)
{
    (void)state;
    struct cairn_arena arena = {0};
    struct cairn_buffer text = cairn_buffer(&arena);
    cairn_metrics_write(CAIRN_METRICS_TEXT, &text);
    assert_non_null(strstr(text.text, "cairn_http_requests_total{status=\"200\"} "));
    assert_non_null(strstr(text.text, "cairn_http_requests_total{status=\"413\"} "));
    assert_non_null(
        strstr(text.text, "cairn_http_request_seconds_count{route=\"GET /things/{id}\"} "));
    assert_non_null(strstr(text.text, "cairn_http_request_seconds_count{route=\"other\"} "));
    assert_non_null(strstr(text.text, "cairn_http_requests_open 0"));
    cairn_arena_close(&arena);
}

/* ---- addresses ---- */

static void a_taken_port_is_named(void **state)
{
    (void)state;
    struct cairn_http_options same = options;
    struct cairn_http *other = NULL;
    struct cairn_error error = {0};
    same.port = port;
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "port %d on 127.0.0.1 is in use", port);
    assert_int_equal(cairn_http_start(&same, &other, &error), -CAIRN_CONFIG);
    assert_non_null(strstr(error.message, wanted));
    assert_non_null(strstr(error.message, "PORT"));
}

static void an_address_may_be_ipv6_but_has_to_be_one(void **state)
{
    (void)state;
    struct cairn_http_options elsewhere = options;
    struct cairn_http *other = NULL;
    struct cairn_error error = {0};
    elsewhere.bind = "localhost";
    assert_int_equal(cairn_http_start(&elsewhere, &other, &error), -CAIRN_CONFIG);
    assert_non_null(strstr(error.message, "localhost is not an IPv4 or IPv6 address"));
    elsewhere.bind = "::1";
    if (cairn_http_start(&elsewhere, &other, NULL) < 0)
        skip(); /* a machine without IPv6 */
    struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                   .sin6_port = htons((uint16_t)cairn_http_port(other)),
                                   .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct wire wire = {.socket = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(connect(wire.socket, (struct sockaddr *)&address, sizeof address), 0);
    wire_send(&wire, "GET /things HTTP/1.1\r\nHost: [::1]\r\n\r\n");
    assert_int_equal(wire_read(&wire).status, 200);
    wire_close(&wire);
    cairn_http_stop(other, CAIRN_SECONDS(5));
}

static void nothing_stays_behind(void **state)
{
    (void)state;
    wire_until(no_connection_is_open, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_finds_its_route),
        cmocka_unit_test(a_pattern_without_id_wins),
        cmocka_unit_test(the_absolute_form_finds_its_route),
        cmocka_unit_test(an_unknown_path_is_404),
        cmocka_unit_test(a_wrong_method_is_405_and_says_which_are_right),
        cmocka_unit_test(head_is_get_without_the_body),
        cmocka_unit_test(an_id_is_percent_decoded),
        cmocka_unit_test(wrong_percent_encoding_is_400),
        cmocka_unit_test(a_query_is_decoded),
        cmocka_unit_test(a_body_arrives),
        cmocka_unit_test(a_chunked_body_arrives),
        cmocka_unit_test(the_media_type_has_to_be_json_in_utf_8),
        cmocka_unit_test(a_chunked_body_has_to_be_json_too),
        cmocka_unit_test(a_body_where_none_belongs_is_400),
        cmocka_unit_test(a_body_that_says_it_is_too_large_is_413_at_once),
        cmocka_unit_test(a_chunked_body_that_grows_too_large_is_413),
        cmocka_unit_test(a_body_of_exactly_the_limit_is_taken),
        cmocka_unit_test(the_413_reaches_a_client_that_sends_first),
        cmocka_unit_test(a_client_that_asks_first_is_told_to_continue),
        cmocka_unit_test(a_client_that_asks_first_is_refused_before_it_sends),
        cmocka_unit_test(after_a_refusal_the_connection_can_be_used),
        cmocka_unit_test(two_lengths_of_one_body_are_400),
        cmocka_unit_test(a_length_that_is_no_number_is_400),
        cmocka_unit_test(a_missing_host_is_400),
        cmocka_unit_test(a_head_that_can_be_read_in_two_ways_is_400),
        cmocka_unit_test(a_request_line_that_can_be_read_in_two_ways_is_refused),
        cmocka_unit_test(a_head_that_comes_byte_by_byte_is_taken),
        cmocka_unit_test(a_query_of_too_many_parameters_is_400),
        cmocka_unit_test(options_say_which_methods_there_are),
        cmocka_unit_test(a_method_that_is_no_token_is_400),
        cmocka_unit_test(headers_beyond_the_limit_are_431),
        cmocka_unit_test(headers_up_to_the_limit_are_taken),
        cmocka_unit_test(what_is_no_http_ends_the_connection),
        cmocka_unit_test(a_header_sent_twice_is_counted),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(every_answer_carries_the_safe_headers),
        cmocka_unit_test(a_handler_sets_its_own_headers),
        cmocka_unit_test(a_trace_goes_on),
        cmocka_unit_test(a_trace_that_cannot_be_read_begins_anew),
        cmocka_unit_test(a_problem_names_every_wrong_field),
        cmocka_unit_test(a_refusal_has_the_code_of_the_domain),
        cmocka_unit_test(a_defect_keeps_its_details_to_itself),
        cmocka_unit_test(what_a_server_says_stays_inside),
        cmocka_unit_test(requests_are_counted),
        cmocka_unit_test(a_taken_port_is_named),
        cmocka_unit_test(an_address_may_be_ipv6_but_has_to_be_one),
        cmocka_unit_test(nothing_stays_behind),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
