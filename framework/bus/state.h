/* bus/state.h - the state that an event left behind, for events that carry it (publication.h).
 *
 * It is folded from the events of the stream, in order, with the functions of the projection. What
 * was folded is kept, as long as it is not too much, so that a stream that moves is not read from
 * its beginning each time.
 *
 * Ownership: belongs to one thread. */
#ifndef CAIRN_BUS_STATE_FOLD_H
#define CAIRN_BUS_STATE_FOLD_H

#include "core/map.h"
#include "store/store.h"

#include <cairn/publication.h>

struct cairn_bus_states {
    struct cairn_arena arena; /* of what is kept */
    struct cairn_map by_stream;
};

/* Can the projection say the state of the events' streams? Returns 0 or -CAIRN_BUG. */
int cairn_bus_state_check(const struct cairn_publication *publication,
                          struct cairn_error *error) CAIRN_CHECKED;

/* The state after the event, a row of the publication's projection; NULL where there is none. It
 * lives until the next call. Returns 0, or
 *   -CAIRN_NEWER_EVENT, -CAIRN_UNREADABLE  the event, or one before it, cannot be decoded
 * or what reading the stream says. */
int cairn_bus_state(struct cairn_bus_states *states, struct cairn_store *store,
                    const struct cairn_publication *publication,
                    const struct cairn_stored_event *event, struct cairn_arena *arena,
                    const void **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Forgets what was kept, if it has become too much or `all`. */
void cairn_bus_states_trim(struct cairn_bus_states *states, bool all);

#endif
