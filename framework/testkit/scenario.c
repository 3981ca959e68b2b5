/* scenario.c - creates and ends a test, and passes what is given to the file of its kind. */
#include "testkit/scenario.h"

#include "record/json.h"

#include <stdlib.h>

/* ---- beginning and end ---- */

static struct cairn_scenario *begin(enum cairn_subject subject,
                                    const struct cairn_scenario_kind *kind)
{
    struct cairn_scenario *scenario = cairn_allocate(sizeof *scenario);
    scenario->subject = subject;
    scenario->kind = kind;
    scenario->when.scenario = scenario;
    scenario->id = CAIRN_TEST_ID;
    (void)!cairn_time_parse("2026-01-01T00:00:00Z", &scenario->now);
    scenario->versions = cairn_map(&scenario->arena);
    scenario->parks = cairn_map(&scenario->arena);
    scenario->sent_to = cairn_map(&scenario->arena);
    return scenario;
}

static void *new_state(struct cairn_scenario *scenario, const struct cairn_record *record)
{
    return cairn_arena_alloc(&scenario->arena, record->size, record->align);
}

struct cairn_scenario *cairn_scenario_decider(const struct cairn_decider *decider)
{
    struct cairn_scenario *scenario = begin(CAIRN_SUBJECT_DECIDER, &cairn_deciding);
    scenario->decider = decider;
    scenario->state = new_state(scenario, decider->state);
    return scenario;
}

struct cairn_scenario *cairn_scenario_projection(const struct cairn_projection *projection)
{
    struct cairn_scenario *scenario = begin(CAIRN_SUBJECT_PROJECTION, &cairn_projecting);
    scenario->projection = projection;
    scenario->fold = cairn_fold(projection, &scenario->arena);
    return scenario;
}

struct cairn_scenario *cairn_scenario_process(const struct cairn_process *process)
{
    struct cairn_scenario *scenario = begin(CAIRN_SUBJECT_PROCESS, &cairn_processing);
    scenario->process = process;
    scenario->state = new_state(scenario, process->state);
    return scenario;
}

void cairn_scenario_close(struct cairn_scenario **at)
{
    struct cairn_scenario *scenario = *at;
    cairn_scenario_settle(scenario->when);
    cairn_projecting_settle(scenario);
    cairn_arena_close(&scenario->arena);
    free(scenario);
}

/* ---- given, then ---- */

void cairn_scenario_given(struct cairn_here here, struct cairn_any event)
{
    cairn_scenario_settle(here.scenario->when);
    here.scenario->asked = false;
    if (!cairn_scenario_lift(here, &event))
        return;
    here.scenario->kind->given(here, event);
}

void cairn_scenario_then_nothing(struct cairn_here here)
{
    if (here.scenario->subject == CAIRN_SUBJECT_PROJECTION)
        cairn_scenario_fail(here, "THEN_NOTHING does not apply to projections: use THEN_NO_ROW");
    else if (cairn_scenario_was_asked(here, here.scenario->subject, "THEN_NOTHING"))
        cairn_scenario_settle(here);
}
