/* feed_round.h - one round of following a feed: what has come is handled, event by event. */
#ifndef CAIRN_FEED_ROUND_H
#define CAIRN_FEED_ROUND_H

#include "feed/follow/feed_fetch.h"

#include <cairn/consumer.h>

struct cairn_feed_follower {
    const struct cairn_consumer *consumer; /* with its defaults filled in */
    const struct cairn_teller *teller;     /* of the commands that handlers send */
    struct cairn_feed_source source;
    struct cairn_feed_place place;
    bool placed;              /* the place was read, under the current fence */
    bool first;               /* nothing was handled yet since then: the next attempt is recorded */
    struct cairn_arena batch; /* of a round */
    struct cairn_arena delivery; /* of an attempt */
    /* Waits, until it is time to stop. Returns false then. */
    bool (*pause)(void *context, int64_t us);
    void *context;
};

/* Handles dead letters that are to be handled again, gets the next events, and handles them.
 * Returns how many events came, or why it could not go on:
 *   -CAIRN_BUSY   another process has taken over, or it is time to stop
 *   -CAIRN_...    of cairn_feed_fetch(), or of postgres.h: the place has to be taken again */
int64_t cairn_feed_round(struct cairn_feed_follower *follower,
                         struct cairn_error *error) CAIRN_CHECKED;

#endif
