/* openapi.c - /openapi.json from the tables of the services.
 *
 * Operations are gathered by path, since OpenAPI wants the methods of one path together; then the
 * document is written in one go. */
#include "runtime/openapi.h"

#include "core/map.h"
#include "record/json.h"

#include <string.h>

struct paths {
    struct cairn_arena *arena;
    struct cairn_map by_path; /* -> struct cairn_buffer: the operations, ready to be written */
};

/* ---- parts ---- */

static void add_text_member(struct cairn_buffer *out, const char *name, const char *text)
{
    cairn_buffer_print(out, ",\"%s\":", name);
    cairn_buffer_json(out, text);
}

static void add_parameter(struct cairn_buffer *out, const char *comma, const char *name,
                          const char *in, const char *schema, const char *help)
{
    cairn_buffer_print(out, "%s{\"name\":\"%s\",\"in\":\"%s\",\"required\":%s,\"schema\":%s", comma,
                       name, in, strcmp(in, "path") == 0 ? "true" : "false", schema);
    add_text_member(out, "description", help);
    cairn_buffer_char(out, '}');
}

static void add_problem(struct cairn_buffer *out, const char *status, const char *help)
{
    cairn_buffer_print(out,
                       ",\"%s\":{\"description\":\"%s\",\"content\":{\"application/problem+json\":"
                       "{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}",
                       status, help);
}

/* The place for the next operation on a path, with the comma before it. */
static struct cairn_buffer *begin_operation(struct paths *paths, const char *path)
{
    void **at = cairn_map_at(&paths->by_path, path);
    if (!*at) {
        struct cairn_buffer *fresh = cairn_new(paths->arena, struct cairn_buffer, 1);
        *fresh = cairn_buffer(paths->arena);
        *at = fresh;
    }
    struct cairn_buffer *out = *at;
    if (out->length)
        cairn_buffer_char(out, ',');
    return out;
}

/* "post" of "POST /things", whose method ends at `end`. */
static void add_method(struct cairn_buffer *out, const char *route, const char *end)
{
    cairn_buffer_char(out, '"');
    for (; route < end; route++)
        cairn_buffer_char(out, (char)(*route - 'A' + 'a'));
    cairn_buffer_char(out, '"');
}

/* ---- commands ---- */

static void add_command_body(struct cairn_buffer *out, const struct cairn_record *record)
{
    cairn_buffer_print(out,
                       ",\"requestBody\":{\"required\":%s,\"content\":{\"application/json\":"
                       "{\"schema\":",
                       record->count ? "true" : "false");
    cairn_record_schema(record, out);
    cairn_buffer_text(out, "}}}");
}

static void add_command_responses(struct cairn_buffer *out, bool creates)
{
    cairn_buffer_print(out,
                       ",\"responses\":{\"%s\":{\"description\":\"It was done, and this is what "
                       "happened.\",\"headers\":{\"ETag\":{\"schema\":{\"type\":\"string\"}},"
                       "\"Cairn-Position\":{\"schema\":{\"type\":\"string\"}}},\"content\":{"
                       "\"application/json\":{\"schema\":{\"$ref\":"
                       "\"#/components/schemas/CommandAnswer\"}}}}",
                       creates ? "201" : "200");
    add_problem(out, "400", "The request is malformed; all wrong fields are named.");
    if (!creates)
        add_problem(out, "404", "There is no such stream.");
    add_problem(out, "409", "The stream kept moving, or exists already.");
    add_problem(out, "412", "If-Match names another version.");
    add_problem(out, "413", "The body is too large.");
    add_problem(out, "415", "The body is not JSON.");
    add_problem(out, "422", "The domain said no.");
    add_problem(out, "503", "A dependency is away; the code says whether the outcome is known.");
    cairn_buffer_char(out, '}');
}

static void add_command(struct paths *paths, const struct cairn_decider *decider,
                        const struct cairn_command_type *command)
{
    const char *space = strchr(command->route, ' ');
    bool creates = !strstr(command->route, "{id}");
    struct cairn_buffer *out = begin_operation(paths, space + 1);
    add_method(out, command->route, space);
    cairn_buffer_print(out, ":{\"operationId\":\"%s\",\"tags\":[\"%s\"]", command->name,
                       decider->category);
    add_text_member(out, "summary", command->help ? command->help : command->name);
    cairn_buffer_text(out, ",\"parameters\":[");
    add_parameter(out, "", "Idempotency-Key", "header",
                  "{\"type\":\"string\",\"minLength\":1,\"maxLength\":200}",
                  "Repeating the request under the same key has no second effect.");
    if (!creates) {
        add_parameter(out, ",", "id", "path", "{\"type\":\"string\",\"format\":\"uuid\"}",
                      "Which stream.");
        add_parameter(out, ",", "If-Match", "header", "{\"type\":\"string\"}",
                      "The ETag of the version it is meant for.");
    }
    cairn_buffer_char(out, ']');
    add_command_body(out, command->record);
    add_command_responses(out, creates);
    cairn_buffer_char(out, '}');
}

/* ---- queries ---- */

static void add_query_parameters(struct cairn_buffer *out, const struct cairn_resource *resource)
{
    add_parameter(out, "", "Cairn-Position", "header", "{\"type\":\"string\"}",
                  "Answer at or past this position, as a command handed it out.");
    add_parameter(out, ",", "Prefer", "header", "{\"type\":\"string\",\"examples\":[\"wait=5\"]}",
                  "wait=N: how many seconds to wait for it.");
    add_parameter(out, ",", "If-None-Match", "header", "{\"type\":\"string\"}",
                  "An ETag: 304 if that is still what would be answered.");
    if (strstr(resource->path, "{id}"))
        add_parameter(out, ",", "id", "path", "{\"type\":\"string\"}", "Which one.");
    if (!resource->list) {
        add_parameter(out, ",", "Last-Event-ID", "header", "{\"type\":\"string\"}",
                      "Of a stream that broke off: nothing is sent that was seen.");
        return;
    }
    for (int i = 0; i < CAIRN_FILTERS_MAX && resource->filters[i].parameter; i++) {
        if (strcmp(resource->filters[i].parameter, "id") != 0)
            add_parameter(out, ",", resource->filters[i].parameter, "query",
                          "{\"type\":\"string\"}", resource->filters[i].field);
    }
    add_parameter(out, ",", "limit", "query", "{\"type\":\"integer\",\"minimum\":1}",
                  "Rows a page.");
    add_parameter(out, ",", "cursor", "query", "{\"type\":\"string\"}",
                  "What the page before gave as `next`.");
}

static void add_query(struct paths *paths, const struct cairn_resource *resource)
{
    struct cairn_buffer *out = begin_operation(paths, resource->path);
    cairn_buffer_print(out, "\"get\":{\"tags\":[\"%s\"]", resource->projection->name);
    add_text_member(out, "summary", resource->help ? resource->help : resource->path);
    cairn_buffer_text(out, ",\"parameters\":[");
    add_query_parameters(out, resource);
    cairn_buffer_text(out,
                      "],\"responses\":{\"200\":{\"description\":\"What the read model says.\","
                      "\"content\":{\"application/json\":{\"schema\":");
    if (resource->list)
        cairn_buffer_text(out, "{\"type\":\"object\",\"required\":[\"items\",\"next\"],"
                               "\"properties\":{\"next\":{\"type\":[\"string\",\"null\"]},"
                               "\"items\":{\"type\":\"array\",\"items\":");
    cairn_record_schema(resource->projection->row, out);
    if (resource->list)
        cairn_buffer_text(out, "}}}");
    else
        cairn_buffer_text(out, "},\"text/event-stream\":{\"schema\":{\"type\":\"string\"}");
    cairn_buffer_text(out, "}}},\"304\":{\"description\":\"If-None-Match names what is there.\"}");
    add_problem(out, "400", "A parameter is wrong.");
    if (resource->list)
        add_problem(out, "406", "A list cannot be followed.");
    if (!resource->list)
        add_problem(out, "404", "There is no such row.");
    add_problem(out, "412", "The position is of another timeline.");
    add_problem(out, "503", "A dependency is away, or the position was not reached in time.");
    cairn_buffer_text(out, "}}");
}

/* ---- routes of a service's own ---- */

static void add_own_route(struct paths *paths, const struct cairn_service *service,
                          const struct cairn_route *route)
{
    const char *space = strchr(route->route, ' ');
    struct cairn_buffer *out = begin_operation(paths, space + 1);
    add_method(out, route->route, space);
    cairn_buffer_print(out, ":{\"tags\":[\"%s\"]", service->name);
    add_text_member(out, "summary", route->help ? route->help : route->route);
    if (strstr(route->route, "{id}")) {
        cairn_buffer_text(out, ",\"parameters\":[");
        add_parameter(out, "", "id", "path", "{\"type\":\"string\"}", "Which one.");
        cairn_buffer_char(out, ']');
    }
    if (route->takes)
        cairn_buffer_print(out,
                           ",\"requestBody\":{\"content\":{\"%s\":{\"schema\":{\"type\":"
                           "\"object\"}}}}",
                           route->takes);
    cairn_buffer_text(out, ",\"responses\":{\"default\":{\"description\":\"The answer.\"}}}");
}

/* ---- the document ---- */

static const char components[] =
    "\"components\":{\"schemas\":{\"CommandAnswer\":{\"type\":\"object\",\"required\":[\"stream\","
    "\"version\",\"position\",\"events\"],\"properties\":{\"stream\":{\"type\":\"string\"},"
    "\"version\":{\"type\":\"integer\"},\"position\":{\"type\":\"integer\"},\"events\":{\"type\":"
    "\"array\",\"items\":{\"type\":\"object\",\"required\":[\"type\",\"version\",\"position\"],"
    "\"properties\":{\"type\":{\"type\":\"string\"},\"version\":{\"type\":\"integer\"},"
    "\"position\":{\"type\":\"integer\"}}}}}},\"Problem\":{\"type\":\"object\",\"description\":"
    "\"RFC 9457\",\"required\":[\"type\",\"title\",\"status\",\"code\"],\"properties\":{\"type\":"
    "{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},"
    "\"detail\":{\"type\":\"string\"},\"code\":{\"type\":\"string\"},\"trace_id\":{\"type\":"
    "\"string\"},\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
    "\"pointer\":{\"type\":\"string\"},\"detail\":{\"type\":\"string\"}}}}}}}}";

static void gather(struct paths *paths, const struct cairn_service *service)
{
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->deciders[i]; i++) {
        const struct cairn_decider *decider = service->deciders[i];
        for (uint32_t k = 0; k < decider->commands->count; k++)
            add_command(paths, decider, &decider->commands->types[k]);
    }
    for (const struct cairn_resource *at = service->resources; at && at->path; at++)
        add_query(paths, at);
    for (const struct cairn_route *at = service->routes; at && at->route; at++)
        add_own_route(paths, service, at);
}

void cairn_openapi_write(const struct cairn_service *const services[], struct cairn_buffer *out)
{
    struct paths paths = {.arena = out->arena, .by_path = cairn_map(out->arena)};
    for (size_t i = 0; services[i]; i++)
        gather(&paths, services[i]);

    cairn_buffer_text(out, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":");
    cairn_buffer_json(out, services[0]->name);
    cairn_buffer_text(out, ",\"version\":\"1\"");
    add_text_member(out, "description", services[0]->help ? services[0]->help : "");
    cairn_buffer_text(out, "},\"paths\":{");
    for (size_t i = 0; i < paths.by_path.count; i++) {
        const struct cairn_map_entry *entry = &paths.by_path.entries[i];
        cairn_buffer_text(out, i ? "," : "");
        cairn_buffer_json(out, entry->key);
        cairn_buffer_text(out, ":{");
        cairn_buffer_text(out, ((const struct cairn_buffer *)entry->value)->text);
        cairn_buffer_char(out, '}');
    }
    cairn_buffer_text(out, "},");
    cairn_buffer_text(out, components);
    cairn_buffer_char(out, '}');
}
