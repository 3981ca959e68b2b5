/* buffer.c - text that grows, in an arena. */
#include "core/buffer.h"

#include <stdio.h>
#include <string.h>

struct cairn_buffer cairn_buffer(struct cairn_arena *arena)
{
    enum { FIRST = 256 };
    return (struct cairn_buffer){
        .arena = arena, .text = cairn_arena_alloc(arena, FIRST, 1), .capacity = FIRST};
}

/* Makes room for `count` more bytes and the NUL. */
static char *reserve(struct cairn_buffer *buffer, size_t count)
{
    if (buffer->length + count + 1 > buffer->capacity) {
        size_t capacity = 2 * buffer->capacity + count;
        char *text = cairn_arena_alloc(buffer->arena, capacity, 1);
        memcpy(text, buffer->text, buffer->length);
        buffer->text = text;
        buffer->capacity = capacity;
    }
    return buffer->text + buffer->length;
}

void cairn_buffer_bytes(struct cairn_buffer *buffer, const void *bytes, size_t count)
{
    char *at = reserve(buffer, count);
    if (count)
        memcpy(at, bytes, count);
    at[count] = '\0';
    buffer->length += count;
}

void cairn_buffer_text(struct cairn_buffer *buffer, const char *text)
{
    cairn_buffer_bytes(buffer, text, strlen(text));
}

void cairn_buffer_char(struct cairn_buffer *buffer, char c)
{
    cairn_buffer_bytes(buffer, &c, 1);
}

void cairn_buffer_print(struct cairn_buffer *buffer, const char *format, ...)
{
    va_list list;
    va_list again;
    va_start(list, format);
    va_copy(again, list);
    int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (length > 0) {
        char *at = reserve(buffer, (size_t)length);
        (void)vsnprintf(at, (size_t)length + 1, format, again);
        buffer->length += (size_t)length;
    }
    va_end(again);
}

void cairn_buffer_integer(struct cairn_buffer *buffer, int64_t value)
{
    char digits[20];
    size_t count = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[sizeof digits - ++count] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        cairn_buffer_char(buffer, '-');
    cairn_buffer_bytes(buffer, digits + sizeof digits - count, count);
}

/* ---- JSON strings ---- */

/* The length of the UTF-8 character at `text` by table 3-7 of the Unicode standard, 0 if there is
 * none. */
static size_t utf8_length(const unsigned char *text)
{
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    size_t length = 0;
    if (text[0] < 0x80)
        return 1;
    if (text[0] >= 0xC2 && text[0] <= 0xDF)
        length = 2;
    else if (text[0] >= 0xE0 && text[0] <= 0xEF)
        length = 3;
    else if (text[0] >= 0xF0 && text[0] <= 0xF4)
        length = 4;
    else
        return 0;
    if (text[0] == 0xE0)
        low = 0xA0;
    else if (text[0] == 0xED)
        high = 0x9F;
    else if (text[0] == 0xF0)
        low = 0x90;
    else if (text[0] == 0xF4)
        high = 0x8F;
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    }
    return length;
}

static void put_escape(struct cairn_buffer *buffer, unsigned char c)
{
    switch (c) {
    case '"':
        cairn_buffer_text(buffer, "\\\"");
        break;
    case '\\':
        cairn_buffer_text(buffer, "\\\\");
        break;
    case '\n':
        cairn_buffer_text(buffer, "\\n");
        break;
    case '\r':
        cairn_buffer_text(buffer, "\\r");
        break;
    case '\t':
        cairn_buffer_text(buffer, "\\t");
        break;
    default:
        cairn_buffer_print(buffer, "\\u%04x", c);
    }
}

void cairn_buffer_json(struct cairn_buffer *buffer, const char *text)
{
    if (!text) {
        cairn_buffer_text(buffer, "null");
        return;
    }
    cairn_buffer_char(buffer, '"');
    const char *run = text; /* what is written as it is, up to `text` */
    while (*text) {
        unsigned char c = (unsigned char)*text;
        size_t length = utf8_length((const unsigned char *)text);
        if (length > 0 && c >= 0x20 && c != '"' && c != '\\') {
            text += length;
            continue;
        }
        cairn_buffer_bytes(buffer, run, (size_t)(text - run));
        if (length == 0)
            cairn_buffer_text(buffer, "\xEF\xBF\xBD");
        else
            put_escape(buffer, c);
        run = ++text;
    }
    cairn_buffer_bytes(buffer, run, (size_t)(text - run));
    cairn_buffer_char(buffer, '"');
}
