/* query_engine.c - opens and closes the state that all threads of the query side share. */
#include "query/query_engine.h"

#include "query/models/query_context.h"
#include "query/models/watch.h"
#include "query/stream/follow_pages.h"
#include "query/stream/live.h"

#include <stdlib.h>

int cairn_query_engine_open(const struct cairn_query_options *options,
                            struct cairn_query_engine **ret, struct cairn_error *error)
{
    struct cairn_query_engine *engine = cairn_allocate(sizeof *engine);
    engine->database_url = options->database_url;
    engine->redis_url = options->redis_url ? options->redis_url : "";
    engine->cursor_secret = options->cursor_secret ? options->cursor_secret : "";
    engine->models = cairn_query_models_open(options->resources);
    engine->live =
        cairn_query_live_open(engine->models, options->streams_max, options->client_streams_max,
                              options->pages_max, options->heartbeat_us);
    int failed = cairn_query_pages_open(engine, &engine->pages, error);
    if (!failed)
        failed = cairn_query_watch_open(
            options->database_url, CAIRN_QUERY_GREETING "; listen cairn_read",
            (size_t)options->waiting_max, (size_t)options->client_waiting_max, engine->models,
            engine->live, &engine->watch, error);
    if (failed) {
        cairn_query_engine_close(engine);
        return failed;
    }
    *ret = engine;
    return 0;
}

void cairn_query_engine_stop(struct cairn_query_engine *engine)
{
    if (!engine)
        return;
    cairn_query_watch_stop(engine->watch);
    cairn_query_live_stop(engine->live);
}

void cairn_query_engine_close(struct cairn_query_engine *engine)
{
    if (!engine)
        return;
    cairn_query_watch_close(engine->watch);
    cairn_query_pages_close(engine->pages);
    cairn_query_live_close(engine->live);
    cairn_query_models_close(engine->models);
    free(engine);
}
