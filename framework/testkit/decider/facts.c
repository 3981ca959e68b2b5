/* facts.c - what the command of a decider's test knows of other streams. */
#include "testkit/decider/facts.h"

#include "record/json.h"
#include "testkit/running.h"

#include <string.h>

const struct cairn_fact *cairn_deciding_fact(const struct cairn_decider *decider, const char *name)
{
    for (uint32_t i = 0; i < decider->commands->count; i++) {
        const struct cairn_need *needs = decider->decides()[i]->needs;
        for (int n = 0; n < CAIRN_NEEDS_MAX && needs[n].fact; n++) {
            if (strcmp(needs[n].fact->name, name) == 0)
                return needs[n].fact;
        }
    }
    return NULL;
}

bool cairn_fact_is_own(const struct cairn_decider *decider, const struct cairn_fact *fact)
{
    return strcmp(fact->events->category, decider->category) == 0;
}

const struct cairn_decider *cairn_fact_decider(const struct cairn_fact *fact)
{
    for (struct cairn_registered *at = cairn_known_deciders.first; at; at = at->next) {
        const struct cairn_known_decider *known = (const struct cairn_known_decider *)at;
        if (cairn_fact_is_own(known->decider, fact))
            return known->decider;
    }
    return NULL;
}

/* ---- facts that are stated ---- */

static struct cairn_test_fact *find_fact(struct cairn_deciding *deciding, const char *name)
{
    for (size_t i = 0; i < deciding->fact_count; i++) {
        if (strcmp(deciding->facts[i].name, name) == 0)
            return &deciding->facts[i];
    }
    return NULL;
}

bool cairn_deciding_learn(struct cairn_deciding *deciding, const char *fact, const void *state)
{
    struct cairn_test_fact *known = find_fact(deciding, fact);
    if (!known && deciding->fact_count == CAIRN_TEST_FACTS_MAX)
        return false;
    *(known ? known : &deciding->facts[deciding->fact_count++]) =
        (struct cairn_test_fact){fact, state};
    return true;
}

void cairn_scenario_fact(struct cairn_here here, const char *fact, struct cairn_any state)
{
    struct cairn_deciding *deciding = cairn_scenario_takes(here, "CAIRN_DECIDING", "GIVEN_FACT");
    if (!deciding)
        return;
    const struct cairn_fact *needed = cairn_deciding_fact(deciding->decider, fact);
    if (!needed)
        cairn_scenario_fail(here, "no command of %s needs the fact %s", deciding->decider->category,
                            fact);
    else if (!cairn_record_same(needed->state, state.record))
        cairn_scenario_fail(here, "the struct %s of this test is not that of the decider", fact);
    else if (!cairn_deciding_learn(deciding, fact, cairn_scenario_copy(here.scenario, state)))
        cairn_scenario_fail(here, "more than %d facts", CAIRN_TEST_FACTS_MAX);
}

/* ---- facts that follow from events ---- */

void cairn_fact_learn(struct cairn_scenario *scenario, const struct cairn_fact *fact,
                      const struct cairn_test_event *event, void *state)
{
    const struct cairn_folding folding = cairn_folding_of_fact(fact);
    const struct cairn_record *record = event->type->record;
    const struct cairn_registered *at = fact->learns->first;
    while (at && !cairn_record_same(at->record, record))
        at = at->next;
    if (!at)
        return;
    cairn_running_begin(scenario->step, at->file, at->line, "CAIRN_LEARN(%s, %s)", fact->name,
                        record->name);
    cairn_folding_apply(&folding, event->type, event->event, &scenario->arena, state);
    cairn_running_end();
}

void cairn_deciding_keep(struct cairn_scenario *scenario, const struct cairn_event_type *type,
                         const void *event)
{
    struct cairn_deciding *deciding = scenario->self;
    void **at = cairn_scenario_at_id(&deciding->streams, scenario->id);
    if (!*at)
        *at = cairn_new(&scenario->arena, struct cairn_test_stream, 1);
    struct cairn_test_stream *stream = *at;
    cairn_grow(&scenario->arena, stream->events, stream->count, &stream->capacity);
    stream->events[stream->count++] = (struct cairn_test_event){.type = type, .event = event};
}

/* Folds a stream of the test into the fact. */
static void fold(struct cairn_scenario *scenario, const struct cairn_fact *fact,
                 struct cairn_uuid id, void *state)
{
    const struct cairn_deciding *deciding = scenario->self;
    const struct cairn_test_stream *stream = cairn_map_get(&deciding->streams, cairn_uuid_text(id));
    for (size_t i = 0; stream && i < stream->count; i++)
        cairn_fact_learn(scenario, fact, &stream->events[i], state);
}

void cairn_deciding_fill_facts(struct cairn_scenario *scenario, const struct cairn_need *needs,
                               const void *command, struct cairn_given *given)
{
    struct cairn_deciding *deciding = scenario->self;
    for (int i = 0; i < CAIRN_NEEDS_MAX && needs[i].fact; i++) {
        const struct cairn_fact *fact = needs[i].fact;
        const struct cairn_test_fact *known = find_fact(deciding, fact->name);
        void *state = cairn_arena_alloc(&scenario->arena, fact->state->size, fact->state->align);
        struct cairn_uuid id;
        memcpy(&id, (const char *)command + needs[i].id_offset, sizeof id);
        if (!known && cairn_fact_is_own(deciding->decider, fact))
            fold(scenario, fact, id, state);
        given->facts[i].fact = fact;
        given->facts[i].state = known ? known->state : state;
    }
}
