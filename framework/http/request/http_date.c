/* http_date.c - reads and writes dates of HTTP fields. Names of days and months are those of the
 * locale C, in which the process runs. */
#include "http/request/http_date.h"

#include <string.h>
#include <time.h>

static const char form[] = "%a, %d %b %Y %H:%M:%S GMT";

/* A date that is written in another way, or that no calendar has, does not come back the same. */
bool cairn_http_date_parse(const char *text, struct cairn_time *ret)
{
    struct tm parts = {0};
    char again[CAIRN_HTTP_DATE_SIZE];
    const char *end = strptime(text, form, &parts);
    if (!end || *end || parts.tm_year < 70)
        return false;
    *ret = cairn_time_of_unix((int64_t)timegm(&parts) * 1000000);
    cairn_http_date_format(*ret, again);
    return strcmp(again, text) == 0;
}

void cairn_http_date_format(struct cairn_time time, char ret[CAIRN_AT_LEAST(CAIRN_HTTP_DATE_SIZE)])
{
    struct tm parts;
    time_t seconds = (time_t)(cairn_time_to_unix(time) / 1000000);
    (void)gmtime_r(&seconds, &parts);
    if (strftime(ret, CAIRN_HTTP_DATE_SIZE, form, &parts) == 0)
        *ret = '\0';
}
