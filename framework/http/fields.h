/* fields.h - request line and header fields held against the grammar (RFC 9110 section 5, RFC 9112
 * sections 2.2, 3 and 5): where two readers of one request see different fields, one of them is
 * fooled. */
#ifndef CAIRN_HTTP_FIELDS_H
#define CAIRN_HTTP_FIELDS_H

#include <microhttpd.h>
#include <stdbool.h>

/* tchar (RFC 9110 section 5.6.2), at least one: what methods and names of fields are made of. */
bool cairn_is_token(const char *text);

/* Does the library that runs refuse wrong lines itself, if it is told to be strict? */
bool cairn_library_is_strict(void);

/* What is wrong with the lines of a request whose headers are complete, or NULL. `method` and
 * `version` are those that the library hands out, where they lie; `target_bytes` is the length of
 * the target as it came. */
const char *cairn_head_wrong(struct MHD_Connection *wire, const char *method, size_t target_bytes,
                             const char *version);

#endif
