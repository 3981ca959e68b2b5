/* service_worker.c - the connections of each thread that answers requests. */
#include "runtime/serve/service_worker.h"

#include "core/containers/arena.h"
#include "postgres/postgres.h"

#include <stdlib.h>

struct cairn_worker *cairn_worker_open(const struct cairn_config *config, const char *label,
                                       struct cairn_query_engine *queries, bool for_operators)
{
    struct cairn_error error = {0};
    struct cairn_worker *worker = cairn_allocate(sizeof *worker);
    int failed = 0;
    if (config->database_url)
        failed = cairn_store_open(config->database_url, label, &worker->store, &error);
    if (!failed && worker->store) /* lets a commit that waits too long for a standby be ended */
        cairn_pg_track_backend(cairn_store_pg(worker->store));
    if (!failed && queries)
        failed = cairn_query_open(queries, &worker->query, &error);
    if (!failed && for_operators && *config->redis_url)
        failed = cairn_redis_open(config->redis_url, CAIRN_SECONDS(10), &worker->redis, &error);
    if (!failed)
        return worker;
    cairn_log_error(CAIRN_LOG_ERROR, "a worker cannot start", &error);
    cairn_worker_close(worker);
    return NULL;
}

void cairn_worker_close(struct cairn_worker *worker)
{
    if (!worker)
        return;
    cairn_redis_close(worker->redis);
    cairn_query_close(worker->query);
    cairn_store_close(worker->store);
    free(worker);
}
