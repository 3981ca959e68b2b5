/* trace_export.c - the way of spans to the collector: OTLP/HTTP by the door for calls to others. */
#include "runtime/trace_export.h"

#include "core/threads/clock.h"
#include "outbound/target/target.h"
#include "runtime/config/otel_config.h"
#include "telemetry/exporter.h"

#include <cairn/outbound.h>
#include <cairn/version.h>

#include <stdlib.h>
#include <string.h>

struct cairn_trace_export {
    struct cairn_target target;
    struct cairn_otel_pairs headers;
    struct cairn_arena arena;
    struct cairn_exporter *exporter;
};

/* OTLP/HTTP: these may be sent again; every other status may not. */
static bool is_worth_repeating(int status)
{
    return status == 429 || status == 502 || status == 503 || status == 504;
}

static void read_answer(const struct cairn_outbound_response *response,
                        struct cairn_export_answer *ret)
{
    ret->is_taken = response->status >= 200 && response->status <= 299;
    ret->may_repeat = is_worth_repeating(response->status);
    ret->pause_us = response->retry_after_us;
    if (ret->is_taken)
        ret->rejected = cairn_otlp_rejected(response->body, response->body_bytes);
    else
        (void)cairn_fail(&ret->error, CAIRN_UNAVAILABLE, "the collector answered %d",
                         response->status);
}

/* Attempts are the exporter's own: this is one. */
static void send_request(void *context, const void *body, size_t bytes, int64_t deadline_us,
                         struct cairn_export_answer *ret)
{
    struct cairn_trace_export *traces = context;
    struct cairn_outbound_response response = {0};
    struct cairn_outbound_request request = {
        .method = "POST",
        .content_type = "application/x-protobuf",
        .body = body,
        .body_bytes = bytes,
        .deadline_us = deadline_us,
        .idempotent = true,
    };
    for (size_t i = 0; i < traces->headers.count && i < CAIRN_OUTBOUND_HEADERS_MAX; i++) {
        request.headers[i].name = traces->headers.items[i].key;
        request.headers[i].value = traces->headers.items[i].value;
    }
    int failed = cairn_outbound_call(&traces->target, &request, &response, &ret->error);
    if (!failed)
        read_answer(&response, ret);
    else
        ret->may_repeat = failed == -CAIRN_UNAVAILABLE || failed == -CAIRN_UNKNOWN;
    cairn_outbound_response_reset(&response);
}

static void abandon(void *context)
{
    struct cairn_trace_export *traces = context;
    cairn_target_abandon(&traces->target);
}

/* Checks what no later request would be told of. */
static int check_target(struct cairn_trace_export *traces, struct cairn_error *error)
{
    struct cairn_target_state *state = NULL;
    int failed = cairn_target_state(&traces->target, false, &state, error);
    if (!failed && traces->headers.count > CAIRN_OUTBOUND_HEADERS_MAX)
        return cairn_fail(error, CAIRN_CONFIG, "OTEL_EXPORTER_OTLP_HEADERS has more than %d",
                          CAIRN_OUTBOUND_HEADERS_MAX);
    if (failed)
        cairn_error_context(error, "OTEL_EXPORTER_OTLP_ENDPOINT");
    return failed;
}

static int open_exporter(struct cairn_trace_export *traces, const struct cairn_config *config,
                         const char *service, struct cairn_error *error)
{
    const struct cairn_otel_pairs resource = cairn_otel_resource(config, service, &traces->arena);
    const struct cairn_exporter_options options = {
        .sampler = cairn_otel_sampler(config),
        .resource = resource.items,
        .resource_count = resource.count,
        .version = CAIRN_VERSION,
        .queue_max = (size_t)config->otel_queue_max,
        .batch_max = (size_t)config->otel_batch_max,
        .schedule_us = CAIRN_MILLISECONDS(config->otel_schedule_ms),
        .call_us = CAIRN_MILLISECONDS(config->otel_timeout_ms),
        .batch_us = CAIRN_MILLISECONDS(config->otel_export_ms),
        .door = {.send = send_request, .abandon = abandon, .context = traces},
    };
    return cairn_exporter_open(&options, &traces->exporter, error);
}

int cairn_trace_export_start(const struct cairn_config *config, const char *service,
                             struct cairn_trace_export **ret, struct cairn_error *error)
{
    if (!cairn_otel_is_on(config))
        return 0;
    struct cairn_trace_export *traces = cairn_allocate(sizeof *traces);
    traces->target = (struct cairn_target){
        .name = "otlp",
        .url = cairn_otel_traces_url(config, &traces->arena),
        .deadline_us = CAIRN_MILLISECONDS(config->otel_timeout_ms),
        .attempts = 1,
        .concurrency = 1,
        .breaker_failures = INT32_MAX, /* the exporter pauses by itself, as OTLP has it */
    };
    (void)!cairn_otel_pairs_read(config->otel_headers, &traces->arena, &traces->headers);
    int failed = check_target(traces, error);
    if (!failed)
        failed = open_exporter(traces, config, service, error);
    if (failed)
        cairn_trace_export_stop(traces);
    else
        *ret = traces;
    return failed;
}

void cairn_trace_export_stop(struct cairn_trace_export *traces)
{
    if (!traces)
        return;
    cairn_exporter_close(traces->exporter);
    cairn_target_close(&traces->target);
    cairn_arena_close(&traces->arena);
    free(traces);
}
