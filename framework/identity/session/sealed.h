/* sealed.h - a text that only this service reads and writes, though it is kept by a browser:
 * AES-256-GCM (NIST SP 800-38D) under a random nonce, in base64url.
 *
 * Threads: any. */
#ifndef CAIRN_IDENTITY_SEALED_H
#define CAIRN_IDENTITY_SEALED_H

#include "core/containers/arena.h"

#include <stdint.h>

enum { CAIRN_SEAL_KEY_BYTES = 32 };

/* Seals a text, in the arena. `purpose` separates uses: what is sealed for one opens for no other.
 */
char *cairn_seal(const uint8_t key[static CAIRN_SEAL_KEY_BYTES], const char *purpose,
                 const char *text, struct cairn_arena *arena);

/* Returns the text; NULL if it was not sealed by this key for this purpose, whatever it is. */
const char *cairn_unseal(const uint8_t key[static CAIRN_SEAL_KEY_BYTES], const char *purpose,
                         const char *sealed, struct cairn_arena *arena);

/* Fills in bytes that nothing predicts, of the kernel. */
void cairn_random_bytes(void *ret, size_t count);

#endif
