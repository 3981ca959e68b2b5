/* kit.h - the given/when/then kit of <cairn/test.h> in tests of cmocka: a failed THEN fails the
 * test. */
#ifndef KIT_H
#define KIT_H

#include <cairn/test.h>

#include <stdio.h>

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static inline void kit_fail(const char *file, int line, const char *message)
{
    (void)fprintf(stderr, "%s\n", message); /* print_error() would cut it */
    _fail(file, line);
}

/* The group's setup, for cmocka_run_group_tests. */
static inline int kit_setup(void **state)
{
    (void)state;
    cairn_test_on_failure(kit_fail);
    return 0;
}

#endif
