/* processing.c - tests of processes: given events, when an event or a refusal, then commands and
 * timers. */
#include "testkit/process/processing.h"

#include "process/react/inputs.h"
#include "record/json.h"

#include <string.h>

static const struct cairn_scenario_kind kind;

struct cairn_scenario *cairn_scenario_process(const struct cairn_process *process)
{
    struct cairn_scenario *scenario = cairn_scenario_begin(&kind, sizeof(struct cairn_processing));
    struct cairn_processing *self = scenario->self;
    scenario->handlers = process->when;
    self->process = process;
    self->instances = cairn_map(&scenario->arena);
    return scenario;
}

/* ---- associations ---- */

/* Returns the instance that began to wait first after `since`, and sets it to that moment; NULL if
 * there is none. */
static struct cairn_test_instance *next_waiting(struct cairn_processing *self, const char *key,
                                                size_t *since)
{
    struct cairn_test_instance *found = NULL;
    size_t first = SIZE_MAX;
    for (size_t i = 0; i < self->instances.count; i++) {
        struct cairn_test_instance *instance = self->instances.entries[i].value;
        const struct cairn_test_wait *wait = cairn_map_get(&instance->waits, key);
        if (wait && wait->since > *since && wait->since < first) {
            first = wait->since;
            found = instance;
        }
    }
    *since = first;
    return found;
}

/* Tells all that are associated with what the event is about, in order; those that begin to wait
 * meanwhile are not told. */
static void step_all(struct cairn_here here, const struct cairn_when *when, const void *input,
                     const struct cairn_meta *meta)
{
    struct cairn_processing *self = here.scenario->self;
    struct cairn_uuid about = cairn_when_process(when, input, meta);
    const char *key = cairn_processing_wait(here.scenario, when->association, about);
    size_t last = self->waits_begun;
    size_t since = 0;
    struct cairn_test_instance *instance = next_waiting(self, key, &since);
    for (; instance && since <= last; instance = next_waiting(self, key, &since))
        cairn_processing_step(here, instance, when, input, meta);
}

/* ---- events ---- */

static const struct cairn_when *find_when(const struct cairn_process *process,
                                          const struct cairn_record *record)
{
    for (const struct cairn_registered *at = process->when->first; at; at = at->next) {
        const struct cairn_when *when = (const struct cairn_when *)at;
        if (when->input == CAIRN_INPUT_EVENT && cairn_record_same(at->record, record))
            return when;
    }
    return NULL;
}

static void give(struct cairn_here here, struct cairn_any event)
{
    struct cairn_scenario *scenario = here.scenario;
    struct cairn_processing *self = scenario->self;
    const struct cairn_when *when = find_when(self->process, event.record);
    self->chosen = NULL;
    if (!when) {
        cairn_scenario_ignore(here, self->process->name, event.record);
        return;
    }
    const struct cairn_meta meta = cairn_scenario_meta(scenario, when->handler.events->category);
    const void *copy = cairn_scenario_copy(scenario, event);
    if (when->association) {
        step_all(here, when, copy, &meta);
        return;
    }
    struct cairn_uuid id = cairn_when_process(when, copy, &meta);
    if (!cairn_uuid_is_zero(id)) /* zero: for no process */
        cairn_processing_step(here, cairn_processing_instance(scenario, id), when, copy, &meta);
}

/* ---- refusals ---- */

/* Returns the process that sent the command: the one that INSTANCE names, or the only one that has
 * sent it. Fails the test, and returns NULL, if there is none, or several. */
static struct cairn_test_instance *find_sender(struct cairn_here here, const char *command)
{
    const struct cairn_processing *self = here.scenario->self;
    struct cairn_test_instance *sender = NULL;
    size_t count = 0;
    for (size_t i = 0; i < self->instances.count; i++) {
        struct cairn_test_instance *instance = self->instances.entries[i].value;
        bool is_asked = !self->chosen || self->chosen == instance;
        if (!is_asked || !cairn_map_get(&instance->sent_to, command))
            continue;
        sender = instance;
        count++;
    }
    if (count == 1)
        return sender;
    if (count == 0)
        cairn_scenario_fail(here, "no %s was sent that could be refused", command);
    else
        cairn_scenario_fail(here, "%zu processes sent a %s: say which one's is refused by INSTANCE",
                            count, command);
    return NULL;
}

/* `to` is the stream whose answer it is, or NULL for that of the command sent last. */
static void refuse(struct cairn_here here, const struct cairn_record *command,
                   const struct cairn_uuid *to, enum cairn_code code, const char *reason)
{
    const struct cairn_processing *self =
        cairn_scenario_takes(here, "CAIRN_PROCESSING", "WHEN_REFUSED");
    if (!self)
        return;
    cairn_scenario_ask(here);
    const struct cairn_when *when = cairn_when_refused(self->process, command->name);
    if (!when) {
        cairn_scenario_fail(here, "%s does not wait for a refusal of %s", self->process->name,
                            command->name);
        return;
    }
    if (!cairn_is_final(-(int)code)) {
        cairn_scenario_fail(here,
                            "%s is no final answer: the command is sent again, and the process "
                            "learns nothing",
                            cairn_code_info((int)code)->name);
        return;
    }
    struct cairn_test_instance *sender = find_sender(here, command->name);
    if (!sender)
        return;
    const struct cairn_uuid *last = cairn_map_get(&sender->sent_to, command->name);
    const struct cairn_refusal refusal = {to ? *to : *last, code, reason};
    cairn_processing_step(here, sender, when, &refusal, NULL);
}

void cairn_scenario_when_refused(struct cairn_here here, const struct cairn_record *command,
                                 enum cairn_code code, const char *reason)
{
    refuse(here, command, NULL, code, reason);
}

void cairn_scenario_when_refused_late(struct cairn_here here, const struct cairn_record *command,
                                      struct cairn_uuid id, enum cairn_code code,
                                      const char *reason)
{
    refuse(here, command, &id, code, reason);
}

static const struct cairn_scenario_kind kind = {
    .name = "CAIRN_PROCESSING",
    .given = give,
    .event = give,
    .settle = cairn_processing_settle,
    .forget = cairn_processing_forget,
    .advance = cairn_processing_advance,
};
