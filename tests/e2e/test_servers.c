/* test_servers.c - `cairn servers`: a command gets a PostgreSQL and a Redis of its own, and nothing
 * of them is left, however it ends. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/shell.h"
#include "../support/support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct shell place;

static void expect(const char *command)
{
    shell_expect(&place, command);
}

static int setup(void **state)
{
    (void)state;
    char text[2000];
    shell_open(&place, "servers");
    (void)snprintf(text, sizeof text, "%s/bin:%s", getenv("CAIRN_TEST_BUILD"), getenv("PATH"));
    assert_int_equal(setenv("PATH", text, 1), 0);
    assert_int_equal(setenv("TMPDIR", place.directory, 1), 0);
    return 0;
}

/* ---- waiting ---- */

static bool runs_as(void *condition)
{
    return shell_run(&place, condition) == 0;
}

static void wait_for(const char *condition)
{
    char copy[400];
    (void)snprintf(copy, sizeof copy, "%s", condition);
    fixture_wait(runs_as, copy, 30000, condition);
}

/* Starts the command with servers, in this test's directory, and waits until it has begun. */
static void start(struct child *ret)
{
    char log[400];
    char begun[400];
    (void)snprintf(log, sizeof log, "%s/log", place.directory);
    (void)snprintf(begun, sizeof begun, "echo $DATABASE_URL >%s/begun; exec sleep 1000",
                   place.directory);
    const char *const argv[] = {"cairn", "servers", "sh", "-c", begun, NULL};
    assert_int_equal(child_start(ret, argv, NULL, log), 0);
    wait_for("test -s begun");
}

/* Both have the directory of their sockets in their command lines. */
#define SERVERS "pgrep -f \"$(sed 's/.*host=\\([^&]*\\)&.*/\\1/' begun)\""

/* ---- tests ---- */

static void a_command_gets_servers_with_the_schema_and_its_status_is_kept(void **state)
{
    (void)state;
    expect("cairn servers cairn status >said && grep append_lock said");
    expect(
        "cairn servers sh -c 'redis-cli -s \"${REDIS_URL#unix://}\" ping' >said && grep PONG said");
    expect("cairn servers -- sh -c 'exit 7'; test $? = 7");
    expect("cairn servers sh -c 'kill -KILL $$'; test $? = 137");
    expect("! ls -d cairn-servers.*");
}

static void two_at_once_do_not_meet(void **state)
{
    (void)state;
    expect("cairn servers cairn servers sh -c 'cairn append pot-1 PotMade {} --expect 0'"
           " && cairn servers cairn append pot-1 PotMade '{}' --expect 0");
}

static void nothing_leads_the_command_to_other_servers(void **state)
{
    (void)state;
    expect("export PGHOST=/nowhere PGPORT=1 PGSSLMODE=wrong DATABASE_URL_FILE=/none"
           " REDIS_URL_FILE=/none REDIS_URL=redis://nowhere DATABASE_URL=postgresql://nowhere/x;"
           " cairn servers sh -c 'env | grep \"^PG\\|_FILE\" || cairn status'");
}

static void a_signal_stops_the_command_and_the_servers(void **state)
{
    (void)state;
    struct child child;
    start(&child);
    expect("test $(" SERVERS " | wc -l) -ge 2");
    assert_int_equal(child_stop(&child, 30000), 128 + SIGTERM);
    expect("! " SERVERS " && ! ls -d cairn-servers.* && rm begun");
}

static void a_killed_one_leaves_no_server(void **state)
{
    (void)state;
    struct child child;
    start(&child);
    expect("test $(" SERVERS " | wc -l) -ge 2");
    child_kill(&child, SIGKILL);
    wait_for("! " SERVERS);
    /* its directories stay, also those that links lead to */
    expect("rm -rf begun $(readlink -f cairn-servers.*/*) cairn-servers.*");
}

static void what_is_missing_is_named_with_what_to_do(void **state)
{
    (void)state;
    expect("cairn servers 2>said; test $? = 64 && grep 'which command?' said");
    expect(
        "cairn servers --fast true 2>said; test $? = 64 && grep -e '--fast is not an option' said");
    expect(
        "cairn servers not-there 2>said; test $? = 69 && grep 'not-there is not installed' said");
    expect("CAIRN_POSTGRES_BIN=$PWD cairn servers true 2>said; test $? = 69"
           " && grep \"CAIRN_POSTGRES_BIN names $PWD, where\" said");
    expect(
        "mkdir bin && ln -s \"$(command -v cairn)\" bin/cairn && PATH=$PWD/bin cairn servers true"
        " 2>said; test $? = 69 && grep 'redis-server is not installed' said");
    /* a server that is too old or too new, and a cluster that cannot be made */
    expect(
        "mkdir -p other && printf '#!/bin/sh\\necho \"postgres (PostgreSQL) 14.3\"\\n' >other/postgres"
        " && printf '#!/bin/sh\\necho no disk left; exit 1\\n' >other/initdb && chmod +x other/*"
        " && chmod 755 . other");
    expect("CAIRN_POSTGRES_BIN=$PWD/other cairn servers true 2>said; test $? = 69"
           " && grep 'wanted 15 to 18, found 14 in' said");
    expect(
        "sed -i s/14/16/ other/postgres; CAIRN_POSTGRES_BIN=$PWD/other cairn servers true 2>said;"
        " test $? = 69 && grep 'initdb' said");
    expect("! ls -d cairn-servers.*");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_gets_servers_with_the_schema_and_its_status_is_kept),
        cmocka_unit_test(two_at_once_do_not_meet),
        cmocka_unit_test(nothing_leads_the_command_to_other_servers),
        cmocka_unit_test(a_signal_stops_the_command_and_the_servers),
        cmocka_unit_test(a_killed_one_leaves_no_server),
        cmocka_unit_test(what_is_missing_is_named_with_what_to_do),
    };
    return cmocka_run_group_tests_name("servers", tests, setup, NULL);
}
