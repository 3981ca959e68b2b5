/* batch.c - a range of the log folded in memory: decode all, load all rows at once, apply all. */
#include "projection/batch.h"

#include "record/json.h"

#include <stdio.h>
#include <string.h>

/* An event that the projection looks at, decoded. */
struct item {
    const struct cairn_on *on;
    const struct cairn_event_type *type;
    struct cairn_meta meta;
    void *event;
    struct cairn_keys keys;
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

static const char *category_of(struct cairn_arena *arena, const char *stream)
{
    return cairn_copy_bytes(arena, stream, strcspn(stream, "-"));
}

/* Returns 1 if the event matters, 0 if it does not, or why it cannot be read. */
static int decode(const struct cairn_batch *batch, const struct cairn_stored_event *stored,
                  struct item *ret, struct cairn_error *error)
{
    struct cairn_arena *arena = batch->fold.arena;
    ret->on = cairn_fold_on(batch->fold.projection, category_of(arena, stored->stream),
                            stored->type, &ret->type);
    if (!ret->on)
        return 0;
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
    return 1;
}

static void set_problem(struct cairn_batch *batch, const char *problem)
{
    (void)snprintf(batch->problem, sizeof batch->problem, "%s", problem);
}

/* Decodes until the end or the first event that cannot be; puts the keys into the map. Returns how
 * many matter. */
static size_t decode_all(struct cairn_batch *batch, const struct cairn_stored_event *stored,
                         int64_t count, struct item *items)
{
    size_t taken = 0;
    for (int64_t i = 0; i < count; i++) {
        struct cairn_error wrong = {0};
        int outcome = decode(batch, &stored[i], &items[taken], &wrong);
        if (outcome < 0) {
            batch->position = stored[i].position - 1;
            set_problem(batch, wrong.message);
            batch->newer = outcome == -CAIRN_NEWER_EVENT;
            break;
        }
        for (size_t k = 0; outcome && k < items[taken].keys.count; k++)
            (void)cairn_fold_row(&batch->fold, items[taken].keys.keys[k]);
        taken += (size_t)outcome;
    }
    return taken;
}

/* ---- applying ---- */

/* Holds the row against its table: what is written must be readable again. */
static int check_row(const struct cairn_fold *fold, const struct cairn_fold_row *row,
                     struct cairn_error *error)
{
    struct cairn_error wrong = {0};
    if (cairn_record_check(fold->projection->row, row->value, &wrong) == 0)
        return 0;
    return cairn_fail(error, CAIRN_PARKED, "leaves %s of row %s %s", wrong.wrong[0].pointer,
                      row->key, wrong.wrong[0].message);
}

static int apply_to(struct cairn_fold *fold, const struct item *item, struct cairn_fold_row *row,
                    struct cairn_error *error)
{
    switch (cairn_fold_apply(fold, item->on, item->event, &item->meta, row)) {
    case CAIRN_KEEP:
        return check_row(fold, row, error);
    case CAIRN_DELETE:
    case CAIRN_SKIP:
        return 0;
    case CAIRN_PARK:
        break;
    }
    return cairn_fail(error, CAIRN_PARKED, "cannot be applied to row %s", row->key);
}

/* Applies one event to all of its rows, or to none. */
static int apply(struct cairn_fold *fold, const struct item *item, struct cairn_error *error)
{
    const struct cairn_record *record = fold->projection->row;
    struct cairn_fold_row *before = cairn_new(fold->arena, struct cairn_fold_row, item->keys.count);
    int failed = 0;
    size_t done = 0;
    for (; done < item->keys.count && !failed; done++) {
        struct cairn_fold_row *row = cairn_fold_row(fold, item->keys.keys[done]);
        before[done] = *row;
        before[done].value = cairn_arena_alloc(fold->arena, record->size, record->align);
        memcpy(before[done].value, row->value, record->size);
        failed = apply_to(fold, item, row, error);
    }
    while (failed && done-- > 0)
        *cairn_fold_row(fold, item->keys.keys[done]) = before[done];
    return failed;
}

static void apply_all(struct cairn_batch *batch, const struct item *items, size_t count)
{
    for (; batch->applied < count; batch->applied++) {
        const struct item *item = &items[batch->applied];
        struct cairn_error wrong = {0};
        if (apply(&batch->fold, item, &wrong) < 0) {
            cairn_error_context(&wrong, "event %" PRId64 ", %s", item->meta.position,
                                item->type->name);
            batch->position = item->meta.position - 1;
            batch->newer = false; /* this one comes first */
            set_problem(batch, wrong.message);
            return;
        }
    }
}

int cairn_batch_fold(const struct cairn_rows *rows, struct cairn_store *store, int64_t from,
                     int64_t to, struct cairn_arena *arena, struct cairn_batch *ret,
                     struct cairn_error *error)
{
    const struct cairn_projection *projection = rows->generation.projection;
    const struct cairn_stored_event *stored = NULL;
    *ret = (struct cairn_batch){.fold = cairn_fold(projection, arena), .position = to};
    int64_t count = cairn_store_read_range(
        store, from, to, cairn_projection_types(projection, arena), arena, &stored, error);
    if (count < 0)
        return (int)count;
    for (int64_t i = 0; i < count; i++)
        ret->bytes += stored[i].data_bytes;
    struct item *items = cairn_new(arena, struct item, (size_t)count + 1);
    size_t taken = decode_all(ret, stored, count, items);
    int failed = cairn_rows_load(rows, cairn_store_pg(store), &ret->fold, error);
    if (!failed)
        apply_all(ret, items, taken);
    return failed;
}
