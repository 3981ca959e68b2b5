/* kit.h - the given/when/then kit under cmocka: a failed THEN fails the test. */
#ifndef KIT_H
#define KIT_H

#include "support.h"

#include <cairn/test.h>

/* For cmocka_run_group_tests: the group's setup. */
int kit_setup(void **state);

#endif
