/* tuple.c - parses the binary format of COPY. */
#include "postgres/tuple.h"

#include "postgres/connection.h"

#include <string.h>

static const char signature[11] = "PGCOPY\n\377\r\n"; /* and a NUL */

enum { FLAGS_KNOWN = 0xFFFF }; /* a reader must understand the higher ones, which are critical */

static int fail_garbled(const char *what, struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_UNAVAILABLE, "PostgreSQL: a copy is garbled: %s", what);
}

int64_t cairn_tuple_header(const char *bytes, size_t count, struct cairn_error *error)
{
    const size_t fixed = sizeof signature + 8;
    if (count < fixed || memcmp(bytes, signature, sizeof signature) != 0)
        return fail_garbled("it does not begin as one", error);
    int64_t flags = cairn_pg_decode_integer(bytes + sizeof signature, 4);
    int64_t extension = cairn_pg_decode_integer(bytes + sizeof signature + 4, 4);
    if (flags & ~FLAGS_KNOWN)
        return fail_garbled("it is of a newer format", error);
    if (extension < 0 || (size_t)extension > count - fixed)
        return fail_garbled("its header is cut", error);
    return (int64_t)fixed + extension;
}

/* Reads the field at `*at` and moves `*at` past it. */
static int read_field(const char *bytes, size_t count, size_t *at, struct cairn_pg_field *ret,
                      struct cairn_error *error)
{
    if (count - *at < 4)
        return fail_garbled("a row is cut", error);
    int64_t length = cairn_pg_decode_integer(bytes + *at, 4);
    *at += 4;
    if (length < -1 || (length > 0 && (size_t)length > count - *at))
        return fail_garbled("a value is cut", error);
    *ret = (struct cairn_pg_field){bytes + *at, (int)length};
    *at += length > 0 ? (size_t)length : 0;
    return 0;
}

static void terminate(char *bytes, const struct cairn_pg_field *fields, int columns)
{
    for (int i = 0; i < columns; i++) {
        if (fields[i].length >= 0)
            bytes[fields[i].bytes - bytes + fields[i].length] = '\0';
    }
}

int cairn_tuple_read(char *bytes, size_t count, int columns, struct cairn_pg_field *ret,
                     struct cairn_error *error)
{
    size_t at = 2;
    if (count < at)
        return fail_garbled("a row is cut", error);
    int64_t fields = cairn_pg_decode_integer(bytes, 2);
    if (fields == -1)
        return count == at ? 0 : fail_garbled("something follows its end", error);
    if (fields != columns)
        return cairn_fail(error, CAIRN_BUG, "a copy has rows of %" PRId64 " columns, not %d",
                          fields, columns);
    for (int i = 0; i < columns; i++) {
        int failed = read_field(bytes, count, &at, &ret[i], error);
        if (failed)
            return failed;
    }
    if (at != count)
        return fail_garbled("something follows a row", error);
    terminate(bytes, ret, columns);
    return 1;
}
