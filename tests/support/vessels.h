/* vessels.h - a small domain for tests of the bus: pots publish full events, jars thin ones with
 * their callers, vases their state.
 *
 * The header contains definitions, so only one file of a test includes it, and not with pots.h. */
#ifndef VESSELS_H
#define VESSELS_H

#include <cairn/projection.h>
#include <cairn/publication.h>

CAIRN_STRUCT(filled, INT(litres));
CAIRN_STRUCT(broken);

#define EVENTS(noun) CAIRN_EVENTS(noun, EVENT(filled, "Filled", 1), EVENT(broken, "Broken", 1))
EVENTS(pot);
EVENTS(jar);
EVENTS(vase);

CAIRN_STRUCT(vases, UUID(vase_id), INT(litres));
CAIRN_PROJECTION(vases, .version = 1);

CAIRN_ON(vases, vase, filled)
{
    row->vase_id = meta->id;
    row->litres += event->litres;
    return event->litres == 0 ? CAIRN_SKIP : CAIRN_KEEP;
}

CAIRN_ON(vases, vase, broken)
{
    return CAIRN_DELETE;
}

static const struct cairn_publication pots = {.events = &pot_events};
static const struct cairn_publication jars = {
    .events = &jar_events, .style = CAIRN_BUS_THIN, .shows_actor = true};
static const struct cairn_publication vases = {
    .events = &vase_events, .style = CAIRN_BUS_STATE, .state = &vases_projection};
static const struct cairn_publication *const publications[] = {&pots, &jars, &vases};

#endif
