/* map.h - a map from text to pointer, in an arena: for the rows of a batch, metrics, statements.
 *
 * Iterate over `entries[0 .. count)`, which are in the order of their first insertion. */
#ifndef CAIRN_CORE_MAP_H
#define CAIRN_CORE_MAP_H

#include "core/containers/arena.h"
#include "core/text/hash.h"

#include <stdint.h>

struct cairn_map_entry {
    const char *key; /* a copy in the arena */
    void *value;
};

struct cairn_map {
    struct cairn_arena *arena;
    struct cairn_map_entry *entries;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* index + 1 into entries; 0 is free */
    size_t slot_count;
};

struct cairn_map cairn_map(struct cairn_arena *arena);
/* Returns a pointer to the value, which is NULL if the key was new. Valid until the next
 * cairn_map_at. */
void **cairn_map_at(struct cairn_map *map, const char *key);
/* Returns the value, or NULL. */
void *cairn_map_get(const struct cairn_map *map, const char *key);
/* The same, for a key whose hash is known. */
void *cairn_map_get_hashed(const struct cairn_map *map, const char *key, uint64_t hash);

#endif
