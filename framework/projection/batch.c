/* batch.c - events folded in memory: decode all, load all rows at once, apply all. */
#include "projection/batch.h"

#include "record/json.h"

#include <stdio.h>
#include <string.h>

/* An event that the projection looks at. */
struct item {
    const struct cairn_on *on;
    const struct cairn_event_type *type;
    struct cairn_meta meta;
    void *event;
    struct cairn_keys keys;
    const char *unreadable; /* why it could not be decoded; its key is its stream then */
};

const char *const *cairn_projection_types(const struct cairn_projection *projection,
                                          struct cairn_arena *arena)
{
    size_t count = 0;
    while (projection->on[count])
        count++;
    const char **types = cairn_new(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        types[i] = cairn_events_of(projection->on[i]->events, projection->on[i]->record)->name;
    return types;
}

/* ---- decoding ---- */

static bool parks(const struct cairn_batch *batch)
{
    return batch->fold.projection->poison == CAIRN_POISON_PARKS;
}

static const char *category_of(struct cairn_arena *arena, const char *stream)
{
    return cairn_copy_bytes(arena, stream, strcspn(stream, "-"));
}

static int decode_event(const struct cairn_batch *batch, const struct cairn_stored_event *stored,
                        struct item *ret, struct cairn_error *error)
{
    struct cairn_arena *arena = batch->fold.arena;
    const struct cairn_record *record = ret->type->record;
    ret->event = cairn_arena_alloc(arena, record->size, record->align);
    int failed = cairn_event_meta(stored, &ret->meta, error);
    if (!failed)
        failed = cairn_event_decode(ret->type, stored, arena, ret->event, error);
    if (failed)
        return failed;
    ret->keys = cairn_fold_keys(&batch->fold, ret->on, ret->event, &ret->meta);
    if (ret->keys.too_long)
        return cairn_fail(error, CAIRN_UNREADABLE,
                          "event %" PRId64 " names a key that is empty or longer than %d bytes",
                          stored->position, CAIRN_KEY_MAX_BYTES);
    return 0;
}

/* It cannot be decoded, but whose it is can be told: it will park the row of its stream. */
static int set_aside(const struct cairn_batch *batch, const struct cairn_stored_event *stored,
                     const struct cairn_error *wrong, struct item *ret)
{
    struct cairn_arena *arena = batch->fold.arena;
    const char *key = cairn_stream_id_text(stored->stream);
    size_t bytes = strlen(key);
    if (!parks(batch) || ret->on->keys || wrong->code != CAIRN_UNREADABLE || bytes == 0 ||
        bytes > CAIRN_KEY_MAX_BYTES)
        return -(int)wrong->code;
    const char **keys = cairn_new(arena, const char *, 1);
    keys[0] = cairn_copy_text(arena, key);
    ret->keys = (struct cairn_keys){.arena = arena, .keys = keys, .count = 1};
    ret->meta.position = stored->position;
    ret->meta.version = stored->version;
    ret->meta.event_id = stored->event_id;
    ret->unreadable = cairn_copy_text(arena, wrong->message);
    return 0;
}

/* Returns 1 if the event matters, 0 if it does not, or why it stops the projection. */
static int decode(const struct cairn_batch *batch, const struct cairn_stored_event *stored,
                  struct item *ret, struct cairn_error *error)
{
    *ret = (struct item){0};
    ret->on = cairn_fold_on(batch->fold.projection, category_of(batch->fold.arena, stored->stream),
                            stored->type, &ret->type);
    if (!ret->on)
        return 0;
    int failed = decode_event(batch, stored, ret, error);
    if (failed)
        failed = set_aside(batch, stored, error, ret);
    return failed ? failed : 1;
}

/* Decodes until the end or the first event that stops the projection; puts the keys into the map.
 * Returns how many matter. */
static size_t decode_all(struct cairn_batch *batch, const struct cairn_batch_events *events,
                         struct item *items)
{
    size_t taken = 0;
    for (size_t i = 0; i < events->count; i++) {
        const struct cairn_stored_event *stored = &events->events[i];
        struct cairn_error wrong = {0};
        batch->bytes += stored->data_bytes;
        int outcome = decode(batch, stored, &items[taken], &wrong);
        if (outcome < 0) {
            batch->position = stored->position - 1;
            (void)snprintf(batch->problem, sizeof batch->problem, "%s", wrong.message);
            batch->newer = outcome == -CAIRN_NEWER_EVENT;
            break;
        }
        const struct cairn_keys *keys = &items[taken].keys;
        for (size_t k = 0; outcome && k < keys->count; k++) {
            if (!events->wants || events->wants(events->context, stored->position, keys->keys[k]))
                (void)cairn_fold_row(&batch->fold, keys->keys[k]);
        }
        taken += (size_t)outcome;
    }
    return taken;
}

/* ---- one row ---- */

/* Holds the row against its table: what is written must be readable again. */
static int check_row(const struct cairn_fold *fold, const struct cairn_fold_row *row,
                     struct cairn_error *error)
{
    struct cairn_error wrong = {0};
    if (cairn_record_check(fold->projection->row, row->value, &wrong) == 0)
        return 0;
    return cairn_fail(error, CAIRN_PARKED, "leaves %s of the row %s", wrong.wrong[0].pointer,
                      wrong.wrong[0].message);
}

static const char *refusal(const struct cairn_batch_events *events, const struct item *item,
                           const char *key)
{
    for (size_t i = 0; i < events->refused_count; i++) {
        const struct cairn_park *refused = &events->refused[i];
        if (refused->position == item->meta.position && strcmp(refused->key, key) == 0)
            return refused->reason;
    }
    return NULL;
}

static int apply_to(struct cairn_fold *fold, const struct cairn_batch_events *events,
                    const struct item *item, struct cairn_fold_row *row, struct cairn_error *error)
{
    const char *refused = refusal(events, item, row->key);
    if (item->unreadable)
        return cairn_fail(error, CAIRN_PARKED, "%s", item->unreadable);
    if (refused)
        return cairn_fail(error, CAIRN_PARKED, "%s", refused);
    switch (cairn_fold_apply(fold, item->on, item->event, &item->meta, row)) {
    case CAIRN_KEEP:
        return check_row(fold, row, error);
    case CAIRN_DELETE:
    case CAIRN_SKIP:
        return 0;
    case CAIRN_PARK:
        break;
    }
    return cairn_fail(error, CAIRN_PARKED, "%s cannot be applied", item->type->name);
}

static struct cairn_fold_row keep(struct cairn_fold *fold, const struct cairn_fold_row *row)
{
    const struct cairn_record *record = fold->projection->row;
    struct cairn_fold_row copy = *row;
    copy.value = cairn_arena_alloc(fold->arena, record->size, record->align);
    memcpy(copy.value, row->value, record->size);
    return copy;
}

static void add_park(struct cairn_batch *batch, const struct item *item, const char *key,
                     const char *reason, int64_t attempts)
{
    size_t count = batch->park_count;
    if ((count & (count - 1)) == 0) { /* room for 1, 2, 4, 8… */
        struct cairn_park *more =
            cairn_new(batch->fold.arena, struct cairn_park, count ? count * 2 : 1);
        if (count)
            memcpy(more, batch->parks, count * sizeof *more);
        batch->parks = more;
    }
    batch->parks[batch->park_count++] =
        (struct cairn_park){key, item->meta.position, item->meta.event_id, reason, attempts};
}

/* ---- events ---- */

/* The row of the item's key i, or NULL if it is not asked for. */
static struct cairn_fold_row *row_of(const struct cairn_batch *batch,
                                     const struct cairn_batch_events *events,
                                     const struct item *item, size_t i)
{
    const char *key = item->keys.keys[i];
    if (events->wants && !events->wants(events->context, item->meta.position, key))
        return NULL;
    return cairn_map_get(&batch->fold.rows, key);
}

/* Each row by itself: what cannot be applied to one is parked there. */
static void apply_or_park(struct cairn_batch *batch, const struct cairn_batch_events *events,
                          const struct item *item)
{
    struct cairn_fold *fold = &batch->fold;
    for (size_t i = 0; i < item->keys.count; i++) {
        struct cairn_fold_row *row = row_of(batch, events, item, i);
        struct cairn_error wrong = {0};
        if (!row)
            continue;
        if (row->parked) {
            add_park(batch, item, row->key, "waits for the events before it", 0);
            continue;
        }
        const struct cairn_fold_row before = keep(fold, row);
        if (apply_to(fold, events, item, row, &wrong) == 0)
            continue;
        *row = before;
        row->parked = row->changed = true;
        row->position = item->meta.position;
        add_park(batch, item, row->key, cairn_copy_text(fold->arena, wrong.message), 1);
    }
}

/* All rows of the event, or none. */
static int apply_or_stop(struct cairn_batch *batch, const struct cairn_batch_events *events,
                         const struct item *item, struct cairn_error *error)
{
    struct cairn_fold *fold = &batch->fold;
    struct cairn_fold_row *before = cairn_new(fold->arena, struct cairn_fold_row, item->keys.count);
    int failed = 0;
    size_t done = 0;
    for (size_t i = 0; i < item->keys.count && !failed; i++) {
        struct cairn_fold_row *row = row_of(batch, events, item, i);
        if (!row)
            continue;
        before[done++] = keep(fold, row);
        failed = row->parked ? cairn_fail(error, CAIRN_PARKED, "the row is parked")
                             : apply_to(fold, events, item, row, error);
        if (failed)
            cairn_error_context(error, "event %" PRId64 ", row %s", item->meta.position, row->key);
    }
    while (failed && done-- > 0)
        *cairn_fold_row(fold, before[done].key) = before[done];
    return failed;
}

static void apply_all(struct cairn_batch *batch, const struct cairn_batch_events *events,
                      const struct item *items, size_t count)
{
    for (; batch->applied < count; batch->applied++) {
        const struct item *item = &items[batch->applied];
        struct cairn_error wrong = {0};
        if (parks(batch)) {
            apply_or_park(batch, events, item);
        } else if (apply_or_stop(batch, events, item, &wrong) < 0) {
            batch->position = item->meta.position - 1;
            batch->newer = false; /* this one comes first */
            (void)snprintf(batch->problem, sizeof batch->problem, "%s", wrong.message);
            return;
        }
    }
}

int cairn_batch_fold(const struct cairn_projection *projection,
                     const struct cairn_batch_events *events, struct cairn_arena *arena,
                     struct cairn_batch *ret, struct cairn_error *error)
{
    *ret = (struct cairn_batch){.fold = cairn_fold(projection, arena), .position = events->to};
    struct item *items = cairn_new(arena, struct item, events->count + 1);
    size_t taken = decode_all(ret, events, items);
    int failed = events->load(events->context, &ret->fold, error);
    if (!failed)
        apply_all(ret, events, items, taken);
    return failed;
}
