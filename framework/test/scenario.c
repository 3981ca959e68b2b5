/* scenario.c - a test in progress: its world, its failures, its end. */
#include "test/scenario.h"

#include "record/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_and_abort(const char *file, int line, const char *message)
{
    (void)fprintf(stderr, "%s:%d: %s\n", file, line, message);
    abort();
}

static cairn_test_failure *on_failure = print_and_abort;

void cairn_test_on_failure(cairn_test_failure *failure)
{
    on_failure = failure ? failure : print_and_abort;
}

void cairn_scenario_fail(struct cairn_here here, const char *format, ...)
{
    static _Thread_local char message[4096]; /* whoever is told may jump away */
    va_list list;
    va_start(list, format);
    (void)vsnprintf(message, sizeof message, format, list);
    va_end(list);
    if (here.scenario) /* one failure is enough: the end of the test has nothing to add */
        here.scenario->asked = false;
    on_failure(here.file, here.line, message);
}

/* ---- beginning and end ---- */

static struct cairn_scenario *begin(enum cairn_subject subject)
{
    struct cairn_scenario *scenario = cairn_allocate(sizeof *scenario);
    scenario->subject = subject;
    scenario->id = CAIRN_TEST_ID;
    (void)!cairn_time_parse("2026-01-01T00:00:00Z", &scenario->now);
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
    cairn_scenario_settle(scenario);
    cairn_arena_close(&scenario->arena);
    free(scenario);
}

/* ---- the world ---- */

void cairn_scenario_stream(struct cairn_scenario *scenario, struct cairn_uuid id)
{
    scenario->id = id;
    scenario->version = 0;
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

struct cairn_meta cairn_scenario_meta(struct cairn_scenario *scenario)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(scenario->id, id);
    return (struct cairn_meta){
        .stream = cairn_print(&scenario->arena, "test-%s", id),
        .id = scenario->id,
        .position = ++scenario->position,
        .version = ++scenario->version,
        .event_id = CAIRN_TEST_ID,
        .recorded_at = scenario->now,
    };
}

/* ---- comparing ---- */

const char *cairn_scenario_json(struct cairn_scenario *scenario, const struct cairn_record *record,
                                const void *value)
{
    struct cairn_buffer out = cairn_buffer(&scenario->arena);
    cairn_record_encode(record, value, &out);
    return out.text;
}

void cairn_scenario_compare(struct cairn_here here, const char *what,
                            const struct cairn_record *wanted_of, const void *wanted,
                            const struct cairn_record *seen_of, const void *seen)
{
    const char *left = cairn_scenario_json(here.scenario, wanted_of, wanted);
    const char *right = cairn_scenario_json(here.scenario, seen_of, seen);
    if (wanted_of != seen_of || strcmp(left, right) != 0)
        cairn_scenario_fail(here, "%s differs\n  wanted: %s %s\n  seen:   %s %s", what,
                            wanted_of->name, left, seen_of->name, right);
}

bool cairn_scenario_possible(struct cairn_here here, struct cairn_any value)
{
    struct cairn_error wrong = {0};
    if (cairn_record_check(value.record, value.value, &wrong) == 0)
        return true;
    cairn_scenario_fail(here, "this %s cannot be: %s %s", value.record->name,
                        wrong.wrong[0].pointer, wrong.wrong[0].message);
    return false;
}

void cairn_scenario_given(struct cairn_here here, struct cairn_any event)
{
    if (!cairn_scenario_possible(here, event))
        return;
    switch (here.scenario->subject) {
    case CAIRN_SUBJECT_DECIDER:
        cairn_deciding_given(here, event);
        break;
    case CAIRN_SUBJECT_PROJECTION:
        cairn_projecting_given(here, event);
        break;
    case CAIRN_SUBJECT_PROCESS:
        cairn_processing_given(here, event, false);
        break;
    }
}

/* ---- what was not named ---- */

static void settle_refusal(const struct cairn_scenario *scenario)
{
    if (scenario->outcome < 0 && !scenario->refusal_named)
        cairn_scenario_fail(scenario->when, "it was refused, and no THEN_REFUSED says so: %s: %s",
                            scenario->error.reason[0] ? scenario->error.reason
                                                      : cairn_code_info(scenario->outcome)->name,
                            scenario->error.message);
}

static void settle_decision(struct cairn_scenario *scenario)
{
    const struct cairn_decision *decision = &scenario->decision;
    if (scenario->events_named < decision->event_count) {
        const struct cairn_emitted *next = &decision->events[scenario->events_named];
        cairn_scenario_fail(scenario->when, "an event that no THEN names\n  seen:   %s %s",
                            next->type->record->name,
                            cairn_scenario_json(scenario, next->type->record,
                                                (const char *)next->event + next->type->offset));
    } else if (scenario->claims_named < decision->claim_count) {
        const struct cairn_claim *next = &decision->claims[scenario->claims_named];
        cairn_scenario_fail(scenario->when, "a claim that no THEN names\n  seen:   %s %s %s",
                            next->taken ? "claimed" : "released", next->scope, next->key);
    }
}

static void settle_reaction(struct cairn_scenario *scenario)
{
    const struct cairn_reaction *reaction = &scenario->reaction;
    if (scenario->sent_named < reaction->sent_count) {
        const struct cairn_sent *next = &reaction->sent[scenario->sent_named];
        cairn_scenario_fail(scenario->when, "a command that no THEN_SENT names\n  seen:   %s %s",
                            next->type->name,
                            cairn_scenario_json(scenario, next->type->record, next->command));
    } else if (scenario->timers_named < reaction->timer_count) {
        const struct cairn_timer_change *next = &reaction->timers[scenario->timers_named];
        cairn_scenario_fail(scenario->when, "a timer that no THEN names\n  seen:   %s %s",
                            next->cancelled ? "cancelled" : "set", next->name);
    }
}

void cairn_scenario_settle(struct cairn_scenario *scenario)
{
    if (!scenario->asked)
        return;
    scenario->asked = false;
    settle_refusal(scenario);
    settle_decision(scenario);
    settle_reaction(scenario);
}
