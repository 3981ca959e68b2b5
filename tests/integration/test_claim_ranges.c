/* test_claim_ranges.c - claims of ranges of numbers on a real PostgreSQL: those of one key never
 * overlap, whoever claims them, and the log proves it. */
#include "../support/fixture.h"
#include "../support/support.h"

#include "command/decision.h"
#include "core/containers/buffer.h"
#include "core/threads/clock.h"
#include "store/append/append.h"
#include "store/append/append_batch.h"
#include "store/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bench {
    char url[512];
    struct cairn_store *store;
    struct cairn_arena arena;
} bench;

static struct cairn_store *open_store(void)
{
    struct cairn_store *store = NULL;
    assert_int_equal(cairn_store_open(bench.url, "ranges", &store, NULL), 0);
    return store;
}

static int setup(void **state)
{
    (void)state;
    fixture_database(bench.url, sizeof bench.url);
    bench.store = open_store();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_store_close(bench.store);
    cairn_arena_close(&bench.arena);
    fixture_drop(bench.url);
    return 0;
}

/* ---- helpers ---- */

static int64_t sql_int(const char *sql)
{
    return fixture_sql_int(bench.url, sql);
}

static const char *new_stream(struct cairn_arena *arena)
{
    return cairn_stream_name(arena, "stay", cairn_uuid_make());
}

static struct cairn_claim range(struct cairn_arena *arena, bool taken, const char *key,
                                int64_t from, int64_t to)
{
    return (struct cairn_claim){.taken = taken,
                                .scope = "room",
                                .key = cairn_range_key(arena, key, from, to),
                                .message = "the room is taken",
                                .is_range = true};
}

/* The meta of an event, as a service writes it. */
static const char *meta_of(struct cairn_arena *arena, const struct cairn_claim *claims,
                           size_t count)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_text(&out, "{\"claims\":[");
    for (size_t i = 0; i < count; i++) {
        cairn_buffer_print(&out, "%s{\"%s\":\"%s\",\"key\":", i ? "," : "",
                           claims[i].taken ? "take" : "release", claims[i].scope);
        cairn_buffer_json(&out, claims[i].key);
        cairn_buffer_char(&out, '}');
    }
    cairn_buffer_text(&out, "]}");
    return out.text;
}

/* Appends an event with these claims. */
static int append(struct cairn_store *store, struct cairn_arena *arena, const char *stream,
                  const struct cairn_claim *claims, size_t count, struct cairn_error *error)
{
    const struct cairn_new_event event = {.id = cairn_uuid_make(),
                                          .type = "Booked",
                                          .schema_version = 1,
                                          .data = "{}",
                                          .meta = meta_of(arena, claims, count)};
    const struct cairn_write write = {
        .expected = {.stream = stream, .version = CAIRN_VERSION_ANY},
        .events = &event,
        .event_count = 1,
        .claims = claims,
        .claim_count = count,
    };
    const struct cairn_append one = {.writes = &write, .write_count = 1};
    struct cairn_appended appended;
    return cairn_store_append(store, &one, arena, &appended, error);
}

static int claim_on(const char *stream, const char *key, int64_t from, int64_t to)
{
    const struct cairn_claim claim = range(&bench.arena, true, key, from, to);
    return append(bench.store, &bench.arena, stream, &claim, 1, NULL);
}

static int claim(const char *key, int64_t from, int64_t to)
{
    return claim_on(new_stream(&bench.arena), key, from, to);
}

static int64_t problems(void)
{
    return sql_int("select count(*) from cairn.verify_claims()");
}

static int64_t overlaps(void)
{
    return sql_int("select count(*) from cairn.claims a join cairn.claims b"
                   " on a.scope = b.scope and cairn.range_key(a.key) = cairn.range_key(b.key)"
                   " and a.key < b.key and cairn.range_from(a.key) < cairn.range_to(b.key)"
                   " and cairn.range_from(b.key) < cairn.range_to(a.key)");
}

/* ---- one after the other ---- */

static void a_range_that_overlaps_is_refused_and_one_beside_it_is_not(void **state)
{
    (void)state;
    assert_int_equal(claim("12", 10, 20), 0);
    static const int64_t overlapping[][2] = {{10, 20}, {12, 15}, {5, 30},  {5, 11}, {19, 25},
                                             {9, 20},  {10, 11}, {19, 20}, {10, 30}};
    for (size_t i = 0; i < sizeof overlapping / sizeof overlapping[0]; i++)
        assert_int_equal(claim("12", overlapping[i][0], overlapping[i][1]), -CAIRN_CLAIMED);
    assert_int_equal(claim("12", 20, 25), 0);
    assert_int_equal(claim("12", 5, 10), 0);
    assert_int_equal(claim("12", -3, 5), 0);
    assert_int_equal(claim("12", 0, 1), -CAIRN_CLAIMED);
    assert_int_equal(claim("13", 10, 20), 0); /* another room */
    assert_int_equal(claim("12 [1,2)", 10, 20), 0);
    assert_int_equal(claim("12 [1,2)", 19, 21), -CAIRN_CLAIMED);
    assert_int_equal(problems(), 0);
}

static void a_refusal_has_the_words_of_the_decider(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    const struct cairn_claim wanted = range(&bench.arena, true, "words", 1, 3);
    assert_int_equal(claim("words", 2, 4), 0);
    assert_int_equal(
        append(bench.store, &bench.arena, new_stream(&bench.arena), &wanted, 1, &error),
        -CAIRN_CLAIMED);
    assert_string_equal(error.message, "the room is taken");
}

static void a_stream_moves_its_range_and_keeps_it_when_it_cannot(void **state)
{
    (void)state;
    const char *stay = new_stream(&bench.arena);
    assert_int_equal(claim_on(stay, "14", 10, 12), 0);
    assert_int_equal(claim("14", 15, 20), 0);
    assert_int_equal(claim_on(stay, "14", 10, 12), 0);              /* it holds that already */
    assert_int_equal(claim_on(stay, "14", 10, 14), -CAIRN_CLAIMED); /* its own, not released */

    const struct cairn_claim longer[] = {range(&bench.arena, false, "14", 10, 12),
                                         range(&bench.arena, true, "14", 10, 14)};
    const struct cairn_claim too_long[] = {range(&bench.arena, false, "14", 10, 14),
                                           range(&bench.arena, true, "14", 10, 16)};
    assert_int_equal(append(bench.store, &bench.arena, stay, longer, 2, NULL), 0);
    assert_int_equal(append(bench.store, &bench.arena, stay, too_long, 2, NULL), -CAIRN_CLAIMED);
    assert_int_equal(claim("14", 13, 14), -CAIRN_CLAIMED); /* the release was taken back too */
    assert_int_equal(claim("14", 14, 15), 0);

    const struct cairn_claim others = range(&bench.arena, false, "14", 15, 20);
    assert_int_equal(append(bench.store, &bench.arena, stay, &others, 1, NULL), 0);
    assert_int_equal(claim("14", 15, 16), -CAIRN_CLAIMED); /* it was not this stream's to release */
    assert_int_equal(problems(), 0);
}

/* A range that is claimed again stands where the log has it last, as does one that is released and
 * claimed in one append: a guest who moves to the same nights. */
static void a_range_is_claimed_again_by_its_stream(void **state)
{
    (void)state;
    const char *stay = new_stream(&bench.arena);
    const struct cairn_claim same[] = {range(&bench.arena, false, "16", 10, 12),
                                       range(&bench.arena, true, "16", 10, 12)};
    static const char where[] = "select position - cairn.head() from cairn.claims"
                                " where key = '16 [10,12)'";
    assert_int_equal(claim_on(stay, "16", 10, 12), 0);
    assert_int_equal(claim_on(stay, "16", 10, 12), 0);
    assert_int_equal(sql_int(where), 0);
    assert_int_equal(problems(), 0);
    assert_int_equal(append(bench.store, &bench.arena, stay, same, 2, NULL), 0);
    assert_int_equal(sql_int(where), 0);
    assert_int_equal(problems(), 0);
    assert_int_equal(claim("16", 11, 13), -CAIRN_CLAIMED);
}

static void ranges_and_keys_are_refused_together(void **state)
{
    (void)state;
    const struct cairn_claim both[] = {range(&bench.arena, true, "15", 1, 5),
                                       {.taken = true, .scope = "guest", .key = "ada"}};
    const struct cairn_claim rest[] = {range(&bench.arena, true, "15", 7, 9),
                                       {.taken = true, .scope = "guest", .key = "ada"}};
    const struct cairn_claim overlapping[] = {range(&bench.arena, true, "15", 4, 9),
                                              {.taken = true, .scope = "guest", .key = "bob"}};
    assert_int_equal(append(bench.store, &bench.arena, new_stream(&bench.arena), both, 2, NULL), 0);
    assert_int_equal(append(bench.store, &bench.arena, new_stream(&bench.arena), rest, 2, NULL),
                     -CAIRN_CLAIMED);
    assert_int_equal(
        append(bench.store, &bench.arena, new_stream(&bench.arena), overlapping, 2, NULL),
        -CAIRN_CLAIMED);
    assert_int_equal(claim("15", 7, 9), 0);
    assert_int_equal(sql_int("select count(*) from cairn.claims where key = 'bob'"), 0);
    assert_int_equal(problems(), 0);
}

/* ---- many at once ---- */

/* Each append of a batch is decided on what the ones before it leave behind. */
static void a_batch_is_gone_through_in_order(void **state)
{
    (void)state;
    enum { COUNT = 4 };
    static const int64_t ranges[COUNT][2] = {{1, 5}, {4, 8}, {5, 8}, {7, 9}};
    static const int wanted[COUNT] = {0, -CAIRN_CLAIMED, 0, -CAIRN_CLAIMED};
    struct cairn_append_batch batch;
    struct cairn_claim claims[COUNT];
    struct cairn_new_event events[COUNT];
    struct cairn_write writes[COUNT];
    struct cairn_append appends[COUNT];
    cairn_append_batch_init(&batch, &bench.arena);
    for (int i = 0; i < COUNT; i++) {
        claims[i] = range(&bench.arena, true, "batch", ranges[i][0], ranges[i][1]);
        events[i] = (struct cairn_new_event){.id = cairn_uuid_make(),
                                             .type = "Booked",
                                             .schema_version = 1,
                                             .data = "{}",
                                             .meta = meta_of(&bench.arena, &claims[i], 1)};
        writes[i] = (struct cairn_write){
            .expected = {.stream = new_stream(&bench.arena), .version = CAIRN_VERSION_ANY},
            .events = &events[i],
            .event_count = 1,
            .claims = &claims[i],
            .claim_count = 1};
        appends[i] = (struct cairn_append){.writes = &writes[i], .write_count = 1};
        cairn_append_batch_add(&batch, &appends[i]);
    }
    struct cairn_error error = {0};
    assert_int_equal(cairn_append_batch_call(&batch, bench.store, &error), 0);
    struct cairn_append_batch_cursor cursor = {0};
    for (int i = 0; i < COUNT; i++) {
        struct cairn_appended appended;
        struct cairn_error why = {0};
        assert_int_equal(cairn_append_batch_next(&batch, &cursor, &appends[i], &appended, &why),
                         wanted[i]);
    }
    assert_int_equal(problems(), 0);
}

enum { THREADS = 4, BOOKINGS = 100, NIGHTS = 60, LONGEST = 7 };

struct guest {
    pthread_t thread;
    unsigned seed;
    int booked, refused, failed;
};

static void *book(void *context)
{
    struct guest *guest = context;
    struct cairn_arena arena = {0};
    struct cairn_store *store = open_store();
    for (int i = 0; i < BOOKINGS; i++) {
        int64_t from = rand_r(&guest->seed) % NIGHTS;
        int64_t to = from + 1 + rand_r(&guest->seed) % LONGEST;
        const struct cairn_claim wanted = range(&arena, true, "busy", from, to);
        int outcome = append(store, &arena, new_stream(&arena), &wanted, 1, NULL);
        guest->booked += outcome == 0;
        guest->refused += outcome == -CAIRN_CLAIMED;
        guest->failed += outcome != 0 && outcome != -CAIRN_CLAIMED;
    }
    cairn_store_close(store);
    cairn_arena_close(&arena);
    return NULL;
}

static void random_bookings_by_many_writers_never_overlap(void **state)
{
    (void)state;
    struct guest guests[THREADS] = {{.seed = 1}, {.seed = 2}, {.seed = 3}, {.seed = 4}};
    int booked = 0;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&guests[i].thread, NULL, book, &guests[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(guests[i].thread, NULL), 0);
        assert_int_equal(guests[i].failed, 0);
        assert_int_equal(guests[i].booked + guests[i].refused, BOOKINGS);
        booked += guests[i].booked;
    }
    assert_true(booked >= NIGHTS / LONGEST);
    assert_int_equal(sql_int("select count(*) from cairn.claims where key like 'busy [%'"), booked);
    assert_int_equal(overlaps(), 0);
    assert_int_equal(problems(), 0);
}

/* ---- the log proves it ---- */

static void ranges_are_rebuilt_from_the_log(void **state)
{
    (void)state;
    assert_int_equal(claim("log", 1, 5), 0);
    int64_t count = sql_int("select count(*) from cairn.claims");
    int64_t sum =
        sql_int("select sum(hashtext(scope || key || stream || position)) from cairn.claims");
    (void)sql_int("with gone as (delete from cairn.claims where key like 'log [%' returning 1)"
                  " select count(*) from gone");
    assert_int_equal(problems(), 1);
    assert_int_equal(claim("log", 2, 3),
                     0); /* nothing in the table refuses it: but the log has both */
    assert_true(problems() >= 2);
    assert_int_equal(sql_int("select count(*) from cairn.verify_claims() where problem like"
                             " 'overlaps with log %'"),
                     1);
    (void)sql_int("select cairn.rebuild_claims()");
    assert_int_equal(sql_int("select count(*) from cairn.claims"), count + 1);
    (void)sql_int("with gone as (delete from cairn.claims where key = 'log [2,3)' returning 1)"
                  " select count(*) from gone");
    assert_int_equal(
        sql_int("select sum(hashtext(scope || key || stream || position)) from cairn.claims"), sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_that_overlaps_is_refused_and_one_beside_it_is_not),
        cmocka_unit_test(a_refusal_has_the_words_of_the_decider),
        cmocka_unit_test(a_stream_moves_its_range_and_keeps_it_when_it_cannot),
        cmocka_unit_test(a_range_is_claimed_again_by_its_stream),
        cmocka_unit_test(ranges_and_keys_are_refused_together),
        cmocka_unit_test(a_batch_is_gone_through_in_order),
        cmocka_unit_test(random_bookings_by_many_writers_never_overlap),
        cmocka_unit_test(ranges_are_rebuilt_from_the_log),
    };
    return cmocka_run_group_tests_name("claim ranges", tests, setup, teardown);
}
