/* test_tags.c - tags and boundaries on a real PostgreSQL: events are found by their tags, an append
 * is refused if an event has come within its boundaries, and the log proves the table of tags. */
#include "../support/fixture.h"
#include "../support/support.h"

#include "core/containers/buffer.h"
#include "core/threads/clock.h"
#include "store/append/append.h"
#include "store/append/append_batch.h"
#include "store/commit/appender.h"
#include "store/read/tagged.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bench {
    char url[512];
    struct cairn_store *store;
    struct cairn_arena arena;
    bool
        defers; /* the appenders' batches commit before their flush, whether that is faster or not */
} bench;

static struct cairn_store *open_store(void)
{
    struct cairn_store *store = NULL;
    assert_int_equal(cairn_store_open(bench.url, "tags", &store, NULL), 0);
    return store;
}

static int setup(void **state)
{
    (void)state;
    fixture_database(bench.url, sizeof bench.url);
    bench.store = open_store();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_store_close(bench.store);
    cairn_arena_close(&bench.arena);
    fixture_drop(bench.url);
    return 0;
}

/* ---- helpers ---- */

static int64_t sql_int(const char *sql)
{
    return fixture_sql_int(bench.url, sql);
}

static int64_t problems(void)
{
    return sql_int("select (select count(*) from cairn.verify_tags())"
                   " + (select count(*) from cairn.verify_table_of_tags())");
}

/* Executes a statement that must fail, and compares its message. */
static void expect_sql_error(const char *sql, const char *message)
{
    PGconn *pg = fixture_connect(bench.url);
    PGresult *result = PQexec(pg, sql);
    assert_int_equal(PQresultStatus(result), PGRES_FATAL_ERROR);
    const char *seen = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!strstr(seen, message))
        fail_msg("\"%s\" does not contain \"%s\"", seen, message);
    PQclear(result);
    PQfinish(pg);
}

static const char *const TAKEN[] = {"SeatTaken", NULL};

/* One append of one event with up to two tags and boundaries. */
struct taking {
    const char *tags[2];
    struct cairn_new_event event;
    struct cairn_write write;
    struct cairn_boundary boundaries[2];
    struct cairn_append append;
};

static void prepare(struct taking *ret, struct cairn_arena *arena, const char *type,
                    const char *tag, const char *other, const char *data)
{
    struct cairn_buffer meta = cairn_buffer(arena);
    *ret = (struct taking){.tags = {tag, other}};
    size_t count = (size_t)(tag != NULL) + (size_t)(other != NULL);
    cairn_buffer_text(&meta, "{\"tags\":[");
    for (size_t i = 0; i < count; i++)
        cairn_buffer_print(&meta, "%s\"%s\"", i ? "," : "", ret->tags[i]);
    cairn_buffer_text(&meta, "]}");
    ret->event = (struct cairn_new_event){.id = cairn_uuid_make(),
                                          .type = type,
                                          .schema_version = 1,
                                          .data = data,
                                          .meta = meta.text,
                                          .tags = ret->tags,
                                          .tag_count = count};
    ret->write = (struct cairn_write){
        .expected = {.stream = cairn_stream_name(arena, "seat", cairn_uuid_make())},
        .events = &ret->event,
        .event_count = 1};
    ret->append = (struct cairn_append){
        .writes = &ret->write, .write_count = 1, .boundaries = ret->boundaries};
}

static void add_boundary(struct taking *taking, const char *tag, int64_t after,
                         struct cairn_uuid after_id, struct cairn_uuid last_id)
{
    taking->boundaries[taking->append.boundary_count++] =
        (struct cairn_boundary){tag, TAKEN, after, after_id, last_id};
}

static int append_taking(const struct taking *taking, struct cairn_appended *ret,
                         struct cairn_error *error)
{
    struct cairn_appended appended;
    return cairn_store_append(bench.store, &taking->append, &bench.arena, ret ? ret : &appended,
                              error);
}

static const struct cairn_uuid none;

/* Appends an event, and returns its position. */
static int64_t add(const char *type, const char *tag, const char *other)
{
    struct taking taking;
    struct cairn_appended appended;
    prepare(&taking, &bench.arena, type, tag, other, "{}");
    assert_int_equal(append_taking(&taking, &appended, NULL), 0);
    return appended.position;
}

/* ---- tags ---- */

static void events_are_found_by_their_tags_in_any_stream(void **state)
{
    (void)state;
    int64_t first = add("SeatTaken", "show:1", "guest:ada");
    (void)add("SeatTaken", "show:2", "guest:ada");
    (void)add("SeatLeft", "show:1", "guest:bob");
    (void)add("Unrelated", NULL, NULL);
    char sql[300];
    assert_int_equal(sql_int("select count(*) from cairn.read_tagged('{show:1}')"), 2);
    assert_int_equal(sql_int("select count(*) from cairn.read_tagged('{guest:ada}')"), 2);
    assert_int_equal(sql_int("select position from cairn.read_tagged('{show:1,guest:ada}')"),
                     first);
    assert_int_equal(
        sql_int("select count(*) from cairn.read_tagged('{show:1}', '{SeatLeft,Other}')"), 1);
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from cairn.read_tagged('{show:1}', null, %lld)",
                   (long long)first);
    assert_int_equal(sql_int(sql), 1);
    assert_int_equal(sql_int("select count(*) from cairn.read_tagged('{show:1}', null, 0, 1)"), 1);
    assert_int_equal(sql_int("select count(*) from cairn.read_tagged('{show:3}')"), 0);
    expect_sql_error("select cairn.read_tagged('{}')", "no tag is named");
    expect_sql_error("select cairn.read_tagged('{show}')", "\"show\" is not a tag");
    assert_int_equal(problems(), 0);
}

static void tags_are_loaded_with_the_head_they_were_read_at(void **state)
{
    (void)state;
    (void)add("SeatTaken", "load:1", NULL);
    int64_t second = add("SeatTaken", "load:1", "load:2");
    (void)add("SeatLeft", "load:1", NULL);
    struct cairn_tagged_load loads[] = {
        {.tag = "load:1", .types = cairn_types_text(TAKEN, &bench.arena)},
        {.tag = "load:3", .types = cairn_types_text(TAKEN, &bench.arena)},
        {.tag = "load:2", .types = cairn_types_text(TAKEN, &bench.arena)}};
    assert_int_equal(cairn_store_load_tagged(bench.store, loads, 3, 10, &bench.arena, NULL), 0);
    assert_int_equal(loads[0].count, 2);
    assert_int_equal(loads[0].events[1].position, second);
    assert_int_equal(loads[1].count, 0);
    assert_int_equal(loads[2].count, 1);
    assert_int_equal(loads[2].head, sql_int("select cairn.head()"));
    assert_true(loads[0].begins && loads[1].begins);

    (void)add("SeatTaken", "load:1", NULL);
    struct cairn_tagged_load more = {.tag = "load:1",
                                     .types = loads[0].types,
                                     .after = loads[0].head,
                                     .after_id = loads[0].head_id};
    assert_int_equal(cairn_store_load_tagged(bench.store, &more, 1, 10, &bench.arena, NULL), 0);
    assert_false(more.begins);
    assert_int_equal(more.count, 1);
    more.after_id = cairn_uuid_make(); /* another history */
    assert_int_equal(cairn_store_load_tagged(bench.store, &more, 1, 2, &bench.arena, NULL), 0);
    assert_true(more.begins && more.more);
}

static void a_tag_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char tag[300] = "show:";
    memset(tag + 5, 'x', 250);
    struct taking taking;
    struct cairn_error error = {0};
    prepare(&taking, &bench.arena, "SeatTaken", tag, NULL, "{}");
    assert_int_equal(append_taking(&taking, NULL, &error), -CAIRN_INVALID);
    assert_non_null(strstr(error.message, "has 255 bytes, of 1 to 200"));
}

static void tags_are_rebuilt_from_the_log(void **state)
{
    (void)state;
    char url[600];
    int64_t position = add("SeatTaken", "log:1", "log:2");
    fixture_url_as(bench.url, "postgres", url, sizeof url);
    expect_sql_error("delete from cairn.tags", "append-only");
    fixture_sql(url, "alter table cairn.tags disable trigger tags_are_never_changed;"
                     "delete from cairn.tags where tag = 'log:1';"
                     "update cairn.tags set type = 'SeatLeft' where tag = 'log:2';"
                     "insert into cairn.tags values (0, 'log:3', 1, 'SeatTaken')");
    assert_int_equal(problems(), 3);
    assert_int_equal(sql_int("select count(*) from cairn.verify_protection()"), 1);
    assert_int_equal(sql_int("select cairn.rebuild_tags()"), 1);
    assert_int_equal(problems(), 2);
    fixture_sql(url, "update cairn.tags set type = 'SeatTaken' where tag = 'log:2';"
                     "delete from cairn.tags where tag = 'log:3';"
                     "alter table cairn.tags enable always trigger tags_are_never_changed");
    assert_int_equal(problems(), 0);
    assert_int_equal(sql_int("select position from cairn.read_tagged('{log:1}')"), position);
}

/* ---- boundaries ---- */

static void an_append_is_refused_if_an_event_has_come_within_its_boundary(void **state)
{
    (void)state;
    struct taking taking;
    struct cairn_error error = {0};
    int64_t seen = add("SeatTaken", "edge:1", NULL);
    (void)add("SeatLeft", "edge:1", NULL);  /* of another type */
    (void)add("SeatTaken", "edge:2", NULL); /* of another tag */
    prepare(&taking, &bench.arena, "SeatTaken", "edge:1", NULL, "{}");
    add_boundary(&taking, "edge:1", seen, none, none);
    assert_int_equal(append_taking(&taking, NULL, NULL), 0);

    prepare(&taking, &bench.arena, "SeatTaken", "edge:1", NULL, "{}");
    add_boundary(&taking, "edge:2", seen + 2, none, none);
    add_boundary(&taking, "edge:1", seen, none, none);
    assert_int_equal(append_taking(&taking, NULL, &error), -CAIRN_CONFLICT);
    assert_string_equal(error.message, "an event with the tag edge:1 has come meanwhile");
    assert_int_equal(sql_int("select count(*) from cairn.read_tagged('{edge:1}', '{SeatTaken}')"),
                     2);
    assert_int_equal(problems(), 0);
}

static void a_boundary_without_types_is_about_all_of_them(void **state)
{
    (void)state;
    struct taking taking;
    prepare(&taking, &bench.arena, "SeatTaken", "all:1", NULL, "{}");
    add_boundary(&taking, "all:1", sql_int("select cairn.head()"), none, none);
    taking.boundaries[0].types = NULL;
    (void)add("SeatLeft", "all:1", NULL);
    assert_int_equal(append_taking(&taking, NULL, NULL), -CAIRN_CONFLICT);
}

static void a_boundary_of_another_history_is_a_conflict(void **state)
{
    (void)state;
    struct taking taking;
    int64_t head = add("SeatTaken", "past:1", NULL);
    prepare(&taking, &bench.arena, "SeatTaken", "past:2", NULL, "{}");
    add_boundary(&taking, "past:2", head, cairn_uuid_make(), none);
    assert_int_equal(append_taking(&taking, NULL, NULL), -CAIRN_CONFLICT);
    taking.boundaries[0].after = head + 100; /* the log ends before it */
    assert_int_equal(append_taking(&taking, NULL, NULL), -CAIRN_CONFLICT);
}

/* Each is decided on what the ones before it leave behind: an append that knows the event of the
 * one before it builds on it, one that does not fails, and so does one that builds on that. */
static void boundaries_see_what_comes_before_them_in_their_batch(void **state)
{
    (void)state;
    enum { COUNT = 6 };
    struct cairn_append_batch batch;
    struct taking takings[COUNT];
    int64_t head = add("SeatTaken", "batch:0", NULL);
    static const int wanted[COUNT] = {0, 0, -CAIRN_CONFLICT, -CAIRN_CONFLICT, 0, 0};
    cairn_append_batch_init(&batch, &bench.arena);
    for (int i = 0; i < COUNT; i++)
        prepare(&takings[i], &bench.arena, "SeatTaken", i == 4 ? NULL : "batch:1", NULL, "{}");
    add_boundary(&takings[0], "batch:1", head, none, none);
    add_boundary(&takings[1], "batch:1", head, none, takings[0].event.id);
    add_boundary(&takings[2], "batch:1", head, none, none);
    add_boundary(&takings[3], "batch:1", head, none, takings[2].event.id);
    add_boundary(&takings[5], "batch:1", head, none, takings[1].event.id);
    for (int i = 0; i < COUNT; i++)
        cairn_append_batch_add(&batch, &takings[i].append);
    assert_int_equal(cairn_append_batch_call(&batch, bench.store, NULL), 0);
    struct cairn_append_batch_cursor cursor = {0};
    for (int i = 0; i < COUNT; i++) {
        struct cairn_appended appended;
        assert_int_equal(
            cairn_append_batch_next(&batch, &cursor, &takings[i].append, &appended, NULL),
            wanted[i]);
    }
    assert_int_equal(sql_int("select count(*) from cairn.read_tagged('{batch:1}')"), 3);
    assert_int_equal(problems(), 0);
}

/* ---- many at once ---- */

enum { WRITERS = 20, ROUNDS = 30, SHOWS = 3, SEATS = 40 };

/* What an event says it was decided on, so that the log proves each decision by itself. */
#define DATA "{\"after\": %lld, \"taken\": %lld, \"show\": \"%s\"}"

struct writer {
    pthread_t thread;
    struct cairn_appender *appender;
    unsigned seed;
    int rounds;
    int taken, conflicts, failed;
};

/* Reads how many seats of a show are taken. */
static int load_tagged(struct cairn_store *store, struct cairn_arena *arena,
                       struct cairn_tagged_load *ret)
{
    ret->types = cairn_types_text(TAKEN, arena);
    return cairn_store_load_tagged(store, ret, 1, 2 * SEATS, arena, NULL);
}

/* Takes a seat of a show, unless all are taken; every third one into a stream that has to be where
 * it was, too. Returns what the append returns, or 1. */
static int take_seat(struct writer *writer, struct cairn_store *store, struct cairn_arena *arena)
{
    struct taking taking;
    struct cairn_appended appended;
    const char *show = cairn_print(arena, "busy:%d", rand_r(&writer->seed) % SHOWS);
    struct cairn_tagged_load load = {.tag = show};
    if (load_tagged(store, arena, &load) < 0)
        return -CAIRN_UNAVAILABLE;
    if (load.count >= SEATS)
        return 1;
    prepare(&taking, arena, "SeatTaken", show, "busy:all",
            cairn_print(arena, DATA, (long long)load.head, (long long)load.count, show));
    add_boundary(&taking, show, load.head, load.head_id, none);
    if (rand_r(&writer->seed) % 3 == 0)
        taking.write.expected = (struct cairn_expected){"seat-shared", CAIRN_VERSION_ANY, {{0}}};
    return cairn_appender_append(writer->appender, &taking.append, &appended, NULL);
}

static void *take_seats(void *context)
{
    struct writer *writer = context;
    struct cairn_arena arena = {0};
    struct cairn_store *store = open_store();
    for (int i = 0; i < writer->rounds; i++) {
        cairn_arena_reset(&arena);
        int outcome = take_seat(writer, store, &arena);
        writer->taken += outcome == 0;
        writer->conflicts += outcome == -CAIRN_CONFLICT;
        writer->failed += outcome < 0 && outcome != -CAIRN_CONFLICT;
    }
    cairn_store_close(store);
    cairn_arena_close(&arena);
    return NULL;
}

/* Returns how many events were accepted although another had come since they were decided on. */
static int64_t violations(void)
{
    return sql_int("select count(*) from cairn.events e where e.data->>'show' is not null"
                   " and exists (select from cairn.tags t where t.shard = 0"
                   "     and t.tag = e.data->>'show' and t.type = 'SeatTaken'"
                   "     and t.position > (e.data->>'after')::bigint and t.position < e.position)");
}

static int64_t overbooked(void)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from (select tag from cairn.tags where tag ~ '^busy:[0-9]'"
                   " group by tag having count(*) > %d) t",
                   SEATS);
    return sql_int(sql);
}

/* An empty log, so that there are seats. */
static int begin_anew(void **state)
{
    (void)teardown(state);
    bench.arena = (struct cairn_arena){0};
    return setup(state);
}

/* Two processes with ten writers each. Returns how many seats were acknowledged. */
static int64_t run_writers(void (*meanwhile)(void), int rounds)
{
    struct cairn_appender *appenders[2];
    struct writer writers[WRITERS];
    const struct cairn_appender_options options = {.always_defers = bench.defers};
    int64_t taken = 0;
    for (int i = 0; i < 2; i++)
        assert_int_equal(cairn_appender_open(bench.url, "appender", &options, &appenders[i], NULL),
                         0);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){
            .appender = appenders[i % 2], .seed = (unsigned)i + 1, .rounds = rounds};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, take_seats, &writers[i]), 0);
    }
    if (meanwhile)
        meanwhile();
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
        if (!meanwhile)
            assert_int_equal(writers[i].failed, 0);
        taken += writers[i].taken;
    }
    for (int i = 0; i < 2; i++)
        cairn_appender_close(appenders[i]);
    return taken;
}

static void expect_boundaries_to_hold(void)
{
    int64_t taken = run_writers(NULL, ROUNDS);
    assert_true(taken >= SHOWS);
    assert_int_equal(sql_int("select count(*) from cairn.read_tagged('{busy:all}')"), taken);
    assert_int_equal(violations(), 0);
    assert_int_equal(overbooked(), 0);
    assert_true(sql_int("select count(*) from cairn.read_stream('seat-shared')") > 0);
    assert_int_equal(sql_int("select count(*) from cairn.verify_order()"), 0);
    assert_int_equal(problems(), 0);
}

static void boundaries_hold_under_twenty_writers_beside_streams(void **state)
{
    (void)state;
    expect_boundaries_to_hold();
}

static void boundaries_hold_if_batches_commit_before_their_flush(void **state)
{
    (void)state;
    bench.defers = true;
    expect_boundaries_to_hold();
    bench.defers = false;
}

static void end_backends(void)
{
    for (int i = 0; i < 15; i++) {
        int64_t head = sql_int("select coalesce(max(position), 0) from cairn.events");
        char sql[100];
        (void)snprintf(sql, sizeof sql,
                       "select count(*) from cairn.events where position = %lld + 1",
                       (long long)head);
        for (int64_t until = fixture_now_ms() + 500; sql_int(sql) == 0 && fixture_now_ms() < until;)
            fixture_nap();
        fixture_sql(bench.url, "select pg_terminate_backend(pid) from pg_stat_activity where"
                               " application_name = 'appender' and datname = current_database()");
    }
}

static void expect_survival(void)
{
    int64_t taken = run_writers(end_backends, 3 * ROUNDS);
    /* what was not acknowledged, because its outcome could not be found out, may be there too */
    assert_true(sql_int("select count(*) from cairn.read_tagged('{busy:all}')") >= taken);
    assert_true(taken >= SHOWS);
    assert_int_equal(violations(), 0);
    assert_int_equal(overbooked(), 0);
    assert_int_equal(problems(), 0);
}

static void events_and_their_tags_survive_killed_backends_together(void **state)
{
    (void)state;
    expect_survival();
}

static void they_survive_if_batches_commit_before_their_flush(void **state)
{
    (void)state;
    bench.defers = true;
    expect_survival();
    bench.defers = false;
}

/* The tests above must notice an append_batch that does not look. */
static void a_boundary_that_is_not_looked_at_is_noticed(void **state)
{
    (void)state;
    fixture_sql(bench.url,
                "do $do$ declare old text := pg_get_functiondef('cairn.append_batch'::regproc);"
                " new text := replace(old, 'boundary_fails[i] := 1', 'boundary_fails[i] := 0');"
                " begin if new = old then raise exception 'nothing to break'; end if;"
                " execute new; end $do$");
    (void)run_writers(NULL, ROUNDS);
    assert_true(violations() > 0);
}

/* ---- people ---- */

static void people_append_with_tags_and_on_conditions(void **state)
{
    (void)state;
    (void)sql_int("select position from cairn.append('room-1', 'RoomOpened', '{}',"
                  " tags => '{room:1}')");
    int64_t head = sql_int("select cairn.head()");
    char sql[600];
    static const char book[] = "select position from cairn.append_if('[{\"type\": \"RoomBooked\","
                               " \"data\": {\"by\": \"%s\"}, \"tags\": [\"room:1\", \"by:%s\"]}]',"
                               " '[{\"types\": [\"RoomBooked\"], \"tags\": [\"room:1\"]},"
                               " {\"tags\": [\"ban:all\"]}]', %lld, 'booking')";
    (void)snprintf(sql, sizeof sql, book, "ada", "ada", (long long)head);
    assert_int_equal(sql_int(sql), head + 1);
    (void)snprintf(sql, sizeof sql, book, "bob", "bob", (long long)head);
    expect_sql_error(sql, "(RoomBooked) has come since");
    (void)snprintf(sql, sizeof sql, book, "bob", "bob", (long long)head + 1);
    assert_int_equal(sql_int(sql), head + 2);
    (void)snprintf(sql, sizeof sql, book, "bob", "bob", (long long)head + 1000);
    expect_sql_error(sql, "the log ends at");
    assert_int_equal(sql_int("select count(*) from cairn.read_tagged('{room:1}')"), 3);
    assert_int_equal(sql_int("select count(*) from cairn.events where stream like 'booking-%'"), 2);
    assert_int_equal(sql_int("select version from cairn.read_tagged('{by:bob}')"), 1);
    expect_sql_error("select cairn.append('room-1', 'RoomOpened', '{}', tags => '{nonsense}')",
                     "\"nonsense\" is not a tag");
    assert_int_equal(problems(), 0);
}

static void all_tags_of_an_item_must_match_and_one_item_of_a_query(void **state)
{
    (void)state;
    int64_t head = sql_int("select cairn.head()");
    (void)sql_int("select position from cairn.append('pot-1', 'PotFilled', '{}',"
                  " tags => '{shelf:1,owner:ada}')");
    static const struct {
        const char *query;
        bool matches;
    } cases[] = {
        {"[{\"tags\": [\"shelf:1\", \"owner:ada\"]}]", true},
        {"[{\"tags\": [\"shelf:1\", \"owner:bob\"]}]", false},
        {"[{\"tags\": [\"shelf:1\"], \"types\": [\"PotEmptied\"]}]", false},
        {"[{\"tags\": [\"shelf:1\"], \"types\": [\"PotEmptied\", \"PotFilled\"]}]", true},
        {"[{\"tags\": [\"shelf:2\"]}, {\"tags\": [\"owner:ada\"]}]", true},
        {"[{\"types\": [\"PotFilled\"]}]", true},
        {"[{\"types\": [\"PotEmptied\"]}]", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char sql[400];
        (void)snprintf(sql, sizeof sql,
                       "select (position is not null)::int from cairn.first_match('%s', %lld)",
                       cases[i].query, (long long)head);
        if (sql_int(sql) != cases[i].matches)
            fail_msg("%s", cases[i].query);
    }
}

static void queries_that_would_match_everything_are_refused(void **state)
{
    (void)state;
#define IF(query) "select cairn.append_if('[{\"type\": \"A\", \"data\": {}}]', '" query "', 0)"
    expect_sql_error(IF("[]"), "the query must be a JSON array of items");
    expect_sql_error(IF("[{}]"), "has neither tags nor types");
    expect_sql_error(IF("[{\"tags\": [], \"types\": []}]"), "has neither tags nor types");
    expect_sql_error(IF("[{\"tag\": \"a:1\"}]"), "must be an object with \"types\", \"tags\"");
    expect_sql_error(IF("[{\"tags\": \"a:1\"}]"), "tags must be a JSON array of strings");
    expect_sql_error(IF("[{\"tags\": [\"a\"]}]"), "\"a\" is not a tag");
    expect_sql_error("select cairn.append_if('[]', '[]', 0)", "the events must be a JSON array");
    expect_sql_error("select cairn.append_if('[{\"type\": \"A\", \"tag\": 1}]', '[]', 0)",
                     "an event must be an object");
    expect_sql_error("select cairn.append_if('[{\"type\": \"A\"}]', '[{\"tags\":[\"a:1\"]}]', 0)",
                     "the data of an event must be a JSON object");
    expect_sql_error("select cairn.append_if('[{\"type\": \"A\"}]', '[{\"tags\":[\"a:1\"]}]',"
                     " null)",
                     "after must be the position");
    fixture_sql(bench.url,
                "insert into cairn.events select 0, n + h, 'bulk-' || n || h, 1, 'Bulk', 1,"
                " gen_random_uuid(), '{}', '{}', now() from cairn.head() h,"
                " generate_series(1, 10001) n");
    expect_sql_error(IF("[{\"types\": [\"B\"]}]"), "has no tags, and 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_found_by_their_tags_in_any_stream),
        cmocka_unit_test(tags_are_loaded_with_the_head_they_were_read_at),
        cmocka_unit_test(a_tag_that_is_too_long_is_refused),
        cmocka_unit_test(tags_are_rebuilt_from_the_log),
        cmocka_unit_test(an_append_is_refused_if_an_event_has_come_within_its_boundary),
        cmocka_unit_test(a_boundary_without_types_is_about_all_of_them),
        cmocka_unit_test(a_boundary_of_another_history_is_a_conflict),
        cmocka_unit_test(boundaries_see_what_comes_before_them_in_their_batch),
        cmocka_unit_test(people_append_with_tags_and_on_conditions),
        cmocka_unit_test(all_tags_of_an_item_must_match_and_one_item_of_a_query),
        cmocka_unit_test(queries_that_would_match_everything_are_refused),
        cmocka_unit_test_setup(boundaries_hold_under_twenty_writers_beside_streams, begin_anew),
        cmocka_unit_test_setup(boundaries_hold_if_batches_commit_before_their_flush, begin_anew),
        cmocka_unit_test_setup(events_and_their_tags_survive_killed_backends_together, begin_anew),
        cmocka_unit_test_setup(they_survive_if_batches_commit_before_their_flush, begin_anew),
        cmocka_unit_test_setup(a_boundary_that_is_not_looked_at_is_noticed, begin_anew),
    };
    return cmocka_run_group_tests_name("tags", tests, setup, teardown);
}
