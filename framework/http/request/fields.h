/* fields.h - checks request line and header fields against the grammar (RFC 9110 section 5, RFC
 * 9112 sections 2.2, 3 and 5): where two recipients of a request see different fields, one of them
 * can be deceived. */
#ifndef CAIRN_HTTP_FIELDS_H
#define CAIRN_HTTP_FIELDS_H

#include <microhttpd.h>
#include <stdbool.h>

/* Returns whether a text is a token: one or more tchar (RFC 9110 section 5.6.2), as in methods and
 * field names. */
bool cairn_is_token(const char *text);

/* Returns whether the library in use refuses malformed lines itself, if told to be strict. */
bool cairn_library_is_strict(void);

/* Returns what is wrong with the lines of a request whose headers are complete, or NULL. `method`
 * and `version` must be the library's own pointers; `target_bytes` is the length of the target as
 * sent. */
const char *cairn_head_wrong(struct MHD_Connection *wire, const char *method, size_t target_bytes,
                             const char *version);

#endif
