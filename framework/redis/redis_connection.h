/* redis_connection.h - the open connection, which redis.c shares with pipe.c. Private to redis/. */
#ifndef CAIRN_REDIS_REDIS_CONNECTION_H
#define CAIRN_REDIS_REDIS_CONNECTION_H

#include "redis/redis.h"

#include <sys/types.h>

struct redisContext;
struct redisReply;

/* Returns the connection, or NULL while there is none. The cairn_redis keeps its ownership. */
struct redisContext *cairn_redis_wire(struct cairn_redis *redis);

/* For reading and writing a connection piece by piece. Unblocks it: none of the calls of redis.h
 * may follow. */
void cairn_redis_unblock(struct cairn_redis *redis);
/* Like send() without waiting. */
ssize_t cairn_redis_send(struct cairn_redis *redis, const void *bytes, size_t count);
/* Returns whether there is input that was not read: in the socket, or decrypted already. */
bool cairn_redis_has_input(struct cairn_redis *redis);
bool cairn_redis_has_decrypted(struct cairn_redis *redis);

void cairn_redis_copy_reply(const struct redisReply *reply, struct cairn_arena *arena,
                            struct cairn_redis_reply *ret);

#endif
