/* log_routes.h - the log's face in this process: its routes, and what watches the log. */
#ifndef CAIRN_RUNTIME_LOG_ROUTES_H
#define CAIRN_RUNTIME_LOG_ROUTES_H

#include "feed/face/log_ask.h"
#include "http/http.h"
#include "runtime/config/config.h"

#include <cairn/service.h>

typedef void cairn_log_routes_add(void *context, const struct cairn_http_route *route);

/* A route of the log's face, for documents. */
struct cairn_log_route {
    const char *route; /* "GET /events" */
    const char *help;
    enum cairn_log_question asks; /* its query parameters */
    bool appends;
};
extern const struct cairn_log_route cairn_log_route_rows[];
extern const size_t cairn_log_route_count;

/* Returns whether one of the services shows the log; whether to append, too. */
bool cairn_log_is_shown(const struct cairn_service *const services[]);
bool cairn_log_is_appended(const struct cairn_service *const services[]);

/* Fills in what does not have to be opened. The arena lives as long as the side. */
void cairn_log_side_fill(struct cairn_log_side *ret, const struct cairn_config *config,
                         const struct cairn_service *const services[], bool authenticates,
                         struct cairn_arena *arena);

/* Opens the watch, if the log is shown. Returns 0 or -CAIRN_CONFIG. */
int cairn_log_side_open(struct cairn_log_side *side, const struct cairn_config *config,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Adds the routes; those that append if something can be appended. The side is borrowed. */
void cairn_log_routes(const struct cairn_log_side *side, bool appended, struct cairn_arena *arena,
                      cairn_log_routes_add *add, void *context);

#endif
