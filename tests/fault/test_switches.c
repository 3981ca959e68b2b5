/* test_switches.c - tests the load and the checker of the fault runs: each invariant of the store
 * is broken on purpose (../support/breakage.h), and they have to notice it.
 *
 * All of them take some minutes, so without CAIRN_FAULT_DURATION only a few are run: make
 * test-fault sets it.
 *
 *   TEST=switches CAIRN_FAULT_ONLY=6  only those whose name begins with this */
#include "check/check.h"
#include "load/load.h"

#include "../support/breakage.h"
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/system.h"

#include "field/field.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ROUNDS_MAX = 40, ROUND_US = 1200000 };

/* What is broken and watched. */
struct subject {
    const struct role *cast;
    void (*check)(struct evidence *evidence, struct verdict *verdict);
    void (*start)(struct system_under_test *system);
    void (*stop)(struct system_under_test *system);
};

static const struct subject shop = {shop_cast, check_evidence, system_start_monolith, system_stop};

/* ---- the hotel ---- */

static struct child hotel_process;

/* Starts all services of the hotel as one process; each port of the system is its own. */
static void start_hotel(struct system_under_test *system)
{
    char program[512];
    char log[512];
    char database[600];
    char redis[300];
    char port[20];
    int number = fixture_free_port();
    fixture_database(system->database_url, sizeof system->database_url);
    (void)snprintf(program, sizeof program, "%s/examples/hotel/hotel", getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(log, sizeof log, "%s/hotel-%d.log", getenv("CAIRN_TEST_SERVERS"), number);
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", system->database_url);
    (void)snprintf(redis, sizeof redis, "REDIS_URL=%s", fixture_redis());
    (void)snprintf(port, sizeof port, "PORT=%d", number);
    const char *const argv[] = {program, NULL};
    /* nothing listens for the webhook: its reactor tries on */
    const char *const env[] = {
        database, redis, port, "CAIRN_HOLD_S=1", "CAIRN_WEBHOOK_URL=http://127.0.0.1:9/hook", NULL};
    assert_int_equal(child_start(&hotel_process, argv, env, log), 0);
    system->user = number;
    fixture_wait_http(number, "/readyz", 20000);
}

static void stop_hotel(struct system_under_test *system)
{
    assert_int_equal(child_stop(&hotel_process, 15000), 0);
    fixture_drop(system->database_url);
}

static const struct subject hotel = {hotel_cast, check_hotel, start_hotel, stop_hotel};

/* ---- the school ---- */

static struct child school_processes[2];

/* Starts two processes, each of which is the school; the registrars append by SQL beside them. */
static void start_school(struct system_under_test *system)
{
    char program[512];
    char database[600];
    char url[560];
    fixture_database(system->database_url, sizeof system->database_url);
    fixture_url_as(system->database_url, "cairn_writer", url, sizeof url);
    (void)snprintf(program, sizeof program, "%s/bin/cairn-enrolment", getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", url);
    system->user = fixture_free_port();
    system->order = fixture_free_port();
    for (int i = 0; i < 2; i++) {
        char log[512];
        char port[20];
        const char *const argv[] = {program, NULL};
        const char *const env[] = {database, port, NULL};
        int number = i ? system->order : system->user;
        (void)snprintf(log, sizeof log, "%s/school-%d.log", getenv("CAIRN_TEST_SERVERS"), number);
        (void)snprintf(port, sizeof port, "PORT=%d", number);
        assert_int_equal(child_start(&school_processes[i], argv, env, log), 0);
        fixture_wait_http(number, "/readyz", 20000);
    }
}

static void stop_school(struct system_under_test *system)
{
    for (int i = 0; i < 2; i++)
        assert_int_equal(child_stop(&school_processes[i], 15000), 0);
    fixture_drop(system->database_url);
}

static const struct subject school = {school_cast, check_school, start_school, stop_school};

/* ---- rounds of load ---- */

static void open_stage(struct stage *stage, const struct subject *subject,
                       const struct system_under_test *system, const char *directory)
{
    char path[400];
    memset(stage, 0, sizeof *stage);
    stage->ports[SERVICE_USER] = system->user;
    stage->ports[SERVICE_ORDER] = system->order;
    stage->ports[SERVICE_PAYMENT] = system->payment;
    stage->ports[SERVICE_QUERY] = system->query;
    for (int i = SERVICE_HOTEL; i < SERVICES; i++)
        stage->ports[i] = i == SERVICE_SCHOOL_B ? system->order : system->user;
    fixture_url_as(system->database_url, "cairn_writer", stage->writer_url,
                   sizeof stage->writer_url);
    fixture_url_as(system->database_url, "cairn_reader", stage->reader_url,
                   sizeof stage->reader_url);
    fixture_url_as(system->database_url, "postgres", stage->superuser_url,
                   sizeof stage->superuser_url);
    stage->cast = subject->cast;
    stage->seed = (unsigned)(history_now_us() % 1000000);
    stage->clients = 10;
    stage->pause_us = 8000;
    (void)snprintf(path, sizeof path, "%s/history.jsonl", directory);
    stage->history = history_open(path);
}

/* Runs one round of load. Returns whether the checker complains of the rounds so far. */
static bool is_noticed(const struct subject *subject, struct stage *stage, const char *directory,
                       struct verdict *verdict)
{
    struct evidence evidence;
    load_start(stage);
    rest_us(ROUND_US);
    load_stop(stage);
    history_flush(stage->history);
    dump_all(directory, stage->superuser_url, NULL);
    assert_int_equal(evidence_read(&evidence, directory), 0);
    *verdict = (struct verdict){0};
    subject->check(&evidence, verdict);
    evidence_close(&evidence);
    return verdict->count > 0;
}

/* Breaks a store of its own. Returns after how many rounds that was noticed, 0 if never. */
static int rounds_until_noticed(const struct subject *subject,
                                void (*break_it)(const void *what, const char *url),
                                const void *what, struct verdict *verdict)
{
    static int number;
    static struct stage stage;
    struct system_under_test system = {0};
    char directory[300];
    (void)snprintf(directory, sizeof directory, "%s/switch-%d", getenv("CAIRN_TEST_SERVERS"),
                   ++number);
    assert_int_equal(mkdir(directory, 0700), 0);
    subject->start(&system);
    open_stage(&stage, subject, &system, directory);
    if (break_it)
        break_it(what, system.database_url);
    int most = break_it ? ROUNDS_MAX : 3;
    int rounds = 0;
    bool noticed = false;
    while (!noticed && rounds++ < most)
        noticed = is_noticed(subject, &stage, directory, verdict);
    history_close(stage.history);
    subject->stop(&system);
    return noticed ? rounds : 0;
}

/* ---- tests ---- */

static void expect_no_violation(const struct subject *subject)
{
    struct verdict verdict = {0};
    int rounds = rounds_until_noticed(subject, NULL, NULL, &verdict);
    verdict_print(&verdict, stderr);
    assert_int_equal(rounds, 0);
}

static void an_intact_store_has_no_violations(void **state)
{
    (void)state;
    expect_no_violation(&shop);
    expect_no_violation(&hotel);
    expect_no_violation(&school);
}

static void break_function(const void *what, const char *url)
{
    breakage_apply(what, url);
}

static bool is_wanted(const struct breakage *breakage, size_t i)
{
    const char *only = getenv("CAIRN_FAULT_ONLY");
    const char *duration = getenv("CAIRN_FAULT_DURATION");
    if (only && *only)
        return strncmp(breakage->invariant, only, strlen(only)) == 0;
    return (duration && *duration) || i % 10 == 0;
}

static void expect_notice(const struct subject *subject, const struct breakage *all, size_t count)
{
    int missed = 0;
    for (size_t i = 0; i < count; i++) {
        struct verdict verdict;
        if (!is_wanted(&all[i], i))
            continue;
        int rounds = rounds_until_noticed(subject, break_function, &all[i], &verdict);
        missed += rounds == 0;
        print_message("%s, %s: %s\n", all[i].invariant, all[i].function,
                      rounds ? verdict.kept[0].rule : "NOT NOTICED");
    }
    assert_int_equal(missed, 0);
}

static void each_broken_invariant_is_found_in_the_history(void **state)
{
    (void)state;
    expect_notice(&shop, breakages, breakage_count);
}

static void each_broken_invariant_of_ranges_is_found_in_the_history_of_the_hotel(void **state)
{
    (void)state;
    expect_notice(&hotel, range_breakages, range_breakage_count);
}

static void each_broken_invariant_of_boundaries_is_found_in_the_history_of_the_school(void **state)
{
    (void)state;
    expect_notice(&school, boundary_breakages, boundary_breakage_count_of_services);
}

static void unprotect(const void *what, const char *url)
{
    (void)what;
    fixture_sql(url, "alter table cairn.events disable trigger events_are_never_changed");
}

static void a_log_that_can_be_changed_is_found_in_the_history(void **state)
{
    (void)state;
    struct verdict verdict;
    assert_true(rounds_until_noticed(&shop, unprotect, NULL, &verdict) > 0);
    assert_true(verdict_names(&verdict, "tampering"));
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_intact_store_has_no_violations),
        cmocka_unit_test(each_broken_invariant_is_found_in_the_history),
        cmocka_unit_test(each_broken_invariant_of_ranges_is_found_in_the_history_of_the_hotel),
        cmocka_unit_test(each_broken_invariant_of_boundaries_is_found_in_the_history_of_the_school),
        cmocka_unit_test(a_log_that_can_be_changed_is_found_in_the_history),
    };
    return cmocka_run_group_tests_name("switches", tests, NULL, NULL);
}
