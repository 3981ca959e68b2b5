/* http_date.h - dates of HTTP fields: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7). */
#ifndef CAIRN_HTTP_DATE_H
#define CAIRN_HTTP_DATE_H

#include <cairn/value.h>

#include <stdbool.h>

enum { CAIRN_HTTP_DATE_SIZE = 32 };

/* Reads a date in this form, and no older one. Returns whether it is one. */
bool cairn_http_date_parse(const char *text, struct cairn_time *ret);
void cairn_http_date_format(struct cairn_time time, char ret[CAIRN_AT_LEAST(CAIRN_HTTP_DATE_SIZE)]);

#endif
