/* test_values.c - tests ids, times, days, sums, errors and outcomes. */
#include "../support/support.h"

#include "core/threads/clock.h"

#include <cairn/error.h>
#include <cairn/reactor.h>
#include <cairn/value.h>

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- uuids ---- */

static const char ID[] = "0193b8a2-7c4e-7abc-9def-0123456789ab";

static void a_uuid_comes_back_as_it_was_written(void **state)
{
    (void)state;
    struct cairn_uuid id = {0};
    char text[CAIRN_UUID_TEXT_SIZE];
    assert_int_equal(cairn_uuid_parse(ID, &id), 0);
    assert_int_equal(id.bytes[0], 0x01);
    assert_int_equal(id.bytes[15], 0xAB);
    cairn_uuid_format(id, text);
    assert_string_equal(text, ID);
}

static void a_uuid_is_read_in_either_case(void **state)
{
    (void)state;
    struct cairn_uuid id = {0};
    assert_int_equal(cairn_uuid_parse("0193B8A2-7C4E-7ABC-9DEF-0123456789AB", &id), 0);
    assert_true(cairn_uuid_equal(id, CAIRN_UUID(ID)));
}

static void what_is_no_uuid_is_refused(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "0",
        "0193b8a2",
        "0193b8a27c4e7abc9def0123456789ab",
        "0193b8a2-7c4e-7abc-9def-0123456789a",
        "0193b8a2-7c4e-7abc-9def-0123456789abc",
        "0193b8a2-7c4e-7abc-9def-0123456789ab ",
        " 0193b8a2-7c4e-7abc-9def-0123456789ab",
        "0193b8a2-7c4e-7abc-9def-0123456789ag",
        "0193b8a2-7c4e-7abc-9def_0123456789ab",
        "0193b8a27-c4e-7abc-9def-0123456789ab",
        "{193b8a2-7c4e-7abc-9def-0123456789a}",
        "0193b8a2-7c4e-7abc-9def-0123456789\xC3\xA4",
        "urn:uuid:0193b8a2-7c4e-7abc-9def-0123456789ab",
    };
    const struct cairn_uuid before = CAIRN_UUID(ID);
    struct cairn_uuid id = before;
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_int_equal(cairn_uuid_parse(others[i], &id), -CAIRN_INVALID);
        assert_memory_equal(&id, &before, sizeof id);
    }
}

static void only_the_zero_uuid_is_zero(void **state)
{
    (void)state;
    struct cairn_uuid id = {0};
    assert_true(cairn_uuid_is_zero(id));
    id.bytes[15] = 1;
    assert_false(cairn_uuid_is_zero(id));
    assert_false(cairn_uuid_equal(id, (struct cairn_uuid){0}));
}

static void a_malformed_constant_aborts(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        (void)signal(SIGABRT, SIG_DFL); /* else cmocka would run the next test */
        (void)close(STDERR_FILENO);
        (void)CAIRN_UUID("not-a-uuid");
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void values_are_text_within_a_statement(void **state)
{
    (void)state;
    char line[160];
    (void)snprintf(line, sizeof line, "%s %s %s %s", cairn_uuid_text(CAIRN_UUID(ID)),
                   cairn_day_text(CAIRN_DAY("2026-05-03")), cairn_day_text(CAIRN_DAY("2026-05-04")),
                   cairn_time_text(CAIRN_TIME("2026-11-21T07:00:00Z")));
    assert_string_equal(line, "0193b8a2-7c4e-7abc-9def-0123456789ab 2026-05-03 2026-05-04 "
                              "2026-11-21T07:00:00.000000Z");
}

/* ---- new ids ---- */

static void a_new_id_is_of_version_7_and_carries_its_millisecond(void **state)
{
    (void)state;
    int64_t before = cairn_time_to_unix(cairn_now()) / 1000;
    struct cairn_uuid id = cairn_uuid_make();
    int64_t after = cairn_time_to_unix(cairn_now()) / 1000;
    int64_t made = 0;
    for (int i = 0; i < 6; i++)
        made = made << 8 | id.bytes[i];
    assert_true(before <= made && made <= after);
    assert_int_equal(id.bytes[6] >> 4, 7);
    assert_int_equal(id.bytes[8] >> 6, 2);
}

enum { MAKERS = 4, MADE_EACH = 2000 };

static void *make_ids(void *ids)
{
    for (int i = 0; i < MADE_EACH; i++)
        ((struct cairn_uuid *)ids)[i] = cairn_uuid_make();
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct cairn_uuid));
}

static void ids_of_several_threads_all_differ(void **state)
{
    (void)state;
    static struct cairn_uuid ids[MAKERS * MADE_EACH];
    pthread_t makers[MAKERS];
    for (int i = 0; i < MAKERS; i++)
        assert_int_equal(pthread_create(&makers[i], NULL, make_ids, &ids[i * MADE_EACH]), 0);
    for (int i = 0; i < MAKERS; i++)
        assert_int_equal(pthread_join(makers[i], NULL), 0);
    qsort(ids, COUNT(ids), sizeof ids[0], compare_ids);
    for (size_t i = 1; i < COUNT(ids); i++)
        assert_false(cairn_uuid_equal(ids[i - 1], ids[i]));
}

static void a_forked_process_makes_other_ids(void **state)
{
    (void)state;
    (void)cairn_uuid_make(); /* now both processes have random bytes in store */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct cairn_uuid id = cairn_uuid_make();
        _exit(write(ends[1], &id, sizeof id) == sizeof id ? 0 : 1);
    }
    struct cairn_uuid ours = cairn_uuid_make();
    struct cairn_uuid theirs = {0};
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], &theirs, sizeof theirs), sizeof theirs);
    (void)close(ends[0]);
    (void)close(ends[1]);
    /* The last eight bytes hold no time. */
    assert_memory_not_equal(&ours.bytes[8], &theirs.bytes[8], 8);
}

static void the_monotonic_clock_never_goes_back(void **state)
{
    (void)state;
    int64_t last = cairn_monotonic_us();
    for (int i = 0; i < 1000; i++) {
        int64_t now = cairn_monotonic_us();
        assert_true(now >= last);
        last = now;
    }
}

/* ---- times ---- */

static void assert_time(const char *text, int64_t us)
{
    struct cairn_time time = {-1};
    if (cairn_time_parse(text, &time) < 0)
        fail_msg("%s was refused", text);
    if (time.us != us)
        fail_msg("%s was read as %" PRId64 ", not %" PRId64, text, time.us, us);
}

static void assert_no_time(const char *text)
{
    struct cairn_time time = {-1};
    if (cairn_time_parse(text, &time) != -CAIRN_INVALID)
        fail_msg("%s was read as %" PRId64, text, time.us);
    assert_int_equal(time.us, -1);
}

static const char *written(int64_t us)
{
    static char text[CAIRN_TIME_TEXT_SIZE];
    cairn_time_format((struct cairn_time){us}, text);
    return text;
}

/* 2026-11-21T07:00:00Z, according to date(1). */
static const int64_t MORNING = CAIRN_UNIX_EPOCH_US + 1795244400 * INT64_C(1000000);
static const int64_t DAY_US = CAIRN_HOURS(24);
static const int64_t LAST_US = CAIRN_UNIX_EPOCH_US + INT64_C(253402300799999999);

static void a_time_is_read_in_every_spelling_of_utc(void **state)
{
    (void)state;
    assert_time("2026-11-21T07:00:00Z", MORNING);
    assert_time("2026-11-21t07:00:00z", MORNING);
    assert_time("2026-11-21T07:00:00+00:00", MORNING);
    assert_time("2026-11-21T07:00:00-00:00", MORNING);
    assert_time("1970-01-01T00:00:00Z", CAIRN_UNIX_EPOCH_US);
    assert_time("0001-01-01T00:00:00Z", DAY_US);
    assert_time("9999-12-31T23:59:59.999999Z", LAST_US);
}

static void an_offset_is_taken_off(void **state)
{
    (void)state;
    assert_time("2026-11-21T08:00:00+01:00", MORNING);
    assert_time("2026-11-21T02:00:00-05:00", MORNING);
    assert_time("2026-11-21T12:45:00+05:45", MORNING);
    assert_time("2026-11-22T06:59:00+23:59", MORNING);
    assert_time("2026-11-20T07:01:00-23:59", MORNING);
}

/* The year in UTC has to be within the bounds. */
static void an_offset_may_cross_the_first_and_the_last_year(void **state)
{
    (void)state;
    assert_time("1969-12-31T23:00:00-01:00", CAIRN_UNIX_EPOCH_US);
    assert_no_time("0001-01-01T00:00:00+00:01");
    assert_no_time("9999-12-31T23:59:59-00:01");
    assert_no_time("0000-12-31T23:59:59.999999Z");
    assert_no_time("0000-12-31T23:00:00-02:00");
    assert_no_time("0000-01-01T00:00:00Z");
}

static void a_fraction_is_cut_to_microseconds(void **state)
{
    (void)state;
    assert_time("2026-11-21T07:00:00.5+00:00", MORNING + 500000);
    assert_time("2026-11-21T07:00:00.000001Z", MORNING + 1);
    assert_time("2026-11-21T07:00:00.123456Z", MORNING + 123456);
    assert_time("2026-11-21T07:00:00.1234567Z", MORNING + 123456);
    assert_time("2026-11-21T07:00:00.999999999Z", MORNING + 999999);
    assert_no_time("2026-11-21T07:00:00.Z");
    assert_no_time("2026-11-21T07:00:00,5Z");
    assert_no_time("2026-11-21T07:00:00.1234567890Z");
}

static void a_leap_second_is_the_first_of_the_next_day(void **state)
{
    (void)state;
    struct cairn_time next = {0};
    assert_int_equal(cairn_time_parse("2017-01-01T00:00:00Z", &next), 0);
    assert_time("2016-12-31T23:59:60Z", next.us);
    assert_time("2016-12-31T23:59:60.25Z", next.us + 250000);
    assert_time("2017-01-01T00:59:60+01:00", next.us);
    assert_no_time("2016-12-31T23:58:60Z");
    assert_no_time("2016-12-31T23:59:60+01:00");
    assert_no_time("9999-12-31T23:59:60Z");
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "2026",
        "2026-11-21",
        "2026-11-21T",
        "2026-11-21T07:00Z",
        "2026-11-21T07:00:00",
        "2026-11-21 07:00:00Z",
        "2026-11-21T07:00:00ZZ",
        "2026-11-21T07:00:00Z ",
        " 2026-11-21T07:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T07:60:00Z",
        "2026-11-21T07:00:61Z",
        "2026-11-21T7:00:00Z",
        "2026-11-21T07:00:00+1:00",
        "2026-11-21T07:00:00+0100",
        "2026-11-21T07:00:00+01",
        "2026-11-21T07:00:00+24:00",
        "2026-11-21T07:00:00+01:60",
        "2026-11-21T-7:00:00Z",
        "2026-13-21T07:00:00Z",
        "2026-00-21T07:00:00Z",
        "2026-11-00T07:00:00Z",
        "2026-11-31T07:00:00Z",
        "2026-02-29T07:00:00Z",
        "20261121T070000Z",
        "+2026-11-21T07:00:00Z",
        "12026-11-21T07:00:00Z",
    };
    for (size_t i = 0; i < COUNT(others); i++)
        assert_no_time(others[i]);
}

static void a_time_is_written_in_utc_with_six_digits(void **state)
{
    (void)state;
    assert_string_equal(written(CAIRN_UNIX_EPOCH_US), "1970-01-01T00:00:00.000000Z");
    assert_string_equal(written(MORNING + 500000), "2026-11-21T07:00:00.500000Z");
    assert_string_equal(written(MORNING + 86399999999 - CAIRN_HOURS(7)),
                        "2026-11-21T23:59:59.999999Z");
    assert_string_equal(written(CAIRN_UNIX_EPOCH_US + INT64_C(951782400000001)),
                        "2000-02-29T00:00:00.000001Z");
}

static void a_time_outside_the_years_is_written_as_their_end(void **state)
{
    (void)state;
    assert_string_equal(written(-1), "0001-01-01T00:00:00.000000Z");
    assert_string_equal(written(INT64_MIN), "0001-01-01T00:00:00.000000Z");
    assert_string_equal(written(INT64_MAX), "9999-12-31T23:59:59.999999Z");
}

static void every_time_comes_back_as_it_was_written(void **state)
{
    (void)state;
    const int64_t step = CAIRN_HOURS(24) * 97 + 12345678901;
    for (int64_t us = DAY_US; us <= LAST_US; us += step)
        assert_time(written(us), us);
}

static void moving_a_time_stops_at_the_ends(void **state)
{
    (void)state;
    const struct cairn_time morning = {MORNING};
    const struct cairn_time last = {LAST_US};
    assert_int_equal(cairn_time_after(morning, CAIRN_MINUTES(15)).us, MORNING + 900000000);
    assert_int_equal(cairn_time_after(morning, -CAIRN_HOURS(1)).us, MORNING - 3600000000);
    assert_int_equal(cairn_time_after(morning, INT64_MAX).us, last.us);
    assert_int_equal(cairn_time_after(last, 1).us, last.us);
    assert_int_equal(cairn_time_after(morning, INT64_MIN).us, DAY_US);
    assert_int_equal(cairn_time_after((struct cairn_time){INT64_MIN}, INT64_MIN).us, DAY_US);
}

/* ---- days ---- */

static void assert_day(const char *text, int32_t days)
{
    struct cairn_day day = {-1};
    char again[CAIRN_DAY_TEXT_SIZE];
    assert_int_equal(cairn_day_parse(text, &day), 0);
    assert_int_equal(day.days, CAIRN_UNIX_EPOCH_DAYS + days);
    cairn_day_format(day, again);
    assert_string_equal(again, text);
}

static void days_are_counted_as_the_calendar_does(void **state)
{
    (void)state;
    assert_day("0001-01-01", 1 - CAIRN_UNIX_EPOCH_DAYS);
    assert_day("1969-12-31", -1);
    assert_day("1970-01-01", 0);
    assert_day("1970-12-31", 364);
    assert_day("1972-02-29", 789);
    assert_day("2000-02-29", 11016);
    assert_day("2000-03-01", 11017);
    assert_day("2024-12-31", 20088);
    assert_day("2100-02-28", 47540);
    assert_day("2100-03-01", 47541);
    assert_day("2400-02-29", 157113);
    assert_day("9999-12-31", 2932896);
}

static bool is_day(const char *text)
{
    struct cairn_day day = {-1};
    int failed = cairn_day_parse(text, &day);
    assert_true(failed == 0 || (failed == -CAIRN_INVALID && day.days == -1));
    return !failed;
}

static void a_leap_day_exists_in_leap_years_only(void **state)
{
    (void)state;
    assert_true(is_day("1972-02-29"));
    assert_true(is_day("2000-02-29"));
    assert_false(is_day("1971-02-29"));
    assert_false(is_day("2100-02-29"));
    assert_false(is_day("2024-02-30"));
    assert_false(is_day("2024-04-31"));
}

static void what_is_no_day_is_refused(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",           "2026",       "2026-11",     "2026-11-2",  "2026-11-21 ", "2026-11-21T",
        "2026/11/21", "0000-12-31", "10000-01-01", "-026-11-21", "2026-1-21"};
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(is_day(others[i]));
}

/* Compares with a calendar that counts day by day. */
static void the_calendar_has_no_gap_in_four_centuries(void **state)
{
    (void)state;
    static const int months[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct cairn_day at = {CAIRN_UNIX_EPOCH_DAYS};
    for (int year = 1970; year < 2370; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++) {
            int length = months[month - 1] + (month == 2 && leap);
            for (int day = 1; day <= length; day++, at.days++) {
                char text[CAIRN_DAY_TEXT_SIZE];
                cairn_day_format(at, text);
                assert_int_equal(atoi(text), year);
                assert_int_equal(atoi(text + 5), month);
                assert_int_equal(atoi(text + 8), day);
            }
        }
    }
    assert_int_equal(at.days, CAIRN_UNIX_EPOCH_DAYS + 146097);
}

static void a_time_lies_in_one_day(void **state)
{
    (void)state;
    assert_int_equal(cairn_day_of((struct cairn_time){0}).days, 1);
    assert_int_equal(cairn_day_of((struct cairn_time){2 * DAY_US - 1}).days, 1);
    assert_int_equal(cairn_day_of((struct cairn_time){2 * DAY_US}).days, 2);
    assert_int_equal(cairn_day_of((struct cairn_time){MORNING}).days,
                     CAIRN_UNIX_EPOCH_DAYS + 20778);
}

/* ---- sums ---- */

static void a_product_is_added(void **state)
{
    (void)state;
    int64_t sum = 5;
    assert_true(cairn_add_product(&sum, 3, -7));
    assert_int_equal(sum, -16);
    assert_true(cairn_add_product(&sum, INT64_MAX, 1));
    assert_int_equal(sum, INT64_MAX - 16);
}

static void a_sum_that_does_not_fit_is_left_alone(void **state)
{
    (void)state;
    int64_t sum = 1;
    assert_false(cairn_add_product(&sum, INT64_MAX, 1));
    assert_false(cairn_add_product(&sum, INT64_MAX / 2 + 1, 2));
    assert_false(cairn_add_product(&sum, INT64_MIN, -1));
    assert_int_equal(sum, 1);
    sum = -1;
    assert_false(cairn_add_product(&sum, INT64_MIN, 1));
    assert_int_equal(sum, -1);
}

/* ---- errors ---- */

static void the_first_error_stays(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    assert_int_equal(cairn_fail(&error, CAIRN_CONFLICT, "stream %s moved", "order-1"),
                     -CAIRN_CONFLICT);
    assert_int_equal(cairn_fail(&error, CAIRN_BUG, "later"), -CAIRN_BUG);
    assert_int_equal(cairn_refuse(&error, "too-late", "later"), -CAIRN_REFUSED);
    assert_int_equal(cairn_wrong(&error, "/a", "later"), -CAIRN_INVALID);
    assert_int_equal(error.code, CAIRN_CONFLICT);
    assert_string_equal(error.message, "stream order-1 moved");
    assert_string_equal(error.reason, "");
    assert_int_equal(error.wrong_count, 0);
}

static void the_error_argument_may_be_null(void **state)
{
    (void)state;
    assert_int_equal(cairn_fail(NULL, CAIRN_BUSY, "full"), -CAIRN_BUSY);
    assert_int_equal(cairn_refuse(NULL, "no", "no"), -CAIRN_REFUSED);
    assert_int_equal(cairn_wrong(NULL, "/a", "is missing"), -CAIRN_INVALID);
    cairn_error_context(NULL, "here");
}

static void a_refusal_has_a_reason(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    assert_int_equal(cairn_refuse(&error, "order-shipped", "shipped on %d", 5), -CAIRN_REFUSED);
    assert_int_equal(error.code, CAIRN_REFUSED);
    assert_string_equal(error.reason, "order-shipped");
    assert_string_equal(error.message, "shipped on 5");
}

static void all_wrong_fields_are_counted_and_the_first_kept(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    for (int i = 0; i < CAIRN_WRONG_MAX + 3; i++) {
        char pointer[24];
        (void)snprintf(pointer, sizeof pointer, "/lines/%d", i);
        assert_int_equal(cairn_wrong(&error, pointer, "is %d", i), -CAIRN_INVALID);
    }
    assert_int_equal(error.code, CAIRN_INVALID);
    assert_int_equal(error.wrong_count, CAIRN_WRONG_MAX + 3);
    assert_string_equal(error.wrong[0].pointer, "/lines/0");
    assert_string_equal(error.wrong[0].message, "is 0");
    assert_string_equal(error.wrong[CAIRN_WRONG_MAX - 1].pointer, "/lines/15");
    assert_true(error.message[0] != '\0');
}

static void what_is_inside_is_in_the_message_and_not_public(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    struct cairn_error copy = {0};
    assert_int_equal(cairn_fail_inside(&error, CAIRN_UNAVAILABLE, "Redis is unavailable",
                                       "connect to %s: refused", "10.0.0.7"),
                     -CAIRN_UNAVAILABLE);
    assert_string_equal(error.message, "Redis is unavailable: connect to 10.0.0.7: refused");
    assert_int_equal(error.public_bytes, strlen("Redis is unavailable"));
    cairn_error_context(&error, "read model users");
    assert_int_equal(error.public_bytes, strlen("read model users: Redis is unavailable"));
    assert_int_equal(cairn_error_pass(&copy, &error), -CAIRN_UNAVAILABLE);
    assert_int_equal(copy.public_bytes, error.public_bytes);
    assert_int_equal(cairn_fail_inside(&copy, CAIRN_BUG, "x", "y"), -CAIRN_BUG);
    assert_int_equal(copy.public_bytes, error.public_bytes); /* the first error stays */
    cairn_error_reset(&copy);
    assert_int_equal(cairn_fail(&copy, CAIRN_BUG, "all of it"), -CAIRN_BUG);
    assert_int_equal(copy.public_bytes, 0);
}

static void a_passed_error_keeps_reason_and_wrong_fields(void **state)
{
    (void)state;
    struct cairn_error refused = {0};
    struct cairn_error wrong = {0};
    struct cairn_error error = {0};
    (void)cairn_refuse(&refused, "order-shipped", "shipped on %d", 5);
    for (int i = 0; i < CAIRN_WRONG_MAX + 3; i++)
        (void)cairn_wrong(&wrong, "/a", "field %d", i);
    assert_int_equal(cairn_error_pass(NULL, &refused), -CAIRN_REFUSED);
    assert_int_equal(cairn_error_pass(&error, &refused), -CAIRN_REFUSED);
    assert_string_equal(error.reason, "order-shipped");
    assert_string_equal(error.message, "shipped on 5");
    assert_int_equal(cairn_error_pass(&error, &wrong), -CAIRN_INVALID); /* the first error stays */
    assert_int_equal(error.code, CAIRN_REFUSED);
    error = (struct cairn_error){0};
    assert_int_equal(cairn_error_pass(&error, &wrong), -CAIRN_INVALID);
    assert_int_equal(error.wrong_count, CAIRN_WRONG_MAX + 3);
    assert_string_equal(error.wrong[CAIRN_WRONG_MAX - 1].message, "field 15");
}

static void context_comes_in_front(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    cairn_error_context(&error, "nothing failed yet");
    assert_string_equal(error.message, "");
    (void)cairn_fail(&error, CAIRN_UNAVAILABLE, "connection refused");
    cairn_error_context(&error, "database %d", 2);
    cairn_error_context(&error, "%s", "loading");
    assert_string_equal(error.message, "loading: database 2: connection refused");
    assert_int_equal(error.code, CAIRN_UNAVAILABLE);
}

/* A context that contains the message must not be read while the message is written. */
static void context_may_quote_the_message(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    (void)cairn_fail(&error, CAIRN_BUG, "it");
    cairn_error_context(&error, "<%s>", error.message);
    assert_string_equal(error.message, "<it>: it");
}

/* A message has room for 511 bytes. */
static void a_long_message_is_cut_between_characters(void **state)
{
    (void)state;
    static const char *const ends[] = {"\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    for (size_t i = 0; i < COUNT(ends); i++) {
        for (size_t fitting = 0; fitting <= strlen(ends[i]); fitting++) {
            struct cairn_error error = {0};
            int before = 511 - (int)fitting;
            (void)cairn_fail(&error, CAIRN_BUG, "%0*d%s%s", before, 0, ends[i], ends[i]);
            bool whole = fitting == strlen(ends[i]);
            assert_int_equal(strlen(error.message), whole ? 511 : before);
        }
    }
}

static void long_context_is_cut_between_characters_too(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    (void)cairn_fail(&error, CAIRN_BUG, "%0*d\xE2\x82\xAC", 500, 0);
    cairn_error_context(&error, "12345678");
    assert_int_equal(strlen(error.message), 510);
    assert_memory_equal(error.message, "12345678: 000", 13);
}

static void a_short_message_is_not_cut(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    (void)cairn_fail(&error, CAIRN_BUG, "5 \xE2\x82\xAC");
    assert_string_equal(error.message, "5 \xE2\x82\xAC");
}

static void a_code_is_known_in_either_sign(void **state)
{
    (void)state;
    const struct cairn_code_info *info = cairn_code_info(-CAIRN_CONFLICT);
    assert_ptr_equal(info, cairn_code_info(CAIRN_CONFLICT));
    assert_string_equal(info->name, "conflict");
    assert_int_equal(info->http_status, 409);
    assert_int_equal(info->advice, CAIRN_RETRY);
    assert_string_equal(cairn_code_info(CAIRN_CONFIG)->name, "configuration");
}

static void an_unknown_code_is_a_bug(void **state)
{
    (void)state;
    static const int unknown[] = {CAIRN_CONFIG + 1, -CAIRN_CONFIG - 1, 1000, INT_MAX, INT_MIN};
    for (size_t i = 0; i < COUNT(unknown); i++)
        assert_string_equal(cairn_code_info(unknown[i])->name, "internal-error");
}

static void every_code_has_a_name_of_its_own_and_a_status(void **state)
{
    (void)state;
    for (int code = CAIRN_OK + 1; code <= (int)CAIRN_CONFIG; code++) {
        const struct cairn_code_info *info = cairn_code_info(code);
        assert_in_range(info->http_status, 400, 503);
        assert_in_range(info->advice, CAIRN_FINAL, CAIRN_FIX);
        assert_true(info->meaning[0] != '\0');
        for (int other = CAIRN_OK; other < code && code != CAIRN_NO_PATH; other++)
            assert_string_not_equal(info->name, cairn_code_info(other)->name);
    }
    /* clients are told the same of both */
    assert_string_equal(cairn_code_info(CAIRN_NO_PATH)->name,
                        cairn_code_info(CAIRN_NOT_FOUND)->name);
}

static void a_result_says_what_becomes_of_an_event(void **state)
{
    (void)state;
    assert_int_equal(cairn_outcome_of(0), CAIRN_DONE);
    assert_int_equal(cairn_outcome_of(3), CAIRN_DONE); /* rows */
    assert_int_equal(cairn_outcome_of(-CAIRN_BUSY), CAIRN_TRY_AGAIN);
    assert_int_equal(cairn_outcome_of(-CAIRN_UNKNOWN), CAIRN_TRY_AGAIN);
    assert_int_equal(cairn_outcome_of(-CAIRN_BUG), CAIRN_TRY_AGAIN);
    assert_int_equal(cairn_outcome_of(-CAIRN_REFUSED), CAIRN_GIVE_UP);
    assert_int_equal(cairn_outcome_of(-CAIRN_INVALID), CAIRN_GIVE_UP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uuid_comes_back_as_it_was_written),
        cmocka_unit_test(a_uuid_is_read_in_either_case),
        cmocka_unit_test(what_is_no_uuid_is_refused),
        cmocka_unit_test(only_the_zero_uuid_is_zero),
        cmocka_unit_test(a_malformed_constant_aborts),
        cmocka_unit_test(values_are_text_within_a_statement),
        cmocka_unit_test(a_new_id_is_of_version_7_and_carries_its_millisecond),
        cmocka_unit_test(ids_of_several_threads_all_differ),
        cmocka_unit_test(a_forked_process_makes_other_ids),
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
        cmocka_unit_test(a_time_is_read_in_every_spelling_of_utc),
        cmocka_unit_test(an_offset_is_taken_off),
        cmocka_unit_test(an_offset_may_cross_the_first_and_the_last_year),
        cmocka_unit_test(a_fraction_is_cut_to_microseconds),
        cmocka_unit_test(a_leap_second_is_the_first_of_the_next_day),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_time_is_written_in_utc_with_six_digits),
        cmocka_unit_test(a_time_outside_the_years_is_written_as_their_end),
        cmocka_unit_test(every_time_comes_back_as_it_was_written),
        cmocka_unit_test(moving_a_time_stops_at_the_ends),
        cmocka_unit_test(days_are_counted_as_the_calendar_does),
        cmocka_unit_test(a_leap_day_exists_in_leap_years_only),
        cmocka_unit_test(what_is_no_day_is_refused),
        cmocka_unit_test(the_calendar_has_no_gap_in_four_centuries),
        cmocka_unit_test(a_time_lies_in_one_day),
        cmocka_unit_test(a_product_is_added),
        cmocka_unit_test(a_sum_that_does_not_fit_is_left_alone),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(the_error_argument_may_be_null),
        cmocka_unit_test(a_refusal_has_a_reason),
        cmocka_unit_test(all_wrong_fields_are_counted_and_the_first_kept),
        cmocka_unit_test(what_is_inside_is_in_the_message_and_not_public),
        cmocka_unit_test(a_passed_error_keeps_reason_and_wrong_fields),
        cmocka_unit_test(context_comes_in_front),
        cmocka_unit_test(context_may_quote_the_message),
        cmocka_unit_test(a_long_message_is_cut_between_characters),
        cmocka_unit_test(long_context_is_cut_between_characters_too),
        cmocka_unit_test(a_short_message_is_not_cut),
        cmocka_unit_test(a_code_is_known_in_either_sign),
        cmocka_unit_test(an_unknown_code_is_a_bug),
        cmocka_unit_test(every_code_has_a_name_of_its_own_and_a_status),
        cmocka_unit_test(a_result_says_what_becomes_of_an_event),
    };
    return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
