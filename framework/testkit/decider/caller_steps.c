/* caller_steps.c - AS and THEN_FORBIDDEN: names the caller of a test, and expects that a policy
 * does not allow what it does. */
#include "testkit/decider/deciding.h"

static const char issuer[] = "https://issuer.example.com";

void cairn_scenario_as(struct cairn_here here, const char *const *words)
{
    struct cairn_scenario *scenario = here.scenario;
    struct cairn_deciding *deciding = cairn_scenario_takes(here, "CAIRN_DECIDING", "AS");
    size_t count = 0;
    if (!deciding)
        return;
    cairn_scenario_settle(here);
    deciding->has_caller = true;
    deciding->actor = (struct cairn_actor){.sub = NULL};
    while (words[0] && words[count + 1])
        count++;
    if (!words[0])
        return;
    const char **roles = cairn_new(&scenario->arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        roles[i] = cairn_copy_text(&scenario->arena, words[i + 1]);
    deciding->actor = (struct cairn_actor){.sub = cairn_copy_text(&scenario->arena, words[0]),
                                           .iss = issuer,
                                           .roles = roles,
                                           .role_count = count};
}

void cairn_scenario_then_forbidden(struct cairn_here here)
{
    struct cairn_deciding *deciding =
        cairn_scenario_was_asked(here, "CAIRN_DECIDING", "THEN_FORBIDDEN");
    if (!deciding)
        return;
    deciding->refusal_named = true;
    if (!deciding->has_caller)
        cairn_scenario_fail(here, "no AS names a caller: policies are not looked at");
    else if (deciding->outcome >= 0)
        cairn_scenario_fail(here,
                            "the policy allows it\n  wanted: it does not\n  seen:   %zu events",
                            deciding->decision.event_count);
    else if (!deciding->by_policy)
        cairn_scenario_fail(here, "the policy allows it, and it was refused: %s: %s",
                            cairn_deciding_refused_as(deciding), deciding->error.message);
}
