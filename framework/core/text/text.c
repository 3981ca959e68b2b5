/* text.c - hex, percent-encoding, UTF-8, likely typing errors. */
#include "core/text/text.h"

#include <string.h>

int cairn_hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

char *cairn_hex_write(char *to, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    return to;
}

size_t cairn_utf8_read(const char *text, bool *ret_valid)
{
    const unsigned char *at = (const unsigned char *)text;
    *ret_valid = at[0] < 0x80;
    if (at[0] < 0xC2 || at[0] > 0xF4)
        return 1;
    size_t length = at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
    unsigned char low = at[0] == 0xE0 ? 0xA0 : at[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = at[0] == 0xED ? 0x9F : at[0] == 0xF4 ? 0x8F : 0xBF;
    for (size_t i = 1; i < length; i++) {
        if (at[i] < low || at[i] > high)
            return i; /* the terminating NUL stops here too */
        low = 0x80;
        high = 0xBF;
    }
    *ret_valid = true;
    return length;
}

bool cairn_is_utf8(const char *text)
{
    bool valid = true;
    while (valid && *text)
        text += cairn_utf8_read(text, &valid);
    return valid;
}

char *cairn_percent_decode(struct cairn_arena *arena, const char *text, size_t length)
{
    char *decoded = cairn_arena_alloc(arena, length + 1, 1);
    char *to = decoded;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '%') {
            *to++ = text[i];
            continue;
        }
        int high = length - i > 2 ? cairn_hex_value(text[i + 1]) : -1;
        int low = high < 0 ? -1 : cairn_hex_value(text[i + 2]);
        if (low < 0 || high * 16 + low == 0)
            return NULL;
        *to++ = (char)(high * 16 + low);
        i += 2;
    }
    return decoded;
}

enum { WORD_MIN = 4, WORD_MAX = 63, LONG_WORD = 8 };

static int least(int a, int b, int c)
{
    int lower = a < b ? a : b;
    return lower < c ? lower : c;
}

/* Returns the distance of the first i bytes of `a` to the first k of `b`, from those of shorter
 * beginnings: `rows[0]` is of i - 2 bytes, `rows[1]` of i - 1. */
static int distance_at(const char *a, const char *b, size_t i, size_t k, int rows[3][WORD_MAX + 1])
{
    int best = least(rows[1][k] + 1, rows[2][k - 1] + 1, rows[1][k - 1] + (a[i - 1] != b[k - 1]));
    bool swapped = i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1];
    return swapped && rows[0][k - 2] + 1 < best ? rows[0][k - 2] + 1 : best;
}

bool cairn_is_mistyped(const char *text, const char *word)
{
    size_t a_bytes = strlen(text);
    size_t b_bytes = strlen(word);
    int rows[3][WORD_MAX + 1];
    if (a_bytes < WORD_MIN || b_bytes < WORD_MIN || a_bytes > WORD_MAX || b_bytes > WORD_MAX)
        return false;
    for (size_t k = 0; k <= b_bytes; k++)
        rows[2][k] = (int)k;
    for (size_t i = 1; i <= a_bytes; i++) {
        memmove(rows[0], rows[1], 2 * sizeof rows[0]);
        rows[2][0] = (int)i;
        for (size_t k = 1; k <= b_bytes; k++)
            rows[2][k] = distance_at(text, word, i, k, rows);
    }
    int distance = rows[2][b_bytes];
    return distance > 0 && distance <= (a_bytes >= LONG_WORD && b_bytes >= LONG_WORD ? 2 : 1);
}

char *cairn_quotable(struct cairn_arena *arena, const char *text)
{
    char *ret = cairn_copy_text(arena, text);
    for (char *at = ret; *at; at++) {
        if (*at < 0x20 || *at > 0x7E || *at == '"' || *at == '\\')
            *at = '?';
    }
    return ret;
}
