/* test_decision.c - what a decision collects: claims, texts, and limits on them. */
#include "../support/support.h"

#include "command/decision.h"

#include <stdio.h>
#include <string.h>

CAIRN_STRUCT(seats_held, INT(count));
CAIRN_EVENTS(hold, EVENT(seats_held, "SeatsHeld", 1));
CAIRN_STRUCT(hold_seats, INT(count));
CAIRN_STRUCT(clean_seats);
CAIRN_COMMANDS(hold, COMMAND(hold_seats, "POST /holds"), COMMAND(clean_seats, "POST /holds/clean"));

CAIRN_STRUCT(seat_cleaned);
CAIRN_EVENTS(seat, EVENT(seat_cleaned, "SeatCleaned", 1));

CAIRN_STRUCT(hold, INT(count));

CAIRN_EVOLVE(hold, seats_held)
{
    self->count += event->count;
}

CAIRN_DECIDE(hold, hold_seats)
{
    CAIRN_EMIT(ret, seats_held, .count = command->count);
    for (int64_t i = 0; i < command->count; i++)
        cairn_claim(ret, "seat", cairn_print(given->arena, "%" PRId64, i),
                    cairn_print(given->arena, "seat %" PRId64 " is taken", i));
    return 0;
}

/* A decider that emits an event of another noun, which the compiler does not see. */
CAIRN_DECIDE(hold, clean_seats)
{
    CAIRN_EMIT(ret, seats_held, .count = 1);
    CAIRN_EMIT(ret, seat_cleaned);
    return 0;
}

CAIRN_DECIDER(hold, .state_version = 1);

enum { HOLD_SEATS, CLEAN_SEATS }; /* their places in hold_commands */

static int decide_on(int at, const void *command, struct cairn_decision *ret,
                     struct cairn_arena *arena, struct cairn_error *error)
{
    const struct hold state = {0};
    const struct cairn_given given = {0};
    return cairn_decision_make(ret, &hold_decider, &hold_commands.types[at], &state, command,
                               &given, arena, error);
}

static int decide(int64_t count, struct cairn_decision *ret, struct cairn_arena *arena,
                  struct cairn_error *error)
{
    return decide_on(HOLD_SEATS, &(const struct hold_seats){.count = count}, ret, arena, error);
}

static void a_decision_has_as_many_claims_as_it_needs(void **state)
{
    (void)state;
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    struct cairn_decision decision;
    char key[20];
    char message[40];
    assert_int_equal(decide(CAIRN_DECISION_MAX_CLAIMS, &decision, &arena, &error), 0);
    assert_int_equal(decision.claim_count, CAIRN_DECISION_MAX_CLAIMS);
    for (int i = 0; i < CAIRN_DECISION_MAX_CLAIMS; i++) {
        (void)snprintf(key, sizeof key, "%d", i);
        (void)snprintf(message, sizeof message, "seat %d is taken", i);
        assert_true(decision.claims[i].taken);
        assert_string_equal(decision.claims[i].scope, "seat");
        assert_string_equal(decision.claims[i].key, key);
        assert_string_equal(decision.claims[i].message, message);
    }
    cairn_arena_close(&arena);
}

static void more_claims_than_the_limit_are_an_error_of_the_decider(void **state)
{
    (void)state;
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    struct cairn_decision decision;
    assert_int_equal(decide(CAIRN_DECISION_MAX_CLAIMS + 1, &decision, &arena, &error), -CAIRN_BUG);
    assert_non_null(strstr(error.message, "test_decision.c:"));
    assert_non_null(strstr(error.message, ": hold on hold_seats: one decision made more than 1000 "
                                          "claims: claim ranges (cairn_claim_range), or"));
    assert_int_equal(decision.claim_count, 0);
    cairn_arena_close(&arena);
}

static void an_event_of_another_noun_is_an_error_of_the_decider(void **state)
{
    (void)state;
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    struct cairn_decision decision;
    assert_int_equal(
        decide_on(CLEAN_SEATS, &(const struct clean_seats){0}, &decision, &arena, &error),
        -CAIRN_BUG);
    assert_non_null(strstr(error.message, "test_decision.c:"));
    assert_non_null(strstr(
        error.message, ": hold on clean_seats: the decider emitted a seat_cleaned, which is not "
                       "an event of hold: write EVENT(seat_cleaned, …) in CAIRN_EVENTS(hold, …), "
                       "at "));
    assert_int_equal(decision.event_count, 0);
    cairn_arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decision_has_as_many_claims_as_it_needs),
        cmocka_unit_test(more_claims_than_the_limit_are_an_error_of_the_decider),
        cmocka_unit_test(an_event_of_another_noun_is_an_error_of_the_decider),
    };
    return cmocka_run_group_tests_name("decision", tests, NULL, NULL);
}
