/* stall.h - bodies in chunks of which nothing comes out.
 *
 * The library keeps what it has not understood yet: the size of a chunk and its extensions (RFC
 * 9112 section 7.1.1), which nobody bounds. When they fill the memory of a connection, it gives up
 * if the loop is its own; where it is not (poller.h) it asks to be called again, for ever, and
 * looks through all of it each time.
 *
 * So a request of which nothing is passed on is answered 400 and cut, well before its deadline,
 * where more of it lies in the socket, as the library has no room for it. One that pauses is left
 * alone; only where the library is busy with nothing, and there is no such request, it must be
 * among those that pause: then they all are cut.
 *
 * Threads: the polling thread's, each for its own connections. */
#ifndef CAIRN_HTTP_STALL_H
#define CAIRN_HTTP_STALL_H

#include "http/exchange.h"

/* Requests whose bodies arrive in chunks; zeroed at first. */
struct cairn_stalls {
    struct cairn_exchange *first;
    int64_t look_us; /* monotonic: when to look next */
    int64_t busy_us; /* since when the library is busy with nothing; 0: it is not */
};

/* Such a request has begun, or a part of its body was passed on. */
void cairn_stalls_note(struct cairn_stalls *stalls, struct cairn_exchange *exchange);
/* It is complete, or gone. Harmless where it was never noted. */
void cairn_stalls_forget(struct cairn_stalls *stalls, struct cairn_exchange *exchange);

/* The library has worked; `busy`: it says that it has more to do, and has passed on nothing. */
void cairn_stalls_see(struct cairn_stalls *stalls, bool busy);

/* Cuts those that are stuck. Returns when to look again (monotonic); INT64_MAX: there are none. */
int64_t cairn_stalls_cut(struct cairn_stalls *stalls);

#endif
