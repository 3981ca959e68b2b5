/* internal_key.h - signatures by which services of one store recognise each other's commands. */
#ifndef CAIRN_STORE_INTERNAL_KEY_H
#define CAIRN_STORE_INTERNAL_KEY_H

#include "postgres/postgres.h"

#include <stdbool.h>

/* The header that has the signature, and the beginning of the paths that need it. */
#define CAIRN_INTERNAL_HEADER "Cairn-Internal"
#define CAIRN_INTERNAL_PATH "/internal/"
enum { CAIRN_INTERNAL_KEY_BYTES = 32, CAIRN_SIGNATURE_SIZE = 65 };

struct cairn_internal_key {
    uint8_t bytes[CAIRN_INTERNAL_KEY_BYTES];
};

/* Reads the key of the store. Returns 0, -CAIRN_SCHEMA if there is none, or an error of
 * postgres.h. */
int cairn_internal_key_read(struct cairn_pg *pg, struct cairn_internal_key *ret,
                            struct cairn_error *error) CAIRN_CHECKED;

/* Signs a request: HMAC-SHA-256 of its path and its Idempotency-Key, in hex. */
void cairn_internal_sign(const struct cairn_internal_key *key, const char *path,
                         const char *idempotency_key, char ret[static CAIRN_SIGNATURE_SIZE]);

/* Returns whether the signature is that of the request; in the same time for every wrong one. */
bool cairn_internal_is_signed(const struct cairn_internal_key *key, const char *path,
                              const char *idempotency_key, const char *signature);

#endif
