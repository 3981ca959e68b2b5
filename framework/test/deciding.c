/* deciding.c - given events, when a command, then events and claims, or a refusal. */
#include "test/scenario.h"

#include <string.h>

static void evolve(struct cairn_scenario *scenario, const struct cairn_event_type *type,
                   const void *event)
{
    const struct cairn_events *events = scenario->decider->events;
    char *union_ = cairn_arena_alloc(&scenario->arena, events->size, _Alignof(max_align_t));
    memcpy(union_ + events->tag_offset, &type->tag, sizeof type->tag);
    memcpy(union_ + type->offset, event, type->record->size);
    scenario->decider->evolve(scenario->state, union_);
    scenario->version++;
    scenario->position++;
}

void cairn_deciding_given(struct cairn_here here, struct cairn_any event)
{
    const struct cairn_event_type *type =
        cairn_events_of(here.scenario->decider->events, event.record);
    if (!type) {
        cairn_scenario_fail(here, "%s is no event of %s", event.record->name,
                            here.scenario->decider->category);
        return;
    }
    /* the state may point into the event, and the test's struct ends with its statement */
    evolve(here.scenario, type,
           cairn_copy_bytes(&here.scenario->arena, event.value, event.record->size));
}

void cairn_scenario_fact(struct cairn_here here, const char *fact, struct cairn_any state)
{
    struct cairn_scenario *scenario = here.scenario;
    if (scenario->fact_count == CAIRN_NEEDS_MAX) {
        cairn_scenario_fail(here, "more than %d facts", CAIRN_NEEDS_MAX);
        return;
    }
    scenario->facts[scenario->fact_count++] = (struct cairn_test_fact){
        fact, cairn_copy_bytes(&scenario->arena, state.value, state.record->size)};
}

static const void *find_fact(struct cairn_scenario *scenario, const struct cairn_fact *fact)
{
    for (size_t i = 0; i < scenario->fact_count; i++) {
        if (strcmp(scenario->facts[i].name, fact->name) == 0)
            return scenario->facts[i].state;
    }
    return cairn_arena_alloc(&scenario->arena, fact->state->size, fact->state->align);
}

/* What was decided before is history now. */
static void remember(struct cairn_scenario *scenario)
{
    for (size_t i = 0; i < scenario->decision.event_count; i++) {
        const struct cairn_emitted *emitted = &scenario->decision.events[i];
        evolve(scenario, emitted->type, (const char *)emitted->event + emitted->type->offset);
    }
    scenario->decision.event_count = 0;
}

static void decide(struct cairn_scenario *scenario, const struct cairn_command_type *type,
                   const void *value)
{
    const struct cairn_decider *decider = scenario->decider;
    struct cairn_arena *arena = &scenario->arena;
    char *command = cairn_arena_alloc(arena, decider->commands->size, _Alignof(max_align_t));
    memcpy(command + decider->commands->tag_offset, &type->tag, sizeof type->tag);
    memcpy(command + type->offset, value, type->record->size);
    struct cairn_given given = cairn_scenario_given_now(scenario);
    for (int i = 0; i < CAIRN_NEEDS_MAX && type->needs[i].fact; i++) {
        given.facts[i].fact = type->needs[i].fact;
        given.facts[i].state = find_fact(scenario, type->needs[i].fact);
    }
    cairn_decision_init(&scenario->decision, decider->events, arena);
    scenario->outcome =
        decider->decide(scenario->state, command, &given, &scenario->decision, &scenario->error);
    if (scenario->outcome >= 0)
        scenario->outcome = cairn_decision_check(&scenario->decision, &scenario->error);
    if (scenario->outcome < 0) /* a refusal comes alone */
        scenario->decision.event_count = scenario->decision.claim_count = 0;
}

void cairn_scenario_when(struct cairn_here here, struct cairn_any command)
{
    struct cairn_scenario *scenario = here.scenario;
    cairn_scenario_settle(scenario);
    if (!cairn_scenario_possible(here, command))
        return;
    const struct cairn_command_type *type =
        scenario->decider ? cairn_commands_of(scenario->decider->commands, command.record) : NULL;
    if (!type) {
        cairn_scenario_fail(here, "%s is no command of this decider", command.record->name);
        return;
    }
    remember(scenario);
    scenario->when = here;
    scenario->asked = true;
    scenario->error = (struct cairn_error){0};
    scenario->refusal_named = false;
    scenario->events_named = scenario->claims_named = 0;
    decide(scenario, type, cairn_copy_bytes(&scenario->arena, command.value, command.record->size));
}

/* ---- then ---- */

/* Says that it was refused, where something else was wanted. */
static bool was_refused(struct cairn_here here)
{
    const struct cairn_scenario *scenario = here.scenario;
    if (scenario->outcome >= 0)
        return false;
    cairn_scenario_fail(here, "it was refused: %s: %s",
                        scenario->error.reason[0] ? scenario->error.reason
                                                  : cairn_code_info(scenario->outcome)->name,
                        scenario->error.message);
    return true;
}

void cairn_scenario_then(struct cairn_here here, struct cairn_any event)
{
    struct cairn_scenario *scenario = here.scenario;
    if (was_refused(here))
        return;
    if (scenario->events_named == scenario->decision.event_count) {
        cairn_scenario_fail(here, "nothing more happened\n  wanted: %s %s", event.record->name,
                            cairn_scenario_json(scenario, event.record, event.value));
        return;
    }
    const struct cairn_emitted *seen = &scenario->decision.events[scenario->events_named++];
    cairn_scenario_compare(here, "the event", event.record, event.value, seen->type->record,
                           (const char *)seen->event + seen->type->offset);
}

void cairn_scenario_then_nothing(struct cairn_here here)
{
    if (was_refused(here))
        return;
    here.scenario->when = here;
    cairn_scenario_settle(here.scenario);
}

void cairn_scenario_then_refused(struct cairn_here here, const char *reason)
{
    struct cairn_scenario *scenario = here.scenario;
    scenario->refusal_named = true;
    if (scenario->outcome >= 0)
        cairn_scenario_fail(here, "it was not refused\n  wanted: %s", reason);
    else if (strcmp(scenario->error.reason, reason) != 0)
        cairn_scenario_fail(here,
                            "it was refused for another reason\n  wanted: %s\n  seen:   %s: %s",
                            reason, scenario->error.reason, scenario->error.message);
}

void cairn_scenario_then_claim(struct cairn_here here, bool taken, const char *scope,
                               const char *key)
{
    struct cairn_scenario *scenario = here.scenario;
    const char *verb = taken ? "claimed" : "released";
    if (was_refused(here))
        return;
    if (scenario->claims_named == scenario->decision.claim_count) {
        cairn_scenario_fail(here, "nothing more was claimed\n  wanted: %s %s %s", verb, scope, key);
        return;
    }
    const struct cairn_claim *seen = &scenario->decision.claims[scenario->claims_named++];
    if (seen->taken != taken || strcmp(seen->scope, scope) != 0 || strcmp(seen->key, key) != 0)
        cairn_scenario_fail(here, "the claim differs\n  wanted: %s %s %s\n  seen:   %s %s %s", verb,
                            scope, key, seen->taken ? "claimed" : "released", seen->scope,
                            seen->key);
}
