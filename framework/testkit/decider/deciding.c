/* deciding.c - tests of deciders: given events, when a command, then events and claims or a
 * refusal. */
#include "testkit/decider/deciding.h"

#include "command/state/part.h"
#include "process/react/reaction.h"
#include "record/json.h"
#include "testkit/decider/facts.h"
#include "testkit/decider/test_caller.h"
#include "testkit/running.h"

#include <string.h>

static const struct cairn_scenario_kind kind;

struct cairn_scenario *cairn_scenario_decider(const struct cairn_decider *decider)
{
    struct cairn_scenario *scenario = cairn_scenario_begin(&kind, sizeof(struct cairn_deciding));
    struct cairn_deciding *deciding = scenario->self;
    scenario->events = decider->events;
    deciding->decider = decider;
    deciding->states = cairn_map(&scenario->arena);
    deciding->streams = cairn_map(&scenario->arena);
    deciding->claims.arena = &scenario->arena;
    return scenario;
}

/* ---- given ---- */

void *cairn_deciding_state(struct cairn_scenario *scenario)
{
    struct cairn_deciding *deciding = scenario->self;
    const struct cairn_record *record = deciding->decider->state;
    void **state = cairn_scenario_at_id(&deciding->states, scenario->id);
    if (!*state)
        *state = cairn_arena_alloc(&scenario->arena, record->size, record->align);
    return *state;
}

/* Returns where the function for an event is defined. */
static const char *place_of(const struct cairn_decider *decider,
                            const struct cairn_event_type *type)
{
    for (uint32_t i = 0; i < decider->events->count; i++) {
        if (cairn_record_same(decider->events->types[i].record, type->record))
            return decider->evolves()[i]->at;
    }
    return decider->at;
}

/* Adds an event to those of a boundary's test. */
static struct cairn_meta happen(struct cairn_scenario *scenario,
                                const struct cairn_event_type *type, const void *event)
{
    struct cairn_deciding *deciding = scenario->self;
    cairn_grow(&scenario->arena, deciding->happened, deciding->happened_count,
               &deciding->happened_capacity);
    deciding->happened[deciding->happened_count++] =
        (struct cairn_test_event){type, event, scenario->id};
    return cairn_scenario_meta(scenario, deciding->decider->category);
}

struct cairn_meta cairn_deciding_evolve(struct cairn_scenario *scenario,
                                        const struct cairn_event_type *type, const void *event)
{
    const struct cairn_deciding *deciding = scenario->self;
    if (deciding->decider->overs)
        return happen(scenario, type, event);
    const struct cairn_folding folding = cairn_folding_of_decider(deciding->decider);
    void *state = cairn_deciding_state(scenario);
    cairn_running_begin(scenario->step, place_of(deciding->decider, type), 0,
                        "CAIRN_EVOLVE(%s, %s)", deciding->decider->category, type->record->name);
    cairn_folding_apply(&folding, type, event, &scenario->arena, state);
    cairn_running_end();
    cairn_deciding_keep(scenario, type, event);
    return cairn_scenario_meta(scenario, deciding->decider->category);
}

/* Returns the type of an event of the decider, or of one that a part of it learns from. */
static const struct cairn_event_type *find_type(const struct cairn_decider *decider,
                                                const struct cairn_record *record)
{
    const struct cairn_event_type *type = cairn_events_of(decider->events, record);
    for (size_t i = 0; !type && i < cairn_part_count(decider); i++)
        type = cairn_part_event(decider->overs[i].part, record);
    return type;
}

static void give(struct cairn_here here, struct cairn_any event)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct cairn_deciding *deciding = scenario->self;
    const struct cairn_event_type *type = find_type(deciding->decider, event.record);
    if (type)
        (void)cairn_deciding_evolve(scenario, type, cairn_scenario_copy(scenario, event));
    else
        cairn_scenario_fail(here, "%s is not an event of %s%s", event.record->name,
                            scenario->events->category,
                            deciding->decider->overs ? ", and no part of it learns from it" : "");
}

/* Another stream's claim: its id is that of no stream that a test names. */
static void give_claim(struct cairn_here here, const struct cairn_claim *claim)
{
    struct cairn_deciding *deciding = cairn_scenario_takes(
        here, "CAIRN_DECIDING", claim->is_range ? "GIVEN_CLAIMED_RANGE" : "GIVEN_CLAIMED");
    struct cairn_error error = {0};
    if (!deciding)
        return;
    const struct cairn_uuid another = {.bytes = {0xff}};
    if (cairn_held_claims_change(&deciding->claims, another, claim, 1, &error) < 0)
        cairn_scenario_fail(here, "%s %s is claimed already", claim->scope, claim->key);
}

void cairn_scenario_given_claim(struct cairn_here here, const char *scope, const char *key)
{
    const struct cairn_claim claim = {.taken = true, .scope = scope, .key = key};
    give_claim(here, &claim);
}

void cairn_scenario_given_range(struct cairn_here here, const char *scope, const char *key,
                                int64_t from, int64_t to)
{
    const struct cairn_claim claim = {
        .taken = true,
        .is_range = true,
        .scope = scope,
        .key = cairn_range_key(&here.scenario->arena, key, from, to),
    };
    give_claim(here, &claim);
}

/* ---- when ---- */

static int decide_on(struct cairn_scenario *scenario, const struct cairn_command_type *type,
                     const void *state, const void *value)
{
    struct cairn_deciding *deciding = scenario->self;
    struct cairn_given given = cairn_scenario_given_now(scenario, scenario->id);
    int refused = cairn_test_caller_owns(scenario, type, state, value);
    if (refused)
        return refused;
    given.actor = deciding->actor;
    const struct cairn_decides *decides = cairn_decides_of(deciding->decider, type);
    cairn_deciding_fill_facts(scenario, decides->needs, value, &given);
    cairn_running_begin(scenario->step, decides->at, 0, "CAIRN_DECIDE(%s, %s)",
                        deciding->decider->category, type->record->name);
    int outcome = cairn_decision_make(&deciding->decision, deciding->decider, type, state, value,
                                      &given, &scenario->arena, &deciding->error);
    cairn_running_end();
    return outcome;
}

/* Returns whether an event is of the scenario's current stream. */
static bool is_own(struct cairn_scenario *scenario, const struct cairn_test_event *event)
{
    const struct cairn_deciding *deciding = scenario->self;
    return cairn_uuid_equal(event->id, scenario->id) &&
           cairn_events_of(deciding->decider->events, event->type->record);
}

/* Folds the events that have the tag; those of the current stream, for a part without one. */
static const void *fold_part(struct cairn_scenario *scenario, const struct cairn_part *part,
                             const char *tag)
{
    const struct cairn_deciding *deciding = scenario->self;
    struct cairn_arena *arena = &scenario->arena;
    const struct cairn_folding folding = cairn_folding_of_part(part);
    void *state = cairn_arena_alloc(arena, folding.state->size, folding.state->align);
    for (size_t i = 0; i < deciding->happened_count; i++) {
        const struct cairn_test_event *one = &deciding->happened[i];
        if ((tag || is_own(scenario, one)) &&
            cairn_part_learns(part, tag, one->type->record, one->event, arena))
            cairn_folding_apply(&folding, one->type, one->event, arena, state);
    }
    return state;
}

/* A command that begins its stream is decided on a zeroed state of it. */
static const void *fold_stream(struct cairn_scenario *scenario, const struct cairn_part *part,
                               const struct cairn_command_type *type)
{
    if (cairn_command_creates(type))
        return cairn_arena_alloc(&scenario->arena, part->state->size, part->state->align);
    return fold_part(scenario, part, NULL);
}

/* What a command names, row by row, and the states. The one of the stream has no tag. */
struct named {
    size_t count;
    const struct cairn_part *parts[CAIRN_PARTS_MAX + 1];
    const char *tags[CAIRN_PARTS_MAX + 1];
    const void *states[CAIRN_PARTS_MAX + 1];
    size_t counts[CAIRN_OVERS_MAX];
};

static void add_named(struct named *ret, const struct cairn_part *part, const char *tag,
                      const void *state)
{
    ret->parts[ret->count] = part;
    ret->tags[ret->count] = tag;
    ret->states[ret->count++] = state;
}

/* Folds the parts. Returns 0, or -CAIRN_BUG if they are too many, which `error` says. */
static int fold_parts(struct cairn_scenario *scenario, const struct cairn_command_type *type,
                      const void *command, struct named *ret, struct cairn_error *error)
{
    const struct cairn_deciding *deciding = scenario->self;
    const struct cairn_decider *decider = deciding->decider;
    ret->count = 0;
    for (size_t i = 0; i < cairn_part_count(decider); i++) {
        const struct cairn_over *over = &decider->overs[i];
        const char **tags;
        ret->counts[i] = 1;
        if (cairn_over_is_stream(over)) {
            add_named(ret, over->part, NULL, fold_stream(scenario, over->part, type));
            continue;
        }
        ret->counts[i] = cairn_part_tags(over, type->record, command, &scenario->arena, &tags);
        if (ret->count + ret->counts[i] > CAIRN_PARTS_MAX)
            return cairn_fail(error, CAIRN_BUG, "%s names more than %d parts of %s", type->name,
                              CAIRN_PARTS_MAX, decider->category);
        for (size_t k = 0; k < ret->counts[i]; k++)
            add_named(ret, over->part, tags[k], fold_part(scenario, over->part, tags[k]));
    }
    return 0;
}

const void *cairn_deciding_composed(struct cairn_scenario *scenario,
                                    const struct cairn_command_type *type, const void *command)
{
    const struct cairn_deciding *deciding = scenario->self;
    struct named named;
    struct cairn_error error = {0};
    if (fold_parts(scenario, type, command, &named, &error) < 0)
        return cairn_deciding_state(scenario);
    return cairn_part_compose(deciding->decider, named.states, named.counts, &scenario->arena);
}

/* Returns whether the current stream of a boundary's test has an event. */
static bool has_stream(struct cairn_scenario *scenario)
{
    const struct cairn_deciding *deciding = scenario->self;
    bool found = false;
    for (size_t i = 0; i < deciding->happened_count && !found; i++)
        found = is_own(scenario, &deciding->happened[i]);
    return found;
}

static int fail_without_stream(struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_NOT_FOUND, "there is no such stream yet");
}

static int decide_within(struct cairn_scenario *scenario, const struct cairn_command_type *type,
                         const void *command)
{
    struct cairn_deciding *deciding = scenario->self;
    struct named named;
    if (!cairn_command_creates(type) && !has_stream(scenario))
        return fail_without_stream(&deciding->error);
    int outcome = fold_parts(scenario, type, command, &named, &deciding->error);
    if (outcome < 0)
        return outcome;
    outcome = decide_on(
        scenario, type,
        cairn_part_compose(deciding->decider, named.states, named.counts, &scenario->arena),
        command);
    for (size_t i = 0; i < named.count && outcome == 0; i++)
        outcome =
            cairn_part_check_growth(named.parts[i], named.tags[i] ? named.tags[i] : "its stream",
                                    named.states[i], &deciding->decision, &deciding->error);
    return outcome;
}

/* As in the service, a command that creates is decided on a zeroed state. */
static int decide(struct cairn_scenario *scenario, const struct cairn_command_type *type,
                  const void *value)
{
    struct cairn_deciding *deciding = scenario->self;
    const struct cairn_record *record = deciding->decider->state;
    bool creates = cairn_command_creates(type);
    bool exists = *cairn_scenario_version(scenario) > 0;
    if (deciding->decider->overs)
        return decide_within(scenario, type, value);
    if (!creates && !exists)
        return fail_without_stream(&deciding->error);
    if (!creates || !exists)
        return decide_on(scenario, type, cairn_deciding_state(scenario), value);
    int outcome = decide_on(
        scenario, type, cairn_arena_alloc(&scenario->arena, record->size, record->align), value);
    if (outcome < 0)
        return outcome;
    return cairn_fail(&deciding->error, CAIRN_EXISTS, "%s creates its stream, which exists already",
                      type->name);
}

/* Without an event nothing is appended, and nothing exists. */
static int change_claims(struct cairn_scenario *scenario)
{
    struct cairn_deciding *deciding = scenario->self;
    return cairn_held_claims_change(&deciding->claims, scenario->id, deciding->decision.claims,
                                    deciding->decision.claim_count, &deciding->error);
}

void cairn_deciding_run(struct cairn_scenario *scenario, const struct cairn_command_type *type,
                        const void *command)
{
    struct cairn_deciding *deciding = scenario->self;
    struct cairn_decision *decision = &deciding->decision;
    deciding->outcome = cairn_test_caller_admit(deciding, type);
    if (deciding->outcome == 0)
        deciding->outcome = decide(scenario, type, command);
    if (deciding->outcome == 0)
        deciding->outcome = change_claims(scenario);
    if (deciding->outcome < 0)
        decision->event_count = decision->claim_count = 0;
}

static void forget(struct cairn_scenario *scenario)
{
    struct cairn_deciding *deciding = scenario->self;
    deciding->outcome = 0;
    deciding->error = (struct cairn_error){0};
    deciding->refusal_named = deciding->by_policy = false;
    deciding->events_named = deciding->claims_named = 0;
    deciding->decision.event_count = deciding->decision.claim_count = 0;
}

void cairn_scenario_when(struct cairn_here here, struct cairn_any command)
{
    struct cairn_scenario *scenario = here.scenario;
    struct cairn_deciding *deciding = cairn_scenario_takes(here, "CAIRN_DECIDING", "WHEN");
    if (!deciding)
        return;
    cairn_scenario_ask(here);
    if (!cairn_scenario_possible(here, command))
        return;
    const struct cairn_command_type *type =
        cairn_commands_of(deciding->decider->commands, command.record);
    if (!type) {
        cairn_scenario_fail(here, "%s is not a command of %s", command.record->name,
                            deciding->decider->category);
        return;
    }
    cairn_deciding_run(scenario, type, cairn_scenario_copy(scenario, command));
    for (size_t i = 0; i < deciding->decision.event_count; i++)
        (void)cairn_deciding_evolve(scenario, deciding->decision.events[i].type,
                                    deciding->decision.events[i].event);
}

/* ---- then ---- */

const char *cairn_deciding_refused_as(const struct cairn_deciding *deciding)
{
    return deciding->error.reason[0] ? deciding->error.reason
                                     : cairn_code_info(deciding->outcome)->name;
}

/* Returns NULL unless there are results to check; fails the test if the command was refused. */
static struct cairn_deciding *was_accepted(struct cairn_here here, const char *word)
{
    struct cairn_deciding *deciding = cairn_scenario_was_asked(here, "CAIRN_DECIDING", word);
    if (!deciding || deciding->outcome >= 0)
        return deciding;
    cairn_scenario_fail(here, "it was refused: %s: %s", cairn_deciding_refused_as(deciding),
                        deciding->error.message);
    return NULL;
}

void cairn_scenario_then(struct cairn_here here, struct cairn_any event)
{
    struct cairn_scenario *scenario = here.scenario;
    struct cairn_deciding *deciding = was_accepted(here, "THEN");
    if (!deciding)
        return;
    if (deciding->events_named == deciding->decision.event_count) {
        cairn_scenario_fail(
            here, "no further event was emitted\n  wanted: %s %s\n  seen:   nothing",
            event.record->name, cairn_scenario_json(scenario, event.record, event.value));
        return;
    }
    const struct cairn_emitted *seen = &deciding->decision.events[deciding->events_named++];
    cairn_scenario_compare(here, "the event", event.record, event.value, seen->type->record,
                           seen->event);
}

void cairn_scenario_then_refused(struct cairn_here here, const char *reason)
{
    struct cairn_deciding *deciding =
        cairn_scenario_was_asked(here, "CAIRN_DECIDING", "THEN_REFUSED");
    if (!deciding)
        return;
    const char *seen = cairn_deciding_refused_as(deciding);
    deciding->refusal_named = true;
    if (deciding->outcome >= 0)
        cairn_scenario_fail(here, "it was not refused\n  wanted: %s\n  seen:   %zu events", reason,
                            deciding->decision.event_count);
    else if (strcmp(seen, reason) != 0)
        cairn_scenario_fail(here,
                            "it was refused for another reason\n  wanted: %s\n  seen:   %s: %s",
                            reason, seen, deciding->error.message);
}

static const char *verb(bool taken)
{
    return taken ? "claimed" : "released";
}

void cairn_scenario_then_claim(struct cairn_here here, bool taken, const char *scope,
                               const char *key)
{
    struct cairn_deciding *deciding = was_accepted(here, taken ? "THEN_CLAIMED" : "THEN_RELEASED");
    if (!deciding)
        return;
    if (deciding->claims_named == deciding->decision.claim_count) {
        cairn_scenario_fail(here, "no more claims\n  wanted: %s %s %s\n  seen:   nothing",
                            verb(taken), scope, key);
        return;
    }
    const struct cairn_claim *seen = &deciding->decision.claims[deciding->claims_named++];
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
    const struct cairn_deciding *deciding = scenario->self;
    const struct cairn_decision *decision = &deciding->decision;
    if (deciding->outcome < 0 && !deciding->refusal_named) {
        cairn_scenario_fail(here, "it was refused, but no THEN_REFUSED names it: %s: %s",
                            cairn_deciding_refused_as(deciding), deciding->error.message);
    } else if (deciding->events_named < decision->event_count) {
        const struct cairn_emitted *next = &decision->events[deciding->events_named];
        cairn_scenario_fail(here, "an event that no THEN names\n  wanted: nothing\n  seen:   %s %s",
                            next->type->record->name,
                            cairn_scenario_json(scenario, next->type->record, next->event));
    } else if (deciding->claims_named < decision->claim_count) {
        const struct cairn_claim *next = &decision->claims[deciding->claims_named];
        cairn_scenario_fail(here,
                            "a claim that no THEN names\n  wanted: nothing\n  seen:   %s %s %s",
                            verb(next->taken), next->scope, next->key);
    }
}

static const struct cairn_scenario_kind kind = {
    .name = "CAIRN_DECIDING", .given = give, .settle = settle_results, .forget = forget};
