/* exporter.c - the thread that sends spans to a collector.
 *
 * The threads that end spans wake it once for each batch that they complete; otherwise it wakes up
 * by itself. */
#include "telemetry/exporter.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/backoff.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "telemetry/span_queue.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define FIRST_PAUSE_US CAIRN_SECONDS(1)
#define LONGEST_PAUSE_US CAIRN_SECONDS(8)

struct cairn_exporter {
    struct cairn_exporter_options options;
    struct cairn_span_queue *queue;
    struct cairn_otlp *otlp;
    sem_t wake;
    _Atomic int64_t dropped;  /* not yet in the metric */
    _Atomic int64_t close_us; /* monotonic: all has to be sent by then; 0: it runs */
    bool is_failing;          /* the last batch has failed: that was reported */
    pthread_t thread;

    pthread_mutex_t lock; /* of `done` */
    pthread_cond_t ended;
    bool done;
};

static struct cairn_metric spans =
    CAIRN_COUNTER("cairn_spans_total", "Spans of traces, by what became of them.", "outcome");

/* Called by any thread. */
static void take(void *context, const struct cairn_span *span)
{
    struct cairn_exporter *exporter = context;
    int64_t number = cairn_span_queue_push(exporter->queue, span);
    if (number < 0)
        atomic_fetch_add_explicit(&exporter->dropped, 1, memory_order_relaxed);
    else if ((number + 1) % (int64_t)exporter->options.batch_max == 0)
        (void)sem_post(&exporter->wake);
}

/* ---- waiting ---- */

static bool is_closing(struct cairn_exporter *exporter)
{
    return atomic_load(&exporter->close_us) != 0;
}

/* Waits until woken up, or until that time. */
static void wait_until(struct cairn_exporter *exporter, int64_t until_us)
{
    const struct timespec until = {.tv_sec = until_us / 1000000,
                                   .tv_nsec = until_us % 1000000 * 1000};
    (void)sem_clockwait(&exporter->wake, CLOCK_MONOTONIC, &until);
}

/* Waits until a batch is complete, or the time for an incomplete one has come. */
static void await_batch(struct cairn_exporter *exporter)
{
    int64_t until_us = cairn_monotonic_us() + exporter->options.schedule_us;
    while (!is_closing(exporter) && cairn_monotonic_us() < until_us &&
           cairn_span_queue_count(exporter->queue) < exporter->options.batch_max)
        wait_until(exporter, until_us);
}

/* Waits before another attempt. Returns false if there is no time for one. */
static bool pause_before(struct cairn_exporter *exporter, int64_t pause_us, int64_t deadline_us)
{
    int64_t until_us = cairn_monotonic_us() + pause_us;
    if (until_us >= deadline_us)
        return false;
    while (!is_closing(exporter) && cairn_monotonic_us() < until_us)
        wait_until(exporter, until_us);
    return !is_closing(exporter);
}

/* ---- sending ---- */

/* Fills the request from the queue. */
static void gather(struct cairn_exporter *exporter)
{
    int64_t unix_us = cairn_time_to_unix(cairn_now()) - cairn_monotonic_us();
    const struct cairn_span *span;
    cairn_otlp_empty(exporter->otlp);
    while (cairn_otlp_count(exporter->otlp) < exporter->options.batch_max &&
           (span = cairn_span_queue_look(exporter->queue))) {
        cairn_otlp_add(exporter->otlp, span, unix_us);
        cairn_span_queue_release(exporter->queue);
    }
}

static void count_dropped(struct cairn_exporter *exporter)
{
    int64_t dropped = atomic_exchange_explicit(&exporter->dropped, 0, memory_order_relaxed);
    if (dropped > 0)
        cairn_metric_add(&spans, "dropped", dropped);
}

/* Makes one attempt, which ends before `deadline_us`, and before the exporter has to be closed. */
static void send_once(struct cairn_exporter *exporter, const char *body, size_t bytes,
                      int64_t deadline_us, struct cairn_export_answer *ret)
{
    const struct cairn_export_door *door = &exporter->options.door;
    int64_t close_us = atomic_load(&exporter->close_us);
    int64_t now_us = cairn_monotonic_us();
    if (close_us)
        deadline_us = cairn_earlier_us(deadline_us, close_us);
    *ret = (struct cairn_export_answer){.is_taken = false};
    int64_t call_us = cairn_earlier_us(exporter->options.call_us, deadline_us - now_us);
    if (call_us > 0)
        door->send(door->context, body, bytes, call_us, ret);
    else
        (void)cairn_fail(&ret->error, CAIRN_UNAVAILABLE, "there was no time left to send them");
}

static void send_request(struct cairn_exporter *exporter, const char *body, size_t bytes,
                         struct cairn_export_answer *ret)
{
    int64_t deadline_us = cairn_monotonic_us() + exporter->options.batch_us;
    for (int attempt = 1;; attempt++) {
        send_once(exporter, body, bytes, deadline_us, ret);
        count_dropped(exporter);
        if (ret->is_taken || !ret->may_repeat)
            return;
        int64_t own_us = cairn_backoff_us(attempt, FIRST_PAUSE_US, LONGEST_PAUSE_US);
        if (!pause_before(exporter, ret->pause_us > own_us ? ret->pause_us : own_us, deadline_us))
            return;
    }
}

/* Reports when it begins to fail, and when it ends. */
static void report(struct cairn_exporter *exporter, const struct cairn_export_answer *answer)
{
    if (!answer->is_taken && !exporter->is_failing)
        cairn_log_error(CAIRN_LOG_WARN, "spans cannot be sent to the collector", &answer->error);
    if (answer->is_taken && exporter->is_failing)
        cairn_log(CAIRN_LOG_INFO, "spans are sent to the collector again");
    exporter->is_failing = !answer->is_taken;
}

/* Sends a batch. Returns whether there was one. */
static bool export_batch(struct cairn_exporter *exporter)
{
    struct cairn_export_answer answer;
    size_t bytes = 0;
    gather(exporter);
    count_dropped(exporter);
    int64_t count = (int64_t)cairn_otlp_count(exporter->otlp);
    if (count == 0)
        return false;
    const char *body = cairn_otlp_request(exporter->otlp, &bytes);
    send_request(exporter, body, bytes, &answer);
    int64_t rejected = answer.rejected < count ? answer.rejected : count;
    if (answer.is_taken) {
        cairn_metric_add(&spans, "exported", count - rejected);
        if (rejected > 0)
            cairn_metric_add(&spans, "rejected", rejected);
    } else {
        cairn_metric_add(&spans, "failed", count);
    }
    report(exporter, &answer);
    return true;
}

static void *work(void *context)
{
    struct cairn_exporter *exporter = context;
    while (!is_closing(exporter)) {
        await_batch(exporter);
        (void)export_batch(exporter);
    }
    while (export_batch(exporter))
        continue;
    count_dropped(exporter);
    cairn_lock(&exporter->lock);
    exporter->done = true;
    cairn_cond_signal(&exporter->ended);
    cairn_unlock(&exporter->lock);
    return NULL;
}

/* ---- life ---- */

static void free_exporter(struct cairn_exporter *exporter)
{
    cairn_span_queue_free(exporter->queue);
    cairn_otlp_close(exporter->otlp);
    (void)sem_destroy(&exporter->wake);
    cairn_cond_destroy(&exporter->ended);
    cairn_lock_destroy(&exporter->lock);
    free(exporter);
}

int cairn_exporter_open(const struct cairn_exporter_options *options, struct cairn_exporter **ret,
                        struct cairn_error *error)
{
    static const char *const outcomes[] = {"exported", "dropped", "failed", "rejected"};
    struct cairn_exporter *exporter = cairn_allocate(sizeof *exporter);
    exporter->options = *options;
    exporter->queue = cairn_span_queue_open(options->queue_max);
    exporter->otlp = cairn_otlp_open(options->resource, options->resource_count, options->version);
    (void)sem_init(&exporter->wake, 0, 0);
    cairn_cond_init(&exporter->ended);
    cairn_lock_init(&exporter->lock);
    int failed = cairn_thread_start(&exporter->thread, work, exporter, "sends spans", error);
    if (failed) {
        free_exporter(exporter);
        return failed;
    }
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
        cairn_metric_add(&spans, outcomes[i], 0);
    cairn_span_set_sink(take, exporter);
    cairn_sampler_use(&options->sampler);
    *ret = exporter;
    return 0;
}

/* Waits until the thread has sent what there is, but not for long. */
static void await_end(struct cairn_exporter *exporter, int64_t until_us)
{
    cairn_lock(&exporter->lock);
    while (!exporter->done && cairn_cond_wait_until(&exporter->ended, &exporter->lock, until_us))
        continue;
    bool done = exporter->done;
    cairn_unlock(&exporter->lock);
    if (!done)
        exporter->options.door.abandon(exporter->options.door.context);
}

void cairn_exporter_close(struct cairn_exporter *exporter)
{
    if (!exporter)
        return;
    int64_t close_us = cairn_monotonic_us() + CAIRN_EXPORTER_FLUSH_US;
    cairn_sampler_use(NULL);
    cairn_span_set_sink(NULL, NULL);
    atomic_store(&exporter->close_us, close_us);
    (void)sem_post(&exporter->wake);
    await_end(exporter, close_us);
    cairn_thread_join(exporter->thread);
    free_exporter(exporter);
}
