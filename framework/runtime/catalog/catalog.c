/* catalog.c - collects what a system consists of from the tables of its services. */
#include "runtime/catalog/catalog.h"

#include "core/containers/arena.h"

#include <string.h>

struct collection {
    struct cairn_catalog *catalog;
    struct cairn_arena *arena;
    const struct cairn_service *service;
};

/* ---- events ---- */

static struct cairn_catalog_event *find_event(const struct cairn_catalog *catalog,
                                              const char *category, const char *name)
{
    for (size_t i = 0; i < catalog->event_count; i++) {
        struct cairn_catalog_event *at = &catalog->events[i];
        if (strcmp(at->events->category, category) == 0 && strcmp(at->type->name, name) == 0)
            return at;
    }
    return NULL;
}

/* Adds the types of a table that are not known yet, which `service` decides; NULL: not known. */
static void add_events(struct collection *of, const struct cairn_events *events,
                       const struct cairn_service *service)
{
    struct cairn_catalog *catalog = of->catalog;
    for (uint32_t i = 0; events && i < events->count; i++) {
        struct cairn_catalog_event *known =
            find_event(catalog, events->category, events->types[i].name);
        if (known && !known->service)
            known->service = service;
        if (known)
            continue;
        cairn_grow(of->arena, catalog->events, catalog->event_count, &catalog->event_capacity);
        catalog->events[catalog->event_count++] =
            (struct cairn_catalog_event){events, &events->types[i], service};
    }
}

static void add_handled_events(struct collection *of, const struct cairn_handlers *handlers)
{
    for (const struct cairn_registered *at = handlers->first; at; at = at->next)
        add_events(of, at->events, NULL);
}

/* ---- routes ---- */

static void add_route(struct collection *of, const struct cairn_catalog_route route)
{
    struct cairn_catalog *catalog = of->catalog;
    cairn_grow(of->arena, catalog->routes, catalog->route_count, &catalog->route_capacity);
    catalog->routes[catalog->route_count] = route;
    catalog->routes[catalog->route_count++].service = of->service;
}

static void add_decider(struct collection *of, const struct cairn_decider *decider)
{
    add_events(of, decider->events, of->service);
    for (uint32_t i = 0; i < decider->commands->count; i++) {
        const struct cairn_command_type *type = &decider->commands->types[i];
        add_route(of, (struct cairn_catalog_route){.route = type->route,
                                                   .kind = "command",
                                                   .name = type->name,
                                                   .category = decider->category,
                                                   .help = type->help,
                                                   .allow = &type->allow});
    }
}

static void add_resources(struct collection *of)
{
    for (const struct cairn_resource *at = of->service->resources; at && at->path; at++)
        add_route(of,
                  (struct cairn_catalog_route){.route = cairn_print(of->arena, "GET %s", at->path),
                                               .kind = "resource",
                                               .name = at->projection->name,
                                               .help = at->help,
                                               .allow = &at->allow});
    for (const struct cairn_route *at = of->service->routes; at && at->route; at++)
        add_route(of,
                  (struct cairn_catalog_route){
                      .route = at->route, .kind = "route", .help = at->help, .allow = &at->allow});
}

/* The log's face: which callers may read a category, and append to it. */
static void add_log(struct collection *of)
{
    for (const struct cairn_log_face *at = of->service->log; at && at->events; at++) {
        const char *category = at->events->category;
        add_events(of, at->events, NULL);
        add_route(of, (struct cairn_catalog_route){
                          .route = cairn_print(of->arena, "GET /feeds/%s", category),
                          .kind = "log",
                          .category = category,
                          .help = "The events, as pages, live, and as an HTTP feed.",
                          .allow = &at->read});
        if (at->append.kind)
            add_route(of, (struct cairn_catalog_route){
                              .route = cairn_print(of->arena, "POST /streams/%s-{id}", category),
                              .kind = "log",
                              .category = category,
                              .help = "Appends events.",
                              .allow = &at->append});
    }
}

/* ---- handlers ---- */

static void add_handler(struct collection *of, const struct cairn_catalog_handler handler)
{
    struct cairn_catalog *catalog = of->catalog;
    cairn_grow(of->arena, catalog->handlers, catalog->handler_count, &catalog->handler_capacity);
    catalog->handlers[catalog->handler_count] = handler;
    catalog->handlers[catalog->handler_count++].service = of->service;
}

static void add_projections(struct collection *of)
{
    for (int i = 0; i < CAIRN_SERVICE_MAX && of->service->projections[i]; i++) {
        const struct cairn_projection *at = of->service->projections[i];
        add_handler(of, (struct cairn_catalog_handler){.kind = "read model",
                                                       .name = at->name,
                                                       .help = at->help,
                                                       .handlers = at->on,
                                                       .version = at->version});
    }
}

static void add_reactions(struct collection *of)
{
    for (int i = 0; i < CAIRN_SERVICE_MAX && of->service->processes[i]; i++) {
        const struct cairn_process *at = of->service->processes[i];
        add_handler(of, (struct cairn_catalog_handler){.kind = "process",
                                                       .name = at->name,
                                                       .help = at->help,
                                                       .handlers = at->when,
                                                       .sends = at->sends});
    }
    for (int i = 0; i < CAIRN_SERVICE_MAX && of->service->reactors[i]; i++) {
        const struct cairn_reactor *at = of->service->reactors[i];
        add_handler(of, (struct cairn_catalog_handler){.kind = "reactor",
                                                       .name = at->name,
                                                       .help = at->help,
                                                       .handlers = at->handles});
    }
    for (int i = 0; i < CAIRN_SERVICE_MAX && of->service->consumers[i]; i++) {
        const struct cairn_consumer *at = of->service->consumers[i];
        add_handler(of, (struct cairn_catalog_handler){
                            .kind = "consumer", .name = at->name, .handlers = at->consumes});
    }
}

/* ---- all ---- */

void cairn_catalog_collect(const struct cairn_service *const services[], struct cairn_arena *arena,
                           struct cairn_catalog *ret)
{
    *ret = (struct cairn_catalog){.services = services};
    struct collection of = {.catalog = ret, .arena = arena};
    for (size_t i = 0; services[i]; i++) {
        of.service = services[i];
        for (int k = 0; k < CAIRN_SERVICE_MAX && services[i]->deciders[k]; k++)
            add_decider(&of, services[i]->deciders[k]);
        add_resources(&of);
        add_log(&of);
        add_projections(&of);
        add_reactions(&of);
    }
    for (size_t i = 0; i < ret->handler_count; i++)
        add_handled_events(&of, ret->handlers[i].handlers);
}

bool cairn_catalog_handles(const struct cairn_catalog_handler *handler,
                           const struct cairn_catalog_event *event)
{
    for (const struct cairn_registered *at = handler->handlers->first; at; at = at->next) {
        if (at->events && strcmp(at->events->category, event->events->category) == 0 &&
            strcmp(at->record->name, event->type->record->name) == 0)
            return true;
    }
    return false;
}

static const char *roles_of(const struct cairn_allow *allow, struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    for (size_t i = 0; allow->roles[i]; i++) {
        cairn_buffer_text(&out, i ? " or " : "");
        cairn_buffer_text(&out, allow->roles[i]);
    }
    return out.text;
}

const char *cairn_catalog_policy(const struct cairn_allow *allow, struct cairn_arena *arena)
{
    switch (allow->kind) {
    case CAIRN_ALLOW_ANYONE:
        return "anyone";
    case CAIRN_ALLOW_SIGNED_IN:
        return "anyone who is signed in";
    case CAIRN_ALLOW_ROLE:
        return roles_of(allow, arena);
    case CAIRN_ALLOW_OWNER:
        return allow->roles[0] ? cairn_print(arena, "its owner, or %s", roles_of(allow, arena))
                               : "its owner";
    case CAIRN_ALLOW_UNSAID:
        break;
    }
    return "not said";
}
