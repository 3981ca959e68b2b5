/* row_table.c - a hash table of rows with open addressing. */
#include "projection/rebuild/row_table.h"

#include "record/json.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64 };

/* Slots use the low bits of the hash; code that distributes keys over row_tables uses high bits. */
static struct cairn_row_table_row **find(const struct cairn_row_table *row_table, uint64_t hash,
                                         const char *key)
{
    size_t mask = row_table->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct cairn_row_table_row **slot = &row_table->slots[i];
        if (!*slot || ((*slot)->hash == hash && strcmp((*slot)->key, key) == 0))
            return slot;
    }
}

static void grow(struct cairn_row_table *row_table)
{
    struct cairn_row_table before = *row_table;
    row_table->slot_count = before.slot_count ? before.slot_count * 2 : FIRST_SLOTS;
    row_table->slots = cairn_allocate(row_table->slot_count * sizeof *row_table->slots);
    for (size_t i = 0; i < before.slot_count; i++) {
        if (before.slots[i])
            *find(row_table, before.slots[i]->hash, before.slots[i]->key) = before.slots[i];
    }
    row_table->bytes += (row_table->slot_count - before.slot_count) * sizeof *row_table->slots;
    free(before.slots);
}

const struct cairn_row_table_row *cairn_row_table_get(const struct cairn_row_table *row_table,
                                                      uint64_t hash, const char *key)
{
    return row_table->count ? *find(row_table, hash, key) : NULL;
}

static size_t aligned(size_t bytes)
{
    size_t align = _Alignof(max_align_t);
    return (bytes + align - 1) & ~(align - 1);
}

/* Allocates one block: the header, the value and what it points to, the key. */
static struct cairn_row_table_row *pack(const struct cairn_row_table *row_table, uint64_t hash,
                                        const struct cairn_fold_row *row)
{
    const struct cairn_record *record = row_table->projection->row;
    size_t header = aligned(sizeof(struct cairn_row_table_row));
    size_t value = cairn_record_bytes(record, row->value);
    size_t bytes = header + value + strlen(row->key) + 1;
    char *block = cairn_allocate(bytes);
    char *key = block + header + value;
    cairn_record_pack(record, row->value, block + header);
    memcpy(key, row->key, strlen(row->key) + 1);
    struct cairn_row_table_row *packed = (struct cairn_row_table_row *)block;
    *packed = (struct cairn_row_table_row){.hash = hash,
                                           .position = row->position,
                                           .version = row->version,
                                           .bytes = bytes,
                                           .exists = row->exists,
                                           .parked = row->parked,
                                           .key = key,
                                           .value = block + header};
    return packed;
}

void cairn_row_table_put(struct cairn_row_table *row_table, uint64_t hash,
                         const struct cairn_fold_row *row)
{
    if (2 * (row_table->count + 1) > row_table->slot_count)
        grow(row_table);
    struct cairn_row_table_row **slot = find(row_table, hash, row->key);
    struct cairn_row_table_row *before = *slot;
    *slot = pack(row_table, hash, row);
    row_table->bytes += (*slot)->bytes;
    row_table->count += before == NULL;
    row_table->bytes -= before ? before->bytes : 0;
    free(before);
}

void cairn_row_table_load(const struct cairn_row_table *row_table, uint64_t hash,
                          struct cairn_fold_row *ret)
{
    const struct cairn_row_table_row *row = cairn_row_table_get(row_table, hash, ret->key);
    if (!row)
        return;
    ret->position = row->position;
    ret->version = row->version;
    ret->exists = row->exists;
    ret->parked = row->parked;
    memcpy(ret->value, row->value, row_table->projection->row->size);
}

struct cairn_stored_row cairn_row_table_stored(const struct cairn_row_table *row_table,
                                               const struct cairn_row_table_row *row,
                                               struct cairn_arena *arena)
{
    struct cairn_stored_row stored = {row->key, row->position, row->version, row->parked, NULL};
    if (row->exists) {
        struct cairn_buffer json = cairn_buffer(arena);
        cairn_record_encode(row_table->projection->row, row->value, &json);
        stored.json = json.text;
    }
    return stored;
}

void cairn_row_table_clear(struct cairn_row_table *row_table)
{
    for (size_t i = 0; i < row_table->slot_count; i++)
        free(row_table->slots[i]);
    free(row_table->slots);
    *row_table = (struct cairn_row_table){.projection = row_table->projection};
}
