/* fold.h - the pure part of a projection: which rows an event touches, and what becomes of them.
 *
 * The live engine, a rebuild, a verification and the test kit all fold by these functions. They
 * know no database: whoever folds puts the rows that exist into the map first. */
#ifndef CAIRN_PROJECTION_FOLD_H
#define CAIRN_PROJECTION_FOLD_H

#include "core/map.h"

#include <cairn/projection.h>

#include <stdbool.h>

enum { CAIRN_KEY_MAX_BYTES = 200 };

struct cairn_keys {
    struct cairn_arena *arena;
    const char **keys;
    size_t count;
    bool too_long; /* one was longer than CAIRN_KEY_MAX_BYTES: the event cannot be applied */
};

struct cairn_fold_row {
    const char *key;
    void *value;      /* a struct of the projection's row type, zeroed while there is no row */
    bool exists;      /* there is a row now */
    bool changed;     /* since it was put into the map */
    bool parked;      /* an event could not be applied to it */
    int64_t position; /* of the event that changed it last */
    int64_t version;  /* of the stream it is keyed by, 0 where it is keyed otherwise */
};

struct cairn_fold {
    const struct cairn_projection *projection;
    struct cairn_arena *arena;
    struct cairn_map rows; /* key -> struct cairn_fold_row */
};

struct cairn_fold cairn_fold(const struct cairn_projection *projection, struct cairn_arena *arena);

/* What the projection does with an event of this category and type name; NULL if it ignores it.
 * *ret_type, if not NULL, is how to decode it. */
const struct cairn_on *cairn_fold_on(const struct cairn_projection *projection,
                                     const char *category, const char *type,
                                     const struct cairn_event_type **ret_type);

/* The keys of the rows that `event` touches, in the arena of the fold. A key named twice counts
 * once. */
struct cairn_keys cairn_fold_keys(const struct cairn_fold *fold, const struct cairn_on *on,
                                  const void *event, const struct cairn_meta *meta);

/* The row with this key, made (zeroed, not existing) if the map lacks it. */
struct cairn_fold_row *cairn_fold_row(struct cairn_fold *fold, const char *key);

/* Applies the event to one row. The row takes the text that the event points to: both must live
 * in the fold's arena or longer. Returns what apply said. */
enum cairn_row cairn_fold_apply(struct cairn_fold *fold, const struct cairn_on *on,
                                const void *event, const struct cairn_meta *meta,
                                struct cairn_fold_row *row);

#endif
