/* address.c - parses Redis URLs. */
#include "redis/address.h"

#include "core/text/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 6379, DATABASE_MAX = 1 << 20 };

static int fail_url(struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_CONFIG,
                      "not a Redis URL: wanted redis://[:password@]host[:port][/number] or "
                      "unix:///path[?db=number]");
}

static bool read_number(const char *text, int min, int max, int *ret)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || text[digits] != '\0')
        return false;
    int number = (int)strtol(text, NULL, 10);
    *ret = number;
    return number >= min && number <= max;
}

/* Parses the part before the @: "password", ":password" or "user:password". An empty password
 * means none.
 */
static bool read_login(const char *text, size_t bytes, struct cairn_arena *arena,
                       struct cairn_redis_address *ret)
{
    const char *colon = memchr(text, ':', bytes);
    size_t user_bytes = colon ? (size_t)(colon - text) : 0;
    const char *password = colon ? colon + 1 : text;
    ret->password = cairn_percent_decode(arena, password, bytes - (size_t)(password - text));
    ret->user = user_bytes ? cairn_percent_decode(arena, text, user_bytes) : NULL;
    if (!ret->password || (user_bytes && !ret->user))
        return false;
    if (*ret->password == '\0')
        ret->password = NULL;
    return true;
}

/* Parses "host", "host:port" or "[v6]:port", and the rest: "/number" or nothing. */
static bool read_host(const char *text, struct cairn_arena *arena, struct cairn_redis_address *ret)
{
    bool bracket = *text == '[';
    size_t bytes = bracket ? strcspn(++text, "]") : strcspn(text, ":/");
    if (bytes == 0 || (bracket && text[bytes] != ']'))
        return false;
    ret->host = cairn_copy_bytes(arena, text, bytes);
    text += bytes + bracket;
    if (*text == ':') {
        size_t digits = strcspn(++text, "/");
        if (!read_number(cairn_copy_bytes(arena, text, digits), 1, 65535, &ret->port))
            return false;
        text += digits;
    }
    if (*text == '/' && text[1])
        return read_number(text + 1, 0, DATABASE_MAX, &ret->database);
    return *text == '\0' || *text == '/';
}

static bool read_tcp(const char *text, struct cairn_arena *arena, struct cairn_redis_address *ret)
{
    const char *at = strrchr(text, '@');
    ret->port = PORT;
    if (at && !read_login(text, (size_t)(at - text), arena, ret))
        return false;
    return read_host(at ? at + 1 : text, arena, ret);
}

static bool read_unix(const char *text, struct cairn_arena *arena, struct cairn_redis_address *ret)
{
    size_t bytes = strcspn(text, "?");
    ret->path = cairn_percent_decode(arena, text, bytes);
    if (!ret->path || *ret->path != '/')
        return false;
    if (!text[bytes])
        return true;
    return strncmp(text + bytes, "?db=", 4) == 0 &&
           read_number(text + bytes + 4, 0, DATABASE_MAX, &ret->database);
}

int cairn_redis_address(const char *url, struct cairn_arena *arena, struct cairn_redis_address *ret,
                        struct cairn_error *error)
{
    static const char tcp[] = "redis://";
    static const char local[] = "unix://";
    bool good = false;
    *ret = (struct cairn_redis_address){0};
    if (strncmp(url, tcp, sizeof tcp - 1) == 0)
        good = read_tcp(url + sizeof tcp - 1, arena, ret);
    else if (strncmp(url, local, sizeof local - 1) == 0)
        good = read_unix(url + sizeof local - 1, arena, ret);
    return good ? 0 : fail_url(error);
}
