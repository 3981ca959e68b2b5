/* upstream.h - a polling thread's connection to Redis. It is also used to check, periodically,
 * whether copies that are passed over can answer again. */
#ifndef CAIRN_QUERY_UPSTREAM_H
#define CAIRN_QUERY_UPSTREAM_H

#include "query/query.h"
#include "redis/pipe.h"

/* Returns the pipe of what `request->upstream` points to. */
struct cairn_redis_pipe *cairn_query_upstream_pipe(const void *upstream);

#endif
