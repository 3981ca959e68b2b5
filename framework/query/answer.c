/* answer.c - what the client is told. */
#include "query/read.h"
#include "store/token.h"

#include <string.h>

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

static void add_position(const struct cairn_query_read *read,
                         const struct cairn_http_request *request,
                         struct cairn_http_response *response)
{
    char *token = cairn_new(request->arena, char, CAIRN_TOKEN_TEXT_SIZE);
    cairn_token_format(&read->model->timeline, read->position, token);
    cairn_http_set_header(response, "Cairn-Position", token);
}

/* A copy may be kept by the client alone, and is used only after asking: what was stored says
 * nothing of whether it is still so. Prefer says how long to wait and never what is answered, so
 * answers vary by Cairn-Position alone. Problems are never kept: the door sees to that. */
static void add_caching(struct cairn_http_response *response)
{
    cairn_http_set_header(response, "Cache-Control", "private, no-cache");
    cairn_http_set_header(response, "Vary", "Cairn-Position");
}

static void add_preference(const struct cairn_query_ask *ask,
                           const struct cairn_http_request *request,
                           struct cairn_http_response *response)
{
    if (ask->token && ask->wait_said)
        cairn_http_set_header(response, "Preference-Applied",
                              cairn_print(request->arena, "wait=%" PRId64, ask->wait_s));
}

static void show(const struct cairn_query_read *read, const struct cairn_http_request *request,
                 struct cairn_http_response *response)
{
    add_caching(response);
    cairn_http_set_header(response, "ETag", cairn_copy_text(request->arena, read->etag));
    if (cairn_query_etag_named(read->ask->seen, read->etag)) {
        response->status = 304;
        return;
    }
    response->status = 200;
    response->body = cairn_copy_bytes(request->arena, read->body, read->body_bytes);
    response->body_bytes = read->body_bytes;
}

void cairn_query_answer(const struct cairn_query_read *read,
                        const struct cairn_http_request *request, int failed,
                        const struct cairn_error *error, struct cairn_http_response *response)
{
    if (failed)
        cairn_http_problem(request, response, error);
    else
        show(read, request, response);
    if (!failed || failed == -CAIRN_NOT_FOUND) /* a 503 shows no position: nobody may keep one */
        add_position(read, request, response);
    add_preference(read->ask, request, response);
}
