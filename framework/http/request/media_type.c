/* media_type.c - compares the media type of a body with what is wanted. */
#include "http/request/media_type.h"

#include <string.h>
#include <strings.h>

/* Returns `text` after `prefix` and white space, or NULL. */
static const char *behind(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);
    if (strncasecmp(text, prefix, length) != 0)
        return NULL;
    return text + length + strspn(text + length, " \t");
}

bool cairn_media_type_is(const char *type, const char *wanted)
{
    const char *at = type ? behind(type, wanted) : NULL;
    while (at && *at == ';') {
        at += 1 + strspn(at + 1, " \t");
        const char *charset = behind(at, "charset=");
        if (charset) {
            charset += *charset == '"';
            at = behind(charset, "utf-8");
            at = at ? at + (*at == '"') : NULL;
        } else {
            at += strcspn(at, ";");
        }
        at = at ? at + strspn(at, " \t") : NULL;
    }
    return at && !*at;
}
