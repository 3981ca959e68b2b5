/* test_parked.c - events that cannot be applied to a row: only that key is parked, it is retried or
 * skipped, and a projector that has lost the lease writes to neither store. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/pots.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "projection/generations/switch.h"
#include "projection/tables/redis_copy.h"

#include <stdio.h>
#include <string.h>

/* ---- helpers ---- */

static void expect_parked(struct cairn_uuid id, int64_t count)
{
    assert_int_equal(
        sql_int(cairn_print(&pot_bench.arena, "select count(*) from cairn.parked where key = '%s'",
                            key_of(id))),
        count);
    assert_int_equal(
        sql_int(cairn_print(&pot_bench.arena,
                            "select count(*) from read.pots_g1 where _key = '%s' and _parked",
                            key_of(id))),
        count > 0);
}

static void expect_reason(struct cairn_uuid id, const char *words)
{
    char reason[1000];
    fixture_sql_text(pot_bench.url,
                     cairn_print(&pot_bench.arena,
                                 "select reason from cairn.parked where key = '%s'"
                                 " order by position limit 1",
                                 key_of(id)),
                     reason, sizeof reason);
    if (!strstr(reason, words))
        fail_msg("wanted \"%s\", saw: %s", words, reason);
}

static int64_t ask(const char *call)
{
    return fixture_sql_int(pot_bench.projector_url,
                           cairn_print(&pot_bench.arena, "select cairn.%s", call));
}

static void wait_until_done(void)
{
    wait_for_sql("select (count(*) = 0)::int from cairn.parked where request is not null",
                 "the projector to carry out what is asked");
}

static void mend(void)
{
    stop_projector();
    pot_bench.keeper = start_keeper(&pots_that_are_mended, pot_bench.redis_url);
}

/* ---- parking ---- */

static void a_poison_event_on_one_key_of_two_parks_that_key_alone(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    struct cairn_uuid b = new_pot();
    fill(a, 10);
    fill(a, 666);
    pour(a, b, 3); /* parked for a, applied to b */
    fill(b, 1);
    start_projector();
    wait_for_head();
    expect_litres(a, 10);
    expect_litres(b, 4);
    expect_parked(a, 2);
    expect_parked(b, 0);
    expect_reason(a, "PotFilled cannot be applied");
    assert_int_equal(sql_int("select attempts from cairn.parked where position = 2"), 1);
    assert_int_equal(sql_int("select attempts from cairn.parked where position = 3"), 0);
    wait_for_copy();
    assert_null(redis_row(a)); /* a read has to learn that from PostgreSQL */
    assert_non_null(redis_row(b));
    struct cairn_projector_state shown = keeper_state(&pot_bench.keeper);
    assert_true(shown.following);
}

static bool shows_one_parked(void *context)
{
    (void)context;
    return keeper_state(&pot_bench.keeper).parked_keys == 1;
}

static void what_never_was_a_row_is_parked_too_and_counted(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 666);
    start_projector();
    wait_for_head();
    expect_parked(a, 1);
    assert_int_equal(sql_int("select count(*) from read.pots"), 0);
    fixture_wait(shows_one_parked, NULL, 60000, "the projector to say that a key is parked");
}

static void an_event_that_cannot_be_decoded_parks_its_stream(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    struct cairn_uuid b = new_pot();
    fill(a, 1);
    append("pot", a, "PotFilled", 1, "{\"litres\":\"many\"}");
    fixture_sql(pot_bench.url, "select cairn.append('pot-by-hand', 'PotFilled', '{\"litres\":1}')");
    fill(b, 2);
    start_projector();
    wait_for_head();
    expect_litres(a, 1);
    expect_litres(b, 2);
    expect_parked(a, 1);
    expect_reason(a, "cannot be decoded: /litres must be a whole number");
    assert_int_equal(sql_int("select count(*) from cairn.parked where key = 'by-hand'"), 1);
}

/* Returns a label that no index accepts: thousands of incompressible bytes. */
static const char *long_label(void)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/";
    char *label = cairn_new(&pot_bench.arena, char, 9001);
    uint64_t x = 88172645463325252U;
    for (int i = 0; i < 9000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17; /* Marsaglia's xorshift */
        label[i] = digits[x & 63];
    }
    return cairn_print(&pot_bench.arena, "{\"label\":\"%s\"}", label);
}

static void a_row_that_postgresql_refuses_is_parked(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    struct cairn_uuid b = new_pot();
    start_projector();
    wait_for_head(); /* empty: later events are followed, not loaded */
    for (int i = 0; i < 40; i++)
        fill(b, 1);
    fill(a, 1);
    append("pot", a, "PotLabelled", 1, long_label());
    fill(a, 1);
    for (int i = 0; i < 40; i++)
        fill(b, 1);
    wait_for_head();
    expect_litres(a, 1);
    expect_litres(b, 80);
    expect_parked(a, 2);
    expect_reason(a, "index row");
    assert_int_equal(ask("retry_parked('pots')"), 1); /* it is refused again */
    wait_until_done();
    expect_parked(a, 2);
    expect_reason(a, "index row");
    assert_int_equal(sql_int("select max(attempts) from cairn.parked"), 2);
}

/* ---- retrying ---- */

static void what_was_parked_is_applied_in_order_when_the_cause_is_mended(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    fill(a, 666);
    for (int i = 0; i < 250; i++) /* more than are retried at once */
        fill(a, 1);
    start_projector();
    wait_for_head();
    expect_parked(a, 251);
    assert_int_equal(ask("retry_parked('pots')"), 1); /* the cause remains */
    wait_until_done();
    expect_parked(a, 251);
    assert_int_equal(sql_int("select attempts from cairn.parked where position = 2"), 2);

    mend();
    assert_int_equal(ask(cairn_print(&pot_bench.arena, "retry_parked('pots', '%s')", key_of(a))),
                     1);
    for (int i = 0; i < 20; i++) /* during the retry */
        fill(a, 1);
    wait_for_head();
    wait_for_sql("select (count(*) = 0)::int from cairn.parked", "nothing to be parked");
    expect_litres(a, 937);
    expect_parked(a, 0);
    wait_for_copy();
    assert_non_null(strstr(redis_row(a), "\"litres\":937"));
}

static void an_event_that_is_skipped_is_noted_and_the_key_goes_on(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    fill(a, 666);
    fill(a, 2);
    fill(a, 666);
    fill(a, 4);
    start_projector();
    wait_for_head();
    assert_int_equal(ask(cairn_print(&pot_bench.arena, "skip_parked('pots', '%s', 3)", key_of(a))),
                     0);
    assert_int_equal(ask(cairn_print(&pot_bench.arena, "skip_parked('pots', '%s', 2)", key_of(a))),
                     1);
    wait_until_done();
    expect_litres(a, 3); /* until the next poison event */
    expect_parked(a, 2);
    assert_int_equal(ask(cairn_print(&pot_bench.arena, "skip_parked('pots', '%s', 4)", key_of(a))),
                     1);
    wait_until_done();
    expect_litres(a, 7);
    expect_parked(a, 0);
    assert_int_equal(sql_int("select count(*) from cairn.skipped where position in (2, 4)"), 2);
    wait_for_copy();
    assert_non_null(strstr(redis_row(a), "\"litres\":7"));
}

/* A retry changes rows, but not the position: an older copy has to be detected. */
static void a_copy_of_before_a_retry_is_repaired(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(new_pot(), 1);
    fill(a, 666);
    start_projector();
    wait_for_head();
    wait_for_copy();
    const char *before = redis_get(redis_checkpoint_key());
    mend();
    assert_int_equal(ask("retry_parked('pots')"), 1);
    wait_until_done();
    wait_for_copy();
    assert_non_null(strstr(redis_row(a), "\"litres\":666"));

    redis_do("SET", redis_checkpoint_key(), before); /* as in an older file */
    redis_do("DEL", redis_row_key(a), "");
    wait_for_copy();
    assert_non_null(strstr(redis_row(a), "\"litres\":666"));
}

/* The request is dropped, and the projection continues. */
static void a_retry_that_cannot_be_done_is_in_nobodys_way(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    struct cairn_uuid b = new_pot();
    fill(a, 1);
    fill(a, 666);
    start_projector();
    wait_for_head();
    fixture_sql(pot_bench.url, "update read.pots_g1 set pot_id = null");
    assert_int_equal(ask("retry_parked('pots')"), 1);
    wait_until_done();
    expect_reason(a, "cannot be read back");
    fill(b, 1);
    wait_for_head();
    expect_litres(b, 1);
}

static void people_see_what_is_parked_and_try_it_again(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    struct cairn_uuid b = new_pot();
    fill(a, 666);
    fill(b, 666);
    fill(b, 1);
    cairn_expect(pot_bench.url, 1, "parked retry pots", "nothing of pots is parked");
    start_projector();
    wait_for_head();
    cairn_expect(pot_bench.url, 0, "parked", "PotFilled cannot be applied");
    cairn_expect(pot_bench.url, 0, "parked pots --json", "\"waiting\":1");
    cairn_expect(pot_bench.url, 0, "status --json", "\"parked\":2");
    cairn_expect(pot_bench.url, 1, "parked retry pots", "2 of 2 keys are still parked");
    cairn_expect(pot_bench.url, 1,
                 cairn_print(&pot_bench.arena, "parked skip pots %s 3", key_of(b)),
                 "not the first of a parked key");
    cairn_expect(pot_bench.url, 0,
                 cairn_print(&pot_bench.arena, "parked skip pots %s 2", key_of(b)),
                 "0 of 1 keys are still parked");
    expect_litres(b, 1);
    mend();
    cairn_expect(pot_bench.url, 0, cairn_print(&pot_bench.arena, "parked retry pots %s", key_of(a)),
                 "0 of 1 keys are still parked");
    expect_litres(a, 666);
}

/* ---- writing with and without the lease ---- */

static int64_t fence(void)
{
    return sql_int("select coalesce((select max(fence) from cairn.checkpoints), 0)");
}

static void an_owner_of_before_writes_in_neither_store(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    start_projector();
    wait_for_head();
    wait_for_copy();

    /* The state of a process that is frozen right before it writes. */
    struct cairn_generation generation;
    struct cairn_checkpoint before;
    struct cairn_rows rows;
    struct cairn_copy copy = {.redis = pot_bench.redis};
    assert_int_equal(cairn_generation_look(pot_bench.store, &pots_projection, &pot_bench.arena,
                                           &generation, NULL),
                     1);
    assert_int_equal(
        cairn_generation_checkpoint(pot_bench.store, &generation, &pot_bench.arena, &before, NULL),
        0);
    cairn_rows_init(&rows, &generation, &pot_bench.arena);
    cairn_copy_init(&copy, &pot_bench.timeline, &generation, &pot_bench.arena);
    assert_true(before.fence > 0);

    stop_projector(); /* another one takes over */
    start_projector();
    wait_for_sql(cairn_print(&pot_bench.arena,
                             "select (fence > %" PRId64 ")::int from cairn.checkpoints",
                             before.fence),
                 "the next owner to take over");
    wait_for_copy();

    fill(a, 1);
    wait_for_head();
    wait_for_copy();
    const struct cairn_stored_row row = {
        .key = key_of(a), .position = 2, .version = 2, .json = "{}"};
    const struct cairn_rows_change change = {.rows = &row, .count = 1, .position = 2};
    struct cairn_pg *pg = cairn_store_pg(pot_bench.store);
    assert_int_equal(cairn_rows_write(&rows, pg, &change, &before, &pot_bench.arena, NULL),
                     -CAIRN_CONFLICT);
    struct cairn_checkpoint late = before; /* the right position, but the wrong fence */
    late.position = 2;
    assert_int_equal(cairn_rows_write(&rows, pg, &change, &late, &pot_bench.arena, NULL),
                     -CAIRN_CONFLICT);
    struct cairn_checkpoint after = late;
    after.position = 3;
    assert_int_equal(cairn_copy_put(&copy, cairn_checkpoint_text(&pot_bench.arena, &late),
                                    cairn_checkpoint_text(&pot_bench.arena, &after), late.epoch,
                                    &row, 1, &pot_bench.arena),
                     0);
    struct cairn_generation again = generation;
    const struct cairn_switch_terms terms = {.fence = before.fence};
    assert_int_equal(cairn_switch_to(pot_bench.store, &again, &terms, &pot_bench.arena, NULL),
                     -CAIRN_CONFLICT);
    expect_litres(a, 2);
    assert_non_null(strstr(redis_row(a), "\"litres\":2"));
}

static bool stands_by(void *context)
{
    struct cairn_projector_state shown = keeper_state(context);
    return shown.following && !shown.leading && shown.owner[0];
}

static bool leads(void *context)
{
    struct cairn_projector_state shown = keeper_state(context);
    return shown.following && shown.leading;
}

static void one_of_two_stands_by_and_takes_over(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    start_projector();
    wait_for_head();
    int64_t before = fence();
    struct pot_keeper other = start_keeper(&pots_projection, pot_bench.redis_url);
    fixture_wait(stands_by, &other, 60000, "the other one to stand by");
    assert_int_equal(keeper_state(&other).position, 1);
    assert_true(keeper_state(&pot_bench.keeper).leading);
    stop_projector(); /* releases its lease */
    fixture_wait(leads, &other, 60000, "the other one to take over");
    fill(a, 1);
    wait_for_head();
    expect_litres(a, 2);
    assert_true(fence() > before);
    stop_keeper(&other);
}

/* Leases that were restored to an older state, as by a restore of that table alone, are
 * overtaken. */
static void a_fence_that_is_too_low_is_left_behind(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    start_projector();
    wait_for_head();
    stop_projector();
    fixture_sql(pot_bench.url, "update cairn.checkpoints set fence = fence + 2");
    start_projector();
    fill(a, 1);
    wait_for_head();
    expect_litres(a, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, pots_setup, pots_teardown)
        TEST(a_poison_event_on_one_key_of_two_parks_that_key_alone),
        TEST(what_never_was_a_row_is_parked_too_and_counted),
        TEST(an_event_that_cannot_be_decoded_parks_its_stream),
        TEST(a_row_that_postgresql_refuses_is_parked),
        TEST(what_was_parked_is_applied_in_order_when_the_cause_is_mended),
        TEST(an_event_that_is_skipped_is_noted_and_the_key_goes_on),
        TEST(a_copy_of_before_a_retry_is_repaired),
        TEST(a_retry_that_cannot_be_done_is_in_nobodys_way),
        TEST(people_see_what_is_parked_and_try_it_again),
        TEST(an_owner_of_before_writes_in_neither_store),
        TEST(one_of_two_stands_by_and_takes_over),
        TEST(a_fence_that_is_too_low_is_left_behind),
    };
    return cmocka_run_group_tests_name("parked", tests, NULL, NULL);
}
