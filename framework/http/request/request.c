/* request.c - reads a request's headers, query and body, and checks the rules for them.
 *
 * The first violation becomes the exchange's refusal. A refused request is still read to its end,
 * so that the connection stays usable, except where its end is unknown, too far away, or where the
 * client asked first (Expect: 100-continue). */
#include "core/containers/buffer.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "http/connection/client_connection.h"
#include "http/connection/poller.h"
#include "http/exchange.h"
#include "http/limits/hosts.h"
#include "http/limits/limits.h"
#include "http/request/fields.h"
#include "http/request/media_type.h"
#include "http/request/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each parameter uses 72 bytes of the connection's memory (server.c). */
enum { SPARE_MAX_BYTES = 1 << 17, PARAMETERS_MAX = 50, SMALL_BODY_BYTES = 8192 };

/* ---- headers ---- */

static struct MHD_Connection *wire_of(const struct cairn_http_request *request)
{
    return ((const struct cairn_exchange *)request->handle_)->wire;
}

const char *cairn_http_header(const struct cairn_http_request *request, const char *name)
{
    return MHD_lookup_connection_value(wire_of(request), MHD_HEADER_KIND, name);
}

struct tally {
    const char *name;
    unsigned count;
};

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    (void)kind;
    (void)value;
    struct tally *tally = context;
    tally->count += strcasecmp(name, tally->name) == 0;
    return MHD_YES;
}

unsigned cairn_http_header_count(const struct cairn_http_request *request, const char *name)
{
    struct tally tally = {.name = name};
    (void)MHD_get_connection_values(wire_of(request), MHD_HEADER_KIND, count_header, &tally);
    return tally.count;
}

struct lines {
    const char *name;
    struct cairn_buffer out;
};

static enum MHD_Result add_line(void *context, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
    (void)kind;
    struct lines *lines = context;
    if (strcasecmp(name, lines->name) != 0)
        return MHD_YES;
    if (lines->out.length)
        cairn_buffer_text(&lines->out, ", ");
    cairn_buffer_text(&lines->out, value ? value : "");
    return MHD_YES;
}

const char *cairn_http_header_list(const struct cairn_http_request *request, const char *name)
{
    if (cairn_http_header_count(request, name) < 2)
        return cairn_http_header(request, name);
    struct lines lines = {.name = name, .out = cairn_buffer(request->arena)};
    (void)MHD_get_connection_values(wire_of(request), MHD_HEADER_KIND, add_line, &lines);
    return lines.out.text;
}

/* ---- the query ---- */

const char *cairn_http_query(const struct cairn_http_request *request, const char *name)
{
    const struct cairn_exchange *exchange = request->handle_;
    for (size_t i = 0; i < exchange->parameter_count; i++) {
        if (strcmp(exchange->parameters[i].name, name) == 0)
            return exchange->parameters[i].value;
    }
    return NULL;
}

void cairn_http_query_each(const struct cairn_http_request *request, cairn_http_each *each,
                           void *context)
{
    const struct cairn_exchange *exchange = request->handle_;
    for (size_t i = 0; i < exchange->parameter_count; i++)
        each(context, exchange->parameters[i].name, exchange->parameters[i].value);
}

struct query {
    struct cairn_exchange *exchange;
    bool wrong;
};

/* The library has split the query and replaced its plus signs by spaces. */
static enum MHD_Result take_parameter(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    (void)kind;
    struct query *query = context;
    struct cairn_exchange *exchange = query->exchange;
    if (!name || !*name)
        return MHD_YES;
    const char *text = value ? value : "";
    struct cairn_parameter *at = &exchange->parameters[exchange->parameter_count];
    at->name = cairn_decode(&exchange->arena, name, strlen(name));
    at->value = cairn_decode(&exchange->arena, text, strlen(text));
    query->wrong = !at->name || !at->value;
    if (query->wrong)
        return MHD_NO;
    exchange->parameter_count++;
    return MHD_YES;
}

static bool read_query(struct cairn_exchange *exchange)
{
    int count = MHD_get_connection_values(exchange->wire, MHD_GET_ARGUMENT_KIND, NULL, NULL);
    if (count <= 0)
        return true;
    exchange->parameters = cairn_new(&exchange->arena, struct cairn_parameter, (size_t)count);
    struct query query = {.exchange = exchange};
    (void)MHD_get_connection_values(exchange->wire, MHD_GET_ARGUMENT_KIND, take_parameter, &query);
    return !query.wrong;
}

/* ---- rules ---- */

static int refuse(struct cairn_exchange *exchange, enum cairn_code code, const char *format, ...)
    CAIRN_PRINTF(3, 4);
static int refuse(struct cairn_exchange *exchange, enum cairn_code code, const char *format, ...)
{
    va_list list;
    if (!exchange->refusal)
        exchange->refusal = cairn_new(&exchange->arena, struct cairn_error, 1);
    va_start(list, format);
    int failed = cairn_fail_va(exchange->refusal, code, format, list);
    va_end(list);
    return failed;
}

/* Checks that the body's length is stated once: a second statement allows a request to be smuggled
 * past a proxy that uses the other one (RFC 9112 section 11.2). */
static int check_framing(struct cairn_exchange *exchange, const char *version)
{
    const struct cairn_http_request *request = &exchange->request;
    const char *wrong =
        cairn_head_wrong(exchange->wire, request->method, exchange->target_bytes, version);
    if (wrong)
        return refuse(exchange, CAIRN_MALFORMED, "%s", wrong);
    bool oldest = strcmp(version, "HTTP/1.0") == 0;
    const char *coding = cairn_http_header(request, "Transfer-Encoding");
    unsigned codings = cairn_http_header_count(request, "Transfer-Encoding");
    unsigned lengths = cairn_http_header_count(request, "Content-Length");
    if (codings + lengths > 1)
        return refuse(exchange, CAIRN_MALFORMED, "the length of the body is stated twice");
    if (coding && strcasecmp(coding, "chunked") != 0)
        return refuse(exchange, CAIRN_MALFORMED, "the only transfer coding known is chunked");
    if (coding && oldest)
        return refuse(exchange, CAIRN_MALFORMED, "HTTP/1.0 does not support transfer codings");
    if (!oldest && cairn_http_header_count(request, "Host") != 1)
        return refuse(exchange, CAIRN_MALFORMED, "exactly one Host header is required");
    return 0;
}

static int check_header_size(struct cairn_exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->wire, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    size_t limit = exchange->http->options.header_max_bytes;
    if (info && info->header_size > limit)
        return refuse(exchange, CAIRN_HEADERS_TOO_LARGE, "the headers are larger than %zu bytes",
                      limit);
    return 0;
}

static enum cairn_http_outcome answer_options(const void *self, void *worker,
                                              struct cairn_http_request *request,
                                              struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    (void)request;
    response->status = 204;
    return CAIRN_HTTP_DONE;
}

/* Answers OPTIONS (RFC 9110 section 9.3.7): for a path, or with * for the whole service. */
static int offer(struct cairn_exchange *exchange, const char *allow)
{
    static const struct cairn_http_route options = {
        .method = "OPTIONS", .pattern = "*", .handle = answer_options, .direct = true};
    exchange->route = &options;
    cairn_http_set_header(&exchange->response, "Allow", allow ? allow : "");
    return 0;
}

static int find_route(struct cairn_exchange *exchange)
{
    struct cairn_http_request *request = &exchange->request;
    const struct cairn_http_options *options = &exchange->http->options;
    struct cairn_path path = {0};
    if (!cairn_is_token(request->method))
        return refuse(exchange, CAIRN_MALFORMED, "the method is not a token");
    if (strcmp(request->method, "OPTIONS") == 0 && strcmp(request->path, "*") == 0)
        return offer(exchange, cairn_route_allow(options, NULL, &exchange->arena));
    if (request->path[strcspn(request->path, " \t")] ||
        !cairn_path_split(&exchange->arena, request->path, &path))
        return refuse(exchange, CAIRN_MALFORMED, "the path is not percent-encoded UTF-8");
    if (!read_query(exchange))
        return refuse(exchange, CAIRN_MALFORMED, "the query is not percent-encoded UTF-8");
    exchange->route = cairn_route_find(options, request->method, &path, &request->id);
    if (exchange->route) {
        request->route = exchange->route->pattern;
        exchange->label = exchange->http->labels[exchange->route - options->routes];
        return 0;
    }
    const char *allow = cairn_route_allow(options, &path, &exchange->arena);
    if (!allow)
        return refuse(exchange, CAIRN_NO_PATH, "unknown path");
    if (strcmp(request->method, "OPTIONS") == 0)
        return offer(exchange, allow);
    cairn_http_set_header(&exchange->response, "Allow", allow);
    return refuse(exchange, CAIRN_METHOD, "%s is not allowed for this path: use %s",
                  request->method, allow);
}

static int check_media_type(struct cairn_exchange *exchange)
{
    const struct cairn_http_request *request = &exchange->request;
    const char *type = cairn_http_header(request, "Content-Type");
    const char *coding = cairn_http_header(request, "Content-Encoding");
    const char *wanted = exchange->route->media_type;
    wanted = wanted ? wanted : "application/json";
    bool good = exchange->route->any_media_type || cairn_media_type_is(type, wanted);
    if (!good || cairn_http_header_count(request, "Content-Type") > 1)
        return refuse(exchange, CAIRN_MEDIA_TYPE, "the body has to be %s in UTF-8, not %s", wanted,
                      type ? type : "of no stated type");
    if (coding && strcasecmp(coding, "identity") != 0)
        return refuse(exchange, CAIRN_MEDIA_TYPE, "the body must not be encoded as %s", coding);
    return 0;
}

static size_t announced_length(const struct cairn_http_request *request)
{
    const char *length = cairn_http_header(request, "Content-Length");
    return length ? strtoull(length, NULL, 10) : 0;
}

static int check_body(struct cairn_exchange *exchange)
{
    const struct cairn_http_request *request = &exchange->request;
    size_t length = announced_length(request);
    size_t limit = exchange->http->options.body_max_bytes;
    bool chunked = cairn_http_header(request, "Transfer-Encoding") != NULL;
    if (!exchange->route->takes_body && (length || chunked))
        return refuse(exchange, CAIRN_MALFORMED, "%s must not have a body here", request->method);
    if (length > limit)
        return refuse(exchange, CAIRN_TOO_LARGE, "the body is larger than %zu bytes", limit);
    return length ? check_media_type(exchange) : 0;
}

/* Returns whether a request is not counted: monitors and preflight requests are always answered. */
static bool is_exempt(const struct cairn_http_route *route)
{
    return route && (route->direct || route->vital);
}

/* Returns what proxies say about the client, where any is trusted to. */
static const char *forwarded_for(const struct cairn_exchange *exchange)
{
    const char *proxies = exchange->http->options.limits.proxies;
    return proxies && *proxies ? cairn_http_header_list(&exchange->request, "X-Forwarded-For")
                               : NULL;
}

/* Checks the host, and counts the request, whatever else may be wrong with it. */
static int check_client(struct cairn_exchange *exchange)
{
    const char *hosts = exchange->http->options.limits.hosts;
    const char *host = cairn_http_header(&exchange->request, "Host");
    struct cairn_error error;
    if (is_exempt(exchange->route))
        return 0;
    cairn_error_reset(&error);
    int failed = cairn_limiter_address(exchange, forwarded_for(exchange), &error);
    if (!failed && !cairn_host_is_known(hosts, host))
        failed = cairn_fail(&error, CAIRN_MISDIRECTED, "this service does not answer for %.200s",
                            host ? host : "a request without a host");
    if (!failed)
        return 0;
    exchange->refusal =
        cairn_new(&exchange->arena, struct cairn_error, 1); /* whatever was before */
    return cairn_error_pass(exchange->refusal, &error);
}

/* Returns the path; the rest of an absolute form (RFC 9112 section 3.2.2) is ignored. */
static const char *path_of(const char *url)
{
    static const char scheme[] = "http://";
    if (!url)
        return "";
    if (strncasecmp(url, scheme, sizeof scheme - 1) != 0)
        return url;
    const char *path = strchr(url + sizeof scheme - 1, '/');
    return path ? path : "/";
}

bool cairn_request_line(struct cairn_exchange *exchange, const char *target)
{
    size_t count = 1;
    exchange->target_bytes = strlen(target);
    for (const char *at = strchr(target, '?'); at && (at = strchr(at + 1, '&')); count++)
        continue;
    if (count <= PARAMETERS_MAX)
        return true;
    char why[80];
    (void)snprintf(why, sizeof why, "the query has more than %d parameters", PARAMETERS_MAX);
    cairn_answer_refuse(exchange, CAIRN_MALFORMED, why);
    return false;
}

bool cairn_request_begin(struct cairn_exchange *exchange, const char *method, const char *url,
                         const char *version)
{
    struct cairn_http_request *request = &exchange->request;
    request->method = method;
    request->path = path_of(url);
    bool one_trace = cairn_http_header_count(request, "traceparent") == 1;
    cairn_trace_begin(request, one_trace ? cairn_http_header(request, "traceparent") : NULL,
                      cairn_http_header_list(request, "tracestate"));
    const char *origins = exchange->http->options.limits.origins;
    if (origins && *origins)
        exchange->origin = cairn_http_header(request, "Origin");
    if (check_framing(exchange, version))
        return true;
    int failed = check_header_size(exchange);
    if (!failed)
        failed = find_route(exchange);
    if (failed != -CAIRN_HEADERS_TOO_LARGE)
        failed = check_client(exchange) ? -1 : failed;
    if (!failed)
        failed = check_body(exchange);
    if (!failed) /* whether it waits is seen when it is complete */
        failed = cairn_request_admit(exchange, false) < 0;
    return failed && (announced_length(request) > exchange->http->options.body_max_bytes ||
                      cairn_http_header(request, "Expect"));
}

int cairn_request_admit(struct cairn_exchange *exchange, bool may_wait)
{
    const struct cairn_http_guard *guard = &exchange->http->options.guard;
    const struct cairn_allow *allow = exchange->route->allow;
    struct cairn_error error;
    int outcome = 0;
    if (exchange->admitted)
        return 0;
    cairn_error_reset(&error);
    if (guard->admit && allow)
        outcome = guard->admit(guard->self, allow, &exchange->request, may_wait,
                               &exchange->response, &error);
    if (outcome == 0)
        outcome = cairn_limiter_caller(exchange, &error);
    exchange->admitted = outcome == 0;
    if (outcome < 0) {
        exchange->refusal = cairn_new(&exchange->arena, struct cairn_error, 1);
        (void)cairn_error_pass(exchange->refusal, &error);
    }
    return outcome;
}

/* Limits the memory of all bodies: a half-sent body costs its sender nothing, but occupies
 * memory. */
static bool grow_body(struct cairn_exchange *exchange, size_t wanted)
{
    struct cairn_http *http = exchange->http;
    size_t limit = http->options.bodies_max_bytes;
    size_t twice = 2 * exchange->body_capacity;
    size_t capacity = twice > wanted ? twice : wanted;
    size_t counted = capacity > SMALL_BODY_BYTES ? capacity : 0;
    size_t more = counted - exchange->body_counted;
    size_t before = atomic_fetch_add(&http->bodies_bytes, more);
    exchange->body_counted = counted;
    if (limit && more && before + more > limit)
        return false;
    exchange->body_capacity = capacity;
    exchange->body = cairn_reallocate(exchange->body, capacity);
    return true;
}

int cairn_request_collect(struct cairn_exchange *exchange, const char *bytes, size_t count)
{
    struct cairn_http_request *request = &exchange->request;
    size_t limit = exchange->http->options.body_max_bytes;
    if (count > limit - request->body_bytes) {
        exchange->refusal = NULL; /* this error takes precedence */
        return refuse(exchange, CAIRN_TOO_LARGE, "the body is larger than %zu bytes", limit);
    }
    size_t wanted = request->body_bytes + count + 1;
    if (!exchange->refusal) {
        if (exchange->body_capacity < wanted && !grow_body(exchange, wanted))
            return refuse(exchange, CAIRN_BUSY, "too many large requests arrive at once");
        memcpy(exchange->body + request->body_bytes, bytes, count);
        exchange->body[wanted - 1] = '\0';
        request->body = exchange->body;
    }
    request->body_bytes += count;
    return 0;
}

void cairn_request_complete(struct cairn_exchange *exchange)
{
    if (exchange->request.body_bytes && !exchange->refusal)
        (void)check_media_type(exchange);
}

/* ---- life ---- */

/* Keeps the arena with its largest block, unless that is unusually large. */
static void give_arena(struct cairn_spares *spares, struct cairn_arena *arena)
{
    cairn_arena_reset(arena);
    if (cairn_arena_bytes(arena) <= SPARE_MAX_BYTES) {
        cairn_lock(&spares->lock);
        if (spares->count < CAIRN_SPARES_MAX) {
            spares->arenas[spares->count++] = *arena;
            *arena = (struct cairn_arena){0};
        }
        cairn_unlock(&spares->lock);
    }
    cairn_arena_close(arena);
}

static struct cairn_arena take_arena(struct cairn_spares *spares)
{
    struct cairn_arena arena = {0};
    cairn_lock(&spares->lock);
    if (spares->count > 0)
        arena = spares->arenas[--spares->count];
    cairn_unlock(&spares->lock);
    return arena;
}

void cairn_spares_free(struct cairn_spares *spares)
{
    while (spares->count > 0)
        cairn_arena_close(&spares->arenas[--spares->count]);
    cairn_lock_destroy(&spares->lock);
}

struct cairn_exchange *cairn_exchange_open(struct cairn_poller *poller, struct MHD_Connection *wire,
                                           struct cairn_connection *connection)
{
    struct cairn_exchange *exchange = cairn_allocate(sizeof *exchange);
    struct cairn_http *http = cairn_poller_http(poller);
    exchange->http = http;
    exchange->poller = poller;
    exchange->arena = take_arena(&http->spares);
    exchange->wire = wire;
    exchange->connection = connection;
    exchange->step = CAIRN_STEP_OPENED;
    exchange->label = "other";
    exchange->request = (struct cairn_http_request){
        .method = "",
        .path = "",
        .route = "",
        .body = "",
        .received_us = cairn_monotonic_us(),
        .arena = &exchange->arena,
        .handle_ = exchange,
    };
    return exchange;
}

void cairn_exchange_close(struct cairn_exchange *exchange)
{
    cairn_stream_close(exchange);
    give_arena(&exchange->http->spares, &exchange->arena);
    free(exchange->body);
    atomic_fetch_sub(&exchange->http->bodies_bytes, exchange->body_counted);
    free(exchange);
}
