/* sql.h - the statements that read a generation of a read model.
 *
 * Each gives how the read model stands and the rows that were asked for in one snapshot, so that
 * what the checkpoint says is true of the rows. There is always at least one row; its first
 * columns are: */
#ifndef CAIRN_QUERY_SQL_H
#define CAIRN_QUERY_SQL_H

#include "core/arena.h"
#include "postgres/postgres.h"

#include <cairn/resource.h>

enum cairn_query_column {
    CAIRN_QUERY_STORE = 0,   /* uuid */
    CAIRN_QUERY_EPOCH,       /* bigint: the store's */
    CAIRN_QUERY_CHECK_EPOCH, /* bigint: the checkpoint's */
    CAIRN_QUERY_POSITION,    /* bigint: the checkpoint; null if there is no such generation */
    CAIRN_QUERY_STOPPED,     /* text: why it does not go on */
    CAIRN_QUERY_KEY,         /* text: the row's; null if there is no row */
    CAIRN_QUERY_JSON,       /* json: the row's fields, as PostgreSQL writes them; null if deleted */
    CAIRN_QUERY_CHANGED,    /* bigint: position of the event that changed the row last */
    CAIRN_QUERY_VERSION,    /* bigint: of the row's stream; by key only, like the next */
    CAIRN_QUERY_IS_PARKED,  /* boolean; also of a row that was deleted, or never was */
    CAIRN_QUERY_IS_DELETED, /* boolean: of the row is left that it was there */

    CAIRN_QUERY_REVISION = CAIRN_QUERY_VERSION, /* bigint: the checkpoint's; of lists only */
    CAIRN_QUERY_PARKED = CAIRN_QUERY_IS_PARKED, /* bigint: rows of the read model that are parked */
};
enum { CAIRN_QUERY_PARKED_MAX = 1000 }; /* are counted */

/* The parameters that every statement begins with: the projection's name and the generation. By
 * key, the key follows. */
const char *cairn_query_sql_by_key(struct cairn_arena *arena,
                                   const struct cairn_projection *projection, int64_t generation);
/* The same for an array of keys: a row for each that there is, or one whose key is null. */
const char *cairn_query_sql_by_keys(struct cairn_arena *arena,
                                    const struct cairn_projection *projection, int64_t generation);

/* The keys of the rows that were changed behind a place, deletions included, in the order of
 * (position, key): columns are the checkpoint's position, the key and the position; one row with a
 * null key if there are none. The parameters go on with position and key of the place and how many
 * rows. */
const char *cairn_query_sql_changed(struct cairn_arena *arena,
                                    const struct cairn_projection *projection, int64_t generation);

/* A page of a list, in order. The parameters go on with: the position that the checkpoint must
 * have reached (else no rows are read), how many rows, the values of the filters whose bits are in
 * `given`, in their order, and with `after` the order field's value (if the list has one) and the
 * key of the row that the page comes after. */
const char *cairn_query_sql_list(struct cairn_arena *arena, const struct cairn_resource *resource,
                                 int64_t generation, uint32_t given, bool after);

#endif
