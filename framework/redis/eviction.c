/* eviction.c - reads the eviction policy of a Redis. */
#include "redis/eviction.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "redis/redis.h"

#include <stdio.h>

/* Cairn's keys have no time to live, so only these policies evict them. */
static bool forgets_any(const char *policy)
{
    return strncmp(policy, "allkeys-", strlen("allkeys-")) == 0;
}

bool cairn_redis_evicts(const char *url, char ret[static CAIRN_EVICTION_SIZE])
{
    struct cairn_redis *redis = NULL;
    struct cairn_redis_reply reply;
    struct cairn_arena arena = {0};
    const struct cairn_redis_arg question[] = {CAIRN_ARG("config"), CAIRN_ARG("get"),
                                               CAIRN_ARG("maxmemory-policy")};
    bool evicts = false;
    ret[0] = '\0';
    if (cairn_redis_open(url, CAIRN_SECONDS(1), &redis, NULL) == 0 &&
        cairn_redis_call(redis, question, 3, &arena, &reply, NULL) == 0 &&
        reply.kind == CAIRN_REDIS_LIST && reply.count == 2 &&
        reply.items[1].kind == CAIRN_REDIS_TEXT) {
        (void)snprintf(ret, CAIRN_EVICTION_SIZE, "%s", reply.items[1].text);
        evicts = forgets_any(ret);
    }
    cairn_redis_close(redis);
    cairn_arena_close(&arena);
    return evicts;
}

void cairn_redis_warn_of_eviction(const char *url)
{
    char policy[CAIRN_EVICTION_SIZE];
    if (cairn_redis_evicts(url, policy))
        cairn_log(CAIRN_LOG_WARN,
                  "Redis evicts keys when its memory is full: set maxmemory-policy to noeviction",
                  CAIRN_LOG_TEXT("maxmemory-policy", policy));
}
