/* test_console_large.c - the console before a log of 1,000,000 events and 100,000 parked keys: its
 * views answer, and its pages do not freeze. What the browser does is in
 * tests/browser/large.mjs. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/service.h"
#include "../support/shell.h"
#include "../support/support.h"
#include "../support/system.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 20000, ANSWER_MS = 10000 };

static char url[512];
static struct child console;
static struct shell place;
static int port;

/* Ten events a stream; the first 100,000 keys of a read model are parked. */
static const char million[] =
    "set synchronous_commit = off;"
    "insert into cairn.events (shard, position, stream, version, type, schema_version, event_id,"
    "     data, meta, recorded_at)"
    " select 0, n, 'vase-' || (n + 9) / 10, (n - 1) % 10 + 1, 'VaseMade', 1, gen_random_uuid(),"
    "     '{\"litres\": 7}',"
    "     ('{\"correlation_id\":\"' || gen_random_uuid() || '\",\"traceparent\":\"00-'"
    "         || md5(((n + 9) / 10)::text) || '-0123456789abcdef-01\"}')::json,"
    "     timestamptz '2026-01-01' + n * interval '1 s'"
    " from generate_series(1, 1000000) n;"
    "insert into cairn.generations (projection, generation, code_version, live, serving,"
    "     complete_at) values ('vases', 1, 1, true, true, now());"
    "insert into cairn.checkpoints (projection, generation, epoch, position)"
    " values ('vases', 1, 1, 1000000);"
    "insert into cairn.parked (projection, generation, key, position, event_id, reason)"
    " select 'vases', 1, 'key-' || lpad(n::text, 6, '0'), n, gen_random_uuid(), 'a crack'"
    " from generate_series(1, 100000) n;"
    "create table read.vases_g1 (_key text collate \"C\" primary key, _position bigint,"
    "     _version bigint, _parked boolean, _deleted boolean, litres bigint);"
    "insert into read.vases_g1 select 'key-' || lpad(n::text, 6, '0'), n, 1, true, false, 7"
    " from generate_series(1, 100000) n;"
    "analyze cairn.events, cairn.parked, read.vases_g1";

static int set_up(void **state)
{
    (void)state;
    static const char *const env[] = {"CAIRN_AUTH=off", NULL};
    fixture_database(url, sizeof url);
    fixture_sql(url, million);
    fixture_sql(url, "vacuum cairn.events, cairn.parked"); /* as autovacuum would */
    shell_open(&place, "console-large");
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

static void views_answer_before_a_million_events_and_parked_keys_are_paged(void **state)
{
    (void)state;
    static struct http_reply reply;
    static const struct {
        const char *path, *words;
    } views[] = {
        {"/admin/status", "\"parked\":100000"},
        {"/admin/parked?read_model=vases&limit=2",
         "\"key\":\"key-000001\",\"position\":1,\"type\":\"VaseMade\",\"waiting\":0"},
        {"/admin/parked?read_model=vases&generation=1&after=key-099999", "\"key-100000\""},
        {"/admin/parked?read_model=vases&generation=1&after=key-100000", "{\"items\":[]}"},
        {"/admin/parked?limit=1000", "key-001000"},
        {"/admin/events", "\"position\":1000000"},
        {"/admin/events?type=VaseBroken&from=1", "{\"items\":[]}"},
        {"/admin/streams?limit=1000", "\"stream\":\"vase-100000\",\"version\":10"},
        {"/admin/streams?category=vase&limit=1", "\"stream\":\"vase-100000\""},
        {"/admin/processes/instances", "{\"items\":[]}"},
        {"/admin/read-models/vases/rows?from=key-050000", "key-050000"},
        {"/admin/trace/position:500000", "\"position\":500000"},
        {"/admin/trace/28dd2c7955ce926456240b2ff0100bde", "\"stream\":\"vase-77\""}, /* md5('77') */
    };
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        int64_t begun_ms = fixture_now_ms();
        ask_for(200, port, "GET", views[i].path, NULL, NULL, &reply);
        int64_t took_ms = fixture_now_ms() - begun_ms;
        print_message("%s: %d ms\n", views[i].path, (int)took_ms);
        if (!strstr(reply.body, views[i].words))
            fail_msg("%s: wanted %s, got %.500s", views[i].path, views[i].words, reply.body);
        assert_true(took_ms < ANSWER_MS);
    }
    http_reply_free(&reply);
}

/* Returns how many pages of tables and indexes a statement reads, in its functions, too. */
static int64_t pages_read(const char *statement)
{
    char sql[400];
    (void)snprintf(sql, sizeof sql, "explain (analyze, buffers, format json) %s", statement);
    char plan[8000];
    fixture_sql_text(url, sql, plan, sizeof plan);
    int64_t sum = 0;
    static const char *const counts[] = {"\"Shared Hit Blocks\": ", "\"Shared Read Blocks\": "};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const char *at = strstr(plan, counts[i]); /* the first is that of the whole plan */
        assert_non_null(at);
        sum += strtoll(at + strlen(counts[i]), NULL, 10);
    }
    print_message("%s: %lld pages\n", statement, (long long)sum);
    return sum;
}

/* The log has some 30,000 pages, the index of traces 940, that of parked keys 610. */
static void what_operators_ask_reads_a_small_part_of_the_log(void **state)
{
    (void)state;
    enum { TRACE_MAX = 5000, PARKED_MAX = 1000 };
    static const char *const sought[] = {"28dd2c7955ce926456240b2ff0100bde", /* md5('77') */
                                         "0123456789abcdef0123456789abcdef", /* there is none */
                                         "a-correlation", "0199aaaa-0000-4000-8000-000000000001",
                                         "500000"};
    for (size_t i = 0; i < sizeof sought / sizeof sought[0]; i++) {
        char sql[200];
        (void)snprintf(sql, sizeof sql, "select * from cairn.find_trace('%s', null, 1000000)",
                       sought[i]);
        assert_in_range(pages_read(sql), 1, TRACE_MAX);
    }
    assert_in_range(pages_read("select cairn.count_parked_keys('vases', 1)"), 1, PARKED_MAX);
}

static void pages_do_not_freeze_before_a_million_events(void **state)
{
    (void)state;
    char command[600];
    (void)snprintf(command, sizeof command,
                   "here=$PWD; cd \"$tree\"; tests/browser/run \"$build/browser-test\" large.mjs"
                   " http://127.0.0.1:%d || { [ $? = 77 ] && touch \"$here/skipped\"; }",
                   port);
    shell_expect(&place, command);
    if (shell_run(&place, "test -e skipped") == 0)
        skip(); /* there is no browser; test_console says why */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_answer_before_a_million_events_and_parked_keys_are_paged),
        cmocka_unit_test(what_operators_ask_reads_a_small_part_of_the_log),
        cmocka_unit_test(pages_do_not_freeze_before_a_million_events),
    };
    return cmocka_run_group_tests_name("console_large", tests, set_up, tear_down);
}
