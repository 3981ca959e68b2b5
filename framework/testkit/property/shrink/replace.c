/* replace.c - replaces a value wherever it occurs in a record. */
#include "testkit/property/shrink/replace.h"

#include "record/json.h"

#include <string.h>

struct list CAIRN_LIST(char);

static size_t replace_record(const struct cairn_record *record, char *value,
                             const struct cairn_change *change);

static size_t replace_number(char *at, const struct cairn_change *change)
{
    int64_t number;
    memcpy(&number, at, sizeof number);
    if (number != change->from)
        return 0;
    memcpy(at, &change->to, sizeof change->to);
    return 1;
}

static size_t replace_day(char *at, const struct cairn_change *change)
{
    struct cairn_day day;
    const struct cairn_day to = {.days = (int32_t)change->to};
    memcpy(&day, at, sizeof day);
    if (day.days != change->from)
        return 0;
    memcpy(at, &to, sizeof to);
    return 1;
}

static size_t replace_id(char *at, const struct cairn_change *change)
{
    if (memcmp(at, &change->from_id, sizeof change->from_id) != 0)
        return 0;
    memcpy(at, &change->to_id, sizeof change->to_id);
    return 1;
}

static size_t replace_text(char *at, const struct cairn_change *change)
{
    const char *text;
    memcpy(&text, at, sizeof text);
    if (strcmp(text, change->from_text) != 0)
        return 0;
    memcpy(at, &change->to_text, sizeof change->to_text);
    return 1;
}

static enum cairn_kind kind_of(const struct cairn_field *field)
{
    bool is_number = field->kind == CAIRN_KIND_DECIMAL || field->kind == CAIRN_KIND_DURATION ||
                     field->kind == CAIRN_KIND_MONEY; /* the amount is its first member */
    return is_number ? CAIRN_KIND_INTEGER : field->kind;
}

static size_t replace_field(const struct cairn_field *field, char *at,
                            const struct cairn_change *change);

static size_t replace_items(const struct cairn_field *field, char *at,
                            const struct cairn_change *change)
{
    const struct cairn_field item = cairn_field_item(field);
    struct list list;
    size_t count = 0;
    memcpy(&list, at, sizeof list);
    for (size_t i = 0; i < list.count; i++)
        count += replace_field(&item, (char *)(uintptr_t)list.items + i * item.size, change);
    return count;
}

static size_t replace_field(const struct cairn_field *field, char *at,
                            const struct cairn_change *change)
{
    if (field->kind == CAIRN_KIND_LIST)
        return replace_items(field, at, change);
    if (field->kind == CAIRN_KIND_NESTED)
        return replace_record(field->record, at, change);
    if (kind_of(field) != change->kind)
        return 0;
    switch (change->kind) {
    case CAIRN_KIND_INTEGER:
    case CAIRN_KIND_TIME:
        return replace_number(at, change);
    case CAIRN_KIND_DAY:
        return replace_day(at, change);
    case CAIRN_KIND_UUID:
        return replace_id(at, change);
    case CAIRN_KIND_TEXT:
        return replace_text(at, change);
    case CAIRN_KIND_BOOL:
    case CAIRN_KIND_MONEY:
    case CAIRN_KIND_ENUM:
    case CAIRN_KIND_NESTED:
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_DECIMAL:
    case CAIRN_KIND_DURATION:
    case CAIRN_KIND_TEXT_MAP:
        break;
    }
    return 0;
}

static bool is_unset_text(const struct cairn_field *field, const char *at)
{
    const char *text = at;
    if (field->kind == CAIRN_KIND_TEXT)
        memcpy(&text, at, sizeof text);
    return !text;
}

static size_t replace_record(const struct cairn_record *record, char *value,
                             const struct cairn_change *change)
{
    size_t count = 0;
    for (uint32_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        char *at = (char *)(uintptr_t)cairn_field_unwrap(field, value + field->offset);
        if (at && !is_unset_text(field, at))
            count += replace_field(field, at, change);
    }
    return count;
}

void *cairn_replace(const struct cairn_record *record, const void *value,
                    const struct cairn_change *change, struct cairn_arena *arena)
{
    struct cairn_error wrong = {0};
    char *copy = cairn_arena_alloc(arena, record->size, record->align);
    cairn_record_copy(record, value, copy, arena);
    if (!change->kind || !replace_record(record, copy, change) ||
        cairn_record_check(record, copy, &wrong) < 0)
        return NULL;
    return copy;
}
