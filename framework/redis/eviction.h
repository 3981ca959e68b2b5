/* eviction.h - does this Redis forget keys when its memory is full? Copies of rows and entries of
 * the bus are not to be forgotten one by one: a write that is refused is made up for later, a key
 * that is gone is not missed. */
#ifndef CAIRN_REDIS_EVICTION_H
#define CAIRN_REDIS_EVICTION_H

#include <stdbool.h>

enum { CAIRN_EVICTION_SIZE = 40 };

/* True if it does, and its policy (redis.conf, maxmemory-policy) is in `ret`. One that is away, or
 * does not tell (a provider may hide it), is taken not to. Waits for a second at most. */
bool cairn_redis_evicts(const char *url, char ret[static CAIRN_EVICTION_SIZE]);

/* Asks, and says so in the log. */
void cairn_redis_warn_of_eviction(const char *url);

#endif
