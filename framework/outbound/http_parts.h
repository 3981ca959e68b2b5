/* http_parts.h - a request as libcurl wants it, and the head of its answer: for calls whose answer
 * is read whole (http_call.c), and for streams (stream.c). */
#ifndef CAIRN_OUTBOUND_HTTP_PARTS_H
#define CAIRN_OUTBOUND_HTTP_PARTS_H

#include "core/containers/arena.h"
#include "outbound/target/target.h"

enum { CAIRN_HEAD_MAX_BYTES = 65536 };

struct cairn_http_parts {
    const struct cairn_outbound_request *request;
    const char *traceparent, *tracestate; /* that are sent; NULL: none */
    struct cairn_arena arena;             /* URL and headers as libcurl wants them */
    struct curl_slist *headers;
    const char *url;
};

/* Makes URL and headers. */
void cairn_http_parts_make(struct cairn_http_parts *parts, const struct cairn_limits *limits);
void cairn_http_parts_reset(struct cairn_http_parts *parts);

/* Sets them, method and body. */
void cairn_http_parts_set(const struct cairn_http_parts *parts, CURL *handle);

/* Keeps a line of an answer's head, as libcurl passes them one by one; `*capacity` is that of
 * `response->head_`, zero at first. */
void cairn_http_keep_line(struct cairn_outbound_response *response, size_t *capacity,
                          const char *line, size_t bytes);

/* Reads status, type and Retry-After of an answer whose head is there. */
void cairn_http_read_head(CURL *handle, struct cairn_outbound_response *ret);

#endif
