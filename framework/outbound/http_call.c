/* http_call.c - one HTTP request: sends headers and body, and reads an answer of bounded size. */
#include "outbound/call_span.h"
#include "outbound/outbound_check.h"
#include "outbound/transfer.h"

#include "core/containers/arena.h"
#include "core/containers/buffer.h"
#include "core/threads/clock.h"
#include "outbound/egress.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEAD_MAX_BYTES = 65536, KEEP_S = 30 };

struct call {
    const struct cairn_outbound_request *request;
    const char *traceparent, *tracestate; /* that are sent; NULL: none */
    struct cairn_outbound_response *response;
    struct cairn_arena arena; /* URL and headers as libcurl wants them */
    struct curl_slist *headers;
    const char *url;
    size_t body_max_bytes;
    size_t body_capacity;
    size_t head_bytes, head_capacity;
    bool too_large;
};

/* ---- the answer ---- */

/* A result that is less than size * count makes libcurl abort the transfer. */
static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct call *call = context;
    struct cairn_outbound_response *response = call->response;
    size_t more = size * count;
    call->too_large = more > call->body_max_bytes - response->body_bytes;
    if (call->too_large)
        return 0;
    size_t wanted = response->body_bytes + more + 1;
    if (wanted > call->body_capacity) {
        call->body_capacity = wanted > 2 * call->body_capacity ? wanted : 2 * call->body_capacity;
        response->body = cairn_reallocate(response->body, call->body_capacity);
    }
    memcpy(response->body + response->body_bytes, bytes, more);
    response->body_bytes += more;
    response->body[response->body_bytes] = '\0';
    return more;
}

/* Keeps a line of the head, which libcurl passes one by one, ended by a NUL instead of a line
 * break. The line of a status begins a head: one of a proxy, or of an interim answer, came
 * before. */
static void keep_line(struct call *call, const char *line, size_t bytes)
{
    struct cairn_outbound_response *response = call->response;
    while (bytes > 0 && strchr("\r\n \t", line[bytes - 1]))
        bytes--;
    if (bytes >= 5 && memcmp(line, "HTTP/", 5) == 0)
        response->head_bytes_ = 0;
    size_t wanted = response->head_bytes_ + bytes + 1;
    if (wanted > call->head_capacity) {
        call->head_capacity = wanted > 1024 ? 2 * wanted : 1024;
        response->head_ = cairn_reallocate(response->head_, call->head_capacity);
    }
    memcpy(response->head_ + response->head_bytes_, line, bytes);
    response->head_[response->head_bytes_ + bytes] = '\0';
    response->head_bytes_ = wanted;
}

static size_t take_head(char *bytes, size_t size, size_t count, void *context)
{
    struct call *call = context;
    call->head_bytes += size * count;
    call->too_large = call->head_bytes > HEAD_MAX_BYTES;
    if (!call->too_large)
        keep_line(call, bytes, size * count);
    return call->too_large ? 0 : size * count;
}

const char *cairn_outbound_header(const struct cairn_outbound_response *response, const char *name)
{
    size_t length = strlen(name);
    const char *end = response->head_ + response->head_bytes_;
    for (const char *at = response->head_; at && at < end; at += strlen(at) + 1) {
        if (strncasecmp(at, name, length) == 0 && at[length] == ':')
            return at + length + 1 + strspn(at + length + 1, " \t");
    }
    return NULL;
}

/* ---- the request ---- */

static void add_header(struct call *call, const char *name, const char *value)
{
    if (!value)
        return;
    struct curl_slist *longer =
        curl_slist_append(call->headers, cairn_print(&call->arena, "%s: %s", name, value));
    if (!longer)
        abort(); /* out of memory */
    call->headers = longer;
}

/* Removes Expect: otherwise libcurl would ask, and wait, before it sends a large body. */
static void add_headers(struct call *call)
{
    const struct cairn_outbound_request *request = call->request;
    struct curl_slist *first = curl_slist_append(NULL, "Expect:");
    if (!first)
        abort(); /* out of memory */
    call->headers = first;
    add_header(call, "Content-Type", request->content_type);
    add_header(call, "Idempotency-Key", request->idempotency_key);
    add_header(call, "traceparent", call->traceparent);
    add_header(call, "tracestate", call->tracestate);
    for (int i = 0; i < CAIRN_OUTBOUND_HEADERS_MAX && request->headers[i].name; i++)
        add_header(call, request->headers[i].name, request->headers[i].value);
}

static void set_request(const struct call *call, CURL *handle)
{
    const struct cairn_outbound_request *request = call->request;
    bool head = strcmp(request->method, "HEAD") == 0;
    (void)curl_easy_setopt(handle, CURLOPT_URL, call->url);
    (void)curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_HTTPHEADER, call->headers);
    (void)curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (request->body_bytes || strcmp(request->method, "POST") == 0) {
        (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body ? request->body : "");
        (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)request->body_bytes);
    }
    if (head)
        (void)curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    else
        (void)curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
    /* libcurl repeats by itself, whatever the method, a request that it had sent on a kept
     * connection that turned out to be closed. */
    (void)curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, request->idempotent ? 0L : 1L);
    (void)curl_easy_setopt(handle, CURLOPT_MAXCONNECTS, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_MAXAGE_CONN, (long)KEEP_S);
}

static void set_sinks(struct call *call, CURL *handle)
{
    (void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, call);
    (void)curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_head);
    (void)curl_easy_setopt(handle, CURLOPT_HEADERDATA, call);
    (void)curl_easy_setopt(handle, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)call->body_max_bytes);
}

/* ---- one attempt ---- */

static bool is_worth_repeating(int status)
{
    return status == 429 || status == 500 || (status >= 502 && status <= 504);
}

static void read_answer(struct call *call, CURL *handle, struct cairn_attempt *ret)
{
    long status = 0;
    char *type = NULL;
    curl_off_t wait_s = 0;
    struct cairn_outbound_response *response = call->response;
    (void)curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    (void)curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &wait_s);
    if (!response->body)
        response->body = cairn_allocate(1);
    if (type && strlen(type) < sizeof response->content_type)
        memcpy(response->content_type, type, strlen(type) + 1);
    response->status = (int)status;
    ret->sent = true;
    ret->failed = status >= 500;
    ret->again = is_worth_repeating(response->status);
    ret->pause_us = wait_s > 0 && wait_s < 86400 ? CAIRN_SECONDS(wait_s) : 0;
    response->retry_after_us = ret->pause_us;
}

/* CURLINFO_REQUEST_SIZE counts the bytes that the kernel has accepted. */
static bool was_sent(CURL *handle, CURLcode code)
{
    long bytes = 0;
    (void)curl_easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &bytes);
    return bytes > 0 || !cairn_transfer_found_nobody(code);
}

static void read_failure(struct call *call, CURL *handle, CURLcode code, const char *words,
                         const char *name, struct cairn_attempt *ret)
{
    ret->failed = true;
    if (call->too_large || code == CURLE_FILESIZE_EXCEEDED) {
        ret->sent = true;
        ret->code = cairn_fail(&ret->error, CAIRN_TOO_LARGE, "%s answers with more than %zu bytes",
                               name, call->body_max_bytes);
        return;
    }
    ret->again = true;
    ret->sent = was_sent(handle, code);
    const char *what = cairn_print(&call->arena,
                                   ret->sent ? "a request was sent to %s and not answered"
                                             : "no request was sent to %s",
                                   name);
    ret->code = cairn_fail_inside(&ret->error, ret->sent ? CAIRN_UNKNOWN : CAIRN_UNAVAILABLE, what,
                                  "%s", cairn_transfer_words(code, words));
}

static void attempt(void *context, CURL *handle, const struct cairn_limits *limits,
                    int64_t deadline_us, struct cairn_attempt *ret)
{
    struct call *call = context;
    char words[CURL_ERROR_SIZE];
    cairn_outbound_response_reset(call->response);
    call->body_capacity = call->head_bytes = call->head_capacity = 0;
    call->too_large = false;
    if (!cairn_transfer_prepare(handle, limits, deadline_us, words)) {
        ret->code = cairn_fail(&ret->error, CAIRN_UNAVAILABLE,
                               "no request was sent to %s: the deadline has passed", limits->name);
        return;
    }
    set_request(call, handle);
    set_sinks(call, handle);
    CURLcode code = curl_easy_perform(handle);
    if (code == CURLE_OK)
        read_answer(call, handle, ret);
    else if (!cairn_egress_failed(handle, limits, ret))
        read_failure(call, handle, code, words, limits->name, ret);
    (void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, NULL);
}

/* ---- the call ---- */

static void prepare(struct call *call, const struct cairn_limits *limits)
{
    const char *path = call->request->path;
    size_t length = strlen(limits->url);
    while (path && length > 0 && limits->url[length - 1] == '/')
        length--;
    call->url = cairn_print(&call->arena, "%.*s%s", (int)length, limits->url, path ? path : "");
    call->body_max_bytes = limits->answer_max_bytes;
    add_headers(call);
}

/* Describes what is called, without what a query or the URL's name and password may tell. */
static void describe(struct cairn_span *span, const struct call *call)
{
    const char *scheme_end = strstr(call->url, "://");
    const char *at = scheme_end ? strchr(scheme_end + 3, '@') : NULL;
    const char *path = scheme_end ? strchr(scheme_end + 3, '/') : NULL;
    if (!span || !scheme_end)
        return;
    bool has_user = at && (!path || at < path);
    const char *host = has_user ? at + 1 : scheme_end + 3;
    struct cairn_arena arena = {0};
    cairn_span_text(span, "http.request.method", call->request->method);
    cairn_span_text(span, "url.full",
                    cairn_print(&arena, "%.*s://%.*s", (int)(scheme_end - call->url), call->url,
                                (int)strcspn(host, "?#"), host));
    cairn_arena_close(&arena);
}

/* Sends the request, and records the span of all its attempts. */
static int perform_call(struct cairn_target_state *state, struct call *call, int64_t deadline_us,
                        struct cairn_error *error)
{
    const struct cairn_outbound_request *request = call->request;
    const struct cairn_limits *limits = cairn_target_limits(state);
    struct cairn_call_span span;
    struct cairn_error lost = {0};
    cairn_call_span_begin(&span, request->method, request->traceparent, limits);
    call->traceparent = span.traceparent[0] ? span.traceparent : request->traceparent;
    call->tracestate = span.traceparent[0] ? span.trace.state : NULL;
    prepare(call, limits);
    describe(span.span, call);
    int failed = cairn_outbound_run(state, request->idempotent ? limits->attempts : 1, deadline_us,
                                    attempt, call, &lost);
    cairn_call_span_end(&span, failed, failed ? 0 : call->response->status, &lost);
    return failed ? cairn_error_pass(error, &lost) : 0;
}

int cairn_outbound_call(struct cairn_target *target, const struct cairn_outbound_request *request,
                        struct cairn_outbound_response *ret, struct cairn_error *error)
{
    struct cairn_target_state *state = NULL;
    int64_t began_us = cairn_monotonic_us();
    cairn_outbound_response_reset(ret);
    int failed = cairn_outbound_check_request(request, error);
    if (!failed)
        failed = cairn_target_state(target, false, &state, error);
    if (failed)
        return failed;
    const struct cairn_limits *limits = cairn_target_limits(state);
    int64_t deadline_us =
        began_us + (request->deadline_us > 0 ? request->deadline_us : limits->deadline_us);
    struct call call = {.request = request, .response = ret};
    failed = perform_call(state, &call, deadline_us, error);
    curl_slist_free_all(call.headers);
    cairn_arena_close(&call.arena);
    if (failed)
        cairn_outbound_response_reset(ret);
    return failed;
}

void cairn_outbound_response_reset(struct cairn_outbound_response *response)
{
    free(response->body);
    free(response->head_);
    *response = (struct cairn_outbound_response){0};
}
