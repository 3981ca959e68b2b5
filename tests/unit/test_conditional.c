/* test_conditional.c - tests entity tags and media ranges as they appear in request headers. */
#include "../support/support.h"

#include "http/request/conditional.h"

#include <string.h>

static void an_etag_is_found_in_a_list(void **state)
{
    (void)state;
    assert_true(cairn_etags_name("\"3.1\"", "\"3.1\""));
    assert_true(cairn_etags_name("\"2.1\", W/\"3.1\"", "\"3.1\""));
    assert_true(cairn_etags_name("W/\"1.9\"", "W/\"1.9\""));
    assert_true(cairn_etags_name(" * ", "\"3.1\""));
    assert_true(cairn_etags_name("\"a,b\" ,, \"3.1\"\t", "\"3.1\""));
    assert_true(cairn_etags_name("\"\"", "\"\""));
}

static void another_etag_is_not_taken_for_it(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",           "\"3.2\"",     "\"3.1",      "3.1",      "\"3\"",
        "\"3.11\"",   "\"2.1\" 3.1", "W/3.1",      "\"13.1\"", "\"3.1\" \"x\"",
        "*, \"3.1\"", "w/\"3.1\"",   "\"3.1\", x", "\"3 1\"",
    };
    assert_false(cairn_etags_name(NULL, "\"3.1\""));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(cairn_etags_name(others[i], "\"3.1\""));
}

static void a_list_of_etags_is_told_from_other_texts(void **state)
{
    (void)state;
    static const char *const good[] = {"*", "\"\"", "W/\"x\", \"y\"", ", \"a\" ,", "\"\xc3\xa9\""};
    static const char *const bad[] = {"",   ",",   "x",      "\"x",     "\"x\"y",
                                      "**", "* *", "W\"x\"", "\"\x01\""};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(cairn_etags_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(cairn_etags_valid(bad[i]));
}

/* RFC 9110 section 12.5.1: the most specific range decides. */
static void the_range_that_fits_best_has_the_word(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        int stream, json;
    } cases[] = {
        {NULL, 1000, 1000},
        {"", 0, 0},
        {"*/*", 1000, 1000},
        {"text/event-stream", 1000, 0},
        {"text/event-stream;q=0.1, */*", 100, 1000},
        {"*/*, text/event-stream;q=0.1", 100, 1000},
        {"text/*;q=0.3, application/*;q=0.7, */*;q=0.1", 300, 700},
        {"text/event-stream; q=0", 0, 0},
        {"text/event-stream;q=nan", 0, 0},
        {"text/event-stream;q=1.001, */*;q=0.2", 200, 200},
        {"text/event-stream;q=2", 0, 0},
        {"text/event-stream;q=", 0, 0},
        {"text/event-stream;q=0.12345", 123, 0},
        {"Text/Event-Stream;charset=\"a,b\";Q=0.5", 500, 0},
        {"text/event-streams, text/event", 0, 0},
        {"*/json", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(cairn_accept_quality(cases[i].accept, "text/event-stream"),
                         cases[i].stream);
        assert_int_equal(cairn_accept_quality(cases[i].accept, "application/json"), cases[i].json);
    }
    assert_true(cairn_accept_names("*/*, text/event-stream", "text/event-stream"));
    assert_false(cairn_accept_names("*/*, text/*", "text/event-stream"));
    assert_false(cairn_accept_names(NULL, "text/event-stream"));
}

static void a_coding_is_accepted_by_its_name_and_a_weight_above_zero(void **state)
{
    (void)state;
    assert_true(cairn_accept_coding("gzip, deflate, br", "br"));
    assert_true(cairn_accept_coding("GZIP;q=0.001", "gzip"));
    assert_false(cairn_accept_coding("gzip;q=0, br;q=0.000", "gzip"));
    assert_false(cairn_accept_coding("gzip;q=0, br;q=0.000", "br"));
    assert_false(cairn_accept_coding("brotli, x-gzip, *", "br"));
    assert_false(cairn_accept_coding("*", "gzip"));
    assert_false(cairn_accept_coding("", "gzip"));
    assert_false(cairn_accept_coding(NULL, "gzip"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_etag_is_found_in_a_list),
        cmocka_unit_test(another_etag_is_not_taken_for_it),
        cmocka_unit_test(a_list_of_etags_is_told_from_other_texts),
        cmocka_unit_test(a_coding_is_accepted_by_its_name_and_a_weight_above_zero),
        cmocka_unit_test(the_range_that_fits_best_has_the_word),
    };
    return cmocka_run_group_tests_name("conditional", tests, NULL, NULL);
}
