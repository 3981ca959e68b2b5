/* deciding.h - a test of a decider in progress. */
#ifndef CAIRN_TESTKIT_DECIDING_H
#define CAIRN_TESTKIT_DECIDING_H

#include "command/decision.h"
#include "testkit/decider/held_claims.h"
#include "testkit/scenario.h"

struct cairn_test_fact {
    const char *name;
    const void *state;
};

struct cairn_test_event {
    const struct cairn_event_type *type;
    const void *event;
    struct cairn_uuid id; /* of its stream */
};

/* The events of a stream. */
struct cairn_test_stream {
    struct cairn_test_event *events;
    size_t count, capacity;
};

enum { CAIRN_TEST_FACTS_MAX = 32 }; /* of all commands of a decider */

struct cairn_deciding {
    const struct cairn_decider *decider;

    /* before the WHEN */
    bool has_caller;                   /* AS names one, or none: policies are looked at */
    struct cairn_actor actor;          /* zeroed: without a token */
    struct cairn_map states;           /* stream -> the decider's state */
    struct cairn_map streams;          /* stream -> struct cairn_test_stream */
    struct cairn_test_event *happened; /* of a boundary: all events, in order */
    size_t happened_count, happened_capacity;
    struct cairn_held_claims claims;
    struct cairn_test_fact facts[CAIRN_TEST_FACTS_MAX];
    size_t fact_count;

    /* results of the last WHEN, and how many of them a THEN has named */
    int outcome;
    struct cairn_error error;
    bool by_policy; /* the command's policy has refused it */
    bool refusal_named;
    struct cairn_decision decision;
    size_t events_named;
    size_t claims_named;
};

/* Returns the state of the scenario's current stream. */
void *cairn_deciding_state(struct cairn_scenario *scenario);

/* Returns the state that a boundary's command would be decided on now. */
const void *cairn_deciding_composed(struct cairn_scenario *scenario,
                                    const struct cairn_command_type *type, const void *command);

/* Applies an event of the decider to the current stream, and returns its metadata. The event lives
 * as long as the scenario. */
struct cairn_meta cairn_deciding_evolve(struct cairn_scenario *scenario,
                                        const struct cairn_event_type *type, const void *event);

/* Carries out a command on the current stream, as the service does: decides, takes the claims,
 * applies the events. The outcome is in `outcome`, `error` and `decision`. The command lives as
 * long as the scenario. */
void cairn_deciding_run(struct cairn_scenario *scenario, const struct cairn_command_type *type,
                        const void *command);

/* Returns the reason or the code that the last command was refused with. */
const char *cairn_deciding_refused_as(const struct cairn_deciding *deciding);

#endif
