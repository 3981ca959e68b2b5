/* pipeline.c - several calls under way on one connection, by libpq's pipeline mode (its manual,
 * chapter 34.5). A synchronisation point behind each keeps them apart: each commits, or fails, by
 * itself. */
#include "postgres/connection.h"

#include "core/threads/clock.h"

/* Returns whether the statement can be sent without waiting for anything first. */
static bool is_open_for(struct cairn_pg *pg, const struct cairn_statement *statement)
{
    if (pg->queued == 0)
        return cairn_pg_is_idle_for(pg, statement);
    return PQstatus(pg->conn) == CONNECTION_OK && cairn_map_get(&pg->prepared, statement->name);
}

bool cairn_pg_queue(struct cairn_pg *pg, const struct cairn_statement *statement,
                    const struct cairn_pg_params *params)
{
    if (!is_open_for(pg, statement) || !PQenterPipelineMode(pg->conn))
        return false;
    if (cairn_pg_send_statement(pg, statement, params, false, NULL))
        return false;
    pg->queued++;
    /* What fails here is found by the call that takes the answer. */
    (void)(PQpipelineSync(pg->conn) && PQflush(pg->conn));
    return true;
}

bool cairn_pg_await_queued(struct cairn_pg *pg, int64_t until_us)
{
    while (pg->queued > 0 && PQstatus(pg->conn) == CONNECTION_OK && PQisBusy(pg->conn)) {
        int unsent = PQflush(pg->conn);
        if (unsent < 0)
            return true;
        if (!cairn_pg_wait_socket(pg, unsent > 0, until_us))
            return false;
        if (!PQconsumeInput(pg->conn))
            return true;
    }
    return true;
}

/* Collects what has come, without waiting. Returns 1 at the synchronisation point: only then has
 * the statement committed; 0 before it; or an error, and the connection is lost. */
static int collect_to_sync(struct cairn_pg *pg, struct cairn_error *error)
{
    while (!PQisBusy(pg->conn)) {
        PGresult *next = PQgetResult(pg->conn);
        if (next && PQresultStatus(next) == PGRES_PIPELINE_SYNC) {
            PQclear(next);
            return 1;
        }
        if (next)
            cairn_pg_keep(pg, next);
        if (PQstatus(pg->conn) != CONNECTION_OK)
            return cairn_pg_fail_lost(pg, PQerrorMessage(pg->conn), error);
    }
    return 0;
}

int64_t cairn_pg_take_queued(struct cairn_pg *pg, struct cairn_pg_result **ret,
                             struct cairn_error *error)
{
    pg->sent = true;
    pg->state[0] = '\0';
    if (pg->queued == 0)
        return cairn_fail(error, CAIRN_UNAVAILABLE,
                          "PostgreSQL is unavailable: the connection was lost by a call before");
    int64_t deadline_us = cairn_monotonic_us() + pg->deadline_us;
    int done = 0;
    while (done == 0) {
        done = cairn_pg_wait_result(pg, deadline_us, error);
        if (!done)
            done = collect_to_sync(pg, error);
    }
    if (done < 0)
        return done;
    PGresult *rows = pg->collected;
    pg->collected = NULL;
    pg->queued--;
    if (pg->queued == 0)
        (void)PQexitPipelineMode(pg->conn);
    int failed = cairn_pg_conclude(pg, rows, &rows, error);
    if (failed)
        return failed;
    *ret = cairn_pg_wrap(rows);
    return PQntuples(rows);
}
