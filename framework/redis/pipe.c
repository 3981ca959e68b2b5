/* pipe.c - a thread that owns the connection, and what it shares with those who ask.
 *
 * Invariants, under `lock`
 *  (1) The bytes of `gathered` are the commands of the questions in `gathered_first`, in order.
 *  (2) Nothing is gathered while the breaker is open.
 * The thread's own
 *  (3) The questions in `sent_first` are those whose replies have not come, in order, whether all
 *      of their bytes have left or not. */
#include "redis/pipe.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "redis/connection.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROBE_US CAIRN_MILLISECONDS(100) /* the first after the breaker has opened */
#define PROBE_MAX_US CAIRN_SECONDS(2)    /* what it is doubled up to */
enum { UNDER_WAY_MAX = 20000 };

struct bytes {
    char *text;
    size_t count;
    size_t capacity;
};

struct line {
    struct cairn_redis_question *first;
    struct cairn_redis_question **end;
};

struct cairn_redis_pipe {
    int64_t deadline_us;
    int waker;
    pthread_t thread;

    pthread_mutex_t lock; /* guards what follows */
    struct bytes gathered;
    struct line asked;
    size_t under_way; /* gathered or sent */
    bool open;        /* the breaker */
    bool asleep;      /* the thread waits, and has to be woken */
    bool closing;

    struct cairn_redis *redis; /* the thread's own, as all below */
    struct cairn_arena arena;  /* of a probe */
    struct bytes leaving;
    size_t left; /* of them */
    struct line sent;
    struct line replied; /* not told yet */
    int64_t probe_us;    /* monotonic: when to try next */
    int64_t backing_us;  /* how long to wait after the next failure */
};

static struct cairn_metric breaker_open = CAIRN_GAUGE(
    "cairn_redis_breaker_open", "1 while reads do not ask Redis, as it is away or slow.", NULL);
static struct cairn_metric trips =
    CAIRN_COUNTER("cairn_redis_breaker_trips_total", "How often it became away or slow.", NULL);
static struct cairn_metric probes =
    CAIRN_COUNTER("cairn_redis_breaker_probes_total", "Probes of a Redis that was.", "outcome");
static struct cairn_metric commands =
    CAIRN_COUNTER("cairn_redis_commands_total", "Commands that shared the connection.", NULL);
static struct cairn_metric pieces =
    CAIRN_COUNTER("cairn_redis_pieces_total", "Pieces that they were sent in.", NULL);

/* ---- lines ---- */

static void clear(struct line *line)
{
    *line = (struct line){.end = NULL};
    line->end = &line->first;
}

static void add(struct line *line, struct cairn_redis_question *question)
{
    question->next = NULL;
    *line->end = question;
    line->end = &question->next;
}

static struct cairn_redis_question *take(struct line *line)
{
    struct cairn_redis_question *first = line->first;
    line->first = first->next;
    if (!line->first)
        line->end = &line->first;
    return first;
}

/* Moves all of `from` behind `to`. */
static void append(struct line *to, struct line *from)
{
    if (!from->first)
        return;
    *to->end = from->first;
    to->end = from->end;
    clear(from);
}

/* ---- asking ---- */

static void put(struct bytes *bytes, const void *text, size_t count)
{
    if (bytes->capacity - bytes->count < count) {
        bytes->capacity = 2 * bytes->capacity + count + 4096;
        bytes->text = cairn_reallocate(bytes->text, bytes->capacity);
    }
    memcpy(bytes->text + bytes->count, text, count);
    bytes->count += count;
}

static void put_size(struct bytes *bytes, char kind, size_t size)
{
    char text[32];
    int count = snprintf(text, sizeof text, "%c%zu\r\n", kind, size);
    put(bytes, text, (size_t)count);
}

/* As an array of bulk strings (the Redis serialization protocol). */
static void put_command(struct bytes *bytes, const struct cairn_redis_arg *args, size_t count)
{
    put_size(bytes, '*', count);
    for (size_t i = 0; i < count; i++) {
        put_size(bytes, '$', args[i].count);
        put(bytes, args[i].bytes, args[i].count);
        put(bytes, "\r\n", 2);
    }
}

bool cairn_redis_pipe_ask(struct cairn_redis_pipe *pipe, const struct cairn_redis_arg *args,
                          size_t count, struct cairn_redis_question *question)
{
    (void)pthread_mutex_lock(&pipe->lock);
    bool asked = !pipe->open && !pipe->closing && pipe->under_way < UNDER_WAY_MAX;
    bool wake = asked && pipe->asleep;
    if (asked) {
        question->asked_us = cairn_monotonic_us();
        question->answered = false;
        put_command(&pipe->gathered, args, count);
        add(&pipe->asked, question);
        pipe->under_way++;
        pipe->asleep = false;
    }
    (void)pthread_mutex_unlock(&pipe->lock);
    if (wake)
        (void)eventfd_write(pipe->waker, 1);
    return asked;
}

/* ---- the thread: replies ---- */

/* The reply to the first of those that were sent. */
static void take_reply(struct cairn_redis_pipe *pipe, const struct redisReply *from)
{
    struct cairn_redis_question *question = take(&pipe->sent);
    cairn_redis_copy_reply(from, question->arena, &question->reply);
    question->answered = true;
    add(&pipe->replied, question);
}

/* Calls those whose replies were taken, all at once: whoever is called wakes others, who would be
 * in the way of the next. */
static void tell(struct cairn_redis_pipe *pipe)
{
    size_t count = 0;
    for (const struct cairn_redis_question *at = pipe->replied.first; at; at = at->next)
        count++;
    (void)pthread_mutex_lock(&pipe->lock);
    pipe->under_way -= count;
    (void)pthread_mutex_unlock(&pipe->lock);
    while (pipe->replied.first) {
        struct cairn_redis_question *question = take(&pipe->replied);
        question->done(question, question->answered ? &question->reply : NULL);
    }
}

/* Nobody who has asked gets an answer. Returns whether the breaker was closed. */
static bool drop_all(struct cairn_redis_pipe *pipe)
{
    cairn_redis_hang_up(pipe->redis);
    (void)pthread_mutex_lock(&pipe->lock);
    bool was_closed = !pipe->open;
    pipe->open = true;
    append(&pipe->sent, &pipe->asked);
    pipe->gathered.count = 0;
    (void)pthread_mutex_unlock(&pipe->lock);
    pipe->leaving.count = pipe->left = 0;
    append(&pipe->replied, &pipe->sent);
    tell(pipe);
    return was_closed;
}

static void trip(struct cairn_redis_pipe *pipe, const char *why)
{
    bool is_new = drop_all(pipe);
    pipe->probe_us = cairn_monotonic_us() + pipe->backing_us;
    pipe->backing_us = pipe->backing_us * 2 < PROBE_MAX_US ? pipe->backing_us * 2 : PROBE_MAX_US;
    cairn_metric_set(&breaker_open, "", 1);
    if (!is_new)
        return;
    cairn_metric_add(&trips, "", 1);
    cairn_log(CAIRN_LOG_WARN, "reads do without Redis", CAIRN_LOG_TEXT("error", why));
}

/* Says what is wrong with the reply itself: Redis is there, and loading, or not ours to read. */
static const char *refusal(const struct redisReply *reply)
{
    return reply->type == REDIS_REPLY_ERROR ? reply->str : NULL;
}

/* Reads what has come, and answers whom it is for. */
static void receive(struct cairn_redis_pipe *pipe, struct redisContext *wire)
{
    char why[200];
    void *reply = NULL;
    if (redisBufferRead(wire) != REDIS_OK) {
        (void)snprintf(why, sizeof why, "%s", wire->errstr);
        trip(pipe, why);
        return;
    }
    while (redisGetReplyFromReader(wire, &reply) == REDIS_OK && reply) {
        if (!pipe->sent.first || refusal(reply)) {
            (void)snprintf(why, sizeof why, "%.190s",
                           refusal(reply) ? refusal(reply) : "a reply that nobody asked for");
            freeReplyObject(reply);
            trip(pipe, why);
            return;
        }
        take_reply(pipe, reply);
        freeReplyObject(reply);
    }
    tell(pipe);
    if (wire->err)
        trip(pipe, "a reply that cannot be read");
}

/* ---- the thread: commands ---- */

/* Takes what has gathered once the last piece has left. */
static void load(struct cairn_redis_pipe *pipe)
{
    int64_t count = 0;
    if (pipe->left < pipe->leaving.count)
        return;
    pipe->left = pipe->leaving.count = 0;
    (void)pthread_mutex_lock(&pipe->lock);
    struct bytes taken = pipe->gathered;
    pipe->gathered = pipe->leaving;
    pipe->leaving = taken;
    for (const struct cairn_redis_question *at = pipe->asked.first; at; at = at->next)
        count++;
    append(&pipe->sent, &pipe->asked);
    (void)pthread_mutex_unlock(&pipe->lock);
    if (count == 0)
        return;
    cairn_metric_add(&commands, "", count);
    cairn_metric_add(&pieces, "", 1);
}

static void send_on(struct cairn_redis_pipe *pipe, int socket)
{
    while (pipe->left < pipe->leaving.count) {
        ssize_t sent = send(socket, pipe->leaving.text + pipe->left,
                            pipe->leaving.count - pipe->left, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            trip(pipe, strerror(errno));
        if (sent < 0)
            return;
        pipe->left += (size_t)sent;
    }
}

/* ---- the thread: connecting ---- */

static bool is_closing(struct cairn_redis_pipe *pipe)
{
    (void)pthread_mutex_lock(&pipe->lock);
    bool closing = pipe->closing;
    (void)pthread_mutex_unlock(&pipe->lock);
    return closing;
}

static void close_breaker(struct cairn_redis_pipe *pipe)
{
    (void)pthread_mutex_lock(&pipe->lock);
    bool was_open = pipe->open;
    pipe->open = false;
    (void)pthread_mutex_unlock(&pipe->lock);
    pipe->backing_us = PROBE_US;
    cairn_metric_set(&breaker_open, "", 0);
    if (was_open)
        cairn_log(CAIRN_LOG_INFO, "reads ask Redis again");
}

/* A connection, a greeting and a PING, all within the deadline. */
static void probe(struct cairn_redis_pipe *pipe)
{
    struct cairn_redis_reply pong;
    struct cairn_error error = {0};
    const int64_t begun_us = cairn_monotonic_us();
    cairn_arena_reset(&pipe->arena);
    int failed = cairn_redis_call(pipe->redis, &CAIRN_ARG("PING"), 1, &pipe->arena, &pong, &error);
    if (!failed && cairn_monotonic_us() - begun_us > pipe->deadline_us)
        failed = cairn_fail(&error, CAIRN_UNAVAILABLE, "Redis is slow");
    cairn_metric_add(&probes, failed ? "failed" : "succeeded", 1);
    if (failed)
        trip(pipe, error.message);
    else
        close_breaker(pipe);
}

/* ---- the thread ---- */

/* When the oldest question is too late, or the next probe is due; 0 for never. */
static int64_t due_us(const struct cairn_redis_pipe *pipe, bool connected)
{
    if (!connected)
        return pipe->probe_us;
    return pipe->sent.first ? pipe->sent.first->asked_us + pipe->deadline_us : 0;
}

/* May the thread wait? Whoever asks next has to wake it only where nothing is under way: while a
 * reply is, questions gather until it comes. */
static bool fall_asleep(struct cairn_redis_pipe *pipe)
{
    (void)pthread_mutex_lock(&pipe->lock);
    pipe->asleep = !pipe->sent.first && !pipe->asked.first;
    bool waits = (pipe->asleep || pipe->sent.first) && !pipe->closing;
    (void)pthread_mutex_unlock(&pipe->lock);
    return waits;
}

static void wait_for_something(struct cairn_redis_pipe *pipe, const struct redisContext *wire,
                               bool *ret_readable)
{
    eventfd_t ignored;
    struct pollfd fds[2] = {{.fd = pipe->waker, .events = POLLIN}};
    int64_t until_us = due_us(pipe, wire != NULL);
    int64_t wait_us = until_us ? until_us - cairn_monotonic_us() : CAIRN_SECONDS(60);
    if (wire)
        fds[1] = (struct pollfd){.fd = wire->fd, .events = POLLIN};
    if (pipe->left < pipe->leaving.count)
        fds[1].events |= POLLOUT;
    if (wait_us < 0 || !fall_asleep(pipe))
        wait_us = 0;
    (void)poll(fds, wire ? 2 : 1, (int)((wait_us + 999) / 1000));
    if (fds[0].revents)
        (void)eventfd_read(pipe->waker, &ignored);
    *ret_readable = wire && fds[1].revents & (POLLIN | POLLERR | POLLHUP);
}

static void step(struct cairn_redis_pipe *pipe)
{
    struct redisContext *wire = cairn_redis_wire(pipe->redis);
    bool readable = false;
    if (!wire && cairn_monotonic_us() >= pipe->probe_us) {
        probe(pipe);
        return;
    }
    if (wire) {
        load(pipe);
        send_on(pipe, wire->fd);
        wire = cairn_redis_wire(pipe->redis);
    }
    wait_for_something(pipe, wire, &readable);
    if (readable)
        receive(pipe, wire);
    int64_t late_us = due_us(pipe, true);
    if (late_us && cairn_monotonic_us() > late_us && cairn_redis_wire(pipe->redis))
        trip(pipe, "a reply is late");
}

static void *run(void *context)
{
    struct cairn_redis_pipe *pipe = context;
    while (!is_closing(pipe))
        step(pipe);
    (void)drop_all(pipe);
    return NULL;
}

/* ---- life ---- */

static void dispose(struct cairn_redis_pipe *pipe)
{
    cairn_redis_close(pipe->redis);
    cairn_arena_close(&pipe->arena);
    if (pipe->waker >= 0)
        (void)close(pipe->waker);
    (void)pthread_mutex_destroy(&pipe->lock);
    free(pipe->gathered.text);
    free(pipe->leaving.text);
    free(pipe);
}

int cairn_redis_pipe_open(const char *url, int64_t deadline_us, struct cairn_redis_pipe **ret,
                          struct cairn_error *error)
{
    struct cairn_redis_pipe *pipe = cairn_allocate(sizeof *pipe);
    pipe->deadline_us = deadline_us;
    pipe->backing_us = PROBE_US;
    pipe->waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    clear(&pipe->asked);
    clear(&pipe->sent);
    clear(&pipe->replied);
    (void)pthread_mutex_init(&pipe->lock, NULL);
    int failed = cairn_redis_open(url, deadline_us, &pipe->redis, error);
    if (!failed && (pipe->waker < 0 || pthread_create(&pipe->thread, NULL, run, pipe) != 0))
        failed = cairn_fail(error, CAIRN_CONFIG, "cannot start a thread that asks Redis");
    if (failed) {
        dispose(pipe);
        return failed;
    }
    *ret = pipe;
    return 0;
}

void cairn_redis_pipe_close(struct cairn_redis_pipe *pipe)
{
    if (!pipe)
        return;
    (void)pthread_mutex_lock(&pipe->lock);
    pipe->closing = true;
    (void)pthread_mutex_unlock(&pipe->lock);
    (void)eventfd_write(pipe->waker, 1);
    (void)pthread_join(pipe->thread, NULL);
    dispose(pipe);
}
