/* test_http_date.c - dates of HTTP fields: one form is read, and comes back as it was. */
#include "../support/support.h"

#include "http/request/http_date.h"

#include <stdbool.h>

static void a_date_is_read_and_comes_back_as_it_was(void **state)
{
    (void)state;
    char text[CAIRN_HTTP_DATE_SIZE];
    struct cairn_time time;
    assert_true(cairn_http_date_parse("Sun, 06 Nov 1994 08:49:37 GMT", &time));
    assert_int_equal(cairn_time_to_unix(time), INT64_C(784111777000000));
    cairn_http_date_format(time, text);
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_true(cairn_http_date_parse("Thu, 29 Feb 2024 23:59:59 GMT", &time));
}

static void what_is_no_such_date_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "yesterday",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Mon, 06 Nov 1994 08:49:37 GMT", /* it was a Sunday */
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Thu, 01 Jan 1950 00:00:00 GMT",
    };
    struct cairn_time time;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (cairn_http_date_parse(wrong[i], &time))
            fail_msg("\"%s\" was read", wrong[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_date_is_read_and_comes_back_as_it_was),
        cmocka_unit_test(what_is_no_such_date_is_refused),
    };
    return cmocka_run_group_tests_name("http_date", tests, NULL, NULL);
}
