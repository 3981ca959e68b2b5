/* routes.c - builds the route table, with the functions that adapt each handler. */
#include "runtime/serve/routes.h"

#include "command/endpoint.h"
#include "core/containers/arena.h"
#include "runtime/serve/handler.h"
#include "runtime/serve/log_routes.h"
#include "runtime/serve/operators/operators.h"
#include "runtime/serve/service_worker.h"

/* A resource, and the query side that answers for it. */
struct query_route {
    struct cairn_query_engine *const *queries;
    const struct cairn_resource *resource;
};

static enum cairn_http_outcome on_command(const void *self, void *worker,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response)
{
    struct cairn_worker *own = worker;
    return cairn_endpoint_handle(self, own ? own->store : NULL, request, response);
}

static enum cairn_http_outcome on_query(const void *self, void *worker,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    const struct query_route *route = self;
    const struct cairn_worker *own = worker;
    return cairn_query_handle(route->resource, *route->queries, own ? own->query : NULL, request,
                              response);
}

static enum cairn_http_outcome on_why(const void *self, void *worker,
                                      struct cairn_http_request *request,
                                      struct cairn_http_response *response)
{
    const struct query_route *route = self;
    const struct cairn_worker *own = worker;
    return cairn_query_handle_why(route->resource, *route->queries, own ? own->query : NULL,
                                  request, response);
}

static enum cairn_http_outcome on_alive(const void *self, void *worker,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    (void)worker;
    cairn_health_alive(self, request, response);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome on_ready(const void *self, void *worker,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    cairn_health_ready(self, worker, request, response);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome on_metrics(const void *self, void *worker,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response)
{
    (void)worker;
    cairn_health_metrics(self, request, response);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome on_openapi(const void *self, void *worker,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response)
{
    (void)worker;
    cairn_health_openapi(self, request, response);
    return CAIRN_HTTP_DONE;
}

static void add_route(struct cairn_routes *routes, const struct cairn_http_route route)
{
    cairn_grow(routes->arena, routes->all, routes->count, &routes->capacity);
    routes->all[routes->count++] = route;
}

/* Returns the policy of a command; NULL for an internal one, which its signature admits. */
static const struct cairn_allow *policy_of(const struct cairn_command_type *command)
{
    return command->route ? &command->allow : NULL;
}

static int add_decider(struct cairn_routes *routes, const struct cairn_service *service,
                       const struct cairn_decider *decider, struct cairn_error *error)
{
    int failed = 0;
    for (uint32_t i = 0; i < decider->commands->count && !failed; i++) {
        struct cairn_endpoint *endpoint = cairn_new(routes->arena, struct cairn_endpoint, 1);
        failed = cairn_endpoint_init(endpoint, service->name, routes->commands, decider,
                                     &decider->commands->types[i], error);
        add_route(routes, (struct cairn_http_route){.method = endpoint->method,
                                                    .pattern = endpoint->pattern,
                                                    .handle = on_command,
                                                    .self = endpoint,
                                                    .allow = policy_of(endpoint->command),
                                                    .takes_body = true,
                                                    .eager = true,
                                                    .leave = cairn_endpoint_leave});
    }
    return failed;
}

static void add_resource(struct cairn_routes *routes, const struct cairn_resource *resource)
{
    struct query_route *route = cairn_new(routes->arena, struct query_route, 1);
    *route = (struct query_route){routes->queries, resource};
    add_route(routes, (struct cairn_http_route){.method = "GET",
                                                .pattern = resource->path,
                                                .handle = on_query,
                                                .self = route,
                                                .allow = &resource->allow,
                                                .eager = true,
                                                .leave = cairn_query_leave});
    if (resource->list)
        return;
    add_route(routes, (struct cairn_http_route){
                          .method = "GET",
                          .pattern = cairn_print(routes->arena, "%s/why", resource->path),
                          .handle = on_why,
                          .self = route,
                          .allow = &resource->allow,
                          .eager = true,
                          .leave = cairn_query_leave});
}

static int add_own(struct cairn_routes *routes, const struct cairn_route *route,
                   struct cairn_error *error)
{
    struct cairn_handler_route *own = cairn_new(routes->arena, struct cairn_handler_route, 1);
    int failed = cairn_handler_init(own, route, error);
    add_route(routes, (struct cairn_http_route){.method = own->method,
                                                .pattern = own->pattern,
                                                .handle = cairn_handler_call,
                                                .self = own,
                                                .allow = &route->allow,
                                                .takes_body = route->takes != NULL,
                                                .media_type = route->takes});
    return failed;
}

static void add_made(void *context, const struct cairn_http_route *route)
{
    add_route(context, *route);
}

static int add_service(struct cairn_routes *routes, const struct cairn_service *service,
                       struct cairn_error *error)
{
    int failed = 0;
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->deciders[i] && !failed; i++)
        failed = add_decider(routes, service, service->deciders[i], error);
    for (const struct cairn_resource *at = service->resources; at && at->path; at++)
        add_resource(routes, at);
    for (const struct cairn_route *at = service->routes; at && at->route && !failed; at++)
        failed = add_own(routes, at, error);
    if (service->files)
        cairn_files_routes(service->files, &routes->sign_in, routes->arena, add_made, routes);
    if (service->sign_in)
        cairn_sessions_routes(routes->sessions, add_made, routes);
    return failed;
}

static void add_admin_route(struct cairn_routes *routes, const struct cairn_http_route route,
                            const struct cairn_allow *allow)
{
    cairn_grow(routes->arena, routes->admin, routes->admin_count, &routes->admin_capacity);
    routes->admin[routes->admin_count] = route;
    routes->admin[routes->admin_count++].allow = allow;
}

/* Adds what tells how the process is. That it lives is told everywhere, to anyone; and so is
 * whether it is ready, since load balancers have no token, but not why (cairn_health_ready). */
static void add_health(struct cairn_routes *routes)
{
    const struct cairn_http_route alive = {.method = "GET",
                                           .pattern = "/healthz",
                                           .handle = on_alive,
                                           .self = routes->health,
                                           .direct = true};
    const struct cairn_http_route own[] = {
        {.method = "GET", .pattern = "/readyz", .handle = on_ready, .vital = true},
        {.method = "GET", .pattern = "/metrics", .handle = on_metrics, .direct = true},
        {.method = "GET", .pattern = "/openapi.json", .handle = on_openapi, .direct = true},
    };
    /* A caller is looked at only where there is a policy. */
    static const struct cairn_allow anyone = CAIRN_ANYONE;
    const struct cairn_allow *to_anyone = routes->operators ? &anyone : NULL;
    add_route(routes, alive);
    if (routes->apart)
        add_admin_route(routes, alive, NULL);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        struct cairn_http_route route = own[i];
        route.self = routes->health;
        if (routes->apart)
            add_admin_route(routes, route,
                            route.handle == on_ready ? to_anyone : routes->operators);
        else
            add_route(routes, route);
    }
}

int cairn_routes_make(struct cairn_routes *routes, const struct cairn_service *const services[],
                      struct cairn_error *error)
{
    int failed = 0;
    add_health(routes);
    for (size_t i = 0; services[i] && !failed; i++)
        failed = add_service(routes, services[i], error);
    if (cairn_operators_wanted(services))
        cairn_operators_routes(services, routes->operators_side, add_made, routes);
    if (cairn_log_is_shown(services))
        cairn_log_routes(routes->log, cairn_log_is_appended(services), routes->arena, add_made,
                         routes);
    return failed;
}
