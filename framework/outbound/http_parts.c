/* http_parts.c - writes requests and keeps heads of answers. */
#include "outbound/http_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { KEEP_S = 30 };

/* ---- the request ---- */

static void add_header(struct cairn_http_parts *parts, const char *name, const char *value)
{
    if (!value)
        return;
    struct curl_slist *longer =
        curl_slist_append(parts->headers, cairn_print(&parts->arena, "%s: %s", name, value));
    if (!longer)
        abort(); /* out of memory */
    parts->headers = longer;
}

/* Removes Expect: otherwise libcurl would ask, and wait, before it sends a large body. */
static void add_headers(struct cairn_http_parts *parts)
{
    const struct cairn_outbound_request *request = parts->request;
    struct curl_slist *first = curl_slist_append(NULL, "Expect:");
    if (!first)
        abort(); /* out of memory */
    parts->headers = first;
    add_header(parts, "Content-Type", request->content_type);
    add_header(parts, "Idempotency-Key", request->idempotency_key);
    add_header(parts, "traceparent", parts->traceparent);
    add_header(parts, "tracestate", parts->tracestate);
    for (int i = 0; i < CAIRN_OUTBOUND_HEADERS_MAX && request->headers[i].name; i++)
        add_header(parts, request->headers[i].name, request->headers[i].value);
}

void cairn_http_parts_make(struct cairn_http_parts *parts, const struct cairn_limits *limits)
{
    const char *path = parts->request->path;
    size_t length = strlen(limits->url);
    while (path && length > 0 && limits->url[length - 1] == '/')
        length--;
    parts->url = cairn_print(&parts->arena, "%.*s%s", (int)length, limits->url, path ? path : "");
    add_headers(parts);
}

void cairn_http_parts_reset(struct cairn_http_parts *parts)
{
    curl_slist_free_all(parts->headers);
    cairn_arena_close(&parts->arena);
}

void cairn_http_parts_set(const struct cairn_http_parts *parts, CURL *handle)
{
    const struct cairn_outbound_request *request = parts->request;
    bool head = strcmp(request->method, "HEAD") == 0;
    (void)curl_easy_setopt(handle, CURLOPT_URL, parts->url);
    (void)curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_HTTPHEADER, parts->headers);
    (void)curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (request->body_bytes || strcmp(request->method, "POST") == 0) {
        (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body ? request->body : "");
        (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)request->body_bytes);
    }
    if (head)
        (void)curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    else
        (void)curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
    /* libcurl repeats by itself, whatever the method, a request that it had sent on a kept
     * connection that turned out to be closed. */
    (void)curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, request->idempotent ? 0L : 1L);
    (void)curl_easy_setopt(handle, CURLOPT_MAXCONNECTS, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_MAXAGE_CONN, (long)KEEP_S);
}

/* ---- the head of the answer ---- */

/* The line of a status begins a head: one of a proxy, or of an interim answer, came before. Lines
 * are kept ended by a NUL instead of a line break. */
void cairn_http_keep_line(struct cairn_outbound_response *response, size_t *capacity,
                          const char *line, size_t bytes)
{
    while (bytes > 0 && strchr("\r\n \t", line[bytes - 1]))
        bytes--;
    if (bytes >= 5 && memcmp(line, "HTTP/", 5) == 0)
        response->head_bytes_ = 0;
    size_t wanted = response->head_bytes_ + bytes + 1;
    if (wanted > *capacity) {
        *capacity = wanted > 1024 ? 2 * wanted : 1024;
        response->head_ = cairn_reallocate(response->head_, *capacity);
    }
    memcpy(response->head_ + response->head_bytes_, line, bytes);
    response->head_[response->head_bytes_ + bytes] = '\0';
    response->head_bytes_ = wanted;
}

const char *cairn_outbound_header(const struct cairn_outbound_response *response, const char *name)
{
    size_t length = strlen(name);
    const char *end = response->head_ + response->head_bytes_;
    for (const char *at = response->head_; at && at < end; at += strlen(at) + 1) {
        if (strncasecmp(at, name, length) == 0 && at[length] == ':')
            return at + length + 1 + strspn(at + length + 1, " \t");
    }
    return NULL;
}

void cairn_http_read_head(CURL *handle, struct cairn_outbound_response *ret)
{
    long status = 0;
    char *type = NULL;
    curl_off_t wait_s = 0;
    (void)curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    (void)curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &wait_s);
    if (type && strlen(type) < sizeof ret->content_type)
        memcpy(ret->content_type, type, strlen(type) + 1);
    ret->status = (int)status;
    ret->retry_after_us = wait_s > 0 && wait_s < 86400 ? CAIRN_SECONDS(wait_s) : 0;
}

void cairn_outbound_response_reset(struct cairn_outbound_response *response)
{
    free(response->body);
    free(response->head_);
    *response = (struct cairn_outbound_response){0};
}
