/* conditional.h - parsers for preconditions and preferences: entity tags (RFC 9110 sections 8.8.3
 * and 13.1) and media ranges (section 12.5.1). The lists are cairn_http_header_list()'s. */
#ifndef CAIRN_HTTP_CONDITIONAL_H
#define CAIRN_HTTP_CONDITIONAL_H

#include <stdbool.h>
#include <stddef.h>

/* An entity tag of a list, without its quotes; not NUL-terminated. */
struct cairn_etag {
    const char *text;
    size_t bytes;
    bool weak;
};

/* Reads the next tag of a list and advances *at. Returns 1; 0 at the end; -1 if the rest is
 * malformed. */
int cairn_etag_next(const char **at, struct cairn_etag *ret);

/* Returns whether this is a list of tags, or `*`. */
bool cairn_etags_valid(const char *list);
/* Returns whether this is `*`. */
bool cairn_etags_any(const char *list);
/* Returns whether the list names this tag, as written in ETag, by the weak comparison. A malformed
 * list names nothing. */
bool cairn_etags_name(const char *list, const char *etag);

/* Returns the weight that an Accept header gives a media type, in thousandths: that of the best
 * matching range whose weight is valid; 0: not acceptable. Without a header every type has 1000. */
int cairn_accept_quality(const char *accept, const char *type);
/* Returns whether the header names the type itself, not by a range. */
bool cairn_accept_names(const char *accept, const char *type);
/* Returns whether Accept-Encoding names this coding (RFC 9110 section 12.5.3), with a weight above
 * 0; `*` does not count, nor does a missing header. */
bool cairn_accept_coding(const char *list, const char *coding);

#endif
