/* rows.h - the rows of a generation in PostgreSQL: loading those of a batch, writing what changed
 * together with the checkpoint. */
#ifndef CAIRN_PROJECTION_ROWS_H
#define CAIRN_PROJECTION_ROWS_H

#include "projection/fold.h"
#include "projection/generation.h"

/* The SQL of one generation, made once. */
struct cairn_rows {
    struct cairn_generation generation;
    const char *load_name, *load_sql;
    const char *write_name, *write_sql;
    const char *page_name, *page_sql;
};

void cairn_rows_init(struct cairn_rows *ret, const struct cairn_generation *generation,
                     struct cairn_arena *arena);

/* Fills in the rows of the fold's map from the table: those that exist, and what is left of those
 * that were deleted. One query. */
int cairn_rows_load(const struct cairn_rows *rows, struct cairn_pg *pg, struct cairn_fold *fold,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Writes the changed rows and moves the checkpoint from `from` to `position`, in one transaction.
 * `stopped` says why it goes no further, or is NULL. Returns 0, or
 *   -CAIRN_CONFLICT  somebody else moved the checkpoint: nothing was written, read it again
 *   -CAIRN_UNKNOWN   the connection was lost in the commit: read the checkpoint to know */
int cairn_rows_write(const struct cairn_rows *rows, struct cairn_pg *pg,
                     const struct cairn_fold *fold, const struct cairn_checkpoint *from,
                     int64_t position, const char *stopped,
                     struct cairn_error *error) CAIRN_CHECKED;

/* At most `limit` rows whose _position lies behind (position, key), in that order: what a copy
 * lacks. `value` is NULL for a row that was deleted. Returns how many. */
struct cairn_page_row {
    const char *key;
    int64_t position;
    int64_t version;
    const char *json;
};
int64_t cairn_rows_page(const struct cairn_rows *rows, struct cairn_pg *pg, int64_t position,
                        const char *key, int64_t limit, struct cairn_arena *arena,
                        const struct cairn_page_row **ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
