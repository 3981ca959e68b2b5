/* json_text.h - reads JSON text that belongs to no record: what another system has sent, in a
 * test. */
#ifndef CAIRN_RECORD_JSON_TEXT_H
#define CAIRN_RECORD_JSON_TEXT_H

#include "core/containers/arena.h"

#include <cairn/error.h>

/* Finds the value at a JSON pointer (RFC 6901: "" is the whole text, "/lines/0/sku" a member).
 * `ret` becomes its text in one form: without white space, members sorted; a string without its
 * quotes, in `ret_text`, else NULL. Both are in the arena. Returns 0, or
 *   -CAIRN_MALFORMED  the text is no JSON, or the pointer does not begin with "/"
 *   -CAIRN_NOT_FOUND  there is no such value
 * The outputs are untouched on failure. */
int cairn_json_find(const char *json, size_t bytes, const char *pointer, struct cairn_arena *arena,
                    const char **ret, const char **ret_text,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Returns whether both texts are JSON and say the same. */
bool cairn_json_same(const char *a, const char *b);

#endif
