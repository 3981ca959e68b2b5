/* stored_text.c - passes over the members of an object until the one that is looked for. */
#include "query/request/stored_text.h"

#include <string.h>

/* Returns the end of a text: its closing quote. `at` is after the opening one. NULL if it has none;
 * `ret_escaped` says whether it has a backslash. */
static const char *end_of_text(const char *at, const char *end, bool *ret_escaped)
{
    *ret_escaped = false;
    for (; at < end && *at != '"'; at++) {
        if (*at != '\\')
            continue;
        *ret_escaped = true;
        at++;
    }
    return at < end ? at : NULL;
}

/* Returns what follows a value; NULL if it has no end. */
static const char *pass_over(const char *at, const char *end)
{
    bool ignored;
    int depth = 0;
    for (; at < end; at++) {
        if (depth == 0 && (*at == ',' || *at == '}'))
            return at;
        if (*at == '"' && !(at = end_of_text(at + 1, end, &ignored)))
            return NULL;
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
    }
    return NULL;
}

static bool is_name(const char *at, const char *closing, const char *name)
{
    size_t bytes = (size_t)(closing - at);
    return bytes == strlen(name) && memcmp(at, name, bytes) == 0;
}

bool cairn_stored_text(const char *json, size_t bytes, const char *name, const char **ret,
                       size_t *ret_bytes)
{
    const char *at = json;
    const char *end = json + bytes;
    bool escaped;
    if (bytes == 0 || *at != '{')
        return false;
    do {
        at++; /* the brace, or a comma */
        const char *closing = at < end && *at == '"' ? end_of_text(at + 1, end, &escaped) : NULL;
        if (!closing || escaped || end - closing < 3 || closing[1] != ':')
            return false;
        bool found = is_name(at + 1, closing, name);
        at = closing + 2;
        if (found && *at == '"') {
            closing = end_of_text(at + 1, end, &escaped);
            *ret = at + 1;
            *ret_bytes = closing ? (size_t)(closing - at) - 1 : 0;
            return closing && !escaped;
        }
        at = found ? NULL : pass_over(at, end);
    } while (at && *at == ',');
    return false;
}
