/* routes.h - the routes of one process, and what handles each: a command's endpoint, a resource of
 * the query side, a service's own handler, or the process' health.
 *
 * Ownership: what it points to must live as long as the routes are in use, and so must the arena
 * from which they are allocated. */
#ifndef CAIRN_RUNTIME_ROUTES_H
#define CAIRN_RUNTIME_ROUTES_H

#include "command/endpoint.h"
#include "feed/face/log_side.h"
#include "http/http.h"
#include "query/query.h"
#include "runtime/serve/health.h"
#include "runtime/serve/operators/operators_side.h"
#include "runtime/serve/sessions.h"
#include "runtime/serve/static_files.h"

#include <cairn/service.h>

struct cairn_routes {
    struct cairn_arena *arena;
    struct cairn_command_side *commands;
    struct cairn_query_engine *const *queries;         /* set once it is open */
    const struct cairn_operators_side *operators_side; /* set once it is open */
    struct cairn_health *health;
    const struct cairn_log_side *log; /* without faces: the log is not shown */
    bool apart; /* what tells how the process is has a list of its own, and is in `all` no more */
    const struct cairn_allow *operators;   /* its policy there; NULL: anyone */
    struct cairn_sign_in sign_in;          /* for pages of services */
    const struct cairn_sessions *sessions; /* of pages that are signed in to */
    struct cairn_http_route *all;          /* result */
    size_t count, capacity;
    struct cairn_http_route *admin; /* result, if `apart` */
    size_t admin_count, admin_capacity;
};

/* Makes the routes of all services and of the process. Returns 0, or -CAIRN_BUG if one of their
 * commands or handlers is invalid. */
int cairn_routes_make(struct cairn_routes *routes, const struct cairn_service *const services[],
                      struct cairn_error *error) CAIRN_CHECKED;

#endif
