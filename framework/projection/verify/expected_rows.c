/* expected_rows.c - folds the expected rows of a read model in memory. */
#include "projection/verify/expected_rows.h"

#include "projection/rebuild/row_table.h"
#include "record/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cairn_expected_rows_open(struct cairn_expected_rows *expected,
                              const struct cairn_projection *projection, uint64_t part,
                              uint64_t parts)
{
    *expected =
        (struct cairn_expected_rows){.projection = projection, .part = part, .parts = parts};
    expected->rows = cairn_map(&expected->arena);
    expected->skipped = cairn_map(&expected->arena);
}

void cairn_expected_rows_close(struct cairn_expected_rows *expected)
{
    for (size_t i = 0; i < expected->rows.count; i++)
        free(((struct cairn_expected_row *)expected->rows.entries[i].value)->json);
    cairn_arena_close(&expected->arena);
    expected->rows = (struct cairn_map){.arena = NULL};
}

size_t cairn_expected_rows_bytes(const struct cairn_expected_rows *expected)
{
    return expected->json_bytes + cairn_arena_bytes(&expected->arena);
}

/* ---- keys of the part, skipped events ---- */

bool cairn_expected_rows_has(const struct cairn_expected_rows *expected, const char *key)
{
    return expected->only ? strcmp(key, expected->only) == 0
                          : (cairn_hash(key) >> 32) % expected->parts == expected->part;
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
    const struct cairn_expected_rows *expected = context;
    return cairn_expected_rows_has(expected, key) &&
           !cairn_skip_is_named(&expected->skipped, position, key);
}

/* ---- rows ---- */

struct cairn_expected_row *cairn_expected_row(const struct cairn_expected_rows *expected,
                                              const char *key)
{
    return cairn_map_get(&expected->rows, key);
}

static int load(void *context, struct cairn_fold *fold, struct cairn_error *error)
{
    const struct cairn_expected_rows *expected = context;
    int failed = 0;
    for (size_t i = 0; i < fold->rows.count && !failed; i++) {
        struct cairn_fold_row *row = fold->rows.entries[i].value;
        const struct cairn_expected_row *kept = cairn_expected_row(expected, row->key);
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

static struct cairn_expected_row *place(struct cairn_expected_rows *expected, const char *key)
{
    void **at = cairn_map_at(&expected->rows, key);
    if (!*at) {
        struct cairn_expected_row *row = cairn_new(&expected->arena, struct cairn_expected_row, 1);
        row->key = expected->rows.entries[expected->rows.count - 1].key;
        *at = row;
    }
    return *at;
}

static void keep(struct cairn_expected_rows *expected, const struct cairn_fold_row *row,
                 struct cairn_arena *batch)
{
    struct cairn_expected_row *kept = place(expected, row->key);
    struct cairn_buffer json = cairn_buffer(batch);
    if (row->exists)
        cairn_record_encode(expected->projection->row, row->value, &json);
    if (json.length + 1 > kept->room) {
        expected->json_bytes += json.length + 1 - kept->room;
        kept->room = json.length + 1;
        kept->json = cairn_reallocate(kept->json, kept->room);
    }
    memcpy(kept->json, json.text, json.length + 1);
    kept->position = row->position;
    kept->version = row->version;
    kept->parked = row->parked;
}

int cairn_expected_rows_fold(struct cairn_expected_rows *expected,
                             const struct cairn_stored_event *events, size_t count, int64_t to,
                             struct cairn_arena *batch, struct cairn_error *error)
{
    struct cairn_fold_batch folded;
    const struct cairn_fold_input ask = {.events = events,
                                         .count = count,
                                         .to = to,
                                         .load = load,
                                         .wants = wants,
                                         .context = expected};
    int failed = cairn_fold_events(expected->projection, &ask, batch, &folded, error);
    if (failed)
        return failed;
    for (size_t i = 0; i < folded.fold.rows.count; i++) {
        const struct cairn_fold_row *row = folded.fold.rows.entries[i].value;
        if (row->changed)
            keep(expected, row, batch);
    }
    expected->position = folded.position;
    memcpy(expected->problem, folded.problem, sizeof expected->problem);
    return 0;
}
