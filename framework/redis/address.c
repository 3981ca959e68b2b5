/* address.c - parses Redis URLs. */
#include "redis/address.h"

#include "core/text/text.h"
#include "core/text/this_machine.h"
#include "redis/redis.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 6379, DATABASE_MAX = 1 << 20 };

static int fail_url(struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_CONFIG,
                      "not a Redis URL: wanted redis://[:password@]host[:port][/number], "
                      "rediss://…?sslrootcert=FILE with TLS, or unix:///path[?db=number]");
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

/* ---- files of TLS ---- */

/* Parses "name=value" of so many bytes. */
static bool read_file_name(const char *text, size_t bytes, struct cairn_arena *arena,
                           struct cairn_redis_address *ret)
{
    const struct {
        const char *name;
        const char **value;
    } names[] = {{"sslrootcert=", &ret->ca_file},
                 {"sslcert=", &ret->cert_file},
                 {"sslkey=", &ret->key_file}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i].name);
        if (bytes <= length || strncmp(text, names[i].name, length) != 0)
            continue;
        *names[i].value = cairn_percent_decode(arena, text + length, bytes - length);
        return *names[i].value != NULL;
    }
    return false;
}

/* Parses what follows the question mark. */
static bool read_files(const char *text, struct cairn_arena *arena, struct cairn_redis_address *ret)
{
    for (;;) {
        size_t bytes = strcspn(text, "&");
        if (!read_file_name(text, bytes, arena, ret))
            return false;
        text += bytes;
        if (!*text)
            return !ret->cert_file == !ret->key_file;
        text++;
    }
}

/* ---- hosts ---- */

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

/* A password may contain a question mark: files are looked for behind the login only. */
static bool read_tcp(const char *text, struct cairn_arena *arena, struct cairn_redis_address *ret)
{
    size_t bytes = strlen(text);
    const char *login = strrchr(text, '@');
    const char *files = ret->tls ? strchr(login ? login : text, '?') : NULL;
    if (files)
        bytes = (size_t)(files - text);
    ret->port = PORT;
    if (files && !read_files(files + 1, arena, ret))
        return false;
    if (login && !read_login(text, (size_t)(login - text), arena, ret))
        return false;
    text = cairn_copy_bytes(arena, text, bytes);
    return read_host(login ? strrchr(text, '@') + 1 : text, arena, ret);
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
    static const char encrypted[] = "rediss://";
    static const char local[] = "unix://";
    bool good = false;
    *ret = (struct cairn_redis_address){0};
    ret->tls = strncmp(url, encrypted, sizeof encrypted - 1) == 0;
    if (ret->tls)
        good = read_tcp(url + sizeof encrypted - 1, arena, ret);
    else if (strncmp(url, tcp, sizeof tcp - 1) == 0)
        good = read_tcp(url + sizeof tcp - 1, arena, ret);
    else if (strncmp(url, local, sizeof local - 1) == 0)
        good = read_unix(url + sizeof local - 1, arena, ret);
    return good ? 0 : fail_url(error);
}

int cairn_redis_check_encrypted(const char *url, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_redis_address address;
    int failed = 0;
    if (cairn_redis_address(url, &arena, &address, NULL) == 0 && !address.path && !address.tls &&
        !cairn_is_loopback(address.host))
        failed = cairn_fail(error, CAIRN_CONFIG,
                            "connects to another machine, and CAIRN_REQUIRE_TLS is set: it has to "
                            "be rediss://…");
    cairn_arena_close(&arena);
    return failed;
}
