/* host_parts.h - the parts of a process, as host.c starts and stops them: what they share, and a
 * row of each. */
#ifndef CAIRN_RUNTIME_HOST_PARTS_H
#define CAIRN_RUNTIME_HOST_PARTS_H

#include "process/reactor/teller.h"
#include "runtime/duty/duties.h"
#include "runtime/serve/guard.h"
#include "runtime/serve/operators/operators_side.h"
#include "runtime/serve/routes.h"
#include "store/internal_key.h"

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
    struct cairn_duties *duties;        /* NULL where there are none */
    struct cairn_housekeeping *housekeeping;
    struct cairn_health health;
    struct cairn_arena arena; /* endpoints and routes */
    struct cairn_routes routes;
    struct cairn_query_engine *queries; /* NULL in a process without resources */
    struct cairn_log_side log;          /* without a watch where the log is not shown */
    struct cairn_operators_side operators_side;
    struct cairn_identity *identity;         /* NULL where services do not authenticate */
    struct cairn_sessions sessions;          /* zeroed: no pages are signed in to */
    struct cairn_callers callers, operators; /* whom the two listeners admit */
    struct cairn_trace_export *traces;       /* NULL: no spans are recorded */
    size_t services_started;
    size_t parts_started;
};

/* host_needs.c */
size_t cairn_host_service_count(const struct cairn_host *host);
bool cairn_host_decides(const struct cairn_host *host);
bool cairn_host_reads_log(const struct cairn_host *host);
bool cairn_host_sends_commands(const struct cairn_host *host);

/* A part without work in this process starts nothing, and stopping it does nothing. */
struct cairn_host_part {
    int (*start)(struct cairn_host *host, struct cairn_error *error);
    void (*stop)(struct cairn_host *host);
};

/* outbound_parts.c */
extern const struct cairn_host_part cairn_host_part_egress, cairn_host_part_traces,
    cairn_host_part_credentials, cairn_host_part_client;
/* write_parts.c */
extern const struct cairn_host_part cairn_host_part_store, cairn_host_part_cache,
    cairn_host_part_snapshots, cairn_host_part_housekeeping, cairn_host_part_appender,
    cairn_host_part_loader;
/* react_parts.c */
extern const struct cairn_host_part cairn_host_part_leases, cairn_host_part_projector,
    cairn_host_part_engine, cairn_host_part_publisher, cairn_host_part_lease_waits,
    cairn_host_part_consumers, cairn_host_part_feeds, cairn_host_part_engine_run,
    cairn_host_part_duties;
/* answer_parts.c */
extern const struct cairn_host_part cairn_host_part_policies, cairn_host_part_services,
    cairn_host_part_identity, cairn_host_part_health, cairn_host_part_queries, cairn_host_part_log,
    cairn_host_part_operators, cairn_host_part_identity_waits, cairn_host_part_log_streams,
    cairn_host_part_operators_streams, cairn_host_part_query_streams;
/* listen_parts.c */
extern const struct cairn_host_part cairn_host_part_routes, cairn_host_part_admin,
    cairn_host_part_forwards_left, cairn_host_part_http, cairn_host_part_forwards;

#endif
