/* kit.c - connects the given/when/then kit to cmocka. */
#include "kit.h"

static void fail_test(const char *file, int line, const char *message)
{
    print_error("%s\n", message);
    _fail(file, line);
}

int kit_setup(void **state)
{
    (void)state;
    cairn_test_on_failure(fail_test);
    return 0;
}
