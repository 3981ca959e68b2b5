/* scenario.h - a test in progress, shared by the files of this folder. */
#ifndef CAIRN_TESTKIT_SCENARIO_H
#define CAIRN_TESTKIT_SCENARIO_H

#include "command/decision.h"
#include "core/buffer.h"
#include "process/react/reaction.h"
#include "projection/fold/fold.h"

#include <cairn/test.h>

enum cairn_subject { CAIRN_SUBJECT_DECIDER = 1, CAIRN_SUBJECT_PROJECTION, CAIRN_SUBJECT_PROCESS };

/* What differs between the kinds of tests. */
struct cairn_scenario_kind {
    void (*given)(struct cairn_here here, struct cairn_any event);
    void (*settle)(struct cairn_here here); /* fails unless every result was named */
};
extern const struct cairn_scenario_kind cairn_deciding, cairn_projecting, cairn_processing;

struct cairn_test_fact {
    const char *name;
    const void *state;
};

/* A parked row. */
struct cairn_test_park {
    struct cairn_here here; /* of the GIVEN that parked it */
    const char *event;
    bool named;
};

struct cairn_scenario {
    struct cairn_arena arena;
    enum cairn_subject subject;
    const struct cairn_scenario_kind *kind;
    const struct cairn_decider *decider;
    const struct cairn_projection *projection;
    const struct cairn_process *process;

    /* current stream and time */
    struct cairn_uuid id;
    struct cairn_time now;
    int64_t position;
    struct cairn_map versions; /* stream -> int64_t, its version */

    /* state before the WHEN */
    void *state;
    struct cairn_test_fact facts[CAIRN_NEEDS_MAX]; /* decider */
    size_t fact_count;
    struct cairn_fold fold;       /* projection */
    struct cairn_map parks;       /* projection: key -> struct cairn_test_park */
    struct cairn_uuid process_id; /* process: the one that its first event is for */
    struct cairn_map sent_to; /* process: command -> struct cairn_uuid, where it was sent last */

    /* results of the last WHEN, and how many of them a THEN has named */
    struct cairn_here when;
    bool asked;  /* there was a WHEN, and no GIVEN since */
    bool failed; /* after a failure, results that no THEN names are not reported any more */
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

/* ---- failing.c ---- */

/* Reports a failure. May not return. */
void cairn_test_fail(const char *file, int line, const char *message);

/* Reports a failure at `here`. May not return. */
void cairn_scenario_fail(struct cairn_here here, const char *format, ...) CAIRN_PRINTF(2, 3);

/* Returns a record as JSON text, in the scenario's arena. */
const char *cairn_scenario_json(struct cairn_scenario *scenario, const struct cairn_record *record,
                                const void *value);

/* Compares as JSON text; `what` names the compared thing in the failure. */
void cairn_scenario_compare(struct cairn_here here, const char *what,
                            const struct cairn_record *wanted_of, const void *wanted,
                            const struct cairn_record *seen_of, const void *seen);

/* These fail, and return false, if the test itself is wrong: a value that violates its table; a
 * macro of another kind of scenario; a THEN without a WHEN. */
bool cairn_scenario_possible(struct cairn_here here, struct cairn_any value);
bool cairn_scenario_takes(struct cairn_here here, enum cairn_subject subject, const char *word);
bool cairn_scenario_was_asked(struct cairn_here here, enum cairn_subject subject, const char *word);

/* ---- scenario_state.c ---- */

struct cairn_given cairn_scenario_given_now(const struct cairn_scenario *scenario);

/* Adds an event of `category` to the stream, and returns its metadata. */
struct cairn_meta cairn_scenario_meta(struct cairn_scenario *scenario, const char *category);
/* Returns a pointer to the number of events of the current stream. */
int64_t *cairn_scenario_version(struct cairn_scenario *scenario);

/* Returns a copy in the scenario's arena: the original lives only as long as its block. */
void *cairn_scenario_copy(struct cairn_scenario *scenario, struct cairn_any value);

/* Fails at `here` unless every result of the last WHEN was named. */
void cairn_scenario_settle(struct cairn_here here);
/* Begins a WHEN: settles and clears the results of the one before. */
void cairn_scenario_ask(struct cairn_here here);

/* ---- lifting.c ---- */

/* Converts an event that was given in the shape of an older version to the newest one. Fails, and
 * returns false, if the event is invalid before or after. */
bool cairn_scenario_lift(struct cairn_here here, struct cairn_any *event);

/* ---- projecting.c ---- */

/* Fails unless every parked row was named. */
void cairn_projecting_settle(struct cairn_scenario *scenario);

#endif
