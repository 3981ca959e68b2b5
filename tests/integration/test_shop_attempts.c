/* test_shop_attempts.c - the shop with authentication on: a table of attempts of callers at what is
 * not theirs, against every command, row, list and stream; all are refused, and change nothing. */
#include "../support/callers.h"
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/http_client.h"
#include "../support/sse.h"
#include "../support/support.h"

#include "../../services/order/order.h"
#include "../../services/payment/payment.h"
#include "../../services/projector/projector.h"
#include "../../services/query/query.h"
#include "../../services/user/user.h"

#include "core/containers/buffer.h"
#include "core/report/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct cairn_service user_service;
extern const struct cairn_service order_service;
extern const struct cairn_service payment_service;

static const struct cairn_service *const shop[] = {
    &user_service, &order_service, &payment_service, &query_service, &projector_service, NULL};
static const struct cairn_decider *const deciders[] = {&user_decider, &order_decider,
                                                       &payment_decider};

#define ADA_ID "01890000-0000-7000-8000-00000000000a"
#define BOB_ID "01890000-0000-7000-8000-00000000000b"
#define UNKNOWN_ID "01890000-0000-7000-8000-0000000000ff"

/* ---- callers ---- */

enum caller { NONE, ADA, BOB, GUEST, CLERK, FINANCE, SUPPORT, ORDERS, PAYMENTS };

static const struct {
    const char *subject;
    const char *roles;
} callers[] = {
    [ADA] = {ADA_ID, ""},
    [BOB] = {BOB_ID, ""},
    [GUEST] = {"auth0|7", ""}, /* a subject that is no uuid */
    [CLERK] = {"01890000-0000-7000-8000-0000000000c1", "clerk"},
    [FINANCE] = {"01890000-0000-7000-8000-0000000000c2", "finance"},
    [SUPPORT] = {"01890000-0000-7000-8000-0000000000c3", "support"},
    [ORDERS] = {"order", "order-service"},
    [PAYMENTS] = {"payment", "payment-service"},
};

static const char *headers_of(enum caller caller)
{
    return caller == NONE ? "" : caller_headers(callers[caller].subject, callers[caller].roles);
}

/* ---- the attempts ---- */

/* A {id} in a path is that of Ada, of her order or of its payment, by what the path begins with. */
struct attempt {
    enum caller caller;
    const char *method;
    const char *path;
    const char *body; /* or, of a GET, further headers; NULL: none */
    int status;       /* 200: of a list, which has no rows then */
};

#define STREAM "Accept: text/event-stream\r\n"
#define REGISTER(id) "{\"user_id\":\"" id "\",\"email\":\"new@example.com\",\"name\":\"New\"}"
#define EMAIL "{\"email\":\"new@example.com\"}"
#define ORDER(id)                                                                                  \
    "{\"user_id\":\"" id "\",\"currency\":\"EUR\",\"lines\":[{\"sku\":\"cup-1\",\"quantity\":1,"   \
    "\"unit_price\":700}]}"
#define PAY "{\"payment_id\":\"" UNKNOWN_ID "\"}"
#define SHIP "{\"carrier\":\"post\",\"tracking\":\"1\"}"
#define REASON "{\"reason\":\"mischief\"}"
#define CHARGE                                                                                     \
    "{\"order_id\":\"" UNKNOWN_ID "\",\"amount\":1,\"currency\":\"EUR\",\"card_token\":\"tok_x\"}"
#define REFERENCE "{\"reference\":\"forged\"}"

static const struct attempt attempts[] = {
    /* users */
    {NONE, "POST", "/users", REGISTER(BOB_ID), 401},
    {BOB, "POST", "/users", REGISTER(ADA_ID), 403},
    {BOB, "POST", "/users", REGISTER(UNKNOWN_ID), 403},
    {SUPPORT, "POST", "/users", REGISTER(UNKNOWN_ID), 403},
    {GUEST, "POST", "/users", "{\"email\":\"new@example.com\",\"name\":\"New\"}", 403},
    {ORDERS, "POST", "/users", REGISTER(UNKNOWN_ID), 403},
    {NONE, "PUT", "/users/{id}/email", EMAIL, 401},
    {BOB, "PUT", "/users/{id}/email", EMAIL, 404},
    {SUPPORT, "PUT", "/users/{id}/email", EMAIL, 404},
    {CLERK, "PUT", "/users/{id}/email", EMAIL, 404},
    {NONE, "POST", "/users/{id}/deactivate", "{}", 401},
    {BOB, "POST", "/users/{id}/deactivate", "{}", 404},
    {FINANCE, "POST", "/users/{id}/deactivate", "{}", 404},
    {SUPPORT, "POST", "/users/{id}/deactivate", "{}", 404},
    /* orders */
    {NONE, "POST", "/orders", ORDER(ADA_ID), 401},
    {BOB, "POST", "/orders", ORDER(ADA_ID), 403},
    {GUEST, "POST", "/orders", ORDER(ADA_ID), 403},
    {CLERK, "POST", "/orders", ORDER(ADA_ID), 403},
    {SUPPORT, "POST", "/orders", ORDER(ADA_ID), 403},
    {ORDERS, "POST", "/orders", ORDER(ADA_ID), 403},
    {NONE, "POST", "/orders/{id}/pay", PAY, 401},
    {ADA, "POST", "/orders/{id}/pay", PAY, 403},
    {BOB, "POST", "/orders/{id}/pay", PAY, 403},
    {CLERK, "POST", "/orders/{id}/pay", PAY, 403},
    {FINANCE, "POST", "/orders/{id}/pay", PAY, 403},
    {PAYMENTS, "POST", "/orders/{id}/pay", PAY, 403},
    {NONE, "POST", "/orders/{id}/ship", SHIP, 401},
    {ADA, "POST", "/orders/{id}/ship", SHIP, 403},
    {BOB, "POST", "/orders/{id}/ship", SHIP, 403},
    {FINANCE, "POST", "/orders/{id}/ship", SHIP, 403},
    {SUPPORT, "POST", "/orders/{id}/ship", SHIP, 403},
    {ORDERS, "POST", "/orders/{id}/ship", SHIP, 403},
    {NONE, "POST", "/orders/{id}/cancel", REASON, 401},
    {BOB, "POST", "/orders/{id}/cancel", REASON, 404},
    {GUEST, "POST", "/orders/{id}/cancel", REASON, 404},
    {CLERK, "POST", "/orders/{id}/cancel", REASON, 404},
    {FINANCE, "POST", "/orders/{id}/cancel", REASON, 404},
    {SUPPORT, "POST", "/orders/{id}/cancel", REASON, 404},
    {PAYMENTS, "POST", "/orders/{id}/cancel", REASON, 404},
    /* payments */
    {NONE, "POST", "/payments", CHARGE, 401},
    {ADA, "POST", "/payments", CHARGE, 403},
    {CLERK, "POST", "/payments", CHARGE, 403},
    {SUPPORT, "POST", "/payments", CHARGE, 403},
    {PAYMENTS, "POST", "/payments", CHARGE, 403},
    {NONE, "POST", "/payments/{id}/authorize", REFERENCE, 401},
    {ADA, "POST", "/payments/{id}/authorize", REFERENCE, 403},
    {FINANCE, "POST", "/payments/{id}/authorize", REFERENCE, 403},
    {ORDERS, "POST", "/payments/{id}/authorize", REFERENCE, 403},
    {NONE, "POST", "/payments/{id}/decline", REASON, 401},
    {ADA, "POST", "/payments/{id}/decline", REASON, 403},
    {FINANCE, "POST", "/payments/{id}/decline", REASON, 403},
    {NONE, "POST", "/payments/{id}/capture", "{}", 401},
    {CLERK, "POST", "/payments/{id}/capture", "{}", 403},
    {FINANCE, "POST", "/payments/{id}/capture", "{}", 403},
    {PAYMENTS, "POST", "/payments/{id}/capture", "{}", 403},
    {NONE, "POST", "/payments/{id}/refund", REASON, 401},
    {ADA, "POST", "/payments/{id}/refund", REASON, 403},
    {CLERK, "POST", "/payments/{id}/refund", REASON, 403},
    {SUPPORT, "POST", "/payments/{id}/refund", REASON, 403},
    {PAYMENTS, "POST", "/payments/{id}/refund", REASON, 403},
    /* rows */
    {NONE, "GET", "/users/{id}", NULL, 401},
    {BOB, "GET", "/users/{id}", NULL, 404},
    {GUEST, "GET", "/users/{id}", NULL, 404},
    {CLERK, "GET", "/users/{id}", NULL, 404},
    {FINANCE, "GET", "/users/{id}", "If-None-Match: *\r\n", 404},
    {ORDERS, "GET", "/users/{id}", "If-Match: \"1\"\r\n", 404},
    {NONE, "GET", "/users/{id}", STREAM, 401},
    {BOB, "GET", "/users/{id}", STREAM, 404},
    {CLERK, "GET", "/users/{id}", STREAM, 404},
    {NONE, "GET", "/orders/{id}", NULL, 401},
    {BOB, "GET", "/orders/{id}", NULL, 404},
    {BOB, "HEAD", "/orders/{id}", NULL, 404},
    {BOB, "GET", "/orders/{id}", "If-None-Match: \"1.1\"\r\n", 404},
    {GUEST, "GET", "/orders/{id}", NULL, 404},
    {ORDERS, "GET", "/orders/{id}", NULL, 404},
    {NONE, "GET", "/orders/{id}", STREAM, 401},
    {BOB, "GET", "/orders/{id}", STREAM, 404},
    {PAYMENTS, "GET", "/orders/{id}", STREAM, 404},
    {NONE, "GET", "/payments/{id}", NULL, 401},
    {ADA, "GET", "/payments/{id}", NULL, 403},
    {BOB, "GET", "/payments/{id}", NULL, 403},
    {CLERK, "GET", "/payments/{id}", NULL, 403},
    {NONE, "GET", "/payments/{id}", STREAM, 401},
    {ADA, "GET", "/payments/{id}", STREAM, 403},
    /* lists: those of another user are as those of one that does not exist */
    {NONE, "GET", "/users/{id}/orders", NULL, 401},
    {BOB, "GET", "/users/{id}/orders", NULL, 200},
    {BOB, "GET", "/users/{id}/orders?status=placed&limit=1", NULL, 200},
    {GUEST, "GET", "/users/{id}/orders", NULL, 200},
    {ORDERS, "GET", "/users/{id}/orders", NULL, 200},
    {NONE, "GET", "/users/{id}/orders", STREAM, 401},
    {BOB, "GET", "/users/{id}/orders", STREAM, 200},
    {PAYMENTS, "GET", "/users/{id}/orders", STREAM, 200},
    {NONE, "GET", "/orders", NULL, 401},
    {ADA, "GET", "/orders", NULL, 403},
    {BOB, "GET", "/orders?status=paid&limit=1", NULL, 403},
    {FINANCE, "GET", "/orders", NULL, 403},
    {NONE, "GET", "/orders", STREAM, 401},
    {BOB, "GET", "/orders?status=paid", STREAM, 403},
    {NONE, "GET", "/reports/sales", NULL, 401},
    {ADA, "GET", "/reports/sales", NULL, 403},
    {CLERK, "GET", "/reports/sales?from=2020-01-01", NULL, 403},
    {NONE, "GET", "/reports/sales", STREAM, 401},
    {BOB, "GET", "/reports/sales", STREAM, 403},
};
enum { ATTEMPTS = sizeof attempts / sizeof attempts[0] };

/* ---- the shop ---- */

static char url[512];
static struct cairn_host *host;
static struct http_reply reply;
static struct cairn_arena arena;
static char order_id[40], payment_id[40];
static char position[300]; /* headers: a read that sees all of the above */

static void send(enum caller caller, const char *method, const char *path, const char *headers,
                 const char *body)
{
    const char *all = cairn_print(&arena, "%s%s%s", headers_of(caller), headers,
                                  body ? "Content-Type: application/json\r\n" : "");
    http_reply_free(&reply);
    assert_int_equal(http_send(cairn_host_port(host), method, path, all, body,
                               body ? strlen(body) : 0, &reply, 30000),
                     0);
}

static void expect(int status, enum caller caller, const char *method, const char *path,
                   const char *body)
{
    send(caller, method, path, strcmp(method, "GET") == 0 ? position : "", body);
    if (reply.status != status)
        fail_msg("%s %s as %s: %d %s", method, path, callers[caller].subject, reply.status,
                 reply.body);
}

/* Keeps the id and the position of what a command has made. */
static void keep(char id[static 40])
{
    char value[200];
    assert_true(http_header(&reply, "Location", value, sizeof value));
    (void)snprintf(id, 40, "%s", strrchr(value, '/') + 1);
    assert_true(http_header(&reply, "Cairn-Position", value, sizeof value));
    (void)snprintf(position, sizeof position, "Cairn-Position: %s\r\nPrefer: wait=20\r\n", value);
}

static int set_up(void **state)
{
    (void)state;
    char id[40];
    cairn_log_setup("test", CAIRN_LOG_ERROR);
    callers_open();
    fixture_database(url, sizeof url);
    (void)setenv("CAIRN_LOG_LEVEL", "error", 1);
    (void)setenv("REDIS_URL", fixture_redis(), 1);
    host = hosting_start(url, shop);
    fixture_wait_http(cairn_host_port(host), "/readyz", 20000);
    expect(201, ADA, "POST", "/users", "{\"email\":\"ada@example.com\",\"name\":\"Ada L.\"}");
    keep(id);
    assert_string_equal(id, ADA_ID); /* without being told: it is her subject */
    expect(201, BOB, "POST", "/users",
           "{\"user_id\":\"" BOB_ID "\",\"email\":\"bob@example.com\",\"name\":\"Bob\"}");
    expect(201, ADA, "POST", "/orders", ORDER(ADA_ID));
    keep(order_id);
    expect(201, FINANCE, "POST", "/payments", CHARGE);
    keep(payment_id);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cairn_host_stop(host);
    http_reply_free(&reply);
    cairn_arena_close(&arena);
    fixture_drop(url);
    callers_close();
    return 0;
}

/* ---- one attempt ---- */

static const char *path_of(const struct attempt *attempt, bool unknown)
{
    const char *at = strstr(attempt->path, "{id}");
    const char *id = strncmp(attempt->path, "/users", 6) == 0    ? ADA_ID
                     : strncmp(attempt->path, "/orders", 7) == 0 ? order_id
                                                                 : payment_id;
    return at ? cairn_print(&arena, "%.*s%s%s", (int)(at - attempt->path), attempt->path,
                            unknown ? UNKNOWN_ID : id, at + 4)
              : attempt->path;
}

static bool is_read(const struct attempt *attempt)
{
    return strcmp(attempt->method, "POST") != 0 && strcmp(attempt->method, "PUT") != 0;
}

static bool is_stream(const struct attempt *attempt)
{
    return is_read(attempt) && attempt->body && strcmp(attempt->body, STREAM) == 0;
}

static void make(const struct attempt *attempt, bool unknown)
{
    bool reads = is_read(attempt);
    send(attempt->caller, attempt->method, path_of(attempt, unknown),
         reads ? cairn_print(&arena, "%s%s", attempt->caller == NONE ? "" : position,
                             attempt->body ? attempt->body : "")
               : "",
         reads ? NULL : attempt->body);
}

/* Returns the last answer's headers, without its date and its trace, and its body. Positions are
 * compared in test_row_owners: here processes write meanwhile. */
static const char *answered(void)
{
    struct cairn_buffer out = cairn_buffer(&arena);
    for (const char *at = reply.headers; *at; at += strcspn(at, "\n") + (*at != '\0')) {
        if (strncasecmp(at, "Date:", 5) != 0 && strncasecmp(at, "traceparent:", 12) != 0 &&
            strncasecmp(at, "Cairn-Position:", 15) != 0)
            cairn_buffer_bytes(&out, at, strcspn(at, "\n"));
        if (!strchr(at, '\n'))
            break;
    }
    cairn_buffer_text(&out, reply.body);
    return out.text;
}

/* Returns the last answer, with the id that was asked for as ID. */
static const char *words(const char *id)
{
    struct cairn_buffer out = cairn_buffer(&arena);
    const char *text = answered();
    for (const char *at = strstr(text, id); at; at = strstr(text, id)) {
        cairn_buffer_print(&out, "%.*sID", (int)(at - text), text);
        text = at + strlen(id);
    }
    cairn_buffer_text(&out, text);
    char *trace = strstr(out.text, "\"trace_id\":\"");
    return trace ? cairn_copy_bytes(&arena, out.text, (size_t)(trace - out.text)) : out.text;
}

/* Nothing of Ada, of her order or of its payment is told. */
static void expect_silence(const struct attempt *attempt, const char *text)
{
    static const char *const secrets[] = {"ada@example.com", "Ada L.",     "cup-1", "tok_",
                                          "\"placed\"",      "unit_price", "ETag:"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (strstr(text, secrets[i]))
            fail_msg("%s %s tells %s: %s", attempt->method, attempt->path, secrets[i], text);
    }
}

static void expect_problem(const struct attempt *attempt)
{
    char challenge[400];
    bool challenged = http_header(&reply, "WWW-Authenticate", challenge, sizeof challenge);
    const char *code = attempt->status == 401   ? "\"unauthenticated\""
                       : attempt->status == 403 ? "\"forbidden\""
                                                : "\"not-found\"";
    if (strcmp(attempt->method, "HEAD") != 0 && !strstr(reply.body, code))
        fail_msg("%s %s: no %s in %s", attempt->method, attempt->path, code, reply.body);
    if (attempt->status == 401)
        assert_string_equal(challenge, "Bearer realm=\"cairn\"");
    assert_true(attempt->status != 404 || !challenged);
    assert_non_null(strstr(reply.headers, "Cache-Control: no-store"));
    expect_silence(attempt, reply.headers);
    expect_silence(attempt, reply.body);
}

/* The answer is the same as for an id that there is not. */
static void expect_same_as_unknown(const struct attempt *attempt)
{
    int status = reply.status;
    const char *seen = words(strstr(path_of(attempt, false), "/users/") ? ADA_ID
                             : strstr(attempt->path, "/orders/")        ? order_id
                                                                        : payment_id);
    make(attempt, true);
    assert_int_equal(reply.status, status);
    assert_string_equal(words(UNKNOWN_ID), seen);
}

static void expect_empty_stream(const struct attempt *attempt)
{
    struct sse sse;
    assert_true(sse_open(&sse, cairn_host_port(host), path_of(attempt, false),
                         cairn_print(&arena, "%s%s", headers_of(attempt->caller), position)));
    const struct sse_message message = sse_expect(&sse);
    assert_string_equal(message.data, "{\"items\":[],\"next\":null}");
    sse_close(&sse);
}

static void expect_refused(const struct attempt *attempt)
{
    if (attempt->status == 200 && is_stream(attempt)) {
        expect_empty_stream(attempt);
        return;
    }
    make(attempt, false);
    if (reply.status != attempt->status)
        fail_msg("%s %s as %s: %d, not %d: %s", attempt->method, attempt->path,
                 attempt->caller == NONE ? "no caller" : callers[attempt->caller].subject,
                 reply.status, attempt->status, reply.body);
    if (attempt->status == 200)
        assert_string_equal(reply.body, "{\"items\":[],\"next\":null}");
    else
        expect_problem(attempt);
    if (attempt->status == 404 || attempt->status == 200)
        expect_same_as_unknown(attempt);
}

/* ---- tests ---- */

static const char domain_events[] = "select count(*) from cairn.events"
                                    " where stream ~ '^(user|order|payment)-'";

static void every_attempt_at_what_is_not_theirs_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    int64_t before = fixture_sql_int(url, domain_events);
    assert_true(ATTEMPTS >= 80);
    for (size_t i = 0; i < ATTEMPTS; i++) {
        cairn_arena_reset(&arena);
        expect_refused(&attempts[i]);
    }
    assert_int_equal(fixture_sql_int(url, domain_events), before);
    print_message("%d attempts at what is not theirs, each refused\n", ATTEMPTS);
    expect(200, ADA, "GET", cairn_print(&arena, "/orders/%s", order_id), NULL);
    assert_non_null(strstr(reply.body, "\"status\":\"placed\""));
    expect(200, SUPPORT, "GET", cairn_print(&arena, "/payments/%s", payment_id), NULL);
    assert_non_null(strstr(reply.body, "\"status\":\"requested\""));
}

/* Returns the number of attempts at a route: without a token, by callers, and by callers as a
 * stream. */
static void count(const char *route, size_t ret[static 3])
{
    memset(ret, 0, 3 * sizeof *ret);
    for (size_t i = 0; i < ATTEMPTS; i++) {
        const struct attempt *at = &attempts[i];
        const char *method = is_read(at) ? "GET" : at->method;
        const char *path = strchr(route, ' ') + 1;
        size_t bytes = strcspn(at->path, "?");
        if (strncmp(route, method, strlen(method)) != 0 || strlen(path) != bytes ||
            strncmp(path, at->path, bytes) != 0)
            continue;
        ret[0] += at->caller == NONE;
        ret[1] += at->caller != NONE;
        ret[2] += at->caller != NONE && is_stream(at);
    }
}

static void the_table_has_every_command_row_list_and_stream_of_the_shop(void **state)
{
    (void)state;
    size_t seen[3];
    for (size_t i = 0; i < sizeof deciders / sizeof deciders[0]; i++) {
        const struct cairn_commands *commands = deciders[i]->commands;
        for (uint32_t k = 0; k < commands->count; k++) {
            if (!commands->types[k].route)
                continue;
            count(commands->types[k].route, seen);
            if (seen[0] < 1 || seen[1] < 2)
                fail_msg("%s: too few attempts", commands->types[k].route);
        }
    }
    for (const struct cairn_resource *at = shop_resources; at->path; at++) {
        count(cairn_print(&arena, "GET %s", at->path), seen);
        if (seen[0] < 1 || seen[1] < 2 || seen[2] < 1)
            fail_msg("GET %s: too few attempts", at->path);
    }
}

/* Ada's key, cursor and events are hers. */
static void what_the_shop_gave_to_one_caller_is_of_no_use_to_another(void **state)
{
    (void)state;
    const char *path = "/users/" ADA_ID "/orders?limit=1";
    expect(201, ADA, "POST", "/orders", ORDER(ADA_ID));
    char id[40];
    keep(id);
    expect(200, ADA, "GET", path, NULL);
    const char *cursor = strstr(reply.body, "\"next\":\"");
    assert_non_null(cursor);
    path = cairn_print(&arena, "%s&cursor=%.*s", path, (int)strcspn(cursor + 8, "\""), cursor + 8);
    expect(400, BOB, "GET", path, NULL);
    expect(400, SUPPORT, "GET", path, NULL);
    expect(200, ADA, "GET", path, NULL);
    static const char key[] = "Idempotency-Key: \"the-same\"\r\n";
    send(ADA, "POST", cairn_print(&arena, "/orders/%s/cancel", id), key, REASON);
    assert_int_equal(reply.status, 200);
    send(BOB, "POST", cairn_print(&arena, "/orders/%s/cancel", id), key, REASON);
    assert_int_equal(reply.status, 404);
    char replayed[20];
    assert_false(http_header(&reply, "Idempotency-Replayed", replayed, sizeof replayed));
}

/* The same requests, by those whose they are. */
static void each_caller_may_do_what_is_its_own(void **state)
{
    (void)state;
    const char *order = cairn_print(&arena, "/orders/%s", order_id);
    const char *payment = cairn_print(&arena, "/payments/%s", payment_id);
    static const enum caller readers[] = {ADA, CLERK, FINANCE, SUPPORT};
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        expect(200, readers[i], "GET", order, NULL);
        expect(200, readers[i], "GET", "/users/" ADA_ID "/orders", NULL);
        assert_non_null(strstr(reply.body, order_id));
    }
    expect(200, ADA, "GET", "/users/" ADA_ID, NULL);
    expect(200, SUPPORT, "GET", "/users/" ADA_ID, NULL);
    expect(200, FINANCE, "GET", payment, NULL);
    expect(200, FINANCE, "GET", "/reports/sales", NULL);
    expect(200, SUPPORT, "GET", "/reports/sales", NULL);
    expect(200, PAYMENTS, "POST", cairn_print(&arena, "%s/authorize", payment), REFERENCE);
    expect(200, ORDERS, "POST", cairn_print(&arena, "%s/pay", order), PAY);
    expect(200, CLERK, "POST", cairn_print(&arena, "%s/ship", order), SHIP);
    expect(200, ORDERS, "POST", cairn_print(&arena, "%s/capture", payment), "{}");
    expect(200, FINANCE, "POST", cairn_print(&arena, "%s/refund", payment), REASON);
    expect(422, ADA, "POST", cairn_print(&arena, "%s/cancel", order), REASON); /* it is hers */
    assert_non_null(strstr(reply.body, "\"order-already-shipped\""));
    expect(200, BOB, "PUT", "/users/" BOB_ID "/email", "{\"email\":\"bob@example.org\"}");
    expect(200, BOB, "POST", "/users/" BOB_ID "/deactivate", "{}");
    expect(409, ADA, "POST", "/users", "{\"email\":\"ada@example.org\",\"name\":\"Ada again\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_attempt_at_what_is_not_theirs_is_refused_and_changes_nothing),
        cmocka_unit_test(the_table_has_every_command_row_list_and_stream_of_the_shop),
        cmocka_unit_test(what_the_shop_gave_to_one_caller_is_of_no_use_to_another),
        cmocka_unit_test(each_caller_may_do_what_is_its_own),
    };
    return cmocka_run_group_tests_name("shop attempts", tests, set_up, tear_down);
}
