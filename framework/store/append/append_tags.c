/* append_tags.c - collects the tags of a batch's events and the boundaries of its appends, and
 * finds out which events of the batch the boundaries of later appends match.
 *
 * Boundaries with the same tag and types share a slot. cairn.append_batch keeps the last event of
 * the batch for each slot, and need not compare any texts. */
#include "store/append/append_batch.h"
#include "store/read/tagged.h"

#include <string.h>

/* The last parameters of cairn.append_batch, in its order. */
enum column {
    TAG_CONDITIONS,
    TAG_NUMBERS,
    TAG_TYPES,
    TAGS,
    APPEND_BOUNDARIES,
    BOUNDARY_SLOTS,
    BOUNDARY_TAGS,
    BOUNDARY_TYPES,
    BOUNDARY_AFTER,
    BOUNDARY_AFTER_IDS,
    BOUNDARY_LAST_IDS,
    APPEND_MATCHES,
    MATCH_SLOTS,
    MATCH_IDS,
};

static const enum cairn_pg_element elements[CAIRN_BATCH_TAG_COLUMNS] = {
    [TAG_CONDITIONS] = CAIRN_PG_INTEGERS,
    [TAG_NUMBERS] = CAIRN_PG_INTEGERS,
    [TAG_TYPES] = CAIRN_PG_TEXTS,
    [TAGS] = CAIRN_PG_TEXTS,
    [APPEND_BOUNDARIES] = CAIRN_PG_INTEGERS,
    [BOUNDARY_SLOTS] = CAIRN_PG_INTEGERS,
    [BOUNDARY_TAGS] = CAIRN_PG_TEXTS,
    [BOUNDARY_TYPES] = CAIRN_PG_TEXTS,
    [BOUNDARY_AFTER] = CAIRN_PG_INTEGERS,
    [BOUNDARY_AFTER_IDS] = CAIRN_PG_UUIDS,
    [BOUNDARY_LAST_IDS] = CAIRN_PG_UUIDS,
    [APPEND_MATCHES] = CAIRN_PG_INTEGERS,
    [MATCH_SLOTS] = CAIRN_PG_INTEGERS,
    [MATCH_IDS] = CAIRN_PG_UUIDS,
};

/* What boundaries of the same tag and types share. */
struct slot {
    size_t number; /* from 1 */
    const char *const *types;
    struct slot *next; /* of the same tag */
};

/* A tag of an event. */
struct tagged {
    const char *tag;
    const char *type;
    struct cairn_uuid id;
    size_t append; /* its number in the batch, from 0 */
};

struct cairn_append_tags {
    struct cairn_pg_array columns[CAIRN_BATCH_TAG_COLUMNS];
    struct cairn_map slots; /* tag and types -> struct slot */
    struct cairn_map tags;  /* tag -> the first struct slot of it */
    struct tagged *tagged;
    size_t tagged_count, tagged_capacity;
    size_t ended; /* appends */
};

static struct cairn_append_tags *tags_of(struct cairn_append_batch *batch)
{
    if (!batch->tags) {
        struct cairn_append_tags *tags = cairn_new(batch->arena, struct cairn_append_tags, 1);
        for (int i = 0; i < CAIRN_BATCH_TAG_COLUMNS; i++)
            tags->columns[i] = cairn_pg_array(elements[i], batch->arena);
        tags->slots = cairn_map(batch->arena);
        tags->tags = cairn_map(batch->arena);
        batch->tags = tags;
    }
    return batch->tags;
}

void cairn_append_tags_add_event(struct cairn_append_batch *batch, size_t condition, size_t number,
                                 const struct cairn_new_event *event)
{
    struct cairn_append_tags *tags = tags_of(batch);
    for (size_t i = 0; i < event->tag_count; i++) {
        cairn_pg_array_integer(&tags->columns[TAG_CONDITIONS], (int64_t)condition);
        cairn_pg_array_integer(&tags->columns[TAG_NUMBERS], (int64_t)number);
        cairn_pg_array_text(&tags->columns[TAG_TYPES], event->type);
        cairn_pg_array_text(&tags->columns[TAGS], event->tags[i]);
        cairn_grow(batch->arena, tags->tagged, tags->tagged_count, &tags->tagged_capacity);
        tags->tagged[tags->tagged_count++] =
            (struct tagged){event->tags[i], event->type, event->id, batch->count};
    }
}

static struct slot *slot_of(struct cairn_append_batch *batch, const struct cairn_boundary *boundary,
                            const char *types)
{
    struct cairn_append_tags *tags = batch->tags;
    const char *key = cairn_print(batch->arena, "%s %s", types ? types : "", boundary->tag);
    void **at = cairn_map_at(&tags->slots, key);
    if (!*at) {
        void **first = cairn_map_at(&tags->tags, boundary->tag);
        struct slot *slot = cairn_new(batch->arena, struct slot, 1);
        *slot = (struct slot){tags->slots.count, boundary->types, *first};
        *first = *at = slot;
    }
    return *at;
}

void cairn_append_tags_add_boundaries(struct cairn_append_batch *batch,
                                      const struct cairn_append *append)
{
    struct cairn_append_tags *tags = tags_of(batch);
    for (size_t i = 0; i < append->boundary_count; i++) {
        const struct cairn_boundary *one = &append->boundaries[i];
        const char *types = one->types ? cairn_types_text(one->types, batch->arena) : NULL;
        cairn_pg_array_integer(&tags->columns[BOUNDARY_SLOTS],
                               (int64_t)slot_of(batch, one, types)->number);
        cairn_pg_array_text(&tags->columns[BOUNDARY_TAGS], one->tag);
        cairn_pg_array_text(&tags->columns[BOUNDARY_TYPES], types);
        cairn_pg_array_integer(&tags->columns[BOUNDARY_AFTER], one->after);
        cairn_pg_array_uuid(&tags->columns[BOUNDARY_AFTER_IDS], one->after_id);
        cairn_pg_array_uuid(&tags->columns[BOUNDARY_LAST_IDS], one->last_id);
    }
}

/* Appends that came before the first one with tags have no boundaries. */
void cairn_append_tags_end(struct cairn_append_batch *batch)
{
    struct cairn_append_tags *tags = batch->tags;
    int64_t boundaries = tags->columns[BOUNDARY_SLOTS].count;
    for (; tags->ended < batch->count; tags->ended++)
        cairn_pg_array_integer(&tags->columns[APPEND_BOUNDARIES], 0);
    cairn_pg_array_integer(&tags->columns[APPEND_BOUNDARIES], boundaries);
    tags->ended++;
}

static bool is_of(const char *type, const char *const *types)
{
    bool found = !types;
    for (size_t i = 0; !found && types[i]; i++)
        found = strcmp(types[i], type) == 0;
    return found;
}

static void add_matches(struct cairn_append_tags *tags, const struct tagged *one)
{
    for (const struct slot *slot = cairn_map_get(&tags->tags, one->tag); slot; slot = slot->next) {
        if (!is_of(one->type, slot->types))
            continue;
        cairn_pg_array_integer(&tags->columns[MATCH_SLOTS], (int64_t)slot->number);
        cairn_pg_array_uuid(&tags->columns[MATCH_IDS], one->id);
    }
}

/* Begins anew: the call may be made twice. */
static void match(struct cairn_append_batch *batch)
{
    struct cairn_append_tags *tags = batch->tags;
    for (int i = APPEND_MATCHES; i <= MATCH_IDS; i++)
        tags->columns[i] = cairn_pg_array(elements[i], batch->arena);
    size_t at = 0;
    for (size_t i = 0; i < batch->count && tags->slots.count > 0; i++) {
        for (; at < tags->tagged_count && tags->tagged[at].append == i; at++)
            add_matches(tags, &tags->tagged[at]);
        cairn_pg_array_integer(&tags->columns[APPEND_MATCHES], tags->columns[MATCH_SLOTS].count);
    }
}

void cairn_append_tags_params(struct cairn_append_batch *batch, struct cairn_pg_params *params)
{
    match(batch);
    for (int i = 0; i < CAIRN_BATCH_TAG_COLUMNS; i++)
        cairn_pg_add_array(params, &batch->tags->columns[i]);
}
