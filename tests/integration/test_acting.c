/* test_acting.c - process managers and reactors that act as their service: what they send has its
 * token, what is wrong between services is no refusal, and their keys are their own. */
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/http_client.h"
#include "../support/issuer.h"
#include "../support/support.h"

#include "store/internal_key.h"

#include <cairn/service.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- bells: a process rings and tunes those that were hung, a reactor polishes them ---- */

CAIRN_STRUCT(bell_hung, UUID(owner_id, .optional = true));
CAIRN_STRUCT(bell_rung);
CAIRN_STRUCT(bell_tuned);
CAIRN_STRUCT(bell_polished);
CAIRN_STRUCT(bell_cracked);
CAIRN_EVENTS(bell, EVENT(bell_hung, "BellHung", 1), EVENT(bell_rung, "BellRung", 1),
             EVENT(bell_tuned, "BellTuned", 1), EVENT(bell_polished, "BellPolished", 1),
             EVENT(bell_cracked, "BellCracked", 1));
CAIRN_STRUCT(hang_bell, UUID(owner_id, .optional = true));
CAIRN_STRUCT(ring_bell);
CAIRN_STRUCT(tune_bell);
CAIRN_STRUCT(polish_bell);
CAIRN_STRUCT(crack_bell);
CAIRN_COMMANDS(bell, COMMAND(hang_bell, "POST /bells", .allow = CAIRN_ANYONE),
               COMMAND(ring_bell, "POST /bells/{id}/ring", .allow = CAIRN_ROLE("ringer")),
               COMMAND(tune_bell, "POST /bells/{id}/tune",
                       .allow = CAIRN_OWNER(bell, owner_id, "tuner")),
               COMMAND(polish_bell, "POST /bells/{id}/polish", .allow = CAIRN_ROLE("cleaner")),
               COMMAND(crack_bell, "POST /bells/{id}/crack", .allow = CAIRN_ANYONE));

CAIRN_STRUCT(bell, UUID(owner_id));
CAIRN_EVOLVE(bell, bell_hung)
{
    self->owner_id = event->owner_id;
}
CAIRN_EVOLVE(bell, bell_rung)
{
}
CAIRN_EVOLVE(bell, bell_tuned)
{
}
CAIRN_EVOLVE(bell, bell_polished)
{
}
CAIRN_EVOLVE(bell, bell_cracked)
{
}
CAIRN_DECIDE(bell, hang_bell)
{
    CAIRN_EMIT(ret, bell_hung, .owner_id = command->owner_id);
    return 0;
}
CAIRN_DECIDE(bell, ring_bell)
{
    CAIRN_EMIT(ret, bell_rung);
    return 0;
}
CAIRN_DECIDE(bell, tune_bell)
{
    CAIRN_EMIT(ret, bell_tuned);
    return 0;
}
CAIRN_DECIDE(bell, polish_bell)
{
    CAIRN_EMIT(ret, bell_polished);
    return 0;
}
CAIRN_DECIDE(bell, crack_bell)
{
    CAIRN_EMIT(ret, bell_cracked);
    return 0;
}
CAIRN_DECIDER(bell);

CAIRN_STRUCT(ringer, BOOL(sent));
CAIRN_PROCESS(ringer, CAIRN_SENDS(bell));
CAIRN_WHEN(ringer, bell, bell_hung)
{
    self->sent = true;
    if (cairn_uuid_is_zero(event->owner_id))
        CAIRN_SEND(ret, bell, given->id, ring_bell);
    else
        CAIRN_SEND(ret, bell, given->id, tune_bell);
}

CAIRN_REACTOR(cleaner, .attempts = 2);
CAIRN_HANDLE(cleaner, bell, bell_rung)
{
    return cairn_outcome_of(CAIRN_TELL(call, error, bell, call->meta->id, polish_bell));
}

static const struct cairn_service service = {.name = "tower",
                                             .deciders = {&bell_decider},
                                             .processes = {&ringer_process},
                                             .reactors = {&cleaner_reactor}};
static const struct cairn_service *const services[] = {&service, NULL};

#define BELL "01890000-0000-7000-8000-000000000001"
#define OWNER "01890000-0000-7000-8000-00000000000a"

/* ---- the bench ---- */

static char url[512];
static struct issuer issuer;
static struct signer *signer;

static int set_up(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    signer = signer_ec("first", "P-256");
    issuer_start(&issuer);
    issuer_publish(&issuer, (struct signer *[]){signer, NULL});
    (void)setenv("CAIRN_AUTH_ISSUER", issuer.url, 1);
    (void)setenv("CAIRN_AUTH_AUDIENCE", "shop", 1);
    (void)setenv("CAIRN_AUTH_CLIENT_ID", "bells", 1);
    (void)setenv("CAIRN_AUTH_CLIENT_SECRET", "s%cret:", 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"CAIRN_AUTH_ISSUER", "CAIRN_AUTH_AUDIENCE",
                                        "CAIRN_AUTH_CLIENT_ID", "CAIRN_AUTH_CLIENT_SECRET",
                                        "CAIRN_BELL_URL"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)unsetenv(names[i]);
    issuer_stop(&issuer);
    signer_free(signer);
    fixture_drop(url);
    return 0;
}

static void expect_soon(const char *sql, int64_t wanted)
{
    fixture_wait_sql(url, sql, wanted, 90000);
}

static void expect(const char *sql, int64_t wanted)
{
    assert_int_equal(fixture_sql_int(url, sql), wanted);
}

#define COUNT(type) "select count(*) from cairn.events where type = '" type "'"
#define WAITS(reason) "select count(*) from cairn.outgoing where problem like '%" reason "%'"
#define REFUSALS "select count(*) from cairn.events where data #>> '{input,kind}' = 'refusal'"

/* Sends a request with a token (NULL: none) and further headers, each of which ends with CRLF. */
static int post(const struct cairn_host *host, const char *path, const char *token,
                const char *headers, const char *body)
{
    char all[1300];
    (void)snprintf(all, sizeof all, "%s%s%s%s", token ? "Authorization: Bearer " : "",
                   token ? token : "", token ? "\r\n" : "", headers);
    return hosting_post(host, path, all, body);
}

/* ---- tokens ---- */

static void a_process_and_a_reactor_act_as_their_service(void **state)
{
    (void)state;
    issuer_serve(&issuer, signer, "ringer cleaner", 300);
    struct cairn_host *host = hosting_start(url, services);
    assert_int_equal(post(host, "/bells", NULL, "", "{\"bell_id\":\"" BELL "\"}"), 201);
    expect_soon(COUNT("BellPolished"), 1);
    expect("select count(*) from cairn.events where type in ('BellRung', 'BellPolished')"
           " and meta #>> '{actor,sub}' = 'bells'",
           2);
    expect("select count(*) from cairn.events where type = 'BellHung' and meta -> 'actor' is null",
           1);
    expect_soon("select count(*) from cairn.outgoing", 0);
    assert_int_equal(atomic_load(&issuer.given), 1);
    cairn_host_stop(host);
    expect("select count(*) from cairn.verify_processes()", 0);
}

static void a_service_without_the_role_waits_and_says_why_until_it_has_it(void **state)
{
    (void)state;
    issuer_serve(&issuer, signer, "cleaner", 2);
    struct cairn_host *host = hosting_start(url, services);
    assert_int_equal(post(host, "/bells", NULL, "", "{}"), 201);
    expect_soon(WAITS("ringer") " and attempts > 0", 1);
    issuer_serve(&issuer, signer, "ringer cleaner", 2);
    expect_soon(COUNT("BellRung"), 1);
    expect_soon("select count(*) from cairn.outgoing", 0);
    cairn_host_stop(host);
    expect(REFUSALS, 0);
}

/* Other callers are not told that the stream exists; a process would take that for an answer. */
static void a_service_is_told_that_it_lacks_the_role_for_anothers_stream(void **state)
{
    (void)state;
    issuer_serve(&issuer, signer, "ringer", 2);
    struct cairn_host *host = hosting_start(url, services);
    char *bob = issuer_token(&issuer, signer, "bob", "");
    assert_int_equal(
        post(host, "/bells", NULL, "", "{\"bell_id\":\"" BELL "\",\"owner_id\":\"" OWNER "\"}"),
        201);
    expect_soon(WAITS("is of another owner than bells: this service needs a role"), 1);
    assert_int_equal(post(host, "/bells/" BELL "/tune", bob, "", "{}"), 404);
    assert_int_equal(post(host, "/bells/" BELL "/tune", bob,
                          "Idempotency-Key: a\r\nCairn-Internal: guessed\r\n", "{}"),
                     404);
    issuer_serve(&issuer, signer, "tuner", 2);
    expect_soon(COUNT("BellTuned"), 1);
    free(bob);
    cairn_host_stop(host);
    expect(REFUSALS, 0);
}

/* ---- answers that are none of the domain's ---- */

#define PROBLEM(status, code)                                                                      \
    status "\r\nContent-Type: application/problem+json",                                           \
        "{\"code\":\"" code "\",\"detail\":\"the reason\"}"
#define PAGE(status) status "\r\nContent-Type: text/html", "<html>no</html>"

struct canned {
    const char *head;
    const char *body;
    const char *problem; /* what is kept of it */
};

struct canning {
    _Atomic(const struct canned *) now;
};

/* Answers each request with the canned answer; with 200 where that is NULL. */
static void answer(struct server *server, int socket)
{
    char request[8192];
    char head[400];
    while (server_read_request(socket, request, sizeof request)) {
        const struct canned *canned = atomic_load(&((struct canning *)server->context)->now);
        const char *body = canned ? canned->body : "{}";
        atomic_fetch_add(&server->requests, 1);
        (void)snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n",
                       canned ? canned->head : "200 OK\r\nContent-Type: application/json",
                       strlen(body));
        if (!server_send(socket, head) || !server_send(socket, body))
            return;
    }
}

static void hang(const char *type)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql, "select cairn.append('bell-' || gen_random_uuid(), '%s', '{}')",
                   type);
    fixture_sql(url, sql);
}

/* Starts the service with that server in place of the one that carries out its commands. */
static struct cairn_host *start_beside(struct server *server)
{
    char at[60];
    (void)snprintf(at, sizeof at, "http://127.0.0.1:%d", server->port);
    (void)setenv("CAIRN_BELL_URL", at, 1);
    return hosting_start(url, services);
}

static void what_is_wrong_between_services_is_no_refusal(void **state)
{
    (void)state;
    static const struct canned all[] = {
        {PROBLEM("400 Bad Request", "malformed"), "the reason"},
        {PROBLEM("401 Unauthorized", "unauthenticated"), "the reason"},
        {PROBLEM("403 Forbidden", "forbidden"), "the reason"},
        {"404 Not Found\r\nContent-Type: application/problem+json",
         "{\"code\":\"not-found\",\"detail\":\"unknown path\",\"missing\":\"path\"}",
         "has no such path: is it another release, store or service?"},
        {PROBLEM("405 Method Not Allowed", "method-not-allowed"), "the reason"},
        {PROBLEM("408 Request Timeout", "request-timed-out"), "the reason"},
        {PROBLEM("409 Conflict", "conflict"), "the reason"},
        {PROBLEM("413 Content Too Large", "too-large"), "the reason"},
        {PROBLEM("415 Unsupported Media Type", "unsupported-media-type"), "the reason"},
        {PROBLEM("422 Unprocessable Content", "idempotency-key-reused"), "the reason"},
        {PROBLEM("429 Too Many Requests", "too-many-requests"), "the reason"},
        {PROBLEM("431 Request Header Fields Too Large", "headers-too-large"), "the reason"},
        {PROBLEM("500 Internal Server Error", "internal-error"), "the reason"},
        {PROBLEM("503 Service Unavailable", "busy"), "the reason"},
        {PROBLEM("403 Forbidden", "order-shipped"), "answered 403"},
        {PROBLEM("403 Forbidden", "not-found"), "answered 403"},
        {PAGE("302 Found"), "answered 302"},
        {PAGE("401 Unauthorized"), "answered 401"},
        {PAGE("403 Forbidden"), "answered 403"},
        {PAGE("404 Not Found"), "answered 404"},
        {PAGE("413 Content Too Large"), "answered 413"},
        {PAGE("422 Unprocessable Content"), "answered 422"},
        {PAGE("429 Too Many Requests"), "answered 429"},
    };
    struct canning canning = {NULL};
    struct server server;
    char sql[400];
    issuer_serve(&issuer, signer, "ringer cleaner", 300);
    server_start(&server, answer, &canning);
    struct cairn_host *host = start_beside(&server);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        atomic_store(&canning.now, &all[i]);
        hang("BellHung"); /* the process is told, and keeps its command */
        /* the reactor tries twice, and parks the event; after answers of 5xx its second attempt may
         * find the breaker open */
        hang("BellRung");
        (void)snprintf(sql, sizeof sql,
                       "select (select count(*) from cairn.outgoing where problem like '%%%s%%')"
                       " + (select count(*) from cairn.parked_events where attempts = 2"
                       " and (reason like '%%%s%%' or reason like '%%circuit breaker is open%%'))",
                       all[i].problem, all[i].problem);
        expect_soon(sql, 2);
        atomic_store(&canning.now, NULL);
        expect_soon("select count(*) from cairn.outgoing", 0); /* delivered in the end */
        fixture_sql(url, "delete from cairn.parked_events");
        if (fixture_sql_int(url, REFUSALS) != 0)
            fail_msg("the process took %s for a refusal: %s", all[i].head, all[i].body);
    }
    cairn_host_stop(host);
    server_stop(&server);
}

static void what_the_domain_answers_is_final(void **state)
{
    (void)state;
    static const struct canned all[] = {
        {PROBLEM("400 Bad Request", "invalid"), "the reason"},
        {PROBLEM("404 Not Found", "not-found"), "the reason"},
        {PROBLEM("409 Conflict", "already-exists"), "the reason"},
        {PROBLEM("412 Precondition Failed", "precondition-failed"), "the reason"},
        {PROBLEM("422 Unprocessable Content", "claimed"), "the reason"},
        {PROBLEM("422 Unprocessable Content", "bell-is-cracked"), "bell-is-cracked: the reason"},
        {PROBLEM("422 Unprocessable Content", "forbidden"), "forbidden: the reason"},
    };
    struct canning canning = {NULL};
    struct server server;
    char sql[400];
    issuer_serve(&issuer, signer, "ringer cleaner", 300);
    server_start(&server, answer, &canning);
    struct cairn_host *host = start_beside(&server);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        atomic_store(&canning.now, &all[i]);
        hang("BellHung");
        hang("BellRung");
        (void)snprintf(sql, sizeof sql,
                       "select (%s) + (select count(*) from cairn.parked_events where"
                       " attempts = 1 and reason like '%%%s')",
                       REFUSALS, all[i].problem);
        expect_soon(sql, (int64_t)i + 2);
        expect_soon("select count(*) from cairn.outgoing", 0);
        fixture_sql(url, "delete from cairn.parked_events");
    }
    cairn_host_stop(host);
    server_stop(&server);
}

/* ---- keys ---- */

#define KEY_OF_THE_COMMAND                                                                         \
    "select cairn.outgoing_key(stream, version, number) from cairn.outgoing where process = "      \
    "'ringer'"

/* The key of the process' command was read in the log, before the command was carried out. */
static void no_other_caller_takes_the_key_of_a_process(void **state)
{
    (void)state;
    static const struct canned away = {PROBLEM("503 Service Unavailable", "busy"), "the reason"};
    struct canning canning = {&away};
    struct server server;
    char key[200];
    char header[300];
    issuer_serve(&issuer, signer, "ringer cleaner", 300);
    server_start(&server, answer, &canning);
    struct cairn_host *host = start_beside(&server);
    assert_int_equal(post(host, "/bells", NULL, "", "{\"bell_id\":\"" BELL "\"}"), 201);
    expect_soon(WAITS("the reason"), 1);
    fixture_sql_text(url, KEY_OF_THE_COMMAND, key, sizeof key);
    (void)snprintf(header, sizeof header, "Idempotency-Key: %s\r\n", key);
    char *mallory = issuer_token(&issuer, signer, "mallory", "");
    char *bells = issuer_token(&issuer, signer, "bells", "");
    assert_int_equal(post(host, "/bells/" BELL "/crack", mallory, header, "{}"), 200);
    assert_int_equal(post(host, "/bells/" BELL "/crack", bells, header, "{}"), 200);
    assert_int_equal(post(host, "/bells/" BELL "/crack", NULL, header, "{}"), 200);
    expect("select count(*) from cairn.undelivered_in_log('ringer', cairn.head())", 1);
    expect("select count(*) from cairn.verify_processes()", 0);
    cairn_host_stop(host);
    server_stop(&server);

    (void)unsetenv("CAIRN_BELL_URL");
    host = hosting_start(url, services);
    expect_soon(COUNT("BellPolished"), 1);
    expect_soon("select count(*) from cairn.outgoing", 0);
    expect(REFUSALS, 0);
    expect("select count(*) from cairn.undelivered_in_log('ringer', cairn.head())", 0);
    free(mallory);
    free(bells);
    cairn_host_stop(host);
}

/* A client that gets another subject, or none, is the same service. */
static void a_command_of_a_service_is_the_same_whichever_token_it_has(void **state)
{
    (void)state;
    struct cairn_internal_key key;
    struct cairn_pg *pg = NULL;
    char headers[300];
    char signature[CAIRN_SIGNATURE_SIZE];
    static const char path[] = "/bells/" BELL "/crack";
    issuer_serve(&issuer, signer, "", 300);
    struct cairn_host *host = hosting_start(url, services);
    char *first = issuer_token(&issuer, signer, "bells", "");
    char *second = issuer_token(&issuer, signer, "bells-2", "");
    assert_int_equal(
        post(host, "/bells", NULL, "", "{\"bell_id\":\"" BELL "\",\"owner_id\":\"" OWNER "\"}"),
        201);
    assert_int_equal(cairn_pg_open(url, "test", &pg, NULL), 0);
    assert_int_equal(cairn_internal_key_read(pg, &key, NULL), 0);
    cairn_pg_close(pg);
    cairn_internal_sign(&key, path, "a", signature);
    (void)snprintf(headers, sizeof headers, "Idempotency-Key: a\r\nCairn-Internal: %s\r\n",
                   signature);
    assert_int_equal(post(host, path, first, headers, "{}"), 200);
    assert_int_equal(post(host, path, second, headers, "{}"), 200);
    assert_int_equal(post(host, path, NULL, headers, "{}"), 200);
    expect(COUNT("BellCracked"), 1);
    free(first);
    free(second);
    cairn_host_stop(host);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_process_and_a_reactor_act_as_their_service),
        TEST(a_service_without_the_role_waits_and_says_why_until_it_has_it),
        TEST(a_service_is_told_that_it_lacks_the_role_for_anothers_stream),
        TEST(what_is_wrong_between_services_is_no_refusal),
        TEST(what_the_domain_answers_is_final),
        TEST(no_other_caller_takes_the_key_of_a_process),
        TEST(a_command_of_a_service_is_the_same_whichever_token_it_has),
    };
    return cmocka_run_group_tests_name("acting as a service", tests, NULL, NULL);
}
