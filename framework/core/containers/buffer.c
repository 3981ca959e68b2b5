/* buffer.c - a growing text buffer in an arena. */
#include "core/containers/buffer.h"

#include "core/text/text.h"

#include <stdbool.h>
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
    va_start(list, format);
    cairn_buffer_print_va(buffer, format, list);
    va_end(list);
}

/* Text that fits into the free space, as nearly all does, is formatted only once. */
void cairn_buffer_print_va(struct cairn_buffer *buffer, const char *format, va_list list)
{
    va_list again;
    size_t room = buffer->capacity - buffer->length;
    va_copy(again, list);
    int length = vsnprintf(buffer->text + buffer->length, room, format, list);
    if (length > 0 && (size_t)length >= room)
        (void)vsnprintf(reserve(buffer, (size_t)length), (size_t)length + 1, format, again);
    if (length > 0)
        buffer->length += (size_t)length;
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

static bool is_plain(char c)
{
    return c >= 0x20 && c != '"' && c != '\\'; /* a char of UTF-8 beyond ASCII is negative */
}

/* Skips what needs no escape in a JSON string. Returns the first byte that does, or is not
 * UTF-8. */
static const char *skip_plain(const char *text)
{
    for (;;) {
        while (is_plain(*text))
            text++;
        if (((unsigned char)*text & 0x80) == 0)
            return text;
        bool valid;
        size_t length = cairn_utf8_read(text, &valid);
        if (!valid)
            return text;
        text += length;
    }
}

static void put_escape(struct cairn_buffer *buffer, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    char letter = c < sizeof letters ? letters[c] : (char)c; /* a quote or a backslash */
    if (letter)
        cairn_buffer_bytes(buffer, (char[]){'\\', letter}, 2);
    else
        cairn_buffer_bytes(buffer, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

void cairn_buffer_json(struct cairn_buffer *buffer, const char *text)
{
    if (!text) {
        cairn_buffer_text(buffer, "null");
        return;
    }
    cairn_buffer_char(buffer, '"');
    const char *at = text;
    for (;;) {
        const char *end = skip_plain(at);
        cairn_buffer_bytes(buffer, at, (size_t)(end - at));
        at = end;
        if (*at == '\0')
            break;
        if (((unsigned char)*at & 0x80) == 0) {
            put_escape(buffer, (unsigned char)*at++);
        } else {
            bool valid;
            at += cairn_utf8_read(at, &valid);
            cairn_buffer_text(buffer, "\xEF\xBF\xBD");
        }
    }
    cairn_buffer_char(buffer, '"');
}

void cairn_buffer_member(struct cairn_buffer *buffer, const char *name, const char *text)
{
    if (!text)
        return;
    cairn_buffer_print(buffer, ",\"%s\":", name);
    cairn_buffer_json(buffer, text);
}
