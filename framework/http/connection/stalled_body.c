/* stalled_body.c - detects chunked bodies that make no progress although bytes have arrived. */
#include "http/connection/stalled_body.h"

#include "core/threads/clock.h"
#include "http/connection/client_connection.h"
#include "http/tls/tls.h"

#include <sys/ioctl.h>

#define LOOK_US CAIRN_MILLISECONDS(100)     /* between two checks */
#define PATIENCE_US CAIRN_MILLISECONDS(300) /* with a body that makes no progress */

static bool has_unread(const struct cairn_exchange *exchange)
{
    int bytes = 0;
    if (ioctl(exchange->connection->socket, FIONREAD, &bytes) == 0 && bytes > 0)
        return true;
    gnutls_session_t session = cairn_tls_session(exchange->wire);
    return session && gnutls_record_check_pending(session) > 0; /* decrypted already */
}

void cairn_stalled_bodies_note(struct cairn_stalled_bodies *stalled,
                               struct cairn_exchange *exchange)
{
    if (!exchange->chunks.listed) {
        exchange->chunks.after = stalled->first;
        if (stalled->first)
            stalled->first->chunks.before = exchange;
        stalled->first = exchange;
        exchange->chunks.listed = true;
    }
    exchange->chunks.unread_us = 0;
}

void cairn_stalled_bodies_forget(struct cairn_stalled_bodies *stalled,
                                 struct cairn_exchange *exchange)
{
    struct cairn_exchange *before = exchange->chunks.before;
    struct cairn_exchange *after = exchange->chunks.after;
    if (!exchange->chunks.listed)
        return;
    *(before ? &before->chunks.after : &stalled->first) = after;
    if (after)
        after->chunks.before = before;
    exchange->chunks.before = exchange->chunks.after = NULL;
    exchange->chunks.listed = false;
}

/* Returns whether bytes were unread at every check for longer than PATIENCE_US, and none was passed
 * on. */
static bool is_stuck(struct cairn_exchange *exchange, int64_t now_us)
{
    if (!has_unread(exchange))
        exchange->chunks.unread_us = 0;
    else if (!exchange->chunks.unread_us)
        exchange->chunks.unread_us = now_us;
    return exchange->chunks.unread_us && now_us - exchange->chunks.unread_us > PATIENCE_US;
}

int64_t cairn_stalled_bodies_cut(struct cairn_stalled_bodies *stalled)
{
    int64_t now_us = stalled->first ? cairn_monotonic_us() : 0;
    if (!stalled->first || now_us < stalled->look_us)
        return stalled->first ? stalled->look_us : INT64_MAX;
    for (struct cairn_exchange *at = stalled->first, *next; at; at = next) {
        next = at->chunks.after;
        if (!is_stuck(at, now_us))
            continue;
        cairn_stalled_bodies_forget(stalled, at);
        cairn_answer_refuse(at, CAIRN_MALFORMED,
                            "a chunk of the body has no size, or one that does not end");
    }
    stalled->look_us = now_us + LOOK_US;
    return stalled->look_us;
}
