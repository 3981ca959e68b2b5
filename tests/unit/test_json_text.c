/* test_json_text.c - tests what is found in JSON text by pointers. */
#include "record/json_text.h"

#include "../support/support.h"

#include <string.h>

static const char text[] = " {\"b\" : [1, {\"x\": null}, \"t\\u00e4xt\"], \"a/b\": {\"~\": true},"
                           " \"\": 1.50, \"n\": -7 } ";

static struct cairn_arena arena;

static const char *find(const char *pointer)
{
    const char *found = NULL;
    const char *string = NULL;
    struct cairn_error error = {0};
    int failed = cairn_json_find(text, strlen(text), pointer, &arena, &found, &string, &error);
    return failed ? cairn_code_info(failed)->name : string ? string : found;
}

static void values_are_found_by_their_pointers(void **state)
{
    (void)state;
    assert_string_equal(find(""),
                        "{\"\":1.5,\"a/b\":{\"~\":true},\"b\":[1,{\"x\":null},\"t\xc3\xa4xt\"],"
                        "\"n\":-7}");
    assert_string_equal(find("/b"), "[1,{\"x\":null},\"t\xc3\xa4xt\"]");
    assert_string_equal(find("/b/0"), "1");
    assert_string_equal(find("/b/1/x"), "null");
    assert_string_equal(find("/b/2"), "t\xc3\xa4xt");
    assert_string_equal(find("/a~1b/~0"), "true");
    assert_string_equal(find("/"), "1.5");
    assert_string_equal(find("/n"), "-7");
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    static const char *const pointers[] = {"/c", "/b/3", "/b/x", "/b/", "/b/-1", "/n/0", "/b/1x"};
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++)
        assert_string_equal(find(pointers[i]), "not-found");
    assert_string_equal(find("b"), "malformed");
}

static void what_is_no_json_is_said_to_be_none(void **state)
{
    (void)state;
    const char *found = "unchanged";
    const char *string = "unchanged";
    struct cairn_error error = {0};
    assert_int_equal(cairn_json_find("{", 1, "", &arena, &found, &string, &error),
                     -CAIRN_MALFORMED);
    assert_memory_equal(error.message, "it is no JSON: ", 15);
    assert_string_equal(found, "unchanged");
    assert_string_equal(string, "unchanged");
}

static void texts_are_the_same_whatever_their_white_space_and_order(void **state)
{
    (void)state;
    assert_true(cairn_json_same("{\"a\":1,\"b\":[2]}", " { \"b\": [ 2 ], \"a\": 1 }"));
    assert_true(cairn_json_same("1", " 1 "));
    assert_false(cairn_json_same("{\"a\":1}", "{\"a\":2}"));
    assert_false(cairn_json_same("[1,2]", "[2,1]"));
    assert_false(cairn_json_same("a", "a"));
}

static int close_arena(void **state)
{
    (void)state;
    cairn_arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_by_their_pointers),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(what_is_no_json_is_said_to_be_none),
        cmocka_unit_test(texts_are_the_same_whatever_their_white_space_and_order),
    };
    return cmocka_run_group_tests_name("json_text", tests, NULL, close_arena);
}
