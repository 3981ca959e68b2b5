/* response.c - sets the headers of a response, and lists those that its answer carries. */
#include "http/answer/response.h"

#include "http/limits/hosts.h"
#include "http/limits/limits.h"

#include <assert.h>
#include <string.h>

void cairn_http_set_header(struct cairn_http_response *response, const char *name,
                           const char *value)
{
    unsigned i = 0;
    while (i < response->header_count && strcasecmp(response->headers[i].name, name) != 0)
        i++;
    assert(i < CAIRN_HTTP_HEADERS_MAX);
    response->headers[i].name = name;
    response->headers[i].value = value;
    if (i == response->header_count)
        response->header_count++;
}

static bool has_header(const struct cairn_http_response *response, const char *name)
{
    for (unsigned i = 0; i < response->header_count; i++) {
        if (strcasecmp(response->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

void cairn_response_headers(const struct cairn_http_request *request,
                            const struct cairn_http_response *response, cairn_header_sink *put,
                            void *sink)
{
    if (response->status != 304 && (response->content_type || response->body_bytes))
        put(sink, "Content-Type",
            response->content_type ? response->content_type : "application/json");
    if (!has_header(response, "Cache-Control"))
        put(sink, "Cache-Control", "no-store");
    put(sink, "X-Content-Type-Options", "nosniff");
    put(sink, "traceparent", request->traceparent);
    for (unsigned i = 0; i < response->header_count; i++)
        put(sink, response->headers[i].name, response->headers[i].value);
    if (request->handle_) { /* not for one that the thread must not access */
        cairn_limiter_headers(request->handle_, put, sink);
        cairn_cors_headers(request->handle_, response, put, sink);
    }
}
