/* query_handler.c - handles one GET, from the request to its answer.
 *
 *     parse the query                                            ask.c
 *     by key: ask Redis; called again if it cannot answer        read_copy.c, upstream.c
 *     find the known generation and timeline                     known_models.c
 *     find the required position                                 fresh.c
 *     read                                                       read_row.c, read_list.c
 *         the model was outdated: repeat from the third line, asking PostgreSQL
 *         behind: called again when it has moved, or at the deadline
 *     answer                                                     query_answer.c, event_stream.c
 *
 * The first two steps need no worker's connection: the polling thread does them. */
#include "core/report/metrics.h"
#include "query/history/past.h"
#include "query/history/why.h"
#include "query/query.h"
#include "query/read/fresh.h"
#include "query/read/query_read.h"

static struct cairn_query_visit *make_visit(const struct cairn_resource *resource,
                                            struct cairn_query_engine *engine,
                                            struct cairn_http_request *request,
                                            struct cairn_http_response *response)
{
    struct cairn_query_visit *visit = cairn_new(request->arena, struct cairn_query_visit, 1);
    visit->engine = engine;
    visit->resource = resource;
    visit->request = request;
    visit->response = response;
    visit->model = cairn_query_models_find(engine->models, resource->projection);
    return visit;
}

/* Returns the parsed query, parsed at the first call; NULL if a problem has been answered. */
static struct cairn_query_visit *recall(const struct cairn_resource *resource,
                                        struct cairn_query_engine *engine,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    if (request->memo)
        return request->memo;
    struct cairn_error error = {0};
    struct cairn_query_visit *visit = make_visit(resource, engine, request, response);
    if (cairn_query_ask_read(resource, request, &visit->ask, &error) < 0) {
        cairn_http_problem(request, response, &error);
        return NULL;
    }
    request->memo = visit;
    return visit;
}

static int look_at(struct cairn_query_read *read, bool again, struct cairn_error *error)
{
    read->outdated = false;
    read->position = -1;
    int failed =
        cairn_query_model(read->context, read->resource->projection, again, &read->model, error);
    if (failed)
        return failed;
    read->known = &read->model->known;
    failed = cairn_query_at_least(read, error);
    if (failed) {
        read->outdated = failed == -CAIRN_TIMELINE;
        return failed;
    }
    return read->resource->list ? cairn_query_read_list(read, error)
                                : cairn_query_read_row(read, error);
}

int cairn_query_look(struct cairn_query_read *read, struct cairn_error *error)
{
    struct cairn_error first = {0};
    int failed = look_at(read, false, &first);
    if (failed && read->outdated)
        return look_at(read, true, error);
    if (failed)
        *error = first;
    return failed;
}

static bool waits(struct cairn_query_visit *visit, const struct cairn_query_read *read)
{
    bool waited = visit->wait.again;
    visit->wait = (struct cairn_query_wait){.request = visit->request,
                                            .model = visit->model,
                                            .epoch = read->known->timeline.epoch,
                                            .generation = read->known->generation,
                                            .position = read->at_least,
                                            .deadline_us = visit->ask.deadline_us,
                                            .again = waited};
    visit->ask.waited = true;
    return cairn_query_watch_wait(visit->engine->watch, &visit->wait);
}

static enum cairn_http_outcome ask_postgres(struct cairn_query_visit *visit,
                                            struct cairn_query_context *context)
{
    cairn_arena_reset(&context->scratch);
    struct cairn_error error = {0};
    struct cairn_query_read read = {.visit = visit,
                                    .context = context,
                                    .resource = visit->resource,
                                    .ask = &visit->ask,
                                    .arena = &context->scratch};
    int failed = cairn_query_look(&read, &error);
    if (visit->ask.at || visit->ask.datetime)
        failed = cairn_query_past(&read, failed, &error);
    else if (!failed && visit->why)
        failed = cairn_query_why(&read, &error);
    if (failed == -CAIRN_STALE && visit->ask.wait_s > 0 && !cairn_query_is_future(&read) &&
        waits(visit, &read))
        return CAIRN_HTTP_SUSPENDED;
    if (visit->ask.live && (!failed || failed == -CAIRN_NOT_FOUND))
        failed = cairn_query_begin_stream(&read, failed, &error);
    cairn_query_answer(&read, failed, &error);
    return CAIRN_HTTP_DONE;
}

enum cairn_http_outcome cairn_query_handle(const struct cairn_resource *resource,
                                           struct cairn_query_engine *engine,
                                           struct cairn_query_context *context,
                                           struct cairn_http_request *request,
                                           struct cairn_http_response *response)
{
    struct cairn_query_visit *visit = recall(resource, engine, request, response);
    if (!visit)
        return CAIRN_HTTP_DONE;
    bool is_past = visit->ask.at || visit->ask.datetime;
    if (!visit->passed && !is_past && cairn_query_ask_copy(visit))
        return CAIRN_HTTP_ASKED;
    if (!context)
        return CAIRN_HTTP_WORKER;
    visit->passed = false;
    return ask_postgres(visit, context);
}

enum cairn_http_outcome cairn_query_handle_why(const struct cairn_resource *resource,
                                               struct cairn_query_engine *engine,
                                               struct cairn_query_context *context,
                                               struct cairn_http_request *request,
                                               struct cairn_http_response *response)
{
    struct cairn_query_visit *visit = recall(resource, engine, request, response);
    if (!visit)
        return CAIRN_HTTP_DONE;
    if (!context)
        return CAIRN_HTTP_WORKER;
    visit->why = true;
    visit->ask.live = false;
    visit->ask.at = visit->ask.datetime = NULL;
    return ask_postgres(visit, context);
}
