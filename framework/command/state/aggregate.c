/* aggregate.c - loads a stream and folds its events into a state. */
#include "command/state/aggregate.h"

#include "command/state/part.h"
#include "command/state/snapshots.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "record/json.h"
#include "store/events/amend.h"

#include <string.h>

enum { PAGE = 500 };

static struct cairn_metric folded_events =
    CAIRN_COUNTER("cairn_folded_events_total", "Events read and folded to load a stream.", "kind");

/* A load in progress. */
struct load {
    struct cairn_store *store;
    const struct cairn_folding *folding;
    struct cairn_arena *arena;
    struct cairn_aggregate *ret;
    int64_t folded; /* events */
    bool more;      /* the stream has events that were not read yet */
    bool mends;     /* the stored snapshot is broken and should be replaced */
    int64_t to;     /* the last version that is wanted; 0: all */
    int64_t deadline_us;
};

/* ---- the snapshot ---- */

static bool has_snapshots(const struct cairn_folding *folding)
{
    return folding->snapshots && folding->state_version;
}

/* Returns whether encoding the state again gives the stored text; not if its field table has
 * changed. */
static bool is_whole(const struct load *load, const struct cairn_snapshot *snapshot,
                     const void *state)
{
    const struct cairn_record *record = load->folding->state;
    struct cairn_error wrong = {0};
    if (cairn_record_check(record, state, &wrong) < 0)
        return false;
    struct cairn_buffer again = cairn_buffer(load->arena);
    cairn_record_encode(record, state, &again);
    return strcmp(again.text, snapshot->state) == 0;
}

static bool take_state(struct load *load, const struct cairn_snapshot *snapshot)
{
    const struct cairn_record *record = load->folding->state;
    void *state = cairn_arena_alloc(load->arena, record->size, record->align);
    struct cairn_error wrong = {0};
    if (cairn_record_decode(record, snapshot->state, snapshot->state_bytes, CAIRN_LENIENT,
                            load->arena, state, &wrong) < 0 ||
        !is_whole(load, snapshot, state))
        return false;
    load->ret->state = state;
    load->ret->at.version = snapshot->version;
    load->ret->at.event_id = snapshot->event_id;
    load->ret->position = snapshot->position;
    load->ret->snapshot_version = snapshot->version;
    return true;
}

/* ---- the events ---- */

/* Reads the events after those that have been folded. */
static int64_t read_next(struct load *load, const struct cairn_stored_event **ret,
                         struct cairn_error *error)
{
    int64_t left = load->to ? load->to - load->ret->at.version : PAGE;
    if (load->deadline_us && cairn_monotonic_us() > load->deadline_us)
        return cairn_fail(error, CAIRN_TOO_LARGE,
                          "%s is too long to be folded in time: %" PRId64 " events were",
                          load->ret->at.stream, load->folded);
    int64_t count =
        cairn_store_read_stream(load->store, load->ret->at.stream, load->ret->at.version,
                                left < PAGE ? left : PAGE, load->arena, ret, &load->more, error);
    load->more = load->more && (!load->to || count < left);
    return count;
}

/* Copies the state into `to`, since it may point into events whose arena is about to be reset. */
static void move_state(const struct load *load, struct cairn_arena *to)
{
    const struct cairn_record *record = load->folding->state;
    void *copy = cairn_arena_alloc(to, record->size, record->align);
    cairn_record_copy(record, load->ret->state, copy, to);
    load->ret->state = copy;
}

/* Reads the first page, after the snapshot or from the stream's start. */
static int64_t read_first(struct load *load, const struct cairn_stored_event **ret,
                          struct cairn_error *error)
{
    const struct cairn_folding *folding = load->folding;
    const struct cairn_snapshot_key key = {load->ret->at.stream, folding->kind,
                                           folding->state_version};
    struct cairn_snapshot snapshot;
    if (!has_snapshots(folding))
        return read_next(load, ret, error);
    int64_t count =
        cairn_store_load(load->store, &key, PAGE, load->arena, &snapshot, ret, &load->more, error);
    if (count < 0)
        return count;
    if (snapshot.found == CAIRN_SNAPSHOT_USABLE && !take_state(load, &snapshot))
        snapshot.found = CAIRN_SNAPSHOT_UNREADABLE;
    load->mends = cairn_snapshots_found(&key, snapshot.found);
    return snapshot.found == CAIRN_SNAPSHOT_UNREADABLE ? read_next(load, ret, error) : count;
}

static void move_on(struct load *load, const struct cairn_stored_event *stored)
{
    load->ret->at.version = stored->version;
    load->ret->at.event_id = stored->event_id;
    load->ret->position = stored->position;
    load->folded++;
}

/* Folds one event, unless an amendment says to skip it. */
static int fold(struct load *load, const struct cairn_stored_event *stored,
                struct cairn_error *error)
{
    const struct cairn_folding *folding = load->folding;
    if (cairn_is_passed_over(stored)) {
        move_on(load, stored);
        return 0;
    }
    const struct cairn_event_type *type = cairn_events_find(folding->events, stored->type);
    if (!type)
        return cairn_fail(error, CAIRN_NEWER_EVENT,
                          "event %" PRId64 " of stream %s is a %s, which this binary does not know",
                          stored->position, stored->stream, stored->type);
    void *event = cairn_arena_alloc(load->arena, type->record->size, type->record->align);
    int failed = cairn_event_decode(type, stored, load->arena, event, error);
    if (failed)
        return failed;
    cairn_folding_apply(folding, type, event, load->arena, load->ret->state);
    move_on(load, stored);
    return 0;
}

static int fold_page(struct load *load, int64_t count, const struct cairn_stored_event *events,
                     struct cairn_error *error)
{
    for (int64_t i = 0; i < count; i++) {
        int failed = fold(load, &events[i], error);
        if (failed)
            return failed;
    }
    return 0;
}

/* Folds the pages after the first one. Each page lies in an arena that is reset two pages later, so
 * that memory use does not grow with the stream. The final state is copied into the load's
 * arena. */
static int fold_rest(struct load *load, struct cairn_error *error)
{
    struct cairn_arena pages[2] = {{0}};
    struct cairn_arena *home = load->arena;
    int failed = 0;
    for (size_t turn = 0; !failed && load->more; turn = 1 - turn) {
        const struct cairn_stored_event *events = NULL;
        load->arena = &pages[turn];
        cairn_arena_reset(load->arena);
        move_state(load, load->arena);
        int64_t count = read_next(load, &events, error);
        failed = count < 0 ? (int)count : fold_page(load, count, events, error);
    }
    load->arena = home;
    move_state(load, home);
    cairn_arena_close(&pages[0]);
    cairn_arena_close(&pages[1]);
    return failed;
}

/* Folds all pages. `count` and `events` are the first, of which `from` events are folded
 * already. */
static int fold_all(struct load *load, int64_t count, const struct cairn_stored_event *events,
                    int64_t from, struct cairn_error *error)
{
    if (count < 0)
        return (int)count;
    int failed = fold_page(load, count - from, events + from, error);
    return failed || !load->more ? failed : fold_rest(load, error);
}

int cairn_aggregate_load(struct cairn_store *store, const struct cairn_folding *folding,
                         const char *stream, struct cairn_arena *arena, struct cairn_aggregate *ret,
                         struct cairn_error *error)
{
    struct load load = {.store = store, .folding = folding, .arena = arena, .ret = ret};
    *ret = (struct cairn_aggregate){
        .at.stream = stream,
        .state = cairn_arena_alloc(arena, folding->state->size, folding->state->align),
    };
    const struct cairn_stored_event *events = NULL;
    int64_t count = read_first(&load, &events, error);
    int failed = fold_all(&load, count, events, 0, error);
    if (failed)
        return failed;
    cairn_metric_add(&folded_events, folding->kind, load.folded);
    cairn_snapshots_offer(folding, ret, load.mends);
    return 0;
}

/* Returns whether `event`, read from the log, is the last event that was folded into the state. */
static bool stands(const struct cairn_aggregate *aggregate, const struct cairn_stored_event *event)
{
    return event->version == aggregate->at.version &&
           cairn_uuid_equal(event->event_id, aggregate->at.event_id);
}

int cairn_aggregate_catch_up(struct cairn_store *store, const struct cairn_folding *folding,
                             struct cairn_arena *arena, struct cairn_aggregate *aggregate,
                             struct cairn_error *error)
{
    if (folding->part)
        return cairn_part_catch_up(store, folding, arena, aggregate, error);
    struct load load = {.store = store, .folding = folding, .arena = arena, .ret = aggregate};
    const struct cairn_stored_event *events = NULL;
    int64_t count = 0;
    if (aggregate->at.version > 0)
        count = cairn_store_read_stream(store, aggregate->at.stream, aggregate->at.version - 1,
                                        PAGE, arena, &events, &load.more, error);
    if (count < 0)
        return (int)count;
    if (count == 0 || !stands(aggregate, &events[0]))
        return cairn_aggregate_load(store, folding, aggregate->at.stream, arena, aggregate, error);
    int failed = fold_all(&load, count, events, 1, error);
    if (failed)
        return failed;
    cairn_metric_add(&folded_events, folding->kind, load.folded);
    cairn_snapshots_offer(folding, aggregate, false);
    return 0;
}

int cairn_aggregate_read_to(struct cairn_store *store, const struct cairn_folding *folding,
                            int64_t version, int64_t deadline_us, struct cairn_arena *arena,
                            struct cairn_aggregate *aggregate, struct cairn_error *error)
{
    struct load load = {.store = store,
                        .folding = folding,
                        .arena = arena,
                        .ret = aggregate,
                        .to = version,
                        .deadline_us = deadline_us};
    const struct cairn_stored_event *events = NULL;
    if (!aggregate->state)
        aggregate->state = cairn_arena_alloc(arena, folding->state->size, folding->state->align);
    if (version <= aggregate->at.version)
        return 0;
    int64_t count = read_next(&load, &events, error);
    return fold_all(&load, count, events, 0, error);
}

/* ---- many streams by one call ---- */

struct cairn_load cairn_aggregate_wants(const struct cairn_folding *folding,
                                        const struct cairn_aggregate *aggregate)
{
    struct cairn_load wanted = {.key.stream = aggregate->at.stream};
    if (aggregate->at.version > 0) {
        wanted.after = aggregate->at.version - 1; /* read its last event, too */
    } else if (has_snapshots(folding)) {
        wanted.key.kind = folding->kind;
        wanted.key.code_version = folding->state_version;
    }
    return wanted;
}

/* Starts from a zeroed state, or from the snapshot's. Returns false if there is a snapshot that
 * cannot be used. */
static bool take_begin(struct load *load, const struct cairn_load *read)
{
    const struct cairn_record *record = load->folding->state;
    load->ret->state = cairn_arena_alloc(load->arena, record->size, record->align);
    if (read->snapshot.found == CAIRN_SNAPSHOT_USABLE && !take_state(load, &read->snapshot))
        return false;
    if (read->snapshot.found > CAIRN_SNAPSHOT_USABLE)
        return false;
    if (read->key.kind)
        (void)cairn_snapshots_found(&read->key, read->snapshot.found);
    return true;
}

int cairn_aggregate_take(const struct cairn_folding *folding, const struct cairn_load *read,
                         struct cairn_arena *arena, struct cairn_aggregate *aggregate,
                         struct cairn_error *error)
{
    struct load load = {.folding = folding, .arena = arena, .ret = aggregate};
    bool known = aggregate->at.version > 0;
    if (read->more)
        return 1;
    if (known ? read->count == 0 || !stands(aggregate, &read->events[0]) : !take_begin(&load, read))
        return 1;
    for (int64_t i = known; i < read->count; i++) {
        int failed = fold(&load, &read->events[i], error);
        if (failed)
            return failed;
    }
    cairn_metric_add(&folded_events, folding->kind, load.folded);
    cairn_snapshots_offer(folding, aggregate, false);
    return 0;
}
