/* sha256.c - SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104). */
#include "core/text/sha256.h"

#include <string.h>

enum { BLOCK = 64, ROUNDS = 64 };

struct hash {
    uint32_t state[8];
    uint64_t count; /* bytes so far */
    uint8_t block[BLOCK];
};

static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t x, unsigned by)
{
    return x >> by | x << (32 - by);
}

static void expand(const uint8_t *block, uint32_t w[static ROUNDS])
{
    for (size_t i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < ROUNDS; i++) {
        uint32_t a = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t b = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
}

/* s is a, b, c, d, e, f, g, h of FIPS 180-4. */
static void compress(struct hash *hash, const uint8_t *block)
{
    uint32_t w[ROUNDS];
    uint32_t s[8];
    expand(block, w);
    memcpy(s, hash->state, sizeof s);
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t mixed = turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25);
        uint32_t chosen = (s[4] & s[5]) ^ (~s[4] & s[6]);
        uint32_t one = s[7] + mixed + chosen + constants[i] + w[i];
        uint32_t spread = turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22);
        uint32_t most = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += one;
        s[0] = one + spread + most;
    }
    for (int i = 0; i < 8; i++)
        hash->state[i] += s[i];
}

static struct hash begin(void)
{
    return (struct hash){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                   0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

static void add(struct hash *hash, const void *bytes, size_t count)
{
    const uint8_t *at = bytes;
    while (count > 0) {
        size_t used = hash->count % BLOCK;
        size_t part = count < BLOCK - used ? count : BLOCK - used;
        memcpy(hash->block + used, at, part);
        hash->count += part;
        at += part;
        count -= part;
        if (used + part == BLOCK)
            compress(hash, hash->block);
    }
}

/* Pads with a one bit, zeros, and the length in bits at the end of a block. */
static void end(struct hash *hash, uint8_t *ret)
{
    static const uint8_t padding[BLOCK] = {0x80};
    uint8_t length[8];
    uint64_t bits = hash->count * 8;
    size_t used = hash->count % BLOCK;
    for (unsigned i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    add(hash, padding, used < 56 ? 56 - used : 120 - used);
    add(hash, length, sizeof length);
    for (unsigned i = 0; i < CAIRN_DIGEST_BYTES; i++)
        ret[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void cairn_sha256(const void *bytes, size_t count, uint8_t ret[static CAIRN_DIGEST_BYTES])
{
    struct hash hash = begin();
    add(&hash, bytes, count);
    end(&hash, ret);
}

void cairn_hmac(const void *key, size_t key_count, const void *bytes, size_t count,
                uint8_t ret[static CAIRN_DIGEST_BYTES])
{
    uint8_t pad[BLOCK] = {0};
    struct hash inner = begin();
    struct hash outer = begin();
    if (key_count > BLOCK)
        cairn_sha256(key, key_count, pad);
    else if (key_count)
        memcpy(pad, key, key_count);
    for (size_t i = 0; i < BLOCK; i++)
        pad[i] ^= 0x36;
    add(&inner, pad, BLOCK);
    add(&inner, bytes, count);
    end(&inner, ret);
    for (size_t i = 0; i < BLOCK; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    add(&outer, pad, BLOCK);
    add(&outer, ret, CAIRN_DIGEST_BYTES);
    end(&outer, ret);
}
