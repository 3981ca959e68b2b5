/* forward.h - answers a request with a stream of another service's, such as its events, as they
 * come: what begins as one connection ends as one, on either side.
 *
 * Threads: one for each stream, which waits for the other service; the client is served by its
 * polling thread. At most FORWARDS_MAX at once. */
#ifndef CAIRN_RUNTIME_FORWARD_H
#define CAIRN_RUNTIME_FORWARD_H

#include "http/http.h"

#include <cairn/outbound.h>

enum { CAIRN_FORWARDS_MAX = 500 };

/* Begins, and takes over the request: its handler returns CAIRN_HTTP_SUSPENDED. What the call needs
 * is copied. Returns 0; -CAIRN_BUSY: there are too many; or -CAIRN_CONFIG, and the request is still
 * the handler's. */
int cairn_forward_begin(struct cairn_target *target, const struct cairn_outbound_request *call,
                        struct cairn_http_request *request, struct cairn_http_response *response,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Ends all streams, within a second; none begins any more. Call it before the server is stopped. */
void cairn_forwards_end(void);
/* Waits for their threads. Call it after the server was stopped. */
void cairn_forwards_wait(void);

#endif
