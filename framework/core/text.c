/* text.c - hex, percent-encoding, UTF-8. */
#include "core/text.h"

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
