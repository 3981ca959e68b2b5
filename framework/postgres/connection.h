/* connection.h - what the files of this folder share: the connection and the result. */
#ifndef CAIRN_POSTGRES_CONNECTION_H
#define CAIRN_POSTGRES_CONNECTION_H

#include "core/map.h"
#include "postgres/postgres.h"

#include <libpq-fe.h>

struct cairn_pg {
    char *url;
    char *label;
    const char *greeting; /* SQL that begins every connection, or NULL */
    PGconn *conn;         /* NULL while there is none */
    struct cairn_arena arena;
    struct cairn_map prepared; /* names of the statements this connection knows */
    int64_t deadline_us;       /* for one call */
    int64_t retry_us;          /* monotonic: not before this is a new connection tried */
    int64_t generation;
    bool sent;
    bool tracks_backend;
    struct cairn_pg_backend backend;
    char state[6];
};

struct cairn_pg_result {
    PGresult *rows;
};

/* A connection that is open, made now if need be. */
int cairn_pg_ensure(struct cairn_pg *pg, struct cairn_error *error);
/* Closes the connection: what was said on it is void, the next call opens another. */
void cairn_pg_drop(struct cairn_pg *pg);

/* Asks the server which process serves this connection. */
int cairn_pg_learn_backend(struct cairn_pg *pg, struct cairn_error *error);

/* Waits for the results of what was sent, until the server is ready for the next query: only then
 * has a statement committed. Gives the last result. */
int cairn_pg_await(struct cairn_pg *pg, PGresult **ret, struct cairn_error *error);

#endif
