/* record_check.c - validates values against their field tables, and the tables themselves. */
#include "core/text.h"
#include "record/json.h"
#include "record/rules.h"

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

static int check_list(const struct cairn_field *field, const char *at, const char *pointer,
                      struct cairn_error *error)
{
    struct list list;
    memcpy(&list, at, sizeof list);
    int failed = cairn_rule_count(field, list.count, pointer, error);
    for (size_t i = 0; i < list.count && !failed; i++) {
        char item[CAIRN_POINTER_SIZE];
        cairn_pointer_index(item, pointer, i);
        failed = check_object(field->record, list.items + i * field->record->size, item, error);
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

static int check_value(const struct cairn_field *field, const char *at, const char *pointer,
                       struct cairn_error *error)
{
    if (is_absent(field, at))
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

/* ---- tables ---- */

static uint32_t alignment(const struct cairn_field *field)
{
    switch (field->kind) {
    case CAIRN_KIND_BOOL:
    case CAIRN_KIND_UUID:
        return 1;
    case CAIRN_KIND_ENUM:
        return _Alignof(int);
    case CAIRN_KIND_DAY:
        return _Alignof(struct cairn_day);
    case CAIRN_KIND_NESTED:
        return field->record->align;
    case CAIRN_KIND_INTEGER:
    case CAIRN_KIND_TEXT:
    case CAIRN_KIND_TIME:
    case CAIRN_KIND_MONEY:
    case CAIRN_KIND_LIST:
        return _Alignof(int64_t);
    }
    return 1;
}

static uint32_t size_of(const struct cairn_field *field)
{
    switch (field->kind) {
    case CAIRN_KIND_BOOL:
        return sizeof(bool);
    case CAIRN_KIND_ENUM:
        return sizeof(int);
    case CAIRN_KIND_UUID:
        return sizeof(struct cairn_uuid);
    case CAIRN_KIND_DAY:
        return sizeof(struct cairn_day);
    case CAIRN_KIND_MONEY:
        return sizeof(struct cairn_money);
    case CAIRN_KIND_NESTED:
        return field->record->size;
    case CAIRN_KIND_LIST:
        return sizeof(struct list);
    case CAIRN_KIND_INTEGER:
    case CAIRN_KIND_TEXT:
    case CAIRN_KIND_TIME:
        return sizeof(int64_t);
    }
    return 0;
}

/* Guards against tables that were written by hand instead of by the macros. */
static int check_sizes(const struct cairn_record *record, struct cairn_error *error)
{
    for (uint32_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        if (field->size == 0 || field->size != size_of(field) || field->size > record->size ||
            field->offset > record->size - field->size)
            return cairn_fail(error, CAIRN_BUG,
                              "struct %s: the table of `%s` has the size or the place of something "
                              "else",
                              record->name, field->name);
    }
    return 0;
}

static uint32_t align_up(uint32_t at, uint32_t align)
{
    return (at + align - 1) / align * align;
}

static const struct cairn_field *field_from(const struct cairn_record *record, uint32_t offset)
{
    const struct cairn_field *next = NULL;
    for (uint32_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        if (field->offset >= offset && (!next || field->offset < next->offset))
            next = field;
    }
    return next;
}

/* Walks the struct from its first byte to its last: only padding may lie between two fields. A
 * missing member that fits into padding is not detected. */
static int check_layout(const struct cairn_record *record, struct cairn_error *error)
{
    uint32_t at = 0;
    const struct cairn_field *field;
    while ((field = field_from(record, at))) {
        if (field->offset != align_up(at, alignment(field)))
            return cairn_fail(error, CAIRN_BUG,
                              "struct %s has a member before `%s` that its table leaves out",
                              record->name, field->name);
        at = field->offset + field->size;
    }
    if (record->count && align_up(at, record->align) != record->size)
        return cairn_fail(error, CAIRN_BUG,
                          "struct %s has a member at its end that its table leaves out",
                          record->name);
    return 0;
}

static int check_names(const struct cairn_record *record, const struct cairn_field *field,
                       struct cairn_error *error)
{
    if (cairn_record_field(record, field->name) != field)
        return cairn_fail(error, CAIRN_BUG, "struct %s names the field %s twice", record->name,
                          field->name);
    if (strcmp(field->of, record->name) != 0)
        return cairn_fail(error, CAIRN_BUG, "the table of struct %s has a field of struct %s: `%s`",
                          record->name, field->of, field->name);
    for (uint32_t i = 1; i < field->name_count; i++) {
        if (!field->names[i])
            return cairn_fail(error, CAIRN_BUG, "value %u of %s.%s has no name", i, record->name,
                              field->name);
    }
    return 0;
}

int cairn_record_table_check(const struct cairn_record *record, struct cairn_error *error)
{
    int failed = check_sizes(record, error);
    if (!failed)
        failed = check_layout(record, error);
    for (uint32_t i = 0; i < record->count && !failed; i++) {
        const struct cairn_field *field = &record->fields[i];
        failed = check_names(record, field, error);
        if (!failed && field->record)
            failed = cairn_record_table_check(field->record, error);
    }
    return failed;
}
