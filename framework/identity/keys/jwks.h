/* jwks.h - the public keys of an issuer: a JSON Web Key Set (RFC 7517).
 *
 * A set is kept while at least one key can be used. Keys that tokens are not verified with are left
 * out: other kinds than RSA (of 2048 to 8192 bits) and EC (P-256, P-384, P-521), keys for
 * encryption, keys that name an algorithm that is not known here. Of a key only the public members
 * are read.
 *
 * Ownership: a set does not change; it is freed when the last holder releases it. Threads: any. */
#ifndef CAIRN_IDENTITY_JWKS_H
#define CAIRN_IDENTITY_JWKS_H

#include <cairn/error.h>
#include <stdbool.h>

enum { CAIRN_JWKS_MAX_BYTES = 256 * 1024, CAIRN_JWKS_MAX_KEYS = 100 };

/* The algorithms by which tokens may be signed: name, kind of key, bytes of a signature (0:
 * those of the modulus). Each takes keys of its kind only, and ES keys of its curve only (RFC
 * 8725 section 3.1). */
#define CAIRN_ALGORITHMS(X)                                                                        \
    X(RS256, CAIRN_KEY_RSA, 0)                                                                     \
    X(RS384, CAIRN_KEY_RSA, 0)                                                                     \
    X(RS512, CAIRN_KEY_RSA, 0)                                                                     \
    X(PS256, CAIRN_KEY_RSA, 0)                                                                     \
    X(PS384, CAIRN_KEY_RSA, 0)                                                                     \
    X(PS512, CAIRN_KEY_RSA, 0)                                                                     \
    X(ES256, CAIRN_KEY_P256, 64)                                                                   \
    X(ES384, CAIRN_KEY_P384, 96)                                                                   \
    X(ES512, CAIRN_KEY_P521, 132)

enum cairn_key_kind { CAIRN_KEY_RSA = 1, CAIRN_KEY_P256, CAIRN_KEY_P384, CAIRN_KEY_P521 };

struct cairn_algorithm {
    const char *name;
    enum cairn_key_kind kind;
    size_t signature_bytes; /* 0: those of the key's modulus */
};

/* Returns the algorithm of this name, in this spelling; NULL: it is not accepted. */
const struct cairn_algorithm *cairn_algorithm_find(const char *name);

struct cairn_jwks;

/* Reads a set. Returns 0, with one holder, or -CAIRN_CONFIG: the text is no set, is larger than the
 * limits, names a member twice, or has no key that can be used. */
int cairn_jwks_parse(const char *json, size_t bytes, struct cairn_jwks **ret,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Adds a holder; returns the set. */
struct cairn_jwks *cairn_jwks_hold(struct cairn_jwks *set);
/* Removes a holder. NULL is fine. */
void cairn_jwks_release(struct cairn_jwks *set);

/* Returns how many keys can be used. */
size_t cairn_jwks_count(const struct cairn_jwks *set);
/* Returns whether both were read from the same text. */
bool cairn_jwks_same(const struct cairn_jwks *a, const struct cairn_jwks *b);

enum cairn_jwks_found {
    CAIRN_JWKS_VERIFIED,
    CAIRN_JWKS_UNKNOWN_KEY,  /* no key has the id */
    CAIRN_JWKS_NO_SUCH_KIND, /* a key has it, and none of them is for the algorithm */
    CAIRN_JWKS_AMBIGUOUS,    /* the token names no key, and several could be meant */
    CAIRN_JWKS_WRONG,        /* the signature is not by the key */
};

/* Verifies the signature of a token in compact form, whose header names `algorithm` and `key_id`
 * (NULL: none; then the set has to have exactly one key for the algorithm). A set that is NULL
 * has no keys. */
enum cairn_jwks_found cairn_jwks_verify(const struct cairn_jwks *set,
                                        const struct cairn_algorithm *algorithm, const char *key_id,
                                        const char *token, size_t bytes,
                                        size_t signature_bytes) CAIRN_CHECKED;

#endif
