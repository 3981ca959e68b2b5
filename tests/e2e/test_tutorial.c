/* test_tutorial.c - docs/TUTORIAL.md, executed literally. */
#include "../support/fixture.h"
#include "../support/shell.h"
#include "../support/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

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
    set_port("FIRST_PORT");
    set_port("TUTORIAL_PORT");
    set_port("SECOND_PORT");
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
    shell_expect(&copy, "tests/support/tutorial docs/TUTORIAL.md 8030=$TUTORIAL_PORT"
                        " 8031=$SECOND_PORT 8090=$FIRST_PORT");
}

/* After the last step, the tree passes the format check. */
static void what_the_tutorial_leaves_behind_is_formatted(void **state)
{
    (void)state;
    if (shell_run(&copy, "command -v clang-format") != 0)
        skip();
    shell_expect(&copy, "clang-format --dry-run -Werror services/invoice/*.[ch]"
                        " projections/invoices.[ch] tests/*/test_invoice.c"
                        " tests/unit/test_reminder.c");
}

/* Returns a socket that listens at the port that the variable names. */
static int take_port(const char *variable)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(getenv(variable))),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    return listener;
}

/* The holder of the port never answers: whatever waited for an answer would wait for ever. */
static void a_port_that_is_taken_is_reported_at_once(void **state)
{
    (void)state;
    int listener = take_port("FIRST_PORT");
    shell_expect(&copy, "! timeout 120 tests/support/tutorial docs/TUTORIAL.md 8090=$FIRST_PORT"
                        " >said 2>&1 && grep \"port $FIRST_PORT, where hello should listen, is"
                        " taken by pid [0-9]* (.*): stop it, or set PORT\" said");
    shell_expect(&copy, ". .run/env && status=0 && { PORT=$FIRST_PORT timeout 20"
                        " build/docs/examples/hello 2>said || status=$?; } && test $status = 64 &&"
                        " grep \"port $FIRST_PORT on 127.0.0.1 is in use: stop the process\" said");
    assert_int_equal(close(listener), 0);
}

static void a_service_that_cannot_start_is_reported_at_once(void **state)
{
    (void)state;
    shell_expect(&copy, "printf '#!/bin/sh\necho no luck\nexit 3\n' >broken && chmod +x broken &&"
                        " ! timeout 20 make start NAME=broken PROGRAM=./broken PORT=$FIRST_PORT"
                        " >said 2>&1 && grep 'broken ended while it started' said"
                        " && grep 'no luck' said && ! make stop NAME=broken 2>said"
                        " && grep 'broken does not run in' said");
    shell_expect(&copy, "make start NAME=hello PROGRAM=build/docs/examples/hello PORT=$FIRST_PORT"
                        " && ! make start NAME=hello PROGRAM=build/docs/examples/hello 2>said"
                        " && grep 'hello runs already' said && make stop NAME=hello"
                        " && make down CLEAN=1");
}

/* Checks that the test of the page can fail. */
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
    shell_expect(&copy,
                 "printf '%s\\n' '```diff' '--- a/Makefile' '+++ b/Makefile' '@@ -1,1 +1,2 @@'"
                 " ' # Not its first line' '+# More' '```' >page"
                 " && ! tests/support/tutorial page");
    shell_expect(&copy, "printf '%s\\n' '```c' 'int in_no_example;' '```' >page"
                        " && ! tests/support/tutorial page");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_that_is_taken_is_reported_at_once),
        cmocka_unit_test(a_service_that_cannot_start_is_reported_at_once),
        cmocka_unit_test(every_block_of_the_tutorial_does_what_the_page_says),
        cmocka_unit_test(what_the_tutorial_leaves_behind_is_formatted),
        cmocka_unit_test(a_page_that_says_something_else_is_found_out),
    };
    return cmocka_run_group_tests_name("tutorial", tests, setup, teardown);
}
