/* protobuf.c - the wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding). */
#include "telemetry/protobuf.h"

#include "core/text/text.h"

#include <string.h>

enum { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5 };

/* ---- writing ---- */

static void varint(struct cairn_buffer *out, uint64_t value)
{
    char bytes[10];
    size_t count = 0;
    for (; value > 127; value >>= 7)
        bytes[count++] = (char)(value | 128);
    bytes[count++] = (char)value;
    cairn_buffer_bytes(out, bytes, count);
}

static void tag(struct cairn_buffer *out, uint32_t field, unsigned type)
{
    varint(out, (uint64_t)field << 3 | type);
}

void cairn_protobuf_number(struct cairn_buffer *out, uint32_t field, uint64_t value)
{
    if (value == 0)
        return;
    tag(out, field, VARINT);
    varint(out, value);
}

/* The bytes are little-endian. */
static void fixed(struct cairn_buffer *out, uint64_t value, size_t count)
{
    char bytes[8];
    for (size_t i = 0; i < count; i++)
        bytes[i] = (char)(value >> (8 * i));
    cairn_buffer_bytes(out, bytes, count);
}

void cairn_protobuf_fixed64(struct cairn_buffer *out, uint32_t field, uint64_t value)
{
    tag(out, field, FIXED64);
    fixed(out, value, 8);
}

void cairn_protobuf_fixed32(struct cairn_buffer *out, uint32_t field, uint32_t value)
{
    tag(out, field, FIXED32);
    fixed(out, value, 4);
}

void cairn_protobuf_bytes(struct cairn_buffer *out, uint32_t field, const void *bytes, size_t count)
{
    tag(out, field, LENGTH);
    varint(out, count);
    cairn_buffer_bytes(out, bytes, count);
}

/* Replaces what is not UTF-8. */
static void write_mended(struct cairn_buffer *out, uint32_t field, const char *text)
{
    struct cairn_buffer mended = cairn_buffer(out->arena);
    while (*text) {
        bool valid = false;
        size_t bytes = cairn_utf8_read(text, &valid);
        cairn_buffer_bytes(&mended, valid ? text : "\xEF\xBF\xBD", valid ? bytes : 3);
        text += bytes;
    }
    cairn_protobuf_bytes(out, field, mended.text, mended.length);
}

void cairn_protobuf_text(struct cairn_buffer *out, uint32_t field, const char *text)
{
    if (cairn_is_utf8(text))
        cairn_protobuf_bytes(out, field, text, strlen(text));
    else
        write_mended(out, field, text);
}

void cairn_protobuf_message(struct cairn_buffer *out, uint32_t field, struct cairn_buffer *message)
{
    cairn_protobuf_bytes(out, field, message->text, message->length);
    message->length = 0;
}

/* ---- reading ---- */

static bool read_varint(const char **at, const char *end, uint64_t *ret)
{
    *ret = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = (uint8_t) * (*at)++;
        *ret |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return true;
    }
    return false;
}

static bool skip(const char **at, const char *end, uint64_t count)
{
    if (count > (uint64_t)(end - *at))
        return false;
    *at += count;
    return true;
}

bool cairn_protobuf_next(const char **at, const char *end, struct cairn_protobuf_field *ret)
{
    uint64_t head = 0;
    *ret = (struct cairn_protobuf_field){.bytes = NULL};
    if (!read_varint(at, end, &head) || head >> 3 == 0 || head >> 3 > 536870911)
        return false;
    ret->field = (uint32_t)(head >> 3);
    switch (head & 7) {
    case VARINT:
        return read_varint(at, end, &ret->number);
    case FIXED64:
        return skip(at, end, 8);
    case FIXED32:
        return skip(at, end, 4);
    case LENGTH:
        if (!read_varint(at, end, &ret->number))
            return false;
        ret->bytes = *at;
        ret->count = (size_t)ret->number;
        return skip(at, end, ret->number);
    default:
        return false;
    }
}
