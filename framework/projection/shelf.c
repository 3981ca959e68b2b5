/* shelf.c - a hash table of rows with open addressing. */
#include "projection/shelf.h"

#include "record/json.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64 };

/* Slots use the low bits of the hash; code that distributes keys over shelves uses high bits. */
static struct cairn_shelf_row **find(const struct cairn_shelf *shelf, uint64_t hash,
                                     const char *key)
{
    size_t mask = shelf->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct cairn_shelf_row **slot = &shelf->slots[i];
        if (!*slot || ((*slot)->hash == hash && strcmp((*slot)->key, key) == 0))
            return slot;
    }
}

static void grow(struct cairn_shelf *shelf)
{
    struct cairn_shelf before = *shelf;
    shelf->slot_count = before.slot_count ? before.slot_count * 2 : FIRST_SLOTS;
    shelf->slots = cairn_allocate(shelf->slot_count * sizeof *shelf->slots);
    for (size_t i = 0; i < before.slot_count; i++) {
        if (before.slots[i])
            *find(shelf, before.slots[i]->hash, before.slots[i]->key) = before.slots[i];
    }
    shelf->bytes += (shelf->slot_count - before.slot_count) * sizeof *shelf->slots;
    free(before.slots);
}

const struct cairn_shelf_row *cairn_shelf_get(const struct cairn_shelf *shelf, uint64_t hash,
                                              const char *key)
{
    return shelf->count ? *find(shelf, hash, key) : NULL;
}

static size_t aligned(size_t bytes)
{
    size_t align = _Alignof(max_align_t);
    return (bytes + align - 1) & ~(align - 1);
}

/* Allocates one block: the header, the value and what it points to, the key. */
static struct cairn_shelf_row *pack(const struct cairn_shelf *shelf, uint64_t hash,
                                    const struct cairn_fold_row *row)
{
    const struct cairn_record *record = shelf->projection->row;
    size_t header = aligned(sizeof(struct cairn_shelf_row));
    size_t value = cairn_record_bytes(record, row->value);
    size_t bytes = header + value + strlen(row->key) + 1;
    char *block = cairn_allocate(bytes);
    char *key = block + header + value;
    cairn_record_pack(record, row->value, block + header);
    memcpy(key, row->key, strlen(row->key) + 1);
    struct cairn_shelf_row *packed = (struct cairn_shelf_row *)block;
    *packed = (struct cairn_shelf_row){.hash = hash,
                                       .position = row->position,
                                       .version = row->version,
                                       .bytes = bytes,
                                       .exists = row->exists,
                                       .parked = row->parked,
                                       .key = key,
                                       .value = block + header};
    return packed;
}

void cairn_shelf_put(struct cairn_shelf *shelf, uint64_t hash, const struct cairn_fold_row *row)
{
    if (2 * (shelf->count + 1) > shelf->slot_count)
        grow(shelf);
    struct cairn_shelf_row **slot = find(shelf, hash, row->key);
    struct cairn_shelf_row *before = *slot;
    *slot = pack(shelf, hash, row);
    shelf->bytes += (*slot)->bytes;
    shelf->count += before == NULL;
    shelf->bytes -= before ? before->bytes : 0;
    free(before);
}

void cairn_shelf_load(const struct cairn_shelf *shelf, uint64_t hash, struct cairn_fold_row *ret)
{
    const struct cairn_shelf_row *row = cairn_shelf_get(shelf, hash, ret->key);
    if (!row)
        return;
    ret->position = row->position;
    ret->version = row->version;
    ret->exists = row->exists;
    ret->parked = row->parked;
    memcpy(ret->value, row->value, shelf->projection->row->size);
}

struct cairn_stored_row cairn_shelf_stored(const struct cairn_shelf *shelf,
                                           const struct cairn_shelf_row *row,
                                           struct cairn_arena *arena)
{
    struct cairn_stored_row stored = {row->key, row->position, row->version, row->parked, NULL};
    if (row->exists) {
        struct cairn_buffer json = cairn_buffer(arena);
        cairn_record_encode(shelf->projection->row, row->value, &json);
        stored.json = json.text;
    }
    return stored;
}

void cairn_shelf_clear(struct cairn_shelf *shelf)
{
    for (size_t i = 0; i < shelf->slot_count; i++)
        free(shelf->slots[i]);
    free(shelf->slots);
    *shelf = (struct cairn_shelf){.projection = shelf->projection};
}
