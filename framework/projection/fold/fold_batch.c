/* fold_batch.c - folds events in memory: decodes all, loads all rows in one call, applies all. */
#include "projection/fold/fold_batch.h"

#include "projection/fold/decoded_event.h"
#include "store/events/handlers.h"

#include <stdio.h>
#include <string.h>

const char *const *cairn_projection_types(const struct cairn_projection *projection,
                                          struct cairn_arena *arena)
{
    return cairn_handlers_filter(projection->on, NULL, NULL, arena).types;
}

/* ---- decoding ---- */

/* Decodes events up to the first that stops the projection, and adds their keys to the map. Returns
 * the number of events that the projection handles. */
static size_t decode_all(struct cairn_fold_batch *batch, const struct cairn_fold_input *events,
                         struct cairn_decoded_event *items)
{
    size_t taken = 0;
    for (size_t i = 0; i < events->count; i++) {
        const struct cairn_stored_event *stored = &events->events[i];
        struct cairn_error wrong = {0};
        batch->bytes += stored->data_bytes;
        int outcome = cairn_event_decode_for(batch->fold.projection, stored, batch->fold.arena,
                                             &items[taken], &wrong);
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

static const char *refusal(const struct cairn_fold_input *events,
                           const struct cairn_decoded_event *item, const char *key)
{
    for (size_t i = 0; i < events->refused_count; i++) {
        const struct cairn_park *refused = &events->refused[i];
        if (refused->position == item->meta.position && strcmp(refused->key, key) == 0)
            return refused->reason;
    }
    return NULL;
}

static struct cairn_fold_row keep(struct cairn_fold *fold, const struct cairn_fold_row *row)
{
    const struct cairn_record *record = fold->projection->row;
    struct cairn_fold_row copy = *row;
    copy.value = cairn_arena_alloc(fold->arena, record->size, record->align);
    memcpy(copy.value, row->value, record->size);
    return copy;
}

static void add_park(struct cairn_fold_batch *batch, const struct cairn_decoded_event *item,
                     const char *key, const char *reason, int64_t attempts)
{
    size_t count = batch->park_count;
    if ((count & (count - 1)) == 0) { /* full: the capacity is 1, 2, 4, 8… */
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

/* Returns the row of the item's key i, or NULL if that key is not wanted. */
static struct cairn_fold_row *row_of(const struct cairn_fold_batch *batch,
                                     const struct cairn_fold_input *events,
                                     const struct cairn_decoded_event *item, size_t i)
{
    const char *key = item->keys.keys[i];
    if (events->wants && !events->wants(events->context, item->meta.position, key))
        return NULL;
    return cairn_map_get(&batch->fold.rows, key);
}

/* Applies the event to each row independently; parks the keys of rows where that fails. */
static void apply_or_park(struct cairn_fold_batch *batch, const struct cairn_fold_input *events,
                          const struct cairn_decoded_event *item)
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
        if (cairn_decoded_event_apply(fold, item, row, refusal(events, item, row->key), &wrong) ==
            0)
            continue;
        row->parked = row->changed = true;
        row->position = item->meta.position;
        add_park(batch, item, row->key, cairn_copy_text(fold->arena, wrong.message), 1);
    }
}

/* Applies the event to all of its rows, or to none. */
static int apply_or_stop(struct cairn_fold_batch *batch, const struct cairn_fold_input *events,
                         const struct cairn_decoded_event *item, struct cairn_error *error)
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
                             : cairn_decoded_event_apply(fold, item, row,
                                                         refusal(events, item, row->key), error);
        if (failed)
            cairn_error_context(error, "event %" PRId64 ", row %s", item->meta.position, row->key);
    }
    while (failed && done-- > 0)
        *cairn_fold_row(fold, before[done].key) = before[done];
    return failed;
}

static bool parks(const struct cairn_fold_batch *batch)
{
    return batch->fold.projection->poison == CAIRN_POISON_PARKS;
}

static void apply_all(struct cairn_fold_batch *batch, const struct cairn_fold_input *events,
                      const struct cairn_decoded_event *items, size_t count)
{
    for (; batch->applied < count; batch->applied++) {
        const struct cairn_decoded_event *item = &items[batch->applied];
        struct cairn_error wrong = {0};
        if (parks(batch)) {
            apply_or_park(batch, events, item);
        } else if (apply_or_stop(batch, events, item, &wrong) < 0) {
            batch->position = item->meta.position - 1;
            batch->newer = false; /* this event precedes the newer one */
            (void)snprintf(batch->problem, sizeof batch->problem, "%s", wrong.message);
            return;
        }
    }
}

int cairn_fold_events(const struct cairn_projection *projection,
                      const struct cairn_fold_input *events, struct cairn_arena *arena,
                      struct cairn_fold_batch *ret, struct cairn_error *error)
{
    *ret = (struct cairn_fold_batch){.fold = cairn_fold(projection, arena), .position = events->to};
    struct cairn_decoded_event *items =
        cairn_new(arena, struct cairn_decoded_event, events->count + 1);
    size_t taken = decode_all(ret, events, items);
    int failed = events->load(events->context, &ret->fold, error);
    if (!failed)
        apply_all(ret, events, items, taken);
    return failed;
}
