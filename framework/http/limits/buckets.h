/* buckets.h - token buckets of many clients, in memory that does not grow.
 *
 * A bucket holds up to `burst` tokens, gains `rate` of them in a second, each request takes one.
 * It is kept as one time: when it will be full again (the generic cell rate algorithm, ITU-T
 * I.371). A client without a bucket has a full one.
 *
 * The table has a fixed number of places, in sets; where a set has no free one, the bucket that is
 * full soonest gives way. A client with thousands of addresses has thousands of buckets in any
 * table.
 *
 * Threads: any; one lock. */
#ifndef CAIRN_HTTP_BUCKETS_H
#define CAIRN_HTTP_BUCKETS_H

#include "http/limits/client_key.h"

struct cairn_buckets;

/* Makes the table. `rate` is per second. Returns NULL if it is 0: there is no limit. */
struct cairn_buckets *cairn_buckets_open(int64_t rate, int64_t burst);
void cairn_buckets_close(struct cairn_buckets *buckets);

struct cairn_quota {
    bool taken;         /* a token: the request may go on */
    int64_t burst;      /* tokens of a full bucket */
    int64_t window_s;   /* in which an empty one fills, rounded up */
    int64_t remaining;  /* tokens */
    int64_t full_in_s;  /* rounded up */
    int64_t retry_in_s; /* when there is a token again; 0 if one was taken */
};

/* Takes a token of a client, at this time (monotonic). */
struct cairn_quota cairn_buckets_take(struct cairn_buckets *buckets,
                                      const struct cairn_client_key *client, int64_t now_us);

#endif
