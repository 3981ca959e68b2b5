/* retire.c - finds and drops generations, and removes their rows from Redis. */
#include "projection/generations/retire.h"

#include "core/report/log.h"
#include "projection/tables/generation_lock.h"
#include "projection/tables/table_names.h"

#include <string.h>

/* Generations of another code version are dropped only if no process has its lease, that is, its
 * projector does not run. One that a pending `cairn rollback` names is kept until that is done or
 * refused. */
static const struct cairn_statement find_statement = {
    .name = "find_retired",
    .sql = "select g.generation from cairn.generations g"
           " where g.projection = $1 and not g.live and g.state <> 'dropped'"
           "     and not exists (select from cairn.switches w where w.projection = $1"
           "         and w.generation = g.generation and w.code_version = $2"
           "         and w.done_at is null and w.refused is null)"
           "     and g.generation <> $3 and (g.in_the_way is null or g.kept_until < now())"
           "     and case when g.code_version = $2"
           "         then g.state = 'building' or (not g.serving and g.kept_until < now())"
           "         else (g.kept_until < now() or (g.complete_at is null"
           "             and g.made_at < now() - $4 * interval '1 millisecond'))"
           "             and not exists (select from cairn.leases l"
           "                 where l.held_until > clock_timestamp()"
           "                     and l.name = 'projection/' || $1 || '/' || g.code_version) end"
           " order by g.generation limit 1",
};

int cairn_retire_find(struct cairn_store *store, const struct cairn_projection *projection,
                      int64_t building, int64_t window_ms, struct cairn_arena *arena,
                      struct cairn_generation *ret, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, projection->name);
    cairn_pg_add_integer(&params, projection->version);
    cairn_pg_add_integer(&params, building);
    cairn_pg_add_integer(&params, window_ms);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(cairn_store_pg(store), &find_statement, &params, &rows, error);
    *ret = (struct cairn_generation){.projection = projection};
    if (count > 0)
        ret->number = cairn_pg_integer(rows, 0, 0);
    return (int)count;
}

/* ---- dropping ---- */

static const struct cairn_statement drop_statement = {
    .name = "drop_generation",
    .sql = "with gone as (update cairn.generations set state = 'dropped', serving = false,"
           "         dropped_at = now()"
           "     where projection = $1 and generation = $2 and not live and state <> 'dropped'"
           "     returning projection, generation),"
           " checkpoints as (delete from cairn.checkpoints using gone"
           "     where checkpoints.projection = gone.projection"
           "         and checkpoints.generation = gone.generation),"
           " parked as (delete from cairn.parked using gone"
           "     where parked.projection = gone.projection"
           "         and parked.generation = gone.generation),"
           " skipped as (delete from cairn.skipped using gone"
           "     where skipped.projection = gone.projection"
           "         and skipped.generation = gone.generation)"
           " select count(*) from gone",
};

/* Postpones a generation that cannot be dropped, so that it does not block dropping the others. */
static const struct cairn_statement others_statement = {
    .name = "hold_generation",
    .sql = "update cairn.generations g set in_the_way = s.others,"
           "     kept_until = now() + interval '10 minutes'"
           " from (select cairn.standing_on(to_regclass($3)) as others) s"
           " where g.projection = $1 and g.generation = $2 and s.others is not null"
           " returning s.others",
};

/* Returns 1 if views or other objects of users depend on its table. */
static int hold_for_others(struct cairn_pg *pg, const struct cairn_generation *generation,
                           struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    const char *table = cairn_table_name(arena, generation->projection->name, generation->number);
    cairn_pg_add_text(&params, generation->projection->name);
    cairn_pg_add_integer(&params, generation->number);
    cairn_pg_add_text(&params, cairn_print(arena, "read.\"%s\"", table));
    int64_t count = cairn_pg_call(pg, &others_statement, &params, &rows, error);
    if (count > 0)
        cairn_log(
            CAIRN_LOG_WARN, "a generation cannot be dropped: other objects depend on its table",
            CAIRN_LOG_TEXT("table", table), CAIRN_LOG_TEXT("objects", cairn_pg_text(rows, 0, 0)));
    return count < 0 ? (int)count : count > 0;
}

static int drop(struct cairn_pg *pg, void *context, struct cairn_arena *arena,
                struct cairn_error *error)
{
    const struct cairn_generation *generation = context;
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, generation->projection->name);
    cairn_pg_add_integer(&params, generation->number);
    int held = hold_for_others(pg, generation, arena, error);
    if (held)
        return held < 0 ? held : 0;
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &drop_statement, &params, &rows, error);
    if (count < 0 || cairn_pg_integer(rows, 0, 0) == 0)
        return count < 0 ? (int)count : 0; /* it is live again, or was dropped already */
    const char *sql =
        cairn_print(arena, "set local lock_timeout = '500ms'; drop table if exists read.\"%s\"",
                    cairn_table_name(arena, generation->projection->name, generation->number));
    int failed = cairn_pg_script(pg, sql, error);
    return failed ? failed : 1;
}

int cairn_retire_drop(struct cairn_store *store, const struct cairn_generation *generation,
                      struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_generation dropped = *generation;
    int done = cairn_generation_locked(cairn_store_pg(store), generation->projection, drop,
                                       &dropped, arena, error);
    if (done > 0)
        cairn_log(CAIRN_LOG_INFO, "the generation was dropped",
                  CAIRN_LOG_TEXT("projection", generation->projection->name),
                  CAIRN_LOG_INTEGER("generation", generation->number));
    return done < 0 ? done : 0;
}

/* ---- sweeping ---- */

static const struct cairn_statement unswept_statement = {
    .name = "unswept_generation",
    .sql = "select generation from cairn.generations"
           " where projection = $1 and state = 'dropped' and not swept order by generation limit 1",
};

static const struct cairn_statement swept_statement = {
    .name = "swept_generation",
    .sql = "update cairn.generations set swept = true where projection = $1 and generation = $2",
};

/* Removes all keys of the generation. Returns 1 when the scan is complete, 0 if Redis failed or
 * `stopping` was set. */
static int sweep(struct cairn_store *store, const struct cairn_generation *generation,
                 struct cairn_redis *redis, const atomic_bool *stopping, struct cairn_arena *arena,
                 struct cairn_error *error)
{
    struct cairn_copy copy = {.redis = redis};
    struct cairn_timeline timeline;
    struct cairn_arena page = {0};
    char cursor[24] = "0";
    int failed = cairn_store_timeline(store, &timeline, error);
    if (failed)
        return failed;
    cairn_copy_init(&copy, &timeline, generation, arena);
    do {
        failed = cairn_copy_remove(&copy, cursor, sizeof cursor, &page);
        cairn_arena_reset(&page);
    } while (!failed && strcmp(cursor, "0") != 0 && !atomic_load(stopping));
    cairn_arena_close(&page);
    return !failed && strcmp(cursor, "0") == 0;
}

int cairn_retire_sweep(struct cairn_store *store, const struct cairn_projection *projection,
                       struct cairn_redis *redis, const atomic_bool *stopping,
                       struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_generation generation = {.projection = projection};
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, projection->name);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(cairn_store_pg(store), &unswept_statement, &params, &rows, error);
    if (count <= 0 || !redis)
        return count < 0 ? (int)count : 0;
    generation.number = cairn_pg_integer(rows, 0, 0);
    int swept = sweep(store, &generation, redis, stopping, arena, error);
    if (swept <= 0)
        return swept;
    cairn_pg_add_integer(&params, generation.number);
    count = cairn_pg_run(cairn_store_pg(store), &swept_statement, &params, error);
    return count < 0 ? (int)count : 1;
}
