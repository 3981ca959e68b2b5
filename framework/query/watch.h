/* watch.h - one thread that sees the read models move, for all who wait for that.
 *
 * It listens: the projector notifies the channel `cairn_read` when it has moved a checkpoint, at
 * most some 200 times a second. A notification says no more than "look": what has moved is read
 * from PostgreSQL, in one statement for all read models and all who wait. It may be lost, so the
 * thread also looks by itself: every 200 ms while somebody waits, else every second.
 *
 * Who waits is a request that holds no thread (CAIRN_HTTP_SUSPENDED). It is resumed when its read
 * model has reached the position, is shown in another generation or has another timeline, when its
 * time is over, or when the server stops; then it looks for itself. The streams (live.h) are fed by
 * the same thread.
 *
 * Threads: any may wait; one opens, stops and closes. */
#ifndef CAIRN_QUERY_WATCH_H
#define CAIRN_QUERY_WATCH_H

#include "http/http.h"
#include "query/live.h"
#include "query/models.h"

struct cairn_query_watch;

/* At most `waiting_max` reads wait at a time: each holds a place that another read could use. */
int cairn_query_watch_open(const char *database_url, const char *greeting, size_t waiting_max,
                           struct cairn_query_models *models, struct cairn_query_live *live,
                           struct cairn_query_watch **ret, struct cairn_error *error) CAIRN_CHECKED;
/* Everybody who waits is resumed; nobody can wait any more. */
void cairn_query_watch_stop(struct cairn_query_watch *watch);
/* NULL is fine. */
void cairn_query_watch_close(struct cairn_query_watch *watch);

/* A request that waits. It belongs to the watch until the request is resumed. */
struct cairn_query_wait {
    struct cairn_http_request *request;
    size_t model;
    int64_t epoch; /* as known when it looked */
    int64_t generation;
    int64_t position;
    int64_t deadline_us; /* monotonic */
    bool again;          /* it has waited before */
    struct cairn_query_wait *next;
};

/* False: its time is over, too many wait already, or the server stops. Else the request will be
 * resumed, and its handler has to return CAIRN_HTTP_SUSPENDED. */
bool cairn_query_watch_wait(struct cairn_query_watch *watch,
                            struct cairn_query_wait *wait) CAIRN_CHECKED;

#endif
