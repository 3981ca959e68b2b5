/* refused_request.h - requests that the library refuses before Cairn sees them.
 *
 * The library answers a Content-Length that is not a number with its own text (0.9.75: with two
 * heads, one after the other), and logs this first, without naming the connection. Requests whose
 * headers are not complete are therefore listed, and the one it means is found among them and
 * answered here.
 *
 * Threads: each polling thread, for its own connections. */
#ifndef CAIRN_HTTP_REFUSED_REQUEST_H
#define CAIRN_HTTP_REFUSED_REQUEST_H

#include "http/exchange.h"

#include <stdarg.h>

/* Exchanges whose request line has arrived and whose headers have not; initialized to zero. */
struct cairn_heads {
    struct cairn_exchange *first;
};

void cairn_heads_note(struct cairn_heads *heads, struct cairn_exchange *exchange);
/* Removes an exchange whose headers are complete, or that is closed. No effect if not listed. */
void cairn_heads_forget(struct cairn_heads *heads, struct cairn_exchange *exchange);

/* Handles a message of the library's log, while the library writes it. */
void cairn_heads_log(struct cairn_heads *heads, const char *format, va_list list)
    CAIRN_PRINTF(2, 0);

#endif
