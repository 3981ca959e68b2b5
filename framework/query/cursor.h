/* cursor.h - where a page of a list ended: opaque to clients, and signed.
 *
 * It names a row by the value that the list is sorted by and by its key, so rows that come and go
 * before it do not move the next page. The text is base64url (RFC 4648 section 5, unpadded) of a
 * version byte, the direction, the value, a NUL, the key, and the first 16 bytes of an HMAC-SHA256
 * over the list that it belongs to and all of that. So nobody makes a cursor of his own, nor takes
 * one to another list or to other filters. */
#ifndef CAIRN_QUERY_CURSOR_H
#define CAIRN_QUERY_CURSOR_H

#include "core/arena.h"

#include <stdbool.h>

enum { CAIRN_CURSOR_SEAL_BYTES = 16 };

struct cairn_query_cursor {
    bool descending;
    const char *value; /* text of the order field, "" where the list is sorted by key alone */
    const char *key;

    /* Of one that was decoded: */
    const char *sealed; /* what the seal is over, … */
    size_t sealed_bytes;
    const char *seal; /* … and the seal */
};

/* What a cursor is sealed with: both are texts. */
struct cairn_query_seal {
    const char *secret;
    const char *list; /* path and filters */
};

const char *cairn_query_cursor_encode(const struct cairn_query_cursor *cursor,
                                      const struct cairn_query_seal *seal,
                                      struct cairn_arena *arena);

/* Returns 0, or -CAIRN_MALFORMED if it has another form than cairn_query_cursor_encode gives it.
 * What `ret` points to lies in the arena. Whether it may be believed the seal tells. */
int cairn_query_cursor_decode(const char *text, struct cairn_arena *arena,
                              struct cairn_query_cursor *ret) CAIRN_CHECKED;

/* A copy that borrows nothing but from the arena. */
struct cairn_query_cursor cairn_query_cursor_keep(const struct cairn_query_cursor *cursor,
                                                  struct cairn_arena *arena);

/* Was it made by somebody who has the secret, for this list? Takes as long for any answer. */
bool cairn_query_cursor_holds(const struct cairn_query_cursor *cursor,
                              const struct cairn_query_seal *seal,
                              struct cairn_arena *arena) CAIRN_CHECKED;

#endif
