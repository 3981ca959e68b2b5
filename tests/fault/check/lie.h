/* lie.h - one false statement in a true story (story.h), for tests of the checker. */
#ifndef LIE_H
#define LIE_H

#include "../story.h"
#include "check.h"

enum story_file { HISTORY, LOG_FILE, ROWS, BUS, GENERATIONS, TAGS };
enum lie_how { SETS, REMOVES, ADDS };

/* Sets a member of a line (the first is 1) to this value, removes the line, or adds one. */
struct lie {
    const char *sentence;
    const char *rule;
    enum story_file file;
    enum lie_how how;
    size_t line;
    const char *member;
    const char *value;
};

/* Checks the story with this lie, NULL for none. */
struct verdict lie_judge(const struct true_story *story, const struct lie *lie);

/* Fails the test unless the rule of each lie complains of it. */
void lies_are_found(const struct true_story *story, const struct lie *lies, size_t count);

/* Fails the test unless each rule, in an array that NULL ends, has a lie. */
void lies_are_for_all(const char *const rules[], const struct lie *lies, size_t count);

#endif
