/* step_run.c - carries out the steps of a sequence on a test in progress. */
#include "record/json.h"
#include "testkit/facts.h"
#include "testkit/property/steps.h"
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
    return step->kind == CAIRN_STEP_COMMAND ? step->command->record
           : step->kind == CAIRN_STEP_FACT  ? step->fact->state
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

static void apply_events(struct cairn_sequence *sequence)
{
    const struct cairn_decision *decision = &sequence->deciding->decision;
    struct cairn_arena *arena = &sequence->scenario->arena;
    for (size_t i = 0; i < decision->event_count; i++) {
        const struct cairn_emitted *emitted = &decision->events[i];
        cairn_grow(arena, sequence->events, sequence->event_count, &sequence->event_capacity);
        sequence->events[sequence->event_count++] = (struct cairn_happened){
            .meta = cairn_deciding_evolve(sequence->scenario, emitted->type, emitted->event),
            .record = emitted->type->record,
            .event = emitted->event,
        };
        cairn_seen_add(&sequence->generator.seen, emitted->type->record, emitted->event);
        cairn_seen_add_stream(&sequence->generator.seen, sequence->scenario->id);
    }
}

static enum cairn_verdict check_invariant(struct cairn_sequence *sequence,
                                          struct cairn_error *error)
{
    const struct cairn_history history = {sequence->events, sequence->event_count};
    if (!sequence->invariant)
        return CAIRN_STEP_WENT;
    const void *state = cairn_deciding_state(sequence->scenario);
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
    apply_events(sequence);
    return check_invariant(sequence, error);
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
    }
    return CAIRN_STEP_WENT;
}
