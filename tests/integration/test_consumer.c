/* test_consumer.c - consuming events from the bus: each takes effect once, in the order of its
 * stream, with any number of members; despite killed members, failing events, and a Redis that
 * loses data. */
#include "../support/bus.h"
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/vessels.h"

#include "bus/bus_names.h"
#include "bus/consume/consumers.h"
#include "bus/consume/group.h"
#include "bus/publish/publisher.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONG_MS = 60000, POISON = 666, DEADLY = 667, SHY = 668, CURSED = 669 };

#define ID "0193a1c2-0000-7000-8000-0000000000"

/* ---- handlers ---- */

CAIRN_CONSUMER(test, .attempts = 4, .backoff_us = CAIRN_MILLISECONDS(5),
               .stuck_us = CAIRN_SECONDS(2));

/* A copy, as tests change `stuck_us`. */
static struct cairn_consumer consumer;

/* Records the event in the transaction of the delivery. */
static enum cairn_outcome write_down(const struct cairn_consumed *delivery, int64_t litres,
                                     struct cairn_error *error)
{
    struct cairn_sql *sql = delivery->sql;
    int64_t done =
        cairn_sql_run(sql,
                      "insert into handled (stream, version, litres, attempt)"
                      " values ($1, $2::bigint, $3::bigint, $4::int)",
                      CAIRN_VALUES(delivery->meta->stream,
                                   cairn_sql_print(sql, "%" PRId64, delivery->meta->version),
                                   cairn_sql_print(sql, "%" PRId64, litres),
                                   cairn_sql_print(sql, "%d", delivery->attempt)),
                      error);
    return done < 0 ? CAIRN_TRY_AGAIN : CAIRN_DONE;
}

/* Returns whether poison events can be handled by now. */
static bool is_mended(const struct cairn_consumed *delivery)
{
    const char *const *cells;
    return cairn_sql_get(delivery->sql, "select 1 from mended", NULL, 0, &cells, NULL) > 0;
}

/* The macros name a handler by its event, and this is an event of three nouns. */
static enum cairn_outcome pot_was_filled(const void *data, const struct cairn_consumed *delivery,
                                         struct cairn_error *error)
{
    const struct filled *event = data;
    enum cairn_outcome outcome = write_down(delivery, event->litres, error);
    if (event->litres == DEADLY && !is_mended(delivery))
        (void)kill(getpid(), SIGKILL);
    if (event->litres == POISON && !is_mended(delivery)) {
        (void)cairn_fail(error, CAIRN_INVALID, "this pot is the devil's");
        return CAIRN_TRY_AGAIN;
    }
    if (event->litres == CURSED && !is_mended(delivery)) {
        (void)cairn_fail(error, CAIRN_INVALID, "this pot is cursed");
        return CAIRN_GIVE_UP;
    }
    return event->litres == SHY && delivery->attempt < 3 ? CAIRN_TRY_AGAIN : outcome;
}
CAIRN_REGISTER_(cairn_consumes, test, test_consumes_pot_filled, &pot_events, &filled_record,
                .handle = pot_was_filled)

CAIRN_CONSUME_THIN(test, jar, filled)
{
    return write_down(delivery, event ? 0 : -1, error);
}

static enum cairn_outcome vase_is(const void *state, const struct cairn_consumed *delivery,
                                  struct cairn_error *error)
{
    const struct vases *vase = state;
    return write_down(delivery, vase ? vase->litres : -1, error);
}
CAIRN_REGISTER_(cairn_consumes, test, test_consumes_vase_filled, &vase_events, &filled_record,
                .style = CAIRN_BUS_STATE, .state = &vases_record, .handle = vase_is)

CAIRN_CONSUME_STATE(test, vase, broken, vases)
{
    return vase_is(state, delivery, error);
}

/* ---- the bench ---- */

static struct bench {
    char url[512];
    char projector_url[600];
    char consumer_url[600];
    const char *redis_url;
    struct bus_view view;
    struct cairn_leases *leases;
    struct cairn_publisher *publisher;
    struct cairn_consumers *consumers;
} bench;

static void start_publisher(void)
{
    assert_int_equal(cairn_leases_open(bench.projector_url, "publisher", &bench.leases, NULL), 0);
    const struct cairn_publisher_options options = {.database_url = bench.projector_url,
                                                    .redis_url = bench.redis_url,
                                                    .publications = publications,
                                                    .count = 3,
                                                    .leases = bench.leases,
                                                    .keep = 1000000,
                                                    .cap = 1000000};
    assert_int_equal(cairn_publisher_start(&options, &bench.publisher, NULL), 0);
}

static void start_consumers(void)
{
    const struct cairn_consumer *const all[] = {&consumer};
    const struct cairn_consumers_options options = {.database_url = bench.consumer_url,
                                                    .redis_url = bench.redis_url,
                                                    .consumers = all,
                                                    .count = 1};
    assert_int_equal(cairn_consumers_start(&options, &bench.consumers, NULL), 0);
}

static void stop_consumers(void)
{
    cairn_consumers_stop(bench.consumers);
    bench.consumers = NULL;
}

static int setup(void **state)
{
    (void)state;
    bench = (struct bench){0};
    consumer = test_consumer;
    fixture_database(bench.url, sizeof bench.url);
    fixture_url_as(bench.url, "cairn_projector", bench.projector_url, sizeof bench.projector_url);
    fixture_url_as(bench.url, "cairn_consumer", bench.consumer_url, sizeof bench.consumer_url);
    fixture_sql(bench.url, "create table handled (seq bigint generated always as identity, stream"
                           " text, version bigint, litres bigint, attempt int);"
                           "create table mended (it bool);"
                           "grant select, insert on handled, mended to cairn_consumer");
    bench.redis_url = fixture_redis();
    bus_view_open(&bench.view, bench.url, bench.redis_url);
    start_publisher();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stop_consumers();
    cairn_publisher_stop(bench.publisher);
    cairn_leases_close(bench.leases);
    bus_view_close(&bench.view);
    fixture_drop(bench.url);
    return 0;
}

/* ---- members as processes ---- */

static _Noreturn void consume_until_told(void)
{
    sigset_t stop;
    int number;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
    bench.redis_url = getenv("BUS_REDIS");
    consumer = test_consumer;
    consumer.stuck_us = strtoll(getenv("BUS_STUCK"), NULL, 10);
    (void)snprintf(bench.consumer_url, sizeof bench.consumer_url, "%s", getenv("BUS_DATABASE"));
    start_consumers();
    (void)sigwait(&stop, &number);
    stop_consumers();
    exit(0);
}

static void start_member(struct child *child)
{
    static char database[700];
    static char redis[300];
    static char stuck[60];
    const char *const argv[] = {"/proc/self/exe", "consume", NULL};
    const char *const env[] = {database, redis, stuck, NULL};
    (void)snprintf(database, sizeof database, "BUS_DATABASE=%s", bench.consumer_url);
    (void)snprintf(redis, sizeof redis, "BUS_REDIS=%s", bench.redis_url);
    (void)snprintf(stuck, sizeof stuck, "BUS_STUCK=%" PRId64, consumer.stuck_us);
    assert_int_equal(child_start(child, argv, env, "/dev/null"), 0);
}

/* ---- helpers ---- */

/* Appends `count` events to each of some streams of the category, one after the other. */
static void append(const char *category, int streams, int count)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from (select cairn.append('%s-" ID "' || 10 + i %% %d,"
                   " 'Filled', json_build_object('litres', 1)::text::json)"
                   " from generate_series(1, %d) i) t",
                   category, streams, streams * count);
    fixture_sql(bench.url, sql);
}

static void append_litres(const char *category, int number, int litres)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "select cairn.append('%s-" ID "%d', 'Filled', '{\"litres\": %d}')", category,
                   number, litres);
    fixture_sql(bench.url, sql);
}

static int64_t wanted;

static int64_t count_handled(void)
{
    return fixture_sql_int(bench.url, "select count(*) from handled");
}

static bool so_many_are_handled(void *context)
{
    (void)context;
    return count_handled() >= wanted;
}

static void wait_for(int64_t count)
{
    wanted = count;
    fixture_wait(so_many_are_handled, NULL, LONG_MS, "so many events are handled");
}

/* Checks that no event was handled twice, and the versions of each stream in order. */
static void expect_once_and_in_order(int64_t count)
{
    assert_int_equal(count_handled(), count);
    assert_int_equal(
        fixture_sql_int(bench.url, "select count(distinct (stream, version)) from handled"), count);
    assert_int_equal(fixture_sql_int(bench.url,
                                     "select count(*) from (select version, lag(version) over"
                                     " (partition by stream order by seq) as before from handled) t"
                                     " where before > version"),
                     0);
}

static bool nothing_is_pending(void *context)
{
    (void)context;
    cairn_arena_reset(&bench.view.arena);
    return bus_redis(&bench.view, "XPENDING cairn:bus:pot:1 test").items[0].integer == 0;
}

static int64_t dead_letters(void)
{
    cairn_arena_reset(&bench.view.arena);
    return bus_redis(&bench.view, "XLEN cairn:bus-dead:test").integer;
}

static bool there_is_a_dead_letter(void *context)
{
    (void)context;
    return dead_letters() > 0;
}

static bool so_many_dead_letters(void *context)
{
    (void)context;
    return dead_letters() >= wanted;
}

/* ---- tests ---- */

static void each_event_is_handled_once_and_in_the_order_of_its_stream(void **state)
{
    (void)state;
    append("pot", 10, 30);
    start_consumers();
    wait_for(300);
    append("pot", 10, 3);
    wait_for(330);
    expect_once_and_in_order(330);
    fixture_wait(nothing_is_pending, NULL, LONG_MS, "all is acknowledged");
}

static void handlers_get_the_event_the_state_or_nothing(void **state)
{
    (void)state;
    append_litres("pot", 10, 5);
    append_litres("jar", 10, 5);
    append_litres("vase", 10, 5);
    append_litres("vase", 10, 6);
    fixture_sql(bench.url, "select cairn.append('vase-" ID "10', 'Broken', '{}')");
    start_consumers();
    wait_for(5);
    char seen[400];
    fixture_sql_text(bench.url,
                     "select string_agg(split_part(stream, '-', 1) || version || '=' || litres, ' '"
                     " order by stream, version) from handled",
                     seen, sizeof seen);
    assert_string_equal(seen, "jar1=-1 pot1=5 vase1=5 vase2=11 vase3=-1");
}

static void of_three_members_one_is_killed_and_order_is_kept_and_nothing_lost(void **state)
{
    (void)state;
    struct child members[3];
    append("pot", 20, 50);
    for (int i = 0; i < 3; i++)
        start_member(&members[i]);
    wait_for(200);
    child_kill(&members[1], SIGKILL);
    append("pot", 20, 10);
    wait_for(1200);
    expect_once_and_in_order(1200);
    fixture_wait(nothing_is_pending, NULL, LONG_MS, "all is acknowledged");
    assert_int_equal(child_stop(&members[0], LONG_MS), 0);
    assert_int_equal(child_stop(&members[2], LONG_MS), 0);
    assert_int_equal(dead_letters(), 0);
}

/* Every entry that the only member can hold waits for entries of a dead one. */
static void a_member_that_is_full_takes_over_from_the_dead(void **state)
{
    (void)state;
    struct child member;
    append("pot", 20, 50);
    bus_wait(&bench.view);
    (void)bus_redis(&bench.view, "XGROUP CREATE cairn:bus:pot:1 test 0");
    (void)bus_redis(&bench.view, "XREADGROUP GROUP test dead COUNT 30 STREAMS cairn:bus:pot:1 >");
    start_member(&member);
    wait_for(1000);
    expect_once_and_in_order(1000);
    fixture_wait(nothing_is_pending, NULL, LONG_MS, "all is acknowledged");
    assert_int_equal(child_stop(&member, LONG_MS), 0);
    assert_int_equal(dead_letters(), 0);
}

static void a_member_that_was_frozen_does_nothing_twice(void **state)
{
    (void)state;
    struct child members[2];
    append("pot", 20, 30);
    for (int i = 0; i < 2; i++)
        start_member(&members[i]);
    wait_for(100);
    child_kill(&members[0], SIGSTOP);
    wait_for(600);
    child_kill(&members[0], SIGCONT);
    append("pot", 20, 5);
    wait_for(700);
    expect_once_and_in_order(700);
    fixture_wait(nothing_is_pending, NULL, LONG_MS, "all is acknowledged");
    for (int i = 0; i < 2; i++)
        assert_int_equal(child_stop(&members[i], LONG_MS), 0);
}

static void a_poison_event_ends_in_the_dead_letters_and_holds_up_nothing(void **state)
{
    (void)state;
    append("pot", 5, 2);
    append_litres("pot", 11, POISON);
    append("pot", 5, 2);
    start_consumers();
    wait_for(20);
    fixture_wait(there_is_a_dead_letter, NULL, LONG_MS, "it is a dead letter");
    expect_once_and_in_order(20);
    struct cairn_redis_reply letter =
        bus_redis(&bench.view, "XRANGE cairn:bus-dead:test - +").items[0].items[1];
    assert_int_equal(letter.count, 10);
    assert_non_null(strstr(letter.items[1].text, "\"litres\": 666"));
    assert_string_equal(letter.items[5].text, "11-0");
    assert_string_equal(letter.items[7].text, "4");
    assert_string_equal(letter.items[9].text, "this pot is the devil's");
}

static void an_event_that_has_no_state_is_a_dead_letter_and_holds_up_nothing(void **state)
{
    (void)state;
    append_litres("vase", 10, 5);
    fixture_sql(bench.url, "select cairn.append('vase-" ID "11', 'Filled',"
                           " '{\"litres\": \"much\"}')");
    append_litres("vase", 12, 5);
    start_consumers();
    wait_for(2);
    fixture_wait(there_is_a_dead_letter, NULL, LONG_MS, "it is a dead letter");
    struct cairn_redis_reply letter =
        bus_redis(&bench.view, "XRANGE cairn:bus-dead:test - +").items[0].items[1];
    assert_non_null(strstr(letter.items[9].text, "cannot be decoded"));
    append_litres("vase", 12, 5);
    wait_for(3);
    assert_int_equal(dead_letters(), 1);
}

/* The attempts are not counted for other events of the same batch. */
static void an_event_that_crashes_its_handler_becomes_a_dead_letter(void **state)
{
    (void)state;
    struct child member;
    consumer.stuck_us = CAIRN_MILLISECONDS(500);
    append("pot", 5, 2);
    append_litres("pot", 11, DEADLY);
    append("pot", 5, 2);
    int64_t deadline_ms = fixture_now_ms() + LONG_MS;
    int deaths = 0;
    start_member(&member);
    while (dead_letters() == 0 && fixture_now_ms() < deadline_ms) {
        if (!child_lives(&member)) {
            deaths++;
            start_member(&member);
        }
        fixture_nap();
    }
    wait_for(20);
    expect_once_and_in_order(20);
    assert_int_equal(dead_letters(), 1);
    assert_in_range(deaths, 1, 4);
    assert_int_equal(child_stop(&member, LONG_MS), 0);
}

static void an_event_that_fails_for_a_while_is_tried_again_and_its_stream_waits(void **state)
{
    (void)state;
    append_litres("pot", 10, SHY);
    append("pot", 1, 3);
    append("pot", 5, 3);
    start_consumers();
    wait_for(19);
    expect_once_and_in_order(19);
    assert_int_equal(fixture_sql_int(bench.url, "select attempt from handled where litres = 668"),
                     3);
}

static void a_dead_letter_is_handled_when_an_operator_requests_a_retry(void **state)
{
    (void)state;
    append_litres("pot", 10, POISON);
    append_litres("pot", 10, 1);
    start_consumers();
    fixture_wait(there_is_a_dead_letter, NULL, LONG_MS, "it is a dead letter");
    wait_for(1);
    fixture_sql(bench.url, "insert into mended values (true)");
    assert_int_equal(cairn_group_retry(bench.view.redis, "test", NULL, &bench.view.arena, NULL), 1);
    wait_for(2);
    assert_int_equal(dead_letters(), 0);
    assert_int_equal(fixture_sql_int(bench.url, "select version from handled where litres = 666"),
                     1);
}

static bool is_given_up(void *context)
{
    (void)context;
    return fixture_sql_int(bench.url, "select count(*) from cairn.consumed_dead") > 0;
}

/* Redis refuses the dead letter after PostgreSQL has it; the handler then succeeds after all. */
static void an_event_that_was_handled_after_all_is_no_dead_letter(void **state)
{
    (void)state;
    (void)bus_redis(&bench.view, "SET cairn:bus-dead:test in-the-way");
    append_litres("pot", 10, CURSED);
    start_consumers();
    fixture_wait(is_given_up, NULL, LONG_MS, "it is given up in PostgreSQL");
    fixture_sql(bench.url, "insert into mended values (true)");
    wait_for(1);
    assert_false(is_given_up(NULL));
    (void)bus_redis(&bench.view, "DEL cairn:bus-dead:test");
    (void)bus_redis(&bench.view, "XGROUP SETID cairn:bus:pot:1 test 0"); /* redeliver all */
    append_litres("pot", 10, 1);
    wait_for(2);
    fixture_wait(nothing_is_pending, NULL, LONG_MS, "all is acknowledged");
    assert_int_equal(dead_letters(), 0);
}

/* The process ends between the two records of a dead letter. */
static void a_dead_letter_keeps_its_reason_when_its_process_crashes(void **state)
{
    (void)state;
    struct child member;
    (void)bus_redis(&bench.view, "SET cairn:bus-dead:test in-the-way");
    append_litres("pot", 10, POISON);
    consumer.stuck_us = CAIRN_MILLISECONDS(500);
    start_member(&member);
    fixture_wait(is_given_up, NULL, LONG_MS, "it is given up in PostgreSQL");
    child_kill(&member, SIGKILL);
    (void)bus_redis(&bench.view, "DEL cairn:bus-dead:test");
    start_member(&member);
    fixture_wait(there_is_a_dead_letter, NULL, LONG_MS, "it is a dead letter");
    struct cairn_redis_reply letter =
        bus_redis(&bench.view, "XRANGE cairn:bus-dead:test - +").items[0].items[1];
    assert_string_equal(letter.items[9].text, "this pot is the devil's");
    assert_int_equal(child_stop(&member, LONG_MS), 0);
}

static void all_dead_letters_are_queued_for_a_retry(void **state)
{
    (void)state;
    static const char fill[] = "for i = 1, tonumber(ARGV[1]) do"
                               " redis.call('xadd', KEYS[1], '*', 'entry', i) end return 1";
    const struct cairn_redis_script script = {fill};
    const struct cairn_redis_arg key = CAIRN_ARG(cairn_bus_dead_key(&bench.view.arena, "many"));
    const struct cairn_redis_arg count = CAIRN_ARG("2500");
    struct cairn_redis_reply reply;
    assert_int_equal(cairn_redis_eval(bench.view.redis, &script, &key, 1, &count, 1,
                                      &bench.view.arena, &reply, NULL),
                     0);
    assert_int_equal(cairn_group_retry(bench.view.redis, "many", NULL, &bench.view.arena, NULL),
                     2500);
    assert_int_equal(bus_redis(&bench.view, "XLEN cairn:bus-dead:many").integer, 0);
    assert_int_equal(bus_redis(&bench.view, "XLEN cairn:bus-again:many").integer, 2500);
    assert_int_equal(cairn_group_retry(bench.view.redis, "many", NULL, &bench.view.arena, NULL), 0);
}

static void a_redis_that_was_emptied_has_nothing_handled_twice(void **state)
{
    (void)state;
    append("pot", 10, 30);
    start_consumers();
    wait_for(100);
    (void)bus_redis(&bench.view, "FLUSHALL");
    append("pot", 10, 10);
    wait_for(400);
    bus_wait(&bench.view);
    fixture_wait(nothing_is_pending, NULL, LONG_MS, "all is acknowledged");
    expect_once_and_in_order(400);
}

static void superuser_says(const char *sql)
{
    char super[600];
    fixture_url_as(bench.url, "postgres", super, sizeof super);
    fixture_sql(super, sql);
}

static bool a_commit_waits_for_standby(void *context)
{
    (void)context;
    return fixture_sql_int(bench.url, "select count(*) from pg_stat_activity where wait_event ="
                                      " 'SyncRep' and query = 'commit'") > 0;
}

/* An event found already handled may be so on this server only. */
static void what_comes_again_is_acknowledged_when_a_standby_has_it(void **state)
{
    (void)state;
    append("pot", 3, 5);
    start_consumers();
    wait_for(15);
    fixture_wait(nothing_is_pending, NULL, LONG_MS, "all is acknowledged");
    superuser_says("alter system set synchronous_standby_names = 'ghost'");
    superuser_says("select pg_reload_conf()");
    for (int64_t until_ms = fixture_now_ms() + LONG_MS;
         !a_commit_waits_for_standby(NULL) && fixture_now_ms() < until_ms; fixture_nap())
        (void)bus_redis(&bench.view, "XGROUP SETID cairn:bus:pot:1 test 0"); /* redeliver all */
    assert_false(nothing_is_pending(NULL));
    superuser_says("alter system reset synchronous_standby_names");
    superuser_says("select pg_reload_conf()");
    fixture_wait(nothing_is_pending, NULL, LONG_MS, "all is acknowledged");
    expect_once_and_in_order(15);
}

static void dead_letters_outlive_a_redis_that_was_emptied(void **state)
{
    (void)state;
    append_litres("pot", 10, POISON);
    append_litres("pot", 10, POISON);
    append_litres("pot", 10, 1);
    start_consumers();
    wait_for(1);
    assert_int_equal(dead_letters(), 2);
    (void)bus_redis(&bench.view, "FLUSHALL");
    append_litres("pot", 11, 1);
    wait_for(2);
    wanted = 2;
    fixture_wait(so_many_dead_letters, NULL, LONG_MS, "they are dead letters again");
    fixture_wait(nothing_is_pending, NULL, LONG_MS, "all is acknowledged");
    struct cairn_redis_reply letter =
        bus_redis(&bench.view, "XRANGE cairn:bus-dead:test - +").items[0].items[1];
    assert_string_equal(letter.items[9].text, "this pot is the devil's");
    fixture_sql(bench.url, "insert into mended values (true)");
    assert_int_equal(cairn_group_retry(bench.view.redis, "test", NULL, &bench.view.arena, NULL), 2);
    wait_for(4);
    assert_int_equal(dead_letters(), 0);
    /* letters handled meanwhile do not come back */
    (void)bus_redis(&bench.view, "FLUSHALL");
    append_litres("pot", 11, 1);
    wait_for(5);
    fixture_wait(nothing_is_pending, NULL, LONG_MS, "all is acknowledged");
    assert_int_equal(dead_letters(), 0);
    assert_int_equal(count_handled(), 5);
}

static void a_stopping_member_releases_its_entries_at_once(void **state)
{
    (void)state;
    struct child first, second;
    consumer.stuck_us = CAIRN_HOURS(1) / 2;
    append("pot", 20, 40);
    start_member(&first);
    wait_for(50);
    assert_int_equal(child_stop(&first, LONG_MS), 0);
    assert_true(count_handled() < 800);
    start_member(&second);
    wait_for(800);
    expect_once_and_in_order(800);
    assert_int_equal(fixture_sql_int(bench.url, "select max(attempt) from handled"), 1);
    assert_int_equal(child_stop(&second, LONG_MS), 0);
    fixture_wait(nothing_is_pending, NULL, LONG_MS, "all is acknowledged");
}

static void a_database_that_is_away_costs_no_try(void **state)
{
    (void)state;
    append("pot", 10, 30);
    start_consumers();
    wait_for(50);
    fixture_postgres_stop();
    fixture_postgres_start();
    wait_for(300);
    expect_once_and_in_order(300);
    assert_int_equal(fixture_sql_int(bench.url, "select max(attempt) from handled"), 1);
    assert_int_equal(dead_letters(), 0);
}

static void a_new_epoch_is_followed_and_nothing_is_handled_twice(void **state)
{
    (void)state;
    append("pot", 10, 10);
    start_consumers();
    wait_for(100);
    fixture_sql(bench.url, "select * from cairn.recover()");
    append("pot", 10, 10);
    wait_for(200);
    expect_once_and_in_order(200);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "consume") == 0)
        consume_until_told();
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(each_event_is_handled_once_and_in_the_order_of_its_stream),
        TEST(handlers_get_the_event_the_state_or_nothing),
        TEST(of_three_members_one_is_killed_and_order_is_kept_and_nothing_lost),
        TEST(a_member_that_is_full_takes_over_from_the_dead),
        TEST(a_member_that_was_frozen_does_nothing_twice),
        TEST(a_poison_event_ends_in_the_dead_letters_and_holds_up_nothing),
        TEST(an_event_that_has_no_state_is_a_dead_letter_and_holds_up_nothing),
        TEST(an_event_that_crashes_its_handler_becomes_a_dead_letter),
        TEST(an_event_that_fails_for_a_while_is_tried_again_and_its_stream_waits),
        TEST(a_dead_letter_is_handled_when_an_operator_requests_a_retry),
        TEST(an_event_that_was_handled_after_all_is_no_dead_letter),
        TEST(a_dead_letter_keeps_its_reason_when_its_process_crashes),
        TEST(all_dead_letters_are_queued_for_a_retry),
        TEST(what_comes_again_is_acknowledged_when_a_standby_has_it),
        TEST(dead_letters_outlive_a_redis_that_was_emptied),
        TEST(a_redis_that_was_emptied_has_nothing_handled_twice),
        TEST(a_stopping_member_releases_its_entries_at_once),
        TEST(a_database_that_is_away_costs_no_try),
        TEST(a_new_epoch_is_followed_and_nothing_is_handled_twice),
    };
    return cmocka_run_group_tests_name("consumer", tests, NULL, NULL);
}
