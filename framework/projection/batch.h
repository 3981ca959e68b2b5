/* batch.h - a range of the log folded into the rows it touches, in memory. */
#ifndef CAIRN_PROJECTION_BATCH_H
#define CAIRN_PROJECTION_BATCH_H

#include "projection/fold.h"
#include "projection/rows.h"

struct cairn_batch {
    struct cairn_fold fold;
    int64_t position;  /* everything up to here is in the rows */
    size_t applied;    /* events that were */
    size_t bytes;      /* of the data of the events that were read */
    char problem[512]; /* why the next event cannot be applied; "" if the range was folded whole */
    bool newer;        /* because only a newer release can read it */
};

/* Reads the events at positions from + 1 to `to`, loads the rows they touch, applies them in order.
 * An event that cannot be applied ends the batch before it and is its problem; rows that it had
 * begun to change are as before. Everything lies in the arena. Fails if PostgreSQL is away, or
 * refuses what the range asks of it. */
int cairn_batch_fold(const struct cairn_rows *rows, struct cairn_store *store, int64_t from,
                     int64_t to, struct cairn_arena *arena, struct cairn_batch *ret,
                     struct cairn_error *error) CAIRN_CHECKED;

/* The names of the events that the projection looks at, NULL-terminated. */
const char *const *cairn_projection_types(const struct cairn_projection *projection,
                                          struct cairn_arena *arena);

#endif
