/* context.c - a worker thread's connections, opened and closed. */
#include "query/context.h"

#include "query/query.h"

#include <stdlib.h>
#include <string.h>

/* A server that does not answer must not hold a worker for long: the client may ask again. */
#define REDIS_DEADLINE_US CAIRN_MILLISECONDS(200)
#define POSTGRES_DEADLINE_US CAIRN_SECONDS(3)

/* Reads only, and always by index: a statement that was planned while a table was small would
 * otherwise go on reading all of it when it has grown. What is switched off counts as very dear
 * where there is no other way, and dear plans would be compiled: no jit. */
static const char greeting[] = "set default_transaction_read_only = on;"
                               "set enable_seqscan = off; set enable_bitmapscan = off;"
                               "set enable_sort = off; set jit = off";

int cairn_query_open(const char *database_url, const char *redis_url,
                     struct cairn_query_context **ret, struct cairn_error *error)
{
    struct cairn_query_context *context = cairn_allocate(sizeof *context);
    int failed = cairn_pg_open(database_url, "cairn-query", &context->pg, error);
    if (!failed && redis_url && *redis_url)
        failed = cairn_redis_open(redis_url, REDIS_DEADLINE_US, &context->redis, error);
    if (failed) {
        cairn_query_close(context);
        return failed;
    }
    cairn_pg_set_deadline(context->pg, POSTGRES_DEADLINE_US);
    cairn_pg_on_connect(context->pg, greeting);
    *ret = context;
    return 0;
}

static void close_models(struct cairn_query_model *model)
{
    while (model) {
        struct cairn_query_model *next = model->next;
        cairn_arena_close(&model->arena);
        free(model);
        model = next;
    }
}

void cairn_query_close(struct cairn_query_context *context)
{
    if (!context)
        return;
    close_models(context->models);
    if (context->redis)
        cairn_redis_close(context->redis);
    cairn_pg_close(context->pg);
    cairn_arena_close(&context->scratch);
    free(context);
}

int cairn_query_ready(const struct cairn_resource *resources, struct cairn_query_context *context,
                      struct cairn_error *error)
{
    int failed = 0;
    cairn_arena_reset(&context->scratch);
    for (const struct cairn_resource *at = resources; at->path && !failed; at++) {
        struct cairn_query_model *model;
        failed = cairn_query_model(context, at->projection, true, &model, error);
    }
    return failed;
}
