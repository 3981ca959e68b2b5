/* test_readers.c - guarantees for readers of the log, whatever other sessions do: store.h (2) and
 * (3). */
#include "../support/fixture.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "store/append/append.h"
#include "store/read/bulk_read.h"
#include "store/read/log_follower.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { WRITERS = 4, ROUNDS = 250, HOLD_MS = 1000, LONG_MS = 60000 };

static struct bench {
    char url[512];
    char writer_url[600];
    struct cairn_store *store; /* the reader's */
    struct cairn_follower *follower;
    struct cairn_arena arena;
    atomic_int failures; /* of writers */
} bench;

static int setup(void **state)
{
    char reader_url[600];
    (void)state;
    fixture_database(bench.url, sizeof bench.url);
    fixture_url_as(bench.url, "cairn_writer", bench.writer_url, sizeof bench.writer_url);
    fixture_url_as(bench.url, "cairn_projector", reader_url, sizeof reader_url);
    assert_int_equal(cairn_store_open(reader_url, "reader", &bench.store, NULL), 0);
    assert_int_equal(cairn_follower_open(reader_url, "follower", &bench.follower, NULL), 0);
    atomic_store(&bench.failures, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_follower_close(bench.follower);
    cairn_store_close(bench.store);
    cairn_arena_close(&bench.arena);
    fixture_drop(bench.url);
    return 0;
}

/* ---- writers ---- */

struct writer {
    pthread_t thread;
    int number;
};

/* Makes one append of one to three events. */
static int append(struct cairn_store *store, const char *stream, size_t count)
{
    static const char *const types[] = {"Common", "Rare", "Common"};
    struct cairn_arena arena = {0};
    struct cairn_appended appended;
    struct cairn_new_event events[3];
    for (size_t i = 0; i < count; i++)
        events[i] = (struct cairn_new_event){.id = cairn_uuid_make(),
                                             .type = types[i],
                                             .schema_version = 1,
                                             .data = "{}",
                                             .meta = "{}"};
    const struct cairn_write write = {.expected = {.stream = stream, .version = CAIRN_VERSION_ANY},
                                      .events = events,
                                      .event_count = count};
    const struct cairn_append one = {.writes = &write, .write_count = 1};
    int failed = cairn_store_append(store, &one, &arena, &appended, NULL);
    cairn_arena_close(&arena);
    return failed;
}

static void *write_rounds(void *context)
{
    static const char *const categories[] = {"pot", "jar", "pots", "pot_lid"};
    const struct writer *writer = context;
    struct cairn_store *store = NULL;
    char stream[64];
    if (cairn_store_open(bench.writer_url, "writer", &store, NULL) < 0)
        return NULL;
    for (int i = 0; i < ROUNDS; i++) {
        (void)snprintf(stream, sizeof stream, "%s-%d", categories[writer->number], i % 7);
        if (append(store, stream, (size_t)(1 + i % 3)) != 0)
            atomic_fetch_add(&bench.failures, 1);
    }
    cairn_store_close(store);
    return NULL;
}

static void start_writers(struct writer *writers)
{
    for (int i = 0; i < WRITERS; i++) {
        writers[i].number = i;
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_rounds, &writers[i]), 0);
    }
}

static void join_writers(struct writer *writers)
{
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
    assert_int_equal(atomic_load(&bench.failures), 0);
}

/* Returns the number of appended events: rounds of one, two and three events. */
static int64_t expected_events(void)
{
    int64_t events = 0;
    for (int i = 0; i < ROUNDS; i++)
        events += 1 + i % 3;
    return events * WRITERS;
}

/* ---- other sessions ---- */

static struct cairn_pg *open_session(const char *sql)
{
    struct cairn_pg *pg = NULL;
    assert_int_equal(cairn_pg_open(bench.writer_url, "other", &pg, NULL), 0);
    assert_int_equal(cairn_pg_script(pg, sql, NULL), 0);
    return pg;
}

static void expect_open_transaction(struct cairn_pg *pg, const char *sql)
{
    assert_int_equal(cairn_pg_script(pg, sql, NULL), 0);
    assert_int_equal(cairn_pg_connection_number(pg), 1);
    assert_int_equal(cairn_pg_script(pg, "rollback", NULL), 0);
    cairn_pg_close(pg);
}

/* Appends, holds the lock for a second, and rolls back. */
static void *hold_and_roll_back(void *context)
{
    (void)context;
    struct cairn_pg *pg = NULL;
    if (cairn_pg_open(bench.writer_url, "holder", &pg, NULL) < 0)
        return NULL;
    int failed = cairn_pg_script(pg, "begin; select cairn.append('never-1', 'Never', '{}')", NULL);
    int64_t begun_ms = fixture_now_ms();
    while (fixture_now_ms() - begun_ms < HOLD_MS)
        fixture_nap();
    if (failed || cairn_pg_script(pg, "rollback", NULL) < 0)
        atomic_fetch_add(&bench.failures, 1);
    cairn_pg_close(pg);
    return NULL;
}

/* ---- a reader that follows ---- */

struct reader {
    const struct cairn_event_filter *filter; /* NULL: all events, so positions have no gaps */
    int64_t seen;
    int64_t events;
    const char *wrong_type; /* of events that must not come */
};

static void read_on(struct reader *reader, int64_t head)
{
    const struct cairn_stored_event *events = NULL;
    int64_t last = reader->seen;
    cairn_arena_reset(&bench.arena);
    int64_t count = cairn_store_read_filtered(bench.store, reader->seen, head, reader->filter,
                                              &bench.arena, &events, NULL);
    assert_true(count >= 0);
    for (int64_t i = 0; i < count; i++) {
        assert_true(reader->filter ? events[i].position > last : events[i].position == last + 1);
        assert_string_not_equal(events[i].type, reader->wrong_type);
        last = events[i].position;
    }
    assert_true(reader->filter || last == head);
    reader->events += count;
    reader->seen = head;
}

/* Follows until the log ends at this position. */
static void follow_to(struct reader *reader, int64_t end)
{
    int64_t until_ms = fixture_now_ms() + LONG_MS;
    while (reader->seen < end) {
        int64_t head = cairn_follower_wait(bench.follower, reader->seen,
                                           cairn_monotonic_us() + CAIRN_SECONDS(5), NULL);
        if (fixture_now_ms() > until_ms)
            fail_msg("the reader has come to %" PRId64 " of %" PRId64, reader->seen, end);
        assert_true(head <= end);
        if (head > reader->seen)
            read_on(reader, head);
    }
}

/* ---- tests ---- */

static void a_follower_sees_every_position_once_in_order_and_waits_for_no_idle_session(void **state)
{
    (void)state;
    struct writer writers[WRITERS];
    pthread_t holder;
    struct reader reader = {.wrong_type = "Never"};
    struct cairn_pg *idle = open_session("begin; select txid_current()");
    struct cairn_pg *looking = open_session("begin transaction isolation level repeatable read;"
                                            " select count(*) from cairn.events");
    start_writers(writers);
    assert_int_equal(pthread_create(&holder, NULL, hold_and_roll_back, NULL), 0);
    follow_to(&reader, expected_events());
    assert_int_equal(pthread_join(holder, NULL), 0);
    join_writers(writers);
    assert_int_equal(reader.events, expected_events());
    assert_int_equal(cairn_store_head(bench.store, NULL), reader.seen);
    /* all events came while these two were open */
    expect_open_transaction(idle, "select txid_current()");
    expect_open_transaction(looking, "select 1 / (count(*) = 0)::int from cairn.events");
}

static void an_idle_transaction_holds_up_neither_writers_nor_readers(void **state)
{
    (void)state;
    struct reader reader = {.wrong_type = "Never"};
    struct cairn_pg *idle = open_session("begin; select txid_current()");
    struct cairn_store *store = NULL;
    assert_int_equal(cairn_store_open(bench.writer_url, "writer", &store, NULL), 0);
    for (int i = 1; i <= 5; i++) { /* each is seen before the next is written */
        assert_int_equal(append(store, "pot-1", 1), 0);
        follow_to(&reader, i);
    }
    cairn_store_close(store);
    expect_open_transaction(idle, "select txid_current()");
}

static void what_is_rolled_back_leaves_no_gap(void **state)
{
    (void)state;
    struct reader reader = {.wrong_type = "Never"};
    for (int i = 0; i < 5; i++)
        cairn_pg_close(open_session("begin; select cairn.append('never-1', 'Never', '{}');"
                                    " rollback; select cairn.append('pot-1', 'Common', '{}')"));
    follow_to(&reader, 5);
    assert_int_equal(reader.events, 5);
}

static void a_follower_of_some_types_misses_none_of_them(void **state)
{
    (void)state;
    static const char *const rare[] = {"Rare", NULL};
    const struct cairn_event_filter filter = {.types = rare};
    struct writer writers[WRITERS];
    struct reader reader = {.filter = &filter, .wrong_type = "Common"};
    start_writers(writers);
    follow_to(&reader, expected_events());
    join_writers(writers);
    assert_int_equal(
        reader.events,
        fixture_sql_int(bench.url, "select count(*) from cairn.events where type = 'Rare'"));
}

static int64_t count(int64_t from, int64_t to, const struct cairn_event_filter *filter)
{
    const struct cairn_stored_event *events = NULL;
    cairn_arena_reset(&bench.arena);
    return cairn_store_read_filtered(bench.store, from, to, filter, &bench.arena, &events, NULL);
}

static void a_category_is_what_stands_before_the_first_hyphen(void **state)
{
    (void)state;
    static const char *const pot[] = {"pot", NULL};
    static const char *const two[] = {"pots", "pot_lid", NULL};
    static const char *const part[] = {"po", "pot-", "pot-1", "", NULL};
    static const char *const rare[] = {"Rare", NULL};
    fixture_sql(bench.url, "select cairn.append('pot-1', 'Common', '{}')");
    fixture_sql(bench.url, "select cairn.append('pots-1', 'Common', '{}')");
    fixture_sql(bench.url, "select cairn.append('pot_lid-1', 'Common', '{}')");
    fixture_sql(bench.url, "select cairn.append('pot-a-b', 'Rare', '{}')");
    assert_int_equal(count(0, 4, &(struct cairn_event_filter){.categories = pot}), 2);
    assert_int_equal(count(0, 4, &(struct cairn_event_filter){.categories = two}), 2);
    assert_int_equal(count(0, 4, &(struct cairn_event_filter){.categories = part}), 0);
    assert_int_equal(count(0, 4, &(struct cairn_event_filter){rare, pot}), 1);
    assert_int_equal(count(0, 4, &(struct cairn_event_filter){rare, two}), 0);
    assert_int_equal(count(0, 4, NULL), 4);
}

static void a_filter_works_on_positions_and_never_on_rows(void **state)
{
    (void)state;
    static const char *const rare[] = {"Rare", NULL};
    const struct cairn_event_filter filter = {.types = rare};
    for (int i = 1; i <= 9; i++)
        fixture_sql(bench.url, "select cairn.append('pot-1', 'Common', '{}')");
    fixture_sql(bench.url, "select cairn.append('pot-1', 'Rare', '{}')");
    assert_int_equal(count(0, 9, &filter), 0); /* the matching event is after the range */
    assert_int_equal(count(9, 10, &filter), 1);
    assert_int_equal(count(10, 20, &filter), 0);
}

static void a_bulk_reader_sees_every_position_up_to_the_head_while_others_write(void **state)
{
    (void)state;
    struct writer writers[WRITERS];
    int64_t seen = 0;
    start_writers(writers);
    while (seen < expected_events()) {
        struct cairn_bulk *bulk = NULL;
        struct cairn_stored_event event;
        int64_t head = cairn_store_head(bench.store, NULL);
        assert_int_equal(cairn_bulk_open(bench.store, seen, INT64_MAX, NULL, &bulk, NULL), 0);
        for (; cairn_bulk_next(bulk, &event, NULL) == 1; seen++)
            assert_int_equal(event.position, seen + 1);
        cairn_bulk_close(bulk);
        assert_true(seen >= head);
    }
    join_writers(writers);
    assert_int_equal(seen, cairn_store_head(bench.store, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_follower_sees_every_position_once_in_order_and_waits_for_no_idle_session),
        TEST(an_idle_transaction_holds_up_neither_writers_nor_readers),
        TEST(what_is_rolled_back_leaves_no_gap),
        TEST(a_follower_of_some_types_misses_none_of_them),
        TEST(a_category_is_what_stands_before_the_first_hyphen),
        TEST(a_filter_works_on_positions_and_never_on_rows),
        TEST(a_bulk_reader_sees_every_position_up_to_the_head_while_others_write),
    };
    return cmocka_run_group_tests_name("readers", tests, NULL, NULL);
}
