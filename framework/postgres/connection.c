/* connection.c - creates and closes the struct of a connection; session.c opens the connection
 * itself. */
#include "postgres/connection.h"

#include "core/threads/clock.h"

#include <stdlib.h>
#include <string.h>

enum { DEADLINE_US = 10000000 };

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
    PQclear(pg->collected);
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

void cairn_pg_set_watch(struct cairn_pg *pg, int64_t us)
{
    pg->watch_us = us;
}

void cairn_pg_on_connect(struct cairn_pg *pg, const char *sql)
{
    pg->greeting = sql;
}

bool cairn_pg_connected(const struct cairn_pg *pg)
{
    return pg->conn != NULL;
}

int64_t cairn_pg_connection_number(const struct cairn_pg *pg)
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
    PQclear(pg->collected);
    pg->collected = NULL;
    pg->queued = 0;
    pg->answer_by_us = 0;
    PQfinish(pg->conn);
    pg->conn = NULL;
    pg->retry_us = 0; /* the next connection may be opened at once */
}

void cairn_pg_leave(struct cairn_pg *pg)
{
    cairn_pg_drop(pg);
    pg->retry_us = cairn_monotonic_us() + CAIRN_PG_RETRY_US;
}
