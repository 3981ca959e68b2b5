/* decision.h - the result of decide: events and claims for one append. */
#ifndef CAIRN_COMMAND_DECISION_H
#define CAIRN_COMMAND_DECISION_H

#include "command/state/folding.h"
#include "store/append/append.h"
#include "store/command_type.h"

#include <cairn/decider.h>

struct cairn_decision {
    const struct cairn_events *events_of; /* the decider's own */
    struct cairn_arena *arena;
    struct cairn_emitted events[CAIRN_DECISION_MAX_EVENTS];
    size_t event_count;
    struct cairn_claim *claims;
    size_t claim_count, claim_capacity;
    struct cairn_error misuse; /* the first misuse by the decider, if there was one */
};

void cairn_decision_init(struct cairn_decision *ret, const struct cairn_events *events,
                         struct cairn_arena *arena);

/* Returns the key of a claimed range: "KEY [FROM,TO)". */
const char *cairn_range_key(struct cairn_arena *arena, const char *key, int64_t from, int64_t to);

/* Checks the emitted events against their field tables. Returns 0, or -CAIRN_BUG if the decider is
 * wrong: nothing may be written; the message names event and field. */
int cairn_decision_check(const struct cairn_decision *decision,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Returns the function and the needs of a command, which is one of the decider's. */
const struct cairn_decides *cairn_decides_of(const struct cairn_decider *decider,
                                             const struct cairn_command_type *command);

/* Calls decide: init, decide, check. Returns 0; the error that decide refused with, and then `ret`
 * is empty; or -CAIRN_BUG as cairn_decision_check() does, also if decide returned anything other
 * than 0 or what cairn_refuse() or cairn_fail() returned. The emitted events may point into `state`
 * and `command`. */
int cairn_decision_make(struct cairn_decision *ret, const struct cairn_decider *decider,
                        const struct cairn_command_type *type, const void *state,
                        const void *command, const struct cairn_given *given,
                        struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

#endif
