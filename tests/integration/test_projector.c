/* test_projector.c - projections on a real log: rows, checkpoints, generations, the copy in Redis,
 * and what stands in the way. */
#include "../support/fixture.h"
#include "../support/support.h"

#include "core/clock.h"
#include "projection/names.h"
#include "projection/projector.h"
#include "redis/redis.h"
#include "store/append.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

/* ---- a small domain: pots that are filled, and poured from one into another ---- */

struct pot_filled {
    int64_t litres;
};
struct pot_poured {
    struct cairn_uuid into;
    int64_t litres;
};
struct pot_broken {
    CAIRN_NO_FIELDS;
};
struct pot_event {
    enum pot_event_type { POT_FILLED = 1, POT_POURED, POT_BROKEN } type;
    union {
        struct pot_filled pot_filled;
        struct pot_poured pot_poured;
        struct pot_broken pot_broken;
    } as;
};
CAIRN_RECORD(pot_filled, CAIRN_FIELD(pot_filled, litres));
CAIRN_RECORD(pot_poured, CAIRN_FIELD(pot_poured, into), CAIRN_FIELD(pot_poured, litres));
CAIRN_EMPTY_RECORD(pot_broken);
CAIRN_EVENTS(pot, CAIRN_EVENT(pot, POT_FILLED, pot_filled, "PotFilled", 1),
             CAIRN_EVENT(pot, POT_POURED, pot_poured, "PotPoured", 1),
             CAIRN_EVENT(pot, POT_BROKEN, pot_broken, "PotBroken", 1));

struct pots {
    struct cairn_uuid pot_id;
    int64_t litres;
};
CAIRN_RECORD(pots, CAIRN_FIELD(pots, pot_id), CAIRN_FIELD(pots, litres));

static enum cairn_row filled(struct pots *row, const struct pot_filled *event,
                             const struct cairn_meta *meta)
{
    row->pot_id = meta->id;
    row->litres += event->litres;
    return event->litres == 666 ? CAIRN_PARK : CAIRN_KEEP;
}
CAIRN_ON(pots, pot, pot_filled, filled);

static void both_pots(struct cairn_keys *ret, const struct pot_poured *event,
                      const struct cairn_meta *meta)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(meta->id, id);
    cairn_key(ret, "%s", id);
    cairn_uuid_format(event->into, id);
    cairn_key(ret, "%s", id);
}

static enum cairn_row poured(struct pots *row, const struct pot_poured *event,
                             const struct cairn_meta *meta)
{
    char from[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(meta->id, from);
    bool is_from = strcmp(meta->key, from) == 0;
    row->pot_id = is_from ? meta->id : event->into;
    row->litres += is_from ? -event->litres : event->litres;
    return CAIRN_KEEP;
}
CAIRN_ON_KEYED(pots, pot, pot_poured, poured, both_pots);

static enum cairn_row broken(struct pots *row, const struct pot_broken *event,
                             const struct cairn_meta *meta)
{
    (void)row;
    (void)event;
    (void)meta;
    return CAIRN_DELETE;
}
CAIRN_ON(pots, pot, pot_broken, broken);
CAIRN_PROJECTION(pots, .version = 1, .help = "It's one row a pot.",
                 .indexes = (const char *const[]){"litres", NULL},
                 CAIRN_ON_LIST(&pots_on_pot_filled, &pots_on_pot_poured, &pots_on_pot_broken));

/* The next version of it, which nobody can break. */
static const struct cairn_projection pots_version_2 = {
    .name = "pots",
    .version = 2,
    .row = &pots_record,
    CAIRN_ON_LIST(&pots_on_pot_filled, &pots_on_pot_poured),
};

/* ---- the bench: a database and a Redis a test ---- */

struct bench {
    char url[512];
    const char *redis_url;
    struct cairn_store *store;
    struct cairn_redis *redis;
    struct cairn_arena arena;
    struct cairn_projector *projector;
    struct cairn_timeline timeline;
};
static struct bench bench;

static int setup(void **state)
{
    (void)state;
    bench = (struct bench){.redis_url = fixture_redis()};
    fixture_database(bench.url, sizeof bench.url);
    assert_int_equal(cairn_store_open(bench.url, "test", &bench.store, NULL), 0);
    assert_int_equal(cairn_redis_open(bench.redis_url, CAIRN_SECONDS(2), &bench.redis, NULL), 0);
    assert_int_equal(cairn_store_timeline(bench.store, &bench.timeline, NULL), 0);
    return 0;
}

static void stop_projector(void)
{
    if (bench.projector)
        cairn_projector_stop(bench.projector);
    bench.projector = NULL;
}

static int teardown(void **state)
{
    (void)state;
    stop_projector();
    cairn_redis_close(bench.redis);
    cairn_store_close(bench.store);
    cairn_arena_close(&bench.arena);
    fixture_drop(bench.url);
    return 0;
}

static struct cairn_projector *start(const struct cairn_projection *projection,
                                     const char *redis_url)
{
    char url[600];
    struct cairn_projector *projector = NULL;
    struct cairn_error error = {0};
    fixture_url_as(bench.url, "cairn_projector", url, sizeof url);
    if (cairn_projector_start(url, redis_url, &projection, 1, &projector, &error) < 0)
        fail_msg("%s", error.message);
    return projector;
}

static void start_projector(void)
{
    bench.projector = start(&pots_projection, bench.redis_url);
}

/* ---- events ---- */

static struct cairn_uuid new_pot(void)
{
    return cairn_uuid_make();
}

static void append(const char *category, struct cairn_uuid id, const char *type, int64_t version,
                   const char *data)
{
    const struct cairn_new_event event = {.id = cairn_uuid_make(),
                                          .type = type,
                                          .schema_version = version,
                                          .data = data,
                                          .meta = "{}"};
    const struct cairn_write write = {
        .expected = {.stream = cairn_stream_name(&bench.arena, category, id),
                     .version = CAIRN_VERSION_ANY},
        .events = &event,
        .event_count = 1};
    const struct cairn_append one = {.writes = &write, .write_count = 1};
    struct cairn_appended appended;
    assert_int_equal(cairn_store_append(bench.store, &one, &bench.arena, &appended, NULL), 0);
}

static void fill(struct cairn_uuid id, int litres)
{
    append("pot", id, "PotFilled", 1, cairn_print(&bench.arena, "{\"litres\":%d}", litres));
}

static void pour(struct cairn_uuid from, struct cairn_uuid into, int litres)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(into, text);
    append("pot", from, "PotPoured", 1,
           cairn_print(&bench.arena, "{\"into\":\"%s\",\"litres\":%d}", text, litres));
}

/* ---- what is there ---- */

static int64_t sql_int(const char *sql)
{
    return fixture_sql_int(bench.url, sql);
}

static bool at_head(void *context)
{
    (void)context;
    return sql_int("select coalesce((select min(position) from cairn.checkpoints), -1)"
                   " - cairn.head()") == 0 &&
           sql_int("select count(*) from cairn.generations where live") == 1;
}

static void wait_for_head(void)
{
    fixture_wait(at_head, NULL, 20000, "the projection to reach the head");
}

static const char *key_of(struct cairn_uuid id)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(id, text);
    return cairn_copy_text(&bench.arena, text);
}

static void expect_litres(struct cairn_uuid id, int64_t litres)
{
    const char *sql =
        cairn_print(&bench.arena, "select litres from read.pots where pot_id = '%s'", key_of(id));
    assert_int_equal(sql_int(sql), litres);
}

/* What Redis holds for a key; NULL for nothing. */
static const char *redis_get(const char *key)
{
    const struct cairn_redis_arg args[] = {CAIRN_ARG("GET"), CAIRN_ARG(key)};
    struct cairn_redis_reply reply = {0};
    if (cairn_redis_call(bench.redis, args, 2, &bench.arena, &reply, NULL) < 0)
        return NULL;
    return reply.kind == CAIRN_REDIS_TEXT ? reply.text : NULL;
}

static const char *redis_row(struct cairn_uuid id)
{
    const char *prefix = cairn_redis_row_prefix(&bench.arena, &bench.timeline, "pots", 1);
    return redis_get(cairn_print(&bench.arena, "%s%s", prefix, key_of(id)));
}

static bool copy_is_current(void *context)
{
    (void)context;
    const char *checkpoint =
        redis_get(cairn_redis_checkpoint_key(&bench.arena, &bench.timeline, "pots", 1));
    const char *wanted =
        cairn_print(&bench.arena, "1 %" PRId64 " 0", cairn_store_head(bench.store, NULL));
    return checkpoint && strcmp(checkpoint, wanted) == 0;
}

static void wait_for_copy(void)
{
    fixture_wait(copy_is_current, NULL, 20000, "the copy in Redis to be current");
}

static void redis_do(const char *command, const char *key, const char *value)
{
    const struct cairn_redis_arg args[] = {CAIRN_ARG(command), CAIRN_ARG(key), CAIRN_ARG(value)};
    struct cairn_redis_reply reply;
    size_t count = *value ? 3 : *key ? 2 : 1;
    assert_int_equal(cairn_redis_call(bench.redis, args, count, &bench.arena, &reply, NULL), 0);
}

/* ---- rows ---- */

static void rows_follow_events_of_any_key(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    struct cairn_uuid b = new_pot();
    fill(a, 10);
    append("kettle", a, "PotFilled", 1, "{\"litres\":1000}"); /* somebody else's event */
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
    assert_string_equal(
        redis_row(b),
        cairn_print(&bench.arena, "1 4 1 1\n{\"pot_id\":\"%s\",\"litres\":4}", key_of(b)));
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
    fixture_url_as(bench.url, "cairn_reader", url, sizeof url);
    assert_int_equal(fixture_sql_int(url, "select count(*) from read.pots"), 1);
    fixture_sql_text(url, "select obj_description('read.pots'::regclass)", text, sizeof text);
    assert_string_equal(text, "It's one row a pot.");
}

/* ---- again, and twice ---- */

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
    struct cairn_projector *other = start(&pots_projection, bench.redis_url);
    for (int i = 0; i < 300; i++)
        fill(a, 1);
    wait_for_head();
    wait_for_copy();
    cairn_projector_stop(other);
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

    struct cairn_projector *next = start(&pots_version_2, bench.redis_url);
    fixture_wait(second_generation_is_live, NULL, 20000, "the second generation to be live");
    expect_litres(a, 10);
    fill(a, 1); /* both go on */
    wait_for_head();
    expect_litres(a, 11);
    assert_int_equal(sql_int("select litres from read.pots_g1"), 1);
    cairn_projector_stop(next);
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
    fill(pots[599], 1); /* the next write finds out */
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
    const char *checkpoint_key =
        cairn_redis_checkpoint_key(&bench.arena, &bench.timeline, "pots", 1);
    const char *checkpoint = redis_get(checkpoint_key);
    const char *row_key =
        cairn_print(&bench.arena, "%s%s",
                    cairn_redis_row_prefix(&bench.arena, &bench.timeline, "pots", 1), key_of(b));
    const char *row = redis_get(row_key);
    append("pot", b, "PotBroken", 1, "{}");
    fill(a, 1);
    wait_for_head();
    wait_for_copy();

    redis_do("SET", checkpoint_key, checkpoint); /* as an older file would have it */
    redis_do("SET", row_key, row);
    fill(new_pot(), 1);
    wait_for_head();
    wait_for_copy();
    assert_null(redis_row(b));
    assert_non_null(strstr(redis_row(a), "\"litres\":2"));
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

/* ---- what stands in the way ---- */

static bool is_stopped(void *context)
{
    const char *words = context;
    struct cairn_projector_state shown;
    assert_int_equal(cairn_projector_states(bench.projector, &shown, 1), 1);
    return !shown.following && strstr(shown.problem, words);
}

static void expect_stop(const char *words, int64_t position)
{
    char *copy = cairn_copy_text(&bench.arena, words);
    fixture_wait(is_stopped, copy, 20000, words);
    assert_int_equal(sql_int("select position from cairn.checkpoints"), position);
    assert_int_equal(sql_int("select count(*) from cairn.checkpoints where stopped is not null"),
                     1);
}

static void a_projection_stops_before_an_event_that_it_cannot_apply(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    fill(a, 2);
    fill(a, 666);
    fill(a, 4);
    start_projector();
    expect_stop("cannot be applied to row", 2);
    assert_int_equal(sql_int("select litres from read.pots_g1"), 3);
}

static void a_projection_stops_before_an_event_that_it_cannot_read(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    append("pot", a, "PotFilled", 1, "{\"litres\":\"many\"}");
    start_projector();
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

/* The same pots, as a newer release knows them. */
struct pot_filled_v2 {
    int64_t millilitres;
};
CAIRN_RECORD(pot_filled_v2, CAIRN_FIELD(pot_filled_v2, millilitres));
static void lift_v2(struct pot_filled *ret, const struct pot_filled_v2 *old)
{
    ret->litres = old->millilitres / 1000;
}
static void lift_v1(struct pot_filled_v2 *ret, const struct pot_filled *old)
{
    ret->millilitres = old->litres * 1000;
}
CAIRN_UPCASTER(pot_filled, 1, pot_filled_v2, lift_v1);
CAIRN_UPCASTER(pot_filled_v2, 2, pot_filled, lift_v2);
static const struct cairn_event_type newer_types[] = {
    CAIRN_EVENT(pot, POT_FILLED, pot_filled, "PotFilled", 3,
                .upcasters = {&pot_filled_upcaster, &pot_filled_v2_upcaster}),
};
static const struct cairn_events newer_events = {
    .category = "pot", .size = sizeof(struct pot_event), .types = newer_types, .count = 1};
static const struct cairn_on newer_filled = {
    .events = &newer_events, .record = &pot_filled_record, .apply = pots_apply_pot_filled_};
static const struct cairn_projection newer_pots = {
    .name = "pots", .version = 1, .row = &pots_record, CAIRN_ON_LIST(&newer_filled)};

static void a_newer_release_goes_on_and_the_old_one_stays_where_it_is(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    append("pot", a, "PotFilled", 2, "{\"millilitres\":2000}");
    append("pot", a, "PotFilled", 3, "{\"litres\":4}");
    start_projector();
    expect_stop("this binary knows version 1", 1);

    struct cairn_projector *newer = start(&newer_pots, bench.redis_url);
    wait_for_head();
    expect_litres(a, 7);
    cairn_projector_stop(newer);
    fixture_sql(bench.url, "select pg_terminate_backend(pid) from pg_stat_activity"
                           " where datname = current_database() and application_name = 'pots'");
    fill(a, 8); /* which the old one could apply, and does not */
    fixture_wait(is_stopped, cairn_copy_text(&bench.arena, "this binary knows version 1"), 20000,
                 "the old projector to be back");
    for (int64_t until_ms = fixture_now_ms() + 500; fixture_now_ms() < until_ms;)
        fixture_nap();
    expect_litres(a, 7);

    stop_projector();
    newer = start(&newer_pots, bench.redis_url);
    wait_for_head();
    cairn_projector_stop(newer);
    expect_litres(a, 15);
    assert_int_equal(sql_int("select count(*) from cairn.checkpoints where stopped is not null"),
                     0);
}

static bool is_diverged(void *context)
{
    (void)context;
    struct cairn_projector_state shown;
    assert_int_equal(cairn_projector_states(bench.projector, &shown, 1), 1);
    return !shown.following && strstr(shown.problem, "the log does not have");
}

static void rows_of_another_history_are_not_folded_on(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot();
    fill(a, 1);
    start_projector();
    wait_for_head();
    stop_projector();
    fixture_sql(bench.url, "update cairn.checkpoints set event_id = gen_random_uuid()");
    fill(a, 1);
    start_projector();
    fixture_wait(is_diverged, NULL, 20000, "the projection to see that it has diverged");
    assert_int_equal(sql_int("select litres from read.pots"), 1);
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(rows_follow_events_of_any_key),
        TEST(a_deleted_row_is_gone_from_both_stores_and_may_come_back),
        TEST(a_checkpoint_reaches_the_head_though_all_is_ignored),
        TEST(people_may_read_the_view_and_see_what_it_is),
        TEST(a_restart_repeats_nothing),
        TEST(two_projectors_at_once_fold_every_event_once),
        TEST(a_new_version_is_built_beside_the_old_and_shown_when_it_is_complete),
        TEST(an_emptied_redis_is_filled_again),
        TEST(an_older_copy_catches_up_with_changes_and_deletions),
        TEST(the_projection_goes_on_without_redis_and_the_copy_heals),
        TEST(a_projection_stops_before_an_event_that_it_cannot_apply),
        TEST(a_projection_stops_before_an_event_that_it_cannot_read),
        TEST(a_projection_stops_before_an_event_of_a_newer_release),
        TEST(a_newer_release_goes_on_and_the_old_one_stays_where_it_is),
        TEST(rows_of_another_history_are_not_folded_on),
        TEST(a_database_that_comes_back_is_followed_on),
    };
    return cmocka_run_group_tests_name("projector", tests, NULL, NULL);
}
