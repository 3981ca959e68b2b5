/* shelf.h - a compact hash table of rows of a read model, in memory: each row is one block with its
 * key, its struct and what that points to.
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
    struct cairn_shelf_row **slots; /* NULL: free */
    size_t slot_count;
    size_t count;
    size_t bytes; /* of all blocks and slots */
};

/* Returns the row, or NULL; valid until the row is put again. */
const struct cairn_shelf_row *cairn_shelf_get(const struct cairn_shelf *shelf, uint64_t hash,
                                              const char *key);

/* Copies a row of a fold, which may point into the shelf's previous row of the key, and replaces
 * that. */
void cairn_shelf_put(struct cairn_shelf *shelf, uint64_t hash, const struct cairn_fold_row *row);

/* Fills in the row of the fold from the shelf, if the shelf has its key. */
void cairn_shelf_load(const struct cairn_shelf *shelf, uint64_t hash, struct cairn_fold_row *ret);

/* Returns the row as it is stored, with its JSON in the arena. */
struct cairn_stored_row cairn_shelf_stored(const struct cairn_shelf *shelf,
                                           const struct cairn_shelf_row *row,
                                           struct cairn_arena *arena);

/* Frees all rows; the shelf is then empty and can be reused. */
void cairn_shelf_clear(struct cairn_shelf *shelf);

#endif
