/* step_given.c - makes what else happens in a sequence of a boundary's commands: a part learns from
 * events that other nouns emit. If their noun is a boundary of the program, they are emitted by
 * random commands of it, so that its rules hold; else they are random. */
#include "command/state/part.h"
#include "record/json.h"
#include "testkit/property/steps/steps.h"

#include <string.h>

/* Returns the boundary that emits these events; NULL: it is not part of this program. */
static const struct cairn_decider *boundary_of(const struct cairn_events *events)
{
    for (const struct cairn_registered *at = cairn_known_deciders.first; at; at = at->next) {
        const struct cairn_decider *decider = ((const struct cairn_known_decider *)at)->decider;
        if (decider->overs && strcmp(decider->category, events->category) == 0)
            return decider;
    }
    return NULL;
}

/* Picks an event that a part learns from and the decider does not emit; NULL if there is none. */
static const struct cairn_registered *pick_event(struct cairn_sequence *sequence)
{
    const struct cairn_decider *decider = sequence->deciding->decider;
    const struct cairn_registered *picked = NULL;
    size_t count = 0;
    for (size_t i = 0; i < cairn_part_count(decider); i++) {
        const struct cairn_registered *at = decider->overs[i].part->learns->first;
        for (; at; at = at->next) {
            if (strcmp(at->events->category, decider->category) != 0 &&
                cairn_random_index(&sequence->generator.random, ++count) == 0)
                picked = at;
        }
    }
    return picked;
}

bool cairn_step_make_given(struct cairn_sequence *sequence, struct cairn_step *ret)
{
    struct cairn_generator *generator = &sequence->generator;
    const struct cairn_registered *picked = pick_event(sequence);
    if (!picked)
        return false;
    ret->kind = CAIRN_STEP_GIVEN;
    ret->decider = boundary_of(picked->events);
    if (ret->decider) {
        const struct cairn_commands *commands = ret->decider->commands;
        ret->command = &commands->types[cairn_random_index(&generator->random, commands->count)];
        ret->value = cairn_generate_record(generator, ret->command->record);
    } else {
        ret->event = cairn_events_of(picked->events, picked->record);
        ret->value = cairn_generate_record(generator, ret->event->record);
    }
    return true;
}
