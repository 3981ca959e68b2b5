/* openapi_query.c - writes a resource as an operation of /openapi.json. */
#include "query/models/query_context.h"
#include "query/request/ask.h"
#include "record/json.h"
#include "runtime/openapi/openapi_parts.h"

/* ---- parameters ---- */

static void add_field_parameter(struct cairn_buffer *out, const char *name, const char *in,
                                const struct cairn_field *field, const char *help)
{
    struct cairn_buffer schema = cairn_buffer(out->arena);
    struct cairn_buffer example = cairn_buffer(out->arena);
    cairn_field_schema(field, &schema);
    cairn_field_example(field, &example);
    cairn_openapi_parameter(out, name, in, schema.text, example.text, help);
}

/* Writes the key parameter: the stream's id if rows belong to streams, otherwise any text. */
static void add_key(struct cairn_buffer *out, const struct cairn_resource *resource)
{
    if (cairn_query_by_stream(resource->projection))
        cairn_openapi_parameter(out, "id", "path", "{\"type\":\"string\",\"format\":\"uuid\"}",
                                "\"" CAIRN_EXAMPLE_ID "\"", "The id in the path.");
    else
        cairn_openapi_parameter(out, "id", "path",
                                "{\"type\":\"string\",\"minLength\":1,\"maxLength\":200}", NULL,
                                "The key of the row.");
}

static const char *filter_help(const struct cairn_buffer *out, const struct cairn_filter *filter)
{
    switch (filter->compare) {
    case CAIRN_EQUAL:
        return cairn_print(out->arena, "Only where %s is this.", filter->field);
    case CAIRN_AT_LEAST:
        return cairn_print(out->arena, "Only where %s is this or more.", filter->field);
    case CAIRN_AT_MOST:
        return cairn_print(out->arena, "Only where %s is this or less.", filter->field);
    }
    return filter->field;
}

static void add_filters(struct cairn_buffer *out, const struct cairn_resource *resource)
{
    int path = cairn_query_path_filter(resource);
    for (int i = 0; i < CAIRN_FILTERS_MAX && resource->filters[i].parameter; i++) {
        const struct cairn_filter *filter = &resource->filters[i];
        add_field_parameter(out, filter->parameter, i == path ? "path" : "query",
                            cairn_record_field(resource->projection->row, filter->field),
                            i == path ? "Whose." : filter_help(out, filter));
    }
}

static void add_paging(struct cairn_buffer *out, const struct cairn_resource *resource)
{
    int64_t usual = cairn_query_limit(resource);
    cairn_openapi_parameter(out, "limit", "query",
                            cairn_print(out->arena,
                                        "{\"type\":\"integer\",\"minimum\":1,\"maximum\":%" PRId64
                                        ",\"default\":%" PRId64 "}",
                                        cairn_query_limit_max(resource), usual),
                            cairn_print(out->arena, "%" PRId64, usual), "Rows a page.");
    cairn_openapi_parameter(out, "cursor", "query", "{\"type\":\"string\"}", NULL,
                            "The `next` of the previous page.");
}

static void add_parameters(struct cairn_buffer *out, const struct cairn_resource *resource)
{
    cairn_buffer_text(out, ",\"parameters\":[");
    if (resource->list) {
        add_filters(out, resource);
        add_paging(out, resource);
    } else {
        add_key(out, resource);
        cairn_openapi_parameter(out, "at", "query", "{\"type\":\"string\"}", NULL,
                                "A position of the log, or a time: the row as it was.");
        cairn_openapi_parameter(out, "Accept-Datetime", "header", "{\"type\":\"string\"}", NULL,
                                "A date (RFC 7089): the row as it was.");
    }
    static const char *const headers[] = {"Cairn-Position", "Prefer", "If-None-Match",
                                          "traceparent"};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        cairn_openapi_refer(out, "parameters", headers[i]);
    cairn_openapi_parameter(
        out, "Last-Event-ID", "header", "{\"type\":\"string\"}", NULL,
        "The id of the last message received: an interrupted stream resumes after it.");
    cairn_buffer_char(out, ']');
}

/* ---- answers ---- */

static void add_content(struct cairn_buffer *out, const struct cairn_resource *resource)
{
    const struct cairn_record *row = resource->projection->row;
    cairn_buffer_text(out, ",\"content\":{\"application/json\":{\"schema\":");
    if (resource->list)
        cairn_buffer_text(out,
                          "{\"type\":\"object\",\"required\":[\"items\",\"next\"],"
                          "\"properties\":{\"next\":{\"type\":[\"string\",\"null\"],"
                          "\"description\":\"The cursor of the next page.\"},"
                          "\"parked\":{\"type\":\"integer\",\"description\":\"Rows of the read "
                          "model that the page may lack, or show as they were: an event could not "
                          "be applied to them. Not there if there are none.\"},"
                          "\"items\":{\"type\":\"array\",\"items\":");
    cairn_record_schema(row, NULL, out);
    cairn_buffer_text(out, resource->list ? "}}},\"example\":{\"items\":[" : ",\"example\":");
    cairn_record_example(row, NULL, out);
    cairn_buffer_print(out,
                       "%s},\"text/event-stream\":{\"schema\":{\"type\":\"string\","
                       "\"description\":\"The %s, and again whenever it changes.\"}}}",
                       resource->list ? "],\"next\":null}" : "", resource->list ? "page" : "row");
}

static void add_responses(struct cairn_buffer *out, const struct cairn_resource *resource,
                          bool secured)
{
    static const char *const headers[] = {"ETag", "Cairn-Position",     "Cache-Control",
                                          "Vary", "Preference-Applied", "traceparent",
                                          NULL};
    cairn_buffer_text(out, ",\"responses\":{\"200\":{\"description\":\"What the read model "
                           "says.\"");
    cairn_openapi_headers(out, headers);
    add_content(out, resource);
    cairn_buffer_text(out, "},\"304\":{\"description\":\"Not modified.\"");
    cairn_openapi_headers(out, headers);
    cairn_buffer_char(out, '}');
    static const int of_row[] = {400, 404, 408, 412, 429, 431, 500, 503, 0};
    static const int of_list[] = {400, 408, 412, 429, 431, 500, 503, 0};
    cairn_openapi_refused(out, secured ? &resource->allow : NULL);
    cairn_openapi_problems(out, resource->list ? of_list : of_row);
    cairn_buffer_char(out, '}');
}

/* ---- the operation ---- */

void cairn_openapi_query(struct cairn_buffer *out, const struct cairn_resource *resource,
                         bool secured)
{
    const char *route = cairn_print(out->arena, "GET %s", resource->path);
    cairn_openapi_method(out, route);
    cairn_openapi_words(out, route);
    cairn_buffer_print(out, ",\"tags\":[\"%s\"]", resource->projection->name);
    cairn_openapi_text(out, "summary", resource->help ? resource->help : resource->path);
    cairn_openapi_security(out, secured ? &resource->allow : NULL, resource->list);
    add_parameters(out, resource);
    add_responses(out, resource, secured);
    cairn_buffer_char(out, '}');
}

/* ---- why a row is as it is ---- */

static void add_history(struct cairn_buffer *out)
{
    cairn_buffer_text(
        out,
        ",\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\",\"required\":["
        "\"read_model\",\"key\",\"position\",\"left_out\",\"events\"],\"properties\":{"
        "\"read_model\":{\"type\":\"string\"},\"key\":{\"type\":\"string\"},"
        "\"position\":{\"type\":\"integer\"},\"left_out\":{\"type\":\"integer\",\"description\":"
        "\"Earlier events that are not shown.\"},\"events\":{\"type\":\"array\",\"items\":{"
        "\"type\":\"object\",\"required\":[\"position\",\"recorded_at\",\"stream\",\"version\","
        "\"type\",\"event_id\",\"effect\",\"changes\"],\"properties\":{\"effect\":{\"enum\":["
        "\"created\",\"changed\",\"unchanged\",\"deleted\",\"parked\",\"waits\",\"skipped\"]},"
        "\"changes\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"field\"],"
        "\"properties\":{\"field\":{\"type\":\"string\"},\"from\":{},\"to\":{}}}}}}}}}}}");
}

void cairn_openapi_why(struct cairn_buffer *out, const struct cairn_resource *resource,
                       bool secured)
{
    static const char *const headers[] = {"ETag", "Cairn-Position", "Cache-Control",
                                          "Vary", "traceparent",    NULL};
    static const char *const parameters[] = {"Cairn-Position", "Prefer", "If-None-Match",
                                             "traceparent"};
    static const int problems[] = {400, 404, 408, 412, 413, 429, 431, 500, 503, 0};
    const char *route = cairn_print(out->arena, "GET %s/why", resource->path);
    cairn_openapi_method(out, route);
    cairn_openapi_words(out, route);
    cairn_buffer_print(out, ",\"tags\":[\"%s\"]", resource->projection->name);
    cairn_openapi_text(out, "summary", "The events that made the row, with what each changed.");
    cairn_openapi_security(out, secured ? &resource->allow : NULL, false);
    cairn_buffer_text(out, ",\"parameters\":[");
    add_key(out, resource);
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        cairn_openapi_refer(out, "parameters", parameters[i]);
    cairn_buffer_text(out, "],\"responses\":{\"200\":{\"description\":\"The row's history.\"");
    cairn_openapi_headers(out, headers);
    add_history(out);
    cairn_buffer_text(out, "},\"304\":{\"description\":\"Not modified.\"");
    cairn_openapi_headers(out, headers);
    cairn_buffer_char(out, '}');
    cairn_openapi_refused(out, secured ? &resource->allow : NULL);
    cairn_openapi_problems(out, problems);
    cairn_buffer_text(out, "}}");
}
