/* redis_connection.h - the open connection, which redis.c shares with pipe.c. Private to redis/. */
#ifndef CAIRN_REDIS_REDIS_CONNECTION_H
#define CAIRN_REDIS_REDIS_CONNECTION_H

#include "redis/redis.h"

struct redisContext;
struct redisReply;

/* Returns the connection, or NULL while there is none. The cairn_redis keeps its ownership. */
struct redisContext *cairn_redis_wire(struct cairn_redis *redis);

void cairn_redis_copy_reply(const struct redisReply *reply, struct cairn_arena *arena,
                            struct cairn_redis_reply *ret);

#endif
