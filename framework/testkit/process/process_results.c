/* process_results.c - the commands and timers that the last WHEN of a process' test has made, and
 * the THENs that name them. */
#include "record/json.h"
#include "testkit/process/processing.h"

#include <string.h>

/* ---- describing ---- */

const char *cairn_processing_id(struct cairn_scenario *scenario, struct cairn_uuid id)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(id, text);
    return cairn_copy_text(&scenario->arena, text);
}

/* Returns " by process ID" where there is more than one, else "". */
static const char *by_whom(struct cairn_scenario *scenario,
                           const struct cairn_test_instance *instance)
{
    const struct cairn_processing *self = scenario->self;
    if (!instance || self->instances.count < 2)
        return "";
    return cairn_print(&scenario->arena, " by process %s",
                       cairn_processing_id(scenario, instance->id));
}

static const char *describe_sent(struct cairn_scenario *scenario,
                                 const struct cairn_test_result *result)
{
    const struct cairn_sent *sent = &result->sent;
    return cairn_print(&scenario->arena, "%s %s%s", sent->type->record->name,
                       cairn_scenario_json(scenario, sent->type->record, sent->command),
                       by_whom(scenario, result->instance));
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

static const char *describe_change(struct cairn_scenario *scenario,
                                   const struct cairn_test_result *result)
{
    const struct cairn_timer_change *timer = &result->timer;
    return describe_timer(scenario, timer->name, timer->cancelled, timer->at);
}

/* ---- naming ---- */

/* Returns the next result that no THEN has named, of the process that INSTANCE names or of all;
 * NULL if there is none. */
static struct cairn_test_result *next_result(const struct cairn_processing *self,
                                             const struct cairn_test_results *results)
{
    for (size_t i = 0; i < results->count; i++) {
        struct cairn_test_result *result = &results->items[i];
        if (!result->named && (!self->chosen || self->chosen == result->instance))
            return result;
    }
    return NULL;
}

void cairn_scenario_then_sent(struct cairn_here here, struct cairn_uuid to,
                              struct cairn_any command)
{
    struct cairn_scenario *scenario = here.scenario;
    struct cairn_processing *self = cairn_scenario_was_asked(here, "CAIRN_PROCESSING", "THEN_SENT");
    if (!self)
        return;
    struct cairn_test_result *seen = next_result(self, &self->sent);
    if (!seen) {
        cairn_scenario_fail(here, "nothing more was sent%s\n  wanted: %s %s\n  seen:   nothing",
                            by_whom(scenario, self->chosen), command.record->name,
                            cairn_scenario_json(scenario, command.record, command.value));
        return;
    }
    seen->named = true;
    cairn_scenario_compare(here, "the command", command.record, command.value,
                           seen->sent.type->record, seen->sent.command);
    if (!cairn_uuid_is_zero(to) && !cairn_uuid_equal(to, seen->sent.id))
        cairn_scenario_fail(here, "%s went to another stream\n  wanted: %s\n  seen:   %s",
                            seen->sent.type->name, cairn_processing_id(scenario, to),
                            cairn_processing_id(scenario, seen->sent.id));
}

void cairn_scenario_then_timer(struct cairn_here here, const char *name, const char *rfc3339)
{
    struct cairn_scenario *scenario = here.scenario;
    struct cairn_time at = {0};
    struct cairn_processing *self = cairn_scenario_was_asked(
        here, "CAIRN_PROCESSING", rfc3339 ? "THEN_TIMER" : "THEN_CANCELLED");
    if (!self)
        return;
    if (rfc3339 && cairn_time_parse(rfc3339, &at) < 0) {
        cairn_scenario_fail(here, "\"%s\" is not a time such as 2026-01-01T00:00:00Z", rfc3339);
        return;
    }
    const char *wanted = describe_timer(scenario, name, !rfc3339, at);
    struct cairn_test_result *result = next_result(self, &self->timers);
    if (!result) {
        cairn_scenario_fail(here, "no more timers changed%s\n  wanted: %s\n  seen:   nothing",
                            by_whom(scenario, self->chosen), wanted);
        return;
    }
    result->named = true;
    const char *seen = describe_change(scenario, result);
    if (strcmp(wanted, seen) != 0)
        cairn_scenario_fail(here, "the timer differs\n  wanted: %s\n  seen:   %s%s", wanted, seen,
                            by_whom(scenario, result->instance));
}

/* ---- the end of a WHEN ---- */

void cairn_processing_settle(struct cairn_here here)
{
    struct cairn_scenario *scenario = here.scenario;
    struct cairn_processing *self = scenario->self;
    struct cairn_test_instance *chosen = self->chosen;
    self->chosen = NULL; /* all results are to be named */
    const struct cairn_test_result *sent = next_result(self, &self->sent);
    const struct cairn_test_result *timer = next_result(self, &self->timers);
    self->chosen = chosen;
    if (sent)
        cairn_scenario_fail(here,
                            "a command that no THEN_SENT names\n  wanted: nothing\n  seen:   %s",
                            describe_sent(scenario, sent));
    else if (timer)
        cairn_scenario_fail(here, "a timer that no THEN names\n  wanted: nothing\n  seen:   %s%s",
                            describe_change(scenario, timer), by_whom(scenario, timer->instance));
}

void cairn_processing_forget(struct cairn_scenario *scenario)
{
    struct cairn_processing *self = scenario->self;
    self->sent.count = self->timers.count = 0;
}
