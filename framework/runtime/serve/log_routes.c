/* log_routes.c - adapts the log's face to routes. */
#include "runtime/serve/log_routes.h"

#include "core/threads/clock.h"
#include "feed/face/log_handler.h"
#include "feed/face/log_watch.h"
#include "runtime/serve/service_worker.h"

#include <string.h>

struct form {
    enum cairn_log_form form;
    enum cairn_log_scope scope;
};

const struct cairn_log_route cairn_log_route_rows[] = {
    {"GET /streams/{id}", "The events of a stream, by version.", CAIRN_LOG_ASKS_PAGE, false},
    {"GET /categories/{id}", "The events of a category, by position.", CAIRN_LOG_ASKS_PAGE, false},
    {"GET /events", "All events that the caller may read, by position.", CAIRN_LOG_ASKS_PAGE,
     false},
    {"GET /events/{id}", "One event, by its id.", CAIRN_LOG_ASKS_NOTHING, false},
    {"GET /feed", "All events that the caller may read, as an HTTP feed.", CAIRN_LOG_ASKS_FEED,
     false},
    {"GET /feeds/{id}", "The events of a category, as an HTTP feed.", CAIRN_LOG_ASKS_FEED, false},
    {"GET /schemas/{id}", "The JSON Schema of a type of event.", CAIRN_LOG_ASKS_NOTHING, false},
    {"POST /streams/{id}", "Appends events to a stream.", CAIRN_LOG_ASKS_NOTHING, true},
    {"POST /events", "Appends events to several streams, under conditions.", CAIRN_LOG_ASKS_NOTHING,
     true},
};
const size_t cairn_log_route_count = sizeof cairn_log_route_rows / sizeof cairn_log_route_rows[0];

static const struct form forms[sizeof cairn_log_route_rows / sizeof cairn_log_route_rows[0]] = {
    {CAIRN_LOG_PAGES, CAIRN_LOG_STREAM}, {CAIRN_LOG_PAGES, CAIRN_LOG_CATEGORY},
    {CAIRN_LOG_PAGES, CAIRN_LOG_ALL},    {CAIRN_LOG_EVENT, CAIRN_LOG_ALL},
    {CAIRN_LOG_FEED, CAIRN_LOG_ALL},     {CAIRN_LOG_FEED, CAIRN_LOG_CATEGORY},
    {CAIRN_LOG_SCHEMA, CAIRN_LOG_ALL},   {CAIRN_LOG_APPEND, CAIRN_LOG_STREAM},
    {CAIRN_LOG_APPEND, CAIRN_LOG_ALL},
};

static bool is_end(const struct cairn_log_face *face)
{
    return !face || !face->events;
}

bool cairn_log_is_shown(const struct cairn_service *const services[])
{
    for (size_t i = 0; services[i]; i++) {
        if (!is_end(services[i]->log))
            return true;
    }
    return false;
}

bool cairn_log_is_appended(const struct cairn_service *const services[])
{
    for (size_t i = 0; services[i]; i++) {
        for (const struct cairn_log_face *at = services[i]->log; !is_end(at); at++) {
            if (at->append.kind)
                return true;
        }
    }
    return false;
}

static size_t list_faces(const struct cairn_service *const services[],
                         const struct cairn_log_face **ret)
{
    size_t count = 0;
    for (size_t i = 0; services[i]; i++) {
        for (const struct cairn_log_face *at = services[i]->log; !is_end(at); at++, count++) {
            if (ret)
                ret[count] = at;
        }
    }
    return count;
}

void cairn_log_side_fill(struct cairn_log_side *ret, const struct cairn_config *config,
                         const struct cairn_service *const services[], bool authenticates,
                         struct cairn_arena *arena)
{
    const struct cairn_log_face **faces =
        cairn_new(arena, const struct cairn_log_face *, list_faces(services, NULL) + 1);
    (void)list_faces(services, faces);
    *ret = (struct cairn_log_side){.service = services[0]->name,
                                   .faces = faces,
                                   .authenticates = authenticates,
                                   .heartbeat_us = CAIRN_SECONDS(config->heartbeat_s)};
}

int cairn_log_side_open(struct cairn_log_side *side, const struct cairn_config *config,
                        struct cairn_error *error)
{
    const struct cairn_log_watch_options options = {
        .database_url = config->database_url,
        .label = side->service,
        .waiting_max =
            (size_t)config->queue_max / 2, /* the other half is for those that need not */
        .client_waiting_max = (size_t)config->client_waiting_max,
        .streams_max = (size_t)config->streams_max,
        .client_streams_max = (size_t)config->client_streams_max,
        .heartbeat_us = side->heartbeat_us,
    };
    return side->faces[0] ? cairn_log_watch_open(&options, &side->watch, error) : 0;
}

static enum cairn_http_outcome on_read(const void *self, void *worker,
                                       struct cairn_http_request *request,
                                       struct cairn_http_response *response)
{
    const struct cairn_worker *own = worker;
    return cairn_log_handle(self, own->store, request, response);
}

void cairn_log_routes(const struct cairn_log_side *side, bool appended, struct cairn_arena *arena,
                      cairn_log_routes_add *add, void *context)
{
    /* Tokens are verified; which categories a caller may see is compared row by row. */
    static const struct cairn_allow anyone = CAIRN_ANYONE;
    for (size_t i = 0; i < cairn_log_route_count; i++) {
        if (cairn_log_route_rows[i].appends && !appended)
            continue;
        struct cairn_log_endpoint *endpoint = cairn_new(arena, struct cairn_log_endpoint, 1);
        *endpoint = (struct cairn_log_endpoint){side, forms[i].form, forms[i].scope};
        add(context, &(struct cairn_http_route){
                         .method = cairn_log_route_rows[i].appends ? "POST" : "GET",
                         .takes_body = cairn_log_route_rows[i].appends,
                         .any_media_type = true,
                         .pattern = strchr(cairn_log_route_rows[i].route, ' ') + 1,
                         .handle = on_read,
                         .self = endpoint,
                         .allow = &anyone,
                     });
    }
}
