/* response.h - the headers of a response. */
#ifndef CAIRN_HTTP_RESPONSE_H
#define CAIRN_HTTP_RESPONSE_H

#include "http/http.h"

/* Calls `put` for each header that the answer to this request carries: those of the response, and
 * those of every answer. */
typedef void cairn_header_sink(void *sink, const char *name, const char *value);
void cairn_response_headers(const struct cairn_http_request *request,
                            const struct cairn_http_response *response, cairn_header_sink *put,
                            void *sink);

#endif
