/* generation_lock.h - runs a transaction under the lock of a projection, which serializes changes
 * of its generations. */
#ifndef CAIRN_PROJECTION_GENERATION_LOCK_H
#define CAIRN_PROJECTION_GENERATION_LOCK_H

#include "postgres/postgres.h"

#include <cairn/projection.h>

/* Calls `work` in a transaction that holds the lock of the projection. Returns what `work` returns;
 * a negative result rolls the transaction back. Fails with -CAIRN_BUSY if another transaction holds
 * the lock for too long. */
int cairn_generation_locked(struct cairn_pg *pg, const struct cairn_projection *projection,
                            int (*work)(struct cairn_pg *pg, void *context,
                                        struct cairn_arena *arena, struct cairn_error *error),
                            void *context, struct cairn_arena *arena,
                            struct cairn_error *error) CAIRN_CHECKED;

#endif
