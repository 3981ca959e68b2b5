/* redis_judge.c - judges what a Redis says of itself. */
#include "cli/doctor/redis_facts.h"

#include "cli/doctor/version_order.h"

#include <string.h>

#define OLDEST "6.2"
#define TOO_NEW "9"

static void judge_version(struct cairn_diagnosis *diagnosis, const struct cairn_redis_facts *facts)
{
    if (!cairn_version_is_at_least(facts->version, OLDEST))
        cairn_diagnose_problem(diagnosis, "Redis", "upgrade it to " OLDEST " to 8", "%s is too old",
                               facts->version);
    else if (cairn_version_is_at_least(facts->version, TOO_NEW))
        cairn_diagnose_warning(diagnosis, "Redis", OLDEST " to 8 were tested",
                               "%s is newer than this release of Cairn", facts->version);
    else
        cairn_diagnose_good(diagnosis, "Redis", "%s answers", facts->version);
    if (strcmp(facts->role, "master") != 0)
        cairn_diagnose_problem(diagnosis, "Redis", "let REDIS_URL name the primary server",
                               "it is a replica (role %s), which takes no writes", facts->role);
}

static void judge_memory(struct cairn_diagnosis *diagnosis, const struct cairn_redis_facts *facts)
{
    const char *policy = facts->maxmemory_policy;
    if (!policy)
        cairn_diagnose_warning(diagnosis, "Redis memory",
                               "make sure that maxmemory-policy is noeviction",
                               "its settings cannot be read, so its eviction policy is not known");
    else if (strncmp(policy, "allkeys-", strlen("allkeys-")) == 0)
        cairn_diagnose_problem(
            diagnosis, "Redis memory", "set maxmemory-policy to noeviction",
            "maxmemory-policy is %s: when memory is full, rows and entries of the bus are evicted",
            policy);
    else
        cairn_diagnose_good(diagnosis, "Redis memory", "maxmemory-policy is %s", policy);
}

static void judge_durability(struct cairn_diagnosis *diagnosis,
                             const struct cairn_redis_facts *facts)
{
    bool is_off = facts->appendonly && strcmp(facts->appendonly, "yes") != 0;
    if (is_off && facts->is_private)
        cairn_diagnose_good(
            diagnosis, "Redis durability",
            "appendonly is %s: a private server of `cairn servers`, for development "
            "and tests",
            facts->appendonly);
    else if (is_off)
        cairn_diagnose_warning(diagnosis, "Redis durability",
                               "set appendonly to yes, if services publish events or consume them",
                               "appendonly is %s: after a crash the bus is published again, and "
                               "consumers see events again",
                               facts->appendonly);
    else if (facts->appendonly)
        cairn_diagnose_good(diagnosis, "Redis durability", "appendonly is yes");
}

void cairn_judge_redis(struct cairn_diagnosis *diagnosis, const struct cairn_redis_facts *facts)
{
    judge_version(diagnosis, facts);
    judge_memory(diagnosis, facts);
    judge_durability(diagnosis, facts);
}
