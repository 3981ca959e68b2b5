/* kit.c - connects the given/when/then kit to cmocka. */
#include "kit.h"

#include <stdio.h>
#include <string.h>

static char said[8192]; /* the first failure that was expected */
static const char *expected_file;

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

static void remember(const char *file, int line, const char *message)
{
    assert_string_equal(file, expected_file);
    assert_true(line > 0);
    if (said[0] == '\0')
        (void)snprintf(said, sizeof said, "%s", message);
}

void kit_expect_failure(void (*scenario)(void), const char *words, const char *file)
{
    said[0] = '\0';
    expected_file = file;
    cairn_test_on_failure(remember);
    scenario();
    (void)kit_setup(NULL);
    if (!strstr(said, words))
        fail_msg("wanted: %s\nin: %s", words, said);
}
