/* test_schedules.c - processes that are started by the clock: once a period, whichever service
 * runs, and once for all periods that were missed. */
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/support.h"

#include <cairn/service.h>

#include <stdio.h>
#include <stdlib.h>

CAIRN_STRUCT(report_made, INT(number));
CAIRN_EVENTS(report, EVENT(report_made, "ReportMade", 1));
CAIRN_STRUCT(make_report, INT(number));
CAIRN_COMMANDS(report, INTERNAL(make_report, .creates = true));

CAIRN_STRUCT(report, INT(number));
CAIRN_EVOLVE(report, report_made)
{
    self->number = event->number;
}
CAIRN_DECIDE(report, make_report)
{
    CAIRN_EMIT(ret, report_made, .number = command->number);
    return 0;
}
CAIRN_DECIDER(report);

CAIRN_STRUCT(office, INT(reports), INT(days));
CAIRN_PROCESS(office, CAIRN_SENDS(report));

CAIRN_WHEN_EVERY(office, hourly, CAIRN_HOURS(1))
{
    self->reports++;
    CAIRN_SEND(ret, report, cairn_new_id(given, "report"), make_report, .number = self->reports);
}

CAIRN_WHEN_EVERY(office, daily, CAIRN_HOURS(24))
{
    self->days++;
}

static const struct cairn_service service = {
    .name = "office", .deciders = {&report_decider}, .processes = {&office_process}};
static const struct cairn_service *const services[] = {&service, NULL};

/* ---- the bench ---- */

static char url[512];

static struct cairn_host *start(void)
{
    return hosting_start(url, services);
}

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

static void expect_soon(const char *sql, int64_t wanted)
{
    fixture_wait_sql(url, sql, wanted, 30000);
}

#define MADE "select count(*) from cairn.events where type = 'ReportMade'"
#define TIMERS "select count(*) from cairn.timers where due_at > cairn.now()"

static void turn_clock(const char *by)
{
    char sql[100];
    (void)snprintf(sql, sizeof sql, "select cairn.turn_clock('%s')", by);
    fixture_sql(url, sql);
}

/* ---- tests ---- */

static void a_process_starts_by_itself_once_a_period(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    expect_soon(TIMERS, 2);
    assert_int_equal(fixture_sql_int(url, MADE), 0);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.timers where due_at <>"
                                          " date_trunc('hour', due_at)"),
                     0);
    turn_clock("1 hour");
    expect_soon(MADE, 1);
    expect_soon(TIMERS, 2);
    turn_clock("1 hour");
    expect_soon(MADE, 2);
    cairn_host_stop(host);
    assert_int_equal(fixture_sql_int(url, "select max((data ->> 'number')::int) from cairn.events"
                                          " where type = 'ReportMade'"),
                     2);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_processes()"), 0);
}

static void periods_that_were_missed_are_made_up_for_once(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    expect_soon(TIMERS, 2);
    cairn_host_stop(host);
    turn_clock("30 hours");
    host = start();
    expect_soon(MADE, 1);
    expect_soon("select count(*) from cairn.events where data #>> '{state,days}' = '1'", 1);
    expect_soon(TIMERS, 2);
    cairn_host_stop(host);
    assert_int_equal(fixture_sql_int(url, MADE), 1);
}

static void two_services_start_it_once(void **state)
{
    (void)state;
    struct cairn_host *one = start();
    struct cairn_host *two = start();
    expect_soon(TIMERS, 2);
    fixture_sql(url, "update cairn.leases set held_until = clock_timestamp(), fence = fence + 1,"
                     " owner = 'another'");
    turn_clock("1 hour");
    expect_soon(MADE, 1);
    expect_soon("select count(*) from cairn.outgoing", 0);
    cairn_host_stop(two);
    cairn_host_stop(one);
    assert_int_equal(fixture_sql_int(url, MADE), 1);
    assert_int_equal(fixture_sql_int(url, "select count(distinct stream) from cairn.events where"
                                          " stream like 'office-%'"),
                     2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_process_starts_by_itself_once_a_period),
        TEST(periods_that_were_missed_are_made_up_for_once),
        TEST(two_services_start_it_once),
    };
    return cmocka_run_group_tests_name("schedules", tests, NULL, NULL);
}
