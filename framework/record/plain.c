/* plain.c - converts the value of a field to plain text and back, as it is written in a URL or in
 * the key of a row: without quotes, in one spelling. */
#include "record/json.h"
#include "record/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool cairn_field_is_plain(const struct cairn_field *field)
{
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
    case CAIRN_KIND_BOOL:
    case CAIRN_KIND_TEXT:
    case CAIRN_KIND_UUID:
    case CAIRN_KIND_TIME:
    case CAIRN_KIND_DAY:
    case CAIRN_KIND_ENUM:
    case CAIRN_KIND_DECIMAL:
    case CAIRN_KIND_DURATION:
        return !field->wrapped;
    case CAIRN_KIND_MONEY:
    case CAIRN_KIND_NESTED:
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_TEXT_MAP:
        return false;
    }
    return false;
}

/* ---- writing ---- */

/* The longest of the texts of a fixed length. */
_Static_assert((int)CAIRN_PLAIN_SIZE >= (int)CAIRN_UUID_TEXT_SIZE &&
                   (int)CAIRN_PLAIN_SIZE >= (int)CAIRN_TIME_TEXT_SIZE &&
                   (int)CAIRN_PLAIN_SIZE >= (int)CAIRN_DECIMAL_TEXT_SIZE &&
                   (int)CAIRN_PLAIN_SIZE >= (int)CAIRN_DURATION_TEXT_SIZE,
               "a plain text has room for each of them");

static const char *print_number(int64_t number, struct cairn_arena *arena)
{
    return cairn_print(arena, "%" PRId64, number);
}

static const char *enum_name(const struct cairn_field *field, const void *at)
{
    unsigned value;
    memcpy(&value, at, sizeof value);
    return value < field->name_count && field->names[value] ? field->names[value] : "";
}

/* Writes the kinds whose text has a fixed length. */
static void format_fixed(const struct cairn_field *field, const void *at,
                         char ret[static CAIRN_PLAIN_SIZE])
{
    struct cairn_uuid uuid;
    struct cairn_time time;
    struct cairn_day day;
    struct cairn_decimal decimal;
    struct cairn_duration duration;
    ret[0] = '\0';
    if (field->kind == CAIRN_KIND_UUID)
        cairn_uuid_format(*(struct cairn_uuid *)memcpy(&uuid, at, sizeof uuid), ret);
    else if (field->kind == CAIRN_KIND_TIME)
        cairn_time_format(*(struct cairn_time *)memcpy(&time, at, sizeof time), ret);
    else if (field->kind == CAIRN_KIND_DAY)
        cairn_day_format(*(struct cairn_day *)memcpy(&day, at, sizeof day), ret);
    else if (field->kind == CAIRN_KIND_DECIMAL)
        cairn_decimal_format(*(struct cairn_decimal *)memcpy(&decimal, at, sizeof decimal),
                             field->scale, ret);
    else if (field->kind == CAIRN_KIND_DURATION)
        cairn_duration_format(*(struct cairn_duration *)memcpy(&duration, at, sizeof duration),
                              ret);
}

const char *cairn_field_plain(const struct cairn_field *field, const void *at,
                              struct cairn_arena *arena)
{
    char fixed[CAIRN_PLAIN_SIZE];
    int64_t number;
    const char *text;
    bool flag;
    if (!cairn_field_is_plain(field))
        return "";
    if (field->kind == CAIRN_KIND_INTEGER)
        return print_number(*(int64_t *)memcpy(&number, at, sizeof number), arena);
    if (field->kind == CAIRN_KIND_TEXT) {
        memcpy(&text, at, sizeof text);
        return text ? text : "";
    }
    if (field->kind == CAIRN_KIND_BOOL)
        return *(bool *)memcpy(&flag, at, sizeof flag) ? "true" : "false";
    if (field->kind == CAIRN_KIND_ENUM)
        return enum_name(field, at);
    format_fixed(field, at, fixed);
    return cairn_copy_text(arena, fixed);
}

/* ---- reading ---- */

int cairn_integer_parse(const char *text, int64_t *ret)
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

static int parse_bool(const char *text, bool *ret)
{
    *ret = strcmp(text, "true") == 0;
    return *ret || strcmp(text, "false") == 0 ? 0 : -CAIRN_INVALID;
}

/* A value of any kind that a plain text can have. */
union plain_value {
    int64_t number;
    bool flag;
    const char *text;
    struct cairn_uuid uuid;
    struct cairn_time time;
    struct cairn_day day;
    struct cairn_decimal decimal;
    struct cairn_duration duration;
    int value;
};

int cairn_field_parse(const struct cairn_field *field, const char *text, void *ret)
{
    union plain_value read = {0};
    int failed = -CAIRN_INVALID;
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
        failed = cairn_integer_parse(text, &read.number);
        break;
    case CAIRN_KIND_BOOL:
        failed = parse_bool(text, &read.flag);
        break;
    case CAIRN_KIND_TEXT:
        read.text = text;
        failed = strlen(text) <= cairn_field_max_bytes(field) ? 0 : -CAIRN_INVALID;
        break;
    case CAIRN_KIND_UUID:
        failed = cairn_uuid_parse(text, &read.uuid);
        break;
    case CAIRN_KIND_TIME:
        failed = cairn_time_parse(text, &read.time);
        break;
    case CAIRN_KIND_DAY:
        failed = cairn_day_parse(text, &read.day);
        break;
    case CAIRN_KIND_ENUM:
        read.value = cairn_field_enum(field, text);
        failed = read.value ? 0 : -CAIRN_INVALID;
        break;
    case CAIRN_KIND_DECIMAL:
        failed = cairn_decimal_parse(text, field->scale, &read.decimal);
        break;
    case CAIRN_KIND_DURATION:
        failed = cairn_duration_parse(text, &read.duration);
        break;
    case CAIRN_KIND_MONEY:
    case CAIRN_KIND_NESTED:
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_TEXT_MAP:
        break;
    }
    if (!failed)
        memcpy(ret, &read, cairn_kind_size(field->kind));
    return failed;
}
