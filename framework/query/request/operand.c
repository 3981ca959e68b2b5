/* operand.c - parses a value from a URL as a field of a row. */
#include "query/request/operand.h"

#include "record/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cairn_query_comparable(const struct cairn_field *field)
{
    return field->kind == CAIRN_KIND_BOOL || field->kind == CAIRN_KIND_ENUM ||
           cairn_query_sortable(field);
}

/* Enums are not sortable: they are stored by name, whose alphabetical order is meaningless. */
bool cairn_query_sortable(const struct cairn_field *field)
{
    return field->kind == CAIRN_KIND_INTEGER || field->kind == CAIRN_KIND_TEXT ||
           field->kind == CAIRN_KIND_UUID || field->kind == CAIRN_KIND_TIME ||
           field->kind == CAIRN_KIND_DAY || field->kind == CAIRN_KIND_DECIMAL ||
           field->kind == CAIRN_KIND_DURATION;
}

int cairn_query_integer(const char *text, int64_t *ret)
{
    const char *digits = text + (*text == '-');
    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return -CAIRN_INVALID;
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    if (errno)
        return -CAIRN_INVALID;
    *ret = value;
    return 0;
}

/* ---- reading ---- */

static int read_bool(const char *text, bool *ret)
{
    *ret = strcmp(text, "true") == 0;
    return *ret || strcmp(text, "false") == 0 ? 0 : -CAIRN_INVALID;
}

static int read_enum(const struct cairn_field *field, const char *text)
{
    for (uint32_t i = 1; i < field->name_count; i++) {
        if (field->names[i] && strcmp(field->names[i], text) == 0)
            return 0;
    }
    return -CAIRN_INVALID;
}

static int read_text(const struct cairn_field *field, const char *text)
{
    size_t most = field->max_bytes ? field->max_bytes : CAIRN_TEXT_MAX_BYTES;
    return strlen(text) <= most ? 0 : -CAIRN_INVALID;
}

static int read_value(const struct cairn_field *field, const char *text,
                      struct cairn_query_operand *ret)
{
    struct cairn_day day;
    struct cairn_decimal decimal;
    struct cairn_duration duration;
    ret->as.text = text;
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
        return cairn_query_integer(text, &ret->as.integer);
    case CAIRN_KIND_BOOL:
        return read_bool(text, &ret->as.yes);
    case CAIRN_KIND_TEXT:
        return read_text(field, text);
    case CAIRN_KIND_UUID:
        return cairn_uuid_parse(text, &ret->as.uuid);
    case CAIRN_KIND_TIME:
        return cairn_time_parse(text, &ret->as.time);
    case CAIRN_KIND_DAY:
        return cairn_day_parse(text, &day);
    case CAIRN_KIND_ENUM:
        return read_enum(field, text);
    case CAIRN_KIND_DECIMAL:
        return cairn_decimal_parse(text, field->scale, &decimal);
    case CAIRN_KIND_DURATION:
        return cairn_duration_parse(text, &duration);
    case CAIRN_KIND_MONEY:
    case CAIRN_KIND_NESTED:
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_TEXT_MAP:
        break;
    }
    return -CAIRN_INVALID;
}

static int fail_enum(const struct cairn_field *field, const char *pointer,
                     struct cairn_error *error)
{
    char names[100] = "";
    size_t used = 0;
    for (uint32_t i = 1; i < field->name_count && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i > 1 ? ", " : "",
                                 field->names[i]);
    return cairn_wrong(error, pointer, "is not one of %s", names);
}

static const char *expected(enum cairn_kind kind)
{
    switch (kind) {
    case CAIRN_KIND_INTEGER:
        return "a whole number";
    case CAIRN_KIND_BOOL:
        return "true or false";
    case CAIRN_KIND_UUID:
        return "a uuid";
    case CAIRN_KIND_TIME:
        return "a time such as 2026-11-21T07:00:00Z";
    case CAIRN_KIND_DAY:
        return "a day such as 2026-11-21";
    case CAIRN_KIND_DECIMAL:
        return "a decimal such as 12.50";
    case CAIRN_KIND_DURATION:
        return "a duration such as PT15M";
    case CAIRN_KIND_TEXT:
    case CAIRN_KIND_ENUM:
    case CAIRN_KIND_MONEY:
    case CAIRN_KIND_NESTED:
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_TEXT_MAP:
        break;
    }
    return "a value that can be asked for";
}

int cairn_query_operand_read(const struct cairn_field *field, const char *text, const char *pointer,
                             struct cairn_query_operand *ret, struct cairn_error *error)
{
    struct cairn_query_operand operand = {.kind = field->kind};
    if (read_value(field, text, &operand) == 0) {
        *ret = operand;
        return 0;
    }
    if (field->kind == CAIRN_KIND_ENUM)
        return fail_enum(field, pointer, error);
    if (field->kind == CAIRN_KIND_TEXT)
        return cairn_wrong(error, pointer, "is too long");
    return cairn_wrong(error, pointer, "is not %s", expected(field->kind));
}

/* ---- writing ---- */

const char *cairn_query_operand_text(const struct cairn_field *field, const void *row,
                                     struct cairn_arena *arena)
{
    const void *at = cairn_field_unwrap(field, cairn_field_at(field, row));
    struct cairn_query_operand value;
    struct cairn_day day;
    struct cairn_decimal decimal;
    struct cairn_duration duration;
    char text[CAIRN_DURATION_TEXT_SIZE] = "";
    _Static_assert(sizeof text >= CAIRN_TIME_TEXT_SIZE && sizeof text >= CAIRN_UUID_TEXT_SIZE &&
                       sizeof text >= CAIRN_DECIMAL_TEXT_SIZE,
                   "the text of a duration is the longest");
    if (!at)
        return cairn_copy_text(arena, text);
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
        memcpy(&value.as.integer, at, sizeof value.as.integer);
        return cairn_print(arena, "%" PRId64, value.as.integer);
    case CAIRN_KIND_TEXT:
        memcpy(&value.as.text, at, sizeof value.as.text);
        return value.as.text;
    case CAIRN_KIND_UUID:
        memcpy(&value.as.uuid, at, sizeof value.as.uuid);
        cairn_uuid_format(value.as.uuid, text);
        break;
    case CAIRN_KIND_TIME:
        memcpy(&value.as.time, at, sizeof value.as.time);
        cairn_time_format(value.as.time, text);
        break;
    case CAIRN_KIND_DAY:
        memcpy(&day, at, sizeof day);
        cairn_day_format(day, text);
        break;
    case CAIRN_KIND_DECIMAL:
        memcpy(&decimal, at, sizeof decimal);
        cairn_decimal_format(decimal, field->scale, text);
        break;
    case CAIRN_KIND_DURATION:
        memcpy(&duration, at, sizeof duration);
        cairn_duration_format(duration, text);
        break;
    case CAIRN_KIND_BOOL:
    case CAIRN_KIND_ENUM:
    case CAIRN_KIND_MONEY:
    case CAIRN_KIND_NESTED:
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_TEXT_MAP:
        break;
    }
    return cairn_copy_text(arena, text);
}

struct cairn_query_operand cairn_query_operand_keep(const struct cairn_query_operand *operand,
                                                    struct cairn_arena *arena)
{
    struct cairn_query_operand kept = *operand;
    bool is_text = operand->kind == CAIRN_KIND_TEXT || operand->kind == CAIRN_KIND_ENUM ||
                   operand->kind == CAIRN_KIND_DAY || operand->kind == CAIRN_KIND_DECIMAL ||
                   operand->kind == CAIRN_KIND_DURATION;
    if (is_text)
        kept.as.text = cairn_copy_text(arena, operand->as.text);
    return kept;
}

void cairn_query_operand_add(struct cairn_pg_params *params,
                             const struct cairn_query_operand *operand)
{
    switch (operand->kind) {
    case CAIRN_KIND_INTEGER:
        cairn_pg_add_integer(params, operand->as.integer);
        break;
    case CAIRN_KIND_BOOL:
        cairn_pg_add_bool(params, operand->as.yes);
        break;
    case CAIRN_KIND_UUID:
        cairn_pg_add_uuid(params, operand->as.uuid);
        break;
    case CAIRN_KIND_TIME:
        cairn_pg_add_time(params, operand->as.time);
        break;
    case CAIRN_KIND_TEXT:
    case CAIRN_KIND_DAY:
    case CAIRN_KIND_DECIMAL:
    case CAIRN_KIND_DURATION:
    case CAIRN_KIND_ENUM:
    case CAIRN_KIND_MONEY:
    case CAIRN_KIND_NESTED:
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_TEXT_MAP:
        cairn_pg_add_text(params, operand->as.text);
        break;
    }
}

const char *cairn_query_operand_cast(const struct cairn_field *field)
{
    if (field->kind == CAIRN_KIND_DAY)
        return "::date";
    if (field->kind == CAIRN_KIND_DECIMAL)
        return "::numeric";
    return field->kind == CAIRN_KIND_DURATION ? "::interval" : "";
}
