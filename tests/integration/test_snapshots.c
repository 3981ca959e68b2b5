/* test_snapshots.c - long streams are not folded from their first event; and snapshots that are
 * stale, wrong or missing cost time, but never the right answer. */
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/system.h"

#include "command/state/snapshots.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "runtime/host.h"

#include <cairn/service.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a small domain: readings of a meter ---- */

CAIRN_STRUCT(meter_read, INT(units), TEXT(by));
CAIRN_EVENTS(meter, EVENT(meter_read, "MeterRead", 1));

CAIRN_STRUCT(meter, INT(units), INT(readings), TEXT(by, .optional = true));
CAIRN_FACT(meter, meter, .state_version = 1);

CAIRN_LEARN(meter, meter_read)
{
    self->units += event->units;
    self->readings++;
    self->by = event->by;
}

/* ---- the bench ---- */

#define METER "meter-01890000-0000-7000-8000-00000000000a"

enum { EVERY = 200 };

static struct {
    char url[512];
    char writer_url[600];
    struct cairn_store *store;
    struct cairn_arena arena;
    struct cairn_snapshots *snapshots;
    struct cairn_folding folding;
} bench;

static void open_snapshots(const char *url)
{
    assert_int_equal(cairn_snapshots_open(url, "test", EVERY, &bench.snapshots, NULL), 0);
    bench.folding.snapshots = bench.snapshots;
}

static int setup(void **state)
{
    (void)state;
    fixture_database(bench.url, sizeof bench.url);
    fixture_url_as(bench.url, "cairn_writer", bench.writer_url, sizeof bench.writer_url);
    assert_int_equal(cairn_store_open(bench.writer_url, "test", &bench.store, NULL), 0);
    bench.folding = cairn_folding_of_fact(&meter_fact);
    open_snapshots(bench.writer_url);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_snapshots_close(bench.snapshots);
    cairn_store_close(bench.store);
    cairn_arena_close(&bench.arena);
    fixture_drop(bench.url);
    return 0;
}

static int64_t sql_int(const char *sql)
{
    return fixture_sql_int(bench.url, sql);
}

/* Appends `count` more events to a stream; `$n` in their data is the version. */
static void put(const char *stream, const char *type, const char *data, int count)
{
    char sql[4000];
    (void)snprintf(sql, sizeof sql,
                   "insert into cairn.events (shard, position, stream, version, type,"
                   " schema_version, event_id, data, meta, recorded_at)"
                   " select 0, head + i, '%s', last + i, '%s', 1, gen_random_uuid(),"
                   " replace('%s', '$n', (last + i)::text)::json, '{}', clock_timestamp()"
                   " from generate_series(1, %d) i, (select cairn.head() as head, (select count(*)"
                   " from cairn.events where stream = '%s') as last) at",
                   stream, type, data, count, stream);
    fixture_sql(bench.url, sql);
}

static void read_meter(int count)
{
    put(METER, "MeterRead", "{\"units\": $n, \"by\": \"reader $n\"}", count);
}

/* Returns the value of a counter, 0 if it has not counted yet. */
static int64_t counted(const char *series)
{
    struct cairn_buffer text = cairn_buffer(&bench.arena);
    cairn_metrics_write(CAIRN_METRICS_TEXT, &text);
    const char *line = strstr(text.text, cairn_print(&bench.arena, "\n%s ", series));
    return line ? strtoll(strchr(line + 1, ' '), NULL, 10) : 0;
}

static int64_t outcomes(const char *outcome)
{
    return counted(cairn_print(&bench.arena, "cairn_snapshots_total{outcome=\"%s\"}", outcome));
}

/* Loads the meter and checks it against its events; returns how many of them were folded. */
static int64_t load(int64_t readings)
{
    struct cairn_aggregate meter;
    struct cairn_error error = {0};
    int64_t before = counted("cairn_folded_events_total{kind=\"meter\"}");
    if (cairn_aggregate_load(bench.store, &bench.folding, METER, &bench.arena, &meter, &error) < 0)
        fail_msg("%s", error.message);
    const struct meter *self = meter.state;
    assert_int_equal(self->readings, readings);
    assert_int_equal(self->units, readings * (readings + 1) / 2);
    assert_string_equal(self->by, cairn_print(&bench.arena, "reader %" PRId64, readings));
    assert_int_equal(meter.at.version, readings);
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(meter.at.event_id, id);
    assert_int_equal(sql_int(cairn_print(&bench.arena,
                                         "select count(*) from cairn.events where event_id = '%s'"
                                         " and stream = '" METER "' and version = %" PRId64
                                         " and position = %" PRId64,
                                         id, readings, meter.position)),
                     1);
    return counted("cairn_folded_events_total{kind=\"meter\"}") - before;
}

static void wait_for(const char *sql, int64_t value)
{
    fixture_wait_sql(bench.url, sql, value, 10000);
}

#define KEPT "select coalesce((select version from cairn.snapshots where stream = '" METER "'), 0)"

static void keep_thousand(void)
{
    read_meter(1000);
    assert_int_equal(load(1000), 1000);
    wait_for(KEPT, 1000);
}

struct outcome_wanted {
    const char *outcome;
    int64_t count;
};
static bool has_counted(void *context)
{
    const struct outcome_wanted *wanted = context;
    return outcomes(wanted->outcome) >= wanted->count;
}

static void wait_for_outcome(const char *outcome, int64_t count)
{
    struct outcome_wanted wanted = {outcome, count};
    fixture_wait(has_counted, &wanted, 10000, outcome);
}

/* ---- use ---- */

static void a_long_stream_is_loaded_from_its_snapshot(void **state)
{
    (void)state;
    keep_thousand();
    assert_int_equal(load(1000), 0);
    read_meter(7);
    assert_int_equal(load(1007), 7);
    assert_int_equal(sql_int(KEPT), 1000); /* seven are too few for another one */
    read_meter(EVERY);
    assert_int_equal(load(1207), 207);
    wait_for(KEPT, 1207);
    assert_int_equal(load(1207), 0);
}

static void a_load_of_several_pages_behind_a_snapshot_misses_nothing(void **state)
{
    (void)state;
    keep_thousand();
    read_meter(1234);
    assert_int_equal(load(2234), 1234);
}

static void a_load_keeps_no_more_than_a_few_pages_of_a_stream(void **state)
{
    (void)state;
    struct cairn_arena arena = {0};
    struct cairn_aggregate meter;
    put(METER, "MeterRead",
        cairn_print(&bench.arena, "{\"units\": $n, \"by\": \"reader $n\", \"note\": \"%01000d\"}",
                    0),
        20000);
    assert_int_equal(cairn_aggregate_load(bench.store, &bench.folding, METER, &arena, &meter, NULL),
                     0);
    const struct meter *self = meter.state;
    assert_int_equal(self->readings, 20000);
    assert_string_equal(self->by, "reader 20000");
    assert_true(cairn_arena_bytes(&arena) < 2 << 20); /* for some 22 MB of events */
    cairn_arena_close(&arena);
}

static void a_short_stream_needs_none(void **state)
{
    (void)state;
    int64_t kept = outcomes("kept");
    read_meter(EVERY);
    assert_int_equal(load(EVERY), EVERY);
    cairn_snapshots_close(bench.snapshots); /* nothing is pending any more */
    open_snapshots(bench.writer_url);
    assert_int_equal(sql_int(KEPT), 0);
    assert_int_equal(outcomes("kept"), kept);
}

static void code_without_a_version_keeps_and_uses_none(void **state)
{
    (void)state;
    keep_thousand();
    bench.folding.state_version = 0;
    assert_int_equal(load(1000), 1000);
    bench.folding.state_version = 1;
    bench.folding.snapshots = NULL;
    assert_int_equal(load(1000), 1000);
}

/* ---- stale, wrong, missing ---- */

static void a_snapshot_of_other_code_is_not_used(void **state)
{
    (void)state;
    keep_thousand();
    bench.folding.state_version = 2;
    int64_t before = outcomes("other-code");
    assert_int_equal(load(1000), 1000);
    assert_int_equal(outcomes("other-code"), before + 1);
    wait_for("select code_version from cairn.snapshots", 2);
    assert_int_equal(load(1000), 0);

    bench.folding.state_version = 1; /* an older process beside it does not undo that */
    int64_t outrun = outcomes("outrun");
    assert_int_equal(load(1000), 1000);
    wait_for_outcome("outrun", outrun + 1);
    assert_int_equal(sql_int("select code_version from cairn.snapshots"), 2);
}

static void a_snapshot_that_is_not_canonical_is_not_used(void **state)
{
    (void)state;
    static const char *const states[] = {
        "{\"units\":\"many\",\"readings\":1,\"by\":\"x\"}",
        "{\"units\":1,\"readings\":1}",                          /* lacks a newer field */
        "{\"units\":1,\"readings\":1,\"by\":\"x\",\"at\":null}", /* has a removed one */
        "{\"readings\":1,\"units\":1,\"by\":\"x\"}",
        "[]",
        "\"corrupted\"",
    };
    keep_thousand();
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        fixture_sql(bench.url, cairn_print(&bench.arena, "update cairn.snapshots set state = '%s'",
                                           states[i]));
        int64_t before = outcomes("unreadable");
        assert_int_equal(load(1000), 1000);
        assert_int_equal(outcomes("unreadable"), before + 1);
        wait_for("select count(*) from cairn.snapshots where state::text like '%\"reader 1000\"}'",
                 1); /* corrected */
    }
    assert_int_equal(load(1000), 0);
}

static void a_snapshot_that_the_log_does_not_bear_out_is_not_used(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "version = 5000",               /* the log was restored to before it */
        "event_id = gen_random_uuid()", /* and has diverged since */
        "version = 999",
    };
    keep_thousand();
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        fixture_sql(bench.url,
                    cairn_print(&bench.arena, "update cairn.snapshots set %s", changes[i]));
        int64_t before = outcomes("other-event");
        assert_int_equal(load(1000), 1000);
        assert_int_equal(outcomes("other-event"), before + 1);
        wait_for("select count(*) from cairn.snapshots s join cairn.events e"
                 " using (stream, version, event_id) where version = 1000",
                 1); /* corrected */
    }
    assert_int_equal(load(1000), 0);
}

static void a_wrong_snapshot_of_a_short_stream_is_mended_too(void **state)
{
    (void)state;
    keep_thousand();
    fixture_sql(bench.url, "update cairn.snapshots set stream = replace(stream, '0a', '0b')");
    put("meter-01890000-0000-7000-8000-00000000000b", "MeterRead", "{\"units\": 1, \"by\": \"x\"}",
        3);
    struct cairn_aggregate meter;
    assert_int_equal(cairn_aggregate_load(bench.store, &bench.folding,
                                          "meter-01890000-0000-7000-8000-00000000000b",
                                          &bench.arena, &meter, NULL),
                     0);
    assert_int_equal(((const struct meter *)meter.state)->units, 3);
    wait_for("select version from cairn.snapshots", 3);
}

static void rows_may_be_deleted_at_any_time(void **state)
{
    (void)state;
    keep_thousand();
    fixture_sql(bench.url, "delete from cairn.snapshots");
    assert_int_equal(load(1000), 1000);
    wait_for(KEPT, 1000);
    assert_int_equal(load(1000), 0);
}

static void a_stream_that_is_not_there_has_none(void **state)
{
    (void)state;
    struct cairn_aggregate meter;
    assert_int_equal(
        cairn_aggregate_load(bench.store, &bench.folding, "meter-0", &bench.arena, &meter, NULL),
        0);
    assert_int_equal(meter.at.version, 0);
    assert_int_equal(((const struct meter *)meter.state)->units, 0);
}

/* ---- keeping ---- */

static int keep(int64_t version, const char *event_of_version)
{
    char id[64];
    const struct cairn_snapshot_key key = {METER, "meter", 1};
    fixture_sql_text(bench.url,
                     cairn_print(&bench.arena,
                                 "select event_id from cairn.events where version = %s",
                                 event_of_version),
                     id, sizeof id);
    const struct cairn_snapshot snapshot = {
        .version = version, .event_id = CAIRN_UUID(id), .state = "{}"};
    return cairn_store_keep(bench.store, &key, &snapshot, &bench.arena, NULL);
}

static void a_newer_snapshot_is_not_replaced(void **state)
{
    (void)state;
    read_meter(10);
    assert_int_equal(keep(7, "7"), 1);
    assert_int_equal(keep(6, "6"), 0);
    assert_int_equal(keep(7, "7"), 1);
    assert_int_equal(keep(8, "8"), 1);
    assert_int_equal(keep(9, "8"), 0);  /* no such event at that version */
    assert_int_equal(keep(11, "8"), 0); /* or beyond the log */
    assert_int_equal(sql_int(KEPT), 8);
}

static void only_the_function_writes(void **state)
{
    (void)state;
    assert_int_equal(sql_int("select has_table_privilege('cairn_writer', 'cairn.snapshots',"
                             " 'insert, update, delete, truncate')::int"),
                     0);
    assert_int_equal(sql_int("select count(*) from (values ('cairn_reader'), ('cairn_projector'))"
                             " r (name) where has_function_privilege(name, 'cairn.keep_snapshot("
                             "text, text, bigint, bigint, uuid, json)', 'execute')"),
                     0);
}

static void a_role_that_may_not_store_snapshots_still_loads(void **state)
{
    (void)state;
    char url[600];
    cairn_snapshots_close(bench.snapshots);
    fixture_url_as(bench.url, "cairn_reader", url, sizeof url);
    open_snapshots(url);
    int64_t before = outcomes("failed");
    read_meter(1000);
    assert_int_equal(load(1000), 1000);
    wait_for_outcome("failed", before + 1);
    assert_int_equal(load(1000), 1000);
}

/* ---- a whole service ---- */

#define USER "01890000-0000-7000-8000-00000000000c"

extern const struct cairn_service user_service;
extern const struct cairn_service order_service;

static void ask_host(struct cairn_host *host, const char *method, const char *path,
                     const char *body, int status)
{
    struct http_reply reply = {0};
    ask(cairn_host_port(host), method, path, NULL, body, &reply);
    if (reply.status != status)
        fail_msg("%s: wanted %d, got %d %s", path, status, reply.status, reply.body);
    http_reply_free(&reply);
}

/* Starts a process that decides users and orders; without a cache every command loads its
 * stream. */
static struct cairn_host *start_host(int64_t cache_entries)
{
    static struct cairn_config config; /* borrowed by the host */
    config = (struct cairn_config){
        .database_url = bench.writer_url,
        .redis_url = "",
        .bind = "127.0.0.1",
        .workers = 2,
        .queue_max = 100,
        .connections_max = 100,
        .body_max_bytes = 100000,
        .request_deadline_ms = 10000,
        .conflict_retries = 3,
        .append_queue_max = 100,
        .append_batch_events = 100,
        .stop_grace_s = 5,
        .snapshot_every = EVERY,
        .cache_entries = cache_entries,
        .cache_mib = 1,
    };
    static const struct cairn_service *const services[] = {&user_service, &order_service, NULL};
    struct cairn_host *host = NULL;
    assert_int_equal(cairn_host_start(&config, services, &host, NULL), 0);
    return host;
}

static void deciders_and_facts_have_their_own(void **state)
{
    (void)state;
    put("user-" USER, "UserRegistered", "{\"email\":\"a@example.com\",\"name\":\"A\"}", 1);
    put("user-" USER, "UserEmailChanged",
        "{\"email\":\"a$n@example.com\",\"previous_email\":\"x@example.com\"}", 300);
    struct cairn_host *host = start_host(0);
    int64_t used = outcomes("used");

    const char *order = "{\"user_id\":\"" USER "\",\"currency\":\"EUR\",\"lines\":"
                        "[{\"sku\":\"a\",\"quantity\":1,\"unit_price\":1}]}";
    ask_host(host, "POST", "/orders", order, 201);
    wait_for("select count(*) from cairn.snapshots where kind = 'order:order_customer'", 1);
    ask_host(host, "PUT", "/users/" USER "/email", "{\"email\":\"b@example.com\"}", 200);
    wait_for("select count(*) from cairn.snapshots where kind = 'user'", 1);
    assert_int_equal(outcomes("used"), used);

    ask_host(host, "PUT", "/users/" USER "/email", "{\"email\":\"c@example.com\"}", 200);
    ask_host(host, "POST", "/orders", order, 201);
    ask_host(host, "POST", "/users/" USER "/deactivate", "{}", 200);
    ask_host(host, "POST", "/orders", order, 422);
    assert_int_equal(outcomes("used"), used + 4);
    assert_int_equal(sql_int("select count(*) from cairn.events where data ->> 'previous_email'"
                             " in ('a301@example.com', 'b@example.com')"),
                     2);
    cairn_host_stop(host);
}

static void a_hot_stream_gets_snapshots_although_it_is_never_loaded_again(void **state)
{
    (void)state;
    struct cairn_host *host = start_host(100);
    put("user-" USER, "UserRegistered", "{\"email\":\"a@example.com\",\"name\":\"A\"}", 1);
    for (int64_t version = 2; version <= 2 * EVERY + 3; version++)
        ask_host(host, "PUT", "/users/" USER "/email",
                 cairn_print(&bench.arena, "{\"email\":\"a%" PRId64 "@example.com\"}", version),
                 200);
    wait_for("select version from cairn.snapshots where kind = 'user'", 2 * (EVERY + 1));
    cairn_host_stop(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_long_stream_is_loaded_from_its_snapshot),
        TEST(a_load_of_several_pages_behind_a_snapshot_misses_nothing),
        TEST(a_load_keeps_no_more_than_a_few_pages_of_a_stream),
        TEST(a_short_stream_needs_none),
        TEST(code_without_a_version_keeps_and_uses_none),
        TEST(a_snapshot_of_other_code_is_not_used),
        TEST(a_snapshot_that_is_not_canonical_is_not_used),
        TEST(a_snapshot_that_the_log_does_not_bear_out_is_not_used),
        TEST(a_wrong_snapshot_of_a_short_stream_is_mended_too),
        TEST(rows_may_be_deleted_at_any_time),
        TEST(a_stream_that_is_not_there_has_none),
        TEST(a_newer_snapshot_is_not_replaced),
        TEST(only_the_function_writes),
        TEST(a_role_that_may_not_store_snapshots_still_loads),
        TEST(deciders_and_facts_have_their_own),
        TEST(a_hot_stream_gets_snapshots_although_it_is_never_loaded_again),
    };
    return cmocka_run_group_tests_name("snapshots", tests, NULL, NULL);
}
