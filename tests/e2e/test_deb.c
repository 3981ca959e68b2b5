/* test_deb.c - the Debian package: what it has, what it depends on, and that a new project builds
 * and runs with its content. */
#include "../support/shell.h"
#include "../support/support.h"

#include <cairn/version.h>

#include <stdbool.h>
#include <stdlib.h>

static struct shell place;

static void expect(const char *command)
{
    shell_expect(&place, command);
}

static bool is_debian(void)
{
    return shell_run(&place, "command -v dpkg-deb && command -v dpkg-shlibdeps") == 0;
}

/* Packs this build; `make deb` would first build another one, with Debian's flags. */
static int setup(void **state)
{
    (void)state;
    shell_open(&place, "deb");
    assert_int_equal(setenv("TMPDIR", place.directory, 1), 0);
    (void)unsetenv("DATABASE_URL");
    (void)unsetenv("REDIS_URL");
    if (is_debian())
        expect("SOURCE_DATE_EPOCH=1700000000 \"$tree/deploy/deb\" \"$build\" >name"
               " && mv \"$(cat name)\" cairn.deb && dpkg-deb -x cairn.deb root"
               " && dpkg-deb -f cairn.deb >control");
    return 0;
}

/* ---- tests ---- */

static void it_has_the_library_and_the_command_without_the_shop(void **state)
{
    (void)state;
    if (!is_debian())
        skip();
    expect("test \"$(root/usr/bin/cairn --version)\" = 'cairn " CAIRN_VERSION "'"
           " && test \"$(ls root/usr/bin)\" = cairn");
    expect(
        "test -e root/usr/lib/$(gcc -print-multiarch)/libcairn.a"
        " && test -e root/usr/include/cairn/service.h -a -x root/usr/share/cairn/project/deploy/roles"
        " && gzip -dc root/usr/share/man/man1/cairn.1.gz | grep -F 'cairn doctor'"
        " && grep -F 'complete -F _cairn cairn' root/usr/share/bash-completion/completions/cairn"
        " && grep '^License: Expat' root/usr/share/doc/cairn/copyright"
        " && test -e root/usr/share/doc/cairn/guide/claims.md");
    expect("grep -x 'Package: cairn' control && grep -E '^Version: " CAIRN_VERSION
           "-1~[a-z]+[0-9.]+$' control");
    expect("! grep -rF \"$tree\" root/usr/include root/usr/lib/*/pkgconfig root/usr/share");
    expect("test -z \"$(find root -newermt @1700000000)\""); /* one time for all */
}

/* Each library that the command loads is in a package that it depends on, in this release of
 * Debian, and so is each that cairn.pc requires. */
static void it_depends_on_what_it_needs(void **state)
{
    (void)state;
    if (!is_debian())
        skip();
    expect(
        "readelf -d root/usr/bin/cairn | sed -n 's/.*NEEDED.*\\[\\(.*\\)\\]/\\1/p' >needed"
        " && test $(wc -l <needed) -ge 6 && while read -r library; do"
        " package=$(dpkg -S \"*/$(gcc -print-multiarch)/$library\" | cut -d: -f1"
        " | grep -v -e '-dev$' -e '-dbg$' | head -n 1);"
        " test \"$package\" && grep -E \"^Depends: .*\\b$package\\b\" control || { echo \"$library of $package\"; exit 1; };"
        " done <needed");
    expect(
        "for module in $(sed -n 's/^Requires: //p' root/usr/lib/*/pkgconfig/cairn.pc); do"
        " package=$(dpkg -S \"*/$module.pc\" | head -n 1 | cut -d: -f1);"
        " test \"$package\" && grep -E \"^Depends: .*\\b$package\\b\" control || { echo \"$module of $package\"; exit 1; }; done");
}

static void a_new_project_builds_and_runs_with_it(void **state)
{
    (void)state;
    if (!is_debian())
        skip();
    expect("export PATH=$PWD/root/usr/bin:$PATH PKG_CONFIG_SYSROOT_DIR=$PWD/root"
           " PKG_CONFIG_PATH=$(echo $PWD/root/usr/lib/*/pkgconfig) && cairn new library"
           " && make -C library -j2 WERROR=1 all tests && make -C library test");
}

static void the_same_build_makes_the_same_package(void **state)
{
    (void)state;
    if (!is_debian())
        skip();
    expect("SOURCE_DATE_EPOCH=1700000000 \"$tree/deploy/deb\" \"$build\" >name"
           " && cmp \"$(cat name)\" cairn.deb && rm \"$(cat name)\"");
    expect("dpkg-deb --control cairn.deb meta && cd root && md5sum --quiet -c ../meta/md5sums"
           " && test $(wc -l <../meta/md5sums) = $(find . -type f | wc -l)");
}

static void lintian_has_no_error_to_report(void **state)
{
    (void)state;
    if (!is_debian() || shell_run(&place, "command -v lintian") != 0)
        skip();
    expect("lintian --fail-on error cairn.deb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_the_library_and_the_command_without_the_shop),
        cmocka_unit_test(it_depends_on_what_it_needs),
        cmocka_unit_test(a_new_project_builds_and_runs_with_it),
        cmocka_unit_test(the_same_build_makes_the_same_package),
        cmocka_unit_test(lintian_has_no_error_to_report),
    };
    return cmocka_run_group_tests_name("deb", tests, setup, NULL);
}
