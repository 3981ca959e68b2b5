/* test_readme.c - the README's commands give its answers, and its excerpt is in the example. */
#include "../support/shell.h"
#include "../support/support.h"
#include "../support/system.h"

#include <stdio.h>

static struct system_under_test shop;
static struct shell place;

/* The page is followed in the repository, with the build and the run directory of the test. */
static int setup(void **state)
{
    (void)state;
    shop.authenticates = true;
    system_start(&shop);
    shell_open(&place, "readme");
    system_link(&shop, &place);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    system_stop(&shop);
    return 0;
}

static void every_block_of_the_readme_does_what_the_page_says(void **state)
{
    (void)state;
    char command[200];
    (void)snprintf(command, sizeof command,
                   "\"$tree\"/tests/support/tutorial \"$tree\"/README.md 8001=%d 8002=%d 8010=%d",
                   shop.user, shop.order, shop.query);
    shell_expect(&place, command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_of_the_readme_does_what_the_page_says),
    };
    return cmocka_run_group_tests_name("readme", tests, setup, teardown);
}
