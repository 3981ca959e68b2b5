/* connection.h - what redis.c shares with pipe.c: the open connection itself. Private to redis/. */
#ifndef CAIRN_REDIS_CONNECTION_H
#define CAIRN_REDIS_CONNECTION_H

#include "redis/redis.h"

struct redisContext;
struct redisReply;

/* The connection, or NULL while there is none. It stays the cairn_redis'. */
struct redisContext *cairn_redis_wire(struct cairn_redis *redis);

void cairn_redis_copy_reply(const struct redisReply *reply, struct cairn_arena *arena,
                            struct cairn_redis_reply *ret);

#endif
