/* test_tail.c - the log as it grows, as operators follow it over HTTP: a console beside a
 * database. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/service.h"
#include "../support/sse.h"
#include "../support/support.h"
#include "../support/system.h"

#include "operations/tail/tail_reader.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 20000, STREAMS_MAX = 32 };

static char url[512];
static struct child console;
static int port;

static int set_up(void **state)
{
    (void)state;
    static const char *const env[] = {"CAIRN_AUTH=off", NULL};
    fixture_database(url, sizeof url);
    port = fixture_free_port();
    service_launch(&console, "console", url, port, env);
    fixture_wait_http(port, "/readyz", PATIENCE_MS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    child_kill(&console, SIGKILL);
    fixture_drop(url);
    return 0;
}

static struct sse follow_from(const char *question, const char *headers)
{
    struct sse sse;
    char path[200];
    (void)snprintf(path, sizeof path, "/admin/tail%s", question);
    assert_true(sse_open(&sse, port, path, headers));
    return sse;
}

/* What is recorded after this is sent. */
static struct sse follow(const char *question)
{
    struct sse sse = follow_from(question, NULL);
    while (!sse.status && !sse.ended) {
        struct sse_message none;
        assert_false(sse_next(&sse, &none, 20));
    }
    assert_int_equal(sse.status, 200);
    return sse;
}

static void append(const char *stream, const char *type)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql, "select cairn.append('%s', '%s', '{\"secret\": 1}')", stream,
                   type);
    fixture_sql(url, sql);
}

static void append_many(int count)
{
    char sql[500];
    (void)snprintf(sql, sizeof sql,
                   "select cairn.append_as('vat-1', 0, array_agg(gen_random_uuid()),"
                   " array_agg('VatMade'::text), array_agg(1::bigint), array_agg('{}'::json),"
                   " array_agg('{}'::json), array_agg(null::json)) from generate_series(1, %d)",
                   count);
    fixture_sql(url, sql);
}

static struct sse_message expect(struct sse *sse, const char *id, const char *words)
{
    struct sse_message message = sse_expect(sse);
    assert_string_equal(message.event, "message");
    assert_string_equal(message.id, id);
    if (!strstr(message.data, words))
        fail_msg("wanted %s, got %s", words, message.data);
    return message;
}

static void events_are_sent_as_they_are_recorded_to_those_that_they_fit(void **state)
{
    (void)state;
    append("vase-1", "VaseMade");
    struct sse all = follow("");
    struct sse jugs = follow("?category=jug");
    struct sse breaks = follow("?type=JugBroken&category=jug");
    append("vase-2", "VaseMade");
    append("jug-1", "JugMade");
    append("juggler-1", "JugBroken");
    append("jug-1", "JugBroken");
    struct sse_message first = expect(&all, "2", "\"stream\" : \"vase-2\"");
    assert_null(strstr(first.data, "secret"));
    (void)expect(&all, "3", "\"type\" : \"JugMade\"");
    (void)expect(&all, "4", "JugBroken");
    (void)expect(&all, "5", "JugBroken");
    (void)expect(&jugs, "3", "JugMade");
    (void)expect(&jugs, "5", "JugBroken");
    (void)expect(&breaks, "5", "JugBroken");
    sse_close(&all);
    sse_close(&jugs);
    sse_close(&breaks);
}

static void a_client_that_comes_again_misses_nothing(void **state)
{
    (void)state;
    append("vase-1", "VaseMade");
    append("vase-2", "VaseMade");
    append("vase-3", "VaseMade");
    struct sse again = follow_from("?from=1", "Last-Event-ID: 2\r\n");
    (void)expect(&again, "3", "vase-3");
    struct sse begun = follow_from("?from=1", NULL);
    (void)expect(&begun, "2", "vase-2");
    sse_close(&again);
    sse_close(&begun);
}

static void a_client_that_is_far_behind_is_told_what_it_has_missed(void **state)
{
    (void)state;
    char wanted[80];
    append_many(CAIRN_TAIL_BACK + 50);
    struct sse sse = follow_from("?from=1", NULL);
    struct sse_message message = sse_expect(&sse);
    (void)snprintf(wanted, sizeof wanted, "{\"from\":2,\"to\":50}");
    assert_string_equal(message.event, "missed");
    assert_string_equal(message.data, wanted);
    for (int i = 51; i <= CAIRN_TAIL_BACK + 50; i++) {
        char id[20];
        (void)snprintf(id, sizeof id, "%d", i);
        (void)expect(&sse, id, "VatMade");
    }
    sse_close(&sse);
}

static void more_than_it_can_serve_are_refused_and_a_place_that_is_left_is_free(void **state)
{
    (void)state;
    static struct sse streams[STREAMS_MAX];
    static struct http_reply reply;
    for (size_t i = 0; i < STREAMS_MAX; i++)
        streams[i] = follow("");
    ask_for(503, port, "GET", "/admin/tail", NULL, NULL, &reply);
    ask_for(400, port, "GET", "/admin/tail?from=-1", NULL, NULL, &reply);
    sse_close(&streams[0]);
    int status = 503;
    for (int64_t until_ms = fixture_now_ms() + PATIENCE_MS;
         status == 503 && fixture_now_ms() < until_ms;) {
        struct sse_message none;
        append("vase-1", "VaseMade"); /* what is sent tells that a client has left */
        assert_true(sse_open(&streams[0], port, "/admin/tail", NULL));
        while (!streams[0].status && !streams[0].ended)
            (void)sse_next(&streams[0], &none, 20);
        status = streams[0].status;
        if (status == 503)
            sse_close(&streams[0]);
    }
    assert_int_equal(status, 200);
    for (size_t i = 0; i < STREAMS_MAX; i++)
        sse_close(&streams[i]);
    http_reply_free(&reply);
}

static void a_console_that_stops_ends_its_streams(void **state)
{
    (void)state;
    struct sse sse = follow("");
    struct sse_message none;
    assert_int_equal(kill(console.pid, SIGTERM), 0);
    assert_int_equal(child_wait(&console, PATIENCE_MS), 0);
    assert_false(sse_next(&sse, &none, PATIENCE_MS));
    assert_true(sse.ended);
    sse_close(&sse);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(events_are_sent_as_they_are_recorded_to_those_that_they_fit),
        TEST(a_client_that_comes_again_misses_nothing),
        TEST(a_client_that_is_far_behind_is_told_what_it_has_missed),
        TEST(more_than_it_can_serve_are_refused_and_a_place_that_is_left_is_free),
        TEST(a_console_that_stops_ends_its_streams),
    };
    return cmocka_run_group_tests_name("tail", tests, NULL, NULL);
}
