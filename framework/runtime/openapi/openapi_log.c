/* openapi_log.c - writes the operations of the log's face, from the table of its routes. */
#include "record/json.h"
#include "runtime/openapi/openapi_parts.h"
#include "runtime/serve/log_routes.h"

#include <string.h>

#define CLOUDEVENT                                                                                 \
    "{\"type\":\"object\",\"required\":[\"specversion\",\"id\",\"source\",\"type\",\"subject\"],"  \
    "\"properties\":{\"specversion\":{\"const\":\"1.0\"},\"id\":{\"type\":\"string\"},"            \
    "\"source\":{\"type\":\"string\"},\"type\":{\"type\":\"string\"},\"subject\":{\"type\":"       \
    "\"string\"},\"time\":{\"type\":\"string\",\"format\":\"date-time\"},\"position\":{\"type\":"  \
    "\"string\"},\"version\":{\"type\":\"string\"},\"schemaversion\":{\"type\":\"string\"},"       \
    "\"data\":{}}}"

#define INCOMING                                                                                   \
    "{\"type\":\"object\",\"required\":[\"specversion\",\"type\"],\"properties\":{"                \
    "\"specversion\":{\"const\":\"1.0\"},\"type\":{\"type\":\"string\"},\"subject\":{\"type\":"    \
    "\"string\"},\"id\":{\"type\":\"string\"},\"source\":{\"type\":\"string\"},\"data\":{"         \
    "\"type\":\"object\"}}}"

static void add_parameters(struct cairn_buffer *out, const struct cairn_log_route *row)
{
    if (strstr(row->route, "{id}"))
        cairn_openapi_parameter(out, "id", "path", "{\"type\":\"string\"}", NULL,
                                "The id in the path.");
    const struct cairn_record *asks = cairn_log_parameters(row->asks);
    for (uint32_t i = 0; asks && i < asks->count; i++) {
        const struct cairn_field *field = &asks->fields[i];
        struct cairn_buffer schema = cairn_buffer(out->arena);
        cairn_field_schema(field, &schema);
        cairn_openapi_parameter(out, field->name, "query", schema.text, NULL,
                                field->help ? field->help : "");
    }
    if (row->appends)
        cairn_openapi_refer(out, "parameters", "Idempotency-Key");
    cairn_openapi_refer(out, "parameters", "traceparent");
}

/* Writes what an append takes. */
static void add_body(struct cairn_buffer *out, const struct cairn_log_route *row)
{
    cairn_buffer_text(out, ",\"requestBody\":{\"required\":true,\"content\":{"
                           "\"application/cloudevents+json\":{\"schema\":" INCOMING
                           "},\"application/cloudevents-batch+json\":{\"schema\":{\"type\":"
                           "\"array\",\"minItems\":1,\"maxItems\":1000,\"items\":" INCOMING
                           "}},\"application/json\":{\"schema\":");
    if (strstr(row->route, "{id}"))
        cairn_buffer_text(out, "{\"type\":\"object\"}");
    else
        cairn_buffer_text(
            out, "{\"type\":\"object\",\"required\":[\"events\"],\"properties\":{"
                 "\"conditions\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
                 "\"required\":[\"stream\",\"version\"],\"properties\":{\"stream\":{"
                 "\"type\":\"string\"},\"version\":{\"type\":\"integer\",\"minimum\":0}}}},"
                 "\"events\":{\"type\":\"array\",\"items\":" INCOMING "}}}");
    cairn_buffer_text(out, "}}}");
}

/* The answer of a route that is about one thing, or about many. */
static const char *answer_of(const struct cairn_log_route *row)
{
    if (strncmp(row->route, "GET /schemas", 12) == 0)
        return "\"application/schema+json\":{\"schema\":{\"type\":\"object\"}}";
    if (row->appends)
        return "\"application/json\":{\"schema\":{\"type\":\"object\"}}";
    if (!row->asks)
        return "\"application/cloudevents+json\":{\"schema\":" CLOUDEVENT
               "},\"application/json\":{\"schema\":{}}";
    return "\"application/cloudevents-batch+json\":{\"schema\":{\"type\":\"array\",\"items\":" CLOUDEVENT
           "}},\"text/event-stream\":{\"schema\":{\"type\":\"string\"}}";
}

void cairn_openapi_log(struct cairn_buffer *out, const struct cairn_log_route *row, bool secured)
{
    static const struct cairn_allow by_category = CAIRN_ANYONE;
    static const int problems[] = {400, 404, 408, 412, 429, 431, 503, 0};
    static const int of_appends[] = {400, 404, 408, 409, 412, 413, 415, 422, 429, 431, 503, 0};
    cairn_openapi_method(out, row->route);
    cairn_openapi_words(out, row->route);
    cairn_buffer_text(out, ",\"tags\":[\"log\"]");
    cairn_openapi_text(out, "summary", row->help);
    cairn_openapi_security(out, secured ? &by_category : NULL, false);
    cairn_buffer_text(out, ",\"parameters\":[");
    add_parameters(out, row);
    cairn_buffer_char(out, ']');
    if (row->appends)
        add_body(out, row);
    cairn_buffer_print(out, ",\"responses\":{\"%d\":{\"description\":\"%s\",\"content\":{%s}}",
                       row->appends ? 201 : 200,
                       row->appends ? "All of it is appended." : "What there is.", answer_of(row));
    cairn_openapi_refused(out, secured ? &by_category : NULL);
    cairn_openapi_problems(out, row->appends ? of_appends : problems);
    cairn_buffer_text(out, "}}");
}
