/* listen_parts.c - makes the routes, and listens for requests: of clients, and of operators. */
#include "runtime/host/host_parts.h"

#include "command/writes.h"
#include "runtime/config/admin_config.h"
#include "runtime/config/auth_config.h"
#include "runtime/config/limits_config.h"
#include "runtime/config/tls_config.h"
#include "runtime/serve/forward.h"
#include "runtime/serve/log_routes.h"
#include "runtime/serve/operators/operators.h"

static struct cairn_sign_in sign_in_of(const struct cairn_config *config)
{
    bool authenticates = cairn_auth_of(config) == CAIRN_AUTH_ON;
    return (struct cairn_sign_in){.issuer = authenticates ? config->auth_issuer : NULL,
                                  .client = config->sign_in_client,
                                  .roles = config->auth_roles_claim};
}

static int make_routes(struct cairn_host *host, struct cairn_error *error)
{
    cairn_log_side_fill(&host->log, host->config, host->services,
                        cairn_auth_of(host->config) == CAIRN_AUTH_ON, &host->arena);
    host->routes = (struct cairn_routes){.arena = &host->arena,
                                         .commands = &host->commands,
                                         .queries = &host->queries,
                                         .operators_side = &host->operators_side,
                                         .health = &host->health,
                                         .log = &host->log,
                                         .apart = cairn_admin_is_apart(host->config),
                                         .operators = cairn_admin_policy(host->config),
                                         .sign_in = sign_in_of(host->config),
                                         .sessions = &host->sessions};
    int failed =
        cairn_sessions_of(host->config, host->services, &host->arena, &host->sessions, error);
    return failed ? failed : cairn_routes_make(&host->routes, host->services, error);
}

static void *open_worker(void *context)
{
    const struct cairn_host *host = context;
    return cairn_worker_open(host->config, host->services[0]->name, host->queries,
                             cairn_operators_wanted(host->services));
}

static void close_worker(void *worker)
{
    cairn_worker_close(worker);
}

static int open_upstream(void *context, void **ret, struct cairn_error *error)
{
    const struct cairn_host *host = context;
    return cairn_query_upstream.open(host->queries, ret, error);
}

static int open_writes(void *context, void **ret, struct cairn_error *error)
{
    const struct cairn_host *host = context;
    return cairn_command_writes.open(host->commands.appender, ret, error);
}

/* Looks at a process take no place of work, and few of them come at once. */
enum { ADMIN_WORKERS = 1, ADMIN_QUEUE = 16, ADMIN_CONNECTIONS = 64, ADMIN_BODY_BYTES = 65536 };

static int start_admin(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_config *config = host->config;
    const struct cairn_http_options options = {
        .bind = config->admin_bind,
        .port = (int)config->admin_port,
        .bind_setting = "CAIRN_ADMIN_BIND",
        .port_setting = "CAIRN_ADMIN_PORT",
        .workers = ADMIN_WORKERS,
        .queue_max = ADMIN_QUEUE,
        .body_max_bytes = ADMIN_BODY_BYTES,
        .bodies_max_bytes = ADMIN_BODY_BYTES,
        .header_max_bytes = 8192,
        .deadline_us = CAIRN_MILLISECONDS(config->request_deadline_ms),
        .connections_max = ADMIN_CONNECTIONS,
        .tls = cairn_tls_files(config),
        .routes = host->routes.admin,
        .route_count = host->routes.admin_count,
        .worker_open = open_worker,
        .worker_close = close_worker,
        .guard = cairn_guard(&host->operators),
        .context = host,
    };
    return host->routes.apart ? cairn_http_start(&options, &host->admin, error) : 0;
}

static void stop_admin(struct cairn_host *host)
{
    if (host->admin)
        cairn_http_stop(host->admin, CAIRN_SECONDS(host->config->stop_grace_s));
}

static int start_http(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_config *config = host->config;
    struct cairn_http_upstream upstream = cairn_query_upstream;
    struct cairn_http_upstream writes = cairn_command_writes;
    upstream.open = host->queries ? open_upstream : NULL;
    writes.open = cairn_host_decides(host) ? open_writes : NULL;
    const struct cairn_http_options options = {
        .bind = config->bind,
        .port = (int)config->port,
        .workers = (int)config->workers,
        .queue_max = (size_t)config->queue_max,
        .body_max_bytes = (size_t)config->body_max_bytes,
        .bodies_max_bytes = (size_t)config->bodies_max_bytes,
        .header_max_bytes = 8192, /* an open connection holds 1.5 times as much */
        .deadline_us = CAIRN_MILLISECONDS(config->request_deadline_ms),
        .connections_max = (int)config->connections_max,
        .tls = cairn_tls_files(config),
        .limits = cairn_limits_of(config),
        .routes = host->routes.all,
        .route_count = host->routes.count,
        .worker_open = open_worker,
        .worker_close = close_worker,
        .upstream = upstream,
        .writes = writes,
        .guard = cairn_guard(&host->callers),
        .context = host,
    };
    return cairn_http_start(&options, &host->http, error);
}

static void stop_http(struct cairn_host *host)
{
    if (host->http)
        cairn_http_stop(host->http, CAIRN_SECONDS(host->config->stop_grace_s));
}

static void end_forwards(struct cairn_host *host)
{
    (void)host;
    cairn_forwards_end();
}

static void wait_for_forwards(struct cairn_host *host)
{
    (void)host;
    cairn_forwards_wait();
}

const struct cairn_host_part cairn_host_part_routes = {.start = make_routes};
const struct cairn_host_part cairn_host_part_admin = {.start = start_admin, .stop = stop_admin};
const struct cairn_host_part cairn_host_part_forwards_left = {.stop = wait_for_forwards};
const struct cairn_host_part cairn_host_part_http = {.start = start_http, .stop = stop_http};
const struct cairn_host_part cairn_host_part_forwards = {.stop = end_forwards};
