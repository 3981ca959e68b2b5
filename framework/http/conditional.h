/* conditional.h - what preconditions and preferences name: entity tags (RFC 9110 sections 8.8.3 and
 * 13.1) and media ranges (section 12.5.1). The lists are cairn_http_header_list()'s. */
#ifndef CAIRN_HTTP_CONDITIONAL_H
#define CAIRN_HTTP_CONDITIONAL_H

#include <stdbool.h>
#include <stddef.h>

/* One of a list, without its quotes; not NUL-terminated. */
struct cairn_etag {
    const char *text;
    size_t bytes;
    bool weak;
};

/* Takes the next tag of a list, which *at moves along. Returns 1; 0 at the end; -1 if the list does
 * not go on as one. */
int cairn_etag_next(const char **at, struct cairn_etag *ret);

/* Is this a list of tags, or `*`? */
bool cairn_etags_valid(const char *list);
/* Is it `*`? */
bool cairn_etags_any(const char *list);
/* Does it name this tag, as it is written in ETag, by the weak comparison? What is no list names
 * nothing. */
bool cairn_etags_name(const char *list, const char *etag);

/* What an Accept header thinks of a media type, in thousandths: by the range that fits it best, of
 * those whose weight can be read; 0: it is not wanted. Without a header every type is as good. */
int cairn_accept_quality(const char *accept, const char *type);
/* Does it name the type itself, not by a range? */
bool cairn_accept_names(const char *accept, const char *type);

#endif
