/* verified.h - tokens that were verified, until they expire: a verification costs some 50 us, a
 * look-up less than one.
 *
 * A token is known by its SHA-256, never by itself: what is in memory opens nothing. There are at
 * most so many, in sets of four; the one of its set that was used longest ago makes room.
 *
 * Threads: any; one lock, held while some hundred bytes are compared and copied. */
#ifndef CAIRN_IDENTITY_VERIFIED_H
#define CAIRN_IDENTITY_VERIFIED_H

#include "core/text/sha256.h"
#include "identity/token/bearer.h"

struct cairn_verified;

struct cairn_verified *cairn_verified_open(size_t most);
void cairn_verified_close(struct cairn_verified *verified); /* NULL is fine */

/* Returns whether the token with this hash was verified and has not expired; `ret` is a copy, in
 * the arena. */
bool cairn_verified_find(struct cairn_verified *verified,
                         const uint8_t digest[static CAIRN_DIGEST_BYTES], int64_t now_s,
                         struct cairn_arena *arena, struct cairn_actor *ret);
/* Copies what a token says. */
void cairn_verified_put(struct cairn_verified *verified,
                        const uint8_t digest[static CAIRN_DIGEST_BYTES],
                        const struct cairn_bearer *bearer);
/* Forgets all, when keys have changed. */
void cairn_verified_clear(struct cairn_verified *verified);

#endif
