/* test_deferring.c - batches that commit before their flush, on a real PostgreSQL: they are
 * answered, and shown to readers, once they are on disk, whatever is killed meanwhile.
 *
 * Nothing is flushed while both the flusher's server process and PostgreSQL's own writer of the log
 * are stopped (SIGSTOP). */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "store/commit/appender.h"
#include "store/read/snapshot.h"
#include "store/store.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct bench {
    char url[512];
    char writer[600];
    struct cairn_appender *appender;
} bench;

static int setup(void **state)
{
    (void)state;
    const struct cairn_appender_options options = {.always_defers = true};
    fixture_database(bench.url, sizeof bench.url);
    fixture_url_as(bench.url, "cairn_writer", bench.writer, sizeof bench.writer);
    assert_int_equal(cairn_appender_open(bench.writer, "appender", &options, &bench.appender, NULL),
                     0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_appender_close(bench.appender);
    fixture_drop(bench.url);
    return 0;
}

/* ---- helpers ---- */

static int64_t sql_int(const char *sql)
{
    return fixture_sql_int(bench.url, sql);
}

/* Its last query tells which of the appender's two connections it is. */
static const char flushers[] =
    "select coalesce(max(pid), 0) from pg_stat_activity where application_name = 'appender'"
    " and datname = current_database() and state = 'idle' and query ~ 'publish_durable|cairn.head'";

/* The other one. */
static const char appenders[] =
    "select coalesce(max(pid), 0) from pg_stat_activity where application_name = 'appender'"
    " and datname = current_database() and query ~ 'append_'";

static bool is_idle(void *context)
{
    (void)context;
    return sql_int(flushers) != 0;
}

static pid_t log_writer(void)
{
    char superuser[600];
    fixture_url_as(bench.url, "postgres", superuser, sizeof superuser);
    return (pid_t)fixture_sql_int(
        superuser, "select pid from pg_stat_activity where backend_type = 'walwriter'");
}

/* An append of one event to a stream of its own, in the background. */
struct item {
    struct cairn_new_event event;
    struct cairn_write write;
    struct cairn_appended ret;
    struct cairn_appending appending;
    char stream[80];
    int done;
};

static void on_done(struct cairn_appending *appending)
{
    struct item *item = appending->context;
    (void)__atomic_add_fetch(&item->done, 1, __ATOMIC_RELEASE);
}

static bool is_done(void *context)
{
    const struct item *item = context;
    return __atomic_load_n(&item->done, __ATOMIC_ACQUIRE) > 0;
}

static void submit(struct item *item)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(cairn_uuid_make(), id);
    (void)snprintf(item->stream, sizeof item->stream, "thing-%s", id);
    item->event = (struct cairn_new_event){.id = cairn_uuid_make(),
                                           .type = "Happened",
                                           .schema_version = 1,
                                           .data = "{}",
                                           .meta = "{}"};
    item->write = (struct cairn_write){
        .expected = {.stream = item->stream}, .events = &item->event, .event_count = 1};
    item->appending = (struct cairn_appending){
        .append = {.writes = &item->write, .write_count = 1},
        .ret = &item->ret,
        .done = on_done,
        .context = item,
    };
    assert_int_equal(cairn_appender_submit(bench.appender, &item->appending, NULL), 0);
}

static void await_answer(struct item *item)
{
    fixture_wait(is_done, item, 20000, "an append to be answered");
    assert_int_equal(item->done, 1);
}

static int64_t count_of(const struct item *item)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql, "select count(*) from cairn.events where stream = '%s'",
                   item->stream);
    return sql_int(sql);
}

static bool is_committed(void *context)
{
    return count_of(context) == 1;
}

static struct {
    pid_t flusher;
    pid_t writer;
} stopped;

/* Appends once, so that the flusher is connected, and then withholds flushes. */
static void withhold_flushes(void)
{
    struct item first = {0};
    fixture_wait(is_idle, NULL, 10000, "the flusher to be connected");
    submit(&first);
    await_answer(&first);
    fixture_wait(is_idle, NULL, 10000, "the flusher to be idle");
    stopped.flusher = (pid_t)sql_int(flushers);
    stopped.writer = log_writer();
    assert_int_equal(kill(stopped.writer, SIGSTOP), 0);
    assert_int_equal(kill(stopped.flusher, SIGSTOP), 0);
}

static void go_on(void)
{
    assert_int_equal(kill(stopped.flusher, SIGCONT), 0);
    assert_int_equal(kill(stopped.writer, SIGCONT), 0);
}

/* ---- tests ---- */

static void a_deferred_append_is_answered_after_its_flush(void **state)
{
    (void)state;
    struct item item = {0};
    struct item next = {0};
    withhold_flushes();
    submit(&item);
    fixture_wait(is_committed, &item, 10000, "the append to be committed");
    submit(&next); /* builds no queue behind the flush */
    fixture_wait(is_committed, &next, 10000, "the next append to be committed");
    assert_false(is_done(&item));
    assert_false(is_done(&next));
    go_on();
    await_answer(&item);
    await_answer(&next);
    assert_int_equal(item.appending.outcome, 0);
    assert_int_equal(item.ret.position, next.ret.position - 1);
}

/* Runs a query for 300 ms at most. Returns whether it has come to an end. */
static bool ends(const char *query)
{
    struct cairn_pg *pg = NULL;
    assert_int_equal(cairn_pg_open(bench.url, "reader", &pg, NULL), 0);
    assert_int_equal(cairn_pg_script(pg, "set statement_timeout = 300", NULL), 0);
    int outcome = cairn_pg_script(pg, query, NULL);
    cairn_pg_close(pg);
    return outcome == 0;
}

static void readers_wait_for_what_is_not_on_disk(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "select cairn.head()",
        "select * from cairn.log limit 1",
        "select * from cairn.streams",
        "select * from cairn.stored_types",
        "select * from cairn.read_all()",
        "select * from cairn.read_range(0, 1000)",
        "select * from cairn.read_stream((select stream from cairn.events limit 1))",
    };
    struct item item = {0};
    withhold_flushes();
    submit(&item);
    fixture_wait(is_committed, &item, 10000, "the append to be committed");
    int64_t written = sql_int("select pg_current_wal_insert_lsn() - '0/0'");
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        if (ends(queries[i]) && sql_int("select pg_current_wal_flush_lsn() - '0/0'") < written)
            fail_msg("%s showed what was not on disk", queries[i]);
    }
    go_on();
    await_answer(&item);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        fixture_sql(bench.url, queries[i]);
    assert_int_equal(sql_int("select cairn.head()"), item.ret.position);
}

static int load_one(struct cairn_store *store, const char *stream, struct cairn_arena *arena)
{
    const struct cairn_snapshot_key key = {.stream = stream};
    struct cairn_snapshot snapshot;
    const struct cairn_stored_event *events;
    bool more;
    return (int)cairn_store_load(store, &key, 10, arena, &snapshot, &events, &more, NULL);
}

static int load_many(struct cairn_store *store, const char *stream, struct cairn_arena *arena)
{
    struct cairn_load load = {.key = {.stream = stream}};
    int failed = cairn_store_load_many(store, &load, 1, 10, arena, NULL);
    return failed ? failed : (int)load.count;
}

/* Refusals and repeated answers are based on what these return. */
static void decisions_wait_for_what_is_not_on_disk(void **state)
{
    (void)state;
    int (*const loads[])(struct cairn_store *, const char *, struct cairn_arena *) = {load_one,
                                                                                      load_many};
    struct cairn_arena arena = {0};
    struct item item = {0};
    withhold_flushes();
    submit(&item);
    fixture_wait(is_committed, &item, 10000, "the append to be committed");
    int64_t written = sql_int("select pg_current_wal_insert_lsn() - '0/0'");
    for (size_t i = 0; i < 2; i++) {
        struct cairn_store *store = NULL;
        assert_int_equal(cairn_store_open(bench.writer, "reader", &store, NULL), 0);
        cairn_pg_set_deadline(cairn_store_pg(store), 300000);
        int count = loads[i](store, item.stream, &arena);
        if (count > 0 && sql_int("select pg_current_wal_flush_lsn() - '0/0'") < written)
            fail_msg("load %zu returned what was not on disk", i);
        cairn_store_close(store);
    }
    go_on();
    await_answer(&item);
    for (size_t i = 0; i < 2; i++) {
        struct cairn_store *store = NULL;
        assert_int_equal(cairn_store_open(bench.writer, "reader", &store, NULL), 0);
        assert_int_equal(loads[i](store, item.stream, &arena), 1);
        cairn_store_close(store);
    }
    cairn_arena_close(&arena);
}

static void an_idle_log_is_known_to_be_on_disk(void **state)
{
    (void)state;
    struct item item = {0};
    submit(&item);
    await_answer(&item);
    fixture_wait_sql(bench.url, "select (select last_value from cairn.durable_head) - cairn.head()",
                     0, 10000);
}

static void a_flusher_that_is_ended_is_replaced_and_its_appends_are_answered(void **state)
{
    (void)state;
    struct item items[20] = {0};
    for (size_t i = 0; i < 20; i++) {
        withhold_flushes();
        submit(&items[i]);
        fixture_wait(is_committed, &items[i], 10000, "the append to be committed");
        assert_int_equal(kill(stopped.flusher, SIGTERM), 0);
        go_on();
        await_answer(&items[i]);
        assert_int_equal(items[i].appending.outcome, 0);
        assert_int_equal(count_of(&items[i]), 1);
    }
}

/* As many batches wait for their flush as may, and none of them can be flushed: the server process
 * that has committed them is gone, too. The next one finds no place before they are settled. */
static void an_append_behind_batches_that_cannot_be_flushed_is_carried_out(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct item items[6] = {0};
        withhold_flushes();
        for (size_t k = 0; k < 5; k++) {
            submit(&items[k]);
            fixture_wait(is_committed, &items[k], 10000, "the append to be committed");
        }
        pid_t appender = (pid_t)sql_int(appenders);
        submit(&items[5]);
        assert_int_equal(kill(appender, SIGTERM), 0);
        assert_int_equal(kill(stopped.flusher, SIGTERM), 0);
        go_on();
        for (size_t k = 0; k < 6; k++) {
            await_answer(&items[k]);
            assert_int_equal(items[k].appending.outcome, 0);
            assert_int_equal(count_of(&items[k]), 1);
        }
    }
}

static void what_a_crash_takes_back_is_appended_again(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct item items[50] = {0};
        withhold_flushes();
        for (size_t k = 0; k < 50; k++)
            submit(&items[k]);
        fixture_wait(is_committed, &items[49], 10000, "the appends to be committed");
        /* the server ends its other processes, and starts again from what is on disk */
        assert_int_equal(kill(stopped.flusher, SIGKILL), 0);
        assert_int_equal(kill(stopped.writer, SIGKILL), 0);
        for (size_t k = 0; k < 50; k++) {
            await_answer(&items[k]);
            if (items[k].appending.outcome)
                fail_msg("append %zu: %s", k, items[k].appending.error.message);
            assert_int_equal(count_of(&items[k]), 1);
            assert_int_equal(items[k].ret.position, items[0].ret.position + (int64_t)k);
        }
    }
    assert_int_equal(sql_int("select count(*) - max(position) from cairn.events"), 0);
}

static void a_log_that_was_left_undurable_is_published_by_the_next_appender(void **state)
{
    (void)state;
    struct item item = {0};
    submit(&item);
    await_answer(&item);
    /* as by an appender that was killed after its commit */
    fixture_sql(bench.url, "select setval('cairn.deferred_head', cairn.head()),"
                           " setval('cairn.durable_head', cairn.head() - 1)");
    struct cairn_appender *next = NULL;
    assert_int_equal(cairn_appender_open(bench.writer, "next", NULL, &next, NULL), 0);
    fixture_wait_sql(bench.url, "select (select last_value from cairn.durable_head) - cairn.head()",
                     0, 10000);
    cairn_appender_close(next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deferred_append_is_answered_after_its_flush),
        cmocka_unit_test(readers_wait_for_what_is_not_on_disk),
        cmocka_unit_test(decisions_wait_for_what_is_not_on_disk),
        cmocka_unit_test(an_idle_log_is_known_to_be_on_disk),
        cmocka_unit_test(a_flusher_that_is_ended_is_replaced_and_its_appends_are_answered),
        cmocka_unit_test(an_append_behind_batches_that_cannot_be_flushed_is_carried_out),
        cmocka_unit_test(what_a_crash_takes_back_is_appended_again),
        cmocka_unit_test(a_log_that_was_left_undurable_is_published_by_the_next_appender),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
