/* config.h - a process' configuration, read from its environment. One table defines all variables;
 * --help prints it. */
#ifndef CAIRN_RUNTIME_CONFIG_H
#define CAIRN_RUNTIME_CONFIG_H

#include "core/report/log.h"

#include <cairn/service.h>

#include <stdio.h>

struct cairn_config {
    const char *database_url; /* NULL: none of the services needs it */
    const char *redis_url;    /* "" for none */
    int64_t port;
    const char *bind;
    int64_t admin_port; /* 0: what operators ask for is at `port`: see admin_config.h */
    const char *admin_bind;
    int64_t workers;
    int64_t queue_max;
    int64_t connections_max;
    int64_t body_max_bytes;
    int64_t bodies_max_bytes;
    int64_t request_deadline_ms;
    int64_t streams_max;
    int64_t pages_max;
    int64_t heartbeat_s;
    const char *cursor_secret; /* "" for none */
    int64_t cache_entries;
    int64_t cache_mib;
    int64_t append_queue_max;
    int64_t append_batch_events;
    int64_t append_watch_us;
    int64_t conflict_retries;
    int64_t command_retention_h;
    int64_t snapshot_every;
    int64_t process_calls;
    int64_t verify_mib;
    int64_t rebuild_mib;
    int64_t rebuild_threads;
    const char *rebuild_directory;
    int64_t rollback_window_ms;
    int64_t bus_keep;
    int64_t bus_cap;
    int64_t start_wait_s;
    bool drains; /* --drain: not a setting */
    int64_t drain_s;
    int64_t stop_drain_ms;
    int64_t stop_grace_s;
    const char *auth; /* "", "on", "off", "off anywhere": see auth_config.h */
    const char *auth_issuer;
    const char *auth_audience;
    const char *auth_keys_file;
    const char *auth_roles_claim;
    const char *auth_type;
    int64_t auth_leeway_s;
    const char *auth_client_id; /* of this service, or "" */
    const char *auth_client_secret;
    const char *auth_token_file;
    const char *auth_scope;
    const char *auth_resource;
    const char *sign_in_client; /* of the pages of this service */
    const char *sign_in_secret; /* the client's, or "" */
    const char *sign_in_origin; /* where browsers see it, or "" */
    const char *session_secret; /* "": sessions end with the process */
    const char *egress_url;     /* "" for none */
    const char *egress_except;
    const char *tls_cert_file; /* "" for none: see tls_config.h */
    const char *tls_key_file;
    const char *tls_client_ca_file;
    const char *outbound_ca_file;
    const char *outbound_cert_file;
    const char *outbound_key_file;
    int64_t require_tls;
    int64_t address_rate; /* see limits_config.h */
    int64_t address_burst;
    int64_t caller_rate;
    int64_t caller_burst;
    int64_t address_connections;
    int64_t client_streams_max;
    int64_t client_waiting_max;
    const char *proxies;
    const char *hosts;
    const char *cors_origins;
    const char *otel_disabled; /* see otel_config.h */
    const char *otel_endpoint;
    const char *otel_traces_endpoint;
    const char *otel_protocol;
    const char *otel_headers;
    int64_t otel_timeout_ms;
    const char *otel_service_name;
    const char *otel_resource;
    const char *otel_sampler;
    const char *otel_sampler_arg;
    int64_t otel_schedule_ms;
    int64_t otel_queue_max;
    int64_t otel_batch_max;
    int64_t otel_export_ms;
    const char *log_level;
    const char *log_level_file;
};

/* Reads the environment, including the services' own settings; `services` is NULL where there are
 * none, as in the `cairn` command. Texts live as long as the process. Returns 0 or -CAIRN_CONFIG,
 * naming every variable that is wrong. */
int cairn_config_read(struct cairn_config *ret, const struct cairn_service *const services[],
                      struct cairn_error *error) CAIRN_CHECKED;

/* The same, for a caller that reports each wrong variable by itself: they are in `ret_wrong`,
 * each with its name as the pointer. Returns how many there are; `ret` has all others. */
unsigned cairn_config_check(struct cairn_config *ret, const struct cairn_service *const services[],
                            struct cairn_error *ret_wrong);

/* Returns whether the framework has a setting of this name, or one whose _FILE it is. */
bool cairn_config_knows(const char *variable);

/* Prints the table for users: name, unit, default, meaning. */
void cairn_config_help(FILE *out, const struct cairn_service *const services[]);

#endif
