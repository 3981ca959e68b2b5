/* handler.h - connects the HTTP server to a service's own functions (cairn/handler.h). */
#ifndef CAIRN_RUNTIME_HANDLER_H
#define CAIRN_RUNTIME_HANDLER_H

#include "http/http.h"

#include <cairn/handler.h>

/* "POST /things/{id}" split into its parts. */
struct cairn_handler_route {
    char method[8];
    const char *pattern; /* the rest of route->route */
    const struct cairn_route *route;
};

/* Returns 0, or -CAIRN_BUG if the row is invalid. The route is borrowed. */
int cairn_handler_init(struct cairn_handler_route *ret, const struct cairn_route *route,
                       struct cairn_error *error) CAIRN_CHECKED;

/* A cairn_http_handler; `self` is a struct cairn_handler_route. */
enum cairn_http_outcome cairn_handler_call(const void *self, void *worker,
                                           struct cairn_http_request *request,
                                           struct cairn_http_response *response);

#endif
