/* names.h - where a generation's rows are kept, for those who write and those who read them.
 *
 * PostgreSQL: table read.NAME_gN with columns
 *     _key text primary key, _position bigint, _version bigint, _parked boolean, _deleted boolean,
 *     and one column a field (record.h says of which type)
 * and the view read.NAME over the live generation: the fields, without rows that are deleted.
 *
 * Redis: strings
 *     cairn:STORE:{NAME:gN}:row:KEY      "EPOCH POSITION VERSION GENERATION\nJSON"
 *     cairn:STORE:{NAME:gN}:checkpoint   "EPOCH POSITION FENCE REVISION"
 * The rows are what PostgreSQL had at that checkpoint. While somebody repairs them something else
 * stands behind the fence (copy.h), and rows may be newer than the position says, never older; a
 * position of -1 says nothing about them.
 * STORE is the first eight hex digits of the store's id and JSON is what a query answers. */
#ifndef CAIRN_PROJECTION_NAMES_H
#define CAIRN_PROJECTION_NAMES_H

#include "core/arena.h"
#include "store/store.h"

const char *cairn_table_name(struct cairn_arena *arena, const char *projection,
                             int64_t generation); /* "order_summary_g3", without schema */
const char *cairn_redis_row_prefix(struct cairn_arena *arena, const struct cairn_timeline *timeline,
                                   const char *projection, int64_t generation); /* up to KEY */
const char *cairn_redis_checkpoint_key(struct cairn_arena *arena,
                                       const struct cairn_timeline *timeline,
                                       const char *projection, int64_t generation);

#endif
