/* kit.h - the given/when/then kit for cmocka: a failed THEN fails the test. */
#ifndef KIT_H
#define KIT_H

#include "support.h"

#include <cairn/test.h>

/* The group's setup, for cmocka_run_group_tests. */
int kit_setup(void **state);

#endif
