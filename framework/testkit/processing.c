/* processing.c - tests of processes: given events, when an input, then commands and timers. */
#include "process/react/inputs.h"
#include "record/json.h"
#include "testkit/scenario.h"

#include <string.h>

static const struct cairn_scenario_kind kind;

struct processing {
    const struct cairn_process *process;

    /* before the WHEN */
    void *state;
    struct cairn_uuid id;     /* of the process: the one that its first event is for */
    struct cairn_map sent_to; /* command -> struct cairn_uuid, where it was sent last */

    /* results of the last WHEN, and how many of them a THEN has named */
    struct cairn_reaction reaction;
    size_t sent_named;
    size_t timers_named;
};

struct cairn_scenario *cairn_scenario_process(const struct cairn_process *process)
{
    struct cairn_scenario *scenario = cairn_scenario_begin(&kind, sizeof(struct processing));
    struct processing *self = scenario->self;
    scenario->handlers = process->when;
    self->process = process;
    self->state = cairn_arena_alloc(&scenario->arena, process->state->size, process->state->align);
    self->sent_to = cairn_map(&scenario->arena);
    return scenario;
}

static const struct cairn_when *find_when(const struct cairn_process *process,
                                          enum cairn_input input, const struct cairn_record *record,
                                          const char *timer)
{
    for (const struct cairn_handler *at = process->when->first; at; at = at->next) {
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
    struct processing *self = scenario->self;
    for (size_t i = 0; i < self->reaction.sent_count; i++) {
        const struct cairn_sent *sent = &self->reaction.sent[i];
        struct cairn_uuid *to = cairn_new(&scenario->arena, struct cairn_uuid, 1);
        *to = sent->id;
        *cairn_map_at(&self->sent_to, sent->type->name) = to;
    }
}

static void step(struct cairn_here here, const struct cairn_when *when, const void *input)
{
    struct cairn_scenario *scenario = here.scenario;
    struct processing *self = scenario->self;
    struct cairn_given given = cairn_scenario_given_now(scenario);
    struct cairn_error wrong = {0};
    if (cairn_uuid_is_zero(self->id)) /* a timer or a refusal came first */
        self->id = scenario->id;
    given.id = self->id;
    if (cairn_process_step(self->process, when, self->state, input, &given, &scenario->arena,
                           &self->reaction, &wrong) < 0)
        cairn_scenario_fail(here, "%s", wrong.message);
    remember_sent(scenario);
}

/* Checks that an event is for the process of the test, which is that of its first event. */
static bool is_for_this_process(struct cairn_here here, const char *event, struct cairn_uuid id)
{
    struct processing *self = here.scenario->self;
    char text[CAIRN_UUID_TEXT_SIZE];
    char ours[CAIRN_UUID_TEXT_SIZE];
    if (cairn_uuid_is_zero(self->id))
        self->id = id;
    if (!cairn_uuid_is_zero(id) && cairn_uuid_equal(self->id, id))
        return true;
    cairn_uuid_format(id, text);
    cairn_uuid_format(self->id, ours);
    cairn_scenario_fail(here, "this %s is for another process\n  wanted: %s\n  seen:   %s", event,
                        ours, text);
    return false;
}

static void react_to_event(struct cairn_here here, struct cairn_any event)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct processing *self = scenario->self;
    const struct cairn_when *when = find_when(self->process, CAIRN_INPUT_EVENT, event.record, NULL);
    if (!when) {
        cairn_scenario_fail(here, "%s does not wait for %s", self->process->name,
                            event.record->name);
        return;
    }
    const struct cairn_meta meta = cairn_scenario_meta(scenario, when->handler.events->category);
    const void *copy = cairn_scenario_copy(scenario, event);
    if (is_for_this_process(here, event.record->name, cairn_when_process(when, copy, &meta)))
        step(here, when, copy);
}

static void give(struct cairn_here here, struct cairn_any event)
{
    react_to_event(here, event);
}

void cairn_scenario_when_event(struct cairn_here here, struct cairn_any event)
{
    if (!cairn_scenario_takes(here, &kind, "WHEN_EVENT"))
        return;
    cairn_scenario_ask(here);
    if (cairn_scenario_lift(here, &event))
        react_to_event(here, event);
}

void cairn_scenario_when_timer(struct cairn_here here, const char *name)
{
    const struct processing *self = cairn_scenario_takes(here, &kind, "WHEN_TIMER");
    if (!self)
        return;
    cairn_scenario_ask(here);
    const struct cairn_when *when = find_when(self->process, CAIRN_INPUT_TIMER, NULL, name);
    if (when)
        step(here, when, name);
    else
        cairn_scenario_fail(here, "%s does not wait for a timer %s", self->process->name, name);
}

void cairn_scenario_when_refused(struct cairn_here here, const struct cairn_record *command,
                                 const char *reason)
{
    const struct processing *self = cairn_scenario_takes(here, &kind, "WHEN_REFUSED");
    if (!self)
        return;
    cairn_scenario_ask(here);
    const struct cairn_when *when = find_when(self->process, CAIRN_INPUT_REFUSAL, command, NULL);
    const struct cairn_uuid *to = cairn_map_get(&self->sent_to, command->name);
    if (!when) {
        cairn_scenario_fail(here, "%s does not wait for a refusal of %s", self->process->name,
                            command->name);
    } else if (!to) {
        cairn_scenario_fail(here, "no %s was sent that could be refused", command->name);
    } else {
        const struct cairn_refusal refusal = {*to, CAIRN_REFUSED, reason};
        step(here, when, &refusal);
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
    struct processing *self = cairn_scenario_was_asked(here, &kind, "THEN_SENT");
    if (!self)
        return;
    if (self->sent_named == self->reaction.sent_count) {
        cairn_scenario_fail(here, "nothing more was sent\n  wanted: %s %s\n  seen:   nothing",
                            command.record->name,
                            cairn_scenario_json(scenario, command.record, command.value));
        return;
    }
    const struct cairn_sent *seen = &self->reaction.sent[self->sent_named++];
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
    struct processing *self =
        cairn_scenario_was_asked(here, &kind, rfc3339 ? "THEN_TIMER" : "THEN_CANCELLED");
    if (!self)
        return;
    if (rfc3339 && cairn_time_parse(rfc3339, &at) < 0) {
        cairn_scenario_fail(here, "\"%s\" is not a time such as 2026-01-01T00:00:00Z", rfc3339);
        return;
    }
    const char *wanted = describe_timer(scenario, name, !rfc3339, at);
    if (self->timers_named == self->reaction.timer_count) {
        cairn_scenario_fail(here, "no more timers changed\n  wanted: %s\n  seen:   nothing",
                            wanted);
        return;
    }
    const struct cairn_timer_change *timer = &self->reaction.timers[self->timers_named++];
    const char *seen = describe_timer(scenario, timer->name, timer->cancelled, timer->at);
    if (strcmp(wanted, seen) != 0)
        cairn_scenario_fail(here, "the timer differs\n  wanted: %s\n  seen:   %s", wanted, seen);
}

static void settle_results(struct cairn_here here)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct processing *self = scenario->self;
    const struct cairn_reaction *reaction = &self->reaction;
    if (self->sent_named < reaction->sent_count) {
        const struct cairn_sent *next = &reaction->sent[self->sent_named];
        cairn_scenario_fail(here,
                            "a command that no THEN_SENT names\n  wanted: nothing\n  seen:   %s %s",
                            next->type->record->name,
                            cairn_scenario_json(scenario, next->type->record, next->command));
    } else if (self->timers_named < reaction->timer_count) {
        const struct cairn_timer_change *next = &reaction->timers[self->timers_named];
        cairn_scenario_fail(here, "a timer that no THEN names\n  wanted: nothing\n  seen:   %s",
                            describe_timer(scenario, next->name, next->cancelled, next->at));
    }
}

static void forget(struct cairn_scenario *scenario)
{
    struct processing *self = scenario->self;
    self->sent_named = self->timers_named = 0;
    cairn_reaction_init(&self->reaction, &scenario->arena);
}

static const struct cairn_scenario_kind kind = {
    .name = "CAIRN_PROCESSING", .given = give, .settle = settle_results, .forget = forget};
