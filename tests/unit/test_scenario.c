/* test_scenario.c - tests the test kit itself: it must fail where a test is wrong, and report what
 * it saw. */
#include "../support/kit.h"

#include <cairn/service.h>

#include <stdio.h>
#include <string.h>

/* ---- a small domain ---- */

CAIRN_STRUCT(lamp_lit, TEXT(by, .max_bytes = 5));
CAIRN_STRUCT(lamp_broken);
CAIRN_STRUCT(lamp_moved, UUID(house_id));
CAIRN_EVENTS(lamp, EVENT(lamp_lit, "LampLit", 1), EVENT(lamp_broken, "LampBroken", 1),
             EVENT(lamp_moved, "LampMoved", 1));

CAIRN_STRUCT(light_lamp, TEXT(by));
CAIRN_STRUCT(relight_lamp, TEXT(by));
CAIRN_COMMANDS(lamp, COMMAND(light_lamp, "POST /lamps"),
               COMMAND(relight_lamp, "POST /lamps/{id}/light"));

CAIRN_STRUCT(lamp, BOOL(broken));

CAIRN_EVOLVE(lamp, lamp_lit)
{
}

CAIRN_EVOLVE(lamp, lamp_broken)
{
    self->broken = true;
}

CAIRN_EVOLVE(lamp, lamp_moved)
{
}

static int light(const struct lamp *self, const char *by, struct cairn_decision *ret,
                 struct cairn_error *error)
{
    if (self->broken)
        return cairn_refuse(error, "lamp-broken", "the lamp is broken");
    if (strcmp(by, "-1") == 0)
        return -1;
    CAIRN_EMIT(ret, lamp_lit, .by = by);
    cairn_claim(ret, "lamp", by, NULL);
    if (strcmp(by, "early") == 0 || strcmp(by, "late") == 0) {
        int64_t from = strcmp(by, "early") == 0 ? 0 : 2;
        cairn_release_range(ret, "hours", "hall [2]", 2, 5);
        cairn_claim_range(ret, "hours", "hall [2]", from, from + 3, "the hall is lit then");
    }
    return 0;
}

CAIRN_DECIDE(lamp, light_lamp)
{
    return light(self, command->by, ret, error);
}

CAIRN_DECIDE(lamp, relight_lamp)
{
    static const char last[] = "2026-12-31T00:00:00Z";
    if (given->now.us > CAIRN_TIME(last).us)
        return cairn_refuse(error, "lamp-old", "the lamp is too old");
    return light(self, command->by, ret, error);
}

CAIRN_DECIDER(lamp, .state_version = 1);

CAIRN_STRUCT(lamps, TEXT(by));
CAIRN_PROJECTION(lamps, .version = 1);

CAIRN_ON(lamps, lamp, lamp_lit)
{
    row->by = event->by;
    return strcmp(event->by, "none") == 0 ? CAIRN_PARK : CAIRN_KEEP;
}

CAIRN_ON(lamps, lamp, lamp_broken)
{
    return CAIRN_DELETE;
}

CAIRN_STRUCT(caretaker);
CAIRN_PROCESS(caretaker, CAIRN_SENDS(lamp));

CAIRN_WHEN(caretaker, lamp, lamp_broken)
{
    CAIRN_SEND(ret, lamp, given->id, relight_lamp, .by = "ada");
}

/* Sends what it is told, for tests to see. */
CAIRN_WHEN_REFUSED(caretaker, relight_lamp)
{
    CAIRN_SEND(ret, lamp, refusal->id, relight_lamp,
               .by = cairn_print(given->arena, "%s,%s", cairn_code_info((int)refusal->code)->name,
                                 refusal->reason));
}

#define OTHER CAIRN_UUID("01890000-0000-7000-8000-000000000002")

/* A process that has another id than the streams that it follows. */
CAIRN_STRUCT(house);
CAIRN_PROCESS(house, CAIRN_SENDS(lamp));

CAIRN_WHEN_BY(house, lamp, lamp_moved, house_id)
{
    CAIRN_SEND(ret, lamp, given->meta->id, relight_lamp, .by = given->meta->stream);
}

CAIRN_WHEN_REFUSED(house, relight_lamp)
{
    CAIRN_SEND(ret, lamp, refusal->id, relight_lamp, .by = given->meta ? "an event" : "no event");
}

/* ---- catching failures ---- */

static char said[4096]; /* the first failure */

static void remember(const char *file, int line, const char *message)
{
    assert_string_equal(strrchr(file, '/'), "/test_scenario.c");
    assert_true(line > 0);
    if (said[0] == '\0')
        (void)snprintf(said, sizeof said, "%s", message);
}

static int setup(void **state)
{
    (void)state;
    said[0] = '\0';
    cairn_test_on_failure(remember);
    return 0;
}

/* Runs a scenario that has to fail with a message that contains these words. */
static void expect_failure(void (*scenario)(void), const char *words)
{
    said[0] = '\0';
    scenario();
    if (!strstr(said, words))
        fail_msg("wanted: %s\nin: %s", words, said);
}

/* ---- scenarios that are wrong ---- */

static void another_event(void)
{
    CAIRN_DECIDING(lamp);
    WHEN(light_lamp, .by = "ada");
    THEN(lamp_lit, .by = "bob");
}

static void another_type_of_event(void)
{
    CAIRN_DECIDING(lamp);
    WHEN(light_lamp, .by = "ada");
    THEN(lamp_broken);
}

static void an_event_too_many(void)
{
    CAIRN_DECIDING(lamp);
    WHEN(light_lamp, .by = "ada");
    THEN(lamp_lit, .by = "ada");
    THEN(lamp_lit, .by = "ada");
}

static void an_event_not_named(void)
{
    CAIRN_DECIDING(lamp);
    WHEN(light_lamp, .by = "ada");
}

static void a_claim_not_named(void)
{
    CAIRN_DECIDING(lamp);
    WHEN(light_lamp, .by = "ada");
    THEN(lamp_lit, .by = "ada");
}

static void a_claim_with_another_key(void)
{
    CAIRN_DECIDING(lamp);
    WHEN(light_lamp, .by = "ada");
    THEN_CLAIMED("lamp", "bob");
}

static void a_refusal_not_named(void)
{
    CAIRN_DECIDING(lamp);
    GIVEN(lamp_broken);
    WHEN(relight_lamp, .by = "ada");
}

static void a_refusal_for_another_reason(void)
{
    CAIRN_DECIDING(lamp);
    GIVEN(lamp_broken);
    WHEN(relight_lamp, .by = "ada");
    THEN_REFUSED("lamp-lit");
}

static void no_refusal(void)
{
    CAIRN_DECIDING(lamp);
    WHEN(light_lamp, .by = "ada");
    THEN_REFUSED("lamp-broken");
}

static void an_event_where_it_was_refused(void)
{
    CAIRN_DECIDING(lamp);
    GIVEN(lamp_broken);
    WHEN(relight_lamp, .by = "ada");
    THEN(lamp_lit, .by = "ada");
}

static void an_event_that_breaks_its_table(void)
{
    CAIRN_DECIDING(lamp);
    WHEN(light_lamp, .by = "longer than five");
    THEN(lamp_lit, .by = "longer than five");
}

static void a_code_of_its_own(void)
{
    CAIRN_DECIDING(lamp);
    WHEN(light_lamp, .by = "-1");
    THEN_REFUSED("lamp-broken");
}

static void a_stream_that_is_there_already(void)
{
    CAIRN_DECIDING(lamp);
    GIVEN(lamp_lit, .by = "ada");
    WHEN(light_lamp, .by = "bob");
    THEN(lamp_lit, .by = "bob");
}

static void a_stream_that_is_not_there(void)
{
    CAIRN_DECIDING(lamp);
    WHEN(relight_lamp, .by = "bob");
    THEN(lamp_lit, .by = "bob");
}

static void a_then_without_a_when(void)
{
    CAIRN_DECIDING(lamp);
    GIVEN(lamp_lit, .by = "ada");
    THEN(lamp_lit, .by = "ada");
}

static void a_word_of_another_kind(void)
{
    CAIRN_DECIDING(lamp);
    THEN_NO_ROW(CAIRN_TEST_KEY);
}

static void a_fact_that_is_not_used(void)
{
    CAIRN_DECIDING(lamp);
    GIVEN_FACT(lamp, .broken = true);
}

static void a_claim_that_was_given_twice(void)
{
    CAIRN_DECIDING(lamp);
    GIVEN_CLAIMED_RANGE("hours", "hall", 1, 3);
    GIVEN_CLAIMED_RANGE("hours", "hall", 2, 4);
}

static void a_claim_of_another_stream(void)
{
    CAIRN_DECIDING(lamp);
    WHEN(light_lamp, .by = "ada");
    THEN(lamp_lit, .by = "ada");
    THEN_CLAIMED("lamp", "ada");
    STREAM(OTHER);
    WHEN(light_lamp, .by = "ada");
    THEN(lamp_lit, .by = "ada");
}

static void a_parked_row_not_named(void)
{
    CAIRN_PROJECTING(lamps);
    GIVEN(lamp_lit, .by = "none");
}

static void a_history_that_cannot_be(void)
{
    CAIRN_DECIDING(lamp);
    GIVEN(lamp_lit, .by = NULL);
}

static void a_command_of_another_decider(void)
{
    CAIRN_DECIDING(lamp);
    WHEN(lamp_broken);
}

static void another_row(void)
{
    CAIRN_PROJECTING(lamps);
    GIVEN(lamp_lit, .by = "ada");
    THEN_ROW(CAIRN_TEST_KEY, lamps, .by = "bob");
}

static void a_row_of_what_is_no_event(void)
{
    CAIRN_PROJECTING(lamps);
    GIVEN(relight_lamp, .by = "ada");
}

static void no_such_row(void)
{
    CAIRN_PROJECTING(lamps);
    GIVEN(lamp_lit, .by = "ada");
    GIVEN(lamp_broken);
    THEN_ROW(CAIRN_TEST_KEY, lamps, .by = "ada");
}

static void wrong_tests_fail_and_show_both_sides(void **state)
{
    (void)state;
    expect_failure(another_event,
                   "wanted: lamp_lit {\"by\":\"bob\"}\n  seen:   lamp_lit {\"by\":\"ada\"}");
    expect_failure(another_type_of_event, "wanted: lamp_broken {}");
    expect_failure(an_event_too_many, "no further event was emitted");
    expect_failure(a_claim_with_another_key, "seen:   claimed lamp ada");
    expect_failure(a_refusal_for_another_reason, "seen:   lamp-broken: the lamp is broken");
    expect_failure(no_refusal, "it was not refused");
    expect_failure(an_event_where_it_was_refused, "lamp-broken");
    expect_failure(an_event_that_breaks_its_table,
                   ": lamp on light_lamp: the decider emitted a LampLit whose /by");
    expect_failure(an_event_that_breaks_its_table,
                   ": give it a value that struct lamp_lit allows, or change the struct, at ");
    expect_failure(a_code_of_its_own, "lamp on light_lamp: the decision returned -1");
    expect_failure(a_stream_that_is_there_already, "already-exists");
    expect_failure(a_stream_that_is_not_there, "not-found");
    expect_failure(a_then_without_a_when, "THEN without a WHEN");
    expect_failure(a_word_of_another_kind, "belongs to CAIRN_PROJECTING, this is CAIRN_DECIDING");
    expect_failure(a_fact_that_is_not_used, "no command of lamp needs the fact lamp");
    expect_failure(a_claim_that_was_given_twice, "hours hall [2,4) is claimed already");
    expect_failure(a_claim_of_another_stream, "claimed: another stream holds this lamp");
    expect_failure(a_history_that_cannot_be, "invalid lamp_lit: /by is missing");
    expect_failure(a_command_of_another_decider, "lamp_broken is not a command");
    expect_failure(another_row, "seen:   lamps {\"by\":\"ada\"}");
    expect_failure(no_such_row, "there is no row");
    expect_failure(a_row_of_what_is_no_event,
                   "relight_lamp is not an event of a noun that lamps handles events of");
}

static void what_no_then_names_fails_at_the_end(void **state)
{
    (void)state;
    expect_failure(an_event_not_named, "an event that no THEN names");
    expect_failure(a_claim_not_named, "a claim that no THEN names");
    expect_failure(a_refusal_not_named, "no THEN_REFUSED names it: lamp-broken");
    expect_failure(a_parked_row_not_named, "THEN_PARKED");
}

static void a_refusal_is_a_reason_of_the_decider_or_another_code(void **state)
{
    (void)state;
    said[0] = '\0';
    CAIRN_PROCESSING(caretaker);
    GIVEN(lamp_broken);
    WHEN_REFUSED(relight_lamp, "lamp-broken");
    THEN_SENT_TO(CAIRN_TEST_ID, relight_lamp, .by = "refused,lamp-broken");
    WHEN_REFUSED_AS(relight_lamp, CAIRN_CLAIMED, "");
    THEN_SENT(relight_lamp, .by = "claimed,");
    assert_string_equal(said, "");
}

static void a_reaction_is_given_the_stream_of_its_event_only(void **state)
{
    const struct cairn_uuid house_id = CAIRN_UUID("01890000-0000-7000-8000-000000000009");
    (void)state;
    said[0] = '\0';
    CAIRN_PROCESSING(house);
    WHEN_EVENT(lamp_moved, .house_id = house_id);
    THEN_SENT_TO(CAIRN_TEST_ID, relight_lamp, .by = "lamp-" CAIRN_TEST_KEY);
    WHEN_REFUSED(relight_lamp, "lamp-broken");
    THEN_SENT_TO(CAIRN_TEST_ID, relight_lamp, .by = "no event");
    assert_string_equal(said, "");
}

static void right_tests_pass(void **state)
{
    (void)state;
    said[0] = '\0';
    {
        CAIRN_DECIDING(lamp);
        WHEN(light_lamp, .by = "ada");
        THEN(lamp_lit, .by = "ada");
        THEN_CLAIMED("lamp", "ada");
        WHEN(light_lamp, .by = "bob");
        THEN_REFUSED("already-exists");
        GIVEN(lamp_broken);
        WHEN(relight_lamp, .by = "ada");
        THEN_REFUSED("lamp-broken");
    }
    {
        CAIRN_PROJECTING(lamps);
        GIVEN(lamp_lit, .by = "ada");
        GIVEN(lamp_moved, .house_id = OTHER); /* which it does not handle */
        THEN_ROW(CAIRN_TEST_KEY, lamps, .by = "ada");
        STREAM(CAIRN_UUID("01890000-0000-7000-8000-000000000002"));
        GIVEN(lamp_lit, .by = "bob");
        GIVEN(lamp_broken);
        THEN_NO_ROW("01890000-0000-7000-8000-000000000002");
        GIVEN(lamp_lit, .by = "none");
        THEN_PARKED("01890000-0000-7000-8000-000000000002");
    }
    assert_string_equal(said, "");
}

static void streams_have_states_of_their_own(void **state)
{
    (void)state;
    said[0] = '\0';
    CAIRN_DECIDING(lamp);
    GIVEN(lamp_lit, .by = "ada");
    GIVEN(lamp_broken);
    STREAM(OTHER);
    WHEN(light_lamp, .by = "bob");
    THEN(lamp_lit, .by = "bob");
    THEN_CLAIMED("lamp", "bob");
    WHEN(relight_lamp, .by = "bob");
    THEN(lamp_lit, .by = "bob");
    THEN_CLAIMED("lamp", "bob");
    STREAM(CAIRN_TEST_ID);
    WHEN(relight_lamp, .by = "ada");
    THEN_REFUSED("lamp-broken");
    assert_string_equal(said, "");
}

static void time_passes_in_a_deciders_test(void **state)
{
    (void)state;
    said[0] = '\0';
    CAIRN_DECIDING(lamp);
    GIVEN(lamp_lit, .by = "ada");
    PASS("P364D");
    WHEN(relight_lamp, .by = "ada");
    THEN(lamp_lit, .by = "ada");
    THEN_CLAIMED("lamp", "ada");
    PASS("PT1S");
    WHEN(relight_lamp, .by = "ada");
    THEN_REFUSED("lamp-old");
    assert_string_equal(said, "");
}

static void claims_of_a_test_are_held_as_in_the_store(void **state)
{
    (void)state;
    said[0] = '\0';
    CAIRN_DECIDING(lamp);
    GIVEN_CLAIMED("lamp", "ada");
    WHEN(light_lamp, .by = "ada");
    THEN_REFUSED("claimed");
    WHEN(light_lamp, .by = "early");
    THEN(lamp_lit, .by = "early");
    THEN_CLAIMED("lamp", "early");
    THEN_RELEASED_RANGE("hours", "hall [2]", 2, 5);
    THEN_CLAIMED_RANGE("hours", "hall [2]", 0, 3);
    STREAM(OTHER);
    WHEN(light_lamp, .by = "late"); /* the whole append fails: "lamp late" stays free */
    THEN_REFUSED("claimed");
    STREAM(CAIRN_TEST_ID);
    WHEN(relight_lamp, .by = "late"); /* its own range, too, if it is another one */
    THEN_REFUSED("claimed");
    WHEN(relight_lamp, .by = "early");
    THEN(lamp_lit, .by = "early");
    THEN_CLAIMED("lamp", "early");
    THEN_RELEASED_RANGE("hours", "hall [2]", 2, 5);
    THEN_CLAIMED_RANGE("hours", "hall [2]", 0, 3);
    assert_string_equal(said, "");
}

static void an_id_is_the_same_for_the_same_seed_and_label(void **state)
{
    (void)state;
    const struct cairn_given given = {.seed = CAIRN_TEST_ID};
    const struct cairn_given other = {.seed = CAIRN_UUID("01890000-0000-7000-8000-000000000002")};
    struct cairn_uuid id = cairn_new_id(&given, "payment");
    assert_true(cairn_uuid_equal(id, cairn_new_id(&given, "payment")));
    assert_false(cairn_uuid_equal(id, cairn_new_id(&given, "payments")));
    assert_false(cairn_uuid_equal(id, cairn_new_id(&other, "payment")));
    assert_int_equal(id.bytes[6] >> 4, 8);
    assert_int_equal(id.bytes[8] >> 6, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_tests_fail_and_show_both_sides),
        cmocka_unit_test(what_no_then_names_fails_at_the_end),
        cmocka_unit_test(a_refusal_is_a_reason_of_the_decider_or_another_code),
        cmocka_unit_test(a_reaction_is_given_the_stream_of_its_event_only),
        cmocka_unit_test(right_tests_pass),
        cmocka_unit_test(streams_have_states_of_their_own),
        cmocka_unit_test(time_passes_in_a_deciders_test),
        cmocka_unit_test(claims_of_a_test_are_held_as_in_the_store),
        cmocka_unit_test(an_id_is_the_same_for_the_same_seed_and_label),
    };
    return cmocka_run_group_tests_name("scenario", tests, setup, NULL);
}
