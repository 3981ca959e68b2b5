/* proxy.c - passes requests on: what is on the lists, and nothing else.
 *
 * Cookies go no further, and headers of a client that are not listed neither. */
#include "proxy.h"

#include "peers.h"

#include <string.h>
#include <strings.h>

static const char *const sent_on[] = {"If-Match", "If-None-Match", "Cairn-Position",  "Prefer",
                                      "Accept",   "Last-Event-ID", "Accept-Datetime", NULL};
static const char *const sent_back[] = {"ETag",
                                        "Cairn-Position",
                                        "Cache-Control",
                                        "Retry-After",
                                        "WWW-Authenticate",
                                        "Preference-Applied",
                                        "Location",
                                        NULL};
static const char *const parameters[] = {"limit", "cursor", "status", "from", "to", "at", NULL};

/* ---- the request ---- */

/* Returns the text, percent-encoded. */
static const char *encode(const struct cairn_request *request, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
    static const char digits[] = "0123456789ABCDEF";
    char *ret = CAIRN_NEW(request->arena, char, 3 * strlen(text) + 1);
    char *at = ret;
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (strchr(plain, *text)) {
            *at++ = *text;
            continue;
        }
        *at++ = '%';
        *at++ = digits[byte >> 4];
        *at++ = digits[byte & 15];
    }
    *at = '\0';
    return ret;
}

/* Returns the path, with the query parameters that a list has. */
static const char *path_of(const struct cairn_request *request)
{
    char *path = cairn_print(request->arena, "%s", request->path);
    char mark = '?';
    for (int i = 0; parameters[i]; i++) {
        const char *value = cairn_request_query(request, parameters[i]);
        if (!value)
            continue;
        path = cairn_print(request->arena, "%s%c%s=%s", path, mark, parameters[i],
                           encode(request, value));
        mark = '&';
    }
    return path;
}

static void write_call(struct cairn_request *request, struct cairn_outbound_request *ret)
{
    size_t count = 0;
    const char *authorization = bff_authorization(request);
    bool reads = strcmp(request->method, "GET") == 0;
    *ret = (struct cairn_outbound_request){
        .method = request->method,
        .path = path_of(request),
        .content_type = request->body_bytes ? "application/json" : NULL,
        .body = request->body,
        .body_bytes = request->body_bytes,
        .idempotency_key = cairn_request_header(request, "Idempotency-Key"),
        .traceparent = request->traceparent,
    };
    ret->idempotent = reads || ret->idempotency_key;
    if (authorization) {
        ret->headers[count].name = "Authorization";
        ret->headers[count++].value = authorization;
    }
    for (int i = 0; sent_on[i]; i++) {
        const char *value = cairn_request_header(request, sent_on[i]);
        if (value) {
            ret->headers[count].name = sent_on[i];
            ret->headers[count++].value = value;
        }
    }
}

/* ---- the answer ---- */

/* An answer depends on the session, or the token: caches of browsers keep one for each. */
static void show(struct cairn_request *request, struct cairn_reply *reply,
                 const struct cairn_outbound_response *response)
{
    reply->status = response->status;
    if (*response->content_type)
        reply->content_type = cairn_print(request->arena, "%s", response->content_type);
    for (int i = 0; sent_back[i]; i++) {
        const char *value = cairn_outbound_header(response, sent_back[i]);
        if (value)
            cairn_reply_header(reply, sent_back[i], cairn_print(request->arena, "%s", value));
    }
    cairn_reply_header(reply, "Vary", "Authorization, Cookie, Accept, Cairn-Position");
    cairn_reply_print(reply, "%.*s", (int)response->body_bytes, response->body);
}

static void pass_on(struct cairn_target *target, struct cairn_request *request,
                    struct cairn_reply *reply)
{
    struct cairn_outbound_request call;
    struct cairn_outbound_response response = {0};
    struct cairn_error error = {0};
    write_call(request, &call);
    if (cairn_outbound_call(target, &call, &response, &error) < 0)
        cairn_reply_problem(reply, &error);
    else
        show(request, reply, &response);
    cairn_outbound_response_reset(&response);
}

void proxy_to_user(struct cairn_request *request, struct cairn_reply *reply)
{
    pass_on(&bff_user, request, reply);
}

void proxy_to_order(struct cairn_request *request, struct cairn_reply *reply)
{
    pass_on(&bff_order, request, reply);
}

void proxy_to_query(struct cairn_request *request, struct cairn_reply *reply)
{
    const char *accept = cairn_request_header(request, "Accept");
    struct cairn_outbound_request call;
    if (!accept || strncasecmp(accept, "text/event-stream", strlen("text/event-stream")) != 0) {
        pass_on(&bff_query, request, reply);
        return;
    }
    write_call(request, &call);
    cairn_reply_forward(reply, &bff_query, &call);
}
