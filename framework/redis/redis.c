/* redis.c - a connection that is opened on demand, and commands on it. */
#include "redis/redis_connection.h"

#include "core/threads/clock.h"
#include "redis/address.h"
#include "redis/redis_tls.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { RETRY_US = 250000, SCRIPTS_MAX = 8 };

struct known_script {
    const struct cairn_redis_script *script;
    char sha[41];
};

struct cairn_redis {
    struct cairn_arena arena; /* for the address */
    struct cairn_redis_address address;
    int64_t deadline_us;
    int64_t retry_us; /* monotonic: earliest time of the next connection attempt */
    redisContext *context;
    struct ssl_st *session;                   /* of the context; NULL: it is not encrypted */
    struct known_script scripts[SCRIPTS_MAX]; /* known to be loaded on this connection's server */
    size_t script_count;
};

int cairn_redis_open(const char *url, int64_t deadline_us, struct cairn_redis **ret,
                     struct cairn_error *error)
{
    struct cairn_redis *redis = cairn_allocate(sizeof *redis);
    int failed = cairn_redis_address(url, &redis->arena, &redis->address, error);
    if (failed) {
        cairn_redis_close(redis);
        return failed;
    }
    if (redis->address.tls && !cairn_redis_has_tls()) {
        cairn_redis_close(redis);
        return cairn_fail(error, CAIRN_CONFIG,
                          "rediss:// needs hiredis 1.0 or newer, with its TLS: this program was "
                          "built with %d.%d",
                          HIREDIS_MAJOR, HIREDIS_MINOR);
    }
    redis->deadline_us = deadline_us;
    *ret = redis;
    return 0;
}

static void drop(struct cairn_redis *redis)
{
    if (redis->context)
        redisFree(redis->context);
    redis->context = NULL;
    redis->session = NULL;
    redis->script_count = 0;
    redis->retry_us = cairn_monotonic_us() + RETRY_US;
}

void cairn_redis_close(struct cairn_redis *redis)
{
    if (!redis)
        return;
    drop(redis);
    cairn_arena_close(&redis->arena);
    free(redis);
}

struct redisContext *cairn_redis_wire(struct cairn_redis *redis)
{
    return redis->context;
}

static int fail_away(struct cairn_redis *redis, const char *why, struct cairn_error *error)
{
    int failed = cairn_fail_inside(error, CAIRN_UNAVAILABLE, "Redis is unavailable", "%.200s", why);
    drop(redis);
    return failed;
}

/* ---- replies ---- */

/* Returns whether an error reply means "not now": by its first word, or by that of an error passed
 * on by a script ("… -OOM …", the form used by Redis before version 7). */
static bool is_away(const char *message)
{
    static const char *const states[] = {"LOADING",    "READONLY", "OOM",    "MASTERDOWN",
                                         "NOREPLICAS", "BUSY",     "NOAUTH", "WRONGPASS",
                                         "MISCONF",    "TRYAGAIN", "NOPERM", "CLUSTERDOWN"};
    const char *passed_on = strstr(message, " -");
    const char *word = passed_on ? passed_on + 2 : message;
    size_t bytes = strcspn(word, " ");
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strlen(states[i]) == bytes && memcmp(word, states[i], bytes) == 0)
            return true;
    }
    return strstr(message, "max number of clients") != NULL;
}

void cairn_redis_copy_reply(const struct redisReply *reply, struct cairn_arena *arena,
                            struct cairn_redis_reply *ret)
{
    *ret = (struct cairn_redis_reply){.kind = CAIRN_REDIS_NIL};
    switch (reply->type) {
    case REDIS_REPLY_INTEGER:
        ret->kind = CAIRN_REDIS_INTEGER;
        ret->integer = reply->integer;
        break;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR: /* inside a list */
        ret->kind = CAIRN_REDIS_TEXT;
        ret->text = cairn_copy_bytes(arena, reply->str, reply->len);
        ret->bytes = reply->len;
        break;
    case REDIS_REPLY_ARRAY: {
        struct cairn_redis_reply *items =
            cairn_new(arena, struct cairn_redis_reply, reply->elements);
        for (size_t i = 0; i < reply->elements; i++)
            cairn_redis_copy_reply(reply->element[i], arena, &items[i]);
        ret->kind = CAIRN_REDIS_LIST;
        ret->items = items;
        ret->count = reply->elements;
        break;
    }
    default:
        break;
    }
}

/* Consumes a reply of hiredis; NULL means that the connection failed. */
static int take_reply(struct cairn_redis *redis, redisReply *reply, struct cairn_arena *arena,
                      struct cairn_redis_reply *ret, struct cairn_error *error)
{
    if (!reply)
        return fail_away(redis, redis->context->errstr, error);
    int failed = 0;
    /* The next connection may reach another server, or this one after it has recovered. */
    if (reply->type == REDIS_REPLY_ERROR && is_away(reply->str))
        failed = fail_away(redis, reply->str, error);
    else if (reply->type == REDIS_REPLY_ERROR)
        failed = cairn_fail(error, CAIRN_BUG, "Redis: %.200s", reply->str);
    else
        cairn_redis_copy_reply(reply, arena, ret);
    freeReplyObject(reply);
    return failed;
}

/* hiredis writes without MSG_NOSIGNAL: writing to a closed connection raises SIGPIPE, which would
 * end the process, so the signal is blocked and consumed here. */
static redisReply *send_command(redisContext *context, int count, const char **texts,
                                const size_t *lengths)
{
    static const struct timespec at_once = {0};
    sigset_t broken_pipe;
    sigset_t before;
    (void)sigemptyset(&broken_pipe);
    (void)sigaddset(&broken_pipe, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
    redisReply *reply = redisCommandArgv(context, count, texts, lengths);
    if (!reply)
        (void)sigtimedwait(&broken_pipe, NULL, &at_once);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return reply;
}

/* Sends a command on the open connection. */
static int command(struct cairn_redis *redis, const struct cairn_redis_arg *args, size_t count,
                   struct cairn_arena *arena, struct cairn_redis_reply *ret,
                   struct cairn_error *error)
{
    const char **texts = cairn_new(arena, const char *, count);
    size_t *lengths = cairn_new(arena, size_t, count);
    for (size_t i = 0; i < count; i++) {
        texts[i] = args[i].bytes;
        lengths[i] = args[i].count;
    }
    redisReply *reply = send_command(redis->context, (int)count, texts, lengths);
    return take_reply(redis, reply, arena, ret, error);
}

/* ---- connecting ---- */

static struct timeval as_timeval(int64_t us)
{
    return (struct timeval){.tv_sec = us / 1000000, .tv_usec = us % 1000000};
}

static int encrypt(struct cairn_redis *redis, struct cairn_error *error)
{
    char why[200];
    redis->session = cairn_redis_tls_begin(redis->context, &redis->address, why, sizeof why);
    return redis->session ? 0 : fail_away(redis, why, error);
}

static int dial(struct cairn_redis *redis, struct cairn_error *error)
{
    const struct cairn_redis_address *address = &redis->address;
    struct timeval deadline = as_timeval(redis->deadline_us);
    redis->context = address->path
                         ? redisConnectUnixWithTimeout(address->path, deadline)
                         : redisConnectWithTimeout(address->host, address->port, deadline);
    if (!redis->context)
        return fail_away(redis, "out of memory", error);
    if (redis->context->err)
        return fail_away(redis, redis->context->errstr, error);
    (void)redisSetTimeout(redis->context, deadline);
    if (!address->path) /* detects a peer that has vanished silently */
        (void)redisEnableKeepAlive(redis->context);
    return address->tls ? encrypt(redis, error) : 0;
}

/* Logs in. A server that does not know the command repeats its arguments, and so the password:
 * that reply is not kept. */
static int log_in(struct cairn_redis *redis, struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_redis_address *address = &redis->address;
    struct cairn_redis_arg login[3] = {CAIRN_ARG("AUTH")};
    struct cairn_redis_reply ignored;
    struct cairn_error wrong = {0};
    size_t count = 1;
    if (address->user)
        login[count++] = CAIRN_ARG(address->user);
    login[count++] = CAIRN_ARG(address->password);
    int failed = command(redis, login, count, arena, &ignored, &wrong);
    if (failed == -CAIRN_BUG)
        return cairn_fail_inside(error, CAIRN_UNAVAILABLE, "Redis is unavailable",
                                 "it does not accept AUTH with %s",
                                 address->user ? "a user" : "a password alone");
    return failed ? cairn_error_pass(error, &wrong) : 0;
}

/* Authenticates and selects the database. */
static int greet(struct cairn_redis *redis, struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_redis_address *address = &redis->address;
    struct cairn_redis_reply ignored;
    int failed = address->password ? log_in(redis, arena, error) : 0;
    if (failed || !address->database)
        return failed;
    const struct cairn_redis_arg choice[] = {
        CAIRN_ARG("SELECT"), CAIRN_ARG(cairn_print(arena, "%d", address->database))};
    return command(redis, choice, 2, arena, &ignored, error);
}

/* A Redis that rejects the login counts as unavailable: its setup may not be finished. */
static int connect_now(struct cairn_redis *redis, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_error refusal = {0};
    int failed = dial(redis, &refusal);
    if (!failed)
        failed = greet(redis, &arena, &refusal);
    cairn_arena_close(&arena);
    if (!failed)
        return 0;
    if (redis->context)
        drop(redis);
    refusal.code = CAIRN_UNAVAILABLE;
    return cairn_error_pass(error, &refusal);
}

static bool is_readable(const struct cairn_redis *redis)
{
    struct pollfd fd = {.fd = redis->context->fd, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

/* An idle connection is readable only if the peer has closed it. */
static bool was_closed_while_idle(const struct cairn_redis *redis)
{
    return is_readable(redis) &&
           (!redis->session || cairn_redis_tls_was_closed(redis->context, redis->session));
}

/* ---- piece by piece ---- */

void cairn_redis_unblock(struct cairn_redis *redis)
{
    if (redis->session)
        cairn_redis_tls_unblock(redis->context);
}

ssize_t cairn_redis_send(struct cairn_redis *redis, const void *bytes, size_t count)
{
    if (redis->session)
        return cairn_redis_tls_send(redis->session, bytes, count);
    return send(redis->context->fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool cairn_redis_has_decrypted(struct cairn_redis *redis)
{
    return redis->session && cairn_redis_tls_pending(redis->session);
}

bool cairn_redis_has_input(struct cairn_redis *redis)
{
    return cairn_redis_has_decrypted(redis) || is_readable(redis);
}

/* ---- opening ---- */

static int ensure(struct cairn_redis *redis, struct cairn_error *error)
{
    if (redis->context && was_closed_while_idle(redis)) {
        drop(redis);
        redis->retry_us = 0; /* no new connection has been tried yet */
    }
    if (redis->context)
        return 0;
    if (cairn_monotonic_us() < redis->retry_us)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "Redis is unavailable");
    return connect_now(redis, error);
}

/* ---- commands ---- */

int cairn_redis_call(struct cairn_redis *redis, const struct cairn_redis_arg *args, size_t count,
                     struct cairn_arena *arena, struct cairn_redis_reply *ret,
                     struct cairn_error *error)
{
    int failed = ensure(redis, error);
    if (failed)
        return failed;
    return command(redis, args, count, arena, ret, error);
}

/* Sends EVAL or EVALSHA with the script's source or hash. */
static int evaluate(struct cairn_redis *redis, const char *command, const char *script,
                    const struct cairn_redis_arg *keys, size_t key_count,
                    const struct cairn_redis_arg *args, size_t arg_count, struct cairn_arena *arena,
                    struct cairn_redis_reply *ret, struct cairn_error *error)
{
    struct cairn_redis_arg *all =
        cairn_new(arena, struct cairn_redis_arg, 3 + key_count + arg_count);
    all[0] = CAIRN_ARG(command);
    all[1] = CAIRN_ARG(script);
    all[2] = CAIRN_ARG(cairn_print(arena, "%zu", key_count));
    if (key_count)
        memcpy(all + 3, keys, key_count * sizeof *keys);
    if (arg_count)
        memcpy(all + 3 + key_count, args, arg_count * sizeof *args);
    return cairn_redis_call(redis, all, 3 + key_count + arg_count, arena, ret, error);
}

/* Redis computes the hash, so it need not be computed here. */
static int load(struct cairn_redis *redis, const struct cairn_redis_script *script,
                struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_redis_arg args[] = {CAIRN_ARG("SCRIPT"), CAIRN_ARG("LOAD"),
                                           CAIRN_ARG(script->source)};
    struct cairn_redis_reply reply = {0};
    int failed = cairn_redis_call(redis, args, 3, arena, &reply, error);
    if (failed || reply.kind != CAIRN_REDIS_TEXT || redis->script_count == SCRIPTS_MAX)
        return failed;
    struct known_script *known = &redis->scripts[redis->script_count++];
    known->script = script;
    (void)snprintf(known->sha, sizeof known->sha, "%s", reply.text);
    return 0;
}

static const char *find_sha(const struct cairn_redis *redis,
                            const struct cairn_redis_script *script)
{
    for (size_t i = 0; i < redis->script_count; i++) {
        if (redis->scripts[i].script == script)
            return redis->scripts[i].sha;
    }
    return NULL;
}

/* A Redis that was restarted or flushed behind an open connection has lost its scripts; it replies
 * NOSCRIPT and is sent the source again. */
int cairn_redis_eval(struct cairn_redis *redis, const struct cairn_redis_script *script,
                     const struct cairn_redis_arg *keys, size_t key_count,
                     const struct cairn_redis_arg *args, size_t arg_count,
                     struct cairn_arena *arena, struct cairn_redis_reply *ret,
                     struct cairn_error *error)
{
    int failed = ensure(redis, error);
    if (!failed && !find_sha(redis, script))
        failed = load(redis, script, arena, error);
    if (failed)
        return failed;
    const char *sha = find_sha(redis, script);
    if (sha) {
        struct cairn_error wrong = {0};
        failed =
            evaluate(redis, "EVALSHA", sha, keys, key_count, args, arg_count, arena, ret, &wrong);
        if (failed != -CAIRN_BUG || !strstr(wrong.message, "NOSCRIPT")) {
            if (failed)
                (void)cairn_error_pass(error, &wrong);
            return failed;
        }
    }
    return evaluate(redis, "EVAL", script->source, keys, key_count, args, arg_count, arena, ret,
                    error);
}
