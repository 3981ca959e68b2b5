/* calendar.c - the Gregorian calendar from year 1 to 9999.
 *
 * Day 1 is 0001-01-01, and 9999-12-31 is the last. Years are counted from March, so that the leap
 * day is a year's last, and in eras of 400 years, each of 146097 days. */
#include <cairn/value.h>

enum { LAST_YEAR = 9999, LAST_DAY = 3652059, LAST_MONTH = LAST_YEAR * 12 - 1 };
#define DAY_US (CAIRN_HOURS(24))

static int days_in_month(int year, int month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

struct cairn_day cairn_day_of_date(int year, int month, int day)
{
    if (year < 1 || year > LAST_YEAR || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month))
        return (struct cairn_day){0};
    int year_from_march = year - (month <= 2);
    int era = year_from_march / 400;
    int year_of_era = year_from_march - era * 400;
    int month_from_march = month > 2 ? month - 3 : month + 9;
    int day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (struct cairn_day){era * 146097 + day_of_era - 305};
}

static bool is_day(struct cairn_day day)
{
    return day.days >= 1 && day.days <= LAST_DAY;
}

struct cairn_date cairn_date_of(struct cairn_day day)
{
    if (!is_day(day))
        return (struct cairn_date){0, 0, 0};
    int days = day.days + 305;
    int era = days / 146097;
    int day_of_era = days - era * 146097;
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (5 * day_of_year + 2) / 153;
    int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return (struct cairn_date){
        .year = year_of_era + era * 400 + (month <= 2),
        .month = month,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
    };
}

/* Returns number + added, limited to least .. most. */
static int64_t add_within(int64_t number, int64_t added, int64_t least, int64_t most)
{
    if (added > most - number)
        return most;
    return added < least - number ? least : number + added;
}

struct cairn_day cairn_day_add(struct cairn_day day, int64_t days)
{
    if (!is_day(day))
        return (struct cairn_day){0};
    return (struct cairn_day){(int32_t)add_within(day.days, days, 1, LAST_DAY)};
}

struct cairn_day cairn_day_add_months(struct cairn_day day, int64_t months)
{
    const struct cairn_date date = cairn_date_of(day);
    if (!is_day(day))
        return (struct cairn_day){0};
    int64_t month = (date.year - 1) * 12 + date.month - 1;
    if (months > LAST_MONTH - month)
        return (struct cairn_day){LAST_DAY};
    if (months < -month)
        return (struct cairn_day){1};
    int year = (int)((month + months) / 12) + 1;
    int month_of_year = (int)((month + months) % 12) + 1;
    int last = days_in_month(year, month_of_year);
    return cairn_day_of_date(year, month_of_year, date.day < last ? date.day : last);
}

int cairn_day_of_week(struct cairn_day day)
{
    return is_day(day) ? (day.days - 1) % 7 + 1 : 0;
}

struct cairn_time cairn_day_begins(struct cairn_day day)
{
    return (struct cairn_time){is_day(day) ? day.days * DAY_US : 0};
}
