/* test_caller.h - the caller of the commands of a test, and what their policies say of it. */
#ifndef CAIRN_TESTKIT_TEST_CALLER_H
#define CAIRN_TESTKIT_TEST_CALLER_H

#include "testkit/decider/deciding.h"

/* Compares the caller with the policy of a command, as the service does before it reads anything.
 * Returns 0, also if the test names no caller; -CAIRN_UNAUTHENTICATED or -CAIRN_FORBIDDEN; or
 * -CAIRN_BUG for a policy with which no service starts. What it says is in `error`, and that the
 * policy has refused it, of the test. */
int cairn_test_caller_admit(struct cairn_deciding *deciding,
                            const struct cairn_command_type *command) CAIRN_CHECKED;

/* Compares it with the owner that the policy names, before the decision. Returns the same, or
 * -CAIRN_NOT_FOUND: the stream is another owner's. */
int cairn_test_caller_owns(struct cairn_scenario *scenario,
                           const struct cairn_command_type *command, const void *state,
                           const void *message) CAIRN_CHECKED;

#endif
