/* consumer_sql.c - runs plain SQL for handlers. */
#include "bus/consume/consumer_sql.h"

#include <stdio.h>

static struct cairn_pg_params params_of(struct cairn_sql *sql, const char *const *values,
                                        size_t count)
{
    struct cairn_pg_params params = {.arena = sql->arena};
    for (size_t i = 0; i < count; i++)
        cairn_pg_add_text(&params, values[i]);
    return params;
}

static int too_many(struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_BUG, "a statement takes at most %d values",
                      (int)CAIRN_PG_PARAMS_MAX);
}

/* Connects, if that was left to the first statement. */
static int ready(struct cairn_sql *sql, struct cairn_error *error)
{
    if (sql->whole && sql->failed)
        return cairn_fail(error, CAIRN_UNAVAILABLE,
                          "an earlier statement of this transaction has failed");
    int failed = sql->pg ? 0 : sql->open(sql, error);
    sql->failed = sql->failed || failed;
    return failed;
}

int64_t cairn_sql_run(struct cairn_sql *sql, const char *statement, const char *const *values,
                      size_t count, struct cairn_error *error)
{
    if (count > CAIRN_PG_PARAMS_MAX)
        return too_many(error);
    int failed = ready(sql, error);
    if (failed)
        return failed;
    const struct cairn_pg_params params = params_of(sql, values, count);
    const struct cairn_statement plain = {.sql = statement};
    int64_t changed = cairn_pg_run(sql->pg, &plain, &params, error);
    sql->failed = sql->failed || changed < 0;
    return changed;
}

int64_t cairn_sql_get(struct cairn_sql *sql, const char *statement, const char *const *values,
                      size_t count, const char *const **ret, struct cairn_error *error)
{
    if (count > CAIRN_PG_PARAMS_MAX)
        return too_many(error);
    int failed = ready(sql, error);
    if (failed)
        return failed;
    const struct cairn_pg_params params = params_of(sql, values, count);
    CAIRN_PG_RESULT *result = NULL;
    int64_t rows = cairn_pg_call_printed(sql->pg, statement, &params, &result, error);
    sql->failed = sql->failed || rows < 0;
    if (rows < 0)
        return rows;
    int columns = cairn_pg_columns(result);
    const char **cells = cairn_new(sql->arena, const char *, (size_t)rows *(size_t)columns);
    for (int64_t i = 0; i < rows * columns; i++)
        cells[i] =
            cairn_copy_text(sql->arena, cairn_pg_text(result, i / columns, (int)(i % columns)));
    *ret = cells;
    return rows;
}

const char *cairn_sql_print(struct cairn_sql *sql, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *text = cairn_print_va(sql->arena, format, list);
    va_end(list);
    return text;
}

char *cairn_sql_room(struct cairn_sql *sql, size_t bytes)
{
    return cairn_new(sql->arena, char, bytes);
}
