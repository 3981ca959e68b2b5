/* host.h - assembles the services of one process: their routes, workers and projections. */
#ifndef CAIRN_RUNTIME_HOST_H
#define CAIRN_RUNTIME_HOST_H

#include "runtime/config/config.h"

#include <cairn/service.h>

struct cairn_host;

/* Checks every table of the services against its structs, and the routes, before anything is
 * started. All errors are reported: the first is returned, the others are logged. Returns 0 or
 * -CAIRN_BUG. */
int cairn_host_check(const struct cairn_service *const services[],
                     struct cairn_error *error) CAIRN_CHECKED;

/* Starts the projections, listens, then starts process managers and reactors. The services and the
 * config are borrowed. */
int cairn_host_start(const struct cairn_config *config,
                     const struct cairn_service *const services[], struct cairn_host **ret,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Reads again what may be replaced while it runs: the files of TLS. If it fails, nothing has
 * changed. */
int cairn_host_reload(struct cairn_host *host, struct cairn_error *error) CAIRN_CHECKED;

/* Returns the port it listens on. */
int cairn_host_port(const struct cairn_host *host);

/* Reports from now on that it is not ready, but still serves requests: load balancers then use
 * other replicas. */
void cairn_host_leave(struct cairn_host *host);

/* Stops process managers and reactors, stops accepting requests, finishes accepted ones, stops the
 * projections, frees everything. */
void cairn_host_stop(struct cairn_host *host);

#endif
