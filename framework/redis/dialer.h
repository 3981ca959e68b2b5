/* dialer.h - connections to Redis for one who must not wait: a thread makes them.
 *
 * Threads: one asks and takes; the dialer's own makes. */
#ifndef CAIRN_REDIS_DIALER_H
#define CAIRN_REDIS_DIALER_H

#include "redis/redis.h"

struct cairn_redis_dialer;

/* Returns 0, or -CAIRN_CONFIG if the URL makes no sense or there can be no more threads. */
int cairn_redis_dialer_open(const char *url, int64_t deadline_us, struct cairn_redis_dialer **ret,
                            struct cairn_error *error) CAIRN_CHECKED;
/* Waits for a try that is under way. NULL is fine. */
void cairn_redis_dialer_close(struct cairn_redis_dialer *dialer);

/* Tries once, at this time (monotonic): a connection, a greeting and a PING, all within the
 * deadline. What came of it has to be taken before another is wanted. */
void cairn_redis_dialer_want(struct cairn_redis_dialer *dialer, int64_t at_us);

/* Can be read when a try has ended. */
int cairn_redis_dialer_fd(const struct cairn_redis_dialer *dialer);

/* Returns 0 with the connection, which is the caller's; 0 with NULL if no try has ended; or
 * -CAIRN_UNAVAILABLE if it was in vain. */
int cairn_redis_dialer_take(struct cairn_redis_dialer *dialer, struct cairn_redis **ret,
                            struct cairn_error *error) CAIRN_CHECKED;

#endif
