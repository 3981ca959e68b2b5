/* projecting.c - tests of projections: given events, then rows. */
#include "projection/fold/fold.h"
#include "record/json.h"
#include "testkit/running.h"
#include "testkit/scenario.h"

static const struct cairn_scenario_kind kind;

struct projecting {
    const struct cairn_projection *projection;
    struct cairn_fold fold;
    struct cairn_map parks; /* key -> struct park */
};

/* A parked row. */
struct park {
    struct cairn_here here; /* of the GIVEN that parked it */
    const char *event;
    bool named;
};

struct cairn_scenario *cairn_scenario_projection(const struct cairn_projection *projection)
{
    struct cairn_scenario *scenario = cairn_scenario_begin(&kind, sizeof(struct projecting));
    struct projecting *self = scenario->self;
    scenario->handlers = projection->on;
    self->projection = projection;
    self->fold = cairn_fold(projection, &scenario->arena);
    self->parks = cairn_map(&scenario->arena);
    return scenario;
}

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

/* Says that one of the functions for an event is called. */
static void running(struct cairn_here here, const char *macro, const struct cairn_on *on)
{
    const struct projecting *self = here.scenario->self;
    cairn_running_begin(here.scenario->step, on->handler.file, on->handler.line, "%s(%s, %s)",
                        macro, self->projection->row->name, on->handler.record->name);
}

static void park_row(struct cairn_here here, struct cairn_fold_row *row, const char *event)
{
    struct projecting *self = here.scenario->self;
    struct park *park = cairn_new(&here.scenario->arena, struct park, 1);
    *park = (struct park){.here = here, .event = event};
    *cairn_map_at(&self->parks, row->key) = park;
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
    struct projecting *self = here.scenario->self;
    if (row->parked) /* later events of the key wait */
        return;
    struct cairn_error why = {0};
    running(here, "CAIRN_ON", on);
    enum cairn_row outcome = cairn_fold_apply(&self->fold, on, event, meta, row, &why);
    cairn_running_end();
    switch (outcome) {
    case CAIRN_KEEP:
        check_row(here, self->projection->row, row);
        return;
    case CAIRN_DELETE:
    case CAIRN_SKIP:
        return;
    case CAIRN_PARK:
        park_row(here, row, on->handler.record->name);
        return;
    }
    cairn_scenario_fail(here, "the function for %s returned %d, which is not an enum cairn_row",
                        on->handler.record->name, (int)outcome);
}

static void give(struct cairn_here here, struct cairn_any event)
{
    struct cairn_scenario *scenario = here.scenario;
    struct projecting *self = scenario->self;
    const struct cairn_on *on = find_on(self->projection, event.record);
    if (!on) {
        cairn_scenario_ignore(here, self->projection->name, event.record);
        return;
    }
    const struct cairn_meta meta = cairn_scenario_meta(scenario, on->handler.events->category);
    const void *copy = cairn_scenario_copy(scenario, event);
    running(here, on->keys ? "CAIRN_KEYS" : "CAIRN_ON", on);
    struct cairn_keys keys = cairn_fold_keys(&self->fold, on, copy, &meta);
    cairn_running_end();
    if (keys.wrong)
        cairn_scenario_fail(here, "a key of %s %s", event.record->name, keys.wrong);
    for (size_t i = 0; i < keys.count; i++)
        apply(here, on, copy, &meta, cairn_fold_row(&self->fold, keys.keys[i]));
}

/* ---- then ---- */

/* Returns the row, or NULL if it does not exist. Fails the test if it is parked and no THEN_PARKED
 * names it. */
static const struct cairn_fold_row *find_row(struct cairn_here here, const char *key)
{
    const struct projecting *self = here.scenario->self;
    const struct cairn_fold_row *row = cairn_map_get(&self->fold.rows, key);
    const struct park *park = cairn_map_get(&self->parks, key);
    if (park && !park->named)
        cairn_scenario_fail(here, "row %s is parked, by %s", key, park->event);
    return row && row->exists ? row : NULL;
}

void cairn_scenario_then_row(struct cairn_here here, const char *key, struct cairn_any row)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct projecting *self = cairn_scenario_takes(here, "CAIRN_PROJECTING", "THEN_ROW");
    if (!self)
        return;
    const struct cairn_fold_row *seen = find_row(here, key);
    if (seen)
        cairn_scenario_compare(here, "the row", row.record, row.value, self->projection->row,
                               seen->value);
    else
        cairn_scenario_fail(here, "there is no row %s\n  wanted: %s %s\n  seen:   nothing", key,
                            row.record->name, cairn_scenario_json(scenario, row.record, row.value));
}

void cairn_scenario_then_no_row(struct cairn_here here, const char *key)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct projecting *self = cairn_scenario_takes(here, "CAIRN_PROJECTING", "THEN_NO_ROW");
    if (!self)
        return;
    const struct cairn_fold_row *seen = find_row(here, key);
    if (seen)
        cairn_scenario_fail(here, "there is a row %s\n  wanted: nothing\n  seen:   %s %s", key,
                            self->projection->row->name,
                            cairn_scenario_json(scenario, self->projection->row, seen->value));
}

void cairn_scenario_then_parked(struct cairn_here here, const char *key)
{
    const struct projecting *self = cairn_scenario_takes(here, "CAIRN_PROJECTING", "THEN_PARKED");
    if (!self)
        return;
    struct park *park = cairn_map_get(&self->parks, key);
    if (park)
        park->named = true;
    else
        cairn_scenario_fail(here, "row %s is not parked", key);
}

/* Fails unless every parked row was named. */
static void end(struct cairn_scenario *scenario)
{
    const struct projecting *self = scenario->self;
    for (size_t i = 0; i < self->parks.count && !scenario->failed; i++) {
        const struct cairn_map_entry *entry = &self->parks.entries[i];
        const struct park *park = entry->value;
        if (!park->named)
            cairn_scenario_fail(park->here, "%s parked row %s, but no THEN_PARKED names it",
                                park->event, entry->key);
    }
}

static const struct cairn_scenario_kind kind = {
    .name = "CAIRN_PROJECTING", .given = give, .end = end};
