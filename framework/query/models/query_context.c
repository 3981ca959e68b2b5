/* query_context.c - opens and closes the state of a worker of the query side. */
#include "query/models/query_context.h"

#include "query/query_engine.h"

#include <stdlib.h>
#include <string.h>

/* Short, so that an unresponsive server blocks no worker for long: the client may retry. */
#define POSTGRES_DEADLINE_US CAIRN_SECONDS(3)

int cairn_query_connect(const char *database_url, const char *also, struct cairn_pg **ret,
                        struct cairn_error *error)
{
    struct cairn_pg *pg = NULL;
    int failed = cairn_pg_open(database_url, "cairn-query", &pg, error);
    if (failed)
        return failed;
    cairn_pg_set_deadline(pg, POSTGRES_DEADLINE_US);
    cairn_pg_on_connect(pg, also ? also : CAIRN_QUERY_GREETING);
    *ret = pg;
    return 0;
}

int cairn_query_open(struct cairn_query_engine *engine, struct cairn_query_context **ret,
                     struct cairn_error *error)
{
    struct cairn_query_context *context = cairn_allocate(sizeof *context);
    context->engine = engine;
    int failed = cairn_query_connect(engine->database_url, NULL, &context->pg, error);
    if (!failed)
        failed = cairn_store_open(engine->database_url, "cairn-query", &context->store, error);
    if (failed) {
        cairn_query_close(context);
        return failed;
    }
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
    cairn_pg_close(context->pg);
    cairn_store_close(context->store);
    cairn_arena_close(&context->scratch);
    free(context);
}

bool cairn_query_serves_copies(const struct cairn_resource *resources,
                               const struct cairn_query_context *context)
{
    const struct cairn_query_engine *engine = context->engine;
    struct cairn_query_known known;
    bool serves = engine->redis_url[0] != '\0';
    for (const struct cairn_resource *at = resources; at->path && serves; at++)
        serves = cairn_query_models_get(engine->models,
                                        cairn_query_models_find(engine->models, at->projection),
                                        &known, NULL) == 0;
    return serves;
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
