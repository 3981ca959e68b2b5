/* process_step.c - the instances in a test of a process, and what an input makes them do. */
#include "testkit/process/processing.h"

#include "process/react/inputs.h"
#include "record/json.h"
#include "testkit/running.h"

/* ---- instances ---- */

struct cairn_test_instance *cairn_processing_instance(struct cairn_scenario *scenario,
                                                      struct cairn_uuid id)
{
    struct cairn_processing *self = scenario->self;
    const struct cairn_record *record = self->process->state;
    struct cairn_arena *arena = &scenario->arena;
    void **at = cairn_scenario_at_id(&self->instances, id);
    if (!*at) {
        struct cairn_test_instance *instance = cairn_new(arena, struct cairn_test_instance, 1);
        instance->id = id;
        instance->state = cairn_arena_alloc(arena, record->size, record->align);
        instance->timers = cairn_map(arena);
        instance->sent_to = cairn_map(arena);
        instance->waits = cairn_map(arena);
        *at = instance;
    }
    return *at;
}

void cairn_scenario_instance(struct cairn_here here, struct cairn_uuid id)
{
    struct cairn_processing *self = cairn_scenario_takes(here, "CAIRN_PROCESSING", "INSTANCE");
    if (!self)
        return;
    self->chosen = cairn_processing_instance(here.scenario, id);
    here.scenario->acting = id;
}

struct cairn_test_instance *cairn_processing_choose(struct cairn_here here, const char *word)
{
    struct cairn_processing *self = here.scenario->self;
    if (self->chosen)
        return self->chosen;
    if (self->instances.count == 0)
        return cairn_processing_instance(here.scenario, here.scenario->id);
    if (self->instances.count == 1)
        return self->instances.entries[0].value;
    cairn_scenario_fail(here, "%s is for one of %zu processes: say which by INSTANCE", word,
                        self->instances.count);
    return NULL;
}

/* ---- one input ---- */

static struct cairn_test_result *add_result(struct cairn_scenario *scenario,
                                            struct cairn_test_results *results,
                                            const struct cairn_test_instance *instance)
{
    cairn_grow(&scenario->arena, results->items, results->count, &results->capacity);
    struct cairn_test_result *result = &results->items[results->count++];
    *result = (struct cairn_test_result){.instance = instance};
    return result;
}

static void keep_sent(struct cairn_scenario *scenario, struct cairn_test_instance *instance,
                      const struct cairn_sent *sent)
{
    struct cairn_processing *self = scenario->self;
    struct cairn_uuid *to = cairn_new(&scenario->arena, struct cairn_uuid, 1);
    *to = sent->id;
    *cairn_map_at(&instance->sent_to, sent->type->name) = to;
    add_result(scenario, &self->sent, instance)->sent = *sent;
}

static void keep_timer(struct cairn_scenario *scenario, struct cairn_test_instance *instance,
                       const struct cairn_timer_change *change)
{
    struct cairn_processing *self = scenario->self;
    void **at = cairn_map_at(&instance->timers, change->name);
    if (!*at)
        *at = cairn_new(&scenario->arena, struct cairn_test_timer, 1);
    *(struct cairn_test_timer *)*at = (struct cairn_test_timer){change->at, self->timers_set++};
    const struct cairn_when *when = cairn_when_timer(self->process, change->name);
    if (!when || !when->every_us) /* a schedule is set by the engine */
        add_result(scenario, &self->timers, instance)->timer = *change;
}

const char *cairn_processing_wait(struct cairn_scenario *scenario, const char *name,
                                  struct cairn_uuid id)
{
    return cairn_print(&scenario->arena, "%s/%s", name, cairn_uuid_text(id));
}

static void keep_wait(struct cairn_scenario *scenario, struct cairn_test_instance *instance,
                      const struct cairn_association_change *change)
{
    struct cairn_processing *self = scenario->self;
    void **at =
        cairn_map_at(&instance->waits, cairn_processing_wait(scenario, change->name, change->id));
    if (!*at)
        *at = cairn_new(&scenario->arena, struct cairn_test_wait, 1);
    struct cairn_test_wait *wait = *at;
    if (change->ended)
        wait->since = 0;
    else if (wait->since == 0)
        wait->since = ++self->waits_begun;
}

/* Says that the function for an input is called. */
static void running(const struct cairn_scenario *scenario, const struct cairn_when *when)
{
    static const char *const macros[] = {
        [CAIRN_INPUT_EVENT] = "CAIRN_WHEN",
        [CAIRN_INPUT_TIMER] = "CAIRN_WHEN_TIMER",
        [CAIRN_INPUT_REFUSAL] = "CAIRN_WHEN_REFUSED",
    };
    const struct cairn_processing *self = scenario->self;
    const struct cairn_registered *handler = &when->handler;
    cairn_running_begin(scenario->step, handler->file, handler->line, "%s(%s, %s)",
                        when->every_us ? "CAIRN_WHEN_EVERY" : macros[when->input],
                        self->process->name, handler->record ? handler->record->name : when->timer);
}

void cairn_processing_step(struct cairn_here here, struct cairn_test_instance *instance,
                           const struct cairn_when *when, const void *input,
                           const struct cairn_meta *meta)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct cairn_processing *self = scenario->self;
    struct cairn_given given = cairn_scenario_given_now(scenario, instance->id);
    given.meta = meta;
    struct cairn_error wrong = {0};
    struct cairn_reaction *reaction = cairn_new(&scenario->arena, struct cairn_reaction, 1);
    scenario->acting = instance->id;
    running(scenario, when);
    int stepped = cairn_process_step(self->process, when, instance->state, input, &given,
                                     &scenario->arena, reaction, &wrong);
    cairn_running_end();
    if (stepped < 0)
        cairn_scenario_fail(here, "%s", wrong.message);
    for (size_t i = 0; i < reaction->sent_count; i++)
        keep_sent(scenario, instance, &reaction->sent[i]);
    for (size_t i = 0; i < reaction->timer_count; i++)
        keep_timer(scenario, instance, &reaction->timers[i]);
    for (size_t i = 0; i < reaction->association_count; i++)
        keep_wait(scenario, instance, &reaction->associations[i]);
}
