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
    bool unreplicated; /* the server has ended a commit's wait for its synchronous standby */
    bool tracks_backend;
    struct cairn_pg_backend backend;
    char state[6];
    int64_t row; /* of the COPY that was refused, 0 where nobody knows */
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

/* Waits for the answer to what was sent, and takes a refusal for a failure. */
int cairn_pg_finish(struct cairn_pg *pg, PGresult **ret, struct cairn_error *error);
/* Sends the statement "copy ... from stdin" and waits until the server wants the rows. */
int cairn_pg_enter_copy(struct cairn_pg *pg, const char *sql, struct cairn_error *error);
/* Waits until what libpq holds has left. */
int cairn_pg_flush(struct cairn_pg *pg, struct cairn_error *error);
/* Drops the connection. Returns -CAIRN_UNAVAILABLE. */
int cairn_pg_fail_lost(struct cairn_pg *pg, const char *why, struct cairn_error *error);

/* The server has refused: keeps the SQLSTATE and maps it to a code. A session that is good for
 * nothing any more is left. */
int cairn_pg_fail_refused(struct cairn_pg *pg, const PGresult *result, struct cairn_error *error);

/* Waits until the socket can be read (or written, if something is left to send). Returns 1, or 0
 * when the deadline (monotonic) has passed. */
int cairn_pg_wait_socket(struct cairn_pg *pg, bool to_write, int64_t deadline_us);
/* Brings what was sent on its way and reads until a result is complete. */
int cairn_pg_wait_result(struct cairn_pg *pg, int64_t deadline_us, struct cairn_error *error);

/* An integer of 2, 4 or 8 bytes in network byte order; 0 for any other length, so for null. */
int64_t cairn_pg_decode_integer(const char *bytes, int length);
/* PostgreSQL counts times and days from 2000-01-01 (its manual, chapter 8.5). */
#define CAIRN_PG_EPOCH_DAYS 730120
#define CAIRN_PG_EPOCH_US (CAIRN_PG_EPOCH_DAYS * INT64_C(86400000000))

/* A timestamptz: microseconds from 2000-01-01; zero for null. What lies beyond year 1 and year
 * 9999, infinity too, becomes their first or last moment. */
struct cairn_time cairn_pg_decode_time(const char *bytes, int length);

#endif
