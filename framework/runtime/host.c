/* host.c - assembles the services of one process: starts their parts, and stops them in reverse
 * order. */
#include "runtime/host.h"

#include "bus/consume/consumers.h"
#include "bus/publish/publisher.h"
#include "command/state/cache.h"
#include "command/state/loader.h"
#include "command/state/snapshots.h"
#include "command/writes.h"
#include "core/containers/arena.h"
#include "core/report/log.h"
#include "feed/face/log_watch.h"
#include "feed/follow/feed_followers.h"
#include "http/http.h"
#include "identity/credentials/own_token.h"
#include "outbound/target/egress.h"
#include "process/deliver/command_client.h"
#include "process/engine.h"
#include "process/reactor/teller.h"
#include "projection/projector.h"
#include "runtime/check/policy_check.h"
#include "runtime/config/admin_config.h"
#include "runtime/config/auth_config.h"
#include "runtime/config/limits_config.h"
#include "runtime/config/tls_config.h"
#include "runtime/housekeeping.h"
#include "runtime/openapi/openapi.h"
#include "runtime/serve/forward.h"
#include "runtime/serve/guard.h"
#include "runtime/serve/health.h"
#include "runtime/serve/log_routes.h"
#include "runtime/serve/operators.h"
#include "runtime/serve/routes.h"
#include "runtime/serve/service_worker.h"
#include "runtime/trace_export.h"
#include "store/commit/appender.h"
#include "store/events/amend.h"
#include "store/internal_key.h"
#include "store/lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cairn_host {
    const struct cairn_config *config;
    const struct cairn_service *const *services;
    struct cairn_http *http;
    struct cairn_http *admin;           /* the operators' listener; NULL: none */
    struct cairn_command_side commands; /* all NULL in a process without deciders */
    struct cairn_internal_key internal_key;
    struct cairn_command_client *client; /* NULL in a process that sends no commands */
    struct cairn_teller teller;          /* by the client */
    struct cairn_own_token *credentials; /* of the client; NULL: its calls have no token */
    struct cairn_leases *leases;         /* NULL in a process that only answers requests */
    struct cairn_projector *projector;
    struct cairn_engine *engine;       /* NULL in a process without process managers and reactors */
    struct cairn_consumers *consumers; /* NULL where nothing is consumed from the bus */
    struct cairn_feed_followers *feeds; /* NULL where no feed is followed */
    struct cairn_publisher *publisher;  /* NULL where nothing is published */
    struct cairn_housekeeping *housekeeping;
    struct cairn_health health;
    struct cairn_arena arena; /* endpoints and routes */
    struct cairn_routes routes;
    struct cairn_query_engine *queries;      /* NULL in a process without resources */
    struct cairn_log_side log;               /* without a watch where the log is not shown */
    struct cairn_tail *tail;                 /* NULL in a process that does not answer operators */
    struct cairn_identity *identity;         /* NULL where services do not authenticate */
    struct cairn_sessions sessions;          /* zeroed: no pages are signed in to */
    struct cairn_callers callers, operators; /* whom the two listeners admit */
    struct cairn_trace_export *traces;       /* NULL: no spans are recorded */
    size_t services_started;
    size_t parts_started;
};

static size_t count_services(const struct cairn_host *host)
{
    size_t count = 0;
    while (host->services[count])
        count++;
    return count;
}

/* ---- the parts ---- */

static int start_projector(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_projection **all = cairn_new(&host->arena, const struct cairn_projection *,
                                                    count_services(host) * CAIRN_SERVICE_MAX);
    size_t count = 0;
    for (size_t i = 0; host->services[i]; i++) {
        for (int k = 0; k < CAIRN_SERVICE_MAX && host->services[i]->projections[k]; k++)
            all[count++] = host->services[i]->projections[k];
    }
    if (count == 0)
        return 0;
    const char *redis_url = *host->config->redis_url ? host->config->redis_url : NULL;
    const struct cairn_projector_options options = {
        .database_url = host->config->database_url,
        .redis_url = redis_url,
        .leases = host->leases,
        .projections = all,
        .count = count,
        .rebuild = {.memory_bytes = (size_t)host->config->rebuild_mib * 1048576,
                    .threads = (int)host->config->rebuild_threads,
                    .directory = host->config->rebuild_directory,
                    .window_ms = host->config->rollback_window_ms},
    };
    return cairn_projector_start(&options, &host->projector, error);
}

static int open_engine(struct cairn_host *host, struct cairn_error *error)
{
    if (!cairn_engine_is_wanted(host->services))
        return 0;
    const struct cairn_engine_options options = {
        .database_url = host->config->database_url,
        .services = host->services,
        .appender = host->commands.appender,
        .leases = host->leases,
        .calls = (int)host->config->process_calls,
    };
    return cairn_engine_open(&options, &host->engine, error);
}

static int run_engine(struct cairn_host *host, struct cairn_error *error)
{
    return host->engine ? cairn_engine_run(host->engine, host->client, error) : 0;
}

/* Starts the publisher. Without Redis there is no bus. */
static int start_publisher(struct cairn_host *host, struct cairn_error *error)
{
    size_t count = 0;
    const struct cairn_publication **all = NULL;
    for (int pass = 0; pass < 2; pass++) {
        all = cairn_new(&host->arena, const struct cairn_publication *, count + 1);
        count = 0;
        for (size_t i = 0; host->services[i]; i++) {
            const struct cairn_publication *at = host->services[i]->publishes;
            for (; at && at->events; at++, count++) {
                if (pass > 0)
                    all[count] = at;
            }
        }
    }
    if (count == 0 || !*host->config->redis_url)
        return 0;
    const struct cairn_publisher_options options = {
        .database_url = host->config->database_url,
        .redis_url = host->config->redis_url,
        .publications = all,
        .count = count,
        .leases = host->leases,
        .keep = host->config->bus_keep,
        .cap = host->config->bus_cap,
    };
    return cairn_publisher_start(&options, &host->publisher, error);
}

/* Lists the consumers of the bus, or those of feeds. */
static const struct cairn_consumer **list_consumers(struct cairn_host *host, bool of_feeds,
                                                    size_t *ret_count)
{
    const struct cairn_consumer **all = cairn_new(&host->arena, const struct cairn_consumer *,
                                                  count_services(host) * CAIRN_SERVICE_MAX);
    size_t count = 0;
    for (size_t i = 0; host->services[i]; i++) {
        for (int k = 0; k < CAIRN_SERVICE_MAX && host->services[i]->consumers[k]; k++) {
            if ((cairn_feed_count(host->services[i]->consumers[k]) > 0) == of_feeds)
                all[count++] = host->services[i]->consumers[k];
        }
    }
    *ret_count = count;
    return all;
}

static int start_feeds(struct cairn_host *host, struct cairn_error *error)
{
    size_t count = 0;
    const struct cairn_consumer **all = list_consumers(host, true, &count);
    const struct cairn_feed_followers_options options = {.database_url = host->config->database_url,
                                                         .consumers = all,
                                                         .count = count,
                                                         .teller = &host->teller,
                                                         .credentials = host->credentials,
                                                         .leases = host->leases};
    return count ? cairn_feed_followers_start(&options, &host->feeds, error) : 0;
}

static void stop_feeds(struct cairn_host *host)
{
    cairn_feed_followers_stop(host->feeds);
}

static int start_consumers(struct cairn_host *host, struct cairn_error *error)
{
    size_t count = 0;
    const struct cairn_consumer **all = list_consumers(host, false, &count);
    if (count == 0)
        return 0;
    if (!*host->config->redis_url)
        return cairn_fail(error, CAIRN_CONFIG, "REDIS_URL is not set, and there are consumers");
    const struct cairn_consumers_options options = {.database_url = host->config->database_url,
                                                    .redis_url = host->config->redis_url,
                                                    .consumers = all,
                                                    .count = count,
                                                    .teller = &host->teller};
    return cairn_consumers_start(&options, &host->consumers, error);
}

static bool decides(const struct cairn_host *host)
{
    for (size_t i = 0; host->services[i]; i++) {
        if (host->services[i]->deciders[0])
            return true;
    }
    return false;
}

static int start_appender(struct cairn_host *host, struct cairn_error *error)
{
    if (!decides(host) && !cairn_engine_is_wanted(host->services) &&
        !cairn_log_is_appended(host->services))
        return 0;
    const struct cairn_appender_options options = {
        .queue_max = (size_t)host->config->append_queue_max,
        .batch_events = (size_t)host->config->append_batch_events,
        .watch_us = host->config->append_watch_us ? host->config->append_watch_us : -1,
    };
    return cairn_appender_open(host->config->database_url, host->services[0]->name, &options,
                               &host->commands.appender, error);
}

static int open_cache(struct cairn_host *host, struct cairn_error *error)
{
    (void)error;
    if (decides(host))
        host->commands.cache = cairn_cache_open((size_t)host->config->cache_entries,
                                                (size_t)host->config->cache_mib * 1048576);
    return 0;
}

/* Starts the loader, with room for all open requests: each waits for one load at a time. */
static int start_loader(struct cairn_host *host, struct cairn_error *error)
{
    if (!decides(host))
        return 0;
    return cairn_loader_open(host->config->database_url, host->services[0]->name,
                             (size_t)host->config->queue_max, &host->commands.loader, error);
}

static int start_snapshots(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_config *config = host->config;
    if (!decides(host) || config->snapshot_every == 0)
        return 0;
    return cairn_snapshots_open(config->database_url, host->services[0]->name,
                                config->snapshot_every, &host->commands.snapshots, error);
}

static int start_housekeeping(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_config *config = host->config;
    if (!decides(host))
        return 0;
    return cairn_housekeeping_open(config->database_url, host->services[0]->name,
                                   config->command_retention_h, &host->housekeeping, error);
}

/* Returns whether there is work that only one process at a time may do. */
static bool works_alone(const struct cairn_host *host)
{
    for (size_t i = 0; host->services[i]; i++) {
        const struct cairn_service *service = host->services[i];
        for (int k = 0; k < CAIRN_SERVICE_MAX && service->consumers[k]; k++) {
            if (cairn_feed_count(service->consumers[k]) > 0)
                return true;
        }
        if (service->projections[0] || service->processes[0] || service->reactors[0] ||
            (service->publishes && service->publishes->events))
            return true;
    }
    return false;
}

static int start_leases(struct cairn_host *host, struct cairn_error *error)
{
    if (!works_alone(host))
        return 0;
    return cairn_leases_open(host->config->database_url, host->services[0]->name, &host->leases,
                             error);
}

/* Opens the query side with the resources of all services, if there are any. */
static int start_queries(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_config *config = host->config;
    const struct cairn_resource **tables = cairn_new(&host->arena, const struct cairn_resource *,
                                                     count_services(host) + 1); /* ends with NULL */
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

static struct cairn_sign_in sign_in_of(const struct cairn_config *config)
{
    bool authenticates = cairn_auth_of(config) == CAIRN_AUTH_ON;
    return (struct cairn_sign_in){.issuer = authenticates ? config->auth_issuer : NULL,
                                  .client = config->sign_in_client,
                                  .roles = config->auth_roles_claim};
}

static int open_log(struct cairn_host *host, struct cairn_error *error)
{
    host->log.appender = host->commands.appender;
    return cairn_log_side_open(&host->log, host->config, error);
}

static int make_routes(struct cairn_host *host, struct cairn_error *error)
{
    cairn_log_side_fill(&host->log, host->config, host->services,
                        cairn_auth_of(host->config) == CAIRN_AUTH_ON, &host->arena);
    host->routes = (struct cairn_routes){.arena = &host->arena,
                                         .commands = &host->commands,
                                         .queries = &host->queries,
                                         .tail = &host->tail,
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

static int open_tail(struct cairn_host *host, struct cairn_error *error)
{
    return cairn_operators_wanted(host->services)
               ? cairn_tail_open(host->config->database_url, &host->tail, error)
               : 0;
}

static void close_tail(struct cairn_host *host)
{
    cairn_tail_close(host->tail);
}

static void stop_tail(struct cairn_host *host)
{
    cairn_tail_stop(host->tail);
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

static int check_policies(struct cairn_host *host, struct cairn_error *error)
{
    bool authenticates = cairn_auth_of(host->config) == CAIRN_AUTH_ON;
    int failed = cairn_policies_check(host->services, authenticates, error);
    return failed ? failed
                  : cairn_operators_check(host->services, host->config->bind, authenticates, error);
}

static int set_egress(struct cairn_host *host, struct cairn_error *error)
{
    return cairn_egress_set(host->config->egress_url, host->config->egress_except, error);
}

static int start_traces(struct cairn_host *host, struct cairn_error *error)
{
    return cairn_trace_export_start(host->config, host->services[0]->name, &host->traces, error);
}

static void stop_traces(struct cairn_host *host)
{
    cairn_trace_export_stop(host->traces);
}

static int start_identity(struct cairn_host *host, struct cairn_error *error)
{
    enum cairn_auth auth = cairn_auth_of(host->config);
    if (auth == CAIRN_AUTH_OFF)
        cairn_log(CAIRN_LOG_WARN, "authentication is off: every request is answered, whoever asks",
                  CAIRN_LOG_TEXT("address", host->config->bind));
    if (auth != CAIRN_AUTH_ON)
        return 0;
    const struct cairn_identity_options options = cairn_auth_options(host->config);
    int failed = cairn_identity_open(&options, &host->identity, error);
    host->operators.identity = host->callers.identity = host->identity;
    host->callers.sessions = host->sessions.issuer ? &host->sessions : NULL;
    return failed;
}

/* Looks at a process take no place of work, and few of them come at once. */
enum { ADMIN_WORKERS = 1, ADMIN_QUEUE = 16, ADMIN_CONNECTIONS = 64, ADMIN_BODY_BYTES = 65536 };

static int start_admin(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_config *config = host->config;
    const struct cairn_http_options options = {
        .bind = config->admin_bind,
        .port = (int)config->admin_port,
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
    writes.open = decides(host) ? open_writes : NULL;
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

static bool reads_the_log(const struct cairn_host *host)
{
    for (size_t i = 0; host->services[i]; i++) {
        if (host->services[i]->projections[0] || host->services[i]->publishes ||
            host->services[i]->log)
            return true;
    }
    return decides(host) || cairn_engine_is_wanted(host->services) ||
           cairn_operators_wanted(host->services);
}

static bool sends_commands(const struct cairn_host *host)
{
    bool consumes = false;
    for (size_t i = 0; host->services[i]; i++)
        consumes = consumes || host->services[i]->consumers[0];
    return consumes || cairn_engine_is_wanted(host->services);
}

/* Reads the amendments, which every reader of the log needs, and the key of internal commands. */
static int read_store(struct cairn_host *host, struct cairn_error *error)
{
    struct cairn_pg *pg = NULL;
    bool has_commands = decides(host) || sends_commands(host);
    if (!reads_the_log(host) && !has_commands)
        return 0;
    int failed = cairn_pg_open(host->config->database_url, "start", &pg, error);
    if (!failed && reads_the_log(host))
        failed = cairn_amendments_load(pg, error);
    if (!failed && has_commands)
        failed = cairn_internal_key_read(pg, &host->internal_key, error);
    host->commands.internal_key = &host->internal_key;
    cairn_pg_close(pg);
    return failed;
}

/* Gets the token that commands are sent with. Without one, services that authenticate carry out
 * only what is open to anyone, and internal commands. */
static int open_credentials(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_own_token_options options = cairn_auth_own_token(host->config);
    if (!sends_commands(host))
        return 0;
    if (options.token_file || options.request.client_id)
        return cairn_own_token_open(&options, &host->credentials, error);
    if (host->identity)
        cairn_log(CAIRN_LOG_WARN, "this service sends commands without a token: set "
                                  "CAIRN_AUTH_CLIENT_ID or CAIRN_AUTH_TOKEN_FILE");
    return 0;
}

static void close_credentials(struct cairn_host *host)
{
    cairn_own_token_close(host->credentials);
}

/* Makes the client of commands, with the URL at which this process answers. */
static int open_client(struct cairn_host *host, struct cairn_error *error)
{
    char url[300];
    const char *bind = host->config->bind;
    const struct cairn_http_tls tls = cairn_tls_files(host->config);
    if (!sends_commands(host))
        return 0;
    if (tls.client_ca_file && !*host->config->outbound_cert_file)
        return cairn_fail(error, CAIRN_CONFIG,
                          "CAIRN_OUTBOUND_CERT_FILE is not set: this process sends commands, and "
                          "CAIRN_TLS_CLIENT_CA_FILE asks the sender for a certificate");
    if (strcmp(bind, "0.0.0.0") == 0)
        bind = "127.0.0.1";
    else if (strcmp(bind, "::") == 0)
        bind = "::1";
    (void)snprintf(url, sizeof url, strchr(bind, ':') ? "%s://[%s]:%d" : "%s://%s:%d",
                   tls.cert_file ? "https" : "http", bind, cairn_http_port(host->http));
    host->client =
        cairn_command_client_open(host->services, url, &host->internal_key, host->credentials);
    host->teller = cairn_teller_by_http(host->client);
    return 0;
}

static void close_client(struct cairn_host *host)
{
    cairn_command_client_close(host->client);
    host->client = NULL;
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

/* ---- stopping them ---- */

static void close_cache(struct cairn_host *host)
{
    cairn_cache_close(host->commands.cache);
}

static void close_appender(struct cairn_host *host)
{
    cairn_appender_close(host->commands.appender);
}

static void close_loader(struct cairn_host *host)
{
    cairn_loader_close(host->commands.loader);
}

static void close_snapshots(struct cairn_host *host)
{
    cairn_snapshots_close(host->commands.snapshots);
}

static void close_housekeeping(struct cairn_host *host)
{
    cairn_housekeeping_close(host->housekeeping);
}

static void close_leases(struct cairn_host *host)
{
    cairn_leases_close(host->leases);
}

static void stop_projector(struct cairn_host *host)
{
    if (host->projector)
        cairn_projector_stop(host->projector);
}

static void close_engine(struct cairn_host *host)
{
    cairn_engine_close(host->engine);
}

static void stop_publisher(struct cairn_host *host)
{
    cairn_publisher_stop(host->publisher);
}

static void stop_consumers(struct cairn_host *host)
{
    cairn_consumers_stop(host->consumers);
}

static void stop_leases(struct cairn_host *host)
{
    if (host->leases)
        cairn_leases_stop(host->leases);
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

static void stop_http(struct cairn_host *host)
{
    if (host->http)
        cairn_http_stop(host->http, CAIRN_SECONDS(host->config->stop_grace_s));
}

static void close_log(struct cairn_host *host)
{
    cairn_log_watch_close(host->log.watch);
}

static void stop_log(struct cairn_host *host)
{
    cairn_log_watch_stop(host->log.watch);
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

static void stop_queries(struct cairn_host *host)
{
    cairn_query_engine_stop(host->queries);
}

static void stop_engine(struct cairn_host *host)
{
    cairn_engine_stop(host->engine);
}

/* ---- all of them ---- */

/* A part without work in this process starts nothing, and stopping it does nothing. */
struct part {
    int (*start)(struct cairn_host *host, struct cairn_error *error);
    void (*stop)(struct cairn_host *host);
};

/* Started in this order, and stopped in the reverse one. */
static const struct part parts[] = {
    {.start = check_policies},
    {.start = set_egress},
    {.start = start_traces, .stop = stop_traces}, /* last: what the others do is recorded */
    {.start = read_store},                        /* before any part reads the log */
    {.start = open_cache, .stop = close_cache},
    {.start = start_snapshots, .stop = close_snapshots},
    {.start = start_housekeeping, .stop = close_housekeeping},
    {.start = start_appender, .stop = close_appender},
    {.start = start_loader, .stop = close_loader},
    {.start = make_routes},
    {.start = start_leases, .stop = close_leases},
    {.start = start_services, .stop = stop_services},
    {.start = start_projector, .stop = stop_projector},
    {.start = open_engine, .stop = close_engine},
    {.start = start_publisher, .stop = stop_publisher},
    {.stop = stop_leases}, /* ends the waits for leases of the parts above */
    {.start = start_identity, .stop = close_identity},
    {.start = prepare_health},
    {.start = start_queries, .stop = close_queries},
    {.start = open_log, .stop = close_log},
    {.start = open_tail, .stop = close_tail},
    {.start = start_admin, .stop = stop_admin},
    {.stop = wait_for_forwards},
    {.start = start_http, .stop = stop_http},
    {.stop = end_forwards},  /* for which stopping HTTP would wait */
    {.stop = stop_identity}, /* ends the waits for keys */
    {.start = open_credentials, .stop = close_credentials},
    {.start = open_client, .stop = close_client},
    {.start = start_consumers, .stop = stop_consumers},
    {.start = start_feeds, .stop = stop_feeds},
    {.stop = stop_log},     /* ends streams, for which stopping HTTP would wait */
    {.stop = stop_tail},    /* likewise */
    {.stop = stop_queries}, /* likewise */
    {.start = run_engine, .stop = stop_engine}, /* its calls may go to this process' own HTTP */
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
        const struct part *part = &parts[host->parts_started];
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
        const struct part *part = &parts[--host->parts_started];
        if (part->stop)
            part->stop(host);
    }
    cairn_arena_close(&host->arena);
    free(host);
}
