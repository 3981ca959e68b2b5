/* react_parts.c - starts what works on recorded events: projections, processes, the bus, feeds; and
 * their leases. */
#include "runtime/host/host_parts.h"

#include "bus/consume/consumers.h"
#include "feed/follow/feed_followers.h"

static int start_projector(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_projection **all =
        cairn_new(&host->arena, const struct cairn_projection *,
                  cairn_host_service_count(host) * CAIRN_SERVICE_MAX);
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

static int start_duties(struct cairn_host *host, struct cairn_error *error)
{
    for (size_t i = 0; host->services[i]; i++) {
        const struct cairn_duty *duties = host->services[i]->duties;
        if (duties && duties->name)
            return cairn_duties_start(host->config->database_url, host->services, host->leases,
                                      &host->duties, error);
    }
    return 0;
}

static void stop_duties(struct cairn_host *host)
{
    cairn_duties_stop(host->duties);
}

/* Lists the consumers of the bus, or those of feeds. */
static const struct cairn_consumer **list_consumers(struct cairn_host *host, bool of_feeds,
                                                    size_t *ret_count)
{
    const struct cairn_consumer **all =
        cairn_new(&host->arena, const struct cairn_consumer *,
                  cairn_host_service_count(host) * CAIRN_SERVICE_MAX);
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
                                                         .leases = host->leases,
                                                         .timeout_ms =
                                                             host->config->drains ? 1 : 0};
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
            (service->publishes && service->publishes->events) ||
            (service->duties && service->duties->name))
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

static void stop_engine(struct cairn_host *host)
{
    cairn_engine_stop(host->engine);
}

const struct cairn_host_part cairn_host_part_leases = {.start = start_leases, .stop = close_leases};
const struct cairn_host_part cairn_host_part_projector = {.start = start_projector,
                                                          .stop = stop_projector};
const struct cairn_host_part cairn_host_part_engine = {.start = open_engine, .stop = close_engine};
const struct cairn_host_part cairn_host_part_publisher = {.start = start_publisher,
                                                          .stop = stop_publisher};
const struct cairn_host_part cairn_host_part_duties = {.start = start_duties, .stop = stop_duties};
const struct cairn_host_part cairn_host_part_lease_waits = {.stop = stop_leases};
const struct cairn_host_part cairn_host_part_consumers = {.start = start_consumers,
                                                          .stop = stop_consumers};
const struct cairn_host_part cairn_host_part_feeds = {.start = start_feeds, .stop = stop_feeds};
const struct cairn_host_part cairn_host_part_engine_run = {.start = run_engine,
                                                           .stop = stop_engine};
