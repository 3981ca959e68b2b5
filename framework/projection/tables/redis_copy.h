/* redis_copy.h - the copy of a generation's rows in Redis.
 *
 * Redis holds rows that were committed in PostgreSQL, and a text that names their checkpoint:
 *
 *     EPOCH POSITION FENCE REVISION     the rows are those of PostgreSQL at that checkpoint
 *     EPOCH POSITION FENCE MARK PAGES   the repair MARK is under way and has written PAGES pages
 *     (no key)                          Redis has lost its data, or never had any
 *
 * Invariants
 *  (1) Each write compares this text, in the same Lua call, with the text that it builds on, and
 *      replaces it: so a write happens exactly once, on the state it was made for, or not at all.
 *      (The patrol's writes leave the text unchanged; to repeat one is harmless.)
 *  (2) No row is older than POSITION.
 *  (3) Under a text of the first form the rows are exactly those of the checkpoint.
 *  (4) A new owner of the generation puts its fence, or the mark of a repair, into the text before
 *      it writes any row: a late write of a previous owner finds another text and does nothing.
 *  (5) A repair reads rows only after it has stored its own mark. A mark is used once, and pages
 *      are counted: a page that arrives late - from a process that was frozen, or at a Redis that
 *      has lost its last second - finds another text.
 *
 * Why a repair that is interleaved with batches is correct: it walks the rows by (position, key)
 * without an upper bound, and its last page is read in one snapshot with the checkpoint that it
 * stores. A row that changes after its page was read moves to the end of the walk, and the walk
 * does not finish before it. Rows that change while the position stays (parked events that are
 * retried) get the checkpoint's position and a new revision, so a walk begins at the position of
 * the copy, not behind it.
 *
 * If nothing can be trusted - the text is missing, of another timeline, or ahead of PostgreSQL
 * (which was then restored to an older state) - all rows are removed before the walk: nothing else
 * would remove rows that PostgreSQL does not have.
 *
 * A single row that is missing - evicted, or deleted by hand - is found by the patrol: each second
 * it checks some rows and puts the missing ones back.
 *
 * An unavailable Redis delays nothing: after a failed call, the next waits 250 ms and ten times as
 * long as the failed one took.
 *
 * Ownership: a copy belongs to one thread. */
#ifndef CAIRN_PROJECTION_REDIS_COPY_H
#define CAIRN_PROJECTION_REDIS_COPY_H

#include "projection/tables/rows.h"
#include "redis/redis.h"

enum { CAIRN_COPY_TEXT_SIZE = 160 };

struct cairn_copy {
    struct cairn_redis *redis; /* NULL: there is no copy */
    struct cairn_generation generation;
    const char *row_prefix;
    const char *checkpoint_key;
    bool current;      /* it matched the committed checkpoint when last checked or written */
    int64_t due_us;    /* monotonic: time of the next check or page */
    char problem[200]; /* error of the last call to Redis, or "" */

    struct {
        bool running;
        char text[CAIRN_COPY_TEXT_SIZE]; /* the text stored in Redis last */
        char mark[CAIRN_UUID_TEXT_SIZE];
        int64_t epoch, base, fence; /* first fields of the text; base -1: trust nothing */
        int64_t pages;
        bool sweeping;    /* all rows in Redis are removed before the walk */
        char cursor[24];  /* SCAN cursor of the sweep */
        int64_t position; /* the rows have been walked up to (position, key) */
        char key[CAIRN_KEY_MAX_BYTES + 1];
    } repair;

    struct {
        int64_t due_us;                    /* monotonic */
        char key[CAIRN_KEY_MAX_BYTES + 1]; /* rows up to this key have been checked */
    } patrol;
};

/* Sets the Redis keys of this generation's copy, allocated in the arena, and doubts the copy. */
void cairn_copy_init(struct cairn_copy *copy, const struct cairn_timeline *timeline,
                     const struct cairn_generation *generation, struct cairn_arena *arena);

/* Marks the copy as not current, since another process may have written it: the next call of
 * cairn_copy_tend() checks it, and takes it over or starts a repair. */
void cairn_copy_doubt(struct cairn_copy *copy);

/* Writes the rows of a batch that was committed from `before` to `after`. If the copy is not at
 * `before`, it is marked as not current and will be repaired. */
void cairn_copy_write(struct cairn_copy *copy, const struct cairn_stored_row *changed, size_t count,
                      const struct cairn_checkpoint *before, const struct cairn_checkpoint *after,
                      struct cairn_arena *arena);

/* Does what is due: checks whether Redis still holds what it should, or repairs one more page.
 * `committed` is the checkpoint, which no other process moves while its fence holds. Returns 0 even
 * if Redis is unavailable; an error is PostgreSQL's. */
int cairn_copy_tend(struct cairn_copy *copy, const struct cairn_rows *rows,
                    struct cairn_store *store, const struct cairn_checkpoint *committed,
                    struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* ---- shared by redis_copy.c, copy_upkeep.c, copy_repair.c and copy_patrol.c ---- */

/* Returns the value of a row in Redis; "" if the row has none because it is deleted or parked. */
const char *cairn_copy_value(const struct cairn_copy *copy, int64_t epoch,
                             const struct cairn_stored_row *row, struct cairn_arena *arena);

/* Returns the Redis key of a row. */
const char *cairn_copy_key(const struct cairn_copy *copy, const char *key,
                           struct cairn_arena *arena);

/* Returns "EPOCH POSITION FENCE REVISION". */
const char *cairn_checkpoint_text(struct cairn_arena *arena,
                                  const struct cairn_checkpoint *checkpoint);

/* Replaces the text `before` ("" for no key) by `after` and writes the rows with it; does nothing
 * if Redis has another text. Returns 1 if it was written, 0 if not, or -CAIRN_UNAVAILABLE or
 * -CAIRN_BUG: then it may have been written, and Redis is not called again for a while. */
int cairn_copy_put(struct cairn_copy *copy, const char *before, const char *after, int64_t epoch,
                   const struct cairn_stored_row *rows, size_t count,
                   struct cairn_arena *arena) CAIRN_CHECKED;

/* Executes one command. After a failure Redis is not called again for a while. */
int cairn_copy_ask(struct cairn_copy *copy, const struct cairn_redis_arg *args, size_t count,
                   struct cairn_arena *arena, struct cairn_redis_reply *ret) CAIRN_CHECKED;

/* Reads the text in Redis, "" for no key. Fails as cairn_copy_put does. */
int cairn_copy_get(struct cairn_copy *copy, struct cairn_arena *arena,
                   const char **ret) CAIRN_CHECKED;

/* The first starts a repair by replacing the text `seen`; the second sweeps or copies a page. Both
 * return 1 if something was written, 0 if Redis had another text, or an error; PostgreSQL's is in
 * `error`. */
int cairn_repair_begin(struct cairn_copy *copy, const char *seen,
                       const struct cairn_checkpoint *committed,
                       struct cairn_arena *arena) CAIRN_CHECKED;
int cairn_repair_page(struct cairn_copy *copy, const struct cairn_rows *rows, struct cairn_pg *pg,
                      struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* copy_patrol.c: if it is due, checks whether some rows of a current copy exist, and puts missing
 * ones back. Returns 0 even if Redis is unavailable; an error is PostgreSQL's. */
int cairn_copy_patrol(struct cairn_copy *copy, const struct cairn_rows *rows, struct cairn_pg *pg,
                      const struct cairn_checkpoint *committed, struct cairn_arena *arena,
                      struct cairn_error *error) CAIRN_CHECKED;

/* ---- filling the copy of a generation that is not read yet ---- */

/* Fill a copy that has no text yet with rows that the caller supplies, a page at a time; after
 * cairn_fill_end() the rows are those of the checkpoint. Each returns 1, or 0 or an error as the
 * repair functions do: then the copy is left to a repair. */
int cairn_fill_begin(struct cairn_copy *copy, const struct cairn_checkpoint *at,
                     struct cairn_arena *arena) CAIRN_CHECKED;
int cairn_fill_page(struct cairn_copy *copy, const struct cairn_stored_row *rows, size_t count,
                    struct cairn_arena *arena) CAIRN_CHECKED;
int cairn_fill_end(struct cairn_copy *copy, const struct cairn_checkpoint *at,
                   struct cairn_arena *arena) CAIRN_CHECKED;

/* Removes the checkpoint text, and then a page of the rows, of a generation that is not read any
 * more. `cursor` is the position of the scan: "0" before the first call and after the last. */
int cairn_copy_remove(struct cairn_copy *copy, char *cursor, size_t size,
                      struct cairn_arena *arena) CAIRN_CHECKED;

#endif
