/* test_caller.c - compares the caller of a test with the policies of its commands. */
#include "testkit/decider/test_caller.h"

#include "command/command_owner.h"
#include "identity/policy.h"
#include "store/store.h"

static const struct cairn_actor *actor_of(const struct cairn_deciding *deciding)
{
    return deciding->actor.sub ? &deciding->actor : NULL;
}

int cairn_test_caller_admit(struct cairn_deciding *deciding,
                            const struct cairn_command_type *command)
{
    if (!deciding->has_caller || !command->route)
        return 0;
    if (command->allow.kind == CAIRN_ALLOW_UNSAID)
        return cairn_fail(&deciding->error, CAIRN_BUG,
                          "the command %s does not say who may use it: a service that "
                          "authenticates does not start; add .allow",
                          command->name);
    int failed = cairn_policy_check(&command->allow, actor_of(deciding), &deciding->error);
    deciding->by_policy = failed != 0;
    return failed;
}

int cairn_test_caller_owns(struct cairn_scenario *scenario,
                           const struct cairn_command_type *command, const void *state,
                           const void *message)
{
    struct cairn_deciding *deciding = scenario->self;
    const struct cairn_decider *decider = deciding->decider;
    struct cairn_command_owner owner;
    if (!actor_of(deciding))
        return 0;
    int failed = cairn_command_owner_find(decider, command, &owner, &deciding->error);
    if (failed)
        return failed;
    failed = cairn_command_owner_check(
        &owner, command, actor_of(deciding), state, message, scenario->id,
        cairn_stream_name(&scenario->arena, decider->category, scenario->id), &deciding->error);
    deciding->by_policy = failed != 0;
    return failed;
}
