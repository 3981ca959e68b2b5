/* test_forged_appends.c - what holds for the log although a caller with the writer's role calls the
 * append functions with what the services would never send. */
#include "../support/fixture.h"
#include "../support/support.h"

#include "postgres/postgres.h"

#include <stdio.h>
#include <string.h>

static char url[512];
static struct cairn_pg *pg;

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    fixture_sql(url, "select cairn.append('pot-1', 'PotFilled', '{}');"
                     "select cairn.append('pot-2', 'PotFilled', '{}')");
    assert_int_equal(cairn_pg_open(url, "forger", &pg, NULL), 0);
    return cairn_pg_script(pg, "set role cairn_writer", NULL);
}

static int teardown(void **state)
{
    (void)state;
    cairn_pg_close(pg);
    fixture_drop(url);
    return 0;
}

static void assert_log_unchanged(void)
{
    char log[200];
    fixture_sql_text(url,
                     "select string_agg(format('%s:%s:%s', position, stream, version), ' '"
                     " order by position) from cairn.events",
                     log, sizeof log);
    assert_string_equal(log, "1:pot-1:1 2:pot-2:1");
}

static void assert_refused(const char *sql, const char *state, const char *message)
{
    struct cairn_error error = {0};
    assert_true(cairn_pg_script(pg, sql, &error) < 0);
    if (strcmp(cairn_pg_state(pg), state) != 0 || !strstr(error.message, message))
        fail_msg("wanted %s and \"%s\", saw %s and %s", state, message, cairn_pg_state(pg),
                 error.message);
    assert_log_unchanged();
}

/* One call of cairn.append_all with two events; and what of it is forged. */
struct whole {
    const char *streams;
    const char *versions;
    const char *numbers;
    const char *data;
    const char *command; /* number of its last event, and how many it has; NULL: no command */
};

static void whole_sql(const struct whole *whole, char *ret, size_t size)
{
    char numbers[60];
    (void)snprintf(numbers, sizeof numbers, "array[%s]::bigint[]",
                   whole->command ? whole->command : "");
    (void)snprintf(
        ret, size,
        "select position from cairn.append_all(array[%s], array[%s]::bigint[],"
        " array[%s]::bigint[], array[null, null]::uuid[], array[gen_random_uuid(),"
        " gen_random_uuid()], array['PotFilled', 'PotFilled'], array[1, 1]::bigint[],"
        " array[%s]::json[], array['{}', '{}']::json[], (%s)[1:1], %s, %s, %s, (%s)[2:2],"
        " '{}', '{}', '{}', false, 0)",
        whole->streams, whole->versions, whole->numbers, whole->data ? whole->data : "'{}', '{}'",
        numbers, whole->command ? "array[gen_random_uuid()]" : "'{}'",
        whole->command ? "array[1]" : "'{}'", whole->command ? "array[200]" : "'{}'", numbers);
}

static void assert_nothing_written(const struct whole *whole)
{
    char sql[1000];
    whole_sql(whole, sql, sizeof sql);
    assert_int_equal(cairn_pg_script(pg, sql, NULL), 0);
    assert_log_unchanged();
}

static void a_batch_as_a_whole_is_not_written_where_a_stream_ends_otherwise(void **state)
{
    (void)state;
    assert_nothing_written(&(struct whole){"'pot-1', 'pot-2'", "2, 3", "1, 1", NULL, NULL});
    assert_nothing_written(&(struct whole){"'pot-1', 'pot-2'", "2, 1", "1, 1", NULL, NULL});
    assert_nothing_written(&(struct whole){"'pot-1', 'pot-3'", "2, 2", "1, 1", NULL, NULL});
    assert_nothing_written(&(struct whole){"'pot-1', 'pot-2'", "2, null", "1, 1", NULL, NULL});
    assert_nothing_written(&(struct whole){"'pot-1', 'pot-2'", "2, 2", "1, null", NULL, NULL});
    assert_nothing_written(&(struct whole){"'pot-1', 'pot-2'", "2, 2", "1, 0", NULL, NULL});
}

static void an_event_that_claims_to_be_a_later_one_of_its_stream_leaves_no_gap(void **state)
{
    (void)state;
    char sql[1000];
    static const struct whole forged[] = {
        {"'pot-1', 'pot-2'", "2, 5", "1, 2", NULL, NULL},
        {"'pot-1', 'pot-1'", "2, 4", "1, 2", NULL, NULL},
        {"'pot-3', 'pot-4'", "7, 9", "2, 2", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        whole_sql(&forged[i], sql, sizeof sql);
        assert_refused(sql, "CA010", "does not follow");
    }
    whole_sql(&(struct whole){"'pot-1', 'pot-1'", "2, 2", "1, 2", NULL, NULL}, sql, sizeof sql);
    assert_refused(sql, "23505", "events_stream_version_key");
    whole_sql(&(struct whole){"'pot-1', 'pot-1'", "2, 2", "1, 1", NULL, NULL}, sql, sizeof sql);
    assert_refused(sql, "23505", "events_stream_version_key");
}

static void a_command_does_not_claim_events_that_are_not_in_its_batch(void **state)
{
    (void)state;
    char sql[1000];
    static const char *const commands[] = {"3, 1", "2, 3", "1, 0", "null, 1", "1, null"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        whole_sql(&(struct whole){"'pot-1', 'pot-2'", "2, 2", "1, 1", NULL, commands[i]}, sql,
                  sizeof sql);
        assert_refused(sql, "CA010", "not in the batch");
    }
}

static void json_that_no_reader_accepts_is_not_written(void **state)
{
    (void)state;
    char sql[2000];
    whole_sql(
        &(struct whole){"'pot-1', 'pot-2'", "2, 2", "1, 1", "'{}', '{\"a\": \"\\u0000\"}'", NULL},
        sql, sizeof sql);
    assert_refused(sql, "22P02", "jsonb refuses");
    assert_refused("select cairn.append('pot-1', 'PotFilled', '{\"a\": \"\\ud800\"}')", "22P02",
                   "json");
}

/* One call of cairn.append_batch with an append of one event to pot-1; and what of it is forged. */
struct batch {
    const char *condition_events; /* how many the condition counts */
    const char *numbers;
    const char *streams; /* of the events */
    const char *data;
};

static void batch_sql(const struct batch *batch, char *ret, size_t size)
{
    (void)snprintf(
        ret, size,
        "select outcomes from cairn.append_batch(in_streams => '{pot-1}',"
        " in_append_conditions => '{1}', in_append_claims => '{0}', in_append_commands => '{0}',"
        " in_condition_streams => '{1}', in_condition_versions => '{1}',"
        " in_condition_ids => '{null}', in_condition_events => '{%s}',"
        " in_condition_last_ids => '{00000000-0000-0000-0000-000000000001}',"
        " in_event_conditions => array_fill(1::bigint, array[cardinality('{%s}'::text[])]),"
        " in_event_numbers => '{%s}', in_event_streams => '{%s}',"
        " in_event_ids => array_fill(gen_random_uuid(), array[cardinality('{%s}'::text[])]),"
        " in_event_types => array_fill('PotFilled'::text, array[cardinality('{%s}'::text[])]),"
        " in_event_schema_versions => array_fill(1::bigint, array[cardinality('{%s}'::text[])]),"
        " in_event_data => array_fill('%s'::json, array[cardinality('{%s}'::text[])]),"
        " in_event_metas => array_fill('{}'::json, array[cardinality('{%s}'::text[])]),"
        " in_claim_conditions => '{}', in_claim_slots => '{}', in_claim_streams => '{}',"
        " in_claim_taken => '{}', in_claim_scopes => '{}', in_claim_keys => '{}',"
        " in_command_conditions => '{}', in_command_streams => '{}', in_command_ids => '{}',"
        " in_command_hashes => '{}', in_command_statuses => '{}', in_command_ends => '{}',"
        " in_command_events => '{}', in_type_categories => '{}', in_type_names => '{}',"
        " in_type_versions => '{}')",
        batch->condition_events, batch->streams, batch->numbers, batch->streams, batch->streams,
        batch->streams, batch->streams, batch->data, batch->streams, batch->streams);
}

static void a_batch_whose_rows_are_not_those_that_its_conditions_count_is_refused(void **state)
{
    (void)state;
    static const struct batch forged[] = {
        {"2", "1", "pot-1", "{}"},         {"1", "1,2", "pot-1,pot-1", "{}"},
        {"1", "2", "pot-1", "{}"},         {"1", "0", "pot-1", "{}"},
        {"2", "1,3", "pot-1,pot-1", "{}"}, {"1", "1", "pot-2", "{}"},
        {"2", "1,2", "pot-1,pot-2", "{}"}, {"0", "1", "pot-1", "{}"},
        {"1", "null", "pot-1", "{}"},      {"-1", "1", "pot-1", "{}"},
    };
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        char sql[4000];
        batch_sql(&forged[i], sql, sizeof sql);
        assert_refused(sql, "CA010", "are on their streams");
    }
    char sql[4000];
    batch_sql(&(struct batch){"2", "1,1", "pot-1,pot-1", "{}"}, sql, sizeof sql);
    assert_refused(sql, "23505", "events_");
    batch_sql(&(struct batch){"1", "1", "pot-1", "{\"a\": \"\\u0000\"}"}, sql, sizeof sql);
    assert_refused(sql, "22P02", "jsonb refuses");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_as_a_whole_is_not_written_where_a_stream_ends_otherwise),
        cmocka_unit_test(an_event_that_claims_to_be_a_later_one_of_its_stream_leaves_no_gap),
        cmocka_unit_test(a_command_does_not_claim_events_that_are_not_in_its_batch),
        cmocka_unit_test(json_that_no_reader_accepts_is_not_written),
        cmocka_unit_test(a_batch_whose_rows_are_not_those_that_its_conditions_count_is_refused),
    };
    return cmocka_run_group_tests_name("forged appends", tests, setup, teardown);
}
