/* test_caused_by.c - a read model that shows its events' callers has the same rows by the live
 * path, by a rebuild, out of a rebuild's files, and in the check against the log. */
#include "../support/fixture.h"
#include "../support/pots.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "projection/verify/verify_rows.h"
#include "record/json.h"
#include "store/append/append.h"

#include <cairn/projection.h>

#include <stdio.h>
#include <string.h>

enum { EVENTS = 200 };

CAIRN_STRUCT(fillers, UUID(pot_id), TEXT(sub, .optional = true), TEXT(iss, .optional = true),
             INT(seen));
CAIRN_PROJECTION(fillers, .version = 1);
CAIRN_ON(fillers, pot, pot_filled)
{
    const struct cairn_actor actor = cairn_caused_by(meta, arena);
    row->pot_id = meta->id;
    row->sub = actor.sub;
    row->iss = actor.iss;
    row->seen++;
    return CAIRN_KEEP;
}

static struct cairn_rebuild_limits usual;
static struct pot_keeper keeper;

#define SQL(...) cairn_print(&pot_bench.arena, __VA_ARGS__)

static int setup(void **state)
{
    usual = pot_rebuild;
    return pots_setup(state);
}

static int teardown(void **state)
{
    stop_keeper(&keeper);
    pot_rebuild = usual;
    return pots_teardown(state);
}

static void append_with(struct cairn_uuid pot, const char *meta)
{
    struct cairn_appended appended;
    const struct cairn_new_event event = {.id = cairn_uuid_make(),
                                          .type = "PotFilled",
                                          .schema_version = 1,
                                          .data = "{\"litres\":1}",
                                          .meta = meta};
    const struct cairn_write write = {
        .expected = {.stream = cairn_stream_name(&pot_bench.arena, "pot", pot),
                     .version = CAIRN_VERSION_ANY},
        .events = &event,
        .event_count = 1};
    const struct cairn_append append = {.writes = &write, .write_count = 1};
    assert_int_equal(
        cairn_store_append(pot_bench.store, &append, &pot_bench.arena, &appended, NULL), 0);
}

/* Every third event has no caller, or one that an author has written by hand. */
static void append_some(void)
{
    static const char *const metas[] = {"{}", "{\"actor\":5}", "{\"actor\":{\"sub\":\"x\"}}",
                                        "{\"note\":\"\\\"actor\\\"\"}"};
    for (int i = 0; i < EVENTS; i++) {
        struct cairn_uuid pot = cairn_uuid_make();
        append_with(pot,
                    i % 3 ? SQL("{\"service\":\"a\",\"actor\":{\"sub\":\"s%d\",\"iss\":\"i\"}}", i)
                          : metas[i / 3 % 4]);
    }
}

static void wait_until_live(int generation)
{
    wait_for_sql(
        SQL("select (count(*) = 1)::int from cairn.generations g join cairn.checkpoints"
            " using (projection, generation) where projection = 'fillers' and live and serving"
            " and generation = %d and position = cairn.head()",
            generation),
        "the generation to be live");
}

static void expect_rows(int generation)
{
    assert_int_equal(
        fixture_sql_int(pot_bench.url,
                        SQL("select count(*) from read.fillers_g%d f"
                            " join cairn.events e on e.stream = 'pot-' || f.pot_id"
                            " where f.sub is not distinct from e.meta #>> '{actor,sub}'"
                            " and f.iss is not distinct from e.meta #>> '{actor,iss}'"
                            " and e.meta #>> '{actor,iss}' = 'i'",
                            generation)),
        EVENTS - (EVENTS + 2) / 3);
    assert_int_equal(
        fixture_sql_int(pot_bench.url, SQL("select count(*) from read.fillers_g%d where sub is null"
                                           " and iss is null",
                                           generation)),
        (EVENTS + 2) / 3);
}

static void verify(void)
{
    struct cairn_progress progress;
    struct cairn_error error = {0};
    struct cairn_verify seen = {.projection = &fillers_projection,
                                .database_url = pot_bench.projector_url,
                                .redis_url = pot_bench.redis_url,
                                .memory_bytes = 64 << 20,
                                .patience_us = CAIRN_SECONDS(30),
                                .progress = &progress};
    if (cairn_projection_verify(&seen, &error) < 0)
        fail_msg("%s", error.message);
    assert_int_equal(seen.rows, EVENTS);
    assert_int_equal(seen.differences + seen.copy_differences, 0);
}

static void who_caused_an_event_is_in_the_row_however_it_is_folded(void **state)
{
    (void)state;
    keeper = start_keeper(&fillers_projection, pot_bench.redis_url);
    wait_until_live(1);
    append_some();
    wait_until_live(1); /* by the live path */
    expect_rows(1);
    verify();
    stop_keeper(&keeper);
    pot_rebuild.memory_bytes = 16 << 10; /* by way of files */
    keeper = start_keeper(&fillers_projection, pot_bench.redis_url);
    (void)fixture_sql_int(pot_bench.projector_url,
                          "select * from cairn.request_rebuild('fillers')");
    wait_until_live(2);
    expect_rows(2);
    verify();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_caused_an_event_is_in_the_row_however_it_is_folded,
                                        setup, teardown),
    };
    return cmocka_run_group_tests_name("caused by", tests, NULL, NULL);
}
