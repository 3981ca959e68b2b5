/* observed.h - the whole shop, watched by a real Prometheus with the rules of deploy/observe and
 * exporters of PostgreSQL and Redis: which alert fires, and whether it is resolved.
 *
 *     static struct observed observed;
 *     observed_start(&observed, "alerts");
 *     system_kill(&observed.shop, "query", SIGKILL);
 *     observed_fires(&observed, "CairnInstanceDown");
 *     system_heal(&observed.shop);
 *     observed_is_resolved(&observed, "CairnInstanceDown");
 *
 * The rules are used as they are, but for the unit of time: minutes and hours are seconds here,
 * thresholds of 30 and 60 seconds are 3, and a tmpfs counts as a disk. */
#ifndef OBSERVED_H
#define OBSERVED_H

#include "child.h"
#include "http_client.h"
#include "shell.h"
#include "system.h"

#include <stdbool.h>

enum { OBSERVED_TARGETS = 24, OBSERVED_EXPORTERS = 6 };

struct observed_target {
    const char *job, *service;
    int port;
};

struct observed {
    struct system_under_test shop;
    struct shell place;
    struct child prometheus; /* pid 0: not installed, and nothing was started */
    int port;                /* its */
    struct observed_target targets[OBSERVED_TARGETS];
    int target_count;
    struct child exporters[OBSERVED_EXPORTERS];
    int exporter_count;
    struct http_reply reply; /* the last one */
    char user[64];           /* one that is registered */
    char superuser_url[600]; /* the shop's database, as its superuser */
};

/* Starts the shop, registers a user and starts what watches it. Where Prometheus or an exporter is
 * not installed it says so and starts nothing; under CI it fails. */
void observed_start(struct observed *ret, const char *name);
/* Skips the calling test if nothing was started. */
void observed_need(const struct observed *observed);
void observed_stop(struct observed *observed);

/* Has Prometheus scrape one more port, from now on, or not any more. The texts are not copied. */
void observed_watch(struct observed *observed, const char *job, const char *service, int port);
void observed_forget(struct observed *observed, int port);

/* Starts an exporter, a shell command that is run in the directory, and has it scraped. */
void observed_export(struct observed *observed, const char *job, int port, const char *command);

/* Waits until the alert fires, or until neither it fires nor is pending. */
void observed_fires(struct observed *observed, const char *alert);
void observed_is_resolved(struct observed *observed, const char *alert);
/* The same; calls `happen` for each look, for a fault that has to go on. */
void observed_fires_while(struct observed *observed, const char *alert,
                          void (*happen)(void *context), void *context);
/* Waits until no alert of the rules fires or is pending. */
void observed_wait_quiet(struct observed *observed);

/* Writes events into the log without a service, each as the first one of a stream: `rows` is a
 * query for numbers from 1 on, streams, types and data. No service writes one that cannot be
 * read. */
void observed_write(const struct observed *observed, const char *rows);
void observed_register(struct observed *observed, const char *email);
/* Posts an order of the user's to this port, which has to answer with this status. */
void observed_order(struct observed *observed, int status, int port);
/* Writes the body of such an order. */
void observed_order_body(const struct observed *observed, char ret[static 300]);

#endif
