/* schema.c - generates a record's JSON Schema, draft 2020-12, as used by OpenAPI 3.1. */
#include "record/json.h"
#include "record/rules.h"

static void write_bounds(const struct cairn_field *field, struct cairn_buffer *out)
{
    int64_t min = 0;
    int64_t max = 0;
    cairn_field_range(field, &min, &max);
    cairn_buffer_print(out, ",\"minimum\":%" PRId64 ",\"maximum\":%" PRId64, min, max);
}

static void write_text(const struct cairn_field *field, struct cairn_buffer *out)
{
    cairn_buffer_print(out, ",\"minLength\":%u,\"maxLength\":%u", cairn_field_min_bytes(field),
                       cairn_field_max_bytes(field));
    switch (field->format) {
    case CAIRN_FORMAT_ANY:
        break;
    case CAIRN_FORMAT_EMAIL:
        cairn_buffer_text(out, ",\"format\":\"email\"");
        break;
    case CAIRN_FORMAT_CURRENCY:
        cairn_buffer_text(out, ",\"pattern\":\"^[A-Z]{3}$\"");
        break;
    case CAIRN_FORMAT_TOKEN:
        cairn_buffer_text(out, ",\"pattern\":\"^[A-Za-z0-9._-]*$\"");
        break;
    }
}

static void write_enum(const struct cairn_field *field, struct cairn_buffer *out)
{
    cairn_buffer_text(out, ",\"enum\":[");
    for (uint32_t i = 1; i < field->name_count; i++) {
        if (i > 1)
            cairn_buffer_char(out, ',');
        cairn_buffer_json(out, field->names[i]);
    }
    if (field->optional)
        cairn_buffer_text(out, ",null");
    cairn_buffer_char(out, ']');
}

static void write_type(const struct cairn_field *field, const char *type, struct cairn_buffer *out)
{
    if (field->optional)
        cairn_buffer_print(out, "\"type\":[\"%s\",\"null\"]", type);
    else
        cairn_buffer_print(out, "\"type\":\"%s\"", type);
}

static void write_money(const struct cairn_field *field, struct cairn_buffer *out)
{
    write_type(field, "object", out);
    cairn_buffer_text(out, ",\"properties\":{\"amount\":{\"type\":\"integer\"");
    write_bounds(field, out);
    cairn_buffer_text(out, "},\"currency\":{\"type\":\"string\",\"pattern\":\"^[A-Z]{3}$\"}},"
                           "\"required\":[\"amount\",\"currency\"],"
                           "\"additionalProperties\":false");
}

static void write_kind(const struct cairn_field *field, struct cairn_buffer *out);

static void write_list(const struct cairn_field *field, struct cairn_buffer *out)
{
    struct cairn_field item = cairn_field_item(field);
    write_type(field, "array", out);
    cairn_buffer_text(out, ",\"items\":");
    if (field->record)
        cairn_record_schema(field->record, NULL, out);
    else
        cairn_field_schema(&item, out);
    cairn_buffer_print(out, ",\"minItems\":%u,\"maxItems\":%u", field->min_count,
                       cairn_field_max_count(field));
}

static void write_map(const struct cairn_field *field, struct cairn_buffer *out)
{
    write_type(field, "object", out);
    cairn_buffer_print(out,
                       ",\"additionalProperties\":{\"type\":\"string\",\"maxLength\":%u},"
                       "\"propertyNames\":{\"minLength\":1,\"maxLength\":%u},"
                       "\"minProperties\":%u,\"maxProperties\":%u",
                       cairn_field_max_bytes(field), cairn_field_max_bytes(field), field->min_count,
                       cairn_field_max_count(field));
}

static void write_decimal(const struct cairn_field *field, struct cairn_buffer *out)
{
    write_type(field, "string", out);
    if (field->scale)
        cairn_buffer_print(out, ",\"pattern\":\"^-?(0|[1-9][0-9]*)([.][0-9]{1,%d})?$\"",
                           field->scale);
    else
        cairn_buffer_text(out, ",\"pattern\":\"^-?(0|[1-9][0-9]*)$\"");
}

/* Wraps the nested record's own schema in anyOf, beside which the field's description stands. */
static void write_nested(const struct cairn_field *field, struct cairn_buffer *out)
{
    cairn_buffer_text(out, "\"anyOf\":[");
    cairn_record_schema(field->record, NULL, out);
    cairn_buffer_text(out, field->optional ? ",{\"type\":\"null\"}]" : "]");
}

static void write_kind(const struct cairn_field *field, struct cairn_buffer *out)
{
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
        write_type(field, "integer", out);
        write_bounds(field, out);
        break;
    case CAIRN_KIND_BOOL:
        write_type(field, "boolean", out);
        break;
    case CAIRN_KIND_TEXT:
        write_type(field, "string", out);
        write_text(field, out);
        break;
    case CAIRN_KIND_UUID:
        write_type(field, "string", out);
        cairn_buffer_text(out, ",\"format\":\"uuid\"");
        break;
    case CAIRN_KIND_TIME:
        write_type(field, "string", out);
        cairn_buffer_text(out, ",\"format\":\"date-time\"");
        break;
    case CAIRN_KIND_DAY:
        write_type(field, "string", out);
        cairn_buffer_text(out, ",\"format\":\"date\"");
        break;
    case CAIRN_KIND_MONEY:
        write_money(field, out);
        break;
    case CAIRN_KIND_ENUM:
        write_type(field, "string", out);
        write_enum(field, out);
        break;
    case CAIRN_KIND_NESTED:
        write_nested(field, out);
        break;
    case CAIRN_KIND_LIST:
        write_list(field, out);
        break;
    case CAIRN_KIND_DECIMAL:
        write_decimal(field, out);
        break;
    case CAIRN_KIND_DURATION:
        write_type(field, "string", out);
        cairn_buffer_text(out, ",\"format\":\"duration\"");
        break;
    case CAIRN_KIND_TEXT_MAP:
        write_map(field, out);
        break;
    }
}

static void write_property(const struct cairn_field *field, struct cairn_buffer *out)
{
    cairn_buffer_json(out, field->name);
    cairn_buffer_text(out, ":{");
    write_kind(field, out);
    if (field->help) {
        cairn_buffer_text(out, ",\"description\":");
        cairn_buffer_json(out, field->help);
    }
    if (field->example)
        cairn_buffer_print(out, ",\"examples\":[%s]", field->example);
    cairn_buffer_char(out, '}');
}

void cairn_field_schema(const struct cairn_field *field, struct cairn_buffer *out)
{
    struct cairn_field required = *field;
    required.optional = false;
    required.min_bytes = cairn_field_min_bytes(field);
    cairn_buffer_char(out, '{');
    write_kind(&required, out);
    cairn_buffer_char(out, '}');
}

void cairn_record_schema(const struct cairn_record *record, const char *id_name,
                         struct cairn_buffer *out)
{
    cairn_buffer_text(out, "{\"type\":\"object\",\"properties\":{");
    if (id_name)
        cairn_buffer_print(out,
                           "\"%s\":{\"type\":\"string\",\"format\":\"uuid\",\"description\":"
                           "\"The id of the new object, if the client wants to choose it.\"}",
                           id_name);
    for (uint32_t i = 0; i < record->count; i++) {
        if (i || id_name)
            cairn_buffer_char(out, ',');
        write_property(&record->fields[i], out);
    }
    cairn_buffer_text(out, "},\"required\":[");
    const char *comma = "";
    for (uint32_t i = 0; i < record->count; i++) {
        if (record->fields[i].optional)
            continue;
        cairn_buffer_text(out, comma);
        cairn_buffer_json(out, record->fields[i].name);
        comma = ",";
    }
    cairn_buffer_text(out, "],\"additionalProperties\":false}");
}
