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

/* Logs what the client is not shown, with the trace that the client is shown. */
static void log_hidden(const struct cairn_http_request *request, int status,
                       const struct cairn_error *error)
{
    const struct cairn_trace before = cairn_trace_enter(&request->trace);
    if (status == 500)
        cairn_log_error(CAIRN_LOG_ERROR, "a request failed", error);
    else
        cairn_log_error(CAIRN_LOG_WARN, "a request could not be answered", error);
    (void)cairn_trace_enter(&before);
}

static const char *detail_of(const struct cairn_http_request *request,
                             const struct cairn_error *error, int status)
{
    size_t bytes;
    const char *text = cairn_error_public(error, &bytes);
    if (status == 500 || (text == error->message && error->message[bytes]))
        log_hidden(request, status, error);
    return cairn_copy_bytes(request->arena, text, bytes);
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
    write_member(&body, "detail", detail_of(request, error, info->http_status));
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
        cairn_http_set_header(response, "Retry-After",
                              request->retry_after_s > 1
                                  ? cairn_print(request->arena, "%" PRId64, request->retry_after_s)
                                  : "1");
}
