/* operators.c - adapts the views and actions of operators to routes. */
#include "runtime/serve/operators/operators.h"

#include "core/text/this_machine.h"
#include "operations/http/http_actions.h"
#include "operations/http/http_question.h"
#include "operations/http/http_rows.h"
#include "operations/http/http_trace.h"
#include "operations/http/http_views.h"
#include "operations/past/http_state.h"
#include "operations/verify/http_verify.h"
#include "runtime/catalog/catalog.h"
#include "runtime/serve/service_worker.h"

const struct cairn_allow cairn_operators_look = CAIRN_ROLE("operator", "reader");
const struct cairn_allow cairn_operators_act = CAIRN_ROLE("operator");

bool cairn_operators_wanted(const struct cairn_service *const services[])
{
    for (size_t i = 0; services && services[i]; i++) {
        if (services[i]->operators)
            return true;
    }
    return false;
}

int cairn_operators_check(const struct cairn_service *const services[], const char *bind,
                          bool authenticates, struct cairn_error *error)
{
    if (!cairn_operators_wanted(services) || authenticates || cairn_is_loopback(bind))
        return 0;
    return cairn_fail(error, CAIRN_CONFIG,
                      "this service lets operators act, on %s, which others reach: set "
                      "CAIRN_AUTH_ISSUER, so that operators can be told from them, or leave "
                      "CAIRN_BIND at 127.0.0.1",
                      bind);
}

static struct cairn_place place_of(void *context, struct cairn_http_request *request)
{
    const struct cairn_worker *worker = context;
    return (struct cairn_place){
        .pg = cairn_store_pg(worker->store), .redis = worker->redis, .arena = request->arena};
}

static enum cairn_http_outcome on_view(const void *self, void *worker,
                                       struct cairn_http_request *request,
                                       struct cairn_http_response *response)
{
    const struct cairn_place place = place_of(worker, request);
    return cairn_http_view(self, &place, request, response);
}

static enum cairn_http_outcome on_action(const void *self, void *worker,
                                         struct cairn_http_request *request,
                                         struct cairn_http_response *response)
{
    const struct cairn_action *action = self;
    const struct cairn_place place = place_of(worker, request);
    return cairn_http_action((enum cairn_action_id)(action - cairn_actions), &place, request,
                             response);
}

static enum cairn_http_outcome on_status(const void *self, void *worker,
                                         struct cairn_http_request *request,
                                         struct cairn_http_response *response)
{
    (void)self;
    const struct cairn_place place = place_of(worker, request);
    return cairn_http_status_view(&place, request, response);
}

static enum cairn_http_outcome on_bus(const void *self, void *worker,
                                      struct cairn_http_request *request,
                                      struct cairn_http_response *response)
{
    (void)self;
    const struct cairn_place place = place_of(worker, request);
    return cairn_http_bus_view(&place, request, response);
}

static enum cairn_http_outcome on_dead(const void *self, void *worker,
                                       struct cairn_http_request *request,
                                       struct cairn_http_response *response)
{
    (void)self;
    const struct cairn_place place = place_of(worker, request);
    return cairn_http_dead_view(&place, request, response);
}

static enum cairn_http_outcome on_trace(const void *self, void *worker,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    (void)self;
    const struct cairn_place place = place_of(worker, request);
    return cairn_http_trace(&place, request, response);
}

static enum cairn_http_outcome on_rows(const void *self, void *worker,
                                       struct cairn_http_request *request,
                                       struct cairn_http_response *response)
{
    (void)self;
    return cairn_http_rows(((const struct cairn_worker *)worker)->store, request, response);
}

static enum cairn_http_outcome on_row(const void *self, void *worker,
                                      struct cairn_http_request *request,
                                      struct cairn_http_response *response)
{
    return cairn_http_row(self, ((const struct cairn_worker *)worker)->store, request, response);
}

static enum cairn_http_outcome on_state(const void *self, void *worker,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    return cairn_http_state(self, ((const struct cairn_worker *)worker)->store, request, response);
}

static enum cairn_http_outcome on_tail(const void *self, void *worker,
                                       struct cairn_http_request *request,
                                       struct cairn_http_response *response)
{
    const struct cairn_operators_side *side = self;
    return cairn_http_tail(side->tail, place_of(worker, request).pg, request, response);
}

static enum cairn_http_outcome on_pulse(const void *self, void *worker,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    (void)worker;
    return cairn_http_pulse(((const struct cairn_operators_side *)self)->pulse, request, response);
}

static enum cairn_http_outcome on_verifications(const void *self, void *worker,
                                                struct cairn_http_request *request,
                                                struct cairn_http_response *response)
{
    const struct cairn_operators_side *side = self;
    (void)worker;
    return cairn_http_verifications(side->verifier, request, response);
}

static enum cairn_http_outcome on_verify(const void *self, void *worker,
                                         struct cairn_http_request *request,
                                         struct cairn_http_response *response)
{
    const struct cairn_operators_side *side = self;
    const struct cairn_place place = place_of(worker, request);
    return cairn_http_verify(side->verifier, CAIRN_VERIFY, &place, request, response);
}

static enum cairn_http_outcome on_cancel_verification(const void *self, void *worker,
                                                      struct cairn_http_request *request,
                                                      struct cairn_http_response *response)
{
    const struct cairn_operators_side *side = self;
    const struct cairn_place place = place_of(worker, request);
    return cairn_http_verify(side->verifier, CAIRN_CANCEL_VERIFICATION, &place, request, response);
}

static enum cairn_http_outcome on_catalog(const void *self, void *worker,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response)
{
    struct cairn_catalog catalog;
    struct cairn_error error = {0};
    struct cairn_buffer body = cairn_buffer(request->arena);
    const void *none = NULL;
    (void)worker;
    if (cairn_http_question(request, NULL, &none, &error) < 0) {
        cairn_http_problem(request, response, &error);
        return CAIRN_HTTP_DONE;
    }
    cairn_catalog_collect(self, request->arena, &catalog);
    cairn_catalog_json(&catalog, &body);
    response->status = 200;
    response->body = body.text;
    response->body_bytes = body.length;
    return CAIRN_HTTP_DONE;
}

const struct cairn_service *const *
cairn_operators_system(const struct cairn_service *const services[])
{
    for (size_t i = 0; services[i]; i++) {
        if (services[i]->operators && services[i]->system)
            return services[i]->system;
    }
    return services;
}

void cairn_operators_routes(const struct cairn_service *const services[],
                            const struct cairn_operators_side *side, cairn_operators_add *add,
                            void *context)
{
    const struct cairn_service *const *system = cairn_operators_system(services);
    const struct cairn_http_route own[] = {
        {.pattern = "/admin/status", .handle = on_status},
        {.pattern = "/admin/bus", .handle = on_bus},
        {.pattern = "/admin/bus/dead/{id}", .handle = on_dead},
        {.pattern = "/admin/catalog", .handle = on_catalog, .self = system},
        {.pattern = "/admin/tail", .handle = on_tail, .self = side},
        {.pattern = "/admin/pulse", .handle = on_pulse, .self = side},
        {.pattern = "/admin/verifications", .handle = on_verifications, .self = side},
        {.pattern = "/admin/trace/{id}", .handle = on_trace},
        {.pattern = "/admin/streams/{id}/state", .handle = on_state, .self = system},
        {.pattern = "/admin/read-models/{id}/rows", .handle = on_rows},
        {.pattern = "/admin/read-models/{id}/row", .handle = on_row, .self = system},
    };
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        struct cairn_http_route route = own[i];
        route.method = "GET";
        route.allow = &cairn_operators_look;
        add(context, &route);
    }
    for (size_t i = 0; i < CAIRN_VIEW_COUNT; i++)
        add(context, &(struct cairn_http_route){.method = "GET",
                                                .pattern = cairn_views[i].path,
                                                .handle = on_view,
                                                .self = &cairn_views[i],
                                                .allow = &cairn_operators_look});
    for (size_t i = 0; i < CAIRN_ACTION_COUNT; i++) {
        struct cairn_http_route route = {.method = "POST",
                                         .pattern = cairn_actions[i].path,
                                         .handle = on_action,
                                         .self = &cairn_actions[i],
                                         .allow = &cairn_operators_act,
                                         .takes_body = true};
        if (i == CAIRN_VERIFY || i == CAIRN_CANCEL_VERIFICATION) {
            route.handle = i == CAIRN_VERIFY ? on_verify : on_cancel_verification;
            route.self = side;
        }
        add(context, &route);
    }
}
