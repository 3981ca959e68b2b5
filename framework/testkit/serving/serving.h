/* serving.h - a test of running services: the process' parts, its database, and the last answer. */
#ifndef CAIRN_TESTKIT_SERVING_H
#define CAIRN_TESTKIT_SERVING_H

#include "runtime/config/config.h"
#include "runtime/host.h"
#include "store/read/token.h"
#include "testkit/scenario.h"
#include "testkit/serving/scratch.h"

enum { CAIRN_SERVING_MAX = 16 };

/* An answer. */
struct cairn_served {
    int status; /* 0: there is none */
    const char *head;
    const char *body;
    size_t body_bytes;
    const char *asked; /* "POST /rooms" */
    bool status_named;
};

struct cairn_serving {
    struct cairn_scenario *scenario;
    const struct cairn_service *services[CAIRN_SERVING_MAX + 1]; /* ends with NULL */
    size_t service_count;
    const char *given_url; /* NULL: a database of the test's own */
    struct cairn_scratch scratch;

    /* while it runs */
    struct cairn_config config;
    struct cairn_host *host; /* NULL: it has not been started */
    struct cairn_store *store;
    struct cairn_timeline timeline;
    char position[CAIRN_TOKEN_TEXT_SIZE]; /* the newest that the test knows; "": none */

    const char *headers; /* of the next request */
    struct cairn_served answer;
};

/* Starts the services if they do not run yet. Returns false, having failed the test at `here`, if
 * they cannot. */
bool cairn_serving_start(struct cairn_here here);

#endif
