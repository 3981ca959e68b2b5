/* service_worker.h - the connections of each thread that answers requests. */
#ifndef CAIRN_RUNTIME_SERVICE_WORKER_H
#define CAIRN_RUNTIME_SERVICE_WORKER_H

#include "query/query.h"
#include "redis/redis.h"
#include "runtime/config/config.h"
#include "store/store.h"

#include <cairn/service.h>

struct cairn_worker {
    struct cairn_store *store;         /* NULL in a process without a database */
    struct cairn_query_context *query; /* NULL in a process without resources */
    struct cairn_redis *redis;         /* the bus, for operators; NULL elsewhere, or without one */
};

/* Opens a worker; connections are made on first use. Returns NULL if a URL is invalid, which
 * cairn_host_start() has ruled out. `queries` may be NULL. */
struct cairn_worker *cairn_worker_open(const struct cairn_config *config, const char *label,
                                       struct cairn_query_engine *queries, bool for_operators);
void cairn_worker_close(struct cairn_worker *worker);

#endif
