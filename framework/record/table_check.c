/* table_check.c - checks tables of fields: errors in declarations that a compiler accepts. */
#include "core/containers/arena.h"
#include "record/json.h"
#include "record/rules.h"

#include <stdio.h>
#include <string.h>

/* Fails with the struct and the field that are wrong. */
static int wrong(const struct cairn_record *record, const struct cairn_field *field,
                 const char *message, struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_BUG, "struct %s: the field %s %s", record->name, field->name,
                      message);
}

/* Guards against tables that were written by hand instead of by the macros. */
static int check_size(const struct cairn_record *record, const struct cairn_field *field,
                      struct cairn_error *error)
{
    if (field->size == 0 || field->size != cairn_field_size(field) || field->size > record->size ||
        field->offset > record->size - field->size)
        return wrong(record, field, "has the size or the place of something else", error);
    return 0;
}

/* ---- names ---- */

static bool is_named_twice(const struct cairn_field *field, uint32_t value)
{
    for (uint32_t i = 1; i < value; i++) {
        if (strcmp(field->names[i], field->names[value]) == 0)
            return true;
    }
    return false;
}

static int check_names(const struct cairn_record *record, const struct cairn_field *field,
                       struct cairn_error *error)
{
    if (cairn_record_field(record, field->name) != field)
        return wrong(record, field, "is declared twice", error);
    if (field->fallback < 0 || (field->fallback && (uint32_t)field->fallback >= field->name_count))
        return wrong(record, field, "has a fallback that is none of its values", error);
    for (uint32_t i = 1; i < field->name_count; i++) {
        if (!field->names[i] || !field->names[i][0])
            return wrong(record, field, "has a value without a name", error);
        if (is_named_twice(field, i))
            return wrong(record, field, "has two values of the same name", error);
    }
    return 0;
}

/* ---- bounds ---- */

static bool is_of(enum cairn_kind kind, const struct cairn_field *field)
{
    return field->kind == kind || (field->kind == CAIRN_KIND_LIST && field->item == kind);
}

static bool is_counted(const struct cairn_field *field)
{
    return field->kind == CAIRN_KIND_LIST || field->kind == CAIRN_KIND_TEXT_MAP;
}

static bool is_measured(const struct cairn_field *field)
{
    return is_of(CAIRN_KIND_INTEGER, field) || is_of(CAIRN_KIND_DECIMAL, field) ||
           is_of(CAIRN_KIND_DURATION, field) || is_of(CAIRN_KIND_MONEY, field);
}

/* A tag is a name, ":" and the value, which may not be cut. */
static int check_tag(const struct cairn_record *record, const struct cairn_field *field,
                     struct cairn_error *error)
{
    enum { TAG_MAX_BYTES = 200 };
    size_t name_bytes = strlen(field->tag);
    uint32_t max_bytes = field->max_bytes ? field->max_bytes : CAIRN_TEXT_MAX_BYTES;
    char message[200];
    bool is_one = is_of(CAIRN_KIND_UUID, field) || is_of(CAIRN_KIND_INTEGER, field) ||
                  is_of(CAIRN_KIND_TEXT, field);
    if (name_bytes == 0 || name_bytes > 40 || field->tag[0] < 'a' || field->tag[0] > 'z' ||
        strspn(field->tag, "abcdefghijklmnopqrstuvwxyz0123456789_") != name_bytes)
        (void)snprintf(
            message, sizeof message,
            "has the .tag \"%.50s\": a name has 1 to 40 of a-z, 0-9 and _, as \"course\"",
            field->tag);
    else if (!is_one || field->wrapped)
        (void)snprintf(message, sizeof message,
                       "has a .tag, and is no UUID, INT or TEXT, nor a list of them");
    else if (is_of(CAIRN_KIND_TEXT, field) && name_bytes + 1 + max_bytes > TAG_MAX_BYTES)
        (void)snprintf(
            message, sizeof message,
            "has a .tag and up to %u bytes: a tag has at most %d with its name, so write "
            ".max_bytes = %zu or less",
            max_bytes, TAG_MAX_BYTES, TAG_MAX_BYTES - name_bytes - 1);
    else
        return 0;
    return wrong(record, field, message, error);
}

/* A bound that does not belong to the kind would be ignored. */
static int check_kind(const struct cairn_record *record, const struct cairn_field *field,
                      struct cairn_error *error)
{
    bool is_text = is_of(CAIRN_KIND_TEXT, field) || field->kind == CAIRN_KIND_TEXT_MAP;
    if ((field->min_bytes || field->max_bytes) && !is_text)
        return wrong(record, field, "has .min_bytes or .max_bytes, and is no text", error);
    if (field->format && !is_text)
        return wrong(record, field, "has a .format, and is no text", error);
    if ((field->min_count || field->max_count) && !is_counted(field))
        return wrong(record, field, "has .min_count or .max_count, and is no list or map", error);
    if ((field->min || field->max) && !is_measured(field))
        return wrong(record, field, "has a range, and is no number or duration", error);
    if (field->tag)
        return check_tag(record, field, error);
    if (field->fallback && field->kind != CAIRN_KIND_ENUM)
        return wrong(record, field, "has a .fallback, and is no enum", error);
    return 0;
}

static int check_bounds(const struct cairn_record *record, const struct cairn_field *field,
                        struct cairn_error *error)
{
    uint32_t max_bytes = field->max_bytes ? field->max_bytes : CAIRN_TEXT_MAX_BYTES;
    uint32_t max_count = field->max_count ? field->max_count : CAIRN_LIST_MAX_COUNT;
    if (field->min > field->max)
        return wrong(record, field, "has a range that no value is in: its .min is above its .max",
                     error);
    if (field->min_bytes > max_bytes)
        return wrong(record, field, "has more .min_bytes than .max_bytes", error);
    if (field->min_count > max_count)
        return wrong(record, field, "has more .min_count than .max_count", error);
    if (field->kind == CAIRN_KIND_DECIMAL && (field->scale < 0 || field->scale > CAIRN_SCALE_MAX)) {
        char message[60];
        (void)snprintf(message, sizeof message, "has a scale that is not 0 to %d", CAIRN_SCALE_MAX);
        return wrong(record, field, message, error);
    }
    return 0;
}

/* The example is a value that the field allows, as it stands in the API's documentation. */
static int check_example(const struct cairn_record *record, const struct cairn_field *field,
                         struct cairn_error *error)
{
    if (!field->example)
        return 0;
    struct cairn_arena arena = {0};
    struct cairn_error why = {0};
    struct cairn_record one = *record;
    one.fields = field;
    one.count = 1;
    const char *json = cairn_print(&arena, "{\"%s\":%s}", field->name, field->example);
    void *value = cairn_arena_alloc(&arena, record->size, record->align);
    int failed = cairn_record_decode(&one, json, strlen(json), CAIRN_STRICT, &arena, value, &why);
    if (failed == -CAIRN_INVALID)
        failed = wrong(record, field,
                       cairn_print(&arena, "has the .example %s, which %s", field->example,
                                   why.wrong[0].message),
                       error);
    else if (failed)
        failed = wrong(record, field,
                       cairn_print(&arena,
                                   "has the .example %s, which is no JSON: a text is "
                                   "written with its quotes, \"\\\"Ada\\\"\"",
                                   field->example),
                       error);
    cairn_arena_close(&arena);
    return failed;
}

/* ---- the table ---- */

static int check_field(const struct cairn_record *record, const struct cairn_field *field,
                       struct cairn_error *error)
{
    int failed = check_size(record, field, error);
    if (!failed)
        failed = check_names(record, field, error);
    if (!failed)
        failed = check_kind(record, field, error);
    if (!failed)
        failed = check_bounds(record, field, error);
    if (!failed)
        failed = check_example(record, field, error);
    if (failed && record->at)
        cairn_error_context(error, "%s", record->at);
    return failed;
}

int cairn_record_table_check(const struct cairn_record *record, struct cairn_error *error)
{
    int failed = 0;
    for (uint32_t i = 0; i < record->count && !failed; i++) {
        failed = check_field(record, &record->fields[i], error);
        if (!failed && record->fields[i].record)
            failed = cairn_record_table_check(record->fields[i].record, error);
    }
    return failed;
}
