/* projecting.c - tests of projections: given events, then rows. */
#include "record/json.h"
#include "testkit/scenario.h"

/* ---- given ---- */

static const struct cairn_on *find_on(const struct cairn_projection *projection,
                                      const struct cairn_record *record)
{
    for (const struct cairn_registered *at = projection->on->first; at; at = at->next) {
        if (cairn_record_same(at->record, record))
            return (const struct cairn_on *)at;
    }
    return NULL;
}

static void park(struct cairn_here here, struct cairn_fold_row *row, const char *event)
{
    struct cairn_scenario *scenario = here.scenario;
    struct cairn_test_park *park = cairn_new(&scenario->arena, struct cairn_test_park, 1);
    *park = (struct cairn_test_park){.here = here, .event = event};
    *cairn_map_at(&scenario->parks, row->key) = park;
    row->parked = true;
}

/* Fails the test if the row violates its table: the engine would not write it. */
static void check_row(struct cairn_here here, const struct cairn_record *record,
                      const struct cairn_fold_row *row)
{
    struct cairn_error wrong = {0};
    if (cairn_record_check(record, row->value, &wrong) < 0)
        cairn_scenario_fail(here, "row %s is invalid: %s %s\n  seen:   %s %s", row->key,
                            wrong.wrong[0].pointer, wrong.wrong[0].message, record->name,
                            cairn_scenario_json(here.scenario, record, row->value));
}

static void apply(struct cairn_here here, const struct cairn_on *on, const void *event,
                  const struct cairn_meta *meta, struct cairn_fold_row *row)
{
    struct cairn_fold *fold = &here.scenario->fold;
    if (row->parked) /* later events of the key wait */
        return;
    struct cairn_error why = {0};
    enum cairn_row outcome = cairn_fold_apply(fold, on, event, meta, row, &why);
    switch (outcome) {
    case CAIRN_KEEP:
        check_row(here, fold->projection->row, row);
        return;
    case CAIRN_DELETE:
    case CAIRN_SKIP:
        return;
    case CAIRN_PARK:
        park(here, row, on->handler.record->name);
        return;
    }
    cairn_scenario_fail(here, "the function for %s returned %d, which is not an enum cairn_row",
                        on->handler.record->name, (int)outcome);
}

static void give(struct cairn_here here, struct cairn_any event)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct cairn_on *on = find_on(scenario->projection, event.record);
    if (!on) {
        cairn_scenario_fail(here, "%s does not handle %s", scenario->projection->name,
                            event.record->name);
        return;
    }
    const struct cairn_meta meta = cairn_scenario_meta(scenario, on->handler.events->category);
    const void *copy = cairn_scenario_copy(scenario, event);
    struct cairn_keys keys = cairn_fold_keys(&scenario->fold, on, copy, &meta);
    if (keys.wrong)
        cairn_scenario_fail(here, "a key of %s %s", event.record->name, keys.wrong);
    for (size_t i = 0; i < keys.count; i++)
        apply(here, on, copy, &meta, cairn_fold_row(&scenario->fold, keys.keys[i]));
}

/* ---- then ---- */

/* Returns the row, or NULL if it does not exist. Fails the test if it is parked and no THEN_PARKED
 * names it. */
static const struct cairn_fold_row *find_row(struct cairn_here here, const char *key)
{
    const struct cairn_fold_row *row = cairn_map_get(&here.scenario->fold.rows, key);
    const struct cairn_test_park *park = cairn_map_get(&here.scenario->parks, key);
    if (park && !park->named)
        cairn_scenario_fail(here, "row %s is parked, by %s", key, park->event);
    return row && row->exists ? row : NULL;
}

void cairn_scenario_then_row(struct cairn_here here, const char *key, struct cairn_any row)
{
    struct cairn_scenario *scenario = here.scenario;
    if (!cairn_scenario_takes(here, CAIRN_SUBJECT_PROJECTION, "THEN_ROW"))
        return;
    const struct cairn_fold_row *seen = find_row(here, key);
    if (seen)
        cairn_scenario_compare(here, "the row", row.record, row.value, scenario->projection->row,
                               seen->value);
    else
        cairn_scenario_fail(here, "there is no row %s\n  wanted: %s %s\n  seen:   nothing", key,
                            row.record->name, cairn_scenario_json(scenario, row.record, row.value));
}

void cairn_scenario_then_no_row(struct cairn_here here, const char *key)
{
    struct cairn_scenario *scenario = here.scenario;
    if (!cairn_scenario_takes(here, CAIRN_SUBJECT_PROJECTION, "THEN_NO_ROW"))
        return;
    const struct cairn_fold_row *seen = find_row(here, key);
    if (seen)
        cairn_scenario_fail(here, "there is a row %s\n  wanted: nothing\n  seen:   %s %s", key,
                            scenario->projection->row->name,
                            cairn_scenario_json(scenario, scenario->projection->row, seen->value));
}

void cairn_scenario_then_parked(struct cairn_here here, const char *key)
{
    if (!cairn_scenario_takes(here, CAIRN_SUBJECT_PROJECTION, "THEN_PARKED"))
        return;
    struct cairn_test_park *park = cairn_map_get(&here.scenario->parks, key);
    if (park)
        park->named = true;
    else
        cairn_scenario_fail(here, "row %s is not parked", key);
}

void cairn_projecting_settle(struct cairn_scenario *scenario)
{
    for (size_t i = 0; i < scenario->parks.count && !scenario->failed; i++) {
        const struct cairn_map_entry *entry = &scenario->parks.entries[i];
        const struct cairn_test_park *park = entry->value;
        if (!park->named)
            cairn_scenario_fail(park->here, "%s parked row %s, but no THEN_PARKED names it",
                                park->event, entry->key);
    }
}

const struct cairn_scenario_kind cairn_projecting = {.given = give};
