/* test_new_service.c - `make new-service` in a copy of the tree: its output builds without a
 * warning, its tests pass, and a failure leaves no partial output. */
#include "../support/callers.h"
#include "../support/fixture.h"
#include "../support/service.h"
#include "../support/shell.h"
#include "../support/support.h"

#include <stdio.h>
#include <stdlib.h>

static struct shell copy;

static void expect(const char *command)
{
    shell_expect(&copy, command);
}

static int setup(void **state)
{
    (void)state;
    shell_open(&copy, "new-service");
    shell_copy_tree(&copy);
    return 0;
}

/* Lists the files, without the build and this test's own files. */
#define LIST "find . -path ./build -prune -o -type f ! -name output ! -name 'list.*' -print | sort"

/* Checks that the command fails and leaves the tree unchanged. */
static void expect_refusal(const char *command, const char *words)
{
    char all[1000];
    expect(LIST " >list.before");
    (void)snprintf(all, sizeof all,
                   "! %s 2>list.said && grep -F -- \"%s\" list.said && " LIST
                   " | cmp - list.before && test ! -e .new-service.*",
                   command, words);
    expect(all);
}

/* Builds the new service of a noun, with warnings as errors, and runs its tests on this test's
 * servers. */
static void expect_works(const char *noun)
{
    char command[1000];
    (void)snprintf(command, sizeof command,
                   "make BUILD=build WERROR=1 build/bin/cairn-%s build/tests/unit/test_%s"
                   " build/tests/e2e/test_%s && build/tests/unit/test_%s &&"
                   " CAIRN_TEST_BUILD=$PWD/build build/tests/e2e/test_%s",
                   noun, noun, noun, noun, noun);
    expect(command);
}

static void expect_closed(const char *noun, const char *path)
{
    static struct service service;
    char build[400];
    char kept[400];
    (void)snprintf(kept, sizeof kept, "%s", getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(build, sizeof build, "%s/build", copy.directory);
    assert_int_equal(setenv("CAIRN_TEST_BUILD", build, 1), 0);
    callers_open();
    service_start(&service, noun);
    assert_int_equal(setenv("CAIRN_TEST_BUILD", kept, 1), 0);
    callers_expect_closed(service.port, "POST", path, "");
    callers_expect_closed(service.port, "GET", path, "");
    service_stop(&service);
    callers_close();
}

/* ---- tests ---- */

static void a_new_service_builds_and_its_tests_pass(void **state)
{
    (void)state;
    expect("make new-service NAME=invoice");
    expect_works("invoice");
    expect("build/bin/cairn-invoice --help | grep 8030");
    expect("! grep -ri thing services/invoice projections/invoices.c tests/*/test_invoice.c");
    expect("grep 'POST /invoices' services/invoice/README.md");
}

static void it_starts_with_authentication_on(void **state)
{
    (void)state;
    expect_closed("invoice", "/invoices");
}

static void a_name_of_two_words_and_a_plural_of_its_own_do_as_well(void **state)
{
    (void)state;
    expect("make new-service NAME=credit_entry PLURAL=credit_entries");
    expect_works("credit_entry");
    expect("test -e tests/golden/credit_entry/CreditEntryOpened.v1.json");
    expect("make new-service NAME=nothing"); /* it contains the placeholder noun */
    expect_works("nothing");
    expect("for noun in invoice credit_entry nothing; do port=$(grep -oE '[.]port = [0-9]+' "
           "services/$noun/$noun.c) && test $(grep -rhF \"$port,\" services --include='*.c' | wc "
           "-l) = 1 || exit 1; done"); /* each its own port */
}

static void what_was_made_is_formatted(void **state)
{
    (void)state;
    if (shell_run(&copy, "command -v clang-format") != 0)
        skip();
    expect("clang-format --dry-run -Werror services/*/*.[ch] projections/*.[ch] tests/unit/*.c"
           " tests/e2e/*.c");
}

static void a_name_that_cannot_be_one_is_refused(void **state)
{
    (void)state;
    expect_refusal("make new-service", "which one?");
    expect_refusal("make new-service NAME=Receipt", "lower-case letters");
    expect_refusal("make new-service NAME=a-b", "lower-case letters");
    expect_refusal("make new-service NAME=../x", "lower-case letters");
    expect_refusal("make new-service NAME='a b'", "lower-case letters");
    expect_refusal("make new-service NAME=a__b", "lower-case letters");
    expect_refusal("make new-service NAME=1st", "lower-case letters");
    expect_refusal("make new-service NAME=abcdefghijklmnopqrstuvwxyzabcdef", "at most 30");
    expect_refusal("make new-service NAME=int", "a word of C");
    expect_refusal("make new-service NAME=fish PLURAL=fish", "PLURAL has to differ");
}

static void what_is_there_is_never_touched(void **state)
{
    (void)state;
    expect_refusal("make new-service NAME=order", "there is a service order already");
    expect_refusal("make new-service NAME=customer PLURAL=users", "projections/users.c is there");
    expect("echo mine >tests/unit/test_receipt.c");
    expect_refusal("make new-service NAME=receipt", "tests/unit/test_receipt.c is there");
    expect("test \"$(cat tests/unit/test_receipt.c)\" = mine && rm tests/unit/test_receipt.c");
}

/* The disk is full, or a person presses ^C, in the middle. */
static void what_breaks_off_leaves_nothing(void **state)
{
    (void)state;
    expect("mkdir list.d && printf '%s\\n' '#!/bin/bash' 'case $* in *receipt.h*) exit 1 ;; esac'"
           " 'exec /bin/mv \"$@\"' >list.d/mv && chmod +x list.d/mv && mv list.d ..");
    expect_refusal("PATH=$PWD/../list.d:$PATH make new-service NAME=receipt", "new-service");
    expect("printf '%s\\n' '#!/bin/bash' 'case $* in *receipt.h*) kill -TERM $PPID ;; esac'"
           " 'exec /bin/mv \"$@\"' >../list.d/mv");
    expect_refusal("PATH=$PWD/../list.d:$PATH make new-service NAME=receipt", "new-service");
    expect("rm -r ../list.d && test ! -e services/receipt -a ! -e tests/golden/receipt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_service_builds_and_its_tests_pass),
        cmocka_unit_test(it_starts_with_authentication_on),
        cmocka_unit_test(a_name_of_two_words_and_a_plural_of_its_own_do_as_well),
        cmocka_unit_test(what_was_made_is_formatted),
        cmocka_unit_test(a_name_that_cannot_be_one_is_refused),
        cmocka_unit_test(what_is_there_is_never_touched),
        cmocka_unit_test(what_breaks_off_leaves_nothing),
    };
    return cmocka_run_group_tests_name("new service", tests, setup, NULL);
}
