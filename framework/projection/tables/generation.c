/* generation.c - finds, makes and starts generations; fences and checkpoints. */
#include "projection/tables/generation.h"

#include "postgres/postgres.h"
#include "projection/tables/generation_lock.h"
#include "projection/tables/read_table.h"
#include "projection/tables/table_names.h"
#include "record/json.h"

#include <string.h>

static struct cairn_pg_params params_of(const struct cairn_projection *projection,
                                        struct cairn_arena *arena)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, projection->name);
    return params;
}

/* ---- finding ---- */

static const struct cairn_statement list_statement = {
    .name = "list_generations",
    .sql = "select generation, complete_at is not null as complete, serving from cairn.generations"
           " where projection = $1 and code_version = $2 and state = 'following'"
           "     and ($3 = 0 or generation = $3)"
           " order by generation desc",
};

static int64_t list(struct cairn_store *store, const struct cairn_projection *projection,
                    int64_t number, struct cairn_arena *arena, struct cairn_generation **ret,
                    struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(projection, arena);
    cairn_pg_add_integer(&params, projection->version);
    cairn_pg_add_integer(&params, number);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(cairn_store_pg(store), &list_statement, &params, &rows, error);
    if (count < 0)
        return count;
    *ret = cairn_new(arena, struct cairn_generation, (size_t)count + 1);
    for (int64_t i = 0; i < count; i++)
        (*ret)[i] = (struct cairn_generation){
            .projection = projection,
            .number = cairn_pg_integer(rows, i, cairn_pg_column(rows, "generation")),
            .complete = cairn_pg_bool(rows, i, cairn_pg_column(rows, "complete")),
            .serving = cairn_pg_bool(rows, i, cairn_pg_column(rows, "serving"))};
    return count;
}

int64_t cairn_generation_list(struct cairn_store *store, const struct cairn_projection *projection,
                              struct cairn_arena *arena, const struct cairn_generation **ret,
                              struct cairn_error *error)
{
    struct cairn_generation *all = NULL;
    int64_t count = list(store, projection, 0, arena, &all, error);
    *ret = all;
    return count;
}

int cairn_generation_get(struct cairn_store *store, const struct cairn_projection *projection,
                         int64_t number, struct cairn_arena *arena, struct cairn_generation *ret,
                         struct cairn_error *error)
{
    struct cairn_generation *all = NULL;
    int64_t count = list(store, projection, number, arena, &all, error);
    *ret = count > 0 ? all[0] : (struct cairn_generation){.projection = projection};
    return (int)count;
}

int cairn_generation_look(struct cairn_store *store, const struct cairn_projection *projection,
                          struct cairn_arena *arena, struct cairn_generation *ret,
                          struct cairn_error *error)
{
    struct cairn_generation *all = NULL;
    int64_t count = list(store, projection, 0, arena, &all, error);
    *ret = count > 0 ? all[0] : (struct cairn_generation){.projection = projection};
    for (int64_t i = 0; i < count; i++) {
        if (all[i].serving)
            *ret = all[i];
    }
    return count < 0 ? (int)count : count > 0;
}

/* ---- columns ---- */

static const struct cairn_statement columns_statement = {
    .name = "generation_columns",
    .sql = "select attname::text,"
           "     case atttypid when 'timestamptz'::regtype then 'timestamptz'"
           "         else format_type(atttypid, null) end"
           " from pg_attribute"
           " where attrelid = to_regclass(format('read.%I', $1::text))"
           "     and attnum > 0 and not attisdropped and not starts_with(attname::text, '_')",
};

/* Returns the type of the column in the table, or NULL if there is no such column. */
static const char *find_column(const struct cairn_pg_result *columns, int64_t count,
                               const char *name)
{
    for (int64_t i = 0; i < count; i++) {
        if (strcmp(cairn_pg_text(columns, i, 0), name) == 0)
            return cairn_pg_text(columns, i, 1);
    }
    return NULL;
}

/* Writes the first difference into `out`; leaves it empty if there is none. */
static void find_difference(const struct cairn_record *record,
                            const struct cairn_pg_result *columns, int64_t count,
                            struct cairn_buffer *out)
{
    for (uint32_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        const char *type = find_column(columns, count, field->name);
        if (!type)
            cairn_buffer_print(out, "has no column \"%s\"", field->name);
        else if (strcmp(type, cairn_column_type(field)) != 0)
            cairn_buffer_print(out, "has \"%s\" as %s, the record has it as %s", field->name, type,
                               cairn_column_type(field));
        if (out->length)
            return;
    }
    for (int64_t i = 0; i < count; i++) {
        const char *name = cairn_pg_text(columns, i, 0);
        if (!cairn_record_field(record, name)) {
            cairn_buffer_print(out, "has a column \"%s\" that the record has not", name);
            return;
        }
    }
}

int cairn_generation_check_columns(struct cairn_store *store,
                                   const struct cairn_generation *generation,
                                   struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_projection *projection = generation->projection;
    const char *table = cairn_table_name(arena, projection->name, generation->number);
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, table);
    CAIRN_PG_RESULT *columns = NULL;
    int64_t count =
        cairn_pg_call(cairn_store_pg(store), &columns_statement, &params, &columns, error);
    if (count < 0)
        return (int)count;
    struct cairn_buffer difference = cairn_buffer(arena);
    find_difference(projection->row, columns, count, &difference);
    if (!difference.length)
        return 0;
    return cairn_fail(error, CAIRN_BUG,
                      "the table read.%s %s: raise .version of the projection %s (now %" PRId64
                      ") after a change of its row, or undo the change of the table",
                      table, difference.text, projection->name, (int64_t)projection->version);
}

/* ---- making ---- */

/* Numbers are never reused: the rows of dropped generations stay. */
static const struct cairn_statement add_statement = {
    .name = "add_generation",
    .sql = "insert into cairn.generations (projection, generation, code_version, state)"
           " select $1, coalesce(max(generation), 0) + 1, $2, 'building' from cairn.generations"
           "     where projection = $1"
           " returning generation",
};

static int make(struct cairn_pg *pg, void *context, struct cairn_arena *arena,
                struct cairn_error *error)
{
    struct cairn_generation *ret = context;
    struct cairn_pg_params params = params_of(ret->projection, arena);
    cairn_pg_add_integer(&params, ret->projection->version);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &add_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    ret->number = cairn_pg_integer(rows, 0, 0);
    struct cairn_buffer sql = cairn_buffer(arena);
    cairn_table_sql(ret->projection, ret->number, &sql);
    return cairn_pg_script(pg, sql.text, error);
}

int cairn_generation_make(struct cairn_store *store, const struct cairn_projection *projection,
                          struct cairn_arena *arena, struct cairn_generation *ret,
                          struct cairn_error *error)
{
    *ret = (struct cairn_generation){.projection = projection};
    return cairn_generation_locked(cairn_store_pg(store), projection, make, ret, arena, error);
}

/* ---- starting ---- */

static const struct cairn_statement start_statement = {
    .name = "start_generation",
    .sql = "with mine as (update cairn.generations set state = 'following'"
           "     where projection = $1 and generation = $2 and state = 'building'"
           "         and exists (select from cairn.store s where s.epoch = $3)"
           "         and not exists (select from cairn.leases l where l.name = $6 and l.fence > $5)"
           "         and ($4 = 0 or exists (select from cairn.events e"
           "             where e.shard = 0 and e.position = $4))"
           "     returning 1)"
           " insert into cairn.checkpoints"
           "     (projection, generation, epoch, position, fence, event_id)"
           " select $1, $2, $3, $4, $5, (select e.event_id from cairn.events e"
           "         where e.shard = 0 and e.position = $4) from mine",
};

static const struct cairn_statement parks_statement = {
    .name = "start_parked",
    .sql = "insert into cairn.parked"
           "     (projection, generation, key, position, event_id, reason, attempts)"
           " select $1, $2, p.* from unnest($3::text[], $4::bigint[], $5::uuid[], $6::text[],"
           "     $7::bigint[]) p",
};

static const struct cairn_statement skips_statement = {
    .name = "start_skipped",
    .sql = "insert into cairn.skipped (projection, generation, key, position, event_id, reason)"
           " select $1, $2, p.* from unnest($3::text[], $4::bigint[], $5::uuid[], $6::text[]) p",
};

static int add_parks(struct cairn_pg *pg, const struct cairn_pg_params *both, bool skipped,
                     const struct cairn_park *parks, size_t count, struct cairn_error *error)
{
    if (count == 0)
        return 0;
    struct cairn_pg_params params = *both;
    cairn_pg_add_texts(&params, &parks->key, sizeof *parks, count);
    cairn_pg_add_integers(&params, &parks->position, sizeof *parks, count);
    cairn_pg_add_uuids(&params, &parks->event_id, sizeof *parks, count);
    cairn_pg_add_texts(&params, &parks->reason, sizeof *parks, count);
    if (!skipped)
        cairn_pg_add_integers(&params, &parks->attempts, sizeof *parks, count);
    int64_t done = cairn_pg_run(pg, skipped ? &skips_statement : &parks_statement, &params, error);
    return done < 0 ? (int)done : 0;
}

struct starting {
    const struct cairn_generation *generation;
    const struct cairn_generation_start *start;
};

static int start(struct cairn_pg *pg, void *context, struct cairn_arena *arena,
                 struct cairn_error *error)
{
    const struct starting *starting = context;
    const struct cairn_generation_start *start = starting->start;
    struct cairn_pg_params both = params_of(starting->generation->projection, arena);
    cairn_pg_add_integer(&both, starting->generation->number);
    struct cairn_pg_params params = both;
    cairn_pg_add_integer(&params, start->at.epoch);
    cairn_pg_add_integer(&params, start->at.position);
    cairn_pg_add_integer(&params, start->at.fence);
    cairn_pg_add_text(&params, cairn_generation_lease(starting->generation->projection, arena));
    int64_t done = cairn_pg_run(pg, &start_statement, &params, error);
    if (done < 0)
        return (int)done;
    if (done == 0)
        return cairn_fail(error, CAIRN_CONFLICT,
                          "generation %" PRId64 " is not built here any more",
                          starting->generation->number);
    int failed = add_parks(pg, &both, false, start->parks, start->park_count, error);
    if (!failed)
        failed = add_parks(pg, &both, true, start->skips, start->skip_count, error);
    return failed;
}

int cairn_generation_start(struct cairn_store *store, const struct cairn_generation *generation,
                           const struct cairn_generation_start *how, struct cairn_arena *arena,
                           struct cairn_error *error)
{
    struct starting starting = {generation, how};
    return cairn_generation_locked(cairn_store_pg(store), generation->projection, start, &starting,
                                   arena, error);
}

int cairn_generation_start_empty(struct cairn_store *store,
                                 const struct cairn_generation *generation, int64_t fence,
                                 struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_timeline timeline;
    struct cairn_buffer sql = cairn_buffer(arena);
    for (size_t i = 0; cairn_index_sql(generation->projection, generation->number, i, &sql); i++)
        continue;
    int failed = cairn_store_timeline(store, &timeline, error);
    if (!failed)
        failed = cairn_pg_script(cairn_store_pg(store), sql.text, error);
    if (failed)
        return failed;
    const struct cairn_generation_start at_zero = {.at = {.epoch = timeline.epoch, .fence = fence}};
    return cairn_generation_start(store, generation, &at_zero, arena, error);
}

/* ---- lease and fence ---- */

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

/* ---- the checkpoint ---- */

static const struct cairn_statement checkpoint_statement = {
    .name = "checkpoint",
    .sql = "select c.epoch, c.position, c.fence, c.stopped is not null as stopped, c.revision,"
           " s.epoch as store_epoch,"
           "     c.position = 0 or exists (select from cairn.events e where e.shard = 0"
           "         and e.position = c.position and e.event_id = c.event_id) as is_of_this_log"
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
    ret->epoch = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "epoch"));
    ret->position = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "position"));
    ret->fence = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "fence"));
    ret->stopped = cairn_pg_bool(rows, 0, cairn_pg_column(rows, "stopped"));
    ret->revision = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "revision"));
    if (ret->epoch != cairn_pg_integer(rows, 0, cairn_pg_column(rows, "store_epoch")))
        return cairn_fail(
            error, CAIRN_DIVERGED,
            "diverged: the rows are of epoch %" PRId64 ", the log is of epoch %" PRId64, ret->epoch,
            cairn_pg_integer(rows, 0, cairn_pg_column(rows, "store_epoch")));
    if (!cairn_pg_bool(rows, 0, cairn_pg_column(rows, "is_of_this_log")))
        return cairn_fail(error, CAIRN_DIVERGED,
                          "diverged: the rows contain an event at position %" PRId64
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
