/* pipe.h - one connection to Redis that many requests of one thread share, and a breaker that says
 * whether it is worth asking. For a thread with a loop, which waits for many things and never for
 * one.
 *
 *     ask       writes the command behind those of the others
 *     prepare   sends what has gathered in one piece, and says what to wait for
 *     go on     reads the replies that came, and calls those who asked, in the order in which they
 *               did
 *
 * While Redis works on a piece the next one gathers, so under load a round trip serves many.
 *
 *     the breaker   lets through   and becomes
 *     CLOSED        everything     OPEN when the connection fails or a reply is later than the
 *                                  deadline; all that is under way is told that there is no answer
 *     OPEN          nothing        CLOSED when a probe, a connection and a PING within the
 * deadline, succeeds; tried after 100 ms, then less and less often, at last every 2 s, by a thread
 * of its own (dialer.h)
 *
 * So a Redis that is away, or slow, costs those one deadline who were under way when that began,
 * and nobody else anything. A pipe begins CLOSED, with a connection that is being made.
 *
 * Threads: one. */
#ifndef CAIRN_REDIS_PIPE_H
#define CAIRN_REDIS_PIPE_H

#include "redis/redis.h"

#include <poll.h>

struct cairn_redis_pipe;

/* One question under way. It belongs to the pipe from cairn_redis_pipe_ask() until `done` is called
 * or it is forgotten. */
struct cairn_redis_question {
    /* Must not wait, nor ask. `reply` lies in the arena; NULL: there is no answer. */
    void (*done)(struct cairn_redis_question *question, const struct cairn_redis_reply *reply);
    void *context;             /* the asker's */
    struct cairn_arena *arena; /* used by the pipe meanwhile */
    uint64_t number_;          /* the pipe's; 0: not under way */
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

/* The asker has gone: `done` is not called, and the question is his again. Harmless where it is not
 * under way. */
void cairn_redis_pipe_forget(struct cairn_redis_pipe *pipe, struct cairn_redis_question *question);

/* Before the loop waits: sends what it can, and fills in what to wait for. Returns until when
 * (monotonic), or 0 for ever. */
int64_t cairn_redis_pipe_prepare(struct cairn_redis_pipe *pipe, struct pollfd *ret);

/* After it has waited: with what has come, or 0 if that is nothing. */
void cairn_redis_pipe_go_on(struct cairn_redis_pipe *pipe, short what);

#endif
