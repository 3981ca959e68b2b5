/* handle.c - one GET, from the request to its answer.
 *
 *     what is asked                                              ask.c
 *     which generation of which timeline is known                model.c
 *     which position must be seen                                fresh.c
 *     look                                                       resource.c, list.c
 *         the model was outdated: once more from the second line, asking PostgreSQL
 *         behind: be called again later, until the time is over
 *     answer                                                     answer.c */
#include "core/metrics.h"
#include "query/fresh.h"
#include "query/query.h"
#include "query/read.h"

static struct cairn_metric reads = CAIRN_COUNTER(
    "cairn_query_reads_total", "Reads answered, by the store they came from.", "source");

/* What is asked, read at the first call; NULL if that was answered with a problem. */
static struct cairn_query_ask *recall(const struct cairn_resource *resource,
                                      struct cairn_http_request *request,
                                      struct cairn_http_response *response)
{
    if (request->memo)
        return request->memo;
    struct cairn_error error = {0};
    struct cairn_query_ask *ask = cairn_new(request->arena, struct cairn_query_ask, 1);
    if (cairn_query_ask_read(resource, request, ask, &error) < 0) {
        cairn_http_problem(request, response, &error);
        return NULL;
    }
    request->memo = ask;
    return ask;
}

static int look(struct cairn_query_read *read, bool again, struct cairn_error *error)
{
    read->outdated = false;
    read->position = -1;
    int failed =
        cairn_query_model(read->context, read->resource->projection, again, &read->model, error);
    if (failed)
        return failed;
    failed = cairn_query_at_least(read, error);
    if (failed) {
        read->outdated = failed == -CAIRN_TIMELINE;
        return failed;
    }
    return read->resource->list ? cairn_query_read_list(read, error)
                                : cairn_query_read_row(read, error);
}

enum cairn_http_outcome cairn_query_handle(const struct cairn_resource *resource,
                                           struct cairn_query_context *context,
                                           struct cairn_http_request *request,
                                           struct cairn_http_response *response)
{
    struct cairn_query_ask *ask = recall(resource, request, response);
    if (!ask)
        return CAIRN_HTTP_DONE;
    cairn_arena_reset(&context->scratch);
    struct cairn_error error = {0};
    struct cairn_query_read read = {
        .context = context, .resource = resource, .ask = ask, .arena = &context->scratch};
    int failed = look(&read, false, &error);
    if (failed && read.outdated) {
        error = (struct cairn_error){0};
        failed = look(&read, true, &error);
    }
    if (failed == -CAIRN_STALE && (response->again_us = cairn_query_again_us(ask, request)) > 0)
        return CAIRN_HTTP_LATER;
    cairn_query_waited(ask, request, failed);
    if (!failed || failed == -CAIRN_NOT_FOUND)
        cairn_metric_add(&reads, read.source, 1);
    cairn_query_answer(&read, request, failed, &error, response);
    return CAIRN_HTTP_DONE;
}
