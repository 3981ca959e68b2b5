/* shelf.h - some of the rows of a read model, in memory, as small as they can be: each is one block
 * with its key, its struct and what that points to.
 *
 * Ownership: a shelf belongs to one thread at a time. */
#ifndef CAIRN_PROJECTION_SHELF_H
#define CAIRN_PROJECTION_SHELF_H

#include "projection/rows.h"

struct cairn_shelf_row {
    uint64_t hash;
    int64_t position;
    int64_t version;
    size_t bytes; /* of the whole block */
    bool exists;
    bool parked;
    const char *key;
    const void *value; /* of the projection's row type; zeroed while there is no row */
};

struct cairn_shelf {
    const struct cairn_projection *projection;
    struct cairn_shelf_row **slots; /* NULL is free */
    size_t slot_count;
    size_t count;
    size_t bytes; /* of all blocks and slots */
};

/* The row, or NULL; valid until it is put the next time. */
const struct cairn_shelf_row *cairn_shelf_get(const struct cairn_shelf *shelf, uint64_t hash,
                                              const char *key);

/* Copies a row of a fold, which may point into the row that was there before. */
void cairn_shelf_put(struct cairn_shelf *shelf, uint64_t hash, const struct cairn_fold_row *row);

/* The row of the fold as the shelf has it, if it has it. */
void cairn_shelf_load(const struct cairn_shelf *shelf, uint64_t hash, struct cairn_fold_row *ret);

/* What is stored of a row, with its JSON in the arena. */
struct cairn_stored_row cairn_shelf_stored(const struct cairn_shelf *shelf,
                                           const struct cairn_shelf_row *row,
                                           struct cairn_arena *arena);

/* Gives all rows back; it is empty then, and can be used again. */
void cairn_shelf_clear(struct cairn_shelf *shelf);

#endif
