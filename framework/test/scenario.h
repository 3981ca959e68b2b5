/* scenario.h - what the files of this folder share: a test in progress. */
#ifndef CAIRN_TEST_SCENARIO_H
#define CAIRN_TEST_SCENARIO_H

#include "command/decision.h"
#include "core/buffer.h"
#include "process/reaction.h"
#include "projection/fold.h"

#include <cairn/test.h>

enum cairn_subject { CAIRN_SUBJECT_DECIDER = 1, CAIRN_SUBJECT_PROJECTION, CAIRN_SUBJECT_PROCESS };

struct cairn_test_fact {
    const char *name;
    const void *state;
};

struct cairn_scenario {
    struct cairn_arena arena;
    enum cairn_subject subject;
    const struct cairn_decider *decider;
    const struct cairn_projection *projection;
    const struct cairn_process *process;

    /* the world: which stream, what time */
    struct cairn_uuid id;
    struct cairn_time now;
    int64_t position;
    int64_t version;

    /* what came before */
    void *state;
    struct cairn_test_fact facts[CAIRN_NEEDS_MAX];
    size_t fact_count;
    struct cairn_fold fold;

    /* what came out of the last WHEN, and how much of it a THEN has named */
    struct cairn_here when;
    bool asked; /* there was a WHEN */
    int outcome;
    struct cairn_error error;
    bool refusal_named;
    struct cairn_decision decision;
    size_t events_named;
    size_t claims_named;
    struct cairn_reaction reaction;
    size_t sent_named;
    size_t timers_named;
};

/* Reports a failure at `here`. May not return. */
void cairn_scenario_fail(struct cairn_here here, const char *format, ...) CAIRN_PRINTF(2, 3);

/* A record as JSON text, in the scenario's arena. */
const char *cairn_scenario_json(struct cairn_scenario *scenario, const struct cairn_record *record,
                                const void *value);

/* Compares as JSON text; `what` names the thing in the failure. */
void cairn_scenario_compare(struct cairn_here here, const char *what,
                            const struct cairn_record *wanted_of, const void *wanted,
                            const struct cairn_record *seen_of, const void *seen);

/* Holds a value that the test wrote against its table: a test must not start from what cannot be.
 */
bool cairn_scenario_possible(struct cairn_here here, struct cairn_any value);

struct cairn_given cairn_scenario_given_now(const struct cairn_scenario *scenario);
struct cairn_meta cairn_scenario_meta(struct cairn_scenario *scenario);

/* Fails unless everything that came out of the last WHEN was named. */
void cairn_scenario_settle(struct cairn_scenario *scenario);

void cairn_deciding_given(struct cairn_here here, struct cairn_any event);
void cairn_projecting_given(struct cairn_here here, struct cairn_any event);
void cairn_processing_given(struct cairn_here here, struct cairn_any event, bool keep);

#endif
