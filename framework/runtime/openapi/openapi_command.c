/* openapi_command.c - writes a command as an operation of /openapi.json. */
#include "record/json.h"
#include "runtime/openapi/openapi_parts.h"
#include "store/command_type.h"

#include <string.h>

/* Returns the member of the body that names a new stream, or NULL if the record has that field or
 * none is created. */
static const char *id_name(struct cairn_buffer *out, const struct cairn_decider *decider,
                           const struct cairn_command_type *command)
{
    const char *name = cairn_print(out->arena, "%s_id", decider->category);
    bool creates = cairn_command_creates(command);
    return creates && !cairn_record_field(command->record, name) ? name : NULL;
}

static void add_body(struct cairn_buffer *out, const struct cairn_record *record, const char *id)
{
    cairn_buffer_print(out,
                       ",\"requestBody\":{\"required\":%s,\"content\":{\"application/json\":"
                       "{\"schema\":",
                       record->count ? "true" : "false");
    cairn_record_schema(record, id, out);
    cairn_buffer_text(out, ",\"example\":");
    cairn_record_example(record, id, out);
    cairn_buffer_text(out, "}}}");
}

/* ---- the answer ---- */

static void add_answer_schema(struct cairn_buffer *out, const struct cairn_decider *decider)
{
    static const char integer[] = "{\"type\":\"integer\",\"minimum\":0}";
    cairn_buffer_print(
        out,
        "{\"type\":\"object\",\"required\":[\"stream\",\"version\",\"position\",\"events\"],"
        "\"properties\":{\"stream\":{\"type\":\"string\",\"pattern\":\"^%s-\"},\"version\":%s,"
        "\"position\":%s,\"events\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
        "\"required\":[\"type\",\"version\",\"position\"],\"properties\":{\"version\":%s,"
        "\"position\":%s,\"type\":{\"type\":\"string\",\"enum\":[",
        decider->category, integer, integer, integer, integer);
    for (uint32_t i = 0; i < decider->events->count; i++)
        cairn_buffer_print(out, "%s\"%s\"", i ? "," : "", decider->events->types[i].name);
    cairn_buffer_text(out, "]}}}}}}");
}

/* Writes an example event. Only `decide` knows which events a command creates; by convention the
 * first command creates the first event, and so on. If their numbers differ, uses the first
 * event. */
static void add_answer_example(struct cairn_buffer *out, const struct cairn_decider *decider,
                               const struct cairn_command_type *command, bool creates)
{
    const struct cairn_events *events = decider->events;
    size_t turn = events->count == decider->commands->count
                      ? (size_t)(command - decider->commands->types)
                      : 0;
    int number = creates ? 1 : 2;
    cairn_buffer_print(out,
                       "{\"stream\":\"%s-" CAIRN_EXAMPLE_ID "\",\"version\":%d,\"position\":%d,"
                       "\"events\":[{\"type\":\"%s\",\"version\":%d,\"position\":%d}]}",
                       decider->category, number, number, events->types[turn].name, number, number);
}

static void add_responses(struct cairn_buffer *out, const struct cairn_decider *decider,
                          const struct cairn_command_type *command, bool creates, bool secured)
{
    static const char *const made[] = {"ETag",        "Cairn-Position", "Idempotency-Replayed",
                                       "traceparent", "Location",       NULL};
    static const char *const done[] = {"ETag", "Cairn-Position", "Idempotency-Replayed",
                                       "traceparent", NULL};
    cairn_buffer_print(out,
                       ",\"responses\":{\"%s\":{\"description\":\"It was done, and this is what "
                       "happened.\"",
                       creates ? "201" : "200");
    cairn_openapi_headers(out, creates ? made : done);
    cairn_buffer_text(out, ",\"content\":{\"application/json\":{\"schema\":");
    add_answer_schema(out, decider);
    cairn_buffer_text(out, ",\"example\":");
    add_answer_example(out, decider, command, creates);
    cairn_buffer_text(out, "}}}");
    static const int of_new[] = {400, 408, 409, 412, 413, 415, 422, 429, 431, 500, 503, 0};
    static const int of_known[] = {400, 404, 408, 409, 412, 413, 415, 422, 429, 431, 500, 503, 0};
    cairn_openapi_refused(out, secured ? &command->allow : NULL);
    cairn_openapi_problems(out, creates ? of_new : of_known);
    cairn_buffer_char(out, '}');
}

/* ---- the operation ---- */

static void add_parameters(struct cairn_buffer *out, const struct cairn_command_type *command)
{
    bool creates = cairn_command_creates(command);
    cairn_buffer_text(out, ",\"parameters\":[");
    if (!creates)
        cairn_openapi_parameter(out, "id", "path", "{\"type\":\"string\",\"format\":\"uuid\"}",
                                "\"" CAIRN_EXAMPLE_ID "\"", "The id in the path.");
    cairn_openapi_refer(out, "parameters", "Idempotency-Key");
    if (!creates)
        cairn_openapi_refer(out, "parameters", "If-Match");
    for (int i = 0; i < CAIRN_HEADERS_MAX && command->headers[i]; i++)
        cairn_openapi_parameter(out, command->headers[i], "header",
                                "{\"type\":\"string\",\"maxLength\":1000}", NULL,
                                "The decision may depend on it.");
    cairn_openapi_refer(out, "parameters", "Correlation-Id");
    cairn_openapi_refer(out, "parameters", "traceparent");
    cairn_buffer_char(out, ']');
}

void cairn_openapi_command(struct cairn_buffer *out, const struct cairn_decider *decider,
                           const struct cairn_command_type *command, bool secured)
{
    bool creates = cairn_command_creates(command);
    cairn_openapi_method(out, command->route);
    cairn_buffer_print(out, "%s\",\"tags\":[\"%s\"]", command->name, decider->category);
    cairn_openapi_text(out, "summary", command->help ? command->help : command->name);
    cairn_openapi_security(out, secured ? &command->allow : NULL, false);
    add_parameters(out, command);
    add_body(out, command->record, id_name(out, decider, command));
    add_responses(out, decider, command, creates, secured);
    cairn_buffer_char(out, '}');
}
