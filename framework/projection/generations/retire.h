/* retire.h - drops generations that are not needed any more: those replaced long enough ago, those
 * of builds that failed, and those of code versions that no process runs. */
#ifndef CAIRN_PROJECTION_RETIRE_H
#define CAIRN_PROJECTION_RETIRE_H

#include "projection/tables/redis_copy.h"

#include <stdatomic.h>

/* Finds the next generation to be dropped, other than `building`, the one that this process builds.
 * Returns 1, or 0 if there is none. */
int cairn_retire_find(struct cairn_store *store, const struct cairn_projection *projection,
                      int64_t building, int64_t window_ms, struct cairn_arena *arena,
                      struct cairn_generation *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Drops the generation: its table, its checkpoint, its parked and skipped events. No thread of this
 * process may follow it any more. -CAIRN_BUSY: a query still reads the table, try again. */
int cairn_retire_drop(struct cairn_store *store, const struct cairn_generation *generation,
                      struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Removes the rows of a dropped generation from Redis, until `stopping` is set. Returns 1 if there
 * may be another such generation; 0 also if Redis is unavailable: try again later. */
int cairn_retire_sweep(struct cairn_store *store, const struct cairn_projection *projection,
                       struct cairn_redis *redis, const atomic_bool *stopping,
                       struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

#endif
