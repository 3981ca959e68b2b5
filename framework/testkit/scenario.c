/* scenario.c - begins and ends a test, and passes what is given to its kind. */
#include "testkit/scenario.h"
#include "testkit/running.h"

#include <stdlib.h>
#include <string.h>

/* ---- beginning and end ---- */

struct cairn_scenario *cairn_scenario_begin(const struct cairn_scenario_kind *kind, size_t bytes)
{
    struct cairn_scenario *scenario = cairn_allocate(sizeof *scenario);
    cairn_running_end(); /* a function of a former test may have jumped out of it */
    scenario->kind = kind;
    scenario->self = cairn_arena_alloc(&scenario->arena, bytes, _Alignof(max_align_t));
    scenario->when.scenario = scenario;
    scenario->id = CAIRN_TEST_ID;
    (void)!cairn_time_parse("2026-01-01T00:00:00Z", &scenario->now);
    scenario->versions = cairn_map(&scenario->arena);
    return scenario;
}

struct cairn_scenario *cairn_scenario_begun(struct cairn_scenario *scenario, const char *file,
                                            int line)
{
    scenario->when = scenario->step = (struct cairn_here){scenario, file, line};
    return scenario;
}

void cairn_scenario_close(struct cairn_scenario **at)
{
    struct cairn_scenario *scenario = *at;
    cairn_scenario_settle(scenario->when);
    if (scenario->kind->end)
        scenario->kind->end(scenario);
    for (struct cairn_scenario_part *part = scenario->parts; part; part = part->next)
        part->end(scenario, part->self);
    cairn_arena_close(&scenario->arena);
    free(scenario);
}

/* ---- the last WHEN ---- */

void cairn_scenario_settle(struct cairn_here here)
{
    struct cairn_scenario *scenario = here.scenario;
    if (!scenario->failed && scenario->asked)
        scenario->kind->settle(here);
    struct cairn_scenario_part *part = scenario->asked ? scenario->parts : NULL;
    for (; part && !scenario->failed; part = part->next)
        part->settle(here, part->self);
}

void cairn_scenario_ask(struct cairn_here here)
{
    struct cairn_scenario *scenario = here.scenario;
    cairn_scenario_settle(scenario->when);
    scenario->when = scenario->step = here;
    scenario->asked = true;
    scenario->asks++;
    scenario->kind->forget(scenario);
}

/* ---- given, then ---- */

void cairn_scenario_given(struct cairn_here here, struct cairn_any event)
{
    cairn_scenario_settle(here.scenario->when);
    here.scenario->asked = false;
    here.scenario->step = here;
    if (!here.scenario->kind->given)
        cairn_scenario_fail(here, "GIVEN does not apply to %s", here.scenario->kind->name);
    else if (cairn_scenario_lift(here, &event))
        here.scenario->kind->given(here, event);
}

void cairn_scenario_when_event(struct cairn_here here, struct cairn_any event)
{
    const struct cairn_scenario_kind *kind = here.scenario->kind;
    if (!kind->event) {
        cairn_scenario_fail(here, "WHEN_EVENT does not apply to %s", kind->name);
        return;
    }
    cairn_scenario_ask(here);
    if (cairn_scenario_lift(here, &event))
        kind->event(here, event);
}

void cairn_scenario_then_nothing(struct cairn_here here)
{
    struct cairn_scenario *scenario = here.scenario;
    if (!scenario->kind->settle)
        cairn_scenario_fail(here, "THEN_NOTHING does not apply to %s: use THEN_NO_ROW",
                            scenario->kind->name);
    else if (cairn_scenario_was_asked(here, scenario->kind->name, "THEN_NOTHING"))
        cairn_scenario_settle(here);
}
