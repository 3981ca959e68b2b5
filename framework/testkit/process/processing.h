/* processing.h - a test of a process manager in progress: its instances, and what the last WHEN has
 * made them do. */
#ifndef CAIRN_TESTKIT_PROCESSING_H
#define CAIRN_TESTKIT_PROCESSING_H

#include "process/react/reaction.h"
#include "testkit/scenario.h"

/* A timer that is set. */
struct cairn_test_timer {
    struct cairn_time at; /* zero: not set any more */
    size_t number;        /* timers that are due at the same moment fire in this order */
};

/* One process, with the id that its events name. */
struct cairn_test_instance {
    struct cairn_uuid id;
    void *state;
    struct cairn_map timers;  /* name -> struct cairn_test_timer */
    struct cairn_map sent_to; /* command -> struct cairn_uuid, where it was sent last */
    struct cairn_map waits;   /* "name/id" -> struct cairn_test_wait */
};

/* An association. */
struct cairn_test_wait {
    size_t since; /* the earliest is told first; 0: it has ended */
};

/* A command or a change of a timer, and whether a THEN has named it. */
struct cairn_test_result {
    const struct cairn_test_instance *instance;
    bool named;
    struct cairn_sent sent;
    struct cairn_timer_change timer;
};

struct cairn_test_results {
    struct cairn_test_result *items;
    size_t count, capacity;
};

struct cairn_processing {
    const struct cairn_process *process;
    struct cairn_map instances;             /* id -> struct cairn_test_instance */
    struct cairn_test_instance *chosen;     /* by INSTANCE; NULL: none */
    size_t timers_set, waits_begun;         /* ever */
    struct cairn_test_results sent, timers; /* of the last WHEN */
};

/* Returns the text of an id, in the scenario's arena. */
const char *cairn_processing_id(struct cairn_scenario *scenario, struct cairn_uuid id);

/* Returns the process with this id; a new one has a zeroed state. */
struct cairn_test_instance *cairn_processing_instance(struct cairn_scenario *scenario,
                                                      struct cairn_uuid id);
/* Returns the process that an input without an event is for: the one that INSTANCE names, or the
 * only one. Fails the test, and returns NULL, if there are several. */
struct cairn_test_instance *cairn_processing_choose(struct cairn_here here, const char *word);

/* Returns the key of an association in `waits`. */
const char *cairn_processing_wait(struct cairn_scenario *scenario, const char *name,
                                  struct cairn_uuid id);

/* Passes an input to a process and keeps the results. `meta` is that of an event; NULL: a timer or
 * a refusal. */
void cairn_processing_step(struct cairn_here here, struct cairn_test_instance *instance,
                           const struct cairn_when *when, const void *input,
                           const struct cairn_meta *meta);

/* Lets time pass. */
void cairn_processing_advance(struct cairn_here here, struct cairn_time to);

/* Fails unless every result was named. */
void cairn_processing_settle(struct cairn_here here);
void cairn_processing_forget(struct cairn_scenario *scenario);

#endif
