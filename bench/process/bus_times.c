/* bus_times.c - records when the entries of a stream of the bus could be read: it reads on after
 * the last entry that it has, and prints a line for each:
 *
 *     POSITION MICROSECONDS       on the clock of this machine, which is PostgreSQL's as well
 *
 *     bus_times REDIS_URL STREAM TYPE     skips entries of other events; runs until SIGTERM
 *
 * It exits with 1 at an entry that is out of order. */
#include "core/containers/arena.h"
#include "core/threads/clock.h"
#include "redis/redis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int fail(const char *what, const struct cairn_error *error)
{
    (void)fprintf(stderr, "bus_times: %s: %s\n", what, error->message);
    return 1;
}

/* Prints the entries, each {id, {"event", JSON}}. Returns the last position, -1 if one is out of
 * order. */
static int64_t print_entries(const struct cairn_redis_reply *list, int64_t last, const char *type)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    int64_t now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    for (size_t i = 0; i < list->count; i++) {
        int64_t position = strtoll(list->items[i].items[0].text, NULL, 10);
        if (position <= last)
            return -1;
        if (strstr(list->items[i].items[1].items[1].text, type))
            (void)printf("%" PRId64 " %" PRId64 "\n", position, now_us);
        last = position;
    }
    (void)fflush(stdout);
    return last;
}

static int read_on(struct cairn_redis *redis, const char *stream, const char *type)
{
    struct cairn_arena arena = {0};
    int64_t last = 0;
    while (last >= 0) {
        char after[40];
        struct cairn_redis_reply reply;
        struct cairn_error error = {0};
        (void)snprintf(after, sizeof after, "%" PRId64 "-0", last);
        const struct cairn_redis_arg args[] = {
            CAIRN_ARG("XREAD"), CAIRN_ARG("COUNT"),   CAIRN_ARG("1000"), CAIRN_ARG("BLOCK"),
            CAIRN_ARG("1000"),  CAIRN_ARG("STREAMS"), CAIRN_ARG(stream), CAIRN_ARG(after)};
        cairn_arena_reset(&arena);
        if (cairn_redis_call(redis, args, 8, &arena, &reply, &error) < 0)
            return fail("reading", &error);
        if (reply.kind == CAIRN_REDIS_LIST && reply.count)
            last = print_entries(&reply.items[0].items[1], last, type);
    }
    (void)fprintf(stderr, "bus_times: an entry came out of order\n");
    return 1;
}

int main(int argc, char **argv)
{
    char type[100];
    struct cairn_redis *redis = NULL;
    struct cairn_error error = {0};
    if (argc != 4) {
        (void)fprintf(stderr, "usage: bus_times REDIS_URL STREAM TYPE\n");
        return 64;
    }
    (void)snprintf(type, sizeof type, "\"type\":\"%s\"", argv[3]);
    if (cairn_redis_open(argv[1], CAIRN_SECONDS(20), &redis, &error) < 0)
        return fail("redis", &error);
    int failed = read_on(redis, argv[2], type);
    cairn_redis_close(redis);
    return failed;
}
