/* scenario_state.c - the stream and the time of a test. */
#include "record/json.h"
#include "store/store.h"
#include "testkit/scenario.h"

#include <stdio.h>

void cairn_scenario_stream(struct cairn_here here, struct cairn_uuid id)
{
    here.scenario->id = id;
}

void cairn_scenario_at(struct cairn_here here, const char *rfc3339)
{
    if (cairn_time_parse(rfc3339, &here.scenario->now) < 0)
        cairn_scenario_fail(here, "AT(\"%s\"): not a time such as 2026-01-01T00:00:00Z", rfc3339);
}

/* ---- time ---- */

static void advance(struct cairn_here here, const char *word, struct cairn_time to)
{
    struct cairn_scenario *scenario = here.scenario;
    char now[CAIRN_TIME_TEXT_SIZE];
    cairn_time_format(scenario->now, now);
    if (to.us < scenario->now.us)
        cairn_scenario_fail(here, "%s goes back in time: it is %s", word, now);
    else if (scenario->kind->advance)
        scenario->kind->advance(here, to);
    else
        scenario->now = to;
}

void cairn_scenario_advance(struct cairn_here here, const char *rfc3339)
{
    struct cairn_time to = {0};
    if (cairn_time_parse(rfc3339, &to) < 0)
        cairn_scenario_fail(here, "ADVANCE_TO(\"%s\"): not a time such as 2026-01-01T00:00:00Z",
                            rfc3339);
    else
        advance(here, "ADVANCE_TO", to);
}

void cairn_scenario_pass(struct cairn_here here, const char *duration)
{
    struct cairn_duration passes = {0};
    if (cairn_duration_parse(duration, &passes) < 0)
        cairn_scenario_fail(here, "PASS(\"%s\"): not a duration such as PT15M or P1D", duration);
    else
        advance(here, "PASS", cairn_time_after(here.scenario->now, passes.us));
}

/* ---- ids ---- */

/* The same label makes the same id, unless FRESH_IDS() makes it another one for each WHEN. */
struct cairn_given cairn_scenario_given_now(const struct cairn_scenario *scenario,
                                            struct cairn_uuid id)
{
    char label[32];
    struct cairn_given given = {.id = id, .now = scenario->now, .seed = id};
    (void)snprintf(label, sizeof label, "when %d", scenario->asks);
    if (scenario->fresh)
        given.seed = cairn_new_id(&given, label);
    return given;
}

struct cairn_uuid cairn_scenario_new_id(const struct cairn_scenario *scenario, const char *label)
{
    bool is_process = !cairn_uuid_is_zero(scenario->acting);
    const struct cairn_given given =
        cairn_scenario_given_now(scenario, is_process ? scenario->acting : scenario->id);
    return cairn_new_id(&given, label);
}

void cairn_scenario_fresh_ids(struct cairn_here here)
{
    here.scenario->fresh = true;
}

/* ---- streams and their events ---- */

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
    const struct cairn_given given = {.seed = scenario->id};
    scenario->position++;
    return (struct cairn_meta){
        .stream = cairn_stream_name(arena, category, scenario->id),
        .id = scenario->id,
        .position = scenario->position,
        .version = ++*cairn_scenario_version(scenario),
        .event_id = cairn_new_id(&given, cairn_print(arena, "event %" PRId64, scenario->position)),
        .recorded_at = scenario->now,
        .json = scenario->cause,
    };
}

void cairn_scenario_caused_by(struct cairn_here here, const char *sub)
{
    struct cairn_buffer json = cairn_buffer(&here.scenario->arena);
    cairn_buffer_text(&json, "{\"actor\":{\"iss\":\"https://issuer.example.com\",\"sub\":");
    cairn_buffer_json(&json, sub ? sub : "");
    cairn_buffer_text(&json, "}}");
    here.scenario->cause = sub ? json.text : NULL;
}

void cairn_scenario_ignore(struct cairn_here here, const char *name,
                           const struct cairn_record *event)
{
    const struct cairn_registered *at = here.scenario->handlers->first;
    while (at && !(at->events && cairn_events_of(at->events, event)))
        at = at->next;
    if (at)
        (void)cairn_scenario_meta(here.scenario, at->events->category);
    else
        cairn_scenario_fail(here,
                            "%s is not an event of a noun that %s handles events of: leave it out, "
                            "the service passes over it",
                            event->name, name);
}

void *cairn_scenario_copy(struct cairn_scenario *scenario, struct cairn_any value)
{
    void *copy = cairn_arena_alloc(&scenario->arena, value.record->size, value.record->align);
    cairn_record_copy(value.record, value.value, copy, &scenario->arena);
    return copy;
}
