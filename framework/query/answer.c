/* answer.c - what the client is told. */
#include "core/metrics.h"
#include "query/fresh.h"
#include "query/read.h"
#include "store/token.h"

#include <string.h>

static struct cairn_metric reads = CAIRN_COUNTER(
    "cairn_query_reads_total", "Reads answered, by the store they came from.", "source");

/* ---- If-None-Match ---- */

static const char *opaque_part(const char *etag)
{
    return strncmp(etag, "W/", 2) == 0 ? etag + 2 : etag;
}

bool cairn_query_etag_named(const char *if_none_match, const char *etag)
{
    const char *wanted = opaque_part(etag);
    const char *at = if_none_match ? if_none_match : "";
    for (;;) {
        at += strspn(at, " \t,");
        if (*at == '*')
            return true;
        at = opaque_part(at);
        const char *end = *at == '"' ? strchr(at + 1, '"') : NULL;
        if (!end)
            return false;
        size_t bytes = (size_t)(end + 1 - at);
        if (bytes == strlen(wanted) && memcmp(at, wanted, bytes) == 0)
            return true;
        at = end + 1;
    }
}

/* ---- headers ---- */

static void add_position(const struct cairn_query_read *read)
{
    char *token = cairn_new(read->visit->request->arena, char, CAIRN_TOKEN_TEXT_SIZE);
    cairn_token_format(&read->known->timeline, read->position, token);
    cairn_http_set_header(read->visit->response, "Cairn-Position", token);
}

static const char *cache_control(const struct cairn_query_read *read)
{
    const struct cairn_caching *caching = &read->resource->caching;
    const char *whose = caching->shared ? "public" : "private";
    struct cairn_arena *arena = read->visit->request->arena;
    if (caching->max_age_s == 0 && caching->stale_s == 0)
        return caching->shared ? "public, no-cache" : "private, no-cache";
    if (caching->stale_s == 0)
        return cairn_print(arena, "%s, max-age=%d", whose, caching->max_age_s);
    return cairn_print(arena, "%s, max-age=%d, stale-while-revalidate=%d", whose,
                       caching->max_age_s, caching->stale_s);
}

/* Prefer says how long to wait and never what is answered, so answers vary by form and by position
 * alone. Problems are never kept: the door sees to that. */
static void add_caching(const struct cairn_query_read *read)
{
    cairn_http_set_header(read->visit->response, "Cache-Control", cache_control(read));
    cairn_http_set_header(read->visit->response, "Vary", "Accept, Cairn-Position");
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
    cairn_http_set_header(read->visit->response, "Vary", "Accept, Cairn-Position");
}

static void show(const struct cairn_query_read *read)
{
    struct cairn_http_response *response = read->visit->response;
    struct cairn_arena *arena = read->visit->request->arena;
    bool lasts = read->arena == arena;
    add_caching(read);
    if (read->parked)
        cairn_http_set_header(response, "Cairn-Parked",
                              cairn_print(arena, "%" PRId64, read->parked));
    cairn_http_set_header(response, "ETag",
                          lasts ? read->etag : cairn_copy_text(arena, read->etag));
    if (cairn_query_etag_named(read->ask->seen, read->etag)) {
        response->status = 304;
        return;
    }
    response->status = 200;
    response->body = lasts ? read->body : cairn_copy_bytes(arena, read->body, read->body_bytes);
    response->body_bytes = read->body_bytes;
}

void cairn_query_answer(const struct cairn_query_read *read, int failed,
                        const struct cairn_error *error)
{
    cairn_query_waited(read->visit, failed);
    if (failed)
        cairn_http_problem(read->visit->request, read->visit->response, error);
    else if (read->visit->response->stream.pull)
        show_stream(read);
    else
        show(read);
    if (!failed || failed == -CAIRN_NOT_FOUND) { /* a 503 shows no position: nobody may keep one */
        add_position(read);
        cairn_query_models_shown(read->visit->side->models, read->visit->model, read->position);
        cairn_metric_add(&reads, read->source, 1);
    }
    add_preference(read);
}
