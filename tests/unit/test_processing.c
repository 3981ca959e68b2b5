/* test_processing.c - tests of processes: several instances, timers that fire as time passes,
 * refusals with any code; and the failures of tests that are wrong. */
#include "../support/kit.h"

#include <stdio.h>
#include <string.h>

/* ---- a domain: a table is held for a guest, reminded twice, then released ---- */

CAIRN_STRUCT(table_held, TEXT(guest), TIME(until));
CAIRN_STRUCT(table_confirmed);
CAIRN_EVENTS(table, EVENT(table_held, "TableHeld", 1), EVENT(table_confirmed, "TableConfirmed", 1));
CAIRN_STRUCT(release_table, TEXT(why));
CAIRN_COMMANDS(table, COMMAND(release_table, "POST /tables/{id}/release"));

CAIRN_STRUCT(letter_sent, UUID(table_id, .optional = true));
CAIRN_EVENTS(letter, EVENT(letter_sent, "LetterSent", 1));
CAIRN_STRUCT(send_letter, UUID(letter_id), TEXT(text));
CAIRN_COMMANDS(letter, COMMAND(send_letter, "POST /letters"));

CAIRN_STRUCT(hold, TEXT(guest, .optional = true), INT(reminders), INT(letters),
             TIME(until, .optional = true));
CAIRN_PROCESS(hold, CAIRN_SENDS(table, letter));

CAIRN_WHEN(hold, table, table_held)
{
    self->guest = event->guest;
    self->until = event->until;
    cairn_schedule(ret, "remind", cairn_time_after(given->now, CAIRN_HOURS(1)));
    cairn_schedule(ret, "release", event->until);
}

CAIRN_WHEN(hold, table, table_confirmed)
{
    cairn_cancel(ret, "remind");
    cairn_cancel(ret, "release");
}

CAIRN_WHEN_BY(hold, letter, letter_sent, table_id)
{
    self->letters++;
}

CAIRN_WHEN_TIMER(hold, remind, "remind")
{
    char text[100];
    (void)snprintf(text, sizeof text, "%s: reminder %" PRId64, self->guest, ++self->reminders);
    CAIRN_SEND(ret, letter, cairn_new_id(given, text), send_letter,
               .letter_id = cairn_new_id(given, "letter"), .text = text);
    if (self->reminders < 2)
        cairn_schedule(ret, "remind", cairn_time_after(given->now, CAIRN_HOURS(1)));
    else if (strcmp(self->guest, "forever") == 0)
        cairn_schedule(ret, "remind", given->now);
}

CAIRN_WHEN_TIMER(hold, release, "release")
{
    CAIRN_SEND(ret, table, given->id, release_table, .why = "not confirmed");
    if (strcmp(self->guest, "nemo") == 0)
        cairn_schedule(ret, "unhandled", given->now);
}

CAIRN_WHEN_REFUSED(hold, release_table)
{
    char text[100];
    (void)snprintf(text, sizeof text, "%s %s", cairn_code_info((int)refusal->code)->name,
                   refusal->reason);
    CAIRN_SEND(ret, letter, refusal->id, send_letter, .letter_id = cairn_new_id(given, "letter"),
               .text = text);
}

#define ADA CAIRN_UUID("01890000-0000-7000-8000-0000000000ad")
#define BOB CAIRN_UUID("01890000-0000-7000-8000-0000000000b0")
#define HELD(who, when) table_held, .guest = (who), .until = CAIRN_TIME(when)

/* ---- what passes ---- */

static void timers_fire_in_order_as_time_passes(void **state)
{
    (void)state;
    CAIRN_PROCESSING(hold);
    WHEN_EVENT(HELD("ada", "2026-01-01T02:00:00Z"));
    THEN_TIMER("remind", "2026-01-01T01:00:00Z");
    THEN_TIMER("release", "2026-01-01T02:00:00Z");
    PASS("PT59M59S");
    THEN_NOTHING();
    PASS("PT1S");
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "ada: reminder 1");
    THEN_TIMER("remind", "2026-01-01T02:00:00Z"); /* after "release", which was set before */
    ADVANCE_TO("2026-01-02T00:00:00Z");
    THEN_SENT_TO(CAIRN_TEST_ID, release_table, .why = "not confirmed");
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "ada: reminder 2");
    PASS("P1D");
    THEN_NOTHING();
}

static void cancelled_and_moved_timers_do_not_fire(void **state)
{
    (void)state;
    CAIRN_PROCESSING(hold);
    GIVEN(HELD("ada", "2026-01-01T02:00:00Z"));
    GIVEN(HELD("ada", "2026-01-01T03:00:00Z"));
    ADVANCE_TO("2026-01-01T02:30:00Z");
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "ada: reminder 1");
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "ada: reminder 2");
    THEN_TIMER("remind", "2026-01-01T02:00:00Z");
    GIVEN(table_confirmed);
    PASS("P9D");
    THEN_NOTHING();
}

static void at_moves_the_clock_and_fires_nothing(void **state)
{
    (void)state;
    CAIRN_PROCESSING(hold);
    GIVEN(HELD("ada", "2026-01-01T02:00:00Z"));
    AT("2026-01-01T05:00:00Z");
    WHEN_TIMER("release");
    THEN_SENT(release_table, .why = "not confirmed");
    PASS("PT0S"); /* "remind" is late; its second setting is at six o'clock */
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "ada: reminder 1");
    THEN_TIMER("remind", "2026-01-01T06:00:00Z");
}

static void instances_have_states_timers_and_ids_of_their_own(void **state)
{
    (void)state;
    CAIRN_PROCESSING(hold);
    STREAM(ADA);
    GIVEN(HELD("ada", "2026-01-02T00:00:00Z"));
    PASS("PT30M");
    STREAM(BOB);
    WHEN_EVENT(HELD("bob", "2026-01-01T01:15:00Z"));
    THEN_TIMER("remind", "2026-01-01T01:30:00Z");
    THEN_TIMER("release", "2026-01-01T01:15:00Z");
    PASS("PT1H");
    INSTANCE(BOB);
    THEN_SENT_TO(BOB, release_table, .why = "not confirmed");
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "bob: reminder 1");
    THEN_TIMER("remind", "2026-01-01T02:30:00Z");
    INSTANCE(ADA);
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "ada: reminder 1");
    THEN_TIMER("remind", "2026-01-01T02:00:00Z");
    WHEN_TIMER("release");
    THEN_SENT_TO(ADA, release_table, .why = "not confirmed");
    WHEN_REFUSED(release_table, "table-gone");
    THEN_SENT_TO(ADA, send_letter, .letter_id = NEW_ID("letter"), .text = "refused table-gone");
    WHEN_EVENT(letter_sent, .table_id = ADA);
    THEN_NOTHING();
    WHEN_EVENT(letter_sent); /* of no table: for no process */
    THEN_NOTHING();
}

static void results_of_all_instances_come_in_the_order_of_time(void **state)
{
    (void)state;
    CAIRN_PROCESSING(hold);
    STREAM(ADA);
    GIVEN(HELD("ada", "2026-01-01T00:20:00Z"));
    STREAM(BOB);
    GIVEN(HELD("bob", "2026-01-01T00:10:00Z"));
    PASS("PT30M");
    THEN_SENT_TO(BOB, release_table, .why = "not confirmed");
    THEN_SENT_TO(ADA, release_table, .why = "not confirmed");
}

static void a_refusal_reaches_its_process_with_any_final_code(void **state)
{
    (void)state;
    CAIRN_PROCESSING(hold);
    GIVEN(HELD("ada", "2026-01-01T00:10:00Z"));
    PASS("PT10M");
    THEN_SENT(release_table, .why = "not confirmed");
    WHEN_REFUSED_AS(release_table, CAIRN_CLAIMED, "");
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "claimed ");
    WHEN_REFUSED_AS(release_table, CAIRN_NOT_FOUND, "");
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "not-found ");
    WHEN_REFUSED(release_table, "table-gone");
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "refused table-gone");
}

/* ---- what fails ---- */

#define TWO_TABLES                                                                                 \
    CAIRN_PROCESSING(hold);                                                                        \
    STREAM(ADA);                                                                                   \
    GIVEN(HELD("ada", "2026-01-01T00:20:00Z"));                                                    \
    STREAM(BOB);                                                                                   \
    GIVEN(HELD("bob", "2026-01-01T00:10:00Z"))

static void a_timer_of_nobody_in_particular(void)
{
    TWO_TABLES;
    WHEN_TIMER("release");
}

static void a_refusal_of_nobody_in_particular(void)
{
    TWO_TABLES;
    PASS("PT20M");
    THEN_SENT(release_table, .why = "not confirmed");
    THEN_SENT(release_table, .why = "not confirmed");
    WHEN_REFUSED(release_table, "table-gone");
}

static void a_command_of_another_instance(void)
{
    TWO_TABLES;
    PASS("PT10M");
    INSTANCE(ADA);
    THEN_SENT(release_table, .why = "not confirmed");
}

static void a_result_of_another_instance(void)
{
    TWO_TABLES;
    PASS("PT20M");
    INSTANCE(ADA);
    THEN_SENT(release_table, .why = "not confirmed");
    THEN_NOTHING();
}

static void a_timer_of_another_instance(void)
{
    TWO_TABLES;
    WHEN_EVENT(table_confirmed);
    INSTANCE(ADA);
    THEN_CANCELLED("remind");
}

static void a_timer_not_named(void)
{
    TWO_TABLES;
    WHEN_EVENT(table_confirmed);
    THEN_CANCELLED("remind");
}

static void a_timer_that_is_not_handled(void)
{
    CAIRN_PROCESSING(hold);
    GIVEN(HELD("nemo", "2026-01-01T00:20:00Z"));
    PASS("P1D");
}

static void a_timer_that_is_always_due(void)
{
    CAIRN_PROCESSING(hold);
    GIVEN(HELD("forever", "2026-02-01T00:00:00Z"));
    PASS("P1D");
}

static void time_that_goes_back(void)
{
    CAIRN_PROCESSING(hold);
    ADVANCE_TO("2025-12-31T23:59:59Z");
}

static void a_time_that_is_none(void)
{
    CAIRN_PROCESSING(hold);
    ADVANCE_TO("tomorrow");
}

static void a_duration_that_is_none(void)
{
    CAIRN_PROCESSING(hold);
    PASS("1 day");
}

static void a_refusal_that_is_not_final(void)
{
    CAIRN_PROCESSING(hold);
    GIVEN(HELD("ada", "2026-01-01T00:20:00Z"));
    WHEN_REFUSED_AS(release_table, CAIRN_UNAVAILABLE, "");
}

static void a_refusal_of_what_was_not_sent(void)
{
    CAIRN_PROCESSING(hold);
    GIVEN(HELD("ada", "2026-01-01T00:20:00Z"));
    WHEN_REFUSED(release_table, "table-gone");
}

static void a_refusal_that_is_not_waited_for(void)
{
    CAIRN_PROCESSING(hold);
    WHEN_REFUSED(send_letter, "no-stamp");
}

static void an_event_that_is_not_waited_for(void)
{
    CAIRN_PROCESSING(hold);
    WHEN_EVENT(hold);
}

static void wrong_tests_fail_and_say_of_which_process(void **state)
{
    (void)state;
    KIT_EXPECT_FAILURE(a_timer_of_nobody_in_particular,
                       "WHEN_TIMER is for one of 2 processes: say which by INSTANCE");
    KIT_EXPECT_FAILURE(a_refusal_of_nobody_in_particular,
                       "2 processes sent a release_table: say which one's is refused by INSTANCE");
    KIT_EXPECT_FAILURE(a_command_of_another_instance,
                       "nothing more was sent by process 01890000-0000-7000-8000-0000000000ad\n"
                       "  wanted: release_table {\"why\":\"not confirmed\"}\n  seen:   nothing");
    KIT_EXPECT_FAILURE(a_result_of_another_instance,
                       "a command that no THEN_SENT names\n  wanted: nothing\n"
                       "  seen:   release_table {\"why\":\"not confirmed\"} by process "
                       "01890000-0000-7000-8000-0000000000b0");
    KIT_EXPECT_FAILURE(a_timer_of_another_instance,
                       "no more timers changed by process 01890000-0000-7000-8000-0000000000ad\n"
                       "  wanted: remind cancelled\n  seen:   nothing");
    KIT_EXPECT_FAILURE(a_timer_not_named,
                       "a timer that no THEN names\n  wanted: nothing\n  seen:   "
                       "release cancelled by process 0189");
    KIT_EXPECT_FAILURE(
        a_timer_that_is_not_handled,
        "process hold set the timer \"unhandled\", which it has no handler for: write "
        "CAIRN_WHEN_TIMER(hold, …, \"unhandled\"), or give cairn_schedule the name of "
        "one that is handled (\"remind\", \"release\")");
    KIT_EXPECT_FAILURE(a_timer_that_is_always_due,
                       "the timer remind was set again 10000 times and is still due");
    KIT_EXPECT_FAILURE(time_that_goes_back,
                       "ADVANCE_TO goes back in time: it is 2026-01-01T00:00:00.000000Z");
    KIT_EXPECT_FAILURE(a_time_that_is_none, "ADVANCE_TO(\"tomorrow\"): not a time such as 2026-");
    KIT_EXPECT_FAILURE(a_duration_that_is_none,
                       "PASS(\"1 day\"): not a duration such as PT15M or P1D");
    KIT_EXPECT_FAILURE(a_refusal_that_is_not_final, "unavailable is no final answer");
    KIT_EXPECT_FAILURE(a_refusal_of_what_was_not_sent, "no release_table was sent that could be");
    KIT_EXPECT_FAILURE(a_refusal_that_is_not_waited_for,
                       "hold does not wait for a refusal of send_");
    KIT_EXPECT_FAILURE(an_event_that_is_not_waited_for,
                       "hold is not an event of a noun that hold handles events of: leave it out");
}

/* ---- one event for all that wait ---- */

CAIRN_STRUCT(seat_wanted, UUID(table_id));
CAIRN_STRUCT(seat_given_up);
CAIRN_EVENTS(seat, EVENT(seat_wanted, "SeatWanted", 1), EVENT(seat_given_up, "SeatGivenUp", 1));

CAIRN_STRUCT(seating, INT(told));
CAIRN_PROCESS(seating, CAIRN_SENDS(letter));
CAIRN_WHEN(seating, seat, seat_wanted)
{
    cairn_associate(ret, "table", event->table_id);
}
CAIRN_WHEN(seating, seat, seat_given_up)
{
    cairn_dissociate(ret, "table", CAIRN_UUID("01890000-0000-7000-8000-00000000007a"));
}
CAIRN_WHEN_ALL(seating, table, table_confirmed, "table")
{
    self->told++;
    CAIRN_SEND(ret, letter, cairn_new_id(given, "letter"), send_letter,
               .letter_id = given->meta->id, .text = "taken");
}

/* ---- schedules ---- */

CAIRN_STRUCT(kitchen, INT(hours));
CAIRN_PROCESS(kitchen, CAIRN_SENDS(table, letter));

CAIRN_WHEN(kitchen, table, table_confirmed)
{
    cairn_schedule(ret, "cook", cairn_time_after(given->now, CAIRN_MINUTES(5)));
}
CAIRN_WHEN_TIMER(kitchen, cook, "cook")
{
}
CAIRN_WHEN_EVERY(kitchen, hourly, CAIRN_HOURS(1))
{
    char text[30];
    (void)snprintf(text, sizeof text, "hour %" PRId64, ++self->hours);
    CAIRN_SEND(ret, letter, cairn_new_id(given, text), send_letter,
               .letter_id = cairn_new_id(given, "letter"), .text = text);
}
CAIRN_WHEN_EVERY(kitchen, daily, CAIRN_HOURS(24))
{
    CAIRN_SEND(ret, table, given->id, release_table, .why = "the day is over");
}

static void a_schedule_is_called_by_its_label(void **state)
{
    (void)state;
    CAIRN_PROCESSING(kitchen);
    WHEN_EVERY("hourly");
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "hour 1");
    WHEN_TIMER("hourly");
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "hour 2");
    WHEN_TIMER("every hourly");
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "hour 3");
    WHEN_EVERY("daily");
    THEN_SENT(release_table, .why = "the day is over");
}

static void a_schedule_is_called_at_the_end_of_each_period(void **state)
{
    (void)state;
    CAIRN_PROCESSING(kitchen);
    AT("2026-01-01T22:30:00Z");
    WHEN_EVENT(table_confirmed);
    THEN_TIMER("cook", "2026-01-01T22:35:00Z");
    PASS("PT29M");
    THEN_NOTHING();
    PASS("PT1H1M");
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "hour 1");
    THEN_SENT(release_table, .why = "the day is over");
    THEN_SENT(send_letter, .letter_id = NEW_ID("letter"), .text = "hour 2");
}

/* ---- events that nothing waits for ---- */

static void an_event_that_a_process_ignores_changes_nothing(void **state)
{
    (void)state;
    CAIRN_PROCESSING(kitchen);
    GIVEN(HELD("ada", "2026-01-01T01:00:00Z"));
    WHEN_EVENT(HELD("ada", "2026-01-01T01:00:00Z"));
    THEN_NOTHING();
}

static void an_event_reaches_all_that_wait_in_order(void **state)
{
    (void)state;
    const struct cairn_uuid table = CAIRN_UUID("01890000-0000-7000-8000-00000000007a");
    const struct cairn_uuid guests[] = {CAIRN_UUID("01890000-0000-7000-8000-000000000003"),
                                        CAIRN_UUID("01890000-0000-7000-8000-000000000001"),
                                        CAIRN_UUID("01890000-0000-7000-8000-000000000002")};
    CAIRN_PROCESSING(seating);
    for (size_t i = 0; i < sizeof guests / sizeof guests[0]; i++) {
        STREAM(guests[i]);
        WHEN_EVENT(seat_wanted, .table_id = table);
    }
    STREAM(guests[1]);
    WHEN_EVENT(seat_given_up);
    STREAM(table);
    WHEN_EVENT(table_confirmed);
    INSTANCE(guests[0]);
    THEN_SENT(send_letter, .letter_id = table, .text = "taken");
    INSTANCE(guests[2]);
    THEN_SENT(send_letter, .letter_id = table, .text = "taken");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_reaches_all_that_wait_in_order),
        cmocka_unit_test(a_schedule_is_called_by_its_label),
        cmocka_unit_test(a_schedule_is_called_at_the_end_of_each_period),
        cmocka_unit_test(an_event_that_a_process_ignores_changes_nothing),
        cmocka_unit_test(timers_fire_in_order_as_time_passes),
        cmocka_unit_test(cancelled_and_moved_timers_do_not_fire),
        cmocka_unit_test(at_moves_the_clock_and_fires_nothing),
        cmocka_unit_test(instances_have_states_timers_and_ids_of_their_own),
        cmocka_unit_test(results_of_all_instances_come_in_the_order_of_time),
        cmocka_unit_test(a_refusal_reaches_its_process_with_any_final_code),
        cmocka_unit_test(wrong_tests_fail_and_say_of_which_process),
    };
    return cmocka_run_group_tests_name("processing", tests, kit_setup, NULL);
}
