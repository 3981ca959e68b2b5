/* processing.c - given events, when an input, then commands and timers. */
#include "record/json.h"
#include "test/scenario.h"

#include <string.h>

static void begin(struct cairn_here here, bool keep)
{
    struct cairn_scenario *scenario = here.scenario;
    cairn_scenario_settle(scenario);
    scenario->when = here;
    scenario->asked = keep;
    scenario->outcome = 0;
    scenario->sent_named = scenario->timers_named = 0;
    cairn_reaction_init(&scenario->reaction, &scenario->arena);
}

static void finish(struct cairn_here here, bool keep)
{
    struct cairn_scenario *scenario = here.scenario;
    struct cairn_error wrong = {0};
    if (cairn_reaction_check(&scenario->reaction, &wrong) < 0)
        cairn_scenario_fail(here, "%s", wrong.message);
    if (!keep)
        cairn_reaction_init(&scenario->reaction, &scenario->arena);
}

static const struct cairn_when *find_when(const struct cairn_scenario *scenario,
                                          enum cairn_input input, const struct cairn_record *record,
                                          const char *timer)
{
    for (size_t i = 0; scenario->process && scenario->process->when[i]; i++) {
        const struct cairn_when *when = scenario->process->when[i];
        if (when->input == input && (!record || when->record == record) &&
            (!timer || strcmp(when->timer, timer) == 0))
            return when;
    }
    return NULL;
}

void cairn_processing_given(struct cairn_here here, struct cairn_any event, bool keep)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct cairn_when *when = find_when(scenario, CAIRN_INPUT_EVENT, event.record, NULL);
    if (!when) {
        cairn_scenario_fail(here, "the process does not wait for %s", event.record->name);
        return;
    }
    begin(here, keep);
    const struct cairn_meta meta = cairn_scenario_meta(scenario);
    void *copy = cairn_arena_alloc(&scenario->arena, event.record->size, event.record->align);
    cairn_record_copy(event.record, event.value, copy, &scenario->arena);
    struct cairn_given given = cairn_scenario_given_now(scenario);
    if (when->correlate)
        given.id = when->correlate(copy, &meta);
    when->react(scenario->state, copy, &given, &scenario->reaction);
    finish(here, keep);
}

void cairn_scenario_when_event(struct cairn_here here, struct cairn_any event)
{
    if (cairn_scenario_possible(here, event))
        cairn_processing_given(here, event, true);
}

void cairn_scenario_when_timer(struct cairn_here here, const char *name)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct cairn_when *when = find_when(scenario, CAIRN_INPUT_TIMER, NULL, name);
    if (!when) {
        cairn_scenario_fail(here, "the process has no timer %s", name);
        return;
    }
    begin(here, true);
    const struct cairn_given given = cairn_scenario_given_now(scenario);
    when->react(scenario->state, name, &given, &scenario->reaction);
    finish(here, true);
}

void cairn_scenario_when_refused(struct cairn_here here, const struct cairn_record *command,
                                 const char *reason)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct cairn_when *when = find_when(scenario, CAIRN_INPUT_REFUSAL, command, NULL);
    if (!when) {
        cairn_scenario_fail(here, "the process does not wait for a refusal of %s", command->name);
        return;
    }
    begin(here, true);
    const struct cairn_refusal refusal = {scenario->id, CAIRN_REFUSED, reason};
    const struct cairn_given given = cairn_scenario_given_now(scenario);
    when->react(scenario->state, &refusal, &given, &scenario->reaction);
    finish(here, true);
}

/* ---- then ---- */

void cairn_scenario_then_sent(struct cairn_here here, struct cairn_any command)
{
    struct cairn_scenario *scenario = here.scenario;
    if (scenario->sent_named == scenario->reaction.sent_count) {
        cairn_scenario_fail(here, "nothing more was sent\n  wanted: %s %s", command.record->name,
                            cairn_scenario_json(scenario, command.record, command.value));
        return;
    }
    const struct cairn_sent *seen = &scenario->reaction.sent[scenario->sent_named++];
    cairn_scenario_compare(here, "the command", command.record, command.value, seen->type->record,
                           seen->command);
}

static const char *describe(struct cairn_arena *arena, const char *name, const char *at)
{
    return at ? cairn_print(arena, "%s set to %s", name, at)
              : cairn_print(arena, "%s cancelled", name);
}

void cairn_scenario_then_timer(struct cairn_here here, const char *name, const char *rfc3339)
{
    struct cairn_scenario *scenario = here.scenario;
    const char *wanted = describe(&scenario->arena, name, rfc3339);
    if (scenario->timers_named == scenario->reaction.timer_count) {
        cairn_scenario_fail(here, "no more timers were changed\n  wanted: %s", wanted);
        return;
    }
    const struct cairn_timer_change *seen = &scenario->reaction.timers[scenario->timers_named++];
    char at[CAIRN_TIME_TEXT_SIZE];
    struct cairn_time time = {0};
    cairn_time_format(seen->at, at);
    bool same_time = rfc3339 && cairn_time_parse(rfc3339, &time) == 0 && time.us == seen->at.us;
    if (strcmp(seen->name, name) != 0 || seen->cancelled != !rfc3339 || (rfc3339 && !same_time))
        cairn_scenario_fail(here, "the timer differs\n  wanted: %s\n  seen:   %s", wanted,
                            describe(&scenario->arena, seen->name, seen->cancelled ? NULL : at));
}
