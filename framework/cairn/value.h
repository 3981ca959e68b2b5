/* value.h - the small values that events, commands and rows are made of.
 *
 * They are plain structs, passed by value, compared by value and zero when absent. Wrapping a
 * number in a struct lets the field table (record.h) derive its kind from the C type. */
#ifndef CAIRN_VALUE_H
#define CAIRN_VALUE_H

#include <cairn/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

CAIRN_BEGIN_C

/* A UUID in network byte order (RFC 9562). Ids that Cairn makes are of version 7: they sort by
 * the millisecond they were made in. */
struct cairn_uuid {
    uint8_t bytes[16];
};

enum { CAIRN_UUID_TEXT_SIZE = 37 }; /* 36 characters and the NUL */

/* A point in time, from year 1 to 9999: microseconds since the day before 0001-01-01T00:00:00Z.
 * Zero means none; it lies outside the range, so no valid time is mistaken for an absent one. */
struct cairn_time {
    int64_t us;
};

/* A day of the UTC calendar, from year 1 to 9999: its Rata Die number, 1 for 0001-01-01
 * (Dershowitz, Reingold: Calendrical Calculations). Zero means none. */
struct cairn_day {
    int32_t days;
};

enum { CAIRN_TIME_TEXT_SIZE = 28 }; /* 2026-11-21T07:00:00.123456Z and the NUL */
enum { CAIRN_DAY_TEXT_SIZE = 11 };  /* 2026-11-21 and the NUL */

/* 1970-01-01 in the two units above. */
#define CAIRN_UNIX_EPOCH_DAYS 719163
#define CAIRN_UNIX_EPOCH_US INT64_C(62135683200000000)

/* An amount in the minor unit of a currency (cents), and the currency's ISO 4217 code. Sums are
 * made by cairn_money_add(), products by cairn_add_product(). */
struct cairn_money {
    int64_t minor;
    char currency[4];
};

/* A number with a fixed number of digits after the point, which its field states (`.scale`): 1250
 * with scale 2 is 12.50. */
struct cairn_decimal {
    int64_t units;
};

enum { CAIRN_DECIMAL_TEXT_SIZE = 24, CAIRN_SCALE_MAX = 15 };

/* A length of time, 0 or more: microseconds. */
struct cairn_duration {
    int64_t us;
};

enum { CAIRN_DURATION_TEXT_SIZE = 40 };

/* Values that may be absent, where zero is a value: the value counts only if `is_set`. */
struct cairn_optional_int {
    bool is_set;
    int64_t value;
};
struct cairn_optional_bool {
    bool is_set;
    bool value;
};
struct cairn_optional_decimal {
    bool is_set;
    struct cairn_decimal value;
};
struct cairn_optional_duration {
    bool is_set;
    struct cairn_duration value;
};
/* An initialiser of one that is set: .discount = CAIRN_SOME(12) */
#define CAIRN_SOME(value_)                                                                         \
    {                                                                                              \
        .is_set = true, .value = (value_)                                                          \
    }

#define CAIRN_MILLISECONDS(n) ((int64_t)(n)*1000)
#define CAIRN_SECONDS(n) ((int64_t)(n)*1000000)
#define CAIRN_MINUTES(n) CAIRN_SECONDS((int64_t)(n)*60)
#define CAIRN_HOURS(n) CAIRN_MINUTES((int64_t)(n)*60)

bool cairn_uuid_is_zero(struct cairn_uuid id);
bool cairn_uuid_equal(struct cairn_uuid a, struct cairn_uuid b);

/* Parses the 36 character form, in either case. Returns 0 or -CAIRN_INVALID; `ret` is untouched
 * on failure. */
int cairn_uuid_parse(const char *text, struct cairn_uuid *ret) CAIRN_CHECKED;
void cairn_uuid_format(struct cairn_uuid id, char ret[CAIRN_AT_LEAST(CAIRN_UUID_TEXT_SIZE)]);

/* For constants in tests and demos: CAIRN_UUID("0193…") of a well-formed text. Aborts if it is
 * malformed: that is a programming error. */
struct cairn_uuid cairn_uuid_from(const char *text);
#define CAIRN_UUID(text) cairn_uuid_from(text)

/* Parses RFC 3339 with any offset and up to nine digits of fraction, of which those below the
 * microsecond are dropped. In UTC the year is 1 to 9999. Returns 0 or -CAIRN_INVALID; `ret` is
 * untouched on failure. */
int cairn_time_parse(const char *text, struct cairn_time *ret) CAIRN_CHECKED;
/* Writes UTC with six digits of fraction, so that texts sort as the times do. A time outside the
 * years above is written as their first or last moment. */
void cairn_time_format(struct cairn_time time, char ret[CAIRN_AT_LEAST(CAIRN_TIME_TEXT_SIZE)]);
/* Returns `time` plus `us` microseconds: cairn_time_after(given->now, CAIRN_MINUTES(15)). The
 * result is limited to the first and the last moment of the years above. */
struct cairn_time cairn_time_after(struct cairn_time time, int64_t us);
/* Convert from and to microseconds since 1970-01-01T00:00:00Z, as clock_gettime() counts. */
struct cairn_time cairn_time_of_unix(int64_t us);
int64_t cairn_time_to_unix(struct cairn_time time);
/* For constants: CAIRN_TIME("2026-11-21T07:00:00Z"). A malformed text aborts, as with CAIRN_UUID.
 */
struct cairn_time cairn_time_from(const char *text);
#define CAIRN_TIME(text) cairn_time_from(text)

/* Returns the UTC day that a time lies in. */
struct cairn_day cairn_day_of(struct cairn_time time);
/* Parse and format "2026-11-21", from year 1 to 9999. Parsing returns 0 or -CAIRN_INVALID; `ret` is
 * untouched on failure. */
int cairn_day_parse(const char *text, struct cairn_day *ret) CAIRN_CHECKED;
void cairn_day_format(struct cairn_day day, char ret[CAIRN_AT_LEAST(CAIRN_DAY_TEXT_SIZE)]);
/* For constants: CAIRN_DAY("2026-11-21"). A malformed text aborts, as with CAIRN_UUID. */
struct cairn_day cairn_day_from(const char *text);
#define CAIRN_DAY(text) cairn_day_from(text)

/* ---- the calendar ---- */

/* A day in parts: the year from 1 to 9999, the month from 1 to 12, the day of the month from 1. */
struct cairn_date {
    int year, month, day;
};

/* Returns the day of a date: cairn_day_of_date(2026, 11, 21). Returns none (zero) if there is no
 * such day, as on 30 February, or the year is not from 1 to 9999. */
struct cairn_day cairn_day_of_date(int year, int month, int day);
/* Returns the parts of a day; all zero for none. */
struct cairn_date cairn_date_of(struct cairn_day day);
/* Return `day` plus days or months, which may be negative. A month later is the same day of the
 * month, or the last one of a shorter month: 31 January is followed by 28 February. So that a
 * monthly day stays the 31st, add to the first one: cairn_day_add_months(first, 0), 1, 2… The
 * result is limited to the first and the last day of the years above; none stays none. */
struct cairn_day cairn_day_add(struct cairn_day day, int64_t days);
struct cairn_day cairn_day_add_months(struct cairn_day day, int64_t months);
/* Returns 1 for Monday to 7 for Sunday (ISO 8601); 0 for none. */
int cairn_day_of_week(struct cairn_day day);
/* Returns the time at which the day begins, midnight UTC; none for none. */
struct cairn_time cairn_day_begins(struct cairn_day day);

/* Text of a value, for the expression that it is used in; it is gone at the end of the statement.
 *     cairn_key(ret, "%s:%s", cairn_uuid_text(event->room_id), cairn_day_text(day));
 * Text that has to live longer is formatted into an arena (memory.h) or a buffer of one's own. */
#define cairn_uuid_text(id) (cairn_uuid_as_text_(id).text)
#define cairn_day_text(day) (cairn_day_as_text_(day).text)
#define cairn_time_text(time) (cairn_time_as_text_(time).text)
struct cairn_uuid_as_text {
    char text[CAIRN_UUID_TEXT_SIZE];
};
struct cairn_day_as_text {
    char text[CAIRN_DAY_TEXT_SIZE];
};
struct cairn_time_as_text {
    char text[CAIRN_TIME_TEXT_SIZE];
};
struct cairn_uuid_as_text cairn_uuid_as_text_(struct cairn_uuid id);
struct cairn_day_as_text cairn_day_as_text_(struct cairn_day day);
struct cairn_time_as_text cairn_time_as_text_(struct cairn_time time);

/* Adds a * b to *sum. Returns false, and leaves *sum unchanged, if the result does not fit. */
bool cairn_add_product(int64_t *sum, int64_t a, int64_t b) CAIRN_CHECKED;

/* Add an amount to a sum, or subtract it. A sum that is zeroed takes the amount's currency. They
 * return false, and leave *sum unchanged, if the currencies differ or the result is beyond what a
 * field holds, 2^53 - 1. */
bool cairn_money_add(struct cairn_money *sum, struct cairn_money amount) CAIRN_CHECKED;
bool cairn_money_subtract(struct cairn_money *sum, struct cairn_money amount) CAIRN_CHECKED;

/* Parses "-12.5" with at most `scale` digits after the point. Returns 0; -CAIRN_INVALID if it is no
 * decimal, has more digits or is larger than 2^53 - 1 units: `ret` is untouched. */
int cairn_decimal_parse(const char *text, int scale, struct cairn_decimal *ret) CAIRN_CHECKED;
/* Writes all `scale` digits: "-12.50". */
void cairn_decimal_format(struct cairn_decimal value, int scale,
                          char ret[CAIRN_AT_LEAST(CAIRN_DECIMAL_TEXT_SIZE)]);

/* Parses a duration of ISO 8601 in weeks, days of 24 hours, hours, minutes and seconds: "PT15M",
 * "P1DT12H", "PT0.5S". Months and years have no fixed length and are refused. Returns 0 or
 * -CAIRN_INVALID; `ret` is untouched on failure. */
int cairn_duration_parse(const char *text, struct cairn_duration *ret) CAIRN_CHECKED;
/* Writes it in hours, minutes and seconds, as PostgreSQL does: "PT36H", "PT1M30.5S", "PT0S". */
void cairn_duration_format(struct cairn_duration duration,
                           char ret[CAIRN_AT_LEAST(CAIRN_DURATION_TEXT_SIZE)]);

CAIRN_END_C

#endif
