/* projecting.c - given events, then rows. */
#include "record/json.h"
#include "test/scenario.h"

#include <string.h>

static const struct cairn_on *find_on(const struct cairn_projection *projection,
                                      const struct cairn_record *record)
{
    for (size_t i = 0; projection->on[i]; i++) {
        if (projection->on[i]->record == record)
            return projection->on[i];
    }
    return NULL;
}

/* What the engine would do with a row that breaks its own table. */
static void hold(struct cairn_here here, const struct cairn_fold *fold, struct cairn_fold_row *row)
{
    struct cairn_error wrong = {0};
    if (row->exists && cairn_record_check(fold->projection->row, row->value, &wrong) < 0)
        cairn_scenario_fail(here, "row %s cannot be: %s %s", row->key, wrong.wrong[0].pointer,
                            wrong.wrong[0].message);
}

void cairn_projecting_given(struct cairn_here here, struct cairn_any event)
{
    struct cairn_scenario *scenario = here.scenario;
    struct cairn_fold *fold = &scenario->fold;
    const struct cairn_on *on = find_on(scenario->projection, event.record);
    if (!on) {
        cairn_scenario_fail(here, "%s does not look at %s", scenario->projection->name,
                            event.record->name);
        return;
    }
    const struct cairn_meta meta = cairn_scenario_meta(scenario);
    void *copy = cairn_arena_alloc(&scenario->arena, event.record->size, event.record->align);
    cairn_record_copy(event.record, event.value, copy, &scenario->arena);
    struct cairn_keys keys = cairn_fold_keys(fold, on, copy, &meta);
    if (keys.too_long)
        cairn_scenario_fail(here, "a key is empty or longer than %d bytes", CAIRN_KEY_MAX_BYTES);
    for (size_t i = 0; i < keys.count; i++) {
        struct cairn_fold_row *row = cairn_fold_row(fold, keys.keys[i]);
        row->parked |= cairn_fold_apply(fold, on, copy, &meta, row) == CAIRN_PARK;
        hold(here, fold, row);
    }
}

void cairn_scenario_then_row(struct cairn_here here, const char *key, struct cairn_any row)
{
    const struct cairn_fold *fold = &here.scenario->fold;
    const struct cairn_fold_row *seen = cairn_map_get(&fold->rows, key);
    if (!seen || !seen->exists)
        cairn_scenario_fail(here, "there is no row %s\n  wanted: %s", key,
                            cairn_scenario_json(here.scenario, row.record, row.value));
    else
        cairn_scenario_compare(here, "the row", row.record, row.value, fold->projection->row,
                               seen->value);
}

void cairn_scenario_then_no_row(struct cairn_here here, const char *key)
{
    const struct cairn_fold *fold = &here.scenario->fold;
    const struct cairn_fold_row *seen = cairn_map_get(&fold->rows, key);
    if (seen && seen->exists)
        cairn_scenario_fail(here, "there is a row %s\n  seen:   %s", key,
                            cairn_scenario_json(here.scenario, fold->projection->row, seen->value));
}

void cairn_scenario_then_parked(struct cairn_here here, const char *key)
{
    const struct cairn_fold_row *seen = cairn_map_get(&here.scenario->fold.rows, key);
    if (!seen || !seen->parked)
        cairn_scenario_fail(here, "row %s is not parked", key);
}
