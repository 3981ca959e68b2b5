/* cursor.h - the end of a list page, as an opaque and signed text.
 *
 * A cursor names a row by its value of the order field and by its key, so that rows inserted or
 * deleted before it do not shift the next page. The text is base64url (RFC 4648 section 5,
 * unpadded) of a version byte, the direction, the value, a NUL, the key, and the first 16 bytes of
 * an HMAC-SHA256 over the list's name and all of the former. Clients can therefore neither forge a
 * cursor nor use one with another list or other filters. */
#ifndef CAIRN_QUERY_CURSOR_H
#define CAIRN_QUERY_CURSOR_H

#include "core/containers/arena.h"

#include <stdbool.h>

enum { CAIRN_CURSOR_SEAL_BYTES = 16 };

struct cairn_query_cursor {
    bool descending;
    const char *value; /* text of the order field, "" if the list is sorted by key alone */
    const char *key;

    /* Set by decoding: */
    const char *sealed; /* the signed bytes */
    size_t sealed_bytes;
    const char *seal; /* the signature */
};

/* What a cursor is signed with: both are texts. */
struct cairn_query_seal {
    const char *secret;
    const char *list; /* path and filters */
};

const char *cairn_query_cursor_encode(const struct cairn_query_cursor *cursor,
                                      const struct cairn_query_seal *seal,
                                      struct cairn_arena *arena);

/* Returns 0, or -CAIRN_MALFORMED if the text is not in the form of cairn_query_cursor_encode().
 * `ret` points into the arena. Does not verify the seal. */
int cairn_query_cursor_decode(const char *text, struct cairn_arena *arena,
                              struct cairn_query_cursor *ret) CAIRN_CHECKED;

/* Returns a copy that borrows nothing except from the arena. */
struct cairn_query_cursor cairn_query_cursor_keep(const struct cairn_query_cursor *cursor,
                                                  struct cairn_arena *arena);

/* Returns whether the cursor was signed with this secret for this list. Constant time. */
bool cairn_query_cursor_holds(const struct cairn_query_cursor *cursor,
                              const struct cairn_query_seal *seal,
                              struct cairn_arena *arena) CAIRN_CHECKED;

#endif
