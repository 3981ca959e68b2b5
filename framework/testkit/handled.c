/* handled.c - keeps and compares outcomes of handlers. */
#include "testkit/handled.h"

static const char *name_of(enum cairn_outcome outcome)
{
    switch (outcome) {
    case CAIRN_DONE:
        return "CAIRN_DONE";
    case CAIRN_TRY_AGAIN:
        return "CAIRN_TRY_AGAIN";
    case CAIRN_GIVE_UP:
        return "CAIRN_GIVE_UP";
    }
    return NULL;
}

/* Describes the outcome with the error, if one was set: "CAIRN_GIVE_UP: refused: …". */
static const char *describe(struct cairn_scenario *scenario,
                            const struct cairn_handled_outcome *handled)
{
    const struct cairn_error *error = &handled->error;
    if (!error->code)
        return name_of(handled->outcome);
    return cairn_print(&scenario->arena, "%s: %s: %s", name_of(handled->outcome),
                       error->reason[0] ? error->reason : cairn_code_info((int)error->code)->name,
                       error->message);
}

void cairn_scenario_when_retried(struct cairn_here here)
{
    const struct cairn_scenario_kind *kind = here.scenario->kind;
    if (!kind->retry) {
        cairn_scenario_fail(here, "WHEN_RETRIED does not apply to %s", kind->name);
        return;
    }
    cairn_scenario_ask(here);
    kind->retry(here);
}

const char *cairn_scenario_event_key(struct cairn_here here)
{
    const struct cairn_scenario_kind *kind = here.scenario->kind;
    const char *key = kind->key ? kind->key(here.scenario) : NULL;
    if (!kind->key)
        cairn_scenario_fail(here, "EVENT_KEY does not apply to %s", kind->name);
    else if (!key)
        cairn_scenario_fail(here, "EVENT_KEY without an event before it");
    return key ? key : "";
}

void cairn_handled_outcome(struct cairn_here here, struct cairn_handled_outcome *ret,
                           enum cairn_outcome outcome, const struct cairn_error *error)
{
    *ret = (struct cairn_handled_outcome){.outcome = outcome, .error = *error};
    if (name_of(outcome))
        return;
    ret->outcome = CAIRN_DONE;
    cairn_scenario_fail(here, "the handler returned %d, which is not an enum cairn_outcome",
                        (int)outcome);
}

void cairn_scenario_then_outcome(struct cairn_here here, enum cairn_outcome outcome)
{
    struct cairn_scenario *scenario = here.scenario;
    if (!scenario->kind->outcome) {
        cairn_scenario_fail(here, "THEN_OUTCOME does not apply to %s", scenario->kind->name);
        return;
    }
    struct cairn_handled_outcome *seen =
        cairn_scenario_was_asked(here, scenario->kind->name, "THEN_OUTCOME")
            ? scenario->kind->outcome(scenario)
            : NULL;
    if (!seen || !seen->outcome) /* it has failed before */
        return;
    seen->named = true;
    if (seen->outcome != outcome)
        cairn_scenario_fail(here, "the outcome differs\n  wanted: %s\n  seen:   %s",
                            name_of(outcome) ? name_of(outcome) : "no enum cairn_outcome",
                            describe(scenario, seen));
}

void cairn_handled_settle(struct cairn_here here, const struct cairn_handled_outcome *handled)
{
    if (handled->outcome > CAIRN_DONE && !handled->named)
        cairn_scenario_fail(here, "an outcome that no THEN_OUTCOME names\n  seen:   %s",
                            describe(here.scenario, handled));
}
