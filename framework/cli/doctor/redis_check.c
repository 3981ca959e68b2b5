/* redis_check.c - asks the Redis that REDIS_URL names for what is to be judged. */
#include "cli/doctor/checks.h"

#include "cli/doctor/redis_facts.h"
#include "cli/servers/server_directory.h"
#include "redis/redis.h"

#include <string.h>

#define DEADLINE_US CAIRN_SECONDS(3)

/* Returns the value of "name:value\r\n" in the answer to INFO; `fallback` if it has none. */
static const char *field(struct cairn_arena *arena, const char *info, const char *name,
                         const char *fallback)
{
    size_t length = strlen(name);
    for (const char *line = info; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            return cairn_copy_bytes(arena, line + length + 1, strcspn(line + length + 1, "\r\n"));
    }
    return fallback;
}

/* Returns a setting; NULL if it cannot be read, as where a provider forbids CONFIG. */
static const char *setting(struct cairn_redis *redis, struct cairn_arena *arena, const char *name)
{
    const struct cairn_redis_arg words[] = {CAIRN_ARG("config"), CAIRN_ARG("get"), CAIRN_ARG(name)};
    struct cairn_redis_reply reply;
    if (cairn_redis_call(redis, words, 3, arena, &reply, NULL) < 0 ||
        reply.kind != CAIRN_REDIS_LIST || reply.count != 2 ||
        reply.items[1].kind != CAIRN_REDIS_TEXT)
        return NULL;
    return reply.items[1].text;
}

static int check(struct cairn_diagnosis *diagnosis, struct cairn_redis *redis,
                 struct cairn_error *error)
{
    const struct cairn_redis_arg info[] = {CAIRN_ARG("info")};
    struct cairn_redis_reply reply;
    int failed = cairn_redis_call(redis, info, 1, diagnosis->arena, &reply, error);
    if (failed)
        return failed;
    const char *text = reply.kind == CAIRN_REDIS_TEXT ? reply.text : "";
    const char *mark = setting(redis, diagnosis->arena, "syslog-ident");
    const struct cairn_redis_facts facts = {
        .version = field(diagnosis->arena, text, "redis_version", "0"),
        .role = field(diagnosis->arena, text, "role", "master"),
        .maxmemory_policy = setting(redis, diagnosis->arena, "maxmemory-policy"),
        .appendonly = setting(redis, diagnosis->arena, "appendonly"),
        .is_private = mark && strcmp(mark, CAIRN_PRIVATE_MARK) == 0,
    };
    cairn_judge_redis(diagnosis, &facts);
    return 0;
}

void cairn_check_redis(struct cairn_diagnosis *diagnosis, const struct cairn_config *config)
{
    struct cairn_redis *redis = NULL;
    struct cairn_error error = {0};
    if (!config->redis_url || !*config->redis_url) {
        cairn_diagnose_warning(diagnosis, "Redis",
                               "reads by key are faster with it, and publications and consumers "
                               "need it: redis://host:6379",
                               "REDIS_URL is not set");
        return;
    }
    int failed = cairn_redis_open(config->redis_url, DEADLINE_US, &redis, &error);
    if (!failed)
        failed = check(diagnosis, redis, &error);
    if (failed)
        cairn_diagnose_problem(diagnosis, "Redis",
                               failed == -CAIRN_CONFIG
                                   ? "correct REDIS_URL"
                                   : "start it, or correct host, port and password in REDIS_URL",
                               "%s", cairn_copy_text(diagnosis->arena, error.message));
    cairn_redis_close(redis);
}
