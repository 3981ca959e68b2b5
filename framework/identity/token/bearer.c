/* bearer.c - verifies a token: its form, its header, its claims, its signature. */
#include "identity/token/bearer.h"

#include "identity/token/claims.h"
#include "identity/token/compact.h"
#include "identity/token/json_parts.h"

#include <string.h>
#include <strings.h>

enum { KEY_ID_MAX_BYTES = 200 };

/* Members of a header that would let the token say how it is to be verified, or what it is: a key
 * of its own, an extension that has to be understood, a payload in another form. */
static const char *const refused_members[] = {"crit", "jku", "x5u", "jwk", "x5c",
                                              "b64",  "zip", "enc", "cty"};

struct header {
    const struct cairn_algorithm *algorithm;
    const char *key_id; /* NULL: none */
};

/* Checks the type, which is a media type without "application/" (RFC 7515 section 4.1.9). */
static int check_type(const json_t *header, bool any_type, struct cairn_error *error)
{
    static const char prefix[] = "application/";
    const json_t *typ = json_object_get(header, "typ");
    const char *type = json_string_value(typ);
    if (!typ)
        return any_type ? 0
                        : cairn_fail(error, CAIRN_UNAUTHENTICATED,
                                     "the token's header has no typ: at+jwt is expected "
                                     "(RFC 9068; CAIRN_AUTH_TYPE=jwt also takes tokens without)");
    if (!type)
        return cairn_fail(error, CAIRN_UNAUTHENTICATED, "the token's typ is no text");
    if (strncasecmp(type, prefix, sizeof prefix - 1) == 0)
        type += sizeof prefix - 1;
    if (strcasecmp(type, "at+jwt") == 0 || (any_type && strcasecmp(type, "jwt") == 0))
        return 0;
    return cairn_fail(error, CAIRN_UNAUTHENTICATED, "the token's typ is %.40s: %s is expected",
                      type, any_type ? "at+jwt or JWT" : "at+jwt");
}

static int check_members(const json_t *header, struct cairn_error *error)
{
    for (size_t i = 0; i < sizeof refused_members / sizeof refused_members[0]; i++) {
        if (json_object_get(header, refused_members[i]))
            return cairn_fail(error, CAIRN_UNAUTHENTICATED,
                              "the token's header has %s, which is not accepted",
                              refused_members[i]);
    }
    return 0;
}

static int read_header(const struct cairn_compact *compact, bool any_type,
                       struct cairn_arena *arena, struct header *ret, struct cairn_error *error)
{
    CAIRN_JSON *header = cairn_json_object(compact->header, compact->header_bytes);
    if (!header)
        return cairn_fail(error, CAIRN_UNAUTHENTICATED,
                          "the token's header is no JSON object, or names a member twice");
    const char *algorithm = cairn_json_text(header, "alg");
    const json_t *kid = json_object_get(header, "kid");
    const char *key_id = json_string_value(kid);
    ret->algorithm = algorithm ? cairn_algorithm_find(algorithm) : NULL;
    if (!ret->algorithm)
        return cairn_fail(
            error, CAIRN_UNAUTHENTICATED,
            "the token's alg is %.40s: RS, PS and ES with 256, 384 and 512 are accepted",
            algorithm ? algorithm : "no text");
    if (kid && (!key_id || strlen(key_id) > KEY_ID_MAX_BYTES))
        return cairn_fail(error, CAIRN_UNAUTHENTICATED,
                          "the token's kid is not a text of at most %d bytes", KEY_ID_MAX_BYTES);
    ret->key_id = cairn_copy_text(arena, key_id);
    int failed = check_members(header, error);
    return failed ? failed : check_type(header, any_type, error);
}

static int check_signature(const struct cairn_jwks *keys, const struct header *header,
                           const char *token, size_t bytes, const struct cairn_compact *compact,
                           struct cairn_error *error)
{
    const char *name = header->algorithm->name;
    switch (cairn_jwks_verify(keys, header->algorithm, header->key_id, token, bytes,
                              compact->signature_bytes)) {
    case CAIRN_JWKS_VERIFIED:
        return 0;
    case CAIRN_JWKS_UNKNOWN_KEY:
        (void)cairn_fail(error, CAIRN_UNAUTHENTICATED,
                         "the token's key, %.80s, is none of the issuer's",
                         header->key_id ? header->key_id : "without a kid");
        return CAIRN_BEARER_UNKNOWN_KEY;
    case CAIRN_JWKS_NO_SUCH_KIND:
        return cairn_fail(error, CAIRN_UNAUTHENTICATED,
                          "the token's alg is %s, and its key is of another kind", name);
    case CAIRN_JWKS_AMBIGUOUS:
        return cairn_fail(error, CAIRN_UNAUTHENTICATED,
                          "the token names no key, and the issuer has several for %s", name);
    case CAIRN_JWKS_WRONG:
        break;
    }
    return cairn_fail(error, CAIRN_UNAUTHENTICATED, "the token's signature is wrong");
}

int cairn_bearer_verify(const struct cairn_jwks *keys, const struct cairn_bearer_rules *rules,
                        const char *token, size_t bytes, int64_t now_s, struct cairn_arena *arena,
                        struct cairn_bearer *ret, struct cairn_error *error)
{
    struct cairn_compact compact = {0};
    struct header header = {0};
    struct cairn_bearer said = {0};
    int failed = cairn_compact_read(token, bytes, arena, &compact, error);
    if (!failed)
        failed = read_header(&compact, rules->any_type, arena, &header, error);
    if (!failed)
        failed = cairn_claims_check(compact.claims, compact.claims_bytes, rules, now_s, arena,
                                    &said, error);
    if (!failed)
        failed = check_signature(keys, &header, token, bytes, &compact, error);
    if (!failed)
        *ret = said;
    return failed;
}
