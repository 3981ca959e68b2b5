/* dialer.h - connects to Redis on a thread of its own, for a caller that must not block.
 *
 * Threads: one requests and takes connections; the dialer's own makes them. */
#ifndef CAIRN_REDIS_DIALER_H
#define CAIRN_REDIS_DIALER_H

#include "redis/redis.h"

struct cairn_redis_dialer;

/* Returns 0, or -CAIRN_CONFIG if the URL is invalid or no more threads can be created. */
int cairn_redis_dialer_open(const char *url, int64_t deadline_us, struct cairn_redis_dialer **ret,
                            struct cairn_error *error) CAIRN_CHECKED;
/* Waits for an attempt in progress. NULL is fine. */
void cairn_redis_dialer_close(struct cairn_redis_dialer *dialer);

/* Schedules one attempt at this time (monotonic): connection, login and PING, all within the
 * deadline. Its result has to be taken before the next attempt is requested. */
void cairn_redis_dialer_want(struct cairn_redis_dialer *dialer, int64_t at_us);

/* Becomes readable when an attempt has finished. */
int cairn_redis_dialer_fd(const struct cairn_redis_dialer *dialer);

/* Returns 0 with the connection, which the caller then owns; 0 with NULL if no attempt has
 * finished; or -CAIRN_UNAVAILABLE if the attempt failed. */
int cairn_redis_dialer_take(struct cairn_redis_dialer *dialer, struct cairn_redis **ret,
                            struct cairn_error *error) CAIRN_CHECKED;

#endif
