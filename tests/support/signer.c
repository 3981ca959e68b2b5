/* signer.c - makes keys and signatures with OpenSSL. */
#include "signer.h"

#include <cairn/compiler.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct signer {
    EVP_PKEY *key;
    char *kid;
    const char *curve; /* NULL: RSA */
};

enum { SIGNATURE_MAX = 1024 };

/* Ends the test program: a key that cannot be made is a broken machine. */
static void must(int good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "signer: %s failed\n", what);
    abort();
}

static struct signer *make(const char *kid, const char *curve, EVP_PKEY *key)
{
    struct signer *signer = calloc(1, sizeof *signer);
    must(signer && key, "making a key");
    signer->key = key;
    signer->kid = strdup(kid);
    signer->curve = curve;
    return signer;
}

struct signer *signer_rsa(const char *kid, unsigned bits)
{
    return make(kid, NULL, EVP_RSA_gen(bits));
}

struct signer *signer_ec(const char *kid, const char *curve)
{
    return make(kid, curve, EVP_EC_gen(curve));
}

void signer_free(struct signer *signer)
{
    EVP_PKEY_free(signer->key);
    free(signer->kid);
    free(signer);
}

const char *signer_kid(const struct signer *signer)
{
    return signer->kid;
}

const char *signer_algorithm(const struct signer *signer)
{
    if (!signer->curve)
        return "RS256";
    if (strcmp(signer->curve, "P-256") == 0)
        return "ES256";
    return strcmp(signer->curve, "P-384") == 0 ? "ES384" : "ES512";
}

/* ---- text ---- */

char *signer_base64url(const void *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const uint8_t *at = bytes;
    char *ret = malloc(count * 4 / 3 + 4);
    size_t used = 0;
    unsigned held = 0;
    int bits = 0;
    must(ret != NULL, "memory");
    for (size_t i = 0; i < count; i++) {
        held = held << 8 | at[i];
        for (bits += 8; bits >= 6; bits -= 6)
            ret[used++] = digits[held >> (bits - 6) & 63];
    }
    if (bits > 0)
        ret[used++] = digits[held << (6 - bits) & 63];
    ret[used] = '\0';
    return ret;
}

/* Returns new text. */
CAIRN_PRINTF(1, 2)
static char *print(const char *format, ...)
{
    char *text = NULL;
    va_list list;
    va_start(list, format);
    must(vasprintf(&text, format, list) >= 0, "memory");
    va_end(list);
    return text;
}

/* Returns a number of the public key, of `bytes` bytes or as many as it has. */
static char *number(const struct signer *signer, const char *name, int bytes)
{
    BIGNUM *value = NULL;
    uint8_t text[2048];
    must(EVP_PKEY_get_bn_param(signer->key, name, &value), name);
    int count = bytes ? bytes : BN_num_bytes(value);
    must(BN_bn2binpad(value, text, count) == count, "writing a number");
    BN_free(value);
    return signer_base64url(text, (size_t)count);
}

char *signer_jwk(const struct signer *signer, const char *more)
{
    int bytes = signer->curve ? (EVP_PKEY_get_bits(signer->key) + 7) / 8 : 0;
    char *first = number(signer, signer->curve ? "qx" : "n", bytes);
    char *second = number(signer, signer->curve ? "qy" : "e", bytes);
    char *ret =
        signer->curve
            ? print("{\"kty\":\"EC\",\"crv\":\"%s\",\"kid\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"%s}",
                    signer->curve, signer->kid, first, second, more)
            : print("{\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"%s}", signer->kid,
                    first, second, more);
    free(first);
    free(second);
    return ret;
}

char *signer_pem(const struct signer *signer)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;
    must(PEM_write_bio_PUBKEY(out, signer->key), "PEM");
    long count = BIO_get_mem_data(out, &text);
    char *ret = strndup(text, (size_t)count);
    BIO_free(out);
    return ret;
}

/* ---- signatures ---- */

static const EVP_MD *hash_of(const char *algorithm)
{
    if (strstr(algorithm, "256"))
        return EVP_sha256();
    return strstr(algorithm, "384") ? EVP_sha384() : EVP_sha512();
}

/* Turns an ECDSA signature in DER into its two numbers. */
static size_t to_numbers(const struct signer *signer, uint8_t *signature, size_t bytes)
{
    const uint8_t *at = signature;
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &at, (long)bytes);
    int each = (EVP_PKEY_get_bits(signer->key) + 7) / 8;
    must(parts != NULL, "reading DER");
    must(BN_bn2binpad(ECDSA_SIG_get0_r(parts), signature, each) == each &&
             BN_bn2binpad(ECDSA_SIG_get0_s(parts), signature + each, each) == each,
         "writing r and s");
    ECDSA_SIG_free(parts);
    return 2 * (size_t)each;
}

static size_t sign(const struct signer *signer, const char *algorithm, const char *text,
                   uint8_t ret[SIGNATURE_MAX])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    size_t bytes = SIGNATURE_MAX;
    must(EVP_DigestSignInit(context, &options, hash_of(algorithm), NULL, signer->key), "signing");
    if (*algorithm == 'P')
        must(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) > 0 &&
                 EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) > 0,
             "PSS");
    must(EVP_DigestSign(context, ret, &bytes, (const uint8_t *)text, strlen(text)), "signing");
    EVP_MD_CTX_free(context);
    bool is_der = strstr(algorithm, "DER") != NULL;
    return signer->curve && !is_der ? to_numbers(signer, ret, bytes) : bytes;
}

/* Returns "HEADER.CLAIMS", which is what is signed. */
static char *signed_part(const char *header, const char *claims)
{
    char *first = signer_base64url(header, strlen(header));
    char *second = signer_base64url(claims, strlen(claims));
    char *ret = print("%s.%s", first, second);
    free(first);
    free(second);
    return ret;
}

static char *join(char *text, const void *signature, size_t bytes)
{
    char *third = signer_base64url(signature, bytes);
    char *ret = print("%s.%s", text, third);
    free(text);
    free(third);
    return ret;
}

char *signer_join(const char *header, const char *claims, const void *signature, size_t bytes)
{
    return join(signed_part(header, claims), signature, bytes);
}

char *signer_token(const struct signer *signer, const char *algorithm, const char *header,
                   const char *claims)
{
    uint8_t signature[SIGNATURE_MAX];
    char *text = signed_part(header, claims);
    bool unsigned_ = strcmp(algorithm, "none") == 0;
    return join(text, signature, unsigned_ ? 0 : sign(signer, algorithm, text, signature));
}

char *signer_hmac_token(const char *secret, const char *algorithm, const char *header,
                        const char *claims)
{
    uint8_t signature[SIGNATURE_MAX];
    unsigned bytes = 0;
    char *text = signed_part(header, claims);
    must(HMAC(hash_of(algorithm), secret, (int)strlen(secret), (const uint8_t *)text, strlen(text),
              signature, &bytes) != NULL,
         "HMAC");
    return join(text, signature, bytes);
}
