/* publish.h - the steps of a publisher, which its thread (publisher.c) repeats.
 *
 * Ownership: belongs to that thread. */
#ifndef CAIRN_BUS_PUBLISH_H
#define CAIRN_BUS_PUBLISH_H

#include "bus/publish/bus_ledger.h"
#include "bus/publish/publisher.h"
#include "bus/publish/state.h"

struct cairn_publish {
    struct cairn_store *store;
    struct cairn_redis *redis;
    struct cairn_bus_stream *streams;
    size_t count;
    const char **categories; /* of the streams, NULL-terminated */
    int64_t keep, cap;
    struct cairn_arena names;      /* of the keys; valid as long as the place */
    struct cairn_arena step_arena; /* of one step */
    struct cairn_bus_states states;
    struct cairn_bus_place place;
    bool seated;
    int64_t connection; /* generation of the PostgreSQL connection of the place */
    int64_t head;
    int64_t range;    /* positions to publish at once */
    int64_t noted;    /* the position in the ledger */
    int64_t noted_us; /* monotonic */
    int64_t tended_us;
    char healed[40]; /* why the last seat had to publish again, or "" */
};

/* Takes over the bus with this fence. Returns 0, or
 *   -CAIRN_CONFLICT  a later owner has taken it over
 *   -CAIRN_DIVERGED  the bus belongs to another store or history: an operator has to look
 * or the error of an unreachable store. */
int cairn_publish_seat(struct cairn_publish *publish, int64_t fence,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Reads the head and publishes a range. Returns how many entries were added, a negative code on
 * failure; 0 also if the whole range was there already or is not published. */
int64_t cairn_publish_range(struct cairn_publish *publish, struct cairn_error *error) CAIRN_CHECKED;

/* Does what is due: records the place, trims, checks Redis. -CAIRN_CONFLICT: seat again. */
int cairn_publish_tend(struct cairn_publish *publish, bool idle,
                       struct cairn_error *error) CAIRN_CHECKED;

#endif
