/* operators.h - the routes of a service that answers operators, under /admin/: what is in the
 * tables of operations/views.h and operations/actions.h. */
#ifndef CAIRN_RUNTIME_OPERATORS_H
#define CAIRN_RUNTIME_OPERATORS_H

#include "http/http.h"
#include "runtime/serve/operators/operators_side.h"

#include <cairn/service.h>

/* Callers that may look, and those that may act. */
extern const struct cairn_allow cairn_operators_look, cairn_operators_act;

/* Returns whether one of the services answers operators. */
bool cairn_operators_wanted(const struct cairn_service *const services[]);

/* Checks that not everyone may act: without authentication such a service answers this machine
 * only. Returns 0 or -CAIRN_CONFIG. */
int cairn_operators_check(const struct cairn_service *const services[], const char *bind,
                          bool authenticates, struct cairn_error *error) CAIRN_CHECKED;

/* Returns the services that operators are shown: `.system`, or those of this process. */
const struct cairn_service *const *
cairn_operators_system(const struct cairn_service *const services[]);

/* Calls `add` for each route. Their handlers need a worker of service_worker.h; `side` is filled in
 * once it is open. */
typedef void cairn_operators_add(void *context, const struct cairn_http_route *route);
void cairn_operators_routes(const struct cairn_service *const services[],
                            const struct cairn_operators_side *side, cairn_operators_add *add,
                            void *context);

#endif
