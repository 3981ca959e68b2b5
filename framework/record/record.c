/* record.c - walking and copying records. */
#include "record/json.h"

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

/* Moves what the copied struct points to into the arena. */
static void own(const struct cairn_record *record, char *value, struct cairn_arena *arena);

static void own_list(const struct cairn_record *record, char *at, struct cairn_arena *arena)
{
    struct list list;
    memcpy(&list, at, sizeof list);
    if (list.count == 0)
        return;
    char *items = cairn_arena_alloc(arena, list.count * record->size, record->align);
    memcpy(items, list.items, list.count * record->size);
    for (size_t i = 0; i < list.count; i++)
        own(record, items + i * record->size, arena);
    list.items = items;
    memcpy(at, &list, sizeof list);
}

static void own_text(char *at, struct cairn_arena *arena)
{
    const char *text;
    memcpy(&text, at, sizeof text);
    text = cairn_copy_text(arena, text);
    memcpy(at, &text, sizeof text);
}

static void own(const struct cairn_record *record, char *value, struct cairn_arena *arena)
{
    for (uint32_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        if (field->kind == CAIRN_KIND_TEXT)
            own_text(value + field->offset, arena);
        else if (field->kind == CAIRN_KIND_LIST)
            own_list(field->record, value + field->offset, arena);
        else if (field->kind == CAIRN_KIND_NESTED)
            own(field->record, value + field->offset, arena);
    }
}

void cairn_record_copy(const struct cairn_record *record, const void *value, void *ret,
                       struct cairn_arena *arena)
{
    memcpy(ret, value, record->size);
    own(record, ret, arena);
}
