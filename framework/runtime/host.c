/* host.c - assembles the services of one process: starts their parts, and stops them in reverse
 * order. */
#include "runtime/host.h"

#include "runtime/config/auth_config.h"
#include "runtime/config/tls_config.h"
#include "runtime/host/host_parts.h"

#include <stdlib.h>

/* Started in this order, and stopped in the reverse one. */
static const struct cairn_host_part *const parts[] = {
    &cairn_host_part_policies,
    &cairn_host_part_egress,
    &cairn_host_part_traces, /* last: what the others do is recorded */
    &cairn_host_part_store,  /* before any part reads the log */
    &cairn_host_part_cache,
    &cairn_host_part_snapshots,
    &cairn_host_part_housekeeping,
    &cairn_host_part_appender,
    &cairn_host_part_loader,
    &cairn_host_part_routes,
    &cairn_host_part_leases,
    &cairn_host_part_services,
    &cairn_host_part_projector,
    &cairn_host_part_engine,
    &cairn_host_part_publisher,
    &cairn_host_part_lease_waits, /* ends the waits for leases of the parts above */
    &cairn_host_part_identity,
    &cairn_host_part_health,
    &cairn_host_part_queries,
    &cairn_host_part_log,
    &cairn_host_part_operators,
    &cairn_host_part_admin,
    &cairn_host_part_forwards_left,
    &cairn_host_part_http,
    &cairn_host_part_forwards,       /* for which stopping HTTP would wait */
    &cairn_host_part_identity_waits, /* ends the waits for keys */
    &cairn_host_part_credentials,
    &cairn_host_part_client,
    &cairn_host_part_consumers,
    &cairn_host_part_feeds,
    &cairn_host_part_duties,            /* stopped while the leases are held still */
    &cairn_host_part_log_streams,       /* ends streams, for which stopping HTTP would wait */
    &cairn_host_part_operators_streams, /* likewise */
    &cairn_host_part_query_streams,     /* likewise */
    &cairn_host_part_engine_run,        /* its calls may go to this process' own HTTP */
};

enum { PARTS = sizeof parts / sizeof parts[0] };

int cairn_host_start(const struct cairn_config *config,
                     const struct cairn_service *const services[], struct cairn_host **ret,
                     struct cairn_error *error)
{
    struct cairn_host *host = cairn_allocate(sizeof *host);
    host->config = config;
    cairn_tls_apply(config);
    host->services = services;
    host->commands.retries = config->conflict_retries;
    host->commands.authenticates = cairn_auth_of(config) == CAIRN_AUTH_ON;
    int failed = 0;
    for (; host->parts_started < PARTS && !failed; host->parts_started++) {
        const struct cairn_host_part *part = parts[host->parts_started];
        failed = part->start ? part->start(host, error) : 0;
    }
    if (failed) {
        cairn_host_stop(host);
        return failed;
    }
    *ret = host;
    return 0;
}

int cairn_host_reload(struct cairn_host *host, struct cairn_error *error)
{
    int failed = host->admin ? cairn_http_reload(host->admin, error) : 0;
    return failed ? failed : cairn_http_reload(host->http, error);
}

int cairn_host_port(const struct cairn_host *host)
{
    return cairn_http_port(host->http);
}

void cairn_host_leave(struct cairn_host *host)
{
    atomic_store(&host->health.leaving, true);
}

/* A part that failed to start is stopped, too: it may have started a part of itself. */
void cairn_host_stop(struct cairn_host *host)
{
    while (host->parts_started > 0) {
        const struct cairn_host_part *part = parts[--host->parts_started];
        if (part->stop)
            part->stop(host);
    }
    cairn_arena_close(&host->arena);
    free(host);
}
