/* test_store.c - the log on a real PostgreSQL. The numbers are those of the invariants in store.h.
 */
#include "../support/fixture.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "postgres/postgres.h"
#include "record/json.h"
#include "store/append/append.h"
#include "store/migrate.h"
#include "store/read/snapshot.h"
#include "store/read/token.h"
#include "store/store.h"

#include <cairn/decider.h>

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct bench {
    char url[512];
    struct cairn_store *store;
    struct cairn_arena arena;
};

static struct bench bench;

static struct cairn_store *open_store(void)
{
    struct cairn_store *store = NULL;
    assert_int_equal(cairn_store_open(bench.url, "test", &store, NULL), 0);
    return store;
}

static int setup(void **state)
{
    *state = &bench;
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

static const char *new_stream(const char *category)
{
    return cairn_stream_name(&bench.arena, category, cairn_uuid_make());
}

static struct cairn_new_event event(const char *type, const char *data)
{
    return (struct cairn_new_event){
        .id = cairn_uuid_make(), .type = type, .schema_version = 1, .data = data, .meta = "{}"};
}

/* Appends one event; `error` may be NULL. */
static int append_one(struct cairn_store *store, struct cairn_expected expected,
                      struct cairn_appended *ret, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    const struct cairn_new_event one = event("Happened", "{\"a\":1}");
    const struct cairn_write write = {.expected = expected, .events = &one, .event_count = 1};
    const struct cairn_append append = {.writes = &write, .write_count = 1};
    int failed = cairn_store_append(store, &append, &arena, ret, error);
    cairn_arena_close(&arena);
    return failed;
}

static struct cairn_expected any(const char *stream)
{
    return (struct cairn_expected){.stream = stream, .version = CAIRN_VERSION_ANY};
}

static struct cairn_expected at(const char *stream, int64_t version)
{
    return (struct cairn_expected){.stream = stream, .version = version};
}

static int append_claims(const char *stream, const struct cairn_claim *claims, size_t count,
                         struct cairn_error *error)
{
    const struct cairn_new_event one = event("Claimed", "{}");
    const struct cairn_write write = {.expected = any(stream),
                                      .events = &one,
                                      .event_count = 1,
                                      .claims = claims,
                                      .claim_count = count};
    const struct cairn_append append = {.writes = &write, .write_count = 1};
    struct cairn_appended appended;
    return cairn_store_append(bench.store, &append, &bench.arena, &appended, error);
}

static int append_claim(const char *stream, const struct cairn_claim *claims, size_t count)
{
    return append_claims(stream, claims, count, NULL);
}

static int64_t sql_int(const char *sql)
{
    return fixture_sql_int(bench.url, sql);
}

/* ---- appending ---- */

static void an_event_reads_back_as_it_was_written(void **state)
{
    (void)state;
    const char *stream = new_stream("thing");
    const struct cairn_new_event events[] = {
        event("Made", "{\"text\": \"caf\xC3\xA9  as  written\"}"),
        event("Changed", "{}"),
    };
    const struct cairn_write write = {
        .expected = at(stream, 0), .events = events, .event_count = 2};
    const struct cairn_append append = {.writes = &write, .write_count = 1};
    struct cairn_appended appended;
    int64_t head = cairn_store_head(bench.store, NULL);
    assert_int_equal(cairn_store_append(bench.store, &append, &bench.arena, &appended, NULL), 0);
    assert_int_equal(appended.version, 2);
    assert_int_equal(appended.position, head + 2);
    assert_int_equal(cairn_store_head(bench.store, NULL), head + 2);

    const struct cairn_stored_event *read = NULL;
    assert_int_equal(
        cairn_store_read_stream(bench.store, stream, 0, 10, &bench.arena, &read, NULL, NULL), 2);
    assert_string_equal(read[0].data, events[0].data);
    assert_string_equal(read[0].type, "Made");
    assert_true(cairn_uuid_equal(read[0].event_id, events[0].id));
    assert_int_equal(read[1].version, 2);
    assert_int_equal(read[1].position, head + 2);
    int64_t age_us = cairn_now().us - read[1].recorded_at.us;
    assert_true(age_us > -CAIRN_SECONDS(5) && age_us < CAIRN_SECONDS(60));
    assert_int_equal(
        cairn_store_read_stream(bench.store, stream, 1, 10, &bench.arena, &read, NULL, NULL), 1);
}

static void a_stale_version_is_a_conflict_and_writes_nothing(void **state)
{
    (void)state;
    const char *stream = new_stream("thing");
    struct cairn_appended appended;
    struct cairn_error error = {0};
    assert_int_equal(append_one(bench.store, at(stream, 0), &appended, NULL), 0);
    int64_t head = cairn_store_head(bench.store, NULL);
    assert_int_equal(append_one(bench.store, at(stream, 0), &appended, NULL), -CAIRN_EXISTS);
    assert_int_equal(append_one(bench.store, at(stream, 7), &appended, &error), -CAIRN_CONFLICT);
    assert_non_null(strstr(error.message, "is at version 1"));
    assert_int_equal(cairn_store_head(bench.store, NULL), head);
}

static void invariant_6_a_right_version_on_another_event_is_a_conflict(void **state)
{
    (void)state;
    const char *stream = new_stream("thing");
    struct cairn_appended appended;
    assert_int_equal(append_one(bench.store, at(stream, 0), &appended, NULL), 0);
    struct cairn_expected expected = at(stream, 1);
    expected.event_id = cairn_uuid_make();
    assert_int_equal(append_one(bench.store, expected, &appended, NULL), -CAIRN_CONFLICT);

    const struct cairn_stored_event *read = NULL;
    assert_int_equal(
        cairn_store_read_stream(bench.store, stream, 0, 1, &bench.arena, &read, NULL, NULL), 1);
    expected.event_id = read[0].event_id;
    assert_int_equal(append_one(bench.store, expected, &appended, NULL), 0);
    assert_int_equal(appended.version, 2);
}

static void a_checked_stream_that_moved_is_a_conflict(void **state)
{
    (void)state;
    const char *fact = new_stream("fact");
    const char *stream = new_stream("thing");
    const struct cairn_new_event one = event("Happened", "{}");
    struct cairn_expected check = at(fact, 0);
    const struct cairn_write write = {.expected = at(stream, 0), .events = &one, .event_count = 1};
    const struct cairn_append append = {
        .writes = &write, .write_count = 1, .checks = &check, .check_count = 1};
    struct cairn_appended appended;
    assert_int_equal(append_one(bench.store, any(fact), &appended, NULL), 0);
    assert_int_equal(cairn_store_append(bench.store, &append, &bench.arena, &appended, NULL),
                     -CAIRN_CONFLICT);
    check.version = 1;
    assert_int_equal(cairn_store_append(bench.store, &append, &bench.arena, &appended, NULL), 0);
}

static void a_claim_is_held_by_one_stream_until_it_is_released(void **state)
{
    (void)state;
    const char *ada = new_stream("user");
    const char *bob = new_stream("user");
    const struct cairn_claim take = {.taken = true, .scope = "user.email", .key = "a@b.c"};
    const struct cairn_claim release = {.taken = false, .scope = "user.email", .key = "a@b.c"};
    assert_int_equal(append_claim(ada, &take, 1), 0);
    assert_int_equal(append_claim(ada, &take, 1), 0);
    assert_int_equal(append_claim(bob, &take, 1), -CAIRN_CLAIMED);
    assert_int_equal(append_claim(bob, &release, 1), 0); /* not bob's: no effect */
    assert_int_equal(append_claim(bob, &take, 1), -CAIRN_CLAIMED);
    assert_int_equal(append_claim(ada, &release, 1), 0);
    assert_int_equal(append_claim(bob, &take, 1), 0);
}

static void a_claim_is_refused_in_words_of_its_own(void **state)
{
    (void)state;
    const struct cairn_claim takes[] = {
        {.taken = true, .scope = "room.day", .key = "12/1", .message = "room 12 is taken on 1 May"},
        {.taken = true, .scope = "room.day", .key = "12/2", .message = "room 12 is taken on 2 May"},
        {.taken = true, .scope = "guest", .key = "g"}};
    struct cairn_error error = {0};
    assert_int_equal(append_claim(new_stream("stay"), &takes[1], 2), 0);
    assert_int_equal(append_claims(new_stream("stay"), takes, 3, &error), -CAIRN_CLAIMED);
    assert_string_equal(error.message,
                        "room 12 is taken on 2 May; another stream holds this guest");
    assert_int_equal(append_claim(new_stream("stay"), takes, 1), 0); /* was not left claimed */
}

/* As many as a decision may have. */
static void a_thousand_claims_are_taken_and_refused_together(void **state)
{
    (void)state;
    enum { MANY = CAIRN_DECISION_MAX_CLAIMS };
    struct cairn_claim claims[MANY];
    for (int i = 0; i < MANY; i++)
        claims[i] = (struct cairn_claim){.taken = true,
                                         .scope = "seat",
                                         .key = cairn_print(&bench.arena, "%d", i),
                                         .message = "this seat is taken"};
    const char *ada = new_stream("order");
    assert_int_equal(append_claim(ada, claims, MANY), 0);
    assert_int_equal(sql_int("select count(*) from cairn.claims where scope = 'seat'"), MANY);
    assert_int_equal(append_claim(new_stream("order"), claims, MANY), -CAIRN_CLAIMED);
    for (int i = 0; i < MANY; i++)
        claims[i].taken = false;
    assert_int_equal(append_claim(ada, claims, MANY), 0);
    assert_int_equal(sql_int("select count(*) from cairn.claims where scope = 'seat'"), 0);
}

static void a_value_that_the_database_cannot_hold_is_invalid(void **state)
{
    (void)state;
    const struct cairn_new_event wrong = event("Happened", "not json");
    const struct cairn_write write = {
        .expected = any(new_stream("thing")), .events = &wrong, .event_count = 1};
    const struct cairn_append append = {.writes = &write, .write_count = 1};
    struct cairn_appended appended;
    int64_t head = cairn_store_head(bench.store, NULL);
    assert_int_equal(cairn_store_append(bench.store, &append, &bench.arena, &appended, NULL),
                     -CAIRN_INVALID);
    assert_int_equal(cairn_store_head(bench.store, NULL), head);
}

static void a_command_is_carried_out_once(void **state)
{
    (void)state;
    const char *stream = new_stream("thing");
    const struct cairn_new_event one = event("Happened", "{}");
    struct cairn_known_command known;
    assert_int_equal(cairn_store_find_command(bench.store, "test", "key-1", "POST", 4, &bench.arena,
                                              &known, NULL),
                     0);
    assert_false(known.known);
    const struct cairn_new_command command = {
        .key = known.key, .status = 201, .events_to = 1, .event_count = 1};
    const struct cairn_write write = {.expected = any(stream),
                                      .events = &one,
                                      .event_count = 1,
                                      .commands = &command,
                                      .command_count = 1};
    const struct cairn_append append = {.writes = &write, .write_count = 1};
    struct cairn_appended appended;
    assert_int_equal(cairn_store_append(bench.store, &append, &bench.arena, &appended, NULL), 0);
    assert_int_equal(cairn_store_append(bench.store, &append, &bench.arena, &appended, NULL), 1);
    assert_int_equal(cairn_store_find_command(bench.store, "test", "key-1", "POST", 4, &bench.arena,
                                              &known, NULL),
                     0);
    assert_true(known.known);
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(known.key.id, id);
    const char *row = cairn_print(
        &bench.arena,
        "select (command_id = '%s' and stream = '%s' and version = 1 and recorded_at is not"
        " null)::int from cairn.commands where command_id = cairn.command_id('test', 'key-1')",
        id, stream);
    assert_int_equal(sql_int(row), 1);
    assert_int_equal(known.status, 201);
    assert_string_equal(known.stream, stream);
    assert_int_equal(known.version, 1);
    assert_int_equal(known.position, appended.position);
    assert_int_equal(known.event_count, 1);
    assert_string_equal(known.stream, stream);
    assert_int_equal(cairn_store_find_command(bench.store, "test", "key-1", "PUT", 3, &bench.arena,
                                              &known, NULL),
                     -CAIRN_KEY_REUSED);
    assert_int_equal(cairn_store_find_command(bench.store, "other", "key-1", "POST", 4,
                                              &bench.arena, &known, NULL),
                     0);
    assert_false(known.known);
}

/* As after a restore of an older backup of the log alone. */
static void a_command_whose_event_is_not_in_the_log_is_an_error(void **state)
{
    (void)state;
    struct cairn_known_command known;
    struct cairn_error error = {0};
    fixture_sql(bench.url,
                "insert into cairn.executed_commands (command_id, request_hash, position,"
                " event_count, status, shard)"
                " values (cairn.command_id('test', 'lost'), 1, 1000000000, 1, 200, 0)");
    assert_int_equal(cairn_store_find_command(bench.store, "test", "lost", "POST", 4, &bench.arena,
                                              &known, &error),
                     -CAIRN_BUG);
    assert_non_null(strstr(error.message, "no event at 1000000000"));
    fixture_sql(bench.url, "delete from cairn.executed_commands where position = 1000000000");
}

/* ---- concurrency ---- */

enum { WRITERS = 20, ROUNDS = 25 };

struct writer {
    const char *own;
    const char *shared;
    int64_t accepted;
};

/* Appends to its own stream and, by exact version, to one that all share. */
static void *write_rounds(void *context)
{
    struct writer *writer = context;
    struct cairn_store *store = NULL;
    if (cairn_store_open(bench.url, "writer", &store, NULL) < 0)
        return NULL;
    struct cairn_appended appended;
    int64_t version = 0;
    for (int i = 0; i < ROUNDS; i++) {
        (void)!append_one(store, any(writer->own), &appended, NULL);
        int outcome = append_one(store, at(writer->shared, version), &appended, NULL);
        writer->accepted += outcome == 0;
        version++;
    }
    cairn_store_close(store);
    return NULL;
}

static void invariants_1_and_2_hold_under_twenty_writers(void **state)
{
    (void)state;
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    const char *shared = new_stream("shared");
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){new_stream("own"), shared, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, write_rounds, &writers[i]), 0);
    }
    int64_t accepted = 0;
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        accepted += writers[i].accepted;
    }
    assert_true(accepted >= 1 && accepted <= ROUNDS);
    assert_int_equal(sql_int("select count(*) from cairn.events where stream like 'shared-%'"),
                     accepted);
    assert_int_equal(sql_int("select count(*) from cairn.events where stream like 'own-%'"),
                     WRITERS * ROUNDS);
    assert_int_equal(sql_int("select max(position) - count(*) from cairn.events"), 0);
    assert_int_equal(sql_int("select count(*) from (select stream from cairn.events group by stream"
                             " having max(version) <> count(*)) gaps"),
                     0);
    assert_int_equal(sql_int("select count(*) from (select recorded_at - lag(recorded_at) over"
                             " (order by position) as step from cairn.events) steps"
                             " where step < interval '0'"),
                     0);
}

/* ---- reading ---- */

static void invariant_3_a_reader_misses_nothing_beside_an_idle_transaction(void **state)
{
    (void)state;
    struct cairn_pg *idle = NULL;
    assert_int_equal(cairn_pg_open(bench.url, "idle", &idle, NULL), 0);
    assert_int_equal(cairn_pg_script(idle, "begin; select txid_current()", NULL), 0);

    int64_t from = cairn_store_head(bench.store, NULL);
    struct cairn_appended appended;
    for (int i = 0; i < 5; i++)
        assert_int_equal(append_one(bench.store, any(new_stream("thing")), &appended, NULL), 0);
    const struct cairn_stored_event *read = NULL;
    assert_int_equal(
        cairn_store_read_range(bench.store, from, from + 100, NULL, &bench.arena, &read, NULL), 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(read[i].position, from + i + 1);
    cairn_pg_close(idle);
}

static void a_range_reads_only_the_types_that_are_asked_for(void **state)
{
    (void)state;
    int64_t from = cairn_store_head(bench.store, NULL);
    const struct cairn_new_event events[] = {event("A", "{}"), event("B", "{}"), event("A", "{}")};
    const struct cairn_write write = {
        .expected = any(new_stream("thing")), .events = events, .event_count = 3};
    const struct cairn_append append = {.writes = &write, .write_count = 1};
    struct cairn_appended appended;
    assert_int_equal(cairn_store_append(bench.store, &append, &bench.arena, &appended, NULL), 0);
    const char *const types[] = {"A", "C", NULL};
    const struct cairn_stored_event *read = NULL;
    assert_int_equal(
        cairn_store_read_range(bench.store, from, from + 3, types, &bench.arena, &read, NULL), 2);
    assert_int_equal(read[1].position, from + 3);
    assert_string_equal(read[1].meta, "{}");
}

/* ---- privileges ---- */

static int as_role(const char *role, const char *sql, struct cairn_error *error)
{
    struct cairn_pg *pg = NULL;
    char set_role[80];
    (void)snprintf(set_role, sizeof set_role, "set role %s", role);
    assert_int_equal(cairn_pg_open(bench.url, "rights", &pg, NULL), 0);
    assert_int_equal(cairn_pg_script(pg, set_role, NULL), 0);
    int failed = cairn_pg_script(pg, sql, error);
    cairn_pg_close(pg);
    return failed;
}

static void invariant_5_no_role_changes_an_event(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "update cairn.events set type = 'Other'",
        "delete from cairn.events",
        "truncate cairn.events",
        "set session_replication_role = replica; delete from cairn.events",
    };
    struct cairn_appended appended;
    assert_int_equal(append_one(bench.store, any(new_stream("thing")), &appended, NULL), 0);
    int64_t before = sql_int("select count(*) from cairn.events where type <> 'Other'");
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct cairn_error error = {0};
        struct cairn_pg *pg = cairn_store_pg(bench.store);
        assert_true(cairn_pg_script(pg, changes[i], &error) < 0);
        assert_true(as_role("cairn_writer", changes[i], NULL) < 0);
        assert_true(as_role("cairn_projector", changes[i], NULL) < 0);
        assert_true(as_role("cairn_reader", changes[i], NULL) < 0);
    }
    assert_int_equal(sql_int("select count(*) from cairn.events where type <> 'Other'"), before);
}

static void a_service_appends_only_through_the_function(void **state)
{
    (void)state;
    static const char insert[] =
        "insert into cairn.events select 0, 1000000, 'x-1', 1, 'X', 1, gen_random_uuid(), '{}', "
        "'{}', now()";
    static const char call[] =
        "select cairn.append_one('x-1', -1, null, gen_random_uuid(), 'x', 'X', 1, '{}', '{}',"
        " null, null, null)";
    assert_true(as_role("cairn_writer", insert, NULL) < 0);
    assert_true(as_role("cairn_reader", call, NULL) < 0);
    assert_true(as_role("cairn_projector", call, NULL) < 0);
    assert_int_equal(as_role("cairn_writer", call, NULL), 0);
}

/* ---- SQL functions for operators ---- */

static void expect_refusal(const char *sql, const char *words)
{
    struct cairn_error error = {0};
    assert_true(as_role("cairn_writer", sql, &error) < 0);
    if (!strstr(error.message, words))
        fail_msg("wanted \"%s\" in: %s", words, error.message);
}

static void people_append_and_read_in_sql(void **state)
{
    (void)state;
    char text[200];
    int64_t head = sql_int("select cairn.head()");
    fixture_sql(bench.url, "select cairn.append('jar-1', 'JarFilled', '{\"a\": 1}', 0)");
    fixture_sql(bench.url, "select cairn.append('jar-1', 'JarFilled', '{\"a\":  2}', 1)");
    fixture_sql(bench.url, "select cairn.append('jar-1', 'JarFilled', '{\"a\": 3}')");
    assert_int_equal(sql_int("select cairn.head()"), head + 3);
    assert_int_equal(sql_int("select count(*) from cairn.read_stream('jar-1', 1)"), 2);
    assert_int_equal(sql_int("select (data->>'a')::int from cairn.log limit 1"), 3);
    assert_int_equal(sql_int("select version from cairn.streams where stream = 'jar-1'"), 3);
    assert_int_equal(sql_int("select events from cairn.stored_types where type = 'JarFilled'"), 3);
    fixture_sql_text(bench.url, "select data from cairn.read_all(cairn.head() - 2, 1)", text,
                     sizeof text);
    assert_string_equal(text, "{\"a\":  2}"); /* as it was written */

    expect_refusal("select cairn.append('jar-1', 'JarFilled', '{}', 0)", "is at version 3");
    expect_refusal("select cairn.append('jar-1', 'JarFilled', '{}', 7)", "is at version 3");
    expect_refusal("select cairn.append('jar', 'JarFilled', '{}')", "is not a stream name");
    expect_refusal("select cairn.append('jar-1', 'jar filled', '{}')", "is not an event type name");
    expect_refusal("select cairn.append('jar-1', 'JarFilled', '[]')", "JSON object");
    expect_refusal("select cairn.append('jar-1', 'JarFilled', null)", "JSON object");
    expect_refusal("select cairn.append('jar-1', 'JarFilled', '{\"a\":\"\\u0000\"}')",
                   "unsupported Unicode");
    expect_refusal("begin isolation level serializable;"
                   "select cairn.append('jar-1', 'JarFilled', '{}')",
                   "read committed");
    assert_int_equal(sql_int("select cairn.head()"), head + 3);
}

CAIRN_STRUCT(anything);

static int decode(const char *json)
{
    struct anything ignored;
    struct cairn_arena arena = {0};
    int failed = cairn_record_decode(&anything_record, json, strlen(json), CAIRN_LENIENT, &arena,
                                     &ignored, NULL);
    cairn_arena_close(&arena);
    return failed;
}

static void sql_appends_no_unreadable_event(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"{\"a\":1,\"b\":{\"c\":1,\"c\":2}}", "the name \"c\" occurs twice"},
        {"{\"a\":1,\"\\u0061\":2}", "the name \"a\" occurs twice"},
        {"{\"a\":[1,1e400]}", "beyond double precision"},
        {"{\"a\":-1.8e308}", "beyond double precision"},
        {"{\"a\":9223372036854775808}", "more than 64 bits"},
        {"{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", "deeper than 16 levels"},
    };
    static const char *const right[] = {
        "{\"a\":9223372036854775807,\"b\":-9223372036854775808,\"c\":1e-400,\"d\":1.5e300}",
        "{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}",
        "{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}",
    };
    char sql[400];
    int64_t head = sql_int("select cairn.head()");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        (void)snprintf(sql, sizeof sql, "select cairn.append('jar-2', 'JarFilled', '%s')",
                       wrong[i][0]);
        expect_refusal(sql, wrong[i][1]);
    }
    assert_int_equal(sql_int("select cairn.head()"), head);
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        (void)snprintf(sql, sizeof sql, "select cairn.append('jar-2', 'JarFilled', '%s')",
                       right[i]);
        fixture_sql(bench.url, sql);
        assert_int_equal(decode(right[i]), 0);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) /* the decoder agrees */
        assert_int_equal(decode(wrong[i][0]), -CAIRN_MALFORMED);
}

static void one_id_has_one_spelling(void **state)
{
    (void)state;
    static const char id[] = "01890000-0000-7000-8000-00000000abcd";
    expect_refusal("select cairn.append('jar-01890000-0000-7000-8000-00000000ABCD', 'JarFilled',"
                   " '{}')",
                   id);
    expect_refusal("select cairn.append('jar-{01890000-0000-7000-8000-00000000abcd}',"
                   " 'JarFilled', '{}')",
                   id);
    expect_refusal("select cairn.append('jar-0189000000007000800000000000abcd', 'JarFilled', '{}')",
                   id);
    fixture_sql(bench.url, "select cairn.append('jar-01890000-0000-7000-8000-00000000abcd',"
                           " 'JarFilled', '{}')");
}

static void people_append_no_type_that_the_services_do_not_know(void **state)
{
    (void)state;
    fixture_sql(bench.url, "select cairn.declare_types('tin', array['TinOpened', 'TinClosed'])");
    fixture_sql(bench.url, "select cairn.declare_types('tin', array['TinOpened'])");
    expect_refusal("select cairn.append('tin-1', 'TinOpend', '{}')",
                   "do not know event type TinOpend");
    expect_refusal("select cairn.append('tin-1', 'TinOpend', '{}')", "TinClosed, TinOpened");
    fixture_sql(bench.url, "select cairn.append('tin-1', 'TinClosed', '{}')");
}

/* What a person writes has the fields of the newest version, and would be read as another one. */
static void people_append_events_of_the_newest_version(void **state)
{
    (void)state;
    static const char *const version =
        "select schema_version from cairn.events where type = 'PanMade' order by position desc "
        "limit 1";
    fixture_sql(bench.url, "select cairn.append('pan-1', 'PanMade', '{}')");
    assert_int_equal(fixture_sql_int(bench.url, version), 1);
    fixture_sql(bench.url, "select cairn.declare_event_types('pan', array['PanMade'], array[3])");
    fixture_sql(bench.url, "select cairn.append('pan-1', 'PanMade', '{}')");
    assert_int_equal(fixture_sql_int(bench.url, version), 3);
    fixture_sql(bench.url, "select cairn.declare_event_types('pan', array['PanMade'], array[2])");
    fixture_sql(bench.url, "select cairn.declare_types('pan', array['PanMade'])");
    fixture_sql(bench.url, "select cairn.append('pan-1', 'PanMade', '{}')");
    assert_int_equal(fixture_sql_int(bench.url, version), 3);
}

/* Any role that may connect may take advisory locks. */
static void a_stranger_cannot_stop_appends(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    assert_true(
        as_role("cairn_reader", "lock table cairn.append_lock in access share mode", &error) < 0);
    assert_true(as_role("cairn_writer", "lock table cairn.append_lock in exclusive mode", &error) <
                0);
    struct cairn_pg *pg = NULL;
    assert_int_equal(cairn_pg_open(bench.url, "stranger", &pg, NULL), 0);
    assert_int_equal(cairn_pg_script(pg, "select pg_advisory_lock(1128352082, 0)", NULL), 0);
    fixture_sql(bench.url, "select cairn.append('jar-3', 'JarFilled', '{}')");
    cairn_pg_close(pg);
}

/* ---- the schema ---- */

static int check_schema(struct cairn_error *error)
{
    return cairn_migrate_check(cairn_store_pg(bench.store), error);
}

static void a_schema_that_is_older_or_newer_is_told(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    assert_int_equal(check_schema(&error), 0);
    fixture_sql(bench.url, "insert into cairn.migrations values (9999, '9999_later', 'x')");
    assert_int_equal(check_schema(&error), -CAIRN_SCHEMA);
    assert_non_null(strstr(error.message, "9999_later"));
    assert_int_equal(cairn_migrate(cairn_store_pg(bench.store), NULL, NULL, NULL), -CAIRN_SCHEMA);
    fixture_sql(bench.url, "delete from cairn.migrations where version = 9999");

    error = (struct cairn_error){0};
    fixture_sql(bench.url, "create table kept as select * from cairn.migrations where version = 51;"
                           "delete from cairn.migrations where version = 51");
    assert_int_equal(check_schema(&error), -CAIRN_SCHEMA);
    assert_non_null(strstr(error.message, "cairn migrate"));
    fixture_sql(bench.url, "insert into cairn.migrations select * from kept; drop table kept");

    error = (struct cairn_error){0};
    fixture_sql(bench.url, "update cairn.migrations set checksum = 'y' || checksum");
    assert_int_equal(check_schema(&error), -CAIRN_SCHEMA);
    fixture_sql(bench.url, "update cairn.migrations set checksum = substr(checksum, 2)");
    assert_int_equal(check_schema(&error), 0);
    assert_int_equal(cairn_migrate(cairn_store_pg(bench.store), NULL, NULL, NULL), 0);
}

/* A vacuum by hand does not obey a setting of the table, so the setting itself is read. */
static void rows_that_never_change_are_frozen_as_the_log_grows(void **state)
{
    (void)state;
    assert_int_equal(
        fixture_sql_int(bench.url,
                        "select count(*) from pg_class where oid in ('cairn.events'::regclass,"
                        " 'cairn.tags'::regclass) and reloptions @> array["
                        " 'autovacuum_vacuum_insert_scale_factor=0',"
                        " 'autovacuum_vacuum_insert_threshold=200000',"
                        " 'autovacuum_freeze_min_age=0']"),
        2);
}

/* Returns the definition of a function, with its comment and its privileges. */
static void describe_function(const char *name, char *ret, size_t size)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "select pg_get_functiondef(p.oid) || obj_description(p.oid, 'pg_proc')"
                   " || p.proacl::text from pg_proc p where p.oid = '%s'::regproc",
                   name);
    fixture_sql_text(bench.url, sql, ret, size);
}

static void functions_of_another_release_are_replaced_by_migrating(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    char before[8000];
    char after[8000];
    describe_function("cairn.declare_types", before, sizeof before);
    fixture_sql(bench.url,
                "create or replace function cairn.declare_types(in_category text, in_types text[])"
                " returns void language sql as 'select';"
                "comment on function cairn.declare_types is 'another release';"
                "grant execute on function cairn.declare_types to public;"
                "update cairn.repeatable_migrations set checksum = 'x' where name = 'append'");
    assert_int_equal(check_schema(&error), -CAIRN_SCHEMA);
    assert_non_null(strstr(error.message, "(append)"));
    assert_non_null(strstr(error.message, "cairn migrate"));
    assert_int_equal(cairn_migrate(cairn_store_pg(bench.store), NULL, NULL, NULL), 1);
    assert_int_equal(check_schema(NULL), 0);
    describe_function("cairn.declare_types", after, sizeof after);
    assert_string_equal(after, before);
}

/* ---- recovery ---- */

static struct cairn_pg *open_session(const char *url)
{
    struct cairn_pg *pg = NULL;
    assert_int_equal(cairn_pg_open(url, "session", &pg, NULL), 0);
    assert_int_equal(cairn_pg_script(pg, "select", NULL), 0); /* it connects at first use */
    return pg;
}

/* Returns how many sessions the function has terminated; checks that none is left. */
static int64_t end_sessions(struct cairn_pg *pg, const char *function)
{
    const char *sql =
        cairn_print(&bench.arena, "select ended, left_over from cairn.%s()", function);
    CAIRN_PG_RESULT *rows = NULL;
    assert_int_equal(cairn_pg_call(pg, &(struct cairn_statement){.name = function, .sql = sql},
                                   NULL, &rows, NULL),
                     1);
    assert_true(cairn_pg_null(rows, 0, 1));
    return cairn_pg_integer(rows, 0, 0);
}

/* Also those that connected after the first call. */
static void a_recovery_ends_and_counts_all_other_sessions(void **state)
{
    (void)state;
    char url[512];
    fixture_database(url, sizeof url);
    struct cairn_pg *mine = open_session(url);
    struct cairn_pg *others[3] = {open_session(url)};
    assert_int_equal(cairn_pg_script(mine, "begin", NULL), 0);
    assert_int_equal(end_sessions(mine, "end_sessions"), 1);
    others[1] = open_session(url);
    assert_int_equal(end_sessions(mine, "end_sessions"), 1);
    assert_int_equal(cairn_pg_script(mine, "commit", NULL), 0);
    others[2] = open_session(url);
    assert_int_equal(end_sessions(mine, "recover"), 1);
    for (int i = 0; i < 3; i++)
        cairn_pg_close(others[i]);
    cairn_pg_close(mine);
    fixture_drop(url);
}

/* Since PostgreSQL 16, membership alone is not enough. */
static void the_owner_ends_the_sessions_of_the_roles_that_it_made(void **state)
{
    (void)state;
    static const char *const roles[] = {"cairn_writer", "cairn_projector", "cairn_reader"};
    char url[512];
    fixture_database(url, sizeof url);
    struct cairn_pg *sessions[3];
    for (int i = 0; i < 3; i++) {
        char as[600];
        fixture_url_as(url, roles[i], as, sizeof as);
        sessions[i] = open_session(as);
    }
    struct cairn_pg *mine = open_session(url);
    assert_int_equal(end_sessions(mine, "recover"), 3);
    for (int i = 0; i < 3; i++)
        cairn_pg_close(sessions[i]);
    cairn_pg_close(mine);
    fixture_drop(url);
}

/* ---- tokens ---- */

static void a_token_is_good_in_its_own_timeline_only(void **state)
{
    (void)state;
    struct cairn_timeline timeline;
    char token[CAIRN_TOKEN_TEXT_SIZE];
    int64_t position = 0;
    assert_int_equal(cairn_store_timeline(bench.store, &timeline, NULL), 0);
    cairn_token_format(&timeline, 4711, token);
    assert_int_equal(cairn_token_parse(token, &timeline, &position, NULL), 0);
    assert_int_equal(position, 4711);
    timeline.epoch++;
    assert_int_equal(cairn_token_parse(token, &timeline, &position, NULL), -CAIRN_TIMELINE);
    static const char *const rubbish[] = {"",
                                          "4711",
                                          "xxxxxxxx-1-1",
                                          "00000000-1",
                                          "00000000-1-1x",
                                          "00000000--1-1",
                                          "00000000-1-9999999999999999999"};
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++)
        assert_int_equal(cairn_token_parse(rubbish[i], &timeline, &position, NULL),
                         -CAIRN_MALFORMED);
}

/* ---- an unavailable database ---- */

static bool appends_again(void *context)
{
    struct cairn_appended appended;
    return append_one(bench.store, any(context), &appended, NULL) == 0;
}

static void a_session_that_lost_what_was_prepared_is_left(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    struct cairn_pg *pg = cairn_store_pg(bench.store);
    int64_t head = cairn_store_head(bench.store, &error);
    assert_true(head >= 0);
    assert_int_equal(cairn_pg_script(pg, "deallocate all", &error), 0); /* 26000 */
    assert_int_equal(cairn_store_head(bench.store, &error), head);

    static const struct cairn_statement statement = {.name = "all_of_it",
                                                     .sql = "select * from it"};
    fixture_sql(bench.url, "create table it (a int8); insert into it values (1)");
    for (int columns = 1; columns <= 2; columns++) { /* 0A000 */
        CAIRN_PG_RESULT *rows = NULL;
        if (cairn_pg_call(pg, &statement, NULL, &rows, &error) != 1)
            fail_msg("%s", error.message);
        assert_int_equal(cairn_pg_columns(rows), columns);
        if (columns == 1)
            fixture_sql(bench.url, "alter table it add column b int8");
    }
    fixture_sql(bench.url, "drop table it");

    /* In a transaction a statement is not repeated, within or outside of it. */
    assert_int_equal(cairn_store_head(bench.store, &error), head);
    assert_int_equal(cairn_pg_script(pg, "begin; deallocate all", &error), 0);
    assert_int_equal(cairn_store_head(bench.store, &error), -CAIRN_UNAVAILABLE);
    assert_int_equal(cairn_store_head(bench.store, &error), head);
}

static void a_session_is_as_its_statements_need_it(void **state)
{
    (void)state;
    char sql[700];
    char super[600];
    fixture_url_as(bench.url, "postgres", super, sizeof super);
    (void)snprintf(sql, sizeof sql,
                   "do $$ begin"
                   " execute format('alter database %%I set default_transaction_isolation ="
                   "     serializable', current_database());"
                   " execute format('alter database %%I set timezone = %%L', current_database(),"
                   "     'Asia/Kathmandu');"
                   " execute format('alter database %%I set bytea_output = escape',"
                   "     current_database());"
                   " execute format('alter database %%I set jit = on', current_database());"
                   " execute format('alter database %%I set datestyle = \"German\"',"
                   "     current_database()); end $$");
    fixture_sql(super, sql);
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    CAIRN_PG_RESULT *rows = NULL;
    assert_int_equal(cairn_pg_open(bench.url, "pinned", &pg, &error), 0);
    if (cairn_pg_call_printed(
            pg,
            "select current_setting('transaction_isolation') || ' ' ||"
            " current_setting('timezone') || ' ' || '\\x01'::bytea::text || ' ' ||"
            " '2026-01-31'::date || ' ' || current_setting('jit')",
            NULL, &rows, &error) != 1)
        fail_msg("%s", error.message);
    assert_string_equal(cairn_pg_text(rows, 0, 0), "read committed UTC \\x01 2026-01-31 off");
    assert_int_equal(cairn_pg_script(pg, "select cairn.append('jar-9', 'JarFilled', '{}')", &error),
                     0);
    cairn_pg_close(pg);
    fixture_sql(super, "do $$ begin execute format('alter database %I reset all',"
                       " current_database()); end $$");
}

/* ---- bytes ---- */

enum { LARGE_BYTES = 1000000 };

/* Appends this many events of a megabyte each to the stream. */
static int append_large(const char *stream, size_t count)
{
    struct cairn_arena arena = {0};
    char *data = cairn_arena_alloc(&arena, LARGE_BYTES + 1, 1);
    struct cairn_new_event *events = cairn_new(&arena, struct cairn_new_event, count);
    struct cairn_appended appended;
    (void)memset(data, 'x', LARGE_BYTES);
    (void)memcpy(data, "{\"a\":\"", 6);
    (void)memcpy(data + LARGE_BYTES - 2, "\"}", 3);
    for (size_t i = 0; i < count; i++)
        events[i] = event("Grown", data);
    const struct cairn_write write = {
        .expected = any(stream), .events = events, .event_count = count};
    const struct cairn_append append = {.writes = &write, .write_count = 1};
    int failed = cairn_store_append(bench.store, &append, &arena, &appended, NULL);
    cairn_arena_close(&arena);
    return failed;
}

static void what_is_appended_and_read_at_once_is_bounded_in_bytes(void **state)
{
    (void)state;
    enum { STREAMS = 5, EVENTS = 12 };
    struct cairn_load loads[STREAMS] = {{.after = 0}};
    const struct cairn_stored_event *read = NULL;
    bool more = false;
    assert_int_equal(append_large(new_stream("thing"), 17), -CAIRN_INVALID);
    for (int i = 0; i < STREAMS; i++) {
        loads[i].key.stream = new_stream("thing");
        assert_int_equal(append_large(loads[i].key.stream, i == 0 ? 1 : EVENTS), 0);
    }
    /* of one stream: 8 MiB, and the event that exceeds them */
    const char *large = loads[1].key.stream;
    int64_t count =
        cairn_store_read_stream(bench.store, large, 0, 100, &bench.arena, &read, &more, NULL);
    assert_int_equal(count, 9);
    assert_true(more);
    assert_int_equal(read[8].data_bytes, LARGE_BYTES);
    count = cairn_store_read_stream(bench.store, large, 9, 100, &bench.arena, &read, &more, NULL);
    assert_int_equal(count, 3);
    assert_false(more);
    /* of many: 16 MiB in total */
    assert_int_equal(cairn_store_load_many(bench.store, loads, STREAMS, 100, &bench.arena, NULL),
                     0);
    assert_int_equal(loads[0].count, 1);
    assert_false(loads[0].more);
    assert_int_equal(loads[1].count, EVENTS);
    assert_false(loads[1].more);
    assert_int_equal(loads[2].count, 4);
    assert_true(loads[2].more);
    assert_int_equal(loads[3].count, 0);
    assert_true(loads[3].more && loads[4].more);
}

static bool none_waits(void *context)
{
    return fixture_sql_int(context, "select count(*) from pg_stat_activity where application_name ="
                                    " 'given up' and datname = current_database()") == 0;
}

static void a_call_that_timed_out_leaves_no_session_that_waits_for_a_lock(void **state)
{
    (void)state;
    char super[600];
    struct cairn_pg *pg = NULL;
    fixture_url_as(bench.url, "postgres", super, sizeof super);
    PGconn *holder = fixture_connect(super);
    PQclear(PQexec(holder, "begin; lock table cairn.store"));
    assert_int_equal(PQtransactionStatus(holder), PQTRANS_INTRANS);
    assert_int_equal(cairn_pg_open(bench.url, "given up", &pg, NULL), 0);
    cairn_pg_set_deadline(pg, 200000);
    for (int i = 0; i < 3; i++)
        assert_true(cairn_pg_script(pg, "select from cairn.store", NULL) < 0);
    fixture_wait(none_waits, super, 10000, "no session to be left");
    PQfinish(holder);
    cairn_pg_close(pg);
}

static void a_database_in_another_encoding_is_refused_before_the_first_migration(void **state)
{
    (void)state;
    char super[600];
    char latin[700];
    fixture_url_as(bench.url, "postgres", super, sizeof super);
    fixture_sql(super, "create database latin encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'"
                       " template template0");
    (void)snprintf(latin, sizeof latin, "postgresql:///latin%s", strchr(super, '?'));
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    assert_int_equal(cairn_pg_open(latin, "test", &pg, &error), 0);
    assert_int_equal(cairn_migrate(pg, NULL, NULL, &error), -CAIRN_CONFIG);
    assert_non_null(strstr(error.message, "LATIN1"));
    error = (struct cairn_error){0};
    assert_int_equal(cairn_pg_script(pg, "create schema cairn", &error), 0); /* none was made */
    cairn_pg_close(pg);
    fixture_sql(super, "drop database latin");
}

static void a_wrong_url_keeps_its_password(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "postgresql://u:S3cr%zzet@h/d",
        "postgresql://u:S3cr@et@h/d",
        "postgresql://u:S3cr/et@h/d",
        "postgresql://u:S3cr?et@h/d",
        "postgresql://u:S3cret@[h/d",
        "host=h user=u password=S3 cret",
        "password='S3cret",
        "postgres:/u:S3cret@h/d",
        "postgresql://u:S3cr%00et@h/d",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct cairn_pg *pg = NULL;
        struct cairn_error error = {0};
        int failed = cairn_pg_open(wrong[i], "x", &pg, &error);
        if (failed != -CAIRN_CONFIG)
            fail_msg("%s was taken", wrong[i]);
        if (strstr(error.message, "S3") || strstr(error.message, "et@") ||
            strstr(error.message, "cret"))
            fail_msg("%s", error.message);
    }
    static const char *const right[] = {
        "postgresql://u:S3cr%40%2Fet@h/d?application_name=a@b",
        "postgresql://h/d?user=u&password=S3@cret",
        "postgresql://u@[::1]:5432,h:6,k/d",
        "postgresql:///d?host=/run/x",
        "host=h password=S3@cret",
    };
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        struct cairn_pg *pg = NULL;
        if (cairn_pg_open(right[i], "x", &pg, NULL) < 0)
            fail_msg("%s was refused", right[i]);
        cairn_pg_close(pg);
    }
}

static void a_database_that_went_away_is_used_again_when_it_is_back(void **state)
{
    (void)state;
    const char *stream = new_stream("thing");
    struct cairn_appended appended;
    assert_int_equal(append_one(bench.store, any(stream), &appended, NULL), 0);
    fixture_postgres_stop();
    int outcome = append_one(bench.store, any(stream), &appended, NULL);
    assert_true(outcome == -CAIRN_UNKNOWN || outcome == -CAIRN_UNAVAILABLE);
    assert_int_equal(append_one(bench.store, any(stream), &appended, NULL), -CAIRN_UNAVAILABLE);
    fixture_postgres_start();
    char *name = cairn_copy_text(&bench.arena, stream);
    fixture_wait(appends_again, name, 10000, "an append after the restart");
    const struct cairn_stored_event *read = NULL;
    assert_int_equal(
        cairn_store_read_stream(bench.store, stream, 0, 10, &bench.arena, &read, NULL, NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_reads_back_as_it_was_written),
        cmocka_unit_test(a_stale_version_is_a_conflict_and_writes_nothing),
        cmocka_unit_test(invariant_6_a_right_version_on_another_event_is_a_conflict),
        cmocka_unit_test(a_checked_stream_that_moved_is_a_conflict),
        cmocka_unit_test(a_claim_is_held_by_one_stream_until_it_is_released),
        cmocka_unit_test(a_claim_is_refused_in_words_of_its_own),
        cmocka_unit_test(a_thousand_claims_are_taken_and_refused_together),
        cmocka_unit_test(a_value_that_the_database_cannot_hold_is_invalid),
        cmocka_unit_test(a_command_is_carried_out_once),
        cmocka_unit_test(a_command_whose_event_is_not_in_the_log_is_an_error),
        cmocka_unit_test(invariants_1_and_2_hold_under_twenty_writers),
        cmocka_unit_test(invariant_3_a_reader_misses_nothing_beside_an_idle_transaction),
        cmocka_unit_test(a_range_reads_only_the_types_that_are_asked_for),
        cmocka_unit_test(invariant_5_no_role_changes_an_event),
        cmocka_unit_test(a_service_appends_only_through_the_function),
        cmocka_unit_test(people_append_and_read_in_sql),
        cmocka_unit_test(sql_appends_no_unreadable_event),
        cmocka_unit_test(one_id_has_one_spelling),
        cmocka_unit_test(people_append_no_type_that_the_services_do_not_know),
        cmocka_unit_test(people_append_events_of_the_newest_version),
        cmocka_unit_test(a_stranger_cannot_stop_appends),
        cmocka_unit_test(a_schema_that_is_older_or_newer_is_told),
        cmocka_unit_test(rows_that_never_change_are_frozen_as_the_log_grows),
        cmocka_unit_test(functions_of_another_release_are_replaced_by_migrating),
        cmocka_unit_test(a_recovery_ends_and_counts_all_other_sessions),
        cmocka_unit_test(the_owner_ends_the_sessions_of_the_roles_that_it_made),
        cmocka_unit_test(a_token_is_good_in_its_own_timeline_only),
        cmocka_unit_test(a_session_that_lost_what_was_prepared_is_left),
        cmocka_unit_test(a_session_is_as_its_statements_need_it),
        cmocka_unit_test(a_wrong_url_keeps_its_password),
        cmocka_unit_test(what_is_appended_and_read_at_once_is_bounded_in_bytes),
        cmocka_unit_test(a_call_that_timed_out_leaves_no_session_that_waits_for_a_lock),
        cmocka_unit_test(a_database_in_another_encoding_is_refused_before_the_first_migration),
        cmocka_unit_test(a_database_that_went_away_is_used_again_when_it_is_back),
    };
    return cmocka_run_group_tests_name("store", tests, setup, teardown);
}
