/* process_time.c - timers and schedules in a test of a process. */
#include "testkit/process/processing.h"

#include "process/react/inputs.h"

#include <string.h>

/* ---- schedules ---- */

/* Returns the process of a schedule, which the service starts by itself. */
static struct cairn_test_instance *begin_schedule(struct cairn_scenario *scenario,
                                                  const struct cairn_when *when)
{
    struct cairn_processing *self = scenario->self;
    struct cairn_uuid id;
    (void)cairn_input_of_schedule(self->process, when, &scenario->arena, &id);
    struct cairn_test_instance *instance = cairn_processing_instance(scenario, id);
    void **at = cairn_map_at(&instance->timers, when->timer);
    if (*at)
        return instance;
    struct cairn_test_timer *timer = cairn_new(&scenario->arena, struct cairn_test_timer, 1);
    *timer = (struct cairn_test_timer){cairn_next_period(scenario->now, when->every_us),
                                       self->timers_set++};
    *at = timer;
    return instance;
}

static void begin_schedules(struct cairn_scenario *scenario)
{
    const struct cairn_processing *self = scenario->self;
    for (const struct cairn_registered *at = self->process->when->first; at; at = at->next) {
        const struct cairn_when *when = (const struct cairn_when *)at;
        if (when->every_us > 0)
            (void)begin_schedule(scenario, when);
    }
}

/* ---- timers ---- */

static void fire(struct cairn_here here, struct cairn_test_instance *instance,
                 const struct cairn_when *when)
{
    struct cairn_test_timer *timer = cairn_map_get(&instance->timers, when->timer);
    if (timer)
        timer->at = (struct cairn_time){0};
    cairn_processing_step(here, instance, when, when->timer, NULL);
}

/* Finds the handler of a timer, or of a schedule by its label. Fails the test, and returns NULL, if
 * there is none. */
static const struct cairn_when *find_timer(struct cairn_here here, const char *name)
{
    const struct cairn_processing *self = here.scenario->self;
    const char *schedule = cairn_print(&here.scenario->arena, "every %s", name);
    const struct cairn_when *when = cairn_when_timer(self->process, name);
    if (!when)
        when = cairn_when_timer(self->process, schedule);
    if (!when)
        cairn_scenario_fail(here,
                            "%s does not wait for a timer %s: it has no CAIRN_WHEN_TIMER with this "
                            "name, and no CAIRN_WHEN_EVERY with this label",
                            self->process->name, name);
    return when;
}

void cairn_scenario_when_timer(struct cairn_here here, const char *name)
{
    const struct cairn_processing *self =
        cairn_scenario_takes(here, "CAIRN_PROCESSING", "WHEN_TIMER");
    if (!self)
        return;
    cairn_scenario_ask(here);
    const struct cairn_when *when = find_timer(here, name);
    struct cairn_test_instance *instance = NULL;
    if (when && when->every_us > 0 && !self->chosen)
        instance = begin_schedule(here.scenario, when);
    else if (when)
        instance = cairn_processing_choose(here, "WHEN_TIMER");
    if (instance)
        fire(here, instance, when);
}

/* A timer that is due. */
struct due {
    struct cairn_test_instance *instance;
    const char *name;
    struct cairn_test_timer timer;
};

static bool is_before(const struct cairn_test_timer *a, const struct cairn_test_timer *b)
{
    return a->at.us < b->at.us || (a->at.us == b->at.us && a->number < b->number);
}

/* Finds the earliest timer that is set to a time until `by`. */
static bool find_due(const struct cairn_processing *self, struct cairn_time by, struct due *ret)
{
    *ret = (struct due){.instance = NULL};
    for (size_t i = 0; i < self->instances.count; i++) {
        struct cairn_test_instance *instance = self->instances.entries[i].value;
        for (size_t t = 0; t < instance->timers.count; t++) {
            const struct cairn_map_entry *entry = &instance->timers.entries[t];
            const struct cairn_test_timer *timer = entry->value;
            bool is_due = timer->at.us > 0 && timer->at.us <= by.us;
            if (is_due && (!ret->instance || is_before(timer, &ret->timer)))
                *ret = (struct due){instance, entry->key, *timer};
        }
    }
    return ret->instance != NULL;
}

static void fire_due(struct cairn_here here, const struct due *due)
{
    const struct cairn_when *when = find_timer(here, due->name);
    if (when)
        fire(here, due->instance, when);
}

/* Fires what is due, in order; a timer that is set meanwhile may be among it. A timer that was set
 * to a time before the present one fires now. */
void cairn_processing_advance(struct cairn_here here, struct cairn_time to)
{
    struct cairn_scenario *scenario = here.scenario;
    struct cairn_processing *self = scenario->self;
    enum { FIRINGS_MAX = 10000 };
    struct due due;
    int count = 0;
    cairn_scenario_ask(here);
    self->chosen = NULL;
    begin_schedules(scenario);
    while (!scenario->failed && find_due(self, to, &due)) {
        if (due.timer.at.us > scenario->now.us)
            scenario->now = due.timer.at;
        if (++count > FIRINGS_MAX)
            cairn_scenario_fail(here, "the timer %s was set again %d times and is still due",
                                due.name, FIRINGS_MAX);
        else
            fire_due(here, &due);
    }
    scenario->now = to;
}
