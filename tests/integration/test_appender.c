/* test_appender.c - group commit on a real PostgreSQL. The numbers are those of the invariants in
 * store.h and appender.h.
 *
 * To control the content of a batch a test holds the log's lock: the first append waits for it in
 * PostgreSQL, later ones are collected meanwhile, and are committed together when the lock is
 * released. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "store/commit/appender.h"
#include "store/store.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bench {
    char url[512];
    struct cairn_appender *appender;
    struct cairn_pg *other; /* a session that holds the lock */
    struct cairn_arena arena;
} bench;

static struct cairn_appender *open_appender(const struct cairn_appender_options *options)
{
    struct cairn_appender *appender = NULL;
    char url[600];
    fixture_url_as(bench.url, "cairn_writer", url, sizeof url);
    assert_int_equal(cairn_appender_open(url, "appender", options, &appender, NULL), 0);
    return appender;
}

static int setup(void **state)
{
    (void)state;
    fixture_database(bench.url, sizeof bench.url);
    assert_int_equal(cairn_pg_open(bench.url, "other", &bench.other, NULL), 0);
    /* a server that was killed recovers first, however busy the machine is */
    const struct cairn_appender_options options = {.settle_us = 90000000};
    bench.appender = open_appender(&options);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_appender_close(bench.appender);
    cairn_pg_close(bench.other);
    cairn_arena_close(&bench.arena);
    fixture_drop(bench.url);
    return 0;
}

/* ---- helpers ---- */

static int64_t sql_int(const char *sql)
{
    return fixture_sql_int(bench.url, sql);
}

static void other_says(const char *sql)
{
    struct cairn_error error = {0};
    if (cairn_pg_script(bench.other, sql, &error) < 0)
        fail_msg("%s: %s", sql, error.message);
}

static void take_lock(void)
{
    other_says("begin; lock table cairn.append_lock in exclusive mode");
}

static void let_go(void)
{
    other_says("rollback");
}

static bool somebody_waits_for_the_lock(void *context)
{
    (void)context;
    return sql_int("select count(*) from pg_stat_activity where datname = current_database()"
                   " and wait_event_type = 'Lock' and wait_event = 'relation'"
                   " and query not like '%publish_durable%'") > 0;
}

static void await_waiting(void)
{
    fixture_wait(somebody_waits_for_the_lock, NULL, 10000, "an append to wait for the lock");
}

static const char *new_stream(void)
{
    return cairn_stream_name(&bench.arena, "thing", cairn_uuid_make());
}

static struct cairn_expected any(const char *stream)
{
    return (struct cairn_expected){.stream = stream, .version = CAIRN_VERSION_ANY};
}

static struct cairn_expected at(const char *stream, int64_t version, struct cairn_uuid id)
{
    return (struct cairn_expected){stream, version, id};
}

static struct cairn_new_event *new_event(const char *data)
{
    struct cairn_new_event *event = cairn_new(&bench.arena, struct cairn_new_event, 1);
    *event = (struct cairn_new_event){.id = cairn_uuid_make(),
                                      .type = "Happened",
                                      .schema_version = 1,
                                      .data = data,
                                      .meta = "{}"};
    return event;
}

/* A pending append: one event on one stream, and what a test adds to it. */
struct item {
    struct cairn_write writes[3];
    struct cairn_appended ret[3];
    struct cairn_new_command command;
    struct cairn_claim claim;
    struct cairn_appending appending;
    bool done;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void on_done(struct cairn_appending *appending)
{
    struct item *item = appending->context;
    cairn_lock(&lock);
    assert_false(item->done); /* appender.h (2) */
    item->done = true;
    cairn_cond_broadcast(&changed);
    cairn_unlock(&lock);
}

static struct item *new_item(struct cairn_expected expected)
{
    struct item *item = cairn_new(&bench.arena, struct item, 1);
    item->writes[0] = (struct cairn_write){
        .expected = expected, .events = new_event("{\"a\":1}"), .event_count = 1};
    item->appending = (struct cairn_appending){
        .append = {.writes = item->writes, .write_count = 1},
        .ret = item->ret,
        .done = on_done,
        .context = item,
    };
    return item;
}

static struct cairn_uuid id_of(const struct item *item)
{
    return item->writes[0].events[0].id;
}

static struct item *with_command(struct item *item, char key, char hash)
{
    item->command = (struct cairn_new_command){
        .key = {.request_hash = hash}, .status = 201, .events_to = 1, .event_count = 1};
    memset(item->command.key.id.bytes, key, sizeof item->command.key.id.bytes);
    item->writes[0].commands = &item->command;
    item->writes[0].command_count = 1;
    return item;
}

static struct item *with_claim(struct item *item, const char *key)
{
    item->claim = (struct cairn_claim){.taken = true, .scope = "thing.name", .key = key};
    item->writes[0].claims = &item->claim;
    item->writes[0].claim_count = 1;
    return item;
}

static struct item *submit(struct item *item)
{
    struct cairn_error error = {0};
    if (cairn_appender_submit(bench.appender, &item->appending, &error) < 0)
        fail_msg("refused: %s", error.message);
    return item;
}

static int outcome_of(struct item *item)
{
    cairn_lock(&lock);
    while (!item->done)
        cairn_cond_wait(&changed, &lock);
    cairn_unlock(&lock);
    return item->appending.outcome;
}

static void expect(struct item *item, int outcome, const char *words)
{
    int seen = outcome_of(item);
    if (seen != outcome || (words && !strstr(item->appending.error.message, words)))
        fail_msg("wanted %d \"%s\", seen %d \"%s\"", outcome, words ? words : "", seen,
                 item->appending.error.message);
}

/* Blocks appends until let_go(). */
static struct item *hold_up(void)
{
    take_lock();
    struct item *first = submit(new_item(any(new_stream())));
    await_waiting();
    return first;
}

static void the_log_is_in_order(void)
{
    assert_int_equal(sql_int("select count(*) from (select position, row_number() over (order by"
                             " position) as n from cairn.events) e where position <> n"),
                     0);
    assert_int_equal(sql_int("select count(*) from (select version, row_number() over (partition"
                             " by stream order by position) as n from cairn.events) e where"
                             " version <> n"),
                     0);
    assert_int_equal(sql_int("select count(*) - count(distinct event_id) from cairn.events"), 0);
}

/* ---- batches ---- */

static int64_t xids(void)
{
    return sql_int("select count(distinct xmin::text::bigint) from cairn.events");
}

static void what_comes_together_is_committed_together_and_in_order(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    struct item *items[COUNT];
    int64_t before = xids();
    struct item *first = hold_up();
    for (int i = 0; i < COUNT; i++)
        items[i] = submit(new_item(at(new_stream(), 0, (struct cairn_uuid){0})));
    let_go();
    expect(first, 0, NULL);
    for (int i = 0; i < COUNT; i++) {
        expect(items[i], 0, NULL);
        assert_int_equal(items[i]->ret[0].version, 1);
        assert_int_equal(items[i]->ret[0].position, first->ret[0].position + 1 + i);
    }
    assert_int_equal(xids() - before, 2);
    the_log_is_in_order();
}

static void each_append_of_a_batch_has_its_own_outcome(void **state)
{
    (void)state;
    const char *known = new_stream();
    struct item *before = submit(with_command(new_item(any(known)), 'a', '1'));
    expect(before, 0, NULL);
    const char *a = new_stream();
    struct item *first = hold_up();
    struct item *good = submit(new_item(at(a, 0, (struct cairn_uuid){0})));
    struct item *moved = submit(new_item(at(known, 7, (struct cairn_uuid){0})));
    struct item *exists = submit(new_item(at(known, 0, (struct cairn_uuid){0})));
    struct item *other_event = submit(new_item(at(known, 1, cairn_uuid_make())));
    struct item *replayed = submit(with_command(new_item(any(known)), 'a', '1'));
    struct item *claims = submit(with_claim(new_item(any(new_stream())), "ada"));
    struct item *last = submit(new_item(at(a, 1, id_of(good))));
    let_go();
    expect(first, 0, NULL);
    expect(good, 0, NULL);
    expect(moved, -CAIRN_CONFLICT, "is at version 1, not 7");
    assert_int_equal(moved->ret[0].version, 1);
    expect(exists, -CAIRN_EXISTS, "exists, at version 1");
    expect(other_event, -CAIRN_CONFLICT, "has another event at version 1");
    expect(replayed, 1, NULL);
    expect(claims, 0, NULL);
    expect(last, 0, NULL);
    assert_int_equal(last->ret[0].version, 2);

    first = hold_up();
    struct item *reused = submit(with_command(new_item(any(known)), 'a', '2'));
    struct item *taken = submit(with_claim(new_item(any(new_stream())), "ada"));
    let_go();
    expect(first, 0, NULL);
    expect(reused, -CAIRN_KEY_REUSED, NULL);
    expect(taken, -CAIRN_CLAIMED, "thing.name");
    the_log_is_in_order();
}

/* Invariant 6, within one batch. */
static void an_append_that_builds_on_one_that_fails_fails(void **state)
{
    (void)state;
    const char *stream = new_stream();
    struct item *first = hold_up();
    struct item *one =
        submit(with_command(new_item(at(stream, 0, (struct cairn_uuid){0})), 'b', '1'));
    struct item *two = submit(new_item(at(stream, 1, id_of(one))));
    struct item *sibling = submit(new_item(at(stream, 1, id_of(one))));
    struct item *on_sibling = submit(new_item(at(stream, 2, id_of(sibling))));
    struct item *three = submit(new_item(at(stream, 2, id_of(two))));
    let_go();
    expect(first, 0, NULL);
    expect(one, 0, NULL);
    expect(two, 0, NULL);
    expect(sibling, -CAIRN_CONFLICT, "is at version 2, not 1");
    expect(on_sibling, -CAIRN_CONFLICT, "has another event at version 2");
    expect(three, 0, NULL);

    first = hold_up();
    struct item *replayed = submit(with_command(new_item(at(stream, 3, id_of(three))), 'b', '1'));
    struct item *on_replayed = submit(new_item(at(stream, 4, id_of(replayed))));
    let_go();
    expect(first, 0, NULL);
    expect(replayed, 1, NULL);
    expect(on_replayed, -CAIRN_CONFLICT, "is at version 3, not 4");
    the_log_is_in_order();
}

static void the_same_claim_and_the_same_command_in_one_batch(void **state)
{
    (void)state;
    const char *stream = new_stream();
    struct item *first = hold_up();
    struct item *one = submit(with_claim(new_item(any(new_stream())), "bob"));
    struct item *two = submit(with_claim(new_item(any(new_stream())), "bob"));
    struct item *three = submit(with_command(new_item(any(stream)), 'c', '1'));
    struct item *four = submit(with_command(new_item(any(stream)), 'c', '1'));
    struct item *five = submit(with_command(new_item(any(stream)), 'c', '2'));
    let_go();
    expect(first, 0, NULL);
    expect(one, 0, NULL);
    expect(two, -CAIRN_CLAIMED, NULL);
    expect(three, 0, NULL);
    expect(four, 1, NULL);
    expect(five, -CAIRN_KEY_REUSED, NULL);
    assert_int_equal(three->ret[0].version, 1);
}

static struct item *with_two_streams(struct cairn_claim first, struct cairn_claim second)
{
    struct item *item = new_item(any(new_stream()));
    struct cairn_claim *claims = cairn_new(&bench.arena, struct cairn_claim, 2);
    claims[0] = first;
    claims[1] = second;
    for (int i = 0; i < 2; i++)
        item->writes[i] = (struct cairn_write){.expected = any(new_stream()),
                                               .events = new_event("{}"),
                                               .event_count = 1,
                                               .claims = &claims[i],
                                               .claim_count = 1};
    item->appending.append.write_count = 2;
    return item;
}

static void two_writes_of_one_append_do_not_take_the_same_claim(void **state)
{
    (void)state;
    const struct cairn_claim take = {.taken = true, .scope = "thing.name", .key = "eve"};
    const struct cairn_claim other = {.taken = true, .scope = "thing.name", .key = "fay"};
    int64_t head = sql_int("select cairn.head()");
    struct item *first = hold_up(); /* so that they do not take the short path */
    struct item *both = submit(with_two_streams(take, take));
    struct item *apart = submit(with_two_streams(take, other));
    struct item *later = submit(with_two_streams(
        other, (struct cairn_claim){.taken = true, .scope = "thing.name", .key = "gil"}));
    let_go();
    expect(first, 0, NULL);
    expect(both, -CAIRN_CLAIMED, NULL); /* leaves no claim for the later ones */
    expect(apart, 0, NULL);
    expect(later, -CAIRN_CLAIMED, NULL);
    assert_int_equal(sql_int("select cairn.head()"), head + 3);
    assert_int_equal(sql_int("select count(*) from cairn.claims where key in ('eve', 'fay')"), 2);
    assert_int_equal(sql_int("select count(*) from cairn.claims where key = 'gil'"), 0);
}

static void a_claim_may_go_from_one_stream_to_another_in_one_append(void **state)
{
    (void)state;
    struct item *holder = submit(with_claim(new_item(any(new_stream())), "hal"));
    expect(holder, 0, NULL);
    struct item *moves =
        with_two_streams((struct cairn_claim){.taken = false, .scope = "thing.name", .key = "hal"},
                         (struct cairn_claim){.taken = true, .scope = "thing.name", .key = "hal"});
    moves->writes[0].expected = any(holder->writes[0].expected.stream);
    expect(submit(moves), 0, NULL);
    char stream[200];
    fixture_sql_text(bench.url, "select stream from cairn.claims where key = 'hal'", stream,
                     sizeof stream);
    assert_string_equal(stream, moves->writes[1].expected.stream);
}

static void an_append_that_is_refused_leaves_no_type_behind(void **state)
{
    (void)state;
    const char *stream = new_stream();
    expect(submit(new_item(any(stream))), 0, NULL);
    struct item *first = hold_up();
    struct item *refused = new_item(at(stream, 7, cairn_uuid_make()));
    struct cairn_new_event *event = new_event("{}");
    event->type = "Unheard";
    refused->writes[0].events = event;
    struct item *accepted = new_item(any(new_stream()));
    event = new_event("{}");
    event->type = "Heard";
    accepted->writes[0].events = event;
    (void)submit(refused);
    (void)submit(accepted);
    let_go();
    expect(first, 0, NULL);
    expect(refused, -CAIRN_CONFLICT, NULL);
    expect(accepted, 0, NULL);
    assert_int_equal(sql_int("select count(*) from cairn.event_types where type = 'Heard'"), 1);
    assert_int_equal(sql_int("select count(*) from cairn.event_types where type = 'Unheard'"), 0);
}

/* appender.h (3) */
static void a_value_that_is_refused_fails_its_own_append_only(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    struct item *items[COUNT];
    struct item *first = hold_up();
    for (int i = 0; i < COUNT; i++) {
        items[i] = new_item(any(new_stream()));
        if (i % 13 == 5)
            items[i]->writes[0].events = new_event("{\"a\":");
        submit(items[i]);
    }
    let_go();
    expect(first, 0, NULL);
    for (int i = 0; i < COUNT; i++)
        expect(items[i], i % 13 == 5 ? -CAIRN_INVALID : 0, NULL);
    the_log_is_in_order();
}

/* ---- several streams ---- */

static struct item *two_streams(struct cairn_expected a, struct cairn_expected b)
{
    struct item *item = new_item(a);
    item->writes[1] =
        (struct cairn_write){.expected = b, .events = new_event("{\"b\":1}"), .event_count = 1};
    item->appending.append.write_count = 2;
    return item;
}

static void several_streams_are_written_all_or_none(void **state)
{
    (void)state;
    const struct cairn_uuid none = {0};
    const char *a = new_stream();
    const char *b = new_stream();
    struct item *both = submit(two_streams(at(a, 0, none), at(b, 0, none)));
    expect(both, 0, NULL);
    assert_int_equal(both->ret[0].version, 1);
    assert_int_equal(both->ret[1].version, 1);
    assert_int_equal(both->ret[1].position, both->ret[0].position + 1);

    int64_t head = sql_int("select cairn.head()");
    struct item *half = submit(two_streams(at(a, 1, none), at(b, 5, none)));
    expect(half, -CAIRN_CONFLICT, b);
    struct item *neither = submit(two_streams(at(a, 3, none), at(b, 5, none)));
    expect(neither, -CAIRN_CONFLICT, "is at version 1, not 3; ");
    expect(neither, -CAIRN_CONFLICT, "is at version 1, not 5");
    assert_int_equal(neither->ret[1].version, 1);
    assert_int_equal(sql_int("select cairn.head()"), head);
}

static void a_stream_that_is_only_looked_at_is_held_to_its_condition(void **state)
{
    (void)state;
    const struct cairn_uuid none = {0};
    const char *fact = new_stream();
    struct item *made = submit(new_item(any(fact)));
    expect(made, 0, NULL);
    const struct cairn_expected right = at(fact, 1, id_of(made));
    const struct cairn_expected wrong = at(fact, 0, none);
    struct item *good = new_item(any(new_stream()));
    good->appending.append.checks = &right;
    good->appending.append.check_count = 1;
    struct item *bad = new_item(any(new_stream()));
    bad->appending.append.checks = &wrong;
    bad->appending.append.check_count = 1;
    expect(submit(good), 0, NULL);
    expect(submit(bad), -CAIRN_CONFLICT, "exists, at version 1");

    /* and to the state after the earlier appends of the batch */
    struct item *first = hold_up();
    struct item *moves = submit(new_item(at(fact, 1, id_of(made))));
    struct item *late = new_item(any(new_stream()));
    late->appending.append.checks = &right;
    late->appending.append.check_count = 1;
    submit(late);
    let_go();
    expect(first, 0, NULL);
    expect(moves, 0, NULL);
    expect(late, -CAIRN_CONFLICT, "is at version 2, not 1");
}

static void an_append_that_can_never_succeed_is_refused_at_once(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    struct cairn_appended ret[2];
    const char *stream = new_stream();
    struct item *twice = two_streams(any(stream), any(stream));
    assert_int_equal(cairn_appender_append(bench.appender, &twice->appending.append, ret, &error),
                     -CAIRN_BUG);
    assert_non_null(strstr(error.message, "twice"));
    const struct cairn_append nothing = {0};
    assert_int_equal(cairn_appender_append(bench.appender, &nothing, ret, NULL), -CAIRN_BUG);
    struct item *large = new_item(any(stream));
    char *data = calloc(1, CAIRN_EVENT_MAX_BYTES + 3);
    memset(data, ' ', CAIRN_EVENT_MAX_BYTES + 2);
    memcpy(data, "{}", 2);
    large->writes[0].events = new_event(data);
    assert_int_equal(cairn_appender_append(bench.appender, &large->appending.append, ret, NULL),
                     -CAIRN_INVALID);
    free(data);
    assert_int_equal(sql_int("select count(*) from cairn.events where stream in"
                             " (select stream from cairn.events where data::text like ' %')"),
                     0);
}

/* ---- limits ---- */

static void a_full_queue_is_busy_and_what_was_accepted_is_answered(void **state)
{
    (void)state;
    struct cairn_appender *shared = bench.appender;
    const struct cairn_appender_options options = {.queue_max = 3};
    bench.appender = open_appender(&options);
    struct item *first = hold_up();
    struct item *items[3];
    for (int i = 0; i < 3; i++)
        items[i] = submit(new_item(any(new_stream())));
    struct item *late = new_item(any(new_stream()));
    struct cairn_error error = {0};
    assert_int_equal(cairn_appender_submit(bench.appender, &late->appending, &error), -CAIRN_BUSY);
    assert_non_null(strstr(error.message, "3 appends are waiting"));
    let_go();
    cairn_appender_close(bench.appender); /* drains */
    bench.appender = shared;
    assert_true(first->done && items[0]->done && items[1]->done && items[2]->done);
    assert_false(late->done);
    expect(items[2], 0, NULL);
}

static void a_batch_is_bounded_in_events_and_in_bytes(void **state)
{
    (void)state;
    struct cairn_appender *shared = bench.appender;
    const struct cairn_appender_options options = {.batch_events = 10, .batch_bytes = 100};
    bench.appender = open_appender(&options);
    int64_t before = xids();
    struct item *first = hold_up();
    struct item *items[30];
    for (int i = 0; i < 30; i++)
        items[i] = submit(new_item(any(new_stream())));
    let_go();
    for (int i = 0; i < 30; i++)
        expect(items[i], 0, NULL);
    expect(first, 0, NULL);
    assert_int_equal(xids() - before, 4); /* 100 bytes are 11 events: ten is the tighter bound */
    cairn_appender_close(bench.appender);
    bench.appender = shared;
}

/* ---- writers ---- */

enum { WRITERS = 20, ROUNDS = 30 };

struct writer {
    pthread_t thread;
    int number;
    const char *shared;
    int64_t appended;
    int64_t conflicts;
};

static int append_as(const char *stream, struct cairn_expected expected, struct cairn_uuid *ret_id,
                     struct cairn_appended *ret)
{
    const struct cairn_new_event event = {.id = cairn_uuid_make(),
                                          .type = "Happened",
                                          .schema_version = 1,
                                          .data = "{}",
                                          .meta = "{}"};
    expected.stream = stream;
    const struct cairn_write write = {.expected = expected, .events = &event, .event_count = 1};
    const struct cairn_append append = {.writes = &write, .write_count = 1};
    *ret_id = event.id;
    return cairn_appender_append(bench.appender, &append, ret, NULL);
}

/* All writers on one stream: with any version; with a stream that must not exist; with exactly the
 * version seen last. */
static void *write_all_ways(void *context)
{
    struct writer *writer = context;
    struct cairn_uuid id;
    struct cairn_appended ret;
    struct cairn_expected seen = {.version = CAIRN_VERSION_ANY};
    char own[80];
    for (int i = 0; i < ROUNDS; i++) {
        (void)snprintf(own, sizeof own, "thing-%s-%d", writer->shared + 6, i);
        if (append_as(own, (struct cairn_expected){0}, &id, &ret) == 0)
            writer->appended++;
        else
            writer->conflicts++;
        int outcome = append_as(writer->shared, seen, &id, &ret);
        if (outcome == 0) {
            writer->appended++;
            seen = (struct cairn_expected){.version = ret.version, .event_id = id};
        } else {
            assert_int_equal(outcome, -CAIRN_CONFLICT);
            writer->conflicts++;
            seen = (struct cairn_expected){.version = CAIRN_VERSION_ANY};
        }
    }
    return NULL;
}

static void expected_versions_hold_under_twenty_writers(void **state)
{
    (void)state;
    struct writer writers[WRITERS] = {0};
    int64_t before = sql_int("select cairn.head()");
    const char *shared = new_stream();
    int64_t appended = 0;
    int64_t conflicts = 0;
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.number = i, .shared = shared};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_all_ways, &writers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
        appended += writers[i].appended;
        conflicts += writers[i].conflicts;
    }
    assert_int_equal(sql_int("select cairn.head()") - before, appended);
    assert_int_equal(appended + conflicts, WRITERS * ROUNDS * 2);
    /* of the writers that tried to create a stream exactly one did */
    assert_int_equal(
        sql_int("select count(*) from cairn.events where stream like 'thing-%-%-%-%-%-%'"), ROUNDS);
    the_log_is_in_order();
}

/* ---- losing the database ---- */

struct crowd {
    pthread_t threads[8];
    int64_t answered;
    int64_t appended;
    int64_t unknown;
    int64_t unavailable;
    bool stop;
};

static void *append_on_and_on(void *context)
{
    struct crowd *crowd = context;
    while (!__atomic_load_n(&crowd->stop, __ATOMIC_RELAXED)) {
        struct cairn_arena arena = {0};
        struct cairn_uuid id;
        struct cairn_appended ret;
        const char *stream = cairn_stream_name(&arena, "crowd", cairn_uuid_make());
        int outcome = append_as(stream, (struct cairn_expected){.stream = stream}, &id, &ret);
        cairn_arena_close(&arena);
        __atomic_add_fetch(&crowd->answered, 1, __ATOMIC_RELAXED);
        if (outcome == 0)
            __atomic_add_fetch(&crowd->appended, 1, __ATOMIC_RELAXED);
        else if (outcome == -CAIRN_UNKNOWN)
            __atomic_add_fetch(&crowd->unknown, 1, __ATOMIC_RELAXED);
        else
            __atomic_add_fetch(&crowd->unavailable, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void start_crowd(struct crowd *crowd)
{
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&crowd->threads[i], NULL, append_on_and_on, crowd), 0);
}

static void stop_crowd(struct crowd *crowd)
{
    __atomic_store_n(&crowd->stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_join(crowd->threads[i], NULL), 0);
}

struct goal {
    struct crowd *crowd;
    int64_t appended;
};

static bool has_appended(void *context)
{
    const struct goal *goal = context;
    return __atomic_load_n(&goal->crowd->appended, __ATOMIC_RELAXED) >= goal->appended;
}

static void await_more(struct crowd *crowd, int64_t more)
{
    struct goal goal = {crowd, __atomic_load_n(&crowd->appended, __ATOMIC_RELAXED) + more};
    fixture_wait(has_appended, &goal, 30000, "the appends to go on");
}

/* Invariant 4. Every acknowledged append is there once, and nothing else is. */
static void nothing_was_lost_or_doubled(const struct crowd *crowd)
{
    assert_int_equal(sql_int("select count(*) from cairn.events where stream like 'crowd-%'"),
                     crowd->appended);
    assert_int_equal(crowd->unknown, 0);
    the_log_is_in_order();
}

static void backends_that_are_ended_in_mid_batch_lose_nothing(void **state)
{
    (void)state;
    struct crowd crowd = {0};
    start_crowd(&crowd);
    for (int i = 0; i < 20; i++) {
        await_more(&crowd, 20);
        fixture_sql(bench.url, "select pg_terminate_backend(pid) from pg_stat_activity where"
                               " application_name = 'appender' and state = 'active'");
    }
    await_more(&crowd, 20);
    stop_crowd(&crowd);
    nothing_was_lost_or_doubled(&crowd);
    fixture_sql(bench.url, "select 1");
}

static void a_backend_that_is_killed_in_mid_batch_loses_nothing(void **state)
{
    (void)state;
    struct crowd crowd = {0};
    int64_t before = sql_int("select count(*) from cairn.events where stream like 'crowd-%'");
    start_crowd(&crowd);
    for (int i = 0; i < 3; i++) {
        await_more(&crowd, 50);
        pid_t pid = (pid_t)sql_int("select pid from pg_stat_activity where datname ="
                                   " current_database() and application_name = 'appender'"
                                   " and query like '%cairn.append%'");
        assert_int_equal(kill(pid, SIGKILL), 0); /* which restarts all other backends */
    }
    await_more(&crowd, 50);
    stop_crowd(&crowd);
    crowd.appended += before;
    nothing_was_lost_or_doubled(&crowd);
}

/* ---- a stopped backend ---- */

static pid_t waiting_backend(void)
{
    return (pid_t)sql_int("select pid from pg_stat_activity where datname = current_database()"
                          " and wait_event_type = 'Lock' and wait_event = 'relation'"
                          " and query not like '%publish_durable%'");
}

static bool is_over(void *context)
{
    struct item *item = context;
    cairn_lock(&lock);
    bool done = item->done;
    cairn_unlock(&lock);
    return done;
}

static void what_a_standing_backend_does_later_is_known_before_it_is_done_again(void **state)
{
    (void)state;
    struct cairn_appender *shared = bench.appender;
    const struct cairn_appender_options options = {.call_us = 300000, .settle_us = 20000000};
    bench.appender = open_appender(&options);
    const char *stream = new_stream();
    take_lock();
    struct item *item = submit(new_item(at(stream, 0, (struct cairn_uuid){0})));
    await_waiting();
    pid_t pid = waiting_backend();
    assert_int_equal(kill(pid, SIGSTOP), 0);
    let_go();
    /* the call times out; the stopped backend is told to terminate, but cannot react */
    char ended[200];
    (void)snprintf(ended, sizeof ended,
                   "select count(*) from pg_stat_activity where application_name = 'appender'"
                   " and pid <> %d and query like '%%pg_terminate_backend%%'",
                   (int)pid);
    while (sql_int(ended) == 0)
        fixture_nap();
    assert_false(is_over(item));
    assert_int_equal(kill(pid, SIGCONT), 0);
    expect(item, 0, NULL);
    char count[200];
    (void)snprintf(count, sizeof count, "select count(*) from cairn.events where stream = '%s'",
                   stream);
    assert_int_equal(sql_int(count), 1);
    cairn_appender_close(bench.appender);
    bench.appender = shared;
}

static void an_outcome_that_cannot_be_found_out_is_unknown(void **state)
{
    (void)state;
    struct cairn_appender *shared = bench.appender;
    const struct cairn_appender_options options = {.call_us = 300000, .settle_us = 2000000};
    bench.appender = open_appender(&options);
    const char *stream = new_stream();
    take_lock();
    struct item *item = submit(new_item(at(stream, 0, (struct cairn_uuid){0})));
    await_waiting();
    pid_t pid = waiting_backend();
    assert_int_equal(kill(pid, SIGSTOP), 0);
    let_go();
    (void)outcome_of(item);
    assert_int_equal(kill(pid, SIGCONT), 0); /* also if what follows fails */
    expect(item, -CAIRN_UNKNOWN, NULL);
    cairn_appender_close(bench.appender);
    bench.appender = shared;
    the_log_is_in_order();
}

/* ---- an absent standby ---- */

static void superuser_says(const char *sql)
{
    char url[600];
    fixture_url_as(bench.url, "postgres", url, sizeof url);
    fixture_sql(url, sql);
}

/* Returns whether commits wait. The server applies the setting some time after the reload. */
static bool commits_wait(void *context)
{
    struct cairn_pg *probe = context;
    return cairn_pg_script(probe, "select pg_logical_emit_message(true, 'probe', '')", NULL) < 0;
}

static int lose_the_standby(void **state)
{
    (void)state;
    struct cairn_pg *probe = NULL;
    superuser_says("alter system set synchronous_standby_names = 'ghost'");
    superuser_says("select pg_reload_conf()");
    assert_int_equal(cairn_pg_open(bench.url, "probe", &probe, NULL), 0);
    cairn_pg_set_deadline(probe, 300000);
    fixture_wait(commits_wait, probe, 10000, "commits to wait for a standby");
    cairn_pg_close(probe);
    return 0;
}

static int need_no_standby(void **state)
{
    (void)state;
    superuser_says("alter system reset synchronous_standby_names");
    superuser_says("select pg_reload_conf()");
    return 0;
}

static int64_t count_of(const char *stream)
{
    return sql_int(
        cairn_print(&bench.arena, "select count(*) from cairn.events where stream = '%s'", stream));
}

static void what_no_standby_has_is_unknown_until_one_has_it(void **state)
{
    struct cairn_appender *shared = bench.appender;
    const struct cairn_appender_options options = {.call_us = 2000000, .settle_us = 1000000};
    bench.appender = open_appender(&options);
    const char *stream = new_stream();
    struct item *item = with_command(new_item(any(stream)), 'e', 'f');
    expect(submit(item), -CAIRN_UNKNOWN, NULL);
    /* it is on this server, and seen when its backend has noticed that its client has left */
    fixture_wait_sql(
        bench.url,
        cairn_print(&bench.arena, "select count(*) from cairn.events where stream = '%s'", stream),
        1, 20000);
    struct item *replayed = with_command(new_item(any(stream)), 'e', 'f');
    expect(submit(replayed), -CAIRN_UNKNOWN, NULL);
    assert_int_equal(need_no_standby(state), 0);
    struct item *later = with_command(new_item(any(stream)), 'e', 'f');
    expect(submit(later), 1, NULL);
    assert_int_equal(count_of(stream), 1);
    cairn_appender_close(bench.appender);
    bench.appender = shared;
}

static const char waiting_for_standby[] =
    "select count(*) from pg_stat_activity where application_name = 'appender'"
    " and datname = current_database() and wait_event = 'SyncRep' and query like '%cairn.append%'";

static bool append_waits_for_standby(void *context)
{
    (void)context;
    return sql_int(waiting_for_standby) > 0;
}

static void a_cancelled_wait_for_a_standby_acknowledges_nothing(void **state)
{
    (void)state;
    struct cairn_appender *shared = bench.appender;
    const struct cairn_appender_options options = {.call_us = 20000000, .settle_us = 1000000};
    bench.appender = open_appender(&options);
    const char *stream = new_stream();
    struct item *item = submit(new_item(any(stream)));
    fixture_wait(append_waits_for_standby, NULL, 10000, "an append to wait for a standby");
    cairn_expect(bench.url, 0, "status", "waits for a synchronous standby");
    superuser_says("select pg_cancel_backend(pid) from pg_stat_activity where application_name ="
                   " 'appender' and datname = current_database() and wait_event = 'SyncRep'");
    expect(item, -CAIRN_UNKNOWN, NULL);
    assert_int_equal(count_of(stream), 1);
    cairn_appender_close(bench.appender);
    bench.appender = shared;
}

static void *append_by_hand(void *status)
{
    *(int *)status = cairn_run(bench.url, "append jar-77 JarFilled '{}'");
    return NULL;
}

static bool a_person_waits_for_standby(void *context)
{
    (void)context;
    return sql_int("select count(*) from pg_stat_activity where wait_event = 'SyncRep'"
                   " and query like '%from cairn.append(%'") > 0;
}

static void cairn_append_says_that_it_does_not_know(void **state)
{
    (void)state;
    pthread_t person;
    int status = 0;
    assert_int_equal(pthread_create(&person, NULL, append_by_hand, &status), 0);
    fixture_wait(a_person_waits_for_standby, NULL, 10000, "a person's append to wait");
    superuser_says("select pg_cancel_backend(pid) from pg_stat_activity where wait_event ="
                   " 'SyncRep' and query like '%from cairn.append(%'");
    cairn_thread_join(person);
    assert_true(status != 0);
    assert_true(cairn_said("It may have been done all the same"));
    assert_int_equal(count_of("jar-77"), 1);
}

/* ---- plans ---- */

static int64_t scans(const char *column)
{
    char sql[300];
    fixture_sql(bench.url, "select pg_stat_clear_snapshot()");
    (void)snprintf(sql, sizeof sql,
                   "select sum(%s)::bigint from pg_stat_user_tables where relname in"
                   " ('events', 'commands', 'claims')",
                   column);
    return sql_int(sql);
}

struct plan_wait {
    int64_t wanted;
};

static bool has_counted(void *context)
{
    const struct plan_wait *wait = context;
    return scans("n_tup_ins") >= wait->wanted;
}

static void a_connection_that_planned_on_an_empty_log_keeps_good_plans(void **state)
{
    (void)state;
    enum { APPENDS = 100000, BATCH = 200 };
    char url[512];
    fixture_database(url, sizeof url);
    fixture_sql(url, "alter table cairn.events set (autovacuum_enabled = false);"
                     "alter table cairn.executed_commands set (autovacuum_enabled = false);"
                     "alter table cairn.claims set (autovacuum_enabled = false)");
    char kept[512];
    memcpy(kept, bench.url, sizeof kept);
    struct cairn_appender *shared = bench.appender;
    memcpy(bench.url, url, sizeof url);
    bench.appender = open_appender(NULL);
    int64_t before = scans("seq_scan");
    for (int i = 0; i < APPENDS; i += BATCH) {
        struct item *items[BATCH];
        struct cairn_arena arena = bench.arena;
        bench.arena = (struct cairn_arena){0};
        for (int k = 0; k < BATCH; k++) {
            items[k] = new_item(at(new_stream(), 0, (struct cairn_uuid){0}));
            if (k % 10 == 0)
                with_claim(items[k], cairn_print(&bench.arena, "%d", i + k));
            submit(items[k]);
        }
        for (int k = 0; k < BATCH; k++)
            assert_int_equal(outcome_of(items[k]), 0);
        cairn_arena_close(&bench.arena);
        bench.arena = arena;
    }
    cairn_appender_close(bench.appender); /* its session reports its statistics */
    struct plan_wait wait = {APPENDS + APPENDS / 10};
    fixture_wait(has_counted, &wait, 10000, "the statistics to arrive");
    assert_int_equal(scans("seq_scan") - before, 0);
    bench.appender = shared;
    memcpy(bench.url, kept, sizeof kept);
    fixture_drop(url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_together_is_committed_together_and_in_order),
        cmocka_unit_test(each_append_of_a_batch_has_its_own_outcome),
        cmocka_unit_test(an_append_that_builds_on_one_that_fails_fails),
        cmocka_unit_test(the_same_claim_and_the_same_command_in_one_batch),
        cmocka_unit_test(two_writes_of_one_append_do_not_take_the_same_claim),
        cmocka_unit_test(a_claim_may_go_from_one_stream_to_another_in_one_append),
        cmocka_unit_test(an_append_that_is_refused_leaves_no_type_behind),
        cmocka_unit_test(a_value_that_is_refused_fails_its_own_append_only),
        cmocka_unit_test(several_streams_are_written_all_or_none),
        cmocka_unit_test(a_stream_that_is_only_looked_at_is_held_to_its_condition),
        cmocka_unit_test(an_append_that_can_never_succeed_is_refused_at_once),
        cmocka_unit_test(a_full_queue_is_busy_and_what_was_accepted_is_answered),
        cmocka_unit_test(a_batch_is_bounded_in_events_and_in_bytes),
        cmocka_unit_test(expected_versions_hold_under_twenty_writers),
        cmocka_unit_test(backends_that_are_ended_in_mid_batch_lose_nothing),
        cmocka_unit_test(a_backend_that_is_killed_in_mid_batch_loses_nothing),
        cmocka_unit_test(what_a_standing_backend_does_later_is_known_before_it_is_done_again),
        cmocka_unit_test(an_outcome_that_cannot_be_found_out_is_unknown),
        cmocka_unit_test_setup_teardown(what_no_standby_has_is_unknown_until_one_has_it,
                                        lose_the_standby, need_no_standby),
        cmocka_unit_test_setup_teardown(a_cancelled_wait_for_a_standby_acknowledges_nothing,
                                        lose_the_standby, need_no_standby),
        cmocka_unit_test_setup_teardown(cairn_append_says_that_it_does_not_know, lose_the_standby,
                                        need_no_standby),
        cmocka_unit_test(a_connection_that_planned_on_an_empty_log_keeps_good_plans),
    };
    return cmocka_run_group_tests_name("appender", tests, setup, teardown);
}
