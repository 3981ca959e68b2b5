/* query_model.c - a worker's statements for the current generation of a read model. */
#include "query/models/query_context.h"

#include "query/query_engine.h"

#include <string.h>

bool cairn_query_by_stream(const struct cairn_projection *projection)
{
    const struct cairn_registered *first = projection->on->first;
    for (const struct cairn_registered *at = first; at; at = at->next) {
        if (((const struct cairn_on *)at)->keys ||
            strcmp(at->events->category, first->events->category) != 0)
            return false;
    }
    return true;
}

void **cairn_query_statement_at(struct cairn_query_model *model, const char *what)
{
    return cairn_map_at(&model->statements, what);
}

struct cairn_statement *cairn_query_statement(struct cairn_query_context *context,
                                              struct cairn_query_model *model, const char *sql)
{
    struct cairn_statement *made = cairn_new(&model->arena, struct cairn_statement, 1);
    made->name = cairn_print(&model->arena, "query_%" PRId64, ++context->statement_count);
    made->sql = sql;
    return made;
}

static struct cairn_query_model *find(struct cairn_query_context *context, size_t number)
{
    struct cairn_query_model **at = &context->models;
    while (*at && (*at)->number != number)
        at = &(*at)->next;
    if (!*at) {
        *at = cairn_allocate(sizeof **at);
        (*at)->number = number;
    }
    return *at;
}

/* Forgets the statements of another generation. */
static void forget_statements(struct cairn_query_model *model)
{
    cairn_arena_reset(&model->arena);
    model->made_for = model->known.generation;
    model->statements = cairn_map(&model->arena);
}

int cairn_query_model(struct cairn_query_context *context,
                      const struct cairn_projection *projection, bool again,
                      struct cairn_query_model **ret, struct cairn_error *error)
{
    struct cairn_query_models *models = context->engine->models;
    struct cairn_query_model *model = find(context, cairn_query_models_find(models, projection));
    int failed = cairn_query_models_get(models, model->number, &model->known, NULL);
    if (again || failed) {
        failed = cairn_query_models_look(models, context->pg, &context->scratch, error);
        if (!failed)
            failed = cairn_query_models_get(models, model->number, &model->known, error);
    }
    if (failed)
        return failed;
    if (model->made_for != model->known.generation)
        forget_statements(model);
    *ret = model;
    return 0;
}
