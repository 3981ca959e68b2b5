/* read_sql.h - the statements that read a generation of a read model.
 *
 * Each returns the state of the read model and the requested rows in one snapshot, so that the
 * checkpoint is true of the rows. There is always at least one row; its first columns are: */
#ifndef CAIRN_QUERY_READ_SQL_H
#define CAIRN_QUERY_READ_SQL_H

#include "core/containers/arena.h"
#include "postgres/postgres.h"

#include <cairn/resource.h>

enum cairn_query_column {
    CAIRN_QUERY_STORE = 0,   /* uuid */
    CAIRN_QUERY_EPOCH,       /* bigint: the store's */
    CAIRN_QUERY_CHECK_EPOCH, /* bigint: the checkpoint's */
    CAIRN_QUERY_POSITION,    /* bigint: the checkpoint's; null if there is no such generation */
    CAIRN_QUERY_STOPPED,     /* text: why it has stopped */
    CAIRN_QUERY_KEY,         /* text: the row's; null if there is no row */
    CAIRN_QUERY_JSON,        /* json: the fields, as PostgreSQL writes them; null if deleted */
    CAIRN_QUERY_CHANGED,     /* bigint: position of the event that last changed the row */
    CAIRN_QUERY_VERSION,     /* bigint: of the row's stream; by key only, like the next */
    CAIRN_QUERY_IS_PARKED,   /* boolean; also of a row that was deleted or never existed */
    CAIRN_QUERY_IS_DELETED,  /* boolean: only the row's tombstone is left */

    CAIRN_QUERY_REVISION = CAIRN_QUERY_VERSION, /* bigint: the checkpoint's; lists only */
    CAIRN_QUERY_PARKED = CAIRN_QUERY_IS_PARKED, /* bigint: parked rows of the read model */
};
enum { CAIRN_QUERY_PARKED_MAX = 1000 }; /* counted at most */

/* Every statement's first parameters are the projection's name and the generation. By key, the
 * key follows, and, unless `owner` is NULL, the value of this field: another owner's row is not
 * there. */
const char *cairn_query_sql_by_key(struct cairn_arena *arena,
                                   const struct cairn_projection *projection, int64_t generation,
                                   const struct cairn_field *owner);
/* The same for an array of keys: one row for each existing key, or a single row with a null key. */
const char *cairn_query_sql_by_keys(struct cairn_arena *arena,
                                    const struct cairn_projection *projection, int64_t generation);

/* The keys of the rows changed after a given (position, key), deletions included, in this order.
 * Columns: the checkpoint's position, the key, the row's position; a single row with a null key if
 * there are none. Further parameters: the position and the key to start after, and the maximum
 * number of rows. */
const char *cairn_query_sql_changed(struct cairn_arena *arena,
                                    const struct cairn_projection *projection, int64_t generation);

/* Which page of a list. */
struct cairn_query_page {
    const struct cairn_resource *resource;
    int64_t generation;
    uint32_t given;                  /* bit i: filter i has a value */
    const struct cairn_field *owner; /* only rows with this value of it; NULL: all */
    bool after;                      /* it starts after a row */
};

/* A page of a list, in order. Further parameters: the position that the checkpoint must have
 * reached (else no rows are read), the maximum number of rows, the owner's value, the values of the
 * filters that are given, in their order, and with `after` the order field's value (if the list has
 * one) and the key of the row that the page starts after. Parked rows are counted among the
 * owner's, too. */
const char *cairn_query_sql_list(struct cairn_arena *arena, const struct cairn_query_page *page);

#endif
