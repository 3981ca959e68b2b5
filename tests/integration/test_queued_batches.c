/* test_queued_batches.c - a batch that is sent while the one before is under way, on a real
 * PostgreSQL: each is carried out, refused or lost by itself.
 *
 * Another session holds the lock of the log until a batch waits for it, and the next one is queued
 * behind that. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/support.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "postgres/postgres.h"
#include "store/commit/appender.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 80 };

static struct bench {
    char url[512];
    char writer[600];
    struct cairn_appender *appender;
    struct cairn_pg *holder; /* holds the log's lock */
} bench;

static int setup(void **state)
{
    (void)state;
    const struct cairn_appender_options options = {.always_defers = true};
    fixture_database(bench.url, sizeof bench.url);
    fixture_url_as(bench.url, "cairn_writer", bench.writer, sizeof bench.writer);
    assert_int_equal(cairn_pg_open(bench.url, "holder", &bench.holder, NULL), 0);
    assert_int_equal(cairn_appender_open(bench.writer, "appender", &options, &bench.appender, NULL),
                     0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_appender_close(bench.appender);
    cairn_pg_close(bench.holder);
    fixture_drop(bench.url);
    return 0;
}

/* ---- appends ---- */

/* An append of one event, in the background. */
struct item {
    struct cairn_new_event event;
    struct cairn_new_command command;
    struct cairn_write write;
    struct cairn_appended ret;
    struct cairn_appending appending;
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

static void name_stream(char ret[NAME_SIZE])
{
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(cairn_uuid_make(), id);
    (void)snprintf(ret, NAME_SIZE, "thing-%s", id);
}

static struct item item_on(const char *stream, int64_t version, struct cairn_uuid after)
{
    struct item item = {0};
    item.event = (struct cairn_new_event){.id = cairn_uuid_make(),
                                          .type = "Happened",
                                          .schema_version = 1,
                                          .data = "{}",
                                          .meta = "{}"};
    item.write = (struct cairn_write){
        .expected = {.stream = stream, .version = version, .event_id = after}, .event_count = 1};
    return item;
}

static void submit(struct item *item)
{
    item->write.events = &item->event;
    item->appending = (struct cairn_appending){
        .append = {.writes = &item->write, .write_count = 1},
        .ret = &item->ret,
        .done = on_done,
        .context = item,
    };
    assert_int_equal(cairn_appender_submit(bench.appender, &item->appending, NULL), 0);
}

static void await_outcome(struct item *item, int outcome)
{
    fixture_wait(is_done, item, 90000, "an append to be answered");
    if (item->appending.outcome != outcome)
        fail_msg("outcome %d: %s", item->appending.outcome, item->appending.error.message);
    assert_int_equal(item->done, 1);
}

/* ---- two batches under way ---- */

static int64_t queued_count(void)
{
    static const char name[] = "\ncairn_append_batches_queued_total ";
    struct cairn_arena arena = {0};
    struct cairn_buffer text = cairn_buffer(&arena);
    cairn_metrics_write(CAIRN_METRICS_TEXT, &text);
    const char *at = strstr(text.text, name);
    int64_t count = at ? strtoll(at + strlen(name), NULL, 10) : 0;
    cairn_arena_close(&arena);
    return count;
}

static bool is_queued(void *context)
{
    return queued_count() > *(const int64_t *)context;
}

static const char waiting[] =
    "select count(*) from pg_stat_activity where application_name = 'appender'"
    " and datname = current_database() and wait_event_type = 'Lock' and query ~ 'append_'";

/* Submits both, the second when the first waits for the lock; returns when that is queued, too. */
static void submit_both(struct item *first, struct item *second)
{
    static const char flushers[] =
        "select count(*) from pg_stat_activity where application_name = 'appender'"
        " and datname = current_database() and state = 'idle'"
        " and query ~ 'make_durable|publish_durable|cairn.head'";
    char stream[NAME_SIZE];
    int64_t before = queued_count();
    name_stream(stream);
    fixture_wait_sql(bench.url, flushers, 1, 90000); /* before, nothing is deferred */
    for (int i = 0; i < 2; i++) { /* the connection learns the type, then the statement */
        struct item known = item_on(stream, i, (struct cairn_uuid){0});
        submit(&known);
        await_outcome(&known, 0);
    }
    /* the flusher needs the lock, too, to publish what is on disk */
    fixture_wait_sql(bench.url, "select (select last_value from cairn.durable_head) - cairn.head()",
                     0, 90000);
    assert_int_equal(cairn_pg_script(bench.holder,
                                     "begin; lock table cairn.append_lock in share update"
                                     " exclusive mode",
                                     NULL),
                     0);
    submit(first);
    fixture_wait_sql(bench.url, waiting, 1, 90000);
    submit(second);
    fixture_wait(is_queued, &before, 90000, "a batch to be queued");
}

static void release_lock(void)
{
    assert_int_equal(cairn_pg_script(bench.holder, "commit", NULL), 0);
}

static int64_t count_of(const char *stream)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql, "select count(*) from cairn.events where stream = '%s'",
                   stream);
    return fixture_sql_int(bench.url, sql);
}

/* ---- tests ---- */

static void a_batch_is_sent_while_the_one_before_is_under_way(void **state)
{
    (void)state;
    char stream[NAME_SIZE];
    name_stream(stream);
    struct item first = item_on(stream, 0, (struct cairn_uuid){0});
    struct item second = item_on(stream, 1, first.event.id); /* builds on the first */
    submit_both(&first, &second);
    assert_false(is_done(&first));
    release_lock();
    await_outcome(&first, 0);
    await_outcome(&second, 0);
    assert_int_equal(second.ret.position, first.ret.position + 1);
    assert_int_equal(second.ret.version, 2);
}

static void a_batch_behind_one_that_is_refused_is_carried_out(void **state)
{
    (void)state;
    char stream[NAME_SIZE];
    char other[NAME_SIZE];
    name_stream(stream);
    name_stream(other);
    struct item refused = item_on(stream, 7, (struct cairn_uuid){0});
    struct item next = item_on(other, 0, (struct cairn_uuid){0});
    submit_both(&refused, &next);
    release_lock();
    await_outcome(&refused, -CAIRN_CONFLICT);
    await_outcome(&next, 0);
    assert_int_equal(count_of(stream), 0);
    assert_int_equal(count_of(other), 1);
}

static void a_batch_that_builds_on_one_that_is_refused_is_refused(void **state)
{
    (void)state;
    char stream[NAME_SIZE];
    name_stream(stream);
    struct item refused = item_on(stream, 7, (struct cairn_uuid){0});
    struct item next = item_on(stream, 8, refused.event.id);
    submit_both(&refused, &next);
    release_lock();
    await_outcome(&refused, -CAIRN_CONFLICT);
    await_outcome(&next, -CAIRN_CONFLICT);
    assert_int_equal(count_of(stream), 0);
}

static void a_batch_that_postgresql_refuses_leaves_the_one_behind_it(void **state)
{
    (void)state;
    char stream[NAME_SIZE];
    char other[NAME_SIZE];
    name_stream(stream);
    name_stream(other);
    struct item wrong = item_on(stream, 0, (struct cairn_uuid){0});
    wrong.event.data = "{\"a\":\"\\u0000\"}";
    struct item next = item_on(other, 0, (struct cairn_uuid){0});
    submit_both(&wrong, &next);
    release_lock();
    await_outcome(&wrong, -CAIRN_INVALID);
    await_outcome(&next, 0);
    assert_int_equal(count_of(stream), 0);
    assert_int_equal(count_of(other), 1);
}

static void a_command_that_is_queued_twice_is_carried_out_once(void **state)
{
    (void)state;
    char stream[NAME_SIZE];
    char other[NAME_SIZE];
    name_stream(stream);
    name_stream(other);
    struct item first = item_on(stream, 0, (struct cairn_uuid){0});
    first.command = (struct cairn_new_command){
        .key = {.id = cairn_uuid_make(), .request_hash = 77}, .events_to = 1, .event_count = 1};
    struct item again = item_on(other, 0, (struct cairn_uuid){0});
    again.command = first.command;
    first.write.commands = &first.command;
    again.write.commands = &again.command;
    first.write.command_count = again.write.command_count = 1;
    submit_both(&first, &again);
    release_lock();
    await_outcome(&first, 0);
    await_outcome(&again, 1);
    assert_int_equal(count_of(other), 0);
}

static void batches_whose_connection_is_lost_are_appended_once_and_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        char stream[NAME_SIZE];
        name_stream(stream);
        struct item first = item_on(stream, 0, (struct cairn_uuid){0});
        struct item second = item_on(stream, 1, first.event.id);
        submit_both(&first, &second);
        fixture_sql(bench.url, "select pg_terminate_backend(pid) from pg_stat_activity where"
                               " application_name = 'appender' and datname = current_database()"
                               " and wait_event_type = 'Lock'");
        release_lock();
        await_outcome(&first, 0);
        await_outcome(&second, 0);
        assert_int_equal(second.ret.position, first.ret.position + 1);
        assert_int_equal(count_of(stream), 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_sent_while_the_one_before_is_under_way),
        cmocka_unit_test(a_batch_behind_one_that_is_refused_is_carried_out),
        cmocka_unit_test(a_batch_that_builds_on_one_that_is_refused_is_refused),
        cmocka_unit_test(a_batch_that_postgresql_refuses_leaves_the_one_behind_it),
        cmocka_unit_test(a_command_that_is_queued_twice_is_carried_out_once),
        cmocka_unit_test(batches_whose_connection_is_lost_are_appended_once_and_in_order),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
