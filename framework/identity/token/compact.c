/* compact.c - splits a token into its parts, and decodes each from base64url. */
#include "identity/token/compact.h"

#include <string.h>

enum { PARTS = 3 };

/* Returns the six bits that a character stands for; -1 if it stands for none. */
static int bits_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

char *cairn_base64url_write(const void *bytes, size_t count, struct cairn_arena *arena)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const uint8_t *from = bytes;
    char *ret = cairn_new(arena, char, count / 3 * 4 + 5);
    char *to = ret;
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < count; i++) {
        bits = bits << 8 | from[i];
        for (held += 8; held >= 6; held -= 6)
            *to++ = digits[bits >> (held - 6) & 63];
    }
    if (held)
        *to = digits[bits << (6 - held) & 63];
    return ret;
}

const char *cairn_base64url_read(const char *text, size_t length, struct cairn_arena *arena,
                                 size_t *ret_bytes)
{
    unsigned held = 0; /* bits that no byte has yet, */
    int count = 0;     /* and how many */
    size_t used = 0;
    char *ret = cairn_new(arena, char, length + 1);
    if (length % 4 == 1)
        return NULL;
    for (size_t i = 0; i < length; i++) {
        int bits = bits_of(text[i]);
        if (bits < 0)
            return NULL;
        held = held << 6 | (unsigned)bits;
        count += 6;
        if (count >= 8) {
            count -= 8;
            ret[used++] = (char)(held >> count & 0xFF);
        }
        held &= (1U << count) - 1;
    }
    if (held) /* another text would give the same bytes */
        return NULL;
    *ret_bytes = used;
    return ret;
}

static int refuse_parts(size_t parts, struct cairn_error *error)
{
    if (parts == 5)
        return cairn_fail(error, CAIRN_UNAUTHENTICATED,
                          "the token is encrypted: a signed one is expected");
    return cairn_fail(error, CAIRN_UNAUTHENTICATED,
                      "the token has %zu parts: a signed one has three, with a dot between them",
                      parts);
}

/* Returns how many parts there are; the first three are in `at` and `length`. */
static size_t split(const char *token, size_t bytes, const char *at[PARTS], size_t length[PARTS])
{
    size_t parts = 1;
    const char *begin = token;
    for (const char *c = token;; c++) {
        if (c < token + bytes && *c != '.')
            continue;
        if (parts <= PARTS) {
            at[parts - 1] = begin;
            length[parts - 1] = (size_t)(c - begin);
        }
        if (c == token + bytes)
            return parts;
        begin = c + 1;
        parts++;
    }
}

int cairn_compact_read(const char *token, size_t bytes, struct cairn_arena *arena,
                       struct cairn_compact *ret, struct cairn_error *error)
{
    static const char *const names[PARTS] = {"header", "claims", "signature"};
    const char *at[PARTS];
    size_t length[PARTS];
    const char *decoded[PARTS];
    size_t count[PARTS];
    if (bytes > CAIRN_BEARER_MAX_BYTES)
        return cairn_fail(error, CAIRN_UNAUTHENTICATED, "the token is larger than %d bytes",
                          CAIRN_BEARER_MAX_BYTES);
    size_t parts = split(token, bytes, at, length);
    if (parts != PARTS)
        return refuse_parts(parts, error);
    for (int i = 0; i < PARTS; i++) {
        if (length[i] == 0)
            return cairn_fail(error, CAIRN_UNAUTHENTICATED, "the token has an empty %s", names[i]);
        decoded[i] = cairn_base64url_read(at[i], length[i], arena, &count[i]);
        if (!decoded[i])
            return cairn_fail(error, CAIRN_UNAUTHENTICATED,
                              "the token's %s is not base64url without padding", names[i]);
    }
    *ret = (struct cairn_compact){.header = decoded[0],
                                  .header_bytes = count[0],
                                  .claims = decoded[1],
                                  .claims_bytes = count[1],
                                  .signature_bytes = count[2]};
    return 0;
}
