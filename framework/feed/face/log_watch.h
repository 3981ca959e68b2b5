/* log_watch.h - requests that wait for the log to grow, and streams that follow it.
 *
 * One thread learns of new events (store/read/log_follower.h). It resumes the requests that wait,
 * each of which then looks by itself, and reads for each stream what it has not been sent: a stream
 * is given a page of events at a time, and the next one when its client has read it, so that a slow
 * client costs a page of memory, and misses nothing.
 *
 * A waiting request holds no thread (CAIRN_HTTP_SUSPENDED); how many wait, and how many streams are
 * open, is bounded, in all and for each client.
 *
 * A stream ends when the token expires that it was opened with, when the store was restored to an
 * older state, and when the server stops.
 *
 * Threads: any may wait or join; one opens, stops and closes. The lock is held while the streams'
 * lock of http/ is acquired, never the other way round. */
#ifndef CAIRN_FEED_LOG_WATCH_H
#define CAIRN_FEED_LOG_WATCH_H

#include "feed/face/log_collect.h"

struct cairn_log_watch_options {
    const char *database_url; /* borrowed, like all members */
    const char *label;
    size_t waiting_max;
    size_t client_waiting_max; /* 0: any number */
    size_t streams_max;
    size_t client_streams_max; /* likewise */
    int64_t heartbeat_us;
};

/* Connects lazily. Returns 0, or -CAIRN_CONFIG. */
int cairn_log_watch_open(const struct cairn_log_watch_options *options,
                         struct cairn_log_watch **ret, struct cairn_error *error) CAIRN_CHECKED;
/* Resumes all waiting requests and ends the streams; none can join any more. NULL is fine. */
void cairn_log_watch_stop(struct cairn_log_watch *watch);
/* Call it when the server has stopped. NULL is fine. */
void cairn_log_watch_close(struct cairn_log_watch *watch);

/* A waiting request; the watch's until it is resumed. */
struct cairn_log_wait {
    struct cairn_http_request *request;
    int64_t head;        /* of the log: it is resumed when there is more */
    int64_t deadline_us; /* monotonic */
    struct cairn_log_wait *next;
};

/* Returns false at the deadline, if too many requests wait, or if the server stops. Otherwise the
 * request will be resumed, and its handler has to return CAIRN_HTTP_SUSPENDED. */
bool cairn_log_watch_wait(struct cairn_log_watch *watch, struct cairn_log_wait *wait) CAIRN_CHECKED;

/* Makes the response a stream of the events from the place on. Returns 0, -CAIRN_BUSY or
 * -CAIRN_TOO_MANY. */
int cairn_log_watch_join(struct cairn_log_watch *watch, const struct cairn_log_ask *ask,
                         const struct cairn_log_place *place, struct cairn_http_request *request,
                         int64_t until_s, struct cairn_http_response *response,
                         struct cairn_error *error) CAIRN_CHECKED;

#endif
