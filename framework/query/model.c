/* model.c - which generation of a read model is read, and in which timeline. */
#include "query/context.h"

#include "core/clock.h"
#include "projection/names.h"
#include "query/sql.h"

#include <string.h>

#define FRESH_US CAIRN_SECONDS(1) /* how long an answer of PostgreSQL is taken for granted */
#define KEPT_US CAIRN_SECONDS(60) /* and how long while PostgreSQL cannot be asked */

bool cairn_query_by_stream(const struct cairn_projection *projection)
{
    const struct cairn_on *const *on = projection->on;
    for (size_t i = 0; on[i]; i++) {
        if (on[i]->keys || strcmp(on[i]->events->category, on[0]->events->category) != 0)
            return false;
    }
    return true;
}

struct cairn_statement cairn_query_statement(struct cairn_query_context *context,
                                             struct cairn_arena *arena, const char *sql)
{
    return (struct cairn_statement){
        .name = cairn_print(arena, "query_%" PRId64, ++context->statement_count),
        .sql = sql,
    };
}

static struct cairn_query_model *find(struct cairn_query_context *context,
                                      const struct cairn_projection *projection)
{
    struct cairn_query_model **at = &context->models;
    while (*at && (*at)->projection != projection)
        at = &(*at)->next;
    if (!*at) {
        *at = cairn_allocate(sizeof **at);
        (*at)->projection = projection;
    }
    return *at;
}

/* Names and statements for a generation that is new to this context. */
static void settle(struct cairn_query_context *context, struct cairn_query_model *model)
{
    const char *name = model->projection->name;
    struct cairn_arena *arena = &model->arena;
    cairn_arena_reset(arena);
    model->row_prefix = cairn_redis_row_prefix(arena, &model->timeline, name, model->generation);
    model->checkpoint_key =
        cairn_redis_checkpoint_key(arena, &model->timeline, name, model->generation);
    model->by_key = cairn_query_statement(
        context, arena, cairn_query_sql_by_key(arena, model->projection, model->generation));
    model->lists = cairn_map(arena);
}

static const struct cairn_statement look_statement = {
    .name = "look",
    .sql = "select s.store_id, s.epoch,"
           " (select max(g.generation) from cairn.generations g"
           "   where g.projection = $1 and g.code_version = $2 and g.complete_at is not null)"
           " from cairn.store s where s.single",
};

static int look(struct cairn_query_context *context, struct cairn_query_model *model,
                struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = &context->scratch};
    cairn_pg_add_text(&params, model->projection->name);
    cairn_pg_add_integer(&params, model->projection->version);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(context->pg, &look_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    if (count != 1)
        return cairn_fail(error, CAIRN_SCHEMA, "cairn.store has %" PRId64 " rows, not one", count);

    const struct cairn_timeline timeline = {cairn_pg_uuid(rows, 0, 0),
                                            cairn_pg_integer(rows, 0, 1)};
    int64_t generation = cairn_pg_integer(rows, 0, 2); /* null is 0 */
    bool same = generation == model->generation && timeline.epoch == model->timeline.epoch &&
                cairn_uuid_equal(timeline.store_id, model->timeline.store_id);
    model->timeline = timeline;
    model->generation = generation;
    if (!same && generation)
        settle(context, model);
    return 0;
}

/* Looks, and says when to look again. A look that failed slowly is not repeated soon: reads that
 * Redis can answer would all wait for it. */
static int look_now(struct cairn_query_context *context, struct cairn_query_model *model,
                    struct cairn_error *error)
{
    int64_t begun_us = cairn_monotonic_us();
    int failed = look(context, model, error);
    int64_t now_us = cairn_monotonic_us();
    model->look_us = now_us + FRESH_US;
    if (failed)
        model->look_us += 10 * (now_us - begun_us);
    else
        model->looked_us = now_us;
    return failed;
}

int cairn_query_model(struct cairn_query_context *context,
                      const struct cairn_projection *projection, bool again,
                      struct cairn_query_model **ret, struct cairn_error *error)
{
    struct cairn_query_model *model = find(context, projection);
    int64_t now_us = cairn_monotonic_us();
    bool known = model->generation != 0 && now_us - model->looked_us < KEPT_US;
    int failed = 0;
    if (again || !known)
        failed = look_now(context, model, error);
    else if (now_us >= model->look_us)
        (void)look_now(context, model, NULL); /* what is known still serves */
    if (failed)
        return failed;
    if (!model->generation)
        return cairn_fail(error, CAIRN_UNAVAILABLE,
                          "the read model %s is being built: no generation of its version %d is "
                          "complete yet",
                          projection->name, projection->version);
    *ret = model;
    return 0;
}
