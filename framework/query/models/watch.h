/* watch.h - one thread that notices when read models move, for all waiting requests.
 *
 * The projector notifies the channel `cairn_read`, on which the thread listens, when it has moved a
 * checkpoint, at most some 200 times a second. A notification only triggers a look: what has moved
 * is read from PostgreSQL, in one statement for all read models and all waiting requests.
 * Notifications may be lost, so the thread also looks periodically: every 200 ms while a request
 * waits, else every second.
 *
 * A waiting request holds no thread (CAIRN_HTTP_SUSPENDED). It is resumed when its read model has
 * reached the position, is shown in another generation or has another timeline, at its deadline, or
 * when the server stops; it then reads again. The streams (live.h) are fed by the same thread.
 *
 * Threads: any may wait; one opens, stops and closes. */
#ifndef CAIRN_QUERY_WATCH_H
#define CAIRN_QUERY_WATCH_H

#include "http/http.h"
#include "query/models/known_models.h"
#include "query/stream/live.h"

struct cairn_query_watch;

/* At most `waiting_max` reads wait at a time: each occupies a slot that another read could use; and
 * at most `client_max` of one client, if it is not 0. */
int cairn_query_watch_open(const char *database_url, const char *greeting, size_t waiting_max,
                           size_t client_max, struct cairn_query_models *models,
                           struct cairn_query_live *live, struct cairn_query_watch **ret,
                           struct cairn_error *error) CAIRN_CHECKED;
/* Resumes all waiting requests; no request can wait any more. */
void cairn_query_watch_stop(struct cairn_query_watch *watch);
/* NULL is fine. */
void cairn_query_watch_close(struct cairn_query_watch *watch);

/* A waiting request. It is owned by the watch until the request is resumed. */
struct cairn_query_wait {
    struct cairn_http_request *request;
    size_t model;
    int64_t epoch; /* as known at its read */
    int64_t generation;
    int64_t position;
    int64_t deadline_us; /* monotonic */
    bool again;          /* it has waited before */
    struct cairn_query_wait *next;
};

/* Returns false at the deadline, if too many requests wait, or if the server stops. Otherwise the
 * request will be resumed, and its handler has to return CAIRN_HTTP_SUSPENDED. */
bool cairn_query_watch_wait(struct cairn_query_watch *watch,
                            struct cairn_query_wait *wait) CAIRN_CHECKED;

#endif
