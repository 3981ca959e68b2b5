/* redis_facts.h - what a Redis says of itself, and what `cairn doctor` makes of it: the judgement
 * is a pure function of the facts. */
#ifndef CAIRN_CLI_DOCTOR_REDIS_FACTS_H
#define CAIRN_CLI_DOCTOR_REDIS_FACTS_H

#include "cli/doctor/diagnosis.h"

struct cairn_redis_facts {
    const char *version;          /* "7.0.15" */
    const char *role;             /* "master", "slave" */
    const char *maxmemory_policy; /* NULL: it does not tell */
    const char *appendonly;       /* likewise */
    bool is_private;              /* `cairn servers` or `cairn dev` has started it */
};

void cairn_judge_redis(struct cairn_diagnosis *diagnosis, const struct cairn_redis_facts *facts);

#endif
