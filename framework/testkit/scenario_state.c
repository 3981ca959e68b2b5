/* scenario_state.c - the stream and the time of a test. */
#include "record/json.h"
#include "store/store.h"
#include "testkit/scenario.h"

void cairn_scenario_stream(struct cairn_here here, struct cairn_uuid id)
{
    here.scenario->id = id;
}

void cairn_scenario_at(struct cairn_here here, const char *rfc3339)
{
    if (cairn_time_parse(rfc3339, &here.scenario->now) < 0)
        cairn_scenario_fail(here, "AT(\"%s\"): not a time such as 2026-01-01T00:00:00Z", rfc3339);
}

struct cairn_given cairn_scenario_given_now(const struct cairn_scenario *scenario)
{
    return (struct cairn_given){.id = scenario->id, .now = scenario->now, .seed = CAIRN_TEST_ID};
}

struct cairn_uuid cairn_scenario_new_id(const struct cairn_scenario *scenario, const char *label)
{
    const struct cairn_given given = cairn_scenario_given_now(scenario);
    return cairn_new_id(&given, label);
}

void **cairn_scenario_at_id(struct cairn_map *map, struct cairn_uuid id)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(id, text);
    return cairn_map_at(map, text);
}

int64_t *cairn_scenario_version(struct cairn_scenario *scenario)
{
    void **at = cairn_scenario_at_id(&scenario->versions, scenario->id);
    if (!*at)
        *at = cairn_new(&scenario->arena, int64_t, 1);
    return *at;
}

struct cairn_meta cairn_scenario_meta(struct cairn_scenario *scenario, const char *category)
{
    struct cairn_arena *arena = &scenario->arena;
    const struct cairn_given given = cairn_scenario_given_now(scenario);
    scenario->position++;
    return (struct cairn_meta){
        .stream = cairn_stream_name(arena, category, scenario->id),
        .id = scenario->id,
        .position = scenario->position,
        .version = ++*cairn_scenario_version(scenario),
        .event_id = cairn_new_id(&given, cairn_print(arena, "event %" PRId64, scenario->position)),
        .recorded_at = scenario->now,
    };
}

void *cairn_scenario_copy(struct cairn_scenario *scenario, struct cairn_any value)
{
    void *copy = cairn_arena_alloc(&scenario->arena, value.record->size, value.record->align);
    cairn_record_copy(value.record, value.value, copy, &scenario->arena);
    return copy;
}
