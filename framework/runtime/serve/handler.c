/* handler.c - converts an HTTP request for a service's own function, and its reply to a
 * response. */
#include "runtime/serve/handler.h"

#include "core/containers/buffer.h"
#include "runtime/serve/forward.h"

#include <string.h>

/* The state behind a reply. */
struct answering {
    struct cairn_http_request *request;
    struct cairn_http_response *response;
    struct cairn_buffer body;
    bool is_problem;
    struct cairn_target *forward_to; /* NULL: it is answered here */
    struct cairn_outbound_request call;
};

int cairn_handler_init(struct cairn_handler_route *ret, const struct cairn_route *route,
                       struct cairn_error *error)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        size_t length = strlen(methods[i]);
        if (strncmp(route->route, methods[i], length) != 0 ||
            strncmp(route->route + length, " /", 2) != 0 || !route->handle)
            continue;
        *ret = (struct cairn_handler_route){.pattern = route->route + length + 1, .route = route};
        memcpy(ret->method, methods[i], length);
        return 0;
    }
    return cairn_fail(error, CAIRN_BUG, "the route \"%s\" is not \"METHOD /path\" with a function",
                      route->route);
}

/* ---- the request ---- */

const char *cairn_request_header(const struct cairn_request *request, const char *name)
{
    return cairn_http_header(request->handle_, name);
}

const char *cairn_request_query(const struct cairn_request *request, const char *name)
{
    return cairn_http_query(request->handle_, name);
}

void *cairn_request_memory(struct cairn_request *request, size_t bytes)
{
    const struct cairn_http_request *http = request->handle_;
    return cairn_arena_alloc(http->arena, bytes, _Alignof(max_align_t));
}

/* ---- the reply ---- */

void cairn_reply_print(struct cairn_reply *reply, const char *format, ...)
{
    struct answering *answering = reply->handle_;
    va_list list;
    va_start(list, format);
    cairn_buffer_print_va(&answering->body, format, list);
    va_end(list);
}

void cairn_reply_json(struct cairn_reply *reply, const char *text)
{
    struct answering *answering = reply->handle_;
    cairn_buffer_json(&answering->body, text);
}

void cairn_reply_header(struct cairn_reply *reply, const char *name, const char *value)
{
    struct answering *answering = reply->handle_;
    cairn_http_set_header(answering->response, name, value);
}

void cairn_reply_forward(struct cairn_reply *reply, struct cairn_target *target,
                         const struct cairn_outbound_request *call)
{
    struct answering *answering = reply->handle_;
    answering->forward_to = target;
    answering->call = *call;
}

void cairn_reply_problem(struct cairn_reply *reply, const struct cairn_error *error)
{
    struct answering *answering = reply->handle_;
    cairn_http_problem(answering->request, answering->response, error);
    reply->status = answering->response->status;
    answering->is_problem = true;
}

static enum cairn_http_outcome forward(struct answering *answering)
{
    struct cairn_error error = {0};
    if (!answering->call.traceparent)
        answering->call.traceparent = answering->request->traceparent;
    if (cairn_forward_begin(answering->forward_to, &answering->call, answering->request,
                            answering->response, &error) == 0)
        return CAIRN_HTTP_SUSPENDED;
    cairn_http_problem(answering->request, answering->response, &error);
    return CAIRN_HTTP_DONE;
}

enum cairn_http_outcome cairn_handler_call(const void *self, void *worker,
                                           struct cairn_http_request *http,
                                           struct cairn_http_response *response)
{
    (void)worker;
    const struct cairn_handler_route *handler = self;
    struct answering answering = {
        .request = http, .response = response, .body = cairn_buffer(http->arena)};
    struct cairn_reply reply = {.handle_ = &answering};
    struct cairn_request request = {
        .method = http->method,
        .path = http->path,
        .id = http->id,
        .body = http->body,
        .body_bytes = http->body_bytes,
        .traceparent = http->traceparent,
        .token = http->token,
        .actor = http->actor ? *http->actor : (struct cairn_actor){0},
        .arena = http->arena,
        .memo = http->memo,
        .handle_ = http,
    };
    const struct cairn_trace before = cairn_trace_enter(&http->trace);
    handler->route->handle(&request, &reply);
    (void)cairn_trace_enter(&before);
    http->memo = request.memo;
    if (!reply.status && reply.again_us > 0) {
        response->again_us = reply.again_us;
        return CAIRN_HTTP_LATER;
    }
    if (answering.is_problem)
        return CAIRN_HTTP_DONE;
    if (answering.forward_to)
        return forward(&answering);
    response->status = reply.status;
    response->content_type = reply.content_type;
    response->body = answering.body.text;
    response->body_bytes = answering.body.length;
    return CAIRN_HTTP_DONE;
}
