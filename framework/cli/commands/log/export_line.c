/* export_line.c - writes and reads the lines of an export. */
#include "cli/commands/log/export_line.h"

#include "core/text/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- the sum ---- */

static uint64_t crc64(uint64_t sum, const char *bytes, size_t count)
{
    static uint64_t table[256];
    if (table[1] == 0) {
        for (uint64_t i = 0; i < 256; i++) {
            uint64_t value = i;
            for (int bit = 0; bit < 8; bit++)
                value = value & 1 ? value >> 1 ^ UINT64_C(0xC96C5795D7870F42) : value >> 1;
            table[i] = value;
        }
    }
    sum = ~sum;
    for (size_t i = 0; i < count; i++)
        sum = table[(sum ^ (unsigned char)bytes[i]) & 0xFF] ^ sum >> 8;
    return ~sum;
}

/* ---- writing ---- */

static void put_integer(struct cairn_buffer *out, const char *name, int64_t value)
{
    cairn_buffer_text(out, name);
    cairn_buffer_integer(out, value);
}

static void put_text(struct cairn_buffer *out, const char *name, const char *text)
{
    cairn_buffer_text(out, name);
    cairn_buffer_json(out, text);
}

static void put_uuid(struct cairn_buffer *out, const char *name, struct cairn_uuid id)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(id, text);
    put_text(out, name, text);
}

static void seal(struct cairn_buffer *out, size_t begin, uint64_t *sum)
{
    *sum = crc64(*sum, out->text + begin, out->length - begin);
    cairn_buffer_print(out, ",\"crc\":\"%016" PRIx64 "\"}\n", *sum);
}

void cairn_line_put_header(struct cairn_buffer *out, const struct cairn_line_header *header,
                           uint64_t *sum)
{
    size_t begin = out->length;
    put_integer(out, "{\"cairn\":", CAIRN_LINE_FORMAT);
    put_uuid(out, ",\"store_id\":", header->store_id);
    put_integer(out, ",\"epoch\":", header->epoch);
    put_integer(out, ",\"head\":", header->head);
    put_integer(out, ",\"from\":", header->from);
    put_integer(out, ",\"to\":", header->to);
    seal(out, begin, sum);
}

void cairn_line_put_event(struct cairn_buffer *out, const struct cairn_stored_event *event,
                          uint64_t *sum)
{
    char time[CAIRN_TIME_TEXT_SIZE];
    size_t begin = out->length;
    cairn_time_format(event->recorded_at, time);
    put_integer(out, "{\"position\":", event->position);
    put_text(out, ",\"stream\":", event->stream);
    put_integer(out, ",\"version\":", event->version);
    put_text(out, ",\"type\":", event->type);
    put_integer(out, ",\"schema_version\":", event->schema_version);
    put_uuid(out, ",\"event_id\":", event->event_id);
    put_text(out, ",\"recorded_at\":", time);
    put_text(out, ",\"data\":", event->data);
    put_text(out, ",\"meta\":", event->meta);
    seal(out, begin, sum);
}

void cairn_line_put_amendment(struct cairn_buffer *out,
                              const struct cairn_line_amendment *amendment, uint64_t *sum)
{
    char time[CAIRN_TIME_TEXT_SIZE];
    size_t begin = out->length;
    cairn_time_format(amendment->made_at, time);
    put_integer(out, "{\"amends\":", amendment->position);
    put_uuid(out, ",\"event_id\":", amendment->event_id);
    if (amendment->data)
        put_text(out, ",\"data\":", amendment->data);
    else
        cairn_buffer_text(out, ",\"data\":null");
    put_text(out, ",\"reason\":", amendment->reason);
    put_text(out, ",\"made_by\":", amendment->made_by);
    put_text(out, ",\"made_at\":", time);
    seal(out, begin, sum);
}

void cairn_line_put_trailer(struct cairn_buffer *out, int64_t events, uint64_t *sum)
{
    size_t begin = out->length;
    put_integer(out, "{\"events\":", events);
    seal(out, begin, sum);
}

/* ---- reading ---- */

/* The unread rest of the line; NULL after an error. */
struct reader {
    char *at;
};

static void skip(struct reader *reader, const char *literal)
{
    size_t length = strlen(literal);
    if (reader->at && strncmp(reader->at, literal, length) == 0)
        reader->at += length;
    else
        reader->at = NULL;
}

static int64_t read_integer(struct reader *reader, const char *name)
{
    skip(reader, name);
    if (!reader->at)
        return 0;
    size_t digits = strspn(reader->at, "0123456789");
    int64_t value = strtoll(reader->at, NULL, 10);
    reader->at = digits > 0 && digits <= 18 ? reader->at + digits : NULL;
    return value;
}

/* Decodes the escape after a backslash, if the writer writes such escapes. Returns its length in
 * characters, 0 if it is none of those. */
static size_t unescape(const char *at, char *ret)
{
    static const char names[] = "\"\\bfnrt";
    static const char values[] = "\"\\\b\f\n\r\t";
    const char *name = *at ? strchr(names, *at) : NULL;
    if (name) {
        *ret = values[name - names];
        return 1;
    }
    if (strncmp(at, "u00", 3) != 0 || cairn_hex_value(at[3]) < 0 || cairn_hex_value(at[4]) < 0)
        return 0;
    *ret = (char)(cairn_hex_value(at[3]) << 4 | cairn_hex_value(at[4]));
    return *ret && (unsigned char)*ret < 0x20 ? 5 : 0;
}

/* Decodes the string in place: its value is never longer than its JSON form. */
static char *read_text(struct reader *reader, const char *name)
{
    skip(reader, name);
    skip(reader, "\"");
    char *begin = reader->at;
    char *out = begin;
    for (char *at = begin; at && *at; out++) {
        size_t plain = strcspn(at, "\"\\");
        memmove(out, at, plain);
        out += plain;
        at += plain;
        if (*at == '"') {
            reader->at = at + 1;
            *out = '\0';
            return begin;
        }
        size_t length = *at ? unescape(at + 1, out) : 0;
        if (length == 0)
            break;
        at += 1 + length;
    }
    reader->at = NULL;
    return NULL;
}

static struct cairn_uuid read_uuid(struct reader *reader, const char *name)
{
    struct cairn_uuid id = {{0}};
    const char *text = read_text(reader, name);
    if (text && cairn_uuid_parse(text, &id) < 0)
        reader->at = NULL;
    return id;
}

static struct cairn_time read_time(struct reader *reader, const char *name)
{
    struct cairn_time time = {0};
    const char *text = read_text(reader, name);
    if (text && (strlen(text) != CAIRN_TIME_TEXT_SIZE - 1 || cairn_time_parse(text, &time) < 0))
        reader->at = NULL;
    return time;
}

static void read_header(struct reader *reader, struct cairn_line *ret)
{
    ret->kind = CAIRN_LINE_HEADER;
    ret->format = read_integer(reader, "{\"cairn\":");
    if (ret->format != CAIRN_LINE_FORMAT)
        return; /* the caller reports it */
    ret->header.store_id = read_uuid(reader, ",\"store_id\":");
    ret->header.epoch = read_integer(reader, ",\"epoch\":");
    ret->header.head = read_integer(reader, ",\"head\":");
    ret->header.from = read_integer(reader, ",\"from\":");
    ret->header.to = read_integer(reader, ",\"to\":");
}

static void read_event(struct reader *reader, struct cairn_line *ret)
{
    struct cairn_stored_event *event = &ret->event;
    ret->kind = CAIRN_LINE_EVENT;
    event->position = read_integer(reader, "{\"position\":");
    event->stream = read_text(reader, ",\"stream\":");
    event->version = read_integer(reader, ",\"version\":");
    event->type = read_text(reader, ",\"type\":");
    event->schema_version = read_integer(reader, ",\"schema_version\":");
    event->event_id = read_uuid(reader, ",\"event_id\":");
    event->recorded_at = read_time(reader, ",\"recorded_at\":");
    event->data = read_text(reader, ",\"data\":");
    event->meta = read_text(reader, ",\"meta\":");
    if (event->schema_version > INT32_MAX)
        reader->at = NULL;
}

static void read_amendment(struct reader *reader, struct cairn_line *ret)
{
    static const char passed_over[] = ",\"data\":null";
    struct cairn_line_amendment *amendment = &ret->amendment;
    ret->kind = CAIRN_LINE_AMENDMENT;
    amendment->position = read_integer(reader, "{\"amends\":");
    amendment->event_id = read_uuid(reader, ",\"event_id\":");
    if (reader->at && strncmp(reader->at, passed_over, sizeof passed_over - 1) == 0)
        skip(reader, passed_over);
    else
        amendment->data = read_text(reader, ",\"data\":");
    amendment->reason = read_text(reader, ",\"reason\":");
    amendment->made_by = read_text(reader, ",\"made_by\":");
    amendment->made_at = read_time(reader, ",\"made_at\":");
}

/* Cuts `,"crc":"…"}` off the line's end and compares it with the sum. Returns false if there is
 * none. */
static bool unseal(char *text, size_t length, uint64_t *sum, struct cairn_line *ret)
{
    enum { SEAL_BYTES = 26 };
    char *seal_at = length > SEAL_BYTES ? text + length - SEAL_BYTES : NULL;
    if (!seal_at || strncmp(seal_at, ",\"crc\":\"", 8) != 0 || strcmp(seal_at + 24, "\"}") != 0 ||
        strspn(seal_at + 8, "0123456789abcdef") != 16)
        return false;
    *sum = crc64(*sum, text, (size_t)(seal_at - text));
    ret->intact = strtoull(seal_at + 8, NULL, 16) == *sum;
    *seal_at = '\0';
    return true;
}

void cairn_line_read(char *text, size_t length, uint64_t *sum, struct cairn_line *ret)
{
    struct reader reader = {text};
    *ret = (struct cairn_line){0};
    if (strlen(text) != length || !unseal(text, length, sum, ret))
        return;
    if (strncmp(text, "{\"position\"", 11) == 0) {
        read_event(&reader, ret);
    } else if (strncmp(text, "{\"amends\"", 9) == 0) {
        read_amendment(&reader, ret);
    } else if (strncmp(text, "{\"cairn\"", 8) == 0) {
        read_header(&reader, ret);
        if (reader.at && ret->format != CAIRN_LINE_FORMAT)
            return;
    } else {
        ret->kind = CAIRN_LINE_TRAILER;
        ret->events = read_integer(&reader, "{\"events\":");
    }
    if (!reader.at || *reader.at)
        ret->kind = CAIRN_LINE_RUBBISH;
}
