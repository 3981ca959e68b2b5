/* feed_fetch.h - gets the next events of a feed, over HTTP. */
#ifndef CAIRN_FEED_FETCH_H
#define CAIRN_FEED_FETCH_H

#include "feed/follow/feed_place.h"
#include "identity/credentials/own_token.h"
#include "record/json.h"

#include <cairn/outbound.h>

struct cairn_feed_source {
    struct cairn_target target;          /* the feed's URL up to its path */
    const char *path;                    /* the rest of it: "/feeds/order?types=OrderPlaced" */
    struct cairn_own_token *credentials; /* NULL: requests have no token */
    int64_t timeout_ms;                  /* how long the other side waits for an event */
};

/* One answer. */
struct cairn_feed_batch {
    char history[40]; /* of the feed: "3f2a9c1e-1"; "" if it does not say */
    int64_t position; /* it has shown all up to here; 0 if it does not say */
    int64_t count;
    struct cairn_json_item *items;           /* CloudEvents, undecoded */
    struct cairn_outbound_response response; /* has their text */
};

/* Asks for the events after the place, with `count` 0 if there are none yet. The batch is released
 * by cairn_outbound_response_reset() of its response, also after a failure. Returns 0, or
 *   -CAIRN_TIMELINE     the feed does not know the last event: it is of another history
 *   -CAIRN_UNAVAILABLE  no answer, or one that says to come again
 *   -CAIRN_MALFORMED    the answer is not a batch of CloudEvents
 *   -CAIRN_REFUSED      it was refused: the message has the status */
int cairn_feed_fetch(struct cairn_feed_source *source, const struct cairn_feed_place *place,
                     struct cairn_arena *arena, struct cairn_feed_batch *ret,
                     struct cairn_error *error) CAIRN_CHECKED;

#endif
