/* test_switches.c - tests the load and the checker of the fault runs: each invariant of the store
 * is broken on purpose (../support/breakage.h), and they have to notice it.
 *
 * All of them take some minutes, so without CAIRN_FAULT_DURATION only a few are run: make
 * test-fault sets it.
 *
 *   TEST=switches CAIRN_FAULT_ONLY=6  only those whose name begins with this */
#include "check.h"
#include "load.h"

#include "../support/breakage.h"
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/system.h"

#include "field.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ROUNDS_MAX = 40, ROUND_US = 1200000 };

static void open_stage(struct stage *stage, const struct system_under_test *shop,
                       const char *directory)
{
    char path[400];
    memset(stage, 0, sizeof *stage);
    stage->ports[SERVICE_USER] = shop->user;
    stage->ports[SERVICE_ORDER] = shop->order;
    stage->ports[SERVICE_PAYMENT] = shop->payment;
    stage->ports[SERVICE_QUERY] = shop->query;
    fixture_url_as(shop->database_url, "cairn_writer", stage->writer_url, sizeof stage->writer_url);
    fixture_url_as(shop->database_url, "cairn_reader", stage->reader_url, sizeof stage->reader_url);
    fixture_url_as(shop->database_url, "postgres", stage->superuser_url,
                   sizeof stage->superuser_url);
    stage->cast = shop_cast;
    stage->seed = (unsigned)(history_now_us() % 1000000);
    stage->clients = 10;
    stage->pause_us = 8000;
    (void)snprintf(path, sizeof path, "%s/history.jsonl", directory);
    stage->history = history_open(path);
}

/* Runs one round of load. Returns whether the checker complains of the rounds so far. */
static bool is_noticed(struct stage *stage, const char *directory, struct verdict *verdict)
{
    struct evidence evidence;
    load_start(stage);
    rest_us(ROUND_US);
    load_stop(stage);
    history_flush(stage->history);
    dump_all(directory, stage->superuser_url, NULL);
    assert_int_equal(evidence_read(&evidence, directory), 0);
    *verdict = (struct verdict){0};
    check_evidence(&evidence, verdict);
    evidence_close(&evidence);
    return verdict->count > 0;
}

/* Breaks a store of its own. Returns after how many rounds that was noticed, 0 if never. */
static int rounds_until_noticed(void (*break_it)(const void *what, const char *url),
                                const void *what, struct verdict *verdict)
{
    static int number;
    static struct stage stage;
    struct system_under_test shop = {0};
    char directory[300];
    (void)snprintf(directory, sizeof directory, "%s/switch-%d", getenv("CAIRN_TEST_SERVERS"),
                   ++number);
    assert_int_equal(mkdir(directory, 0700), 0);
    system_start_monolith(&shop);
    open_stage(&stage, &shop, directory);
    if (break_it)
        break_it(what, shop.database_url);
    int most = break_it ? ROUNDS_MAX : 3;
    int rounds = 0;
    bool noticed = false;
    while (!noticed && rounds++ < most)
        noticed = is_noticed(&stage, directory, verdict);
    history_close(stage.history);
    system_stop(&shop);
    return noticed ? rounds : 0;
}

/* ---- tests ---- */

static void an_intact_store_has_no_violations(void **state)
{
    (void)state;
    struct verdict verdict;
    int rounds = rounds_until_noticed(NULL, NULL, &verdict);
    verdict_print(&verdict, stderr);
    assert_int_equal(rounds, 0);
}

static void break_function(const void *what, const char *url)
{
    breakage_apply(what, url);
}

static bool is_wanted(size_t i)
{
    const char *only = getenv("CAIRN_FAULT_ONLY");
    const char *duration = getenv("CAIRN_FAULT_DURATION");
    if (only && *only)
        return strncmp(breakages[i].invariant, only, strlen(only)) == 0;
    return (duration && *duration) || i % 10 == 0;
}

static void each_broken_invariant_is_found_in_the_history(void **state)
{
    (void)state;
    int missed = 0;
    for (size_t i = 0; i < breakage_count; i++) {
        struct verdict verdict;
        if (!is_wanted(i))
            continue;
        int rounds = rounds_until_noticed(break_function, &breakages[i], &verdict);
        missed += rounds == 0;
        print_message("%s, %s: %s\n", breakages[i].invariant, breakages[i].function,
                      rounds ? verdict.kept[0].rule : "NOT NOTICED");
    }
    assert_int_equal(missed, 0);
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
    assert_true(rounds_until_noticed(unprotect, NULL, &verdict) > 0);
    assert_true(verdict_names(&verdict, "tampering"));
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_intact_store_has_no_violations),
        cmocka_unit_test(each_broken_invariant_is_found_in_the_history),
        cmocka_unit_test(a_log_that_can_be_changed_is_found_in_the_history),
    };
    return cmocka_run_group_tests_name("switches", tests, NULL, NULL);
}
