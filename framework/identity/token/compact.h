/* compact.h - the three parts of a signed token in compact form (RFC 7515 section 7.1), decoded
 * strictly: each token has one spelling. */
#ifndef CAIRN_IDENTITY_COMPACT_H
#define CAIRN_IDENTITY_COMPACT_H

#include "core/containers/arena.h"

#include <cairn/error.h>
#include <stdbool.h>

enum {
    CAIRN_BEARER_MAX_BYTES = 8000
}; /* a larger token is refused: a header line has to hold it */

struct cairn_compact {
    const char *header; /* JSON, ended by a NUL that its length does not count */
    size_t header_bytes;
    const char *claims; /* likewise */
    size_t claims_bytes;
    size_t signature_bytes; /* of the decoded signature */
};

/* Decodes base64url (RFC 4648 section 5) without padding, white space or other characters, and
 * whose unused bits are zero. Returns the bytes, ended by a NUL, in the arena; NULL if the text is
 * not of this form. */
const char *cairn_base64url_read(const char *text, size_t length, struct cairn_arena *arena,
                                 size_t *ret_bytes);

/* Encodes bytes in the same form, in the arena. */
char *cairn_base64url_write(const void *bytes, size_t count, struct cairn_arena *arena);

/* Reads a token into `ret`, in the arena. Returns 0 or -CAIRN_UNAUTHENTICATED: it is too long, has
 * not three parts (an encrypted one has five, an unsigned one an empty third), or one of them is no
 * base64url. */
int cairn_compact_read(const char *token, size_t bytes, struct cairn_arena *arena,
                       struct cairn_compact *ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
