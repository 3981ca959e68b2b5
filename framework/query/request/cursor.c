/* cursor.c - encodes, decodes and signs list cursors. */
#include "query/request/cursor.h"

#include "core/containers/buffer.h"
#include "core/text/sha256.h"

#include <stdint.h>
#include <string.h>

enum { CURSOR_VERSION = 2, ASCENDING = 'a', DESCENDING = 'd', CURSOR_MAX_BYTES = 8192 };

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

/* Returns the number of bytes, or -CAIRN_MALFORMED. Leftover bits must be zero, so that a cursor
 * has exactly one text. */
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

/* ---- seals ---- */

/* The list's name is terminated by a NUL, so that a name and a cursor cannot be confused. */
static void make_seal(const struct cairn_query_seal *seal, const char *bytes, size_t count,
                      struct cairn_arena *arena, uint8_t ret[static CAIRN_DIGEST_BYTES])
{
    struct cairn_buffer text = cairn_buffer(arena);
    cairn_buffer_bytes(&text, seal->list, strlen(seal->list) + 1);
    cairn_buffer_bytes(&text, bytes, count);
    cairn_hmac(seal->secret, strlen(seal->secret), text.text, text.length, ret);
}

struct cairn_query_cursor cairn_query_cursor_keep(const struct cairn_query_cursor *cursor,
                                                  struct cairn_arena *arena)
{
    struct cairn_query_cursor kept = *cursor;
    kept.value = cairn_copy_text(arena, cursor->value);
    kept.key = cairn_copy_text(arena, cursor->key);
    kept.sealed = cairn_copy_bytes(arena, cursor->sealed, cursor->sealed_bytes);
    kept.seal = cairn_copy_bytes(arena, cursor->seal, CAIRN_CURSOR_SEAL_BYTES);
    return kept;
}

bool cairn_query_cursor_holds(const struct cairn_query_cursor *cursor,
                              const struct cairn_query_seal *seal, struct cairn_arena *arena)
{
    uint8_t wanted[CAIRN_DIGEST_BYTES];
    unsigned different = 0;
    make_seal(seal, cursor->sealed, cursor->sealed_bytes, arena, wanted);
    for (size_t i = 0; i < CAIRN_CURSOR_SEAL_BYTES; i++)
        different |= wanted[i] ^ (uint8_t)cursor->seal[i];
    return different == 0;
}

/* ---- cursors ---- */

const char *cairn_query_cursor_encode(const struct cairn_query_cursor *cursor,
                                      const struct cairn_query_seal *seal,
                                      struct cairn_arena *arena)
{
    uint8_t digest[CAIRN_DIGEST_BYTES];
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_char(&out, CURSOR_VERSION);
    cairn_buffer_char(&out, cursor->descending ? DESCENDING : ASCENDING);
    cairn_buffer_bytes(&out, cursor->value, strlen(cursor->value) + 1);
    cairn_buffer_text(&out, cursor->key);
    make_seal(seal, out.text, out.length, arena, digest);
    cairn_buffer_bytes(&out, digest, CAIRN_CURSOR_SEAL_BYTES);
    return to_base64(out.text, out.length, arena);
}

int cairn_query_cursor_decode(const char *text, struct cairn_arena *arena,
                              struct cairn_query_cursor *ret)
{
    size_t length = strlen(text);
    if (length > CURSOR_MAX_BYTES)
        return -CAIRN_MALFORMED;
    char *bytes = cairn_new(arena, char, length + 1); /* larger than needed, and zeroed */
    int64_t count = from_base64(text, bytes);
    if (count < 4 + CAIRN_CURSOR_SEAL_BYTES || bytes[0] != CURSOR_VERSION ||
        (bytes[1] != ASCENDING && bytes[1] != DESCENDING))
        return -CAIRN_MALFORMED;

    const size_t sealed = (size_t)count - CAIRN_CURSOR_SEAL_BYTES;
    const char *value = cairn_copy_bytes(arena, bytes + 2, sealed - 2);
    const char *end = value + sealed - 2;
    const char *key = value + strlen(value) + 1;
    if (key >= end || strlen(key) != (size_t)(end - key))
        return -CAIRN_MALFORMED;
    *ret = (struct cairn_query_cursor){.descending = bytes[1] == DESCENDING,
                                       .value = value,
                                       .key = key,
                                       .sealed = bytes,
                                       .sealed_bytes = sealed,
                                       .seal = bytes + sealed};
    return 0;
}
