/* fuzz_bearer.c - bearer tokens and key sets. The first byte selects what the others are: a token,
 * the claims of one, a key set, a JSON pointer and a document. No input is an accepted token: the
 * private keys of the set are not known. Claims that are accepted name a subject, and a time to
 * come. */
#include "fuzz.h"

#include "identity/keys/jwks.h"
#include "identity/token/claims.h"
#include "identity/token/json_parts.h"

#include <string.h>

#define NOW INT64_C(1800000000)

static const char key_set[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e\",\"x\":\"0nVxwES_qauPHpZiAmRDZM4lLMTWHIuM4g"
    "39EEXFPQk\",\"y\":\"B7AR0ATDgyg8AkXxG0r6HJ4qH_pvhld5aJVD2Bw3JEY\"},{\"kty\":\"RSA\",\"kid\":\"r\""
    ",\"n\":\"wzZkKosp0_bhZQBH4lDpOvNQFtTMFDe4-Z9KNslEHCa2Jmoffd_ZZ8OjMcrNQ8fzDyH2P1MstJp1s5"
    "uUHHrd0-msEMp2HbjH-k_x6jBxONQ3fIpjndu6MlpPGVKQmX1TNDsPLV_hkr_tLY7typuztC1Fusvf9cPYEW"
    "0ceu-zh0NZTucZcC0SaQeHRkApP1_-ipMP85PGuINeM6LrQV4B5jRt2obUK1pTC3PCunhjQAennACb4LLYPd"
    "u6UKpBqhCRIyKyJuE6tX8AUfy8iPNNqd6TQYTaEeifPUbUJY9WaPwOr9sSr0P1TeODGRsWkj7tlkZhBZpEYd"
    "QgIomko9rNWw\",\"e\":\"AQAB\"}]}";

static const struct cairn_bearer_rules rules = {
    .issuer = "i", .audience = "a", .roles_claim = "/roles", .any_type = true, .leeway_s = 30};

static void try_token(const char *token, size_t bytes, struct cairn_arena *arena)
{
    static struct cairn_jwks *keys;
    struct cairn_error error = {0};
    struct cairn_bearer bearer = {0};
    if (!keys)
        expect(cairn_jwks_parse(key_set, strlen(key_set), &keys, &error) == 0);
    int outcome = cairn_bearer_verify(keys, &rules, token, bytes, NOW, arena, &bearer, &error);
    expect(outcome == -CAIRN_UNAUTHENTICATED || outcome == CAIRN_BEARER_UNKNOWN_KEY);
    expect(error.code == CAIRN_UNAUTHENTICATED && *error.message);
    expect(!bearer.actor.sub);
}

static void try_claims(const char *json, size_t bytes, struct cairn_arena *arena)
{
    struct cairn_error error = {0};
    struct cairn_bearer bearer;
    int failed = cairn_claims_check(json, bytes, &rules, NOW, arena, &bearer, &error);
    expect(failed == 0 || failed == -CAIRN_UNAUTHENTICATED);
    if (failed)
        return;
    expect(bearer.actor.sub && *bearer.actor.sub && bearer.until_s > NOW);
    expect(strcmp(bearer.actor.iss, "i") == 0 && bearer.actor.role_count <= CAIRN_ROLES_MAX);
    for (size_t i = 0; i < bearer.actor.role_count; i++)
        expect(*bearer.actor.roles[i]);
}

static void try_keys(const char *json, size_t bytes)
{
    struct cairn_error error = {0};
    struct cairn_jwks *keys = NULL;
    if (cairn_jwks_parse(json, bytes, &keys, &error) == 0)
        expect(cairn_jwks_count(keys) > 0);
    else
        expect(!keys && error.code == CAIRN_CONFIG);
    cairn_jwks_release(keys);
}

/* "POINTER\nDOCUMENT" */
static void try_pointer(char *text)
{
    char *document = strchr(text, '\n');
    if (!document)
        return;
    *document++ = '\0';
    CAIRN_JSON *root = cairn_json_object(document, strlen(document));
    const json_t *found = root ? cairn_json_at(root, text) : NULL;
    expect(!found || cairn_json_is_pointer(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cairn_arena arena = {0};
    if (size == 0)
        return 0;
    char *text = text_of(data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        try_token(text, size - 1, &arena);
        break;
    case 1:
        try_claims(text, size - 1, &arena);
        break;
    case 2:
        try_keys(text, size - 1);
        break;
    default:
        try_pointer(text);
        break;
    }
    free(text);
    cairn_arena_close(&arena);
    return 0;
}
