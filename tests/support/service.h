/* service.h - runs one service as its own process, on an empty log.
 *
 *     static struct service service;
 *     service_start(&service, "invoice");       build/bin/cairn-invoice
 *     ask_for(201, service.port, "POST", "/invoices", NULL, body, &reply);
 *     service_stop(&service);
 */
#ifndef SERVICE_H
#define SERVICE_H

#include "child.h"

struct service {
    struct child child;
    char url[512]; /* of its database, as the owner */
    const char *redis_url;
    int port;
};

/* Starts the service and waits until it is ready; fails the test if it is not. */
void service_start(struct service *ret, const char *name);
/* The same, on the log of another one. */
void service_join(struct service *ret, const char *name, const struct service *other);
/* Stops one that has joined: its database stays. */
void service_leave(struct service *service);
/* Stops the service, which has to exit with 0, and drops its database. */
void service_stop(struct service *service);

/* Starts build/bin/cairn-NAME on a database, with the variables of `env` on top ("NAME=value",
 * ended by NULL; NULL for none), and does not wait. Its log is beside the test's servers. */
void service_launch(struct child *ret, const char *name, const char *url, int port,
                    const char *const env[]);

#endif
