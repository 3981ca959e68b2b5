/* cursor.h - where a page of a list ended: opaque to clients.
 *
 * It names a row by the value that the list is sorted by and by its key, so rows that come and go
 * before it do not move the next page. The text is base64url (RFC 4648 section 5, unpadded) of a
 * version byte, the direction, the value, a NUL and the key. */
#ifndef CAIRN_QUERY_CURSOR_H
#define CAIRN_QUERY_CURSOR_H

#include "core/arena.h"

#include <stdbool.h>

struct cairn_query_cursor {
    bool descending;
    const char *value; /* text of the order field, "" where the list is sorted by key alone */
    const char *key;
};

const char *cairn_query_cursor_encode(const struct cairn_query_cursor *cursor,
                                      struct cairn_arena *arena);

/* Returns 0, or -CAIRN_MALFORMED if it is not what cairn_query_cursor_encode made. What `ret`
 * points to lies in the arena. */
int cairn_query_cursor_decode(const char *text, struct cairn_arena *arena,
                              struct cairn_query_cursor *ret) CAIRN_CHECKED;

#endif
