/* state.c - folds the state that an event carries. */
#include "bus/publish/state.h"

#include "core/report/log.h"
#include "record/json.h"
#include "store/events/amend.h"
#include "store/events/handlers.h"

#include <string.h>

enum { KEPT_MAX_BYTES = 32 << 20, PAGE = 500 };

struct kept {
    int64_t version; /* of the stream: all events up to it are folded in */
    bool exists;
    void *row;
    const char *broken; /* why later events of the stream have no state; NULL: they have */
};

int cairn_bus_state_check(const struct cairn_publication *publication, struct cairn_error *error)
{
    const struct cairn_projection *state = publication->state;
    const char *category = publication->events->category;
    size_t count = 0;
    if (!state)
        return cairn_fail(error, CAIRN_BUG, "%s is published with a state, but none is named",
                          category);
    for (const struct cairn_registered *at = state->on->first; at; at = at->next) {
        if (strcmp(at->events->category, category) != 0)
            continue;
        count++;
        if (((const struct cairn_on *)at)->keys)
            return cairn_fail(error, CAIRN_BUG,
                              "%s cannot be the state of a stream of %s: %s has keys of its own",
                              state->name, category, at->record->name);
    }
    if (count == 0)
        return cairn_fail(error, CAIRN_BUG, "%s knows no event of %s", state->name, category);
    return 0;
}

/* ---- applying ---- */

/* Stores the outcome of the function; CAIRN_SKIP and CAIRN_PARK leave the row unchanged. */
static void store_outcome(const struct cairn_record *record, struct kept *kept, const void *row,
                          enum cairn_row outcome, struct cairn_bus_states *states)
{
    switch (outcome) {
    case CAIRN_KEEP:
        cairn_record_copy(record, row, kept->row, &states->arena);
        kept->exists = true;
        break;
    case CAIRN_DELETE:
        memset(kept->row, 0, record->size);
        kept->exists = false;
        break;
    case CAIRN_SKIP:
    case CAIRN_PARK:
        break;
    }
}

static int apply(struct cairn_bus_states *states, const struct cairn_publication *publication,
                 const struct cairn_stored_event *event, struct kept *kept,
                 struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_record *record = publication->state->row;
    const struct cairn_event_type *type = NULL;
    const struct cairn_on *on = (const struct cairn_on *)cairn_handlers_find_stream(
        publication->state->on, event->stream, event->type, &type);
    if (on && !cairn_is_passed_over(event)) {
        struct cairn_meta meta = {0};
        struct cairn_error why = {0};
        void *value = cairn_arena_alloc(arena, type->record->size, type->record->align);
        void *row = cairn_arena_alloc(arena, record->size, record->align);
        int failed = cairn_event_decode(type, event, arena, value, error);
        if (!failed)
            failed = cairn_event_meta(event, &meta, error);
        if (failed)
            return failed;
        meta.key = cairn_stream_id_text(event->stream);
        memcpy(row, kept->row, record->size);
        store_outcome(record, kept, row, on->apply(row, value, &meta, arena, &why), states);
    }
    kept->version = event->version;
    return 0;
}

/* ---- caching ---- */

static struct kept *find_kept(struct cairn_bus_states *states, const struct cairn_record *record,
                              const char *stream)
{
    if (!states->by_stream.arena)
        states->by_stream = cairn_map(&states->arena);
    void **at = cairn_map_at(&states->by_stream, stream);
    if (!*at) {
        struct kept *fresh = cairn_new(&states->arena, struct kept, 1);
        fresh->row = cairn_arena_alloc(&states->arena, record->size, record->align);
        *at = fresh;
    }
    return *at;
}

/* Folds the events between the cached version and the event. */
static int catch_up(struct cairn_bus_states *states, struct cairn_store *store,
                    const struct cairn_publication *publication,
                    const struct cairn_stored_event *event, struct kept *kept,
                    struct cairn_error *error)
{
    struct cairn_arena page = {0};
    int failed = 0;
    while (kept->version < event->version - 1 && !failed) {
        const struct cairn_stored_event *events = NULL;
        int64_t missing = event->version - 1 - kept->version;
        int64_t count = cairn_store_read_stream_whole(store, event->stream, kept->version,
                                                      missing < PAGE ? missing : PAGE, &page,
                                                      &events, NULL, error);
        if (count == 0)
            count = cairn_fail(error, CAIRN_BUG, "%s ends before version %" PRId64, event->stream,
                               event->version);
        for (int64_t i = 0; i < count && !failed; i++)
            failed = apply(states, publication, &events[i], kept, &page, error);
        if (count < 0)
            failed = (int)count;
        cairn_arena_reset(&page);
    }
    cairn_arena_close(&page);
    return failed;
}

int cairn_bus_state(struct cairn_bus_states *states, struct cairn_store *store,
                    const struct cairn_publication *publication,
                    const struct cairn_stored_event *event, struct cairn_arena *arena,
                    const void **ret, struct cairn_error *error)
{
    struct kept *kept = find_kept(states, publication->state->row, event->stream);
    if (kept->version >= event->version) { /* the event is published again */
        kept->version = 0;
        kept->exists = false;
        memset(kept->row, 0, publication->state->row->size);
    }
    if (kept->broken)
        return cairn_fail(error, CAIRN_UNREADABLE, "%s", kept->broken);
    struct cairn_error wrong = {0};
    int failed = catch_up(states, store, publication, event, kept, &wrong);
    if (!failed)
        failed = apply(states, publication, event, kept, arena, &wrong);
    if (!failed)
        *ret = kept->exists ? kept->row : NULL;
    if (failed == -CAIRN_UNREADABLE) {
        kept->broken = cairn_copy_text(&states->arena, wrong.message);
        cairn_log(CAIRN_LOG_ERROR,
                  "an event cannot be read: its stream is published without states",
                  CAIRN_LOG_TEXT("stream", event->stream), CAIRN_LOG_TEXT("error", wrong.message));
    }
    return failed ? cairn_error_pass(error, &wrong) : 0;
}

void cairn_bus_states_trim(struct cairn_bus_states *states, bool all)
{
    if (!all && cairn_arena_bytes(&states->arena) < KEPT_MAX_BYTES)
        return;
    cairn_arena_close(&states->arena);
    states->by_stream = (struct cairn_map){0};
}
