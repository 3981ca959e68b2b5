/* route_check.c - checks the routes that services declare, together with those of every process. */
#include "runtime/check/route_check.h"

#include "core/containers/arena.h"
#include "query/query.h"
#include "runtime/serve/log_routes.h"

#include <stdbool.h>
#include <string.h>

struct declared {
    const char *method;
    size_t method_bytes;
    const char *path;
    const char *by; /* "open_ticket", "tickets", or "every process" */
    const char *at; /* where it is declared, or NULL */
};

struct declared_list {
    struct cairn_arena arena;
    struct declared *all;
    size_t count, capacity;
    struct cairn_findings *findings;
};

/* ---- one route ---- */

static bool has_brace(const char *text, size_t length)
{
    return memchr(text, '{', length) || memchr(text, '}', length);
}

/* Returns what is wrong with a path, or NULL. */
static const char *wrong_path(const char *path)
{
    int parameters = 0;
    if (strcmp(path, "/") == 0)
        return NULL;
    for (const char *at = path; *at == '/';) {
        size_t length = strcspn(++at, "/");
        if (length == 0)
            return "has an empty segment: write it without the second or the last \"/\"";
        bool is_id = length == 4 && memcmp(at, "{id}", 4) == 0;
        if (!is_id && has_brace(at, length))
            return "has another parameter than {id}: the stream's id is always called {id}";
        parameters += is_id;
        at += length;
    }
    return parameters > 1 ? "has {id} twice: one path names one stream" : NULL;
}

static bool is_same_route(const struct declared *a, const struct declared *b)
{
    return a->method_bytes == b->method_bytes &&
           memcmp(a->method, b->method, a->method_bytes) == 0 && strcmp(a->path, b->path) == 0;
}

static void add(struct declared_list *list, struct declared one)
{
    const char *wrong = wrong_path(one.path);
    if (wrong) {
        cairn_findings_say(list->findings, "%s%s%s: the path %s %s", one.at ? one.at : "",
                           one.at ? ": " : "", one.by, one.path, wrong);
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (!is_same_route(&list->all[i], &one))
            continue;
        cairn_findings_say(list->findings, "%s%s%s and %s have the same route, %.*s %s",
                           one.at ? one.at : "", one.at ? ": " : "", list->all[i].by, one.by,
                           (int)one.method_bytes, one.method, one.path);
        return;
    }
    cairn_grow(&list->arena, list->all, list->count, &list->capacity);
    list->all[list->count++] = one;
}

/* `route` is "METHOD /path"; one without a space is reported by its own check. */
static void add_text(struct declared_list *list, const char *route, const char *by, const char *at)
{
    const char *space = strchr(route, ' ');
    if (space && space[1] == '/')
        add(list, (struct declared){route, (size_t)(space - route), space + 1, by, at});
}

/* A row has another route, which says why it is as it is. */
static void add_resource(struct declared_list *list, const struct cairn_service *service,
                         const struct cairn_resource *resource)
{
    struct declared one = {"GET", 3, resource->path,
                           resource->projection ? resource->projection->name : service->name,
                           cairn_resources_at(service->resources)};
    size_t count = list->count;
    add(list, one);
    if (resource->list || list->count == count)
        return;
    one.path = cairn_print(&list->arena, "%s/why", resource->path);
    add(list, one);
}

static void add_service(struct declared_list *list, const struct cairn_service *service)
{
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->deciders[i]; i++) {
        const struct cairn_commands *commands = service->deciders[i]->commands;
        for (uint32_t k = 0; k < commands->count; k++)
            if (commands->types[k].route)
                add_text(list, commands->types[k].route, commands->types[k].name, commands->at);
    }
    for (const struct cairn_resource *at = service->resources; at && at->path; at++)
        add_resource(list, service, at);
    for (const struct cairn_route *at = service->routes; at && at->route; at++)
        add_text(list, at->route, service->name, NULL);
    for (const struct cairn_file *at = service->files; at && at->path; at++)
        if (at->content_type) /* a redirection may lead from a path with a slash too many */
            add(list, (struct declared){"GET", 3, at->path, service->name, NULL});
    if (service->files)
        add_text(list, "GET /sign-in.json", service->name, NULL);
    for (size_t i = 0; service->log && i < cairn_log_route_count; i++)
        add_text(list, cairn_log_route_rows[i].route, service->name, NULL);
    static const char *const sessions[] = {"GET /session", "GET /session/begin",
                                           "GET /session/callback", "POST /session/renew",
                                           "POST /session/end"};
    for (size_t i = 0; service->sign_in && i < sizeof sessions / sizeof sessions[0]; i++)
        add_text(list, sessions[i], service->name, NULL);
}

void cairn_routes_check(const struct cairn_service *const services[],
                        struct cairn_findings *findings)
{
    static const char *const own[] = {"GET /healthz", "GET /readyz", "GET /metrics",
                                      "GET /openapi.json"};
    struct declared_list list = {.findings = findings};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        add_text(&list, own[i], "every process", NULL);
    for (size_t i = 0; services[i]; i++)
        add_service(&list, services[i]);
    cairn_arena_close(&list.arena);
}
