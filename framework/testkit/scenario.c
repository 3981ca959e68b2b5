/* scenario.c - a test in progress: creation, stream and time, end. */
#include "testkit/scenario.h"

#include "record/json.h"

#include <stdlib.h>

/* ---- beginning and end ---- */

static struct cairn_scenario *begin(enum cairn_subject subject)
{
    struct cairn_scenario *scenario = cairn_allocate(sizeof *scenario);
    scenario->subject = subject;
    scenario->when.scenario = scenario;
    scenario->id = CAIRN_TEST_ID;
    (void)!cairn_time_parse("2026-01-01T00:00:00Z", &scenario->now);
    scenario->versions = cairn_map(&scenario->arena);
    scenario->parks = cairn_map(&scenario->arena);
    scenario->sent_to = cairn_map(&scenario->arena);
    return scenario;
}

static void *new_state(struct cairn_scenario *scenario, const struct cairn_record *record)
{
    return cairn_arena_alloc(&scenario->arena, record->size, record->align);
}

struct cairn_scenario *cairn_scenario_decider(const struct cairn_decider *decider)
{
    struct cairn_scenario *scenario = begin(CAIRN_SUBJECT_DECIDER);
    scenario->decider = decider;
    scenario->state = new_state(scenario, decider->state);
    return scenario;
}

struct cairn_scenario *cairn_scenario_projection(const struct cairn_projection *projection)
{
    struct cairn_scenario *scenario = begin(CAIRN_SUBJECT_PROJECTION);
    scenario->projection = projection;
    scenario->fold = cairn_fold(projection, &scenario->arena);
    return scenario;
}

struct cairn_scenario *cairn_scenario_process(const struct cairn_process *process)
{
    struct cairn_scenario *scenario = begin(CAIRN_SUBJECT_PROCESS);
    scenario->process = process;
    scenario->state = new_state(scenario, process->state);
    return scenario;
}

void cairn_scenario_close(struct cairn_scenario **at)
{
    struct cairn_scenario *scenario = *at;
    cairn_scenario_settle(scenario->when);
    cairn_projecting_settle(scenario);
    cairn_arena_close(&scenario->arena);
    free(scenario);
}

/* ---- stream and time ---- */

void cairn_scenario_stream(struct cairn_here here, struct cairn_uuid id)
{
    if (here.scenario->subject == CAIRN_SUBJECT_DECIDER && here.scenario->position > 0)
        cairn_scenario_fail(here, "a decider has one stream: STREAM comes before its events");
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

int64_t *cairn_scenario_version(struct cairn_scenario *scenario)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(scenario->id, id);
    void **at = cairn_map_at(&scenario->versions, id);
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
    void *copy = new_state(scenario, value.record);
    cairn_record_copy(value.record, value.value, copy, &scenario->arena);
    return copy;
}

/* ---- given and when ---- */

void cairn_scenario_given(struct cairn_here here, struct cairn_any event)
{
    cairn_scenario_settle(here.scenario->when);
    here.scenario->asked = false;
    if (!cairn_scenario_lift(here, &event))
        return;
    switch (here.scenario->subject) {
    case CAIRN_SUBJECT_DECIDER:
        cairn_deciding_given(here, event);
        break;
    case CAIRN_SUBJECT_PROJECTION:
        cairn_projecting_given(here, event);
        break;
    case CAIRN_SUBJECT_PROCESS:
        cairn_processing_given(here, event);
        break;
    }
}

void cairn_scenario_ask(struct cairn_here here)
{
    struct cairn_scenario *scenario = here.scenario;
    cairn_scenario_settle(scenario->when);
    scenario->when = here;
    scenario->asked = true;
    scenario->outcome = 0;
    scenario->error = (struct cairn_error){0};
    scenario->refusal_named = false;
    scenario->events_named = scenario->claims_named = 0;
    scenario->decision.event_count = scenario->decision.claim_count = 0;
    scenario->sent_named = scenario->timers_named = 0;
    cairn_reaction_init(&scenario->reaction, &scenario->arena);
}

void cairn_scenario_then_nothing(struct cairn_here here)
{
    if (here.scenario->subject == CAIRN_SUBJECT_PROJECTION)
        cairn_scenario_fail(here, "THEN_NOTHING says nothing of rows: THEN_NO_ROW does");
    else if (cairn_scenario_was_asked(here, here.scenario->subject, "THEN_NOTHING"))
        cairn_scenario_settle(here);
}
