/* checkpoint.c - calls three functions of migrations/repeatable/processes.sql. */
#include "process/follow/checkpoint.h"

static const struct cairn_statement begin_statement = {
    .name = "begin_follower",
    .sql = "select cairn.begin_follower($1, $2, $3)",
};
static const struct cairn_statement take_statement = {
    .name = "take_follower",
    .sql = "select cairn.take_follower($1, $2)",
};
static const struct cairn_statement move_statement = {
    .name = "move_follower",
    .sql = "select cairn.move_follower($1, $2, $3, $4, $5)",
};

static int lost(const char *name, struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_CONFLICT, "another process has taken over %s", name);
}

int cairn_checkpoint_begin(struct cairn_pg *pg, const char *name, const char *process,
                           bool from_start, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    cairn_pg_add_text(&params, name);
    cairn_pg_add_text(&params, process);
    cairn_pg_add_bool(&params, from_start);
    int64_t done = cairn_pg_run(pg, &begin_statement, &params, error);
    cairn_arena_close(&arena);
    return done < 0 ? (int)done : 0;
}

int64_t cairn_checkpoint_take(struct cairn_pg *pg, const char *name, int64_t fence,
                              struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, name);
    cairn_pg_add_integer(&params, fence);
    int64_t count = cairn_pg_call(pg, &take_statement, &params, &rows, error);
    cairn_arena_close(&arena);
    if (count < 0)
        return count;
    return cairn_pg_null(rows, 0, 0) ? lost(name, error) : cairn_pg_integer(rows, 0, 0);
}

int cairn_checkpoint_move(struct cairn_pg *pg, const char *name, int64_t fence, int64_t from,
                          int64_t to, const char *stopped, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, name);
    cairn_pg_add_integer(&params, fence);
    cairn_pg_add_integer(&params, from);
    cairn_pg_add_integer(&params, to);
    cairn_pg_add_text(&params, stopped);
    int64_t count = cairn_pg_call(pg, &move_statement, &params, &rows, error);
    cairn_arena_close(&arena);
    if (count < 0)
        return (int)count;
    return cairn_pg_bool(rows, 0, 0) ? 0 : lost(name, error);
}
