/* arguments.h - builds the arguments of a Redis command one by one. */
#ifndef CAIRN_REDIS_ARGUMENTS_H
#define CAIRN_REDIS_ARGUMENTS_H

#include "redis/redis.h"

#include <assert.h>
#include <inttypes.h>

struct cairn_redis_args {
    struct cairn_arena *arena;
    struct cairn_redis_arg *items;
    size_t count, capacity;
};

/* `capacity` is how many arguments there will be at most. */
static inline struct cairn_redis_args cairn_redis_args(struct cairn_arena *arena, size_t capacity)
{
    return (struct cairn_redis_args){
        .arena = arena,
        .items = cairn_new(arena, struct cairn_redis_arg, capacity),
        .capacity = capacity,
    };
}

/* The text is borrowed. */
static inline void cairn_redis_add(struct cairn_redis_args *args, const char *text)
{
    assert(args->count < args->capacity);
    args->items[args->count++] = CAIRN_ARG(text);
}

static inline void cairn_redis_add_integer(struct cairn_redis_args *args, int64_t number)
{
    cairn_redis_add(args, cairn_print(args->arena, "%" PRId64, number));
}

#endif
