/* fold.c - the pure part of a projection: keys of an event, rows, applying an event to a row. */
#include "projection/fold/fold.h"

#include "projection/fold/row_key.h"
#include "record/json.h"

#include <stdio.h>
#include <string.h>

struct cairn_fold cairn_fold(const struct cairn_projection *projection, struct cairn_arena *arena)
{
    return (struct cairn_fold){.projection = projection, .arena = arena, .rows = cairn_map(arena)};
}

/* ---- keys ---- */

static bool has_key(const struct cairn_keys *keys, const char *key)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (strcmp(keys->keys[i], key) == 0)
            return true;
    }
    return false;
}

/* Adds a key, unless it is there already. Only CAIRN_KEY makes the keys of a projection whose keys
 * are structs. */
static void add_key(struct cairn_keys *ret, const struct cairn_record *record, const char *key)
{
    size_t bytes = strlen(key);
    if (bytes == 0 || bytes > CAIRN_KEY_MAX_BYTES)
        ret->wrong = "is empty or longer than 200 bytes";
    else if (record ? !ret->record || !cairn_record_same(ret->record, record) : ret->record != NULL)
        ret->wrong = "is not of the struct that the projection's .key names";
    if (ret->wrong || has_key(ret, key))
        return;
    const char **keys = cairn_new(ret->arena, const char *, ret->count + 1);
    if (ret->count)
        memcpy(keys, ret->keys, ret->count * sizeof *keys);
    keys[ret->count++] = cairn_copy_text(ret->arena, key);
    ret->keys = keys;
}

void cairn_key(struct cairn_keys *ret, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const char *key = cairn_print_va(ret->arena, format, list);
    va_end(list);
    add_key(ret, NULL, key);
}

void cairn_key_uuid(struct cairn_keys *ret, struct cairn_uuid id)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(id, text);
    add_key(ret, NULL, text);
}

void cairn_key_of(struct cairn_keys *ret, const struct cairn_record *key, const void *value)
{
    add_key(ret, key, cairn_row_key_text(key, value, ret->arena));
}

enum cairn_row cairn_park(struct cairn_error *error, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(error->message, sizeof error->message, format, list);
    va_end(list);
    return CAIRN_PARK;
}

struct cairn_keys cairn_fold_keys(const struct cairn_fold *fold, const struct cairn_on *on,
                                  const void *event, const struct cairn_meta *meta)
{
    struct cairn_keys keys = {.arena = fold->arena, .record = fold->projection->key};
    if (on->keys)
        on->keys(&keys, event, meta);
    else
        cairn_key_uuid(&keys, meta->id);
    return keys;
}

/* ---- rows ---- */

struct cairn_fold_row *cairn_fold_row(struct cairn_fold *fold, const char *key)
{
    void **at = cairn_map_at(&fold->rows, key);
    if (!*at) {
        const struct cairn_record *record = fold->projection->row;
        struct cairn_fold_row *row = cairn_new(fold->arena, struct cairn_fold_row, 1);
        row->key = cairn_copy_text(fold->arena, key);
        row->value = cairn_arena_alloc(fold->arena, record->size, record->align);
        *at = row;
    }
    return *at;
}

enum cairn_row cairn_fold_apply(struct cairn_fold *fold, const struct cairn_on *on,
                                const void *event, const struct cairn_meta *meta,
                                struct cairn_fold_row *row, struct cairn_error *why)
{
    const struct cairn_record *record = fold->projection->row;
    struct cairn_meta with_key = *meta;
    with_key.key = row->key;
    void *before = cairn_arena_alloc(fold->arena, record->size, record->align);
    memcpy(before, row->value, record->size);
    cairn_row_key_fill(fold->projection, row->key, row->value, fold->arena);
    enum cairn_row outcome = on->apply(row->value, event, &with_key, fold->arena, why);
    if (outcome == CAIRN_KEEP || outcome == CAIRN_DELETE) {
        row->exists = outcome == CAIRN_KEEP;
        row->changed = true;
        row->position = meta->position;
        cairn_row_key_fill(fold->projection, row->key, row->value, fold->arena);
        if (!on->keys)
            row->version = meta->version;
    }
    if (outcome == CAIRN_DELETE)
        memset(row->value, 0, record->size);
    else if (outcome != CAIRN_KEEP)
        memcpy(row->value, before, record->size);
    return outcome;
}
