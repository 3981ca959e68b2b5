/* test_counters.c - what /metrics tells an operator about the outcomes of commands: each counter is
 * driven by the event that it counts. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/service.h"
#include "../support/support.h"
#include "../support/system.h"
#include "../support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Three user services on one log; FORGETFUL fails at the first conflict, caches one state and has a
 * request deadline of half a second. */
enum { ONE, OTHER, FORGETFUL, PROCESSES };

static char url[512];
static struct child children[PROCESSES];
static int ports[PROCESSES];
static struct http_reply reply;

static void start_service(int i)
{
    static const char *const strict[] = {"CAIRN_CONFLICT_RETRIES=0", "CAIRN_CACHE_MAX=1",
                                         "CAIRN_HTTP_DEADLINE_MS=500", NULL};
    ports[i] = fixture_free_port();
    service_launch(&children[i], "user", url, ports[i], i == FORGETFUL ? strict : NULL);
}

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    for (int i = 0; i < PROCESSES; i++)
        start_service(i);
    for (int i = 0; i < PROCESSES; i++)
        fixture_wait_http(ports[i], "/readyz", 20000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_reply_free(&reply);
    for (int i = 0; i < PROCESSES; i++)
        assert_int_equal(child_stop(&children[i], 15000), 0);
    fixture_drop(url);
    return 0;
}

/* ---- helpers ---- */

/* Returns the value of a series; 0 if it is not there. */
static int64_t counted(int process, const char *series)
{
    char wanted[200];
    (void)snprintf(wanted, sizeof wanted, "\n%s ", series);
    ask_for(200, ports[process], "GET", "/metrics", NULL, NULL, &reply);
    const char *at = strstr(reply.body, wanted);
    return at ? strtoll(at + strlen(wanted), NULL, 10) : 0;
}

static void assert_counted(int process, const char *series, int64_t wanted)
{
    int64_t found = counted(process, series);
    if (found != wanted)
        fail_msg("%s is %lld, not %lld", series, (long long)found, (long long)wanted);
}

enum { ID = 40 };

static void make_user(int process, char id[ID])
{
    static int number;
    char body[120];
    (void)snprintf(body, sizeof body, "{\"email\":\"n%d@example.com\",\"name\":\"N\"}", number++);
    ask_for(201, ports[process], "POST", "/users", NULL, body, &reply);
    (void)reply_id(&reply, id, ID);
}

static void move_user(int status, int process, const char *id, const char *headers)
{
    static int number;
    char path[100];
    char body[100];
    (void)snprintf(path, sizeof path, "/users/%s/email", id);
    (void)snprintf(body, sizeof body, "{\"email\":\"m%d@example.com\"}", number++);
    ask_for(status, ports[process], "PUT", path, headers, body, &reply);
}

static void deactivate(int status, int process, const char *id)
{
    char path[100];
    (void)snprintf(path, sizeof path, "/users/%s/deactivate", id);
    ask_for(status, ports[process], "POST", path, NULL, "{}", &reply);
}

#define COMMANDS(outcome) "cairn_commands_total{outcome=\"" outcome "\"}"
#define RECALLED(how) "cairn_aggregates_recalled_total{how=\"" how "\"}"
#define AGAIN(why) "cairn_commands_decided_again_total{why=\"" why "\"}"

/* ---- tests ---- */

static void replays_and_keys_that_were_used_otherwise_are_counted(void **state)
{
    (void)state;
    static const char key[] = "Idempotency-Key: count-me\r\n";
    static const char body[] = "{\"email\":\"k@example.com\",\"name\":\"K\"}";
    ask_for(201, ports[OTHER], "POST", "/users", key, body, &reply);
    assert_counted(OTHER, COMMANDS("replayed"), 0);
    ask_for(201, ports[OTHER], "POST", "/users", key, body, &reply);
    assert_counted(OTHER, COMMANDS("replayed"), 1);
    ask_for(422, ports[OTHER], "POST", "/users", key,
            "{\"email\":\"l@example.com\",\"name\":\"K\"}", &reply);
    assert_counted(OTHER, COMMANDS("idempotency-key-reused"), 1);
    assert_counted(OTHER, COMMANDS("accepted"), 1);
}

static void another_version_than_if_match_says_is_counted(void **state)
{
    (void)state;
    char id[ID];
    make_user(OTHER, id);
    move_user(412, OTHER, id, "If-Match: \"9\"\r\n");
    assert_counted(OTHER, COMMANDS("precondition-failed"), 1);
}

static void hits_misses_and_delta_reads_are_counted(void **state)
{
    (void)state;
    char id[ID];
    make_user(OTHER, id);
    int64_t misses = counted(ONE, RECALLED("miss"));
    int64_t hits = counted(ONE, RECALLED("hit"));
    int64_t deltas = counted(ONE, RECALLED("delta"));
    move_user(200, ONE, id, NULL);
    assert_counted(ONE, RECALLED("miss"), misses + 1);
    move_user(200, ONE, id, NULL);
    assert_counted(ONE, RECALLED("hit"), hits + 1);
    assert_counted(ONE, RECALLED("delta"), deltas);
    deactivate(200, ONE, id);
    deactivate(422, ONE, id); /* no refusal from cached state alone */
    assert_counted(ONE, RECALLED("delta"), deltas + 1);
    assert_counted(ONE, RECALLED("miss"), misses + 1);
    assert_counted(ONE, AGAIN("refusal"), 1);
}

static void conflicts_that_were_decided_again_or_given_up_are_counted(void **state)
{
    (void)state;
    char id[ID];
    make_user(ONE, id);
    move_user(200, FORGETFUL, id, NULL);
    int64_t retries = counted(ONE, "cairn_command_retries_total");
    int64_t deltas = counted(ONE, RECALLED("delta"));
    move_user(200, ONE, id, NULL); /* its cached state is older than the log */
    assert_counted(ONE, "cairn_command_retries_total", retries + 1);
    assert_counted(ONE, RECALLED("delta"), deltas + 1);
    assert_counted(ONE, COMMANDS("conflict"), 0);
    move_user(409, FORGETFUL, id, NULL);
    assert_counted(FORGETFUL, COMMANDS("conflict"), 1);
    assert_counted(FORGETFUL, "cairn_command_retries_total", 0);
}

static void states_that_made_room_are_counted(void **state)
{
    (void)state;
    char id[ID];
    int64_t before = counted(FORGETFUL, "cairn_aggregates_evicted_total");
    for (int i = 0; i < 3; i++)
        make_user(FORGETFUL, id);
    assert_true(counted(FORGETFUL, "cairn_aggregates_evicted_total") >= before + 2);
    assert_counted(FORGETFUL, "cairn_aggregates_cached", 1);
}

static void requests_past_the_deadline_are_counted(void **state)
{
    (void)state;
    struct wire wire = wire_open(ports[FORGETFUL]);
    wire_send(&wire, "POST /users HTTP/1.1\r\nHost: test\r\nX-Half: ");
    assert_int_equal(wire_read(&wire).status, 408);
    wire_close(&wire);
    assert_counted(FORGETFUL, "cairn_http_connections_cut_total{phase=\"arriving\"}", 1);
    assert_counted(FORGETFUL, "cairn_http_requests_total{status=\"408\"}", 1);
}

static void send_email(struct wire *wire, const char *id, const char *email)
{
    char text[400];
    (void)snprintf(
        text, sizeof text,
        "PUT /users/%s/email HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
        "Content-Length: %zu\r\n\r\n{\"email\":\"%s\"}",
        id, strlen(email) + 12, email);
    wire_send(wire, text);
}

/* The second of two identical commands writes nothing and depends on the first, which fails because
 * the other process was faster. The two have to overlap, so this is repeated until they do. */
static void a_decision_on_a_failed_append_is_counted(void **state)
{
    (void)state;
    char id[ID];
    char email[40];
    make_user(ONE, id);
    struct wire first = wire_open(ports[ONE]);
    struct wire second = wire_open(ports[ONE]);
    int64_t until_ms = fixture_now_ms() + 60000;
    for (int i = 0; counted(ONE, AGAIN("undone")) == 0 && fixture_now_ms() < until_ms; i++) {
        move_user(200, OTHER, id, NULL);
        (void)snprintf(email, sizeof email, "both%d@example.com", i);
        send_email(&first, id, email);
        send_email(&second, id, email);
        assert_int_equal(wire_read(&first).status, 200);
        assert_int_equal(wire_read(&second).status, 200);
    }
    wire_close(&first);
    wire_close(&second);
    assert_true(counted(ONE, AGAIN("undone")) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replays_and_keys_that_were_used_otherwise_are_counted),
        cmocka_unit_test(another_version_than_if_match_says_is_counted),
        cmocka_unit_test(hits_misses_and_delta_reads_are_counted),
        cmocka_unit_test(conflicts_that_were_decided_again_or_given_up_are_counted),
        cmocka_unit_test(states_that_made_room_are_counted),
        cmocka_unit_test(requests_past_the_deadline_are_counted),
        cmocka_unit_test(a_decision_on_a_failed_append_is_counted),
    };
    return cmocka_run_group_tests_name("counters", tests, setup, teardown);
}
