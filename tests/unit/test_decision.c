/* test_decision.c - what a decision collects: claims, texts, and limits on them. */
#include "../support/support.h"

#include "command/decision.h"

#include <stdio.h>

struct seats_held {
    int64_t count;
};
struct hold_event {
    enum { SEATS_HELD = 1 } type;
    union {
        struct seats_held seats_held;
    } as;
};
CAIRN_RECORD(seats_held, CAIRN_FIELD(seats_held, count));
CAIRN_EVENTS(hold, CAIRN_EVENT(hold, SEATS_HELD, seats_held, "SeatsHeld", 1));

struct hold_seats {
    int64_t count;
};
struct hold_command {
    enum { HOLD_SEATS = 1 } type;
    union {
        struct hold_seats hold_seats;
    } as;
};
CAIRN_RECORD(hold_seats, CAIRN_FIELD(hold_seats, count));
CAIRN_COMMANDS(hold, CAIRN_COMMAND(hold, HOLD_SEATS, hold_seats, "POST /holds"));

struct hold {
    int64_t count;
};
CAIRN_RECORD(hold, CAIRN_FIELD(hold, count));

static void hold_evolve(struct hold *self, const struct hold_event *event)
{
    self->count += event->as.seats_held.count;
}

static int hold_decide(const struct hold *self, const struct hold_command *command,
                       const struct cairn_given *given, struct cairn_decision *ret,
                       struct cairn_error *error)
{
    (void)self;
    (void)given;
    (void)error;
    int64_t count = command->as.hold_seats.count;
    CAIRN_EMIT(ret, seats_held, .count = count);
    for (int64_t i = 0; i < count; i++)
        cairn_claim(ret, "seat", cairn_decision_print(ret, "%" PRId64, i),
                    cairn_decision_print(ret, "seat %" PRId64 " is taken", i));
    return 0;
}
CAIRN_DECIDER(hold, .state_version = 1);

static int decide(int64_t count, struct cairn_decision *ret, struct cairn_arena *arena,
                  struct cairn_error *error)
{
    const struct hold state = {0};
    const struct hold_command command = {HOLD_SEATS, {.hold_seats = {count}}};
    const struct cairn_given given = {0};
    return cairn_decision_make(ret, &hold_decider, &state, &command, &given, arena, error);
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
    assert_string_equal(error.message, "one decision made more than 1000 claims");
    assert_int_equal(decision.claim_count, 0);
    cairn_arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decision_has_as_many_claims_as_it_needs),
        cmocka_unit_test(more_claims_than_the_limit_are_an_error_of_the_decider),
    };
    return cmocka_run_group_tests_name("decision", tests, NULL, NULL);
}
