/* openapi.c - writes /openapi.json from the tables of the services.
 *
 * Operations are collected by path, since OpenAPI groups the methods of one path; then the document
 * is written in one pass. Which file writes what:
 *
 *     openapi_command.c   a command          openapi_parts.c   parts that operations share
 *     openapi_query.c     a resource         openapi_route.c   a route of a service's own */
#include "runtime/openapi/openapi.h"

#include "core/containers/map.h"
#include "operations/actions.h"
#include "operations/http/http_rows.h"
#include "operations/http/http_trace.h"
#include "operations/past/http_state.h"
#include "operations/verify/http_verify.h"
#include "operations/views.h"
#include "runtime/openapi/openapi_parts.h"
#include "runtime/serve/log_routes.h"
#include "runtime/serve/operators/operators.h"

#include <cairn/version.h>

#include <inttypes.h>
#include <string.h>

struct document {
    struct cairn_arena *arena;
    bool secured;             /* services authenticate */
    bool apart;               /* operators have a listener of their own, which has the document */
    bool log_appends;         /* events can be appended over HTTP */
    struct cairn_map by_path; /* -> struct cairn_buffer: the operations, ready to be written */
    struct cairn_map tags;    /* -> const char *: descriptions */
};

/* Returns the buffer for the next operation on a path, with the preceding comma written. */
static struct cairn_buffer *begin_operation(struct document *document, const char *path)
{
    void **at = cairn_map_at(&document->by_path, path);
    if (!*at) {
        struct cairn_buffer *fresh = cairn_new(document->arena, struct cairn_buffer, 1);
        *fresh = cairn_buffer(document->arena);
        *at = fresh;
    }
    struct cairn_buffer *out = *at;
    if (out->length)
        cairn_buffer_char(out, ',');
    return out;
}

static void add_tag(struct document *document, const char *name, const char *help)
{
    *cairn_map_at(&document->tags, name) =
        cairn_copy_text(document->arena, help ? help : "Operations of this category.");
}

/* ---- operations of every process ---- */

static const struct {
    const char *path;
    bool operators; /* at their listener, if there is one */
    const char *operation;
} processes[] = {
    {"/healthz", false,
     "\"operationId\":\"get_healthz\",\"summary\":\"Is the process alive?\",\"responses\":{"
     "\"200\":{\"description\":\"It is.\",\"content\":{\"application/json\":{\"schema\":{\"type\":"
     "\"object\",\"required\":[\"status\",\"service\"],\"properties\":{\"status\":{\"const\":"
     "\"alive\"},\"service\":{\"type\":\"string\"}}}}}}"},
    {"/readyz", true,
     "\"operationId\":\"get_readyz\",\"summary\":\"Can it do its work?\",\"responses\":{\"200\":{"
     "\"description\":\"It can.\",\"content\":{\"application/json\":{\"schema\":{\"type\":"
     "\"object\",\"required\":[\"status\",\"service\"],\"properties\":{\"status\":{\"const\":"
     "\"ready\"},\"service\":{\"type\":\"string\"},\"projections\":{\"type\":\"array\",\"items\":{"
     "\"type\":\"object\"}}}}}}},\"503\":{\"$ref\":\"#/components/responses/Problem503\"}"},
    {"/metrics", true,
     "\"operationId\":\"get_metrics\",\"summary\":\"Metrics of the process.\",\"responses\":{\"200\":{"
     "\"description\":\"Prometheus' text format.\",\"content\":{\"text/plain\":{\"schema\":{"
     "\"type\":\"string\"}}}}"},
    {"/openapi.json", true,
     "\"operationId\":\"get_openapi_json\",\"summary\":\"This document.\",\"responses\":{\"200\":{"
     "\"description\":\"OpenAPI 3.1.\",\"content\":{\"application/json\":{\"schema\":{\"type\":"
     "\"object\"}}}}"},
};

/* Of what is at the listener that the document comes from. */
static const char own_server[] =
    "\"servers\":[{\"url\":\"/\",\"description\":\"The operators' listener.\"}],";

static void add_process(struct document *document)
{
    static const int problems[] = {400, 408, 429, 431, 0};
    add_tag(document, "process", "State of the process.");
    for (size_t i = 0; i < sizeof processes / sizeof processes[0]; i++) {
        struct cairn_buffer *out = begin_operation(document, processes[i].path);
        cairn_buffer_print(out, "\"get\":{\"tags\":[\"process\"],%s%s",
                           document->apart && processes[i].operators ? own_server : "",
                           processes[i].operation);
        cairn_openapi_problems(out, problems);
        cairn_buffer_text(out, "}}");
    }
}

/* ---- operations of its services ---- */

static void add_decider(struct document *document, const struct cairn_decider *decider)
{
    add_tag(document, decider->category, decider->help);
    for (uint32_t i = 0; i < decider->commands->count; i++) {
        const struct cairn_command_type *command = &decider->commands->types[i];
        if (command->route)
            cairn_openapi_command(begin_operation(document, strchr(command->route, ' ') + 1),
                                  decider, command, document->secured);
    }
}

static void add_service(struct document *document, const struct cairn_service *service)
{
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->deciders[i]; i++)
        add_decider(document, service->deciders[i]);
    for (const struct cairn_resource *at = service->resources; at && at->path; at++) {
        add_tag(document, at->projection->name, at->projection->help);
        cairn_openapi_query(begin_operation(document, at->path), at, document->secured);
        if (!at->list)
            cairn_openapi_why(
                begin_operation(document, cairn_print(document->arena, "%s/why", at->path)), at,
                document->secured);
    }
    for (const struct cairn_route *at = service->routes; at && at->route; at++) {
        add_tag(document, service->name, service->help);
        cairn_openapi_route(begin_operation(document, strchr(at->route, ' ') + 1), service, at,
                            document->secured);
    }
}

/* ---- operators ---- */

static void add_view(struct document *document, const char *path, const char *help,
                     const struct cairn_record *asks, bool list)
{
    cairn_openapi_view(begin_operation(document, path), path, help, asks, list, document->secured);
}

static void add_operators(struct document *document)
{
    add_tag(document, "operators", "What operators see and do.");
    add_view(document, "/admin/status", "The store, and the progress of each read model.", NULL,
             false);
    add_view(document, "/admin/bus", "The publisher, streams and consumer groups.", NULL, false);
    add_view(document, "/admin/bus/dead/{id}", "Dead letters of a group, the newest first.",
             cairn_views[CAIRN_VIEW_TIMERS].asks, true);
    add_view(document, "/admin/catalog",
             "What the system consists of: events, commands, routes, what handles which event.",
             NULL, false);
    add_view(document, "/admin/tail", "The newest events as they are recorded: server-sent events.",
             cairn_tail_question, false);
    add_view(document, "/admin/pulse", "How the system is, once a second: server-sent events.",
             NULL, false);
    add_view(document, "/admin/verifications", "Verifications of read models by this console.",
             cairn_verifications_question, true);
    add_view(document, "/admin/trace/{id}", "All that a request has caused, as a tree.",
             cairn_trace_question, true);
    add_view(document, "/admin/streams/{id}/state",
             "The state of a stream at a version, a position or a time, and what changed in it.",
             cairn_state_question, false);
    add_view(document, "/admin/read-models/{id}/rows", "Rows of a read model, by key.",
             cairn_rows_question, true);
    add_view(document, "/admin/read-models/{id}/row",
             "The events that made a row, and the row at a position or a time.", cairn_row_question,
             true);
    for (size_t i = 0; i < CAIRN_VIEW_COUNT; i++)
        add_view(document, cairn_views[i].path, cairn_views[i].help, cairn_views[i].asks,
                 !cairn_views[i].one);
    for (size_t i = 0; i < CAIRN_ACTION_COUNT; i++)
        cairn_openapi_action(begin_operation(document, cairn_actions[i].path), &cairn_actions[i],
                             document->secured);
}

/* ---- the log ---- */

static void add_log(struct document *document)
{
    add_tag(document, "log", "The log over HTTP: events as CloudEvents.");
    for (size_t i = 0; i < cairn_log_route_count; i++) {
        const struct cairn_log_route *row = &cairn_log_route_rows[i];
        if (row->appends && !document->log_appends)
            continue;
        cairn_openapi_log(begin_operation(document, strchr(row->route, ' ') + 1), row,
                          document->secured);
    }
}

/* ---- the document ---- */

static void write_paths(const struct document *document, struct cairn_buffer *out)
{
    cairn_buffer_text(out, "\"paths\":{");
    for (size_t i = 0; i < document->by_path.count; i++) {
        const struct cairn_map_entry *entry = &document->by_path.entries[i];
        cairn_buffer_text(out, i ? "," : "");
        cairn_buffer_json(out, entry->key);
        cairn_buffer_text(out, ":{");
        cairn_buffer_text(out, ((const struct cairn_buffer *)entry->value)->text);
        cairn_buffer_char(out, '}');
    }
    cairn_buffer_char(out, '}');
}

static void write_tags(const struct document *document, struct cairn_buffer *out)
{
    cairn_buffer_text(out, "\"tags\":[");
    for (size_t i = 0; i < document->tags.count; i++) {
        const struct cairn_map_entry *entry = &document->tags.entries[i];
        cairn_buffer_text(out, i ? ",{\"name\":" : "{\"name\":");
        cairn_buffer_json(out, entry->key);
        cairn_openapi_text(out, "description", entry->value);
        cairn_buffer_char(out, '}');
    }
    cairn_buffer_char(out, ']');
}

/* The public listener: that of the document, or another one, on any of the machine's names. */
static void write_servers(const struct cairn_openapi_options *options, struct cairn_buffer *out)
{
    if (!options->scheme) {
        cairn_buffer_text(out, "\"servers\":[{\"url\":\"/\"}]");
        return;
    }
    bool any = strcmp(options->address, "0.0.0.0") == 0 || strcmp(options->address, "::") == 0;
    cairn_buffer_print(out, "\"servers\":[{\"url\":\"%s://{host}:%" PRId64 "\",\"variables\":{",
                       options->scheme, options->port);
    cairn_buffer_text(out, "\"host\":{\"default\":");
    cairn_buffer_json(out, any ? "localhost" : options->address);
    cairn_buffer_text(out, "}}}]");
}

/* Writes an empty `security`, which means no authentication, for all operations that do not say
 * otherwise. */
void cairn_openapi_write(const struct cairn_service *const services[],
                         const struct cairn_openapi_options *options, struct cairn_buffer *out)
{
    struct document document = {.arena = out->arena,
                                .secured = options->secured,
                                .apart = options->scheme != NULL,
                                .log_appends = cairn_log_is_appended(services),
                                .by_path = cairn_map(out->arena),
                                .tags = cairn_map(out->arena)};
    for (size_t i = 0; services[i]; i++)
        add_service(&document, services[i]);
    if (cairn_operators_wanted(services))
        add_operators(&document);
    if (cairn_log_is_shown(services))
        add_log(&document);
    add_process(&document);
    struct cairn_buffer paths = cairn_buffer(out->arena);
    write_paths(&document, &paths);

    cairn_buffer_text(out, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":");
    cairn_buffer_json(out, services[0]->name);
    cairn_openapi_text(out, "version", CAIRN_VERSION);
    cairn_openapi_text(out, "description", services[0]->help ? services[0]->help : "");
    cairn_buffer_text(out, "},");
    write_servers(options, out);
    cairn_buffer_text(out, ",\"security\":[],");
    write_tags(&document, out);
    cairn_buffer_char(out, ',');
    cairn_buffer_text(out, paths.text);
    cairn_buffer_char(out, ',');
    cairn_openapi_components(out, paths.text, options->secured);
    cairn_buffer_char(out, '}');
}
