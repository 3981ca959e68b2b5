/* route.c - matches requests against the route table. */
#include "http/request/route.h"

#include "core/containers/buffer.h"
#include "core/text/text.h"

#include <string.h>

/* ---- percent-encoding ---- */

char *cairn_decode(struct cairn_arena *arena, const char *text, size_t length)
{
    char *decoded = cairn_percent_decode(arena, text, length);
    return decoded && cairn_is_utf8(decoded) ? decoded : NULL;
}

bool cairn_path_split(struct cairn_arena *arena, const char *text, struct cairn_path *ret)
{
    ret->count = 0;
    while (*text == '/') {
        size_t length = strcspn(++text, "/");
        const char *segment = cairn_decode(arena, text, length);
        if (!segment)
            return false;
        if (ret->count == CAIRN_SEGMENTS_MAX) {
            ret->count = 0;
            return true;
        }
        ret->segments[ret->count++] = segment;
        text += length;
    }
    return true;
}

/* ---- matching ---- */

static bool matches(const char *pattern, const struct cairn_path *path, const char **ret_id)
{
    size_t i = 0;
    *ret_id = NULL;
    for (const char *at = pattern; *at == '/'; i++) {
        size_t length = strcspn(++at, "/");
        if (i == path->count || (length > 0 && !*path->segments[i]))
            return false;
        if (length == 4 && memcmp(at, "{id}", 4) == 0)
            *ret_id = path->segments[i];
        else if (strncmp(path->segments[i], at, length) != 0 || path->segments[i][length])
            return false;
        at += length;
    }
    return i > 0 && i == path->count;
}

const struct cairn_http_route *cairn_route_find(const struct cairn_http_options *options,
                                                const char *method, const struct cairn_path *path,
                                                const char **ret_id)
{
    const struct cairn_http_route *found = NULL;
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    for (size_t i = 0; i < options->route_count; i++) {
        const struct cairn_http_route *route = &options->routes[i];
        const char *id = NULL;
        if (strcmp(route->method, wanted) != 0 || !matches(route->pattern, path, &id))
            continue;
        if (found && id)
            continue;
        found = route;
        *ret_id = id;
        if (!id)
            break;
    }
    return found;
}

static bool is_listed(const char *methods, const char *method)
{
    const char *at = strstr(methods, method);
    size_t length = strlen(method);
    return at && (at[length] == ',' || !at[length]);
}

static void list_method(struct cairn_buffer *methods, const char *method)
{
    if (is_listed(methods->text, method))
        return;
    if (methods->length)
        cairn_buffer_text(methods, ", ");
    cairn_buffer_text(methods, method);
}

const char *cairn_route_allow(const struct cairn_http_options *options,
                              const struct cairn_path *path, struct cairn_arena *arena)
{
    struct cairn_buffer methods = cairn_buffer(arena);
    for (size_t i = 0; i < options->route_count; i++) {
        const char *id = NULL;
        if (path && !matches(options->routes[i].pattern, path, &id))
            continue;
        list_method(&methods, options->routes[i].method);
        if (strcmp(options->routes[i].method, "GET") == 0)
            list_method(&methods, "HEAD");
    }
    if (methods.length)
        list_method(&methods, "OPTIONS");
    return methods.length ? methods.text : NULL;
}
