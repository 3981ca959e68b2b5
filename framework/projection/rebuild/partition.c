/* partition.c - decodes batches for all parts, applies them to one part, spills parts to files. */
#include "projection/rebuild/partition.h"

#include "core/threads/lock.h"
#include "projection/rebuild/spill.h"
#include "projection/verify/expected_rows.h"
#include "store/read/bulk_read.h"

#include <stdlib.h>
#include <string.h>

enum { READ_BACK = 1000 };

/* ---- shared state ---- */

void cairn_partition_store_open(struct cairn_partition_store *store,
                                const struct cairn_projection *projection, size_t limit_bytes,
                                const char *directory, const struct cairn_map *skipped)
{
    *store = (struct cairn_partition_store){.projection = projection,
                                            .limit_bytes = limit_bytes,
                                            .directory = directory,
                                            .skipped = skipped};
    cairn_lock_init(&store->lock);
}

void cairn_partition_store_close(struct cairn_partition_store *store)
{
    free(store->parks.all);
    free(store->skips.all);
    cairn_arena_close(&store->arena);
    cairn_lock_destroy(&store->lock);
}

static void note(struct cairn_partition_store *store, struct cairn_partition_parks *parks,
                 const struct cairn_partition_entry *entry, const char *reason, int64_t attempts)
{
    cairn_lock(&store->lock);
    if (parks->count == parks->capacity) {
        parks->capacity = parks->capacity ? parks->capacity * 2 : 16;
        parks->all = cairn_reallocate(parks->all, parks->capacity * sizeof *parks->all);
    }
    parks->all[parks->count++] =
        (struct cairn_park){.key = cairn_copy_text(&store->arena, entry->key),
                            .position = entry->item->meta.position,
                            .event_id = entry->item->meta.event_id,
                            .reason = cairn_copy_text(&store->arena, reason),
                            .attempts = attempts};
    cairn_unlock(&store->lock);
}

/* ---- batches ---- */

void cairn_partition_batch_add(struct cairn_partition_batch *batch,
                               const struct cairn_stored_event *event)
{
    if (batch->count == batch->capacity) {
        batch->capacity = batch->capacity ? batch->capacity * 2 : 256;
        batch->events = cairn_reallocate(batch->events, batch->capacity * sizeof *batch->events);
    }
    batch->events[batch->count++] = cairn_event_keep(event, &batch->arena);
    batch->bytes += event->data_bytes;
}

void cairn_partition_batch_reset(struct cairn_partition_batch *batch)
{
    cairn_arena_reset(&batch->arena);
    batch->count = batch->bytes = 0;
}

void cairn_partition_batch_close(struct cairn_partition_batch *batch)
{
    cairn_arena_close(&batch->arena);
    free(batch->events);
    *batch = (struct cairn_partition_batch){.count = 0};
}

/* ---- decoding ---- */

static size_t part_of(uint64_t hash)
{
    return (size_t)(hash >> 40) % CAIRN_REFOLD_PARTS;
}

static void link_entry(struct cairn_partition_batch *batch, uint32_t index, size_t part)
{
    if (batch->last[part])
        batch->entries[batch->last[part] - 1].next = index + 1;
    else
        batch->first[part] = index + 1;
    batch->last[part] = index + 1;
}

static void add_entries(struct cairn_partition_batch *batch, const struct cairn_decoded_event *item,
                        const struct cairn_stored_event *event, uint32_t *count)
{
    for (size_t k = 0; k < item->keys.count; k++) {
        struct cairn_partition_entry *entry = &batch->entries[*count];
        *entry = (struct cairn_partition_entry){.item = item,
                                                .event = event,
                                                .key = item->keys.keys[k],
                                                .hash = cairn_hash(item->keys.keys[k])};
        link_entry(batch, (*count)++, part_of(entry->hash));
    }
}

int64_t cairn_partition_decode(struct cairn_partition_store *store,
                               struct cairn_partition_batch *batch, struct cairn_error *error)
{
    struct cairn_decoded_event *items =
        cairn_new(&batch->arena, struct cairn_decoded_event, batch->count);
    int *taken = cairn_new(&batch->arena, int, batch->count);
    size_t keys = 0;
    for (size_t i = 0; i < batch->count; i++) {
        struct cairn_error wrong = {0};
        taken[i] = cairn_event_decode_for(store->projection, &batch->events[i], &batch->arena,
                                          &items[i], &wrong);
        if (taken[i] < 0) {
            (void)cairn_fail(error, CAIRN_PARKED, "%s", wrong.message);
            return batch->events[i].position;
        }
        keys += items[i].keys.count;
    }
    uint32_t count = 0;
    memset(batch->first, 0, sizeof batch->first);
    memset(batch->last, 0, sizeof batch->last);
    batch->entries = cairn_new(&batch->arena, struct cairn_partition_entry, keys + 1);
    for (size_t i = 0; i < batch->count; i++) {
        if (taken[i])
            add_entries(batch, &items[i], &batch->events[i], &count);
    }
    return 0;
}

/* ---- applying ---- */

static bool is_skipped(const struct cairn_partition_store *store,
                       const struct cairn_partition_entry *entry)
{
    return store->skipped &&
           cairn_skip_is_named(store->skipped, entry->item->meta.position, entry->key);
}

/* Fails only if the projection stops at events that cannot be applied. */
static int apply_entry(struct cairn_partition *part, struct cairn_fold *fold,
                       const struct cairn_partition_entry *entry, struct cairn_error *error)
{
    struct cairn_partition_store *store = part->store;
    struct cairn_fold_row *row = cairn_map_get_hashed(&fold->rows, entry->key, entry->hash);
    if (!row) {
        row = cairn_fold_row(fold, entry->key);
        cairn_row_table_load(&part->row_table, entry->hash, row);
    }
    if (row->parked) {
        note(store, &store->parks, entry, "waits for the events before it", 0);
        return 0;
    }
    int failed = cairn_decoded_event_apply(fold, entry->item, row, NULL, error);
    if (!failed)
        return 0;
    if (is_skipped(store, entry)) {
        note(store, &store->skips, entry, error->message, 1);
        return 0;
    }
    if (store->projection->poison != CAIRN_POISON_PARKS)
        return failed;
    row->parked = row->changed = true;
    row->position = entry->item->meta.position;
    note(store, &store->parks, entry, error->message, 1);
    return 0;
}

/* Stores the rows that the fold has changed on the row_table. */
static void keep(struct cairn_partition *part, const struct cairn_fold *fold)
{
    size_t bytes = part->row_table.bytes;
    size_t rows = part->row_table.count;
    for (size_t i = 0; i < fold->rows.count; i++) {
        const struct cairn_fold_row *row = fold->rows.entries[i].value;
        if (row->changed)
            cairn_row_table_put(&part->row_table, cairn_hash(row->key), row);
    }
    atomic_fetch_add(&part->store->bytes, part->row_table.bytes - bytes);
    atomic_fetch_add(&part->store->rows, (long long)(part->row_table.count - rows));
}

static int64_t fold_batch(struct cairn_partition *part, const struct cairn_partition_batch *batch,
                          struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_fold fold = cairn_fold(part->store->projection, arena);
    long long count = 0;
    for (uint32_t i = batch->first[part->number]; i; i = batch->entries[i - 1].next) {
        struct cairn_error wrong = {0};
        count++;
        if (apply_entry(part, &fold, &batch->entries[i - 1], &wrong) < 0) {
            (void)cairn_fail(error, CAIRN_PARKED, "%s", wrong.message);
            return batch->entries[i - 1].item->meta.position;
        }
    }
    keep(part, &fold);
    atomic_fetch_add(&part->store->events, count);
    return 0;
}

/* ---- spilling ---- */

/* Writes each event once, even if it has several keys of the part. */
static int64_t spill_batch(struct cairn_partition *part, const struct cairn_partition_batch *batch,
                           struct cairn_error *error)
{
    const struct cairn_stored_event *last = NULL;
    for (uint32_t i = batch->first[part->number]; i; i = batch->entries[i - 1].next) {
        const struct cairn_stored_event *event = batch->entries[i - 1].event;
        if (event == last)
            continue;
        last = event;
        if (cairn_spill_event(part->file, event, error) < 0)
            return event->position;
    }
    return 0;
}

/* Returns whether to spill the part: the rows exceed the limit, and this part has at least an
 * average share of them. */
static bool must_spill(const struct cairn_partition *part)
{
    const struct cairn_partition_store *store = part->store;
    size_t bytes = atomic_load(&store->bytes);
    size_t in_memory = CAIRN_REFOLD_PARTS - atomic_load(&store->spilled);
    return bytes > store->limit_bytes && part->row_table.bytes * in_memory >= bytes;
}

static int64_t spill(struct cairn_partition *part, int64_t position, struct cairn_error *error)
{
    size_t bytes = part->row_table.bytes;
    atomic_fetch_sub(&part->store->rows, (long long)part->row_table.count);
    part->file = cairn_spill_open(part->store->directory, error);
    if (!part->file || cairn_spill_row_table(part->file, &part->row_table, error) < 0)
        return position;
    atomic_fetch_sub(&part->store->bytes, bytes);
    atomic_fetch_add(&part->store->spilled, 1);
    return 0;
}

int64_t cairn_partition_apply(struct cairn_partition *part,
                              const struct cairn_partition_batch *batch, struct cairn_arena *arena,
                              struct cairn_error *error)
{
    if (batch->first[part->number] == 0)
        return 0;
    if (part->file)
        return spill_batch(part, batch, error);
    int64_t failed = fold_batch(part, batch, arena, error);
    cairn_arena_reset(arena);
    if (!failed && must_spill(part))
        failed = spill(part, batch->events[0].position, error);
    return failed;
}

/* ---- finishing ---- */

/* Folds only the keys of this part: other keys of these events belong to other parts. */
static int fold_back(struct cairn_partition *part, struct cairn_partition_batch *batch,
                     struct cairn_arena *arena, struct cairn_error *error)
{
    int64_t failed = cairn_partition_decode(part->store, batch, error);
    if (!failed)
        failed = fold_batch(part, batch, arena, error);
    cairn_arena_reset(arena);
    return failed ? -CAIRN_PARKED : 0;
}

int cairn_partition_finish(struct cairn_partition *part, struct cairn_error *error)
{
    struct cairn_partition_batch batch = {.capacity = READ_BACK};
    struct cairn_arena arena = {0};
    if (!part->file)
        return 0;
    batch.events = cairn_allocate(READ_BACK * sizeof *batch.events);
    int64_t got = cairn_spill_rows(part->file, &part->row_table, &batch.arena, error);
    atomic_fetch_add(&part->store->rows, (long long)part->row_table.count);
    atomic_fetch_add(&part->store->bytes, part->row_table.bytes);
    while (got >= 0) {
        cairn_partition_batch_reset(&batch);
        got = cairn_spill_events(part->file, batch.events, READ_BACK, &batch.arena, error);
        if (got <= 0)
            break;
        batch.count = (size_t)got;
        got = fold_back(part, &batch, &arena, error);
    }
    cairn_partition_batch_close(&batch);
    cairn_arena_close(&arena);
    (void)fclose(part->file);
    part->file = NULL;
    return (int)got;
}

void cairn_partition_open(struct cairn_partition *part, struct cairn_partition_store *store,
                          size_t number)
{
    *part = (struct cairn_partition){.store = store, .number = number};
    part->row_table.projection = store->projection;
}

void cairn_partition_clear(struct cairn_partition *part)
{
    if (part->file)
        (void)fclose(part->file);
    part->file = NULL;
    atomic_fetch_sub(&part->store->bytes, part->row_table.bytes);
    cairn_row_table_clear(&part->row_table);
}
