/* feed_followers.h - follows the feeds of a process' consumers: one thread for each feed.
 *
 * One process at a time follows a feed, under a lease; the others stand by. A thread has its own
 * connection to PostgreSQL. */
#ifndef CAIRN_FEED_FOLLOWERS_H
#define CAIRN_FEED_FOLLOWERS_H

#include "identity/credentials/own_token.h"
#include "store/lease.h"

#include <cairn/consumer.h>

struct cairn_feed_followers;

struct cairn_feed_followers_options {
    const char *database_url;
    const struct cairn_consumer *const *consumers; /* those without feeds are left to the bus */
    size_t count;
    const struct cairn_teller *teller;   /* by which handlers send commands (reactor.h) */
    struct cairn_own_token *credentials; /* of the requests; NULL: they have no token */
    struct cairn_leases *leases;
    int64_t timeout_ms; /* how long a feed is asked to wait for an event; 0: 20 s */
};

/* Starts the threads. All that the options point to is borrowed. A feed that does not answer is not
 * an error here. Returns 0, or -CAIRN_CONFIG if no more threads can be created. */
int cairn_feed_followers_start(const struct cairn_feed_followers_options *options,
                               struct cairn_feed_followers **ret,
                               struct cairn_error *error) CAIRN_CHECKED;

/* Finishes the events that are being handled, ends requests that wait, frees everything. NULL is
 * allowed. */
void cairn_feed_followers_stop(struct cairn_feed_followers *followers);

/* Returns since when (monotonic) the feeds have had no event: when the last request to each began,
 * the earliest of them; 0 while one has had events, has failed, or is followed by another process;
 * INT64_MAX where there is none. Any thread may call it. */
int64_t cairn_feed_followers_rested_us(struct cairn_feed_followers *followers);

/* Returns how many feeds the consumer follows. */
size_t cairn_feed_count(const struct cairn_consumer *consumer);

/* The variable that moves a feed of a consumer to another address: CAIRN_LEDGER_FEED_URL for the
 * first one, CAIRN_LEDGER_FEED_2_URL for the second. */
enum { CAIRN_FEED_VARIABLE_SIZE = 160 };
void cairn_feed_variable(const struct cairn_consumer *consumer, size_t number,
                         char ret[static CAIRN_FEED_VARIABLE_SIZE]);

#endif
