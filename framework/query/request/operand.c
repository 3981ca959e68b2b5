/* operand.c - parses a value from a URL as a field of a row. */
#include "query/request/operand.h"

#include "record/json.h"

#include <stdio.h>
#include <string.h>

/* Returns whether values of this kind are passed to PostgreSQL as text, some with a cast. */
static bool is_text(enum cairn_kind kind)
{
    return kind == CAIRN_KIND_TEXT || kind == CAIRN_KIND_ENUM || kind == CAIRN_KIND_DAY ||
           kind == CAIRN_KIND_DECIMAL || kind == CAIRN_KIND_DURATION;
}

bool cairn_query_comparable(const struct cairn_field *field)
{
    return field->kind == CAIRN_KIND_BOOL || field->kind == CAIRN_KIND_ENUM ||
           cairn_query_sortable(field);
}

/* Enums are not sortable: they are stored by name, whose alphabetical order is meaningless. */
bool cairn_query_sortable(const struct cairn_field *field)
{
    return !field->wrapped &&
           (field->kind == CAIRN_KIND_INTEGER || field->kind == CAIRN_KIND_TEXT ||
            field->kind == CAIRN_KIND_UUID || field->kind == CAIRN_KIND_TIME ||
            field->kind == CAIRN_KIND_DAY || field->kind == CAIRN_KIND_DECIMAL ||
            field->kind == CAIRN_KIND_DURATION);
}

/* ---- reading ---- */

static int read_value(const struct cairn_field *field, const char *text,
                      struct cairn_query_operand *ret)
{
    char value[CAIRN_PLAIN_SIZE];
    if (cairn_field_parse(field, text, value) < 0)
        return -CAIRN_INVALID;
    if (is_text(field->kind))
        ret->as.text = text;
    else
        memcpy(&ret->as, value, cairn_kind_size(field->kind));
    return 0;
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
    return at ? cairn_field_plain(field, at, arena) : "";
}

struct cairn_query_operand cairn_query_operand_keep(const struct cairn_query_operand *operand,
                                                    struct cairn_arena *arena)
{
    struct cairn_query_operand kept = *operand;
    if (is_text(operand->kind))
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
