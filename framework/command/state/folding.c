/* folding.c - finds and calls the function that folds an event into a state. */
#include "command/state/folding.h"

#include "record/json.h"

#include <assert.h>

struct cairn_folding cairn_folding_of_decider(const struct cairn_decider *decider)
{
    return (struct cairn_folding){
        .events = decider->events,
        .state = decider->state,
        .evolves = decider->evolves ? decider->evolves() : NULL,
        .kind = decider->category,
        .state_version = decider->state_version,
    };
}

struct cairn_folding cairn_folding_of_fact(const struct cairn_fact *fact)
{
    return (struct cairn_folding){
        .events = fact->events,
        .state = fact->state,
        .learns = fact->learns,
        .kind = fact->name,
        .state_version = fact->state_version,
    };
}

static const struct cairn_learns *find_learns(const struct cairn_handlers *learns,
                                              const struct cairn_record *record)
{
    for (const struct cairn_registered *at = learns->first; at; at = at->next) {
        if (cairn_record_same(at->record, record))
            return (const struct cairn_learns *)at;
    }
    return NULL;
}

void cairn_folding_apply(const struct cairn_folding *folding, const struct cairn_event_type *type,
                         const void *event, struct cairn_arena *arena, void *state)
{
    uint32_t at = 0;
    while (folding->evolves && at < folding->events->count) {
        if (type == &folding->events->types[at] ||
            cairn_record_same(folding->events->types[at].record, type->record)) {
            folding->evolves[at]->evolve(state, event, arena);
            return;
        }
        at++;
    }
    assert(folding->learns);
    const struct cairn_learns *learns = find_learns(folding->learns, type->record);
    if (learns)
        learns->evolve(state, event, arena);
}
