/* bus/consumers.h - the consumers of a process: a thread for each that handles events, and one more
 * for each that has other work.
 *
 * A thread has a connection to PostgreSQL and one to Redis of its own; the one that works has a
 * connection to PostgreSQL. */
#ifndef CAIRN_BUS_CONSUMERS_H
#define CAIRN_BUS_CONSUMERS_H

#include <cairn/consumer.h>

struct cairn_consumers;

/* The consumers are borrowed. Servers that are away are no failure here. Returns 0, or
 *   -CAIRN_BUG     a definition makes no sense: the message names it
 *   -CAIRN_CONFIG  a URL makes no sense, or there can be no more threads */
int cairn_consumers_start(const char *database_url, const char *redis_url,
                          const struct cairn_consumer *const *consumers, size_t count,
                          struct cairn_consumers **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Finishes the events that are being handled, gives back the rest, frees all. NULL is fine. */
void cairn_consumers_stop(struct cairn_consumers *consumers);

/* Holds a consumer against its tables. Returns 0 or -CAIRN_BUG. */
int cairn_consumer_check(const struct cairn_consumer *consumer,
                         struct cairn_error *error) CAIRN_CHECKED;

#endif
