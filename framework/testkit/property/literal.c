/* literal.c - writes values as C source. */
#include "testkit/property/literal.h"

#include "record/json.h"

#include <cairn/test.h>

#include <stdio.h>
#include <string.h>

struct list CAIRN_LIST(char);

static void add_value(const struct cairn_field *field, const char *at, struct cairn_buffer *out);

/* ---- single values ---- */

/* Other bytes than printable ASCII are written as octal, of which three digits end the escape. */
void cairn_literal_text(const char *text, struct cairn_buffer *out)
{
    cairn_buffer_char(out, '"');
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '"' || *at == '\\')
            cairn_buffer_print(out, "\\%c", *at);
        else if (*at == '\n')
            cairn_buffer_text(out, "\\n");
        else if (*at < ' ' || *at > '~')
            cairn_buffer_print(out, "\\%03o", *at);
        else
            cairn_buffer_char(out, (char)*at);
    }
    cairn_buffer_char(out, '"');
}

void cairn_literal_id(struct cairn_uuid id, struct cairn_buffer *out)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(id, text);
    if (strcmp(text, CAIRN_TEST_KEY) == 0)
        cairn_buffer_text(out, "CAIRN_TEST_ID");
    else
        cairn_buffer_print(out, "CAIRN_UUID(\"%s\")", text);
}

static void add_id(const char *at, struct cairn_buffer *out)
{
    struct cairn_uuid id;
    memcpy(&id, at, sizeof id);
    cairn_literal_id(id, out);
}

static void add_time(const char *at, struct cairn_buffer *out)
{
    struct cairn_time time;
    char text[CAIRN_TIME_TEXT_SIZE];
    memcpy(&time, at, sizeof time);
    cairn_time_format(time, text);
    cairn_buffer_print(out, "CAIRN_TIME(\"%s\")", text);
}

static void add_day(const char *at, struct cairn_buffer *out)
{
    struct cairn_day day;
    char text[CAIRN_DAY_TEXT_SIZE];
    memcpy(&day, at, sizeof day);
    cairn_day_format(day, text);
    cairn_buffer_print(out, "CAIRN_DAY(\"%s\")", text);
}

static void add_number(const char *at, const char *format, struct cairn_buffer *out)
{
    char text[32];
    int64_t number;
    memcpy(&number, at, sizeof number);
    (void)snprintf(text, sizeof text,
                   number > INT32_MAX || number < INT32_MIN ? "INT64_C(%" PRId64 ")" : "%" PRId64,
                   number);
    for (; *format; format++) {
        if (*format == '#')
            cairn_buffer_text(out, text);
        else
            cairn_buffer_char(out, *format);
    }
}

static void add_text(const char *at, struct cairn_buffer *out)
{
    const char *text;
    memcpy(&text, at, sizeof text);
    cairn_literal_text(text, out);
}

static void add_money(const char *at, struct cairn_buffer *out)
{
    add_number(at, "{#, ", out);
    cairn_literal_text(at + offsetof(struct cairn_money, currency), out);
    cairn_buffer_char(out, '}');
}

/* The names of an enum's values in C are not in the table. */
static void add_enum(const struct cairn_field *field, const char *at, struct cairn_buffer *out)
{
    unsigned value;
    memcpy(&value, at, sizeof value);
    cairn_buffer_print(out, "%u", value);
    if (value < field->name_count && field->names[value])
        cairn_buffer_print(out, " /* %s */", field->names[value]);
}

/* ---- what is made of others ---- */

/* Writes {.a = 1, .b = 2}; one without a member that is set as {0}. */
static void add_braces(const struct cairn_record *record, const char *value,
                       struct cairn_buffer *out)
{
    struct cairn_buffer members = cairn_buffer(out->arena);
    cairn_literal_members(record, value, &members);
    cairn_buffer_print(out, "{%s}", members.length > 2 ? members.text + 2 : "0");
}

static const char *type_of_items(enum cairn_kind item)
{
    switch (item) {
    case CAIRN_KIND_TEXT:
        return "char *const";
    case CAIRN_KIND_INTEGER:
        return "int64_t";
    case CAIRN_KIND_UUID:
        return "struct cairn_uuid";
    case CAIRN_KIND_DAY:
        return "struct cairn_day";
    case CAIRN_KIND_BOOL:
    case CAIRN_KIND_TIME:
    case CAIRN_KIND_MONEY:
    case CAIRN_KIND_ENUM:
    case CAIRN_KIND_NESTED:
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_DECIMAL:
    case CAIRN_KIND_DURATION:
    case CAIRN_KIND_TEXT_MAP:
        break;
    }
    return "void";
}

static void add_list(const struct cairn_field *field, const char *at, struct cairn_buffer *out)
{
    const struct cairn_field item = cairn_field_item(field);
    struct list list;
    memcpy(&list, at, sizeof list);
    if (item.record)
        cairn_buffer_print(out, "CAIRN_ITEMS(%s", item.record->name);
    else
        cairn_buffer_print(out, "{(const %s[]){", type_of_items(item.kind));
    for (size_t i = 0; i < list.count; i++) {
        cairn_buffer_text(out, i > 0 || item.record ? ", " : "");
        if (item.record)
            add_braces(item.record, list.items + i * item.size, out);
        else
            add_value(&item, list.items + i * item.size, out);
    }
    if (item.record)
        cairn_buffer_char(out, ')');
    else
        cairn_buffer_print(out, "}, %zu}", list.count);
}

static void add_map(const char *at, struct cairn_buffer *out)
{
    struct cairn_text_map map;
    memcpy(&map, at, sizeof map);
    cairn_buffer_text(out, "CAIRN_ITEMS(cairn_text_pair");
    for (size_t i = 0; i < map.count; i++) {
        cairn_buffer_text(out, ", {");
        cairn_literal_text(map.items[i].key, out);
        cairn_buffer_text(out, ", ");
        cairn_literal_text(map.items[i].value, out);
        cairn_buffer_char(out, '}');
    }
    cairn_buffer_char(out, ')');
}

static void add_nested(const struct cairn_field *field, const char *at, struct cairn_buffer *out)
{
    if (field->pointer)
        cairn_buffer_print(out, "&(const struct %s)", field->record->name);
    add_braces(field->record, at, out);
}

static void add_value(const struct cairn_field *field, const char *at, struct cairn_buffer *out)
{
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
        add_number(at, "#", out);
        break;
    case CAIRN_KIND_DECIMAL:
    case CAIRN_KIND_DURATION:
        add_number(at, "{#}", out);
        break;
    case CAIRN_KIND_BOOL:
        cairn_buffer_text(out, *at ? "true" : "false");
        break;
    case CAIRN_KIND_TEXT:
        add_text(at, out);
        break;
    case CAIRN_KIND_UUID:
        add_id(at, out);
        break;
    case CAIRN_KIND_TIME:
        add_time(at, out);
        break;
    case CAIRN_KIND_DAY:
        add_day(at, out);
        break;
    case CAIRN_KIND_MONEY:
        add_money(at, out);
        break;
    case CAIRN_KIND_ENUM:
        add_enum(field, at, out);
        break;
    case CAIRN_KIND_NESTED:
        add_nested(field, at, out);
        break;
    case CAIRN_KIND_LIST:
        add_list(field, at, out);
        break;
    case CAIRN_KIND_TEXT_MAP:
        add_map(at, out);
        break;
    }
}

static bool is_empty_list(const struct cairn_field *field, const char *at)
{
    struct list list;
    if (field->kind != CAIRN_KIND_LIST && field->kind != CAIRN_KIND_TEXT_MAP)
        return false;
    memcpy(&list, at, sizeof list);
    return list.count == 0;
}

static bool is_zero(const char *at, size_t bytes)
{
    size_t i = 0;
    while (i < bytes && at[i] == 0)
        i++;
    return i == bytes;
}

void cairn_literal_members(const struct cairn_record *record, const void *value,
                           struct cairn_buffer *out)
{
    for (uint32_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        const char *at = cairn_field_at(field, value);
        const char *inner = cairn_field_unwrap(field, at);
        if (!inner || is_zero(at, field->size) || is_empty_list(field, at))
            continue;
        cairn_buffer_print(out, ", .%s = ", field->name);
        cairn_buffer_text(out, field->wrapped ? "{.is_set = true, .value = " : "");
        add_value(field, inner, out);
        cairn_buffer_text(out, field->wrapped ? "}" : "");
    }
}
