/* pulse.c - the thread that takes samples, and the streams that get the newest one. */
#include "operations/pulse/pulse.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "operations/http/http_question.h"
#include "operations/live/live_streams.h"
#include "operations/pulse/pulse_sampler.h"
#include "record/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER = 512 << 10, SHARE = 4 };
#define EVERY_US CAIRN_SECONDS(1)
#define DEADLINE_US CAIRN_SECONDS(10)

struct cairn_pulse {
    struct cairn_live live; /* the first member */
    struct cairn_sampler sampler;
    bool failing;
    pthread_t thread;
    char *message; /* the newest one, for streams that begin; guarded by the lock of `live` */
};

/* ---- the messages ---- */

static char *problem_of(const struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_buffer out = cairn_buffer(&arena);
    cairn_buffer_text(&out, "event: problem\ndata: {\"title\":\"The log cannot be read\"");
    cairn_buffer_member(&out, "detail", cairn_code_info((int)error->code)->meaning);
    cairn_buffer_text(&out, "}\n\n");
    char *text = cairn_duplicate(out.text);
    cairn_arena_close(&arena);
    return text;
}

static char *message_of(const char *sample)
{
    size_t bytes = strlen(sample) + sizeof "data: \n\n";
    char *text = cairn_allocate(bytes);
    (void)snprintf(text, bytes, "data: %s\n\n", sample);
    return text;
}

/* A stream that has not sent the message before is given none. */
static void give(struct cairn_live_stream *stream, const char *message)
{
    if (stream->begin == stream->end && cairn_live_add(stream, message))
        cairn_live_wake(stream);
}

static void give_all(struct cairn_pulse *pulse, char *message)
{
    cairn_lock(&pulse->live.lock);
    free(pulse->message);
    pulse->message = message;
    for (struct cairn_live_stream *at = pulse->live.streams; at; at = at->after)
        give(at, message);
    cairn_unlock(&pulse->live.lock);
}

/* ---- the thread ---- */

static void sample(struct cairn_pulse *pulse)
{
    struct cairn_error error = {0};
    const char *text = NULL;
    int failed = cairn_sampler_read(&pulse->sampler, &text, &error);
    if (failed && !pulse->failing)
        cairn_log_error(CAIRN_LOG_WARN, "the state of the system cannot be read", &error);
    pulse->failing = failed != 0;
    give_all(pulse, failed ? problem_of(&error) : message_of(text));
}

/* Without streams nothing is sampled: what was is then too old to be shown. */
static void drop_message(struct cairn_pulse *pulse)
{
    cairn_lock(&pulse->live.lock);
    if (!pulse->live.streams) {
        free(pulse->message);
        pulse->message = NULL;
        pulse->sampler.before = (struct cairn_status_sample){0}; /* so would be its rates */
    }
    cairn_unlock(&pulse->live.lock);
}

static void *run(void *context)
{
    struct cairn_pulse *pulse = context;
    while (cairn_live_await(&pulse->live)) {
        int64_t began_us = cairn_monotonic_us();
        sample(pulse);
        int64_t spent_us = cairn_monotonic_us() - began_us;
        int64_t until_us = began_us + (spent_us * SHARE > EVERY_US ? spent_us * SHARE : EVERY_US);
        if (!cairn_live_pause(&pulse->live, until_us))
            break;
        cairn_live_tend(&pulse->live);
        drop_message(pulse);
    }
    return NULL;
}

/* ---- a stream ---- */

static void forget(struct cairn_live_stream *stream)
{
    free(stream);
}

/* It begins with the newest sample, if others look on already. */
static void give_newest(struct cairn_pulse *pulse, struct cairn_live_stream *stream)
{
    cairn_lock(&pulse->live.lock);
    if (pulse->message && pulse->live.streams)
        (void)cairn_live_add(stream, pulse->message);
    cairn_unlock(&pulse->live.lock);
}

enum cairn_http_outcome cairn_http_pulse(struct cairn_pulse *pulse,
                                         struct cairn_http_request *request,
                                         struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    const void *none = NULL;
    int failed = cairn_http_question(request, NULL, &none, &error);
    if (!failed) {
        struct cairn_live_stream *stream = cairn_allocate(sizeof *stream);
        cairn_live_make(stream, BUFFER, request);
        stream->forget = forget;
        give_newest(pulse, stream);
        failed = cairn_live_join(&pulse->live, stream, response, &error);
    }
    if (failed)
        cairn_http_problem(request, response, &error);
    return CAIRN_HTTP_DONE;
}

/* ---- life ---- */

static void dispose(struct cairn_pulse *pulse)
{
    cairn_sampler_close(&pulse->sampler);
    cairn_live_destroy(&pulse->live);
    free(pulse->message);
    free(pulse);
}

static int open_stores(struct cairn_sampler *sampler, const char *database_url,
                       const char *redis_url, struct cairn_error *error)
{
    int failed = cairn_pg_open(database_url, "cairn-pulse", &sampler->pg, error);
    if (failed)
        return failed;
    cairn_pg_set_deadline(sampler->pg, DEADLINE_US);
    return redis_url && *redis_url
               ? cairn_redis_open(redis_url, CAIRN_SECONDS(2), &sampler->redis, error)
               : 0;
}

int cairn_pulse_open(const char *database_url, const char *redis_url,
                     const struct cairn_service *const services[], struct cairn_pulse **ret,
                     struct cairn_error *error)
{
    struct cairn_pulse *pulse = cairn_allocate(sizeof *pulse);
    cairn_live_init(&pulse->live);
    pulse->sampler.services = services;
    int failed = open_stores(&pulse->sampler, database_url, redis_url, error);
    if (!failed)
        failed = cairn_thread_start(&pulse->thread, run, pulse, "samples the system", error);
    if (failed) {
        dispose(pulse);
        return failed;
    }
    *ret = pulse;
    return 0;
}

void cairn_pulse_stop(struct cairn_pulse *pulse)
{
    if (pulse)
        cairn_live_stop(&pulse->live);
}

void cairn_pulse_close(struct cairn_pulse *pulse)
{
    if (!pulse)
        return;
    cairn_live_end(&pulse->live);
    cairn_thread_join(pulse->thread);
    dispose(pulse);
}
