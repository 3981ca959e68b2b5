/* row_events.c - reads the events that may have changed one row. */
#include "projection/history/row_events.h"

#include "core/threads/clock.h"
#include "store/events/handlers.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 1000, POSITIONS = 5000 /* of the log at once */ };

/* Events that were read, in order, and where to go on. */
struct source {
    const char *stream;       /* NULL: the whole log */
    int64_t at;               /* version, or position, of the last event that was read */
    struct cairn_arena arena; /* of the page */
    const struct cairn_stored_event *page;
    int64_t count, used;
    bool more;
};

struct cairn_row_events {
    struct cairn_store *store;
    struct cairn_arena arena;
    struct cairn_event_filter filter;
    struct source *sources;
    size_t source_count;
    int64_t to, read, events_max, deadline_us;
};

/* ---- where the events are ---- */

static bool has_keys(const struct cairn_projection *projection)
{
    for (const struct cairn_registered *at = projection->on->first; at; at = at->next) {
        if (((const struct cairn_on *)at)->keys)
            return true;
    }
    return false;
}

static void add_source(struct cairn_row_events *events, const char *stream)
{
    for (size_t i = 0; i < events->source_count; i++) {
        if (stream && strcmp(events->sources[i].stream, stream) == 0)
            return;
    }
    events->sources[events->source_count++] = (struct source){.stream = stream, .more = true};
}

static size_t count_handlers(const struct cairn_projection *projection)
{
    size_t count = 0;
    for (const struct cairn_registered *at = projection->on->first; at; at = at->next)
        count++;
    return count;
}

struct cairn_row_events *cairn_row_events_open(struct cairn_store *store,
                                               const struct cairn_projection *projection,
                                               const char *key, int64_t to, int64_t events_max,
                                               int64_t deadline_us)
{
    struct cairn_row_events *events = cairn_allocate(sizeof *events);
    events->store = store;
    events->to = to;
    events->events_max = events_max;
    events->deadline_us = deadline_us;
    events->filter = cairn_handlers_filter(projection->on, NULL, NULL, &events->arena);
    events->sources = cairn_new(&events->arena, struct source, count_handlers(projection) + 1);
    if (has_keys(projection)) {
        add_source(events, NULL);
        return events;
    }
    for (const struct cairn_registered *at = projection->on->first; at; at = at->next)
        add_source(events, cairn_print(&events->arena, "%s-%s", at->events->category, key));
    return events;
}

void cairn_row_events_close(struct cairn_row_events *events)
{
    if (!events)
        return;
    for (size_t i = 0; i < events->source_count; i++)
        cairn_arena_close(&events->sources[i].arena);
    cairn_arena_close(&events->arena);
    free(events);
}

int64_t cairn_row_events_read(const struct cairn_row_events *events)
{
    return events->read;
}

/* ---- pages ---- */

static int read_stream(struct cairn_row_events *events, struct source *source,
                       struct cairn_error *error)
{
    source->count =
        cairn_store_read_stream_whole(events->store, source->stream, source->at, PAGE,
                                      &source->arena, &source->page, &source->more, error);
    if (source->count > 0)
        source->at = source->page[source->count - 1].version;
    return source->count < 0 ? (int)source->count : 0;
}

static int read_log(struct cairn_row_events *events, struct source *source,
                    struct cairn_error *error)
{
    int64_t to = source->at + POSITIONS < events->to ? source->at + POSITIONS : events->to;
    source->count = cairn_store_read_filtered(events->store, source->at, to, &events->filter,
                                              &source->arena, &source->page, error);
    source->at = to;
    source->more = to < events->to;
    return source->count < 0 ? (int)source->count : 0;
}

static int check_bounds(const struct cairn_row_events *events, struct cairn_error *error)
{
    if (events->events_max && events->read > events->events_max)
        return cairn_fail(error, CAIRN_TOO_LARGE,
                          "more than %" PRId64 " events would have to be read to fold this row",
                          events->events_max);
    if (events->deadline_us && cairn_monotonic_us() > events->deadline_us)
        return cairn_fail(error, CAIRN_TOO_LARGE,
                          "folding this row takes too long: %" PRId64 " events were read",
                          events->read);
    return 0;
}

/* Reads pages until there is an event, or no more. */
static int fill(struct cairn_row_events *events, struct source *source, struct cairn_error *error)
{
    int failed = 0;
    while (source->used == source->count && source->more && !failed) {
        cairn_arena_reset(&source->arena);
        source->used = source->count = 0;
        failed =
            source->stream ? read_stream(events, source, error) : read_log(events, source, error);
        events->read += source->count > 0 ? source->count : 0;
        if (!failed)
            failed = check_bounds(events, error);
    }
    return failed;
}

int cairn_row_events_next(struct cairn_row_events *events, const struct cairn_stored_event **ret,
                          struct cairn_error *error)
{
    struct source *next = NULL;
    for (size_t i = 0; i < events->source_count; i++) {
        struct source *source = &events->sources[i];
        int failed = fill(events, source, error);
        if (failed)
            return failed;
        if (source->used < source->count &&
            (!next || source->page[source->used].position < next->page[next->used].position))
            next = source;
    }
    if (!next || next->page[next->used].position > events->to)
        return 0;
    *ret = &next->page[next->used++];
    return 1;
}
