/* list.c - lists that grow: each change makes new items, since others may share the old ones. */
#include "core/containers/arena.h"

#include <string.h>

/* The layout that CAIRN_LIST gives every list, with items that may be written: those that were
 * allocated here. */
struct list {
    char *items;
    size_t count;
};

/* Returns a copy of the first `count` items with room for one more. */
static char *copy_items(struct cairn_arena *arena, const struct list *list, size_t count,
                        struct cairn_item_size size)
{
    char *items = cairn_arena_array(arena, count + 1, size.size, size.align);
    if (count)
        memcpy(items, list->items, count * size.size);
    return items;
}

void cairn_list_append_(struct cairn_arena *arena, void *at, struct cairn_item_size size,
                        const void *item)
{
    struct list *list = at;
    size_t bytes = list->count * size.size;
    char *items = list->items;
    if (!list->count || !cairn_arena_extend(arena, items, bytes, size.size))
        items = copy_items(arena, list, list->count, size);
    memcpy(items + bytes, item, size.size);
    *list = (struct list){items, list->count + 1};
}

/* Compares two pointers to texts; NULL equals NULL only. */
static bool is_same_text(const void *a, const void *b)
{
    const char *texts[2];
    memcpy(&texts[0], a, sizeof texts[0]);
    memcpy(&texts[1], b, sizeof texts[1]);
    return texts[0] && texts[1] ? strcmp(texts[0], texts[1]) == 0 : texts[0] == texts[1];
}

const void *cairn_list_find_(const void *at, size_t size, size_t offset, size_t bytes,
                             const void *wanted)
{
    const struct list *list = at;
    for (size_t i = 0; i < list->count; i++) {
        const char *member = list->items + i * size + offset;
        if (bytes ? memcmp(member, wanted, bytes) == 0 : is_same_text(member, wanted))
            return list->items + i * size;
    }
    return NULL;
}

void *cairn_list_edit_(struct cairn_arena *arena, void *at, const void *item,
                       struct cairn_item_size size)
{
    struct list *list = at;
    if (!item)
        return NULL;
    size_t i = (size_t)((const char *)item - (const char *)list->items) / size.size;
    char *items = copy_items(arena, list, list->count, size);
    list->items = items;
    return items + i * size.size;
}

void cairn_list_remove_(struct cairn_arena *arena, void *at, const void *item,
                        struct cairn_item_size size)
{
    struct list *list = at;
    if (!item)
        return;
    size_t i = (size_t)((const char *)item - (const char *)list->items) / size.size;
    char *items = copy_items(arena, list, list->count, size);
    memmove(items + i * size.size, items + (i + 1) * size.size, (list->count - i - 1) * size.size);
    *list = (struct list){list->count > 1 ? items : NULL, list->count - 1};
}
