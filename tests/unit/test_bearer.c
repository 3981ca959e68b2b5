/* test_bearer.c - tokens that are accepted, and attacks on tokens, each refused with its reason. */
#include "../support/signer.h"
#include "../support/support.h"

#include "core/containers/arena.h"
#include "identity/token/bearer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1800000000)
#define ISSUER "https://id.example.com/"

static const struct cairn_bearer_rules rules = {
    .issuer = ISSUER, .audience = "shop", .roles_claim = "/roles", .leeway_s = 30};
static const struct cairn_bearer_rules any_type = {.issuer = ISSUER,
                                                   .audience = "shop",
                                                   .roles_claim = "/realm_access/roles",
                                                   .any_type = true,
                                                   .leeway_s = 30};

/* The issuer's keys, and keys that are not. */
static struct {
    struct signer *rsa, *rsa_small, *pss, *p256, *p384, *p521;
    struct signer *other_rsa, *other_p256; /* with the ids of the issuer's */
    struct cairn_jwks *set;
} keys;

#define HEADER(alg, kid) "{\"alg\":\"" alg "\",\"typ\":\"at+jwt\",\"kid\":\"" kid "\"}"
#define RS256 HEADER("RS256", "rsa")
#define ES256 HEADER("ES256", "p256")
#define WITH(more) "{\"iss\":\"" ISSUER "\",\"aud\":\"shop\",\"sub\":\"ada\"," more "}"
#define CLAIMS WITH("\"exp\":1800000300,\"iat\":1799999990,\"roles\":[\"clerk\"]")
#define TIMED(exp) WITH("\"exp\":" exp)

static char *join_keys(void)
{
    const struct {
        struct signer *signer;
        const char *more;
    } all[] = {{keys.rsa, ""},
               {keys.rsa_small, ""},
               {keys.pss, ",\"alg\":\"PS256\",\"use\":\"sig\",\"key_ops\":[\"verify\"]"},
               {keys.p256, ""},
               {keys.p384, ""},
               {keys.p521, ""}};
    char *text = strdup("{\"keys\":[");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char *jwk = signer_jwk(all[i].signer, all[i].more);
        char *longer = NULL;
        assert_true(asprintf(&longer, "%s%s%s", text, i ? "," : "", jwk) > 0);
        free(jwk);
        free(text);
        text = longer;
    }
    char *ret = NULL;
    assert_true(asprintf(&ret, "%s]}", text) > 0);
    free(text);
    return ret;
}

static int make_keys(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    keys.rsa = signer_rsa("rsa", 2048);
    keys.rsa_small = signer_rsa("small", 1024);
    keys.pss = signer_rsa("pss", 2048);
    keys.p256 = signer_ec("p256", "P-256");
    keys.p384 = signer_ec("p384", "P-384");
    keys.p521 = signer_ec("p521", "P-521");
    keys.other_rsa = signer_rsa("rsa", 2048);
    keys.other_p256 = signer_ec("p256", "P-256");
    char *json = join_keys();
    int failed = cairn_jwks_parse(json, strlen(json), &keys.set, &error);
    free(json);
    return failed;
}

static int free_keys(void **state)
{
    (void)state;
    struct signer *all[] = {keys.rsa,  keys.rsa_small, keys.pss,       keys.p256,
                            keys.p384, keys.p521,      keys.other_rsa, keys.other_p256};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        signer_free(all[i]);
    cairn_jwks_release(keys.set);
    return 0;
}

static int verify(const char *token, const struct cairn_bearer_rules *by, struct cairn_arena *arena,
                  struct cairn_bearer *ret, struct cairn_error *error)
{
    return cairn_bearer_verify(keys.set, by, token, strlen(token), NOW, arena, ret, error);
}

/* ---- what is accepted ---- */

static void a_token_of_the_issuer_names_subject_issuer_and_roles(void **state)
{
    (void)state;
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    struct cairn_bearer bearer;
    char *token = signer_token(keys.rsa, "RS256", RS256, CLAIMS);
    assert_int_equal(verify(token, &rules, &arena, &bearer, &error), 0);
    assert_string_equal(bearer.actor.sub, "ada");
    assert_string_equal(bearer.actor.iss, ISSUER);
    assert_true(cairn_actor_has(&bearer.actor, "clerk"));
    assert_false(cairn_actor_has(&bearer.actor, "finance"));
    assert_int_equal(bearer.until_s, NOW + 330);
    free(token);
    cairn_arena_close(&arena);
}

static void every_algorithm_is_accepted_with_a_key_of_its_kind(void **state)
{
    (void)state;
    const struct {
        const struct signer *signer;
        const char *algorithm, *header;
    } all[] = {
        {keys.rsa, "RS256", RS256},
        {keys.rsa, "RS384", HEADER("RS384", "rsa")},
        {keys.rsa, "RS512", HEADER("RS512", "rsa")},
        {keys.rsa, "PS384", HEADER("PS384", "rsa")},
        {keys.rsa, "PS512", HEADER("PS512", "rsa")},
        {keys.pss, "PS256", HEADER("PS256", "pss")},
        {keys.p256, "ES256", ES256},
        {keys.p384, "ES384", HEADER("ES384", "p384")},
        {keys.p521, "ES512", HEADER("ES512", "p521")},
        {keys.p256, "ES256", "{\"typ\":\"application/AT+JWT\",\"alg\":\"ES256\"}"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct cairn_arena arena = {0};
        struct cairn_error error = {0};
        struct cairn_bearer bearer;
        char *token = signer_token(all[i].signer, all[i].algorithm, all[i].header, CLAIMS);
        if (verify(token, &rules, &arena, &bearer, &error) != 0)
            fail_msg("%s: %s", all[i].header, error.message);
        free(token);
        cairn_arena_close(&arena);
    }
}

static void claims_have_all_the_forms_that_the_rfcs_allow(void **state)
{
    (void)state;
    static const struct {
        const char *header, *claims, *role; /* NULL: none */
    } all[] = {
        {RS256, WITH("\"exp\":1800000000.9"), NULL},
        {RS256, WITH("\"exp\":1799999971"), NULL}, /* within the leeway */
        {RS256, WITH("\"exp\":253402300799,\"nbf\":1800000030"), NULL},
        {RS256,
         "{\"iss\":\"" ISSUER "\",\"aud\":[\"other\",\"shop\"],\"sub\":\"\u00e4\","
         "\"exp\":1800000300}",
         NULL},
        {"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"rsa\",\"x5t\":\"a-b\"}",
         WITH("\"exp\":1800000300,\"realm_access\":{\"roles\":[\"a\",\"clerk\"]}"), "clerk"},
        {"{\"alg\":\"RS256\",\"kid\":\"rsa\"}",
         WITH("\"exp\":1800000300,\"realm_access\":{\"roles\":\" finance  clerk\"}"), "clerk"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct cairn_arena arena = {0};
        struct cairn_error error = {0};
        struct cairn_bearer bearer;
        char *token = signer_token(keys.rsa, "RS256", all[i].header, all[i].claims);
        if (verify(token, &any_type, &arena, &bearer, &error) != 0)
            fail_msg("%s %s: %s", all[i].header, all[i].claims, error.message);
        if (all[i].role)
            assert_true(cairn_actor_has(&bearer.actor, all[i].role));
        else
            assert_int_equal(bearer.actor.role_count, 0);
        free(token);
        cairn_arena_close(&arena);
    }
}

/* ---- attacks ---- */

/* Changes to a token that was made; each returns a new text. */
static char *edit(char *token, const char *format, ...) CAIRN_PRINTF(2, 3);
static char *edit(char *token, const char *format, ...)
{
    char *ret = NULL;
    va_list list;
    va_start(list, format);
    assert_true(vasprintf(&ret, format, list) > 0);
    va_end(list);
    free(token);
    return ret;
}

/* Splits in place: "header", "claims", "signature". */
static char *second_of(char *token)
{
    char *dot = strchr(token, '.');
    *dot = '\0';
    return dot + 1;
}

#define PARTS(token)                                                                               \
    char *claims = second_of(token);                                                               \
    char *signature = second_of(claims)

static char *without_signature(char *token)
{
    PARTS(token);
    (void)signature;
    return edit(token, "%s.%s.", token, claims);
}
static char *without_last_part(char *token)
{
    PARTS(token);
    (void)signature;
    return edit(token, "%s.%s", token, claims);
}
static char *truncated(char *token)
{
    token[strlen(token) - 8] = '\0';
    return token;
}
static char *truncated_claims(char *token)
{
    PARTS(token);
    claims[strlen(claims) - 4] = '\0';
    return edit(token, "%s.%s.%s", token, claims, signature);
}
static char *first_part_alone(char *token)
{
    *strchr(token, '.') = '\0';
    return token;
}
static char *detached(char *token)
{
    PARTS(token);
    (void)claims;
    return edit(token, "%s..%s", token, signature);
}
static char *without_header(char *token)
{
    PARTS(token);
    return edit(token, ".%s.%s", claims, signature);
}
static char *five_parts(char *token)
{
    return edit(token, "%s.AAAA.AAAA", token);
}
static char *four_parts(char *token)
{
    return edit(token, "%s.AAAA", token);
}
static char *padded(char *token)
{
    return edit(token, "%s=", token);
}
static char *padded_twice(char *token)
{
    PARTS(token);
    return edit(token, "%s==.%s.%s", token, claims, signature);
}
static char *with_space(char *token)
{
    PARTS(token);
    return edit(token, "%s.%s .%s", token, claims, signature);
}
static char *with_line_break(char *token)
{
    return edit(token, "%s\n", token);
}
static char *with_tab_before(char *token)
{
    return edit(token, "\t%s", token);
}
static char *with_plus(char *token)
{
    PARTS(token);
    signature[0] = '+';
    return edit(token, "%s.%s.%s", token, claims, signature);
}
static char *with_slash(char *token)
{
    PARTS(token);
    signature[3] = '/';
    return edit(token, "%s.%s.%s", token, claims, signature);
}
static char *with_percent(char *token)
{
    PARTS(token);
    return edit(token, "%s%%2E%s.%s", token, claims, signature);
}
static char *with_high_bytes(char *token)
{
    PARTS(token);
    return edit(token, "%s.%s\xc3\xa4.%s", token, claims, signature);
}
/* The last character of 256 bytes has 4 bits that nothing uses: another spelling. */
static char *with_unused_bits(char *token)
{
    char *last = token + strlen(token) - 1;
    *last = (char)(*last + 1);
    return token;
}
static char *with_other_claims(char *token)
{
    PARTS(token);
    (void)claims;
    static const char other[] = "{\"iss\":\"" ISSUER "\",\"aud\":\"shop\",\"sub\":\"root\","
                                "\"exp\":1800000300}";
    char *forged = signer_base64url(other, strlen(other));
    char *ret = edit(token, "%s.%s.%s", token, forged, signature);
    free(forged);
    return ret;
}
static char *with_changed_signature(char *token)
{
    PARTS(token);
    signature[10] = signature[10] == 'A' ? 'B' : 'A';
    return edit(token, "%s.%s.%s", token, claims, signature);
}
static char *with_longer_signature(char *token)
{
    return edit(token, "%sAAAA", token);
}
static char *with_signature_twice(char *token)
{
    PARTS(token);
    char *both = NULL;
    assert_true(asprintf(&both, "%s%s", signature, signature) > 0);
    char *ret = edit(token, "%s.%s.%s", token, claims, both);
    free(both);
    return ret;
}
static char *of_zeros(char *token, size_t bytes, const char *header)
{
    static const uint8_t zeros[512];
    free(token);
    return signer_join(header, CLAIMS, zeros, bytes);
}
static char *r_and_s_zero(char *token)
{
    return of_zeros(token, 64, ES256);
}
static char *rsa_zero(char *token)
{
    return of_zeros(token, 256, RS256);
}
/* r = s = the order of P-256, which is zero modulo it. */
static char *r_and_s_the_order(char *token)
{
    static const uint8_t order[32] = {0xFF, 0xFF, 0xFF, 0xFF, 0,    0,    0,    0,
                                      0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                      0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84,
                                      0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51};
    uint8_t both[64];
    memcpy(both, order, 32);
    memcpy(both + 32, order, 32);
    free(token);
    return signer_join(ES256, CLAIMS, both, sizeof both);
}
static char *with_public_key_as_secret(char *token)
{
    char *pem = signer_pem(keys.rsa);
    free(token);
    token = signer_hmac_token(pem, "HS256", HEADER("HS256", "rsa"), CLAIMS);
    free(pem);
    return token;
}
static char *with_jwk_as_secret(char *token)
{
    char *jwk = signer_jwk(keys.rsa, "");
    free(token);
    token = signer_hmac_token(jwk, "HS512", HEADER("HS512", "rsa"), CLAIMS);
    free(jwk);
    return token;
}
/* The HMAC is labelled as the algorithm that the key is for. */
static char *with_hidden_hmac(char *token)
{
    char *pem = signer_pem(keys.rsa);
    free(token);
    token = signer_hmac_token(pem, "HS256", RS256, CLAIMS);
    free(pem);
    return token;
}
static char *with_a_key_of_its_own(char *token)
{
    char *jwk = signer_jwk(keys.other_rsa, "");
    char *header = NULL;
    assert_true(asprintf(&header,
                         "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"rsa\","
                         "\"jwk\":%s}",
                         jwk) > 0);
    free(token);
    token = signer_token(keys.other_rsa, "RS256", header, CLAIMS);
    free(header);
    free(jwk);
    return token;
}
static char *in_another(char *token)
{
    char *outer = signer_token(keys.rsa, "RS256",
                               "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"rsa\","
                               "\"cty\":\"JWT\"}",
                               token);
    free(token);
    return outer;
}
static char *in_another_without_cty(char *token)
{
    char *outer = signer_token(keys.rsa, "RS256", RS256, token);
    free(token);
    return outer;
}
static char *as_json(char *token)
{
    PARTS(token);
    return edit(token, "{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}", token,
                claims, signature);
}
static char *huge(char *token)
{
    char *large = malloc(20000);
    assert_non_null(large);
    memset(large, 'A', 19999);
    large[19999] = '\0';
    PARTS(token);
    (void)claims;
    char *ret = edit(token, "%s.%s.%s", token, large, signature);
    free(large);
    return ret;
}
static char *of_dots(char *token)
{
    memset(token, '.', strlen(token));
    return token;
}
static char *deep(char *token)
{
    char nested[5001];
    memset(nested, '[', sizeof nested - 1);
    nested[sizeof nested - 1] = '\0';
    free(token);
    return signer_token(keys.rsa, "RS256", RS256, nested);
}
static char *empty(char *token)
{
    *token = '\0';
    return token;
}

/* NULL: what a good token has. */
struct attack {
    const char *what;
    struct signer **signer;
    const char *algorithm, *header, *claims;
    char *(*twist)(char *token);
    const char *reason;
};

static const struct attack attacks[] = {
    /* ---- algorithms ---- */
    {"unsigned", NULL, "none", HEADER("none", "rsa"), NULL, NULL, "empty signature"},
    {"alg none, with a signature", NULL, NULL, HEADER("none", "rsa"), NULL, NULL, "alg is none"},
    {"alg None", NULL, NULL, HEADER("None", "rsa"), NULL, NULL, "alg is None"},
    {"alg NONE", NULL, NULL, HEADER("NONE", "rsa"), NULL, NULL, "alg is NONE"},
    {"no alg", NULL, NULL, "{\"typ\":\"at+jwt\",\"kid\":\"rsa\"}", NULL, NULL, "alg is no text"},
    {"alg is a list", NULL, NULL, "{\"alg\":[\"RS256\"],\"typ\":\"at+jwt\"}", NULL, NULL,
     "no text"},
    {"alg is null", NULL, NULL, "{\"alg\":null,\"typ\":\"at+jwt\"}", NULL, NULL, "no text"},
    {"alg is empty", NULL, NULL, HEADER("", "rsa"), NULL, NULL, "alg is "},
    {"alg in lower case", NULL, NULL, HEADER("rs256", "rsa"), NULL, NULL, "alg is rs256"},
    {"alg with a space", NULL, NULL, HEADER("RS256 ", "rsa"), NULL, NULL, "alg is RS256 "},
    {"EdDSA", NULL, NULL, HEADER("EdDSA", "rsa"), NULL, NULL, "alg is EdDSA"},
    {"ES256K", NULL, NULL, HEADER("ES256K", "p256"), NULL, NULL, "alg is ES256K"},
    {"RS1", NULL, NULL, HEADER("RS1", "rsa"), NULL, NULL, "alg is RS1"},
    {"the public key in PEM as a secret", NULL, NULL, NULL, NULL, with_public_key_as_secret,
     "alg is HS256"},
    {"the public key as JWK as a secret", NULL, NULL, NULL, NULL, with_jwk_as_secret,
     "alg is HS512"},
    {"an HMAC labelled RS256", NULL, NULL, NULL, NULL, with_hidden_hmac, "signature is wrong"},
    {"RS256 labelled PS256", NULL, "RS256", HEADER("PS256", "rsa"), NULL, NULL,
     "signature is wrong"},
    {"PS256 labelled RS256", NULL, "PS256", RS256, NULL, NULL, "signature is wrong"},
    {"RS256 labelled RS512", NULL, "RS256", HEADER("RS512", "rsa"), NULL, NULL,
     "signature is wrong"},
    {"RS256 labelled ES256", NULL, "RS256", HEADER("ES256", "rsa"), NULL, NULL, "another kind"},
    {"ES256 labelled RS256", &keys.p256, "ES256", HEADER("RS256", "p256"), NULL, NULL,
     "another kind"},
    {"ES256 on P-384", &keys.p384, "ES256", HEADER("ES256", "p384"), NULL, NULL, "another kind"},
    {"ES384 on P-256", &keys.p256, "ES384", HEADER("ES384", "p256"), NULL, NULL, "another kind"},
    {"ES512 on P-256", &keys.p256, "ES512", HEADER("ES512", "p256"), NULL, NULL, "another kind"},
    {"RS256 with a key for PS256", &keys.pss, "RS256", HEADER("RS256", "pss"), NULL, NULL,
     "another kind"},
    {"a key of 1024 bits", &keys.rsa_small, "RS256", HEADER("RS256", "small"), NULL, NULL,
     "none of the issuer's"},

    /* ---- signatures ---- */
    {"another key under the id", &keys.other_rsa, NULL, NULL, NULL, NULL, "signature is wrong"},
    {"another EC key under the id", &keys.other_p256, "ES256", ES256, NULL, NULL,
     "signature is wrong"},
    {"claims exchanged", NULL, NULL, NULL, NULL, with_other_claims, "signature is wrong"},
    {"a signature with a byte changed", NULL, NULL, NULL, NULL, with_changed_signature,
     "signature is wrong"},
    {"an ES signature in DER", &keys.p256, "ES256-DER", ES256, NULL, NULL, "signature is wrong"},
    {"r and s zero", NULL, NULL, NULL, NULL, r_and_s_zero, "signature is wrong"},
    {"r and s the curve's order", NULL, NULL, NULL, NULL, r_and_s_the_order, "signature is wrong"},
    {"an RSA signature of zeros", NULL, NULL, NULL, NULL, rsa_zero, "signature is wrong"},
    {"a signature with bytes after it", &keys.p521, "ES512", HEADER("ES512", "p521"), NULL,
     with_longer_signature, "signature is wrong"},
    {"a signature twice", &keys.p384, "ES384", HEADER("ES384", "p384"), NULL, with_signature_twice,
     "signature is wrong"},
    {"the signature removed", NULL, NULL, NULL, NULL, without_signature, "empty signature"},
    {"the signature truncated", &keys.p384, "ES384", HEADER("ES384", "p384"), NULL, truncated,
     "signature is wrong"},

    /* ---- the form ---- */
    {"no token", NULL, NULL, NULL, NULL, empty, "1 parts"},
    {"the header alone", NULL, NULL, NULL, NULL, first_part_alone, "1 parts"},
    {"two parts", NULL, NULL, NULL, NULL, without_last_part, "2 parts"},
    {"four parts", NULL, NULL, NULL, NULL, four_parts, "4 parts"},
    {"five parts: an encrypted token", NULL, NULL, NULL, NULL, five_parts, "encrypted"},
    {"a header of an encrypted token", NULL, NULL,
     "{\"alg\":\"RSA-OAEP\",\"enc\":\"A128GCM\",\"kid\":\"rsa\"}", NULL, NULL, "alg is RSA-OAEP"},
    {"dots only", NULL, NULL, NULL, NULL, of_dots, "parts"},
    {"JSON serialization", NULL, NULL, NULL, NULL, as_json, "1 parts"},
    {"a detached payload", NULL, NULL, NULL, NULL, detached, "empty claims"},
    {"no header", NULL, NULL, NULL, NULL, without_header, "empty header"},
    {"20,000 bytes", NULL, NULL, NULL, NULL, huge, "larger than 8000 bytes"},
    {"claims truncated", NULL, NULL, NULL, NULL, truncated_claims, "no JSON object"},
    {"5,000 nested lists", NULL, NULL, NULL, NULL, deep, "no JSON object"},
    {"a padded signature", NULL, NULL, NULL, NULL, padded, "not base64url"},
    {"a padded header", NULL, NULL, NULL, NULL, padded_twice, "not base64url"},
    {"a space", NULL, NULL, NULL, NULL, with_space, "not base64url"},
    {"a line break at the end", NULL, NULL, NULL, NULL, with_line_break, "not base64url"},
    {"a tab before it", NULL, NULL, NULL, NULL, with_tab_before, "not base64url"},
    {"a + of base64", NULL, NULL, NULL, NULL, with_plus, "not base64url"},
    {"a / of base64", NULL, NULL, NULL, NULL, with_slash, "not base64url"},
    {"a dot percent-encoded", NULL, NULL, NULL, NULL, with_percent, "2 parts"},
    {"bytes that are not ASCII", NULL, NULL, NULL, NULL, with_high_bytes, "not base64url"},
    {"unused bits that are set", NULL, NULL, NULL, NULL, with_unused_bits, "not base64url"},
    {"a token in a token", NULL, NULL, NULL, NULL, in_another, "has cty"},
    {"a token in a token, unsaid", NULL, NULL, NULL, NULL, in_another_without_cty,
     "no JSON object"},

    /* ---- the header ---- */
    {"a header that is no object", NULL, NULL, "[\"RS256\"]", NULL, NULL, "header is no JSON"},
    {"a header with text after it", NULL, NULL, RS256 "x", NULL, NULL, "header is no JSON"},
    {"a header with a byte order mark", NULL, NULL, "\xef\xbb\xbf" RS256, NULL, NULL,
     "header is no JSON"},
    {"alg twice", NULL, NULL, "{\"alg\":\"none\",\"alg\":\"RS256\",\"typ\":\"at+jwt\"}", NULL, NULL,
     "names a member twice"},
    {"kid twice", NULL, NULL,
     "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"other\",\"kid\":\"rsa\"}", NULL, NULL,
     "names a member twice"},
    {"crit", NULL, NULL,
     "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"rsa\",\"crit\":[\"exp\"]}", NULL, NULL,
     "has crit"},
    {"an empty crit", NULL, NULL,
     "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"rsa\",\"crit\":[]}", NULL, NULL, "has crit"},
    {"a payload that is not encoded", NULL, NULL,
     "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"rsa\",\"b64\":false,\"crit\":[\"b64\"]}",
     NULL, NULL, "has crit"},
    {"b64 without crit", NULL, NULL,
     "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"rsa\",\"b64\":false}", NULL, NULL, "has b64"},
    {"jku", NULL, NULL,
     "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"rsa\",\"jku\":\"https://evil.example/\"}",
     NULL, NULL, "has jku"},
    {"x5u", NULL, NULL,
     "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"rsa\",\"x5u\":\"https://evil.example/\"}",
     NULL, NULL, "has x5u"},
    {"x5c", NULL, NULL, "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"rsa\",\"x5c\":[\"MIIC\"]}",
     NULL, NULL, "has x5c"},
    {"a key of its own", NULL, NULL, NULL, NULL, with_a_key_of_its_own, "has jwk"},
    {"compressed", NULL, NULL,
     "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"rsa\",\"zip\":\"DEF\"}", NULL, NULL,
     "has zip"},
    {"cty", NULL, NULL, "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"rsa\",\"cty\":\"JWT\"}",
     NULL, NULL, "has cty"},
    {"a kid that is a number", NULL, NULL, "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":1}", NULL,
     NULL, "kid is not a text"},
    {"a kid that is a path", NULL, NULL, HEADER("RS256", "../../dev/null"), NULL, NULL,
     "none of the issuer's"},
    {"a kid that is SQL", NULL, NULL, HEADER("RS256", "x' or '1'='1"), NULL, NULL,
     "none of the issuer's"},
    {"an empty kid", NULL, NULL, HEADER("RS256", ""), NULL, NULL, "none of the issuer's"},
    {"a kid in other case", NULL, NULL, HEADER("RS256", "RSA"), NULL, NULL, "none of the issuer's"},
    {"a kid with U+0000", NULL, NULL, HEADER("RS256", "rsa\\u0000"), NULL, NULL,
     "header is no JSON"},
    {"no kid, and several keys", NULL, NULL, "{\"alg\":\"PS256\",\"typ\":\"at+jwt\"}", NULL, NULL,
     "names no key"},
    {"an ID token", NULL, NULL, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"rsa\"}", NULL, NULL,
     "typ is JWT"},
    {"no typ", NULL, NULL, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", NULL, NULL, "no typ"},
    {"a logout token", NULL, NULL, "{\"alg\":\"RS256\",\"typ\":\"logout+jwt\",\"kid\":\"rsa\"}",
     NULL, NULL, "typ is logout+jwt"},
    {"typ is null", NULL, NULL, "{\"alg\":\"RS256\",\"typ\":null,\"kid\":\"rsa\"}", NULL, NULL,
     "typ is no text"},

    /* ---- the claims ---- */
    {"claims that are no object", NULL, NULL, NULL, "\"ada\"", NULL, "claims are no JSON"},
    {"claims that are not UTF-8", NULL, NULL, NULL, WITH("\"exp\":1800000300,\"a\":\"\xff\""), NULL,
     "claims are no JSON"},
    {"sub twice", NULL, NULL, NULL, WITH("\"exp\":1800000300,\"sub\":\"root\""), NULL,
     "name a member twice"},
    {"exp twice", NULL, NULL, NULL, WITH("\"exp\":1,\"exp\":1800000300"), NULL,
     "name a member twice"},
    {"a member twice, deep inside", NULL, NULL, NULL,
     WITH("\"exp\":1800000300,\"a\":{\"b\":1,\"b\":2}"), NULL, "name a member twice"},
    {"sub twice, once escaped", NULL, NULL, NULL, WITH("\"exp\":1800000300,\"s\\u0075b\":\"root\""),
     NULL, "name a member twice"},
    {"expired", NULL, NULL, NULL, TIMED("1799999900"), NULL, "has expired"},
    {"expired at the end of the leeway", NULL, NULL, NULL, TIMED("1799999970"), NULL,
     "has expired"},
    {"no exp", NULL, NULL, NULL, WITH("\"iat\":1799999990"), NULL, "no exp"},
    {"exp is a text", NULL, NULL, NULL, TIMED("\"1800000300\""), NULL, "exp is no number"},
    {"exp is null", NULL, NULL, NULL, TIMED("null"), NULL, "exp is no number"},
    {"exp is true", NULL, NULL, NULL, TIMED("true"), NULL, "exp is no number"},
    {"exp is negative", NULL, NULL, NULL, TIMED("-1"), NULL, "not a time"},
    {"exp is zero", NULL, NULL, NULL, TIMED("0"), NULL, "has expired"},
    {"exp is small, with a fraction", NULL, NULL, NULL, TIMED("1.5"), NULL, "has expired"},
    {"exp is 1e300", NULL, NULL, NULL, TIMED("1e300"), NULL, "not a time"},
    {"exp is the largest integer", NULL, NULL, NULL, TIMED("9223372036854775807"), NULL,
     "not a time"},
    {"exp is no integer that fits", NULL, NULL, NULL, TIMED("99999999999999999999999"), NULL,
     "claims are no JSON"},
    {"exp is in milliseconds", NULL, NULL, NULL, TIMED("1800000300000000"), NULL, "not a time"},
    {"nbf in the future", NULL, NULL, NULL, WITH("\"exp\":1800000300,\"nbf\":1800000031"), NULL,
     "nbf, 1800000031, is in the future"},
    {"nbf is a text", NULL, NULL, NULL, WITH("\"exp\":1800000300,\"nbf\":\"1\""), NULL,
     "nbf is no number"},
    {"iat in the future", NULL, NULL, NULL, WITH("\"exp\":1800000300,\"iat\":1800000200"), NULL,
     "is in the future"},
    {"another issuer", NULL, NULL, NULL,
     "{\"iss\":\"https://evil.example/\",\"aud\":\"shop\",\"sub\":\"ada\",\"exp\":1800000300}",
     NULL, "another issuer"},
    {"the issuer in other case", NULL, NULL, NULL,
     "{\"iss\":\"https://ID.example.com/\",\"aud\":\"shop\",\"sub\":\"ada\",\"exp\":1800000300}",
     NULL, "another issuer"},
    {"the issuer without its slash", NULL, NULL, NULL,
     "{\"iss\":\"https://id.example.com\",\"aud\":\"shop\",\"sub\":\"ada\",\"exp\":1800000300}",
     NULL, "another issuer"},
    {"iss is a list", NULL, NULL, NULL,
     "{\"iss\":[\"" ISSUER "\"],\"aud\":\"shop\",\"sub\":\"ada\",\"exp\":1800000300}", NULL,
     "no iss"},
    {"no iss", NULL, NULL, NULL, "{\"aud\":\"shop\",\"sub\":\"ada\",\"exp\":1800000300}", NULL,
     "no iss"},
    {"another audience", NULL, NULL, NULL,
     "{\"iss\":\"" ISSUER "\",\"aud\":\"bank\",\"sub\":\"ada\",\"exp\":1800000300}", NULL,
     "does not name shop"},
    {"no audience", NULL, NULL, NULL, "{\"iss\":\"" ISSUER "\",\"sub\":\"ada\",\"exp\":1800000300}",
     NULL, "does not name shop"},
    {"an empty audience", NULL, NULL, NULL,
     "{\"iss\":\"" ISSUER "\",\"aud\":\"\",\"sub\":\"ada\",\"exp\":1800000300}", NULL,
     "does not name shop"},
    {"an empty list of audiences", NULL, NULL, NULL,
     "{\"iss\":\"" ISSUER "\",\"aud\":[],\"sub\":\"ada\",\"exp\":1800000300}", NULL,
     "does not name shop"},
    {"an audience that begins like ours", NULL, NULL, NULL,
     "{\"iss\":\"" ISSUER "\",\"aud\":\"shopping\",\"sub\":\"ada\",\"exp\":1800000300}", NULL,
     "does not name shop"},
    {"an audience among other things", NULL, NULL, NULL,
     "{\"iss\":\"" ISSUER "\",\"aud\":[\"shop\",{}],\"sub\":\"ada\",\"exp\":1800000300}", NULL,
     "does not name shop"},
    {"aud is an object", NULL, NULL, NULL,
     "{\"iss\":\"" ISSUER "\",\"aud\":{\"shop\":true},\"sub\":\"ada\",\"exp\":1800000300}", NULL,
     "does not name shop"},
    {"no sub", NULL, NULL, NULL, "{\"iss\":\"" ISSUER "\",\"aud\":\"shop\",\"exp\":1800000300}",
     NULL, "sub is not a text"},
    {"an empty sub", NULL, NULL, NULL,
     "{\"iss\":\"" ISSUER "\",\"aud\":\"shop\",\"sub\":\"\",\"exp\":1800000300}", NULL,
     "sub is not a text"},
    {"sub is a number", NULL, NULL, NULL,
     "{\"iss\":\"" ISSUER "\",\"aud\":\"shop\",\"sub\":7,\"exp\":1800000300}", NULL,
     "sub is not a text"},
    {"a line break in sub", NULL, NULL, NULL,
     "{\"iss\":\"" ISSUER "\",\"aud\":\"shop\",\"sub\":\"ada\\nroot\",\"exp\":1800000300}", NULL,
     "sub is not a text"},
    {"roles that are objects", NULL, NULL, NULL, WITH("\"exp\":1800000300,\"roles\":[{\"a\":1}]"),
     NULL, "roles, at /roles"},
    {"roles that are an object", NULL, NULL, NULL, WITH("\"exp\":1800000300,\"roles\":{}"), NULL,
     "roles, at /roles"},
    {"an empty role", NULL, NULL, NULL, WITH("\"exp\":1800000300,\"roles\":[\"\"]"), NULL,
     "roles, at /roles"},
    {"65 roles", NULL, NULL, NULL,
     WITH(
         "\"exp\":1800000300,\"roles\":\"a a a a a a a a a a a a a a a a a a a a a a a a a a a a a "
         "a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a\""),
     NULL, "roles, at /roles"},
};

enum { ATTACKS = sizeof attacks / sizeof attacks[0] };

static char *make_token(const struct attack *attack)
{
    const char *header = attack->header ? attack->header : RS256;
    char *token = signer_token(attack->signer ? *attack->signer : keys.rsa,
                               attack->algorithm ? attack->algorithm : "RS256", header,
                               attack->claims ? attack->claims : CLAIMS);
    return attack->twist ? attack->twist(token) : token;
}

static void every_attack_on_a_token_is_refused_with_its_reason(void **state)
{
    (void)state;
    assert_true(ATTACKS >= 60);
    for (size_t i = 0; i < ATTACKS; i++) {
        struct cairn_arena arena = {0};
        struct cairn_error error = {0};
        struct cairn_bearer bearer = {0};
        char *token = make_token(&attacks[i]);
        int outcome = verify(token, &rules, &arena, &bearer, &error);
        bool unknown = strstr(attacks[i].reason, "none of the issuer's") != NULL;
        if (outcome != (unknown ? CAIRN_BEARER_UNKNOWN_KEY : -CAIRN_UNAUTHENTICATED))
            fail_msg("%s: outcome %d (%s)", attacks[i].what, outcome, error.message);
        if (!strstr(error.message, attacks[i].reason))
            fail_msg("%s: \"%s\" does not say \"%s\"", attacks[i].what, error.message,
                     attacks[i].reason);
        assert_int_equal(error.code, CAIRN_UNAUTHENTICATED);
        assert_null(bearer.actor.sub);
        free(token);
        cairn_arena_close(&arena);
    }
    print_message("%d attacks on tokens, each refused\n", ATTACKS);
}

/* Each prefix of a good token, and each with one byte changed, is refused. */
static void no_part_of_a_token_and_no_neighbour_of_it_is_accepted(void **state)
{
    (void)state;
    char *token = signer_token(keys.p256, "ES256", ES256, CLAIMS);
    size_t length = strlen(token);
    for (size_t i = 0; i < length; i++) {
        struct cairn_arena arena = {0};
        struct cairn_error error = {0};
        struct cairn_bearer bearer;
        assert_true(cairn_bearer_verify(keys.set, &rules, token, i, NOW, &arena, &bearer, &error) !=
                    0);
        char was = token[i];
        token[i] = was == 'A' ? 'Q' : 'A';
        cairn_error_reset(&error);
        assert_true(verify(token, &rules, &arena, &bearer, &error) != 0);
        token[i] = was;
        cairn_arena_close(&arena);
    }
    free(token);
}

/* ---- key sets ---- */

static void assert_no_set(const char *json, const char *reason)
{
    struct cairn_error error = {0};
    struct cairn_jwks *set = NULL;
    assert_int_equal(cairn_jwks_parse(json, strlen(json), &set, &error), -CAIRN_CONFIG);
    assert_null(set);
    if (!strstr(error.message, reason))
        fail_msg("%s: \"%s\"", json, error.message);
}

static void a_key_set_without_a_usable_key_is_refused(void **state)
{
    (void)state;
    char *small = signer_jwk(keys.rsa_small, "");
    char *json = NULL;
    assert_true(asprintf(&json, "{\"keys\":[%s]}", small) > 0);
    assert_no_set(json, "none of the 1 keys");
    free(json);
    char *large = signer_jwk(keys.rsa, ",\"use\":\"enc\"");
    assert_true(asprintf(&json, "{\"keys\":[%s]}", large) > 0);
    assert_no_set(json, "none of the 1 keys");
    free(json);
    free(small);
    free(large);
    assert_no_set("{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\",\"kid\":\"rsa\"}]}", "none of");
    assert_no_set("{\"keys\":[]}", "none of the 0 keys");
    assert_no_set("{\"keys\":{}}", "no list");
    assert_no_set("{}", "no list");
    assert_no_set("[]", "no JSON object");
    assert_no_set("{\"keys\":[],\"keys\":[]}", "names a member twice");
    assert_no_set("<html>", "no JSON object");
    /* A point that is not on its curve. */
    assert_no_set("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
                  "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
                  "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}]}",
                  "none of the 1 keys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_of_the_issuer_names_subject_issuer_and_roles),
        cmocka_unit_test(every_algorithm_is_accepted_with_a_key_of_its_kind),
        cmocka_unit_test(claims_have_all_the_forms_that_the_rfcs_allow),
        cmocka_unit_test(every_attack_on_a_token_is_refused_with_its_reason),
        cmocka_unit_test(no_part_of_a_token_and_no_neighbour_of_it_is_accepted),
        cmocka_unit_test(a_key_set_without_a_usable_key_is_refused),
    };
    return cmocka_run_group_tests_name("bearer", tests, make_keys, free_keys);
}
