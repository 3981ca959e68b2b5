/* run.c - runs one call with all its attempts.
 *
 * If a retry is not made, because the breaker has opened or time is short, the outcome is that of
 * the attempt before. If a retry is made and was not sent, that says nothing about the attempts
 * before: if one of them was sent, the outcome is unknown. */
#include "outbound/run.h"

#include "core/report/metrics.h"
#include "core/threads/backoff.h"
#include "core/threads/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static struct cairn_metric calls = CAIRN_COUNTER(
    "cairn_outbound_calls_total", "Calls to others, by target and outcome.", "target,outcome");
static struct cairn_metric seconds =
    CAIRN_HISTOGRAM("cairn_outbound_call_seconds",
                    "From the call to its end, waits and repetitions included.", "target");
static struct cairn_metric retries =
    CAIRN_COUNTER("cairn_outbound_retries_total", "Attempts after the first.", "target");

/* ---- pauses ---- */

/* A Retry-After of the answer is observed if it is longer. */
static int64_t pause_us(const struct cairn_limits *limits, int attempt, int64_t asked_us)
{
    int64_t own_us = cairn_backoff_us(attempt, limits->backoff_us, limits->backoff_us * 64);
    return own_us > asked_us ? own_us : asked_us;
}

static void sleep_until(int64_t until_us)
{
    const struct timespec until = {.tv_sec = until_us / 1000000,
                                   .tv_nsec = until_us % 1000000 * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

/* ---- attempts ---- */

/* Returns false, and leaves `ret` unchanged, if the breaker refuses. */
static bool attempt_once(struct cairn_target_state *state, CURL *handle, int64_t deadline_us,
                         cairn_attempt_make *make, void *context, struct cairn_attempt *ret)
{
    uint64_t epoch = 0;
    if (!cairn_target_admit(state, &epoch))
        return false;
    *ret = (struct cairn_attempt){0};
    make(context, handle, cairn_target_limits(state), deadline_us, ret);
    cairn_target_report(state, epoch, ret->failed);
    return true;
}

static void say_unknown(struct cairn_attempt *last)
{
    const struct cairn_error before = last->error;
    last->error = (struct cairn_error){0};
    last->code = cairn_error_pass_as(&last->error, CAIRN_UNKNOWN, &before);
    cairn_error_context(&last->error, "an attempt before this one may have been carried out");
}

static void attempt_all(struct cairn_target_state *state, CURL *handle, int attempts,
                        int64_t deadline_us, cairn_attempt_make *make, void *context,
                        struct cairn_attempt *last)
{
    const struct cairn_limits *limits = cairn_target_limits(state);
    bool sent_before = false;
    for (int attempt = 1;; attempt++) {
        if (!attempt_once(state, handle, deadline_us, make, context, last)) {
            if (attempt == 1)
                last->code = cairn_fail(
                    &last->error, CAIRN_UNAVAILABLE,
                    "%s has failed repeatedly: its circuit breaker is open, no request was sent",
                    limits->name);
            return;
        }
        if (sent_before && last->code == -CAIRN_UNAVAILABLE)
            say_unknown(last);
        sent_before = sent_before || last->sent;
        if (!last->again || attempt >= attempts)
            return;
        int64_t until_us = cairn_monotonic_us() + pause_us(limits, attempt, last->pause_us);
        if (until_us >= deadline_us)
            return;
        sleep_until(until_us);
        cairn_metric_add(&retries, limits->name, 1);
    }
}

/* ---- the call ---- */

static const char *outcome_name(int code, bool failed)
{
    if (code == 0)
        return failed ? "answered-5xx" : "answered";
    return cairn_code_info(code)->name;
}

static void count(const struct cairn_limits *limits, int64_t began_us, int code, bool failed)
{
    char value[200];
    (void)snprintf(value, sizeof value, "%s,%s", limits->name, outcome_name(code, failed));
    cairn_metric_add(&calls, value, 1);
    cairn_metric_observe(&seconds, limits->name, cairn_monotonic_us() - began_us);
}

int cairn_outbound_run(struct cairn_target_state *state, int attempts, int64_t deadline_us,
                       cairn_attempt_make *make, void *context, struct cairn_error *error)
{
    struct cairn_attempt last = {0};
    CURL *handle = NULL;
    int64_t began_us = cairn_monotonic_us();
    last.code = cairn_target_enter(state, deadline_us, &handle, &last.error);
    if (!last.code) {
        attempt_all(state, handle, attempts, deadline_us, make, context, &last);
        cairn_target_leave(state, handle);
    }
    count(cairn_target_limits(state), began_us, last.code, last.failed);
    if (last.code && error && error->code == CAIRN_OK)
        *error = last.error;
    return last.code;
}
