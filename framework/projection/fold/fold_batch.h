/* fold_batch.h - folds events into the rows they touch, in memory: a range of the followed log,
 * parked events that are retried, or the whole log when a read model is verified.
 *
 * The unit of failure is (event, key). An event that cannot be applied to a row parks that row's
 * key: the row is marked and otherwise unchanged, and later events of the key queue behind it;
 * other keys of the same event, and all other events, are applied. The batch ends before an event
 * whose rows cannot be determined (it cannot be decoded, and its keys come from its fields), and
 * before any event that cannot be applied if the projection says so (CAIRN_POISON_STOPS). */
#ifndef CAIRN_PROJECTION_FOLD_BATCH_H
#define CAIRN_PROJECTION_FOLD_BATCH_H

#include "projection/fold/fold.h"
#include "store/store.h"

/* An event that was not applied to the row with this key. */
struct cairn_park {
    const char *key;
    int64_t position;
    struct cairn_uuid event_id;
    const char *reason;
    int64_t attempts; /* 1: it was tried; 0: it only waits for earlier events */
};

struct cairn_fold_batch {
    struct cairn_fold fold;
    int64_t position;  /* everything up to here is in the rows, or parked */
    size_t applied;    /* events that were applied, or parked */
    size_t bytes;      /* of the data of the events that were read */
    char problem[512]; /* why the next event stops the projection; "" if all events were folded */
    bool newer;        /* the problem is an event that only a newer release can read */
    struct cairn_park *parks; /* in log order */
    size_t park_count;
    struct cairn_time newest; /* when the last event up to `position` was recorded; 0: none */
    const struct cairn_batch_trace *trace; /* follow/batch_trace.h: NULL: not recorded */
};

/* The input of cairn_fold_events(). */
struct cairn_fold_input {
    const struct cairn_stored_event *events; /* in log order, of the projection's types */
    size_t count;
    int64_t to; /* position of the batch if no event stops it */

    /* Fills in the rows of the fold's map from their store. */
    int (*load)(void *context, struct cairn_fold *fold, struct cairn_error *error);
    /* Returns whether the event at this position is applied to this key; NULL: always. */
    bool (*wants)(void *context, int64_t position, const char *key);
    void *context;

    /* Events known beforehand to produce rows that PostgreSQL refuses. */
    const struct cairn_park *refused;
    size_t refused_count;
};

/* Decodes all events, loads all rows in one call, applies all events. Results are allocated in the
 * arena. Returns 0, or the error of `load`. */
int cairn_fold_events(const struct cairn_projection *projection,
                      const struct cairn_fold_input *events, struct cairn_arena *arena,
                      struct cairn_fold_batch *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Returns the NULL-terminated names of the event types that the projection handles. */
const char *const *cairn_projection_types(const struct cairn_projection *projection,
                                          struct cairn_arena *arena);

#endif
