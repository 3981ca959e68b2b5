/* record.c - walks and copies records. */
#include "record/json.h"

#include <stddef.h>
#include <string.h>

struct list CAIRN_LIST(char);

const void *cairn_field_at(const struct cairn_field *field, const void *value)
{
    return (const char *)value + field->offset;
}

size_t cairn_kind_size(enum cairn_kind kind)
{
    switch (kind) {
    case CAIRN_KIND_BOOL:
        return sizeof(bool);
    case CAIRN_KIND_ENUM:
        return sizeof(int);
    case CAIRN_KIND_UUID:
        return sizeof(struct cairn_uuid);
    case CAIRN_KIND_DAY:
        return sizeof(struct cairn_day);
    case CAIRN_KIND_MONEY:
        return sizeof(struct cairn_money);
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_TEXT_MAP:
        return sizeof(struct list);
    case CAIRN_KIND_INTEGER:
    case CAIRN_KIND_TEXT:
    case CAIRN_KIND_TIME:
    case CAIRN_KIND_DECIMAL:
    case CAIRN_KIND_DURATION:
        return sizeof(int64_t);
    case CAIRN_KIND_NESTED:
        return 0;
    }
    return 0;
}

/* Returns where the value of a wrapped field is, after `is_set`. */
static size_t wrapped_at(const struct cairn_field *field)
{
    return field->kind == CAIRN_KIND_BOOL ? offsetof(struct cairn_optional_bool, value)
                                          : offsetof(struct cairn_optional_int, value);
}

size_t cairn_field_size(const struct cairn_field *field)
{
    if (field->kind == CAIRN_KIND_NESTED)
        return field->pointer ? sizeof(void *) : field->record->size;
    size_t size = cairn_kind_size(field->kind);
    if (!field->wrapped)
        return size;
    return field->kind == CAIRN_KIND_BOOL ? sizeof(struct cairn_optional_bool)
                                          : sizeof(struct cairn_optional_int);
}

const void *cairn_field_unwrap(const struct cairn_field *field, const void *at)
{
    bool is_set = true;
    const void *pointed = at;
    if (field->wrapped)
        memcpy(&is_set, at, sizeof is_set);
    if (field->pointer)
        memcpy(&pointed, at, sizeof pointed);
    if (!field->wrapped)
        return pointed;
    return is_set ? (const char *)at + wrapped_at(field) : NULL;
}

void *cairn_field_wrap(const struct cairn_field *field, void *at, struct cairn_arena *arena)
{
    const bool is_set = true;
    if (field->pointer) {
        void *pointed = cairn_arena_alloc(arena, field->record->size, field->record->align);
        memcpy(at, &pointed, sizeof pointed);
        return pointed;
    }
    if (!field->wrapped)
        return at;
    memcpy(at, &is_set, sizeof is_set);
    return (char *)at + wrapped_at(field);
}

struct cairn_field cairn_field_item(const struct cairn_field *field)
{
    struct cairn_field item = *field;
    item.kind = field->record ? CAIRN_KIND_NESTED : field->item;
    item.offset = 0;
    item.size = (uint32_t)cairn_field_size(&item);
    item.optional = false;
    return item;
}

const struct cairn_field *cairn_record_field(const struct cairn_record *record, const char *name)
{
    for (uint32_t i = 0; i < record->count; i++) {
        if (strcmp(record->fields[i].name, name) == 0)
            return &record->fields[i];
    }
    return NULL;
}

bool cairn_record_same(const struct cairn_record *a, const struct cairn_record *b)
{
    if (a == b)
        return true;
    bool same = a->size == b->size && a->count == b->count && strcmp(a->name, b->name) == 0;
    for (uint32_t i = 0; i < a->count && same; i++) {
        const struct cairn_field *left = &a->fields[i];
        const struct cairn_field *right = &b->fields[i];
        same = left->kind == right->kind && left->offset == right->offset &&
               left->item == right->item && strcmp(left->name, right->name) == 0;
    }
    return same;
}

/* ---- copying ---- */

/* An output block; without a block the bytes are only counted. */
struct room {
    char *block;
    size_t used;
};

static void *take(struct room *room, const void *bytes, size_t count, size_t align)
{
    size_t at = (room->used + align - 1) & ~(align - 1);
    room->used = at + count;
    if (!room->block)
        return NULL;
    return memcpy(room->block + at, bytes, count);
}

/* Copies what `value` points to into the room and updates the pointers in `copy`, if that is
 * not NULL. */
static void own(const struct cairn_record *record, const char *value, char *copy,
                struct room *room);

static void own_records(const struct cairn_record *record, const char *at, char *copy,
                        struct room *room)
{
    struct list list;
    memcpy(&list, at, sizeof list);
    if (list.count == 0)
        return;
    char *items = take(room, list.items, list.count * record->size, record->align);
    for (size_t i = 0; i < list.count; i++)
        own(record, list.items + i * record->size, items ? items + i * record->size : NULL, room);
    list.items = items;
    if (copy)
        memcpy(copy, &list, sizeof list);
}

static void own_pointed(const struct cairn_record *record, const char *at, char *copy,
                        struct room *room)
{
    const char *value;
    memcpy(&value, at, sizeof value);
    if (!value)
        return;
    char *owned = take(room, value, record->size, record->align);
    own(record, value, owned, room);
    if (copy)
        memcpy(copy, &owned, sizeof owned);
}

static void own_text(const char *at, char *copy, struct room *room)
{
    const char *text;
    memcpy(&text, at, sizeof text);
    if (!text)
        return;
    text = take(room, text, strlen(text) + 1, 1);
    if (copy)
        memcpy(copy, &text, sizeof text);
}

static void own_scalars(const struct cairn_field *field, const char *at, char *copy,
                        struct room *room)
{
    struct list list;
    memcpy(&list, at, sizeof list);
    if (list.count == 0)
        return;
    size_t size = cairn_kind_size(field->item);
    char *items = take(room, list.items, list.count * size, _Alignof(int64_t));
    for (size_t i = 0; i < list.count && field->item == CAIRN_KIND_TEXT; i++)
        own_text(list.items + i * size, items ? items + i * size : NULL, room);
    list.items = items;
    if (copy)
        memcpy(copy, &list, sizeof list);
}

static void own_field(const struct cairn_field *field, const char *at, char *copy,
                      struct room *room)
{
    if (field->kind == CAIRN_KIND_TEXT)
        own_text(at, copy, room);
    else if (field->kind == CAIRN_KIND_LIST && !field->record)
        own_scalars(field, at, copy, room);
    else if (field->kind == CAIRN_KIND_LIST || field->kind == CAIRN_KIND_TEXT_MAP)
        own_records(field->record, at, copy, room);
    else if (field->kind == CAIRN_KIND_NESTED && field->pointer)
        own_pointed(field->record, at, copy, room);
    else if (field->kind == CAIRN_KIND_NESTED)
        own(field->record, at, copy, room);
}

static void own(const struct cairn_record *record, const char *value, char *copy, struct room *room)
{
    for (uint32_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        own_field(field, value + field->offset, copy ? copy + field->offset : NULL, room);
    }
}

size_t cairn_record_bytes(const struct cairn_record *record, const void *value)
{
    struct room room = {.used = record->size};
    own(record, value, NULL, &room);
    return room.used;
}

void cairn_record_pack(const struct cairn_record *record, const void *value, void *block)
{
    struct room room = {.block = block, .used = record->size};
    memcpy(block, value, record->size);
    own(record, value, block, &room);
}

void cairn_record_copy(const struct cairn_record *record, const void *value, void *ret,
                       struct cairn_arena *arena)
{
    struct room needed = {.used = 0};
    own(record, value, NULL, &needed);
    struct room room = {.block = cairn_arena_alloc(arena, needed.used, _Alignof(max_align_t))};
    memcpy(ret, value, record->size);
    own(record, value, ret, &room);
}
