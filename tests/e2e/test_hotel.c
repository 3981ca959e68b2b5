/* test_hotel.c - examples/hotel, a repository of its own: it is built on the installed library, and
 * its tests pass. */
#include "../support/fixture.h"
#include "../support/shell.h"
#include "../support/support.h"

#include <stdio.h>
#include <stdlib.h>

static struct shell outside;
static char url[512];

static void expect(const char *command)
{
    shell_expect(&outside, command);
}

static int setup(void **state)
{
    (void)state;
    char path[400];
    shell_open(&outside, "hotel");
    fixture_empty_database(url, sizeof url);
    (void)snprintf(path, sizeof path, "%s/prefix", outside.directory);
    assert_int_equal(setenv("prefix", path, 1), 0);
    assert_int_equal(setenv("DATABASE_URL", url, 1), 0);
    assert_int_equal(setenv("REDIS_URL", fixture_redis(), 1), 0);
    expect("make -C \"$tree\" install BUILD=\"$build\" PREFIX=\"$prefix\"");
    expect("cp -r \"$tree/examples/hotel\" . && rm -rf hotel/build");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

/* ---- tests ---- */

static void without_the_library_its_makefile_says_what_to_do(void **state)
{
    (void)state;
    expect("! PKG_CONFIG_LIBDIR=/nonexistent make -C hotel 2>said && grep PKG_CONFIG_PATH said");
}

static void the_hotel_builds_by_pkg_config_without_a_warning(void **state)
{
    (void)state;
    expect("export PKG_CONFIG_PATH=\"$prefix/lib/pkgconfig\""
           " && make -j2 -C hotel all build/test_hotel build/listener build/v2/hotel"
           " CFLAGS='-O1 -g -Werror'");
    expect("! grep -rF \"$tree\" hotel --include=Makefile --include='*.[ch]'");
}

static void its_unit_tests_pass(void **state)
{
    (void)state;
    expect("PKG_CONFIG_PATH=\"$prefix/lib/pkgconfig\" make -C hotel test-unit"
           " CFLAGS='-O1 -g -Werror'");
}

static void its_end_to_end_tests_pass(void **state)
{
    (void)state;
    expect("PATH=\"$prefix/bin:$PATH\" hotel/tests/e2e/run");
}

static void they_pass_with_each_service_in_a_process_of_its_own(void **state)
{
    (void)state;
    fixture_drop(url);
    fixture_empty_database(url, sizeof url);
    assert_int_equal(setenv("DATABASE_URL", url, 1), 0);
    assert_int_equal(setenv("REDIS_URL", fixture_redis(), 1), 0); /* a bus belongs to one store */
    expect("PATH=\"$prefix/bin:$PATH\" WIRING=apart hotel/tests/e2e/run");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_library_its_makefile_says_what_to_do),
        cmocka_unit_test(the_hotel_builds_by_pkg_config_without_a_warning),
        cmocka_unit_test(its_unit_tests_pass),
        cmocka_unit_test(its_end_to_end_tests_pass),
        cmocka_unit_test(they_pass_with_each_service_in_a_process_of_its_own),
    };
    return cmocka_run_group_tests_name("hotel", tests, setup, teardown);
}
