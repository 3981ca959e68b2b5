/* log_incoming.h - reads the events of a request that appends, and its conditions. */
#ifndef CAIRN_FEED_LOG_INCOMING_H
#define CAIRN_FEED_LOG_INCOMING_H

#include "feed/face/log_side.h"
#include "http/http.h"
#include "store/append/append.h"

/* An event as it is to be appended. */
struct cairn_log_incoming {
    const char *stream;
    const struct cairn_event_type *type;
    const char *data; /* encoded by its table */
    const char *const *tags;
    size_t tag_count;
    const char *source, *id; /* as its sender names it; or NULL */
};

struct cairn_log_request {
    struct cairn_log_incoming *events; /* in the order sent; at least one */
    size_t event_count;
    struct cairn_expected *expected; /* conditions, each stream once */
    size_t expected_count;
};

/* Reads a request to append to `stream` (NULL: to those that its events name), by the media type of
 * its body. Returns 0, or
 *   -CAIRN_MEDIA_TYPE  the body is of a type that nothing reads
 *   -CAIRN_MALFORMED, -CAIRN_INVALID  all that is wrong is named, by JSON pointer
 *   -CAIRN_NOT_FOUND   no face shows the category
 *   -CAIRN_UNAUTHENTICATED, -CAIRN_FORBIDDEN  the caller may not append to it */
int cairn_log_incoming_read(const struct cairn_log_side *side, const char *stream,
                            const struct cairn_http_request *request, struct cairn_log_request *ret,
                            struct cairn_error *error) CAIRN_CHECKED;

#endif
