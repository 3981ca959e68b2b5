/* deciding.c - tests of deciders: given events, when a command, then events and claims or a
 * refusal. */
#include "record/json.h"
#include "testkit/scenario.h"

#include <string.h>

/* ---- given ---- */

static void evolve(struct cairn_scenario *scenario, const struct cairn_event_type *type,
                   const void *event)
{
    const struct cairn_folding folding = cairn_folding_of_decider(scenario->decider);
    cairn_folding_apply(&folding, type, event, &scenario->arena, scenario->state);
    (void)cairn_scenario_meta(scenario, scenario->decider->category);
}

static void give(struct cairn_here here, struct cairn_any event)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct cairn_event_type *type = cairn_events_of(scenario->decider->events, event.record);
    if (type)
        evolve(scenario, type, cairn_scenario_copy(scenario, event));
    else
        cairn_scenario_fail(here, "%s is not an event of %s", event.record->name,
                            scenario->decider->category);
}

/* ---- facts ---- */

/* Returns the fact of this name that a command needs, or NULL. */
static const struct cairn_fact *find_needed(const struct cairn_decider *decider, const char *fact)
{
    for (uint32_t i = 0; i < decider->commands->count; i++) {
        const struct cairn_need *needs = decider->decides()[i]->needs;
        for (int n = 0; n < CAIRN_NEEDS_MAX && needs[n].fact; n++) {
            if (strcmp(needs[n].fact->name, fact) == 0)
                return needs[n].fact;
        }
    }
    return NULL;
}

static struct cairn_test_fact *find_fact(struct cairn_scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->fact_count; i++) {
        if (strcmp(scenario->facts[i].name, name) == 0)
            return &scenario->facts[i];
    }
    return NULL;
}

void cairn_scenario_fact(struct cairn_here here, const char *fact, struct cairn_any state)
{
    struct cairn_scenario *scenario = here.scenario;
    if (!cairn_scenario_takes(here, CAIRN_SUBJECT_DECIDER, "GIVEN_FACT"))
        return;
    struct cairn_test_fact *known = find_fact(scenario, fact);
    const struct cairn_fact *needed = find_needed(scenario->decider, fact);
    if (!needed)
        cairn_scenario_fail(here, "no command of %s needs the fact %s", scenario->decider->category,
                            fact);
    else if (!cairn_record_same(needed->state, state.record))
        cairn_scenario_fail(here, "the struct %s of this test is not that of the decider", fact);
    else if (!known && scenario->fact_count == CAIRN_NEEDS_MAX)
        cairn_scenario_fail(here, "more than %d facts", CAIRN_NEEDS_MAX);
    else
        *(known ? known : &scenario->facts[scenario->fact_count++]) =
            (struct cairn_test_fact){fact, cairn_scenario_copy(scenario, state)};
}

static void fill_facts(struct cairn_scenario *scenario, const struct cairn_need *needs,
                       struct cairn_given *given)
{
    for (int i = 0; i < CAIRN_NEEDS_MAX && needs[i].fact; i++) {
        const struct cairn_fact *fact = needs[i].fact;
        const struct cairn_test_fact *known = find_fact(scenario, fact->name);
        given->facts[i].fact = fact;
        given->facts[i].state =
            known ? known->state
                  : cairn_arena_alloc(&scenario->arena, fact->state->size, fact->state->align);
    }
}

/* ---- when ---- */

static int decide_on(struct cairn_scenario *scenario, const struct cairn_command_type *type,
                     const void *state, const void *value)
{
    const struct cairn_decider *decider = scenario->decider;
    struct cairn_given given = cairn_scenario_given_now(scenario);
    fill_facts(scenario, cairn_decides_of(decider, type)->needs, &given);
    return cairn_decision_make(&scenario->decision, decider, type, state, value, &given,
                               &scenario->arena, &scenario->error);
}

/* As in the service, a command that creates is decided on a zeroed state. */
static int decide(struct cairn_scenario *scenario, const struct cairn_command_type *type,
                  const void *value)
{
    const struct cairn_record *record = scenario->decider->state;
    bool creates = cairn_command_creates(type);
    bool exists = *cairn_scenario_version(scenario) > 0;
    if (!creates && !exists)
        return cairn_fail(&scenario->error, CAIRN_NOT_FOUND, "there is no such stream yet");
    if (!creates || !exists)
        return decide_on(scenario, type, scenario->state, value);
    int outcome = decide_on(
        scenario, type, cairn_arena_alloc(&scenario->arena, record->size, record->align), value);
    if (outcome < 0)
        return outcome;
    scenario->decision.event_count = scenario->decision.claim_count = 0;
    return cairn_fail(&scenario->error, CAIRN_EXISTS, "%s creates its stream, which exists already",
                      type->name);
}

void cairn_scenario_when(struct cairn_here here, struct cairn_any command)
{
    struct cairn_scenario *scenario = here.scenario;
    if (!cairn_scenario_takes(here, CAIRN_SUBJECT_DECIDER, "WHEN"))
        return;
    cairn_scenario_ask(here);
    if (!cairn_scenario_possible(here, command))
        return;
    const struct cairn_command_type *type =
        cairn_commands_of(scenario->decider->commands, command.record);
    if (!type) {
        cairn_scenario_fail(here, "%s is not a command of %s", command.record->name,
                            scenario->decider->category);
        return;
    }
    scenario->outcome = decide(scenario, type, cairn_scenario_copy(scenario, command));
    for (size_t i = 0; i < scenario->decision.event_count; i++)
        evolve(scenario, scenario->decision.events[i].type, scenario->decision.events[i].event);
}

/* ---- then ---- */

static const char *refused_as(const struct cairn_scenario *scenario)
{
    return scenario->error.reason[0] ? scenario->error.reason
                                     : cairn_code_info(scenario->outcome)->name;
}

/* Returns whether there are results to check; fails the test if the command was refused. */
static bool was_accepted(struct cairn_here here, const char *word)
{
    struct cairn_scenario *scenario = here.scenario;
    if (!cairn_scenario_was_asked(here, CAIRN_SUBJECT_DECIDER, word))
        return false;
    if (scenario->outcome < 0)
        cairn_scenario_fail(here, "it was refused: %s: %s", refused_as(scenario),
                            scenario->error.message);
    return scenario->outcome >= 0;
}

void cairn_scenario_then(struct cairn_here here, struct cairn_any event)
{
    struct cairn_scenario *scenario = here.scenario;
    if (!was_accepted(here, "THEN"))
        return;
    if (scenario->events_named == scenario->decision.event_count) {
        cairn_scenario_fail(
            here, "no further event was emitted\n  wanted: %s %s\n  seen:   nothing",
            event.record->name, cairn_scenario_json(scenario, event.record, event.value));
        return;
    }
    const struct cairn_emitted *seen = &scenario->decision.events[scenario->events_named++];
    cairn_scenario_compare(here, "the event", event.record, event.value, seen->type->record,
                           seen->event);
}

void cairn_scenario_then_refused(struct cairn_here here, const char *reason)
{
    struct cairn_scenario *scenario = here.scenario;
    if (!cairn_scenario_was_asked(here, CAIRN_SUBJECT_DECIDER, "THEN_REFUSED"))
        return;
    scenario->refusal_named = true;
    if (scenario->outcome >= 0)
        cairn_scenario_fail(here, "it was not refused\n  wanted: %s\n  seen:   %zu events", reason,
                            scenario->decision.event_count);
    else if (strcmp(refused_as(scenario), reason) != 0)
        cairn_scenario_fail(here,
                            "it was refused for another reason\n  wanted: %s\n  seen:   %s: %s",
                            reason, refused_as(scenario), scenario->error.message);
}

static const char *verb(bool taken)
{
    return taken ? "claimed" : "released";
}

void cairn_scenario_then_claim(struct cairn_here here, bool taken, const char *scope,
                               const char *key)
{
    struct cairn_scenario *scenario = here.scenario;
    if (!was_accepted(here, taken ? "THEN_CLAIMED" : "THEN_RELEASED"))
        return;
    if (scenario->claims_named == scenario->decision.claim_count) {
        cairn_scenario_fail(here, "no more claims\n  wanted: %s %s %s\n  seen:   nothing",
                            verb(taken), scope, key);
        return;
    }
    const struct cairn_claim *seen = &scenario->decision.claims[scenario->claims_named++];
    if (seen->taken != taken || strcmp(seen->scope, scope) != 0 || strcmp(seen->key, key) != 0)
        cairn_scenario_fail(here, "the claim differs\n  wanted: %s %s %s\n  seen:   %s %s %s",
                            verb(taken), scope, key, verb(seen->taken), seen->scope, seen->key);
}

void cairn_scenario_then_range(struct cairn_here here, bool taken, const char *scope,
                               const char *key, int64_t from, int64_t to)
{
    cairn_scenario_then_claim(here, taken, scope,
                              cairn_range_key(&here.scenario->arena, key, from, to));
}

static void settle_results(struct cairn_here here)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct cairn_decision *decision = &scenario->decision;
    if (scenario->outcome < 0 && !scenario->refusal_named) {
        cairn_scenario_fail(here, "it was refused, but no THEN_REFUSED names it: %s: %s",
                            refused_as(scenario), scenario->error.message);
    } else if (scenario->events_named < decision->event_count) {
        const struct cairn_emitted *next = &decision->events[scenario->events_named];
        cairn_scenario_fail(here, "an event that no THEN names\n  wanted: nothing\n  seen:   %s %s",
                            next->type->record->name,
                            cairn_scenario_json(scenario, next->type->record, next->event));
    } else if (scenario->claims_named < decision->claim_count) {
        const struct cairn_claim *next = &decision->claims[scenario->claims_named];
        cairn_scenario_fail(here,
                            "a claim that no THEN names\n  wanted: nothing\n  seen:   %s %s %s",
                            verb(next->taken), next->scope, next->key);
    }
}

const struct cairn_scenario_kind cairn_deciding = {.given = give, .settle = settle_results};
