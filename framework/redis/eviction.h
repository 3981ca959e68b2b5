/* eviction.h - detects a Redis that evicts keys when its memory is full. Copies of rows and entries
 * of the bus must not be evicted one by one: a refused write is repeated later, but the loss of a
 * single key is not noticed. */
#ifndef CAIRN_REDIS_EVICTION_H
#define CAIRN_REDIS_EVICTION_H

#include <stdbool.h>

enum { CAIRN_EVICTION_SIZE = 40 };

/* Returns true if it does, with its policy (redis.conf, maxmemory-policy) in `ret`. A Redis that
 * is unavailable, or does not tell (a provider may hide it), counts as false. Blocks for a second
 * at most. */
bool cairn_redis_evicts(const char *url, char ret[static CAIRN_EVICTION_SIZE]);

/* Checks, and logs a warning if it does. */
void cairn_redis_warn_of_eviction(const char *url);

#endif
