/* pipe.h - one Redis connection shared by many requests of one thread, with a circuit breaker. For
 * a thread with an event loop, which must not block.
 *
 *     ask       queues a command after the others
 *     prepare   sends the gathered commands in one piece, and tells what to poll for
 *     go on     reads the replies that have arrived, and calls the askers in the order of their
 *               questions
 *
 * While Redis works on a piece the next one gathers, so under load one round trip serves many.
 *
 *     the breaker   lets through   and becomes
 *     CLOSED        everything     OPEN when the connection fails or a reply is later than the
 *                                  deadline; all pending questions are answered with NULL
 *     OPEN          nothing        CLOSED when a probe (a connection and a PING within the
 *                                  deadline) succeeds; tried after 100 ms, then with doubled
 *                                  delays of up to 2 s, by a separate thread (dialer.h)
 *
 * An unavailable or slow Redis therefore costs one deadline for the questions pending at that time,
 * and nothing for later ones. A pipe begins CLOSED, with a connection being made.
 *
 * Threads: one. */
#ifndef CAIRN_REDIS_PIPE_H
#define CAIRN_REDIS_PIPE_H

#include "redis/redis.h"

#include <poll.h>

struct cairn_redis_pipe;

/* A question in progress. The pipe owns it from cairn_redis_pipe_ask() until `done` is called or it
 * is forgotten. */
struct cairn_redis_question {
    /* Must neither block nor ask. `reply` lies in the arena; NULL: there is no answer. */
    void (*done)(struct cairn_redis_question *question, const struct cairn_redis_reply *reply);
    void *context;             /* the caller's */
    struct cairn_arena *arena; /* used by the pipe until `done` */
    uint64_t number_;          /* the pipe's; 0: not in progress */
};

/* Returns 0, or -CAIRN_CONFIG if the URL is invalid or no more threads can be created. */
int cairn_redis_pipe_open(const char *url, int64_t deadline_us, struct cairn_redis_pipe **ret,
                          struct cairn_error *error) CAIRN_CHECKED;
/* Answers pending questions with NULL. NULL is fine. */
void cairn_redis_pipe_close(struct cairn_redis_pipe *pipe);

/* Asks, unless the breaker is open or too many questions are in progress. Returns false if it did
 * not ask; `done` will not be called then. */
bool cairn_redis_pipe_ask(struct cairn_redis_pipe *pipe, const struct cairn_redis_arg *args,
                          size_t count, struct cairn_redis_question *question) CAIRN_CHECKED;

/* Abandons a question: `done` is not called, and the caller owns the question again. Does nothing
 * if it is not in progress. */
void cairn_redis_pipe_forget(struct cairn_redis_pipe *pipe, struct cairn_redis_question *question);

/* Called before the loop waits: sends what it can, and fills in what to poll for. Returns until
 * when (monotonic), or 0 for no limit. */
int64_t cairn_redis_pipe_prepare(struct cairn_redis_pipe *pipe, struct pollfd *ret);

/* Called after the loop has waited: with the poll events, or 0 if there are none. */
void cairn_redis_pipe_go_on(struct cairn_redis_pipe *pipe, short what);

#endif
