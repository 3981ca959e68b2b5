/* connection.c - opens, closes and reopens connections. */
#include "postgres/connection.h"

#include "core/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { DEADLINE_US = 10000000, RETRY_US = 250000 };

/* Returns whether a port in a list of hosts is not a number; IPv6 addresses are in brackets. */
static bool has_wrong_port(const char *at, const char *end)
{
    bool in_brackets = false;
    bool in_port = false;
    for (; at < end; at++) {
        if (in_port && *at != ',' && (*at < '0' || *at > '9'))
            return true;
        in_brackets = *at == '[' || (in_brackets && *at != ']');
        in_port = (*at == ':' && !in_brackets) || (in_port && *at != ',');
    }
    return false;
}

/* Returns whether a password seems not to be percent-encoded (RFC 3986 section 2.1): the URL is
 * then split in the wrong place, and libpq's message would show a part of the password as a host or
 * a port. */
static bool looks_unescaped(const char *url)
{
    const char *at = strstr(url, "://");
    if (!at)
        return false;
    at += 3;
    const char *end = at + strcspn(at, "/?");
    const char *login = memchr(at, '@', (size_t)(end - at));
    if (login)
        return memchr(login + 1, '@', (size_t)(end - login - 1)) || has_wrong_port(login + 1, end);
    return memchr(end, '@', strcspn(end, "?")) || has_wrong_port(at, end);
}

/* libpq's message may show the password, so it is discarded. */
static int check_url(const char *url, struct cairn_error *error)
{
    PQconninfoOption *options = looks_unescaped(url) ? NULL : PQconninfoParse(url, NULL);
    if (!options)
        return cairn_fail(
            error, CAIRN_CONFIG,
            "not a PostgreSQL URL (postgresql://user:password@host:port/database); in "
            "a name or password all but letters, digits and -._~ has to be "
            "percent-encoded");
    PQconninfoFree(options);
    return 0;
}

int cairn_pg_open(const char *url, const char *label, struct cairn_pg **ret,
                  struct cairn_error *error)
{
    int failed = check_url(url, error);
    if (failed)
        return failed;
    struct cairn_pg *pg = cairn_allocate(sizeof *pg);
    pg->url = cairn_duplicate(url);
    pg->label = cairn_duplicate(label);
    pg->deadline_us = DEADLINE_US;
    *ret = pg;
    return 0;
}

void cairn_pg_close(struct cairn_pg *pg)
{
    if (!pg)
        return;
    PQfinish(pg->conn);
    cairn_arena_close(&pg->arena);
    free(pg->url);
    free(pg->label);
    free(pg);
}

void cairn_pg_set_deadline(struct cairn_pg *pg, int64_t us)
{
    pg->deadline_us = us;
}

void cairn_pg_on_connect(struct cairn_pg *pg, const char *sql)
{
    pg->greeting = sql;
}

bool cairn_pg_connected(const struct cairn_pg *pg)
{
    return pg->conn != NULL;
}

int64_t cairn_pg_generation(const struct cairn_pg *pg)
{
    return pg->generation;
}

void cairn_pg_track_backend(struct cairn_pg *pg)
{
    pg->tracks_backend = true;
}

struct cairn_pg_backend cairn_pg_backend(const struct cairn_pg *pg)
{
    return pg->backend;
}

bool cairn_pg_sent(const struct cairn_pg *pg)
{
    return pg->sent;
}

const char *cairn_pg_state(const struct cairn_pg *pg)
{
    return pg->state;
}

int64_t cairn_pg_refused_row(const struct cairn_pg *pg)
{
    return pg->row;
}

void cairn_pg_drop(struct cairn_pg *pg)
{
    PQfinish(pg->conn);
    pg->conn = NULL;
    pg->retry_us = 0; /* the next connection may be opened at once */
}

void cairn_pg_leave(struct cairn_pg *pg)
{
    cairn_pg_drop(pg);
    pg->retry_us = cairn_monotonic_us() + RETRY_US;
}

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
    return cairn_fail(error, CAIRN_UNAVAILABLE, "PostgreSQL is away: %.*s",
                      (int)(length < 300 ? length : 300), message);
}

/* Settings that statements rely on, whatever database, role and URL say. Whether a session may
 * write is left as it is: an operator's read-only setting holds for these sessions, too.
 *
 * A server process whose client has disconnected keeps waiting for its lock and occupies one of
 * max_connections; every retry adds one, until no connection is left. With
 * client_connection_check_interval it ends. The setting is skipped on servers whose operating
 * system cannot detect a disconnected client. */
static const char pinned[] = "set default_transaction_isolation = 'read committed';"
                             "set default_transaction_deferrable = off;"
                             "set timezone = 'UTC'; set datestyle = 'ISO, YMD';"
                             "set intervalstyle = 'postgres'; set bytea_output = 'hex';"
                             "set extra_float_digits = 1; set standard_conforming_strings = on;"
                             "do $$ begin"
                             " perform set_config('client_connection_check_interval', '1s', false);"
                             " exception when others then null; end $$";

static int connect_now(struct cairn_pg *pg, struct cairn_error *error)
{
    PGconn *conn = dial(pg);
    if (PQstatus(conn) != CONNECTION_OK || PQsetnonblocking(conn, 1) != 0) {
        int failed = fail_away(conn, error);
        PQfinish(conn);
        pg->retry_us = cairn_monotonic_us() + RETRY_US;
        return failed;
    }
    PQsetNoticeReceiver(conn, take_notice, pg);
    pg->conn = conn;
    pg->unreplicated = false;
    pg->generation++;
    cairn_arena_reset(&pg->arena);
    pg->prepared = cairn_map(&pg->arena);
    int failed = cairn_pg_script(pg, pinned, error);
    if (!failed && pg->tracks_backend)
        failed = cairn_pg_learn_backend(pg, error);
    if (!failed && pg->greeting)
        failed = cairn_pg_script(pg, pg->greeting, error);
    if (failed) /* a session whose setup failed must not be used */
        cairn_pg_leave(pg);
    return failed;
}

/* Returns whether the server closed the connection while it was idle. An idle connection has
 * nothing to read but notifications and the server's last message, so the check costs one system
 * call, and saves the next statement from being sent on a closed connection. */
static bool was_closed_while_idle(struct cairn_pg *pg)
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
    if (pg->conn && was_closed_while_idle(pg)) {
        cairn_pg_drop(pg);
        if (in_transaction) /* later statements must not run outside of the transaction */
            return cairn_fail(error, CAIRN_UNAVAILABLE,
                              "PostgreSQL is away: the connection was lost in a transaction");
    }
    if (pg->conn)
        return 0;
    if (cairn_monotonic_us() < pg->retry_us)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "PostgreSQL is away");
    return connect_now(pg, error);
}

int cairn_pg_ready(struct cairn_pg *pg, struct cairn_error *error)
{
    return cairn_pg_ensure(pg, error);
}
