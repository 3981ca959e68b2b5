/* copy.h - the copy of a generation's rows in Redis.
 *
 * Redis holds what was committed in PostgreSQL, and says up to which checkpoint. Every write
 * compares that checkpoint with the one it builds on, in the same Lua call: whoever builds on
 * another one writes nothing. A copy that does not match is repaired from the rows.
 *
 * Ownership: a copy belongs to the thread of its projection. */
#ifndef CAIRN_PROJECTION_COPY_H
#define CAIRN_PROJECTION_COPY_H

#include "projection/rows.h"
#include "redis/redis.h"

struct cairn_copy {
    struct cairn_redis *redis; /* NULL: there is no copy */
    struct cairn_timeline timeline;
    struct cairn_generation generation;
    const char *row_prefix;
    const char *checkpoint_key;
    bool current;     /* it matches the committed checkpoint, as far as is known */
    int64_t retry_us; /* monotonic: not before this is a repair tried again */
};

/* Where the copy of this generation lies; what it points to lies in the arena. */
void cairn_copy_init(struct cairn_copy *copy, const struct cairn_timeline *timeline,
                     const struct cairn_generation *generation, struct cairn_arena *arena);

/* Writes the changed rows of a batch that was committed from `before` to `after`. If that does not
 * succeed, the copy is not current any more. */
void cairn_copy_write(struct cairn_copy *copy, const struct cairn_fold *fold,
                      const struct cairn_checkpoint *before, const struct cairn_checkpoint *after);

/* Makes a copy that is not current equal to the committed rows again, if Redis is there and it is
 * time to try. Returns 0 also when it could not; an error is PostgreSQL's. */
int cairn_copy_repair(struct cairn_copy *copy, const struct cairn_rows *rows,
                      struct cairn_store *store, struct cairn_arena *arena,
                      struct cairn_error *error) CAIRN_CHECKED;

#endif
