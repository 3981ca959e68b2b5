/* answer_parts.c - starts what answers requests besides commands: queries, the log,
 * what operators follow, health, identity. */
#include "runtime/host/host_parts.h"

#include "feed/face/log_watch.h"
#include "runtime/check/policy_check.h"
#include "runtime/config/admin_config.h"
#include "runtime/config/auth_config.h"
#include "runtime/openapi/openapi.h"
#include "runtime/serve/log_routes.h"
#include "runtime/serve/operators/operators.h"

/* Opens the query side with the resources of all services, if there are any. */
static int start_queries(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_config *config = host->config;
    const struct cairn_resource **tables =
        cairn_new(&host->arena, const struct cairn_resource *,
                  cairn_host_service_count(host) + 1); /* ends with NULL */
    size_t count = 0;
    for (size_t i = 0; host->services[i]; i++) {
        if (host->services[i]->resources)
            tables[count++] = host->services[i]->resources;
    }
    const struct cairn_query_options options = {
        .database_url = config->database_url,
        .redis_url = config->redis_url,
        .cursor_secret = config->cursor_secret,
        .streams_max = config->streams_max,
        .client_streams_max = config->client_streams_max,
        .pages_max = config->pages_max,
        .waiting_max = config->queue_max / 2, /* the other half is for reads that need not wait */
        .client_waiting_max = config->client_waiting_max,
        .heartbeat_us = CAIRN_SECONDS(config->heartbeat_s),
        .resources = tables,
    };
    return count ? cairn_query_engine_open(&options, &host->queries, error) : 0;
}

static int open_log(struct cairn_host *host, struct cairn_error *error)
{
    host->log.appender = host->commands.appender;
    return cairn_log_side_open(&host->log, host->config, error);
}

static int start_services(struct cairn_host *host, struct cairn_error *error)
{
    int failed = 0;
    for (; host->services[host->services_started] && !failed; host->services_started += !failed) {
        const struct cairn_service *service = host->services[host->services_started];
        failed = service->start ? service->start(error) : 0;
        if (failed)
            cairn_error_context(error, "service %s", service->name);
    }
    return failed;
}

static void stop_services(struct cairn_host *host)
{
    while (host->services_started > 0) {
        const struct cairn_service *service = host->services[--host->services_started];
        if (service->stop)
            service->stop();
    }
}

static int open_operators(struct cairn_host *host, struct cairn_error *error)
{
    return cairn_operators_side_open(&host->operators_side, host->config, host->services, error);
}

static void close_operators(struct cairn_host *host)
{
    cairn_operators_side_close(&host->operators_side);
}

static void stop_operators(struct cairn_host *host)
{
    cairn_operators_side_stop(&host->operators_side);
}

static int check_policies(struct cairn_host *host, struct cairn_error *error)
{
    bool authenticates = cairn_auth_of(host->config) == CAIRN_AUTH_ON;
    int failed = cairn_policies_check(host->services, authenticates, error);
    return failed ? failed
                  : cairn_operators_check(host->services, host->config->bind, authenticates, error);
}

static int start_identity(struct cairn_host *host, struct cairn_error *error)
{
    if (cairn_auth_of(host->config) != CAIRN_AUTH_ON) {
        cairn_log(CAIRN_LOG_WARN, "authentication is off: every request is answered, whoever asks",
                  CAIRN_LOG_TEXT("address", host->config->bind));
        return 0;
    }
    const struct cairn_identity_options options = cairn_auth_options(host->config);
    int failed = cairn_identity_open(&options, &host->identity, error);
    host->operators.identity = host->callers.identity = host->identity;
    host->callers.sessions = host->sessions.issuer ? &host->sessions : NULL;
    return failed;
}

static int prepare_health(struct cairn_host *host, struct cairn_error *error)
{
    (void)error;
    struct cairn_buffer openapi = cairn_buffer(&host->arena);
    const struct cairn_config *config = host->config;
    struct cairn_openapi_options options = {.secured = host->identity != NULL};
    if (cairn_admin_is_apart(config)) {
        options.scheme = config->tls_cert_file && *config->tls_cert_file ? "https" : "http";
        options.address = config->bind;
        options.port = config->port;
    }
    cairn_openapi_write(host->services, &options, &openapi);
    host->health = (struct cairn_health){.service = host->services[0]->name,
                                         .projector = host->projector,
                                         .publisher = host->publisher,
                                         .engine = host->engine,
                                         .identity = host->identity,
                                         .services = host->services,
                                         .details = cairn_admin_policy(host->config),
                                         .openapi = openapi.text};
    return 0;
}

static void close_queries(struct cairn_host *host)
{
    cairn_query_engine_close(host->queries);
}

static void close_identity(struct cairn_host *host)
{
    cairn_identity_close(host->identity);
}

static void stop_identity(struct cairn_host *host)
{
    cairn_identity_stop(host->identity);
}

static void close_log(struct cairn_host *host)
{
    cairn_log_watch_close(host->log.watch);
}

static void stop_log(struct cairn_host *host)
{
    cairn_log_watch_stop(host->log.watch);
}

static void stop_queries(struct cairn_host *host)
{
    cairn_query_engine_stop(host->queries);
}

const struct cairn_host_part cairn_host_part_policies = {.start = check_policies};
const struct cairn_host_part cairn_host_part_services = {.start = start_services,
                                                         .stop = stop_services};
const struct cairn_host_part cairn_host_part_identity = {.start = start_identity,
                                                         .stop = close_identity};
const struct cairn_host_part cairn_host_part_health = {.start = prepare_health};
const struct cairn_host_part cairn_host_part_queries = {.start = start_queries,
                                                        .stop = close_queries};
const struct cairn_host_part cairn_host_part_log = {.start = open_log, .stop = close_log};
const struct cairn_host_part cairn_host_part_operators = {.start = open_operators,
                                                          .stop = close_operators};
const struct cairn_host_part cairn_host_part_identity_waits = {.stop = stop_identity};
const struct cairn_host_part cairn_host_part_log_streams = {.stop = stop_log};
const struct cairn_host_part cairn_host_part_operators_streams = {.stop = stop_operators};
const struct cairn_host_part cairn_host_part_query_streams = {.stop = stop_queries};
