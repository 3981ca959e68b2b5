/* lifting.c - lifts events given in the shape of an older version: encodes them as that version
 * stored them, and decodes them as the service does today. */
#include "testkit/running.h"
#include "testkit/scenario.h"

#include "record/json.h"
#include "store/events/events.h"
#include "store/store.h"

/* An event type and the version of it that has this shape. */
struct shape {
    const struct cairn_event_type *type;
    int version;
};

/* ---- which shape ---- */

static bool find_in_type(const struct cairn_event_type *type, const struct cairn_record *record,
                         struct shape *ret)
{
    for (int version = 1; version < type->schema_version; version++) {
        if (!cairn_record_same(cairn_event_record(type, version), record))
            continue;
        *ret = (struct shape){type, version};
        return true;
    }
    return false;
}

/* Returns 1 if the record is an older shape of one of the events, 0 if not, -1 if it is a current
 * one. */
static int find_in_events(const struct cairn_events *events, const struct cairn_record *record,
                          struct shape *ret)
{
    if (cairn_events_of(events, record))
        return -1;
    for (uint32_t i = 0; i < events->count; i++) {
        if (find_in_type(&events->types[i], record, ret))
            return 1;
    }
    return 0;
}

static bool find_shape(const struct cairn_scenario *scenario, const struct cairn_record *record,
                       struct shape *ret)
{
    int found = scenario->events ? find_in_events(scenario->events, record, ret) : 0;
    const struct cairn_registered *at = scenario->handlers ? scenario->handlers->first : NULL;
    for (; at && !found; at = at->next)
        found = at->events ? find_in_events(at->events, record, ret) : 0;
    return found > 0;
}

/* ---- encode and decode ---- */

static const void *upcast(struct cairn_here here, const struct shape *shape, struct cairn_any event)
{
    struct cairn_error wrong = {0};
    if (cairn_event_type_check(shape->type, &wrong) < 0) {
        cairn_scenario_fail(here, "%s", wrong.message);
        return NULL;
    }
    struct cairn_arena *arena = &here.scenario->arena;
    struct cairn_buffer data = cairn_buffer(arena);
    cairn_record_encode(event.record, event.value, &data);
    const struct cairn_stored_event stored = {
        .stream = "",
        .position = here.scenario->position + 1,
        .type = shape->type->name,
        .schema_version = shape->version,
        .data = data.text,
        .data_bytes = data.length,
    };
    const struct cairn_record *record = shape->type->record;
    void *value = cairn_arena_alloc(arena, record->size, record->align);
    const struct cairn_upcaster *first = shape->type->upcasters[shape->version - 1];
    bool is_last = shape->version == shape->type->schema_version - 1;
    cairn_running_begin(here.scenario->step, first->at, 0, "CAIRN_UPCAST(%s, %s)%s",
                        first->from->name, first->to->name, is_last ? "" : ", or one after it");
    int decoded = cairn_event_decode(shape->type, &stored, arena, value, &wrong);
    cairn_running_end();
    if (decoded == 0)
        return value;
    cairn_scenario_fail(here, "%s", wrong.message);
    return NULL;
}

bool cairn_scenario_lift(struct cairn_here here, struct cairn_any *event)
{
    struct shape shape;
    if (!cairn_scenario_possible(here, *event))
        return false;
    here.scenario->old = (struct cairn_old_event){.type = NULL};
    if (!find_shape(here.scenario, event->record, &shape))
        return true;
    here.scenario->old = (struct cairn_old_event){shape.type, shape.version,
                                                  cairn_scenario_copy(here.scenario, *event)};
    const void *value = upcast(here, &shape, *event);
    *event = (struct cairn_any){shape.type->record, value};
    return value != NULL;
}

/* ---- one version after the other ---- */

/* Returns the version that has this shape, among those after `version`; 0 if none has. */
static int find_later(const struct cairn_old_event *old, const struct cairn_record *record)
{
    for (int version = old->version + 1; version <= old->type->schema_version; version++) {
        if (cairn_record_same(cairn_event_record(old->type, version), record))
            return version;
    }
    return 0;
}

void cairn_scenario_then_upcast(struct cairn_here here, struct cairn_any event)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct cairn_old_event *old = &scenario->old;
    if (!old->type) {
        cairn_scenario_fail(here, "THEN_UPCAST without an event of an older version before it");
        return;
    }
    int later = find_later(old, event.record);
    if (!later) {
        cairn_scenario_fail(here, "%s is no version of %s after version %d", event.record->name,
                            old->type->name, old->version);
        return;
    }
    const void *value = old->value;
    for (int version = old->version; version < later; version++) {
        const struct cairn_upcaster *upcaster = old->type->upcasters[version - 1];
        void *next = cairn_arena_alloc(&scenario->arena, upcaster->to->size, upcaster->to->align);
        cairn_running_begin(scenario->step, upcaster->at, 0, "CAIRN_UPCAST(%s, %s)",
                            upcaster->from->name, upcaster->to->name);
        upcaster->upcast(next, value, &scenario->arena);
        cairn_running_end();
        value = next;
    }
    cairn_scenario_compare(here, "the upcast", event.record, event.value, event.record, value);
}
