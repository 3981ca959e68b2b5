/* test_rebuild.c - generations on a real log: a rebuild makes the same rows as the live path, in
 * both stores; it is held, accepted, cancelled, switched to, rolled back, retired; and whatever
 * fails, one live generation remains. */
#include "../fault/field/proxy.h"
#include "../support/crates.h"
#include "../support/fixture.h"
#include "../support/pots.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "core/threads/thread.h"
#include "projection/tables/generation.h"
#include "projection/tables/table_names.h"
#include "projection/verify/verify_rows.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CRATES = 60, LONG_MS = 60000 };

static struct cairn_rebuild_limits usual;
static struct cairn_uuid crates[CRATES];
static unsigned seed;
static struct pot_keeper keeper;

/* ---- helpers ---- */

#define SQL(...) cairn_print(&pot_bench.arena, __VA_ARGS__)

static void sql(const char *statement)
{
    fixture_sql(pot_bench.url, statement);
}

static struct cairn_uuid random_id(void)
{
    struct cairn_uuid id;
    for (size_t i = 0; i < sizeof id.bytes; i++)
        id.bytes[i] = (uint8_t)(1 + rand_r(&seed) % 255);
    return id;
}

static int setup(void **state)
{
    const char *text = getenv("CAIRN_TEST_SEED");
    usual = pot_rebuild;
    seed = text ? (unsigned)strtoul(text, NULL, 10) : 11;
    keeper = (struct pot_keeper){0};
    for (size_t i = 0; i < CRATES; i++)
        crates[i] = random_id();
    return pots_setup(state);
}

/* Appends events while a test goes on: see start_load. */
static atomic_bool loading;
static pthread_t loader;
static int load_pause_ms;

static void stop_load(void)
{
    if (atomic_exchange(&loading, false))
        cairn_thread_join(loader);
}

static int teardown(void **state)
{
    stop_load(); /* that of a test which has failed */
    stop_keeper(&keeper);
    pot_rebuild = usual;
    return pots_teardown(state);
}

static void start(const struct cairn_projection *projection)
{
    keeper = start_keeper(projection, pot_bench.redis_url);
}

/* Returns SQL that appends events of random crates, in order. */
static const char *crate_script(unsigned *random, int count, bool poison, struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    for (int i = 0; i < count; i++) {
        struct crate_step step = crate_step(random, crates, CRATES, poison, arena);
        cairn_buffer_text(&out, "select cairn.append(");
        cairn_pg_quote_text(&out, cairn_stream_name(arena, "crate", crates[step.crate]));
        cairn_buffer_print(&out, ", '%s', ", step.type);
        cairn_pg_quote_text(&out, step.data);
        cairn_buffer_text(&out, "::json);");
    }
    return out.text;
}

static void append_crates(int count, bool poison)
{
    sql(crate_script(&seed, count, poison, &pot_bench.arena));
    sql("notify cairn, 'x'");
}

static void wait_until_live(const char *name, int generation)
{
    wait_for_sql(SQL("select (count(*) = 1)::int from cairn.generations where projection = '%s'"
                     "     and live and serving and generation = %d",
                     name, generation),
                 SQL("generation %d of %s to be live", generation, name));
}

static void wait_until_phase(const char *phase)
{
    wait_for_sql(SQL("select count(*) from (select phase from cairn.rebuilds"
                     "     order by rebuild desc limit 1) r where phase = '%s'",
                     phase),
                 phase);
}

static int64_t request(const char *call)
{
    return fixture_sql_int(pot_bench.projector_url, SQL("select * from cairn.%s", call));
}

static int64_t last_rebuild(const char *column)
{
    return sql_int(SQL("select coalesce(%s, -1)::bigint from cairn.rebuilds"
                       " order by rebuild desc limit 1",
                       column));
}

/* ---- folding again ---- */

static char found[4000];

static void on_difference(void *context, const struct cairn_difference *difference)
{
    size_t length = strlen(found);
    (void)context;
    (void)snprintf(found + length, sizeof found - length, "%s %s %s\n", difference->store,
                   difference->key, difference->what);
}

static void expect_right(const struct cairn_projection *projection)
{
    struct cairn_progress progress;
    struct cairn_error error = {0};
    struct cairn_verify seen = {.projection = projection,
                                .database_url = pot_bench.projector_url,
                                .redis_url = pot_bench.redis_url,
                                .memory_bytes = 64 << 20,
                                .patience_us = CAIRN_SECONDS(30),
                                .differs = on_difference,
                                .progress = &progress};
    found[0] = '\0';
    if (cairn_projection_verify(&seen, &error) < 0)
        fail_msg("%s", error.message);
    if (seen.differences || seen.copy_differences || seen.copy_problem[0])
        fail_msg("%d, %d differ: %s %s", (int)seen.differences, (int)seen.copy_differences,
                 seen.copy_problem, found);
    assert_true(seen.rows > 0);
    assert_true(seen.copied > 0);
}

/* Compares the rows byte for byte, with all internal columns; but rows whose events were retried
 * have the position of the retry. */
static void expect_equal_tables(const char *condition)
{
    assert_int_equal(sql_int(SQL("select count(*) from read.crates_g1 a full join read.crates_g2 b"
                                 " using (_key) where (a is null or b is null"
                                 "     or a::text is distinct from b::text) and (%s)",
                                 condition)),
                     0);
}

/* ---- the same rows ---- */

static void skip_one(const char *projection)
{
    char call[400];
    fixture_sql_text(
        pot_bench.url,
        SQL("select format('select cairn.skip_parked(''%s'', %%L, %%s)', key, position)"
            " from cairn.parked where attempts > 0 order by position limit 1",
            projection),
        call, sizeof call);
    assert_int_equal(fixture_sql_int(pot_bench.projector_url, call), 1);
    wait_for_sql("select (count(*) = 0)::int from cairn.parked where request is not null",
                 "the event to be skipped");
}

static void the_live_path_folds_some(void)
{
    start(&crates_projection);
    wait_until_live("crates", 1);
    for (int i = 0; i < 3; i++) {
        append_crates(400, i == 1);
        wait_for_head();
    }
    assert_true(sql_int("select count(*) from cairn.parked where attempts > 0") >= 2);
    assert_true(sql_int("select count(*) from read.crates_g1 where _deleted") > 0);
    skip_one("crates");
    append_crates(50, false);
    wait_for_head();
}

static void expect_same_parked(void)
{
    assert_true(sql_int("select count(*) from cairn.parked where generation = 2") > 0);
    assert_int_equal(sql_int("select count(*) from cairn.skipped where generation = 2"), 1);
    assert_int_equal(sql_int("select count(*) from"
                             " (select key, position, event_id, reason from cairn.parked"
                             "     where generation = 1) a full join"
                             " (select key, position, event_id, reason from cairn.parked"
                             "     where generation = 2) b"
                             " on a::text = b::text where a is null or b is null"),
                     0);
}

static void a_rebuild_makes_the_rows_that_the_live_path_makes(void **state)
{
    (void)state;
    the_live_path_folds_some();
    int64_t rebuild = request("request_rebuild('crates')");
    assert_int_equal(rebuild, last_rebuild("rebuild"));
    wait_until_live("crates", 2);
    expect_same_parked();
    expect_equal_tables("_key not in (select key from cairn.skipped)");
    expect_right(&crates_projection);
    append_crates(100, false); /* both continue from there */
    wait_for_head();
    expect_equal_tables("_key not in (select key from cairn.skipped)");
    expect_right(&crates_projection);
    assert_int_equal(sql_int("select count(*) from pg_indexes where schemaname = 'read'"
                             "     and tablename = 'crates_g1'"),
                     sql_int("select count(*) from pg_indexes where schemaname = 'read'"
                             "     and tablename = 'crates_g2'"));
}

static void a_rebuild_by_four_threads_makes_them_too(void **state)
{
    pot_rebuild.threads = 4;
    a_rebuild_makes_the_rows_that_the_live_path_makes(state);
}

/* The same log in the same memory fails without room for files, which proves that it needs them. */
static void what_does_not_fit_into_the_memory_makes_the_same_rows(void **state)
{
    (void)state;
    the_live_path_folds_some();
    stop_keeper(&keeper);
    pot_rebuild.memory_bytes = 16 << 10;
    pot_rebuild.directory = "/nowhere";
    (void)request("request_rebuild('crates')");
    start(&crates_projection);
    wait_for_sql("select count(*) from cairn.rebuilds where ended_at is null"
                 "     and note like '%/nowhere%'",
                 "an attempt to fail for want of room");
    assert_int_equal(sql_int("select generation from cairn.generations where live"), 1);
    stop_keeper(&keeper);
    pot_rebuild.directory = "/var/tmp";
    start(&crates_projection);
    wait_until_phase("done");
    sql(SQL("drop view if exists second; create view second as select * from read.crates_g%d",
            (int)sql_int("select generation from cairn.generations where live")));
    assert_int_equal(sql_int("select count(*) from read.crates_g1 a full join second b using (_key)"
                             " where (a is null or b is null or a::text is distinct from b::text)"
                             "     and _key not in (select key from cairn.skipped)"),
                     0);
    expect_right(&crates_projection);
    sql("drop view second");
}

/* ---- rows left to the live path ---- */

static const char *long_label(void)
{
    char *label = cairn_new(&pot_bench.arena, char, 9001);
    for (int i = 0; i < 9000; i++)
        label[i] = (char)('A' + rand_r(&seed) % 26);
    return label;
}

static void a_row_that_postgresql_refuses_is_left_to_the_live_path(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    struct cairn_uuid b = new_pot();
    fill(a, 1);
    append("pot", a, "PotLabelled", 1, SQL("{\"label\":\"%s\"}", long_label()));
    fill(b, 2);
    start(&pots_projection);
    wait_until_phase("done");
    wait_for_head();
    expect_litres(a, 1);
    expect_litres(b, 2);
    assert_int_equal(sql_int("select count(*) from cairn.parked where position = 2"), 1);
    wait_for_sql("select (count(*) = 1)::int from cairn.generations where state <> 'dropped'",
                 "the attempt that failed to be dropped");
    assert_int_equal(sql_int("select count(*) from pg_tables where schemaname = 'read'"), 1);
    expect_right(&pots_projection);
}

static void a_projection_that_stops_is_left_to_the_live_path(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    fill(a, 666);
    fill(a, 2);
    start(&pots_that_stop);
    wait_for_problem(&keeper, "PotFilled cannot be applied");
    assert_int_equal(sql_int("select position from cairn.checkpoints"), 1);
    assert_int_equal(sql_int("select count(*) from cairn.generations where live"), 0);
    stop_keeper(&keeper);
    start(&pots_that_are_mended);
    wait_for_head();
    expect_litres(a, 669);
}

/* ---- while events come in ---- */

/* The load keeps so many events ahead of those that follow, which are never without work, and never
 * left behind for good: under a sanitizer they are slower than PostgreSQL. */
enum { AHEAD_MAX = 500 };

static bool is_far_ahead(struct cairn_pg *pg, struct cairn_arena *arena)
{
    static const struct cairn_statement statement = {
        .name = NULL,
        .sql = "select coalesce(cairn.head() - min(position), 0) from cairn.checkpoints"
               " join cairn.generations using (projection, generation) where state = 'following'"};
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    return cairn_pg_call(pg, &statement, &params, &rows, NULL) == 1 &&
           cairn_pg_integer(rows, 0, 0) > AHEAD_MAX;
}

static void *load(void *context)
{
    unsigned random = 5;
    struct cairn_pg *pg = NULL;
    (void)context;
    if (cairn_pg_open(pot_bench.url, "load", &pg, NULL) < 0)
        return NULL;
    while (atomic_load(&loading)) {
        struct cairn_arena arena = {0};
        while (atomic_load(&loading) && is_far_ahead(pg, &arena))
            fixture_nap();
        (void)!cairn_pg_script(pg, crate_script(&random, 5, false, &arena), NULL);
        (void)!cairn_pg_script(pg, "notify cairn, 'x'", NULL);
        cairn_arena_close(&arena);
        for (int i = 0; i < load_pause_ms; i++)
            fixture_nap();
    }
    cairn_pg_close(pg);
    return NULL;
}

static void start_load(int pause_ms)
{
    load_pause_ms = pause_ms;
    atomic_store(&loading, true);
    assert_int_equal(pthread_create(&loader, NULL, load, NULL), 0);
}

static void a_rebuild_while_events_come_in_ends_exactly(void **state)
{
    (void)state;
    append_crates(300, false);
    start(&crates_projection);
    wait_until_live("crates", 1);
    start_load(2);
    for (int generation = 2; generation <= 4; generation++) {
        int64_t head = sql_int("select cairn.head()");
        wait_for_sql(SQL("select (cairn.head() > %d)::int", (int)head + 100), "more events");
        (void)request("request_rebuild('crates')");
        wait_until_live("crates", generation);
    }
    expect_right(&crates_projection);
    stop_load();
    wait_for_sql("select (position = cairn.head())::int from cairn.checkpoints"
                 " join cairn.generations using (projection, generation) where live",
                 "the live generation to reach the head");
    expect_right(&crates_projection);
}

static void it_is_switched_to_though_events_never_pause(void **state)
{
    (void)state;
    append_crates(300, false);
    start(&crates_projection);
    wait_until_live("crates", 1);
    start_load(0);
    (void)request("request_rebuild('crates')");
    wait_until_live("crates", 2);
    (void)request("request_rollback('crates')");
    wait_until_live("crates", 1);
    stop_load();
}

/* ---- compared with the live generation ---- */

static void plant_a_difference(void)
{
    append_crates(200, false);
    start(&crates_projection);
    wait_until_live("crates", 1);
    wait_for_head();
    sql("update read.crates_g1 set weight = -77 where _key ="
        " (select min(_key) from read.crates_g1 where not _deleted)");
    (void)request("request_rebuild('crates', true)");
    wait_until_phase("held");
}

static void a_planted_difference_is_found_and_holds_the_switch_until_it_is_accepted(void **state)
{
    char examples[4000];
    (void)state;
    plant_a_difference();
    assert_int_equal(last_rebuild("differences"), 1);
    fixture_sql_text(pot_bench.url,
                     "select examples from cairn.rebuilds order by rebuild desc limit 1", examples,
                     sizeof examples);
    assert_non_null(strstr(examples, "-77"));
    append_crates(20, false); /* it is followed meanwhile, but not switched to */
    wait_for_head();
    assert_int_equal(sql_int("select generation from cairn.generations where live"), 1);
    assert_int_equal(sql_int("select count(*) from cairn.generations where generation = 2"
                             "     and state = 'following' and complete_at is null"),
                     1);
    sql("update cairn.rebuilds set request = 'accept' where ended_at is null");
    wait_until_live("crates", 2);
    wait_until_phase("done");
    expect_right(&crates_projection);
}

static void a_held_generation_that_is_cancelled_is_never_read(void **state)
{
    (void)state;
    plant_a_difference();
    for (int generation = 2; generation <= 4; generation++) {
        if (generation > 2) {
            (void)request("request_rebuild('crates', true)");
            wait_until_phase("held");
        }
        sql("update cairn.rebuilds set request = 'cancel' where ended_at is null");
        wait_until_phase("cancelled");
        wait_for_sql(SQL("select (state = 'dropped')::int from cairn.generations"
                         " where generation = %d",
                         generation),
                     "the generation to be dropped");
        assert_int_equal(sql_int("select count(*) from cairn.switches where generation > 1"), 0);
    }
    wait_until_live("crates", 1);
    assert_int_equal(sql_int("select count(*) from pg_tables where schemaname = 'read'"), 1);
}

static void nothing_differs_while_events_come_in(void **state)
{
    (void)state;
    append_crates(500, false);
    start(&crates_projection);
    wait_until_live("crates", 1);
    start_load(5);
    (void)request("request_rebuild('crates', true)");
    wait_until_live("crates", 2);
    stop_load();
    assert_int_equal(last_rebuild("differences"), 0);
    expect_right(&crates_projection);
}

static void more_parked_keys_than_the_live_one_hold_the_switch(void **state)
{
    char note[300];
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 666);
    fill(new_pot(), 1);
    start(&pots_that_are_mended);
    wait_until_live("pots", 1);
    stop_keeper(&keeper);
    start(&pots_projection); /* parks what was applied */
    (void)request("request_rebuild('pots')");
    wait_until_phase("held");
    fixture_sql_text(pot_bench.url, "select note from cairn.rebuilds order by rebuild desc limit 1",
                     note, sizeof note);
    assert_string_equal(note, "1 keys are parked, of the one that is read 0");
    assert_int_equal(sql_int("select generation from cairn.generations where live"), 1);
    int64_t position = sql_int("select position from cairn.parked where generation = 2");
    assert_int_equal(
        fixture_sql_int(pot_bench.projector_url, SQL("select cairn.skip_parked('pots', '%s', %d)",
                                                     key_of(a), (int)position)),
        1);
    wait_until_live("pots", 2); /* no more keys are parked than in 1 */
}

/* ---- failures ---- */

static void a_read_model_of_another_history_is_rebuilt_by_itself(void **state)
{
    (void)state;
    append_crates(100, false);
    start(&crates_projection);
    wait_until_live("crates", 1);
    wait_for_head();
    sql("update cairn.checkpoints set event_id = gen_random_uuid()");
    append_crates(1, false);
    wait_until_live("crates", 2);
    assert_int_equal(last_rebuild("(cause = 'diverged')::int"), 1);
    expect_right(&crates_projection);
    (void)request("request_rollback('crates')"); /* not to that generation */
    wait_for_sql(
        "select (refused is not null)::int from cairn.switches order by switch desc limit 1",
        "the rollback to be refused");
    wait_until_live("crates", 2);
}

static void redis_away_during_a_build_is_filled_when_it_is_back(void **state)
{
    (void)state;
    append_crates(200, false);
    fixture_redis_stop();
    start(&crates_projection);
    wait_until_live("crates", 1);
    (void)request("request_rebuild('crates')");
    wait_until_live("crates", 2);
    fixture_redis_start();
    expect_right(&crates_projection);
}

/* ---- dropping ---- */

static size_t count_keys(const char *name, int generation)
{
    const char *pattern = SQL("*{%s:g%d}*", name, generation);
    const struct cairn_redis_arg args[] = {CAIRN_ARG("KEYS"), CAIRN_ARG(pattern)};
    struct cairn_redis_reply reply = {0};
    assert_int_equal(cairn_redis_call(pot_bench.redis, args, 2, &pot_bench.arena, &reply, NULL), 0);
    return reply.count;
}

static void expect_gone(const char *name, int generation)
{
    wait_for_sql(SQL("select count(*) from cairn.generations where projection = '%s'"
                     "     and generation = %d and state = 'dropped' and swept",
                     name, generation),
                 "the generation to be gone");
    assert_int_equal(sql_int(SQL("select count(*) from pg_tables where schemaname = 'read'"
                                 "     and tablename = '%s_g%d'",
                                 name, generation)),
                     0);
    assert_int_equal(
        sql_int(SQL("select count(*) from cairn.checkpoints where generation = %d", generation)),
        0);
    assert_int_equal(count_keys(name, generation), 0);
}

static void a_generation_is_gone_from_both_stores_after_its_window(void **state)
{
    (void)state;
    append_crates(300, true);
    pot_rebuild.window_ms = 2000;
    start(&crates_projection);
    wait_until_live("crates", 1);
    assert_true(count_keys("crates", 1) > 10);
    (void)request("request_rebuild('crates')");
    wait_until_live("crates", 2);
    assert_int_equal(sql_int("select count(*) from cairn.generations where state = 'following'"),
                     2);
    expect_gone("crates", 1);
    assert_int_equal(sql_int("select count(*) from cairn.parked where generation = 1"), 0);
    assert_true(count_keys("crates", 2) > 10);
    expect_right(&crates_projection);
}

/* Adds so many keys that removing them over a slow connection takes many seconds. */
static void add_keys(int count)
{
    const char *prefix = cairn_redis_row_prefix(&pot_bench.arena, &pot_bench.timeline, "crates", 1);
    const struct cairn_redis_arg args[] = {
        CAIRN_ARG("EVAL"),
        CAIRN_ARG("for i = 1, tonumber(ARGV[2]) do redis.call('set', ARGV[1] .. i, 'x') end"),
        CAIRN_ARG("0"), CAIRN_ARG(prefix), CAIRN_ARG(SQL("%d", count))};
    struct cairn_redis_reply reply = {0};
    assert_int_equal(cairn_redis_call(pot_bench.redis, args, 5, &pot_bench.arena, &reply, NULL), 0);
}

static void a_stop_does_not_wait_until_all_keys_are_removed(void **state)
{
    (void)state;
    enum { KEYS = 200000 };
    struct proxy wire;
    int port = fixture_free_port();
    const char *colon = strrchr(pot_bench.redis_url, ':');
    proxy_start(&wire, "", port, "", atoi(colon + 1));
    append_crates(100, false);
    pot_rebuild.window_ms = 0;
    keeper = start_keeper(&crates_projection,
                          SQL("%.*s:%d/%s", (int)(colon - pot_bench.redis_url), pot_bench.redis_url,
                              port, strchr(colon, '/') ? strchr(colon, '/') + 1 : ""));
    wait_until_live("crates", 1);
    add_keys(KEYS);
    wire.latency_us = 50000;
    (void)request("request_rebuild('crates')");
    wait_until_live("crates", 2);
    while (count_keys("crates", 1) > KEYS - 2000)
        continue; /* it has begun */
    stop_keeper(&keeper);
    assert_true(count_keys("crates", 1) > 0);
    proxy_stop(&wire);
    start(&crates_projection);
    expect_gone("crates", 1);
}

static void a_build_that_died_is_dropped_with_its_keys(void **state)
{
    (void)state;
    struct cairn_generation dead;
    append_crates(100, false);
    assert_int_equal(
        cairn_generation_make(pot_bench.store, &crates_projection, &pot_bench.arena, &dead, NULL),
        0);
    assert_int_equal(dead.number, 1);
    redis_do("SET", cairn_redis_checkpoint_key(&pot_bench.arena, &pot_bench.timeline, "crates", 1),
             "1 -1 1 mark 3");
    redis_do("SET",
             SQL("%sx", cairn_redis_row_prefix(&pot_bench.arena, &pot_bench.timeline, "crates", 1)),
             "1 1 1 1\n{}");
    sql("alter table read.crates_g1 owner to cairn_projector");
    start(&crates_projection);
    wait_until_live("crates", 2);
    expect_gone("crates", 1);
    expect_right(&crates_projection);
}

static void one_goes_back_and_forward_again(void **state)
{
    (void)state;
    append_crates(100, false);
    start(&crates_projection);
    wait_until_live("crates", 1);
    (void)request("request_rebuild('crates')");
    wait_until_live("crates", 2);
    for (int i = 0; i < 3; i++) {
        append_crates(20, false);
        (void)request("request_rollback('crates')");
        wait_until_live("crates", i % 2 ? 2 : 1);
        assert_int_equal(sql_int(SQL("select (pg_get_viewdef('read.crates'::regclass) like"
                                     "     '%%crates_g%d%%')::int",
                                     i % 2 ? 2 : 1)),
                         1);
        expect_right(&crates_projection);
    }
}

/* ---- grants and views of others ---- */

#define READER_MAY                                                                                 \
    "select has_table_privilege('cairn_consumer', 'read.crates', 'select')::int"                   \
    " + has_column_privilege('cairn_writer', 'read.crates', 'weight', 'select')::int"

static void grants_and_views_of_others_outlive_a_rebuild(void **state)
{
    (void)state;
    append_crates(100, false);
    start(&crates_projection);
    wait_until_live("crates", 1);
    sql("grant select on read.crates to cairn_consumer;"
        "grant select (weight) on read.crates to cairn_writer;"
        "create view public.heavy as select * from read.crates where weight > 0");
    (void)request("request_rebuild('crates')");
    wait_until_live("crates", 2);
    assert_int_equal(sql_int(READER_MAY), 2);
    append_crates(20, false);
    wait_for_head();
    assert_int_equal(sql_int("select count(*) from public.heavy"),
                     sql_int("select count(*) from read.crates where weight > 0"));
}

static void a_view_that_other_columns_would_break_holds_the_switch_and_is_named(void **state)
{
    (void)state;
    append_crates(100, false);
    start(&crates_projection);
    wait_until_live("crates", 1);
    sql("alter view read.crates rename column weight to eight;"
        "grant select on read.crates to cairn_consumer;"
        "grant select (eight) on read.crates to cairn_writer;" /* dropped with its column */
        "create view public.heavy as select * from read.crates where eight > 0");
    (void)request("request_rebuild('crates')");
    wait_until_phase("held");
    assert_int_equal(sql_int("select count(*) from cairn.rebuilds where note like"
                             " '%view public.heavy%'"),
                     1);
    append_crates(20, false); /* the live generation continues */
    wait_for_head();
    sql("drop view public.heavy");
    wait_until_live("crates", 2);
    assert_int_equal(sql_int("select has_table_privilege('cairn_consumer', 'read.crates',"
                             " 'select')::int"),
                     1);
    assert_int_equal(sql_int("select count(*) from information_schema.columns where table_schema ="
                             " 'read' and table_name = 'crates' and column_name = 'weight'"),
                     1);
}

static void a_table_with_dependent_objects_is_kept_and_blocks_nothing(void **state)
{
    (void)state;
    pot_rebuild.window_ms = 0;
    append_crates(100, false);
    start(&crates_projection);
    wait_until_live("crates", 1);
    sql("create view public.first as select * from read.crates_g1");
    (void)request("request_rebuild('crates')");
    wait_until_live("crates", 2);
    wait_for_sql("select count(*) from cairn.generations where generation = 1"
                 " and in_the_way = 'view public.first'",
                 "it to be named");
    (void)request("request_rebuild('crates')");
    wait_until_live("crates", 3);
    wait_for_sql("select count(*) from cairn.generations where generation = 2"
                 " and state = 'dropped'",
                 "the next to be dropped");
    sql("drop view public.first; update cairn.generations set kept_until = now()"
        " where generation = 1");
    wait_for_sql("select count(*) from cairn.generations where generation = 1"
                 " and state = 'dropped'",
                 "it to be dropped, too");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_rebuild_makes_the_rows_that_the_live_path_makes),
        TEST(a_rebuild_by_four_threads_makes_them_too),
        TEST(what_does_not_fit_into_the_memory_makes_the_same_rows),
        TEST(a_row_that_postgresql_refuses_is_left_to_the_live_path),
        TEST(a_projection_that_stops_is_left_to_the_live_path),
        TEST(a_rebuild_while_events_come_in_ends_exactly),
        TEST(it_is_switched_to_though_events_never_pause),
        TEST(a_planted_difference_is_found_and_holds_the_switch_until_it_is_accepted),
        TEST(a_held_generation_that_is_cancelled_is_never_read),
        TEST(grants_and_views_of_others_outlive_a_rebuild),
        TEST(a_view_that_other_columns_would_break_holds_the_switch_and_is_named),
        TEST(a_table_with_dependent_objects_is_kept_and_blocks_nothing),
        TEST(nothing_differs_while_events_come_in),
        TEST(more_parked_keys_than_the_live_one_hold_the_switch),
        TEST(a_read_model_of_another_history_is_rebuilt_by_itself),
        TEST(redis_away_during_a_build_is_filled_when_it_is_back),
        TEST(a_generation_is_gone_from_both_stores_after_its_window),
        TEST(a_stop_does_not_wait_until_all_keys_are_removed),
        TEST(a_build_that_died_is_dropped_with_its_keys),
        TEST(one_goes_back_and_forward_again),
    };
    return cmocka_run_group_tests_name("rebuild", tests, NULL, NULL);
}
