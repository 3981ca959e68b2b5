/* test_cursor.c - tests the cursors of pages, the Prefer header and the ETags of rows. */
#include "../support/support.h"

#include "query/read/fresh.h"
#include "query/read/query_read.h"
#include "query/request/cursor.h"

#include "../../projections/order_summary.h"
#include "../../projections/sales_by_day.h"

#include <string.h>

static struct cairn_arena arena;

static int teardown(void **state)
{
    (void)state;
    cairn_arena_close(&arena);
    return 0;
}

static const struct cairn_query_seal seal = {"a secret", "/users/{id}/orders 0=4:anna"};

static const char *encoded(bool descending, const char *value, const char *key)
{
    const struct cairn_query_cursor cursor = {.descending = descending, .value = value, .key = key};
    return cairn_query_cursor_encode(&cursor, &seal, &arena);
}

static bool is_believed(const char *text, const struct cairn_query_seal *by)
{
    struct cairn_query_cursor cursor;
    return cairn_query_cursor_decode(text, &arena, &cursor) == 0 &&
           cairn_query_cursor_holds(&cursor, by, &arena);
}

static bool is_refused(const char *text)
{
    struct cairn_query_cursor cursor;
    return cairn_query_cursor_decode(text, &arena, &cursor) == -CAIRN_MALFORMED;
}

static void assert_round_trip(bool descending, const char *value, const char *key)
{
    struct cairn_query_cursor cursor = {0};
    assert_int_equal(cairn_query_cursor_decode(encoded(descending, value, key), &arena, &cursor),
                     0);
    assert_int_equal(cursor.descending, descending);
    assert_string_equal(cursor.value, value);
    assert_string_equal(cursor.key, key);
}

static void a_cursor_comes_back_as_it_was(void **state)
{
    (void)state;
    assert_round_trip(true, "2026-11-21T07:00:00.000001Z", "0193a1c2-0000-7000-8000-000000000001");
    assert_round_trip(false, "2026-11-21", "2026-11-21:EUR");
    assert_round_trip(false, "", "a");
    assert_round_trip(true, "1", "ab");
    assert_round_trip(true, "\xC3\xA4", "\xF0\x9F\xAA\xA8");
}

static void a_cursor_is_safe_in_a_url(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        const char key[] = {(char)c, (char)(255 - c), 'x', '\0'};
        const char *text = encoded(c & 1, "value", key);
        assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-_"),
                         strlen(text));
    }
}

static void what_is_no_cursor_is_refused(void **state)
{
    (void)state;
    static const char *const rubbish[] = {
        "", "A", "AA", "AAAA", "AWQ", "AWQAYQ==", "not a cursor", "AWQAYQ\n", "%41", "\xC3\xA4",
    };
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++)
        assert_true(is_refused(rubbish[i]));
    char *large = cairn_copy_text(&arena, cairn_print(&arena, "AWQA%09000d", 0));
    assert_true(is_refused(large));
}

static void a_changed_cursor_is_rejected(void **state)
{
    (void)state;
    const char *whole = encoded(true, "5", "key");
    assert_true(is_believed(whole, &seal));
    for (size_t i = 0; i < strlen(whole); i++) {
        assert_false(is_believed(cairn_copy_bytes(&arena, whole, i), &seal));
        char *changed = cairn_copy_text(&arena, whole);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_false(is_believed(changed, &seal));
    }
}

static void a_cursor_is_of_one_secret_and_one_list(void **state)
{
    (void)state;
    const struct cairn_query_seal others[] = {
        {"another", seal.list}, {"", seal.list}, {seal.secret, "/users/{id}/orders 0=5:annab"}};
    const char *text = encoded(true, "5", "key");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(is_believed(text, &others[i]));
}

static void bits_that_mean_nothing_must_be_zero(void **state)
{
    (void)state;
    char *text = cairn_copy_text(&arena, encoded(true, "", "a")); /* 20 bytes: two unused bits */
    assert_false(is_refused(text));
    text[strlen(text) - 1]++;
    assert_true(is_refused(text));
}

/* ---- Prefer ---- */

static int64_t wait_of(const char *prefer)
{
    int64_t seconds = -1;
    bool said = cairn_query_prefer_wait(prefer, &seconds);
    return said ? seconds : -1;
}

static void prefer_names_the_seconds_to_wait(void **state)
{
    (void)state;
    assert_int_equal(wait_of("wait=5"), 5);
    assert_int_equal(wait_of("wait=0"), 0);
    assert_int_equal(wait_of("WAIT = \"7\""), 7);
    assert_int_equal(wait_of("respond-async, wait=3"), 3);
    assert_int_equal(wait_of("a=\"x, wait=9\", wait=3; b=c"), 3);
    assert_int_equal(wait_of("wait=4, wait=8"), 4);
}

static void waiting_has_a_bound(void **state)
{
    (void)state;
    assert_int_equal(wait_of("wait=31"), 30);
    assert_int_equal(wait_of("wait=99999999999999999999"), 30);
}

static void a_preference_that_makes_no_sense_is_ignored(void **state)
{
    (void)state;
    static const char *const nonsense[] = {
        "",         "wait",      "wait=", "wait=-1",    "wait=x",           "wait=5x",
        "wait=\"5", "waiting=5", ",,;=",  "a=\"wait=5", "a=\"\\\", wait=5",
    };
    assert_int_equal(wait_of(NULL), -1);
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++)
        assert_int_equal(wait_of(nonsense[i]), -1);
}

static void without_a_preference_the_wait_is_two_seconds(void **state)
{
    (void)state;
    int64_t seconds = -1;
    assert_false(cairn_query_prefer_wait(NULL, &seconds));
    assert_int_equal(seconds, 2);
}

/* ---- ETags ---- */

static const char *etag_of(const struct cairn_resource *resource, const char *body, int64_t version)
{
    const struct cairn_query_known known = {.generation = 3};
    const struct cairn_query_read read = {.resource = resource,
                                          .known = &known,
                                          .arena = &arena,
                                          .body = body,
                                          .body_bytes = strlen(body)};
    return cairn_query_row_etag(&read, version);
}

/* Parked events are applied later, at the position of the checkpoint: two states of a row may have
 * the same position. */
static void a_row_of_several_streams_is_told_by_what_it_shows(void **state)
{
    (void)state;
    const struct cairn_resource sales = {.projection = &sales_by_day_projection};
    const struct cairn_resource order = {.projection = &order_summary_projection};
    assert_string_equal(etag_of(&sales, "{\"a\":1}", 7), etag_of(&sales, "{\"a\":1}", 8));
    assert_string_not_equal(etag_of(&sales, "{\"a\":1}", 7), etag_of(&sales, "{\"a\":2}", 7));
    assert_memory_equal(etag_of(&sales, "{}", 7), "W/\"3.", 5);
    assert_string_equal(etag_of(&order, "{\"a\":1}", 7), "\"7.3\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_of_several_streams_is_told_by_what_it_shows),
        cmocka_unit_test(a_cursor_comes_back_as_it_was),
        cmocka_unit_test(a_cursor_is_safe_in_a_url),
        cmocka_unit_test(what_is_no_cursor_is_refused),
        cmocka_unit_test(a_changed_cursor_is_rejected),
        cmocka_unit_test(a_cursor_is_of_one_secret_and_one_list),
        cmocka_unit_test(bits_that_mean_nothing_must_be_zero),
        cmocka_unit_test(prefer_names_the_seconds_to_wait),
        cmocka_unit_test(waiting_has_a_bound),
        cmocka_unit_test(a_preference_that_makes_no_sense_is_ignored),
        cmocka_unit_test(without_a_preference_the_wait_is_two_seconds),
    };
    return cmocka_run_group_tests_name("cursor", tests, NULL, teardown);
}
