/* row_table.h - a compact hash table of rows of a read model, in memory: each row is one block with
 * its key, its struct and what that points to.
 *
 * Ownership: a row_table belongs to one thread at a time. */
#ifndef CAIRN_PROJECTION_ROW_TABLE_H
#define CAIRN_PROJECTION_ROW_TABLE_H

#include "projection/tables/rows.h"

struct cairn_row_table_row {
    uint64_t hash;
    int64_t position;
    int64_t version;
    size_t bytes; /* of the whole block */
    bool exists;
    bool parked;
    const char *key;
    const void *value; /* of the projection's row type; zeroed while there is no row */
};

struct cairn_row_table {
    const struct cairn_projection *projection;
    struct cairn_row_table_row **slots; /* NULL: free */
    size_t slot_count;
    size_t count;
    size_t bytes; /* of all blocks and slots */
};

/* Returns the row, or NULL; valid until the row is put again. */
const struct cairn_row_table_row *cairn_row_table_get(const struct cairn_row_table *row_table,
                                                      uint64_t hash, const char *key);

/* Copies a row of a fold, which may point into the row_table's previous row of the key, and
 * replaces that. */
void cairn_row_table_put(struct cairn_row_table *row_table, uint64_t hash,
                         const struct cairn_fold_row *row);

/* Fills in the row of the fold from the row_table, if the row_table has its key. */
void cairn_row_table_load(const struct cairn_row_table *row_table, uint64_t hash,
                          struct cairn_fold_row *ret);

/* Returns the row as it is stored, with its JSON in the arena. */
struct cairn_stored_row cairn_row_table_stored(const struct cairn_row_table *row_table,
                                               const struct cairn_row_table_row *row,
                                               struct cairn_arena *arena);

/* Frees all rows; the row_table is then empty and can be reused. */
void cairn_row_table_clear(struct cairn_row_table *row_table);

#endif
