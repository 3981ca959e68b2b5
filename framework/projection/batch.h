/* batch.h - events folded into the rows they touch, in memory: a range of the log that is followed,
 * what was parked and is tried again, the whole log when a read model is verified.
 *
 * The unit of trouble is (event, key). An event that cannot be applied to a row parks that row's
 * key: the row stays as it was and is marked, and later events of the key queue behind it; other
 * keys of the same event and all else flow. Where nobody can say which rows an event touches - it
 * cannot be decoded, and they are found by its fields - or where the projection says so
 * (CAIRN_POISON_STOPS), the batch ends before the event. */
#ifndef CAIRN_PROJECTION_BATCH_H
#define CAIRN_PROJECTION_BATCH_H

#include "projection/fold.h"
#include "store/store.h"

/* An event that was not applied to the row with this key. */
struct cairn_park {
    const char *key;
    int64_t position;
    struct cairn_uuid event_id;
    const char *reason;
    int64_t attempts; /* 1: it was tried; 0: it only waits for those before it */
};

struct cairn_batch {
    struct cairn_fold fold;
    int64_t position;  /* everything up to here is in the rows, or parked */
    size_t applied;    /* events that were */
    size_t bytes;      /* of the data of the events that were read */
    char problem[512]; /* why the next event stops the projection; "" if all were gone through */
    bool newer;        /* because only a newer release can read it */
    struct cairn_park *parks; /* in the order of the log */
    size_t park_count;
};

/* What is folded, and how. */
struct cairn_batch_events {
    const struct cairn_stored_event *events; /* in the order of the log, of types that matter */
    size_t count;
    int64_t to; /* position of the batch if all are gone through */

    /* Fills in the rows of the fold's map from where they are kept. */
    int (*load)(void *context, struct cairn_fold *fold, struct cairn_error *error);
    /* Whether the event at this position is applied to this key; NULL: always. */
    bool (*wants)(void *context, int64_t position, const char *key);
    void *context;

    /* Known beforehand: PostgreSQL does not take the rows that these events would make. */
    const struct cairn_park *refused;
    size_t refused_count;
};

/* Decodes all, loads all rows at once, applies all. Everything lies in the arena. Returns 0, or
 * what `load` fails with. */
int cairn_batch_fold(const struct cairn_projection *projection,
                     const struct cairn_batch_events *events, struct cairn_arena *arena,
                     struct cairn_batch *ret, struct cairn_error *error) CAIRN_CHECKED;

/* The names of the events that the projection looks at, NULL-terminated. */
const char *const *cairn_projection_types(const struct cairn_projection *projection,
                                          struct cairn_arena *arena);

#endif
