/* vessels.h - a small domain for tests of the bus: pots publish full events, jars thin ones, vases
 * their state.
 *
 * The header contains definitions, so only one file of a test includes it, and not with pots.h. */
#ifndef VESSELS_H
#define VESSELS_H

#include <cairn/projection.h>
#include <cairn/publication.h>

struct filled {
    int64_t litres;
};
CAIRN_RECORD(filled, CAIRN_FIELD(filled, litres));
struct broken {
    CAIRN_NO_FIELDS;
};
CAIRN_EMPTY_RECORD(broken);

#define EVENTS(noun)                                                                               \
    struct noun##_event {                                                                          \
        enum { noun##_FILLED = 1, noun##_BROKEN } type;                                            \
        union {                                                                                    \
            struct filled filled;                                                                  \
            struct broken broken;                                                                  \
        } as;                                                                                      \
    };                                                                                             \
    CAIRN_EVENTS(noun, CAIRN_EVENT(noun, noun##_FILLED, filled, "Filled", 1),                      \
                 CAIRN_EVENT(noun, noun##_BROKEN, broken, "Broken", 1))
EVENTS(pot);
EVENTS(jar);
EVENTS(vase);

struct vases {
    struct cairn_uuid vase_id;
    int64_t litres;
};
CAIRN_RECORD(vases, CAIRN_FIELD(vases, vase_id), CAIRN_FIELD(vases, litres));

static enum cairn_row vase_filled(struct vases *row, const struct filled *event,
                                  const struct cairn_meta *meta)
{
    row->vase_id = meta->id;
    row->litres += event->litres;
    return event->litres == 0 ? CAIRN_SKIP : CAIRN_KEEP;
}
CAIRN_ON(vases, vase, filled, vase_filled);

static enum cairn_row vase_broken(struct vases *row, const struct broken *event,
                                  const struct cairn_meta *meta)
{
    (void)row;
    (void)event;
    (void)meta;
    return CAIRN_DELETE;
}
CAIRN_ON(vases, vase, broken, vase_broken);
CAIRN_PROJECTION(vases, .version = 1, CAIRN_ON_LIST(&vases_on_filled, &vases_on_broken));

static const struct cairn_publication pots = {.events = &pot_events};
static const struct cairn_publication jars = {.events = &jar_events, .style = CAIRN_BUS_THIN};
static const struct cairn_publication vases = {
    .events = &vase_events, .style = CAIRN_BUS_STATE, .state = &vases_projection};
static const struct cairn_publication *const publications[] = {&pots, &jars, &vases};

#endif
