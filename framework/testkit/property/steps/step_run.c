/* step_run.c - carries out the steps of a sequence on a test in progress. */
#include "record/json.h"
#include "testkit/decider/facts.h"
#include "testkit/property/steps/steps.h"
#include "testkit/running.h"

#include <cairn/test_property.h>

void cairn_sequence_begin(struct cairn_sequence *ret, const struct cairn_decider *decider,
                          const struct cairn_invariant *invariant)
{
    struct cairn_scenario *scenario = cairn_scenario_decider(decider);
    *ret = (struct cairn_sequence){
        .scenario = scenario,
        .deciding = scenario->self,
        .invariant = invariant,
        .generator = {.arena = &scenario->arena, .now = scenario->now},
        .streams = 1,
    };
}

void cairn_sequence_end(struct cairn_sequence *sequence)
{
    sequence->scenario->asked = false;
    cairn_scenario_close(&sequence->scenario);
}

const struct cairn_record *cairn_step_record(const struct cairn_step *step)
{
    return step->command                   ? step->command->record
           : step->event                   ? step->event->record
           : step->kind == CAIRN_STEP_FACT ? step->fact->state
                                           : NULL;
}

const void *cairn_happened_as(const struct cairn_happened *happened,
                              const struct cairn_record *record)
{
    return cairn_record_same(happened->record, record) ? happened->event : NULL;
}

int cairn_broken(struct cairn_error *error, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int failed = cairn_fail_va(error, CAIRN_BUG, format, list);
    va_end(list);
    return failed;
}

/* ---- a command ---- */

static void add_event(struct cairn_sequence *sequence, const struct cairn_event_type *type,
                      const void *event)
{
    cairn_grow(&sequence->scenario->arena, sequence->events, sequence->event_count,
               &sequence->event_capacity);
    sequence->events[sequence->event_count++] = (struct cairn_happened){
        .meta = cairn_deciding_evolve(sequence->scenario, type, event),
        .record = type->record,
        .event = event,
    };
    cairn_seen_add(&sequence->generator.seen, type->record, event);
    cairn_seen_add_stream(&sequence->generator.seen, sequence->scenario->id);
}

/* Of a boundary it is what the command would be decided on next. */
static const void *state_after(struct cairn_sequence *sequence, const struct cairn_step *step)
{
    if (!sequence->deciding->decider->overs)
        return cairn_deciding_state(sequence->scenario);
    return cairn_deciding_composed(sequence->scenario, step->command, step->value);
}

static enum cairn_verdict check_invariant(struct cairn_sequence *sequence,
                                          const struct cairn_step *step, struct cairn_error *error)
{
    const struct cairn_history history = {sequence->events, sequence->event_count};
    if (!sequence->invariant)
        return CAIRN_STEP_WENT;
    const void *state = state_after(sequence, step);
    cairn_running_begin(sequence->scenario->step, sequence->invariant->at, 0,
                        "CAIRN_INVARIANT(%s, %s)", sequence->invariant->of,
                        sequence->invariant->name);
    int broken = sequence->invariant->holds(state, &history, error);
    cairn_running_end();
    return broken ? CAIRN_STEP_BROKE : CAIRN_STEP_WENT;
}

static enum cairn_verdict run_command(struct cairn_sequence *sequence,
                                      const struct cairn_step *step, struct cairn_error *error)
{
    const struct cairn_deciding *deciding = sequence->deciding;
    sequence->scenario->kind->forget(sequence->scenario);
    cairn_deciding_run(sequence->scenario, step->command, step->value);
    if (deciding->outcome == -CAIRN_BUG) {
        (void)cairn_error_pass(error, &deciding->error);
        return CAIRN_STEP_BUG;
    }
    if (deciding->outcome < 0)
        return CAIRN_STEP_WENT;
    for (size_t i = 0; i < deciding->decision.event_count; i++)
        add_event(sequence, deciding->decision.events[i].type, deciding->decision.events[i].event);
    return check_invariant(sequence, step, error);
}

/* The events of the other boundary are of its own category. */
static void run_given(struct cairn_sequence *sequence, const struct cairn_step *step)
{
    struct cairn_deciding *deciding = sequence->deciding;
    const struct cairn_decider *own = deciding->decider;
    sequence->scenario->kind->forget(sequence->scenario);
    if (step->event) {
        add_event(sequence, step->event, step->value);
        return;
    }
    deciding->decider = step->decider;
    cairn_deciding_run(sequence->scenario, step->command, step->value);
    for (size_t i = 0; i < deciding->decision.event_count; i++)
        add_event(sequence, deciding->decision.events[i].type, deciding->decision.events[i].event);
    deciding->decider = own;
}

enum cairn_verdict cairn_step_run(struct cairn_sequence *sequence, const struct cairn_step *step,
                                  struct cairn_error *error)
{
    switch (step->kind) {
    case CAIRN_STEP_COMMAND:
        return run_command(sequence, step, error);
    case CAIRN_STEP_FACT:
        (void)cairn_deciding_learn(sequence->deciding, step->fact->name, step->value);
        break;
    case CAIRN_STEP_STREAM:
        sequence->scenario->id = step->stream;
        break;
    case CAIRN_STEP_TIME:
        sequence->scenario->now = step->time;
        break;
    case CAIRN_STEP_GIVEN:
        run_given(sequence, step);
        break;
    }
    return CAIRN_STEP_WENT;
}
