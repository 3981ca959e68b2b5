/* rows.h - the rows of a generation in PostgreSQL: loading those of a batch, writing what changed
 * together with the checkpoint, paging through what a copy lacks.
 *
 * Who may write is decided here and in generation.h: each write compares the checkpoint's epoch,
 * position and fence in its own transaction, in one round trip. So an owner that was frozen is
 * refused, and holds no lock while it is frozen. */
#ifndef CAIRN_PROJECTION_ROWS_H
#define CAIRN_PROJECTION_ROWS_H

#include "projection/batch.h"
#include "projection/generation.h"

/* The statements of one generation, made once. */
struct cairn_rows {
    struct cairn_generation generation;
    struct cairn_statement load;
    struct cairn_statement write;
    struct cairn_statement write_and_park; /* the same, for a batch that parks something */
    struct cairn_statement put;            /* rows alone */
    struct cairn_statement retry;          /* rows and what becomes of parked events */
    struct cairn_statement parked;         /* how many, and what is asked: parked.h */
    struct cairn_statement page;
    struct cairn_statement walk;
    struct cairn_statement keys;
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

/* What a batch has made of the rows, and how far it came. */
struct cairn_rows_change {
    const struct cairn_stored_row *rows;
    size_t count;
    const struct cairn_park *parks;
    size_t park_count;
    int64_t position;
    const char *stopped; /* why it goes no further, or NULL */
};

/* Writes rows and parked events and moves the checkpoint from `from`, in one statement. Returns 0,
 * or
 *   -CAIRN_CONFLICT     somebody else has taken over or moved the checkpoint, or the log is not the
 *                       one that it stands on: nothing was written
 *   -CAIRN_UNAVAILABLE  PostgreSQL is away: only the checkpoint tells what became of it
 *   others              PostgreSQL refused a row; nothing was written */
int cairn_rows_write(const struct cairn_rows *rows, struct cairn_pg *pg,
                     const struct cairn_rows_change *change, const struct cairn_checkpoint *from,
                     struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Would PostgreSQL take this row? Writes nothing. Returns 0, or why not. */
int cairn_rows_try(const struct cairn_rows *rows, struct cairn_pg *pg,
                   const struct cairn_stored_row *row, struct cairn_arena *arena,
                   struct cairn_error *error) CAIRN_CHECKED;

/* Parked events of one key that were tried again: those up to `through` are applied or skipped,
 * `failed` (NULL: none) is in the way now, and with `goes_on` there are more to be tried. The
 * checkpoint keeps its position and gets the next revision. Fails as cairn_rows_write does. */
struct cairn_rows_retry {
    const struct cairn_stored_row *row;
    int64_t through;
    int64_t skipped; /* position of the one that was not applied; 0: all were */
    const struct cairn_park *failed;
    bool goes_on;
};
int cairn_rows_retry(const struct cairn_rows *rows, struct cairn_pg *pg,
                     const struct cairn_rows_retry *retry, const struct cairn_checkpoint *from,
                     struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* At most `limit` rows behind (position, key), in that order, those that were deleted too; and the
 * checkpoint of the same snapshot. Returns how many. */
int64_t cairn_rows_page(const struct cairn_rows *rows, struct cairn_pg *pg, int64_t position,
                        const char *key, int64_t limit, struct cairn_arena *arena,
                        const struct cairn_stored_row **ret, struct cairn_checkpoint *ret_at,
                        struct cairn_error *error) CAIRN_CHECKED;

/* At most `limit` rows behind a key, in the order of the keys, those that were deleted too. Returns
 * how many. */
int64_t cairn_rows_walk(const struct cairn_rows *rows, struct cairn_pg *pg, const char *key,
                        int64_t limit, struct cairn_arena *arena,
                        const struct cairn_stored_row **ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* At most `limit` keys behind a key, in their order, of rows that a copy has to have: not deleted
 * and not parked. Returns how many. */
int64_t cairn_rows_keys(const struct cairn_rows *rows, struct cairn_pg *pg, const char *key,
                        int64_t limit, struct cairn_arena *arena, const char ***ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* The row with this key as it is stored: with `json` NULL if it was deleted or never was. */
int cairn_rows_get(const struct cairn_rows *rows, struct cairn_pg *pg, const char *key,
                   struct cairn_arena *arena, struct cairn_stored_row *ret,
                   struct cairn_error *error) CAIRN_CHECKED;

#endif
