/* service.h - a service is declared as a constant struct, and run by one call in main.
 *
 *     const struct cairn_service order_service = {
 *         .name = "order",
 *         .port = 8002,
 *         .deciders = {&order_decider},
 *     };
 *     int main(int argc, char **argv)
 *     {
 *         const struct cairn_service *const all[] = {&order_service, NULL};
 *         return cairn_main(argc, argv, all);
 *     }
 *
 * (CAIRN_MAIN does the same for a single service.)
 *
 * Any number of services can share a process, which has the name and port of the first one. A
 * service that lists projections runs them (a projector); one that lists resources answers
 * queries; one that lists publications puts their events on the bus, one process at a time; one
 * that has only routes of its own (handler.h) needs no database. With `--only NAME[,NAME...]` a
 * program runs some of its services, so that it can be deployed as one process or as several: a
 * service that sends commands to another process names its URL (peers). */
#ifndef CAIRN_SERVICE_H
#define CAIRN_SERVICE_H

#include <cairn/boundary.h>
#include <cairn/consumer.h>
#include <cairn/file.h>
#include <cairn/handler.h>
#include <cairn/lease.h>
#include <cairn/log_face.h>
#include <cairn/process.h>
#include <cairn/projection.h>
#include <cairn/publication.h>
#include <cairn/reactor.h>
#include <cairn/resource.h>
#include <cairn/setting.h>

CAIRN_BEGIN_C

enum { CAIRN_SERVICE_MAX = 16 };

/* Another service, that this one's processes and reactors send commands to, or that they read from
 * (CAIRN_LOOK). */
struct cairn_peer {
    const char *category; /* of the streams that it decides on: "payment"; or "query" */
    const char *url;      /* unless CAIRN_PAYMENT_URL says otherwise */
};

struct cairn_service {
    const char *name; /* in logs, metrics and every event's meta */
    int port;         /* unless PORT says otherwise */
    const char *help;
    const struct cairn_decider *deciders[CAIRN_SERVICE_MAX];
    const struct cairn_process *processes[CAIRN_SERVICE_MAX];
    const struct cairn_reactor *reactors[CAIRN_SERVICE_MAX];
    struct cairn_peer peers[CAIRN_SERVICE_MAX]; /* ends with a zeroed one */
    const struct cairn_projection *projections[CAIRN_SERVICE_MAX];
    const struct cairn_consumer *consumers[CAIRN_SERVICE_MAX]; /* need REDIS_URL */
    const struct cairn_resource *resources;    /* ends with a zeroed row, as do the next three */
    const struct cairn_publication *publishes; /* needs REDIS_URL */
    const struct cairn_route *routes;
    const struct cairn_log_face *log; /* the log over HTTP; ends with a zeroed row */
    const struct cairn_duty *duties;  /* work that one process does at a time; likewise (lease.h) */
    const struct cairn_setting *settings;
    /* Answers operators, under /admin/: what the command `cairn` shows and does, for all that is on
     * this database and bus. Callers with the role "operator" act, those with "reader" look. */
    bool operators;
    /* With it: all services of the system, ended by NULL, whose catalogue operators are shown, and
     * why rows of their read models are as they are. NULL: those of this process. */
    const struct cairn_service *const *system;
    const struct cairn_file *files; /* static files; ends with a zeroed row */
    /* People sign in to pages of this service, and act by a session: a path of the pages, which a
     * sign-in leads to. Tokens stay in the service: the browser has a sealed cookie. Writes need
     * the pages' own Origin. GET /session and its neighbours are docs/SHOP.md. NULL: by tokens only
     */
    const char *sign_in;
    /* Called once each, before the first request and after the last one; the settings have been
     * read by then. A negative result of start ends the process. May be NULL. */
    int (*start)(struct cairn_error *error);
    void (*stop)(void);
};

/* Runs the services until SIGTERM or SIGINT, then finishes the accepted requests and returns.
 *
 * Configuration comes from the environment; `--help` lists every variable with its default and
 * unit. Returns the exit status:
 *   0   after a requested stop; with --drain: at the head
 *   1   with --drain: at the head, but something is parked or stopped
 *   64  for wrong usage or configuration: a variable, a peer without a URL, a port in use
 *   69  when the database cannot be reached, its schema is not the one this binary was made for, or
 *       the log holds events that only a newer release can read: each of them is named
 *   70  when what the services declare is wrong: all errors are logged, with file, line and what to
 *       write
 *   75  with --drain: not at the head within CAIRN_DRAIN_S
 * If a service's `start` fails, it is 64 for -CAIRN_CONFIG, 70 for -CAIRN_BUG, else 69.
 * The services are borrowed for the life of the process. */
int cairn_main(int argc, char **argv, const struct cairn_service *const services[]);

/* Makes the main() of a program that runs one service, given by its initialisers:
 *
 *     CAIRN_MAIN({.name = "ticket", .port = 8090, .deciders = {&ticket_decider}}); */
#define CAIRN_MAIN(...)                                                                            \
    static const struct cairn_service cairn_main_service_;                                         \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        const struct cairn_service *const all[] = {&cairn_main_service_, NULL};                    \
        return cairn_main(argc, argv, all);                                                        \
    }                                                                                              \
    static const struct cairn_service cairn_main_service_ = __VA_ARGS__

CAIRN_END_C

#endif
