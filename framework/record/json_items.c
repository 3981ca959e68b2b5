/* json_items.c - finds the items of a JSON array, and a member of an object, as they are written,
 * without decoding them. */
#include "record/json.h"

#include <string.h>

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && *at && strchr(" \t\r\n", *at))
        at++;
    return at;
}

/* Returns the end of a string, behind its last quote; NULL: there is none. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\')
            at++;
    }
    return at < end ? at + 1 : NULL;
}

/* Returns the end of an item: where the comma is that follows it, or what closes the array or
 * object. NULL: that ends within it. What is in it is checked when it is decoded. */
static const char *skip_item(const char *at, const char *end, char closing)
{
    int depth = 0;
    while (at && at < end) {
        if (depth == 0 && (*at == ',' || *at == closing))
            return at;
        if (*at == '"') {
            at = skip_string(at, end);
            continue;
        }
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        if (depth < 0)
            return NULL;
        at++;
    }
    return NULL;
}

int64_t cairn_json_items(const char *json, size_t bytes, struct cairn_arena *arena,
                         struct cairn_json_item **ret, struct cairn_error *error)
{
    const char *end = json + bytes;
    const char *at = skip_space(json, end);
    size_t capacity = 0;
    int64_t count = 0;
    *ret = NULL;
    bool good = at < end && *at == '[';
    at = good ? skip_space(at + 1, end) : at;
    bool open = good && !(at < end && *at == ']');
    while (open && good) {
        const char *item_end = skip_item(at, end, ']');
        good = item_end && item_end > at;
        if (!good)
            break;
        cairn_grow(arena, *ret, (size_t)count, &capacity);
        (*ret)[count++] = (struct cairn_json_item){at, (size_t)(item_end - at)};
        open = *item_end == ',';
        at = open ? skip_space(item_end + 1, end) : item_end;
    }
    if (!good || skip_space(at + 1, end) != end)
        return cairn_fail(error, CAIRN_MALFORMED, "it is no JSON array");
    return count;
}

bool cairn_json_member_text(const char *json, size_t bytes, const char *name,
                            struct cairn_json_item *ret)
{
    const char *end = json + bytes;
    const char *at = skip_space(json, end);
    size_t length = strlen(name);
    if (at == end || *at != '{')
        return false;
    for (at = skip_space(at + 1, end); at < end && *at == '"';) {
        const char *key = at + 1;
        const char *after = skip_string(at, end);
        bool found = after && (size_t)(after - key) == length + 1 && memcmp(key, name, length) == 0;
        at = after ? skip_space(after, end) : end;
        if (at == end || *at != ':')
            return false;
        at = skip_space(at + 1, end);
        const char *item_end = skip_item(at, end, '}');
        if (!item_end)
            return false;
        if (found) {
            *ret = (struct cairn_json_item){at, (size_t)(item_end - at)};
            return true;
        }
        at = *item_end == ',' ? skip_space(item_end + 1, end) : end;
    }
    return false;
}
