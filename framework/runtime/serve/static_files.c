/* static_files.c - answers static files from memory, on the polling threads. */
#include "runtime/serve/static_files.h"

#include "core/containers/buffer.h"
#include "http/request/conditional.h"

#include <string.h>

struct file_route {
    const struct cairn_file *file;
    const char *policy; /* Content-Security-Policy */
};

/* Returns the length of "https://host:port" at the beginning of a URL. */
static size_t origin_length(const char *url)
{
    const char *host = strstr(url, "://");
    return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#;, '\"") : 0;
}

static const char *make_policy(const struct cairn_sign_in *sign_in, struct cairn_arena *arena)
{
    const char *issuer = sign_in->issuer ? sign_in->issuer : "";
    return cairn_print(arena,
                       "default-src 'none'; script-src 'self'; style-src 'self'; "
                       "img-src 'self'; connect-src 'self'%s%.*s; form-action 'none'; "
                       "base-uri 'none'; frame-ancestors 'none'",
                       *issuer ? " " : "", (int)origin_length(issuer), issuer);
}

static const struct cairn_bytes_range *
choose(const struct cairn_file *file, const struct cairn_http_request *request, const char **ret)
{
    const char *list = cairn_http_header_list(request, "Accept-Encoding");
    *ret = NULL;
    if (file->brotli.start && cairn_accept_coding(list, "br")) {
        *ret = "br";
        return &file->brotli;
    }
    if (file->gzip.start && cairn_accept_coding(list, "gzip")) {
        *ret = "gzip";
        return &file->gzip;
    }
    return &file->plain;
}

static void set_common(const struct file_route *route, struct cairn_http_response *response)
{
    const struct cairn_file *file = route->file;
    cairn_http_set_header(response, "Cache-Control",
                          file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    cairn_http_set_header(response, "Content-Security-Policy", route->policy);
    cairn_http_set_header(response, "Referrer-Policy", "no-referrer");
    cairn_http_set_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    cairn_http_set_header(response, "Cross-Origin-Resource-Policy", "same-origin");
}

static enum cairn_http_outcome on_file(const void *self, void *worker,
                                       struct cairn_http_request *request,
                                       struct cairn_http_response *response)
{
    (void)worker;
    const struct file_route *route = self;
    const struct cairn_file *file = route->file;
    const char *coding = NULL;
    set_common(route, response);
    if (!file->content_type) {
        response->status = 302;
        cairn_http_set_header(response, "Location", file->to);
        return CAIRN_HTTP_DONE;
    }
    cairn_http_set_header(response, "ETag", file->etag);
    cairn_http_set_header(response, "Vary", "Accept-Encoding");
    const char *seen = cairn_http_header_list(request, "If-None-Match");
    if (seen && cairn_etags_name(seen, file->etag)) {
        response->status = 304;
        return CAIRN_HTTP_DONE;
    }
    const struct cairn_bytes_range *bytes = choose(file, request, &coding);
    if (coding)
        cairn_http_set_header(response, "Content-Encoding", coding);
    response->status = 200;
    response->content_type = file->content_type;
    response->body = bytes->start;
    response->body_bytes = (size_t)(bytes->end - bytes->start);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome on_sign_in(const void *self, void *worker,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response)
{
    (void)worker;
    const struct cairn_sign_in *sign_in = self;
    struct cairn_buffer body = cairn_buffer(request->arena);
    cairn_buffer_char(&body, '{');
    if (sign_in->issuer) {
        cairn_buffer_text(&body, "\"issuer\":");
        cairn_buffer_json(&body, sign_in->issuer);
        cairn_buffer_text(&body, ",\"client\":");
        cairn_buffer_json(&body, sign_in->client);
        cairn_buffer_text(&body, ",\"roles\":");
        cairn_buffer_json(&body, sign_in->roles);
    }
    cairn_buffer_char(&body, '}');
    response->status = 200;
    response->body = body.text;
    response->body_bytes = body.length;
    return CAIRN_HTTP_DONE;
}

void cairn_files_routes(const struct cairn_file *files, const struct cairn_sign_in *sign_in,
                        struct cairn_arena *arena, cairn_files_add *add, void *context)
{
    const char *policy = make_policy(sign_in, arena);
    for (const struct cairn_file *at = files; at->path; at++) {
        struct file_route *route = cairn_new(arena, struct file_route, 1);
        *route = (struct file_route){at, policy};
        add(context, &(struct cairn_http_route){.method = "GET",
                                                .pattern = at->path,
                                                .handle = on_file,
                                                .self = route,
                                                .direct = true});
    }
    add(context, &(struct cairn_http_route){.method = "GET",
                                            .pattern = "/sign-in.json",
                                            .handle = on_sign_in,
                                            .self = sign_in,
                                            .direct = true});
}
