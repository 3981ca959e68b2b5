/* test_projector.c - projections on a real log: rows, checkpoints, generations, the copy in Redis,
 * and failures. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/pots.h"
#include "../support/support.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "projection/follow/runner.h"
#include "projection/tables/generation.h"
#include "projection/tables/table_names.h"
#include "store/append/append.h"

#include <stdio.h>
#include <string.h>

/* ---- rows ---- */

static void rows_follow_events_of_any_key(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    struct cairn_uuid b = new_pot();
    fill(a, 10);
    append("kettle", a, "PotFilled", 1, "{\"litres\":1000}"); /* another category's event */
    pour(a, b, 3);
    start_projector();
    wait_for_head();
    fill(b, 1);
    wait_for_head();
    expect_litres(a, 7);
    expect_litres(b, 4);
    assert_int_equal(sql_int("select count(*) from read.pots"), 2);
    assert_int_equal(sql_int("select max(_version) from read.pots_g1"), 1);
    assert_int_equal(sql_int("select max(_position) from read.pots_g1"), 4);
    wait_for_copy();
    assert_string_equal(redis_row(b),
                        cairn_print(&pot_bench.arena,
                                    "1 4 1 1\n{\"pot_id\":\"%s\",\"litres\":4,\"label\":null}",
                                    key_of(b)));
}

static void a_deleted_row_is_gone_from_both_stores_and_may_come_back(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 10);
    start_projector();
    wait_for_head();
    wait_for_copy();
    assert_non_null(redis_row(a));
    append("pot", a, "PotBroken", 1, "{}");
    wait_for_head();
    wait_for_copy();
    assert_int_equal(sql_int("select count(*) from read.pots"), 0);
    assert_null(redis_row(a));
    fill(a, 2);
    wait_for_head();
    expect_litres(a, 2);
}

static void a_checkpoint_reaches_the_head_though_all_is_ignored(void **state)
{
    (void)state;
    start_projector();
    for (int i = 0; i < 20; i++)
        append("kettle", new_pot(), "Whistled", 1, "{}");
    wait_for_head();
    wait_for_copy();
    assert_int_equal(sql_int("select count(*) from read.pots"), 0);
}

static void people_may_read_the_view_and_see_what_it_is(void **state)
{
    (void)state;
    char text[200];
    char url[600];
    fill(new_pot(), 1);
    start_projector();
    wait_for_head();
    fixture_url_as(pot_bench.url, "cairn_reader", url, sizeof url);
    assert_int_equal(fixture_sql_int(url, "select count(*) from read.pots"), 1);
    fixture_sql_text(url, "select obj_description('read.pots'::regclass)", text, sizeof text);
    assert_string_equal(text, "It's one row a pot.");
}

/* ---- restarts and versions ---- */

static void a_restart_repeats_nothing(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    for (int i = 0; i < 30; i++) {
        fill(a, 1);
        if (i % 10 == 0) {
            start_projector();
            wait_for_head();
            stop_projector();
        }
    }
    start_projector();
    wait_for_head();
    expect_litres(a, 30);
}

static void two_projectors_at_once_fold_every_event_once(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    start_projector();
    struct pot_keeper other = start_keeper(&pots_projection, pot_bench.redis_url);
    for (int i = 0; i < 300; i++)
        fill(a, 1);
    wait_for_head();
    wait_for_copy();
    stop_keeper(&other);
    expect_litres(a, 300);
    assert_non_null(strstr(redis_row(a), "\"litres\":300"));
}

static bool second_generation_is_live(void *context)
{
    (void)context;
    return sql_int("select count(*) from cairn.generations where live and generation = 2") == 1;
}

static void a_new_version_is_built_beside_the_old_and_shown_when_it_is_complete(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 10);
    append("pot", a, "PotBroken", 1, "{}");
    start_projector();
    wait_for_head();
    assert_int_equal(sql_int("select count(*) from read.pots"), 0);

    struct pot_keeper next = start_keeper(&pots_version_2, pot_bench.redis_url);
    fixture_wait(second_generation_is_live, NULL, 20000, "the second generation to be live");
    expect_litres(a, 10);
    fill(a, 1); /* both continue */
    wait_for_head();
    expect_litres(a, 11);
    assert_int_equal(sql_int("select litres from read.pots_g1"), 1);
    stop_keeper(&next);
}

/* ---- Redis ---- */

static void an_emptied_redis_is_filled_again(void **state)
{
    (void)state;
    struct cairn_uuid pots[600];
    for (size_t i = 0; i < 600; i++)
        fill(pots[i] = new_pot(), 1);
    start_projector();
    wait_for_head();
    wait_for_copy();
    redis_do("FLUSHDB", "", "");
    assert_null(redis_row(pots[0]));
    fill(pots[599], 1); /* the next write detects it */
    wait_for_head();
    wait_for_copy();
    for (size_t i = 0; i < 600; i++)
        assert_non_null(redis_row(pots[i]));
}

static void an_older_copy_catches_up_with_changes_and_deletions(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    struct cairn_uuid b = new_pot();
    fill(a, 1);
    fill(b, 1);
    start_projector();
    wait_for_head();
    wait_for_copy();
    const char *checkpoint_key = redis_checkpoint_key();
    const char *checkpoint = redis_get(checkpoint_key);
    const char *row_key = redis_row_key(b);
    const char *row = redis_get(row_key);
    append("pot", b, "PotBroken", 1, "{}");
    fill(a, 1);
    wait_for_head();
    wait_for_copy();

    redis_do("SET", checkpoint_key, checkpoint); /* as in an older file */
    redis_do("SET", row_key, row);
    fill(new_pot(), 1);
    wait_for_head();
    wait_for_copy();
    assert_null(redis_row(b));
    assert_non_null(strstr(redis_row(a), "\"litres\":2"));
}

static bool row_is_there(void *context)
{
    return redis_row(*(const struct cairn_uuid *)context) != NULL;
}

static void a_single_row_that_has_gone_from_redis_is_put_back(void **state)
{
    (void)state;
    struct cairn_uuid pots[600]; /* more than are checked at once */
    for (size_t i = 0; i < 600; i++)
        fill(pots[i] = new_pot(), 1);
    start_projector();
    wait_for_head();
    wait_for_copy();
    for (size_t i = 0; i < 600; i += 100) {
        const char *row = redis_row(pots[i]);
        redis_do("DEL", redis_row_key(pots[i]), "");
        fixture_wait(row_is_there, &pots[i], 20000, "the row to be in Redis again");
        assert_string_equal(redis_row(pots[i]), row);
    }
}

static void the_projection_goes_on_without_redis_and_the_copy_heals(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    start_projector();
    wait_for_head();
    fixture_redis_stop();
    fill(a, 1);
    wait_for_head();
    expect_litres(a, 2);
    fixture_redis_start();
    fill(a, 1);
    wait_for_head();
    wait_for_copy();
    assert_non_null(strstr(redis_row(a), "\"litres\":3"));
}

/* ---- failures ---- */

static void expect_stop(const char *words, int64_t position)
{
    wait_for_problem(&pot_bench.keeper, words);
    assert_int_equal(sql_int("select position from cairn.checkpoints"), position);
    assert_int_equal(sql_int("select count(*) from cairn.checkpoints where stopped is not null"),
                     1);
}

static void a_projection_that_may_not_park_stops_before_an_event_that_it_cannot_apply(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    fill(a, 2);
    fill(a, 666);
    fill(a, 4);
    pot_bench.keeper = start_keeper(&pots_that_stop, pot_bench.redis_url);
    expect_stop("PotFilled cannot be applied", 2);
    assert_int_equal(sql_int("select litres from read.pots_g1"), 3);
}

/* This projector reads the log no more often than any other that has nothing to do. */
static void a_generation_that_stops_while_it_is_built_pauses(void **state)
{
    (void)state;
    fill(new_pot(), 666);
    pot_bench.keeper = start_keeper(&pots_that_stop, pot_bench.redis_url);
    expect_stop("PotFilled cannot be applied", 0);
    stop_projector();
    assert_int_equal(sql_int("select count(*) from cairn.generations where not live"), 1);
    struct cairn_leases *leases = NULL;
    struct cairn_runner runner;
    assert_int_equal(cairn_leases_open(pot_bench.projector_url, "test", &leases, NULL), 0);
    const struct cairn_runner_options options = {
        .projection = &pots_that_stop,
        .generation = sql_int("select generation from cairn.generations"),
        .database_url = pot_bench.projector_url,
        .lease =
            cairn_lease_want(leases, cairn_generation_lease(&pots_that_stop, &pot_bench.arena)),
    };
    assert_true(cairn_lease_wait(options.lease, INT64_MAX) > 0);
    assert_int_equal(cairn_runner_open(&runner, &options, NULL), 0);
    int paused = 0;
    for (int steps = 0; steps < 20 && paused < 3; steps++) {
        struct cairn_pause pause = cairn_runner_step(&runner);
        paused = pause.until_us > cairn_monotonic_us() ? paused + 1 : 0;
    }
    cairn_runner_close(&runner);
    cairn_leases_close(leases);
    assert_int_equal(paused, 3);
}

static void an_unreadable_event_of_an_unknown_key_stops_the_projection(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    append("pot", a, "PotFilled", 1, "{\"litres\":\"many\"}");
    pot_bench.keeper = start_keeper(&cellar_projection, pot_bench.redis_url);
    expect_stop("cannot be decoded: /litres must be a whole number", 1);
}

static void a_projection_stops_before_an_event_of_a_newer_release(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    append("pot", a, "PotFilled", 2, "{\"millilitres\":1000}");
    fill(a, 4);
    start_projector();
    expect_stop("this binary knows version 1", 1);
}

/* ---- tables with other columns ---- */

/* The row with one more member, and with a member of another type; .version stays. */
CAIRN_STRUCT(taller_pots, UUID(pot_id), INT(litres), TEXT(label, .optional = true), INT(height));
CAIRN_STRUCT(wordy_pots, UUID(pot_id), TEXT(litres), TEXT(label, .optional = true));

static void expect_refused_row(const struct cairn_record *row, const char *words)
{
    struct cairn_projection changed = pots_projection;
    changed.row = row;
    struct pot_keeper keeper = start_keeper(&changed, pot_bench.redis_url);
    wait_for_problem(&keeper, words);
    wait_for_problem(&keeper, "raise .version of the projection pots (now 1)");
    assert_int_equal(sql_int("select count(*) from cairn.checkpoints"
                             "    where stopped like '%raise .version%'"),
                     1);
    stop_keeper(&keeper);
}

static void a_row_that_changed_without_a_new_version_is_refused_by_name(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    start_projector();
    wait_for_head();
    stop_projector();
    fill(a, 2);
    expect_refused_row(&taller_pots_record, "has no column \"height\"");
    expect_refused_row(&wordy_pots_record, "has \"litres\" as bigint, the record has it as text");
    start_projector(); /* with the row of the table's version */
    wait_for_head();
    expect_litres(a, 3);
    wait_for_sql("select count(*) from cairn.checkpoints where stopped is null",
                 "the reason to be withdrawn");
}

/* Returns whether a lag of two events is shown, in the metrics and in the state for `/readyz`. */
static bool lag_is_shown(void *context)
{
    (void)context;
    struct cairn_arena arena = {0};
    struct cairn_buffer out = cairn_buffer(&arena);
    struct cairn_projector_state state = keeper_state(&pot_bench.keeper);
    cairn_metrics_write(CAIRN_METRICS_TEXT, &out);
    bool shown = strstr(out.text, "cairn_projection_lag_events{projection=\"pots\"} 2\n") != NULL;
    cairn_arena_close(&arena);
    return shown && state.head - state.position == 2;
}

static void a_refused_statement_stops_its_read_model_until_it_is_mended_and_no_other(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    start_projector();
    wait_for_head();
    struct pot_keeper other = start_keeper(&cellar_projection, pot_bench.redis_url);
    fixture_sql(pot_bench.url, "alter table read.pots_g1 rename column litres to content");
    fill(a, 2);
    wait_for_problem(&pot_bench.keeper, "litres");
    wait_for_sql("select count(*) from cairn.checkpoints"
                 "    where projection = 'pots' and stopped like '%litres%'",
                 "the reason to be recorded");
    wait_for_sql("select count(*) from cairn.checkpoints c, cairn.store s"
                 "    where c.projection <> 'pots' and c.position = 2 and c.stopped is null",
                 "the other read model to go on");
    assert_int_equal(sql_int("select count(*) from read.pots_g1 where _parked"), 0);
    stop_projector();
    start_projector(); /* the changed table is detected at start, too */
    wait_for_problem(&pot_bench.keeper, "has no column \"litres\"");
    fill(a, 3);
    fixture_wait(lag_is_shown, NULL, 20000,
                 "the lag to be shown, although it is stopped by an event");
    fixture_sql(pot_bench.url, "alter table read.pots_g1 rename column content to litres");
    wait_for_sql("select count(*) from cairn.checkpoints"
                 "    where projection = 'pots' and position = 3 and stopped is null",
                 "the read model to go on");
    expect_litres(a, 6);
    stop_keeper(&other);
}

/* ---- releases ---- */

/* The same pots in a newer release. */
CAIRN_STRUCT(pot_filled_v2, INT(millilitres));
CAIRN_UPCAST(pot_filled, pot_filled_v2)
{
    ret->millilitres = old->litres * 1000;
}
CAIRN_UPCAST(pot_filled_v2, pot_filled)
{
    ret->litres = old->millilitres / 1000;
}
static const struct cairn_event_type newer_types[] = {{
    .name = "PotFilled",
    .schema_version = 3,
    .record = &pot_filled_record,
    .upcasters = {&pot_filled_upcaster, &pot_filled_v2_upcaster},
}};
static const struct cairn_events newer_events = {
    .category = "pot", .types = newer_types, .count = 1};
static struct cairn_on newer_filled = {
    .handler = {.events = &newer_events, .record = &pot_filled_record}, .apply = pots_fill};
static const struct cairn_handlers newer_handlers = {&newer_filled.handler};
static const struct cairn_projection newer_pots = {
    .name = "pots", .version = 1, .row = &pots_record, .on = &newer_handlers};

static void a_newer_release_goes_on_and_the_old_one_stays_where_it_is(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    append("pot", a, "PotFilled", 2, "{\"millilitres\":2000}");
    append("pot", a, "PotFilled", 3, "{\"litres\":4}");
    start_projector();
    expect_stop("this binary knows version 1", 1);

    struct pot_keeper newer = start_keeper(&newer_pots, pot_bench.redis_url);
    wait_for_head();
    expect_litres(a, 7);
    stop_keeper(&newer);
    fixture_sql(pot_bench.url, "select pg_terminate_backend(pid) from pg_stat_activity"
                               " where datname = current_database() and application_name = 'pots'");
    fill(a, 8); /* the old one could apply it, but does not */
    wait_for_problem(&pot_bench.keeper, "this binary knows version 1");
    for (int64_t until_ms = fixture_now_ms() + 500; fixture_now_ms() < until_ms;)
        fixture_nap();
    expect_litres(a, 7);

    stop_projector();
    newer = start_keeper(&newer_pots, pot_bench.redis_url);
    wait_for_head();
    stop_keeper(&newer);
    expect_litres(a, 15);
    assert_int_equal(sql_int("select count(*) from cairn.checkpoints where stopped is not null"),
                     0);
}

/* Both run when the newer event comes, as in a rolling deploy. */
static void an_old_release_gives_its_lease_to_the_newer_one(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    start_projector();
    wait_for_head();
    struct pot_keeper newer = start_keeper(&newer_pots, pot_bench.redis_url);
    append("pot", a, "PotFilled", 2, "{\"millilitres\":2000}");
    append("pot", a, "PotFilled", 3, "{\"litres\":4}");
    wait_for_problem(&pot_bench.keeper, "this binary knows version 1");
    wait_for_head();
    expect_litres(a, 7);
    assert_false(keeper_state(&pot_bench.keeper).leading);
    wait_for_copy();
    assert_non_null(strstr(redis_row(a), "\"litres\":7"));
    stop_keeper(&newer);
}

static void rows_of_another_history_are_not_folded_on(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    start_projector();
    wait_for_head();
    stop_projector();
    fixture_sql(pot_bench.url, "update cairn.checkpoints set event_id = gen_random_uuid()");
    fill(a, 1);
    cairn_expect(pot_bench.url, 0, "status", "diverged");
    cairn_expect(pot_bench.url, 0, "status", "builds it anew");
    assert_int_equal(sql_int("select litres from read.pots"), 1);

    start_projector(); /* a new one is built beside it from the current log */
    wait_for_sql("select count(*) from cairn.generations where live and generation = 2",
                 "the next generation to be live");
    expect_litres(a, 2);
    assert_int_equal(sql_int("select litres from read.pots_g1"), 1);
    assert_int_equal(sql_int("select count(*) from cairn.rebuilds where cause = 'diverged'"), 1);
}

static void a_database_that_comes_back_is_followed_on(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    start_projector();
    wait_for_head();
    fixture_postgres_stop();
    fixture_postgres_start();
    fill(a, 1);
    wait_for_head();
    expect_litres(a, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, pots_setup, pots_teardown)
        TEST(rows_follow_events_of_any_key),
        TEST(a_deleted_row_is_gone_from_both_stores_and_may_come_back),
        TEST(a_checkpoint_reaches_the_head_though_all_is_ignored),
        TEST(people_may_read_the_view_and_see_what_it_is),
        TEST(a_restart_repeats_nothing),
        TEST(two_projectors_at_once_fold_every_event_once),
        TEST(a_new_version_is_built_beside_the_old_and_shown_when_it_is_complete),
        TEST(an_emptied_redis_is_filled_again),
        TEST(an_older_copy_catches_up_with_changes_and_deletions),
        TEST(a_single_row_that_has_gone_from_redis_is_put_back),
        TEST(the_projection_goes_on_without_redis_and_the_copy_heals),
        TEST(a_projection_that_may_not_park_stops_before_an_event_that_it_cannot_apply),
        TEST(a_generation_that_stops_while_it_is_built_pauses),
        TEST(an_unreadable_event_of_an_unknown_key_stops_the_projection),
        TEST(a_projection_stops_before_an_event_of_a_newer_release),
        TEST(a_row_that_changed_without_a_new_version_is_refused_by_name),
        TEST(a_refused_statement_stops_its_read_model_until_it_is_mended_and_no_other),
        TEST(a_newer_release_goes_on_and_the_old_one_stays_where_it_is),
        TEST(an_old_release_gives_its_lease_to_the_newer_one),
        TEST(rows_of_another_history_are_not_folded_on),
        TEST(a_database_that_comes_back_is_followed_on),
    };
    return cmocka_run_group_tests_name("projector", tests, NULL, NULL);
}
