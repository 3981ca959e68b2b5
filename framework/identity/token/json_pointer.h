/* json_pointer.h - the syntax of JSON pointers (RFC 6901). */
#ifndef CAIRN_IDENTITY_JSON_POINTER_H
#define CAIRN_IDENTITY_JSON_POINTER_H

#include <stdbool.h>

/* Returns whether a text is a JSON pointer to a member: it begins with "/", and each ~ stands
 * before a 0 or 1. */
bool cairn_json_is_pointer(const char *pointer);

#endif
