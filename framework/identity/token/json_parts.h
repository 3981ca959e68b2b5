/* json_parts.h - reads JSON whose shape is not ours: headers and claims of tokens, key sets. */
#ifndef CAIRN_IDENTITY_JSON_PARTS_H
#define CAIRN_IDENTITY_JSON_PARTS_H

#include "identity/token/json_pointer.h"

#include <jansson.h>

/* A value that is released at the end of its block. */
static inline void cairn_json_close(json_t **json)
{
    json_decref(*json);
}
#define CAIRN_JSON __attribute__((cleanup(cairn_json_close))) json_t

/* Returns the object that the whole text is; NULL if it is none, is no JSON (RFC 8259, UTF-8), or
 * names a member twice, at any depth. */
json_t *cairn_json_object(const char *json, size_t bytes);

/* Returns the text of a member; NULL if there is no such member, or it is no text. */
const char *cairn_json_text(const json_t *object, const char *member);

/* Returns the value at a pointer; NULL if there is none. */
const json_t *cairn_json_at(const json_t *root, const char *pointer);

#endif
