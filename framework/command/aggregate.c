/* aggregate.c - a stream folded into a state. */
#include "command/aggregate.h"

#include <string.h>

enum { PAGE = 500 };

/* Folds one event. `union_` is room for the tagged union, used again for every event. */
static int fold(const struct cairn_folding *folding, const struct cairn_stored_event *stored,
                char *union_, struct cairn_arena *arena, struct cairn_aggregate *ret,
                struct cairn_error *error)
{
    const struct cairn_event_type *type = cairn_events_find(folding->events, stored->type);
    if (!type)
        return cairn_fail(error, CAIRN_NEWER_EVENT,
                          "event %" PRId64 " of stream %s is a %s, which this binary does not know",
                          stored->position, stored->stream, stored->type);
    memset(union_, 0, folding->events->size);
    int failed = cairn_event_decode(type, stored, arena, union_ + type->offset, error);
    if (failed)
        return failed;
    memcpy(union_ + folding->events->tag_offset, &type->tag, sizeof type->tag);
    folding->evolve(ret->state, union_);
    ret->at.version = stored->version;
    ret->at.event_id = stored->event_id;
    ret->position = stored->position;
    return 0;
}

int cairn_aggregate_load(struct cairn_store *store, const struct cairn_folding *folding,
                         const char *stream, struct cairn_arena *arena, struct cairn_aggregate *ret,
                         struct cairn_error *error)
{
    *ret = (struct cairn_aggregate){
        .at.stream = stream,
        .state = cairn_arena_alloc(arena, folding->state->size, folding->state->align),
    };
    char *union_ = cairn_arena_alloc(arena, folding->events->size, _Alignof(max_align_t));
    for (;;) {
        const struct cairn_stored_event *events = NULL;
        int64_t count =
            cairn_store_read_stream(store, stream, ret->at.version, PAGE, arena, &events, error);
        if (count < 0)
            return (int)count;
        for (int64_t i = 0; i < count; i++) {
            int failed = fold(folding, &events[i], union_, arena, ret, error);
            if (failed)
                return failed;
        }
        if (count < PAGE)
            return 0;
    }
}
