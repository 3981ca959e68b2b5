/* folding.h - how the events of a stream are folded into a state: by a decider, or for a fact. */
#ifndef CAIRN_COMMAND_FOLDING_H
#define CAIRN_COMMAND_FOLDING_H

#include "core/containers/arena.h"

#include <cairn/decider.h>

struct cairn_part;
struct cairn_snapshots;

struct cairn_folding {
    const struct cairn_events *events;
    const struct cairn_record *state;
    const struct cairn_evolves *const *evolves; /* of a decider: one for each of `events` */
    const struct cairn_handlers *learns;        /* of a fact, or a part */
    const struct cairn_part *part;              /* NULL unless it is of a part; then no `events` */
    const char *kind; /* names the fold in snapshots and metrics: "order", "order:order_customer" */
    int state_version;
    struct cairn_snapshots *snapshots; /* NULL: the stream is read from its first event */
};

struct cairn_emitted {
    const struct cairn_event_type *type;
    const void *event; /* a struct of its record */
};

/* Return the folding of a decider and of a fact; the caller sets `kind` and `snapshots`. */
struct cairn_folding cairn_folding_of_decider(const struct cairn_decider *decider);
struct cairn_folding cairn_folding_of_fact(const struct cairn_fact *fact);

/* Applies an event to the state. `type` is one of the folding's events. The state may then point
 * into the event and the arena. */
void cairn_folding_apply(const struct cairn_folding *folding, const struct cairn_event_type *type,
                         const void *event, struct cairn_arena *arena, void *state);

#endif
