/* fold.h - the pure part of a projection: which rows an event touches, and how it changes them.
 *
 * The live engine, a rebuild, a verification and the test kit all fold with these functions. They
 * use no database: the caller puts the existing rows into the map first. */
#ifndef CAIRN_PROJECTION_FOLD_H
#define CAIRN_PROJECTION_FOLD_H

#include "core/containers/map.h"

#include <cairn/projection.h>

#include <stdbool.h>

enum { CAIRN_KEY_MAX_BYTES = 200 };

struct cairn_keys {
    struct cairn_arena *arena;
    const char **keys;
    size_t count;
    const struct cairn_record *record; /* of the projection's keys, or NULL */
    const char *wrong;                 /* why a key cannot be one: not applicable; or NULL */
};

struct cairn_fold_row {
    const char *key;
    void *value;      /* a struct of the projection's row type, zeroed while there is no row */
    bool exists;      /* the row exists now */
    bool changed;     /* since it was added to the map */
    bool parked;      /* an event could not be applied to it */
    int64_t position; /* of the event that changed it last */
    int64_t version;  /* of the stream whose id is the key, 0 for any other key */
};

struct cairn_fold {
    const struct cairn_projection *projection;
    struct cairn_arena *arena;
    struct cairn_map rows; /* key -> struct cairn_fold_row */
};

struct cairn_fold cairn_fold(const struct cairn_projection *projection, struct cairn_arena *arena);

/* Returns the keys of the rows that `event` touches, in the fold's arena, without duplicates. */
struct cairn_keys cairn_fold_keys(const struct cairn_fold *fold, const struct cairn_on *on,
                                  const void *event, const struct cairn_meta *meta);

/* Returns the row with this key; adds it (zeroed, not existing) if the map does not have it. */
struct cairn_fold_row *cairn_fold_row(struct cairn_fold *fold, const char *key);

/* Applies the event to one row. The row may point to texts of the event, which must live as long as
 * the fold's arena. Returns the result of `on->apply`, which may have set `why` by cairn_park(). */
enum cairn_row cairn_fold_apply(struct cairn_fold *fold, const struct cairn_on *on,
                                const void *event, const struct cairn_meta *meta,
                                struct cairn_fold_row *row, struct cairn_error *why);

#endif
