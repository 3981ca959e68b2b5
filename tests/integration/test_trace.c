/* test_trace.c - the tree of what a request has caused, on logs that are made up: what is found
 * under an id, and which event is below which, compared with how the log was made. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/support.h"

#include "store/trace/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char url[512];

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    fixture_sql(url, "insert into cairn.followers (name, position) values ('reactor/bulb', 0),"
                     " ('reactor/bell', 0), ('process/night', 0)");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

/* ---- logs that are made up ---- */

enum { EVENTS = 150, CORRELATIONS = 6, SENT = 2, ROUNDS = 4 };

/* Correlations that a careless comparison takes for each other, or cannot read. */
static const char *const correlations[CORRELATIONS] = {
    "01a22c2a-4664-7a6e-97e2-b471d197fc94",
    "01a22c2a-4664-7a6e-97e2-b471d197fc9",
    "a",
    "a\",\"causation_id\":\"b",
    "back\\slash",
    "order 4711, the second, of a customer whose number has a hundred characters in all, as long as can b",
};

/* An event as it was made. */
struct made {
    int correlation;
    int cause;   /* the position of the event that led to it; 0: none */
    int command; /* the position of the first event of its command; 0: it has none */
    int sent;    /* commands of a process that were not delivered yet */
};

static struct made made[EVENTS + 1];
static unsigned seed;

static int draw(int below)
{
    seed = seed * 1103515245u + 12345u;
    return (int)((seed >> 8) % (unsigned)below);
}

/* Returns an event of the correlation before this one, 0 if there is none. */
static int earlier(int position, int correlation, bool sends)
{
    int at = 1 + draw(position);
    for (int i = 0; i < position; i++, at = at % position + 1) {
        if (at < position && made[at].correlation == correlation && (!sends || made[at].sent > 0))
            return at;
    }
    return 0;
}

/* Writes one event. `command_id` is SQL; "null" for an event of a process. */
static void write_event(int position, const char *stream, const char *type, const char *command_id,
                        const char *causation, const char *data)
{
    char sql[4000];
    (void)snprintf(
        sql, sizeof sql,
        "insert into cairn.events values (0, %d, %s, 1, '%s', 1, gen_random_uuid(), %s,"
        " (select replace(json_strip_nulls(json_build_object("
        "      'correlation_id', $$%s$$::text, 'causation_id', coalesce((%s)::text, (%s)::text),"
        "      'command_id', (%s)::text, 'command', case when '%s' <> 'ProcessAdvanced' then 'poke' end,"
        "      'service', 'lamps', 'traceparent', '00-%032d-00000000000000a1-01'))::text,"
        "  '{\"correlation_id\" : ', '{\"correlation_id\":')::json), now())",
        position, stream, type, data, correlations[made[position].correlation], causation,
        command_id, command_id, type, made[position].correlation + 1);
    fixture_sql(url, sql);
}

static void make_reaction(int position, int cause)
{
    char stream[100];
    char causation[100];
    char data[600];
    made[position].cause = cause;
    made[position].sent = draw(SENT + 1);
    (void)snprintf(stream, sizeof stream, "'night-%d'", position);
    (void)snprintf(causation, sizeof causation,
                   "select event_id from cairn.events where position = %d", cause);
    (void)snprintf(
        data, sizeof data,
        "(select json_build_object('input', json_build_object('kind', 'event', 'type', 'X'), 'sent',"
        " coalesce((select json_agg(json_build_object('to', 'lamp-%d-' || n, 'command', 'poke', 'key',"
        " 'k' || n)) from generate_series(1, %d) n), '[]')))",
        position, made[position].sent);
    write_event(position, stream, "ProcessAdvanced", "null", causation, data);
}

/* The last command that a reaction sent and that was not delivered yet. */
static void make_delivered(int position, int reaction)
{
    char stream[100];
    char id[200];
    int number = made[reaction].sent--;
    made[position].cause = reaction;
    made[position].command = position;
    (void)snprintf(stream, sizeof stream, "'lamp-%d-%d'", reaction, number);
    (void)snprintf(id, sizeof id, "select cairn.command_id('lamps', 'night-%d/1/%d/k%d')", reaction,
                   number - 1, number);
    write_event(position, stream, "LampLit", id, "null", "'{}'");
}

static void make_handled(int position, int cause)
{
    char stream[100];
    char id[400];
    made[position].cause = cause;
    made[position].command = position;
    (void)snprintf(stream, sizeof stream, "'lamp-%d'", position);
    (void)snprintf(id, sizeof id,
                   "select cairn.command_id('lamps', '%s/' || event_id || '/poke/lamp-%d')"
                   " from cairn.events where position = %d",
                   draw(2) ? "bulb" : "bell", position, cause);
    write_event(position, stream, "LampLit", id, "null", "'{}'");
}

static void make_root(int position)
{
    char stream[100];
    made[position].command = position;
    (void)snprintf(stream, sizeof stream, "'lamp-%d'", position);
    write_event(position, stream, "LampLit", "select gen_random_uuid()", "null", "'{}'");
}

/* One more event of the command of the event before. */
static void make_second(int position)
{
    char stream[100];
    char id[200];
    made[position] = made[position - 1];
    (void)snprintf(stream, sizeof stream, "'lamp-%d'", position);
    (void)snprintf(id, sizeof id,
                   "select meta ->> 'command_id' from cairn.events where position = %d",
                   position - 1);
    write_event(position, stream, "LampLit", id, "null", "'{}'");
}

static void make_event(int position)
{
    int correlation = draw(CORRELATIONS);
    int cause = position > 1 ? earlier(position, correlation, false) : 0;
    int sender = position > 1 ? earlier(position, correlation, true) : 0;
    made[position] = (struct made){.correlation = correlation};
    switch (draw(5)) {
    case 0:
    case 1:
        if (cause)
            make_reaction(position, cause);
        else
            make_root(position);
        return;
    case 2:
        if (sender)
            make_delivered(position, sender);
        else
            make_root(position);
        return;
    case 3:
        if (cause)
            make_handled(position, cause);
        else
            make_root(position);
        return;
    default:
        if (position > 1 && made[position - 1].command)
            make_second(position);
        else
            make_root(position);
    }
}

/* ---- the trees ---- */

static bool is_event(const struct cairn_trace_node *node)
{
    return node->kind == CAIRN_TRACE_EVENT || node->kind == CAIRN_TRACE_REACTION;
}

/* Returns the position of the nearest event above a node, 0 if there is none. */
static int64_t cause_of(const struct cairn_trace_node *node)
{
    const struct cairn_trace_node *above = node->parent;
    while (above && !is_event(above))
        above = above->parent;
    return above ? above->position : 0;
}

static int expect_tree(const struct cairn_trace_report *trace, int correlation)
{
    int count = 0;
    for (const struct cairn_trace_node *at = trace->first; at; at = cairn_trace_next(at)) {
        if (!is_event(at))
            continue;
        count++;
        assert_int_equal(made[at->position].correlation, correlation);
        if (cause_of(at) != made[at->position].cause)
            fail_msg("CAIRN_TEST_SEED: event %d is below %d, and was caused by %d",
                     (int)at->position, (int)cause_of(at), made[at->position].cause);
    }
    return count;
}

static int load(const char *id, int64_t limit, struct cairn_arena *arena,
                struct cairn_trace_report *ret, struct cairn_error *error)
{
    struct cairn_pg *pg = NULL;
    assert_int_equal(cairn_pg_open(url, "test", &pg, NULL), 0);
    int failed = cairn_trace_load(pg, id, limit, arena, ret, error);
    cairn_pg_close(pg);
    return failed;
}

static int count_of(int correlation)
{
    int count = 0;
    for (int i = 1; i <= EVENTS; i++)
        count += made[i].correlation == correlation;
    return count;
}

static void expect_whole(const char *id, int correlation)
{
    struct cairn_arena arena = {0};
    struct cairn_trace_report trace;
    struct cairn_error error = {0};
    if (load(id, 0, &arena, &trace, &error) != 0)
        fail_msg("%s: %s", id, error.message);
    assert_int_equal(trace.events, count_of(correlation));
    assert_int_equal(expect_tree(&trace, correlation), count_of(correlation));
    assert_int_equal(trace.note_count, 0);
    cairn_arena_close(&arena);
}

/* ---- tests ---- */

static void every_event_is_below_what_caused_it_in_random_logs(void **state)
{
    (void)state;
    const char *given = getenv("CAIRN_TEST_SEED");
    unsigned first = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    for (unsigned round = 0; round < ROUNDS; round++) {
        seed = first + round;
        print_message("CAIRN_TEST_SEED=%u\n", seed);
        if (round > 0) {
            (void)teardown(NULL);
            (void)setup(NULL);
        }
        for (int i = 1; i <= EVENTS; i++)
            make_event(i);
        for (int c = 0; c < CORRELATIONS; c++) {
            char trace[40];
            (void)snprintf(trace, sizeof trace, "%032d", c + 1);
            if (count_of(c) == 0)
                continue;
            expect_whole(correlations[c], c);
            expect_whole(trace, c);
        }
    }
}

static void a_tree_is_found_by_every_id_of_it(void **state)
{
    (void)state;
    seed = 7;
    for (int i = 1; i <= EVENTS; i++)
        make_event(i);
    for (int i = 1; i <= EVENTS; i += 10) {
        char sql[200];
        char id[100];
        (void)snprintf(sql, sizeof sql, "select event_id from cairn.events where position = %d", i);
        fixture_sql_text(url, sql, id, sizeof id);
        expect_whole(id, made[i].correlation);
        (void)snprintf(id, sizeof id, "position:%d", i);
        expect_whole(id, made[i].correlation);
        (void)snprintf(id, sizeof id, "00-%032d-00000000000000a1-01", made[i].correlation + 1);
        expect_whole(id, made[i].correlation);
    }
}

static void a_long_tree_is_cut_and_says_so(void **state)
{
    (void)state;
    seed = 11;
    for (int i = 1; i <= EVENTS; i++)
        make_event(i);
    struct cairn_arena arena = {0};
    struct cairn_trace_report trace;
    struct cairn_error error = {0};
    assert_int_equal(load("a", 3, &arena, &trace, &error), 0);
    assert_int_equal(trace.events, 3);
    assert_true(trace.more);
    assert_string_equal(trace.notes[0], "only the first 3 events are shown");
    cairn_arena_close(&arena);
    cairn_expect(url, 0, "trace a --limit 3", "left out: only the first 3 events are shown");
    cairn_expect(url, 0, "trace a --limit 3 --json", "\"more\":true");
    cairn_expect(url, 0, "trace a --limit 3 --dot", "// left out: only the first 3");
    if (system("command -v dot > /dev/null") == 0)
        cairn_expect(url, 0, "trace a --dot | dot -Tsvg", "</svg>");
}

static void an_id_that_is_nothing_is_refused_with_its_reason(void **state)
{
    (void)state;
    seed = 3;
    for (int i = 1; i <= 20; i++)
        make_event(i);
    fixture_sql(
        url,
        "insert into cairn.events select 0, 21, 'lamp-21', 1, 'LampLit', 1, gen_random_uuid(), '{}',"
        " json_build_object('correlation_id', event_id), now() from cairn.events where position = 3");
    char id[40];
    char arguments[100];
    fixture_sql_text(url, "select event_id from cairn.events where position = 3", id, sizeof id);
    (void)snprintf(arguments, sizeof arguments, "trace event:%s", id);
    cairn_expect(url, 0, arguments, "#3 ");
    cairn_expect(url, 1, "trace 0199aaaa-0000-7000-8000-00000000dead", "the log has no id");
    cairn_expect(url, 1, "trace 0199aaaa00007000800000000000dead",
                 "no event of the log has the trace 0199aaaa");
    cairn_expect(url, 1, "trace 0123456789abcdef0123456789abcdef", "no event of the log");
    cairn_expect(url, 1, "trace 4711", "the log has no id 4711");
    cairn_expect(url, 64, "trace ''", "an id has 1 to 100 visible characters");
    cairn_expect(url, 64, "trace trace:4711", "4711 is no trace");
    cairn_expect(url, 64, "trace", "name the id");
    cairn_expect(url, 64, "trace a --json --dot", "not both");
}

/* Metas that no service writes: no correlation, a number, in another place, no object. */
static void an_event_of_any_meta_is_shown_by_its_position_and_its_id(void **state)
{
    (void)state;
    fixture_sql(url, "insert into cairn.events select 0, n, 'lamp-' || n, 1, 'LampLit', 1,"
                     " ('0199aaaa-0000-4000-8000-00000000000' || n)::uuid, '{}', meta::json, now()"
                     " from (values (1, '{}'), (2, '{\"correlation_id\":7,\"traceparent\":[1]}'),"
                     " (3, '{\"service\":\"x\",\"correlation_id\":\"late\"}'), (4, '[1]'))"
                     " v(n, meta)");
    for (int i = 1; i <= 4; i++) {
        char arguments[100];
        (void)snprintf(arguments, sizeof arguments, "trace %d", i);
        cairn_expect(url, 0, arguments, "lamp-");
        assert_true(cairn_said("LampLit"));
        (void)snprintf(arguments, sizeof arguments, "trace 0199aaaa-0000-4000-8000-00000000000%d",
                       i);
        cairn_expect(url, 0, arguments, "LampLit");
    }
}

static void an_id_that_is_two_things_is_named_with_both(void **state)
{
    (void)state;
    fixture_sql(
        url,
        "insert into cairn.events select 0, n, 'lamp-' || n, 1, 'LampLit', 1,"
        " ('0199aaaa-0000-4000-8000-00000000000' || n)::uuid, '{}',"
        " format('{\"correlation_id\":\"0199aaaa-0000-4000-8000-00000000000%s\"}', 3 - n)::json, now()"
        " from generate_series(1, 2) n");
    cairn_expect(url, 1, "trace 0199aaaa-0000-4000-8000-000000000001", "write correlation:");
    cairn_expect(url, 0, "trace event:0199aaaa-0000-4000-8000-000000000001", "#1 ");
    cairn_expect(url, 0, "trace correlation:0199aaaa-0000-4000-8000-000000000001", "#2 ");
}

/* Fails unless a search in the log reads the index alone. */
static void expect_by_index(const char *where)
{
    char plan[4000];
    char sql[600];
    (void)snprintf(sql, sizeof sql,
                   "begin; set local enable_seqscan = off; set local enable_indexscan = off;"
                   "explain (format json) select e.position from cairn.events e where %s",
                   where);
    fixture_sql_text(url, sql, plan, sizeof plan);
    if (!strstr(plan, "events_traces_idx"))
        fail_msg("%s is not looked up in the index: %s", where, plan);
}

static void a_trace_reads_the_log_by_an_index(void **state)
{
    (void)state;
    fixture_sql(
        url,
        "insert into cairn.events select 0, n, 'lamp-' || n, 1, 'LampLit', 1, gen_random_uuid(),"
        " json_build_object('a', repeat('x', 200)), format('{\"correlation_id\":\"c%s\","
        "\"traceparent\":\"00-%s-0123456789abcdef-01\"}', n / 5, md5((n / 10)::text))::json,"
        " now() from generate_series(1, 60000) n;"
        "select brin_summarize_new_values('cairn.events_traces_idx')");
    expect_by_index("split_part(substr(e.meta::text, 20, 100), '\"', 1) = 'c77'");
    expect_by_index("e.event_id = '0199aaaa-0000-4000-8000-000000000001'");
    expect_by_index("left(split_part(e.meta::text, '\"traceparent\":\"00-', 2), 32) = md5('77')");
    cairn_expect(url, 0, "trace c77", "5 events");
    cairn_expect(url, 0, "trace 28dd2c7955ce926456240b2ff0100bde", "10 events"); /* md5('77') */
    cairn_expect(url, 0, "trace trace:28dd2c7955ce926456240b2ff0100bde", "10 events");
    cairn_expect(url, 64, "trace trace:c77", "c77 is no trace");
}

/* A role sees what it may select: the rest is said to be left out. */
static void a_trace_shows_what_the_role_may_read(void **state)
{
    (void)state;
    char as[512];
    fixture_sql(url, "select cairn.append('lamp-1', 'LampLit', '{\"by\":\"Ada\"}')");
    fixture_sql(
        url,
        "create schema post; create table post.letters (event_id uuid primary key, address text);"
        "insert into post.letters select event_id, 'ada@example.com' from cairn.events;"
        "insert into cairn.service_migrations (schema, name, checksum) values ('post', '0001', 'x')");
    cairn_expect(url, 0, "trace 1", "row of post.letters");
    assert_false(cairn_said("ada@example.com"));
    fixture_url_as(url, "cairn_reader", as, sizeof as);
    cairn_expect(as, 0, "trace 1", "left out: post.letters: this role may not read it");
    assert_false(cairn_said("row of post.letters"));
    fixture_url_as(url, "cairn_consumer", as, sizeof as);
    cairn_expect(as, 77, "trace 1", "has no right");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_event_is_below_what_caused_it_in_random_logs),
        TEST(a_tree_is_found_by_every_id_of_it),
        TEST(a_long_tree_is_cut_and_says_so),
        TEST(an_id_that_is_nothing_is_refused_with_its_reason),
        TEST(an_event_of_any_meta_is_shown_by_its_position_and_its_id),
        TEST(an_id_that_is_two_things_is_named_with_both),
        TEST(a_trace_reads_the_log_by_an_index),
        TEST(a_trace_shows_what_the_role_may_read),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
