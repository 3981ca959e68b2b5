/* property.c - checks a property: searches for a sequence that fails, shortens it, reports it. */
#include "record/json.h"
#include "testkit/decider/facts.h"
#include "testkit/property/shrink/shrink.h"

#include "core/threads/clock.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct check {
    const char *file;
    int line;
    struct cairn_trial *trial;
    struct cairn_trial_plan plan;
    const struct cairn_property *property;
    struct cairn_arena arena;
};

static void fail(struct check *check, const char *format, ...) CAIRN_PRINTF(2, 3);

static void fail(struct check *check, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const char *message = cairn_print_va(&check->arena, format, list);
    va_end(list);
    cairn_test_fail(check->file, check->line, message);
}

/* ---- what is asked for ---- */

/* Reads the seed. Returns false, having failed the test, if CAIRN_TEST_SEED is no number. */
static bool read_seed(struct check *check)
{
    const char *text = getenv("CAIRN_TEST_SEED");
    char *end = NULL;
    errno = 0;
    if (!text || !*text) {
        int64_t seed = check->property->seed;
        check->plan.seed = seed ? (uint64_t)seed : (uint64_t)cairn_now().us % 1000000000;
        return true;
    }
    check->plan.seed = strtoull(text, &end, 10);
    if (isdigit((unsigned char)text[0]) && !*end && !errno)
        return true;
    fail(check, "CAIRN_TEST_SEED is \"%s\": it is a number from 0 to 2^64 - 1", text);
    return false;
}

/* Returns the number, or its default for 0; fails the test if it is out of bounds. */
static int bounded(struct check *check, const char *name, int number, int fallback, int most)
{
    if (number < 0 || number > most)
        fail(check, "CAIRN_PROPERTY: .%s is %d; it is from 1 to %d", name, number, most);
    return number > 0 && number <= most ? number : fallback;
}

/* Returns whether a command decides on other streams of its noun. */
static bool needs_own(const struct cairn_decider *decider)
{
    for (uint32_t i = 0; i < decider->commands->count; i++) {
        const struct cairn_need *needs = decider->decides()[i]->needs;
        for (int n = 0; n < CAIRN_NEEDS_MAX && needs[n].fact; n++) {
            if (cairn_fact_is_own(decider, needs[n].fact))
                return true;
        }
    }
    return false;
}

static bool make_plan(struct check *check)
{
    const struct cairn_property *property = check->property;
    const struct cairn_invariant *invariant = check->plan.invariant;
    const char *category = check->plan.decider->category;
    if (invariant && strcmp(invariant->of, category) != 0) {
        fail(check, "%s is an invariant of %s, not of %s", invariant->name, invariant->of,
             category);
        return false;
    }
    check->plan.sequences = bounded(check, "sequences", property->sequences, 200, 1000000);
    check->plan.commands = bounded(check, "commands", property->commands, 30, 200);
    check->plan.streams = bounded(check, "streams", property->streams,
                                  needs_own(check->plan.decider) ? 3 : 1, CAIRN_SEEN_STREAMS_MAX);
    return read_seed(check);
}

/* ---- a failure ---- */

static const char *subject(struct check *check, enum cairn_verdict verdict)
{
    const char *category = check->plan.decider->category;
    const struct cairn_invariant *invariant = check->plan.invariant;
    switch (verdict) {
    case CAIRN_STEP_BROKE:
        return cairn_print(&check->arena, "%s of %s does not hold", invariant->name, category);
    case CAIRN_STEP_BUG:
        return cairn_print(&check->arena, "a command of %s fails as internal-error", category);
    case CAIRN_STEP_ENDED:
    case CAIRN_STEP_HUNG:
        return cairn_print(&check->arena, "a sequence of %s does not come to its end", category);
    case CAIRN_STEP_WRONG:
    case CAIRN_STEP_WENT:
        break;
    }
    return cairn_print(&check->arena, "the property of %s cannot be checked", category);
}

/* Copies the steps, because the trial is used again. */
static struct cairn_step *copy_steps(struct check *check)
{
    const struct cairn_trial *trial = check->trial;
    struct cairn_step *steps = cairn_new(&check->arena, struct cairn_step, trial->step_count + 1);
    for (size_t i = 0; i < trial->step_count; i++) {
        const struct cairn_record *record = cairn_step_record(&trial->steps[i]);
        steps[i] = trial->steps[i];
        if (!record)
            continue;
        void *value = cairn_arena_alloc(&check->arena, record->size, record->align);
        cairn_record_copy(record, trial->steps[i].value, value, &check->arena);
        steps[i].value = value;
    }
    return steps;
}

/* Returns the lines without the last line break. */
static const char *lines_of(struct cairn_trial *trial)
{
    size_t length = strlen(trial->lines);
    if (length > 0 && trial->lines[length - 1] == '\n')
        trial->lines[length - 1] = '\0';
    return trial->lines;
}

/* Runs the steps with ids that are made differently. Values that name ids of earlier steps follow:
 * the ids occur in the same order. Returns whether the steps still fail in the same way. */
static bool change_ids(struct check *check, enum cairn_trial_ids ids, enum cairn_verdict verdict,
                       struct cairn_step *steps, size_t count)
{
    struct cairn_trial *trial = check->trial;
    cairn_trial_repeat(trial, &check->plan, steps, count, false);
    const struct cairn_seen old = trial->seen;
    const char *message = cairn_copy_text(&check->arena, trial->message);
    check->plan.ids = ids;
    for (size_t at = 0; at < count; at++) {
        cairn_trial_repeat(trial, &check->plan, steps, at, false);
        cairn_steps_follow(&old, &trial->seen, &steps[at], &check->arena);
    }
    cairn_trial_repeat(trial, &check->plan, steps, count, false);
    return trial->verdict == verdict && strcmp(trial->message, message) == 0;
}

/* Makes the sequence read as a test that was written by hand, if it fails there in the same way;
 * else with ids of their own for each command. */
static struct cairn_step *make_readable(struct check *check, enum cairn_verdict verdict,
                                        struct cairn_step *steps, size_t count)
{
    struct cairn_step *same = cairn_new(&check->arena, struct cairn_step, count + 1);
    memcpy(same, steps, count * sizeof *steps);
    if (change_ids(check, CAIRN_IDS_SAME, verdict, same, count))
        return same;
    check->plan.ids = CAIRN_IDS_OF_STEP;
    (void)change_ids(check, CAIRN_IDS_COUNTED, verdict, steps, count);
    return steps;
}

static void report(struct check *check)
{
    struct cairn_trial *trial = check->trial;
    const enum cairn_verdict verdict = trial->verdict;
    const char *found = cairn_copy_text(&check->arena, trial->message);
    size_t all = trial->step_count;
    struct cairn_step *steps = copy_steps(check);
    if (verdict == CAIRN_STEP_WRONG) {
        fail(check, "%s: %s", subject(check, verdict), found);
        return;
    }
    size_t count = cairn_shrink(trial, &check->plan, verdict, steps, all, &check->arena);
    steps = make_readable(check, verdict, steps, count);
    cairn_trial_repeat(trial, &check->plan, steps, count, true);
    if (trial->verdict != verdict)
        fail(check,
             "%s: %s\nCAIRN_TEST_SEED=%" PRIu64
             " found it, but the same steps did not repeat it: its result depends on more than "
             "state, command and `given`",
             subject(check, verdict), found, check->plan.seed);
    else
        fail(check,
             "%s: %s\nCAIRN_TEST_SEED=%" PRIu64 " repeats it. %zu of its %zu steps are enough:\n"
             "    CAIRN_DECIDING(%s);\n%s",
             subject(check, verdict), trial->message, check->plan.seed, count, all,
             check->plan.decider->category, lines_of(trial));
}

/* ---- a run that says nothing ---- */

static void describe_refusals(struct check *check, struct cairn_buffer *out)
{
    const struct cairn_commands *commands = check->plan.decider->commands;
    for (uint32_t i = 0; i < commands->count && i < CAIRN_TRIAL_COMMANDS; i++) {
        if (!check->trial->accepted[i])
            cairn_buffer_print(out, "\n    %s: refused %" PRId64 " times, last as \"%s\"",
                               commands->types[i].name, check->trial->refused[i],
                               check->trial->refused_as[i]);
    }
}

static void check_coverage(struct check *check)
{
    const struct cairn_commands *commands = check->plan.decider->commands;
    struct cairn_buffer refusals = cairn_buffer(&check->arena);
    int64_t accepted = 0;
    for (uint32_t i = 0; i < commands->count && i < CAIRN_TRIAL_COMMANDS; i++)
        accepted += check->trial->accepted[i];
    describe_refusals(check, &refusals);
    if (accepted == 0 || (check->property->takes_all && refusals.length > 0))
        fail(check,
             "%d sequences of %s (CAIRN_TEST_SEED=%" PRIu64
             ") had no accepted command of these; a CAIRN_GENERATE can make better ones:%s",
             check->plan.sequences, check->plan.decider->category, check->plan.seed, refusals.text);
}

void cairn_property_check(const char *file, int line, const struct cairn_decider *decider,
                          const struct cairn_invariant *invariant,
                          const struct cairn_property *property)
{
    struct check check = {
        .file = file,
        .line = line,
        .plan = {.decider = decider, .invariant = invariant},
        .property = property,
        .trial = cairn_trial_open(),
    };
    if (!check.trial) {
        fail(&check, "there is no memory for a property test: %s", strerror(errno));
    } else if (make_plan(&check)) {
        cairn_trial_search(check.trial, &check.plan);
        if (check.trial->verdict != CAIRN_STEP_WENT)
            report(&check);
        else
            check_coverage(&check);
    }
    if (check.trial)
        cairn_trial_close(check.trial);
    cairn_arena_close(&check.arena);
}
