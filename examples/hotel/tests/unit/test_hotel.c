/* test_hotel.c - tests the rules, the read models and the processes, without servers. */
#include "../../services/hotel.h"

#include <cairn/test.h>

#include <stdio.h>

#define ROOM CAIRN_UUID("01890000-0000-7000-8000-00000000000a")
#define ROOM_KEY "01890000-0000-7000-8000-00000000000a"
#define ADA CAIRN_TEST_ID
#define BOB CAIRN_UUID("01890000-0000-7000-8000-00000000000b")
#define CYD CAIRN_UUID("01890000-0000-7000-8000-00000000000c")
#define MAY(day) CAIRN_DAY("2026-05-" #day)
#define NIGHTS(first, last)                                                                        \
    {                                                                                              \
        ROOM, MAY(first), MAY(last)                                                                \
    }
#define DEADLINE "2026-01-01T00:15:00Z" /* 15 minutes after the kit's clock */

#define HELD_FOR(first, last)                                                                      \
    reservation_held, .nights = NIGHTS(first, last), .room = "12", .guest = "Ada",                 \
                      .confirm_by = CAIRN_TIME(DEADLINE)
#define QUEUED_FOR(first, last)                                                                    \
    reservation_queued, .nights = NIGHTS(first, last), .room = "12", .guest = "Ada"
#define CONFIRMED_FOR(first, last)                                                                 \
    reservation_confirmed, .nights = NIGHTS(first, last), .guest = "Ada"
#define RELEASED(why, first, last)                                                                 \
    reservation_released, .status = (why), .nights = NIGHTS(first, last)
#define TAKEN_FOR(first, last) nights_taken, .nights = NIGHTS(first, last), .guest = "Ada"
#define FREED_FOR(first, last) nights_freed, .nights = NIGHTS(first, last)
#define RESERVE make_reservation, .nights = NIGHTS(01, 04), .guest = "Ada", .persons = 2

/* ---- rooms ---- */

static void a_room_has_a_number_of_its_own(void)
{
    CAIRN_DECIDING(room);
    WHEN(add_room, .number = "12", .beds = 2);
    THEN_CLAIMED("room.number", "12");
    THEN(room_added, .number = "12", .beds = 2);
}

static void a_room_is_closed_for_nights_that_it_claims(void)
{
    CAIRN_DECIDING(room);
    STREAM(ROOM);
    GIVEN(room_added_v1, .number = "12");
    WHEN(close_room, .from = MAY(01), .until = MAY(04), .reason = "painting");
    THEN_CLAIMED_RANGE("room", ROOM_KEY, MAY(01), MAY(04));
    THEN(room_closed, .nights = NIGHTS(01, 04), .reason = "painting");
    WHEN(close_room, .from = MAY(04), .until = MAY(04), .reason = "painting");
    THEN_REFUSED("nights-wrong");
}

static void managers_keep_the_rooms(void)
{
    CAIRN_DECIDING(room);
    AS("ada", "desk");
    WHEN(add_room, .number = "12", .beds = 2);
    THEN_FORBIDDEN();
    AS("bob", "manager");
    WHEN(add_room, .number = "12", .beds = 2);
    THEN_CLAIMED("room.number", "12");
    THEN(room_added, .number = "12", .beds = 2);
}

/* ---- reservations ---- */

static void a_reservation_holds_nights_until_it_is_confirmed(void)
{
    CAIRN_DECIDING(reservation);
    GIVEN_FACT(reserved_room, .number = "12", .beds = 2);
    WHEN(RESERVE);
    THEN_CLAIMED_RANGE("room", ROOM_KEY, MAY(01), MAY(04));
    THEN(HELD_FOR(01, 04));
    THEN(TAKEN_FOR(01, 04));
    WHEN(confirm_reservation);
    THEN(CONFIRMED_FOR(01, 04));
    WHEN(confirm_reservation);
    THEN_REFUSED("reservation-not-held");
    WHEN(expire_reservation);
    THEN_REFUSED("reservation-not-held");
}

static void a_room_is_reserved_if_it_exists_and_has_beds_for_all(void)
{
    CAIRN_DECIDING(reservation);
    WHEN(RESERVE);
    THEN_REFUSED("room-unknown");
    GIVEN_FACT(reserved_room, .number = "12", .beds = 1);
    WHEN(RESERVE);
    THEN_REFUSED("room-too-small");
}

static void nights_are_neither_past_nor_too_many(void)
{
    CAIRN_DECIDING(reservation);
    GIVEN_FACT(reserved_room, .number = "12", .beds = 2);
    AT("2026-05-02T00:00:00Z");
    WHEN(RESERVE);
    THEN_REFUSED("nights-past");
    WHEN(RESERVE, .wait = true);
    THEN_REFUSED("nights-past");
    WHEN(make_reservation, .nights = {ROOM, MAY(04), MAY(03)}, .guest = "Ada", .persons = 2);
    THEN_REFUSED("nights-wrong");
    WHEN(make_reservation, .nights = {ROOM, MAY(04), CAIRN_DAY("2026-08-03")}, .guest = "Ada",
         .persons = 2);
    THEN_REFUSED("nights-wrong");
}

static void a_reservation_that_waits_claims_nothing_until_it_is_offered_its_nights(void)
{
    CAIRN_DECIDING(reservation);
    GIVEN_FACT(reserved_room, .number = "12", .beds = 2);
    WHEN(RESERVE, .wait = true);
    THEN(QUEUED_FOR(01, 04));
    WHEN(confirm_reservation);
    THEN_REFUSED("reservation-not-held");
    WHEN(offer_reservation);
    THEN_CLAIMED_RANGE("room", ROOM_KEY, MAY(01), MAY(04));
    THEN(HELD_FOR(01, 04));
    THEN(TAKEN_FOR(01, 04));
    WHEN(offer_reservation);
    THEN_REFUSED("reservation-not-waiting");
}

static void a_move_exchanges_the_nights(void)
{
    CAIRN_DECIDING(reservation);
    GIVEN(HELD_FOR(01, 04));
    GIVEN(TAKEN_FOR(01, 04));
    WHEN(move_reservation, .from = MAY(03), .until = MAY(06));
    THEN_RELEASED_RANGE("room", ROOM_KEY, MAY(01), MAY(04));
    THEN_CLAIMED_RANGE("room", ROOM_KEY, MAY(03), MAY(06));
    THEN(FREED_FOR(01, 04));
    THEN(TAKEN_FOR(03, 06));
    WHEN(move_reservation, .from = MAY(06), .until = MAY(03));
    THEN_REFUSED("nights-wrong");
}

static void cancelling_and_expiring_release_the_nights(void)
{
    CAIRN_DECIDING(reservation);
    GIVEN(HELD_FOR(01, 04));
    GIVEN(TAKEN_FOR(01, 04));
    WHEN(expire_reservation);
    THEN_RELEASED_RANGE("room", ROOM_KEY, MAY(01), MAY(04));
    THEN(FREED_FOR(01, 04));
    THEN(RELEASED(EXPIRED, 01, 04));
    WHEN(cancel_reservation);
    THEN_REFUSED("reservation-over");
    WHEN(move_reservation, .from = MAY(03), .until = MAY(06));
    THEN_REFUSED("reservation-not-held");
}

static void a_reservation_that_only_waited_releases_the_nights_of_no_other(void)
{
    CAIRN_DECIDING(reservation);
    GIVEN(QUEUED_FOR(01, 04));
    WHEN(cancel_reservation);
    THEN(RELEASED(CANCELLED, 01, 04));
}

static void a_confirmed_reservation_can_be_cancelled(void)
{
    CAIRN_DECIDING(reservation);
    GIVEN(HELD_FOR(01, 04));
    GIVEN(TAKEN_FOR(01, 04));
    GIVEN(CONFIRMED_FOR(01, 04));
    WHEN(cancel_reservation);
    THEN_RELEASED_RANGE("room", ROOM_KEY, MAY(01), MAY(04));
    THEN(FREED_FOR(01, 04));
    THEN(RELEASED(CANCELLED, 01, 04));
}

/* ---- processes ---- */

static void a_reservation_expires_at_its_deadline(void)
{
    CAIRN_PROCESSING(expiry);
    WHEN_EVENT(HELD_FOR(01, 04));
    THEN_TIMER("deadline", DEADLINE);
    WHEN_TIMER("deadline");
    THEN_SENT_TO(ADA, expire_reservation);
}

static void a_reservation_that_is_confirmed_or_cancelled_does_not_expire(void)
{
    CAIRN_PROCESSING(expiry);
    GIVEN(HELD_FOR(01, 04));
    WHEN_EVENT(CONFIRMED_FOR(01, 04));
    THEN_CANCELLED("deadline");
    WHEN_EVENT(RELEASED(CANCELLED, 01, 04));
    THEN_CANCELLED("deadline");
}

/* Ada has the nights; Bob and Cyd wait, and were refused when they came. */
#define BOB_AND_CYD_WAIT                                                                           \
    CAIRN_PROCESSING(waiting_list);                                                                \
    GIVEN(HELD_FOR(01, 04));                                                                       \
    STREAM(BOB);                                                                                   \
    WHEN_EVENT(QUEUED_FOR(01, 04));                                                                \
    THEN_SENT_TO(BOB, offer_reservation);                                                          \
    STREAM(CYD);                                                                                   \
    WHEN_EVENT(QUEUED_FOR(03, 05));                                                                \
    THEN_NOTHING();                                                                                \
    WHEN_REFUSED_AS(offer_reservation, CAIRN_CLAIMED, "");                                         \
    THEN_SENT_TO(CYD, offer_reservation);                                                          \
    WHEN_REFUSED_AS(offer_reservation, CAIRN_CLAIMED, "");                                         \
    THEN_NOTHING();                                                                                \
    STREAM(ADA)

static void those_who_wait_are_asked_in_order_one_at_a_time(void)
{
    BOB_AND_CYD_WAIT;
    WHEN_EVENT(FREED_FOR(01, 04));
    THEN_SENT_TO(BOB, offer_reservation);
    STREAM(BOB);
    WHEN_EVENT(HELD_FOR(01, 04));
    THEN_SENT_TO(CYD, offer_reservation);
    WHEN_REFUSED_AS(offer_reservation, CAIRN_CLAIMED, "");
    THEN_NOTHING();
    WHEN_EVENT(FREED_FOR(01, 04)); /* Bob's: only Cyd waits still */
    THEN_SENT_TO(CYD, offer_reservation);
}

/* Bob was asked twice, and has the nights by the first offer. */
static void an_answer_to_an_older_offer_leaves_the_guest_who_is_asked_now(void)
{
    BOB_AND_CYD_WAIT;
    WHEN_EVENT(FREED_FOR(01, 04));
    THEN_SENT_TO(BOB, offer_reservation);
    STREAM(BOB);
    WHEN_EVENT(HELD_FOR(01, 04));
    THEN_SENT_TO(CYD, offer_reservation);
    WHEN_REFUSED_LATE(offer_reservation, BOB, CAIRN_REFUSED, "reservation-not-waiting");
    THEN_NOTHING();
    WHEN_REFUSED_AS(offer_reservation, CAIRN_CLAIMED, ""); /* Cyd's answer */
    THEN_NOTHING();
    WHEN_EVENT(FREED_FOR(01, 04)); /* Bob's: Cyd waits still */
    THEN_SENT_TO(CYD, offer_reservation);
}

static void nights_that_become_free_meanwhile_are_offered_to_all_again(void)
{
    BOB_AND_CYD_WAIT;
    WHEN_EVENT(FREED_FOR(01, 04)); /* Ada moves */
    THEN_SENT_TO(BOB, offer_reservation);
    WHEN_EVENT(FREED_FOR(03, 06)); /* before Bob's answer */
    THEN_NOTHING();
    WHEN_REFUSED_AS(offer_reservation, CAIRN_CLAIMED, "");
    THEN_SENT_TO(BOB, offer_reservation);
}

static void the_queue_forgets_who_does_not_wait_any_more(void)
{
    BOB_AND_CYD_WAIT;
    WHEN_EVENT(FREED_FOR(01, 04));
    THEN_SENT_TO(BOB, offer_reservation);
    WHEN_REFUSED(offer_reservation, "reservation-not-waiting");
    THEN_SENT_TO(CYD, offer_reservation);
    WHEN_REFUSED_AS(offer_reservation, CAIRN_CLAIMED, "");
    THEN_NOTHING();
    WHEN_EVENT(FREED_FOR(01, 04));
    THEN_SENT_TO(CYD, offer_reservation);
}

static void who_gives_up_leaves_the_queue_before_nights_become_free(void)
{
    BOB_AND_CYD_WAIT;
    WHEN_EVENT(RELEASED(EXPIRED, 01, 04)); /* Ada's: she is not in the queue */
    THEN_NOTHING();
    STREAM(BOB);
    WHEN_EVENT(RELEASED(CANCELLED, 01, 04));
    THEN_SENT_TO(BOB, offer_reservation);
    WHEN_REFUSED(offer_reservation, "reservation-not-waiting");
    THEN_SENT_TO(CYD, offer_reservation);
    WHEN_REFUSED_AS(offer_reservation, CAIRN_CLAIMED, "");
    THEN_NOTHING();
    STREAM(ADA);
    WHEN_EVENT(FREED_FOR(01, 04));
    THEN_SENT_TO(CYD, offer_reservation);
}

static void who_gives_up_while_asked_is_forgotten_by_the_second_answer(void)
{
    BOB_AND_CYD_WAIT;
    WHEN_EVENT(FREED_FOR(01, 04));
    THEN_SENT_TO(BOB, offer_reservation);
    STREAM(BOB);
    WHEN_EVENT(RELEASED(CANCELLED, 01, 04)); /* before the answer */
    THEN_NOTHING();
    WHEN_REFUSED(offer_reservation, "reservation-not-waiting");
    THEN_SENT_TO(BOB, offer_reservation);
    WHEN_REFUSED(offer_reservation, "reservation-not-waiting");
    THEN_SENT_TO(CYD, offer_reservation);
}

static void nights_that_another_guest_holds_are_no_answer_to_an_offer(void)
{
    BOB_AND_CYD_WAIT;
    WHEN_EVENT(FREED_FOR(01, 04));
    THEN_SENT_TO(BOB, offer_reservation);
    WHEN_EVENT(HELD_FOR(01, 04)); /* Ada's, without having waited */
    THEN_NOTHING();
    WHEN_REFUSED_AS(offer_reservation, CAIRN_CLAIMED, "");
    THEN_SENT_TO(CYD, offer_reservation);
}

static void who_waits_for_nights_that_are_past_waits_no_longer(void)
{
    BOB_AND_CYD_WAIT;
    WHEN_EVENT(FREED_FOR(01, 04));
    THEN_SENT_TO(BOB, offer_reservation);
    WHEN_REFUSED(offer_reservation, "nights-past");
    THEN_SENT_TO(BOB, cancel_reservation);
    THEN_SENT_TO(CYD, offer_reservation);
}

static void a_guest_who_comes_when_the_queue_is_full_does_not_wait(void)
{
    struct cairn_uuid last = BOB;
    CAIRN_PROCESSING(waiting_list);
    for (int i = 0; i < 200; i++) {
        last.bytes[0] = (uint8_t)i;
        STREAM(last);
        GIVEN(QUEUED_FOR(01, 04));
    }
    STREAM(CYD);
    WHEN_EVENT(QUEUED_FOR(01, 04));
    THEN_SENT_TO(CYD, cancel_reservation);
}

/* ---- read models ---- */

#define NIGHT(day) ROOM_KEY ":2026-05-" #day
#define TAKEN_BY(id, day)                                                                          \
    occupancy, .room_id = ROOM, .night = MAY(day), .reservation_id = (id), .guest = "Ada"

static void each_night_of_a_reservation_is_occupied_until_it_is_released(void)
{
    CAIRN_PROJECTING(occupancy);
    GIVEN(TAKEN_FOR(01, 03));
    THEN_ROW(NIGHT(01), TAKEN_BY(ADA, 01));
    THEN_ROW(NIGHT(02), TAKEN_BY(ADA, 02));
    THEN_NO_ROW(NIGHT(03));
    GIVEN(FREED_FOR(01, 03));
    GIVEN(TAKEN_FOR(02, 04));
    THEN_NO_ROW(NIGHT(01));
    THEN_ROW(NIGHT(02), TAKEN_BY(ADA, 02));
    THEN_ROW(NIGHT(03), TAKEN_BY(ADA, 03));
    GIVEN(FREED_FOR(02, 04));
    THEN_NO_ROW(NIGHT(02));
    THEN_NO_ROW(NIGHT(03));
}

static void the_nights_of_a_closed_room_are_occupied(void)
{
    CAIRN_PROJECTING(occupancy);
    STREAM(ROOM);
    GIVEN(room_closed, .nights = NIGHTS(01, 02), .reason = "painting");
    THEN_ROW(NIGHT(01), occupancy, .room_id = ROOM, .night = MAY(01), .closed_because = "painting");
    THEN_NO_ROW(NIGHT(02));
}

#define SHOWN(first, last, status_)                                                                \
    reservations, .reservation_id = ADA, .room_id = ROOM, .arrival = MAY(first),                   \
                  .departure = MAY(last), .guest = "Ada", .status = (status_)

static void a_reservation_shows_its_status_and_nights(void)
{
    CAIRN_PROJECTING(reservations);
    GIVEN(QUEUED_FOR(01, 04));
    THEN_ROW(CAIRN_TEST_KEY, SHOWN(01, 04, WAITING));
    GIVEN(HELD_FOR(01, 04));
    THEN_ROW(CAIRN_TEST_KEY, SHOWN(01, 04, HELD), .confirm_by = CAIRN_TIME(DEADLINE));
    GIVEN(CONFIRMED_FOR(01, 04));
    THEN_ROW(CAIRN_TEST_KEY, SHOWN(01, 04, CONFIRMED), .confirm_by = CAIRN_TIME(DEADLINE));
    GIVEN(TAKEN_FOR(02, 05)); /* Ada moves */
    THEN_ROW(CAIRN_TEST_KEY, SHOWN(02, 05, CONFIRMED), .confirm_by = CAIRN_TIME(DEADLINE));
    GIVEN(RELEASED(CANCELLED, 02, 05));
    THEN_ROW(CAIRN_TEST_KEY, SHOWN(02, 05, CANCELLED), .confirm_by = CAIRN_TIME(DEADLINE));
}

static void events_stay_readable(void)
{
    CAIRN_GOLDEN("tests/golden", room);
    CAIRN_GOLDEN("tests/golden", reservation);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
#define TEST(name) {#name, name}
        TEST(a_room_has_a_number_of_its_own),
        TEST(a_room_is_closed_for_nights_that_it_claims),
        TEST(managers_keep_the_rooms),
        TEST(a_reservation_holds_nights_until_it_is_confirmed),
        TEST(a_room_is_reserved_if_it_exists_and_has_beds_for_all),
        TEST(nights_are_neither_past_nor_too_many),
        TEST(a_reservation_that_waits_claims_nothing_until_it_is_offered_its_nights),
        TEST(a_move_exchanges_the_nights),
        TEST(cancelling_and_expiring_release_the_nights),
        TEST(a_reservation_that_only_waited_releases_the_nights_of_no_other),
        TEST(a_confirmed_reservation_can_be_cancelled),
        TEST(a_reservation_expires_at_its_deadline),
        TEST(a_reservation_that_is_confirmed_or_cancelled_does_not_expire),
        TEST(those_who_wait_are_asked_in_order_one_at_a_time),
        TEST(an_answer_to_an_older_offer_leaves_the_guest_who_is_asked_now),
        TEST(nights_that_become_free_meanwhile_are_offered_to_all_again),
        TEST(the_queue_forgets_who_does_not_wait_any_more),
        TEST(who_gives_up_leaves_the_queue_before_nights_become_free),
        TEST(who_gives_up_while_asked_is_forgotten_by_the_second_answer),
        TEST(nights_that_another_guest_holds_are_no_answer_to_an_offer),
        TEST(who_waits_for_nights_that_are_past_waits_no_longer),
        TEST(a_guest_who_comes_when_the_queue_is_full_does_not_wait),
        TEST(each_night_of_a_reservation_is_occupied_until_it_is_released),
        TEST(the_nights_of_a_closed_room_are_occupied),
        TEST(a_reservation_shows_its_status_and_nights),
        TEST(events_stay_readable),
    };
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        tests[i].run();
        (void)fprintf(stderr, "ok  %s\n", tests[i].name);
    }
    return 0;
}
