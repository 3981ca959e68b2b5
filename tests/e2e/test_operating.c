/* test_operating.c - docs/OPERATING.md does what it says, against the whole system; and a console
 * that is killed leaves nothing half done. */
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/shell.h"
#include "../support/support.h"
#include "../support/system.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct system_under_test shop;
static struct shell place;

static int setup(void **state)
{
    (void)state;
    shop.authenticates = true;
    system_start(&shop);
    shell_open(&place, "operating");
    system_link(&shop, &place);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    system_stop(&shop);
    return 0;
}

static void every_block_of_operating_does_what_the_page_says(void **state)
{
    (void)state;
    shell_expect(&place, "\"$tree\"/tests/support/tutorial \"$tree\"/docs/OPERATING.md");
}

/* ---- a console that is killed ---- */

static void *rebuild(void *context)
{
    (void)shell_run(&place, context);
    return NULL;
}

static void a_console_that_is_killed_in_mid_action_leaves_no_half(void **state)
{
    (void)state;
    static const char waiting[] = "select count(*) from pg_locks where not granted"
                                  " and relation = 'cairn.append_lock'::regclass";
    static char command[] =
        ". .run/env; curl -sH \"Authorization: Bearer $(build/bin/cairn token operator)\""
        " --json '{\"read_model\":\"users\"}' $CAIRN_CONSOLE_URL/admin/rebuilds; true";
    pthread_t thread;
    int64_t before = fixture_sql_int(shop.database_url, "select count(*) from cairn.operations");
    int64_t rebuilds = fixture_sql_int(shop.database_url, "select count(*) from cairn.rebuilds");
    struct pg_conn *held = fixture_connect(shop.database_url);
    PQclear(PQexec(held, "begin; lock table cairn.append_lock in share update exclusive mode"));
    assert_int_equal(pthread_create(&thread, NULL, rebuild, command), 0);
    fixture_wait_sql(shop.database_url, waiting, 1, 20000);
    system_kill(&shop, "console", SIGKILL);
    fixture_sql(shop.database_url, "select pg_terminate_backend(pid) from pg_stat_activity"
                                   " where application_name = 'console'");
    fixture_wait_sql(shop.database_url, waiting, 0, 20000);
    PQfinish(held);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(fixture_sql_int(shop.database_url, "select count(*) from cairn.operations"),
                     before);
    assert_int_equal(fixture_sql_int(shop.database_url, "select count(*) from cairn.rebuilds"),
                     rebuilds);
    system_heal(&shop);
    shell_expect(&place, ". .run/env; curl -fsH \"Authorization: Bearer $(build/bin/cairn token "
                         "operator)\" $CAIRN_CONSOLE_URL/admin/status");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_of_operating_does_what_the_page_says),
        cmocka_unit_test(a_console_that_is_killed_in_mid_action_leaves_no_half),
    };
    return cmocka_run_group_tests_name("operating", tests, setup, teardown);
}
