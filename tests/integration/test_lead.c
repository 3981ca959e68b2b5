/* test_lead.c - appends that their callers' threads carry out, on a real PostgreSQL (lead.h).
 *
 * A leader here is a thread of the test with a loop of its own. While a test holds the log's lock,
 * what the leader has sent stays under way. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "store/commit/appender.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { DEADLINE_US = 20000000 };

static struct bench {
    char url[512];
    struct cairn_appender *appender;
    struct cairn_pg *other; /* a session that holds the lock */
} bench;

/* One event on a stream, and what became of it. */
struct item {
    char stream[80];
    struct cairn_new_event event;
    struct cairn_write write;
    struct cairn_appended ret;
    struct cairn_appending appending;
    pthread_t by; /* the thread that has answered it */
    int turn;     /* in which order it was answered */
    atomic_int answers;
};

static atomic_int turns;

static void on_done(struct cairn_appending *appending)
{
    struct item *item = appending->context;
    item->by = pthread_self();
    item->turn = atomic_fetch_add(&turns, 1);
    atomic_fetch_add(&item->answers, 1);
}

static struct cairn_appender *open_appender(const struct cairn_appender_options *options)
{
    struct cairn_appender *appender = NULL;
    char url[600];
    fixture_url_as(bench.url, "cairn_writer", url, sizeof url);
    assert_int_equal(cairn_appender_open(url, "appender", options, &appender, NULL), 0);
    return appender;
}

static struct item *init_item(struct item *item, int64_t version)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    *item = (struct item){0};
    cairn_uuid_format(cairn_uuid_make(), id);
    (void)snprintf(item->stream, sizeof item->stream, "thing-%s", id);
    item->event = (struct cairn_new_event){.id = cairn_uuid_make(),
                                           .type = "Happened",
                                           .schema_version = 1,
                                           .data = "{}",
                                           .meta = "{}"};
    item->write = (struct cairn_write){.expected = {.stream = item->stream, .version = version},
                                       .events = &item->event,
                                       .event_count = 1};
    item->appending = (struct cairn_appending){.append = {.writes = &item->write, .write_count = 1},
                                               .ret = &item->ret,
                                               .done = on_done,
                                               .context = item};
    return item;
}

static bool is_answered(void *context)
{
    return atomic_load(&((struct item *)context)->answers) > 0;
}

static void await(struct item *item)
{
    fixture_wait(is_answered, item, DEADLINE_US / 1000, "an append to be answered");
    assert_int_equal(atomic_load(&item->answers), 1);
}

/* Runs the leader's loop until the append is answered. */
static void drive(struct cairn_leader *leader, struct item *item)
{
    int64_t end_us = cairn_monotonic_us() + DEADLINE_US;
    while (!is_answered(item)) {
        struct pollfd fd = {.fd = -1};
        int64_t until_us = cairn_leader_prepare(leader, &fd);
        if (until_us != CAIRN_LEADER_WATCH)
            (void)poll(&fd, 1, 10);
        cairn_leader_go_on(leader);
        assert_true(cairn_monotonic_us() < end_us);
    }
}

static void lead(struct cairn_leader *leader, struct item *item)
{
    struct cairn_error error = {0};
    if (cairn_leader_submit(leader, &item->appending, &error) < 0)
        fail_msg("refused: %s", error.message);
}

static void submit(struct item *item)
{
    struct cairn_error error = {0};
    if (cairn_appender_submit(bench.appender, &item->appending, &error) < 0)
        fail_msg("refused: %s", error.message);
}

/* Returns whether its leader leads: the socket is there to be watched. */
static bool leads(struct cairn_leader *leader)
{
    struct pollfd fd = {.fd = -1};
    (void)cairn_leader_prepare(leader, &fd);
    return fd.fd >= 0;
}

/* The first append connects, and prepares the statement: that is not for a thread that never waits.
 */
static void warm_up(void)
{
    struct item first;
    submit(init_item(&first, 0));
    await(&first);
    assert_int_equal(first.appending.outcome, 0);
}

/* The appender's thread answers, and then releases the connection: a leader may come too early. */
static void lead_surely(struct cairn_leader *leader, struct item *item)
{
    int64_t end_us = cairn_monotonic_us() + DEADLINE_US;
    for (;;) {
        lead(leader, init_item(item, 0));
        if (leads(leader))
            return;
        await(item);
        assert_true(cairn_monotonic_us() < end_us);
    }
}

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

static bool an_append_waits(void *context)
{
    (void)context;
    return sql_int("select count(*) from pg_stat_activity where datname = current_database()"
                   " and wait_event_type = 'Lock' and query like '%cairn.append_one%'") > 0;
}

/* Leads an append that stays under way until the lock is released. */
static void lead_behind_the_lock(struct cairn_leader *leader, struct item *item)
{
    int64_t end_us = cairn_monotonic_us() + DEADLINE_US;
    for (;;) {
        other_says("begin; lock table cairn.append_lock in exclusive mode");
        lead(leader, init_item(item, 0));
        fixture_wait(an_append_waits, NULL, DEADLINE_US / 1000, "the append to wait");
        if (leads(leader))
            return;
        other_says("rollback");
        await(item);
        assert_true(cairn_monotonic_us() < end_us);
    }
}

static void the_log_is_in_order(void)
{
    assert_int_equal(sql_int("select count(*) from (select position, row_number() over (order by"
                             " position) as n from cairn.events) e where position <> n"),
                     0);
    assert_int_equal(sql_int("select count(*) - count(distinct event_id) from cairn.events"), 0);
}

static int64_t count_of(const struct item *item)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql, "select count(*) from cairn.events where stream = '%s'",
                   item->stream);
    return sql_int(sql);
}

/* ---- one append ---- */

static void a_single_append_is_carried_out_by_the_thread_that_submits_it(void **state)
{
    (void)state;
    struct cairn_leader *leader = cairn_leader_open(bench.appender);
    struct item item;
    warm_up();
    lead_surely(leader, &item);
    assert_int_equal(atomic_load(&item.answers), 0); /* never at once */
    drive(leader, &item);
    assert_int_equal(item.appending.outcome, 0);
    assert_true(pthread_equal(item.by, pthread_self()));
    assert_int_equal(item.ret.version, 1);
    assert_int_equal(item.ret.position, sql_int("select cairn.head()"));
    assert_true(item.appending.timeline.epoch > 0);
    assert_false(leads(leader));
    cairn_leader_close(leader);
}

/* Returns how many of the loop's turns in which the answer is not there yet may not sleep. */
static int watches_in(struct cairn_leader *leader)
{
    struct item item;
    int count = 0;
    lead_surely(leader, &item);
    for (;;) {
        struct pollfd fd = {.fd = -1};
        if (is_answered(&item))
            return count;
        count += cairn_leader_prepare(leader, &fd) == CAIRN_LEADER_WATCH;
        cairn_leader_go_on(leader);
    }
}

static void an_answer_is_not_watched_for_where_that_is_off(void **state)
{
    (void)state;
    struct cairn_appender *shared = bench.appender;
    const struct cairn_appender_options options = {.watch_us = -1};
    bench.appender = open_appender(&options);
    struct cairn_leader *leader = cairn_leader_open(bench.appender);
    warm_up();
    for (int i = 0; i < 10; i++)
        assert_int_equal(watches_in(leader), 0);
    cairn_leader_close(leader);
    cairn_appender_close(bench.appender);
    bench.appender = shared;
}

static void an_answer_that_usually_comes_late_is_not_watched_for(void **state)
{
    (void)state;
    struct cairn_appender *shared = bench.appender;
    const struct cairn_appender_options options = {.watch_us = 4000};
    bench.appender = open_appender(&options);
    struct cairn_leader *leader = cairn_leader_open(bench.appender);
    struct item item;
    warm_up();
    lead_behind_the_lock(leader, &item); /* takes much longer than that */
    int64_t until_us = cairn_monotonic_us() + 20000;
    while (cairn_monotonic_us() < until_us)
        cairn_leader_go_on(leader);
    other_says("rollback");
    drive(leader, &item);
    assert_int_equal(watches_in(leader), 0);
    cairn_leader_close(leader);
    cairn_appender_close(bench.appender);
    bench.appender = shared;
}

static void the_first_append_of_all_is_for_the_appender_s_thread(void **state)
{
    (void)state;
    struct cairn_appender *shared = bench.appender;
    bench.appender = open_appender(NULL);
    struct cairn_leader *leader = cairn_leader_open(bench.appender);
    struct item item;
    lead(leader, init_item(&item, 0));
    assert_false(leads(leader));
    await(&item);
    assert_int_equal(item.appending.outcome, 0);
    assert_false(pthread_equal(item.by, pthread_self()));
    cairn_leader_close(leader);
    cairn_appender_close(bench.appender);
    bench.appender = shared;
}

static void an_append_that_is_led_has_its_conflict(void **state)
{
    (void)state;
    struct cairn_leader *leader = cairn_leader_open(bench.appender);
    struct item item;
    struct item again;
    warm_up();
    lead_surely(leader, &item);
    drive(leader, &item);
    int64_t end_us = cairn_monotonic_us() + DEADLINE_US;
    bool led = false;
    while (!led) {
        init_item(&again, 0);
        again.write.expected.stream = item.stream;
        lead(leader, &again);
        led = leads(leader);
        drive(leader, &again);
        assert_int_equal(again.appending.outcome, -CAIRN_EXISTS);
        assert_int_equal(atomic_load(&again.answers), 1);
        assert_true(cairn_monotonic_us() < end_us);
    }
    assert_int_equal(count_of(&item), 1);
    cairn_leader_close(leader);
}

static void a_value_that_is_refused_fails_the_append_that_is_led(void **state)
{
    (void)state;
    struct cairn_leader *leader = cairn_leader_open(bench.appender);
    struct item item;
    warm_up();
    lead_surely(leader, &item);
    drive(leader, &item);
    int64_t end_us = cairn_monotonic_us() + DEADLINE_US;
    for (bool led = false; !led;) {
        init_item(&item, 0);
        item.event.data = "{\"a\":";
        lead(leader, &item);
        led = leads(leader);
        drive(leader, &item);
        assert_int_equal(item.appending.outcome, -CAIRN_INVALID);
        assert_true(cairn_monotonic_us() < end_us);
    }
    assert_int_equal(count_of(&item), 0);
    cairn_leader_close(leader);
}

/* ---- with others ---- */

static void a_leader_that_does_not_look_holds_up_no_other(void **state)
{
    (void)state;
    struct cairn_leader *leader = cairn_leader_open(bench.appender);
    struct item led;
    struct item others[3];
    warm_up();
    lead_behind_the_lock(leader, &led);
    for (int i = 0; i < 3; i++)
        submit(init_item(&others[i], 0));
    other_says("rollback");
    for (int i = 0; i < 3; i++)
        await(&others[i]);
    assert_int_equal(led.appending.outcome, 0);
    assert_int_equal(atomic_load(&led.answers), 1);
    assert_false(pthread_equal(led.by, pthread_self()));
    for (int i = 0; i < 3; i++) { /* appender.h (1) */
        assert_int_equal(others[i].appending.outcome, 0);
        assert_int_equal(others[i].ret.position, led.ret.position + 1 + i);
        assert_int_equal(others[i].turn, led.turn + 1 + i);
    }
    assert_false(leads(leader));
    cairn_leader_go_on(leader); /* it looks, too late */
    assert_int_equal(atomic_load(&led.answers), 1);
    cairn_leader_close(leader);
}

static void one_leader_may_submit_several_at_once(void **state)
{
    (void)state;
    enum { COUNT = 50 };
    static struct item items[COUNT];
    struct cairn_leader *leader = cairn_leader_open(bench.appender);
    warm_up();
    for (int i = 0; i < COUNT; i++)
        lead(leader, init_item(&items[i], 0));
    for (int i = 0; i < COUNT; i++)
        drive(leader, &items[i]);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(items[i].appending.outcome, 0);
        assert_int_equal(items[i].ret.position, items[0].ret.position + i);
        assert_int_equal(items[i].turn, items[0].turn + i);
    }
    cairn_leader_close(leader);
}

/* ---- losing the database ---- */

static void a_connection_that_is_lost_under_a_leader_loses_nothing(void **state)
{
    (void)state;
    struct cairn_leader *leader = cairn_leader_open(bench.appender);
    struct item item;
    warm_up();
    lead_behind_the_lock(leader, &item);
    fixture_sql(bench.url, "select pg_terminate_backend(pid) from pg_stat_activity where"
                           " application_name = 'appender' and query like '%append_one%'");
    other_says("rollback");
    drive(leader, &item);
    await(&item);
    assert_int_equal(item.appending.outcome, 0);
    assert_int_equal(count_of(&item), 1);
    cairn_leader_close(leader);
}

static void a_connection_that_was_closed_while_idle_fails_no_append(void **state)
{
    (void)state;
    struct cairn_leader *leader = cairn_leader_open(bench.appender);
    for (int i = 0; i < 5; i++) {
        struct item item;
        lead_surely(leader, &item);
        drive(leader, &item);
        await(&item);
        fixture_sql(bench.url, "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                               " where application_name = 'appender'");
        lead(leader, init_item(&item, 0));
        drive(leader, &item);
        await(&item);
        if (item.appending.outcome != 0)
            fail_msg("%s", item.appending.error.message);
    }
    cairn_leader_close(leader);
}

static bool the_timeline_is_read(void *context)
{
    (void)context;
    return sql_int("select count(*) from pg_stat_activity where datname = current_database()"
                   " and wait_event_type = 'Lock' and application_name = 'appender'") > 0;
}

/* A connection that is new is asked for its timeline first; nothing of the append was sent yet. */
static void a_connection_that_is_lost_while_its_timeline_is_read_fails_no_append(void **state)
{
    (void)state;
    struct cairn_appender *shared = bench.appender;
    bench.appender = open_appender(NULL);
    struct item item;
    other_says("begin; lock table cairn.store in access exclusive mode");
    submit(init_item(&item, 0));
    for (int i = 0; i < 2; i++) {
        fixture_wait(the_timeline_is_read, NULL, DEADLINE_US / 1000, "the timeline to be read");
        fixture_sql(bench.url, "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                               " where application_name = 'appender' and state = 'active'");
    }
    other_says("rollback");
    await(&item);
    if (item.appending.outcome != 0)
        fail_msg("%s", item.appending.error.message);
    assert_int_equal(count_of(&item), 1);
    cairn_appender_close(bench.appender);
    bench.appender = shared;
}

static void a_leader_s_call_has_a_deadline(void **state)
{
    (void)state;
    struct cairn_appender *shared = bench.appender;
    const struct cairn_appender_options options = {.call_us = 300000, .settle_us = 1000000};
    bench.appender = open_appender(&options);
    struct cairn_leader *leader = cairn_leader_open(bench.appender);
    struct item item;
    warm_up();
    lead_behind_the_lock(leader, &item);
    drive(leader, &item); /* the lock is held all the time: nothing can be found out */
    assert_int_equal(item.appending.outcome, -CAIRN_UNKNOWN);
    other_says("rollback");
    cairn_leader_close(leader);
    cairn_appender_close(bench.appender);
    bench.appender = shared;
    the_log_is_in_order();
}

static void a_leader_that_ends_leaves_its_append_to_the_appender(void **state)
{
    (void)state;
    struct cairn_leader *leader = cairn_leader_open(bench.appender);
    struct item item;
    warm_up();
    lead_behind_the_lock(leader, &item);
    cairn_leader_close(leader);
    other_says("rollback");
    await(&item);
    assert_int_equal(item.appending.outcome, 0);
    assert_int_equal(count_of(&item), 1);
}

static void an_appender_that_is_closed_completes_what_is_led(void **state)
{
    (void)state;
    struct cairn_appender *shared = bench.appender;
    bench.appender = open_appender(NULL);
    struct cairn_leader *leader = cairn_leader_open(bench.appender);
    struct item item;
    warm_up();
    lead_behind_the_lock(leader, &item);
    cairn_leader_close(leader);
    other_says("rollback");
    cairn_appender_close(bench.appender);
    assert_int_equal(atomic_load(&item.answers), 1);
    assert_int_equal(item.appending.outcome, 0);
    bench.appender = shared;
}

/* ---- all together ---- */

struct crowd {
    pthread_t threads[6];
    atomic_int next; /* number of a thread */
    atomic_int appended;
    atomic_bool stop;
    char failed[600]; /* by the thread whose append failed; read when all have ended */
};

/* Leaders, threads that wait, and threads that submit, until told to stop. No assertion: cmocka
 * ends the program without a word where one fails on another thread. */
static void *append_on_and_on(void *context)
{
    struct crowd *crowd = context;
    int way = atomic_fetch_add(&crowd->next, 1) % 3;
    struct cairn_leader *leader = way == 0 ? cairn_leader_open(bench.appender) : NULL;
    while (!atomic_load(&crowd->stop)) {
        struct item item;
        init_item(&item, 0);
        memcpy(item.stream, "crowd", 5); /* as long as "thing" */
        int outcome = 0;
        if (way == 0) {
            lead(leader, &item);
            drive(leader, &item);
            outcome = item.appending.outcome;
        } else if (way == 1) {
            outcome = cairn_appender_append(bench.appender, &item.appending.append, &item.ret,
                                            &item.appending.error);
        } else {
            submit(&item);
            await(&item);
            outcome = item.appending.outcome;
        }
        if (outcome != 0 || item.ret.version != 1) {
            (void)snprintf(crowd->failed, sizeof crowd->failed,
                           "outcome %d, version %" PRId64 ": %s", outcome, item.ret.version,
                           item.appending.error.message);
            break;
        }
        atomic_fetch_add(&crowd->appended, 1);
    }
    cairn_leader_close(leader);
    return NULL;
}

struct goal {
    struct crowd *crowd;
    int appended;
};

static bool has_appended(void *context)
{
    const struct goal *goal = context;
    return atomic_load(&goal->crowd->appended) >= goal->appended;
}

static void await_more(struct crowd *crowd, int more)
{
    struct goal goal = {crowd, atomic_load(&crowd->appended) + more};
    fixture_wait(has_appended, &goal, 30000, "the appends to go on");
}

static void leaders_and_others_lose_nothing_when_backends_are_ended(void **state)
{
    (void)state;
    struct crowd crowd = {0};
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&crowd.threads[i], NULL, append_on_and_on, &crowd), 0);
    for (int i = 0; i < 20; i++) {
        await_more(&crowd, 20);
        fixture_sql(bench.url, "select pg_terminate_backend(pid) from pg_stat_activity where"
                               " application_name = 'appender' and state = 'active'");
    }
    await_more(&crowd, 20);
    atomic_store(&crowd.stop, true);
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_join(crowd.threads[i], NULL), 0);
    assert_string_equal(crowd.failed, "");
    assert_int_equal(sql_int("select count(*) from cairn.events where stream like 'crowd-%'"),
                     atomic_load(&crowd.appended));
    the_log_is_in_order();
}

static int setup(void **state)
{
    (void)state;
    fixture_database(bench.url, sizeof bench.url);
    assert_int_equal(cairn_pg_open(bench.url, "other", &bench.other, NULL), 0);
    bench.appender = open_appender(NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_appender_close(bench.appender);
    cairn_pg_close(bench.other);
    fixture_drop(bench.url);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_append_is_carried_out_by_the_thread_that_submits_it),
        cmocka_unit_test(an_answer_is_not_watched_for_where_that_is_off),
        cmocka_unit_test(an_answer_that_usually_comes_late_is_not_watched_for),
        cmocka_unit_test(the_first_append_of_all_is_for_the_appender_s_thread),
        cmocka_unit_test(an_append_that_is_led_has_its_conflict),
        cmocka_unit_test(a_value_that_is_refused_fails_the_append_that_is_led),
        cmocka_unit_test(a_leader_that_does_not_look_holds_up_no_other),
        cmocka_unit_test(one_leader_may_submit_several_at_once),
        cmocka_unit_test(a_connection_that_is_lost_under_a_leader_loses_nothing),
        cmocka_unit_test(a_connection_that_was_closed_while_idle_fails_no_append),
        cmocka_unit_test(a_connection_that_is_lost_while_its_timeline_is_read_fails_no_append),
        cmocka_unit_test(a_leader_s_call_has_a_deadline),
        cmocka_unit_test(a_leader_that_ends_leaves_its_append_to_the_appender),
        cmocka_unit_test(an_appender_that_is_closed_completes_what_is_led),
        cmocka_unit_test(leaders_and_others_lose_nothing_when_backends_are_ended),
    };
    return cmocka_run_group_tests_name("lead", tests, setup, teardown);
}
