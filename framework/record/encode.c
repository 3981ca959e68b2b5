/* encode.c - encodes a record as JSON, straight into a buffer: every row that read models change
 * passes through here, and an intermediate tree would only be discarded. */
#include "record/json.h"

#include <string.h>

struct list CAIRN_LIST(char);

static void encode_list(const struct cairn_field *field, const void *at, struct cairn_buffer *out)
{
    const struct cairn_field item = cairn_field_item(field);
    struct list list;
    memcpy(&list, at, sizeof list);
    cairn_buffer_char(out, '[');
    for (size_t i = 0; i < list.count; i++) {
        if (i)
            cairn_buffer_char(out, ',');
        cairn_field_encode(&item, list.items + i * item.size, out);
    }
    cairn_buffer_char(out, ']');
}

static void encode_map(const void *at, struct cairn_buffer *out)
{
    struct cairn_text_map map;
    memcpy(&map, at, sizeof map);
    cairn_buffer_char(out, '{');
    for (size_t i = 0; i < map.count; i++) {
        if (i)
            cairn_buffer_char(out, ',');
        cairn_buffer_json(out, map.items[i].key);
        cairn_buffer_char(out, ':');
        cairn_buffer_json(out, map.items[i].value);
    }
    cairn_buffer_char(out, '}');
}

static void encode_plain(const char *text, struct cairn_buffer *out)
{
    cairn_buffer_char(out, '"');
    cairn_buffer_text(out, text);
    cairn_buffer_char(out, '"');
}

static void encode_uuid(const void *at, struct cairn_buffer *out)
{
    struct cairn_uuid id;
    char text[CAIRN_UUID_TEXT_SIZE];
    memcpy(&id, at, sizeof id);
    if (cairn_uuid_is_zero(id)) {
        cairn_buffer_text(out, "null");
        return;
    }
    cairn_uuid_format(id, text);
    encode_plain(text, out);
}

static void encode_time(const void *at, struct cairn_buffer *out)
{
    struct cairn_time time;
    char text[CAIRN_TIME_TEXT_SIZE];
    memcpy(&time, at, sizeof time);
    if (time.us == 0) {
        cairn_buffer_text(out, "null");
        return;
    }
    cairn_time_format(time, text);
    encode_plain(text, out);
}

static void encode_day(const void *at, struct cairn_buffer *out)
{
    struct cairn_day day;
    char text[CAIRN_DAY_TEXT_SIZE];
    memcpy(&day, at, sizeof day);
    if (day.days == 0) {
        cairn_buffer_text(out, "null");
        return;
    }
    cairn_day_format(day, text);
    encode_plain(text, out);
}

static void encode_money(const void *at, struct cairn_buffer *out)
{
    struct cairn_money money;
    memcpy(&money, at, sizeof money);
    if (money.currency[0] == '\0') {
        cairn_buffer_text(out, "null");
        return;
    }
    cairn_buffer_text(out, "{\"amount\":");
    cairn_buffer_integer(out, money.minor);
    cairn_buffer_text(out, ",\"currency\":");
    money.currency[sizeof money.currency - 1] = '\0';
    cairn_buffer_json(out, money.currency);
    cairn_buffer_char(out, '}');
}

static void encode_enum(const struct cairn_field *field, const void *at, struct cairn_buffer *out)
{
    unsigned value;
    memcpy(&value, at, sizeof value);
    cairn_buffer_json(out, value < field->name_count ? field->names[value] : NULL);
}

static void encode_integer(const void *at, struct cairn_buffer *out)
{
    int64_t value;
    memcpy(&value, at, sizeof value);
    cairn_buffer_integer(out, value);
}

static void encode_bool(const void *at, struct cairn_buffer *out)
{
    bool value;
    memcpy(&value, at, sizeof value);
    cairn_buffer_text(out, value ? "true" : "false");
}

static void encode_text(const void *at, struct cairn_buffer *out)
{
    const char *text;
    memcpy(&text, at, sizeof text);
    cairn_buffer_json(out, text);
}

static void encode_decimal(const struct cairn_field *field, const void *at,
                           struct cairn_buffer *out)
{
    struct cairn_decimal value;
    char text[CAIRN_DECIMAL_TEXT_SIZE];
    memcpy(&value, at, sizeof value);
    cairn_decimal_format(value, field->scale, text);
    encode_plain(text, out);
}

static void encode_duration(const void *at, struct cairn_buffer *out)
{
    struct cairn_duration value;
    char text[CAIRN_DURATION_TEXT_SIZE];
    memcpy(&value, at, sizeof value);
    cairn_duration_format(value, text);
    encode_plain(text, out);
}

void cairn_field_encode(const struct cairn_field *field, const void *at, struct cairn_buffer *out)
{
    at = cairn_field_unwrap(field, at);
    if (!at) {
        cairn_buffer_text(out, "null");
        return;
    }
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
        encode_integer(at, out);
        break;
    case CAIRN_KIND_BOOL:
        encode_bool(at, out);
        break;
    case CAIRN_KIND_TEXT:
        encode_text(at, out);
        break;
    case CAIRN_KIND_UUID:
        encode_uuid(at, out);
        break;
    case CAIRN_KIND_TIME:
        encode_time(at, out);
        break;
    case CAIRN_KIND_DAY:
        encode_day(at, out);
        break;
    case CAIRN_KIND_MONEY:
        encode_money(at, out);
        break;
    case CAIRN_KIND_ENUM:
        encode_enum(field, at, out);
        break;
    case CAIRN_KIND_NESTED:
        cairn_record_encode(field->record, at, out);
        break;
    case CAIRN_KIND_LIST:
        encode_list(field, at, out);
        break;
    case CAIRN_KIND_DECIMAL:
        encode_decimal(field, at, out);
        break;
    case CAIRN_KIND_DURATION:
        encode_duration(at, out);
        break;
    case CAIRN_KIND_TEXT_MAP:
        encode_map(at, out);
        break;
    }
}

void cairn_record_encode(const struct cairn_record *record, const void *value,
                         struct cairn_buffer *out)
{
    cairn_buffer_char(out, '{');
    for (uint32_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        if (i)
            cairn_buffer_char(out, ',');
        encode_plain(field->name, out);
        cairn_buffer_char(out, ':');
        cairn_field_encode(field, cairn_field_at(field, value), out);
    }
    cairn_buffer_char(out, '}');
}
