/* consumer_sql.h - the implementation of cairn/sql.h: a connection, and whether a statement has
 * failed. */
#ifndef CAIRN_BUS_CONSUMER_SQL_H
#define CAIRN_BUS_CONSUMER_SQL_H

#include "postgres/postgres.h"

#include <cairn/sql.h>

struct cairn_sql {
    struct cairn_pg *pg; /* NULL: `open` sets it before the first statement */
    struct cairn_arena *arena;
    bool failed; /* PostgreSQL would then accept a commit but roll back */
    bool whole;  /* in a transaction: after a failure no statement runs, since the connection may be
                    another one by then, without the transaction */
    int (*open)(struct cairn_sql *sql, struct cairn_error *error);
    void *owner; /* for `open` */
};

#endif
