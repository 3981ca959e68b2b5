/* test_new_project.c - `cairn new` of an installed Cairn: its output builds without a warning, its
 * tests pass, its service answers; and a failure leaves nothing behind. */
#include "../support/callers.h"
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/shell.h"
#include "../support/support.h"
#include "../support/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct shell place;

static void expect(const char *command)
{
    shell_expect(&place, command);
}

/* A developer's shell: the installed command, no servers. */
static int setup(void **state)
{
    (void)state;
    char text[2000];
    shell_open(&place, "new-project");
    (void)snprintf(text, sizeof text, "%s/prefix", place.directory);
    assert_int_equal(setenv("prefix", text, 1), 0);
    (void)snprintf(text, sizeof text, "%s/prefix/lib/pkgconfig", place.directory);
    assert_int_equal(setenv("PKG_CONFIG_PATH", text, 1), 0);
    (void)snprintf(text, sizeof text, "%s/prefix/bin:%s", place.directory, getenv("PATH"));
    assert_int_equal(setenv("PATH", text, 1), 0);
    assert_int_equal(setenv("TMPDIR", place.directory, 1), 0);
    (void)unsetenv("DATABASE_URL");
    (void)unsetenv("REDIS_URL");
    expect("make -C \"$tree\" install BUILD=\"$build\" PREFIX=\"$prefix\"");
    return 0;
}

/* ---- what is made ---- */

static void a_new_project_builds_without_a_warning_and_its_tests_pass(void **state)
{
    (void)state;
    expect("cairn new book-shop --service credit_entry >said"
           " && grep -F 'cairn dev    runs it, at http://127.0.0.1:8030/credit_entries' said");
    expect("make -C book-shop -j2 CC=gcc WERROR=1 all tests");
    expect("make -C book-shop WERROR=1 test >said 2>&1 || { cat said; exit 1; }"
           " && grep -x '\\[  PASSED  \\] 7 test(s).' said"
           " && grep -x '\\[  PASSED  \\] 3 test(s).' said && ! grep FAILED said");
    expect("! ls -d cairn-servers.*"); /* the servers of its tests are gone */
}

/* The tests of the project can fail. */
static void a_mistake_in_its_rules_fails_its_tests(void **state)
{
    (void)state;
    expect("rm -rf wrong && cp -R book-shop wrong && cd wrong"
           " && sed -i 's/self->closed = true/self->closed = false/' services/*/credit_entry.c"
           " && ! make test-unit && ! make test-e2e && make clean");
}

static void it_has_the_names_that_were_given(void **state)
{
    (void)state;
    expect("! grep -rnE --exclude-dir=.git --exclude-dir=build"
           " '(^|[^A-Za-z])(thing|Thing|THING)|@[A-Z]+@' book-shop");
    expect("grep -F '/credit_entries' book-shop/README.md && grep -x 'name: book-shop' "
           "book-shop/compose.yaml");
    expect("grep -F '\"credit-entry-closed\"' book-shop/services/credit_entry/credit_entry.c");
    expect("grep -F -- \"-I$prefix/include\" book-shop/.clangd");
    expect("test -x book-shop/deploy/keys -a -x book-shop/deploy/roles");
}

static void what_was_made_is_formatted(void **state)
{
    (void)state;
    if (shell_run(&place, "command -v clang-format") != 0)
        skip();
    expect("cd book-shop && clang-format --dry-run -Werror $(find . -name '*.[ch]')");
}

static void it_is_a_repository_unless_it_lies_in_one(void **state)
{
    (void)state;
    expect("test -d book-shop/.git && git -C book-shop status --porcelain | grep -F services/");
    expect("! git -C book-shop status --porcelain | grep build"); /* is ignored */
    expect("git init -q around && cd around && cairn new inner && test ! -e inner/.git");
}

/* The whole interface in AGENTS.md compiles, and the test in it passes. */
static void what_its_instructions_say_compiles_and_is_true(void **state)
{
    (void)state;
    expect(
        "{ printf '#include <cairn/%s>\\n' service.h outbound.h; cat book-shop/tests/support/kit.h;"
        " printf '#define main service_main\\n';"
        " awk '/^```c$/ { c = 1; next } /^```$/ { c = 0 } c' book-shop/AGENTS.md;"
        " printf '#undef main\\nint main(void)\\n{\\nconst struct CMUnitTest tests[] = {"
        "cmocka_unit_test(a_book_is_lent_to_active_members)};\\n"
        "return cmocka_run_group_tests(tests, kit_setup, NULL);\\n}\\n'; } >agents.c");
    expect(
        "cc -std=gnu17 -Wall -Wextra -Werror agents.c $(pkg-config --cflags --libs cairn) -lcmocka"
        " -o agents && ./agents");
}

static void ctags_finds_what_the_macros_declare(void **state)
{
    (void)state;
    if (shell_run(&place, "ctags --version | grep -i universal") != 0)
        skip();
    expect("cd book-shop && ctags -x --languages=C --_xformat='%N %K %F' >../list");
    expect("for line in 'credit_entry struct' 'credit_entry_opened struct' 'closed_because member'"
           " 'credit_entries struct' 'CreditEntryOpened event' 'credit_entry_events variable'"
           " 'credit_entry_decide_open_credit_entry function'"
           " 'credit_entry_evolve_credit_entry_closed function'"
           " 'credit_entries_on_credit_entry_opened function'"
           " 'credit_entry_expiry_when_credit_entry_opened function'"
           " 'credit_entry_expiry_when_expiry function' 'credit_entries_projection variable'; do"
           " grep \"^$line \" list || { echo \"no $line\"; exit 1; }; done");
    expect("! grep '^CAIRN_' list");
}

/* ---- running it ---- */

/* Starts the service of the project "library", on servers of its own, and returns its port. */
static int start_library(struct child *child)
{
    char program[400];
    char log[400];
    char port_text[20];
    int port = fixture_free_port();
    (void)snprintf(program, sizeof program, "%s/library/build/bin/library", place.directory);
    (void)snprintf(port_text, sizeof port_text, "PORT=%d", port);
    const char *const argv[] = {"cairn", "servers", program, NULL};
    const char *const env[] = {port_text, NULL};
    (void)snprintf(log, sizeof log, "%s/library.log", place.directory);
    assert_int_equal(child_start(child, argv, env, log), 0);
    fixture_wait_http(port, "/readyz", 60000);
    return port;
}

static void its_service_runs_on_servers_of_its_own_and_answers(void **state)
{
    (void)state;
    char location[200];
    char headers[300];
    struct child child;
    struct http_reply reply = {0};
    expect("cairn new library && make -C library -j2 WERROR=1");
    int port = start_library(&child);
    ask_for(201, port, "POST", "/libraries", NULL, "{\"title\":\"far away\"}", &reply);
    assert_true(http_header(&reply, "Location", location, sizeof location));
    (void)reply_position(&reply, headers, sizeof headers);
    ask_for(200, port, "GET", location, headers, NULL, &reply);
    assert_non_null(strstr(reply.body, "far away"));
    http_reply_free(&reply);
    assert_int_equal(child_stop(&child, 30000), 0);
    expect("! ls -d cairn-servers.*");
}

static void its_service_starts_with_authentication_on(void **state)
{
    (void)state;
    struct child child;
    callers_open();
    int port = start_library(&child);
    callers_expect_closed(port, "POST", "/libraries", "");
    callers_expect_closed(port, "GET", "/libraries", "");
    callers_expect_closed(port, "GET", "/libraries/0199aaaa-0000-7000-8000-000000000001", "");
    assert_int_equal(child_stop(&child, 30000), 0);
    callers_close();
}

static void tables_of_its_own_are_migrated(void **state)
{
    (void)state;
    expect(
        "rm -rf tables && cp -R book-shop tables && cd tables/services/credit_entry"
        " && mkdir migrations && echo 'create table emails (email text);' >migrations/0001_mail.sql"
        " && cd ../.. && cairn servers sh -c 'make -s migrate && psql -X \"$DATABASE_URL\""
        " -c \"select * from credit_entry.emails\"'");
}

static void the_command_finds_its_template_in_the_tree_too(void **state)
{
    (void)state;
    expect("\"$build/bin/cairn\" new from-tree && test -e from-tree/services/from_tree/main.c");
    expect("ln -s \"$prefix/bin/cairn\" linked && ./linked new by-link && test -d by-link");
    expect("mkdir elsewhere && cp \"$prefix/bin/cairn\" elsewhere"
           " && ! elsewhere/cairn new lost 2>said && grep -F 'set CAIRN_TEMPLATES' said");
    expect("CAIRN_TEMPLATES=\"$prefix/share/cairn/project\" elsewhere/cairn new found");
    expect("! CAIRN_TEMPLATES=/nowhere cairn new lost 2>said && grep -F 'names /nowhere' said"
           " && test ! -e lost");
}

/* ---- what is refused ---- */

/* Checks that the command ends with this status and these words, and that nothing was made. */
static void expect_refusal(int status, const char *command, const char *words)
{
    char all[1000];
    expect("ls -A >../list.before");
    (void)snprintf(all, sizeof all,
                   "%s 2>../list.said; test $? = %d && grep -F -- \"%s\" ../list.said"
                   " && ls -A | cmp - ../list.before",
                   command, status, words);
    expect(all);
}

static void a_name_that_cannot_be_one_is_refused(void **state)
{
    (void)state;
    expect_refusal(64, "cairn new", "which project?");
    expect_refusal(64, "cairn new Shop", "\\\"Shop\\\" is no name for a project");
    expect_refusal(64, "cairn new a b", "b is one argument too many");
    expect_refusal(64, "cairn new shop --service int", "is a word of C");
    expect_refusal(64, "cairn new shop --service", "--service wants a word");
    expect_refusal(64, "cairn new shop --plural shop", "is the service's name too");
    expect_refusal(64, "cairn new shop --colour red", "--colour is not an option");
    expect_refusal(69, "cairn new nowhere/shop", "cannot be made in nowhere/");
}

static void what_is_there_is_never_touched(void **state)
{
    (void)state;
    expect("mkdir empty && echo mine >file && ln -s nowhere dangling");
    expect_refusal(1, "cairn new empty", "empty is there already");
    expect_refusal(1, "cairn new file", "file is there already");
    expect_refusal(1, "cairn new dangling", "dangling is there already");
    expect_refusal(1, "cairn new book-shop", "book-shop is there already");
    expect("test \"$(cat file)\" = mine && rmdir empty && test -L dangling");
}

static void what_breaks_off_leaves_nothing(void **state)
{
    (void)state;
    /* a file that cannot be one of a template, after others were made */
    expect("rm -rf ../template && cp -R \"$prefix/share/cairn/project\" ../template"
           " && printf 'a\\000b' >../template/tests/zero");
    expect_refusal(69, "CAIRN_TEMPLATES=../template cairn new broken", "is no text of a template");
    expect("rm ../template/tests/zero && mkfifo ../template/tests/pipe");
    expect_refusal(69, "CAIRN_TEMPLATES=../template cairn new broken",
                   "tests/pipe is neither a file nor a directory");
    /* a signal, while the sources are formatted */
    expect("mkdir ../fake && printf '#!/bin/sh\\nkill -TERM $PPID\\n' >../fake/clang-format"
           " && chmod +x ../fake/clang-format");
    expect_refusal(69, "PATH=$PWD/../fake:$PATH cairn new broken", "stopped by a signal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_project_builds_without_a_warning_and_its_tests_pass),
        cmocka_unit_test(a_mistake_in_its_rules_fails_its_tests),
        cmocka_unit_test(it_has_the_names_that_were_given),
        cmocka_unit_test(what_was_made_is_formatted),
        cmocka_unit_test(it_is_a_repository_unless_it_lies_in_one),
        cmocka_unit_test(what_its_instructions_say_compiles_and_is_true),
        cmocka_unit_test(ctags_finds_what_the_macros_declare),
        cmocka_unit_test(its_service_runs_on_servers_of_its_own_and_answers),
        cmocka_unit_test(its_service_starts_with_authentication_on),
        cmocka_unit_test(tables_of_its_own_are_migrated),
        cmocka_unit_test(the_command_finds_its_template_in_the_tree_too),
        cmocka_unit_test(a_name_that_cannot_be_one_is_refused),
        cmocka_unit_test(what_is_there_is_never_touched),
        cmocka_unit_test(what_breaks_off_leaves_nothing),
    };
    return cmocka_run_group_tests_name("new project", tests, setup, NULL);
}
