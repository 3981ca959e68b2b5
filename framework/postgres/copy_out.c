/* copy_out.c - reads rows from PostgreSQL, in the binary format of COPY.
 *
 * libpq returns the stream message by message, and the server sends one row per message; the header
 * precedes the first row in its message, the trailer may be a message of its own. */
#include "postgres/connection.h"
#include "postgres/tuple.h"

#include "core/threads/clock.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct cairn_pg_copy_out {
    struct cairn_pg *pg;
    int64_t connection; /* generation of the connection that the copy is read from */
    int columns;
    bool begun;    /* the header was read */
    bool trailed;  /* the trailer was read */
    bool finished; /* the connection can be used again, or is closed */
    char *message; /* libpq's */
    struct cairn_pg_field fields[CAIRN_PG_COLUMNS_MAX];
};

/* ---- beginning ---- */

/* Returns 1 if this is the copy, 0 if it is the answer to a statement before it, or an error. */
static int judge(struct cairn_pg *pg, const PGresult *result, int columns,
                 struct cairn_error *error)
{
    ExecStatusType status = PQresultStatus(result);
    if (result && (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK))
        return 0;
    if (result && status == PGRES_FATAL_ERROR)
        return cairn_pg_fail_refused(pg, result, error);
    if (status == PGRES_COPY_OUT && PQnfields(result) == columns && PQbinaryTuples(result))
        return 1;
    return cairn_fail(error, CAIRN_BUG, "not a binary copy of %d columns", columns);
}

static int await_copy(struct cairn_pg *pg, int columns, struct cairn_error *error)
{
    int64_t deadline_us = cairn_monotonic_us() + pg->deadline_us;
    for (;;) {
        int failed = cairn_pg_wait_result(pg, deadline_us, error);
        if (failed)
            return failed;
        PGresult *result = PQgetResult(pg->conn);
        int is_copy = judge(pg, result, columns, error);
        PQclear(result);
        if (is_copy)
            return is_copy < 0 ? is_copy : 0;
    }
}

/* After a refusal, discards the remaining results, so that the connection can be used again; after
 * the start of a copy that is not read, closes the connection. */
static void clear(struct cairn_pg *pg)
{
    PGresult *rest = NULL;
    if (pg->conn && PQtransactionStatus(pg->conn) == PQTRANS_ACTIVE && !pg->state[0])
        cairn_pg_drop(pg);
    else if (pg->conn && cairn_pg_await(pg, &rest, NULL) == 0)
        PQclear(rest);
}

int cairn_pg_copy_out_begin(struct cairn_pg *pg, const char *sql, int columns,
                            struct cairn_pg_copy_out **ret, struct cairn_error *error)
{
    assert(columns > 0 && columns <= CAIRN_PG_COLUMNS_MAX);
    pg->state[0] = '\0';
    int failed = cairn_pg_ensure(pg, error);
    if (failed)
        return failed;
    if (PQtransactionStatus(pg->conn) != PQTRANS_IDLE)
        return cairn_fail(error, CAIRN_BUG, "a copy cannot be read inside a transaction");
    if (!PQsendQuery(pg->conn, sql))
        return cairn_pg_fail_lost(pg, PQerrorMessage(pg->conn), error);
    failed = await_copy(pg, columns, error);
    if (failed) {
        clear(pg);
        return failed;
    }
    *ret = cairn_allocate(sizeof **ret);
    **ret = (struct cairn_pg_copy_out){
        .pg = pg, .connection = cairn_pg_connection_number(pg), .columns = columns};
    return 0;
}

/* ---- reading ---- */

/* Ends a copy whose stream cannot be trusted any more, and closes its connection. */
static int give_up(struct cairn_pg_copy_out *copy, int failed)
{
    copy->finished = true;
    if (copy->pg->conn)
        cairn_pg_drop(copy->pg);
    return failed;
}

/* Reads the next message of the copy. Returns its size, 0 if there are no more. */
static int next_message(struct cairn_pg_copy_out *copy, struct cairn_error *error)
{
    struct cairn_pg *pg = copy->pg;
    int64_t deadline_us = 0;
    int bytes;
    PQfreemem(copy->message);
    copy->message = NULL;
    while ((bytes = PQgetCopyData(pg->conn, &copy->message, 1)) == 0) {
        if (deadline_us == 0)
            deadline_us = cairn_monotonic_us() + pg->deadline_us;
        if (!cairn_pg_wait_socket(pg, false, deadline_us))
            return cairn_pg_fail_lost(pg, "no answer within the deadline", error);
        if (!PQconsumeInput(pg->conn))
            return cairn_pg_fail_lost(pg, PQerrorMessage(pg->conn), error);
    }
    if (bytes == -2)
        return cairn_pg_fail_lost(pg, PQerrorMessage(pg->conn), error);
    return bytes > 0 ? bytes : 0;
}

/* Reads the final result of the copy: success, or the reason of its failure. */
static int finish(struct cairn_pg_copy_out *copy, struct cairn_error *error)
{
    PGresult *result = NULL;
    int failed = cairn_pg_finish(copy->pg, &result, error);
    PQclear(result);
    if (!failed && !copy->trailed)
        failed = cairn_fail(error, CAIRN_UNAVAILABLE, "PostgreSQL: a copy is truncated");
    copy->finished = true;
    return failed;
}

static int read_message(struct cairn_pg_copy_out *copy, size_t count, struct cairn_error *error)
{
    size_t at = 0;
    if (!copy->begun) {
        int64_t header = cairn_tuple_header(copy->message, count, error);
        if (header < 0)
            return (int)header;
        copy->begun = true;
        at = (size_t)header;
    }
    return cairn_tuple_read(copy->message + at, count - at, copy->columns, copy->fields, error);
}

int cairn_pg_copy_out_next(struct cairn_pg_copy_out *copy, struct cairn_error *error)
{
    while (!copy->finished) {
        if (!copy->pg->conn || cairn_pg_connection_number(copy->pg) != copy->connection) {
            copy->finished = true;
            return cairn_fail(error, CAIRN_UNAVAILABLE,
                              "PostgreSQL is unavailable: the connection was lost during a copy");
        }
        int bytes = next_message(copy, error);
        if (bytes < 0)
            return give_up(copy, bytes);
        if (bytes == 0)
            return finish(copy, error);
        int got = copy->trailed
                      ? cairn_fail(error, CAIRN_UNAVAILABLE,
                                   "PostgreSQL: a copy is malformed: data after its trailer")
                      : read_message(copy, (size_t)bytes, error);
        if (got < 0)
            return give_up(copy, got);
        if (got > 0)
            return 1;
        copy->trailed = true;
    }
    return 0;
}

void cairn_pg_copy_out_end(struct cairn_pg_copy_out *copy)
{
    if (!copy)
        return;
    PQfreemem(copy->message);
    if (!copy->finished && copy->pg->conn &&
        cairn_pg_connection_number(copy->pg) == copy->connection)
        cairn_pg_drop(copy->pg);
    free(copy);
}

/* ---- values ---- */

int64_t cairn_pg_out_integer(const struct cairn_pg_copy_out *copy, int column)
{
    return cairn_pg_decode_integer(copy->fields[column].bytes, copy->fields[column].length);
}

struct cairn_uuid cairn_pg_out_uuid(const struct cairn_pg_copy_out *copy, int column)
{
    struct cairn_uuid id = {{0}};
    if (copy->fields[column].length == sizeof id.bytes)
        memcpy(id.bytes, copy->fields[column].bytes, sizeof id.bytes);
    return id;
}

struct cairn_time cairn_pg_out_time(const struct cairn_pg_copy_out *copy, int column)
{
    return cairn_pg_decode_time(copy->fields[column].bytes, copy->fields[column].length);
}

const char *cairn_pg_out_text(const struct cairn_pg_copy_out *copy, int column)
{
    return copy->fields[column].length < 0 ? NULL : copy->fields[column].bytes;
}

size_t cairn_pg_out_bytes(const struct cairn_pg_copy_out *copy, int column)
{
    int length = copy->fields[column].length;
    return length > 0 ? (size_t)length : 0;
}
