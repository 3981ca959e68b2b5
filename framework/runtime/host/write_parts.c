/* write_parts.c - starts what decides and appends. */
#include "runtime/host/host_parts.h"

#include "command/state/cache.h"
#include "command/state/loader.h"
#include "command/state/snapshots.h"
#include "runtime/housekeeping.h"
#include "runtime/serve/log_routes.h"
#include "store/events/amend.h"

static int start_appender(struct cairn_host *host, struct cairn_error *error)
{
    if (!cairn_host_decides(host) && !cairn_engine_is_wanted(host->services) &&
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
    if (cairn_host_decides(host))
        host->commands.cache = cairn_cache_open((size_t)host->config->cache_entries,
                                                (size_t)host->config->cache_mib * 1048576);
    return 0;
}

/* Starts the loader, with room for all open requests: each waits for one load at a time. */
static int start_loader(struct cairn_host *host, struct cairn_error *error)
{
    if (!cairn_host_decides(host))
        return 0;
    return cairn_loader_open(host->config->database_url, host->services[0]->name,
                             (size_t)host->config->queue_max, &host->commands.loader, error);
}

static int start_snapshots(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_config *config = host->config;
    if (!cairn_host_decides(host) || config->snapshot_every == 0)
        return 0;
    return cairn_snapshots_open(config->database_url, host->services[0]->name,
                                config->snapshot_every, &host->commands.snapshots, error);
}

static int start_housekeeping(struct cairn_host *host, struct cairn_error *error)
{
    const struct cairn_config *config = host->config;
    if (!cairn_host_decides(host))
        return 0;
    return cairn_housekeeping_open(config->database_url, host->services[0]->name,
                                   config->command_retention_h, &host->housekeeping, error);
}

/* Reads the amendments, which every reader of the log needs, and the key of internal commands. */
static int read_store(struct cairn_host *host, struct cairn_error *error)
{
    struct cairn_pg *pg = NULL;
    bool has_commands = cairn_host_decides(host) || cairn_host_sends_commands(host);
    if (!cairn_host_reads_log(host) && !has_commands)
        return 0;
    int failed = cairn_pg_open(host->config->database_url, "start", &pg, error);
    if (!failed && cairn_host_reads_log(host))
        failed = cairn_amendments_load(pg, error);
    if (!failed && has_commands)
        failed = cairn_internal_key_read(pg, &host->internal_key, error);
    host->commands.internal_key = &host->internal_key;
    cairn_pg_close(pg);
    return failed;
}

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

const struct cairn_host_part cairn_host_part_store = {.start = read_store};
const struct cairn_host_part cairn_host_part_cache = {.start = open_cache, .stop = close_cache};
const struct cairn_host_part cairn_host_part_snapshots = {.start = start_snapshots,
                                                          .stop = close_snapshots};
const struct cairn_host_part cairn_host_part_housekeeping = {.start = start_housekeeping,
                                                             .stop = close_housekeeping};
const struct cairn_host_part cairn_host_part_appender = {.start = start_appender,
                                                         .stop = close_appender};
const struct cairn_host_part cairn_host_part_loader = {.start = start_loader, .stop = close_loader};
