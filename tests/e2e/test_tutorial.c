/* test_tutorial.c - docs/TUTORIAL.md, executed literally. */
#include "../support/fixture.h"
#include "../support/shell.h"
#include "../support/support.h"

#include <stdio.h>
#include <stdlib.h>

static struct shell copy;

static void set_port(const char *name)
{
    char text[20];
    (void)snprintf(text, sizeof text, "%d", fixture_free_port());
    assert_int_equal(setenv(name, text, 1), 0);
}

static int setup(void **state)
{
    (void)state;
    shell_open(&copy, "tutorial");
    shell_copy_tree(&copy);
    set_port("CAIRN_USER_PORT");
    set_port("CAIRN_ORDER_PORT");
    set_port("CAIRN_PAYMENT_PORT");
    set_port("CAIRN_NOTIFICATION_PORT");
    set_port("CAIRN_ACQUIRER_PORT");
    set_port("CAIRN_QUERY_PORT");
    set_port("CAIRN_PROJECTOR_PORT");
    set_port("TUTORIAL_PORT");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)shell_run(&copy, "make down CLEAN=1");
    return 0;
}

static void every_block_of_the_tutorial_does_what_the_page_says(void **state)
{
    (void)state;
    shell_expect(&copy, "tests/support/tutorial docs/TUTORIAL.md $TUTORIAL_PORT");
}

/* After the last step, the tree passes the format check. */
static void what_the_tutorial_leaves_behind_is_formatted(void **state)
{
    (void)state;
    if (shell_run(&copy, "command -v clang-format") != 0)
        skip();
    shell_expect(&copy, "clang-format --dry-run -Werror services/invoice/*.[ch]"
                        " projections/invoices.[ch] tests/*/test_invoice.c");
}

/* Checks that the test above can fail. */
static void a_page_that_says_something_else_is_found_out(void **state)
{
    (void)state;
    shell_expect(&copy, "printf '%s\\n' '```sh' 'echo one' '```' '```text' 'o…e' '```' >page"
                        " && tests/support/tutorial page");
    shell_expect(&copy, "printf '%s\\n' '```sh' 'echo one' '```' '```text' 'two' '```' >page"
                        " && ! tests/support/tutorial page");
    shell_expect(&copy, "printf '%s\\n' '```sh' 'false' '```' >page"
                        " && ! tests/support/tutorial page");
    shell_expect(&copy, "printf '%s\\n' '```python' 'pass' '```' >page"
                        " && ! tests/support/tutorial page");
    shell_expect(&copy, "printf '%s\\n' '```c' 'int in_no_example;' '```' >page"
                        " && ! tests/support/tutorial page");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_of_the_tutorial_does_what_the_page_says),
        cmocka_unit_test(what_the_tutorial_leaves_behind_is_formatted),
        cmocka_unit_test(a_page_that_says_something_else_is_found_out),
    };
    return cmocka_run_group_tests_name("tutorial", tests, setup, teardown);
}
