/* hosting.h - services that run in the test's own process, on a database of the test. */
#ifndef HOSTING_H
#define HOSTING_H

#include "runtime/host.h"

/* Starts the services on a free port; settings other than DATABASE_URL and PORT are those of the
 * environment. Fails the test if they do not start. A program may start 64 hosts. */
struct cairn_host *hosting_start(const char *url, const struct cairn_service *const services[]);

/* Sends JSON by POST and returns the status. `headers` end with CRLF each; "" for none. */
int hosting_post(const struct cairn_host *host, const char *path, const char *headers,
                 const char *body);

#endif
