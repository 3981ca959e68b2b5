/* publish.c - takes over the bus, publishes a range, tends the bus. */
#include "bus/publish/publish.h"

#include "bus/bus_names.h"
#include "bus/cloudevent.h"
#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "telemetry/span.h"

#include <stdio.h>
#include <string.h>

#define NOTE_US CAIRN_MILLISECONDS(250) /* between two records in the ledger */
#define TEND_US CAIRN_SECONDS(1)        /* between two checks of Redis, and two trims */

/* A range is bounded in positions, and by the size of the ranges before it. */
enum { RANGE_FIRST = 50, RANGE_MAX = 1000, LIGHT_BYTES = 1 << 20, HEAVY_BYTES = 4 << 20 };

static struct cairn_metric broken = CAIRN_COUNTER(
    "cairn_bus_broken_total",
    "Events published without a state: one before them in their stream cannot be read.",
    "category");
static struct cairn_metric lengths =
    CAIRN_GAUGE("cairn_bus_stream_entries", "Entries in a stream of the bus.", "category");
static struct cairn_metric overruns = CAIRN_COUNTER(
    "cairn_bus_overruns_total",
    "Times that a stream was cut at its cap although a group had not read it.", "category");
static struct cairn_metric published =
    CAIRN_COUNTER("cairn_bus_published_total", "Entries added to the bus.", "category");
static struct cairn_metric durations = CAIRN_HISTOGRAM(
    "cairn_bus_publish_seconds", "Time to read a range of the log and add it to the bus.", NULL);
static struct cairn_metric delays = CAIRN_HISTOGRAM(
    "cairn_bus_delay_seconds", "Age of the newest event of a range when it was on the bus.", NULL);

/* ---- the seat ---- */

static int diverged(struct cairn_error *error, const char *what)
{
    return cairn_fail(error, CAIRN_DIVERGED, "diverged: %s", what);
}

static void name_streams(struct cairn_publish *publish)
{
    cairn_arena_reset(&publish->names);
    for (size_t i = 0; i < publish->count; i++)
        publish->streams[i].key = cairn_bus_stream_key(&publish->names, publish->categories[i],
                                                       publish->place.timeline.epoch);
}

/* Checks that the bus in Redis belongs to this store and this history. */
static int check_seen(struct cairn_publish *publish, const struct cairn_bus_seen *seen,
                      struct cairn_error *error)
{
    char store[CAIRN_UUID_TEXT_SIZE];
    char event[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(publish->place.timeline.store_id, store);
    if (seen->exists && strcmp(seen->store, store) != 0)
        return diverged(error, "this Redis has the bus of another store");
    if (seen->exists && seen->epoch > publish->place.timeline.epoch)
        return diverged(error, "the bus is of a later epoch than the log");
    for (size_t i = 0; i < publish->count; i++) {
        if (publish->streams[i].last > publish->head)
            return diverged(error, "a stream of the bus has entries that the log does not have");
    }
    if (!seen->exists || seen->epoch < publish->place.timeline.epoch)
        return 0;
    if (seen->position > publish->head)
        return diverged(error, "the bus has more than the log; see cairn recover");
    int failed =
        cairn_bus_event_at(publish->store, seen->position, &publish->step_arena, event, error);
    if (!failed && strcmp(seen->event, event) != 0)
        failed = diverged(error, "the bus was published from another history; see cairn recover");
    return failed;
}

static bool is_intact(const struct cairn_bus_stream *stream)
{
    return stream->recorded >= 0 && stream->last >= stream->recorded;
}

/* Returns the position after which to resume: the one in Redis, unless a stream has lost entries;
 * then that of its last entry, or its floor. */
static int64_t find_start(struct cairn_publish *publish, const struct cairn_bus_seen *seen,
                          const struct cairn_bus_ledger *ledger)
{
    bool same_epoch = seen->exists && seen->epoch == publish->place.timeline.epoch;
    int64_t start = same_epoch ? seen->position : publish->head;
    const char *why = same_epoch && seen->position < ledger->position &&
                              ledger->epoch == publish->place.timeline.epoch
                          ? "older"
                          : "";
    for (size_t i = 0; i < publish->count; i++) {
        const struct cairn_bus_stream *stream = &publish->streams[i];
        int64_t from = stream->last > stream->floor ? stream->last : stream->floor;
        if (same_epoch && is_intact(stream))
            continue;
        if (same_epoch && stream->recorded > 0)
            why = "lost";
        start = from < start ? from : start;
    }
    if (!seen->exists && ledger->position > 0)
        why = "emptied";
    else if (!same_epoch && seen->exists)
        why = "epoch";
    (void)snprintf(publish->healed, sizeof publish->healed, "%s", why);
    return start;
}

static int look_at_head(struct cairn_publish *publish, struct cairn_error *error)
{
    int64_t head = cairn_store_head(publish->store, error);
    if (head < 0)
        return (int)head;
    if (publish->seated && head < publish->place.position)
        return diverged(error, "the log ends before what was published; see cairn recover");
    publish->head = head;
    return 0;
}

static int find_place(struct cairn_publish *publish, struct cairn_bus_seen *seen,
                      struct cairn_error *error)
{
    struct cairn_bus_ledger ledger;
    int failed = cairn_bus_ledger_take(publish->store, publish->place.fence, publish->streams,
                                       publish->count, &publish->step_arena, &ledger, error);
    if (!failed && ledger.epoch == publish->place.timeline.epoch && !ledger.fits)
        failed = diverged(error, "the log is not the one that was published; see cairn recover");
    if (!failed)
        failed = look_at_head(publish, error);
    if (!failed)
        failed = cairn_bus_look(publish->redis, publish->streams, publish->count,
                                &publish->step_arena, seen, error);
    if (!failed)
        failed = check_seen(publish, seen, error);
    if (failed)
        return failed;
    for (size_t i = 0; i < publish->count; i++) {
        if (publish->streams[i].floor > publish->head) /* a recovery has moved the head back */
            publish->streams[i].floor = publish->head;
    }
    publish->place.position = find_start(publish, seen, &ledger);
    publish->noted = ledger.epoch == publish->place.timeline.epoch ? ledger.position : -1;
    return cairn_bus_event_at(publish->store, publish->place.position, &publish->step_arena,
                              publish->place.event, error);
}

/* Records the place in the ledger. A recorded position is replaced only by a greater one, so that a
 * loss while another one is being repaired is detected too. */
static int note(struct cairn_publish *publish, struct cairn_error *error)
{
    publish->noted = publish->place.position;
    publish->noted_us = cairn_monotonic_us();
    return cairn_bus_ledger_note(publish->store, &publish->place, &publish->step_arena, error);
}

int cairn_publish_seat(struct cairn_publish *publish, int64_t fence, struct cairn_error *error)
{
    struct cairn_bus_seen seen;
    cairn_arena_reset(&publish->step_arena);
    cairn_bus_states_trim(&publish->states, true);
    publish->seated = false;
    publish->place.fence = fence;
    int failed = cairn_store_timeline(publish->store, &publish->place.timeline, error);
    if (failed)
        return failed;
    name_streams(publish);
    failed = find_place(publish, &seen, error);
    if (failed)
        return failed;
    int64_t former = seen.exists && seen.epoch < publish->place.timeline.epoch ? seen.epoch : 0;
    failed = cairn_bus_seat(publish->redis, &publish->place, publish->streams, publish->count,
                            former, &publish->step_arena, error);
    if (failed)
        return failed;
    publish->connection = cairn_pg_connection_number(cairn_store_pg(publish->store));
    publish->range = RANGE_FIRST;
    publish->noted_us = publish->tended_us = cairn_monotonic_us();
    publish->seated = true;
    return publish->noted < 0 ? note(publish, error) : 0;
}

/* ---- a range ---- */

static size_t stream_of(const struct cairn_publish *publish, const char *stream)
{
    size_t bytes = strcspn(stream, "-");
    size_t i = 0;
    while (strlen(publish->categories[i]) != bytes ||
           memcmp(publish->categories[i], stream, bytes) != 0)
        i++; /* the filter passes only these */
    return i;
}

/* Begins the span of an entry, caused by what has written the event. `ret` is the trace that the
 * entry passes on. */
static struct cairn_span *begin_span(struct cairn_publish *publish,
                                     const struct cairn_stored_event *event, size_t stream,
                                     struct cairn_trace *ret)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    if (!cairn_trace_join_meta(event->meta, &publish->step_arena, ret))
        return NULL;
    struct cairn_span *span = cairn_span_begin_in(&publish->step_arena, CAIRN_SPAN_PRODUCER,
                                                  "publish", publish->categories[stream], ret);
    if (!span)
        return NULL;
    *ret = span->trace;
    cairn_uuid_format(event->event_id, id);
    cairn_span_text(span, "messaging.system", "redis");
    cairn_span_text(span, "messaging.operation.name", "publish");
    cairn_span_text(span, "messaging.operation.type", "send");
    cairn_span_text(span, "messaging.destination.name", publish->streams[stream].key);
    cairn_span_text(span, "messaging.message.id", id);
    cairn_span_text(span, "cairn.event", event->type);
    cairn_span_text(span, "cairn.stream", event->stream);
    cairn_span_number(span, "cairn.position", event->position);
    return span;
}

static int write_entry(struct cairn_publish *publish, const struct cairn_stored_event *event,
                       struct cairn_bus_entry *ret, struct cairn_error *error)
{
    size_t stream = stream_of(publish, event->stream);
    const struct cairn_publication *publication = publish->streams[stream].publication;
    const void *row = NULL;
    const char *problem = NULL;
    struct cairn_error wrong = {0};
    int failed = 0;
    if (publication->style == CAIRN_BUS_STATE)
        failed = cairn_bus_state(&publish->states, publish->store, publication, event,
                                 &publish->step_arena, &row, &wrong);
    if (failed == -CAIRN_UNREADABLE) { /* one stream must not block the others */
        problem = cairn_copy_text(&publish->step_arena, wrong.message);
        cairn_metric_add(&broken, publish->categories[stream], 1);
    } else if (failed) {
        return cairn_error_pass(error, &wrong);
    }
    struct cairn_trace trace;
    struct cairn_span *span = begin_span(publish, event, stream, &trace);
    struct cairn_buffer json = cairn_buffer(&publish->step_arena);
    cairn_cloudevent_write(publication, &publish->place.timeline, event, row, problem, &trace,
                           &json);
    *ret = (struct cairn_bus_entry){stream, event->position,   json.text, json.length,
                                    span,   event->recorded_at};
    return 0;
}

/* Writes all events before one that cannot be written; `ret_to` is then before it. Events up to a
 * stream's floor were trimmed, and are skipped. Returns how many entries there are. */
static int64_t write_entries(struct cairn_publish *publish, const struct cairn_stored_event *events,
                             int64_t count, struct cairn_bus_entry *ret, size_t *ret_bytes,
                             int64_t *ret_to, struct cairn_error *error)
{
    int64_t written = 0;
    *ret_bytes = 0;
    for (int64_t i = 0; i < count; i++) {
        struct cairn_error why = {0};
        if (events[i].position <= publish->streams[stream_of(publish, events[i].stream)].floor)
            continue;
        int failed = write_entry(publish, &events[i], &ret[written], &why);
        if (failed && events[i].position == publish->place.position + 1)
            return cairn_error_pass(error, &why);
        if (failed || *ret_bytes > HEAVY_BYTES) {
            *ret_to = events[i].position - 1;
            return written;
        }
        *ret_bytes += ret[written++].bytes;
    }
    return written;
}

static void fit_range(struct cairn_publish *publish, size_t bytes)
{
    if (bytes > HEAVY_BYTES && publish->range > 1)
        publish->range /= 2;
    else if (bytes < LIGHT_BYTES && publish->range < RANGE_MAX)
        publish->range = publish->range * 2 < RANGE_MAX ? publish->range * 2 : RANGE_MAX;
}

static void count_entries(const struct cairn_publish *publish,
                          const struct cairn_bus_entry *entries, size_t count)
{
    for (size_t s = 0; s < publish->count; s++) {
        int64_t added = 0;
        for (size_t i = 0; i < count; i++)
            added += entries[i].stream == s;
        if (added)
            cairn_metric_add(&published, publish->categories[s], added);
    }
}

/* Records a range that is on the bus. */
static void end_entries(const struct cairn_bus_entry *entries, int64_t count, int64_t begun_us)
{
    int64_t now_us = cairn_monotonic_us();
    const uint8_t *trace_id = NULL;
    for (int64_t i = 0; i < count && !trace_id; i++)
        trace_id = entries[i].span ? entries[i].span->trace.trace_id : NULL;
    cairn_metric_observe_traced(&durations, "", now_us - begun_us, trace_id);
    if (count > 0)
        cairn_metric_observe_traced(&delays, "", cairn_now().us - entries[count - 1].recorded_at.us,
                                    trace_id);
    for (int64_t i = 0; i < count; i++)
        cairn_span_end_at(entries[i].span, now_us);
}

static int64_t publish_to(struct cairn_publish *publish, int64_t to, struct cairn_error *error)
{
    const struct cairn_event_filter filter = {.categories = publish->categories};
    const struct cairn_stored_event *events = NULL;
    size_t bytes = 0;
    int64_t begun_us = cairn_monotonic_us();
    int64_t count = cairn_store_read_filtered(publish->store, publish->place.position, to, &filter,
                                              &publish->step_arena, &events, error);
    if (count < 0)
        return count;
    struct cairn_bus_entry *entries =
        cairn_new(&publish->step_arena, struct cairn_bus_entry, (size_t)count);
    count = write_entries(publish, events, count, entries, &bytes, &to, error);
    if (count < 0)
        return count;
    struct cairn_bus_place next = publish->place;
    next.position = to;
    int failed = cairn_bus_event_at(publish->store, to, &publish->step_arena, next.event, error);
    if (failed)
        return failed;
    int64_t added =
        cairn_bus_append(publish->redis, &publish->place, &next, publish->streams, publish->count,
                         entries, (size_t)count, &publish->step_arena, error);
    if (added < 0)
        return added;
    publish->place = next;
    end_entries(entries, count, begun_us);
    count_entries(publish, entries, (size_t)count);
    fit_range(publish, bytes);
    return added;
}

/* Checks the connection: the timeline and the ledger are valid only for the one they were read
 * on. */
static int is_still_seated(struct cairn_publish *publish, struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(publish->store);
    int failed = cairn_pg_ready(pg, error);
    if (!failed && publish->connection != cairn_pg_connection_number(pg))
        failed = cairn_fail(error, CAIRN_CONFLICT, "the connection was lost");
    return failed;
}

int64_t cairn_publish_range(struct cairn_publish *publish, struct cairn_error *error)
{
    cairn_arena_reset(&publish->step_arena);
    cairn_bus_states_trim(&publish->states, false);
    int failed = is_still_seated(publish, error);
    if (!failed)
        failed = look_at_head(publish, error);
    if (failed || publish->head == publish->place.position)
        return failed;
    int64_t ahead = publish->head - publish->place.position;
    return publish_to(
        publish, ahead > publish->range ? publish->place.position + publish->range : publish->head,
        error);
}

/* ---- tending ---- */

static void report_overrun(const struct cairn_publish *publish, size_t i,
                           const struct cairn_bus_trimmed *trimmed)
{
    cairn_metric_add(&overruns, publish->categories[i], 1);
    cairn_log(CAIRN_LOG_ERROR, "the bus was cut at its cap: a group has lost entries",
              CAIRN_LOG_TEXT("category", publish->categories[i]),
              CAIRN_LOG_TEXT("group", trimmed->group),
              CAIRN_LOG_INTEGER("up_to_position", trimmed->floor));
}

static int trim(struct cairn_publish *publish, struct cairn_error *error)
{
    int failed = 0;
    for (size_t i = 0; i < publish->count && !failed; i++) {
        struct cairn_bus_stream *stream = &publish->streams[i];
        struct cairn_bus_trimmed trimmed;
        failed = cairn_bus_trim(publish->redis, &publish->place, stream,
                                publish->place.position - publish->keep + 1, publish->cap,
                                &publish->step_arena, &trimmed, error);
        if (failed)
            break;
        cairn_metric_set(&lengths, publish->categories[i], trimmed.length);
        if (trimmed.overrun) {
            report_overrun(publish, i, &trimmed);
            failed = cairn_bus_ledger_lost(publish->store, publish->categories[i], trimmed.lost,
                                           trimmed.floor, &publish->step_arena, error);
        }
        if (failed || trimmed.floor <= stream->floor)
            continue;
        stream->floor = trimmed.floor;
        failed = cairn_bus_ledger_floor(publish->store, stream, &publish->step_arena, error);
    }
    return failed;
}

/* Checks that Redis is as it was left; while there is nothing to publish, nothing else detects that
 * it was emptied. */
static int look_again(struct cairn_publish *publish, struct cairn_error *error)
{
    struct cairn_bus_seen seen;
    int failed = cairn_bus_look(publish->redis, publish->streams, publish->count,
                                &publish->step_arena, &seen, error);
    if (failed)
        return failed;
    bool same = seen.exists && seen.fence == publish->place.fence &&
                seen.epoch == publish->place.timeline.epoch &&
                seen.position == publish->place.position;
    for (size_t i = 0; i < publish->count; i++)
        same = same && publish->streams[i].last == publish->streams[i].recorded;
    return same ? 0 : cairn_fail(error, CAIRN_CONFLICT, "the bus in Redis has changed");
}

int cairn_publish_tend(struct cairn_publish *publish, bool idle, struct cairn_error *error)
{
    int64_t now_us = cairn_monotonic_us();
    int failed = 0;
    bool moved = publish->place.position > publish->noted;
    if (moved && now_us - publish->noted_us >= (idle ? NOTE_US / 10 : NOTE_US))
        failed = note(publish, error);
    if (failed || now_us - publish->tended_us < TEND_US)
        return failed;
    publish->tended_us = now_us;
    failed = look_again(publish, error);
    return failed ? failed : trim(publish, error);
}
