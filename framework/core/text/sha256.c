/* sha256.c - SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104), by OpenSSL, which uses what the
 * processor has for it: a token of 700 bytes takes 0.7 us. */
#include "core/text/sha256.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdlib.h>

static EVP_MD *sha256;

/* Looked up once: OpenSSL takes longer to find a function than to hash a short text. */
static void find_function(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static const EVP_MD *function(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, find_function);
    return sha256;
}

void cairn_sha256(const void *bytes, size_t count, uint8_t ret[static CAIRN_DIGEST_BYTES])
{
    if (EVP_Digest(bytes, count, ret, NULL, function(), NULL) != 1)
        abort(); /* out of memory, or an OpenSSL without SHA-256 */
}

void cairn_hmac(const void *key, size_t key_count, const void *bytes, size_t count,
                uint8_t ret[static CAIRN_DIGEST_BYTES])
{
    if (!HMAC(function(), key, (int)key_count, bytes, count, ret, NULL))
        abort(); /* as above */
}
