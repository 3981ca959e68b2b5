/* trial.h - runs sequences in child processes, so that one that crashes or hangs is a result.
 *
 * A child writes what it does into memory that it shares with its parent: the steps of the sequence
 * in progress, before each is carried out, and how it ended. */
#ifndef CAIRN_TESTKIT_TRIAL_H
#define CAIRN_TESTKIT_TRIAL_H

#include "testkit/property/steps/steps.h"
#include "testkit/running.h"

enum {
    CAIRN_TRIAL_STEPS = 500,
    CAIRN_TRIAL_LINES = 256 << 10,
    CAIRN_TRIAL_DATA = 16 << 20,
    CAIRN_TRIAL_COMMANDS = 64, /* whose outcomes are counted */
};

/* Shared with the child; all pointers are valid in both. */
struct cairn_trial {
    struct cairn_step steps[CAIRN_TRIAL_STEPS]; /* of the sequence in progress */
    size_t step_count;
    enum cairn_verdict verdict;
    char message[1000];                /* what is wrong, if something is */
    char running[CAIRN_RUNNING_BYTES]; /* the author's function that is called; or "" */
    bool finished;                     /* the child came to its end */
    bool is_hung;                      /* a child did not return in time */
    int64_t sequence;                  /* in progress */
    int64_t accepted[CAIRN_TRIAL_COMMANDS], refused[CAIRN_TRIAL_COMMANDS];
    char refused_as[CAIRN_TRIAL_COMMANDS][64]; /* last */
    struct cairn_seen seen;                    /* in events, by the sequence in progress */
    char seen_texts[CAIRN_SEEN_MAX][100];
    char lines[CAIRN_TRIAL_LINES];
    size_t used;
    _Alignas(max_align_t) char data[CAIRN_TRIAL_DATA]; /* values of the steps */
};

/* What is tried. */
struct cairn_trial_plan {
    const struct cairn_decider *decider;
    const struct cairn_invariant *invariant; /* or NULL */
    int sequences, commands, streams;
    enum cairn_trial_ids {
        CAIRN_IDS_OF_STEP = 0, /* made from the step's number: they stay when others are left out */
        CAIRN_IDS_COUNTED,     /* made from the number of commands so far: FRESH_IDS() */
        CAIRN_IDS_SAME,        /* the same label makes the same id, as in a test by hand */
    } ids;
    uint64_t seed;
};

/* Returns a trial, or NULL if there is no memory for it. */
struct cairn_trial *cairn_trial_open(void);
void cairn_trial_close(struct cairn_trial *trial);

/* Runs random sequences until one fails, or all are done. The result is in the trial. */
void cairn_trial_search(struct cairn_trial *trial, const struct cairn_trial_plan *plan);

/* Runs these steps. `tells`: writes them and their results as the lines of a test. What the child
 * writes to standard error is discarded otherwise. */
void cairn_trial_repeat(struct cairn_trial *trial, const struct cairn_trial_plan *plan,
                        const struct cairn_step *steps, size_t count, bool tells);

#endif
