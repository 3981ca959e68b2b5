/* step_make.c - makes the next step of a random sequence. */
#include "record/json.h"
#include "store/command_type.h"
#include "testkit/decider/facts.h"
#include "testkit/property/steps/steps.h"
#include "testkit/running.h"

#include <stdio.h>
#include <string.h>

struct cairn_handlers cairn_generators;

/* Prefers commands that can be accepted: those that create where the stream does not exist. */
static const struct cairn_command_type *pick_command(struct cairn_sequence *sequence)
{
    const struct cairn_commands *commands = sequence->deciding->decider->commands;
    struct cairn_random *random = &sequence->generator.random;
    bool exists = *cairn_scenario_version(sequence->scenario) > 0;
    bool any = cairn_random_chance(random, 10);
    const struct cairn_command_type *command = NULL;
    for (int attempt = 0; attempt < 50; attempt++) {
        command = &commands->types[cairn_random_index(random, commands->count)];
        if (any || cairn_command_creates(command) != exists)
            break;
    }
    return command;
}

/* ---- facts of other nouns ---- */

/* Carries out some random commands of another noun on one stream. */
static void run_nested(struct cairn_sequence *nested, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct cairn_step step;
        struct cairn_error error = {0};
        if (cairn_step_make(nested, &step, &error) != CAIRN_STEP_WENT ||
            cairn_step_run(nested, &step, &error) != CAIRN_STEP_WENT)
            return;
    }
}

/* Folds what random commands of the fact's noun make of a stream: its rules hold. */
static void fold_commands(struct cairn_sequence *sequence, const struct cairn_decider *decider,
                          const struct cairn_fact *fact, void *ret)
{
    struct cairn_sequence nested;
    cairn_sequence_begin(&nested, decider, NULL);
    struct cairn_arena *arena = &nested.scenario->arena;
    void *state = cairn_arena_alloc(arena, fact->state->size, fact->state->align);
    nested.is_nested = true;
    nested.scenario->now = sequence->scenario->now;
    nested.generator.random = sequence->generator.random;
    run_nested(&nested, cairn_random_index(&nested.generator.random, 6));
    for (size_t i = 0; i < nested.event_count; i++) {
        const struct cairn_happened *event = &nested.events[i];
        const struct cairn_test_event happened = {
            .type = cairn_events_of(decider->events, event->record), .event = event->event};
        cairn_fact_learn(nested.scenario, fact, &happened, state);
    }
    cairn_record_copy(fact->state, state, ret, sequence->generator.arena);
    sequence->generator.random = nested.generator.random;
    cairn_sequence_end(&nested);
}

/* Folds random events, as far as nothing is known of what the fact's noun allows. */
static void fold_events(struct cairn_sequence *sequence, const struct cairn_fact *fact, void *state)
{
    struct cairn_generator *generator = &sequence->generator;
    size_t count = cairn_random_index(&generator->random, 4);
    for (size_t i = 0; i < count; i++) {
        const struct cairn_event_type *type =
            &fact->events->types[cairn_random_index(&generator->random, fact->events->count)];
        const struct cairn_test_event event = {
            .type = type, .event = cairn_generate_record(generator, type->record)};
        cairn_fact_learn(sequence->scenario, fact, &event, state);
    }
}

/* Makes a state that the fact's stream can have. */
static const void *make_fact(struct cairn_sequence *sequence, const struct cairn_fact *fact)
{
    struct cairn_generator *generator = &sequence->generator;
    const struct cairn_decider *decider = cairn_fact_decider(fact);
    void *state = cairn_arena_alloc(generator->arena, fact->state->size, fact->state->align);
    if (decider && !sequence->is_nested)
        fold_commands(sequence, decider, fact, state);
    else
        fold_events(sequence, fact, state);
    return state;
}

/* Adds a fact to those that differ. */
static size_t add_fact(const struct cairn_fact **facts, size_t count, const struct cairn_fact *fact)
{
    for (size_t i = 0; i < count; i++) {
        if (facts[i] == fact)
            return count;
    }
    if (count < CAIRN_TEST_FACTS_MAX)
        facts[count++] = fact;
    return count;
}

/* Returns a fact of another noun that the decider's commands need; NULL if there is none. */
static const struct cairn_fact *pick_fact(struct cairn_sequence *sequence)
{
    const struct cairn_decider *decider = sequence->deciding->decider;
    const struct cairn_fact *facts[CAIRN_TEST_FACTS_MAX] = {NULL};
    size_t count = 0;
    for (uint32_t i = 0; i < decider->commands->count; i++) {
        const struct cairn_need *needs = decider->decides()[i]->needs;
        for (int n = 0; n < CAIRN_NEEDS_MAX && needs[n].fact; n++) {
            if (!cairn_fact_is_own(decider, needs[n].fact))
                count = add_fact(facts, count, needs[n].fact);
        }
    }
    return count ? facts[cairn_random_index(&sequence->generator.random, count)] : NULL;
}

/* ---- commands ---- */

static void generate(struct cairn_sequence *sequence, const struct cairn_generates *generates,
                     const struct cairn_command_type *command, void *value)
{
    const void *state = generates->decider->overs
                            ? cairn_deciding_composed(sequence->scenario, command, value)
                            : cairn_deciding_state(sequence->scenario);
    cairn_running_begin(sequence->scenario->step, generates->handler.file, generates->handler.line,
                        "CAIRN_GENERATE(%s, %s)", generates->decider->category,
                        generates->handler.record->name);
    generates->generate(state, value, &sequence->generator.random, sequence->generator.arena);
    cairn_running_end();
}

static void let_test_change(struct cairn_sequence *sequence,
                            const struct cairn_command_type *command, void *value)
{
    for (struct cairn_registered *at = cairn_generators.first; at; at = at->next) {
        const struct cairn_generates *generates = (const struct cairn_generates *)at;
        if (generates->decider == sequence->deciding->decider &&
            cairn_record_same(at->record, command->record))
            generate(sequence, generates, command, value);
    }
}

/* A command that creates may have the member NOUN_id: it is the stream's id, except in a
 * boundary. */
static void set_own_id(struct cairn_sequence *sequence, const struct cairn_command_type *command,
                       char *value)
{
    char name[100];
    (void)snprintf(name, sizeof name, "%s_id", sequence->deciding->decider->category);
    const struct cairn_field *field = cairn_record_field(command->record, name);
    if (!sequence->deciding->decider->overs && cairn_command_creates(command) && field &&
        field->kind == CAIRN_KIND_UUID)
        memcpy(value + field->offset, &sequence->scenario->id, sizeof sequence->scenario->id);
}

/* What a command decides on is mostly a stream that there is. */
static void name_own_streams(struct cairn_sequence *sequence,
                             const struct cairn_command_type *command, char *value)
{
    const struct cairn_decider *decider = sequence->deciding->decider;
    const struct cairn_seen *seen = &sequence->generator.seen;
    struct cairn_random *random = &sequence->generator.random;
    const struct cairn_need *needs = cairn_decides_of(decider, command)->needs;
    for (int i = 0; i < CAIRN_NEEDS_MAX && needs[i].fact; i++) {
        if (!cairn_fact_is_own(decider, needs[i].fact) || seen->stream_count == 0 ||
            !cairn_random_chance(random, 80))
            continue;
        struct cairn_uuid id = seen->streams[cairn_random_index(random, seen->stream_count)];
        memcpy(value + needs[i].id_offset, &id, sizeof id);
    }
}

static enum cairn_verdict make_command(struct cairn_sequence *sequence, struct cairn_step *ret,
                                       struct cairn_error *error)
{
    const struct cairn_command_type *command = pick_command(sequence);
    void *value = cairn_generate_record(&sequence->generator, command->record);
    struct cairn_error wrong = {0};
    set_own_id(sequence, command, value);
    name_own_streams(sequence, command, value);
    let_test_change(sequence, command, value);
    ret->command = command;
    ret->value = value;
    if (cairn_record_check(command->record, value, &wrong) == 0)
        return CAIRN_STEP_WENT;
    (void)cairn_fail(error, CAIRN_INVALID,
                     "the test made a %s whose %s %s: its CAIRN_GENERATE has to make a valid one",
                     command->name, wrong.wrong[0].pointer, wrong.wrong[0].message);
    return CAIRN_STEP_WRONG;
}

/* ---- a step ---- */

static struct cairn_uuid pick_stream(struct cairn_sequence *sequence)
{
    struct cairn_uuid id = CAIRN_TEST_ID;
    id.bytes[15] = (uint8_t)(id.bytes[15] + cairn_random_index(&sequence->generator.random,
                                                               (size_t)sequence->streams));
    return id;
}

static struct cairn_time pick_time(struct cairn_sequence *sequence)
{
    static const int64_t steps[] = {CAIRN_SECONDS(1), CAIRN_MINUTES(10), CAIRN_HOURS(1),
                                    CAIRN_HOURS(24), CAIRN_HOURS(24) * 30};
    size_t count = sizeof steps / sizeof steps[0];
    return cairn_time_after(sequence->scenario->now,
                            steps[cairn_random_index(&sequence->generator.random, count)]);
}

static enum cairn_verdict make(struct cairn_sequence *sequence, struct cairn_step *ret,
                               struct cairn_error *error)
{
    struct cairn_random *random = &sequence->generator.random;
    const struct cairn_fact *fact = pick_fact(sequence);
    sequence->generator.now = sequence->scenario->now;
    *ret = (struct cairn_step){.kind = CAIRN_STEP_COMMAND};
    if (sequence->streams > 1 && cairn_random_chance(random, 25)) {
        ret->kind = CAIRN_STEP_STREAM;
        ret->stream = pick_stream(sequence);
    } else if (fact && cairn_random_chance(random, 25)) {
        ret->kind = CAIRN_STEP_FACT;
        ret->fact = fact;
        ret->value = make_fact(sequence, fact);
    } else if (cairn_random_chance(random, 10)) {
        ret->kind = CAIRN_STEP_TIME;
        ret->time = pick_time(sequence);
    } else if (!sequence->deciding->decider->overs ||
               !cairn_random_chance(random, sequence->event_count ? 25 : 80) ||
               !cairn_step_make_given(sequence, ret)) {
        return make_command(sequence, ret, error);
    }
    return CAIRN_STEP_WENT;
}

enum cairn_verdict cairn_step_make(struct cairn_sequence *sequence, struct cairn_step *ret,
                                   struct cairn_error *error)
{
    enum cairn_verdict verdict = make(sequence, ret, error);
    ret->number = ++sequence->made;
    return verdict;
}
