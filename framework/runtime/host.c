/* host.c - the services of one process put together. */
#include "runtime/host.h"

#include "bus/consumers.h"
#include "bus/publisher.h"
#include "command/cache.h"
#include "command/endpoint.h"
#include "command/loader.h"
#include "command/snapshots.h"
#include "core/arena.h"
#include "http/http.h"
#include "process/engine.h"
#include "projection/projector.h"
#include "record/json.h"
#include "runtime/handler.h"
#include "runtime/health.h"
#include "runtime/housekeeping.h"
#include "runtime/openapi.h"
#include "runtime/worker.h"
#include "store/appender.h"
#include "store/events.h"
#include "store/lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUTES_MAX = 512 };

/* A resource, and the host whose query side answers. */
struct query_route {
    const struct cairn_host *host;
    const struct cairn_resource *resource;
};

struct cairn_host {
    const struct cairn_config *config;
    const struct cairn_service *const *services;
    struct cairn_http *http;
    struct cairn_command_side commands; /* all NULL in a process without deciders */
    struct cairn_leases *leases;        /* NULL in a process that only answers */
    struct cairn_projector *projector;
    struct cairn_engine *engine;       /* NULL in a process without process managers and reactors */
    struct cairn_consumers *consumers; /* NULL where nothing is consumed */
    struct cairn_publisher *publisher; /* NULL where nothing is published */
    struct cairn_housekeeping *housekeeping;
    struct cairn_health health;
    struct cairn_arena arena; /* endpoints and routes */
    struct cairn_http_route *routes;
    size_t route_count;
    struct cairn_query_side *queries; /* NULL in a process without resources */
    size_t started;                   /* services whose start was called and went well */
};

/* ---- checks ---- */

/* An event that somebody listens to: its table makes sense, and it is in there. */
static int check_event(const struct cairn_events *events, const struct cairn_record *record,
                       struct cairn_error *error)
{
    if (!cairn_events_of(events, record))
        return cairn_fail(error, CAIRN_BUG, "%s is no event of %s", record->name, events->category);
    return cairn_events_check(events, error);
}

static int check_projection(const struct cairn_projection *projection, struct cairn_error *error)
{
    int failed = cairn_record_table_check(projection->row, error);
    for (size_t i = 0; projection->on[i] && !failed; i++)
        failed = check_event(projection->on[i]->events, projection->on[i]->record, error);
    if (failed)
        cairn_error_context(error, "projection %s", projection->name);
    return failed;
}

static int check_process(const struct cairn_process *process, struct cairn_error *error)
{
    int failed = cairn_record_table_check(process->state, error);
    for (size_t i = 0; process->when[i] && !failed; i++) {
        const struct cairn_when *when = process->when[i];
        if (when->input == CAIRN_INPUT_EVENT)
            failed = check_event(when->events, when->record, error);
    }
    if (failed)
        cairn_error_context(error, "process %s", process->name);
    return failed;
}

static int check_reactor(const struct cairn_reactor *reactor, struct cairn_error *error)
{
    int failed = 0;
    for (size_t i = 0; reactor->handles[i] && !failed; i++)
        failed = check_event(reactor->handles[i]->events, reactor->handles[i]->record, error);
    if (failed)
        cairn_error_context(error, "reactor %s", reactor->name);
    return failed;
}

static int check_service(const struct cairn_service *service, struct cairn_error *error)
{
    int failed = 0;
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->deciders[i] && !failed; i++)
        failed = cairn_decider_check(service->deciders[i], error);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->projections[i] && !failed; i++)
        failed = check_projection(service->projections[i], error);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->processes[i] && !failed; i++)
        failed = check_process(service->processes[i], error);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->reactors[i] && !failed; i++)
        failed = check_reactor(service->reactors[i], error);
    for (const struct cairn_resource *at = service->resources; at && at->path && !failed; at++)
        failed = cairn_query_check(at, error);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->consumers[i] && !failed; i++)
        failed = cairn_consumer_check(service->consumers[i], error);
    for (const struct cairn_publication *at = service->publishes; at && at->events && !failed; at++)
        failed = cairn_publication_check(at, error);
    for (const struct cairn_route *at = service->routes; at && at->route && !failed; at++)
        failed = cairn_handler_init(&(struct cairn_handler_route){0}, at, error);
    return failed;
}

int cairn_host_check(const struct cairn_service *const services[], struct cairn_error *error)
{
    int failed = 0;
    for (size_t i = 0; services[i] && !failed; i++)
        failed = check_service(services[i], error);
    return failed;
}

/* ---- routes: the thunks between the door and the rooms ---- */

static enum cairn_http_outcome on_command(const void *self, void *worker,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response)
{
    struct cairn_worker *own = worker;
    return cairn_endpoint_handle(self, own ? own->store : NULL, request, response);
}

static enum cairn_http_outcome on_query(const void *self, void *worker,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    const struct query_route *route = self;
    const struct cairn_worker *own = worker;
    return cairn_query_handle(route->resource, route->host->queries, own ? own->query : NULL,
                              request, response);
}

static enum cairn_http_outcome on_alive(const void *self, void *worker,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    (void)worker;
    cairn_health_alive(self, request, response);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome on_ready(const void *self, void *worker,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    cairn_health_ready(self, worker, request, response);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome on_metrics(const void *self, void *worker,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response)
{
    (void)worker;
    cairn_health_metrics(self, request, response);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome on_openapi(const void *self, void *worker,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response)
{
    (void)worker;
    cairn_health_openapi(self, request, response);
    return CAIRN_HTTP_DONE;
}

static void add_route(struct cairn_host *host, const struct cairn_http_route route)
{
    if (host->route_count < ROUTES_MAX)
        host->routes[host->route_count++] = route;
}

static int add_decider(struct cairn_host *host, const struct cairn_service *service,
                       const struct cairn_decider *decider, struct cairn_error *error)
{
    int failed = 0;
    for (uint32_t i = 0; i < decider->commands->count && !failed; i++) {
        struct cairn_endpoint *endpoint = cairn_new(&host->arena, struct cairn_endpoint, 1);
        failed = cairn_endpoint_init(endpoint, service->name, &host->commands, decider,
                                     &decider->commands->types[i], error);
        add_route(host, (struct cairn_http_route){.method = endpoint->method,
                                                  .pattern = endpoint->pattern,
                                                  .handle = on_command,
                                                  .self = endpoint,
                                                  .takes_body = true,
                                                  .eager = true,
                                                  .leave = cairn_endpoint_leave});
    }
    return failed;
}

static int add_own(struct cairn_host *host, const struct cairn_route *route,
                   struct cairn_error *error)
{
    struct cairn_handler_route *own = cairn_new(&host->arena, struct cairn_handler_route, 1);
    int failed = cairn_handler_init(own, route, error);
    add_route(host, (struct cairn_http_route){.method = own->method,
                                              .pattern = own->pattern,
                                              .handle = cairn_handler_call,
                                              .self = own,
                                              .takes_body = route->takes != NULL,
                                              .media_type = route->takes});
    return failed;
}

static int add_service(struct cairn_host *host, const struct cairn_service *service,
                       struct cairn_error *error)
{
    int failed = 0;
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->deciders[i] && !failed; i++)
        failed = add_decider(host, service, service->deciders[i], error);
    for (const struct cairn_resource *at = service->resources; at && at->path; at++) {
        struct query_route *route = cairn_new(&host->arena, struct query_route, 1);
        *route = (struct query_route){host, at};
        add_route(host, (struct cairn_http_route){.method = "GET",
                                                  .pattern = at->path,
                                                  .handle = on_query,
                                                  .self = route,
                                                  .eager = true});
    }
    for (const struct cairn_route *at = service->routes; at && at->route && !failed; at++)
        failed = add_own(host, at, error);
    return failed;
}

static int add_routes(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_http_route own[] = {
        {.method = "GET", .pattern = "/healthz", .handle = on_alive, .direct = true},
        {.method = "GET", .pattern = "/readyz", .handle = on_ready},
        {.method = "GET", .pattern = "/metrics", .handle = on_metrics, .direct = true},
        {.method = "GET", .pattern = "/openapi.json", .handle = on_openapi, .direct = true},
    };
    host->routes = cairn_new(&host->arena, struct cairn_http_route, ROUTES_MAX);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        struct cairn_http_route route = own[i];
        route.self = &host->health;
        add_route(host, route);
    }
    int failed = 0;
    for (size_t i = 0; host->services[i] && !failed; i++)
        failed = add_service(host, host->services[i], error);
    return failed;
}

/* ---- starting and stopping ---- */

static int start_projector(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_projection *all[CAIRN_SERVICE_MAX * 4];
    size_t count = 0;
    for (size_t i = 0; host->services[i]; i++) {
        const struct cairn_service *service = host->services[i];
        for (int k = 0; k < CAIRN_SERVICE_MAX && service->projections[k]; k++) {
            if (count < sizeof all / sizeof all[0])
                all[count++] = service->projections[k];
        }
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

/* Where this process answers itself. */
static int run_engine(struct cairn_host *host, struct cairn_error *error)
{
    char url[300];
    const char *bind = host->config->bind;
    if (!host->engine)
        return 0;
    if (strcmp(bind, "0.0.0.0") == 0)
        bind = "127.0.0.1";
    else if (strcmp(bind, "::") == 0)
        bind = "::1";
    (void)snprintf(url, sizeof url, strchr(bind, ':') ? "http://[%s]:%d" : "http://%s:%d", bind,
                   cairn_http_port(host->http));
    return cairn_engine_run(host->engine, url, error);
}

/* Without a Redis there is no bus. */
static int start_publisher(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_publication *all[CAIRN_SERVICE_MAX * 4];
    size_t count = 0;
    for (size_t i = 0; host->services[i]; i++) {
        const struct cairn_publication *at = host->services[i]->publishes;
        for (; at && at->events && count < sizeof all / sizeof all[0]; at++)
            all[count++] = at;
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

static int start_consumers(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_consumer *all[CAIRN_SERVICE_MAX * 4];
    size_t count = 0;
    for (size_t i = 0; host->services[i]; i++) {
        const struct cairn_service *service = host->services[i];
        for (int k = 0; k < CAIRN_SERVICE_MAX && service->consumers[k]; k++) {
            if (count < sizeof all / sizeof all[0])
                all[count++] = service->consumers[k];
        }
    }
    if (count == 0)
        return 0;
    if (!*host->config->redis_url)
        return cairn_fail(error, CAIRN_CONFIG, "REDIS_URL is not set, and there are consumers");
    return cairn_consumers_start(host->config->database_url, host->config->redis_url, all, count,
                                 &host->consumers, error);
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
    if (!decides(host) && !cairn_engine_is_wanted(host->services))
        return 0;
    const struct cairn_appender_options options = {
        .queue_max = (size_t)host->config->append_queue_max,
        .batch_events = (size_t)host->config->append_batch_events,
    };
    return cairn_appender_open(host->config->database_url, host->services[0]->name, &options,
                               &host->commands.appender, error);
}

static void open_cache(struct cairn_host *host)
{
    if (decides(host))
        host->commands.cache = cairn_cache_open((size_t)host->config->cache_entries,
                                                (size_t)host->config->cache_mib * 1048576);
}

/* Every open request waits for one thing at a time: the loader has room for all. */
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

/* Whether there is work that one process at a time does. */
static bool works_alone(const struct cairn_host *host)
{
    for (size_t i = 0; host->services[i]; i++) {
        const struct cairn_service *service = host->services[i];
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

/* The resources of all services, where there are any. */
static int start_queries(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_config *config = host->config;
    const struct cairn_resource *tables[ROUTES_MAX] = {NULL};
    size_t count = 0;
    for (size_t i = 0; host->services[i] && count < ROUTES_MAX - 1; i++) {
        if (host->services[i]->resources)
            tables[count++] = host->services[i]->resources;
    }
    const struct cairn_query_options options = {
        .database_url = config->database_url,
        .redis_url = config->redis_url,
        .cursor_secret = config->cursor_secret,
        .streams_max = config->streams_max,
        .heartbeat_us = CAIRN_SECONDS(config->heartbeat_s),
        .resources = tables,
    };
    return count ? cairn_query_side_open(&options, &host->queries, error) : 0;
}

static int start_services(struct cairn_host *host, struct cairn_error *error)
{
    int failed = 0;
    for (; host->services[host->started] && !failed; host->started += !failed) {
        const struct cairn_service *service = host->services[host->started];
        failed = service->start ? service->start(error) : 0;
        if (failed)
            cairn_error_context(error, "service %s", service->name);
    }
    return failed;
}

static void stop_services(struct cairn_host *host)
{
    while (host->started > 0) {
        const struct cairn_service *service = host->services[--host->started];
        if (service->stop)
            service->stop();
    }
}

static void *open_worker(void *context)
{
    const struct cairn_host *host = context;
    return cairn_worker_open(host->config, host->services[0]->name, host->queries);
}

static void close_worker(void *worker)
{
    cairn_worker_close(worker);
}

static int start_http(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_config *config = host->config;
    const struct cairn_http_options options = {
        .bind = config->bind,
        .port = (int)config->port,
        .workers = (int)config->workers,
        .queue_max = (size_t)config->queue_max,
        .body_max_bytes = (size_t)config->body_max_bytes,
        .header_max_bytes = 8192, /* a connection keeps twice that for as long as it is open */
        .deadline_us = CAIRN_MILLISECONDS(config->request_deadline_ms),
        .connections_max = (int)config->connections_max,
        .routes = host->routes,
        .route_count = host->route_count,
        .worker_open = open_worker,
        .worker_close = close_worker,
        .context = host,
    };
    return cairn_http_start(&options, &host->http, error);
}

int cairn_host_start(const struct cairn_config *config,
                     const struct cairn_service *const services[], struct cairn_host **ret,
                     struct cairn_error *error)
{
    struct cairn_host *host = cairn_allocate(sizeof *host);
    host->config = config;
    host->services = services;
    host->commands.retries = config->conflict_retries;
    int failed = start_appender(host, error);
    open_cache(host);
    if (!failed)
        failed = start_loader(host, error);
    if (!failed)
        failed = start_snapshots(host, error);
    if (!failed)
        failed = start_housekeeping(host, error);
    if (!failed)
        failed = add_routes(host, error);
    if (!failed)
        failed = start_leases(host, error);
    if (!failed)
        failed = start_services(host, error);
    if (!failed)
        failed = start_projector(host, error);
    if (!failed)
        failed = open_engine(host, error);
    if (!failed)
        failed = start_publisher(host, error);
    if (!failed)
        failed = start_consumers(host, error);
    struct cairn_buffer openapi = cairn_buffer(&host->arena);
    cairn_openapi_write(services, &openapi);
    host->health = (struct cairn_health){.service = services[0]->name,
                                         .projector = host->projector,
                                         .publisher = host->publisher,
                                         .services = services,
                                         .openapi = openapi.text};
    if (!failed)
        failed = start_queries(host, error);
    if (!failed)
        failed = start_http(host, error);
    if (!failed)
        failed = run_engine(host, error);
    if (failed) {
        cairn_host_stop(host);
        return failed;
    }
    *ret = host;
    return 0;
}

int cairn_host_port(const struct cairn_host *host)
{
    return cairn_http_port(host->http);
}

void cairn_host_leave(struct cairn_host *host)
{
    atomic_store(&host->health.leaving, true);
}

void cairn_host_stop(struct cairn_host *host)
{
    cairn_engine_close(host->engine); /* its calls may come in by the next door */
    cairn_query_side_stop(host->queries);
    if (host->http)
        cairn_http_stop(host->http, CAIRN_SECONDS(host->config->stop_grace_s));
    cairn_query_side_close(host->queries);
    if (host->leases)
        cairn_leases_stop(host->leases);
    if (host->projector)
        cairn_projector_stop(host->projector);
    cairn_consumers_stop(host->consumers);
    cairn_publisher_stop(host->publisher);
    cairn_leases_close(host->leases);
    cairn_loader_close(host->commands.loader);
    cairn_appender_close(host->commands.appender);
    cairn_cache_close(host->commands.cache);
    cairn_snapshots_close(host->commands.snapshots);
    cairn_housekeeping_close(host->housekeeping);
    stop_services(host);
    cairn_arena_close(&host->arena);
    free(host);
}
