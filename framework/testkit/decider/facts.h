/* facts.h - what the command of a decider's test knows of other streams: a state that the test
 * gives, or, of streams of the decider's own noun, their events in the test. */
#ifndef CAIRN_TESTKIT_FACTS_H
#define CAIRN_TESTKIT_FACTS_H

#include "testkit/decider/deciding.h"

/* Returns the fact of this name that a command needs, or NULL. */
const struct cairn_fact *cairn_deciding_fact(const struct cairn_decider *decider, const char *name);
/* Returns whether the fact is of streams of the decider's own noun. */
bool cairn_fact_is_own(const struct cairn_decider *decider, const struct cairn_fact *fact);
/* Returns the decider of the fact's noun; NULL: it is not part of this program. */
const struct cairn_decider *cairn_fact_decider(const struct cairn_fact *fact);
/* Sets what is known of a fact, which a command needs. Returns false if there are too many. */
bool cairn_deciding_learn(struct cairn_deciding *deciding, const char *fact, const void *state);

/* Folds an event into the fact's state. The memory of both is the scenario's. */
void cairn_fact_learn(struct cairn_scenario *scenario, const struct cairn_fact *fact,
                      const struct cairn_test_event *event, void *state);

/* Keeps an event of the current stream, for facts. It lives as long as the scenario. */
void cairn_deciding_keep(struct cairn_scenario *scenario, const struct cairn_event_type *type,
                         const void *event);

/* Sets the facts of a decision. */
void cairn_deciding_fill_facts(struct cairn_scenario *scenario, const struct cairn_need *needs,
                               const void *command, struct cairn_given *given);

#endif
