/* result.c - decodes values from PostgreSQL's binary formats. */
#include "postgres/connection.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

size_t cairn_pg_public_bytes(const char *recorded)
{
    const char *inside = strstr(recorded, ": PostgreSQL: ");
    return inside ? (size_t)(inside - recorded) : strlen(recorded);
}

void cairn_pg_clear(struct cairn_pg_result *result)
{
    if (!result)
        return;
    PQclear(result->rows);
    free(result);
}

void cairn_pg_clear_at(struct cairn_pg_result **result)
{
    cairn_pg_clear(*result);
}

int cairn_pg_column(const struct cairn_pg_result *result, const char *name)
{
    int column = PQfnumber(result->rows, name);
    assert(column >= 0);
    return column;
}

bool cairn_pg_null(const struct cairn_pg_result *result, int64_t row, int column)
{
    return PQgetisnull(result->rows, (int)row, column);
}

int64_t cairn_pg_decode_integer(const char *bytes, int length)
{
    uint64_t wide = 0;
    uint32_t middle = 0;
    uint16_t narrow = 0;
    switch (length) {
    case 8:
        memcpy(&wide, bytes, sizeof wide);
        return (int64_t)be64toh(wide);
    case 4:
        memcpy(&middle, bytes, sizeof middle);
        return (int32_t)be32toh(middle);
    case 2:
        memcpy(&narrow, bytes, sizeof narrow);
        return (int16_t)be16toh(narrow);
    default:
        return 0;
    }
}

struct cairn_time cairn_pg_decode_time(const char *bytes, int length)
{
    if (length != 8)
        return (struct cairn_time){0};
    return cairn_time_after((struct cairn_time){CAIRN_PG_EPOCH_US},
                            cairn_pg_decode_integer(bytes, length));
}

int64_t cairn_pg_integer(const struct cairn_pg_result *result, int64_t row, int column)
{
    return cairn_pg_decode_integer(PQgetvalue(result->rows, (int)row, column),
                                   PQgetlength(result->rows, (int)row, column));
}

bool cairn_pg_bool(const struct cairn_pg_result *result, int64_t row, int column)
{
    return *PQgetvalue(result->rows, (int)row, column) != '\0';
}

struct cairn_uuid cairn_pg_uuid(const struct cairn_pg_result *result, int64_t row, int column)
{
    struct cairn_uuid id = {{0}};
    if (PQgetlength(result->rows, (int)row, column) == sizeof id.bytes)
        memcpy(id.bytes, PQgetvalue(result->rows, (int)row, column), sizeof id.bytes);
    return id;
}

struct cairn_time cairn_pg_time(const struct cairn_pg_result *result, int64_t row, int column)
{
    return cairn_pg_decode_time(PQgetvalue(result->rows, (int)row, column),
                                PQgetlength(result->rows, (int)row, column));
}

/* The format of params.c: five words of header, then each element with its length. */
size_t cairn_pg_integers(const struct cairn_pg_result *result, int64_t row, int column,
                         struct cairn_arena *arena, const int64_t **ret)
{
    enum { HEAD_BYTES = 20, ELEMENT_BYTES = 12 };
    size_t bytes = cairn_pg_bytes(result, row, column);
    size_t count = bytes > HEAD_BYTES ? (bytes - HEAD_BYTES) / ELEMENT_BYTES : 0;
    const char *at = PQgetvalue(result->rows, (int)row, column) + HEAD_BYTES;
    int64_t *values = cairn_new(arena, int64_t, count);
    for (size_t i = 0; i < count; i++, at += ELEMENT_BYTES) {
        uint64_t value;
        memcpy(&value, at + ELEMENT_BYTES - sizeof value, sizeof value);
        values[i] = (int64_t)be64toh(value);
    }
    *ret = values;
    return count;
}

size_t cairn_pg_texts(const struct cairn_pg_result *result, int64_t row, int column,
                      struct cairn_pg_array *ret)
{
    enum { HEAD_BYTES = 20 };
    size_t bytes = cairn_pg_bytes(result, row, column);
    const char *at = PQgetvalue(result->rows, (int)row, column);
    const char *end = at + bytes;
    size_t count = 0;
    for (at += HEAD_BYTES; at < end; count++) {
        uint32_t length;
        memcpy(&length, at, sizeof length);
        length = be32toh(length);
        cairn_pg_array_bytes(ret, at + sizeof length, length);
        at += sizeof length + length;
    }
    return count;
}

const char *cairn_pg_text(const struct cairn_pg_result *result, int64_t row, int column)
{
    if (cairn_pg_null(result, row, column))
        return NULL;
    return PQgetvalue(result->rows, (int)row, column);
}

size_t cairn_pg_bytes(const struct cairn_pg_result *result, int64_t row, int column)
{
    return (size_t)PQgetlength(result->rows, (int)row, column);
}

int cairn_pg_columns(const struct cairn_pg_result *result)
{
    return PQnfields(result->rows);
}

const char *cairn_pg_column_name(const struct cairn_pg_result *result, int column)
{
    return PQfname(result->rows, column);
}

void cairn_pg_quote(struct cairn_buffer *out, const char *identifier)
{
    cairn_buffer_char(out, '"');
    for (; *identifier; identifier++) {
        if (*identifier == '"')
            cairn_buffer_char(out, '"');
        cairn_buffer_char(out, *identifier);
    }
    cairn_buffer_char(out, '"');
}

/* In E'' literals a backslash has the same meaning in every session, whatever its settings. */
void cairn_pg_quote_text(struct cairn_buffer *out, const char *text)
{
    cairn_buffer_text(out, "E'");
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            cairn_buffer_char(out, *text);
        cairn_buffer_char(out, *text);
    }
    cairn_buffer_char(out, '\'');
}
