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

static void a_shell_is_told_where_operators_find_each_service(void **state)
{
    (void)state;
    static struct system_under_test shop;
    char command[1000];
    system_start(&shop);
    (void)snprintf(command, sizeof command,
                   ". '%s/env' && test $CAIRN_ORDER_URL = http://127.0.0.1:%d"
                   " && test $CAIRN_ORDER_ADMIN_URL = http://127.0.0.1:%d"
                   " && curl -sf $CAIRN_ORDER_ADMIN_URL/metrics | grep -q ^cairn_"
                   " && ! curl -sf $CAIRN_ORDER_URL/metrics",
                   shop.run_dir, shop.order, system_admin_port(&shop, shop.order));
    shell_expect(&place, command);
    system_stop(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_that_collide_or_are_none_are_named_before_anything_starts),
        cmocka_unit_test(a_shell_is_told_where_operators_find_each_service),
    };
    return cmocka_run_group_tests_name("native ports", tests, set_up, NULL);
}
