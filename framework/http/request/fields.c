/* fields.c - checks header names, values, and the bytes between them.
 *
 * If told to be strict (server.c), libmicrohttpd from 0.9.77 on refuses a NUL, a line that ends in
 * CR or in LF alone, and a folded line. Earlier versions accept them: a value ends at the NUL, a
 * line at the first CR or LF. The library parses in place and overwrites each byte of a line's end
 * with a NUL. In earlier versions there are thus two NULs between the end of a value and the next
 * name, and anything else where the line did not end in CR LF. The head begins with the method, and
 * the library knows its size. */
#include "http/request/fields.h"

#include <ctype.h>
#include <string.h>

#define STRICT_SINCE "0.9.77"
#define WRONG_END "a line of the head does not end in CR LF"

struct look {
    const char *wrong;
    const char *end; /* of the previous line, without its CR LF; NULL: unknown */
    bool in_place;   /* the library does not move values */
};

bool cairn_is_token(const char *text)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    const unsigned char *at = (const unsigned char *)text;
    while (*at && *at < 0x80 && (isalnum(*at) || strchr(marks, *at)))
        at++;
    return *text && !*at;
}

static bool has_control(const char *value)
{
    for (const unsigned char *at = (const unsigned char *)value; *at; at++) {
        if ((*at < ' ' && *at != '\t') || *at == 0x7f)
            return true;
    }
    return false;
}

static enum MHD_Result look_at(void *context, enum MHD_ValueKind kind, const char *name,
                               const char *value)
{
    (void)kind;
    struct look *look = context;
    if (!name || !cairn_is_token(name))
        look->wrong = "the name of a header is not a token";
    else if (value && has_control(value))
        look->wrong = "a header has control characters in its value";
    else if (look->end && (name != look->end + 2 || look->end[1]))
        look->wrong = WRONG_END;
    look->end = value && look->in_place ? value + strlen(value) : NULL;
    return look->wrong ? MHD_NO : MHD_YES;
}

bool cairn_library_is_strict(void)
{
    return strcmp(MHD_get_version(), STRICT_SINCE) >= 0;
}

/* Returns whether no bytes were skipped: the library ends method and target at the first NUL, its
 * own in place of a space or the client's, so the version must begin after both of them and two
 * bytes. */
static bool is_whole_line(const char *method, size_t target_bytes, const char *version)
{
    return version == method + strlen(method) + 1 + target_bytes + 1;
}

/* Returns whether the last value is followed by its line's end and the empty line. */
static bool ends_well(struct MHD_Connection *wire, const char *begin, const char *end)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(wire, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info && end + 4 == begin + info->header_size;
}

const char *cairn_head_wrong(struct MHD_Connection *wire, const char *method, size_t target_bytes,
                             const char *version)
{
    if (!is_whole_line(method, target_bytes, version))
        return "the request line has a NUL, or more than one space between its parts";
    struct look look = {.in_place = !cairn_library_is_strict()};
    if (look.in_place)
        look.end = version + strlen(version);
    (void)MHD_get_connection_values(wire, MHD_HEADER_KIND, look_at, &look);
    if (!look.wrong && look.end && !ends_well(wire, method, look.end))
        look.wrong = WRONG_END;
    return look.wrong;
}
