/* generation.c - finding, making and completing generations. */
#include "projection/generation.h"

#include "postgres/postgres.h"
#include "projection/table.h"

/* ---- finding or making ---- */

static const struct cairn_statement lock_statement = {
    .name = "lock_projection",
    .sql = "select pg_advisory_xact_lock(1128352084, hashtext($1))",
};

static const struct cairn_statement find_statement = {
    .name = "find_generation",
    .sql = "select generation, complete_at is not null from cairn.generations"
           " where projection = $1 and code_version = $2 order by generation desc limit 1",
};

static const struct cairn_statement add_statement = {
    .name = "add_generation",
    .sql = "with made as (insert into cairn.generations (projection, generation, code_version)"
           "     select $1, coalesce(max(generation), 0) + 1, $2 from cairn.generations"
           "         where projection = $1"
           "     returning generation),"
           " begun as (insert into cairn.checkpoints (projection, generation, epoch)"
           "     select $1, made.generation, store.epoch from made, cairn.store)"
           " select generation from made",
};

static struct cairn_pg_params params_of(const struct cairn_projection *projection,
                                        struct cairn_arena *arena)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, projection->name);
    return params;
}

static int lock(struct cairn_pg *pg, const struct cairn_projection *projection,
                struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_pg_params params = params_of(projection, arena);
    int64_t done = cairn_pg_run(pg, &lock_statement, &params, error);
    return done < 0 ? (int)done : 0;
}

static int make(struct cairn_pg *pg, const struct cairn_pg_params *params,
                struct cairn_arena *arena, struct cairn_generation *ret, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &add_statement, params, &rows, error);
    if (count < 0)
        return (int)count;
    ret->number = cairn_pg_integer(rows, 0, 0);
    ret->complete = false;
    struct cairn_buffer sql = cairn_buffer(arena);
    cairn_table_sql(ret->projection, ret->number, &sql);
    return cairn_pg_script(pg, sql.text, error);
}

/* Returns 1 if it was found, 0 if it was not. */
static int find(struct cairn_pg *pg, const struct cairn_pg_params *params,
                struct cairn_generation *ret, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &find_statement, params, &rows, error);
    if (count <= 0)
        return (int)count;
    ret->number = cairn_pg_integer(rows, 0, 0);
    ret->complete = cairn_pg_bool(rows, 0, 1);
    return 1;
}

static int lock_and_make(struct cairn_pg *pg, const struct cairn_pg_params *params,
                         struct cairn_arena *arena, struct cairn_generation *ret,
                         struct cairn_error *error)
{
    int failed = lock(pg, ret->projection, arena, error);
    if (failed)
        return failed;
    int found = find(pg, params, ret, error);
    return found == 0 ? make(pg, params, arena, ret, error) : found;
}

/* Ends the transaction as the work in it ended. */
static int settle(struct cairn_pg *pg, int failed, struct cairn_error *error)
{
    if (!failed)
        return cairn_pg_script(pg, "commit", error);
    if (cairn_pg_connected(pg))
        (void)!cairn_pg_script(pg, "rollback", NULL);
    return failed;
}

int cairn_generation_look(struct cairn_store *store, const struct cairn_projection *projection,
                          struct cairn_arena *arena, struct cairn_generation *ret,
                          struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(projection, arena);
    cairn_pg_add_integer(&params, projection->version);
    *ret = (struct cairn_generation){.projection = projection};
    return find(cairn_store_pg(store), &params, ret, error);
}

int cairn_generation_find(struct cairn_store *store, const struct cairn_projection *projection,
                          struct cairn_arena *arena, struct cairn_generation *ret,
                          struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(store);
    int done = cairn_generation_look(store, projection, arena, ret, error);
    if (done)
        return done < 0 ? done : 0;
    struct cairn_pg_params params = params_of(projection, arena);
    cairn_pg_add_integer(&params, projection->version);
    done = cairn_pg_script(pg, "begin", error);
    if (!done)
        done = lock_and_make(pg, &params, arena, ret, error);
    return settle(pg, done < 0 ? done : 0, error);
}

/* ---- who writes ---- */

const char *cairn_generation_lease(const struct cairn_projection *projection,
                                   struct cairn_arena *arena)
{
    return cairn_print(arena, "projection/%s/%d", projection->name, projection->version);
}

static const struct cairn_statement fence_statement = {
    .name = "fence_generation",
    .sql = "with moved as (update cairn.checkpoints set fence = $3"
           "     where projection = $1 and generation = $2 and shard = 0 and fence < $3"
           "     returning fence)"
           " select coalesce((select fence from moved), (select fence from cairn.checkpoints"
           "     where projection = $1 and generation = $2 and shard = 0))",
};

int cairn_generation_fence(struct cairn_store *store, const struct cairn_generation *generation,
                           int64_t fence, struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(generation->projection, arena);
    cairn_pg_add_integer(&params, generation->number);
    cairn_pg_add_integer(&params, fence);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(cairn_store_pg(store), &fence_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    if (cairn_pg_integer(rows, 0, 0) > fence)
        return cairn_fail(error, CAIRN_CONFLICT,
                          "generation %" PRId64 " was taken over with a higher fence",
                          generation->number);
    return 0;
}

/* Nobody takes it over before the transaction ends. */
static const struct cairn_statement hold_statement = {
    .name = "hold_generation",
    .sql = "select 1 from cairn.checkpoints"
           " where projection = $1 and generation = $2 and shard = 0 and fence = $3 for share",
};

static int hold(struct cairn_pg *pg, const struct cairn_generation *generation, int64_t fence,
                struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(generation->projection, arena);
    cairn_pg_add_integer(&params, generation->number);
    cairn_pg_add_integer(&params, fence);
    int64_t count = cairn_pg_run(pg, &hold_statement, &params, error);
    if (count < 0)
        return (int)count;
    return count ? 0
                 : cairn_fail(error, CAIRN_CONFLICT, "generation %" PRId64 " was taken over",
                              generation->number);
}

/* ---- the checkpoint ---- */

static const struct cairn_statement checkpoint_statement = {
    .name = "checkpoint",
    .sql = "select c.epoch, c.position, c.fence, c.stopped is not null, c.revision, s.epoch,"
           "     c.position = 0 or exists (select from cairn.events e where e.shard = 0"
           "         and e.position = c.position and e.event_id = c.event_id)"
           " from cairn.checkpoints c, cairn.store s"
           " where c.projection = $1 and c.generation = $2 and c.shard = 0",
};

int cairn_generation_checkpoint(struct cairn_store *store,
                                const struct cairn_generation *generation,
                                struct cairn_arena *arena, struct cairn_checkpoint *ret,
                                struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(generation->projection, arena);
    cairn_pg_add_integer(&params, generation->number);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count =
        cairn_pg_call(cairn_store_pg(store), &checkpoint_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    if (count == 0)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "generation %" PRId64 " is gone",
                          generation->number);
    ret->epoch = cairn_pg_integer(rows, 0, 0);
    ret->position = cairn_pg_integer(rows, 0, 1);
    ret->fence = cairn_pg_integer(rows, 0, 2);
    ret->stopped = cairn_pg_bool(rows, 0, 3);
    ret->revision = cairn_pg_integer(rows, 0, 4);
    if (ret->epoch != cairn_pg_integer(rows, 0, 5))
        return cairn_fail(error, CAIRN_DIVERGED,
                          "diverged: the rows are of epoch %" PRId64
                          ", the log is of epoch %" PRId64,
                          ret->epoch, cairn_pg_integer(rows, 0, 5));
    if (!cairn_pg_bool(rows, 0, 6))
        return cairn_fail(error, CAIRN_DIVERGED,
                          "diverged: the rows stand on an event at position %" PRId64
                          " that the log does not have",
                          ret->position);
    return 0;
}

static const struct cairn_statement stop_statement = {
    .name = "stop_generation",
    .sql = "update cairn.checkpoints set stopped = $5"
           " where projection = $1 and generation = $2 and shard = 0 and position = $3"
           "     and fence = $4 and stopped is distinct from $5",
};

int cairn_generation_stop(struct cairn_store *store, const struct cairn_generation *generation,
                          const struct cairn_checkpoint *checkpoint, const char *why,
                          struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(generation->projection, arena);
    cairn_pg_add_integer(&params, generation->number);
    cairn_pg_add_integer(&params, checkpoint->position);
    cairn_pg_add_integer(&params, checkpoint->fence);
    cairn_pg_add_text(&params, why);
    int64_t done = cairn_pg_run(cairn_store_pg(store), &stop_statement, &params, error);
    return done < 0 ? (int)done : 0;
}

/* ---- completing ---- */

static const struct cairn_statement dethrone_statement = {
    .name = "dethrone_generation",
    .sql = "update cairn.generations set live = false"
           " where projection = $1 and generation <> $2 and live and code_version <= $3",
};

/* In a rolling deploy an older code version may be built or catch up after a newer one: it is
 * complete then, for those who were compiled with it, but the newer one stays live. */
static const struct cairn_statement complete_statement = {
    .name = "complete_generation",
    .sql = "update cairn.generations g set complete_at = coalesce(complete_at, now()),"
           "     live = not exists (select from cairn.generations other where other.live"
           "         and other.projection = $1 and other.generation <> $2)"
           " where projection = $1 and generation = $2"
           " returning live",
};

/* Returns 1 if the generation is live now. */
static int enthrone(struct cairn_pg *pg, const struct cairn_generation *generation,
                    struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(generation->projection, arena);
    cairn_pg_add_integer(&params, generation->number);
    struct cairn_pg_params all = params;
    cairn_pg_add_integer(&all, generation->projection->version);
    int64_t count = cairn_pg_run(pg, &dethrone_statement, &all, error);
    CAIRN_PG_RESULT *rows = NULL;
    if (count >= 0)
        count = cairn_pg_call(pg, &complete_statement, &params, &rows, error);
    if (count <= 0)
        return (int)count;
    return cairn_pg_bool(rows, 0, 0);
}

/* The columns may be others than before, so the view is made anew. That waits for whoever reads
 * it, and holds up whoever wants to: not for long. */
static int show(struct cairn_pg *pg, const struct cairn_generation *generation,
                struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_buffer sql = cairn_buffer(arena);
    cairn_buffer_text(&sql, "set local lock_timeout = '500ms';\n");
    cairn_view_sql(generation->projection, generation->number, &sql);
    return cairn_pg_script(pg, sql.text, error);
}

int cairn_generation_complete(struct cairn_store *store, struct cairn_generation *generation,
                              int64_t fence, struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(store);
    int failed = cairn_pg_script(pg, "begin", error);
    if (!failed)
        failed = lock(pg, generation->projection, arena, error);
    if (!failed)
        failed = hold(pg, generation, fence, arena, error);
    int live = failed ? failed : enthrone(pg, generation, arena, error);
    if (live > 0)
        live = show(pg, generation, arena, error);
    failed = settle(pg, live, error);
    if (failed)
        cairn_error_context(error, "view read.%s", generation->projection->name);
    else
        generation->complete = true;
    return failed;
}
