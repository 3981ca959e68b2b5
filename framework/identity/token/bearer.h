/* bearer.h - verifies bearer tokens: JSON Web Tokens (RFC 7519) that an issuer has signed.
 *
 * Accepted is a token that
 *  (1) is a JWS in compact form, in its one spelling, of at most 8000 bytes;
 *  (2) is signed by RS, PS or ES with 256, 384 or 512, with a key of the issuer that is of the
 *      algorithm's kind and curve. The key is found by the header's `kid`; nothing else that a
 *      header says of keys is used: `jku`, `jwk`, `x5u`, `x5c` and `crit` refuse the token;
 *  (3) has `iss` and `aud` as configured, a `sub`, an `exp` that has not passed, no `nbf` or `iat`
 *      in the future, each within the leeway;
 *  (4) has the type "at+jwt" (RFC 9068 section 4), unless other types are configured too;
 *  (5) names no member twice, in header and claims.
 * Everything else is refused with a reason, which is said to the client: it knows its token.
 *
 * The claims are checked before the signature, which costs more, and because of (2) a token of
 * another issuer never asks for keys. Nothing of a token is used before all has been checked.
 *
 * Pure: no clock, no input or output. Threads: any. */
#ifndef CAIRN_IDENTITY_BEARER_H
#define CAIRN_IDENTITY_BEARER_H

#include "core/containers/arena.h"
#include "identity/keys/jwks.h"

#include <cairn/error.h>
#include <cairn/policy.h>

/* What is expected of a token. */
struct cairn_bearer_rules {
    const char *issuer;
    const char *audience;
    const char *roles_claim; /* a JSON pointer: "/realm_access/roles" */
    bool any_type;           /* also "JWT", and no type */
    int64_t leeway_s;
};

enum { CAIRN_ROLES_MAX = 64, CAIRN_SUBJECT_MAX_BYTES = 255, CAIRN_ROLE_MAX_BYTES = 100 };

/* What an accepted token says. */
struct cairn_bearer {
    struct cairn_actor actor; /* in the arena */
    int64_t until_s;          /* seconds since 1970, UTC: it is not accepted from then on */
};

/* Result of cairn_bearer_verify: the token may be good, but names a key that is not known. */
enum { CAIRN_BEARER_UNKNOWN_KEY = 1 };

/* Verifies a token at the time `now_s`. Returns 0, with `ret` filled in;
 * CAIRN_BEARER_UNKNOWN_KEY, and `error` says which; or -CAIRN_UNAUTHENTICATED, for good. */
int cairn_bearer_verify(const struct cairn_jwks *keys, const struct cairn_bearer_rules *rules,
                        const char *token, size_t bytes, int64_t now_s, struct cairn_arena *arena,
                        struct cairn_bearer *ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
