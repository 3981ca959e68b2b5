/* json_parts.c - finds the parts of JSON whose shape is not ours. */
#include "identity/token/json_parts.h"

#include <string.h>

enum { PART_MAX_BYTES = 200 };

json_t *cairn_json_object(const char *json, size_t bytes)
{
    json_t *root = json_loadb(json, bytes, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(root))
        return root;
    json_decref(root);
    return NULL;
}

const char *cairn_json_text(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

bool cairn_json_is_pointer(const char *pointer)
{
    size_t part = 0;
    if (*pointer != '/')
        return false;
    for (; *pointer; pointer++) {
        part = *pointer == '/' ? 0 : part + 1;
        if (part >= PART_MAX_BYTES || (*pointer == '~' && pointer[1] != '0' && pointer[1] != '1'))
            return false;
    }
    return true;
}

/* Reads a part: "a~1b" is the member "a/b", "~0" is "~". Returns what follows it. */
static const char *read_part(const char *pointer, char ret[static PART_MAX_BYTES])
{
    size_t used = 0;
    for (; *pointer && *pointer != '/'; pointer++) {
        char c = *pointer;
        if (c == '~')
            c = *++pointer == '0' ? '~' : '/';
        ret[used++] = c;
    }
    ret[used] = '\0';
    return pointer;
}

/* Returns the item that a part names: digits, without a leading zero. */
static const json_t *find_item(const json_t *list, const char *part)
{
    size_t index = 0;
    size_t digits = strspn(part, "0123456789");
    if (digits == 0 || digits > 6 || part[digits] || (*part == '0' && digits > 1))
        return NULL;
    for (; *part; part++)
        index = index * 10 + (size_t)(*part - '0');
    return json_array_get(list, index);
}

const json_t *cairn_json_at(const json_t *root, const char *pointer)
{
    char part[PART_MAX_BYTES];
    const json_t *at = root;
    if (!cairn_json_is_pointer(pointer))
        return NULL;
    while (at && *pointer == '/') {
        pointer = read_part(pointer + 1, part);
        at = json_is_array(at) ? find_item(at, part) : json_object_get(at, part);
    }
    return at;
}
