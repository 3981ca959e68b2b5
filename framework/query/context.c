/* context.c - opens and closes the query side's state: per process, and per worker. */
#include "query/context.h"

#include "query/side.h"

#include <stdlib.h>
#include <string.h>

/* Short, so that an unresponsive server blocks no worker for long: the client may retry. */
#define POSTGRES_DEADLINE_US CAIRN_SECONDS(3)

/* Read-only, and always by index: a statement planned while a table was small would otherwise keep
 * scanning the whole table after it has grown. A disabled plan type that has no alternative gets a
 * very high cost estimate, which would trigger JIT compilation: jit is off. */
#define GREETING                                                                                   \
    "set default_transaction_read_only = on;"                                                      \
    "set enable_seqscan = off; set enable_bitmapscan = off;"                                       \
    "set enable_sort = off; set jit = off"

int cairn_query_connect(const char *database_url, const char *also, struct cairn_pg **ret,
                        struct cairn_error *error)
{
    struct cairn_pg *pg = NULL;
    int failed = cairn_pg_open(database_url, "cairn-query", &pg, error);
    if (failed)
        return failed;
    cairn_pg_set_deadline(pg, POSTGRES_DEADLINE_US);
    cairn_pg_on_connect(pg, also ? also : GREETING);
    *ret = pg;
    return 0;
}

/* ---- the process ---- */

int cairn_query_side_open(const struct cairn_query_options *options, struct cairn_query_side **ret,
                          struct cairn_error *error)
{
    struct cairn_query_side *side = cairn_allocate(sizeof *side);
    side->database_url = options->database_url;
    side->redis_url = options->redis_url ? options->redis_url : "";
    side->cursor_secret = options->cursor_secret ? options->cursor_secret : "";
    side->models = cairn_query_models_open(options->resources);
    side->live = cairn_query_live_open(side->models, options->streams_max, options->pages_max,
                                       options->heartbeat_us);
    int failed = cairn_query_pages_open(side, &side->pages, error);
    if (!failed)
        failed = cairn_query_watch_open(options->database_url, GREETING "; listen cairn_read",
                                        (size_t)options->waiting_max, side->models, side->live,
                                        &side->watch, error);
    if (failed) {
        cairn_query_side_close(side);
        return failed;
    }
    *ret = side;
    return 0;
}

void cairn_query_side_stop(struct cairn_query_side *side)
{
    if (!side)
        return;
    cairn_query_watch_stop(side->watch);
    cairn_query_live_stop(side->live);
}

void cairn_query_side_close(struct cairn_query_side *side)
{
    if (!side)
        return;
    cairn_query_watch_close(side->watch);
    cairn_query_pages_close(side->pages);
    cairn_query_live_close(side->live);
    cairn_query_models_close(side->models);
    free(side);
}

/* ---- a worker ---- */

int cairn_query_open(struct cairn_query_side *side, struct cairn_query_context **ret,
                     struct cairn_error *error)
{
    struct cairn_query_context *context = cairn_allocate(sizeof *context);
    context->side = side;
    int failed = cairn_query_connect(side->database_url, NULL, &context->pg, error);
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
    cairn_arena_close(&context->scratch);
    free(context);
}

bool cairn_query_serves_copies(const struct cairn_resource *resources,
                               const struct cairn_query_context *context)
{
    const struct cairn_query_side *side = context->side;
    struct cairn_query_known known;
    bool serves = side->redis_url[0] != '\0';
    for (const struct cairn_resource *at = resources; at->path && serves; at++)
        serves = cairn_query_models_get(side->models,
                                        cairn_query_models_find(side->models, at->projection),
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
