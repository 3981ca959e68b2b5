/* copy.h - the copy of a generation's rows in Redis.
 *
 * Redis holds what was committed in PostgreSQL, and says up to which checkpoint:
 *
 *     EPOCH POSITION FENCE REVISION     the rows are what PostgreSQL had at that checkpoint
 *     EPOCH POSITION FENCE MARK PAGES   somebody, MARK, repairs them, and has written so many pages
 *     (no key)                          Redis has lost its memory, or never had any
 *
 * Invariants
 *  (1) Whoever writes compares this text in the same Lua call with the one that the write builds
 *      on, and changes it: so each write happens once, on what it was made for, or not at all.
 *  (2) No row is older than the position says.
 *  (3) Under a text of the first form the rows are exactly those of the checkpoint.
 *  (4) Whoever takes the generation over puts its fence, or the mark of a repair, into the text
 *      before it writes anything: what an owner of before sends later meets another text.
 *  (5) A repair reads only after it has put its own mark there. A mark is used once, and pages are
 *      counted: a page that comes late - from a process that was frozen, or to a Redis that has
 *      lost the last second - meets another text.
 *
 * Why a repair that is interleaved with batches ends right: it walks the rows by (position, key)
 * without an upper end, and its last page comes in one snapshot with the checkpoint that it puts
 * there. A row that was changed after its page was read has moved to the end of that walk, before
 * which the walk does not end. Rows that change while the position stays (parked events that are
 * tried again) get the checkpoint's position and a new revision, so a walk begins at the position
 * of the copy, not behind it.
 *
 * Where nothing can be trusted - the text is gone, or of another timeline, or ahead of PostgreSQL,
 * which was taken back then - all rows are removed before the walk: nobody else would remove those
 * that PostgreSQL does not know.
 *
 * A single row that is gone - evicted, or deleted by hand - is noticed by a patrol: each second
 * some rows are looked for, and those that are not there are put back.
 *
 * Redis away holds nothing up: a call that failed is not repeated for ten times as long as it took.
 *
 * Ownership: a copy belongs to the thread of its projection. */
#ifndef CAIRN_PROJECTION_COPY_H
#define CAIRN_PROJECTION_COPY_H

#include "projection/rows.h"
#include "redis/redis.h"

enum { CAIRN_COPY_TEXT_SIZE = 160 };

struct cairn_copy {
    struct cairn_redis *redis; /* NULL: there is no copy */
    struct cairn_generation generation;
    const char *row_prefix;
    const char *checkpoint_key;
    bool current;      /* it matches the committed checkpoint, as far as is known */
    int64_t due_us;    /* monotonic: when it is looked at next */
    char problem[200]; /* why Redis could not be asked last, or "" */

    struct {
        bool running;
        char text[CAIRN_COPY_TEXT_SIZE]; /* that we have put there last */
        char mark[CAIRN_UUID_TEXT_SIZE];
        int64_t epoch, base, fence; /* what the text begins with; base -1: trust nothing */
        int64_t pages;
        bool sweeping;    /* what cannot be trusted is removed first */
        char cursor[24];  /* of that */
        int64_t position; /* up to where the rows have been walked */
        char key[CAIRN_KEY_MAX_BYTES + 1];
    } repair;

    struct {
        int64_t due_us;                    /* monotonic */
        char key[CAIRN_KEY_MAX_BYTES + 1]; /* up to which rows have been looked for */
    } patrol;
};

/* Where the copy of this generation lies; what it points to lies in the arena. */
void cairn_copy_init(struct cairn_copy *copy, const struct cairn_timeline *timeline,
                     const struct cairn_generation *generation, struct cairn_arena *arena);

/* Somebody else may have written it since: it is looked at next, and taken over or repaired. */
void cairn_copy_doubt(struct cairn_copy *copy);

/* Writes the rows of a batch that was committed from `before` to `after`. If the copy does not
 * stand at `before` it is not current, and will be repaired. */
void cairn_copy_write(struct cairn_copy *copy, const struct cairn_stored_row *changed, size_t count,
                      const struct cairn_checkpoint *before, const struct cairn_checkpoint *after,
                      struct cairn_arena *arena);

/* Does what is due: looks whether Redis still holds what it should, or brings a repair a page
 * further. `committed` is the checkpoint, which nobody else moves while its fence holds. Returns 0
 * also when Redis is away; an error is PostgreSQL's. */
int cairn_copy_tend(struct cairn_copy *copy, const struct cairn_rows *rows,
                    struct cairn_store *store, const struct cairn_checkpoint *committed,
                    struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* ---- what copy.c and repair.c share ---- */

/* What stands in Redis for a row; "" for nothing: it is deleted or parked. */
const char *cairn_copy_value(const struct cairn_copy *copy, int64_t epoch,
                             const struct cairn_stored_row *row, struct cairn_arena *arena);

/* Under which name. */
const char *cairn_copy_key(const struct cairn_copy *copy, const char *key,
                           struct cairn_arena *arena);

/* "EPOCH POSITION FENCE REVISION" */
const char *cairn_checkpoint_text(struct cairn_arena *arena,
                                  const struct cairn_checkpoint *checkpoint);

/* Puts `after` where `before` stands ("" for nothing) and writes the rows with it, or does nothing.
 * Returns 1 if it was written, 0 if another text stands there, or -CAIRN_UNAVAILABLE or -CAIRN_BUG;
 * after those it may have been written, and the copy is left alone for a while. */
int cairn_copy_put(struct cairn_copy *copy, const char *before, const char *after, int64_t epoch,
                   const struct cairn_stored_row *rows, size_t count,
                   struct cairn_arena *arena) CAIRN_CHECKED;

/* One command. After a failure the copy is left alone for a while. */
int cairn_copy_ask(struct cairn_copy *copy, const struct cairn_redis_arg *args, size_t count,
                   struct cairn_arena *arena, struct cairn_redis_reply *ret) CAIRN_CHECKED;

/* The text that stands there, "" for nothing. Fails as cairn_copy_put does. */
int cairn_copy_get(struct cairn_copy *copy, struct cairn_arena *arena,
                   const char **ret) CAIRN_CHECKED;

/* Takes the copy for a repair, where `seen` stands, and copies a page. Both return 1 if something
 * was written, 0 if another text stood there, or an error; PostgreSQL's is in `error`. */
int cairn_repair_begin(struct cairn_copy *copy, const char *seen,
                       const struct cairn_checkpoint *committed,
                       struct cairn_arena *arena) CAIRN_CHECKED;
int cairn_repair_page(struct cairn_copy *copy, const struct cairn_rows *rows, struct cairn_pg *pg,
                      struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* patrol.c: if it is due, looks whether some rows of a copy that is current are there, and puts
 * those back that are not. Returns 0 also when Redis is away; an error is PostgreSQL's. */
int cairn_copy_patrol(struct cairn_copy *copy, const struct cairn_rows *rows, struct cairn_pg *pg,
                      const struct cairn_checkpoint *committed, struct cairn_arena *arena,
                      struct cairn_error *error) CAIRN_CHECKED;

/* ---- filling the copy of a generation that nobody reads yet ---- */

/* Begins where nothing stands yet, and writes rows that are known from elsewhere, a page at a time;
 * after the last one the rows are those of the checkpoint. Each returns 1, or what the repair
 * returns: then it is left to a repair. */
int cairn_fill_begin(struct cairn_copy *copy, const struct cairn_checkpoint *at,
                     struct cairn_arena *arena) CAIRN_CHECKED;
int cairn_fill_page(struct cairn_copy *copy, const struct cairn_stored_row *rows, size_t count,
                    struct cairn_arena *arena) CAIRN_CHECKED;
int cairn_fill_end(struct cairn_copy *copy, const struct cairn_checkpoint *at,
                   struct cairn_arena *arena) CAIRN_CHECKED;

/* Removes the checkpoint, and then the rows, of a generation that nobody reads any more: some at a
 * time, as `cursor` says ("0" at first and at the end). */
int cairn_copy_remove(struct cairn_copy *copy, char *cursor, size_t size,
                      struct cairn_arena *arena) CAIRN_CHECKED;

#endif
