/* connection.h - the connection and result structs, shared by the files of this folder. */
#ifndef CAIRN_POSTGRES_CONNECTION_H
#define CAIRN_POSTGRES_CONNECTION_H

#include "core/containers/map.h"
#include "postgres/postgres.h"

#include <libpq-fe.h>

enum { CAIRN_PG_RETRY_US = 250000 }; /* between two attempts to connect */

struct cairn_pg {
    char *url;
    char *label;
    const char *greeting; /* SQL that is run first on every connection, or NULL */
    PGconn *conn;         /* NULL while there is none */
    struct cairn_arena arena;
    struct cairn_map prepared; /* names of the statements prepared on this connection */
    int64_t deadline_us;       /* for one call */
    int64_t answer_by_us;      /* monotonic: the deadline of the call under way, 0: not sent yet */
    int64_t watch_us;          /* to wait for an answer without sleeping, at most */
    PGresult *collected;       /* of the call under way: the last result that has come */
    size_t queued;             /* calls under way in pipeline mode */
    int64_t retry_us;          /* monotonic: no new connection is tried before */
    int64_t generation;
    bool sent;
    bool unreplicated; /* a commit's wait for its synchronous standby was cancelled */
    bool tracks_backend;
    struct cairn_pg_backend backend;
    char state[6];
    int64_t row; /* of the COPY that was refused, 0 if it is unknown */
};

struct cairn_pg_result {
    PGresult *rows;
};

/* Makes sure that a connection is open; opens one if necessary. */
int cairn_pg_ensure(struct cairn_pg *pg, struct cairn_error *error);
/* Closes the connection: its open transaction is lost, the next call opens another. */
void cairn_pg_drop(struct cairn_pg *pg);

/* Executes SQL on an open connection. */
int cairn_pg_execute_script(struct cairn_pg *pg, const char *sql, struct cairn_error *error);

/* Sends a statement. */
int cairn_pg_send_statement(struct cairn_pg *pg, const struct cairn_statement *statement,
                            const struct cairn_pg_params *params, bool printed,
                            struct cairn_error *error);

/* Returns whether the server has closed the connection while it was idle. */
bool cairn_pg_was_closed(struct cairn_pg *pg);

/* Returns whether the statement can be sent at once: it is prepared, and nothing is under way. A
 * connection that was closed while it was idle is dropped. */
bool cairn_pg_is_idle_for(struct cairn_pg *pg, const struct cairn_statement *statement);

/* Keeps a result that has come instead of the one before, unless that is an error, which is the
 * cause of what follows. */
void cairn_pg_keep(struct cairn_pg *pg, PGresult *next);

/* Collects the results that have come, without waiting. Returns whether that was the last one. */
bool cairn_pg_collect(struct cairn_pg *pg);

/* Waits for the results of what was sent, until the server is ready for the next query: only then
 * has a statement committed. Returns the last result. */
int cairn_pg_await(struct cairn_pg *pg, PGresult **ret, struct cairn_error *error);

/* Ends a call whose last result has come; NULL: the connection is closed. Clears it unless it
 * becomes `ret`; a refusal is a failure. */
int cairn_pg_conclude(struct cairn_pg *pg, PGresult *result, PGresult **ret,
                      struct cairn_error *error);
/* Waits for the answer to what was sent; a refusal is a failure. */
int cairn_pg_finish(struct cairn_pg *pg, PGresult **ret, struct cairn_error *error);
/* Waits until libpq has sent its buffered data. */
int cairn_pg_flush(struct cairn_pg *pg, struct cairn_error *error);
/* Both drop the connection and return -CAIRN_UNAVAILABLE; the first with libpq's message. */
int cairn_pg_fail_unsent(struct cairn_pg *pg, struct cairn_error *error);
int cairn_pg_fail_lost(struct cairn_pg *pg, const char *why, struct cairn_error *error);

/* Handles a refusal by the server: stores the SQLSTATE and maps it to a code. A session that cannot
 * be used any more is closed. */
int cairn_pg_fail_refused(struct cairn_pg *pg, const PGresult *result, struct cairn_error *error);

/* Waits until the socket can be read (or written, if something is left to send). Returns 1, or 0
 * when the deadline (monotonic) has passed. */
int cairn_pg_wait_socket(struct cairn_pg *pg, bool to_write, int64_t deadline_us);
/* Flushes what was sent and reads until a result is complete. */
int cairn_pg_wait_result(struct cairn_pg *pg, int64_t deadline_us, struct cairn_error *error);

/* Returns a result that has the rows. */
struct cairn_pg_result *cairn_pg_wrap(PGresult *rows);

/* Decodes an integer of 2, 4 or 8 bytes in network byte order; 0 for any other length, also for
 * null. */
int64_t cairn_pg_decode_integer(const char *bytes, int length);
/* PostgreSQL counts times and days from 2000-01-01 (its manual, chapter 8.5). */
#define CAIRN_PG_EPOCH_DAYS 730120
#define CAIRN_PG_EPOCH_US (CAIRN_PG_EPOCH_DAYS * INT64_C(86400000000))

/* Decodes a timestamptz: microseconds from 2000-01-01; zero for null. Times before year 1 or after
 * year 9999, also infinity, become the first or last moment of that range. */
struct cairn_time cairn_pg_decode_time(const char *bytes, int length);

#endif
