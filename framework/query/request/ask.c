/* ask.c - parses the path, parameters and headers of a query. */
#include "query/request/ask.h"

#include "http/request/conditional.h"
#include "query/models/query_context.h"
#include "query/read/fresh.h"
#include "record/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LIMIT = 50, LIMIT_MAX = 200, KEY_MAX_BYTES = 200 };

int64_t cairn_query_limit_max(const struct cairn_resource *resource)
{
    return resource->limit_max ? resource->limit_max : LIMIT_MAX;
}

int64_t cairn_query_limit(const struct cairn_resource *resource)
{
    int64_t limit = resource->limit ? resource->limit : LIMIT;
    int64_t most = cairn_query_limit_max(resource);
    return limit < most ? limit : most;
}

int cairn_query_filter(const struct cairn_resource *resource, const char *parameter)
{
    for (int i = 0; i < CAIRN_FILTERS_MAX && resource->filters[i].parameter; i++) {
        if (strcmp(resource->filters[i].parameter, parameter) == 0)
            return i;
    }
    return -1;
}

int cairn_query_path_filter(const struct cairn_resource *resource)
{
    return strstr(resource->path, "{id}") ? cairn_query_filter(resource, "id") : -1;
}

/* ---- parameters ---- */

struct reading {
    const struct cairn_resource *resource;
    struct cairn_arena *arena;
    struct cairn_query_ask *ask;
    bool limit_seen;
    bool cursor_seen;
    const char *texts[CAIRN_FILTERS_MAX]; /* of the given filters */
    int failed;
    struct cairn_error *error;
};

enum { POINTER_SIZE = 120 };

static void take_filter(struct reading *reading, int i, const char *value, const char *pointer)
{
    const struct cairn_filter *filter = &reading->resource->filters[i];
    const struct cairn_field *field =
        cairn_record_field(reading->resource->projection->row, filter->field);
    int failed =
        cairn_query_operand_read(field, value, pointer, &reading->ask->values[i], reading->error);
    reading->ask->given |= 1U << i;
    reading->texts[i] = value;
    if (failed)
        reading->failed = failed;
}

static void take_limit(struct reading *reading, const char *value)
{
    int64_t limit = 0;
    int64_t most = cairn_query_limit_max(reading->resource);
    if (cairn_integer_parse(value, &limit) < 0 || limit < 1 || limit > most)
        reading->failed =
            cairn_wrong(reading->error, "?limit", "is not a number from 1 to %" PRId64, most);
    reading->ask->limit = limit;
    reading->limit_seen = true;
}

static int read_cursor(struct reading *reading, const char *text)
{
    const struct cairn_resource *resource = reading->resource;
    struct cairn_query_ask *ask = reading->ask;
    if (cairn_query_cursor_decode(text, reading->arena, &ask->cursor) < 0 ||
        ask->cursor.descending != resource->descending)
        return -CAIRN_INVALID;
    ask->after = true;
    if (!resource->order)
        return *ask->cursor.value ? -CAIRN_INVALID : 0;
    const struct cairn_field *field =
        cairn_record_field(resource->projection->row, resource->order);
    return cairn_query_operand_read(field, ask->cursor.value, "", &ask->after_value, NULL);
}

static void take_cursor(struct reading *reading, const char *value)
{
    if (read_cursor(reading, value) < 0)
        reading->failed = cairn_wrong(reading->error, "?cursor", "was not issued for this list");
    reading->cursor_seen = true;
}

static void refuse_unknown(struct reading *reading, const char *pointer)
{
    struct cairn_buffer names = cairn_buffer(reading->arena);
    int path = cairn_query_path_filter(reading->resource);
    for (int i = 0; i < CAIRN_FILTERS_MAX && reading->resource->filters[i].parameter; i++) {
        if (i != path)
            cairn_buffer_print(&names, "%s, ", reading->resource->filters[i].parameter);
    }
    if (reading->resource->list)
        reading->failed = cairn_wrong(reading->error, pointer,
                                      "is not known here; known are %slimit, cursor", names.text);
    else
        reading->failed =
            cairn_wrong(reading->error, pointer, "is unknown; the only one here is at");
}

static void take_parameter(void *context, const char *name, const char *value)
{
    struct reading *reading = context;
    const struct cairn_resource *resource = reading->resource;
    char pointer[POINTER_SIZE];
    (void)snprintf(pointer, sizeof pointer, "?%s", name);

    int i = cairn_query_filter(resource, name);
    bool filter = i >= 0 && i != cairn_query_path_filter(resource);
    bool limit = resource->list && strcmp(name, "limit") == 0;
    bool cursor = resource->list && strcmp(name, "cursor") == 0;
    bool at = !resource->list && strcmp(name, "at") == 0;
    if ((filter && reading->ask->given & 1U << i) || (limit && reading->limit_seen) ||
        (cursor && reading->cursor_seen))
        reading->failed = cairn_wrong(reading->error, pointer, "is given twice");
    else if (filter)
        take_filter(reading, i, value, pointer);
    else if (limit)
        take_limit(reading, value);
    else if (cursor)
        take_cursor(reading, value);
    else if (at && reading->ask->at)
        reading->failed = cairn_wrong(reading->error, pointer, "is given twice");
    else if (at)
        reading->ask->at = cairn_copy_text(reading->arena, value);
    else
        refuse_unknown(reading, pointer);
}

/* Returns the path, the filters, in the order of their declaration, and whose rows are seen. Each
 * value is preceded by its length, since it may contain any character. */
static const char *name_list(const struct reading *reading)
{
    struct cairn_buffer out = cairn_buffer(reading->arena);
    cairn_buffer_text(&out, reading->resource->path);
    for (uint32_t i = 0; i < CAIRN_FILTERS_MAX; i++) {
        const char *text = reading->texts[i];
        if (text)
            cairn_buffer_print(&out, " %u=%zu:%s", i, strlen(text), text);
    }
    const struct cairn_query_owner *owner = &reading->ask->owner;
    if (owner->field)
        cairn_buffer_print(&out, " %s=%zu:%s", owner->field->name, strlen(owner->subject),
                           owner->subject);
    return out.text;
}

/* ---- path ---- */

/* A UUID is normalised to lower case, as keys are stored. */
static int read_key(const struct cairn_resource *resource, const struct cairn_http_request *request,
                    const char **ret, struct cairn_error *error)
{
    struct cairn_uuid id;
    if (!cairn_query_by_stream(resource->projection)) {
        *ret = request->id;
        size_t bytes = strlen(request->id);
        return bytes > 0 && bytes <= KEY_MAX_BYTES
                   ? 0
                   : cairn_wrong(error, "{id}", "is longer than any key");
    }
    if (cairn_uuid_parse(request->id, &id) < 0)
        return cairn_wrong(error, "{id}", "is not a uuid");
    char *text = cairn_new(request->arena, char, CAIRN_UUID_TEXT_SIZE);
    cairn_uuid_format(id, text);
    *ret = text;
    return 0;
}

/* ---- headers ---- */

/* JSON, unless a stream is named explicitly with at least the same quality. */
static bool wants_stream(const struct cairn_http_request *request)
{
    static const char stream[] = "text/event-stream";
    const char *accept = cairn_http_header_list(request, "Accept");
    int weight = cairn_accept_quality(accept, stream);
    return weight > 0 && cairn_accept_names(accept, stream) &&
           cairn_accept_quality(accept, "application/json") <= weight &&
           strcmp(request->method, "GET") == 0;
}

static int read_headers(const struct cairn_http_request *request, struct cairn_query_ask *ask,
                        struct cairn_error *error)
{
    if (cairn_http_header_count(request, "Cairn-Position") > 1)
        return cairn_fail(error, CAIRN_MALFORMED, "Cairn-Position was sent twice");
    ask->token = cairn_http_header(request, "Cairn-Position");
    ask->seen = cairn_http_header_list(request, "If-None-Match");
    ask->wanted = cairn_http_header_list(request, "If-Match");
    if (ask->wanted && !cairn_etags_valid(ask->wanted))
        return cairn_fail(error, CAIRN_MALFORMED, "If-Match must be a list of ETags, or *");
    if (ask->key && !ask->at)
        ask->datetime = cairn_http_header(request, "Accept-Datetime");
    ask->last = cairn_http_header(request, "Last-Event-ID");
    ask->live = wants_stream(request);
    ask->wait_said =
        cairn_query_prefer_wait(cairn_http_header_list(request, "Prefer"), &ask->wait_s);
    ask->deadline_us = request->received_us + CAIRN_SECONDS(ask->wait_s);
    return 0;
}

int cairn_query_ask_read(const struct cairn_resource *resource,
                         const struct cairn_http_request *request, struct cairn_query_ask *ret,
                         struct cairn_error *error)
{
    *ret = (struct cairn_query_ask){.limit = cairn_query_limit(resource),
                                    .owner = cairn_query_owner_of(resource, request->actor)};
    struct reading reading = {
        .resource = resource, .arena = request->arena, .ask = ret, .error = error};
    int path = cairn_query_path_filter(resource);
    if (!resource->list)
        reading.failed = read_key(resource, request, &ret->key, error);
    else if (path >= 0)
        take_filter(&reading, path, request->id, "{id}");
    cairn_http_query_each(request, take_parameter, &reading);
    if (!reading.failed)
        reading.failed = read_headers(request, ret, error);
    if (resource->list)
        ret->list = name_list(&reading);
    return reading.failed;
}

/* ---- followed pages ---- */

struct cairn_query_ask *cairn_query_ask_keep(const struct cairn_query_ask *ask,
                                             struct cairn_arena *arena)
{
    struct cairn_query_ask *kept = cairn_new(arena, struct cairn_query_ask, 1);
    kept->given = ask->given;
    kept->limit = ask->limit;
    kept->list = cairn_copy_text(arena, ask->list);
    kept->after = ask->after;
    kept->owner = ask->owner;
    if (ask->owner.field)
        kept->owner.subject = cairn_copy_text(arena, ask->owner.subject);
    for (uint32_t i = 0; i < CAIRN_FILTERS_MAX; i++) {
        if (ask->given & 1U << i)
            kept->values[i] = cairn_query_operand_keep(&ask->values[i], arena);
    }
    if (!ask->after)
        return kept;
    kept->after_value = cairn_query_operand_keep(&ask->after_value, arena);
    kept->cursor = cairn_query_cursor_keep(&ask->cursor, arena);
    return kept;
}

const char *cairn_query_ask_page(const struct cairn_query_ask *ask, struct cairn_arena *arena)
{
    if (!ask->after)
        return cairn_print(arena, "%s limit=%" PRId64, ask->list, ask->limit);
    return cairn_print(arena, "%s limit=%" PRId64 " after %zu:%s %s", ask->list, ask->limit,
                       strlen(ask->cursor.value), ask->cursor.value, ask->cursor.key);
}
