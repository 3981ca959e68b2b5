/* test_sha256.c - the vectors for SHA-256 (FIPS 180-4, NIST's examples) and HMAC (RFC 4231). */
#include "../support/support.h"

#include "core/text/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_hex(const uint8_t digest[CAIRN_DIGEST_BYTES], const char *wanted)
{
    char hex[2 * CAIRN_DIGEST_BYTES + 1];
    for (size_t i = 0; i < CAIRN_DIGEST_BYTES; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(hex, wanted);
}

static void assert_digest(const char *text, const char *wanted)
{
    uint8_t digest[CAIRN_DIGEST_BYTES];
    cairn_sha256(text, strlen(text), digest);
    assert_hex(digest, wanted);
}

static void what_is_published_is_what_comes_out(void **state)
{
    (void)state;
    assert_digest("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    char *million = malloc(1000001);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    million[1000000] = '\0';
    assert_digest(million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void assert_hmac(const void *key, size_t key_count, const void *bytes, size_t count,
                        const char *wanted)
{
    uint8_t digest[CAIRN_DIGEST_BYTES];
    cairn_hmac(key, key_count, bytes, count, digest);
    assert_hex(digest, wanted);
}

static void the_keyed_form_is_that_of_rfc_4231(void **state)
{
    (void)state;
    uint8_t key[131];
    uint8_t data[50];
    memset(key, 0x0b, sizeof key);
    assert_hmac(key, 20, "Hi There", 8,
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_hmac("Jefe", 4, "what do ya want for nothing?", 28,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, sizeof data);
    assert_hmac(key, 20, data, sizeof data,
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    assert_hmac(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First", 54,
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_published_is_what_comes_out),
        cmocka_unit_test(the_keyed_form_is_that_of_rfc_4231),
    };
    return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
