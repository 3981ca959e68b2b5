/* stored_text.h - finds one text in the JSON of a row, as it was stored, without decoding the row:
 * decoding costs a read by key a fifth of its rate. */
#ifndef CAIRN_QUERY_STORED_TEXT_H
#define CAIRN_QUERY_STORED_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Finds a member of the object, not of objects in it, in JSON without white space, as
 * cairn_record_encode() writes it. Returns whether it is there, and is a text without escapes;
 * `ret` points into the JSON then, and has `ret_bytes` bytes. After a false, decode the row. */
bool cairn_stored_text(const char *json, size_t bytes, const char *name, const char **ret,
                       size_t *ret_bytes);

#endif
