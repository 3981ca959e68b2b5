/* record.c - walks and copies records. */
#include "record/json.h"

#include <stddef.h>
#include <string.h>

struct list CAIRN_LIST(char);

const void *cairn_field_at(const struct cairn_field *field, const void *value)
{
    return (const char *)value + field->offset;
}

const struct cairn_field *cairn_record_field(const struct cairn_record *record, const char *name)
{
    for (uint32_t i = 0; i < record->count; i++) {
        if (strcmp(record->fields[i].name, name) == 0)
            return &record->fields[i];
    }
    return NULL;
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

static void own_list(const struct cairn_record *record, const char *at, char *copy,
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

static void own(const struct cairn_record *record, const char *value, char *copy, struct room *room)
{
    for (uint32_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        const char *at = value + field->offset;
        char *to = copy ? copy + field->offset : NULL;
        if (field->kind == CAIRN_KIND_TEXT)
            own_text(at, to, room);
        else if (field->kind == CAIRN_KIND_LIST)
            own_list(field->record, at, to, room);
        else if (field->kind == CAIRN_KIND_NESTED)
            own(field->record, at, to, room);
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
