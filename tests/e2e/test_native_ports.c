/* test_native_ports.c - the ports of the native run: each service has one for operators, too, and
 * what cannot be is said before anything is started. */
#include "../support/fixture.h"
#include "../support/shell.h"
#include "../support/support.h"
#include "../support/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct shell place;

static int set_up(void **state)
{
    (void)state;
    shell_open(&place, "native-ports");
    return 0;
}

/* `up` with these variables says these words, and starts nothing. */
static void expect_no_start(const char *variables, const char *words)
{
    char command[1000];
    (void)snprintf(
        command, sizeof command,
        "CAIRN_RUN_DIR=$PWD/run CAIRN_BUILD='%s' CAIRN_AUTH=off %s $tree/deploy/native/up"
        " >said 2>&1; test $? = 1 && grep -F '%s' said && test ! -e run",
        getenv("CAIRN_TEST_BUILD"), variables, words);
    shell_expect(&place, command);
}

static void ports_that_collide_or_are_none_are_named_before_anything_starts(void **state)
{
    (void)state;
    expect_no_start("CAIRN_USER_PORT=20001 CAIRN_ORDER_PORT=20101",
                    "port 20101 is given to order and to user_admin: set CAIRN_USER_ADMIN_PORT");
    expect_no_start("CAIRN_USER_PORT=65500",
                    "CAIRN_USER_ADMIN_PORT=65600 is no port: give a number from 1 to 65535");
    expect_no_start("CAIRN_USER_ADMIN_PORT=none",
                    "CAIRN_USER_ADMIN_PORT=none is no port: give a number from 1 to 65535");
}

/* ---- beside a running shop ---- */

static struct system_under_test shop;

static int start_shop(void **state)
{
    (void)state;
    shop = (struct system_under_test){0};
    system_start(&shop);
    return 0;
}

static int stop_shop(void **state)
{
    (void)state;
    system_stop(&shop);
    return 0;
}

static void a_shell_is_told_where_operators_find_each_service(void **state)
{
    (void)state;
    char command[1000];
    (void)snprintf(command, sizeof command,
                   ". '%s/env' && test $CAIRN_ORDER_URL = http://127.0.0.1:%d"
                   " && test $CAIRN_ORDER_ADMIN_URL = http://127.0.0.1:%d"
                   " && curl -sf $CAIRN_ORDER_ADMIN_URL/metrics | grep -q ^cairn_"
                   " && ! curl -sf $CAIRN_ORDER_URL/metrics",
                   shop.run_dir, shop.order, system_admin_port(&shop, shop.order));
    shell_expect(&place, command);
}

/* `start` of the first example, with these variables. */
static void start_hello(const char *name, const char *variables, const char *condition)
{
    char command[1500];
    (void)snprintf(command, sizeof command,
                   "CAIRN_RUN_DIR='%s' %s $tree/deploy/native/start %s '%s/docs/examples/hello'"
                   " >said 2>&1; status=$?; cat said; %s",
                   shop.run_dir, variables, name, getenv("CAIRN_TEST_BUILD"), condition);
    shell_expect(&place, command);
}

/* Two services of one shell, which has an operators' port for both: the second is not started, and
 * the first is not taken for it. */
static void an_operators_port_that_is_taken_stops_the_start_and_is_named(void **state)
{
    (void)state;
    char variables[200];
    char words[600];
    int port = fixture_free_port();
    int admin_port = fixture_free_port();
    (void)snprintf(variables, sizeof variables, "PORT=%d CAIRN_ADMIN_PORT=%d", port, admin_port);
    start_hello("hello", variables, "test $status = 0");
    (void)snprintf(words, sizeof words,
                   "curl -sf http://127.0.0.1:%d/readyz && ! curl -sf http://127.0.0.1:%d/readyz",
                   admin_port, port);
    shell_expect(&place, words);
    (void)snprintf(variables, sizeof variables, "PORT=%d CAIRN_ADMIN_PORT=%d", fixture_free_port(),
                   admin_port);
    (void)snprintf(words, sizeof words,
                   "test $status = 1 && grep 'port %d, where second should listen, is taken by pid"
                   " .*: stop it, or set CAIRN_ADMIN_PORT' said && test ! -e '%s/pid/second'",
                   admin_port, shop.run_dir);
    start_hello("second", variables, words);
    (void)snprintf(variables, sizeof variables, "PORT=%d CAIRN_ADMIN_PORT=%d", admin_port + 1,
                   admin_port + 1);
    start_hello("second", variables,
                "test $status = 1 && grep 'CAIRN_ADMIN_PORT and PORT are' said");
    start_hello("second", "PORT=1 CAIRN_ADMIN_PORT=none",
                "test $status = 1 && grep 'CAIRN_ADMIN_PORT=none is not a port' said");
}

#define BESIDE_SHOP(name) cmocka_unit_test_setup_teardown(name, start_shop, stop_shop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_that_collide_or_are_none_are_named_before_anything_starts),
        BESIDE_SHOP(a_shell_is_told_where_operators_find_each_service),
        BESIDE_SHOP(an_operators_port_that_is_taken_stops_the_start_and_is_named),
    };
    return cmocka_run_group_tests_name("native ports", tests, set_up, NULL);
}
