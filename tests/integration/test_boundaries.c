/* test_boundaries.c - what else a decider has, with boundaries, in two processes of one service:
 * lists of tags, one part several times, claims, facts, upcasters, internal commands, keys.
 *
 * Guests book seats of several trips at once, which a guide leads; money is moved between two
 * purses. */
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/http_client.h"
#include "../support/kit.h"

#include <cairn/service.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- guides: streams, and a fact of bookings ---- */

CAIRN_STRUCT(guide_hired);
CAIRN_STRUCT(guide_left);
CAIRN_EVENTS(guide, EVENT(guide_hired, "GuideHired", 1), EVENT(guide_left, "GuideLeft", 1));
CAIRN_STRUCT(hire_guide, UUID(guide_id));
CAIRN_STRUCT(leave_guide);
CAIRN_COMMANDS(guide, COMMAND(hire_guide, "POST /guides"),
               COMMAND(leave_guide, "POST /guides/{id}/leave"));
CAIRN_STRUCT(guide, BOOL(works));
CAIRN_EVOLVE(guide, guide_hired)
{
    self->works = true;
}
CAIRN_EVOLVE(guide, guide_left)
{
    self->works = false;
}
CAIRN_DECIDE(guide, hire_guide)
{
    CAIRN_EMIT(ret, guide_hired);
    return 0;
}
CAIRN_DECIDE(guide, leave_guide)
{
    CAIRN_EMIT(ret, guide_left);
    return 0;
}
CAIRN_DECIDER(guide);

CAIRN_STRUCT(trip_guide, BOOL(works));
CAIRN_FACT(trip_guide, guide);
CAIRN_LEARN(trip_guide, guide_hired)
{
    self->works = true;
}
CAIRN_LEARN(trip_guide, guide_left)
{
    self->works = false;
}

/* ---- bookings of several trips ---- */

enum { TRIPS_MAX = 5 };

CAIRN_STRUCT(trip_planned, UUID(trip_id, .tag = "trip"), INT(seats));
CAIRN_STRUCT(trip_booked_v1, UUID(trip_id, .tag = "trip"), UUID(guest_id, .tag = "guest"));
CAIRN_STRUCT(trip_booked, UUID(trip_id, .tag = "trip"), UUID(guest_id, .tag = "guest"), INT(seats));
CAIRN_UPCAST(trip_booked_v1, trip_booked)
{
    *ret = (struct trip_booked){.trip_id = old->trip_id, .guest_id = old->guest_id, .seats = 1};
}
CAIRN_EVENTS(trip, EVENT(trip_planned, "TripPlanned", 1));
CAIRN_EVENTS(booking, EVENT(trip_booked, "TripBooked", 2, trip_booked_v1));
CAIRN_STRUCT(plan_trip, UUID(trip_id), INT(seats));
CAIRN_COMMANDS(trip, COMMAND(plan_trip, "POST /trips"));
CAIRN_STRUCT(book_trips, UUIDS(trip_ids, .max_count = TRIPS_MAX), UUID(guest_id), UUID(guide_id),
             INT(seats, CAIRN_RANGE(1, 9)), TEXT(voucher, .optional = true, .max_bytes = 40));
CAIRN_COMMANDS(booking, COMMAND(book_trips, "POST /bookings"));

CAIRN_STRUCT(trip_seats, INT(free), INT(booked));
CAIRN_PART(trip_seats, "trip");
CAIRN_LEARN_FROM(trip_seats, trip, trip_planned)
{
    self->free += event->seats;
}
CAIRN_LEARN_FROM(trip_seats, booking, trip_booked)
{
    self->free -= event->seats;
    self->booked += event->seats;
}

CAIRN_STRUCT(trip_guest, INT(booked));
CAIRN_PART(trip_guest, "guest");
CAIRN_LEARN_FROM(trip_guest, booking, trip_booked)
{
    self->booked += event->seats;
}

CAIRN_BOUNDARY(trip, CAIRN_OVER(trip_seats, trip_id));
CAIRN_DECIDE(trip, plan_trip)
{
    CAIRN_EMIT(ret, trip_planned, .trip_id = command->trip_id, .seats = command->seats);
    return 0;
}

CAIRN_BOUNDARY(booking, CAIRN_OVER_EACH(trip_seats, trip_ids), CAIRN_OVER(trip_guest, guest_id));
CAIRN_DECIDE(booking, book_trips, NEED(trip_guide, guide_id))
{
    if (!CAIRN_KNOWN(given, trip_guide)->works)
        return cairn_refuse(error, "no-guide", "no guide leads these trips");
    CAIRN_FOR_EACH (trip, self->trip_seats) {
        if (trip->free < command->seats)
            return cairn_refuse(error, "trip-full", "a trip has too few seats");
    }
    if (self->trip_guest->booked >= 10)
        return cairn_refuse(error, "too-many", "a guest books at most ten seats");
    if (command->voucher)
        cairn_claim(ret, "voucher", command->voucher, "the voucher was used");
    CAIRN_FOR_EACH (trip_id, command->trip_ids)
        CAIRN_EMIT(ret, trip_booked, .trip_id = *trip_id, .guest_id = command->guest_id,
                   .seats = command->seats);
    return 0;
}

/* ---- purses: two of them in one decision ---- */

CAIRN_STRUCT(money_moved, UUID(from_id, .tag = "purse"), UUID(to_id, .tag = "purse"), INT(amount));
CAIRN_STRUCT(purse_filled, UUID(purse_id, .tag = "purse"), INT(amount));
CAIRN_EVENTS(transfer, EVENT(money_moved, "MoneyMoved", 1));
CAIRN_EVENTS(filling, EVENT(purse_filled, "PurseFilled", 1));
CAIRN_STRUCT(move_money, UUID(from_id), UUID(to_id), INT(amount, CAIRN_RANGE(1, 1000)));
CAIRN_COMMANDS(transfer, COMMAND(move_money, "POST /transfers"));
CAIRN_STRUCT(fill_purse, UUID(purse_id), INT(amount));
CAIRN_COMMANDS(filling, INTERNAL(fill_purse, .creates = true));

/* A part learns of both sides, and cannot know which of them it is: it remembers the flows. */
CAIRN_STRUCT(purse_flow, UUID(from_id), UUID(to_id), INT(amount));
CAIRN_STRUCT(purse, INT(filled), LIST(flows, purse_flow, .max_count = 500));
CAIRN_PART(purse, "purse");
CAIRN_LEARN_FROM(purse, transfer, money_moved)
{
    CAIRN_APPEND(arena, self->flows, .from_id = event->from_id, .to_id = event->to_id,
                 .amount = event->amount);
}
CAIRN_LEARN_FROM(purse, filling, purse_filled)
{
    self->filled += event->amount;
}

/* Another part over the same tag. */
CAIRN_STRUCT(purse_uses, INT(count));
CAIRN_PART(purse_uses, "purse");
CAIRN_LEARN_FROM(purse_uses, transfer, money_moved)
{
    self->count++;
}

static int64_t balance_of(const struct purse *purse, struct cairn_uuid id)
{
    int64_t balance = purse->filled;
    CAIRN_FOR_EACH (flow, purse->flows) {
        balance -= cairn_uuid_equal(flow->from_id, id) ? flow->amount : 0;
        balance += cairn_uuid_equal(flow->to_id, id) ? flow->amount : 0;
    }
    return balance;
}

CAIRN_BOUNDARY(transfer, CAIRN_OVER_AS(from, purse, from_id), CAIRN_OVER_AS(to, purse, to_id),
               CAIRN_OVER(purse_uses, from_id));
CAIRN_DECIDE(transfer, move_money)
{
    if (balance_of(self->from, command->from_id) < command->amount)
        return cairn_refuse(error, "purse-empty", "there is not so much in the purse");
    if (self->to->filled == 0)
        return cairn_refuse(error, "purse-unknown", "there is no such purse");
    if (self->purse_uses->count >= 200)
        return cairn_refuse(error, "purse-worn", "the purse was used too often");
    CAIRN_EMIT(ret, money_moved, .from_id = command->from_id, .to_id = command->to_id,
               .amount = command->amount);
    return 0;
}

CAIRN_BOUNDARY(filling, CAIRN_OVER(purse, purse_id));
CAIRN_DECIDE(filling, fill_purse)
{
    if (self->purse->filled)
        return 0; /* the command was sent before */
    CAIRN_EMIT(ret, purse_filled, .purse_id = command->purse_id, .amount = command->amount);
    return 0;
}

/* Each hired guide gets a purse of the same id. */
CAIRN_STRUCT(paying, BOOL(done));
CAIRN_PROCESS(paying, .from_start = true, CAIRN_SENDS(filling));
CAIRN_WHEN(paying, guide, guide_hired)
{
    self->done = true;
    CAIRN_SEND(ret, filling, cairn_new_id(given, "purse"), fill_purse, .purse_id = given->id,
               .amount = 100);
}

static const struct cairn_service trips_service = {
    .name = "trips",
    .port = 8098,
    .deciders = {&guide_decider, &trip_decider, &booking_decider, &transfer_decider,
                 &filling_decider},
    .processes = {&paying_process},
};
static const struct cairn_service *const services[] = {&trips_service, NULL};

/* ---- the bench: two processes ---- */

static char url[512];
static struct cairn_host *hosts[2];

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    for (int i = 0; i < 2; i++)
        hosts[i] = hosting_start(url, services);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        cairn_host_stop(hosts[i]);
    assert_int_equal(fixture_sql_int(url, "select (select count(*) from cairn.verify_tags()) +"
                                          " (select count(*) from cairn.verify_table_of_tags())"),
                     0);
    fixture_drop(url);
    return 0;
}

#define ID "01890000-0000-7000-8000-0000000000"
#define GUIDE ID "01"
#define GUIDE_B ID "02"
#define SEA ID "11"
#define ALPS ID "12"
#define ADA ID "21"
#define BOB ID "22"
#define BOOKING(trips, guest, more)                                                                \
    "{\"trip_ids\":[" trips "],\"guest_id\":\"" guest "\",\"guide_id\":\"" GUIDE "\"," more "}"
#define TRIP(id) "\"" id "\""
#define MOVING(from, to, amount)                                                                   \
    "{\"from_id\":\"" from "\",\"to_id\":\"" to "\",\"amount\":" #amount "}"

static int post(int host, const char *path, const char *body)
{
    return hosting_post(hosts[host], path, "", body);
}

/* Posts to one of the processes, and expects this refusal, or "" for none. */
static void expect_code(int host, const char *path, const char *body, const char *code)
{
    struct http_reply reply = {0};
    assert_int_equal(http_send(cairn_host_port(hosts[host]), "POST", path,
                               "Content-Type: application/json\r\n", body, strlen(body), &reply,
                               10000),
                     0);
    if (*code ? !strstr(reply.body, code) : reply.status != 201)
        fail_msg("%d %s, not %s", reply.status, reply.body, *code ? code : "201");
    http_reply_free(&reply);
}

static void hire(const char *guide)
{
    char body[100];
    (void)snprintf(body, sizeof body, "{\"guide_id\":\"%s\"}", guide);
    assert_int_equal(post(0, "/guides", body), 201);
}

static void plan(const char *trip, int seats)
{
    char body[100];
    (void)snprintf(body, sizeof body, "{\"trip_id\":\"%s\",\"seats\":%d}", trip, seats);
    assert_int_equal(post(0, "/trips", body), 201);
}

static int64_t count_of(const char *type)
{
    char sql[120];
    (void)snprintf(sql, sizeof sql, "select count(*) from cairn.events where type = '%s'", type);
    return fixture_sql_int(url, sql);
}

/* ---- several of one kind ---- */

static void a_command_is_decided_on_a_part_for_each_item_of_a_list(void **state)
{
    (void)state;
    hire(GUIDE);
    plan(SEA, 3);
    plan(ALPS, 2);
    expect_code(0, "/bookings", BOOKING(TRIP(SEA) "," TRIP(ALPS), ADA, "\"seats\":2"), "");
    assert_int_equal(count_of("TripBooked"), 2);
    /* one of two trips is full: nothing is booked */
    expect_code(1, "/bookings", BOOKING(TRIP(SEA) "," TRIP(ALPS), BOB, "\"seats\":1"), "trip-full");
    assert_int_equal(count_of("TripBooked"), 2);
    expect_code(1, "/bookings", BOOKING(TRIP(SEA), BOB, "\"seats\":1"), "");
    expect_code(0, "/bookings", BOOKING(TRIP(SEA), BOB, "\"seats\":1"), "trip-full");
    expect_code(0, "/bookings", BOOKING("", BOB, "\"seats\":1"), ""); /* no trip, and nothing */
    assert_int_equal(count_of("TripBooked"), 3);
}

static void an_item_that_is_named_twice_is_one_part(void **state)
{
    (void)state;
    hire(GUIDE);
    plan(SEA, 9);
    for (int i = 0; i < 3; i++)
        expect_code(i % 2, "/bookings", BOOKING(TRIP(SEA) "," TRIP(SEA), ADA, "\"seats\":1"), "");
    assert_int_equal(count_of("TripBooked"), 6);
    expect_code(0, "/bookings", BOOKING(TRIP(SEA) "," TRIP(SEA), BOB, "\"seats\":4"), "trip-full");
}

static void a_list_beyond_its_bound_is_refused_with_the_bound(void **state)
{
    (void)state;
    hire(GUIDE);
    expect_code(
        0, "/bookings",
        BOOKING(TRIP(SEA) "," TRIP(SEA) "," TRIP(SEA) "," TRIP(SEA) "," TRIP(SEA) "," TRIP(ALPS),
                ADA, "\"seats\":1"),
        "trip_ids");
    assert_int_equal(count_of("TripBooked"), 0);
}

static void fill_purses(void)
{
    hire(GUIDE);
    hire(GUIDE_B);
    fixture_wait_sql(url, "select count(*) from cairn.events where type = 'PurseFilled'", 2, 30000);
}

static void one_part_stands_for_both_sides_of_a_transfer(void **state)
{
    (void)state;
    fill_purses();
    expect_code(0, "/transfers", MOVING(GUIDE, GUIDE_B, 60), "");
    expect_code(1, "/transfers", MOVING(GUIDE, GUIDE_B, 60), "purse-empty");
    expect_code(1, "/transfers", MOVING(GUIDE_B, GUIDE, 150), "");
    expect_code(0, "/transfers", MOVING(GUIDE, ADA, 1), "purse-unknown");
    /* the same purse on both sides is one part, locked and looked at once */
    expect_code(0, "/transfers", MOVING(GUIDE, GUIDE, 190), "");
    expect_code(1, "/transfers", MOVING(GUIDE, GUIDE, 191), "purse-empty");
    assert_int_equal(count_of("MoneyMoved"), 3);
}

enum { MOVERS = 8, MOVES = 20 };

struct mover {
    pthread_t thread;
    int number;
};

/* Moves to and fro, in the order of the locks and against it. */
static void *move_money(void *context)
{
    const struct mover *mover = context;
    static const char *const bodies[] = {MOVING(GUIDE, GUIDE_B, 70), MOVING(GUIDE_B, GUIDE, 70),
                                         MOVING(GUIDE, GUIDE, 10)};
    for (int i = 0; i < MOVES; i++)
        (void)post(mover->number % 2, "/transfers", bodies[(mover->number + i) % 3]);
    return NULL;
}

static void no_purse_is_overdrawn_by_two_processes(void **state)
{
    (void)state;
    struct mover movers[MOVERS];
    fill_purses();
    for (int i = 0; i < MOVERS; i++) {
        movers[i].number = i;
        assert_int_equal(pthread_create(&movers[i].thread, NULL, move_money, &movers[i]), 0);
    }
    for (int i = 0; i < MOVERS; i++)
        assert_int_equal(pthread_join(movers[i].thread, NULL), 0);
    assert_true(count_of("MoneyMoved") > MOVERS);
    assert_int_equal(
        fixture_sql_int(url, "select count(*) from (select sum(case when data->>'to_id' = '" GUIDE
                             "' then (data->>'amount')::int else 0 end - case when"
                             " data->>'from_id' = '" GUIDE "' then (data->>'amount')::int else 0"
                             " end) over (order by position) + 100 as balance from cairn.events"
                             " where type = 'MoneyMoved') b where balance not between 0 and 200"),
        0);
}

/* ---- claims, facts, old events, internal commands ---- */

static void a_claim_and_a_boundary_hold_together_or_not_at_all(void **state)
{
    (void)state;
    hire(GUIDE);
    plan(SEA, 2);
#define VOUCHER "\"seats\":1,\"voucher\":\"free\""
    expect_code(0, "/bookings", BOOKING(TRIP(SEA), ADA, VOUCHER), "");
    expect_code(1, "/bookings", BOOKING(TRIP(SEA), BOB, VOUCHER), "the voucher was used");
    assert_int_equal(count_of("TripBooked"), 1);
    expect_code(1, "/bookings", BOOKING(TRIP(SEA), BOB, "\"seats\":1"), "");
    /* refused for its boundary: the other voucher is not taken */
    expect_code(0, "/bookings", BOOKING(TRIP(SEA), ADA, "\"seats\":1,\"voucher\":\"half\""),
                "trip-full");
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.claims"), 1);
}

static void a_fact_that_has_changed_elsewhere_is_seen_by_a_boundary(void **state)
{
    (void)state;
    hire(GUIDE);
    plan(SEA, 9);
    expect_code(0, "/bookings", BOOKING(TRIP(SEA), ADA, "\"seats\":1"), ""); /* cached there */
    assert_int_equal(post(1, "/guides/" GUIDE "/leave", "{}"), 200);
    expect_code(0, "/bookings", BOOKING(TRIP(SEA), ADA, "\"seats\":1"), "no-guide");
    assert_int_equal(count_of("TripBooked"), 1);
}

/* Events of the first version are among those with the tag, before and after the part is cached. */
static void old_events_are_lifted_for_parts(void **state)
{
    (void)state;
    static const char old[] =
        "select cairn.lock_shard(0::smallint);" /* the process appends, too */
        "insert into cairn.events select 0, cairn.head() + 1, 'booking-' || gen_random_uuid(), 1,"
        " 'TripBooked', 1, gen_random_uuid(), json_build_object('trip_id', '" SEA
        "', 'guest_id', '" BOB "'), '{\"tags\":[\"trip:" SEA "\",\"guest:" BOB "\"]}', now();"
        "select cairn.rebuild_tags()";
    hire(GUIDE);
    plan(SEA, 5);
    fixture_sql(url, old);
    expect_code(0, "/bookings", BOOKING(TRIP(SEA), ADA, "\"seats\":5"), "trip-full");
    expect_code(0, "/bookings", BOOKING(TRIP(SEA), ADA, "\"seats\":3"), "");
    fixture_sql(url, old);
    expect_code(0, "/bookings", BOOKING(TRIP(SEA), ADA, "\"seats\":1"), "trip-full");
}

static void a_process_sends_an_internal_command_to_a_boundary(void **state)
{
    (void)state;
    fill_purses();
    assert_int_equal(
        post(0, "/internal/filling/fill_purse", "{\"purse_id\":\"" GUIDE "\",\"amount\":5}"), 404);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.events where type ="
                                          " 'PurseFilled' and stream like 'filling-%'"),
                     2);
    assert_int_equal(
        fixture_sql_int(url, "select count(*) from cairn.read_tagged('{purse:" GUIDE "}')"), 1);
}

/* ---- keys ---- */

static void a_key_is_carried_out_once_although_its_boundary_has_moved(void **state)
{
    (void)state;
    static const char key[] = "Idempotency-Key: one\r\n";
    static const char body[] = BOOKING(TRIP(SEA), ADA, "\"seats\":1");
    hire(GUIDE);
    plan(SEA, 3);
    expect_code(0, "/bookings", body, ""); /* cached in the first process */
    expect_code(1, "/bookings", BOOKING(TRIP(SEA), BOB, "\"seats\":1"), "");
    /* the first process' part is behind: conflict, then decided again, under the same key */
    assert_int_equal(hosting_post(hosts[0], "/bookings", key, body), 201);
    assert_int_equal(hosting_post(hosts[0], "/bookings", key, body), 201);
    assert_int_equal(hosting_post(hosts[1], "/bookings", key, body), 201);
    assert_int_equal(count_of("TripBooked"), 3);
    /* a refusal is not kept: the same key is decided again once there is a seat */
    assert_int_equal(hosting_post(hosts[1], "/bookings", "Idempotency-Key: two\r\n", body), 422);
    plan(SEA, 1);
    assert_int_equal(hosting_post(hosts[0], "/bookings", "Idempotency-Key: two\r\n", body), 201);
    assert_int_equal(hosting_post(hosts[1], "/bookings", "Idempotency-Key: two\r\n", body), 201);
    assert_int_equal(count_of("TripBooked"), 4);
}

enum { ASKERS = 10, KEYS = 15 };

static void *book_with_keys(void *context)
{
    const struct mover *asker = context;
    for (int i = 0; i < KEYS; i++) {
        char header[60];
        (void)snprintf(header, sizeof header, "Idempotency-Key: key-%d\r\n", i);
        int status;
        do {
            status = hosting_post(hosts[asker->number % 2], "/bookings", header,
                                  BOOKING(TRIP(SEA), ADA, "\"seats\":1"));
        } while (status == 409);
        assert_true(status == 201 || status == 422);
    }
    return NULL;
}

/* Each key is sent by all of them, to two processes whose parts are behind each other's: seven keys
 * get a seat, each one seat, and the guest's ten are not exceeded. */
static void keys_and_seats_hold_when_all_ask_at_once(void **state)
{
    (void)state;
    struct mover askers[ASKERS];
    hire(GUIDE);
    plan(SEA, 7);
    for (int i = 0; i < ASKERS; i++) {
        askers[i].number = i;
        assert_int_equal(pthread_create(&askers[i].thread, NULL, book_with_keys, &askers[i]), 0);
    }
    for (int i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
    assert_int_equal(count_of("TripBooked"), 7);
    assert_int_equal(
        fixture_sql_int(
            url,
            "select count(*) from cairn.commands where stream like 'booking-%' and event_count ="
            " 1"),
        7);
}

/* ---- in the kit ---- */

static void the_kit_has_lists_and_rows_of_one_part(void **state)
{
    (void)state;
    const struct cairn_uuid sea = CAIRN_UUID(SEA);
    const struct cairn_uuid alps = CAIRN_UUID(ALPS);
    const struct cairn_uuid ada = CAIRN_UUID(ADA);
    const struct cairn_uuid trips[] = {sea, alps};
    const struct cairn_uuid_list both = {trips, 2};
    {
        CAIRN_DECIDING(booking);
        GIVEN_FACT(trip_guide, .works = true);
        GIVEN(trip_planned, .trip_id = sea, .seats = 2);
        GIVEN(trip_planned, .trip_id = alps, .seats = 1);
        WHEN(book_trips, .trip_ids = both, .guest_id = ada, .guide_id = ada, .seats = 1);
        THEN(trip_booked, .trip_id = sea, .guest_id = ada, .seats = 1);
        THEN(trip_booked, .trip_id = alps, .guest_id = ada, .seats = 1);
        WHEN(book_trips, .trip_ids = both, .guest_id = ada, .guide_id = ada, .seats = 1);
        THEN_REFUSED("trip-full");
    }
    {
        CAIRN_DECIDING(transfer);
        GIVEN(purse_filled, .purse_id = sea, .amount = 5);
        GIVEN(purse_filled, .purse_id = alps, .amount = 5);
        WHEN(move_money, .from_id = sea, .to_id = alps, .amount = 5);
        THEN(money_moved, .from_id = sea, .to_id = alps, .amount = 5);
        WHEN(move_money, .from_id = sea, .to_id = alps, .amount = 1);
        THEN_REFUSED("purse-empty");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kit_has_lists_and_rows_of_one_part),
        TEST(a_command_is_decided_on_a_part_for_each_item_of_a_list),
        TEST(an_item_that_is_named_twice_is_one_part),
        TEST(a_list_beyond_its_bound_is_refused_with_the_bound),
        TEST(one_part_stands_for_both_sides_of_a_transfer),
        TEST(no_purse_is_overdrawn_by_two_processes),
        TEST(a_claim_and_a_boundary_hold_together_or_not_at_all),
        TEST(a_fact_that_has_changed_elsewhere_is_seen_by_a_boundary),
        TEST(old_events_are_lifted_for_parts),
        TEST(a_process_sends_an_internal_command_to_a_boundary),
        TEST(a_key_is_carried_out_once_although_its_boundary_has_moved),
        TEST(keys_and_seats_hold_when_all_ask_at_once),
    };
    return cmocka_run_group_tests_name("boundaries", tests, kit_setup, NULL);
}
