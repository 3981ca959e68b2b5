/* json_member.c - walks the members of a JSON object as it was encoded. */
#include "record/json_member.h"

#include <string.h>

/* The nesting at one place of a JSON text. */
struct place {
    int depth;
    bool quoted;
};

/* Updates the nesting for one character, or escape. Returns its length. */
static size_t go_past(struct place *place, const char *at)
{
    if (place->quoted && *at == '\\' && at[1])
        return 2;
    if (*at == '"')
        place->quoted = !place->quoted;
    else if (!place->quoted && (*at == '{' || *at == '['))
        place->depth++;
    else if (!place->quoted && (*at == '}' || *at == ']'))
        place->depth--;
    return 1;
}

/* Returns the length of the member that begins here, up to its comma or the object's end. */
static size_t measure(const char *member)
{
    struct place place = {.depth = 1};
    size_t i = 0;
    while (member[i] && (place.quoted || place.depth > 1 || !strchr(",}", member[i])))
        i += go_past(&place, member + i);
    return i;
}

bool cairn_json_member_next(const char **at, struct cairn_json_member *ret)
{
    const char *member = *at;
    if (*member != '{' && *member != ',')
        return false;
    member++;
    const char *name_end = *member == '"' ? strchr(member + 1, '"') : NULL;
    if (!name_end || name_end[1] != ':')
        return false;
    *ret = (struct cairn_json_member){.text = member,
                                      .bytes = measure(member),
                                      .name = member + 1,
                                      .name_bytes = (size_t)(name_end - member - 1),
                                      .value = name_end + 2};
    ret->value_bytes = ret->bytes - (size_t)(ret->value - member);
    *at = member + ret->bytes;
    return true;
}
