/* table_names.h - the names under which a generation's rows are stored, for writers and readers.
 *
 * PostgreSQL: table read.NAME_gN with columns
 *     _key text primary key, _position bigint, _version bigint, _parked boolean, _deleted boolean,
 *     and one column per field (cairn_column_type() gives its type)
 * and the view read.NAME over the live generation: the fields, without deleted rows.
 *
 * Redis: strings
 *     cairn:STORE:{NAME:gN}:row:KEY      "EPOCH POSITION VERSION GENERATION\nJSON"
 *     cairn:STORE:{NAME:gN}:checkpoint   "EPOCH POSITION FENCE REVISION"
 * The rows are those of PostgreSQL at that checkpoint. During a repair the text after the fence
 * differs (redis_copy.h), and rows may be newer than the position, never older; with a position of
 * -1 nothing is known about them. STORE is the first eight hex digits of the store's id, and JSON
 * is the answer to a query. */
#ifndef CAIRN_PROJECTION_TABLE_NAMES_H
#define CAIRN_PROJECTION_TABLE_NAMES_H

#include "core/containers/arena.h"
#include "store/store.h"

const char *cairn_table_name(struct cairn_arena *arena, const char *projection,
                             int64_t generation); /* "order_summary_g3", without schema */
const char *cairn_redis_row_prefix(struct cairn_arena *arena, const struct cairn_timeline *timeline,
                                   const char *projection, int64_t generation); /* up to KEY */
const char *cairn_redis_checkpoint_key(struct cairn_arena *arena,
                                       const struct cairn_timeline *timeline,
                                       const char *projection, int64_t generation);

#endif
