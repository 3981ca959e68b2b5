/* test_verify.c - `cairn verify` detects every damage that it looks for, and nothing else; derived
 * tables are rebuilt from the log. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/support.h"

#include <stdio.h>
#include <string.h>

static char url[512];

/* Twelve events of three streams. Streams 1 and 2 have claimed keys; stream 2 has released one,
 * which stream 3 then claimed; there are a creating command, one with two events, and an old
 * one. */
static const char story[] =
    "create function pg_temp.put(p bigint, s text, v bigint, meta text,"
    "     age interval default '10 minutes') returns void language sql as $$"
    " insert into cairn.events values (0, p, s, v, 'Made', 1, gen_random_uuid(),"
    "     json_build_object('p', p, 'text', 'Zürich \"✓\"'), meta::json,"
    "     now() - age + case p when 4 then 5 else p end * interval '1 second') $$;"
    "create function pg_temp.by(command text) returns text language sql as $$"
    " select format('\"command_id\":\"%s\",\"request_hash\":\"%s\"',"
    "     cairn.command_id('user', command), left(encode(sha256('r'), 'hex'), "
    "case when command = 'two' then 64 else 16 end)) $$;"
    "select pg_temp.put(1, 'user-1', 1, '{' || pg_temp.by('old') || '}', '3 days'),"
    " pg_temp.put(2, 'user-2', 1, '{' || pg_temp.by('create')"
    "     || ',\"claims\":[{\"take\":\"mail\",\"key\":\"b\"}]}'),"
    " pg_temp.put(3, 'user-1', 2, '{\"claims\" : [{\"take\":\"mail\",\"key\":\"\\u0061\"}]}'),"
    " pg_temp.put(4, 'user-2', 2, '{' || pg_temp.by('two') || '}'),"
    " pg_temp.put(5, 'user-2', 3, '{' || pg_temp.by('two') || '}'),"
    " pg_temp.put(6, 'user-2', 4, '{\"claims\":[{\"release\":\"mail\",\"key\":\"b\"},"
    "     {\"release\":\"mail\",\"key\":\"a\"},{\"take\":\"mail\",\"key\":\"c\"}]}'),"
    " pg_temp.put(7, 'user-3', 1, '{\"claims\":[{\"take\":\"mail\",\"key\":\"b\"}]}'),"
    " pg_temp.put(8, 'user-3', 2, '{\"claims\":[{\"take\":\"mail\",\"key\":\"b\"}]}'),"
    " pg_temp.put(9, 'user-1', 3, '{\"claims\":\"none\",\"text\":\"\\\"request_hash\\\"\"}'),"
    " pg_temp.put(10, 'user-1', 4, '{}'), pg_temp.put(11, 'user-1', 5, '{}'),"
    " pg_temp.put(12, 'user-1', 6, '{}');"
    "insert into cairn.event_types values ('user', 'Made', 1);"
    "insert into cairn.claims values (0, 'mail', 'a', 'user-1', 3), (0, 'mail', 'b', 'user-3', 8),"
    " (0, 'mail', 'c', 'user-2', 6);"
    "insert into cairn.executed_commands (command_id, request_hash, position, event_count, status,"
    " shard) select cairn.command_id('user', c), cairn.short_hash(encode(sha256('r'), 'hex')), p, n,"
    " s, 0 from (values ('old', 201, 1, 1), ('create', 201, 2, 1), ('two', 200, 5, 2)) as v(c, s, p, n)"
    " join cairn.events e on e.position = v.p;"
    "insert into cairn.executed_commands"
    " values (cairn.command_id('user', 'empty'), 1, 12, 0, 200, 0, 6, now(), 'user-1'),"
    " (cairn.command_id('user', 'nowhere'), 1, 12, 0, 200, 0, 0, now(), 'user-9')";

/* The owner can disable the protection. */
#define UNPROTECTED(change)                                                                        \
    "alter table cairn.events disable trigger events_are_never_changed;" change                    \
    ";alter table cairn.events enable always trigger events_are_never_changed"

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    fixture_sql(url, story);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

static void a_sound_log_has_no_problem(void **state)
{
    (void)state;
    cairn_expect(url, 0, "verify", "positions          12         0");
    cairn_expect(url, 0, "verify --json", "{\"check\":\"commands\",\"examined\":5,\"problems\":0}");
    assert_false(cairn_said("\"problem\":"));
}

static void an_empty_log_has_no_problem(void **state)
{
    (void)state;
    char empty[512];
    fixture_database(empty, sizeof empty);
    cairn_expect(empty, 0, "verify", "positions           0         0");
    fixture_drop(empty);
}

static const struct {
    const char *change;
    const char *check;
    const char *words;
} damages[] = {
    {UNPROTECTED("delete from cairn.events where position in (9, 10)"), "positions",
     "no event at 9 to 10"},
    {UNPROTECTED("delete from cairn.events where position = 10"), "versions",
     "version 5, but version 4 does not precede it"},
    {UNPROTECTED("delete from cairn.events where position = 1"), "positions", "no event at 1 to 1"},
    {UNPROTECTED("update cairn.events set version = 7 where position = 12"), "versions",
     "version 7, but version 6 does not precede it"},
    {UNPROTECTED("update cairn.events set version = 16 - version where position in (11, 10);"
                 "update cairn.events set version = version - 7 where version > 10"),
     "versions", "does not precede it"},
    {UNPROTECTED("update cairn.events set recorded_at = now() - interval '1 day'"
                 " where position = 11"),
     "times", "before the preceding event"},
    {UNPROTECTED("update cairn.events set event_id ="
                 " (select event_id from cairn.events where position = 2) where position = 10"),
     "event ids", "is also the id of event 2"},
    {UNPROTECTED("update cairn.events set data = '[1]' where position = 10"), "json",
     "data is not a JSON object"},
    {UNPROTECTED("update cairn.events set data = '{\"a\":\"\\u0000\"}' where position = 10"),
     "json", "data cannot be read as jsonb"},
    {UNPROTECTED("update cairn.events set meta = '{\"claims\":\"\\ud800\"}' where position = 10"),
     "json", "meta cannot be read as jsonb"},
    {"delete from cairn.event_types", "event types", "Made version 1 of user is not in"},
    {"delete from cairn.claims where key = 'a'", "claims",
     "mail a: the log has the claim, the table does not"},
    {"insert into cairn.claims values (0, 'mail', 'x', 'user-1', 3)", "claims",
     "mail x: the table has the claim, the log does not"},
    {"update cairn.claims set position = 7 where key = 'b'", "claims",
     "mail b: claimed at 8, the table says 7"},
    {"update cairn.claims set stream = 'user-2' where key = 'b'", "claims", "mail b: the table"},
    {"update cairn.executed_commands set request_hash = 7 where event_count = 2", "commands",
     "the table has another request_hash"},
    {"update cairn.executed_commands set status = 201 where event_count = 2", "commands",
     "status 201 contradicts its events"},
    {"update cairn.executed_commands set event_count = 1 where event_count = 2", "commands",
     "the table names other events"},
    {"update cairn.executed_commands set event_count = 3 where event_count = 2", "commands",
     "the log has 2 of its 3 events"},
    {"update cairn.executed_commands set position = 6 where event_count = 2", "commands",
     "the table names other events"},
    {"update cairn.executed_commands set position = 6 where event_count = 2", "commands",
     "the log has 1 of its 2 events"},
    {"update cairn.executed_commands set position = 99 where event_count = 2", "commands",
     "the log has no such event"},
    {"update cairn.executed_commands set recorded_at = now() where event_count = 2", "commands",
     "the table names other events"},
    {"update cairn.executed_commands set version = 99 where stream = 'user-1'", "commands",
     "its stream does not have this version"},
    {"delete from cairn.executed_commands where event_count = 2", "commands",
     "the log has it, the table does not"},
    {"insert into cairn.executed_commands select gen_random_uuid(), request_hash, position,"
     " event_count, status, shard from cairn.executed_commands where event_count = 2",
     "commands", "the log has 0 of its 2 events"},
    {"alter table cairn.events disable trigger events_are_never_changed", "protection",
     "is not enabled always"},
    {"alter table cairn.events enable trigger events_are_never_changed", "protection",
     "is not enabled always"},
    {"drop trigger events_are_never_changed on cairn.events", "protection", "is missing"},
    {"create or replace trigger events_are_never_changed before update or delete on cairn.events"
     " for each statement execute function cairn.refuse_change();"
     "alter table cairn.events enable always trigger events_are_never_changed",
     "protection", "does not refuse"},
    {"grant update on cairn.events to cairn_writer", "protection",
     "role cairn_writer may update cairn.events"},
};

static void every_damage_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        char broken[512];
        char wanted[100];
        fixture_database(broken, sizeof broken);
        fixture_sql(broken, story);
        fixture_sql(broken, damages[i].change);
        cairn_expect(broken, 1, "verify --json", damages[i].words);
        (void)snprintf(wanted, sizeof wanted, "{\"check\":\"%s\",\"position\":", damages[i].check);
        if (!cairn_said(wanted))
            fail_msg("%s: wanted %s in %s", damages[i].change, wanted, said);
        fixture_drop(broken);
    }
}

static void what_lies_before_the_first_position_is_left_alone(void **state)
{
    (void)state;
    char broken[512];
    fixture_database(broken, sizeof broken);
    fixture_sql(broken, story);
    fixture_sql(broken, UNPROTECTED("update cairn.events set data = '[]' where position = 8"));
    cairn_expect(broken, 1, "verify --from 8", "data is not a JSON object");
    cairn_expect(broken, 0, "verify --from 9", "positions           4         0");
    cairn_expect(broken, 0, "verify --from 99", "positions           0         0");
    fixture_drop(broken);
}

static void a_command_may_be_forgotten_after_an_hour_and_not_before(void **state)
{
    (void)state;
    char writer[512];
    char copy[512];
    fixture_database(copy, sizeof copy);
    fixture_sql(copy, story);
    fixture_url_as(copy, "cairn_writer", writer, sizeof writer);
    assert_int_equal(
        fixture_sql_int(writer, "select gone from cairn.forget_commands('2 days', 0, 1000)"), 1);
    assert_int_equal(
        fixture_sql_int(writer, "select gone from cairn.forget_commands('2 days', 0, 1000)"), 0);
    assert_int_equal(fixture_sql_int(copy, "select count(*) from cairn.commands"), 4);
    cairn_expect(copy, 0, "verify", "commands            4         0");
    fixture_sql(copy,
                "do $$ begin perform cairn.forget_commands('59 minutes', 0, 1000);"
                " raise 'it was forgotten'; exception when sqlstate 'CA010' then null; end $$;"
                "do $$ begin perform cairn.rebuild_commands('59 minutes');"
                " raise 'it was forgotten'; exception when sqlstate 'CA010' then null; end $$");
    fixture_sql(copy,
                "insert into cairn.executed_commands select gen_random_uuid(), 1, 12, 0, 200, 0, 6,"
                " now() - interval '1 day', 'user-1'"
                " from generate_series(1, 10001) n");
    static const char *const pass = "select gone from cairn.forget_commands('2 hours', 0, 1000)";
    assert_int_equal(fixture_sql_int(writer, pass), 10001);
    assert_int_equal(fixture_sql_int(writer, pass), 0);
    fixture_drop(copy);
}

/* Old and new rows are mixed in the same pages, as when pages are reused. */
static void a_pass_that_forgets_reads_each_page_once(void **state)
{
    (void)state;
    char copy[512];
    fixture_database(copy, sizeof copy);
    fixture_sql(copy,
                "insert into cairn.executed_commands select gen_random_uuid(), 1, 12, 0, 200, 0, 6,"
                " now() - n % 2 * interval '1 day', 'user-1'"
                " from generate_series(1, 30000) n");
    int64_t pages =
        fixture_sql_int(copy, "select pg_relation_size('cairn.executed_commands') / 8192");
    char sql[200];
    int64_t gone = 0, calls = 0, page = 0;
    for (; page >= 0; calls++) {
        (void)snprintf(sql, sizeof sql,
                       "select gone * 1000000 + coalesce(next_page, 999999)"
                       " from cairn.forget_commands('2 hours', %lld, 64)",
                       (long long)page);
        int64_t answer = fixture_sql_int(copy, sql);
        gone += answer / 1000000;
        page = answer % 1000000 == 999999 ? -1 : answer % 1000000;
    }
    assert_int_equal(gone, 15000);
    assert_int_equal(calls, (pages + 63) / 64);
    assert_int_equal(fixture_sql_int(copy, "select count(*) from cairn.commands"), 15000);
    fixture_drop(copy);
}

/* The clock was a year ahead when they were recorded. */
static void a_command_recorded_in_the_future_is_forgotten_too(void **state)
{
    (void)state;
    char copy[512];
    fixture_database(copy, sizeof copy);
    fixture_sql(copy,
                "insert into cairn.executed_commands select gen_random_uuid(), 1, 12, 0, 200, 0, 6,"
                " now() + case when n <= 100 then interval '1 year'"
                " else interval '10 seconds' end, 'user-1' from generate_series(1, 110) n");
    static const char *const pass = "select gone from cairn.forget_commands('2 hours', 0, 64)";
    assert_int_equal(fixture_sql_int(copy, pass), 0);
    assert_int_equal(fixture_sql_int(copy, pass), 0);
    assert_int_equal(fixture_sql_int(copy, "select count(*) from cairn.commands_ahead"), 100);
    fixture_sql(copy, "update cairn.commands_ahead set seen_at = now() + interval '3 hours'");
    assert_int_equal(fixture_sql_int(copy, pass), 0);
    fixture_sql(copy, "update cairn.commands_ahead set seen_at = seen_at - interval '119 minutes'");
    assert_int_equal(fixture_sql_int(copy, pass), 0);
    fixture_sql(copy, "update cairn.commands_ahead set seen_at = seen_at - interval '2 minutes'");
    assert_int_equal(fixture_sql_int(copy, pass), 100);
    assert_int_equal(fixture_sql_int(copy, "select count(*) from cairn.commands"), 10);
    assert_int_equal(fixture_sql_int(copy, "select count(*) from cairn.commands_ahead"), 0);
    fixture_drop(copy);
}

static void fingerprint(char *ret, size_t size)
{
    fixture_sql_text(url,
                     "select md5(coalesce((select string_agg(c::text, ',' order by key)"
                     " from cairn.claims c), '') || coalesce((select string_agg(c::text, ','"
                     " order by command_id) from cairn.commands c), ''))",
                     ret, size);
}

static void claims_and_commands_are_made_again_from_the_log(void **state)
{
    (void)state;
    char before[64];
    char after[64];
    fingerprint(before, sizeof before);
    fixture_sql(url, "update cairn.claims set stream = 'x-1' where key = 'a';"
                     "delete from cairn.claims where key = 'b';"
                     "update cairn.executed_commands set position = 7 where event_count = 2;"
                     "delete from cairn.executed_commands where event_count = 1");
    assert_int_equal(fixture_sql_int(url, "select cairn.rebuild_claims()"), 3);
    assert_int_equal(fixture_sql_int(url, "select cairn.rebuild_commands()"), 3);
    fingerprint(after, sizeof after);
    assert_string_equal(before, after);
    assert_int_equal(fixture_sql_int(url, "select cairn.rebuild_commands('1 day')"), 2);
    assert_int_equal(fixture_sql_int(url, "select cairn.rebuild_commands()"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_log_has_no_problem),
        cmocka_unit_test(an_empty_log_has_no_problem),
        cmocka_unit_test(every_damage_is_found),
        cmocka_unit_test(what_lies_before_the_first_position_is_left_alone),
        cmocka_unit_test(a_command_may_be_forgotten_after_an_hour_and_not_before),
        cmocka_unit_test(a_pass_that_forgets_reads_each_page_once),
        cmocka_unit_test(a_command_recorded_in_the_future_is_forgotten_too),
        cmocka_unit_test(claims_and_commands_are_made_again_from_the_log),
    };
    return cmocka_run_group_tests_name("verify", tests, setup, teardown);
}
