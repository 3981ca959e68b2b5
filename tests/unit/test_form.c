/* test_form.c - tests forms: what is read, what is refused, what is written. */
#include "../support/support.h"

#include <cairn/form.h>

#include <stdio.h>
#include <string.h>

static struct cairn_form form;

static int read_text(const char *text)
{
    return cairn_form_read(&form, text, strlen(text), NULL);
}

static void fields_are_decoded_in_their_order(void **state)
{
    (void)state;
    assert_int_equal(read_text("name=Ada+%26+Bob&empty=&%C3%A4=%c3%a4&sum=1%3D2=3"), 0);
    assert_int_equal(form.count, 4);
    assert_string_equal(form.fields[0].name, "name");
    assert_string_equal(cairn_form_get(&form, "name"), "Ada & Bob");
    assert_string_equal(cairn_form_get(&form, "empty"), "");
    assert_string_equal(cairn_form_get(&form, "\xc3\xa4"), "\xc3\xa4");
    assert_string_equal(cairn_form_get(&form, "sum"), "1=2=3");
    assert_null(cairn_form_get(&form, "none"));
    assert_int_equal(read_text(""), 0);
    assert_int_equal(form.count, 0);
}

static void what_could_be_read_in_two_ways_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"a",        "a=1&a=2", "=1",   "a=1&",  "&a=1",
                                        "a=1&&b=2", "a=%",     "a=%4", "a=%g0", "a=%00",
                                        "a%00b=1",  "a=%ff",   "&",    "a=%C3", "a=1&%61=2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cairn_error error = {0};
        if (cairn_form_read(&form, wrong[i], strlen(wrong[i]), &error) != -CAIRN_MALFORMED)
            fail_msg("\"%s\" was read", wrong[i]);
        assert_int_equal(error.code, CAIRN_MALFORMED);
    }
    assert_int_equal(cairn_form_read(&form, "a=\0b", 4, NULL), -CAIRN_MALFORMED);
}

static void what_is_too_much_is_refused(void **state)
{
    (void)state;
    char text[CAIRN_FORM_BYTES + 10];
    size_t used = 0;
    for (int i = 0; i < CAIRN_FORM_FIELDS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%sf%d=%d", i ? "&" : "", i, i);
    assert_int_equal(read_text(text), 0);
    (void)snprintf(text + used, sizeof text - used, "&more=1");
    assert_int_equal(read_text(text), -CAIRN_MALFORMED);
    memset(text, 'a', sizeof text);
    text[1] = '=';
    assert_int_equal(cairn_form_read(&form, text, CAIRN_FORM_BYTES, NULL), -CAIRN_MALFORMED);
    assert_int_equal(cairn_form_read(&form, text, CAIRN_FORM_BYTES - 1, NULL), 0);
}

static void what_was_written_is_read_again(void **state)
{
    (void)state;
    char text[3000] = "";
    char all[256];
    for (int i = 1; i < 128; i++)
        all[i - 1] = (char)i;
    all[127] = '\0';
    assert_true(cairn_form_put(text, sizeof text, "all", all));
    assert_true(cairn_form_put(text, sizeof text, "n&=", ""));
    assert_int_equal(read_text(text), 0);
    assert_int_equal(form.count, 2);
    assert_string_equal(cairn_form_get(&form, "all"), all);
    assert_string_equal(cairn_form_get(&form, "n&="), "");
}

static void what_does_not_fit_is_left_out_whole(void **state)
{
    (void)state;
    char text[16] = "";
    assert_true(cairn_form_put(text, sizeof text, "name", "Ada"));
    assert_string_equal(text, "name=Ada");
    for (size_t size = 0; size < 14; size++) {
        assert_false(cairn_form_put(text, size < 9 ? 9 : size, "b", "\xc3"));
        assert_string_equal(text, "name=Ada");
    }
    assert_true(cairn_form_put(text, 15, "b", "\xc3"));
    assert_string_equal(text, "name=Ada&b=%C3");
    assert_false(cairn_form_put(text, sizeof text, "c", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_decoded_in_their_order),
        cmocka_unit_test(what_could_be_read_in_two_ways_is_refused),
        cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(what_does_not_fit_is_left_out_whole),
    };
    return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
