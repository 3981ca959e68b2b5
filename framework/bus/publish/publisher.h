/* publisher.h - publishes the log: follows it and appends the events to publish to Redis Streams,
 * each event once, in order, without gaps.
 *
 *     seat     writes the lease's fence to both stores, finds the position of Redis, resumes there
 *     publish  turns a range of the log into entries: one Lua call, which compares first
 *     tend     trims what every group has handled, records the place, checks Redis for changes
 *
 * Redis stores its own position (streams.h), so a crash of the publisher needs no repair, and two
 * publishers that both assume the lease do no harm: they would append the same entries under the
 * same ids, and one of the two is told that the bus has moved.
 *
 * A Redis that was emptied, or restored from an older file, is behind the position recorded in
 * PostgreSQL, and is published to again: from its own position, or from the floor of a stream that
 * is gone. The groups are gone too; the consumers' own records say what they have handled. This is
 * logged and counted (cairn_bus_healed_total). The publisher waits while Redis is full, read-only
 * or unreachable, and refuses a bus of another store, or with events that the log does not have.
 *
 * It runs one thread, with one connection each to PostgreSQL and Redis, and its own follower. */
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
    const struct cairn_publication *const *publications; /* borrowed, with all they refer to */
    size_t count;
    struct cairn_leases *leases; /* borrowed until the stop */
    int64_t keep;                /* positions that stay on the bus even if all have handled them */
    int64_t cap;                 /* maximum entries in one stream, even if unhandled */
};

/* Returns 0, or
 *   -CAIRN_BUG     a publication is invalid: the message names it
 *   -CAIRN_CONFIG  a URL is invalid, or no more threads can be created */
int cairn_publisher_start(const struct cairn_publisher_options *options,
                          struct cairn_publisher **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Lets the current call finish, then frees everything. NULL is allowed. */
void cairn_publisher_stop(struct cairn_publisher *publisher);

/* The publisher's current state. */
struct cairn_publisher_state {
    bool leads; /* holds the lease */
    int64_t position;
    int64_t head;
    char problem[200]; /* the current problem, or "" */
    char shown[200];   /* what everybody may see of it */
};
void cairn_publisher_state(struct cairn_publisher *publisher, struct cairn_publisher_state *ret);

/* Checks a publication against its tables. Returns 0 or -CAIRN_BUG. */
int cairn_publication_check(const struct cairn_publication *publication,
                            struct cairn_error *error) CAIRN_CHECKED;

#endif
