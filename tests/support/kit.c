/* kit.c - connects the given/when/then kit to cmocka. */
#include "kit.h"

#include <stdio.h>

static void fail_test(const char *file, int line, const char *message)
{
    (void)fprintf(stderr, "%s\n", message); /* print_error() would cut it */
    _fail(file, line);
}

int kit_setup(void **state)
{
    (void)state;
    cairn_test_on_failure(fail_test);
    return 0;
}
