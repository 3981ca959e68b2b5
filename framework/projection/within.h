/* within.h - a transaction about the generations of one projection: one process at a time has one.
 */
#ifndef CAIRN_PROJECTION_WITHIN_H
#define CAIRN_PROJECTION_WITHIN_H

#include "postgres/postgres.h"

#include <cairn/projection.h>

/* Does the work in a transaction that has the lock of the projection. Returns what `work` returns:
 * below 0 the transaction is rolled back. Fails with -CAIRN_BUSY where somebody has the lock for
 * too long. */
int cairn_within(struct cairn_pg *pg, const struct cairn_projection *projection,
                 int (*work)(struct cairn_pg *pg, void *context, struct cairn_arena *arena,
                             struct cairn_error *error),
                 void *context, struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

#endif
