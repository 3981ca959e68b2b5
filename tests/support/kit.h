/* kit.h - the given/when/then kit for cmocka: a failed THEN fails the test. */
#ifndef KIT_H
#define KIT_H

#include "support.h"

#include <cairn/test.h>

/* The group's setup, for cmocka_run_group_tests. */
int kit_setup(void **state);

/* Runs a scenario that has to fail: the first failure is in this file, and its message has these
 * words. */
#define KIT_EXPECT_FAILURE(SCENARIO, WORDS) kit_expect_failure(SCENARIO, WORDS, __FILE__)
void kit_expect_failure(void (*scenario)(void), const char *words, const char *file);

#endif
