/* token.h - Cairn-Position: a position in one timeline of one store, opaque to clients.
 *
 * The text is the first eight hex digits of the store's id, the epoch and the position:
 * "3f2a9c1e-1-4711". A later version may append positions of other shards, so clients must send it
 * back unchanged. */
#ifndef CAIRN_STORE_TOKEN_H
#define CAIRN_STORE_TOKEN_H

#include "store/store.h"

#include <stdbool.h>

enum { CAIRN_TOKEN_TEXT_SIZE = 64 };

void cairn_token_format(const struct cairn_timeline *timeline, int64_t position,
                        char ret[static CAIRN_TOKEN_TEXT_SIZE]);

/* Returns 0 and the position, -CAIRN_MALFORMED if it is not a token, or -CAIRN_TIMELINE if it is
 * one of another store or epoch. */
int cairn_token_parse(const char *text, const struct cairn_timeline *timeline,
                      int64_t *ret_position, struct cairn_error *error) CAIRN_CHECKED;

/* Returns whether both are the same history of the same store. */
bool cairn_timeline_equal(const struct cairn_timeline *a, const struct cairn_timeline *b);

#endif
