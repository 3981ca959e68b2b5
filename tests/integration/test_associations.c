/* test_associations.c - processes that wait for an event about something else: one event reaches
 * all of them, in the order in which they began to wait, and none that does not wait.
 *
 * Guests wait for a room. When it is closed, each of them is told; one that waits for too long
 * stops waiting, or turns to another room. */
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/support.h"

#include <cairn/service.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CAIRN_STRUCT(guest_came, UUID(room_id), INT(patience_s), UUID(other_room, .optional = true));
CAIRN_STRUCT(guest_left);
CAIRN_STRUCT(guest_told, UUID(room_id));
CAIRN_EVENTS(guest, EVENT(guest_came, "GuestCame", 1), EVENT(guest_left, "GuestLeft", 1),
             EVENT(guest_told, "GuestTold", 1));
CAIRN_STRUCT(tell_guest, UUID(room_id));
CAIRN_COMMANDS(guest, COMMAND(tell_guest, "POST /guests/{id}/tell"));

CAIRN_STRUCT(room_closed);
CAIRN_STRUCT(floor_closed, UUID(room_id));
CAIRN_EVENTS(room, EVENT(room_closed, "RoomClosed", 1), EVENT(floor_closed, "FloorClosed", 1));

CAIRN_STRUCT(guest, INT(told));
CAIRN_EVOLVE(guest, guest_came)
{
}
CAIRN_EVOLVE(guest, guest_left)
{
}
CAIRN_EVOLVE(guest, guest_told)
{
    self->told++;
}
CAIRN_DECIDE(guest, tell_guest)
{
    CAIRN_EMIT(ret, guest_told, .room_id = command->room_id);
    return 0;
}
CAIRN_DECIDER(guest);

CAIRN_STRUCT(wait, UUID(other_room, .optional = true), INT(told), UUID(made, .optional = true));
CAIRN_PROCESS(wait, .from_start = true, CAIRN_SENDS(guest));

CAIRN_WHEN(wait, guest, guest_came)
{
    self->other_room = event->other_room;
    cairn_associate(ret, "room", event->room_id);
    if (event->patience_s)
        cairn_schedule(ret, "patience",
                       cairn_time_after(given->now, CAIRN_SECONDS(event->patience_s)));
}

CAIRN_WHEN(wait, guest, guest_left)
{
    cairn_dissociate(ret, "room", CAIRN_UUID("01890000-0000-7000-8000-00000000000a"));
}

CAIRN_WHEN_TIMER(wait, patience, "patience")
{
    cairn_associate(ret, "room", self->other_room);
}

CAIRN_WHEN_ALL(wait, room, room_closed, "room")
{
    self->told++;
    self->made = cairn_new_id(given, "made");
    CAIRN_SEND(ret, guest, given->id, tell_guest, .room_id = given->meta->id);
}

CAIRN_WHEN_ALL_BY(wait, room, floor_closed, "room", room_id)
{
    self->told += 100;
}

static const struct cairn_service service = {
    .name = "hotel", .deciders = {&guest_decider}, .processes = {&wait_process}};
static const struct cairn_service *const services[] = {&service, NULL};

/* ---- the bench ---- */

static char url[512];

static struct cairn_host *start(void)
{
    return hosting_start(url, services);
}

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

static int64_t sql_int(const char *sql)
{
    return fixture_sql_int(url, sql);
}

#define ID "01890000-0000-7000-8000-"
#define ROOM_A ID "00000000000a"
#define ROOM_B ID "00000000000b"

/* Guests `from` to `to` come, and wait for this room. */
static void guests_come(int from, int to, const char *room, const char *more)
{
    char sql[600];
    (void)snprintf(sql, sizeof sql,
                   "select count(cairn.append('guest-01890000-0000-7000-8000-'"
                   " || lpad(n::text, 12, '0'), 'GuestCame',"
                   " '{\"room_id\":\"%s\",\"patience_s\":%s}')) from generate_series(%d, %d) n",
                   room, more, from, to);
    fixture_sql(url, sql);
}

static void guest_leaves(int guest)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql,
                   "select cairn.append('guest-01890000-0000-7000-8000-%012d', 'GuestLeft', '{}')",
                   guest);
    fixture_sql(url, sql);
}

static void close_room(const char *room)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql, "select cairn.append('room-%s', 'RoomClosed', '{}')", room);
    fixture_sql(url, sql);
}

static void expect_soon(const char *sql, int64_t wanted)
{
    fixture_wait_sql(url, sql, wanted, 60000);
}

#define TOLD "select count(*) from cairn.events where type = 'GuestTold'"

static void settle(struct cairn_host *host)
{
    expect_soon("select count(*) from cairn.followers where position >= cairn.head()", 1);
    expect_soon("select count(*) from cairn.outgoing", 0);
    expect_soon("select count(*) from cairn.followers where position >= cairn.head()", 1);
    cairn_host_stop(host);
    assert_int_equal(sql_int("select count(*) from cairn.verify_processes()"), 0);
}

/* The guests that were told, in the order of the reactions. */
static int64_t told_out_of_order(void)
{
    return sql_int("select count(*) from (select stream, lag(stream) over (order by position)"
                   " as before from cairn.events where type = 'ProcessAdvanced'"
                   " and data #>> '{input,type}' = 'RoomClosed') e where stream < before");
}

/* ---- tests ---- */

static void an_event_reaches_all_that_wait_in_order_and_no_other(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    guests_come(1, 20, ROOM_A, "0");
    guests_come(21, 25, ROOM_B, "0");
    guest_leaves(7);
    expect_soon("select count(*) from cairn.associations", 24);
    close_room(ROOM_A);
    expect_soon(TOLD, 19);
    guests_come(26, 26, ROOM_A, "0"); /* too late */
    settle(host);
    assert_int_equal(sql_int(TOLD), 19);
    assert_int_equal(told_out_of_order(), 0);
    assert_int_equal(sql_int("select count(*) from cairn.events where type = 'GuestTold'"
                             " and stream like '%000007'"),
                     0);
    /* each knows which stream the event was of */
    assert_int_equal(sql_int("select count(*) from cairn.events where type = 'GuestTold'"
                             " and data->>'room_id' = '" ROOM_A "'"),
                     19);
    /* each makes ids of its own */
    assert_int_equal(sql_int("select count(distinct data #>> '{state,made}') from cairn.events"
                             " where data #>> '{input,type}' = 'RoomClosed'"),
                     19);
}

/* Everything is in the log before the process starts: it handles guests and room in one range. */
static void those_that_began_to_wait_in_the_same_range_are_reached(void **state)
{
    (void)state;
    guests_come(1, 10, ROOM_A, "0");
    guest_leaves(3);
    close_room(ROOM_A);
    guests_come(11, 12, ROOM_A, "0");
    close_room(ROOM_A);
    struct cairn_host *host = start();
    expect_soon(TOLD, 9 + 11);
    settle(host);
    assert_int_equal(sql_int(TOLD), 9 + 11);
    assert_int_equal(
        sql_int(
            "select count(*) from cairn.events where type = 'GuestTold' and stream like '%011'"),
        1);
}

static void a_member_of_the_event_may_name_it(void **state)
{
    (void)state;
    guests_come(1, 3, ROOM_A, "0");
    guests_come(4, 5, ROOM_B, "0");
    fixture_sql(url, "select cairn.append('room-" ROOM_B "', 'FloorClosed', '{\"room_id\":\"" ROOM_A
                     "\"}')");
    struct cairn_host *host = start();
    expect_soon("select count(*) from cairn.events where data #>> '{state,told}' = '100'", 3);
    settle(host);
}

/* The tables are behind, as after a crash between the append and the checkpoint, or lost. */
static void what_is_handled_again_changes_nothing(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    guests_come(1, 10, ROOM_A, "0");
    expect_soon("select count(*) from cairn.associations", 10);
    close_room(ROOM_A);
    expect_soon(TOLD, 10);
    guest_leaves(1);
    settle(host);
    int64_t head = sql_int("select cairn.head()");
    fixture_sql(url, "update cairn.followers set position = 0; delete from cairn.associations;");
    host = start();
    settle(host);
    assert_int_equal(sql_int("select cairn.head()"), head);
    assert_int_equal(sql_int("select count(*) from cairn.associations"), 9);
    fixture_sql(url, "delete from cairn.associations");
    assert_int_equal(sql_int("select count(*) from cairn.verify_processes()"), 9);
    fixture_sql(url, "select cairn.rebuild_process('wait')");
    assert_int_equal(sql_int("select count(*) from cairn.verify_processes()"), 0);
    host = start();
    close_room(ROOM_A);
    expect_soon(TOLD, 19);
    settle(host);
}

/* A crash after the reaction of a timer must not let events that were handled before it reach the
 * process. */
static void one_that_begins_to_wait_by_a_timer_is_not_reached_by_earlier_events(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    guests_come(1, 1, ROOM_A, "3600,\"other_room\":\"" ROOM_B "\"");
    settle(host);
    host = start();
    close_room(ROOM_B); /* it has no associations yet */
    settle(host);
    fixture_sql(url, "select cairn.turn_clock('2 hours')");
    host = start();
    expect_soon("select count(*) from cairn.associations", 2);
    settle(host);
    fixture_sql(url, "update cairn.followers set position = 0; delete from cairn.associations;");
    host = start();
    settle(host);
    assert_int_equal(sql_int(TOLD), 0);
    host = start();
    close_room(ROOM_B);
    expect_soon(TOLD, 1);
    settle(host);
}

/* Two hosts run, and the lease is repeatedly taken from its owner. */
static void two_that_take_turns_tell_nobody_twice(void **state)
{
    (void)state;
    enum { GUESTS = 40, ROUNDS = 4 };
    struct cairn_host *one = start();
    struct cairn_host *two = start();
    for (int i = 0; i < ROUNDS; i++) {
        guests_come(i * GUESTS + 1, (i + 1) * GUESTS, ROOM_A, "0");
        fixture_sql(url, "update cairn.leases set held_until = clock_timestamp(),"
                         " fence = fence + 1, owner = 'nobody'");
        close_room(ROOM_A);
    }
    expect_soon(TOLD, GUESTS * (1 + 2 + 3 + 4));
    cairn_host_stop(two);
    settle(one);
    assert_int_equal(sql_int(TOLD), GUESTS * (1 + 2 + 3 + 4));
}

static void an_instance_that_cannot_be_read_is_parked_and_the_others_are_told(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    guests_come(1, 3, ROOM_A, "0");
    expect_soon("select count(*) from cairn.associations", 3);
    settle(host);
    fixture_sql(url, "select cairn.append('wait-" ID "000000000002"
                     "', 'ProcessAdvanced', '{}')");
    close_room(ROOM_A);
    host = start();
    expect_soon(TOLD, 2);
    expect_soon("select count(*) from cairn.parked_instances", 1);
    cairn_host_stop(host);
}

static void two_thousand_are_told_by_one_event(void **state)
{
    (void)state;
    enum { GUESTS = 2000 };
    struct cairn_host *host = start();
    guests_come(1, GUESTS, ROOM_A, "0");
    expect_soon("select count(*) from cairn.associations", GUESTS);
    close_room(ROOM_A);
    expect_soon(TOLD, GUESTS);
    settle(host);
    assert_int_equal(told_out_of_order(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_reaches_all_that_wait_in_order_and_no_other),
        TEST(those_that_began_to_wait_in_the_same_range_are_reached),
        TEST(a_member_of_the_event_may_name_it),
        TEST(what_is_handled_again_changes_nothing),
        TEST(one_that_begins_to_wait_by_a_timer_is_not_reached_by_earlier_events),
        TEST(two_that_take_turns_tell_nobody_twice),
        TEST(an_instance_that_cannot_be_read_is_parked_and_the_others_are_told),
        TEST(two_thousand_are_told_by_one_event),
    };
    return cmocka_run_group_tests_name("associations", tests, NULL, NULL);
}
