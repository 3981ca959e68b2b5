/* stall.h - bodies in chunks of which nothing comes out.
 *
 * The library keeps what it has not understood yet: the size of a chunk and its extensions (RFC
 * 9112 section 7.1.1), which nobody bounds. When they fill the memory of a connection, it gives up
 * if the loop is its own; where it is not (poller.h) it asks to be called again, for ever, and
 * looks through all of it each time.
 *
 * So a request of which nothing is passed on, while more of it lies in the socket, is answered 400
 * and cut, well before its deadline. One who fills the memory to the very byte is not told from one
 * who pauses: he is cut at the deadline, and costs a look a millisecond until then.
 *
 * Threads: the polling thread's, each for its own connections. */
#ifndef CAIRN_HTTP_STALL_H
#define CAIRN_HTTP_STALL_H

#include "http/exchange.h"

/* Requests whose bodies arrive in chunks; zeroed at first. */
struct cairn_stalls {
    struct cairn_exchange *first;
    int64_t look_us; /* monotonic: when to look next */
};

/* Such a request has begun, or a part of its body was passed on. */
void cairn_stalls_note(struct cairn_stalls *stalls, struct cairn_exchange *exchange);
/* It is complete, or gone. Harmless where it was never noted. */
void cairn_stalls_forget(struct cairn_stalls *stalls, struct cairn_exchange *exchange);

/* Cuts those that are stuck. Returns when to look again (monotonic); INT64_MAX: there are none. */
int64_t cairn_stalls_cut(struct cairn_stalls *stalls);

#endif
