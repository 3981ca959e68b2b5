/* http_call.c - one HTTP request: sends headers and body, and reads an answer of bounded size. */
#include "outbound/call_span.h"
#include "outbound/http_parts.h"
#include "outbound/outbound_check.h"
#include "outbound/transfer.h"

#include "core/containers/arena.h"
#include "core/containers/buffer.h"
#include "core/threads/clock.h"
#include "outbound/target/egress.h"

#include <stdlib.h>
#include <string.h>

struct call {
    struct cairn_http_parts parts;
    struct cairn_outbound_response *response;
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

static size_t take_head(char *bytes, size_t size, size_t count, void *context)
{
    struct call *call = context;
    call->head_bytes += size * count;
    call->too_large = call->head_bytes > CAIRN_HEAD_MAX_BYTES;
    if (!call->too_large)
        cairn_http_keep_line(call->response, &call->head_capacity, bytes, size * count);
    return call->too_large ? 0 : size * count;
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
    struct cairn_outbound_response *response = call->response;
    cairn_http_read_head(handle, response);
    if (!response->body)
        response->body = cairn_allocate(1);
    ret->sent = true;
    ret->failed = response->status >= 500;
    ret->again = is_worth_repeating(response->status);
    ret->pause_us = response->retry_after_us;
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
    const char *what = cairn_print(&call->parts.arena,
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
    cairn_http_parts_set(&call->parts, handle);
    set_sinks(call, handle);
    CURLcode code = curl_easy_perform(handle);
    if (code == CURLE_OK)
        read_answer(call, handle, ret);
    else if (!cairn_egress_failed(handle, limits, ret))
        read_failure(call, handle, code, words, limits->name, ret);
    (void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, NULL);
}

/* ---- the call ---- */

/* Describes what is called, without what a query or the URL's name and password may tell. */
static void describe(struct cairn_span *span, const struct call *call)
{
    const char *scheme_end = strstr(call->parts.url, "://");
    const char *at = scheme_end ? strchr(scheme_end + 3, '@') : NULL;
    const char *path = scheme_end ? strchr(scheme_end + 3, '/') : NULL;
    if (!span || !scheme_end)
        return;
    bool has_user = at && (!path || at < path);
    const char *host = has_user ? at + 1 : scheme_end + 3;
    struct cairn_arena arena = {0};
    cairn_span_text(span, "http.request.method", call->parts.request->method);
    cairn_span_text(span, "url.full",
                    cairn_print(&arena, "%.*s://%.*s", (int)(scheme_end - call->parts.url),
                                call->parts.url, (int)strcspn(host, "?#"), host));
    cairn_arena_close(&arena);
}

/* Sends the request, and records the span of all its attempts. */
static int perform_call(struct cairn_target_state *state, struct call *call, int64_t deadline_us,
                        struct cairn_error *error)
{
    const struct cairn_outbound_request *request = call->parts.request;
    const struct cairn_limits *limits = cairn_target_limits(state);
    struct cairn_call_span span;
    struct cairn_error lost = {0};
    cairn_call_span_begin(&span, request->method, request->traceparent, limits);
    call->parts.traceparent = span.traceparent[0] ? span.traceparent : request->traceparent;
    call->parts.tracestate = span.traceparent[0] ? span.trace.state : NULL;
    cairn_http_parts_make(&call->parts, limits);
    call->body_max_bytes = limits->answer_max_bytes;
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
    struct call call = {.parts = {.request = request}, .response = ret};
    failed = perform_call(state, &call, deadline_us, error);
    cairn_http_parts_reset(&call.parts);
    if (failed)
        cairn_outbound_response_reset(ret);
    return failed;
}
