/* retire.h - generations that nobody needs any more: those that were left long enough ago, builds
 * that died, and those of code versions that nobody runs. */
#ifndef CAIRN_PROJECTION_RETIRE_H
#define CAIRN_PROJECTION_RETIRE_H

#include "projection/copy.h"

#include <stdatomic.h>

/* The next one to be dropped, other than `building`, the one that this process builds itself. 1 or
 * 0. */
int cairn_retire_find(struct cairn_store *store, const struct cairn_projection *projection,
                      int64_t building, int64_t window_ms, struct cairn_arena *arena,
                      struct cairn_generation *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Drops it: its table, its checkpoint, what was parked. Nobody may follow it any more. -CAIRN_BUSY:
 * somebody reads the table still, try again. */
int cairn_retire_drop(struct cairn_store *store, const struct cairn_generation *generation,
                      struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Removes what a dropped generation has left in Redis, until `stopping`. Returns 1 if there may be
 * another. A Redis that is away is asked again later. */
int cairn_retire_sweep(struct cairn_store *store, const struct cairn_projection *projection,
                       struct cairn_redis *redis, const atomic_bool *stopping,
                       struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

#endif
