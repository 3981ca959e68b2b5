/* pipe.h - one connection to Redis that many requests share, and a breaker that says whether it is
 * worth asking.
 *
 *     whoever asks      writes his command behind those of the others, and goes
 *     the pipe's thread sends all that has gathered in one piece, reads the replies that came, and
 *                       calls those who asked, in the order in which they did
 *
 * While Redis works on a piece the next one gathers, so under load a round trip serves many.
 *
 *     the breaker   lets through   and becomes
 *     CLOSED        everything     OPEN when the connection fails or a reply is later than the
 *                                  deadline; all that is under way is told that there is no answer
 *     OPEN          nothing        CLOSED when a probe, a connection and a PING of the pipe's own
 *                                  within the deadline, succeeds; tried after 100 ms, then less
 *                                  and less often, at last every 2 s
 *
 * So a Redis that is away, or slow, costs those one deadline who were under way when that began,
 * and nobody else anything. A pipe begins CLOSED, with a connection that is still to be made.
 *
 * Threads: any thread may ask; one opens and closes. */
#ifndef CAIRN_REDIS_PIPE_H
#define CAIRN_REDIS_PIPE_H

#include "redis/redis.h"

struct cairn_redis_pipe;

/* One question under way. It belongs to the pipe from cairn_redis_pipe_ask() until `done` is
 * called. */
struct cairn_redis_question {
    /* On the pipe's thread: must not wait. `reply` lies in the arena; NULL: there is no answer. */
    void (*done)(struct cairn_redis_question *question, const struct cairn_redis_reply *reply);
    void *context;                     /* the asker's */
    struct cairn_arena *arena;         /* used by the pipe's thread meanwhile */
    struct cairn_redis_question *next; /* the pipe's, as all below */
    int64_t asked_us;
    struct cairn_redis_reply reply;
    bool answered;
};

/* Returns 0, or -CAIRN_CONFIG if the URL makes no sense or there can be no more threads. */
int cairn_redis_pipe_open(const char *url, int64_t deadline_us, struct cairn_redis_pipe **ret,
                          struct cairn_error *error) CAIRN_CHECKED;
/* Whoever still waits is told that there is no answer. NULL is fine. */
void cairn_redis_pipe_close(struct cairn_redis_pipe *pipe);

/* Asks, if the breaker lets it and not too much is under way. False: it was not asked, and `done`
 * will not be called. */
bool cairn_redis_pipe_ask(struct cairn_redis_pipe *pipe, const struct cairn_redis_arg *args,
                          size_t count, struct cairn_redis_question *question) CAIRN_CHECKED;

#endif
