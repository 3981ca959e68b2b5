/* receive.c - waits for the server, within a deadline: results, refusals, notifications. */
#include "postgres/connection.h"

#include "core/threads/clock.h"

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* ---- waiting ---- */

/* Waits until the socket can be read (or written, if something is left to send), or `wake` can be
 * read, if it is not -1. Returns 1 for the socket, 0 for `wake` or when the deadline has passed. */
static int wait_socket_or(PGconn *conn, bool to_write, int wake, int64_t deadline_us)
{
    struct pollfd fds[] = {{.fd = PQsocket(conn), .events = POLLIN},
                           {.fd = wake, .events = POLLIN}};
    if (to_write)
        fds[0].events |= POLLOUT;
    for (;;) {
        int64_t left_us = deadline_us - cairn_monotonic_us();
        if (left_us <= 0)
            return 0;
        struct timespec left = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};
        if (ppoll(fds, 2, &left, NULL) > 0)
            return fds[1].revents ? 0 : 1;
    }
}

/* Waits for an answer that is expected at once, without sleeping: waking up takes longer. Yields to
 * other runnable threads. */
static bool watch_socket(const struct cairn_pg *pg)
{
    struct pollfd fd = {.fd = PQsocket(pg->conn), .events = POLLIN};
    int64_t until_us = cairn_monotonic_us() + pg->watch_us;
    while (cairn_monotonic_us() < until_us) {
        if (poll(&fd, 1, 0) > 0)
            return true;
        (void)sched_yield();
    }
    return false;
}

int cairn_pg_wait_socket(struct cairn_pg *pg, bool to_write, int64_t deadline_us)
{
    if (pg->watch_us && !to_write && watch_socket(pg))
        return 1;
    return wait_socket_or(pg->conn, to_write, -1, deadline_us);
}

int cairn_pg_fail_lost(struct cairn_pg *pg, const char *why, struct cairn_error *error)
{
    size_t length = strcspn(why, "\n");
    int failed = cairn_fail_inside(error, CAIRN_UNAVAILABLE, "PostgreSQL is unavailable", "%.*s",
                                   (int)(length < 300 ? length : 300), why);
    cairn_pg_drop(pg);
    return failed;
}

/* Flushes what was sent and reads until a result is complete. */
int cairn_pg_wait_result(struct cairn_pg *pg, int64_t deadline_us, struct cairn_error *error)
{
    for (;;) {
        int unsent = PQflush(pg->conn);
        if (unsent < 0)
            return cairn_pg_fail_lost(pg, PQerrorMessage(pg->conn), error);
        if (!unsent && !PQisBusy(pg->conn))
            return 0;
        if (PQstatus(pg->conn) != CONNECTION_OK)
            return cairn_pg_fail_lost(pg, PQerrorMessage(pg->conn), error);
        if (!cairn_pg_wait_socket(pg, unsent > 0, deadline_us))
            return cairn_pg_fail_lost(pg, "no answer within the deadline", error);
        if (!PQconsumeInput(pg->conn))
            return cairn_pg_fail_lost(pg, PQerrorMessage(pg->conn), error);
    }
}

void cairn_pg_keep(struct cairn_pg *pg, PGresult *next)
{
    if (pg->collected && PQresultStatus(pg->collected) == PGRES_FATAL_ERROR) {
        PQclear(next);
    } else {
        PQclear(pg->collected);
        pg->collected = next;
    }
}

bool cairn_pg_collect(struct cairn_pg *pg)
{
    while (!PQisBusy(pg->conn)) {
        PGresult *next = PQgetResult(pg->conn);
        if (!next)
            return true;
        cairn_pg_keep(pg, next);
    }
    return false;
}

int cairn_pg_await(struct cairn_pg *pg, PGresult **ret, struct cairn_error *error)
{
    int64_t deadline_us =
        pg->answer_by_us ? pg->answer_by_us : cairn_monotonic_us() + pg->deadline_us;
    pg->answer_by_us = 0;
    int failed = 0;
    do
        failed = cairn_pg_wait_result(pg, deadline_us, error);
    while (!failed && !cairn_pg_collect(pg));
    PGresult *last = pg->collected;
    pg->collected = NULL;
    if (failed)
        PQclear(last);
    else
        *ret = last;
    return failed;
}

/* ---- refusals by the server ---- */

static bool state_is(const char *state, const char *prefix)
{
    return strncmp(state, prefix, strlen(prefix)) == 0;
}

/* Returns whether the server is shutting down or gone; the statement's outcome is unknown then. */
static bool is_shutting_down(const char *state)
{
    return state[0] == '\0' || state_is(state, "08") || state_is(state, "57P");
}

static enum cairn_code code_of(const char *state)
{
    if (state_is(state, "53") || state_is(state, "57") || state_is(state, "58"))
        return CAIRN_UNAVAILABLE;
    if (state_is(state, "55P03") || state_is(state, "40"))
        return CAIRN_BUSY;
    if (state_is(state, "22"))
        return CAIRN_INVALID;
    return CAIRN_BUG;
}

/* Returns the row of a failed COPY, parsed from the context of the error message; 0 if it has none.
 */
static int64_t row_of(const PGresult *result)
{
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
    const char *copy = context ? strstr(context, "COPY ") : NULL;
    const char *line = copy ? strstr(copy, ", line ") : NULL;
    return line ? strtoll(line + strlen(", line "), NULL, 10) : 0;
}

/* Returns whether the prepared statement is gone, or no longer matches its tables: a new session
 * prepares it again. */
static bool is_outdated(const char *state, const PGresult *result)
{
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    return state_is(state, "26000") ||
           (state_is(state, "0A000") && function && strcmp(function, "RevalidateCachedQuery") == 0);
}

/* Returns whether the server accepts no appends: it is read-only, or was promoted and an epoch has
 * to begin before (migrations/repeatable/servers.sql). */
static bool is_closed_for_writes(const char *state)
{
    return state_is(state, "25006") || state_is(state, "CA019");
}

/* Closes a session that cannot recover. The statement had no effect. */
static int fail_unusable_session(struct cairn_pg *pg, const char *message, bool outdated,
                                 struct cairn_error *error)
{
    int failed = cairn_fail_inside(error, CAIRN_UNAVAILABLE, "PostgreSQL", "%.300s (%s)", message,
                                   pg->state);
    if (outdated)
        cairn_pg_drop(pg);
    else /* a new session often cannot write either, so it is opened with a delay */
        cairn_pg_leave(pg);
    return failed;
}

int cairn_pg_fail_refused(struct cairn_pg *pg, const PGresult *result, struct cairn_error *error)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    (void)snprintf(pg->state, sizeof pg->state, "%s", state ? state : "");
    if (is_shutting_down(pg->state) || PQstatus(pg->conn) != CONNECTION_OK)
        return cairn_pg_fail_lost(pg, message ? message : PQresultErrorMessage(result), error);
    pg->sent = false; /* the server has reported its rollback */
    pg->row = row_of(result);
    bool outdated = is_outdated(pg->state, result);
    if (outdated || is_closed_for_writes(pg->state))
        return fail_unusable_session(pg, message ? message : "?", outdated, error);
    return cairn_fail_inside(error, code_of(pg->state), "PostgreSQL", "%.300s (%s)",
                             message ? message : "?", pg->state);
}

int cairn_pg_fail_unsent(struct cairn_pg *pg, struct cairn_error *error)
{
    return cairn_pg_fail_lost(pg, PQerrorMessage(pg->conn), error);
}

int cairn_pg_conclude(struct cairn_pg *pg, PGresult *result, PGresult **ret,
                      struct cairn_error *error)
{
    if (pg->unreplicated) {
        PQclear(result);
        return cairn_pg_fail_lost(pg, "the wait for a synchronous standby was cancelled", error);
    }
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
        *ret = result;
        return 0;
    }
    int failed = result ? cairn_pg_fail_refused(pg, result, error)
                        : cairn_pg_fail_lost(pg, "the server closed the connection", error);
    PQclear(result);
    return failed;
}

int cairn_pg_finish(struct cairn_pg *pg, PGresult **ret, struct cairn_error *error)
{
    PGresult *result = NULL;
    int failed = cairn_pg_await(pg, &result, error);
    return failed ? failed : cairn_pg_conclude(pg, result, ret, error);
}

int cairn_pg_flush(struct cairn_pg *pg, struct cairn_error *error)
{
    int64_t deadline_us = cairn_monotonic_us() + pg->deadline_us;
    for (;;) {
        int unsent = PQflush(pg->conn);
        if (unsent < 0 || !PQconsumeInput(pg->conn))
            return cairn_pg_fail_lost(pg, PQerrorMessage(pg->conn), error);
        if (!unsent)
            return 0;
        if (!cairn_pg_wait_socket(pg, true, deadline_us))
            return cairn_pg_fail_lost(pg, "no answer within the deadline", error);
    }
}

/* ---- notifications ---- */

/* Returns the oldest notification received, if there is one. */
static bool take_note(struct cairn_pg *pg, char *ret, size_t size)
{
    PGnotify *note = PQnotifies(pg->conn);
    if (!note)
        return false;
    (void)snprintf(ret, size, "%s", note->extra);
    PQfreemem(note);
    return true;
}

int cairn_pg_wait(struct cairn_pg *pg, int64_t us, int wake, char *ret, size_t size,
                  struct cairn_error *error)
{
    int64_t deadline_us = cairn_monotonic_us() + us;
    if (!pg->conn)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "PostgreSQL is unavailable");
    while (!take_note(pg, ret, size)) {
        if (!wait_socket_or(pg->conn, false, wake, deadline_us))
            return 0;
        if (!PQconsumeInput(pg->conn))
            return cairn_pg_fail_lost(pg, PQerrorMessage(pg->conn), error);
    }
    return 1;
}
