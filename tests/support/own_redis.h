/* own_redis.h - a redis-server of a test's own, for one that needs settings which the shared one
 * must not have: TLS, users, commands that are renamed.
 *
 *     struct own_redis redis;
 *     own_redis_start(&redis, (const char *[]){"--rename-command", "AUTH", "", NULL});
 *     ... 127.0.0.1:redis.port ...
 *     own_redis_stop(&redis); */
#ifndef OWN_REDIS_H
#define OWN_REDIS_H

#include "child.h"

struct own_redis {
    struct child child;
    int port;
    char directory[64];
};

/* Starts it on a free port of 127.0.0.1 and 127.0.0.2, with these arguments besides, and waits
 * until it accepts connections. Fails the test if it does not. */
void own_redis_start(struct own_redis *ret, const char *const arguments[]);
void own_redis_stop(struct own_redis *redis);

#endif
