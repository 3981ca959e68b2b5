/* conditional.c - parses lists of entity tags and of media ranges. */
#include "http/request/conditional.h"

#include <string.h>
#include <strings.h>

#define WHITE " \t"

/* ---- entity tags ---- */

/* etagc: visible ASCII except the double quote, or beyond ASCII. */
static bool is_etagc(char c)
{
    unsigned char u = (unsigned char)c;
    return u == 0x21 || (u >= 0x23 && u != 0x7f);
}

int cairn_etag_next(const char **at, struct cairn_etag *ret)
{
    const char *begin = *at + strspn(*at, WHITE ",");
    if (!*begin)
        return 0;
    ret->weak = strncmp(begin, "W/", 2) == 0;
    begin += ret->weak ? 2 : 0;
    if (*begin++ != '"')
        return -1;
    const char *end = begin;
    while (is_etagc(*end))
        end++;
    if (*end != '"')
        return -1;
    ret->text = begin;
    ret->bytes = (size_t)(end - begin);
    *at = end + 1 + strspn(end + 1, WHITE);
    return **at && **at != ',' ? -1 : 1;
}

bool cairn_etags_any(const char *list)
{
    const char *at = list + strspn(list, WHITE);
    return *at == '*' && !at[1 + strspn(at + 1, WHITE)];
}

bool cairn_etags_valid(const char *list)
{
    struct cairn_etag tag;
    int count = 0;
    int more = 0;
    if (cairn_etags_any(list))
        return true;
    while ((more = cairn_etag_next(&list, &tag)) > 0)
        count++;
    return more == 0 && count > 0;
}

bool cairn_etags_name(const char *list, const char *etag)
{
    struct cairn_etag tag;
    struct cairn_etag wanted;
    const char *one = etag;
    if (!list || !cairn_etags_valid(list) || cairn_etag_next(&one, &wanted) < 1)
        return false;
    bool found = cairn_etags_any(list);
    while (!found && cairn_etag_next(&list, &tag) > 0)
        found = tag.bytes == wanted.bytes && memcmp(tag.text, wanted.text, tag.bytes) == 0;
    return found;
}

/* ---- media ranges ---- */

/* Returns the end of a list's element, which includes commas in quotes. */
static const char *end_of(const char *at)
{
    bool quoted = false;
    for (; *at && (quoted || *at != ','); at++) {
        if (quoted && *at == '\\' && at[1])
            at++;
        else if (*at == '"')
            quoted = !quoted;
    }
    return at;
}

/* Returns a qvalue (RFC 9110 section 12.4.2) in thousandths, or -1 if invalid. */
static int read_weight(const char *at, const char *end)
{
    int weight = 0;
    if (at == end || (*at != '0' && *at != '1'))
        return -1;
    weight = (*at++ - '0') * 1000;
    if (at < end && *at == '.') {
        at++;
        for (int unit = 100; at < end && *at >= '0' && *at <= '9'; unit /= 10)
            weight += (*at++ - '0') * unit;
    }
    at += strspn(at, WHITE);
    return at >= end && weight <= 1000 ? weight : -1;
}

/* Returns a range's weight; other parameters than q are ignored. */
static int weight_of(const char *at, const char *end)
{
    for (at = memchr(at, ';', (size_t)(end - at)); at; at = memchr(at, ';', (size_t)(end - at))) {
        at += 1 + strspn(at + 1, WHITE);
        if (at + 1 < end && strncasecmp(at, "q=", 2) == 0)
            return read_weight(at + 2, end);
    }
    return 1000;
}

/* Returns how a range matches: 3 the type, 2 its main type, 1 any type, 0 not. A coding has no main
 * type, and only its name matches. */
static int fit(const char *range, size_t bytes, const char *type)
{
    const char *slash = strchr(type, '/');
    if (bytes == strlen(type) && strncasecmp(range, type, bytes) == 0)
        return 3;
    if (!slash)
        return 0;
    size_t kind = (size_t)(slash + 1 - type);
    if (bytes == kind + 1 && range[kind] == '*' && strncasecmp(range, type, kind) == 0)
        return 2;
    return bytes == 3 && memcmp(range, "*/*", 3) == 0;
}

static int look_for(const char *accept, const char *type, int *ret_weight)
{
    int best = 0;
    *ret_weight = accept ? 0 : 1000;
    for (const char *at = accept ? accept : ""; *at;) {
        at += strspn(at, WHITE ",");
        const char *end = end_of(at);
        size_t bytes = strcspn(at, WHITE ";,");
        int weight = weight_of(at, end);
        int fits = fit(at, bytes, type);
        if (fits > best && weight >= 0) {
            best = fits;
            *ret_weight = weight;
        }
        at = end;
    }
    return best;
}

int cairn_accept_quality(const char *accept, const char *type)
{
    int weight = 0;
    (void)look_for(accept, type, &weight);
    return weight;
}

bool cairn_accept_coding(const char *list, const char *coding)
{
    int weight = 0;
    return list && look_for(list, coding, &weight) == 3 && weight > 0;
}

bool cairn_accept_names(const char *accept, const char *type)
{
    int weight = 0;
    return look_for(accept, type, &weight) == 3;
}
