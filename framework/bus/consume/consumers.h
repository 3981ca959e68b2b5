/* consumers.h - runs the consumers of a process: one thread for each that handles events, and
 * one more for each that has other work.
 *
 * A handling thread has its own connections to PostgreSQL and Redis; a work thread has its own
 * connection to PostgreSQL. */
#ifndef CAIRN_BUS_CONSUMERS_H
#define CAIRN_BUS_CONSUMERS_H

#include <cairn/consumer.h>

struct cairn_consumers;

struct cairn_consumers_options {
    const char *database_url;
    const char *redis_url;
    const struct cairn_consumer *const *consumers;
    size_t count;
    const struct cairn_teller *teller; /* by which handlers send commands (reactor.h); borrowed */
};

/* Starts the threads. All that the options point to is borrowed. An unreachable server is not an
 * error here. Returns 0, or
 *   -CAIRN_BUG     a definition is invalid: the message names it
 *   -CAIRN_CONFIG  a URL is invalid, or no more threads can be created */
int cairn_consumers_start(const struct cairn_consumers_options *options,
                          struct cairn_consumers **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Finishes the events that are being handled, releases the rest, frees everything. NULL is
 * allowed. */
void cairn_consumers_stop(struct cairn_consumers *consumers);

/* Returns since when (monotonic) the consumers' other work has had nothing to do: when the last
 * call of each `.work` began, the earliest of them; 0 while one has done something or has failed,
 * INT64_MAX where there is none. Any thread may call it. */
int64_t cairn_consumers_rested_us(struct cairn_consumers *consumers);

/* Fills in the defaults of a consumer. */
void cairn_consumer_fill_in(struct cairn_consumer *consumer);

/* Checks a consumer against its event tables. Returns 0 or -CAIRN_BUG. */
int cairn_consumer_check(const struct cairn_consumer *consumer,
                         struct cairn_error *error) CAIRN_CHECKED;

#endif
