/* test_patterns.c - docs/PATTERNS.md shows what it says, against the whole system. */
#include "../support/shell.h"
#include "../support/support.h"
#include "../support/system.h"

static struct system_under_test shop;
static struct shell place;

static int setup(void **state)
{
    (void)state;
    shop.authenticates = true;
    system_start(&shop);
    shell_open(&place, "patterns");
    system_link(&shop, &place);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    system_stop(&shop);
    return 0;
}

static void every_block_of_patterns_shows_what_the_page_says(void **state)
{
    (void)state;
    shell_expect(&place, "\"$tree\"/tests/support/tutorial \"$tree\"/docs/PATTERNS.md");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_of_patterns_shows_what_the_page_says),
    };
    return cmocka_run_group_tests_name("patterns", tests, setup, teardown);
}
