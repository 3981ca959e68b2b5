/* openapi_operators.c - writes the operations of operators, from the tables of views and
 * actions. */
#include "operations/actions.h"
#include "operations/views.h"
#include "record/json.h"
#include "runtime/openapi/openapi_parts.h"
#include "runtime/serve/operators/operators.h"

#include <string.h>

static void begin(struct cairn_buffer *out, const char *route, const char *help,
                  const struct cairn_allow *allow)
{
    cairn_openapi_method(out, route);
    cairn_openapi_words(out, route);
    cairn_buffer_text(out, ",\"tags\":[\"operators\"]");
    cairn_openapi_text(out, "summary", help);
    cairn_openapi_security(out, allow, false);
    cairn_buffer_text(out, ",\"parameters\":[");
}

static void end(struct cairn_buffer *out, const struct cairn_allow *allow, const int problems[])
{
    cairn_openapi_refused(out, allow);
    cairn_openapi_problems(out, problems);
    cairn_buffer_text(out, "}}");
}

/* ---- views ---- */

static void add_question(struct cairn_buffer *out, const struct cairn_record *asks)
{
    for (uint32_t i = 0; asks && i < asks->count; i++) {
        struct cairn_buffer schema = cairn_buffer(out->arena);
        cairn_field_schema(&asks->fields[i], &schema);
        cairn_openapi_parameter(out, asks->fields[i].name, "query", schema.text, NULL,
                                asks->fields[i].help ? asks->fields[i].help : "");
    }
}

void cairn_openapi_view(struct cairn_buffer *out, const char *path, const char *help,
                        const struct cairn_record *asks, bool list, bool secured)
{
    static const int problems[] = {400, 404, 408, 429, 431, 503, 0};
    const struct cairn_allow *allow = secured ? &cairn_operators_look : NULL;
    begin(out, cairn_print(out->arena, "GET %s", path), help, allow);
    if (strstr(path, "{id}"))
        cairn_openapi_parameter(out, "id", "path", "{\"type\":\"string\"}", NULL,
                                "The id in the path.");
    add_question(out, asks);
    cairn_openapi_refer(out, "parameters", "traceparent");
    cairn_buffer_print(out,
                       "],\"responses\":{\"200\":{\"description\":\"What there is.\",\"content\":{"
                       "\"application/json\":{\"schema\":{\"type\":\"object\"%s}}}}",
                       list ? ",\"required\":[\"items\"],\"properties\":{\"items\":{\"type\":"
                              "\"array\",\"items\":{\"type\":\"object\"}}}"
                            : "");
    end(out, allow, problems);
}

/* ---- actions ---- */

void cairn_openapi_action(struct cairn_buffer *out, const struct cairn_action *action, bool secured)
{
    static const int problems[] = {400, 404, 408, 409, 413, 415, 422, 429, 431, 503, 0};
    const struct cairn_allow *allow = secured ? &cairn_operators_act : NULL;
    begin(out, cairn_print(out->arena, "POST %s", action->path), action->help, allow);
    cairn_openapi_refer(out, "parameters", "Idempotency-Key");
    cairn_openapi_refer(out, "parameters", "traceparent");
    cairn_buffer_text(out, "],\"requestBody\":{\"required\":true,\"content\":{\"application/json\":"
                           "{\"schema\":");
    cairn_record_schema(action->takes, NULL, out);
    cairn_buffer_text(out, ",\"example\":");
    cairn_record_example(action->takes, NULL, out);
    cairn_buffer_text(out,
                      "}}},\"responses\":{\"200\":{\"description\":\"It was done, and recorded."
                      "\",\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\","
                      "\"required\":[\"operation\",\"action\",\"position\",\"result\"],"
                      "\"properties\":{\"operation\":{\"type\":[\"string\",\"null\"]},"
                      "\"action\":{\"type\":\"string\"},\"position\":{\"type\":\"integer\"},"
                      "\"result\":");
    cairn_record_schema(action->results, NULL, out);
    cairn_buffer_text(out, "}}}}}");
    end(out, allow, problems);
}
