/* quantity.c - converts decimals and durations to text and back, adds amounts of money. */
#include <cairn/value.h>

#include <stdio.h>
#include <string.h>

#define MOST INT64_C(9007199254740991) /* 2^53 - 1, as for integers */

/* Adds a digit to the number. Returns false if that is more than MOST. */
static bool add_digit(int64_t *number, char digit)
{
    *number = *number * 10 + (digit - '0');
    return *number <= MOST;
}

/* ---- decimals ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads the digits after the point, and adds the zeros up to `scale`. Returns what follows, or
 * NULL. */
static const char *read_fraction(const char *text, int scale, int64_t *units)
{
    int digits = 0;
    bool fits = true;
    if (*text == '.') {
        for (text++; is_digit(*text) && fits; text++, digits++)
            fits = add_digit(units, *text);
        if (digits == 0)
            return NULL;
    }
    for (int i = digits; i < scale && fits; i++)
        fits = add_digit(units, '0');
    return fits && digits <= scale ? text : NULL;
}

int cairn_decimal_parse(const char *text, int scale, struct cairn_decimal *ret)
{
    int64_t units = 0;
    bool negative = *text == '-';
    bool fits = true;
    text += negative;
    if (!is_digit(*text) || (*text == '0' && is_digit(text[1])))
        return -CAIRN_INVALID;
    for (; is_digit(*text) && fits; text++)
        fits = add_digit(&units, *text);
    text = fits ? read_fraction(text, scale, &units) : NULL;
    if (!text || *text)
        return -CAIRN_INVALID;
    ret->units = negative ? -units : units;
    return 0;
}

void cairn_decimal_format(struct cairn_decimal value, int scale,
                          char ret[static CAIRN_DECIMAL_TEXT_SIZE])
{
    uint64_t units = value.units < 0 ? -(uint64_t)value.units : (uint64_t)value.units;
    char reversed[CAIRN_DECIMAL_TEXT_SIZE];
    int count = 0;
    for (; count < CAIRN_SCALE_MAX + 1 && count < scale; units /= 10)
        reversed[count++] = (char)('0' + units % 10);
    if (scale > 0)
        reversed[count++] = '.';
    do {
        reversed[count++] = (char)('0' + units % 10);
        units /= 10;
    } while (units > 0 && count < CAIRN_DECIMAL_TEXT_SIZE - 2);
    if (value.units < 0)
        *ret++ = '-';
    while (count > 0)
        *ret++ = reversed[--count];
    *ret = '\0';
}

/* ---- durations: ISO 8601 ---- */

/* A number and its unit. Only seconds may have a fraction, of at most six digits. */
static const char *read_part(const char *text, char *ret_unit, int64_t *ret_number,
                             int64_t *ret_millionths)
{
    int64_t number = 0;
    int64_t millionths = 0;
    bool fits = true;
    const char *first = text;
    for (; is_digit(*text) && fits; text++)
        fits = add_digit(&number, *text);
    if (text == first || !fits)
        return NULL;
    if (*text == '.') {
        text = read_fraction(text, 6, &millionths);
        if (!text || *text != 'S')
            return NULL;
    }
    *ret_number = number;
    *ret_millionths = millionths;
    *ret_unit = *text;
    return *text ? text + 1 : NULL;
}

static int64_t unit_us(char unit, bool in_time)
{
    switch (unit) {
    case 'W':
        return in_time ? 0 : CAIRN_HOURS(24 * 7);
    case 'D':
        return in_time ? 0 : CAIRN_HOURS(24);
    case 'H':
        return in_time ? CAIRN_HOURS(1) : 0;
    case 'M':
        return in_time ? CAIRN_MINUTES(1) : 0;
    case 'S':
        return in_time ? CAIRN_SECONDS(1) : 0;
    default:
        return 0;
    }
}

int cairn_duration_parse(const char *text, struct cairn_duration *ret)
{
    int64_t sum = 0;
    int64_t previous_us = INT64_MAX;
    bool in_time = false;
    if (*text++ != 'P' || !*text)
        return -CAIRN_INVALID;
    while (*text) {
        char unit = '\0';
        int64_t number = 0;
        int64_t millionths = 0;
        int64_t part = 0;
        if (*text == 'T' && !in_time) {
            in_time = true;
            text++;
        }
        text = read_part(text, &unit, &number, &millionths);
        int64_t us = text ? unit_us(unit, in_time) : 0;
        if (us == 0 || us >= previous_us || __builtin_mul_overflow(number, us, &part) ||
            __builtin_add_overflow(sum, part + millionths, &sum) || sum > MOST)
            return -CAIRN_INVALID;
        previous_us = us;
    }
    ret->us = sum;
    return 0;
}

void cairn_duration_format(struct cairn_duration duration,
                           char ret[static CAIRN_DURATION_TEXT_SIZE])
{
    int64_t us = duration.us > 0 ? duration.us : 0;
    int64_t seconds = us / 1000000;
    int64_t millionths = us % 1000000;
    size_t used = (size_t)snprintf(ret, CAIRN_DURATION_TEXT_SIZE, "PT");
    if (seconds >= 3600)
        used += (size_t)snprintf(ret + used, CAIRN_DURATION_TEXT_SIZE - used, "%" PRId64 "H",
                                 seconds / 3600);
    if (seconds / 60 % 60)
        used += (size_t)snprintf(ret + used, CAIRN_DURATION_TEXT_SIZE - used, "%" PRId64 "M",
                                 seconds / 60 % 60);
    if (millionths) {
        char digits[8];
        (void)snprintf(digits, sizeof digits, "%06" PRId64, millionths);
        for (size_t last = 5; digits[last] == '0'; last--)
            digits[last] = '\0';
        (void)snprintf(ret + used, CAIRN_DURATION_TEXT_SIZE - used, "%" PRId64 ".%sS", seconds % 60,
                       digits);
    } else if (seconds % 60 || us == 0) {
        (void)snprintf(ret + used, CAIRN_DURATION_TEXT_SIZE - used, "%" PRId64 "S", seconds % 60);
    }
}

/* ---- money ---- */

static bool add_minor(struct cairn_money *sum, const struct cairn_money *amount, int sign)
{
    bool is_new = sum->minor == 0 && sum->currency[0] == '\0';
    int64_t minor = 0;
    if (!is_new && memcmp(sum->currency, amount->currency, sizeof sum->currency) != 0)
        return false;
    if (__builtin_mul_overflow(amount->minor, sign, &minor) ||
        __builtin_add_overflow(sum->minor, minor, &minor) || minor > MOST || minor < -MOST)
        return false;
    memcpy(sum->currency, amount->currency, sizeof sum->currency);
    sum->minor = minor;
    return true;
}

bool cairn_money_add(struct cairn_money *sum, struct cairn_money amount)
{
    return add_minor(sum, &amount, 1);
}

bool cairn_money_subtract(struct cairn_money *sum, struct cairn_money amount)
{
    return add_minor(sum, &amount, -1);
}
