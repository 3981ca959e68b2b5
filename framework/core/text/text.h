/* text.h - text functions that several modules use: hex, percent-encoding, UTF-8, likely typing
 * errors. */
#ifndef CAIRN_CORE_TEXT_H
#define CAIRN_CORE_TEXT_H

#include "core/containers/arena.h"

#include <stdbool.h>

/* Returns the value of a hex digit in either case, -1 if it is not one. */
int cairn_hex_value(char digit);

/* Writes the bytes as lower case hex, without a NUL, and returns the end. */
char *cairn_hex_write(char *to, const uint8_t *bytes, size_t count);

/* Reads one UTF-8 character by table 3-7 of the Unicode standard: no overlong forms, no surrogates,
 * nothing above U+10FFFF. Returns how many bytes belong together, at least one; `*ret_valid` tells
 * whether they are a character or the beginning of a broken one. `text` ends with a NUL. */
size_t cairn_utf8_read(const char *text, bool *ret_valid);
bool cairn_is_utf8(const char *text);

/* Returns a copy of `length` characters, percent-decoded (RFC 3986 section 2.1); NULL if the
 * encoding is invalid or stands for a NUL. */
char *cairn_percent_decode(struct cairn_arena *arena, const char *text, size_t length);

/* Returns whether `text` is probably a typing error for `word`: it differs by a character that was
 * inserted, deleted or replaced, or by two neighbours that changed places (the optimal string
 * alignment distance); if both have 8 bytes or more, by two such errors. Words of fewer than 4 or
 * more than 63 bytes are never mistaken. */
bool cairn_is_mistyped(const char *text, const char *word);

/* Returns a copy in which "?" replaces all that may not stand in a quoted text of OAuth (RFC 6749
 * section 5.2, RFC 6750 section 3): control characters, quotes, backslashes, bytes beyond ASCII. */
char *cairn_quotable(struct cairn_arena *arena, const char *text);

#endif
