/* hosts.c - compares hosts and origins with lists of them. */
#include "http/limits/hosts.h"

#include <string.h>
#include <strings.h>

/* Returns the next element of a list, without white space around it; NULL at the end. */
static const char *next_element(const char **at, size_t *ret_bytes)
{
    *at += strspn(*at, ", \t");
    const char *element = *at;
    size_t bytes = strcspn(element, ",");
    *at += bytes;
    while (bytes > 0 && strchr(" \t", element[bytes - 1]))
        bytes--;
    *ret_bytes = bytes;
    return bytes ? element : NULL;
}

static bool is_same(const char *element, size_t bytes, const char *text, size_t text_bytes)
{
    return bytes == text_bytes && strncasecmp(element, text, bytes) == 0;
}

/* Returns the length of a host without its port: an address of IPv6 is in brackets. */
static size_t name_bytes(const char *host, size_t bytes)
{
    const char *from = *host == '[' ? memchr(host, ']', bytes) : host;
    const char *colon = from ? memchr(from, ':', bytes - (size_t)(from - host)) : NULL;
    return colon ? (size_t)(colon - host) : bytes;
}

bool cairn_host_is_known(const char *hosts, const char *host)
{
    const char *at = hosts;
    size_t bytes;
    if (!hosts || !*hosts)
        return true;
    if (!host)
        return false;
    for (const char *element; (element = next_element(&at, &bytes));) {
        size_t name = name_bytes(element, bytes);
        if (is_same(element, bytes, host, strlen(host)) ||
            (name == bytes && is_same(element, bytes, host, name_bytes(host, strlen(host)))))
            return true;
    }
    return false;
}

bool cairn_origin_is_allowed(const char *origins, const char *origin)
{
    const char *at = origins;
    size_t bytes;
    if (!origins || !*origins || !origin)
        return false;
    for (const char *element; (element = next_element(&at, &bytes));) {
        if (is_same(element, bytes, "*", 1) || is_same(element, bytes, origin, strlen(origin)))
            return true;
    }
    return false;
}

void cairn_cors_headers(const struct cairn_exchange *exchange,
                        const struct cairn_http_response *response, cairn_header_sink *put,
                        void *sink)
{
    const char *origins = exchange->http->options.limits.origins;
    if (!origins || !*origins)
        return;
    const char *origin = exchange->origin;
    bool is_preflight = strcmp(exchange->request.method, "OPTIONS") == 0;
    put(sink, "Vary", "Origin"); /* also of an answer without one */
    if (!cairn_origin_is_allowed(origins, origin))
        return;
    put(sink, "Access-Control-Allow-Origin", origin);
    if (!is_preflight) {
        put(sink, "Access-Control-Expose-Headers",
            "Cairn-Position, ETag, Location, RateLimit, RateLimit-Policy, Retry-After, "
            "traceparent, WWW-Authenticate");
        return;
    }
    for (unsigned i = 0; i < response->header_count; i++) {
        if (strcasecmp(response->headers[i].name, "Allow") == 0)
            put(sink, "Access-Control-Allow-Methods", response->headers[i].value);
    }
    put(sink, "Access-Control-Allow-Headers",
        "Authorization, Cairn-Position, Content-Type, Correlation-Id, Idempotency-Key, If-Match, "
        "If-None-Match, Last-Event-ID, Prefer, traceparent");
    put(sink, "Access-Control-Max-Age", "600");
}
