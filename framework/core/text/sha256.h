/* sha256.h - SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104). */
#ifndef CAIRN_CORE_SHA256_H
#define CAIRN_CORE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { CAIRN_DIGEST_BYTES = 32 };

void cairn_sha256(const void *bytes, size_t count, uint8_t ret[static CAIRN_DIGEST_BYTES]);

/* A key may have any length; 32 random bytes are sufficient. */
void cairn_hmac(const void *key, size_t key_count, const void *bytes, size_t count,
                uint8_t ret[static CAIRN_DIGEST_BYTES]);

#endif
