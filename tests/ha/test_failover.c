/* test_failover.c - a cluster of three nodes under load whose primary fails in every way that there
 * is; then the checker verifies everything that was answered.
 *
 *   CAIRN_FAULT_SEED=n      seed of the load
 *   CAIRN_FAULT_ONLY=name   one kind of fault only */
#include "../fault/check/check.h"
#include "../fault/cluster/cluster.h"
#include "../fault/field/field.h"
#include "../fault/load/load_steady.h"

#include "../support/fixture.h"
#include "../support/support.h"

#include "core/threads/lock.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    LONGEST_MS = 15000, /* without an acknowledged append, by the proxy */
    PATIENCE_MS = 60000,
    CALM_US = 2000000, /* between two faults */
};

static struct cluster cluster;
static struct stage stage;
static struct steady steady;
static char files[300];

static int setup(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    cluster_open(&cluster, "synchronous");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cluster_close(&cluster);
    return 0;
}

static void open_stage(unsigned seed)
{
    char path[400];
    cairn_lock_init(&steady.lock);
    cluster_url(&cluster, "cairn_writer", "proxy", steady.ways[STEADY_PROXY].url,
                sizeof steady.ways[0].url);
    cluster_url(&cluster, "cairn_writer", "hosts", steady.ways[STEADY_HOSTS].url,
                sizeof steady.ways[0].url);
    stage =
        (struct stage){.cast = cluster_cast, .seed = seed, .pause_us = 20000, .steady = &steady};
    cluster_url(&cluster, "cairn_writer", "proxy", stage.writer_url, sizeof stage.writer_url);
    cluster_url(&cluster, "cairn_reader", "proxy", stage.reader_url, sizeof stage.reader_url);
    cluster_url(&cluster, "postgres", "proxy", stage.superuser_url, sizeof stage.superuser_url);
    (void)snprintf(files, sizeof files, "%.200s/ha/files", getenv("CAIRN_TEST_SERVERS"));
    (void)mkdir(files, 0700);
    (void)snprintf(path, sizeof path, "%s/history.jsonl", files);
    stage.history = history_open(path);
}

/* ---- faults ---- */

/* What is done to the primary, in the words of tests/ha/strike. No node takes over from one whose
 * disk is full: its appends fail until it has space, or an operator makes another one the
 * primary. */
struct blow {
    const char *name;
    bool takes_over;
};

static const struct blow blows[] = {
    {"crash", true}, {"kill", true},  {"freeze", true}, {"demote", true},
    {"cut", true},   {"split", true}, {"fill", false},
};
enum { BLOWS = sizeof blows / sizeof blows[0] };

struct recovery {
    int victim;
    int64_t since_us;
};

static bool is_acknowledged(void *context)
{
    const struct recovery *recovery = context;
    for (int way = 0; way < STEADY_WAYS; way++) {
        struct steady_way seen = steady_look(&steady, way);
        if (seen.last_us < recovery->since_us || history_now_us() - seen.last_us > 1000000)
            return false;
    }
    return true;
}

static bool another_took_over(void *context)
{
    int primary = cluster_primary(&cluster);
    return primary != 0 && primary != ((const struct recovery *)context)->victim;
}

/* Returns whether nothing has been acknowledged for a while. */
static bool nothing_is_acknowledged(void *context)
{
    (void)context;
    for (int way = 0; way < STEADY_WAYS; way++) {
        struct steady_way seen = steady_look(&steady, way);
        if (history_now_us() - seen.last_us < 2000000)
            return false;
    }
    return true;
}

/* Waits until appends are acknowledged again. */
static void await_appends(const struct blow *blow, struct recovery *recovery)
{
    if (blow->takes_over) {
        fixture_wait(another_took_over, recovery, PATIENCE_MS, "another node to take over");
    } else {
        fixture_wait(nothing_is_acknowledged, NULL, PATIENCE_MS, "appends to fail");
        cluster_heal(&cluster);
    }
    recovery->since_us = history_now_us();
    fixture_wait(is_acknowledged, recovery, PATIENCE_MS, "appends after the fault");
}

static void tell(const struct blow *blow, int victim)
{
    struct steady_way proxy = steady_look(&steady, STEADY_PROXY);
    struct steady_way hosts = steady_look(&steady, STEADY_HOSTS);
    print_message("%-7s of node %d: nothing was acknowledged for %.1f s by the proxy, %.1f s by "
                  "the addresses of all\n",
                  blow->name, victim, (double)proxy.longest_us / 1e6,
                  (double)hosts.longest_us / 1e6);
}

static void strike(const struct blow *blow)
{
    rest_us(CALM_US);
    steady_reset(&steady);
    struct recovery recovery = {cluster_primary(&cluster), history_now_us()};
    history_add(stage.history, json_pack("{ss ss sI si}", "kind", "fault", "name", blow->name, "at",
                                         (json_int_t)recovery.since_us, "node", recovery.victim));
    if (!cluster_strike(&cluster, blow->name, recovery.victim))
        fail_msg("%s of node %d failed", blow->name, recovery.victim);
    await_appends(blow, &recovery);
    tell(blow, recovery.victim);
    int64_t longest_us = steady_look(&steady, STEADY_PROXY).longest_us;
    cluster_heal(&cluster);
    if (longest_us > LONGEST_MS * 1000LL)
        fail_msg("%s: nothing was acknowledged for %.1f s", blow->name, (double)longest_us / 1e6);
}

/* ---- what came of it ---- */

/* Nothing was missing after any promotion, so the log is in its first epoch. */
static void expect_one_epoch(void)
{
    int64_t promotions =
        fixture_sql_int(stage.superuser_url, "select count(*) from cairn.promotions");
    assert_int_equal(fixture_sql_int(stage.superuser_url, "select epoch from cairn.store"), 1);
    print_message("%" PRId64 " promotions were noticed, no epoch began\n", promotions);
}

static void finish(void)
{
    load_stop(&stage);
    history_close(stage.history);
    dump_all(files, stage.superuser_url, NULL);
}

static void keep_files(unsigned seed)
{
    char command[1200];
    (void)snprintf(command, sizeof command, "rm -rf '%s/ha-%u' && cp -r '%s' '%s/ha-%u'",
                   getenv("CAIRN_TEST_BUILD"), seed, files, getenv("CAIRN_TEST_BUILD"), seed);
    if (system(command) == 0)
        print_message("what was asked and answered is kept in %s/ha-%u\n",
                      getenv("CAIRN_TEST_BUILD"), seed);
}

static void examine(unsigned seed)
{
    struct evidence evidence;
    struct verdict verdict = {0};
    assert_int_equal(evidence_read(&evidence, files), 0);
    check_log_alone(&evidence, &verdict);
    size_t events = evidence.event_count;
    print_message("%zu lines, %zu events; %lld appends acknowledged by the proxy, %lld by the "
                  "addresses of all\n",
                  json_array_size(evidence.history), events,
                  (long long)steady.ways[STEADY_PROXY].acknowledged,
                  (long long)steady.ways[STEADY_HOSTS].acknowledged);
    evidence_close(&evidence);
    verdict_print(&verdict, stderr);
    if (verdict.count) {
        keep_files(seed);
        fail_msg("SEED=%u: %d violations", seed, verdict.count);
    }
    assert_true(events > 1000);
}

static void a_synchronous_cluster_loses_nothing_and_appends_within_15_seconds(void **state)
{
    (void)state;
    const char *only = getenv("CAIRN_FAULT_ONLY");
    const char *text = getenv("CAIRN_FAULT_SEED");
    unsigned seed = text && *text ? (unsigned)atoi(text) : (unsigned)(history_now_us() % 1000000);
    print_message("SEED=%u\n", seed);
    open_stage(seed);
    load_start(&stage);
    for (int i = 0; i < BLOWS; i++) {
        if (only && *only && strcmp(only, blows[i].name) != 0)
            continue;
        if (cluster_can(&cluster, blows[i].name))
            strike(&blows[i]);
        else
            print_message("%s is not possible on this machine\n", blows[i].name);
    }
    rest_us(CALM_US);
    finish();
    expect_one_epoch();
    examine(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_synchronous_cluster_loses_nothing_and_appends_within_15_seconds),
    };
    return cmocka_run_group_tests_name("failover", tests, setup, teardown);
}
