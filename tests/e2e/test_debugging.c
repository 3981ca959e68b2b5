/* test_debugging.c - docs/DEBUGGING.md, executed literally on the whole shop, without tokens.
 * Blocks whose tools are not installed are left out, except under `make test-debugging`. */
#include "../support/fixture.h"
#include "../support/shell.h"
#include "../support/support.h"
#include "../support/system.h"

#include <stdio.h>

static struct system_under_test shop;
static struct shell place;

/* The page is followed in a directory that looks like the repository after `make up`. */
static int setup(void **state)
{
    (void)state;
    system_start(&shop);
    shell_open(&place, "debugging");
    system_link(&shop, &place);
    shell_expect(&place, "ln -s \"$tree/deploy\" deploy");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    system_stop(&shop);
    return 0;
}

static void every_command_of_the_page_on_debugging_does_what_it_says(void **state)
{
    (void)state;
    char command[300];
    (void)snprintf(command, sizeof command,
                   "\"$tree/tests/support/tutorial\" \"$tree/docs/DEBUGGING.md\""
                   " 15432=%d 8072=%d 8042=%d 8073=%d",
                   fixture_free_port(), fixture_free_port(), fixture_free_port(),
                   fixture_free_port());
    shell_expect(&place, command);
}

static void a_block_whose_tool_is_missing_is_left_out_unless_all_are_wanted(void **state)
{
    (void)state;
    shell_expect(&place,
                 "printf '%s\\n' '```sh no-such-tool' 'false' '```' '```text' 'x' '```' >page"
                 " && env -u TUTORIAL_ALL \"$tree/tests/support/tutorial\" page >said"
                 " && grep 'left out, for want of no-such-tool' said"
                 " && ! TUTORIAL_ALL=1 \"$tree/tests/support/tutorial\" page");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_whose_tool_is_missing_is_left_out_unless_all_are_wanted),
        cmocka_unit_test(every_command_of_the_page_on_debugging_does_what_it_says),
    };
    return cmocka_run_group_tests_name("debugging", tests, setup, teardown);
}
