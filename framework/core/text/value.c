/* value.c - converts uuids, times and days to text and back. */
#include <cairn/value.h>

#include "core/text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)
#define LAST_DAY INT64_C(3652059)                  /* 9999-12-31 */
#define FIRST_TIME_US DAY_US                       /* the first microsecond of 0001-01-01 */
#define LAST_TIME_US ((LAST_DAY + 1) * DAY_US - 1) /* the last one of 9999-12-31 */

/* ---- uuids ---- */

bool cairn_uuid_is_zero(struct cairn_uuid id)
{
    static const struct cairn_uuid zero;
    return cairn_uuid_equal(id, zero);
}

bool cairn_uuid_equal(struct cairn_uuid a, struct cairn_uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

static bool has_hyphen_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

int cairn_uuid_parse(const char *text, struct cairn_uuid *ret)
{
    struct cairn_uuid id;
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        if (has_hyphen_before(i) && *text++ != '-')
            return -CAIRN_INVALID;
        int high = cairn_hex_value(text[0]);
        int low = high < 0 ? -1 : cairn_hex_value(text[1]);
        if (low < 0)
            return -CAIRN_INVALID;
        id.bytes[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    if (*text)
        return -CAIRN_INVALID;
    *ret = id;
    return 0;
}

void cairn_uuid_format(struct cairn_uuid id, char ret[static CAIRN_UUID_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        if (has_hyphen_before(i))
            *ret++ = '-';
        *ret++ = digits[id.bytes[i] >> 4];
        *ret++ = digits[id.bytes[i] & 15];
    }
    *ret = '\0';
}

_Noreturn static void abort_on(const char *kind, const char *text)
{
    (void)fprintf(stderr, "not a %s in the program: %s\n", kind, text);
    abort();
}

struct cairn_uuid cairn_uuid_from(const char *text)
{
    struct cairn_uuid id;
    if (cairn_uuid_parse(text, &id) < 0)
        abort_on("uuid", text);
    return id;
}

/* ---- dates ---- */

/* Reads exactly `count` digits. Returns what follows, or NULL. */
static const char *read_digits(const char *text, int count, int64_t *ret)
{
    int64_t value = 0;
    if (!text)
        return NULL;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return NULL;
        value = value * 10 + (text[i] - '0');
    }
    *ret = value;
    return text + count;
}

static const char *read_char(const char *text, char wanted)
{
    return text && *text == wanted ? text + 1 : NULL;
}

static const char *read_date(const char *text, int64_t *ret_days)
{
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    text = read_char(read_digits(text, 4, &year), '-');
    text = read_char(read_digits(text, 2, &month), '-');
    text = read_digits(text, 2, &day);
    *ret_days = text ? cairn_day_of_date((int)year, (int)month, (int)day).days : 0;
    return *ret_days ? text : NULL;
}

/* ---- times: RFC 3339 ---- */

/* A leap second, 23:59:60 UTC, is the first second of the next day, as in POSIX. Whether it is at
 * the end of a UTC day is known only with the offset: *ret_leap asks the caller to check that. */
static const char *read_clock(const char *text, int64_t *ret_us, bool *ret_leap)
{
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    text = read_char(read_digits(text, 2, &hour), ':');
    text = read_char(read_digits(text, 2, &minute), ':');
    text = read_digits(text, 2, &second);
    if (!text || hour > 23 || minute > 59 || second > 60)
        return NULL;
    *ret_us = ((hour * 60 + minute) * 60 + second) * SECOND_US;
    *ret_leap = second == 60;
    return text;
}

/* Digits finer than a microsecond are dropped. */
static const char *read_fraction(const char *text, int64_t *us)
{
    if (!text || *text != '.')
        return text;
    const char *digits = ++text;
    for (int64_t unit = SECOND_US / 10; *text >= '0' && *text <= '9'; text++, unit /= 10)
        *us += unit * (*text - '0');
    return text > digits && text - digits <= 9 ? text : NULL;
}

static const char *read_offset(const char *text, int64_t *ret_us)
{
    int64_t hours = 0;
    int64_t minutes = 0;
    if (!text)
        return NULL;
    *ret_us = 0;
    if (*text == 'Z' || *text == 'z')
        return text + 1;
    if (*text != '+' && *text != '-')
        return NULL;
    int sign = *text == '-' ? -1 : 1;
    text = read_digits(read_char(read_digits(text + 1, 2, &hours), ':'), 2, &minutes);
    if (!text || hours > 23 || minutes > 59)
        return NULL;
    *ret_us = sign * (hours * 60 + minutes) * 60 * SECOND_US;
    return text;
}

int cairn_time_parse(const char *text, struct cairn_time *ret)
{
    int64_t days = 0;
    int64_t clock_us = 0;
    int64_t offset_us = 0;
    bool leap = false;
    text = read_date(text, &days);
    if (!text || (*text != 'T' && *text != 't'))
        return -CAIRN_INVALID;
    text = read_fraction(read_clock(text + 1, &clock_us, &leap), &clock_us);
    text = read_offset(text, &offset_us);
    int64_t us = days * DAY_US + clock_us - offset_us;
    if (!text || *text || us < FIRST_TIME_US || us > LAST_TIME_US ||
        (leap && us % DAY_US >= SECOND_US))
        return -CAIRN_INVALID;
    ret->us = us;
    return 0;
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* Writes `value` as `count` digits, followed by `next`. Returns the end of the text. */
static char *put_digits(char *at, int count, int64_t value, char next)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
    at[count] = next;
    return at + count + 1;
}

static char *put_date(char *at, int64_t days, char next)
{
    const struct cairn_day day = {(int32_t)clamp(days, 1, LAST_DAY)};
    const struct cairn_date date = cairn_date_of(day);
    at = put_digits(at, 4, date.year, '-');
    at = put_digits(at, 2, date.month, '-');
    return put_digits(at, 2, date.day, next);
}

void cairn_time_format(struct cairn_time time, char ret[static CAIRN_TIME_TEXT_SIZE])
{
    int64_t us = clamp(time.us, FIRST_TIME_US, LAST_TIME_US);
    int64_t second = us / SECOND_US;
    char *at = put_date(ret, us / DAY_US, 'T');
    at = put_digits(at, 2, second / 3600 % 24, ':');
    at = put_digits(at, 2, second / 60 % 60, ':');
    at = put_digits(at, 2, second % 60, '.');
    at = put_digits(at, 6, us % SECOND_US, 'Z');
    *at = '\0';
}

struct cairn_time cairn_time_after(struct cairn_time time, int64_t us)
{
    int64_t sum = 0;
    if (__builtin_add_overflow(time.us, us, &sum))
        sum = us > 0 ? INT64_MAX : INT64_MIN;
    return (struct cairn_time){clamp(sum, FIRST_TIME_US, LAST_TIME_US)};
}

struct cairn_time cairn_time_of_unix(int64_t us)
{
    return cairn_time_after((struct cairn_time){CAIRN_UNIX_EPOCH_US}, us);
}

int64_t cairn_time_to_unix(struct cairn_time time)
{
    return time.us - CAIRN_UNIX_EPOCH_US;
}

struct cairn_time cairn_time_from(const char *text)
{
    struct cairn_time time;
    if (cairn_time_parse(text, &time) < 0)
        abort_on("time", text);
    return time;
}

/* ---- days ---- */

struct cairn_day cairn_day_of(struct cairn_time time)
{
    return (struct cairn_day){(int32_t)(clamp(time.us, FIRST_TIME_US, LAST_TIME_US) / DAY_US)};
}

int cairn_day_parse(const char *text, struct cairn_day *ret)
{
    int64_t days = 0;
    text = read_date(text, &days);
    if (!text || *text)
        return -CAIRN_INVALID;
    ret->days = (int32_t)days;
    return 0;
}

void cairn_day_format(struct cairn_day day, char ret[static CAIRN_DAY_TEXT_SIZE])
{
    (void)put_date(ret, day.days, '\0');
}

struct cairn_day cairn_day_from(const char *text)
{
    struct cairn_day day;
    if (cairn_day_parse(text, &day) < 0)
        abort_on("day", text);
    return day;
}

/* ---- as text ---- */

struct cairn_uuid_as_text cairn_uuid_as_text_(struct cairn_uuid id)
{
    struct cairn_uuid_as_text ret = {0};
    cairn_uuid_format(id, ret.text);
    return ret;
}

struct cairn_day_as_text cairn_day_as_text_(struct cairn_day day)
{
    struct cairn_day_as_text ret = {0};
    cairn_day_format(day, ret.text);
    return ret;
}

struct cairn_time_as_text cairn_time_as_text_(struct cairn_time time)
{
    struct cairn_time_as_text ret = {0};
    cairn_time_format(time, ret.text);
    return ret;
}

/* ---- arithmetic ---- */

bool cairn_add_product(int64_t *sum, int64_t a, int64_t b)
{
    int64_t product = 0;
    int64_t total = 0;
    if (__builtin_mul_overflow(a, b, &product) || __builtin_add_overflow(*sum, product, &total))
        return false;
    *sum = total;
    return true;
}
