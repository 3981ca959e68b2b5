/* test_duties.c - duties (cairn/lease.h): processes of their own, of which one at a time has a
 * turn, and which are killed and frozen. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/support.h"

#include <cairn/service.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONG_MS = 90000, PROCESSES = 2 };

/* ---- what the processes do: this program, started with an argument ---- */

static const char *process_id(struct cairn_sql *sql)
{
    return cairn_sql_print(sql, "%d", (int)getpid());
}

/* Writes a row a turn. Where it is asked to, the process freezes itself in the middle. */
static enum cairn_outcome count(const struct cairn_turn *turn, struct cairn_error *error)
{
    const char *const *cells = NULL;
    const char *fence = cairn_sql_print(turn->sql, "%" PRId64, turn->fence);
    int64_t asked = cairn_sql_get(turn->sql, "select 1 from frozen where pid = $1::integer",
                                  CAIRN_VALUES(process_id(turn->sql)), &cells, error);
    if (asked > 0)
        (void)raise(SIGSTOP);
    int64_t written = cairn_sql_run(turn->sql,
                                    "insert into turns (number, fence, pid) select"
                                    " coalesce(max(number), 0) + 1, $1::bigint, $2::integer"
                                    " from turns",
                                    CAIRN_VALUES(fence, process_id(turn->sql)), error);
    if (asked > 0) /* also if the first one has failed: nothing may run outside of the turn */
        written = cairn_sql_run(turn->sql, "insert into late select $1::integer",
                                CAIRN_VALUES(process_id(turn->sql)), error);
    return asked < 0 || written < 0 ? CAIRN_TRY_AGAIN : CAIRN_DONE;
}

static const struct cairn_duty duties[] = {
    {.name = "count", .work = count, .every_us = 5000, .idle_us = 1000000}, {.name = NULL}};
static const struct cairn_service counter_service = {
    .name = "counter", .port = 8099, .duties = duties};

/* ---- the bench ---- */

static char url[512];
static struct child processes[PROCESSES];
static char logs[PROCESSES][300];

static void start(int number)
{
    char database[600];
    char listen[40];
    const char *const argv[] = {"/proc/self/exe", "serve", NULL};
    const char *const env[] = {database, listen, NULL};
    int port = fixture_free_port();
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", url);
    (void)snprintf(listen, sizeof listen, "PORT=%d", port);
    (void)snprintf(logs[number], sizeof logs[number], "%s/duties-%d.log",
                   getenv("CAIRN_TEST_SERVERS"), number);
    assert_int_equal(child_start(&processes[number], argv, env, logs[number]), 0);
    fixture_wait_http(port, "/readyz", LONG_MS);
}

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    fixture_sql(url, "create table turns (number bigint primary key, fence bigint, pid integer);"
                     "create table frozen (pid integer); create table late (pid integer);"
                     "create table mark (count bigint)");
    for (int i = 0; i < PROCESSES; i++)
        start(i);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < PROCESSES; i++)
        child_kill(&processes[i], SIGKILL);
    fixture_drop(url);
    return 0;
}

/* Waits for so many turns of a process, from now on. */
static void wait_for_turns(int number, int wanted)
{
    char sql[200];
    int pid = (int)processes[number].pid;
    (void)snprintf(sql, sizeof sql, "select count(*) from turns where pid = %d", pid);
    int64_t before = fixture_sql_int(url, sql);
    (void)snprintf(sql, sizeof sql, "select (count(*) >= %d)::integer from turns where pid = %d",
                   (int)before + wanted, pid);
    fixture_wait_sql(url, sql, 1, LONG_MS);
}

/* Returns which process has had the last turn. */
static int owner(void)
{
    fixture_wait_sql(url, "select (count(*) > 0)::integer from turns", 1, LONG_MS);
    int64_t pid = fixture_sql_int(url, "select pid from turns order by number desc limit 1");
    return pid == processes[0].pid ? 0 : 1;
}

/* The turns are one after the other, and those of a later owner come later. */
static void expect_order(void)
{
    assert_int_equal(fixture_sql_int(url, "select count(*) - max(number) from turns"), 0);
    assert_int_equal(fixture_sql_int(url, "select count(*) from turns a join turns b"
                                          " on b.number = a.number + 1 where b.fence < a.fence"),
                     0);
    assert_int_equal(fixture_sql_int(url, "select max(c) from (select count(distinct pid) as c"
                                          " from turns group by fence) x"),
                     1);
}

static void one_process_does_the_duty_and_when_it_is_killed_another_one(void **state)
{
    (void)state;
    int first = owner();
    wait_for_turns(first, 5);
    child_kill(&processes[first], SIGKILL);
    wait_for_turns(1 - first, 5);
    expect_order();
    start(first);
}

static void one_that_is_frozen_in_its_turn_writes_nothing_when_it_wakes_up(void **state)
{
    (void)state;
    char sql[200];
    int first = owner();
    (void)snprintf(sql, sizeof sql, "insert into frozen values (%d)", (int)processes[first].pid);
    fixture_sql(url, sql);
    wait_for_turns(1 - first, 5); /* its session has been ended, its lease has expired */
    assert_int_equal(fixture_sql_int(url, "select count(*) from late"), 0);
    fixture_sql(url, "delete from frozen");
    child_kill(&processes[first], SIGCONT);
    /* It has seen that its turn was lost when it stands by again: its heartbeat goes on. */
    child_kill(&processes[1 - first], SIGKILL);
    wait_for_turns(first, 5);
    assert_int_equal(fixture_sql_int(url, "select count(*) from late"), 0);
    expect_order();
    start(1 - first);
}

static bool one_has_said(void *words)
{
    char line[2000];
    bool found = false;
    for (int i = 0; i < PROCESSES; i++) {
        FILE *file = fopen(logs[i], "r");
        while (file && !found && fgets(line, sizeof line, file))
            found = strstr(line, words) != NULL;
        if (file)
            (void)fclose(file);
    }
    return found;
}

static void a_turn_under_an_old_fence_is_refused_before_anything_is_called(void **state)
{
    (void)state;
    (void)owner();
    char refused[] = "the turn was refused";
    assert_false(one_has_said(refused));
    /* As if a later owner had had a turn: the row is locked until the turn under way has ended. */
    fixture_sql(url, "begin; update cairn.duties set fence = fence + 1000000;"
                     " insert into mark select count(*) from turns; commit");
    fixture_wait(one_has_said, refused, LONG_MS, "that the turn was refused");
    assert_int_equal(fixture_sql_int(url, "select (select count(*) from turns) - count from mark"),
                     0);
    fixture_sql(url, "update cairn.duties set fence = fence - 1000000");
    fixture_wait_sql(url, "select (count(*) > (select count from mark))::integer from turns", 1,
                     LONG_MS);
    expect_order();
}

static void one_that_ends_hands_over_at_once(void **state)
{
    (void)state;
    int first = owner();
    assert_int_equal(child_stop(&processes[first], LONG_MS), 0);
    wait_for_turns(1 - first, 5);
    expect_order();
}

int main(int argc, char **argv)
{
    const struct cairn_service *const all[] = {&counter_service, NULL};
    if (argc > 1)
        return cairn_main(1, argv, all);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_process_does_the_duty_and_when_it_is_killed_another_one),
        cmocka_unit_test(one_that_is_frozen_in_its_turn_writes_nothing_when_it_wakes_up),
        cmocka_unit_test(a_turn_under_an_old_fence_is_refused_before_anything_is_called),
        cmocka_unit_test(one_that_ends_hands_over_at_once),
    };
    return cmocka_run_group_tests_name("duties", tests, setup, teardown);
}
