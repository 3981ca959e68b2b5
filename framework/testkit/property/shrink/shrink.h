/* shrink.h - finds the shortest sequence that still fails in the same way. */
#ifndef CAIRN_TESTKIT_SHRINK_H
#define CAIRN_TESTKIT_SHRINK_H

#include "testkit/property/trial.h"

/* Shortens the steps in place: leaves steps out, then makes values simpler, until neither is
 * possible. `verdict` is that of the failure. The values are in the arena. Returns how many steps
 * are left. */
size_t cairn_shrink(struct cairn_trial *trial, const struct cairn_trial_plan *plan,
                    enum cairn_verdict verdict, struct cairn_step *steps, size_t count,
                    struct cairn_arena *arena);

/* Replaces the ids in a step that were seen before by those that were seen instead, in the same
 * order. */
void cairn_steps_follow(const struct cairn_seen *before, const struct cairn_seen *now,
                        struct cairn_step *step, struct cairn_arena *arena);

#endif
