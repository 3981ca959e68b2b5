/* sealed.c - seals texts: nonce, ciphertext and tag, one after the other. */
#include "identity/session/sealed.h"

#include "core/text/sha256.h"
#include "identity/token/compact.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { NONCE_BYTES = 12, TAG_BYTES = 16, SEALED_MAX_BYTES = 16384 };

void cairn_random_bytes(void *ret, size_t count)
{
    size_t got = 0;
    while (got < count) {
        ssize_t more = getrandom((char *)ret + got, count - got, 0);
        if (more <= 0) {
            perror("getrandom");
            abort();
        }
        got += (size_t)more;
    }
}

/* The key of a purpose: none of its texts open with another one's. */
static void derive(const uint8_t key[static CAIRN_SEAL_KEY_BYTES], const char *purpose,
                   uint8_t ret[static CAIRN_DIGEST_BYTES])
{
    cairn_hmac(key, CAIRN_SEAL_KEY_BYTES, purpose, strlen(purpose), ret);
}

/* OpenSSL fails here only without memory, or without the cipher: neither can be answered. */
static void insist(int done)
{
    if (done != 1)
        abort();
}

char *cairn_seal(const uint8_t key[static CAIRN_SEAL_KEY_BYTES], const char *purpose,
                 const char *text, struct cairn_arena *arena)
{
    uint8_t own[CAIRN_DIGEST_BYTES];
    size_t bytes = strlen(text);
    uint8_t *sealed = cairn_new(arena, uint8_t, NONCE_BYTES + bytes + TAG_BYTES);
    int count = 0;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    insist(cipher && bytes < SEALED_MAX_BYTES);
    derive(key, purpose, own);
    cairn_random_bytes(sealed, NONCE_BYTES);
    insist(EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, own, sealed));
    insist(
        EVP_EncryptUpdate(cipher, sealed + NONCE_BYTES, &count, (const uint8_t *)text, (int)bytes));
    insist(EVP_EncryptFinal_ex(cipher, sealed + NONCE_BYTES + count, &count));
    insist(
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, sealed + NONCE_BYTES + bytes));
    EVP_CIPHER_CTX_free(cipher);
    OPENSSL_cleanse(own, sizeof own);
    return cairn_base64url_write(sealed, NONCE_BYTES + bytes + TAG_BYTES, arena);
}

/* Decrypts `bytes` of ciphertext into `ret`. Returns whether the tag fits. */
static bool open_sealed(const uint8_t *own, const uint8_t *sealed, size_t bytes, uint8_t *ret)
{
    uint8_t tag[TAG_BYTES];
    int count = 0;
    memcpy(tag, sealed + NONCE_BYTES + bytes, TAG_BYTES);
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    insist(cipher != NULL);
    insist(EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, own, sealed));
    insist(EVP_DecryptUpdate(cipher, ret, &count, sealed + NONCE_BYTES, (int)bytes));
    insist(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag));
    bool fits = EVP_DecryptFinal_ex(cipher, ret + count, &count) == 1;
    EVP_CIPHER_CTX_free(cipher);
    return fits;
}

const char *cairn_unseal(const uint8_t key[static CAIRN_SEAL_KEY_BYTES], const char *purpose,
                         const char *sealed, struct cairn_arena *arena)
{
    uint8_t own[CAIRN_DIGEST_BYTES];
    size_t count = 0;
    size_t length = strlen(sealed);
    const char *raw = length < (size_t)2 * SEALED_MAX_BYTES
                          ? cairn_base64url_read(sealed, length, arena, &count)
                          : NULL;
    if (!raw || count < NONCE_BYTES + TAG_BYTES)
        return NULL;
    size_t bytes = count - NONCE_BYTES - TAG_BYTES;
    uint8_t *text = cairn_new(arena, uint8_t, bytes + 1);
    derive(key, purpose, own);
    bool fits = open_sealed(own, (const uint8_t *)raw, bytes, text);
    OPENSSL_cleanse(own, sizeof own);
    return fits && memchr(text, '\0', bytes) == NULL ? (const char *)text : NULL;
}
