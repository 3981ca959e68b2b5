/* publisher.h - publishes the log: follows it and appends what is to leave the house to Redis
 * Streams, each event once, in order, none left out.
 *
 *     seat     take the lease's fence to both stores, find out where Redis is, go on from there
 *     publish  a range of the log becomes entries: one Lua call, which compares first
 *     tend     trim what every group has handled, note the place, look whether Redis is as it was
 *
 * Redis says where it stands (streams.h), so a publisher that dies anywhere leaves nothing to
 * repair, and two that think they have the lease cannot do harm: they would append the same
 * entries under the same ids, and one of the two is told that the bus has moved.
 *
 * Redis that was emptied, or restored from an older file, is found behind what was noted in
 * PostgreSQL, and is published to again: from where it is, or from the floor of a stream that is
 * gone. Groups are gone with it; consumers know by themselves what they have handled. That is
 * logged and counted (cairn_bus_healed_total). Redis that is full, read only or away is waited for.
 * What belongs to another store, or to events that the log does not have, is refused.
 *
 * One thread with a connection each to PostgreSQL and Redis, and a follower of its own. */
#ifndef CAIRN_BUS_PUBLISHER_H
#define CAIRN_BUS_PUBLISHER_H

#include "store/lease.h"

#include <cairn/publication.h>

#include <stdbool.h>
#include <stdint.h>

struct cairn_publisher;

struct cairn_publisher_options {
    const char *database_url;
    const char *redis_url;
    const struct cairn_publication *const *publications; /* borrowed, as what they name */
    size_t count;
    struct cairn_leases *leases; /* borrowed until the stop */
    int64_t keep;                /* positions that stay on the bus, whoever has handled them */
    int64_t cap;                 /* entries in one stream, whoever has not handled them */
};

/* Returns 0, or
 *   -CAIRN_BUG     a publication makes no sense: the message names it
 *   -CAIRN_CONFIG  a URL makes no sense, or there can be no more threads */
int cairn_publisher_start(const struct cairn_publisher_options *options,
                          struct cairn_publisher **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Lets the call that is under way finish, then frees all. NULL is fine. */
void cairn_publisher_stop(struct cairn_publisher *publisher);

/* Where it stands. */
struct cairn_publisher_state {
    bool leads; /* it has the lease */
    int64_t position;
    int64_t head;
    char problem[200]; /* what is in its way, or "" */
};
void cairn_publisher_state(struct cairn_publisher *publisher, struct cairn_publisher_state *ret);

/* Holds a publication against its tables. Returns 0 or -CAIRN_BUG. */
int cairn_publication_check(const struct cairn_publication *publication,
                            struct cairn_error *error) CAIRN_CHECKED;

#endif
