/* test_epochs.c - a cluster whose commits wait for no standby: a promotion loses what was
 * acknowledged last, and an epoch begins by itself before anything else is appended. */
#include "../fault/cluster/cluster.h"
#include "../fault/load/history.h"

#include "../support/fixture.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "store/commit/appender.h"

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { ANSWERS = 20000, PATIENCE_US = 60000000, AFTERWARDS = 50 };

static struct cluster cluster;
static char hosts_url[640];
static char superuser_url[640];

/* One acknowledged append. */
struct answer {
    struct cairn_uuid id;
    int64_t position;
    int64_t epoch;
};
static struct answer answers[ANSWERS];
static size_t answer_count;

static int setup(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    cluster_open(&cluster, "asynchronous");
    cluster_url(&cluster, "cairn_writer", "hosts", hosts_url, sizeof hosts_url);
    cluster_url(&cluster, "postgres", "proxy", superuser_url, sizeof superuser_url);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cluster_close(&cluster);
    return 0;
}

/* ---- appending ---- */

static void on_done(struct cairn_appending *appending)
{
    atomic_store((atomic_bool *)appending->context, true);
}

static bool is_done(void *context)
{
    return atomic_load((atomic_bool *)context);
}

/* Appends one event and keeps the answer, if there is one. Returns its epoch, or an error. */
static int64_t append(struct cairn_appender *appender)
{
    static atomic_bool done;
    const struct cairn_new_event event = {.id = cairn_uuid_make(),
                                          .type = "Happened",
                                          .schema_version = 1,
                                          .data = "{}",
                                          .meta = "{}"};
    struct cairn_write write = {
        .expected = {.stream = "steady-1", .version = CAIRN_VERSION_ANY},
        .events = &event,
        .event_count = 1,
    };
    struct cairn_appended where = {0};
    struct cairn_appending appending = {.append = {.writes = &write, .write_count = 1},
                                        .ret = &where,
                                        .done = on_done,
                                        .context = &done};
    atomic_store(&done, false);
    int failed = cairn_appender_submit(appender, &appending, NULL);
    if (failed)
        return failed;
    fixture_wait(is_done, &done, 60000, "an append to be answered");
    if (appending.outcome != 0)
        return appending.outcome;
    assert_true(answer_count < ANSWERS);
    answers[answer_count++] = (struct answer){event.id, where.position, appending.timeline.epoch};
    return appending.timeline.epoch;
}

/* Appends until so many were acknowledged in an epoch after the first. */
static void append_into_the_next_epoch(struct cairn_appender *appender)
{
    int64_t until_us = cairn_monotonic_us() + PATIENCE_US;
    for (int later = 0; later < AFTERWARDS;) {
        later += append(appender) > 1;
        if (cairn_monotonic_us() > until_us)
            fail_msg("no epoch has begun; %zu appends were acknowledged", answer_count);
        fixture_nap();
    }
}

/* ---- what the log has ---- */

static bool has(const struct answer *answer)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    char sql[300];
    cairn_uuid_format(answer->id, id);
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from cairn.events where shard = 0 and position = %" PRId64
                   " and event_id = '%s'",
                   answer->position, id);
    return fixture_sql_int(superuser_url, sql) == 1;
}

/* Checks that epochs only grow, that nothing of the new one is missing, and that of the old one
 * exactly that is missing which the log did not have when the new one began. */
static size_t count_lost(int64_t head)
{
    size_t lost = 0;
    for (size_t i = 0; i < answer_count; i++) {
        const struct answer *answer = &answers[i];
        bool is_lost = answer->epoch == 1 && answer->position > head;
        if (i > 0 && answer->epoch < answers[i - 1].epoch)
            fail_msg("an append was acknowledged in epoch %" PRId64 " after epoch %" PRId64,
                     answer->epoch, answers[i - 1].epoch);
        if (has(answer) == is_lost)
            fail_msg("position %" PRId64 " of epoch %" PRId64 " %s; the epoch ended at %" PRId64,
                     answer->position, answer->epoch, is_lost ? "is there" : "is missing", head);
        lost += is_lost;
    }
    return lost;
}

static void an_epoch_begins_by_itself_where_a_promotion_has_lost_events(void **state)
{
    (void)state;
    struct cairn_appender *appender = NULL;
    if (!cluster_can(&cluster, "split"))
        skip();
    assert_int_equal(cairn_appender_open(hosts_url, "epochs", NULL, &appender, NULL), 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(append(appender), 1);
    assert_true(cluster_strike(&cluster, "split", cluster_primary(&cluster)));
    append_into_the_next_epoch(appender);
    cluster_heal(&cluster);
    for (int i = 0; i < AFTERWARDS; i++)
        (void)append(appender);
    cairn_appender_close(appender);

    assert_int_equal(
        fixture_sql_int(superuser_url, "select count(*) from cairn.promotions where is_new_epoch"),
        1);
    int64_t head =
        fixture_sql_int(superuser_url, "select head from cairn.promotions where is_new_epoch");
    size_t lost = count_lost(head);
    print_message("%zu appends were acknowledged, %zu of them lost; the epoch ended at %" PRId64
                  ", the next one is %" PRId64 "\n",
                  answer_count, lost, head, answers[answer_count - 1].epoch);
    assert_true(lost > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_begins_by_itself_where_a_promotion_has_lost_events),
    };
    return cmocka_run_group_tests_name("epochs", tests, setup, teardown);
}
