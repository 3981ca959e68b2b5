/* map.c - a hash table from text to pointer, with open addressing: slots hold indexes into the list
 * of entries, so that entries keep their order and rehashing moves only numbers. */
#include "core/containers/map.h"

#include <string.h>

enum { FIRST_SLOTS = 16 };

struct cairn_map cairn_map(struct cairn_arena *arena)
{
    return (struct cairn_map){.arena = arena};
}

/* Returns the slot that holds the key, or the free slot for it. */
static uint32_t *find_slot(const struct cairn_map *map, const char *key, uint64_t hash)
{
    size_t mask = map->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &map->slots[i];
        if (*slot == 0 || strcmp(map->entries[*slot - 1].key, key) == 0)
            return slot;
    }
}

static void grow_slots(struct cairn_map *map)
{
    map->slot_count = map->slot_count ? map->slot_count * 2 : FIRST_SLOTS;
    map->slots = cairn_new(map->arena, uint32_t, map->slot_count);
    for (size_t i = 0; i < map->count; i++)
        *find_slot(map, map->entries[i].key, cairn_hash(map->entries[i].key)) = (uint32_t)i + 1;
}

static void grow_entries(struct cairn_map *map)
{
    size_t capacity = map->capacity ? map->capacity * 2 : FIRST_SLOTS;
    struct cairn_map_entry *entries = cairn_new(map->arena, struct cairn_map_entry, capacity);
    if (map->count)
        memcpy(entries, map->entries, map->count * sizeof *entries);
    map->entries = entries;
    map->capacity = capacity;
}

void **cairn_map_at(struct cairn_map *map, const char *key)
{
    if (2 * (map->count + 1) > map->slot_count)
        grow_slots(map);
    uint32_t *slot = find_slot(map, key, cairn_hash(key));
    if (*slot == 0) {
        if (map->count == map->capacity)
            grow_entries(map);
        map->entries[map->count].key = cairn_copy_text(map->arena, key);
        map->entries[map->count].value = NULL;
        *slot = (uint32_t)++map->count;
    }
    return &map->entries[*slot - 1].value;
}

void *cairn_map_get_hashed(const struct cairn_map *map, const char *key, uint64_t hash)
{
    if (map->count == 0)
        return NULL;
    uint32_t slot = *find_slot(map, key, hash);
    return slot ? map->entries[slot - 1].value : NULL;
}

void *cairn_map_get(const struct cairn_map *map, const char *key)
{
    return cairn_map_get_hashed(map, key, cairn_hash(key));
}
