/* stream.c - makes a call whose answer lasts, and passes it on. */
#include "outbound/stream.h"

#include "core/threads/clock.h"
#include "outbound/call_span.h"
#include "outbound/http_parts.h"
#include "outbound/outbound_check.h"
#include "outbound/target/egress.h"
#include "outbound/transfer.h"

#include <string.h>

enum { SILENT_S = 60 };

struct streaming {
    struct cairn_http_parts parts;
    const struct cairn_outbound_sink *sink;
    const struct cairn_limits *limits;
    struct cairn_outbound_response head;
    size_t head_bytes, head_capacity;
    CURL *handle;
    bool begun;
};

/* An empty line ends a head; that of an interim answer (1xx), or of a proxy's, is not the one. */
static size_t take_head(char *bytes, size_t size, size_t count, void *context)
{
    struct streaming *streaming = context;
    size_t length = size * count;
    streaming->head_bytes += length;
    if (streaming->head_bytes > CAIRN_HEAD_MAX_BYTES)
        return 0;
    cairn_http_keep_line(&streaming->head, &streaming->head_capacity, bytes, length);
    if (length > 2 || streaming->begun)
        return length;
    cairn_http_read_head(streaming->handle, &streaming->head);
    if (streaming->head.status < 200)
        return length;
    streaming->begun = true;
    streaming->sink->begin(streaming->sink->self, &streaming->head);
    return length;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    const struct streaming *streaming = context;
    bool on = streaming->sink->take(streaming->sink->self, bytes, size * count);
    return on ? size * count : 0;
}

static int is_over(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct streaming *streaming = context;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(streaming->limits->abandoned) ||
           !streaming->sink->go_on(streaming->sink->self);
}

static void set_options(struct streaming *streaming, CURL *handle)
{
    cairn_http_parts_set(&streaming->parts, handle);
    (void)curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, 0L);
    (void)curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, (long)SILENT_S);
    (void)curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_head);
    (void)curl_easy_setopt(handle, CURLOPT_HEADERDATA, streaming);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, streaming);
    (void)curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, is_over);
    (void)curl_easy_setopt(handle, CURLOPT_XFERINFODATA, streaming);
}

static int perform(struct streaming *streaming, CURL *handle, struct cairn_error *error)
{
    char words[CURL_ERROR_SIZE];
    const struct cairn_limits *limits = streaming->limits;
    if (!cairn_transfer_prepare(handle, limits, cairn_monotonic_us() + limits->deadline_us, words))
        return cairn_fail(error, CAIRN_UNAVAILABLE, "%s is not called any more", limits->name);
    set_options(streaming, handle);
    CURLcode code = curl_easy_perform(handle);
    (void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, NULL);
    if (streaming->begun)
        return 0;
    return cairn_fail_inside(
        error, CAIRN_UNAVAILABLE,
        cairn_print(&streaming->parts.arena, "%s does not answer", limits->name), "%s",
        cairn_transfer_words(code, words));
}

/* The breaker learns of the answer when the stream has ended: one that lasts is no failure. */
static int admit_and_perform(struct streaming *streaming, struct cairn_target_state *state,
                             struct cairn_error *error)
{
    uint64_t epoch = 0;
    if (!cairn_target_admit(state, &epoch))
        return cairn_fail(error, CAIRN_UNAVAILABLE,
                          "%s has failed repeatedly: its circuit breaker is open",
                          streaming->limits->name);
    streaming->handle = curl_easy_init();
    int failed = streaming->handle ? perform(streaming, streaming->handle, error)
                                   : cairn_fail(error, CAIRN_BUSY, "out of memory");
    curl_easy_cleanup(streaming->handle);
    cairn_target_report(state, epoch, failed || streaming->head.status >= 500);
    return failed;
}

int cairn_outbound_stream(struct cairn_target *target, const struct cairn_outbound_request *request,
                          const struct cairn_outbound_sink *sink, struct cairn_error *error)
{
    struct cairn_target_state *state = NULL;
    int failed = cairn_outbound_check_request(request, error);
    if (!failed)
        failed = cairn_target_state(target, false, &state, error);
    if (failed)
        return failed;
    struct streaming streaming = {
        .parts = {.request = request, .traceparent = request->traceparent},
        .sink = sink,
        .limits = cairn_target_limits(state)};
    cairn_http_parts_make(&streaming.parts, streaming.limits);
    failed = admit_and_perform(&streaming, state, error);
    cairn_http_parts_reset(&streaming.parts);
    cairn_outbound_response_reset(&streaming.head);
    return failed;
}
