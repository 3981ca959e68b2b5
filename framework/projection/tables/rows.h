/* rows.h - the rows of a generation in PostgreSQL: loads those of a batch, writes changed rows
 * together with the checkpoint, pages through rows that a copy lacks.
 *
 * Permission to write is checked here and in generation.h: each write compares the checkpoint's
 * epoch, position and fence in its own transaction, in one round trip. So an owner that was frozen
 * is refused, and holds no lock while it is frozen. */
#ifndef CAIRN_PROJECTION_ROWS_H
#define CAIRN_PROJECTION_ROWS_H

#include "projection/fold/fold_batch.h"
#include "projection/tables/generation.h"

/* The prepared statements of one generation. */
struct cairn_rows {
    struct cairn_generation generation;
    struct cairn_statement load;
    struct cairn_statement write;
    struct cairn_statement write_and_park; /* the same, for a batch that parks something */
    struct cairn_statement put;            /* rows alone */
    struct cairn_statement retry;          /* a row and the results of its parked events */
    struct cairn_statement parked;         /* number of parked keys, next request: parked_rows.h */
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

/* Fills in the rows of the fold's map from the table, with one query: existing rows, and the
 * position, version and mark of deleted ones. */
int cairn_rows_load(const struct cairn_rows *rows, struct cairn_pg *pg, struct cairn_fold *fold,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Lists the rows that the fold has changed, in its arena. Returns their number. */
size_t cairn_rows_changed(const struct cairn_fold *fold, const struct cairn_stored_row **ret);

/* The result of a batch: changed rows, parked events, and its last position. */
struct cairn_rows_change {
    const struct cairn_stored_row *rows;
    size_t count;
    const struct cairn_park *parks;
    size_t park_count;
    int64_t position;
    const char *stopped; /* why the generation does not advance further, or NULL */
};

/* Writes rows and parked events and moves the checkpoint from `from`, in one statement. Returns 0,
 * or
 *   -CAIRN_CONFLICT     another process has taken over or moved the checkpoint, or the checkpoint
 *                       is not of this log: nothing was written
 *   -CAIRN_UNAVAILABLE  PostgreSQL failed: read the checkpoint to learn whether it was written
 *   others              PostgreSQL refused a row: nothing was written */
int cairn_rows_write(const struct cairn_rows *rows, struct cairn_pg *pg,
                     const struct cairn_rows_change *change, const struct cairn_checkpoint *from,
                     struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Tries to write the row in a transaction that is rolled back. Returns 0, or why PostgreSQL refuses
 * the row. */
int cairn_rows_try(const struct cairn_rows *rows, struct cairn_pg *pg,
                   const struct cairn_stored_row *row, struct cairn_arena *arena,
                   struct cairn_error *error) CAIRN_CHECKED;

/* Writes the result of retried parked events of one key: those up to `through` were applied or
 * skipped, `failed` (NULL: none) is the first that failed, and with `goes_on` there are more to be
 * retried. The checkpoint keeps its position and gets the next revision. Fails as cairn_rows_write
 * does. */
struct cairn_rows_retry {
    const struct cairn_stored_row *row;
    int64_t through;
    int64_t skipped; /* position of the skipped event; 0: none */
    const struct cairn_park *failed;
    bool goes_on;
};
int cairn_rows_retry(const struct cairn_rows *rows, struct cairn_pg *pg,
                     const struct cairn_rows_retry *retry, const struct cairn_checkpoint *from,
                     struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Reads at most `limit` rows after (position, key), in that order, including deleted ones; and the
 * checkpoint of the same snapshot. Returns the number of rows. */
int64_t cairn_rows_page(const struct cairn_rows *rows, struct cairn_pg *pg, int64_t position,
                        const char *key, int64_t limit, struct cairn_arena *arena,
                        const struct cairn_stored_row **ret, struct cairn_checkpoint *ret_at,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Reads at most `limit` rows after `key`, in key order, including deleted ones. Returns their
 * number. */
int64_t cairn_rows_walk(const struct cairn_rows *rows, struct cairn_pg *pg, const char *key,
                        int64_t limit, struct cairn_arena *arena,
                        const struct cairn_stored_row **ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Reads at most `limit` keys after `key`, in order, of rows that a copy must have: not deleted and
 * not parked. Returns their number. */
int64_t cairn_rows_keys(const struct cairn_rows *rows, struct cairn_pg *pg, const char *key,
                        int64_t limit, struct cairn_arena *arena, const char ***ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Reads the row with this key as it is stored; `json` is NULL if it was deleted or never existed.
 */
int cairn_rows_get(const struct cairn_rows *rows, struct cairn_pg *pg, const char *key,
                   struct cairn_arena *arena, struct cairn_stored_row *ret,
                   struct cairn_error *error) CAIRN_CHECKED;

#endif
