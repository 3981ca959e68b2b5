/* refused_request.c - finds the request that the library refuses, and answers it. */
#include "http/request/refused_request.h"

#include "core/report/log.h"
#include "http/connection/client_connection.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

void cairn_heads_note(struct cairn_heads *heads, struct cairn_exchange *exchange)
{
    exchange->head.after = heads->first;
    if (heads->first)
        heads->first->head.before = exchange;
    heads->first = exchange;
    exchange->head.listed = true;
}

void cairn_heads_forget(struct cairn_heads *heads, struct cairn_exchange *exchange)
{
    struct cairn_exchange *before = exchange->head.before;
    struct cairn_exchange *after = exchange->head.after;
    if (!exchange->head.listed)
        return;
    *(before ? &before->head.after : &heads->first) = after;
    if (after)
        after->head.before = before;
    exchange->head.before = exchange->head.after = NULL;
    exchange->head.listed = false;
}

/* Refuses the request if its Content-Length is not a number or has more than 19 digits, which is
 * too large. */
static void refuse_length(struct cairn_heads *heads, struct cairn_exchange *exchange)
{
    const char *length = cairn_http_header(&exchange->request, "Content-Length");
    size_t digits = length ? strspn(length, "0123456789") : 0;
    if (!length || (digits && !length[digits] && digits <= 19))
        return;
    cairn_heads_forget(heads, exchange);
    if (digits && !length[digits])
        cairn_answer_refuse(exchange, CAIRN_TOO_LARGE, "Content-Length is too large");
    else
        cairn_answer_refuse(exchange, CAIRN_MALFORMED, "Content-Length is not a number");
}

void cairn_heads_log(struct cairn_heads *heads, const char *format, va_list list)
{
    char text[300];
    (void)vsnprintf(text, sizeof text, format, list);
    text[strcspn(text, "\n")] = '\0';
    cairn_log(CAIRN_LOG_DEBUG, "message of the HTTP library", CAIRN_LOG_TEXT("text", text));
    if (!strstr(format, "Content-Length"))
        return;
    for (struct cairn_exchange *at = heads->first, *next; at; at = next) {
        next = at->head.after;
        refuse_length(heads, at);
    }
}
