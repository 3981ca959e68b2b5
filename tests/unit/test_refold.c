/* test_refold.c - tests the fold of the log by many threads, part by part, with files for what
 * exceeds the memory: the result must be that of one fold in order. And its building blocks: values
 * in one block, shelves, files. */
#include "../support/crates.h"
#include "../support/support.h"

#include "core/containers/map.h"
#include "projection/rebuild/refold.h"
#include "projection/rebuild/spill.h"
#include "projection/verify/expected_rows.h"
#include "record/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CRATES = 150, LARGE = 64 << 20 };

static struct cairn_arena arena;

static int teardown(void **state)
{
    (void)state;
    cairn_arena_close(&arena);
    return 0;
}

static unsigned seed_of(unsigned n)
{
    const char *text = getenv("CAIRN_TEST_SEED");
    unsigned seed = text ? (unsigned)strtoul(text, NULL, 10) : 20261121;
    return seed + n;
}

static const char *encoded(const void *row)
{
    struct cairn_buffer out = cairn_buffer(&arena);
    cairn_record_encode(&crates_record, row, &out);
    return out.text;
}

/* ---- one block ---- */

static void a_value_in_one_block_is_what_it_was(void **state)
{
    (void)state;
    unsigned random = seed_of(0);
    for (int i = 0; i < 300; i++) {
        struct cairn_arena scratch = {0};
        struct crates row = crate_row(&random, i % 10 == 0, &scratch);
        const char *before = encoded(&row);
        size_t bytes = cairn_record_bytes(&crates_record, &row);
        void *block = malloc(bytes); /* no bytes to spare */
        assert_non_null(block);
        cairn_record_pack(&crates_record, &row, block);
        struct crates copy;
        cairn_record_copy(&crates_record, &row, &copy, &arena);
        cairn_arena_close(&scratch); /* neither copy may point there */
        memset(&row, 0xEE, sizeof row);
        assert_string_equal(encoded(block), before);
        assert_string_equal(encoded(&copy), before);
        free(block);
    }
}

/* ---- a shelf ---- */

static struct cairn_fold_row fold_row(const char *key, struct crates *value, int64_t position)
{
    return (struct cairn_fold_row){.key = key,
                                   .value = value,
                                   .exists = position % 5 != 0,
                                   .position = position,
                                   .version = position / 2,
                                   .parked = position % 7 == 0};
}

static void expect_row(const struct cairn_row_table *shelf, const char *key,
                       const struct cairn_fold_row *wanted)
{
    const struct cairn_row_table_row *row = cairn_row_table_get(shelf, cairn_hash(key), key);
    if (!wanted) {
        assert_null(row);
        return;
    }
    assert_non_null(row);
    assert_string_equal(row->key, key);
    assert_int_equal(row->position, wanted->position);
    assert_int_equal(row->version, wanted->version);
    assert_int_equal(row->exists, wanted->exists);
    assert_int_equal(row->parked, wanted->parked);
    assert_string_equal(encoded(row->value), encoded(wanted->value));
}

static void expect_bytes(const struct cairn_row_table *shelf)
{
    size_t bytes = shelf->slot_count * sizeof *shelf->slots;
    size_t count = 0;
    for (size_t i = 0; i < shelf->slot_count; i++) {
        if (shelf->slots[i]) {
            bytes += shelf->slots[i]->bytes;
            count++;
        }
    }
    assert_int_equal(shelf->bytes, bytes);
    assert_int_equal(shelf->count, count);
}

static void a_shelf_has_what_was_put_there_last(void **state)
{
    (void)state;
    enum { KEYS = 200 };
    unsigned random = seed_of(1);
    struct cairn_row_table shelf = {.projection = &crates_projection};
    const struct cairn_fold_row *wanted[KEYS] = {NULL};
    for (int i = 1; i <= 1500; i++) {
        size_t k = (size_t)rand_r(&random) % KEYS;
        struct crates *value = cairn_new(&arena, struct crates, 1);
        struct cairn_fold_row *row = cairn_new(&arena, struct cairn_fold_row, 1);
        *value = crate_row(&random, i % 10 == 0, &arena);
        *row = fold_row(cairn_print(&arena, "key-%zu", k), value, i);
        cairn_row_table_put(&shelf, cairn_hash(row->key), row);
        wanted[k] = row;
    }
    for (size_t k = 0; k < KEYS; k++)
        expect_row(&shelf, cairn_print(&arena, "key-%zu", k), wanted[k]);
    expect_row(&shelf, "key-200", NULL);
    expect_bytes(&shelf);
    cairn_row_table_clear(&shelf);
    assert_int_equal(shelf.bytes, 0);
    expect_row(&shelf, "key-1", NULL);
}

/* ---- a file ---- */

static struct cairn_uuid id_of(int64_t number)
{
    struct cairn_uuid id = {{1}};
    memcpy(id.bytes + 4, &number, sizeof number);
    return id;
}

#define BY_ADA "{\"actor\":{\"sub\":\"ada\",\"iss\":\"i\"}}"

static struct cairn_stored_event event_at(int64_t position, const char *data, size_t bytes)
{
    return (struct cairn_stored_event){.stream = "crate-x",
                                       .version = position / 3,
                                       .position = position,
                                       .type = "CratePacked",
                                       .schema_version = 1,
                                       .event_id = id_of(position),
                                       .recorded_at = {position * 7 - 50},
                                       .data = data,
                                       .data_bytes = bytes,
                                       .meta = position % 2 ? "{}" : BY_ADA};
}

static void expect_event(const struct cairn_stored_event *seen,
                         const struct cairn_stored_event *wanted)
{
    assert_string_equal(seen->stream, wanted->stream);
    assert_string_equal(seen->type, wanted->type);
    assert_int_equal(seen->version, wanted->version);
    assert_int_equal(seen->position, wanted->position);
    assert_int_equal(seen->schema_version, wanted->schema_version);
    assert_true(cairn_uuid_equal(seen->event_id, wanted->event_id));
    assert_int_equal(seen->recorded_at.us, wanted->recorded_at.us);
    assert_string_equal(seen->meta, wanted->meta);
    assert_int_equal(seen->data_bytes, wanted->data_bytes);
    assert_memory_equal(seen->data, wanted->data, wanted->data_bytes);
}

static void what_was_put_into_a_file_comes_back(void **state)
{
    (void)state;
    enum { ROWS = 100, EVENTS = 700 };
    unsigned random = seed_of(2);
    struct cairn_error error = {0};
    struct cairn_row_table shelf = {.projection = &crates_projection};
    struct cairn_fold_row rows[ROWS];
    struct cairn_stored_event events[EVENTS], seen[64];
    FILE *file = cairn_spill_open("/tmp", &error);
    assert_non_null(file);
    for (int i = 0; i < ROWS; i++) {
        struct crates *value = cairn_new(&arena, struct crates, 1);
        *value = crate_row(&random, i % 10 == 0, &arena);
        rows[i] = fold_row(cairn_print(&arena, "key-%d", i), value, i + 1);
        if (!rows[i].exists)
            memset(value, 0, sizeof *value);
        cairn_row_table_put(&shelf, cairn_hash(rows[i].key), &rows[i]);
    }
    assert_int_equal(cairn_spill_row_table(file, &shelf, &error), 0);
    assert_int_equal(shelf.count, 0);
    for (int i = 0; i < EVENTS; i++) { /* some of them large */
        size_t bytes = (size_t)rand_r(&random) % (i % 100 ? 50 : 300000);
        char *data = cairn_new(&arena, char, bytes + 1);
        memset(data, 'a' + i % 26, bytes);
        events[i] = event_at(i + 1, data, bytes);
        assert_int_equal(cairn_spill_event(file, &events[i], &error), 0);
    }
    struct cairn_arena back = {0};
    assert_int_equal(cairn_spill_rows(file, &shelf, &back, &error), 0);
    for (int i = 0; i < ROWS; i++)
        expect_row(&shelf, rows[i].key, &rows[i]);
    expect_bytes(&shelf);
    int64_t got;
    int at = 0;
    while ((got = cairn_spill_events(file, seen, 64, &back, &error)) > 0) {
        for (int64_t k = 0; k < got; k++)
            expect_event(&seen[k], &events[at++]);
        cairn_arena_reset(&back);
    }
    assert_int_equal(got, 0);
    assert_int_equal(at, EVENTS);
    cairn_arena_close(&back);
    cairn_row_table_clear(&shelf);
    (void)fclose(file);
}

static void where_no_file_can_be_made_it_says_so(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    assert_null(cairn_spill_open("/nowhere", &error));
    assert_int_equal(error.code, CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "/nowhere"));
}

/* ---- a log ---- */

static struct cairn_stored_event *make_log(unsigned random, size_t count, bool poison)
{
    struct cairn_uuid ids[CRATES];
    int64_t versions[CRATES] = {0};
    struct cairn_stored_event *log = cairn_new(&arena, struct cairn_stored_event, count);
    for (size_t i = 0; i < CRATES; i++)
        ids[i] = id_of(rand_r(&random));
    for (size_t i = 0; i < count; i++) {
        struct crate_step step = crate_step(&random, ids, CRATES, poison, &arena);
        log[i] = event_at((int64_t)i + 1, step.data, strlen(step.data));
        log[i].stream = cairn_stream_name(&arena, "crate", ids[step.crate]);
        log[i].type = step.type;
        log[i].version = ++versions[step.crate];
    }
    return log;
}

/* ---- one fold in order ---- */

static int load_nothing(void *context, struct cairn_fold *fold, struct cairn_error *error)
{
    (void)context;
    (void)fold;
    (void)error;
    return 0;
}

static bool is_not_skipped(void *context, int64_t position, const char *key)
{
    return !cairn_skip_is_named(context, position, key);
}

static struct cairn_fold_batch fold_in_order(const struct cairn_stored_event *log, size_t count,
                                             struct cairn_map *skipped)
{
    struct cairn_fold_batch batch;
    const struct cairn_fold_input events = {.events = log,
                                            .count = count,
                                            .to = (int64_t)count,
                                            .load = load_nothing,
                                            .wants = is_not_skipped,
                                            .context = skipped};
    assert_int_equal(cairn_fold_events(&crates_projection, &events, &arena, &batch, NULL), 0);
    assert_string_equal(batch.problem, "");
    return batch;
}

/* Returns every third of what is parked, as if operators had skipped it. */
static struct cairn_map skip_some(const struct cairn_fold_batch *folded)
{
    struct cairn_map skipped = cairn_map(&arena);
    for (size_t i = 0; i < folded->park_count; i++) {
        const struct cairn_park *park = &folded->parks[i];
        if (park->attempts && park->position % 3 == 0)
            cairn_skip_name(&skipped, park->position, park->key);
    }
    return skipped;
}

/* ---- the same fold by parts ---- */

static struct cairn_refold *refold(const struct cairn_refold_options *options,
                                   const struct cairn_stored_event *log, size_t count)
{
    struct cairn_refold *ret = NULL;
    struct cairn_error error = {0};
    assert_int_equal(cairn_refold_open(options, &ret, &error), 0);
    for (size_t i = 0; i < count; i++) {
        struct cairn_stored_event lent = log[i]; /* valid during the call only */
        char *data = strdup(log[i].data);
        lent.data = data;
        if (cairn_refold_take(ret, &lent, &error) < 0)
            fail_msg("%s", error.message);
        memset(data, 'x', lent.data_bytes);
        free(data);
    }
    if (cairn_refold_end(ret, &error) < 0)
        fail_msg("%s", error.message);
    return ret;
}

static size_t expect_shelf(const struct cairn_row_table *shelf,
                           const struct cairn_fold_batch *wanted)
{
    for (size_t i = 0; i < shelf->slot_count; i++) {
        if (!shelf->slots[i])
            continue;
        const struct cairn_fold_row *row = cairn_map_get(&wanted->fold.rows, shelf->slots[i]->key);
        assert_non_null(row);
        expect_row(shelf, row->key, row);
    }
    return shelf->count;
}

static size_t count_changed(const struct cairn_fold_batch *batch)
{
    size_t changed = 0;
    for (size_t i = 0; i < batch->fold.rows.count; i++)
        changed += ((const struct cairn_fold_row *)batch->fold.rows.entries[i].value)->changed;
    return changed;
}

static int by_key_and_position(const void *a, const void *b)
{
    const struct cairn_park *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : (x->position > y->position) - (x->position < y->position);
}

/* Compares the parked events, those of each key in the order of the log. */
static void expect_parks(const struct cairn_park *seen, size_t count,
                         const struct cairn_fold_batch *wanted)
{
    struct cairn_park *a = cairn_new(&arena, struct cairn_park, count + 1);
    struct cairn_park *b = cairn_new(&arena, struct cairn_park, wanted->park_count + 1);
    assert_int_equal(count, wanted->park_count);
    if (count == 0)
        return;
    memcpy(a, seen, count * sizeof *a);
    memcpy(b, wanted->parks, count * sizeof *b);
    qsort(a, count, sizeof *a, by_key_and_position);
    qsort(b, count, sizeof *b, by_key_and_position);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(a[i].key, b[i].key);
        assert_int_equal(a[i].position, b[i].position);
        assert_int_equal(a[i].attempts, b[i].attempts);
        assert_string_equal(a[i].reason, b[i].reason);
        assert_true(cairn_uuid_equal(a[i].event_id, b[i].event_id));
    }
}

static void expect_skips(const struct cairn_park *seen, size_t count,
                         const struct cairn_map *wanted)
{
    assert_int_equal(count, wanted->count);
    for (size_t i = 0; i < count; i++)
        assert_true(cairn_skip_is_named(wanted, seen[i].position, seen[i].key));
}

static void expect_same(struct cairn_refold *folded, const struct cairn_fold_batch *wanted,
                        const struct cairn_map *skipped)
{
    struct cairn_error error = {0};
    struct cairn_refold_state now;
    size_t rows = 0;
    for (size_t part = 0; part < CAIRN_REFOLD_PARTS; part++) {
        const struct cairn_row_table *shelf = NULL;
        if (cairn_refold_part(folded, part, &shelf, &error) < 0)
            fail_msg("part %zu: %s", part, error.message);
        rows += expect_shelf(shelf, wanted);
    }
    assert_int_equal(rows, count_changed(wanted));
    cairn_refold_state(folded, &now);
    assert_int_equal(now.rows, rows);
    for (size_t part = 0; part < CAIRN_REFOLD_PARTS; part++)
        cairn_refold_done(folded, part);
    cairn_refold_state(folded, &now);
    assert_int_equal(now.bytes, 0);
    const struct cairn_park *all = NULL;
    size_t count = cairn_refold_parks(folded, &all);
    expect_parks(all, count, wanted);
    count = cairn_refold_skips(folded, &all);
    expect_skips(all, count, skipped);
}

struct terms {
    size_t events;
    int threads;
    size_t memory_bytes;
    size_t least_spilled, most_spilled; /* numbers of parts */
};

static void expect_the_same_fold(const struct terms *terms)
{
    const struct cairn_stored_event *log = make_log(seed_of(3), terms->events, true);
    struct cairn_map none = cairn_map(&arena);
    struct cairn_fold_batch before = fold_in_order(log, terms->events, &none);
    struct cairn_map skipped = skip_some(&before);
    struct cairn_fold_batch wanted = fold_in_order(log, terms->events, &skipped);
    assert_true(wanted.park_count > 0);
    assert_true(skipped.count > 0);
    const struct cairn_refold_options options = {.projection = &crates_projection,
                                                 .threads = terms->threads,
                                                 .memory_bytes = terms->memory_bytes,
                                                 .directory = "/tmp",
                                                 .skipped = &skipped};
    struct cairn_refold *folded = refold(&options, log, terms->events);
    struct cairn_refold_state now;
    cairn_refold_state(folded, &now);
    if (now.spilled < terms->least_spilled || now.spilled > terms->most_spilled)
        fail_msg("%zu parts in files, not %zu to %zu", now.spilled, terms->least_spilled,
                 terms->most_spilled);
    expect_same(folded, &wanted, &skipped);
    cairn_refold_close(folded);
}

static void one_thread_folds_what_one_fold_in_order_does(void **state)
{
    (void)state;
    expect_the_same_fold(&(struct terms){5000, 1, LARGE, 0, 0});
}

static void four_threads_fold_what_one_fold_in_order_does(void **state)
{
    (void)state;
    expect_the_same_fold(&(struct terms){20000, 4, LARGE, 0, 0});
}

static void rows_that_do_not_fit_are_folded_all_the_same(void **state)
{
    (void)state;
    expect_the_same_fold(&(struct terms){5000, 1, 80 << 10, 5, 60});
    expect_the_same_fold(&(struct terms){20000, 4, 80 << 10, 5, 60});
}

static void no_memory_for_rows_at_all_makes_the_same_rows(void **state)
{
    (void)state;
    expect_the_same_fold(&(struct terms){5000, 1, 1, 50, 64});
    expect_the_same_fold(&(struct terms){12000, 4, 1, 50, 64});
}

static void a_log_without_events_has_no_rows(void **state)
{
    (void)state;
    struct cairn_map none = cairn_map(&arena);
    const struct cairn_fold_batch wanted = fold_in_order(NULL, 0, &none);
    const struct cairn_refold_options options = {
        .projection = &crates_projection, .threads = 2, .memory_bytes = 1, .directory = "/tmp"};
    struct cairn_refold *folded = refold(&options, NULL, 0);
    expect_same(folded, &wanted, &none);
    cairn_refold_close(folded);
}

/* ---- failures ---- */

/* Gives the whole log, or as much of it as is accepted. */
static int give(struct cairn_refold *folded, const struct cairn_stored_event *log, size_t count,
                struct cairn_error *error)
{
    int failed = 0;
    for (size_t i = 0; i < count && !failed; i++)
        failed = cairn_refold_take(folded, &log[i], error);
    return failed ? failed : cairn_refold_end(folded, error);
}

static void what_the_live_path_stops_at_ends_it(void **state)
{
    (void)state;
    const struct cairn_stored_event *log = make_log(seed_of(4), 9000, true);
    struct cairn_refold_options options = {
        .projection = &crates_that_stop, .memory_bytes = LARGE, .directory = "/tmp"};
    for (options.threads = 1; options.threads <= 4; options.threads += 3) {
        struct cairn_refold *folded = NULL;
        struct cairn_error error = {0};
        assert_int_equal(cairn_refold_open(&options, &folded, &error), 0);
        assert_int_equal(give(folded, log, 9000, &error), -CAIRN_PARKED);
        assert_true(error.message[0] != '\0');
        cairn_refold_close(folded);
    }
}

static void an_event_of_a_newer_release_ends_it(void **state)
{
    (void)state;
    struct cairn_stored_event *log = make_log(seed_of(5), 100, false);
    const struct cairn_refold_options options = {
        .projection = &crates_projection, .threads = 2, .memory_bytes = LARGE, .directory = "/tmp"};
    struct cairn_refold *folded = NULL;
    struct cairn_error error = {0};
    log[70].schema_version = 9;
    assert_int_equal(cairn_refold_open(&options, &folded, &error), 0);
    assert_int_equal(give(folded, log, 100, &error), -CAIRN_PARKED);
    cairn_refold_close(folded);
}

static void a_directory_without_room_ends_it(void **state)
{
    (void)state;
    const struct cairn_stored_event *log = make_log(seed_of(6), 3000, true);
    const struct cairn_refold_options options = {
        .projection = &crates_projection, .threads = 2, .memory_bytes = 1, .directory = "/nowhere"};
    struct cairn_refold *folded = NULL;
    struct cairn_error error = {0};
    assert_int_equal(cairn_refold_open(&options, &folded, &error), 0);
    assert_int_equal(give(folded, log, 3000, &error), -CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "/nowhere"));
    cairn_refold_close(folded);
}

static void it_can_be_given_up_at_any_time(void **state)
{
    (void)state;
    const struct cairn_stored_event *log = make_log(seed_of(7), 9000, true);
    const struct cairn_refold_options options = {.projection = &crates_projection,
                                                 .threads = 4,
                                                 .memory_bytes = 1 << 20,
                                                 .directory = "/tmp"};
    static const size_t given[] = {0, 1, 1999, 2000, 9000};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        struct cairn_refold *folded = NULL;
        assert_int_equal(cairn_refold_open(&options, &folded, NULL), 0);
        for (size_t k = 0; k < given[i]; k++)
            assert_int_equal(cairn_refold_take(folded, &log[k], NULL), 0);
        cairn_refold_close(folded);
    }
    cairn_refold_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
        TEST(a_value_in_one_block_is_what_it_was),
        TEST(a_shelf_has_what_was_put_there_last),
        TEST(what_was_put_into_a_file_comes_back),
        TEST(where_no_file_can_be_made_it_says_so),
        TEST(one_thread_folds_what_one_fold_in_order_does),
        TEST(four_threads_fold_what_one_fold_in_order_does),
        TEST(rows_that_do_not_fit_are_folded_all_the_same),
        TEST(no_memory_for_rows_at_all_makes_the_same_rows),
        TEST(a_log_without_events_has_no_rows),
        TEST(what_the_live_path_stops_at_ends_it),
        TEST(an_event_of_a_newer_release_ends_it),
        TEST(a_directory_without_room_ends_it),
        TEST(it_can_be_given_up_at_any_time),
    };
    return cmocka_run_group_tests_name("refold", tests, NULL, NULL);
}
