/* failing.c - comparisons and failures of a test in progress. */
#include "record/json.h"
#include "testkit/running.h"
#include "testkit/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_and_abort(const char *file, int line, const char *message)
{
    (void)fprintf(stderr, "%s:%d: %s\n", file, line, message);
    abort();
}

static cairn_test_failure *on_failure = print_and_abort;

void cairn_test_on_failure(cairn_test_failure *failure)
{
    on_failure = failure ? failure : print_and_abort;
}

void cairn_test_fail(const char *file, int line, const char *message)
{
    cairn_running_end(); /* the failure may end the process, or jump away */
    on_failure(file, line, message);
}

/* The message is in the arena, so that the longest row is shown completely. */
void cairn_scenario_fail(struct cairn_here here, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    size_t size = length < 0 ? 1 : (size_t)length + 1;
    char *message = cairn_arena_alloc(&here.scenario->arena, size, 1);
    va_start(list, format);
    (void)vsnprintf(message, size, format, list);
    va_end(list);
    here.scenario->failed = true;
    cairn_test_fail(here.file, here.line, message);
}

/* ---- comparing ---- */

const char *cairn_scenario_json(struct cairn_scenario *scenario, const struct cairn_record *record,
                                const void *value)
{
    struct cairn_buffer out = cairn_buffer(&scenario->arena);
    cairn_record_encode(record, value, &out);
    return out.text;
}

void cairn_scenario_compare(struct cairn_here here, const char *what,
                            const struct cairn_record *wanted_of, const void *wanted,
                            const struct cairn_record *seen_of, const void *seen)
{
    const char *left = cairn_scenario_json(here.scenario, wanted_of, wanted);
    const char *right = cairn_scenario_json(here.scenario, seen_of, seen);
    if (!cairn_record_same(wanted_of, seen_of) || strcmp(left, right) != 0)
        cairn_scenario_fail(here, "%s differs\n  wanted: %s %s\n  seen:   %s %s", what,
                            wanted_of->name, left, seen_of->name, right);
}

/* ---- errors in the test itself ---- */

bool cairn_scenario_possible(struct cairn_here here, struct cairn_any value)
{
    struct cairn_error wrong = {0};
    if (cairn_record_check(value.record, value.value, &wrong) == 0)
        return true;
    cairn_scenario_fail(here, "invalid %s: %s %s", value.record->name, wrong.wrong[0].pointer,
                        wrong.wrong[0].message);
    return false;
}

void *cairn_scenario_takes(struct cairn_here here, const char *kind, const char *word)
{
    if (strcmp(here.scenario->kind->name, kind) == 0)
        return here.scenario->self;
    cairn_scenario_fail(here, "%s belongs to %s, this is %s", word, kind,
                        here.scenario->kind->name);
    return NULL;
}

void *cairn_scenario_was_asked(struct cairn_here here, const char *kind, const char *word)
{
    void *self = cairn_scenario_takes(here, kind, word);
    if (!self || here.scenario->asked)
        return self;
    cairn_scenario_fail(here, "%s without a WHEN before it", word);
    return NULL;
}
