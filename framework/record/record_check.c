/* record_check.c - validates values against their field tables, and the tables themselves. */
#include "core/text/text.h"
#include "record/json.h"
#include "record/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct list CAIRN_LIST(char);

static int check_object(const struct cairn_record *record, const char *value, const char *pointer,
                        struct cairn_error *error);

static bool is_absent(const struct cairn_field *field, const char *at)
{
    static const char zeros[sizeof(struct cairn_uuid)];
    switch (field->kind) {
    case CAIRN_KIND_TEXT:
    case CAIRN_KIND_UUID:
    case CAIRN_KIND_TIME:
    case CAIRN_KIND_DAY:
    case CAIRN_KIND_ENUM:
        return memcmp(at, zeros, field->size) == 0;
    case CAIRN_KIND_MONEY:
        return at[offsetof(struct cairn_money, currency)] == '\0';
    case CAIRN_KIND_INTEGER:
    case CAIRN_KIND_BOOL:
    case CAIRN_KIND_NESTED:
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_DECIMAL:
    case CAIRN_KIND_DURATION:
    case CAIRN_KIND_TEXT_MAP:
        return false;
    }
    return false;
}

static int check_text(const struct cairn_field *field, const char *at, const char *pointer,
                      struct cairn_error *error)
{
    const char *text;
    memcpy(&text, at, sizeof text);
    size_t bytes = strlen(text);
    if (!cairn_is_utf8(text))
        return cairn_wrong(error, pointer, "is not UTF-8");
    return cairn_rule_text(field, text, bytes, pointer, error);
}

static int check_value(const struct cairn_field *field, const char *at, const char *pointer,
                       struct cairn_error *error);

static int check_list(const struct cairn_field *field, const char *at, const char *pointer,
                      struct cairn_error *error)
{
    const struct cairn_field each = cairn_field_item(field);
    struct list list;
    memcpy(&list, at, sizeof list);
    int failed = cairn_rule_count(field, list.count, pointer, error);
    for (size_t i = 0; i < list.count && !failed; i++) {
        char item[CAIRN_POINTER_SIZE];
        cairn_pointer_index(item, pointer, i);
        failed = check_value(&each, list.items + i * each.size, item, error);
    }
    return failed;
}

static bool is_in_map(const struct cairn_text_map *map, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (map->items[i].key && strcmp(map->items[i].key, key) == 0)
            return true;
    }
    return false;
}

static int check_map(const struct cairn_field *field, const char *at, const char *pointer,
                     struct cairn_error *error)
{
    struct cairn_field text = *field;
    struct cairn_text_map map;
    memcpy(&map, at, sizeof map);
    text.kind = CAIRN_KIND_TEXT;
    text.optional = true;
    int failed = cairn_rule_count(field, map.count, pointer, error);
    for (size_t i = 0; i < map.count && !failed; i++) {
        const struct cairn_text_pair *pair = &map.items[i];
        char item[CAIRN_POINTER_SIZE];
        cairn_pointer_member(item, pointer, pair->key ? pair->key : "");
        if (!pair->key || !*pair->key || !pair->value || !cairn_is_utf8(pair->key))
            failed = cairn_wrong(error, item, "is a pair without key or value");
        else if (is_in_map(&map, i, pair->key))
            failed = cairn_wrong(error, item, "is a key that occurs twice");
        else
            failed = check_text(&text, (const char *)&pair->value, item, error);
    }
    return failed;
}

static int check_enum(const struct cairn_field *field, const char *at, const char *pointer,
                      struct cairn_error *error)
{
    unsigned value;
    memcpy(&value, at, sizeof value);
    if (value >= field->name_count || !field->names[value])
        return cairn_wrong(error, pointer, "is %u, which has no name", value);
    return 0;
}

static int check_number(const struct cairn_field *field, const char *at, const char *pointer,
                        struct cairn_error *error)
{
    int64_t value;
    memcpy(&value, at, sizeof value);
    return cairn_rule_integer(field, value, pointer, error);
}

static int check_decimal(const struct cairn_field *field, const char *at, const char *pointer,
                         struct cairn_error *error)
{
    struct cairn_decimal value;
    memcpy(&value, at, sizeof value);
    return cairn_rule_decimal(field, value, pointer, error);
}

static int check_duration(const struct cairn_field *field, const char *at, const char *pointer,
                          struct cairn_error *error)
{
    struct cairn_duration value;
    memcpy(&value, at, sizeof value);
    return cairn_rule_duration(field, value, pointer, error);
}

static int check_value(const struct cairn_field *field, const char *at, const char *pointer,
                       struct cairn_error *error)
{
    at = cairn_field_unwrap(field, at);
    if (!at || is_absent(field, at))
        return field->optional ? 0 : cairn_wrong(error, pointer, "is missing");
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
        return check_number(field, at, pointer, error);
    case CAIRN_KIND_TEXT:
        return check_text(field, at, pointer, error);
    case CAIRN_KIND_ENUM:
        return check_enum(field, at, pointer, error);
    case CAIRN_KIND_LIST:
        return check_list(field, at, pointer, error);
    case CAIRN_KIND_NESTED:
        return check_object(field->record, at, pointer, error);
    case CAIRN_KIND_DECIMAL:
        return check_decimal(field, at, pointer, error);
    case CAIRN_KIND_DURATION:
        return check_duration(field, at, pointer, error);
    case CAIRN_KIND_TEXT_MAP:
        return check_map(field, at, pointer, error);
    case CAIRN_KIND_MONEY: /* the amount is the first member; is_absent() looks at the currency */
        return check_number(field, at, pointer, error);
    case CAIRN_KIND_BOOL:
    case CAIRN_KIND_UUID:
    case CAIRN_KIND_TIME:
    case CAIRN_KIND_DAY:
        return 0;
    }
    return 0;
}

static int check_object(const struct cairn_record *record, const char *value, const char *pointer,
                        struct cairn_error *error)
{
    int failed = 0;
    for (uint32_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        char at[CAIRN_POINTER_SIZE];
        cairn_pointer_member(at, pointer, field->name);
        if (check_value(field, value + field->offset, at, error) < 0)
            failed = -CAIRN_INVALID;
    }
    return failed;
}

int cairn_record_check(const struct cairn_record *record, const void *value,
                       struct cairn_error *error)
{
    return check_object(record, value, "", error);
}

int cairn_record_misfit(const struct cairn_record *record, const struct cairn_error *wrong,
                        struct cairn_error *error, const char *what, ...)
{
    char text[200];
    va_list list;
    va_start(list, what);
    (void)vsnprintf(text, sizeof text, what, list);
    va_end(list);
    return cairn_fail(error, CAIRN_BUG,
                      "%s whose %s %s: give it a value that struct %s allows, or change the "
                      "struct%s%s",
                      text, wrong->wrong[0].pointer, wrong->wrong[0].message, record->name,
                      record->at ? ", at " : "", record->at ? record->at : "");
}

/* ---- growth ---- */

static bool is_list(const struct cairn_field *field)
{
    return field->kind == CAIRN_KIND_LIST || field->kind == CAIRN_KIND_TEXT_MAP;
}

bool cairn_record_grows(const struct cairn_record *record)
{
    bool grows = false;
    for (uint32_t i = 0; i < record->count && !grows; i++) {
        const struct cairn_field *field = &record->fields[i];
        grows = is_list(field) ||
                (field->kind == CAIRN_KIND_NESTED && cairn_record_grows(field->record));
    }
    return grows;
}

static const struct cairn_field *list_overflow(const struct cairn_field *field, const char *at)
{
    struct list list;
    memcpy(&list, at, sizeof list);
    const struct cairn_field *found = list.count > cairn_field_max_count(field) ? field : NULL;
    for (size_t i = 0; i < list.count && !found && field->record; i++)
        found = cairn_record_overflow(field->record, list.items + i * field->record->size);
    return found;
}

const struct cairn_field *cairn_record_overflow(const struct cairn_record *record,
                                                const void *value)
{
    const struct cairn_field *found = NULL;
    for (uint32_t i = 0; i < record->count && !found; i++) {
        const struct cairn_field *field = &record->fields[i];
        const void *at = cairn_field_unwrap(field, cairn_field_at(field, value));
        if (at && is_list(field))
            found = list_overflow(field, at);
        else if (at && field->kind == CAIRN_KIND_NESTED)
            found = cairn_record_overflow(field->record, at);
    }
    return found;
}
