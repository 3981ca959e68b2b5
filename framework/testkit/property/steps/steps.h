/* steps.h - the steps of a sequence: makes random ones, carries them out, writes them as lines of a
 * test. */
#ifndef CAIRN_TESTKIT_STEPS_H
#define CAIRN_TESTKIT_STEPS_H

#include "testkit/decider/deciding.h"
#include "testkit/property/generate.h"

enum cairn_step_kind {
    CAIRN_STEP_COMMAND = 1,
    CAIRN_STEP_FACT,   /* what is known of a fact changes */
    CAIRN_STEP_STREAM, /* the commands that follow go to another stream */
    CAIRN_STEP_TIME,   /* time passes */
    CAIRN_STEP_GIVEN,  /* something else happens that parts of a boundary learn from */
};

struct cairn_step {
    enum cairn_step_kind kind;
    int number; /* in the sequence that it was made for: its ids are made from it */
    const struct cairn_decider *decider; /* of another boundary, which something else happens by */
    const struct cairn_command_type *command;
    const struct cairn_event_type *event; /* that happens, if its decider is not in the program */
    const struct cairn_fact *fact;
    const void *value; /* of the command or the event, or the fact's state */
    struct cairn_uuid stream;
    struct cairn_time time;
};

/* How a step ended. */
enum cairn_verdict {
    CAIRN_STEP_WENT = 0,
    CAIRN_STEP_BROKE, /* the invariant does not hold any more */
    CAIRN_STEP_BUG,   /* the command failed as CAIRN_BUG */
    CAIRN_STEP_WRONG, /* no command could be made */
    CAIRN_STEP_ENDED, /* the process ended */
    CAIRN_STEP_HUNG,  /* it did not return in time */
};

/* A sequence in progress. */
struct cairn_sequence {
    struct cairn_scenario *scenario;
    struct cairn_deciding *deciding;
    const struct cairn_invariant *invariant; /* or NULL */
    struct cairn_happened *events;           /* the history */
    size_t event_count, event_capacity;
    struct cairn_generator generator;
    int streams;
    int made;       /* steps so far */
    bool is_nested; /* it makes the fact of another one */
};

void cairn_sequence_begin(struct cairn_sequence *ret, const struct cairn_decider *decider,
                          const struct cairn_invariant *invariant);
void cairn_sequence_end(struct cairn_sequence *sequence);

/* Makes the next step, from the generator. Returns CAIRN_STEP_WENT; or CAIRN_STEP_WRONG, and
 * `error` says which command has to be made by the test. */
enum cairn_verdict cairn_step_make(struct cairn_sequence *sequence, struct cairn_step *ret,
                                   struct cairn_error *error);

/* ---- step_given.c ---- */

/* Makes a step in which something happens that a part learns from and the decider does not emit, by
 * a command of the boundary that emits it, or an event. Returns false if there is none. */
bool cairn_step_make_given(struct cairn_sequence *sequence, struct cairn_step *ret);

/* ---- step_run.c ---- */

/* Carries out a step, whose values live as long as the sequence. The ids that a command makes are
 * those of the scenario's `fresh` and `asks`. */
enum cairn_verdict cairn_step_run(struct cairn_sequence *sequence, const struct cairn_step *step,
                                  struct cairn_error *error);

/* Appends the line that makes the step, and then, after it was carried out, those that name its
 * results. */
void cairn_step_line(const struct cairn_step *step, struct cairn_buffer *out);
void cairn_step_results(const struct cairn_sequence *sequence, const struct cairn_step *step,
                        struct cairn_buffer *out);

/* Returns the record of the step's value, or NULL if it has none. */
const struct cairn_record *cairn_step_record(const struct cairn_step *step);

#endif
