/* processing.c - tests of processes: given events, when an input, then commands and timers. */
#include "process/react/inputs.h"
#include "record/json.h"
#include "testkit/scenario.h"

#include <string.h>

static const struct cairn_when *find_when(const struct cairn_process *process,
                                          enum cairn_input input, const struct cairn_record *record,
                                          const char *timer)
{
    for (const struct cairn_registered *at = process->when->first; at; at = at->next) {
        const struct cairn_when *when = (const struct cairn_when *)at;
        if (when->input == input && (!record || cairn_record_same(at->record, record)) &&
            (!timer || strcmp(when->timer, timer) == 0))
            return when;
    }
    return NULL;
}

/* ---- one input ---- */

static void remember_sent(struct cairn_scenario *scenario)
{
    for (size_t i = 0; i < scenario->reaction.sent_count; i++) {
        const struct cairn_sent *sent = &scenario->reaction.sent[i];
        struct cairn_uuid *to = cairn_new(&scenario->arena, struct cairn_uuid, 1);
        *to = sent->id;
        *cairn_map_at(&scenario->sent_to, sent->type->name) = to;
    }
}

/* `meta` is NULL unless the input is an event. */
static void step(struct cairn_here here, const struct cairn_when *when, const void *input,
                 const struct cairn_meta *meta)
{
    struct cairn_scenario *scenario = here.scenario;
    struct cairn_given given = cairn_scenario_given_now(scenario);
    struct cairn_error wrong = {0};
    if (cairn_uuid_is_zero(scenario->process_id)) /* a timer or a refusal came first */
        scenario->process_id = scenario->id;
    given.id = scenario->process_id;
    given.meta = meta;
    if (cairn_process_step(scenario->process, when, scenario->state, input, &given,
                           &scenario->arena, &scenario->reaction, &wrong) < 0)
        cairn_scenario_fail(here, "%s", wrong.message);
    remember_sent(scenario);
}

/* Checks that an event is for the process of the test, which is that of its first event. */
static bool is_for_this_process(struct cairn_here here, const char *event, struct cairn_uuid id)
{
    struct cairn_scenario *scenario = here.scenario;
    char text[CAIRN_UUID_TEXT_SIZE];
    char ours[CAIRN_UUID_TEXT_SIZE];
    if (cairn_uuid_is_zero(scenario->process_id))
        scenario->process_id = id;
    if (!cairn_uuid_is_zero(id) && cairn_uuid_equal(scenario->process_id, id))
        return true;
    cairn_uuid_format(id, text);
    cairn_uuid_format(scenario->process_id, ours);
    cairn_scenario_fail(here, "this %s is for another process\n  wanted: %s\n  seen:   %s", event,
                        ours, text);
    return false;
}

static void react_to_event(struct cairn_here here, struct cairn_any event)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct cairn_when *when =
        find_when(scenario->process, CAIRN_INPUT_EVENT, event.record, NULL);
    if (!when) {
        cairn_scenario_fail(here, "%s does not wait for %s", scenario->process->name,
                            event.record->name);
        return;
    }
    const struct cairn_meta meta = cairn_scenario_meta(scenario, when->handler.events->category);
    const void *copy = cairn_scenario_copy(scenario, event);
    if (is_for_this_process(here, event.record->name, cairn_when_process(when, copy, &meta)))
        step(here, when, copy, &meta);
}

static void give(struct cairn_here here, struct cairn_any event)
{
    react_to_event(here, event);
}

void cairn_scenario_when_event(struct cairn_here here, struct cairn_any event)
{
    if (!cairn_scenario_takes(here, CAIRN_SUBJECT_PROCESS, "WHEN_EVENT"))
        return;
    cairn_scenario_ask(here);
    if (cairn_scenario_lift(here, &event))
        react_to_event(here, event);
}

void cairn_scenario_when_timer(struct cairn_here here, const char *name)
{
    const struct cairn_process *process = here.scenario->process;
    if (!cairn_scenario_takes(here, CAIRN_SUBJECT_PROCESS, "WHEN_TIMER"))
        return;
    cairn_scenario_ask(here);
    const struct cairn_when *when = find_when(process, CAIRN_INPUT_TIMER, NULL, name);
    if (when)
        step(here, when, name, NULL);
    else
        cairn_scenario_fail(here, "%s does not wait for a timer %s", process->name, name);
}

/* A refusal's reason is a decider's own, or the name of another code: "claimed". */
static struct cairn_refusal refusal_as(struct cairn_uuid to, const char *reason)
{
    for (int code = CAIRN_OK + 1; code <= CAIRN_CONFIG; code++) {
        if (strcmp(cairn_code_info(code)->name, reason) == 0)
            return (struct cairn_refusal){to, (enum cairn_code)code, ""};
    }
    return (struct cairn_refusal){to, CAIRN_REFUSED, reason};
}

void cairn_scenario_when_refused(struct cairn_here here, const struct cairn_record *command,
                                 const char *reason)
{
    struct cairn_scenario *scenario = here.scenario;
    if (!cairn_scenario_takes(here, CAIRN_SUBJECT_PROCESS, "WHEN_REFUSED"))
        return;
    cairn_scenario_ask(here);
    const struct cairn_when *when =
        find_when(scenario->process, CAIRN_INPUT_REFUSAL, command, NULL);
    const struct cairn_uuid *to = cairn_map_get(&scenario->sent_to, command->name);
    if (!when) {
        cairn_scenario_fail(here, "%s does not wait for a refusal of %s", scenario->process->name,
                            command->name);
    } else if (!to) {
        cairn_scenario_fail(here, "no %s was sent that could be refused", command->name);
    } else {
        const struct cairn_refusal refusal = refusal_as(*to, reason);
        step(here, when, &refusal, NULL);
    }
}

/* ---- then ---- */

static const char *describe_sent(struct cairn_scenario *scenario, struct cairn_uuid to)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(to, id);
    return cairn_uuid_is_zero(to) ? "any stream" : cairn_print(&scenario->arena, "%s", id);
}

void cairn_scenario_then_sent(struct cairn_here here, struct cairn_uuid to,
                              struct cairn_any command)
{
    struct cairn_scenario *scenario = here.scenario;
    if (!cairn_scenario_was_asked(here, CAIRN_SUBJECT_PROCESS, "THEN_SENT"))
        return;
    if (scenario->sent_named == scenario->reaction.sent_count) {
        cairn_scenario_fail(here, "nothing more was sent\n  wanted: %s %s\n  seen:   nothing",
                            command.record->name,
                            cairn_scenario_json(scenario, command.record, command.value));
        return;
    }
    const struct cairn_sent *seen = &scenario->reaction.sent[scenario->sent_named++];
    cairn_scenario_compare(here, "the command", command.record, command.value, seen->type->record,
                           seen->command);
    if (!cairn_uuid_is_zero(to) && !cairn_uuid_equal(to, seen->id))
        cairn_scenario_fail(here, "%s went to another stream\n  wanted: %s\n  seen:   %s",
                            seen->type->name, describe_sent(scenario, to),
                            describe_sent(scenario, seen->id));
}

/* Describes a timer as THEN_TIMER and THEN_CANCELLED state it. */
static const char *describe_timer(struct cairn_scenario *scenario, const char *name, bool cancelled,
                                  struct cairn_time at)
{
    char text[CAIRN_TIME_TEXT_SIZE];
    cairn_time_format(at, text);
    return cancelled ? cairn_print(&scenario->arena, "%s cancelled", name)
                     : cairn_print(&scenario->arena, "%s set to %s", name, text);
}

void cairn_scenario_then_timer(struct cairn_here here, const char *name, const char *rfc3339)
{
    struct cairn_scenario *scenario = here.scenario;
    struct cairn_time at = {0};
    if (!cairn_scenario_was_asked(here, CAIRN_SUBJECT_PROCESS,
                                  rfc3339 ? "THEN_TIMER" : "THEN_CANCELLED"))
        return;
    if (rfc3339 && cairn_time_parse(rfc3339, &at) < 0) {
        cairn_scenario_fail(here, "\"%s\" is not a time such as 2026-01-01T00:00:00Z", rfc3339);
        return;
    }
    const char *wanted = describe_timer(scenario, name, !rfc3339, at);
    if (scenario->timers_named == scenario->reaction.timer_count) {
        cairn_scenario_fail(here, "no more timers changed\n  wanted: %s\n  seen:   nothing",
                            wanted);
        return;
    }
    const struct cairn_timer_change *timer = &scenario->reaction.timers[scenario->timers_named++];
    const char *seen = describe_timer(scenario, timer->name, timer->cancelled, timer->at);
    if (strcmp(wanted, seen) != 0)
        cairn_scenario_fail(here, "the timer differs\n  wanted: %s\n  seen:   %s", wanted, seen);
}

static void settle_results(struct cairn_here here)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct cairn_reaction *reaction = &scenario->reaction;
    if (scenario->sent_named < reaction->sent_count) {
        const struct cairn_sent *next = &reaction->sent[scenario->sent_named];
        cairn_scenario_fail(here,
                            "a command that no THEN_SENT names\n  wanted: nothing\n  seen:   %s %s",
                            next->type->record->name,
                            cairn_scenario_json(scenario, next->type->record, next->command));
    } else if (scenario->timers_named < reaction->timer_count) {
        const struct cairn_timer_change *next = &reaction->timers[scenario->timers_named];
        cairn_scenario_fail(here, "a timer that no THEN names\n  wanted: nothing\n  seen:   %s",
                            describe_timer(scenario, next->name, next->cancelled, next->at));
    }
}

const struct cairn_scenario_kind cairn_processing = {.given = give, .settle = settle_results};
