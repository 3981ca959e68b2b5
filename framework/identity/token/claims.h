/* claims.h - checks what a token says of itself (RFC 7519 section 4.1). */
#ifndef CAIRN_IDENTITY_CLAIMS_H
#define CAIRN_IDENTITY_CLAIMS_H

#include "identity/token/bearer.h"

/* Checks the claims, a JSON object as text. Returns 0, with `ret` filled in, or
 * -CAIRN_UNAUTHENTICATED. The signature was not looked at. */
int cairn_claims_check(const char *json, size_t bytes, const struct cairn_bearer_rules *rules,
                       int64_t now_s, struct cairn_arena *arena, struct cairn_bearer *ret,
                       struct cairn_error *error) CAIRN_CHECKED;

#endif
