/* test_reacting.c - tests of reactors: commands that are told, their answers, outcomes, retries;
 * and the failures of tests that are wrong. */
#include "../support/kit.h"

#include <stdio.h>
#include <string.h>

/* ---- a domain: a parcel that is lost is searched for, and its order is told ---- */

CAIRN_STRUCT(parcel_lost, TEXT(why), UUID(order_id));
CAIRN_STRUCT(parcel_lost_v1, TEXT(reason));
CAIRN_STRUCT(parcel_found);
CAIRN_EVENTS(parcel, EVENT(parcel_lost, "ParcelLost", 2, parcel_lost_v1),
             EVENT(parcel_found, "ParcelFound", 1));
#define ORDER CAIRN_UUID("01890000-0000-7000-8000-0000000000b2")

CAIRN_UPCAST(parcel_lost_v1, parcel_lost)
{
    *ret = (struct parcel_lost){.why = old->reason, .order_id = ORDER};
}

CAIRN_STRUCT(note_loss, TEXT(why, .max_bytes = 20));
CAIRN_STRUCT(refund_order);
CAIRN_COMMANDS(order, COMMAND(note_loss, "POST /orders/{id}/losses"),
               COMMAND(refund_order, "POST /orders/{id}/refund"));

CAIRN_REACTOR(searching);

static char last_stream[100];

CAIRN_HANDLE(searching, parcel, parcel_lost)
{
    (void)snprintf(last_stream, sizeof last_stream, "%s", call->meta->stream);
    int failed = CAIRN_TELL(call, error, order, event->order_id, note_loss, .why = event->why);
    if (strcmp(event->why, "twice") == 0)
        failed = CAIRN_TELL(call, error, order, event->order_id, note_loss, .why = event->why);
    if (strcmp(event->why, "otherwise") == 0)
        failed = CAIRN_TELL(call, error, order, event->order_id, note_loss, .why = "another");
    if (!failed && call->attempt == 2)
        failed = CAIRN_TELL(call, error, order, event->order_id, refund_order);
    return cairn_outcome_of(failed);
}

CAIRN_HANDLE(searching, parcel, parcel_found)
{
    return 0;
}

#define LOST(reason) parcel_lost, .why = (reason), .order_id = ORDER

/* ---- what passes ---- */

static void an_event_leads_to_commands(void **state)
{
    (void)state;
    CAIRN_REACTING(searching);
    WHEN_EVENT(LOST("fell off"));
    THEN_TOLD(note_loss, .why = "fell off");
    assert_string_equal(last_stream, "parcel-" CAIRN_TEST_KEY);
    STREAM(CAIRN_UUID("01890000-0000-7000-8000-0000000000aa"));
    WHEN_EVENT(LOST("stolen"));
    THEN_TOLD_TO(ORDER, note_loss, .why = "stolen");
    THEN_OUTCOME(CAIRN_DONE);
    assert_string_equal(last_stream, "parcel-01890000-0000-7000-8000-0000000000aa");
}

static void an_old_event_is_lifted(void **state)
{
    (void)state;
    CAIRN_REACTING(searching);
    WHEN_EVENT(parcel_lost_v1, .reason = "fell off");
    THEN_TOLD_TO(ORDER, note_loss, .why = "fell off");
}

static void commands_are_answered_as_the_test_says(void **state)
{
    (void)state;
    CAIRN_REACTING(searching);
    TELL_ANSWERS(CAIRN_REFUSED, "order-closed");
    TELL_ANSWERS(CAIRN_UNAVAILABLE, "");
    TELL_ANSWERS(CAIRN_OK, "");
    TELL_ANSWERS(CAIRN_NOT_FOUND, NULL);
    WHEN_EVENT(LOST("1"));
    THEN_TOLD(note_loss, .why = "1");
    THEN_OUTCOME(CAIRN_GIVE_UP);
    WHEN_EVENT(LOST("2"));
    THEN_TOLD(note_loss, .why = "2");
    THEN_OUTCOME(CAIRN_TRY_AGAIN);
    WHEN_EVENT(LOST("3"));
    THEN_TOLD(note_loss, .why = "3");
    WHEN_EVENT(LOST("4"));
    THEN_TOLD(note_loss, .why = "4");
    THEN_OUTCOME(CAIRN_GIVE_UP);
    WHEN_EVENT(LOST("5"));
    THEN_TOLD(note_loss, .why = "5");
}

static void a_retry_has_the_same_key_and_the_next_attempt(void **state)
{
    (void)state;
    char key[200];
    CAIRN_REACTING(searching);
    TELL_ANSWERS(CAIRN_UNAVAILABLE, "");
    WHEN_EVENT(LOST("fell off"));
    THEN_TOLD(note_loss, .why = "fell off");
    THEN_OUTCOME(CAIRN_TRY_AGAIN);
    (void)snprintf(key, sizeof key, "%s", EVENT_KEY());
    assert_memory_equal(key, "searching/", 10);
    WHEN_RETRIED();
    THEN_TOLD(note_loss, .why = "fell off");
    THEN_TOLD_TO(ORDER, refund_order);
    assert_string_equal(EVENT_KEY(), key);
    WHEN_EVENT(LOST("fell off"));
    THEN_TOLD(note_loss, .why = "fell off");
    assert_string_not_equal(EVENT_KEY(), key);
}

static void a_command_that_is_told_twice_is_carried_out_once(void **state)
{
    (void)state;
    CAIRN_REACTING(searching);
    WHEN_EVENT(LOST("twice"));
    THEN_TOLD(note_loss, .why = "twice");
}

/* ---- what fails ---- */

static void a_command_not_named(void)
{
    CAIRN_REACTING(searching);
    WHEN_EVENT(LOST("fell off"));
}

static void another_command(void)
{
    CAIRN_REACTING(searching);
    WHEN_EVENT(LOST("fell off"));
    THEN_TOLD(refund_order);
}

static void a_command_too_many(void)
{
    CAIRN_REACTING(searching);
    WHEN_EVENT(LOST("fell off"));
    THEN_TOLD(note_loss, .why = "fell off");
    THEN_TOLD(refund_order);
}

static void a_command_to_another_stream(void)
{
    CAIRN_REACTING(searching);
    WHEN_EVENT(LOST("fell off"));
    THEN_TOLD_TO(CAIRN_TEST_ID, note_loss, .why = "fell off");
}

static void an_outcome_not_named(void)
{
    CAIRN_REACTING(searching);
    TELL_ANSWERS(CAIRN_REFUSED, "order-closed");
    WHEN_EVENT(LOST("fell off"));
    THEN_TOLD(note_loss, .why = "fell off");
}

static void another_outcome(void)
{
    CAIRN_REACTING(searching);
    TELL_ANSWERS(CAIRN_BUSY, "");
    WHEN_EVENT(LOST("fell off"));
    THEN_TOLD(note_loss, .why = "fell off");
    THEN_OUTCOME(CAIRN_GIVE_UP);
}

static void an_outcome_that_is_none(void)
{
    CAIRN_REACTING(searching);
    WHEN_EVENT(parcel_found);
}

static void an_answer_that_is_not_taken(void)
{
    CAIRN_REACTING(searching);
    TELL_ANSWERS(CAIRN_OK, "");
    TELL_ANSWERS(CAIRN_CLAIMED, "");
    WHEN_EVENT(LOST("fell off"));
    THEN_TOLD(note_loss, .why = "fell off");
}

static void a_command_with_another_content_under_the_same_key(void)
{
    CAIRN_REACTING(searching);
    WHEN_EVENT(LOST("otherwise"));
    THEN_TOLD(note_loss, .why = "otherwise");
}

static void a_command_that_breaks_its_table(void)
{
    CAIRN_REACTING(searching);
    WHEN_EVENT(LOST("longer than twenty bytes"));
    THEN_OUTCOME(CAIRN_DONE);
}

static void a_retry_of_nothing(void)
{
    CAIRN_REACTING(searching);
    WHEN_RETRIED();
}

static void a_key_of_nothing(void)
{
    CAIRN_REACTING(searching);
    (void)EVENT_KEY();
}

static void an_event_that_is_not_handled(void)
{
    CAIRN_REACTING(searching);
    WHEN_EVENT(note_loss, .why = "fell off");
}

static void a_given_event(void)
{
    CAIRN_REACTING(searching);
    GIVEN(parcel_found);
}

static void a_word_of_another_kind(void)
{
    CAIRN_REACTING(searching);
    WHEN_TIMER("late");
}

static void wrong_tests_fail_and_show_both_sides(void **state)
{
    (void)state;
    KIT_EXPECT_FAILURE(a_command_not_named, "a command that no THEN_TOLD names\n  wanted: nothing\n"
                                            "  seen:   note_loss {\"why\":\"fell off\"}");
    KIT_EXPECT_FAILURE(another_command, "the command differs\n  wanted: refund_order {}\n"
                                        "  seen:   note_loss {\"why\":\"fell off\"}");
    KIT_EXPECT_FAILURE(a_command_too_many, "nothing more was told\n  wanted: refund_order {}");
    KIT_EXPECT_FAILURE(a_command_to_another_stream,
                       "note_loss went to another stream\n  wanted: " CAIRN_TEST_KEY);
    KIT_EXPECT_FAILURE(an_outcome_not_named, "an outcome that no THEN_OUTCOME names\n  seen:   "
                                             "CAIRN_GIVE_UP: order-closed: the test refuses it");
    KIT_EXPECT_FAILURE(another_outcome, "the outcome differs\n  wanted: CAIRN_GIVE_UP\n"
                                        "  seen:   CAIRN_TRY_AGAIN: busy: the test answers so");
    KIT_EXPECT_FAILURE(an_outcome_that_is_none, "the handler returned 0, which is not an enum");
    KIT_EXPECT_FAILURE(an_answer_that_is_not_taken,
                       "1 TELL_ANSWERS that no command took, claimed first");
    KIT_EXPECT_FAILURE(
        a_command_with_another_content_under_the_same_key,
        "CAIRN_TRY_AGAIN: idempotency-key-reused: note_loss was told before for this "
        "event, with other values");
    KIT_EXPECT_FAILURE(a_command_that_breaks_its_table,
                       "internal-error: a reactor sent a note_loss whose /why must be at most 20");
    KIT_EXPECT_FAILURE(a_retry_of_nothing, "WHEN_RETRIED without an event before it");
    KIT_EXPECT_FAILURE(a_key_of_nothing, "EVENT_KEY without an event before it");
    KIT_EXPECT_FAILURE(an_event_that_is_not_handled, "searching does not handle note_loss");
    KIT_EXPECT_FAILURE(a_given_event, "GIVEN does not apply to CAIRN_REACTING");
    KIT_EXPECT_FAILURE(a_word_of_another_kind, "WHEN_TIMER belongs to CAIRN_PROCESSING, this is "
                                               "CAIRN_REACTING");
}

/* ---- reads ---- */

CAIRN_STRUCT(parcel_row, TEXT(owner));
CAIRN_REACTOR(asking);
CAIRN_HANDLE(asking, parcel, parcel_found)
{
    struct parcel_row row;
    int failed =
        CAIRN_LOOK(call, error, parcel_row, &row, "/parcels/%s", cairn_uuid_text(call->meta->id));
    if (!failed)
        failed = CAIRN_TELL(call, error, order, ORDER, note_loss, .why = row.owner);
    return cairn_outcome_of(failed);
}

static void a_reactor_reads_what_the_test_says(void **state)
{
    (void)state;
    CAIRN_REACTING(asking);
    LOOK_FINDS(parcel_row, .owner = "Ada");
    WHEN_EVENT(parcel_found);
    THEN_TOLD(note_loss, .why = "Ada");
    LOOK_FINDS_NOTHING();
    WHEN_EVENT(parcel_found);
    THEN_OUTCOME(CAIRN_GIVE_UP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reactor_reads_what_the_test_says),
        cmocka_unit_test(an_event_leads_to_commands),
        cmocka_unit_test(an_old_event_is_lifted),
        cmocka_unit_test(commands_are_answered_as_the_test_says),
        cmocka_unit_test(a_retry_has_the_same_key_and_the_next_attempt),
        cmocka_unit_test(a_command_that_is_told_twice_is_carried_out_once),
        cmocka_unit_test(wrong_tests_fail_and_show_both_sides),
    };
    return cmocka_run_group_tests_name("reacting", tests, kit_setup, NULL);
}
