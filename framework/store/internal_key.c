/* internal_key.c - signatures by which services of one store recognise each other's commands. */
#include "store/internal_key.h"

#include "core/containers/buffer.h"
#include "core/text/sha256.h"
#include "core/text/text.h"

#include <stdio.h>
#include <string.h>

static const struct cairn_statement key_statement = {
    .name = NULL,
    .sql = "select encode(key, 'hex') from cairn.internal_key",
};

int cairn_internal_key_read(struct cairn_pg *pg, struct cairn_internal_key *ret,
                            struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &key_statement, NULL, &rows, error);
    if (count < 0)
        return (int)count;
    const char *hex = count > 0 ? cairn_pg_text(rows, 0, 0) : "";
    if (strlen(hex) != 2 * sizeof ret->bytes)
        return cairn_fail(error, CAIRN_SCHEMA, "cairn.internal_key is empty");
    for (size_t i = 0; i < sizeof ret->bytes; i++)
        ret->bytes[i] =
            (uint8_t)(cairn_hex_value(hex[2 * i]) << 4 | cairn_hex_value(hex[2 * i + 1]));
    return 0;
}

void cairn_internal_sign(const struct cairn_internal_key *key, const char *path,
                         const char *idempotency_key, char ret[static CAIRN_SIGNATURE_SIZE])
{
    struct cairn_arena arena = {0};
    struct cairn_buffer text = cairn_buffer(&arena);
    uint8_t digest[CAIRN_DIGEST_BYTES];
    cairn_buffer_print(&text, "%s\n%s", path, idempotency_key);
    cairn_hmac(key->bytes, sizeof key->bytes, text.text, text.length, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(ret + 2 * i, 3, "%02x", digest[i]);
    cairn_arena_close(&arena);
}

bool cairn_internal_is_signed(const struct cairn_internal_key *key, const char *path,
                              const char *idempotency_key, const char *signature)
{
    char wanted[CAIRN_SIGNATURE_SIZE];
    unsigned differs = 0;
    if (!signature || !idempotency_key || strlen(signature) != CAIRN_SIGNATURE_SIZE - 1)
        return false;
    cairn_internal_sign(key, path, idempotency_key, wanted);
    for (size_t i = 0; i < CAIRN_SIGNATURE_SIZE - 1; i++)
        differs |= (unsigned)(unsigned char)(wanted[i] ^ signature[i]);
    return differs == 0;
}
