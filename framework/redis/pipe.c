/* pipe.c - pipelined questions over one connection, answered in the order in which they were asked.
 *
 * Invariants
 *  (1) The questions from `first` up to `next` are in progress, in order; the bytes of those that
 *      were not sent completely are in `unsent`. The slot of a forgotten question is empty, but
 *      its reply still arrives.
 *  (2) While the breaker is open there are neither questions nor a connection.
 *  (3) While there is no connection, one is being made. */
#include "redis/pipe.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "redis/dialer.h"
#include "redis/redis_connection.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PROBE_US CAIRN_MILLISECONDS(100) /* delay of the first probe after the breaker has opened */
#define PROBE_MAX_US CAIRN_SECONDS(2)    /* upper limit of the doubled delay */
enum { UNDER_WAY_MAX = 1 << 14 };        /* a power of two */

struct slot {
    struct cairn_redis_question *question;
    int64_t asked_us;
};

struct cairn_redis_pipe {
    int64_t deadline_us;
    int64_t backing_us; /* delay of the next connection attempt after a failure */
    struct cairn_redis_dialer *dialer;
    struct cairn_redis *redis; /* NULL: there is no connection */
    bool open;                 /* the breaker */
    char *unsent;
    size_t unsent_bytes;
    size_t unsent_room;
    size_t sent_bytes; /* of `unsent`, already sent */
    bool leaving;      /* part of a piece has been sent, but not all of it */
    int64_t sent_us;   /* when sending of the current piece began */
    uint64_t first;    /* question whose reply comes next; numbered from 1 */
    uint64_t gathered; /* the first question not yet part of a piece */
    uint64_t next;
    struct slot *slots; /* by number, modulo UNDER_WAY_MAX */
};

static struct cairn_metric breaker_open = CAIRN_GAUGE(
    "cairn_redis_breaker_open", "Threads whose circuit breaker for Redis is open.", NULL);
static struct cairn_metric trips = CAIRN_COUNTER("cairn_redis_breaker_trips_total",
                                                 "Times that the circuit breaker opened.", NULL);
static struct cairn_metric commands =
    CAIRN_COUNTER("cairn_redis_commands_total", "Commands that shared a connection.", NULL);
static struct cairn_metric pieces =
    CAIRN_COUNTER("cairn_redis_pieces_total", "Pieces that they were sent in.", NULL);

/* ---- asking ---- */

static struct slot *slot_of(const struct cairn_redis_pipe *pipe, uint64_t number)
{
    return &pipe->slots[number % UNDER_WAY_MAX];
}

static char *make_room(struct cairn_redis_pipe *pipe, size_t bytes)
{
    if (pipe->unsent_room - pipe->unsent_bytes < bytes) {
        pipe->unsent_room = 2 * pipe->unsent_room + bytes + 4096;
        pipe->unsent = cairn_reallocate(pipe->unsent, pipe->unsent_room);
    }
    return pipe->unsent + pipe->unsent_bytes;
}

/* Writes "*3\r\n". */
static void put_size(struct cairn_redis_pipe *pipe, char kind, size_t size)
{
    enum { SIZE_BYTES = 24 };
    char digits[SIZE_BYTES];
    size_t at = sizeof digits;
    char *to = make_room(pipe, SIZE_BYTES + 3);
    do
        digits[--at] = (char)('0' + size % 10);
    while (size /= 10);
    *to++ = kind;
    memcpy(to, digits + at, sizeof digits - at);
    to += sizeof digits - at;
    *to++ = '\r';
    *to++ = '\n';
    pipe->unsent_bytes = (size_t)(to - pipe->unsent);
}

/* Writes the command as an array of bulk strings (the Redis serialization protocol). */
static void put_command(struct cairn_redis_pipe *pipe, const struct cairn_redis_arg *args,
                        size_t count)
{
    put_size(pipe, '*', count);
    for (size_t i = 0; i < count; i++) {
        put_size(pipe, '$', args[i].count);
        char *to = make_room(pipe, args[i].count + 2);
        memcpy(to, args[i].bytes, args[i].count);
        to[args[i].count] = '\r';
        to[args[i].count + 1] = '\n';
        pipe->unsent_bytes += args[i].count + 2;
    }
}

bool cairn_redis_pipe_ask(struct cairn_redis_pipe *pipe, const struct cairn_redis_arg *args,
                          size_t count, struct cairn_redis_question *question)
{
    if (pipe->open || pipe->next - pipe->first == UNDER_WAY_MAX)
        return false;
    question->number_ = pipe->next++;
    *slot_of(pipe, question->number_) = (struct slot){question, cairn_monotonic_us()};
    put_command(pipe, args, count);
    return true;
}

void cairn_redis_pipe_forget(struct cairn_redis_pipe *pipe, struct cairn_redis_question *question)
{
    if (question->number_)
        slot_of(pipe, question->number_)->question = NULL;
    question->number_ = 0;
}

/* ---- replies ---- */

/* Passes the reply to the next question in order. */
static void answer(struct cairn_redis_pipe *pipe, const struct redisReply *from)
{
    struct cairn_redis_reply reply;
    struct cairn_redis_question *question = slot_of(pipe, pipe->first++)->question;
    if (!question)
        return;
    question->number_ = 0;
    if (from)
        cairn_redis_copy_reply(from, question->arena, &reply);
    question->done(question, from ? &reply : NULL);
}

/* Closes the connection; no pending question gets a reply. */
static void drop_all(struct cairn_redis_pipe *pipe)
{
    cairn_redis_close(pipe->redis);
    pipe->redis = NULL;
    while (pipe->first < pipe->next)
        answer(pipe, NULL);
    pipe->gathered = pipe->next;
    pipe->unsent_bytes = pipe->sent_bytes = 0;
    pipe->leaving = false;
}

/* Opens the breaker: Redis is not asked any more. */
static void trip(struct cairn_redis_pipe *pipe, const char *why)
{
    bool was_open = pipe->open;
    pipe->open = true;
    drop_all(pipe);
    if (was_open)
        return;
    cairn_metric_add(&breaker_open, "", 1);
    cairn_metric_add(&trips, "", 1);
    cairn_log(CAIRN_LOG_WARN, "reads bypass Redis: the breaker is open",
              CAIRN_LOG_TEXT("error", why));
}

static void dial_again(struct cairn_redis_pipe *pipe)
{
    cairn_redis_dialer_want(pipe->dialer, cairn_monotonic_us() + pipe->backing_us);
    pipe->backing_us = pipe->backing_us * 2 < PROBE_MAX_US ? pipe->backing_us * 2 : PROBE_MAX_US;
}

/* Gives up the connection and schedules a new one. */
static void drop_connection(struct cairn_redis_pipe *pipe, const char *why)
{
    trip(pipe, why);
    dial_again(pipe);
}

/* Returns the error in a reply, or NULL. Error reply: Redis is loading, or access is denied. */
static const char *refusal(const struct cairn_redis_pipe *pipe, const struct redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR)
        return reply->str;
    return pipe->first == pipe->gathered ? "an unexpected reply" : NULL;
}

/* Reads the replies that have arrived and passes them on. */
static void receive(struct cairn_redis_pipe *pipe)
{
    struct redisContext *wire = cairn_redis_wire(pipe->redis);
    char why[200];
    bool good = redisBufferRead(wire) == REDIS_OK;
    void *reply = NULL;
    (void)snprintf(why, sizeof why, "%.190s", wire->errstr);
    while (good && redisGetReplyFromReader(wire, &reply) == REDIS_OK && reply) {
        const char *wrong = refusal(pipe, reply);
        good = !wrong;
        if (wrong)
            (void)snprintf(why, sizeof why, "%.190s", wrong);
        else
            answer(pipe, reply);
        freeReplyObject(reply);
    }
    if (pipe->leaving) /* the piece may still grow while replies arrive */
        pipe->sent_us = cairn_monotonic_us();
    if (good && wire->err)
        (void)snprintf(why, sizeof why, "%.190s", wire->errstr);
    if (!good || wire->err)
        drop_connection(pipe, why);
}

/* Reads what has arrived; with TLS also what was decrypted with it, of which the socket does not
 * tell. */
static void receive_all(struct cairn_redis_pipe *pipe)
{
    do
        receive(pipe);
    while (pipe->redis && cairn_redis_has_decrypted(pipe->redis));
}

/* ---- commands ---- */

/* A piece consists of all commands gathered so far. It is sent once the previous one has been
 * answered; commands that arrive while it is being sent are added to it. */
static bool may_leave(const struct cairn_redis_pipe *pipe)
{
    return pipe->leaving || (pipe->unsent_bytes > 0 && pipe->first == pipe->gathered);
}

static void begin_piece(struct cairn_redis_pipe *pipe)
{
    cairn_metric_add(&commands, "", (int64_t)(pipe->next - pipe->gathered));
    pipe->gathered = pipe->next;
    if (pipe->leaving)
        return;
    cairn_metric_add(&pieces, "", 1);
    pipe->leaving = true;
    pipe->sent_us = cairn_monotonic_us();
}

static void send_on(struct cairn_redis_pipe *pipe)
{
    begin_piece(pipe);
    while (pipe->sent_bytes < pipe->unsent_bytes) {
        ssize_t sent = cairn_redis_send(pipe->redis, pipe->unsent + pipe->sent_bytes,
                                        pipe->unsent_bytes - pipe->sent_bytes);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            drop_connection(pipe, strerror(errno));
        if (sent < 0)
            return;
        pipe->sent_bytes += (size_t)sent;
    }
    pipe->unsent_bytes = pipe->sent_bytes = 0;
    pipe->leaving = false;
}

/* ---- connecting ---- */

static void close_breaker(struct cairn_redis_pipe *pipe)
{
    pipe->backing_us = PROBE_US;
    if (!pipe->open)
        return;
    pipe->open = false;
    cairn_metric_add(&breaker_open, "", -1);
    cairn_log(CAIRN_LOG_INFO, "reads use Redis again: the breaker is closed");
}

static void see_dialer(struct cairn_redis_pipe *pipe)
{
    struct cairn_error error = {0};
    if (cairn_redis_dialer_take(pipe->dialer, &pipe->redis, &error) < 0)
        drop_connection(pipe, error.message);
    else if (pipe->redis) {
        cairn_redis_unblock(pipe->redis);
        close_breaker(pipe);
    }
}

/* ---- called by the polling loop ---- */

/* Returns the deadline of the oldest question; 0 for none. While connected, the time counts
 * from the sending of the piece, since this thread may have been busy before. Forgotten
 * questions count. */
static int64_t late_us(const struct cairn_redis_pipe *pipe)
{
    if (pipe->redis)
        return pipe->first < pipe->gathered ? pipe->sent_us + pipe->deadline_us : 0;
    return pipe->first < pipe->next ? slot_of(pipe, pipe->first)->asked_us + pipe->deadline_us : 0;
}

static bool is_late(const struct cairn_redis_pipe *pipe)
{
    int64_t until_us = late_us(pipe);
    return until_us && cairn_monotonic_us() > until_us;
}

int64_t cairn_redis_pipe_prepare(struct cairn_redis_pipe *pipe, struct pollfd *ret)
{
    if (pipe->redis && may_leave(pipe))
        send_on(pipe);
    if (pipe->redis)
        *ret = (struct pollfd){.fd = cairn_redis_wire(pipe->redis)->fd, .events = POLLIN};
    else
        *ret = (struct pollfd){.fd = cairn_redis_dialer_fd(pipe->dialer), .events = POLLIN};
    if (pipe->leaving)
        ret->events |= POLLOUT;
    return late_us(pipe);
}

void cairn_redis_pipe_go_on(struct cairn_redis_pipe *pipe, short what)
{
    if (!pipe->redis)
        see_dialer(pipe);
    else if (what & (POLLIN | POLLERR | POLLHUP))
        receive_all(pipe);
    while (pipe->redis && is_late(pipe) && cairn_redis_has_input(pipe->redis))
        receive(pipe);
    if (!is_late(pipe))
        return;
    if (pipe->redis)
        drop_connection(pipe, "a reply timed out");
    else
        trip(pipe, "connecting timed out");
}

/* ---- life ---- */

int cairn_redis_pipe_open(const char *url, int64_t deadline_us, struct cairn_redis_pipe **ret,
                          struct cairn_error *error)
{
    struct cairn_redis_dialer *dialer = NULL;
    int failed = cairn_redis_dialer_open(url, deadline_us, &dialer, error);
    if (failed)
        return failed;
    struct cairn_redis_pipe *pipe = cairn_allocate(sizeof *pipe);
    pipe->deadline_us = deadline_us;
    pipe->backing_us = PROBE_US;
    pipe->dialer = dialer;
    pipe->first = pipe->gathered = pipe->next = 1;
    pipe->slots = cairn_allocate(UNDER_WAY_MAX * sizeof *pipe->slots);
    cairn_redis_dialer_want(dialer, 0);
    *ret = pipe;
    return 0;
}

void cairn_redis_pipe_close(struct cairn_redis_pipe *pipe)
{
    if (!pipe)
        return;
    drop_all(pipe);
    if (pipe->open)
        cairn_metric_add(&breaker_open, "", -1);
    cairn_redis_dialer_close(pipe->dialer);
    free(pipe->unsent);
    free(pipe->slots);
    free(pipe);
}
