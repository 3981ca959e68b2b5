/* stalled_body.h - chunked bodies that make no progress.
 *
 * The library keeps what it has not parsed yet: the size of a chunk and its extensions (RFC 9112
 * section 7.1.1), whose length is unlimited. When they fill the memory of a connection, it gives up
 * if it runs its own loop; otherwise (poller.h) it asks to be called again, without end, and scans
 * all of it each time.
 *
 * A request of which nothing is passed on, while more of it is in the socket, is therefore answered
 * 400 and cut, well before its deadline. A client that fills the memory to the exact byte cannot be
 * distinguished from one that pauses: it is cut at the deadline, and costs one check per
 * millisecond until then.
 *
 * Threads: each polling thread, for its own connections. */
#ifndef CAIRN_HTTP_STALLED_BODY_H
#define CAIRN_HTTP_STALLED_BODY_H

#include "http/exchange.h"

/* Requests whose bodies arrive in chunks; initialized to zero. */
struct cairn_stalled_bodies {
    struct cairn_exchange *first;
    int64_t look_us; /* monotonic: time of the next check */
};

/* Records that such a request has begun, or that a part of its body was passed on. */
void cairn_stalled_bodies_note(struct cairn_stalled_bodies *stalled,
                               struct cairn_exchange *exchange);
/* Removes a request that is complete or closed. No effect if it was never noted. */
void cairn_stalled_bodies_forget(struct cairn_stalled_bodies *stalled,
                                 struct cairn_exchange *exchange);

/* Cuts stuck requests. Returns when to check again (monotonic); INT64_MAX: none are listed. */
int64_t cairn_stalled_bodies_cut(struct cairn_stalled_bodies *stalled);

#endif
