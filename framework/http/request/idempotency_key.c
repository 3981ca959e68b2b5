/* idempotency_key.c - reads the header Idempotency-Key.
 *
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
#include "http/http.h"

#include <string.h>

enum { KEY_MAX_BYTES = 200 };

int cairn_http_idempotency_key(const struct cairn_http_request *request, const char **ret,
                               struct cairn_error *error)
{
    const char *key = cairn_http_header(request, "Idempotency-Key");
    *ret = key;
    if (!key)
        return 0;
    size_t bytes = strlen(key);
    bool good = bytes > 0 && bytes <= KEY_MAX_BYTES;
    for (size_t i = 0; i < bytes && good; i++)
        good = key[i] > ' ' && key[i] < 0x7F;
    if (good && cairn_http_header_count(request, "Idempotency-Key") == 1)
        return 0;
    return cairn_fail(error, CAIRN_MALFORMED,
                      "Idempotency-Key must be one text of 1 to %d visible ASCII characters",
                      KEY_MAX_BYTES);
}
