/* problem.c - writes errors as problem details (RFC 9457).
 *
 * The code is stable and machine-readable, the title says what the code means, the detail what
 * happened this time. The details of status 500, and what cairn_fail_inside() adds, reveal
 * internals: they go to the log, where the trace id finds them. */
#include "core/containers/buffer.h"
#include "core/report/log.h"
#include "http/http.h"

#include <string.h>

static void write_errors(struct cairn_buffer *body, const struct cairn_error *error)
{
    unsigned kept = error->wrong_count < CAIRN_WRONG_MAX ? error->wrong_count : CAIRN_WRONG_MAX;
    cairn_buffer_text(body, ",\"errors\":[");
    for (unsigned i = 0; i < kept; i++) {
        cairn_buffer_text(body, i ? ",{\"pointer\":" : "{\"pointer\":");
        cairn_buffer_json(body, error->wrong[i].pointer);
        cairn_buffer_text(body, ",\"detail\":");
        cairn_buffer_json(body, error->wrong[i].message);
        cairn_buffer_char(body, '}');
    }
    cairn_buffer_char(body, ']');
}

static void write_member(struct cairn_buffer *body, const char *name, const char *value)
{
    cairn_buffer_print(body, ",\"%s\":", name);
    cairn_buffer_json(body, value);
}

static const char *detail_of(const struct cairn_error *error, const struct cairn_code_info *info,
                             struct cairn_arena *arena)
{
    if (info->http_status == 500) {
        cairn_log_error(CAIRN_LOG_ERROR, "a request failed", error);
        return info->meaning;
    }
    size_t bytes = strlen(error->message);
    if (error->public_bytes && error->public_bytes < bytes) {
        bytes = error->public_bytes;
        cairn_log_error(CAIRN_LOG_WARN, "a request could not be answered", error);
    }
    return bytes ? cairn_copy_bytes(arena, error->message, bytes) : info->meaning;
}

void cairn_http_problem(const struct cairn_http_request *request,
                        struct cairn_http_response *response, const struct cairn_error *error)
{
    const struct cairn_code_info *info = cairn_code_info((int)error->code);
    const char *code = *error->reason ? error->reason : info->name;
    struct cairn_buffer body = cairn_buffer(request->arena);
    cairn_buffer_text(&body, "{\"type\":");
    cairn_buffer_json(&body, cairn_print(request->arena, "urn:cairn:problem:%s", code));
    write_member(&body, "title", info->meaning);
    cairn_buffer_print(&body, ",\"status\":%d", info->http_status);
    write_member(&body, "detail", detail_of(error, info, request->arena));
    write_member(&body, "code", code);
    if (error->code == CAIRN_NO_PATH) /* for services: the stream may be there all the same */
        write_member(&body, "missing", "path");
    if (error->wrong_count)
        write_errors(&body, error);
    write_member(&body, "trace_id", request->trace_id);
    cairn_buffer_char(&body, '}');
    response->status = info->http_status;
    response->content_type = "application/problem+json";
    response->body = body.text;
    response->body_bytes = body.length;
    if (info->http_status == 503 || info->http_status == 429)
        cairn_http_set_header(response, "Retry-After", "1");
}
