/* state.h - the state after an event, for events that carry it (publication.h).
 *
 * The state is folded from the events of the stream, in order, with the functions of the
 * projection. Folded states are cached, up to 32 MiB, so that an active stream is not read from its
 * beginning each time.
 *
 * Ownership: belongs to one thread. */
#ifndef CAIRN_BUS_STATE_H
#define CAIRN_BUS_STATE_H

#include "core/containers/map.h"
#include "store/store.h"

#include <cairn/publication.h>

struct cairn_bus_states {
    struct cairn_arena arena; /* of the cached states */
    struct cairn_map by_stream;
};

/* Checks that the projection can state the events' streams. Returns 0 or -CAIRN_BUG. */
int cairn_bus_state_check(const struct cairn_publication *publication,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Computes the state after the event, a row of the publication's projection; NULL if there is none.
 * The row is valid until the next call. Returns 0, or
 *   -CAIRN_NEWER_EVENT, -CAIRN_UNREADABLE  the event, or one before it, cannot be decoded
 * or the error of reading the stream. */
int cairn_bus_state(struct cairn_bus_states *states, struct cairn_store *store,
                    const struct cairn_publication *publication,
                    const struct cairn_stored_event *event, struct cairn_arena *arena,
                    const void **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Discards the cached states, if they have become too large or `all`. */
void cairn_bus_states_trim(struct cairn_bus_states *states, bool all);

#endif
