/* buffer.c - text that grows, in an arena. */
#include "core/buffer.h"

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

/* Reads one character of more than one byte, by table 3-7 of the Unicode standard: no overlong
 * forms, no surrogates, nothing above U+10FFFF. Returns how many bytes belong together;
 * `*ret_valid` says whether they are a character or the beginning of one. */
static size_t read_utf8(const unsigned char *text, bool *ret_valid)
{
    *ret_valid = false;
    if (text[0] < 0xC2 || text[0] > 0xF4)
        return 1;
    size_t length = text[0] < 0xE0 ? 2 : text[0] < 0xF0 ? 3 : 4;
    unsigned char low = text[0] == 0xE0 ? 0xA0 : text[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = text[0] == 0xED ? 0x9F : text[0] == 0xF4 ? 0x8F : 0xBF;
    for (size_t i = 1; i < length; i++) {
        if (text[i] < low || text[i] > high)
            return i; /* the NUL ends here too */
        low = 0x80;
        high = 0xBF;
    }
    *ret_valid = true;
    return length;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* What may stand in a JSON string as it is: returns where it ends. */
static const unsigned char *skip_plain(const unsigned char *text)
{
    for (;;) {
        while (is_plain(*text))
            text++;
        if (*text < 0x80)
            return text;
        bool valid;
        size_t length = read_utf8(text, &valid);
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
    const unsigned char *at = (const unsigned char *)text;
    for (;;) {
        const unsigned char *end = skip_plain(at);
        cairn_buffer_bytes(buffer, at, (size_t)(end - at));
        at = end;
        if (*at == '\0')
            break;
        if (*at < 0x80) {
            put_escape(buffer, *at++);
        } else {
            bool valid;
            at += read_utf8(at, &valid);
            cairn_buffer_text(buffer, "\xEF\xBF\xBD");
        }
    }
    cairn_buffer_char(buffer, '"');
}
