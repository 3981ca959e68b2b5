/* catalog.h - what a system consists of, from the tables of its services: types of events with
 * their versions, commands, routes, and what handles which event.
 *
 * `cairn catalog` prints it as Markdown, with a picture in Mermaid; the console shows it. */
#ifndef CAIRN_RUNTIME_CATALOG_H
#define CAIRN_RUNTIME_CATALOG_H

#include "core/containers/buffer.h"

#include <cairn/service.h>

/* What handles events: a projection, process, reactor or consumer. */
struct cairn_catalog_handler {
    const char *kind; /* "read model", "process", "reactor", "consumer" */
    const char *name;
    const char *help; /* or NULL */
    const struct cairn_service *service;
    const struct cairn_handlers *handlers;
    const struct cairn_commands *const *sends; /* or NULL */
    int version;                               /* of a read model; 0: it has none */
};

struct cairn_catalog_event {
    const struct cairn_events *events;
    const struct cairn_event_type *type;
    const struct cairn_service *service; /* that decides; NULL: none of these */
};

/* A way to ask a service for something. */
struct cairn_catalog_route {
    const struct cairn_service *service;
    const char *route; /* "POST /orders"; NULL: of an internal command */
    const char *kind;  /* "command", "resource", "route" */
    const char *name;  /* of the command, or the read model; or NULL */
    const char *category;
    const char *help;
    const struct cairn_allow *allow;
};

struct cairn_catalog {
    const struct cairn_service *const *services;
    struct cairn_catalog_event *events; /* by category and place in its table */
    size_t event_count, event_capacity;
    struct cairn_catalog_handler *handlers;
    size_t handler_count, handler_capacity;
    struct cairn_catalog_route *routes;
    size_t route_count, route_capacity;
};

/* Collects it in the arena; the services are borrowed. */
void cairn_catalog_collect(const struct cairn_service *const services[], struct cairn_arena *arena,
                           struct cairn_catalog *ret);

/* Returns whether the handler handles events of this type. */
bool cairn_catalog_handles(const struct cairn_catalog_handler *handler,
                           const struct cairn_catalog_event *event);
/* Returns a policy in words: "anyone", "support or finance", "its owner, or support". */
const char *cairn_catalog_policy(const struct cairn_allow *allow, struct cairn_arena *arena);

/* Append it as one object of JSON, and as a page of Markdown. */
void cairn_catalog_json(const struct cairn_catalog *catalog, struct cairn_buffer *out);
void cairn_catalog_markdown(const struct cairn_catalog *catalog, struct cairn_buffer *out);

/* `PROGRAM catalog [--json]`. Returns the exit status. */
int cairn_catalog_print(const struct cairn_service *const services[], int argc, char **argv);

#endif
