/* redis.h - a Redis client: one connection, commands with a deadline. Only this directory
 * uses hiredis.
 *
 * A lost connection is reopened by the next call, at most every 250 ms; in between, calls fail at
 * once with -CAIRN_UNAVAILABLE, so that an unavailable Redis costs its callers no time.
 *
 * Ownership: a connection belongs to one thread; replies are copied into the caller's arena. */
#ifndef CAIRN_REDIS_REDIS_H
#define CAIRN_REDIS_REDIS_H

#include "core/containers/arena.h"

#include <stdbool.h>
#include <string.h>

struct cairn_redis;

enum cairn_redis_kind {
    CAIRN_REDIS_NIL = 1,
    CAIRN_REDIS_TEXT,
    CAIRN_REDIS_INTEGER,
    CAIRN_REDIS_LIST
};

struct cairn_redis_reply {
    enum cairn_redis_kind kind;
    const char *text; /* NUL-terminated; may contain any bytes */
    size_t bytes;
    int64_t integer;
    const struct cairn_redis_reply *items;
    size_t count;
};

/* One argument: a pointer and a length. CAIRN_ARG("get") makes one from a string. */
struct cairn_redis_arg {
    const char *bytes;
    size_t count;
};
#define CAIRN_ARG(text_) ((struct cairn_redis_arg){(text_), strlen(text_)})

/* `url` is redis://[[user]:password@]host[:port][/database], rediss:// with TLS (address.h), or
 * unix:///path[?db=n]. Connects lazily. -CAIRN_CONFIG if the URL is invalid, or wants TLS where
 * there is none. Each call waits at most `deadline_us`. */
int cairn_redis_open(const char *url, int64_t deadline_us, struct cairn_redis **ret,
                     struct cairn_error *error) CAIRN_CHECKED;
void cairn_redis_close(struct cairn_redis *redis);

/* Returns whether rediss:// is possible: hiredis has TLS from 1.0 on. */
bool cairn_redis_has_tls(void);

/* Checks that a URL's connections are encrypted, or do not leave this machine. Returns 0, or
 * -CAIRN_CONFIG: `error` says what to set. */
int cairn_redis_check_encrypted(const char *url, struct cairn_error *error) CAIRN_CHECKED;

/* Runs one command. Returns 0, or
 *   -CAIRN_UNAVAILABLE  Redis is unreachable, loading, full or read-only; the command may or may
 *                       not have taken effect
 *   -CAIRN_BUG          Redis refused the command; the message is Redis's own */
int cairn_redis_call(struct cairn_redis *redis, const struct cairn_redis_arg *args, size_t count,
                     struct cairn_arena *arena, struct cairn_redis_reply *ret,
                     struct cairn_error *error) CAIRN_CHECKED;

/* A Lua script, sent by its SHA-1 once Redis knows it (EVALSHA, then EVAL). */
struct cairn_redis_script {
    const char *source;
};
int cairn_redis_eval(struct cairn_redis *redis, const struct cairn_redis_script *script,
                     const struct cairn_redis_arg *keys, size_t key_count,
                     const struct cairn_redis_arg *args, size_t arg_count,
                     struct cairn_arena *arena, struct cairn_redis_reply *ret,
                     struct cairn_error *error) CAIRN_CHECKED;

#endif
