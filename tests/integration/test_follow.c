/* test_follow.c - following the log, and notifying followers, on a real PostgreSQL. */
#include "../support/fixture.h"
#include "../support/logged.h"
#include "../support/support.h"

#include "core/containers/arena.h"
#include "core/threads/clock.h"
#include "postgres/postgres.h"
#include "store/commit/appender.h"
#include "store/notifier.h"
#include "store/read/log_follower.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONG_MS = 30000 };

static struct bench {
    char url[512];
    struct cairn_follower *follower;
    struct cairn_pg *listener; /* receives the notifications */
} bench;

static struct cairn_pg *open_listener(void)
{
    struct cairn_pg *pg = NULL;
    assert_int_equal(cairn_pg_open(bench.url, "listener", &pg, NULL), 0);
    cairn_pg_on_connect(pg, "listen cairn");
    assert_int_equal(cairn_pg_ready(pg, NULL), 0);
    return pg;
}

static int setup(void **state)
{
    char url[600];
    (void)state;
    fixture_database(bench.url, sizeof bench.url);
    fixture_url_as(bench.url, "cairn_projector", url, sizeof url);
    assert_int_equal(cairn_follower_open(url, "follower", &bench.follower, NULL), 0);
    bench.listener = open_listener();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_follower_close(bench.follower);
    cairn_pg_close(bench.listener);
    fixture_drop(bench.url);
    return 0;
}

/* ---- helpers ---- */

static int64_t in_ms(int64_t ms)
{
    return cairn_monotonic_us() + CAIRN_MILLISECONDS(ms);
}

static int64_t head_beyond(int64_t seen)
{
    return cairn_follower_wait(bench.follower, seen, in_ms(LONG_MS), NULL);
}

static void append(void)
{
    fixture_sql(bench.url, "select cairn.append('pot-1', 'PotFilled', '{}')");
}

static void notify(const char *payload)
{
    char sql[100];
    (void)snprintf(sql, sizeof sql, "select pg_notify('cairn', '%s')", payload);
    fixture_sql(bench.url, sql);
}

static void append_and_notify(void)
{
    append();
    fixture_sql(bench.url, "select pg_notify('cairn', cairn.head()::text)");
}

/* Appends and waits so often that polling once a second would take as many seconds. */
static void expect_to_be_woken(int64_t head)
{
    enum { ROUNDS = 10 };
    int64_t begun_ms = fixture_now_ms();
    for (int i = 1; i <= ROUNDS; i++) {
        append_and_notify();
        assert_int_equal(head_beyond(head + i - 1), head + i);
    }
    assert_true(fixture_now_ms() - begun_ms < (ROUNDS - 4) * 1000);
}

static int64_t sessions_of(const char *label)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from pg_stat_activity where application_name = '%s'"
                   " and datname = current_database()",
                   label);
    return fixture_sql_int(bench.url, sql);
}

/* ---- following ---- */

static void a_notification_wakes_every_waiting_read(void **state)
{
    (void)state;
    assert_int_equal(head_beyond(-1), 0);
    expect_to_be_woken(0);
}

static void an_append_without_a_notification_is_seen_too(void **state)
{
    (void)state;
    assert_int_equal(head_beyond(-1), 0);
    append();
    assert_int_equal(head_beyond(0), 1);
}

static void a_notification_that_lies_moves_nothing(void **state)
{
    (void)state;
    append();
    assert_int_equal(head_beyond(0), 1);
    notify("999999");
    notify("many");
    notify("");
    notify("-9223372036854775809999");
    assert_int_equal(cairn_follower_wait(bench.follower, 1, in_ms(200), NULL), 1);
    expect_to_be_woken(1);
}

static void time_that_is_up_ends_the_wait(void **state)
{
    (void)state;
    assert_int_equal(head_beyond(-1), 0);
    int64_t begun_ms = fixture_now_ms();
    assert_int_equal(cairn_follower_wait(bench.follower, INT64_MAX, in_ms(50), NULL), 0);
    assert_true(fixture_now_ms() - begun_ms >= 49);
    assert_int_equal(cairn_follower_wait(bench.follower, 0, 0, NULL), 0);
}

static void a_lost_connection_is_opened_again_and_listens(void **state)
{
    (void)state;
    assert_int_equal(head_beyond(-1), 0);
    fixture_sql(bench.url, "select pg_terminate_backend(pid) from pg_stat_activity"
                           " where application_name = 'follower' and datname = current_database()");
    append();
    assert_int_equal(head_beyond(0), 1);
    expect_to_be_woken(1);
}

static bool is_away(void *context)
{
    struct cairn_error *error = context;
    *error = (struct cairn_error){0};
    return cairn_follower_wait(bench.follower, INT64_MAX, in_ms(1), error) < 0;
}

static void a_database_that_is_away_is_said_to_be(void **state)
{
    (void)state;
    struct cairn_error error;
    assert_int_equal(head_beyond(-1), 0);
    fixture_postgres_stop();
    fixture_wait(is_away, &error, 20000, "the follower to see that PostgreSQL is unavailable");
    assert_int_equal(error.code, CAIRN_UNAVAILABLE);
    fixture_postgres_start();
    append();
    assert_int_equal(head_beyond(0), 1);
}

/* ---- many threads ---- */

enum { WAITERS = 8 };

static void *wait_long(void *context)
{
    int64_t *head = context;
    *head = cairn_follower_wait(bench.follower, *head, in_ms(120000), NULL);
    return NULL;
}

static void start_waiters(pthread_t *threads, int64_t *heads)
{
    for (int i = 0; i < WAITERS; i++) {
        heads[i] = 0;
        assert_int_equal(pthread_create(&threads[i], NULL, wait_long, &heads[i]), 0);
    }
}

static void many_threads_wait_on_one_connection(void **state)
{
    (void)state;
    pthread_t threads[WAITERS];
    int64_t heads[WAITERS];
    assert_int_equal(head_beyond(-1), 0);
    start_waiters(threads, heads);
    append_and_notify();
    for (int i = 0; i < WAITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(heads[i], 1);
    }
    assert_int_equal(sessions_of("follower"), 1);
}

static void stopping_wakes_all_waiting_threads(void **state)
{
    (void)state;
    pthread_t threads[WAITERS];
    int64_t heads[WAITERS];
    assert_int_equal(head_beyond(-1), 0);
    start_waiters(threads, heads);
    int64_t begun_ms = fixture_now_ms();
    cairn_follower_stop(bench.follower);
    for (int i = 0; i < WAITERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(cairn_follower_wait(bench.follower, INT64_MAX, in_ms(60000), NULL), 0);
    assert_true(fixture_now_ms() - begun_ms < 10000);
}

static void a_url_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct cairn_follower *follower = NULL;
    struct cairn_notifier *notifier = NULL;
    assert_int_equal(cairn_follower_open("postgresql://[", "x", &follower, NULL), -CAIRN_CONFIG);
    assert_int_equal(cairn_notifier_open("postgresql://[", "x", "cairn", &notifier, NULL),
                     -CAIRN_CONFIG);
}

static void a_wait_after_a_failed_one_lasts_until_its_time(void **state)
{
    (void)state;
    struct cairn_follower *follower = NULL;
    static const char away[] = "postgresql://127.0.0.1:1/none?user=cairn_projector";
    assert_int_equal(cairn_follower_open(away, "x", &follower, NULL), 0);
    int64_t head = -1;
    for (int i = 0; i < 3; i++) {
        int64_t until_us = in_ms(100);
        head = cairn_follower_wait(follower, head, until_us, NULL);
        assert_int_equal(head, -CAIRN_UNAVAILABLE);
        assert_true(cairn_monotonic_us() >= until_us);
    }
    cairn_follower_close(follower);
}

/* ---- notifying ---- */

static struct cairn_notifier *open_notifier(void)
{
    char url[600];
    struct cairn_notifier *notifier = NULL;
    fixture_url_as(bench.url, "cairn_writer", url, sizeof url);
    assert_int_equal(cairn_notifier_open(url, "notifier", "cairn", &notifier, NULL), 0);
    return notifier;
}

/* Listens until this position is received. Returns the number of notifications until then. */
static int hear(int64_t position)
{
    char payload[32] = "";
    int64_t until_ms = fixture_now_ms() + LONG_MS;
    int count = 0;
    for (; strtoll(payload, NULL, 10) != position; count++) {
        if (cairn_pg_wait(bench.listener, CAIRN_SECONDS(1), -1, payload, sizeof payload, NULL) < 0)
            fail_msg("the listener has lost its connection");
        if (fixture_now_ms() > until_ms)
            fail_msg("nobody said %" PRId64, position);
    }
    return count;
}

static void the_newest_position_is_told_and_few_of_the_others(void **state)
{
    (void)state;
    struct cairn_notifier *notifier = open_notifier();
    int64_t position = 0;
    int64_t begun_ms = fixture_now_ms();
    while (fixture_now_ms() - begun_ms < 300)
        cairn_notifier_notify(notifier, ++position);
    cairn_notifier_notify(notifier, 1); /* already notified */
    int count = hear(position);
    assert_true(count <= 2 + (fixture_now_ms() - begun_ms) / 5);
    cairn_notifier_close(notifier);
}

/* As after a recovery to an earlier point in time, which does not stop the processes. */
static void positions_of_a_log_that_was_taken_back_are_told_again(void **state)
{
    (void)state;
    char payload[32] = "";
    struct cairn_notifier *notifier = open_notifier();
    cairn_notifier_notify(notifier, 1000000);
    (void)hear(1000000);
    int64_t until_ms = fixture_now_ms() + LONG_MS;
    while (strcmp(payload, "7") != 0 && fixture_now_ms() < until_ms) {
        cairn_notifier_notify(notifier, 7); /* as each append does */
        (void)!cairn_pg_wait(bench.listener, CAIRN_MILLISECONDS(50), -1, payload, sizeof payload,
                             NULL);
    }
    assert_string_equal(payload, "7");
    cairn_notifier_notify(notifier, 8);
    (void)hear(8);
    cairn_notifier_close(notifier);
}

static void closing_sends_what_is_left(void **state)
{
    (void)state;
    for (int64_t position = 1; position <= 5; position++) {
        struct cairn_notifier *notifier = open_notifier();
        cairn_notifier_notify(notifier, position);
        cairn_notifier_notify(notifier, position + 100);
        cairn_notifier_close(notifier);
        (void)hear(position + 100);
    }
    cairn_notifier_close(NULL);
    cairn_notifier_notify(NULL, 1);
}

/* ---- outages ---- */

static bool has_complained(void *context)
{
    return logged_lines(context, "cannot notify readers") > 0;
}

static void an_outage_delays_no_append_and_is_logged_once(void **state)
{
    (void)state;
    struct cairn_notifier *notifier = open_notifier();
    cairn_notifier_notify(notifier, 1);
    (void)hear(1);
    struct logged logged = logged_begin();
    fixture_postgres_stop();
    int64_t begun_ms = fixture_now_ms();
    for (int64_t position = 2; position <= 10000; position++)
        cairn_notifier_notify(notifier, position);
    int64_t took_ms = fixture_now_ms() - begun_ms;
    fixture_wait(has_complained, &logged, 20000, "the notifier to complain");
    fixture_postgres_start();
    cairn_pg_close(bench.listener);
    bench.listener = open_listener();
    cairn_notifier_notify(notifier, 10001);
    (void)hear(10001);
    int lines = logged_lines(&logged, "cannot notify readers");
    logged_end(&logged);
    assert_int_equal(lines, 1);
    assert_true(took_ms < 1000);
    cairn_notifier_close(notifier);
}

static void closing_does_not_wait_for_a_database_that_is_away(void **state)
{
    (void)state;
    fixture_postgres_stop();
    struct cairn_notifier *notifier = open_notifier();
    cairn_notifier_notify(notifier, 1);
    int64_t begun_ms = fixture_now_ms();
    cairn_notifier_close(notifier);
    assert_true(fixture_now_ms() - begun_ms < 6000);
    fixture_postgres_start();
}

/* ---- appender and follower ---- */

static void what_is_appended_is_told(void **state)
{
    (void)state;
    char url[600];
    struct cairn_arena arena = {0};
    struct cairn_appender *appender = NULL;
    fixture_url_as(bench.url, "cairn_writer", url, sizeof url);
    assert_int_equal(cairn_appender_open(url, "appender", NULL, &appender, NULL), 0);
    const struct cairn_new_event event = {
        .id = cairn_uuid_make(), .type = "A", .schema_version = 1, .data = "{}", .meta = "{}"};
    const struct cairn_write write = {
        .expected = {.stream = "pot-1", .version = CAIRN_VERSION_NONE},
        .events = &event,
        .event_count = 1};
    const struct cairn_append one = {.writes = &write, .write_count = 1};
    struct cairn_appended appended;
    assert_int_equal(cairn_appender_append(appender, &one, &appended, NULL), 0);
    assert_int_equal(appended.position, 1);
    (void)hear(1);
    assert_int_equal(head_beyond(0), 1);
    cairn_appender_close(appender);
    cairn_arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        cmocka_unit_test(a_wait_after_a_failed_one_lasts_until_its_time),
        TEST(a_notification_wakes_every_waiting_read),
        TEST(an_append_without_a_notification_is_seen_too),
        TEST(a_notification_that_lies_moves_nothing),
        TEST(time_that_is_up_ends_the_wait),
        TEST(a_lost_connection_is_opened_again_and_listens),
        TEST(a_database_that_is_away_is_said_to_be),
        TEST(many_threads_wait_on_one_connection),
        TEST(stopping_wakes_all_waiting_threads),
        TEST(a_url_that_makes_no_sense_is_refused),
        TEST(the_newest_position_is_told_and_few_of_the_others),
        TEST(positions_of_a_log_that_was_taken_back_are_told_again),
        TEST(closing_sends_what_is_left),
        TEST(an_outage_delays_no_append_and_is_logged_once),
        TEST(closing_does_not_wait_for_a_database_that_is_away),
        TEST(what_is_appended_is_told),
    };
    return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
