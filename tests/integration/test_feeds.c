/* test_feeds.c - following another store's feed: each event takes effect once, in order; despite
 * killed followers, databases that restart, events that cannot be handled, answers that are none,
 * and a store that was restored. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/server.h"
#include "../support/support.h"
#include "../support/vessels.h"

#include "feed/follow/feed_followers.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONG_MS = 60000, POISON = 666, DEADLY = 667, SHY = 668, CURSED = 669, SLOW = 670 };

#define POT "pot-0193a1c2-0000-7000-8000-0000000000"

/* ---- the consumer ---- */

CAIRN_CONSUMER(ledger, .follows = {{"http://127.0.0.1:9/feeds/pot"}}, .attempts = 3,
               .backoff_us = CAIRN_MILLISECONDS(5));

CAIRN_CONSUME(ledger, pot, filled)
{
    struct cairn_sql *sql = delivery->sql;
    const char *const *cells;
    bool mended = cairn_sql_get(sql, "select 1 from mended", NULL, 0, &cells, NULL) > 0;
    int64_t done = cairn_sql_run(
        sql,
        "insert into handled (stream, version, position, litres) values ($1, $2::bigint,"
        " $3::bigint, $4::bigint)",
        CAIRN_VALUES(delivery->meta->stream,
                     cairn_sql_print(sql, "%" PRId64, delivery->meta->version),
                     cairn_sql_print(sql, "%" PRId64, delivery->meta->position),
                     cairn_sql_print(sql, "%" PRId64, event->litres)),
        error);
    if (event->litres == DEADLY && !mended)
        (void)kill(getpid(), SIGKILL);
    if (event->litres == CURSED && !mended)
        return CAIRN_GIVE_UP;
    if (event->litres == POISON || (event->litres == SHY && delivery->attempt < 3)) {
        (void)cairn_fail(error, CAIRN_INVALID, "this pot is the devil's");
        return CAIRN_TRY_AGAIN;
    }
    return done < 0 ? CAIRN_TRY_AGAIN : CAIRN_DONE;
}

static const struct cairn_service following = {
    .name = "follower", .port = 8067, .consumers = {&ledger_consumer}};
static const struct cairn_service *const followers[] = {&following, NULL};

static const struct cairn_log_face faces[] = {
    {.events = &pot_events, .read = CAIRN_ANYONE},
    {.events = NULL},
};
static const struct cairn_service shown = {.name = "log", .port = 8061, .log = faces};
static const struct cairn_service *const shows[] = {&shown, NULL};

/* ---- the bench: a store that is followed, and the follower's own ---- */

static struct bench {
    char other[512];
    char own[512];
    char consumer_url[600];
    struct cairn_host *face;
    struct cairn_host *follower;
} bench;

static void point_at(int port, const char *path)
{
    char url[200];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
    (void)setenv("CAIRN_LEDGER_FEED_URL", url, 1);
}

static void start_face(void)
{
    bench.face = hosting_start(bench.other, shows);
    point_at(cairn_host_port(bench.face), "/feeds/pot");
}

static void start_follower(void)
{
    bench.follower = hosting_start(bench.consumer_url, followers);
}

static void stop(struct cairn_host **host)
{
    if (*host)
        cairn_host_stop(*host);
    *host = NULL;
}

static int setup(void **state)
{
    (void)state;
    bench = (struct bench){0};
    fixture_database(bench.other, sizeof bench.other);
    fixture_database(bench.own, sizeof bench.own);
    fixture_url_as(bench.own, "cairn_consumer", bench.consumer_url, sizeof bench.consumer_url);
    fixture_sql(bench.own,
                "create table handled (seq bigint generated always as identity, stream text,"
                " version bigint, position bigint, litres bigint);"
                "create table mended (it bool);"
                "grant select, insert on handled, mended to cairn_consumer");
    start_face();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stop(&bench.follower);
    stop(&bench.face);
    (void)unsetenv("CAIRN_LEDGER_FEED_URL");
    fixture_drop(bench.own);
    fixture_drop(bench.other);
    return 0;
}

/* ---- a follower as a process ---- */

static _Noreturn void follow_until_told(void)
{
    sigset_t stop_signal;
    int number;
    (void)sigemptyset(&stop_signal);
    (void)sigaddset(&stop_signal, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &stop_signal, NULL);
    struct cairn_host *host = hosting_start(getenv("FEED_DATABASE"), followers);
    (void)sigwait(&stop_signal, &number);
    cairn_host_stop(host);
    exit(0);
}

static void start_process(struct child *child)
{
    static char database[700];
    static char feed[300];
    const char *const argv[] = {"/proc/self/exe", "follow", NULL};
    const char *const env[] = {database, feed, NULL};
    (void)snprintf(database, sizeof database, "FEED_DATABASE=%s", bench.consumer_url);
    (void)snprintf(feed, sizeof feed, "CAIRN_LEDGER_FEED_URL=%s", getenv("CAIRN_LEDGER_FEED_URL"));
    assert_int_equal(child_start(child, argv, env, "/dev/null"), 0);
}

/* ---- helpers ---- */

static void append(int streams, int count)
{
    char sql[400];
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from (select cairn.append('" POT "' || 10 + i %% %d, 'Filled',"
                   " '{\"litres\":1}') from generate_series(1, %d) i) t",
                   streams, count);
    fixture_sql(bench.other, sql);
}

static void append_litres(int number, const char *litres)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "select cairn.append('" POT "%d', 'Filled', '{\"litres\": %s}')", number,
                   litres);
    fixture_sql(bench.other, sql);
}

static void wait_for(int64_t count)
{
    fixture_wait_sql(bench.own, "select count(*) from handled", count, LONG_MS);
}

static void wait_for_problem(const char *words)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql, "select count(*) from cairn.feeds where problem like '%%%s%%'",
                   words);
    fixture_wait_sql(bench.own, sql, 1, LONG_MS);
}

static bool so_many_are_handled(void *context)
{
    return fixture_sql_int(bench.own, "select count(*) from handled") >= *(int64_t *)context;
}

/* Checks that each event of the other store was handled once, in the order of its log. */
static void expect_once_and_in_order(int64_t count)
{
    assert_int_equal(fixture_sql_int(bench.own, "select count(*) from handled"), count);
    assert_int_equal(fixture_sql_int(bench.own, "select count(distinct position) from handled"),
                     count);
    assert_int_equal(fixture_sql_int(bench.own,
                                     "select count(*) from (select position, lag(position) over"
                                     " (order by seq) as before from handled) t"
                                     " where before > position"),
                     0);
}

static int64_t count_dead(void)
{
    return fixture_sql_int(bench.own, "select count(*) from cairn.feed_dead");
}

/* ---- following ---- */

static void a_followed_feed_is_handled_once_and_in_order(void **state)
{
    (void)state;
    append(7, 250);
    start_follower();
    wait_for(250);
    fixture_sql(bench.other, "select cairn.append('" POT "10', 'Broken', '{}')");
    append(7, 20); /* while it waits */
    wait_for(270);
    expect_once_and_in_order(270);
    fixture_wait_sql(bench.own, "select position from cairn.feeds", 271, LONG_MS);
    stop(&bench.follower);
    append(7, 30);
    start_follower();
    wait_for(300);
    expect_once_and_in_order(300);
}

static void what_nothing_handles_is_not_read_again(void **state)
{
    (void)state;
    append(1, 1);
    fixture_sql(bench.other,
                "select count(*) from (select cairn.append('" POT "10', 'Broken', '{}')"
                " from generate_series(1, 250)) t");
    start_follower();
    fixture_wait_sql(bench.own, "select coalesce(max(position), 0) from cairn.feeds", 251, LONG_MS);
    expect_once_and_in_order(1);
}

static void a_follower_that_is_killed_in_mid_work_handles_each_event_once(void **state)
{
    struct child child;
    (void)state;
    append(5, 1500);
    for (int64_t killed_at = 100; killed_at < 1500; killed_at += 700) {
        start_process(&child);
        fixture_wait(so_many_are_handled, &killed_at, LONG_MS, "some are handled");
        child_kill(&child, SIGKILL);
    }
    start_process(&child);
    wait_for(1500);
    expect_once_and_in_order(1500);
    assert_int_equal(child_stop(&child, LONG_MS), 0);
}

static void one_process_follows_and_another_takes_over_when_it_is_killed(void **state)
{
    struct child children[2];
    (void)state;
    start_process(&children[0]);
    append(3, 50);
    wait_for(50);
    start_process(&children[1]);
    append(3, 50);
    wait_for(100);
    child_kill(&children[0], SIGKILL);
    append(3, 50);
    wait_for(150);
    expect_once_and_in_order(150);
    assert_int_equal(child_stop(&children[1], LONG_MS), 0);
}

static void a_follower_goes_on_when_the_databases_have_restarted(void **state)
{
    (void)state;
    append(3, 50);
    start_follower();
    wait_for(50);
    fixture_postgres_stop();
    fixture_postgres_start();
    append(3, 50);
    wait_for(100);
    expect_once_and_in_order(100);
}

/* ---- events that fail ---- */

static void an_event_that_fails_is_retried_in_its_place(void **state)
{
    (void)state;
    append_litres(10, "1");
    append_litres(10, "668");
    append_litres(11, "2");
    start_follower();
    wait_for(3);
    expect_once_and_in_order(3);
    assert_int_equal(count_dead(), 0);
}

static void an_unreadable_event_is_a_dead_letter_and_blocks_nothing(void **state)
{
    (void)state;
    append_litres(10, "\"many\"");
    append_litres(10, "666");
    append_litres(10, "669");
    append_litres(10, "1");
    start_follower();
    wait_for(1);
    assert_int_equal(count_dead(), 3);
    assert_int_equal(fixture_sql_int(bench.own, "select count(*) from cairn.feed_dead"
                                                " where reason = 'this pot is the devil''s'"),
                     1);
    /* what can be handled by now is handled on request, and the rest is kept, with the reason */
    fixture_sql(bench.own, "insert into mended values (true);"
                           "update cairn.feed_dead set again = true");
    append_litres(10, "2");
    wait_for(3);
    append_litres(10, "3");
    wait_for(4);
    fixture_wait_sql(bench.own, "select count(*) from cairn.feed_dead where not again", 2, LONG_MS);
    assert_int_equal(fixture_sql_int(bench.own, "select litres from handled where seq ="
                                                " (select max(seq) from handled)"),
                     3);
}

static bool is_dead_or_done(void *context)
{
    int64_t both = 2;
    return !child_lives(context) || so_many_are_handled(&both);
}

static void an_event_that_kills_every_process_is_given_up(void **state)
{
    struct child child;
    (void)state;
    append_litres(10, "1");
    append_litres(10, "667");
    append_litres(10, "2");
    for (int starts = 0; fixture_sql_int(bench.own, "select count(*) from handled") < 2; starts++) {
        assert_true(starts < 8);
        start_process(&child);
        fixture_wait(is_dead_or_done, &child, LONG_MS, "the process is killed, or is done");
        child_kill(&child, SIGKILL);
    }
    expect_once_and_in_order(2);
    assert_int_equal(fixture_sql_int(bench.own, "select count(*) from cairn.feed_dead"
                                                " where reason like 'all attempts%'"),
                     1);
}

/* ---- answers that are none ---- */

static const char *answer_body = "";
static const char *answer_type = "";
static const char *answer_status = "200 OK";

/* Answers a request with what the test wants. */
static void answer(struct server *server, int socket)
{
    char request[2000];
    char head[300];
    (void)server;
    if (!server_read_request(socket, request, sizeof request))
        return;
    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: "
                   "close\r\n\r\n",
                   answer_status, answer_type, strlen(answer_body));
    (void)server_send(socket, head);
    (void)server_send(socket, answer_body);
}

static void say(const char *status, const char *type, const char *body, const char *problem)
{
    answer_status = status;
    answer_type = type;
    answer_body = body;
    wait_for_problem(problem);
}

static void an_answer_that_is_no_batch_is_said_and_waited_out(void **state)
{
    static const char batch[] = "application/cloudevents-batch+json";
    struct server server;
    (void)state;
    server_start(&server, answer, NULL);
    point_at(server.port, "/feed");
    answer_type = "text/html";
    start_follower();
    say("200 OK", "text/html", "<p>hello</p>", "text/html");
    say("200 OK", batch, "{\"no\":\"array\"}", "no batch");
    say("200 OK", batch, "[{\"specversion\":\"1.0\"}]", "no id");
    say("403 Forbidden", batch, "not you", "403");
    say("412 Precondition Failed", batch, "", "does not know");
    assert_int_equal(fixture_sql_int(bench.own, "select count(*) from handled"), 0);
    assert_int_equal(count_dead(), 0);
    answer_status = "200 OK";
    answer_body = "[{\"specversion\":\"1.0\",\"id\":\"0193a1c2-0000-7000-8000-000000000001\","
                  "\"source\":\"urn:other\",\"type\":\"Filled\"},"
                  "{\"specversion\":\"1.0\",\"id\":\"0193a1c2-0000-7000-8000-000000000002\","
                  "\"source\":\"urn:other\",\"type\":\"Filled\",\"subject\":\"" POT "10\","
                  "\"time\":\"2026-11-30T00:00:00.000000Z\",\"position\":\"7\",\"version\":\"1\","
                  "\"schemaversion\":\"1\",\"style\":\"event\",\"data\":{\"litres\":5}}]";
    wait_for(1);
    wait_for_problem("what was handled"); /* it is sent over and over */
    assert_int_equal(count_dead(), 1);    /* the first has an id, and nothing else */
    answer_body = "[]";
    fixture_wait_sql(bench.own, "select count(*) from cairn.feeds where problem is null", 1,
                     LONG_MS);
    assert_int_equal(fixture_sql_int(bench.own, "select count(*) from handled"), 1);
    stop(&bench.follower);
    server_stop(&server);
}

/* ---- other histories ---- */

static void a_restored_store_that_has_all_that_was_handled_is_followed_on(void **state)
{
    (void)state;
    append(2, 10);
    start_follower();
    wait_for(10);
    assert_int_equal(
        fixture_sql_int(bench.own, "select count(*) from cairn.feeds where history like '%-1'"), 1);
    stop(&bench.face);
    fixture_sql(bench.other, "update cairn.store set epoch = epoch + 1");
    append(2, 10);
    stop(&bench.follower);
    start_face();
    start_follower();
    wait_for(20);
    expect_once_and_in_order(20);
    fixture_wait_sql(bench.own, "select count(*) from cairn.feeds where history like '%-2'", 1,
                     LONG_MS);
}

static void a_store_that_has_lost_what_was_handled_stops_its_follower(void **state)
{
    char other[512];
    (void)state;
    append(2, 10);
    start_follower();
    wait_for(10);
    stop(&bench.follower);
    stop(&bench.face);
    (void)snprintf(other, sizeof other, "%s", bench.other);
    fixture_database(bench.other, sizeof bench.other); /* as it was before its first event */
    append(2, 30);
    start_face();
    start_follower();
    wait_for_problem("does not know");
    assert_int_equal(fixture_sql_int(bench.own, "select count(*) from handled"), 10);
    /* a person decides: from the beginning */
    fixture_sql(bench.own, "update cairn.feeds set position = 0, event_id = null, history = ''");
    wait_for(40);
    fixture_drop(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "follow") == 0)
        follow_until_told();
    const struct CMUnitTest tests[] = {
        TEST(a_followed_feed_is_handled_once_and_in_order),
        TEST(what_nothing_handles_is_not_read_again),
        TEST(a_follower_that_is_killed_in_mid_work_handles_each_event_once),
        TEST(one_process_follows_and_another_takes_over_when_it_is_killed),
        TEST(a_follower_goes_on_when_the_databases_have_restarted),
        TEST(an_event_that_fails_is_retried_in_its_place),
        TEST(an_unreadable_event_is_a_dead_letter_and_blocks_nothing),
        TEST(an_event_that_kills_every_process_is_given_up),
        TEST(an_answer_that_is_no_batch_is_said_and_waited_out),
        TEST(a_restored_store_that_has_all_that_was_handled_is_followed_on),
        TEST(a_store_that_has_lost_what_was_handled_stops_its_follower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
