/* test_verify_rows.c - a read model is folded again and compared with both stores: every change
 * that bypassed the projector is found, and nothing else. */
#include "../support/fixture.h"
#include "../support/pots.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "projection/verify/verify_rows.h"

#include <stdio.h>
#include <string.h>

enum { MEMORY = 64 << 20 };

/* ---- helpers ---- */

static char found[20000];

static void on_difference(void *context, const struct cairn_difference *difference)
{
    (void)context;
    size_t length = strlen(found);
    (void)snprintf(found + length, sizeof found - length, "%s %s %s @%d %s\n", difference->store,
                   difference->key, difference->what, (int)difference->position, difference->type);
}

static struct cairn_verify verify(const struct cairn_projection *projection, size_t memory_bytes)
{
    struct cairn_progress progress;
    struct cairn_error error = {0};
    struct cairn_verify ret = {.projection = projection,
                               .database_url = pot_bench.projector_url,
                               .redis_url = pot_bench.redis_url,
                               .memory_bytes = memory_bytes,
                               .patience_us = CAIRN_SECONDS(2),
                               .differs = on_difference,
                               .progress = &progress};
    found[0] = '\0';
    if (cairn_projection_verify(&ret, &error) < 0)
        fail_msg("%s", error.message);
    return ret;
}

static void expect_clean(const struct cairn_verify *seen)
{
    if (seen->differences || seen->copy_differences || seen->copy_problem[0])
        fail_msg("%d, %d differ: %s %s", (int)seen->differences, (int)seen->copy_differences,
                 seen->copy_problem, found);
}

static void expect_found(const char *words)
{
    if (!strstr(found, words))
        fail_msg("wanted \"%s\", saw: %s", words, found);
}

static void wait_until_settled(void)
{
    start_projector();
    wait_for_head();
    wait_for_copy();
    stop_projector();
}

/* ---- tests ---- */

static void what_the_projector_wrote_is_found_to_be_right(void **state)
{
    (void)state;
    struct cairn_uuid pots[50];
    for (int i = 0; i < 50; i++)
        fill(pots[i] = new_pot(), i);
    for (int i = 0; i < 200; i++)
        pour(pots[i % 50], pots[(i * 7 + 3) % 50], i);
    append("pot", pots[9], "PotBroken", 1, "{}");
    append("pot", pots[8], "PotLabelled", 1, "{\"label\":\"a \\\"b\\\" \\u00e9\"}");
    wait_until_settled();
    struct cairn_verify seen = verify(&pots_projection, MEMORY);
    expect_clean(&seen);
    assert_int_equal(seen.rows, 49);
    assert_int_equal(seen.copied, 49);
    assert_int_equal(seen.position, 252);

    seen = verify(&pots_projection, 24 << 10); /* in parts, with the same result */
    expect_clean(&seen);
    assert_int_equal(seen.rows, 49);
    assert_int_equal(seen.copied, 49);
}

static void every_row_that_was_changed_is_found_with_its_last_event(void **state)
{
    (void)state;
    struct cairn_uuid changed = new_pot();
    struct cairn_uuid lost = new_pot();
    struct cairn_uuid broken = new_pot();
    fill(changed, 1);
    fill(changed, 2);
    fill(lost, 1);
    fill(broken, 1);
    append("pot", broken, "PotBroken", 1, "{}");
    fill(new_pot(), 1);
    wait_until_settled();
    fixture_sql(pot_bench.url,
                cairn_print(&pot_bench.arena,
                            "update read.pots_g1 set litres = 5 where _key = '%s';"
                            "delete from read.pots_g1 where _key = '%s';"
                            "update read.pots_g1 set _deleted = false, pot_id = _key::uuid,"
                            "    litres = 0 where _key = '%s'",
                            key_of(changed), key_of(lost), key_of(broken)));
    struct cairn_verify seen = verify(&pots_projection, MEMORY);
    assert_int_equal(seen.differences, 3);
    expect_found(cairn_print(&pot_bench.arena,
                             "postgres %s is \"litres\":5, should be \"litres\":3 @2 PotFilled",
                             key_of(changed)));
    expect_found(
        cairn_print(&pot_bench.arena, "postgres %s is not there, and should be @3", key_of(lost)));
    expect_found(cairn_print(
        &pot_bench.arena, "postgres %s is there, and should not be @5 PotBroken", key_of(broken)));
}

static void a_copy_that_was_changed_is_found(void **state)
{
    (void)state;
    struct cairn_uuid changed = new_pot();
    struct cairn_uuid lost = new_pot();
    struct cairn_uuid never = new_pot();
    fill(changed, 1);
    fill(lost, 1);
    wait_until_settled();
    redis_do("SET", redis_row_key(changed), "1 1 1 1\n{}");
    redis_do("DEL", redis_row_key(lost), "");
    redis_do("SET", redis_row_key(never), "1 1 1 1\n{}");
    struct cairn_verify seen = verify(&pots_projection, MEMORY);
    assert_int_equal(seen.differences, 0);
    assert_int_equal(seen.copy_differences, 3);
    expect_found(cairn_print(&pot_bench.arena, "redis %s is \"1 1 1 1", key_of(changed)));
    expect_found(cairn_print(&pot_bench.arena, "redis %s is not there", key_of(lost)));
    expect_found(cairn_print(&pot_bench.arena, "redis %s is there, and should not", key_of(never)));
}

static void differences_beyond_the_limit_are_reported_as_not_compared(void **state)
{
    (void)state;
    fill(new_pot(), 1);
    wait_until_settled();
    for (int i = 0; i < 5010; i++)
        redis_do("SET", redis_row_key(new_pot()), "1 1 1 1\n{}");
    struct cairn_verify seen = verify(&pots_projection, MEMORY);
    assert_int_equal(seen.copy_differences, 5000);
    assert_non_null(strstr(seen.copy_problem, "10 more rows"));
}

static void parked_keys_are_told_apart_and_skipped_events_are_left_out(void **state)
{
    (void)state;
    struct cairn_uuid parked = new_pot();
    struct cairn_uuid skipped = new_pot();
    fill(parked, 1);
    fill(parked, 666);
    fill(skipped, 666);
    fill(skipped, 3);
    start_projector();
    wait_for_head();
    assert_int_equal(
        fixture_sql_int(pot_bench.projector_url,
                        cairn_print(&pot_bench.arena, "select cairn.skip_parked('pots', '%s', 3)",
                                    key_of(skipped))),
        1);
    wait_for_sql("select (count(*) = 1)::int from cairn.parked", "the event to be skipped");
    expect_litres(skipped, 3);
    wait_for_copy();
    struct cairn_verify seen = verify(&pots_projection, MEMORY);
    expect_clean(&seen);
    assert_int_equal(seen.parked, 1);
    assert_int_equal(seen.rows, 1);

    fixture_sql(pot_bench.url, "update read.pots_g1 set _parked = false");
    seen = verify(&pots_projection, MEMORY);
    assert_int_equal(seen.differences, 1);
    expect_found("an event cannot be applied to it, and it is not parked");
}

static void it_is_right_while_the_projector_goes_on(void **state)
{
    (void)state;
    struct cairn_uuid pots[20];
    for (int i = 0; i < 20; i++)
        fill(pots[i] = new_pot(), 1);
    start_projector();
    wait_for_head();
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 40; i++)
            fill(pots[i % 20], 1);
        struct cairn_verify seen = verify(&pots_projection, MEMORY);
        expect_clean(&seen);
        assert_int_equal(seen.rows, 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, pots_setup, pots_teardown)
        TEST(what_the_projector_wrote_is_found_to_be_right),
        TEST(every_row_that_was_changed_is_found_with_its_last_event),
        TEST(a_copy_that_was_changed_is_found),
        TEST(differences_beyond_the_limit_are_reported_as_not_compared),
        TEST(parked_keys_are_told_apart_and_skipped_events_are_left_out),
        TEST(it_is_right_while_the_projector_goes_on),
    };
    return cmocka_run_group_tests_name("verify_rows", tests, NULL, NULL);
}
