/* test_guide.c - the pages of docs/guide, executed literally, with the installed library alone. */
#include "../support/fixture.h"
#include "../support/shell.h"
#include "../support/support.h"

#include <stdio.h>
#include <stdlib.h>

static struct shell reader;

static int setup(void **state)
{
    (void)state;
    char path[400];
    shell_open(&reader, "guide");
    (void)snprintf(path, sizeof path, "%s/prefix", reader.directory);
    assert_int_equal(setenv("prefix", path, 1), 0);
    (void)snprintf(path, sizeof path, "%s/prefix/lib/pkgconfig", reader.directory);
    assert_int_equal(setenv("PKG_CONFIG_PATH", path, 1), 0);
    assert_int_equal(setenv("DATABASE_URL", getenv("CAIRN_TEST_ADMIN_URL"), 1), 0);
    shell_expect(&reader, "make -C \"$tree\" install BUILD=\"$build\" PREFIX=\"$prefix\"");
    return 0;
}

static void every_block_of_the_page_on_testing_does_what_it_says(void **state)
{
    (void)state;
    shell_expect(&reader, "\"$tree\"/tests/support/tutorial \"$tree\"/docs/guide/testing.md");
}

static void the_tests_of_the_page_leave_no_database(void **state)
{
    (void)state;
    assert_int_equal(fixture_sql_int(getenv("CAIRN_TEST_ADMIN_URL"),
                                     "select count(*) from pg_database"
                                     " where datname like 'cairn\\_test\\_%'"),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_of_the_page_on_testing_does_what_it_says),
        cmocka_unit_test(the_tests_of_the_page_leave_no_database),
    };
    return cmocka_run_group_tests_name("guide", tests, setup, NULL);
}
