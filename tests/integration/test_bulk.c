/* test_bulk.c - bulk reads from a real log, and their failures. */
#include "../support/fixture.h"
#include "../support/support.h"

#include "store/read/bulk_read.h"

#include <stdio.h>
#include <string.h>

/* More than two slices. Every tenth stream is of another category, every hundredth event of a type
 * of its own. */
enum { EVENTS = 110000 };

static const char fill[] =
    "insert into cairn.events select 0, g,"
    " case g % 10 when 0 then 'jar-' else 'pot-' end || g, 1,"
    " case g % 100 when 0 then 'It''s rare \\ ' else 'Common' end, 1 + g % 3, gen_random_uuid(),"
    " json_build_object('n', g, 'text', repeat('x', g % 300)), '{\"service\":\"test\"}',"
    " '2026-01-01'::timestamptz + g * interval '1 ms'"
    " from generate_series(1, 110000) g";

static struct bench {
    char url[512];
    struct cairn_store *store;
    struct cairn_arena arena;
} bench;

static int open_all(void **state)
{
    (void)state;
    fixture_database(bench.url, sizeof bench.url);
    fixture_sql(bench.url, fill);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    fixture_drop(bench.url);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(cairn_store_open(bench.url, "bulk", &bench.store, NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_store_close(bench.store);
    cairn_arena_close(&bench.arena);
    return 0;
}

/* ---- helpers ---- */

static struct cairn_bulk *open_bulk(int64_t from, int64_t to,
                                    const struct cairn_event_filter *filter)
{
    struct cairn_bulk *bulk = NULL;
    assert_int_equal(cairn_bulk_open(bench.store, from, to, filter, &bulk, NULL), 0);
    return bulk;
}

/* Reads to the end. Returns the number of events, or the error. */
static int64_t count(int64_t from, int64_t to, const struct cairn_event_filter *filter)
{
    struct cairn_bulk *bulk = open_bulk(from, to, filter);
    struct cairn_stored_event event;
    int64_t events = 0;
    int got;
    while ((got = cairn_bulk_next(bulk, &event, NULL)) == 1)
        events++;
    cairn_bulk_close(bulk);
    return got < 0 ? got : events;
}

static void expect_store_to_answer(void)
{
    assert_int_equal(cairn_store_head(bench.store, NULL), EVENTS);
}

/* ---- reading ---- */

static void every_position_comes_once_in_order(void **state)
{
    (void)state;
    struct cairn_bulk *bulk = open_bulk(0, INT64_MAX, NULL);
    struct cairn_stored_event event;
    for (int64_t position = 1; position <= EVENTS; position++) {
        assert_int_equal(cairn_bulk_next(bulk, &event, NULL), 1);
        assert_int_equal(event.position, position);
    }
    assert_int_equal(cairn_bulk_next(bulk, &event, NULL), 0);
    assert_int_equal(cairn_bulk_next(bulk, &event, NULL), 0);
    cairn_bulk_close(bulk);
    expect_store_to_answer();
}

static void expect_same(const struct cairn_stored_event *a, const struct cairn_stored_event *b)
{
    assert_int_equal(a->position, b->position);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->schema_version, b->schema_version);
    assert_int_equal(a->recorded_at.us, b->recorded_at.us);
    assert_true(cairn_uuid_equal(a->event_id, b->event_id));
    assert_string_equal(a->stream, b->stream);
    assert_string_equal(a->type, b->type);
    assert_string_equal(a->data, b->data);
    assert_int_equal(a->data_bytes, b->data_bytes);
    assert_string_equal(a->meta, b->meta);
}

static void events_are_what_a_range_gives(void **state)
{
    (void)state;
    const int64_t from = 49500; /* across the end of a slice that begins at 0 or here */
    const struct cairn_stored_event *read = NULL;
    int64_t all =
        cairn_store_read_range(bench.store, from, from + 1000, NULL, &bench.arena, &read, NULL);
    assert_int_equal(all, 1000);
    struct cairn_bulk *bulk = open_bulk(from, from + 1000, NULL);
    struct cairn_stored_event event;
    for (int64_t i = 0; i < all; i++) {
        assert_int_equal(cairn_bulk_next(bulk, &event, NULL), 1);
        expect_same(&event, &read[i]);
    }
    assert_int_equal(cairn_bulk_next(bulk, &event, NULL), 0);
    cairn_bulk_close(bulk);
}

static void a_range_ends_where_the_log_does(void **state)
{
    (void)state;
    assert_int_equal(count(EVENTS - 5, INT64_MAX, NULL), 5);
    assert_int_equal(count(EVENTS, INT64_MAX, NULL), 0);
    assert_int_equal(count(EVENTS + 1000, EVENTS + 2000, NULL), 0);
    assert_int_equal(count(10, 10, NULL), 0);
    assert_int_equal(count(10, 5, NULL), 0);
}

static void types_and_categories_are_filtered(void **state)
{
    (void)state;
    const char *const rare[] = {"It's rare \\ ", NULL};
    const char *const both[] = {"It's rare \\ ", "Common", NULL};
    const char *const none[] = {NULL};
    const char *const jars[] = {"jar", NULL};
    const char *const pots[] = {"pot", "kettle", NULL};
    assert_int_equal(count(0, INT64_MAX, &(struct cairn_event_filter){.types = rare}), 1100);
    assert_int_equal(count(0, INT64_MAX, &(struct cairn_event_filter){.types = both}), EVENTS);
    assert_int_equal(count(0, 1000, &(struct cairn_event_filter){.types = none}), 1000);
    assert_int_equal(count(0, INT64_MAX, &(struct cairn_event_filter){.categories = jars}), 11000);
    assert_int_equal(count(0, 1000, &(struct cairn_event_filter){.categories = pots}), 900);
    assert_int_equal(count(0, 1000, &(struct cairn_event_filter){rare, pots}), 0);
}

static void a_name_is_never_sql(void **state)
{
    (void)state;
    static const char *const names[] = {
        "'",  "\\", "\\'", "']); drop table cairn.events; --", "'||(select 'Common')||'",
        "$1", "%s", NULL,
    };
    for (size_t i = 0; names[i]; i++) {
        const char *const types[] = {names[i], NULL};
        assert_int_equal(count(0, 1000, &(struct cairn_event_filter){.types = types}), 0);
        assert_int_equal(count(0, 1000, &(struct cairn_event_filter){.categories = types}), 0);
    }
    const char *const broken[] = {"\xFF", NULL};
    assert_int_equal(count(0, 1000, &(struct cairn_event_filter){.types = broken}), -CAIRN_INVALID);
    expect_store_to_answer();
}

/* ---- failures ---- */

static void an_early_end_leaves_a_store_that_answers(void **state)
{
    (void)state;
    struct cairn_stored_event event;
    for (int events = 0; events < 10; events++) {
        struct cairn_bulk *bulk = open_bulk(0, INT64_MAX, NULL);
        for (int i = 0; i < events; i++)
            assert_int_equal(cairn_bulk_next(bulk, &event, NULL), 1);
        cairn_bulk_close(bulk);
        expect_store_to_answer();
    }
}

/* Reads until it fails. Returns the last position. */
static int64_t read_until_failure(struct cairn_bulk *bulk, int wanted)
{
    struct cairn_stored_event event = {.position = 0};
    int64_t position = 0;
    int got;
    while ((got = cairn_bulk_next(bulk, &event, NULL)) == 1)
        position = event.position;
    assert_int_equal(got, wanted);
    assert_int_equal(cairn_bulk_next(bulk, &event, NULL), 0);
    return position;
}

static void a_lost_connection_is_unavailable_and_can_be_gone_on_from(void **state)
{
    (void)state;
    struct cairn_stored_event event;
    struct cairn_bulk *bulk = open_bulk(0, INT64_MAX, NULL);
    assert_int_equal(cairn_bulk_next(bulk, &event, NULL), 1);
    fixture_sql(bench.url, "select pg_terminate_backend(pid) from pg_stat_activity"
                           " where application_name = 'bulk' and datname = current_database()");
    int64_t position = read_until_failure(bulk, -CAIRN_UNAVAILABLE);
    cairn_bulk_close(bulk);
    assert_true(position < EVENTS);
    assert_int_equal(count(position, INT64_MAX, NULL), EVENTS - position);
}

static void a_call_during_a_bulk_read_fails_both(void **state)
{
    (void)state;
    struct cairn_stored_event event;
    struct cairn_bulk *bulk = open_bulk(0, INT64_MAX, NULL);
    assert_int_equal(cairn_bulk_next(bulk, &event, NULL), 1);
    assert_int_equal(cairn_store_head(bench.store, NULL), -CAIRN_UNAVAILABLE);
    assert_int_equal(read_until_failure(bulk, -CAIRN_UNAVAILABLE), 0);
    expect_store_to_answer();
    cairn_bulk_close(bulk);
    expect_store_to_answer();
}

/* ---- the copy interface ---- */

static int begin(const char *sql, struct cairn_error *error)
{
    struct cairn_pg_copy_out *copy = NULL;
    int failed = cairn_pg_copy_out_begin(cairn_store_pg(bench.store), sql, 1, &copy, error);
    assert_true(failed == 0 || !copy);
    cairn_pg_copy_out_end(copy);
    return failed;
}

static void what_is_no_copy_of_that_width_is_a_bug(void **state)
{
    (void)state;
    struct cairn_pg *pg = cairn_store_pg(bench.store);
    assert_int_equal(begin("copy (select 1) to stdout (format binary)", NULL), 0);
    assert_int_equal(begin("copy (select 1) to stdout", NULL), -CAIRN_BUG);
    assert_int_equal(begin("copy (select 1, 2) to stdout (format binary)", NULL), -CAIRN_BUG);
    assert_int_equal(begin("copy cairn.store from stdin (format binary)", NULL), -CAIRN_BUG);
    assert_int_equal(begin("select 1", NULL), -CAIRN_BUG);
    assert_int_equal(begin("", NULL), -CAIRN_BUG);
    expect_store_to_answer();
    int64_t connection = cairn_pg_connection_number(pg);
    assert_int_equal(begin("copy (select wrong) to stdout (format binary)", NULL), -CAIRN_BUG);
    assert_string_equal(cairn_pg_state(pg), "42703");
    expect_store_to_answer();
    assert_int_equal(cairn_pg_connection_number(pg), connection);
}

static void a_copy_inside_a_transaction_is_a_bug(void **state)
{
    (void)state;
    struct cairn_pg *pg = cairn_store_pg(bench.store);
    assert_int_equal(cairn_pg_script(pg, "begin", NULL), 0);
    assert_int_equal(begin("copy (select 1) to stdout (format binary)", NULL), -CAIRN_BUG);
    assert_int_equal(cairn_pg_script(pg, "rollback", NULL), 0);
    assert_int_equal(begin("copy (select 1) to stdout (format binary)", NULL), 0);
}

static void an_error_in_the_middle_is_the_servers_and_leaves_the_connection(void **state)
{
    (void)state;
    struct cairn_pg *pg = cairn_store_pg(bench.store);
    struct cairn_pg_copy_out *copy = NULL;
    struct cairn_error error = {0};
    assert_int_equal(
        cairn_pg_copy_out_begin(pg,
                                "copy (select 10 / (5 - g) from generate_series(1, 10) g)"
                                " to stdout (format binary)",
                                1, &copy, NULL),
        0);
    int64_t connection = cairn_pg_connection_number(pg);
    for (int g = 1; g < 5; g++) {
        assert_int_equal(cairn_pg_copy_out_next(copy, NULL), 1);
        assert_int_equal(cairn_pg_out_integer(copy, 0), 10 / (5 - g));
    }
    assert_int_equal(cairn_pg_copy_out_next(copy, &error), -CAIRN_INVALID);
    assert_non_null(strstr(error.message, "division by zero"));
    assert_int_equal(cairn_pg_copy_out_next(copy, NULL), 0);
    cairn_pg_copy_out_end(copy);
    expect_store_to_answer();
    assert_int_equal(cairn_pg_connection_number(pg), connection);
}

static void a_server_that_falls_silent_is_given_up(void **state)
{
    (void)state;
    struct cairn_pg *pg = cairn_store_pg(bench.store);
    struct cairn_pg_copy_out *copy = NULL;
    int got;
    cairn_pg_set_deadline(pg, CAIRN_MILLISECONDS(300));
    assert_int_equal(begin("copy (select pg_sleep(60)::text) to stdout (format binary)", NULL),
                     -CAIRN_UNAVAILABLE);
    assert_int_equal(
        cairn_pg_copy_out_begin(pg,
                                "copy (select repeat('x', 1000) || case g when 1000"
                                " then pg_sleep(60)::text else '' end"
                                " from generate_series(1, 1000) g) to stdout (format binary)",
                                1, &copy, NULL),
        0);
    while ((got = cairn_pg_copy_out_next(copy, NULL)) == 1)
        assert_int_equal(cairn_pg_out_bytes(copy, 0), 1000);
    assert_int_equal(got, -CAIRN_UNAVAILABLE);
    assert_int_equal(cairn_pg_copy_out_next(copy, NULL), 0);
    cairn_pg_copy_out_end(copy);
    cairn_pg_set_deadline(pg, CAIRN_SECONDS(10));
    expect_store_to_answer();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(every_position_comes_once_in_order),
        TEST(events_are_what_a_range_gives),
        TEST(a_range_ends_where_the_log_does),
        TEST(types_and_categories_are_filtered),
        TEST(a_name_is_never_sql),
        TEST(an_early_end_leaves_a_store_that_answers),
        TEST(a_lost_connection_is_unavailable_and_can_be_gone_on_from),
        TEST(a_call_during_a_bulk_read_fails_both),
        TEST(what_is_no_copy_of_that_width_is_a_bug),
        TEST(a_copy_inside_a_transaction_is_a_bug),
        TEST(an_error_in_the_middle_is_the_servers_and_leaves_the_connection),
        TEST(a_server_that_falls_silent_is_given_up),
    };
    return cmocka_run_group_tests_name("bulk", tests, open_all, close_all);
}
