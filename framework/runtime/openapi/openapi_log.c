/* openapi_log.c - writes the operations of the log's face, from the table of its routes. */
#include "record/json.h"
#include "runtime/log_routes.h"
#include "runtime/openapi/openapi_parts.h"

#include <string.h>

#define CLOUDEVENT                                                                                 \
    "{\"type\":\"object\",\"required\":[\"specversion\",\"id\",\"source\",\"type\",\"subject\"],"  \
    "\"properties\":{\"specversion\":{\"const\":\"1.0\"},\"id\":{\"type\":\"string\"},"            \
    "\"source\":{\"type\":\"string\"},\"type\":{\"type\":\"string\"},\"subject\":{\"type\":"       \
    "\"string\"},\"time\":{\"type\":\"string\",\"format\":\"date-time\"},\"position\":{\"type\":"  \
    "\"string\"},\"version\":{\"type\":\"string\"},\"schemaversion\":{\"type\":\"string\"},"       \
    "\"data\":{}}}"

static void add_parameters(struct cairn_buffer *out, const struct cairn_log_route *row)
{
    if (strstr(row->route, "{id}"))
        cairn_openapi_parameter(out, "id", "path", "{\"type\":\"string\"}", NULL,
                                "The id in the path.");
    for (uint32_t i = 0; row->parameters && i < row->parameters->count; i++) {
        const struct cairn_field *field = &row->parameters->fields[i];
        struct cairn_buffer schema = cairn_buffer(out->arena);
        cairn_field_schema(field, &schema);
        cairn_openapi_parameter(out, field->name, "query", schema.text, NULL,
                                field->help ? field->help : "");
    }
    cairn_openapi_refer(out, "parameters", "traceparent");
}

/* The answer of a route that is about one thing, or about many. */
static const char *answer_of(const struct cairn_log_route *row)
{
    if (strncmp(row->route, "GET /schemas", 12) == 0)
        return "\"application/schema+json\":{\"schema\":{\"type\":\"object\"}}";
    if (!row->parameters)
        return "\"application/cloudevents+json\":{\"schema\":" CLOUDEVENT
               "},\"application/json\":{\"schema\":{}}";
    return "\"application/cloudevents-batch+json\":{\"schema\":{\"type\":\"array\",\"items\":" CLOUDEVENT
           "}},\"text/event-stream\":{\"schema\":{\"type\":\"string\"}}";
}

void cairn_openapi_log(struct cairn_buffer *out, const struct cairn_log_route *row, bool secured)
{
    static const struct cairn_allow by_category = CAIRN_ANYONE;
    static const int problems[] = {400, 404, 408, 412, 429, 431, 503, 0};
    cairn_openapi_method(out, row->route);
    cairn_openapi_words(out, row->route);
    cairn_buffer_text(out, ",\"tags\":[\"log\"]");
    cairn_openapi_text(out, "summary", row->help);
    cairn_openapi_security(out, secured ? &by_category : NULL, false);
    cairn_buffer_text(out, ",\"parameters\":[");
    add_parameters(out, row);
    cairn_buffer_print(out,
                       "],\"responses\":{\"200\":{\"description\":\"What there is.\",\"content\":{"
                       "%s}}",
                       answer_of(row));
    cairn_openapi_refused(out, secured ? &by_category : NULL);
    cairn_openapi_problems(out, problems);
    cairn_buffer_text(out, "}}");
}
