/* call.c - executes statements and scripts. */
#include "postgres/connection.h"

#include <stdlib.h>
#include <string.h>

static int prepare(struct cairn_pg *pg, const struct cairn_statement *statement,
                   const struct cairn_pg_params *params, struct cairn_error *error)
{
    if (cairn_map_get(&pg->prepared, statement->name))
        return 0;
    if (!PQsendPrepare(pg->conn, statement->name, statement->sql, params ? params->count : 0,
                       params ? params->types : NULL))
        return cairn_pg_fail_unsent(pg, error);
    PGresult *result = NULL;
    int failed = cairn_pg_finish(pg, &result, error);
    PQclear(result);
    if (!failed)
        *cairn_map_at(&pg->prepared, statement->name) = pg;
    return failed;
}

int cairn_pg_send_statement(struct cairn_pg *pg, const struct cairn_statement *statement,
                            const struct cairn_pg_params *params, bool printed,
                            struct cairn_error *error)
{
    static const int binary[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    _Static_assert(sizeof binary / sizeof binary[0] == CAIRN_PG_PARAMS_MAX, "all are binary");
    int count = params ? params->count : 0;
    const char *const *values = params ? params->values : NULL;
    const int *lengths = params ? params->lengths : NULL;
    int done = statement->name ? PQsendQueryPrepared(pg->conn, statement->name, count, values,
                                                     lengths, binary, !printed)
                               : PQsendQueryParams(pg->conn, statement->sql, count,
                                                   params ? params->types : NULL, values, lengths,
                                                   binary, !printed);
    if (!done)
        return cairn_pg_fail_unsent(pg, error);
    pg->sent = true;
    return 0;
}

static int execute_once(struct cairn_pg *pg, const struct cairn_statement *statement,
                        const struct cairn_pg_params *params, bool printed, PGresult **ret,
                        struct cairn_error *error)
{
    pg->sent = false;
    pg->state[0] = '\0';
    int failed = cairn_pg_ensure(pg, error);
    pg->sent = false; /* statements that opened the connection do not count */
    if (!failed && statement->name)
        failed = prepare(pg, statement, params, error);
    if (!failed)
        failed = cairn_pg_send_statement(pg, statement, params, printed, error);
    return failed ? failed : cairn_pg_finish(pg, ret, error);
}

/* Outside of a transaction, a statement that was refused because its session is outdated is
 * repeated in a new session. */
static int execute(struct cairn_pg *pg, const struct cairn_statement *statement,
                   const struct cairn_pg_params *params, bool printed, PGresult **ret,
                   struct cairn_error *error)
{
    bool alone = !pg->conn || PQtransactionStatus(pg->conn) == PQTRANS_IDLE;
    int failed = execute_once(pg, statement, params, printed, ret, error);
    bool outdated = failed && !pg->conn && !pg->sent &&
                    (strcmp(pg->state, "26000") == 0 || strcmp(pg->state, "0A000") == 0);
    if (!outdated || !alone)
        return failed;
    if (error)
        cairn_error_reset(error);
    return execute_once(pg, statement, params, printed, ret, error);
}

struct cairn_pg_result *cairn_pg_wrap(PGresult *rows)
{
    struct cairn_pg_result *ret = cairn_allocate(sizeof *ret);
    ret->rows = rows;
    return ret;
}

static int64_t call(struct cairn_pg *pg, const struct cairn_statement *statement,
                    const struct cairn_pg_params *params, bool printed,
                    struct cairn_pg_result **ret, struct cairn_error *error)
{
    PGresult *rows = NULL;
    int failed = execute(pg, statement, params, printed, &rows, error);
    if (failed)
        return failed;
    *ret = cairn_pg_wrap(rows);
    return PQntuples(rows);
}

int64_t cairn_pg_call(struct cairn_pg *pg, const struct cairn_statement *statement,
                      const struct cairn_pg_params *params, struct cairn_pg_result **ret,
                      struct cairn_error *error)
{
    return call(pg, statement, params, false, ret, error);
}

int64_t cairn_pg_call_printed(struct cairn_pg *pg, const char *sql,
                              const struct cairn_pg_params *params, struct cairn_pg_result **ret,
                              struct cairn_error *error)
{
    const struct cairn_statement statement = {.sql = sql};
    return call(pg, &statement, params, true, ret, error);
}

int64_t cairn_pg_run(struct cairn_pg *pg, const struct cairn_statement *statement,
                     const struct cairn_pg_params *params, struct cairn_error *error)
{
    PGresult *result = NULL;
    int failed = execute(pg, statement, params, false, &result, error);
    if (failed)
        return failed;
    int64_t affected = strtoll(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    return affected;
}

int cairn_pg_script(struct cairn_pg *pg, const char *sql, struct cairn_error *error)
{
    pg->sent = false;
    pg->state[0] = '\0';
    int failed = cairn_pg_ensure(pg, error);
    return failed ? failed : cairn_pg_execute_script(pg, sql, error);
}
