/* jwks.c - reads key sets, and verifies signatures with their keys. The only file that uses
 * libcjose.
 *
 * The library is given one key at a time, of the kind and curve that the algorithm takes, and a
 * token whose spelling, header and signature length were checked. */
#include "identity/keys/jwks.h"

#include "core/containers/arena.h"
#include "core/text/sha256.h"
#include "identity/token/compact.h"
#include "identity/token/json_parts.h"

#include <cjose/cjose.h>
#include <openssl/err.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct cairn_algorithm algorithms[] = {
#define ALGORITHM(name, kind, bytes) {#name, kind, bytes},
    CAIRN_ALGORITHMS(ALGORITHM)
#undef ALGORITHM
};
/* clang-format on */

enum { ALGORITHMS = sizeof algorithms / sizeof algorithms[0] };

/* Keys of one id that are tried for a token. */
enum { TRIES_MAX = 4, RSA_LEAST_BYTES = 256, RSA_MOST_BYTES = 1024, EXPONENT_MOST_BYTES = 8 };

struct key {
    cjose_jwk_t *jwk;
    enum cairn_key_kind kind;
    const struct cairn_algorithm *algorithm; /* NULL: any of its kind */
    const char *id;                          /* NULL: none */
    size_t modulus_bytes;
};

struct cairn_jwks {
    atomic_int holders;
    struct cairn_arena arena;
    uint8_t digest[CAIRN_DIGEST_BYTES]; /* of the text */
    struct key *keys;
    size_t count;
};

const struct cairn_algorithm *cairn_algorithm_find(const char *name)
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (strcmp(algorithms[i].name, name) == 0)
            return &algorithms[i];
    }
    return NULL;
}

/* ---- reading ---- */

static const struct curve {
    const char *name;
    enum cairn_key_kind kind;
    size_t bytes; /* of a coordinate */
} curves[] = {
    {"P-256", CAIRN_KEY_P256, 32},
    {"P-384", CAIRN_KEY_P384, 48},
    {"P-521", CAIRN_KEY_P521, 66},
};

/* Returns the length of a number in base64url; 0 if the member is none. */
static size_t number_bytes(const json_t *key, const char *member, struct cairn_arena *arena)
{
    const char *text = cairn_json_text(key, member);
    size_t bytes = 0;
    return text && cairn_base64url_read(text, strlen(text), arena, &bytes) ? bytes : 0;
}

/* Returns whether the key may verify signatures: `use` and `key_ops`, where they are set. */
static bool is_for_signatures(const json_t *key)
{
    const json_t *use = json_object_get(key, "use");
    const json_t *operations = json_object_get(key, "key_ops");
    const char *text = cairn_json_text(key, "use");
    bool verifies = !operations;
    for (size_t i = 0; i < json_array_size(operations) && !verifies; i++) {
        const char *operation = json_string_value(json_array_get(operations, i));
        verifies = operation && strcmp(operation, "verify") == 0;
    }
    return verifies && (!use || (text && strcmp(text, "sig") == 0));
}

static cjose_jwk_t *import(const char *json)
{
    cjose_err why;
    cjose_jwk_t *jwk = cjose_jwk_import(json, strlen(json), &why);
    ERR_clear_error();
    return jwk;
}

static bool read_rsa(const json_t *key, struct key *ret, struct cairn_arena *arena)
{
    size_t modulus = number_bytes(key, "n", arena);
    size_t exponent = number_bytes(key, "e", arena);
    if (modulus < RSA_LEAST_BYTES || modulus > RSA_MOST_BYTES || exponent == 0 ||
        exponent > EXPONENT_MOST_BYTES)
        return false;
    ret->kind = CAIRN_KEY_RSA;
    ret->modulus_bytes = modulus;
    ret->jwk = import(cairn_print(arena, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}",
                                  cairn_json_text(key, "n"), cairn_json_text(key, "e")));
    return ret->jwk;
}

static bool read_ec(const json_t *key, struct key *ret, struct cairn_arena *arena)
{
    const char *name = cairn_json_text(key, "crv");
    const struct curve *curve = NULL;
    for (size_t i = 0; name && i < sizeof curves / sizeof curves[0]; i++)
        curve = strcmp(curves[i].name, name) == 0 ? &curves[i] : curve;
    if (!curve || number_bytes(key, "x", arena) != curve->bytes ||
        number_bytes(key, "y", arena) != curve->bytes)
        return false;
    ret->kind = curve->kind;
    ret->jwk =
        import(cairn_print(arena, "{\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}",
                           curve->name, cairn_json_text(key, "x"), cairn_json_text(key, "y")));
    return ret->jwk;
}

/* Reads one key. Returns false if it cannot be used. */
static bool read_key(const json_t *key, struct key *ret, struct cairn_arena *arena)
{
    const char *type = cairn_json_text(key, "kty");
    const char *algorithm = cairn_json_text(key, "alg");
    const char *id = cairn_json_text(key, "kid");
    *ret = (struct key){.id = cairn_copy_text(arena, id)};
    if (!type || !is_for_signatures(key))
        return false;
    if (json_object_get(key, "kid") && !id)
        return false;
    if (json_object_get(key, "alg")) {
        ret->algorithm = algorithm ? cairn_algorithm_find(algorithm) : NULL;
        if (!ret->algorithm)
            return false;
    }
    if (strcmp(type, "RSA") == 0)
        return read_rsa(key, ret, arena);
    return strcmp(type, "EC") == 0 && read_ec(key, ret, arena);
}

static int read_keys(struct cairn_jwks *set, const json_t *json, struct cairn_error *error)
{
    const json_t *keys = json_object_get(json, "keys");
    if (!json_is_array(keys))
        return cairn_fail(error, CAIRN_CONFIG, "the key set has no list `keys`");
    if (json_array_size(keys) > CAIRN_JWKS_MAX_KEYS)
        return cairn_fail(error, CAIRN_CONFIG, "the key set has %zu keys, more than %d",
                          json_array_size(keys), CAIRN_JWKS_MAX_KEYS);
    set->keys = cairn_new(&set->arena, struct key, json_array_size(keys) + 1);
    for (size_t i = 0; i < json_array_size(keys); i++)
        set->count += read_key(json_array_get(keys, i), &set->keys[set->count], &set->arena);
    if (set->count == 0)
        return cairn_fail(error, CAIRN_CONFIG,
                          "none of the %zu keys of the key set can be used: tokens are verified "
                          "with RSA keys of 2048 bits or more, and with EC keys on P-256, P-384 "
                          "and P-521",
                          json_array_size(keys));
    return 0;
}

int cairn_jwks_parse(const char *json, size_t bytes, struct cairn_jwks **ret,
                     struct cairn_error *error)
{
    if (bytes > CAIRN_JWKS_MAX_BYTES)
        return cairn_fail(error, CAIRN_CONFIG, "the key set is larger than %d bytes",
                          CAIRN_JWKS_MAX_BYTES);
    CAIRN_JSON *root = cairn_json_object(json, bytes);
    if (!root)
        return cairn_fail(error, CAIRN_CONFIG,
                          "the key set is no JSON object, or names a member twice");
    struct cairn_jwks *set = cairn_allocate(sizeof *set);
    atomic_init(&set->holders, 1);
    cairn_sha256(json, bytes, set->digest);
    int failed = read_keys(set, root, error);
    if (failed)
        cairn_jwks_release(set);
    else
        *ret = set;
    return failed;
}

struct cairn_jwks *cairn_jwks_hold(struct cairn_jwks *set)
{
    atomic_fetch_add(&set->holders, 1);
    return set;
}

void cairn_jwks_release(struct cairn_jwks *set)
{
    if (!set || atomic_fetch_sub(&set->holders, 1) > 1)
        return;
    for (size_t i = 0; i < set->count; i++)
        cjose_jwk_release(set->keys[i].jwk);
    cairn_arena_close(&set->arena);
    free(set);
}

size_t cairn_jwks_count(const struct cairn_jwks *set)
{
    return set->count;
}

bool cairn_jwks_same(const struct cairn_jwks *a, const struct cairn_jwks *b)
{
    return memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

/* ---- verifying ---- */

static bool is_named(const struct key *key, const char *id)
{
    return !id || (key->id && strcmp(key->id, id) == 0);
}

static bool takes(const struct key *key, const struct cairn_algorithm *algorithm)
{
    return key->kind == algorithm->kind && (!key->algorithm || key->algorithm == algorithm);
}

static bool is_signed_by(const struct key *key, const struct cairn_algorithm *algorithm,
                         const char *token, size_t bytes, size_t signature_bytes)
{
    cjose_err why;
    size_t wanted = algorithm->signature_bytes ? algorithm->signature_bytes : key->modulus_bytes;
    if (signature_bytes != wanted)
        return false;
    cjose_jws_t *jws = cjose_jws_import(token, bytes, &why);
    bool good = jws && cjose_jws_verify(jws, key->jwk, &why);
    cjose_jws_release(jws);
    ERR_clear_error(); /* other users of OpenSSL on this thread would take it for theirs */
    return good;
}

enum cairn_jwks_found cairn_jwks_verify(const struct cairn_jwks *set,
                                        const struct cairn_algorithm *algorithm, const char *key_id,
                                        const char *token, size_t bytes, size_t signature_bytes)
{
    const struct key *tried[TRIES_MAX];
    size_t named = 0;
    size_t count = 0;
    for (size_t i = 0; set && i < set->count; i++) {
        const struct key *key = &set->keys[i];
        named += is_named(key, key_id);
        if (is_named(key, key_id) && takes(key, algorithm) && count < TRIES_MAX)
            tried[count++] = key;
    }
    if (count == 0)
        return key_id && named ? CAIRN_JWKS_NO_SUCH_KIND : CAIRN_JWKS_UNKNOWN_KEY;
    if (!key_id && count > 1)
        return CAIRN_JWKS_AMBIGUOUS;
    for (size_t i = 0; i < count; i++) {
        if (is_signed_by(tried[i], algorithm, token, bytes, signature_bytes))
            return CAIRN_JWKS_VERIFIED;
    }
    return CAIRN_JWKS_WRONG;
}
