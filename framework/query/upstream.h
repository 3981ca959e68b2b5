/* upstream.h - what a polling thread of the query side holds: its connection to Redis. Copies that
 * are passed over are looked at through it now and then, until they can answer again. */
#ifndef CAIRN_QUERY_UPSTREAM_H
#define CAIRN_QUERY_UPSTREAM_H

#include "query/query.h"
#include "redis/pipe.h"

/* Of what `request->upstream` points to. */
struct cairn_redis_pipe *cairn_query_upstream_pipe(const void *upstream);

#endif
