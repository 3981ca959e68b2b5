/* refused.h - requests that the library refuses before Cairn sees them.
 *
 * A Content-Length that is no number it answers in words of its own (0.9.75: with two heads, one
 * behind the other), and says so in its log first, without saying whose it was. So those whose
 * headers are not complete are listed, and the one it means is found among them and answered here.
 *
 * Threads: the polling thread's, each for its own connections. */
#ifndef CAIRN_HTTP_REFUSED_H
#define CAIRN_HTTP_REFUSED_H

#include "http/exchange.h"

#include <stdarg.h>

/* Exchanges whose request line is there and whose headers are not; zeroed at first. */
struct cairn_heads {
    struct cairn_exchange *first;
};

void cairn_heads_note(struct cairn_heads *heads, struct cairn_exchange *exchange);
/* Its headers are complete, or it is gone. Harmless where it was forgotten before. */
void cairn_heads_forget(struct cairn_heads *heads, struct cairn_exchange *exchange);

/* What the library says, as it says it. */
void cairn_heads_log(struct cairn_heads *heads, const char *format, va_list list)
    CAIRN_PRINTF(2, 0);

#endif
