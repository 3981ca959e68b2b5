/* route.c - the route table. */
#include "http/route.h"

#include "core/buffer.h"

#include <string.h>

/* ---- percent-encoding ---- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Whether `text` is UTF-8 by table 3-7 of the Unicode standard: no overlong forms, no surrogates,
 * nothing above U+10FFFF. */
static bool is_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        unsigned char first = *at++;
        if (first < 0x80)
            continue;
        if (first < 0xC2 || first > 0xF4)
            return false;
        int more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
        unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
        unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
        for (; more > 0; more--, at++, low = 0x80, high = 0xBF) {
            if (*at < low || *at > high)
                return false;
        }
    }
    return true;
}

char *cairn_decode(struct cairn_arena *arena, const char *text, size_t length)
{
    char *decoded = cairn_arena_alloc(arena, length + 1, 1);
    size_t count = 0;
    for (size_t i = 0; i < length; i++, count++) {
        decoded[count] = text[i];
        if (text[i] != '%')
            continue;
        int high = length - i > 2 ? hex_value(text[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low < 0 || high * 16 + low == 0)
            return NULL;
        decoded[count] = (char)(high * 16 + low);
        i += 2;
    }
    return is_utf8(decoded) ? decoded : NULL;
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
        if (i == path->count || !*path->segments[i])
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
        if (!matches(options->routes[i].pattern, path, &id))
            continue;
        list_method(&methods, options->routes[i].method);
        if (strcmp(options->routes[i].method, "GET") == 0)
            list_method(&methods, "HEAD");
    }
    return methods.length ? methods.text : NULL;
}
