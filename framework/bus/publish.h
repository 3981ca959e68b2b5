/* publish.h - the steps of a publisher, which its thread (publisher.c) repeats.
 *
 * Ownership: belongs to that thread. */
#ifndef CAIRN_BUS_PUBLISH_H
#define CAIRN_BUS_PUBLISH_H

#include "bus/ledger.h"
#include "bus/publisher.h"
#include "bus/state.h"

struct cairn_publish {
    struct cairn_store *store;
    struct cairn_redis *redis;
    struct cairn_bus_stream *streams;
    size_t count;
    const char **categories; /* of the streams, ended by NULL */
    int64_t keep, cap;
    struct cairn_arena names; /* of the keys, as long as the place */
    struct cairn_arena batch; /* of one step */
    struct cairn_bus_states states;
    struct cairn_bus_place place;
    bool seated;
    int64_t connection; /* of PostgreSQL, that the place was taken on */
    int64_t head;
    int64_t range;    /* positions to publish at once */
    int64_t noted;    /* the position that the ledger has */
    int64_t noted_us; /* monotonic */
    int64_t tended_us;
    char healed[40]; /* why the last seat had to publish again, or "" */
};

/* Takes the place under this fence. Returns 0, or
 *   -CAIRN_CONFLICT  a later owner was quicker
 *   -CAIRN_DIVERGED  the bus belongs to another store or history: a person has to look
 * or that a store is away. */
int cairn_publish_seat(struct cairn_publish *publish, int64_t fence,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Looks at the head and publishes a range. Returns how many entries were added, -1… on failure; and
 * 0 also where all of the range was there or is not published. */
int64_t cairn_publish_range(struct cairn_publish *publish, struct cairn_error *error) CAIRN_CHECKED;

/* What is due: the note, the trimming, the look at Redis. -CAIRN_CONFLICT: take the place again. */
int cairn_publish_tend(struct cairn_publish *publish, bool idle,
                       struct cairn_error *error) CAIRN_CHECKED;

#endif
