/* session.c - opens the connection to the server, with the settings that statements rely on. */
#include "postgres/connection.h"

#include "core/threads/clock.h"

#include <poll.h>
#include <string.h>

static PGconn *dial(const struct cairn_pg *pg)
{
    const char *const names[] = {"dbname",
                                 "application_name",
                                 "connect_timeout",
                                 "client_encoding",
                                 "tcp_user_timeout",
                                 "keepalives_idle",
                                 "keepalives_interval",
                                 "keepalives_count",
                                 NULL};
    const char *const values[] = {pg->url, pg->label, "3", "UTF8", "10000", "10", "5", "3", NULL};
    return PQconnectdbParams(names, values, 1);
}

/* Ignores notices, except for the one that a commit is on this server only: its wait for the
 * synchronous standby was cancelled. Severity and message are translated, the server's function is
 * not. */
static void take_notice(void *context, const PGresult *result)
{
    struct cairn_pg *pg = context;
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    if (function && strcmp(function, "SyncRepWaitForLSN") == 0)
        pg->unreplicated = true;
}

/* libpq's messages end in a line break and may span lines; those of Cairn do neither. */
static int fail_away(PGconn *conn, struct cairn_error *error)
{
    const char *message = PQerrorMessage(conn);
    size_t length = strcspn(message, "\n");
    return cairn_fail_inside(error, CAIRN_UNAVAILABLE, "PostgreSQL is unavailable", "%.*s",
                             (int)(length < 300 ? length : 300), message);
}

/* Settings that statements rely on, whatever database, role and URL say. Whether a session may
 * write is left as it is: an operator's read-only setting holds for these sessions, too.
 *
 * A server process whose client has disconnected keeps waiting for its lock and occupies one of
 * max_connections; every retry adds one, until no connection is left. With
 * client_connection_check_interval it ends. The setting is skipped on servers whose operating
 * system cannot detect a disconnected client.
 *
 * Nothing is compiled (jit): that takes half a second, and whether it is done follows from cost
 * estimates, which are very high where a kind of plan is disabled. */
static const char pinned[] = "set default_transaction_isolation = 'read committed';"
                             "set default_transaction_deferrable = off;"
                             "set timezone = 'UTC'; set datestyle = 'ISO, YMD';"
                             "set intervalstyle = 'iso_8601'; set bytea_output = 'hex';"
                             "set extra_float_digits = 1; set standard_conforming_strings = on;"
                             "set jit = off;"
                             "do $$ begin"
                             " perform set_config('client_connection_check_interval', '1s', false);"
                             " exception when others then null; end $$";

int cairn_pg_execute_script(struct cairn_pg *pg, const char *sql, struct cairn_error *error)
{
    if (!PQsendQuery(pg->conn, sql))
        return cairn_pg_fail_unsent(pg, error);
    pg->sent = true;
    PGresult *result = NULL;
    int failed = cairn_pg_finish(pg, &result, error);
    PQclear(result);
    return failed;
}

/* Reads the row of this session in pg_stat_activity, which every role may see completely. */
static int learn_backend(struct cairn_pg *pg, struct cairn_error *error)
{
    static const char sql[] = "select pid::bigint, backend_start from pg_catalog.pg_stat_activity"
                              " where pid = pg_catalog.pg_backend_pid()";
    PGresult *rows = NULL;
    if (!PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, 1))
        return cairn_pg_fail_unsent(pg, error);
    int failed = cairn_pg_finish(pg, &rows, error);
    if (failed)
        return failed;
    const struct cairn_pg_result result = {rows};
    if (PQntuples(rows) == 1)
        pg->backend = (struct cairn_pg_backend){cairn_pg_integer(&result, 0, 0),
                                                cairn_pg_time(&result, 0, 1)};
    PQclear(rows);
    return 0;
}

static int connect_now(struct cairn_pg *pg, struct cairn_error *error)
{
    PGconn *conn = dial(pg);
    if (PQstatus(conn) != CONNECTION_OK || PQsetnonblocking(conn, 1) != 0) {
        int failed = fail_away(conn, error);
        PQfinish(conn);
        pg->retry_us = cairn_monotonic_us() + CAIRN_PG_RETRY_US;
        return failed;
    }
    PQsetNoticeReceiver(conn, take_notice, pg);
    pg->conn = conn;
    pg->unreplicated = false;
    pg->generation++;
    cairn_arena_reset(&pg->arena);
    pg->prepared = cairn_map(&pg->arena);
    int failed = cairn_pg_execute_script(pg, pinned, error);
    if (!failed && pg->tracks_backend)
        failed = learn_backend(pg, error);
    if (!failed && pg->greeting)
        failed = cairn_pg_execute_script(pg, pg->greeting, error);
    if (failed) /* a session whose setup failed must not be used */
        cairn_pg_leave(pg);
    return failed;
}

/* Returns whether the server closed the connection while it was idle. An idle connection has
 * nothing to read but notifications and the server's last message, so the check costs one system
 * call, and saves the next statement from being sent on a closed connection. */
bool cairn_pg_was_closed(struct cairn_pg *pg)
{
    struct pollfd fd = {.fd = PQsocket(pg->conn), .events = POLLIN};
    while (poll(&fd, 1, 0) > 0) {
        if (!PQconsumeInput(pg->conn))
            return true;
    }
    return PQstatus(pg->conn) != CONNECTION_OK;
}

int cairn_pg_ensure(struct cairn_pg *pg, struct cairn_error *error)
{
    bool in_transaction = pg->conn && PQtransactionStatus(pg->conn) != PQTRANS_IDLE;
    if (pg->conn && cairn_pg_was_closed(pg)) {
        cairn_pg_drop(pg);
        if (in_transaction) /* later statements must not run outside of the transaction */
            return cairn_fail(
                error, CAIRN_UNAVAILABLE,
                "PostgreSQL is unavailable: the connection was lost in a transaction");
    }
    if (pg->conn)
        return 0;
    if (cairn_monotonic_us() < pg->retry_us)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "PostgreSQL is unavailable");
    return connect_now(pg, error);
}

int cairn_pg_ready(struct cairn_pg *pg, struct cairn_error *error)
{
    return cairn_pg_ensure(pg, error);
}
