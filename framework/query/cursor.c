/* cursor.c - where a page of a list ended, as text. */
#include "query/cursor.h"

#include "core/buffer.h"

#include <stdint.h>
#include <string.h>

enum { CURSOR_VERSION = 1, ASCENDING = 'a', DESCENDING = 'd', CURSOR_MAX_BYTES = 8192 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* ---- base64url ---- */

static const char *to_base64(const char *bytes, size_t count, struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < count; i++) {
        bits = bits << 8 | (unsigned char)bytes[i];
        for (held += 8; held >= 6; held -= 6)
            cairn_buffer_char(&out, alphabet[bits >> (held - 6) & 63]);
    }
    if (held)
        cairn_buffer_char(&out, alphabet[bits << (6 - held) & 63]);
    return out.text;
}

/* Returns how many bytes there are, or -CAIRN_MALFORMED. The bits that are left over must be zero,
 * so that one cursor has one text. */
static int64_t from_base64(const char *text, char *ret)
{
    int64_t count = 0;
    uint32_t bits = 0;
    unsigned held = 0;
    for (; *text; text++) {
        const char *at = strchr(alphabet, *text);
        if (!at)
            return -CAIRN_MALFORMED;
        bits = bits << 6 | (uint32_t)(at - alphabet);
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        ret[count++] = (char)(bits >> held & 255);
    }
    bool clean = held < 6 && (bits & ((1U << held) - 1)) == 0;
    return clean ? count : -CAIRN_MALFORMED;
}

/* ---- cursors ---- */

const char *cairn_query_cursor_encode(const struct cairn_query_cursor *cursor,
                                      struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_char(&out, CURSOR_VERSION);
    cairn_buffer_char(&out, cursor->descending ? DESCENDING : ASCENDING);
    cairn_buffer_bytes(&out, cursor->value, strlen(cursor->value) + 1);
    cairn_buffer_text(&out, cursor->key);
    return to_base64(out.text, out.length, arena);
}

int cairn_query_cursor_decode(const char *text, struct cairn_arena *arena,
                              struct cairn_query_cursor *ret)
{
    size_t length = strlen(text);
    if (length > CURSOR_MAX_BYTES)
        return -CAIRN_MALFORMED;
    char *bytes = cairn_new(arena, char, length + 1); /* more than it takes, and zeroed */
    int64_t count = from_base64(text, bytes);
    if (count < 4 || bytes[0] != CURSOR_VERSION ||
        (bytes[1] != ASCENDING && bytes[1] != DESCENDING))
        return -CAIRN_MALFORMED;

    const char *value = bytes + 2;
    const char *key = value + strlen(value) + 1;
    const char *end = bytes + count;
    if (key >= end || strlen(key) != (size_t)(end - key))
        return -CAIRN_MALFORMED;
    *ret = (struct cairn_query_cursor){bytes[1] == DESCENDING, value, key};
    return 0;
}
