/* example.c - generates an example of a record, with a value in every field within its bounds. */
#include "record/json.h"
#include "record/rules.h"

#include <string.h>

static void add_object(const struct cairn_record *record, struct cairn_buffer *out);

static void add_integer(const struct cairn_field *field, struct cairn_buffer *out)
{
    int64_t least = 0;
    int64_t most = 0;
    cairn_field_range(field, &least, &most);
    int64_t value = least > 1 ? least : 1;
    cairn_buffer_integer(out, value < most ? value : most);
}

/* Writes the field's own name, truncated or padded with 'x' to its bounds. */
static void add_named(const struct cairn_field *field, struct cairn_buffer *out)
{
    size_t length = strlen(field->name);
    size_t least = cairn_field_min_bytes(field);
    size_t most = cairn_field_max_bytes(field);
    size_t bytes = length > most ? most : length;
    cairn_buffer_char(out, '"');
    cairn_buffer_bytes(out, field->name, bytes);
    for (; bytes < least; bytes++)
        cairn_buffer_char(out, 'x');
    cairn_buffer_char(out, '"');
}

static void add_text(const struct cairn_field *field, struct cairn_buffer *out)
{
    switch (field->format) {
    case CAIRN_FORMAT_EMAIL:
        cairn_buffer_text(out, "\"ada@example.com\"");
        break;
    case CAIRN_FORMAT_CURRENCY:
        cairn_buffer_text(out, "\"EUR\"");
        break;
    case CAIRN_FORMAT_ANY:
    case CAIRN_FORMAT_TOKEN:
        add_named(field, out);
        break;
    }
}

static void add_value(const struct cairn_field *field, struct cairn_buffer *out);

static void add_list(const struct cairn_field *field, struct cairn_buffer *out)
{
    const struct cairn_field item = cairn_field_item(field);
    uint32_t count = field->min_count > 1 ? field->min_count : 1;
    cairn_buffer_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        cairn_buffer_text(out, i ? "," : "");
        add_value(&item, out);
    }
    cairn_buffer_char(out, ']');
}

static void add_decimal(const struct cairn_field *field, struct cairn_buffer *out)
{
    int64_t least = 0;
    int64_t most = 0;
    char text[CAIRN_DECIMAL_TEXT_SIZE];
    cairn_field_range(field, &least, &most);
    int64_t value = least > 1 ? least : 1;
    cairn_decimal_format((struct cairn_decimal){value < most ? value : most}, field->scale, text);
    cairn_buffer_print(out, "\"%s\"", text);
}

static void add_duration(const struct cairn_field *field, struct cairn_buffer *out)
{
    int64_t least = 0;
    int64_t most = 0;
    char text[CAIRN_DURATION_TEXT_SIZE];
    cairn_field_range(field, &least, &most);
    int64_t value = least > CAIRN_MINUTES(1) ? least : CAIRN_MINUTES(1);
    cairn_duration_format((struct cairn_duration){value < most ? value : most}, text);
    cairn_buffer_print(out, "\"%s\"", text);
}

static void add_map(const struct cairn_field *field, struct cairn_buffer *out)
{
    uint32_t count = field->min_count > 1 ? field->min_count : 1;
    cairn_buffer_char(out, '{');
    for (uint32_t i = 0; i < count; i++)
        cairn_buffer_print(out, "%s\"key%u\":\"\"", i ? "," : "", i + 1);
    cairn_buffer_char(out, '}');
}

static void add_value(const struct cairn_field *field, struct cairn_buffer *out)
{
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
        add_integer(field, out);
        break;
    case CAIRN_KIND_BOOL:
        cairn_buffer_text(out, "true");
        break;
    case CAIRN_KIND_TEXT:
        add_text(field, out);
        break;
    case CAIRN_KIND_UUID:
        cairn_buffer_text(out, "\"" CAIRN_EXAMPLE_ID "\"");
        break;
    case CAIRN_KIND_TIME:
        cairn_buffer_text(out, "\"2026-01-02T03:04:05.678901Z\"");
        break;
    case CAIRN_KIND_DAY:
        cairn_buffer_text(out, "\"2026-01-02\"");
        break;
    case CAIRN_KIND_MONEY:
        cairn_buffer_text(out, "{\"amount\":");
        add_integer(field, out);
        cairn_buffer_text(out, ",\"currency\":\"EUR\"}");
        break;
    case CAIRN_KIND_ENUM:
        cairn_buffer_json(out, field->names[1]);
        break;
    case CAIRN_KIND_NESTED:
        add_object(field->record, out);
        break;
    case CAIRN_KIND_LIST:
        add_list(field, out);
        break;
    case CAIRN_KIND_DECIMAL:
        add_decimal(field, out);
        break;
    case CAIRN_KIND_DURATION:
        add_duration(field, out);
        break;
    case CAIRN_KIND_TEXT_MAP:
        add_map(field, out);
        break;
    }
}

void cairn_field_example(const struct cairn_field *field, struct cairn_buffer *out)
{
    if (field->example)
        cairn_buffer_text(out, field->example);
    else
        add_value(field, out);
}

static void add_object(const struct cairn_record *record, struct cairn_buffer *out)
{
    cairn_record_example(record, NULL, out);
}

void cairn_record_example(const struct cairn_record *record, const char *id_name,
                          struct cairn_buffer *out)
{
    cairn_buffer_char(out, '{');
    if (id_name)
        cairn_buffer_print(out, "\"%s\":\"" CAIRN_EXAMPLE_ID "\"", id_name);
    for (uint32_t i = 0; i < record->count; i++) {
        cairn_buffer_print(out, "%s\"%s\":", i || id_name ? "," : "", record->fields[i].name);
        cairn_field_example(&record->fields[i], out);
    }
    cairn_buffer_char(out, '}');
}
