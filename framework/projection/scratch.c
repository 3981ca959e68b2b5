/* scratch.c - folds the expected rows of a read model in memory. */
#include "projection/scratch.h"

#include "projection/shelf.h"
#include "record/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cairn_scratch_open(struct cairn_scratch *scratch, const struct cairn_projection *projection,
                        uint64_t part, uint64_t parts)
{
    *scratch = (struct cairn_scratch){.projection = projection, .part = part, .parts = parts};
    scratch->rows = cairn_map(&scratch->arena);
    scratch->skipped = cairn_map(&scratch->arena);
}

void cairn_scratch_close(struct cairn_scratch *scratch)
{
    for (size_t i = 0; i < scratch->rows.count; i++)
        free(((struct cairn_scratch_row *)scratch->rows.entries[i].value)->json);
    cairn_arena_close(&scratch->arena);
    scratch->rows = (struct cairn_map){.arena = NULL};
}

size_t cairn_scratch_bytes(const struct cairn_scratch *scratch)
{
    return scratch->json_bytes + cairn_arena_bytes(&scratch->arena);
}

/* ---- keys of the part, skipped events ---- */

bool cairn_scratch_has(const struct cairn_scratch *scratch, const char *key)
{
    return (cairn_hash(key) >> 32) % scratch->parts == scratch->part;
}

enum { NAME_SIZE = CAIRN_KEY_MAX_BYTES + 24 };

static void name_skip(int64_t position, const char *key, char *ret)
{
    (void)snprintf(ret, NAME_SIZE, "%" PRId64 " %s", position, key);
}

void cairn_skip_name(struct cairn_map *skipped, int64_t position, const char *key)
{
    char name[NAME_SIZE];
    name_skip(position, key, name);
    *cairn_map_at(skipped, name) = skipped;
}

bool cairn_skip_is_named(const struct cairn_map *skipped, int64_t position, const char *key)
{
    char name[NAME_SIZE];
    if (skipped->count == 0)
        return false;
    name_skip(position, key, name);
    return cairn_map_get(skipped, name) != NULL;
}

static bool wants(void *context, int64_t position, const char *key)
{
    const struct cairn_scratch *scratch = context;
    return cairn_scratch_has(scratch, key) &&
           !cairn_skip_is_named(&scratch->skipped, position, key);
}

/* ---- rows ---- */

struct cairn_scratch_row *cairn_scratch_row(const struct cairn_scratch *scratch, const char *key)
{
    return cairn_map_get(&scratch->rows, key);
}

static int load(void *context, struct cairn_fold *fold, struct cairn_error *error)
{
    const struct cairn_scratch *scratch = context;
    int failed = 0;
    for (size_t i = 0; i < fold->rows.count && !failed; i++) {
        struct cairn_fold_row *row = fold->rows.entries[i].value;
        const struct cairn_scratch_row *kept = cairn_scratch_row(scratch, row->key);
        if (!kept)
            continue;
        row->position = kept->position;
        row->version = kept->version;
        row->parked = kept->parked;
        row->exists = *kept->json != '\0';
        if (row->exists)
            failed = cairn_record_decode(fold->projection->row, kept->json, strlen(kept->json),
                                         CAIRN_LENIENT, fold->arena, row->value, error);
    }
    return failed;
}

static struct cairn_scratch_row *place(struct cairn_scratch *scratch, const char *key)
{
    void **at = cairn_map_at(&scratch->rows, key);
    if (!*at) {
        struct cairn_scratch_row *row = cairn_new(&scratch->arena, struct cairn_scratch_row, 1);
        row->key = scratch->rows.entries[scratch->rows.count - 1].key;
        *at = row;
    }
    return *at;
}

static void keep(struct cairn_scratch *scratch, const struct cairn_fold_row *row,
                 struct cairn_arena *batch)
{
    struct cairn_scratch_row *kept = place(scratch, row->key);
    struct cairn_buffer json = cairn_buffer(batch);
    if (row->exists)
        cairn_record_encode(scratch->projection->row, row->value, &json);
    if (json.length + 1 > kept->room) {
        scratch->json_bytes += json.length + 1 - kept->room;
        kept->room = json.length + 1;
        kept->json = cairn_reallocate(kept->json, kept->room);
    }
    memcpy(kept->json, json.text, json.length + 1);
    kept->position = row->position;
    kept->version = row->version;
    kept->parked = row->parked;
}

int cairn_scratch_fold(struct cairn_scratch *scratch, const struct cairn_stored_event *events,
                       size_t count, int64_t to, struct cairn_arena *batch,
                       struct cairn_error *error)
{
    struct cairn_batch folded;
    const struct cairn_batch_events ask = {.events = events,
                                           .count = count,
                                           .to = to,
                                           .load = load,
                                           .wants = wants,
                                           .context = scratch};
    int failed = cairn_batch_fold(scratch->projection, &ask, batch, &folded, error);
    if (failed)
        return failed;
    for (size_t i = 0; i < folded.fold.rows.count; i++) {
        const struct cairn_fold_row *row = folded.fold.rows.entries[i].value;
        if (row->changed)
            keep(scratch, row, batch);
    }
    scratch->position = folded.position;
    memcpy(scratch->problem, folded.problem, sizeof scratch->problem);
    return 0;
}
