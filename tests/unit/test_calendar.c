/* test_calendar.c - tests the arithmetic of days, months and amounts of money. */
#include "../support/support.h"

#include "record/json.h"

#include <string.h>
#include <time.h>

#define FIRST_DAY CAIRN_DAY("0001-01-01")
#define LAST_DAY CAIRN_DAY("9999-12-31")

static void expect_day(struct cairn_day day, const char *text)
{
    assert_string_equal(cairn_day_text(day), text);
}

static void expect_none(struct cairn_day day)
{
    assert_int_equal(day.days, 0);
}

/* The calendar of the C library is the other one. */
static void every_day_of_the_calendar_has_its_parts(void **state)
{
    (void)state;
    for (struct cairn_day day = FIRST_DAY; day.days <= LAST_DAY.days; day.days++) {
        const struct cairn_date date = cairn_date_of(day);
        const time_t second = (time_t)(day.days - CAIRN_UNIX_EPOCH_DAYS) * 86400;
        struct tm parts;
        assert_non_null(gmtime_r(&second, &parts));
        assert_int_equal(date.year, parts.tm_year + 1900);
        assert_int_equal(date.month, parts.tm_mon + 1);
        assert_int_equal(date.day, parts.tm_mday);
        assert_int_equal(cairn_day_of_date(date.year, date.month, date.day).days, day.days);
        assert_int_equal(cairn_day_of_week(day) % 7, parts.tm_wday);
    }
}

static void days_that_there_are_not_are_none(void **state)
{
    (void)state;
    static const int wrong[][3] = {{2025, 2, 29}, {1900, 2, 29}, {2026, 4, 31},  {2026, 13, 1},
                                   {2026, 0, 1},  {2026, 1, 0},  {2026, 1, -1},  {0, 12, 31},
                                   {10000, 1, 1}, {-1, 1, 1},    {2026, -1, 30}, {2026, 1, 32}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_none(cairn_day_of_date(wrong[i][0], wrong[i][1], wrong[i][2]));
    expect_day(cairn_day_of_date(2000, 2, 29), "2000-02-29");
    expect_day(cairn_day_of_date(2024, 2, 29), "2024-02-29");
    expect_day(cairn_day_of_date(1, 1, 1), "0001-01-01");
    expect_day(cairn_day_of_date(9999, 12, 31), "9999-12-31");
}

static void a_month_later_is_the_same_day_or_the_last_of_a_shorter_month(void **state)
{
    (void)state;
    const struct cairn_day january = CAIRN_DAY("2026-01-31");
    expect_day(cairn_day_add_months(january, 0), "2026-01-31");
    expect_day(cairn_day_add_months(january, 1), "2026-02-28");
    expect_day(cairn_day_add_months(january, 2), "2026-03-31");
    expect_day(cairn_day_add_months(january, 3), "2026-04-30");
    expect_day(cairn_day_add_months(january, 25), "2028-02-29");
    expect_day(cairn_day_add_months(january, 11), "2026-12-31");
    expect_day(cairn_day_add_months(january, 12), "2027-01-31");
    expect_day(cairn_day_add_months(january, -1), "2025-12-31");
    expect_day(cairn_day_add_months(january, -2), "2025-11-30");
    expect_day(cairn_day_add_months(january, -13), "2024-12-31");
    expect_day(cairn_day_add_months(CAIRN_DAY("2024-02-29"), 12), "2025-02-28");
    expect_day(cairn_day_add_months(CAIRN_DAY("2024-02-29"), -48), "2020-02-29");
    expect_day(cairn_day_add_months(CAIRN_DAY("1896-02-29"), 48), "1900-02-28");
}

static void the_calendar_ends_at_both_ends(void **state)
{
    (void)state;
    expect_day(cairn_day_add(CAIRN_DAY("2024-02-28"), 2), "2024-03-01");
    expect_day(cairn_day_add(CAIRN_DAY("2024-03-01"), -1), "2024-02-29");
    expect_day(cairn_day_add(LAST_DAY, 1), "9999-12-31");
    expect_day(cairn_day_add(FIRST_DAY, -1), "0001-01-01");
    expect_day(cairn_day_add(FIRST_DAY, INT64_MAX), "9999-12-31");
    expect_day(cairn_day_add(LAST_DAY, INT64_MIN), "0001-01-01");
    expect_day(cairn_day_add_months(LAST_DAY, 1), "9999-12-31");
    expect_day(cairn_day_add_months(CAIRN_DAY("9999-11-30"), 1), "9999-12-30");
    expect_day(cairn_day_add_months(CAIRN_DAY("0001-01-15"), -1), "0001-01-01");
    expect_day(cairn_day_add_months(FIRST_DAY, 9999 * 12 - 1), "9999-12-01");
    expect_day(cairn_day_add_months(FIRST_DAY, INT64_MAX), "9999-12-31");
    expect_day(cairn_day_add_months(LAST_DAY, INT64_MIN), "0001-01-01");
}

static void no_day_stays_none(void **state)
{
    (void)state;
    const struct cairn_day none = {0};
    const struct cairn_day beyond = {LAST_DAY.days + 1};
    const struct cairn_date date = cairn_date_of(none);
    assert_int_equal(date.year + date.month + date.day, 0);
    assert_int_equal(cairn_date_of(beyond).year, 0);
    expect_none(cairn_day_add(none, 3));
    expect_none(cairn_day_add_months(none, 3));
    expect_none(cairn_day_add_months(beyond, -3));
    assert_int_equal(cairn_day_of_week(none), 0);
    assert_int_equal(cairn_day_begins(none).us, 0);
}

static void weeks_begin_on_monday(void **state)
{
    (void)state;
    assert_int_equal(cairn_day_of_week(CAIRN_DAY("2026-11-23")), 1); /* a Monday */
    assert_int_equal(cairn_day_of_week(CAIRN_DAY("2026-11-29")), 7);
    assert_int_equal(cairn_day_of_week(CAIRN_DAY("1970-01-01")), 4);
    assert_int_equal(cairn_day_of_week(FIRST_DAY), 1);
    assert_int_equal(cairn_day_of_week(LAST_DAY), 5);
}

static void a_day_begins_at_midnight_utc(void **state)
{
    (void)state;
    assert_string_equal(cairn_time_text(cairn_day_begins(CAIRN_DAY("2026-11-21"))),
                        "2026-11-21T00:00:00.000000Z");
    assert_string_equal(cairn_time_text(cairn_day_begins(FIRST_DAY)),
                        "0001-01-01T00:00:00.000000Z");
    assert_string_equal(cairn_time_text(cairn_day_begins(LAST_DAY)), "9999-12-31T00:00:00.000000Z");
    assert_int_equal(cairn_day_of(cairn_day_begins(LAST_DAY)).days, LAST_DAY.days);
}

/* ---- money ---- */

static void amounts_of_one_currency_are_added(void **state)
{
    (void)state;
    struct cairn_money sum = {0};
    assert_true(cairn_money_add(&sum, (struct cairn_money){250, "EUR"}));
    assert_true(cairn_money_add(&sum, (struct cairn_money){-50, "EUR"}));
    assert_true(cairn_money_subtract(&sum, (struct cairn_money){300, "EUR"}));
    assert_int_equal(sum.minor, -100);
    assert_string_equal(sum.currency, "EUR");
    assert_false(cairn_money_add(&sum, (struct cairn_money){1, "USD"}));
    assert_false(cairn_money_subtract(&sum, (struct cairn_money){1, "USD"}));
    assert_int_equal(sum.minor, -100);
    sum.minor = 0; /* nothing, but of a currency */
    assert_false(cairn_money_add(&sum, (struct cairn_money){1, "USD"}));
}

static void a_sum_of_money_is_one_that_a_field_holds(void **state)
{
    (void)state;
    const int64_t most = INT64_C(9007199254740991);
    struct cairn_money sum = {most, "EUR"};
    assert_false(cairn_money_add(&sum, (struct cairn_money){1, "EUR"}));
    assert_false(cairn_money_subtract(&sum, (struct cairn_money){INT64_MIN, "EUR"}));
    assert_false(cairn_money_add(&sum, (struct cairn_money){INT64_MAX, "EUR"}));
    assert_int_equal(sum.minor, most);
    assert_true(cairn_money_subtract(&sum, (struct cairn_money){most, "EUR"}));
    assert_true(cairn_money_subtract(&sum, (struct cairn_money){most, "EUR"}));
    assert_false(cairn_money_subtract(&sum, (struct cairn_money){1, "EUR"}));
    assert_int_equal(sum.minor, -most);
}

CAIRN_STRUCT(offer, MONEY(price, CAIRN_RANGE(1, 100000)));

static void a_range_bounds_the_minor_units_of_money(void **state)
{
    (void)state;
    const struct offer right = {{100000, "EUR"}};
    const struct offer wrong[] = {{{0, "EUR"}}, {{100001, "JPY"}}};
    struct cairn_error error = {0};
    assert_int_equal(cairn_record_check(&offer_record, &right, &error), 0);
    for (size_t i = 0; i < 2; i++) {
        cairn_error_reset(&error);
        assert_int_equal(cairn_record_check(&offer_record, &wrong[i], &error), -CAIRN_INVALID);
        assert_string_equal(error.wrong[0].pointer, "/price");
        assert_string_equal(error.wrong[0].message, "must be from 1 to 100000");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_the_calendar_has_its_parts),
        cmocka_unit_test(days_that_there_are_not_are_none),
        cmocka_unit_test(a_month_later_is_the_same_day_or_the_last_of_a_shorter_month),
        cmocka_unit_test(the_calendar_ends_at_both_ends),
        cmocka_unit_test(no_day_stays_none),
        cmocka_unit_test(weeks_begin_on_monday),
        cmocka_unit_test(a_day_begins_at_midnight_utc),
        cmocka_unit_test(amounts_of_one_currency_are_added),
        cmocka_unit_test(a_sum_of_money_is_one_that_a_field_holds),
        cmocka_unit_test(a_range_bounds_the_minor_units_of_money),
    };
    return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
