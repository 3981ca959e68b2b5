/* row_key.h - keys that are made of fields: a struct as the text of a row's key, and back. */
#ifndef CAIRN_PROJECTION_ROW_KEY_H
#define CAIRN_PROJECTION_ROW_KEY_H

#include "core/containers/arena.h"

#include <cairn/projection.h>

/* Checks the key of a projection, if it has one: each of its fields is a column of the same kind,
 * and can be written as plain text. Returns 0 or -CAIRN_BUG. */
int cairn_row_key_check(const struct cairn_projection *projection,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Returns the text of a key: its fields in plain text, separated by colons; colons and per cent
 * signs in a text are percent-encoded. */
const char *cairn_row_key_text(const struct cairn_record *key, const void *value,
                               struct cairn_arena *arena);

/* Sets the columns of a row that its key is made of. Does nothing if the projection has no such
 * key. */
void cairn_row_key_fill(const struct cairn_projection *projection, const char *text, void *row,
                        struct cairn_arena *arena);

#endif
