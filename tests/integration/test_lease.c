/* test_lease.c - leases on a real PostgreSQL: one owner at a time, and each new owner has a greater
 * fence. */
#include "../support/fixture.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "store/lease.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { LONG_MS = 30000 };

static struct bench {
    char url[512];
    char writer[600];
    struct cairn_leases *first, *second;
} bench;

static struct cairn_leases *open_keeper(const char *label)
{
    struct cairn_leases *leases = NULL;
    assert_int_equal(cairn_leases_open(bench.writer, label, &leases, NULL), 0);
    return leases;
}

static int setup(void **state)
{
    (void)state;
    fixture_database(bench.url, sizeof bench.url);
    fixture_url_as(bench.url, "cairn_projector", bench.writer, sizeof bench.writer);
    bench.first = open_keeper("first");
    bench.second = open_keeper("second");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_leases_close(bench.first);
    cairn_leases_close(bench.second);
    fixture_drop(bench.url);
    return 0;
}

/* ---- helpers ---- */

static int64_t in_ms(int64_t ms)
{
    return cairn_monotonic_us() + CAIRN_MILLISECONDS(ms);
}

static int64_t take(struct cairn_lease *lease)
{
    return cairn_lease_wait(lease, in_ms(LONG_MS));
}

static bool knows_its_owner(void *context)
{
    struct cairn_lease_state state;
    cairn_lease_state(context, &state);
    return state.owner[0] != '\0';
}

static void expect_owner(struct cairn_lease *lease, const char *label, bool mine)
{
    struct cairn_lease_state state;
    fixture_wait(knows_its_owner, lease, LONG_MS, "somebody owns the lease");
    cairn_lease_state(lease, &state);
    assert_memory_equal(state.owner, label, strlen(label));
    assert_int_equal(state.mine, mine);
}

/* ---- tests ---- */

static void one_of_two_has_the_lease(void **state)
{
    (void)state;
    struct cairn_lease *mine = cairn_lease_want(bench.first, "stone");
    assert_int_equal(take(mine), 1);
    struct cairn_lease *theirs = cairn_lease_want(bench.second, "stone");
    expect_owner(theirs, "first@", false);
    assert_int_equal(cairn_lease_fence(theirs), 0);
    expect_owner(mine, "first@", true);
}

static void the_same_name_is_the_same_lease(void **state)
{
    (void)state;
    assert_ptr_equal(cairn_lease_want(bench.first, "stone"),
                     cairn_lease_want(bench.first, "stone"));
}

static void an_owner_keeps_it_beyond_its_time_with_the_same_fence(void **state)
{
    (void)state;
    struct cairn_lease *mine = cairn_lease_want(bench.first, "stone");
    int64_t fence = take(mine);
    struct cairn_lease *theirs = cairn_lease_want(bench.second, "stone");
    assert_int_equal(cairn_lease_wait(theirs, in_ms(2 * CAIRN_LEASE_TTL_MS)), 0);
    assert_int_equal(cairn_lease_fence(mine), fence);
}

static void a_stopping_owner_hands_over_at_once_with_a_greater_fence(void **state)
{
    (void)state;
    struct cairn_lease *mine = cairn_lease_want(bench.first, "stone");
    int64_t fence = take(mine);
    struct cairn_lease *theirs = cairn_lease_want(bench.second, "stone");
    expect_owner(theirs, "first@", false);
    cairn_leases_close(bench.first);
    bench.first = NULL;
    int64_t begun_ms = fixture_now_ms();
    assert_int_equal(take(theirs), fence + 1);
    assert_true(fixture_now_ms() - begun_ms < CAIRN_LEASE_TTL_MS);
}

static void an_owner_that_yields_does_not_acquire_the_lease_again(void **state)
{
    (void)state;
    struct cairn_lease *mine = cairn_lease_want(bench.first, "stone");
    int64_t fence = take(mine);
    cairn_lease_yield(mine, INT64_MAX);
    assert_int_equal(cairn_lease_fence(mine), 0);
    assert_int_equal(take(cairn_lease_want(bench.second, "stone")), fence + 1);
    cairn_leases_close(bench.second);
    bench.second = NULL;
    assert_int_equal(cairn_lease_wait(mine, in_ms(3 * CAIRN_LEASE_HEARTBEAT_MS)), 0);
}

static void an_owner_that_yields_for_a_while_asks_again(void **state)
{
    (void)state;
    struct cairn_lease *mine = cairn_lease_want(bench.first, "stone");
    int64_t fence = take(mine);
    cairn_lease_yield(mine, CAIRN_MILLISECONDS(10));
    assert_int_equal(take(mine), fence + 1);
}

/* An owner that does not renew for longer than the lease lasts, as a frozen process: here the
 * database gives its lease to another. The owner notices by itself. */
static void an_owner_without_heartbeat_loses_the_lease_and_notices(void **state)
{
    (void)state;
    struct cairn_lease *mine = cairn_lease_want(bench.first, "stone");
    int64_t fence = take(mine);
    fixture_sql(bench.url, "update cairn.leases set owner = 'somebody else', fence = fence + 1,"
                           " held_until = clock_timestamp() + interval '1 minute'");
    int64_t until_ms = fixture_now_ms() + LONG_MS;
    while (cairn_lease_fence(mine) == fence && fixture_now_ms() < until_ms)
        fixture_nap();
    assert_int_equal(cairn_lease_fence(mine), 0);
}

static void an_outage_ends_a_lease_and_it_comes_back(void **state)
{
    (void)state;
    struct cairn_lease *mine = cairn_lease_want(bench.first, "stone");
    int64_t fence = take(mine);
    fixture_postgres_stop();
    int64_t until_ms = fixture_now_ms() + LONG_MS;
    while (cairn_lease_fence(mine) == fence && fixture_now_ms() < until_ms)
        fixture_nap();
    assert_int_equal(cairn_lease_fence(mine), 0);
    fixture_postgres_start();
    assert_true(take(mine) >= fence);
}

/* Many in each process, wanted in different orders: there is no deadlock, and each lease has one
 * owner. */
static void many_leases_have_one_owner_each(void **state)
{
    enum { MANY = 40 };
    struct cairn_lease *a[MANY], *b[MANY];
    char name[20];
    (void)state;
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof name, "stone-%d", i);
        a[i] = cairn_lease_want(bench.first, name);
        (void)snprintf(name, sizeof name, "stone-%d", MANY - 1 - i);
        b[MANY - 1 - i] = cairn_lease_want(bench.second, name);
    }
    for (int i = 0; i < MANY; i++) {
        fixture_wait(knows_its_owner, a[i], LONG_MS, "the first keeper has asked");
        fixture_wait(knows_its_owner, b[i], LONG_MS, "the second keeper has asked");
        assert_int_equal(cairn_lease_fence(a[i]) + cairn_lease_fence(b[i]), 1);
        assert_true(cairn_lease_fence(a[i]) == 0 || cairn_lease_fence(b[i]) == 0);
    }
}

static void only_the_owner_of_the_fence_can_release(void **state)
{
    (void)state;
    assert_int_equal(fixture_sql_int(bench.url,
                                     "select count(*) from cairn.beat('me', array['stone'],"
                                     " array[0]::bigint[], interval '1 minute')"),
                     1);
    assert_int_equal(fixture_sql_int(bench.url, "select cairn.release('me', array['stone'],"
                                                " array[7]::bigint[])"),
                     0);
    assert_int_equal(fixture_sql_int(bench.url, "select cairn.release('me', array['stone'],"
                                                " array[1]::bigint[])"),
                     1);
}

static void a_clock_that_was_set_back_blocks_no_lease(void **state)
{
    (void)state;
    fixture_sql(bench.url, "insert into cairn.leases (name, owner, fence, taken_at, beat_at,"
                           " held_until) select 'stone', 'the dead', 7, t.at, t.at,"
                           " t.at + interval '2 seconds'"
                           " from (select clock_timestamp() + interval '1 hour' as at) t");
    struct cairn_lease *mine = cairn_lease_want(bench.first, "stone");
    assert_int_equal(take(mine), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(one_of_two_has_the_lease),
        TEST(a_clock_that_was_set_back_blocks_no_lease),
        TEST(the_same_name_is_the_same_lease),
        TEST(an_owner_keeps_it_beyond_its_time_with_the_same_fence),
        TEST(a_stopping_owner_hands_over_at_once_with_a_greater_fence),
        TEST(an_owner_that_yields_does_not_acquire_the_lease_again),
        TEST(an_owner_that_yields_for_a_while_asks_again),
        TEST(an_owner_without_heartbeat_loses_the_lease_and_notices),
        TEST(an_outage_ends_a_lease_and_it_comes_back),
        TEST(many_leases_have_one_owner_each),
        TEST(only_the_owner_of_the_fence_can_release),
    };
    return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
