/* test_internal.c - commands that only services send: by a process manager and a reactor, not by
 * clients; request headers that a decision reads; the correlation of what follows from a
 * request. */
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/http_client.h"
#include "../support/support.h"

#include "core/containers/arena.h"
#include "store/internal_key.h"

#include <cairn/service.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CAIRN_STRUCT(bell_hung, TEXT(language, .optional = true), TEXT(correlation));
CAIRN_STRUCT(bell_rung, INT(times));
CAIRN_STRUCT(bell_polished, INT(cloth));
CAIRN_EVENTS(bell, EVENT(bell_hung, "BellHung", 1), EVENT(bell_rung, "BellRung", 1),
             EVENT(bell_polished, "BellPolished", 1));
CAIRN_STRUCT(hang_bell);
CAIRN_STRUCT(ring_bell, INT(times, CAIRN_RANGE(1, 9)));
CAIRN_STRUCT(polish_bell, INT(cloth));
CAIRN_COMMANDS(bell, COMMAND(hang_bell, "POST /bells", .headers = {"Accept-Language"}),
               INTERNAL(ring_bell), INTERNAL(polish_bell, .help = "Only the cleaner does that."));

CAIRN_STRUCT(echo_heard, UUID(bell_id));
CAIRN_EVENTS(echo, EVENT(echo_heard, "EchoHeard", 1));
CAIRN_STRUCT(hear_echo, UUID(bell_id));
CAIRN_COMMANDS(echo, INTERNAL(hear_echo, .creates = true));

CAIRN_STRUCT(bell, INT(rung));
CAIRN_EVOLVE(bell, bell_hung)
{
}
CAIRN_EVOLVE(bell, bell_rung)
{
    self->rung += event->times;
}
CAIRN_EVOLVE(bell, bell_polished)
{
}
CAIRN_DECIDE(bell, hang_bell)
{
    CAIRN_EMIT(ret, bell_hung, .language = cairn_header(given, "accept-language"),
               .correlation = given->correlation_id);
    return 0;
}
CAIRN_DECIDE(bell, ring_bell)
{
    CAIRN_EMIT(ret, bell_rung, .times = command->times);
    return 0;
}
CAIRN_DECIDE(bell, polish_bell)
{
    CAIRN_EMIT(ret, bell_polished, .cloth = command->cloth);
    return 0;
}
CAIRN_DECIDER(bell);

CAIRN_STRUCT(echo, BOOL(heard));
CAIRN_EVOLVE(echo, echo_heard)
{
    self->heard = true;
}
CAIRN_DECIDE(echo, hear_echo)
{
    CAIRN_EMIT(ret, echo_heard, .bell_id = command->bell_id);
    return 0;
}
CAIRN_DECIDER(echo);

CAIRN_STRUCT(ringer, BOOL(rung));
CAIRN_PROCESS(ringer, CAIRN_SENDS(bell, echo));
CAIRN_WHEN(ringer, bell, bell_hung)
{
    self->rung = true;
    CAIRN_SEND(ret, bell, given->id, ring_bell, .times = 3);
    CAIRN_SEND(ret, echo, cairn_new_id(given, "echo"), hear_echo, .bell_id = given->id);
}

CAIRN_REACTOR(cleaner);
CAIRN_HANDLE(cleaner, bell, bell_rung)
{
    return cairn_outcome_of(
        CAIRN_TELL(call, error, bell, call->meta->id, polish_bell, .cloth = event->times));
}

static const struct cairn_service service = {.name = "tower",
                                             .deciders = {&bell_decider, &echo_decider},
                                             .processes = {&ringer_process},
                                             .reactors = {&cleaner_reactor}};
static const struct cairn_service *const services[] = {&service, NULL};

/* ---- the bench ---- */

static char url[512];
static struct cairn_host *host;

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    host = hosting_start(url, services);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_host_stop(host);
    fixture_drop(url);
    return 0;
}

static void expect_soon(const char *sql, int64_t wanted)
{
    fixture_wait_sql(url, sql, wanted, 30000);
}

static int post(const char *path, const char *headers, const char *body)
{
    return hosting_post(host, path, headers, body);
}

#define COUNT(type) "select count(*) from cairn.events where type = '" type "'"
#define BELL "01890000-0000-7000-8000-000000000001"

/* ---- tests ---- */

static void services_send_commands_that_have_no_route(void **state)
{
    (void)state;
    assert_int_equal(post("/bells", "Correlation-Id: visit-7\r\nAccept-Language: de\r\n",
                          "{\"bell_id\":\"" BELL "\"}"),
                     201);
    expect_soon(COUNT("BellRung"), 1);
    expect_soon(COUNT("EchoHeard"), 1);
    expect_soon(COUNT("BellPolished"), 1);
    /* everything that follows from the request has its correlation */
    expect_soon("select count(*) from cairn.events where meta ->> 'correlation_id' = 'visit-7'", 5);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.events"), 5);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.events where data ->>"
                                          " 'language' = 'de' and data ->> 'correlation' ="
                                          " 'visit-7'"),
                     1);
}

static void a_client_cannot_send_them(void **state)
{
    (void)state;
    char headers[300];
    char signature[CAIRN_SIGNATURE_SIZE];
    const struct cairn_internal_key guessed = {{1, 2, 3}};
    static const char path[] = "/internal/bell/ring_bell/" BELL;
    assert_int_equal(post("/bells", "", "{\"bell_id\":\"" BELL "\"}"), 201);
    expect_soon(COUNT("BellPolished"), 1);

    assert_int_equal(post(path, "", "{\"times\":1}"), 404);
    assert_int_equal(post(path, "Idempotency-Key: a\r\n", "{\"times\":1}"), 404);
    assert_int_equal(post(path, "Idempotency-Key: a\r\nCairn-Internal: \r\n", "{\"times\":1}"),
                     404);
    cairn_internal_sign(&guessed, path, "a", signature);
    (void)snprintf(headers, sizeof headers, "Idempotency-Key: a\r\nCairn-Internal: %s\r\n",
                   signature);
    assert_int_equal(post(path, headers, "{\"times\":1}"), 404);
    assert_int_equal(fixture_sql_int(url, COUNT("BellRung")), 1);
}

/* A signature that was overheard is of no use for another stream or another key. */
static void a_signature_is_of_one_request(void **state)
{
    (void)state;
    struct cairn_internal_key key;
    struct cairn_pg *pg = NULL;
    char headers[300];
    char signature[CAIRN_SIGNATURE_SIZE];
    static const char path[] = "/internal/bell/ring_bell/" BELL;
    assert_int_equal(post("/bells", "", "{\"bell_id\":\"" BELL "\"}"), 201);
    expect_soon(COUNT("BellPolished"), 1);
    assert_int_equal(cairn_pg_open(url, "test", &pg, NULL), 0);
    assert_int_equal(cairn_internal_key_read(pg, &key, NULL), 0);
    cairn_pg_close(pg);
    cairn_internal_sign(&key, path, "a", signature);
    (void)snprintf(headers, sizeof headers, "Idempotency-Key: b\r\nCairn-Internal: %s\r\n",
                   signature);
    assert_int_equal(post(path, headers, "{\"times\":1}"), 404);
    (void)snprintf(headers, sizeof headers, "Idempotency-Key: a\r\nCairn-Internal: %s\r\n",
                   signature);
    assert_int_equal(post("/internal/bell/polish_bell/" BELL, headers, "{\"cloth\":1}"), 404);
    assert_int_equal(post(path, headers, "{\"times\":1}"), 200);
    assert_int_equal(post(path, headers, "{\"times\":10}"), 422); /* the key is another request's */
}

static void a_header_that_cannot_be_read_is_refused(void **state)
{
    (void)state;
    char headers[1200];
    assert_int_equal(post("/bells", "Correlation-Id: a\tb\r\n", "{}"), 400);
    (void)snprintf(headers, sizeof headers, "Accept-Language: %01001d\r\n", 7);
    assert_int_equal(post("/bells", headers, "{}"), 400);
    (void)snprintf(headers, sizeof headers, "Correlation-Id: %0101d\r\n", 7);
    assert_int_equal(post("/bells", headers, "{}"), 400);
    assert_int_equal(post("/bells", "", "{}"), 201); /* both may be absent */
}

/* The same key with another value of a declared header is another request. */
static void a_declared_header_belongs_to_the_request(void **state)
{
    (void)state;
    assert_int_equal(post("/bells", "Idempotency-Key: k\r\nAccept-Language: de\r\n", "{}"), 201);
    assert_int_equal(post("/bells", "Idempotency-Key: k\r\nAccept-Language: de\r\n", "{}"), 201);
    assert_int_equal(post("/bells", "Idempotency-Key: k\r\nAccept-Language: fr\r\n", "{}"), 422);
    assert_int_equal(fixture_sql_int(url, COUNT("BellHung")), 1);
}

static void they_are_in_no_documentation(void **state)
{
    (void)state;
    struct http_reply reply = {0};
    assert_int_equal(
        http_send(cairn_host_port(host), "GET", "/openapi.json", NULL, NULL, 0, &reply, 10000), 0);
    assert_null(strstr(reply.body, "internal/"));
    assert_null(strstr(reply.body, "ring_bell"));
    assert_non_null(strstr(reply.body, "\"name\":\"Accept-Language\""));
    http_reply_free(&reply);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(services_send_commands_that_have_no_route),
        TEST(a_client_cannot_send_them),
        TEST(a_signature_is_of_one_request),
        TEST(a_header_that_cannot_be_read_is_refused),
        TEST(a_declared_header_belongs_to_the_request),
        TEST(they_are_in_no_documentation),
    };
    return cmocka_run_group_tests_name("internal commands", tests, NULL, NULL);
}
