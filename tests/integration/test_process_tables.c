/* test_process_tables.c - the tables of process managers, by their functions alone: what they leave
 * behind, and how much they read of long tables. */
#include "../support/fixture.h"
#include "../support/support.h"

#include <stdio.h>

static char url[512];

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    fixture_sql(url, "insert into cairn.followers (name, position, fence)"
                     " values ('process/night', 0, 1)");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

#define NIGHT "night-01890000-0000-7000-8000-000000000001"
#define LAMP "lamp-01890000-0000-7000-8000-000000000001"

/* A reaction that sends a command, and sets the timer that the test wants. */
#define SENT                                                                                       \
    "[{\"to\":\"" LAMP "\",\"command\":\"put_out\",\"method\":\"POST\",\"path\":\"/lamps/1/out\"," \
    "\"key\":\"k\",\"body\":{\"by\" : \"night\"}}]"

static void react(const char *input, const char *timers, const char *sent)
{
    char sql[2000];
    (void)snprintf(sql, sizeof sql,
                   "select cairn.append('" NIGHT "', 'ProcessAdvanced',"
                   " '{\"input\":%s,\"position\":1,\"state\":{},\"timers\":%s,\"sent\":%s}')",
                   input, timers, sent);
    fixture_sql(url, sql);
}

static void expect(const char *sql, const char *wanted)
{
    char text[500];
    fixture_sql_text(url, sql, text, sizeof text);
    assert_string_equal(text, wanted);
}

#define ADVANCE "cairn.advance_process('night', 1, 0, cairn.head())"

/* ---- tests ---- */

static void a_reaction_becomes_its_commands_and_timers(void **state)
{
    (void)state;
    react("{\"kind\":\"event\"}",
          "[{\"name\":\"dawn\",\"at\":\"2030-01-01T06:00:00Z\"},{\"name\":\"odd\",\"at\":\"?\"}]",
          SENT);
    expect("select concat_ws(' ', held, stream, version, number, position, target, command, method,"
           " path, body, key) from " ADVANCE,
           "t " NIGHT " 1 0 1 " LAMP " put_out POST /lamps/1/out {\"by\" : \"night\"} " NIGHT
           "/1/0/k");
    expect(
        "select string_agg(concat_ws(' ', stream, name, due_at at time zone 'UTC', version), ',')"
        " from cairn.timers",
        NIGHT " dawn 2030-01-01 06:00:00 1");
    expect("select concat_ws(' ', held, key) from"
           " cairn.outgoing_page('night', '{lamp}', false, 0, 0, 10)",
           "t " NIGHT "/1/0/k");
    expect("select cairn.outgoing_key('" NIGHT "', 1, 0)", NIGHT "/1/0/k");
    react("{\"kind\":\"event\"}", "[]", "[]");
    expect("select count(*) from cairn.advance_process('night', 1, 1, 2)", "0");
    expect("select count(*) from cairn.timers", "0");
    expect("select count(*) from cairn.outgoing", "1");
    expect("select held from cairn.advance_process('night', 2, 2, 2)", "f");
}

/* A crash may take the checkpoint back behind both, since its moves do not wait for the disk. */
static void a_refusal_in_the_range_of_its_command_leaves_nothing_to_deliver(void **state)
{
    (void)state;
    react("{\"kind\":\"event\"}", "[]", SENT);
    react("{\"kind\":\"refusal\",\"version\":1,\"number\":0}", "[]", "[]");
    expect("select count(*) from " ADVANCE, "0");
    expect("select count(*) from cairn.outgoing", "0");
    expect("select count(*) from cairn.verify_processes()", "0");
}

static void what_people_wrote_wrong_is_skipped(void **state)
{
    (void)state;
    react("7", "{\"name\":\"dawn\"}", "[7, {\"to\":\"" LAMP "\"}, null]");
    react("null", "[7, null, {\"at\":\"2030-01-01T06:00:00Z\"}]", "\"nothing\"");
    expect("select count(*) from " ADVANCE, "0");
    expect("select (select count(*) from cairn.timers) + (select count(*) from cairn.outgoing)",
           "0");
}

/* Timers, commands and associations of others may be many: a range reads its own. */
static void long_tables_are_read_by_index(void **state)
{
    (void)state;
    fixture_sql(url,
                "insert into cairn.timers select 'night', 'night-' || gen_random_uuid(), 'dawn',"
                "     '2100-01-01', 1 from generate_series(1, 20000);"
                "insert into cairn.associations select 'night', 'room', gen_random_uuid(),"
                "     'night-' || gen_random_uuid(), 1 from generate_series(1, 20000);"
                "insert into cairn.outgoing select 'night', 'night-' || gen_random_uuid(), 1, 0, i,"
                "     '" LAMP "', 'put_out', 'POST', '/', '{}' from generate_series(1, 20000) i;"
                "delete from cairn.outgoing where position <= 19990;" /* dead rows, and ten */
                "analyze cairn.timers, cairn.associations, cairn.outgoing");
    for (int i = 0; i < 20; i++)
        react("{\"kind\":\"event\"}", "[{\"name\":\"dawn\",\"at\":\"2030-01-01T06:00:00Z\"}]",
              SENT);
    react("{\"kind\":\"refusal\",\"version\":1,\"number\":0}", "[]", "[]");
    int64_t read = fixture_sql_int(
        url, "begin;"
             "select * from " ADVANCE ";"
             "select * from cairn.due_timers('night', now(), 10);"
             "select * from cairn.outgoing_page('night', '{lamp}', false, 19990, 0, 5);"
             "select cairn.settle_outgoing('night', 1, array['" NIGHT "'], '{2}', '{0}', '{1}',"
             "     array[null]);"
             "select sum(seq_tup_read + idx_tup_fetch) from pg_stat_xact_user_tables"
             "    where relname in ('timers', 'associations', 'outgoing')");
    if (read > 500)
        fail_msg("%lld rows were read for twenty reactions", (long long)read);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reaction_becomes_its_commands_and_timers),
        TEST(a_refusal_in_the_range_of_its_command_leaves_nothing_to_deliver),
        TEST(what_people_wrote_wrong_is_skipped),
        TEST(long_tables_are_read_by_index),
    };
    return cmocka_run_group_tests_name("process_tables", tests, NULL, NULL);
}
