/* parked_events.h - the events that a reactor has given up on (cairn.parked_events). */
#ifndef CAIRN_PROCESS_PARKED_EVENTS_H
#define CAIRN_PROCESS_PARKED_EVENTS_H

#include "store/store.h"

struct cairn_parking {
    const char *reactor;
    int64_t fence;
    const struct cairn_stored_event *event;
    int64_t attempts;
    const char *reason;
};

/* Both return 0, or -CAIRN_CONFLICT if another process has taken over the reactor, or an error of
 * postgres.h. Parking is logged. */
int cairn_parked_event_add(struct cairn_pg *pg, const struct cairn_parking *parking,
                           struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;
int cairn_unpark(struct cairn_pg *pg, const struct cairn_parking *parking,
                 struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Reads the positions of the parked events that an operator wants retried, at most 50 at a time.
 * Returns how many. */
int64_t cairn_parked_wanted(struct cairn_pg *pg, const char *reactor, struct cairn_arena *arena,
                            const int64_t **ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
