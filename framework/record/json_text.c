/* json_text.c - finds values in JSON text, and compares two texts. */
#include "record/json_text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void close_json(json_t **json)
{
    json_decref(*json);
}
#define AUTO_JSON __attribute__((cleanup(close_json))) json_t

static json_t *load(const char *json, size_t bytes, json_error_t *wrong)
{
    return json_loadb(json, bytes, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, wrong);
}

/* Reads a part of a pointer: "a~1b" is the member "a/b", "~0" is "~". Returns what follows it. */
static const char *read_part(const char *pointer, char *ret, size_t size)
{
    size_t used = 0;
    for (; *pointer && *pointer != '/'; pointer++) {
        char c = *pointer;
        if (c == '~' && (pointer[1] == '0' || pointer[1] == '1'))
            c = *++pointer == '0' ? '~' : '/';
        if (used + 1 < size)
            ret[used++] = c;
    }
    ret[used] = '\0';
    return pointer;
}

static json_t *find_item(const json_t *list, const char *part)
{
    char *end = NULL;
    unsigned long index = strtoul(part, &end, 10);
    bool is_index = *part >= '0' && *part <= '9' && !*end;
    return is_index ? json_array_get(list, index) : NULL;
}

static json_t *find(json_t *root, const char *pointer)
{
    char part[200];
    json_t *at = root;
    while (at && *pointer == '/') {
        pointer = read_part(pointer + 1, part, sizeof part);
        at = json_is_array(at) ? find_item(at, part) : json_object_get(at, part);
    }
    return at;
}

int cairn_json_find(const char *json, size_t bytes, const char *pointer, struct cairn_arena *arena,
                    const char **ret, const char **ret_text, struct cairn_error *error)
{
    json_error_t wrong;
    AUTO_JSON *root = load(json, bytes, &wrong);
    if (!root)
        return cairn_fail(error, CAIRN_MALFORMED, "it is no JSON: %s", wrong.text);
    if (*pointer && *pointer != '/')
        return cairn_fail(error, CAIRN_MALFORMED,
                          "\"%s\" is no JSON pointer: one is \"\" or begins with \"/\"", pointer);
    const json_t *at = find(root, pointer);
    if (!at)
        return cairn_fail(error, CAIRN_NOT_FOUND, "there is nothing at %s", pointer);
    char *text = json_dumps(at, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    if (!text)
        abort(); /* out of memory is the only reason */
    *ret = cairn_copy_text(arena, text);
    *ret_text = json_is_string(at) ? cairn_copy_text(arena, json_string_value(at)) : NULL;
    free(text);
    return 0;
}

bool cairn_json_same(const char *a, const char *b)
{
    json_error_t wrong;
    AUTO_JSON *left = load(a, strlen(a), &wrong);
    AUTO_JSON *right = load(b, strlen(b), &wrong);
    return left && right && json_equal(left, right);
}
