/* query_answer.c - fills in the response to a query. */
#include "core/report/metrics.h"
#include "http/request/conditional.h"
#include "query/history/past.h"
#include "query/read/fresh.h"
#include "query/read/query_read.h"
#include "store/read/token.h"

#include <string.h>

static struct cairn_metric reads = CAIRN_COUNTER(
    "cairn_query_reads_total", "Reads answered, by the store they came from.", "source");

/* ---- preconditions ---- */

/* If-Match may name the full ETag of a row, or only its version, which commands return as ETag. */
static bool is_wanted(const struct cairn_query_read *read)
{
    const char *at = read->ask->wanted;
    const char *mine = read->etag + 1;
    struct cairn_etag tag;
    if (!at || cairn_etags_any(at))
        return true;
    while (*read->etag == '"' && cairn_etag_next(&at, &tag) > 0) {
        bool begins = !tag.weak && strncmp(mine, tag.text, tag.bytes) == 0;
        if (begins && (mine[tag.bytes] == '"' || mine[tag.bytes] == '.'))
            return true;
    }
    return false;
}

/* ---- headers ---- */

static void add_position(const struct cairn_query_read *read)
{
    char *token = cairn_new(read->visit->request->arena, char, CAIRN_TOKEN_TEXT_SIZE);
    cairn_token_format(&read->known->timeline, read->position, token);
    cairn_http_set_header(read->visit->response, "Cairn-Position", token);
}

/* Returns whether the answer depends on the caller. Then it is for that caller alone: a shared
 * cache would answer other callers, without their tokens (RFC 9111 section 3.5). */
static bool is_for_caller(const struct cairn_query_read *read)
{
    return read->visit->request->actor && read->resource->allow.kind != CAIRN_ALLOW_ANYONE;
}

static const char *cache_control(const struct cairn_query_read *read)
{
    const struct cairn_caching *caching = &read->resource->caching;
    bool shared = caching->shared && !is_for_caller(read);
    const char *whose = shared ? "public" : "private";
    struct cairn_arena *arena = read->visit->request->arena;
    if (read->past.is_past)
        return cairn_print(arena, "%s, %s", whose,
                           read->past.lasts ? "max-age=31536000, immutable" : "no-cache");
    if (caching->max_age_s == 0 && caching->stale_s == 0)
        return shared ? "public, no-cache" : "private, no-cache";
    if (caching->stale_s == 0)
        return cairn_print(arena, "%s, max-age=%d", whose, caching->max_age_s);
    return cairn_print(arena, "%s, max-age=%d, stale-while-revalidate=%d", whose,
                       caching->max_age_s, caching->stale_s);
}

/* Prefer sets how long to wait, never the content, so answers vary by Accept, Cairn-Position, for
 * rows Accept-Datetime, and the caller alone: a private cache may serve several, one after the
 * other. */
static void add_vary(const struct cairn_query_read *read)
{
    static const char *const of_row[] = {"Accept, Cairn-Position, Accept-Datetime",
                                         "Accept, Authorization, Cairn-Position, Accept-Datetime"};
    static const char *const of_list[] = {"Accept, Cairn-Position",
                                          "Accept, Authorization, Cairn-Position"};
    const char *const *fields = read->resource->list ? of_list : of_row;
    cairn_http_set_header(read->visit->response, "Vary", fields[is_for_caller(read)]);
}

/* Problems are never cached: http/ answers them with no-store. */
static void add_caching(const struct cairn_query_read *read)
{
    cairn_http_set_header(read->visit->response, "Cache-Control", cache_control(read));
    add_vary(read);
}

static void add_preference(const struct cairn_query_read *read)
{
    if (read->ask->token && read->ask->wait_said)
        cairn_http_set_header(
            read->visit->response, "Preference-Applied",
            cairn_print(read->visit->request->arena, "wait=%" PRId64, read->ask->wait_s));
}

static void show_stream(const struct cairn_query_read *read)
{
    read->visit->response->status = 200;
    read->visit->response->content_type = "text/event-stream";
    add_vary(read);
}

static void show(const struct cairn_query_read *read)
{
    struct cairn_http_response *response = read->visit->response;
    struct cairn_arena *arena = read->visit->request->arena;
    bool lasts = read->arena == arena;
    add_caching(read);
    if (read->past.is_past)
        cairn_query_past_headers(read);
    if (read->parked)
        cairn_http_set_header(response, "Cairn-Parked",
                              cairn_print(arena, "%" PRId64, read->parked));
    cairn_http_set_header(response, "ETag",
                          lasts ? read->etag : cairn_copy_text(arena, read->etag));
    /* A 304 has the Content-Length of the omitted body (RFC 9110 section 8.6). */
    response->status = cairn_etags_name(read->ask->seen, read->etag) ? 304 : 200;
    response->body = lasts ? read->body : cairn_copy_bytes(arena, read->body, read->body_bytes);
    response->body_bytes = read->body_bytes;
}

static void refuse(const struct cairn_query_read *read)
{
    struct cairn_error error = {0};
    (void)cairn_fail(&error, CAIRN_PRECONDITION, "If-Match does not name %s, as it is now",
                     read->etag);
    cairn_http_problem(read->visit->request, read->visit->response, &error);
}

void cairn_query_answer(const struct cairn_query_read *read, int failed,
                        const struct cairn_error *error)
{
    cairn_query_waited(read->visit, failed);
    if (failed)
        cairn_http_problem(read->visit->request, read->visit->response, error);
    else if (read->visit->response->stream.pull)
        show_stream(read);
    else if (is_wanted(read))
        show(read);
    else
        refuse(read);
    if (!failed || failed == -CAIRN_NOT_FOUND) { /* a 503 has no position to keep */
        add_position(read);
        cairn_query_models_shown(read->visit->engine->models, read->visit->model, read->position);
        cairn_metric_add(&reads, read->source, 1);
    }
    add_preference(read);
}
