/* openapi_parts.c - writes parts of operations, and the components that they refer to. */
#include "runtime/openapi/openapi_parts.h"

#include "core/containers/arena.h"

#include <ctype.h>
#include <string.h>

void cairn_openapi_method(struct cairn_buffer *out, const char *route)
{
    cairn_buffer_char(out, '"');
    for (; *route != ' '; route++)
        cairn_buffer_char(out, (char)tolower((unsigned char)*route));
    cairn_buffer_text(out, "\":{\"operationId\":\"");
}

void cairn_openapi_words(struct cairn_buffer *out, const char *route)
{
    for (const char *at = route; *at; at++) {
        if (isalnum((unsigned char)*at))
            cairn_buffer_char(out, (char)tolower((unsigned char)*at));
        else if (isalnum((unsigned char)at[1]))
            cairn_buffer_char(out, '_');
    }
    cairn_buffer_char(out, '"');
}

void cairn_openapi_text(struct cairn_buffer *out, const char *name, const char *text)
{
    cairn_buffer_print(out, ",\"%s\":", name);
    cairn_buffer_json(out, text);
}

/* Writes a comma, unless a bracket was just opened. */
static void separate(struct cairn_buffer *out)
{
    if (!strchr("{[", out->text[out->length - 1]))
        cairn_buffer_char(out, ',');
}

void cairn_openapi_parameter(struct cairn_buffer *out, const char *name, const char *in,
                             const char *schema, const char *example, const char *help)
{
    separate(out);
    cairn_buffer_print(out, "{\"name\":\"%s\",\"in\":\"%s\",\"required\":%s,\"schema\":%s", name,
                       in, strcmp(in, "path") == 0 ? "true" : "false", schema);
    if (example)
        cairn_buffer_print(out, ",\"example\":%s", example);
    cairn_openapi_text(out, "description", help);
    cairn_buffer_char(out, '}');
}

void cairn_openapi_refer(struct cairn_buffer *out, const char *kind, const char *name)
{
    separate(out);
    cairn_buffer_print(out, "{\"$ref\":\"#/components/%s/%s\"}", kind, name);
}

void cairn_openapi_headers(struct cairn_buffer *out, const char *const names[])
{
    cairn_buffer_text(out, ",\"headers\":{");
    for (size_t i = 0; names[i]; i++) {
        separate(out);
        cairn_buffer_print(out, "\"%s\":{\"$ref\":\"#/components/headers/%s\"}", names[i],
                           names[i]);
    }
    cairn_buffer_char(out, '}');
}

void cairn_openapi_problems(struct cairn_buffer *out, const int statuses[])
{
    for (size_t i = 0; statuses[i]; i++)
        cairn_buffer_print(out, ",\"%d\":{\"$ref\":\"#/components/responses/Problem%d\"}",
                           statuses[i], statuses[i]);
}

/* ---- callers ---- */

static void add_allowed(struct cairn_buffer *out, const struct cairn_allow *allow, bool list)
{
    struct cairn_buffer text = cairn_buffer(out->arena);
    bool owned = allow->kind == CAIRN_ALLOW_OWNER;
    if (owned && list)
        cairn_buffer_print(&text, "Shows a caller the rows whose %s is its subject", allow->member);
    else if (owned)
        cairn_buffer_print(&text, "Allowed to the owner: %s", allow->member);
    else
        cairn_buffer_text(&text, allow->roles[0] ? "Allowed to" : "Allowed to every caller");
    for (size_t i = 0; allow->roles[i]; i++)
        cairn_buffer_print(&text, "%s %s",
                           i               ? ", or"
                           : owned && list ? ", and all to"
                           : owned         ? ", or"
                                           : "",
                           allow->roles[i]);
    cairn_buffer_char(&text, '.');
    cairn_openapi_text(out, "description", text.text);
}

void cairn_openapi_security(struct cairn_buffer *out, const struct cairn_allow *allow, bool list)
{
    if (!allow)
        return;
    bool anyone = allow->kind == CAIRN_ALLOW_ANYONE;
    cairn_buffer_text(out, anyone ? ",\"security\":[{},{\"bearer\":[]}]"
                                  : ",\"security\":[{\"bearer\":[]}]");
    if (!anyone)
        add_allowed(out, allow, list);
}

void cairn_openapi_refused(struct cairn_buffer *out, const struct cairn_allow *allow)
{
    static const int statuses[] = {401, 403, 0};
    if (allow)
        cairn_openapi_problems(out, statuses);
}

/* ---- problems, from the table of error.h ---- */

#define CODE(code, name, status, advice, meaning) CAIRN_##code,
static const enum cairn_code codes[] = {CAIRN_CODES(CODE)};
#undef CODE
enum { CODES = sizeof codes / sizeof codes[0] };

/* Returns whether a path that there is may answer with this code and status. */
static bool is_answer(enum cairn_code code, int status)
{
    return code != CAIRN_NO_PATH && cairn_code_info((int)code)->http_status == status;
}

static void add_problem_example(struct cairn_buffer *out, enum cairn_code code)
{
    const struct cairn_code_info *info = cairn_code_info((int)code);
    separate(out);
    cairn_buffer_print(out, "\"%s\":{\"value\":{\"type\":\"urn:cairn:problem:%s\",\"title\":",
                       info->name, info->name);
    cairn_buffer_json(out, info->meaning);
    cairn_buffer_print(out, ",\"status\":%d", info->http_status);
    cairn_openapi_text(out, "detail", info->meaning);
    cairn_openapi_text(out, "code", info->name);
    if (code == CAIRN_INVALID)
        cairn_buffer_text(out, ",\"errors\":[{\"pointer\":\"/name\",\"detail\":\"is missing\"}]");
    cairn_buffer_text(out, ",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\"}}");
}

static void add_problem_codes(struct cairn_buffer *out, int status)
{
    struct cairn_buffer text = cairn_buffer(out->arena);
    for (size_t i = 0; i < CODES; i++) {
        const struct cairn_code_info *info = cairn_code_info((int)codes[i]);
        if (is_answer(codes[i], status))
            cairn_buffer_print(&text, "%s`%s`: %s", text.length ? "; " : "", info->name,
                               info->meaning);
    }
    if (status == 422)
        cairn_buffer_text(&text, "; or the domain's own code");
    cairn_buffer_json(out, text.text);
}

static void add_problem(struct cairn_buffer *out, int status)
{
    static const char *const usual[] = {"traceparent", NULL};
    static const char *const passing[] = {"traceparent", "Retry-After", NULL};
    separate(out);
    cairn_buffer_print(out, "\"Problem%d\":{\"description\":", status);
    add_problem_codes(out, status);
    cairn_openapi_headers(out, status == 503 ? passing : usual);
    cairn_buffer_text(out, ",\"content\":{\"application/problem+json\":{\"schema\":"
                           "{\"$ref\":\"#/components/schemas/Problem\"},\"examples\":{");
    for (size_t i = 0; i < CODES; i++) {
        if (is_answer(codes[i], status))
            add_problem_example(out, codes[i]);
    }
    cairn_buffer_text(out, "}}}}");
}

static void add_problems(struct cairn_buffer *out, const char *paths)
{
    for (int status = 400; status < 600; status++) {
        if (strstr(paths, cairn_print(out->arena, "/responses/Problem%d\"", status)))
            add_problem(out, status);
    }
}

/* ---- everything else ---- */

struct component {
    const char *kind;
    const char *name;
    const char *json;
};

#define TRACEPARENT                                                                                \
    "\"schema\":{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}"         \
    "-[0-9a-f]{2}$\"},\"example\":\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\""
#define TEXT "\"schema\":{\"type\":\"string\"}"

static const struct component components[] = {
    {"parameters", "Idempotency-Key",
     "\"name\":\"Idempotency-Key\",\"in\":\"header\",\"description\":\"Repeating a request under "
     "the same key has no second effect: its first answer is given again.\",\"schema\":{\"type\":"
     "\"string\",\"minLength\":1,\"maxLength\":200,\"pattern\":\"^[!-~]+$\"},\"example\":"
     "\"8e03978e-40d5-43e8-bc93-6894a57f9324\""},
    {"parameters", "If-Match",
     "\"name\":\"If-Match\",\"in\":\"header\",\"description\":\"ETags of commands' answers or "
     "of queries by key: the command is carried out on one of these versions or not at all; * "
     "stands for any that there is.\"," TEXT ",\"example\":\"\\\"1\\\"\""},
    {"parameters", "Correlation-Id",
     "\"name\":\"Correlation-Id\",\"in\":\"header\",\"description\":\"What all consequences of "
     "the command are marked with, in the meta of their events; its own id without it.\",\"schema\":{"
     "\"type\":\"string\",\"maxLength\":100}"},
    {"parameters", "traceparent",
     "\"name\":\"traceparent\",\"in\":\"header\",\"description\":\"The trace that the request "
     "belongs to (W3C Trace Context); a new one begins without it.\"," TRACEPARENT},
    {"parameters", "Cairn-Position",
     "\"name\":\"Cairn-Position\",\"in\":\"header\",\"description\":\"Answer at or past this "
     "position, as a command or a query handed it out.\"," TEXT},
    {"parameters", "Prefer",
     "\"name\":\"Prefer\",\"in\":\"header\",\"description\":\"wait=N: how many seconds, at most "
     "30, to wait for the position; 2 if it is not said.\"," TEXT ",\"example\":\"wait=5\""},
    {"parameters", "If-None-Match",
     "\"name\":\"If-None-Match\",\"in\":\"header\",\"description\":\"ETags that the client has: "
     "if one still holds, the answer is 304.\"," TEXT ",\"example\":\"\\\"1.1\\\"\""},
    {"headers", "ETag",
     "\"description\":\"A command's: the stream's version. A query's by key: that version and the "
     "read model's generation; either may be sent as If-Match.\"," TEXT},
    {"headers", "Cairn-Position",
     "\"description\":\"How far the log has come: to be sent along with a query that must show "
     "it.\"," TEXT},
    {"headers", "Location",
     "\"description\":\"The path of what was made.\",\"schema\":{\"type\":\"string\",\"format\":"
     "\"uri-reference\"}"},
    {"headers", "Idempotency-Replayed",
     "\"description\":\"The command was carried out before; this is its answer.\",\"schema\":{"
     "\"type\":\"string\",\"const\":\"true\"}"},
    {"headers", "traceparent",
     "\"description\":\"The request's trace, with this service's span.\"," TRACEPARENT},
    {"headers", "Retry-After",
     "\"description\":\"Seconds.\",\"schema\":{\"type\":\"integer\",\"minimum\":1}"},
    {"headers", "Preference-Applied",
     "\"description\":\"What of Prefer was followed.\"," TEXT ",\"example\":\"wait=5\""},
    {"headers", "Cache-Control",
     "\"description\":\"Who may keep a copy, and for how long.\"," TEXT
     ",\"example\":\"private, no-cache\""},
    {"headers", "Vary",
     "\"description\":\"What the answer depends on.\"," TEXT
     ",\"example\":\"Accept, Cairn-Position\""},
    {"schemas", "Problem",
     "\"type\":\"object\",\"description\":\"RFC 9457. The code is stable and for machines.\","
     "\"required\":[\"type\",\"title\",\"status\",\"detail\",\"code\",\"trace_id\"],"
     "\"properties\":{\"type\":{\"type\":\"string\",\"format\":\"uri-reference\"},\"title\":{"
     "\"type\":\"string\"},\"status\":{\"type\":\"integer\",\"minimum\":400,\"maximum\":599},"
     "\"detail\":{\"type\":\"string\"},\"code\":{\"type\":\"string\"},\"errors\":{\"type\":"
     "\"array\",\"description\":\"All fields that are wrong.\",\"items\":{\"type\":\"object\","
     "\"required\":[\"pointer\",\"detail\"],\"properties\":{\"pointer\":{\"type\":\"string\","
     "\"description\":\"A JSON pointer, {id} or ?parameter.\"},\"detail\":{\"type\":"
     "\"string\"}}}},\"trace_id\":{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{32}$\"}}"},
};

/* Writes the components of one kind that `where` refers to. */
static void add_kind(struct cairn_buffer *out, const char *kind, const char *where)
{
    separate(out);
    cairn_buffer_print(out, "\"%s\":{", kind);
    for (size_t i = 0; i < sizeof components / sizeof components[0]; i++) {
        const struct component *at = &components[i];
        const char *reference =
            cairn_print(out->arena, "\"#/components/%s/%s\"", at->kind, at->name);
        if (strcmp(at->kind, kind) != 0 || !strstr(where, reference))
            continue;
        separate(out);
        cairn_buffer_print(out, "\"%s\":{%s}", at->name, at->json);
    }
    cairn_buffer_char(out, '}');
}

void cairn_openapi_components(struct cairn_buffer *out, const char *paths, bool secured)
{
    struct cairn_buffer problems = cairn_buffer(out->arena);
    cairn_buffer_text(&problems, "\"responses\":{");
    add_problems(&problems, paths);
    cairn_buffer_char(&problems, '}');
    const char *where = cairn_print(out->arena, "%s%s", paths, problems.text);
    cairn_buffer_text(out, "\"components\":{");
    cairn_buffer_text(out, problems.text);
    add_kind(out, "parameters", where);
    add_kind(out, "headers", where);
    add_kind(out, "schemas", where);
    if (secured)
        cairn_buffer_text(out, ",\"securitySchemes\":{\"bearer\":{\"type\":\"http\",\"scheme\":"
                               "\"bearer\",\"bearerFormat\":\"JWT\",\"description\":\"An access "
                               "token of the issuer (RFC 9068).\"}}");
    cairn_buffer_char(out, '}');
}
