/* rows.h - the rows of a generation in PostgreSQL: loading those of a batch, writing what changed
 * together with the checkpoint, paging through what a copy lacks. */
#ifndef CAIRN_PROJECTION_ROWS_H
#define CAIRN_PROJECTION_ROWS_H

#include "projection/fold.h"
#include "projection/generation.h"

/* The statements of one generation, made once. */
struct cairn_rows {
    struct cairn_generation generation;
    struct cairn_statement load;
    struct cairn_statement write;
    struct cairn_statement page;
};

/* A row as it is stored. `json` is what a query answers; NULL: the row was deleted. */
struct cairn_stored_row {
    const char *key;
    int64_t position;
    int64_t version;
    bool parked;
    const char *json;
};

void cairn_rows_init(struct cairn_rows *ret, const struct cairn_generation *generation,
                     struct cairn_arena *arena);

/* Fills in the rows of the fold's map from the table: those that exist, and what is left of those
 * that were deleted. One query. */
int cairn_rows_load(const struct cairn_rows *rows, struct cairn_pg *pg, struct cairn_fold *fold,
                    struct cairn_error *error) CAIRN_CHECKED;

/* The rows that the fold has changed, in its arena. Returns how many. */
size_t cairn_rows_changed(const struct cairn_fold *fold, const struct cairn_stored_row **ret);

/* Writes rows and moves the checkpoint from `from` to `position`, in one statement. `stopped` says
 * why it goes no further, or is NULL. Returns 0, or
 *   -CAIRN_CONFLICT     somebody else moved the checkpoint, or the log is not the one that it
 *                       stands on: nothing was written
 *   -CAIRN_UNAVAILABLE  PostgreSQL is away: only the checkpoint tells what became of it
 *   others              PostgreSQL refused a row; nothing was written */
int cairn_rows_write(const struct cairn_rows *rows, struct cairn_pg *pg,
                     const struct cairn_stored_row *changed, size_t count,
                     const struct cairn_checkpoint *from, int64_t position, const char *stopped,
                     struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* At most `limit` rows behind (position, key), in that order, those that were deleted too; and the
 * checkpoint of the same snapshot. Returns how many. */
int64_t cairn_rows_page(const struct cairn_rows *rows, struct cairn_pg *pg, int64_t position,
                        const char *key, int64_t limit, struct cairn_arena *arena,
                        const struct cairn_stored_row **ret, struct cairn_checkpoint *ret_at,
                        struct cairn_error *error) CAIRN_CHECKED;

#endif
