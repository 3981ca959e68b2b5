/* flight.c - loads a batch in flight, and answers its appends. */
#include "store/commit/flight.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "store/commit/batch_span.h"

static struct cairn_metric appends =
    CAIRN_COUNTER("cairn_appends_total", "Appends, by what became of them.", "outcome");
static struct cairn_metric events =
    CAIRN_COUNTER("cairn_appended_events_total", "Events appended to the log.", NULL);
static struct cairn_metric durations = CAIRN_HISTOGRAM(
    "cairn_append_seconds", "Time from an append's submission until it is on disk.", NULL);

void cairn_flight_load(struct cairn_flight *flight, struct cairn_appending **items, size_t count,
                       const struct cairn_appender_options *options)
{
    struct cairn_append_batch *batch = &flight->batch;
    cairn_arena_reset(&flight->arena);
    cairn_append_batch_init(batch, &flight->arena);
    flight->position = 0;
    for (size_t i = 0; i < count && i < CAIRN_BATCH_APPENDS; i++) {
        const struct cairn_append *append = &items[i]->append;
        if (i > 0 && (batch->event_count + cairn_append_events(append) > options->batch_events ||
                      batch->bytes + cairn_append_bytes(append) > options->batch_bytes ||
                      !cairn_append_batch_takes(batch, append)))
            break;
        cairn_append_batch_add(batch, append);
        flight->items[i] = items[i];
    }
}

void cairn_flight_read(struct cairn_flight *flight)
{
    struct cairn_append_batch_cursor cursor = {0};
    for (size_t i = 0; i < flight->batch.count; i++) {
        struct cairn_appending *item = flight->items[i];
        item->timeline = flight->timeline;
        item->outcome = cairn_append_batch_next(&flight->batch, &cursor, &item->append, item->ret,
                                                &item->error);
        for (size_t k = 0; item->outcome == 0 && k < item->append.write_count; k++) {
            if (item->append.writes[k].event_count && item->ret[k].position > flight->position)
                flight->position = item->ret[k].position;
        }
    }
}

/* Counts what one append has written, and notifies the readers. */
static void announce(const struct cairn_appending *appending, struct cairn_notifier *notifier)
{
    for (size_t i = 0; i < appending->append.write_count; i++) {
        size_t count = appending->append.writes[i].event_count;
        cairn_metric_add(&events, "", (int64_t)count);
        if (count)
            cairn_notifier_notify(notifier, appending->ret[i].position);
    }
}

void cairn_appending_answer(struct cairn_appending *appending, struct cairn_notifier *notifier,
                            int outcome, const struct cairn_error *error, int64_t known_us)
{
    appending->outcome = outcome;
    if (error)
        appending->error = *error;
    cairn_metric_add(&appends,
                     outcome < 0    ? cairn_code_info(outcome)->name
                     : outcome == 1 ? "replayed"
                                    : "appended",
                     1);
    if (outcome == 0) {
        cairn_metric_observe_traced(&durations, "", known_us - appending->submitted_us,
                                    appending->trace.trace_id);
        announce(appending, notifier);
    }
    appending->done(appending);
}

static void record(const struct cairn_flight *flight, int64_t ended_us)
{
    const struct cairn_append_batch *batch = &flight->batch;
    const struct cairn_batch_call call = {
        .function = batch->worked_us == 0 && batch->count == 1 ? "cairn.append_one"
                    : batch->is_whole                          ? "cairn.append_all"
                                                               : "cairn.append_batch",
        .events = batch->event_count,
        .begun_us = flight->begun_us,
        .ended_us = ended_us,
        .waited_us = batch->waited_us,
        .worked_us = batch->worked_us,
    };
    cairn_batch_span(flight->items, batch->count, &call);
}

void cairn_flight_answer(struct cairn_flight *flight, struct cairn_notifier *notifier)
{
    int64_t now_us = cairn_monotonic_us();
    record(flight, now_us);
    for (size_t i = 0; i < flight->batch.count; i++)
        cairn_appending_answer(flight->items[i], notifier, flight->items[i]->outcome, NULL, now_us);
}
