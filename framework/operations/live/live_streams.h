/* live_streams.h - endless answers to operators: streams of server-sent events, which one thread
 * feeds.
 *
 * A stream has a buffer for what is not sent yet; a polling thread of http/ takes from it. A stream
 * ends when the token expires that it was opened with, or the console stops; it is cut when its
 * client has not read for a minute.
 *
 * Ownership: the owner of a list embeds struct cairn_live, the owner of a stream struct
 * cairn_live_stream; `forget` frees the latter. Threads: any; one lock for each list. It is held
 * while the streams' lock of http/ is acquired, never the other way round. */
#ifndef CAIRN_OPERATIONS_LIVE_STREAMS_H
#define CAIRN_OPERATIONS_LIVE_STREAMS_H

#include "http/http.h"

#include <pthread.h>

enum { CAIRN_LIVE_STREAMS_MAX = 32 };

struct cairn_live_stream {
    struct cairn_live *live;
    struct cairn_http_request *request;
    struct cairn_live_stream *before, *after;
    int64_t until_s;         /* since 1970: its token expires; 0: it needs none */
    int64_t taken_us;        /* monotonic: its client read last, or there was nothing to read */
    bool over;               /* it ends */
    size_t begin, end, size; /* of what is not sent */
    char *buffer;
    void (*forget)(struct cairn_live_stream *stream);
    void (*taken)(struct cairn_live *live); /* called, without the lock, when something was sent */
};

struct cairn_live {
    pthread_mutex_t lock; /* guards the members below, and those of the streams */
    pthread_cond_t called;
    struct cairn_live_stream *streams;
    size_t count;
    bool stopping;
    bool closing;
};

void cairn_live_init(struct cairn_live *live);
void cairn_live_destroy(struct cairn_live *live);

/* Waits until there is a stream. Returns false if the list closes. */
bool cairn_live_await(struct cairn_live *live);
/* Waits until the time (monotonic). Returns false, at once, if the list closes. */
bool cairn_live_pause(struct cairn_live *live, int64_t until_us);
/* Ends what is over, sends heartbeats, and cuts streams whose clients do not read. */
void cairn_live_tend(struct cairn_live *live);
/* Refuses new streams, and ends those that are open. */
void cairn_live_stop(struct cairn_live *live);
/* Makes cairn_live_await() return false. */
void cairn_live_end(struct cairn_live *live);

/* Fills in a zeroed stream of the request with a buffer of `size` bytes. */
void cairn_live_make(struct cairn_live_stream *stream, size_t size,
                     struct cairn_http_request *request);
/* Adds the stream to the list and makes it the answer. Returns 0, or -CAIRN_BUSY: there are too
 * many; then it is forgotten. */
int cairn_live_join(struct cairn_live *live, struct cairn_live_stream *stream,
                    struct cairn_http_response *response, struct cairn_error *error) CAIRN_CHECKED;

/* With the lock held, or before it has joined: appends a text; false if there is no room for all of
 * it. */
bool cairn_live_add(struct cairn_live_stream *stream, const char *text);
/* With the lock held: has its request read what there is. */
void cairn_live_wake(struct cairn_live_stream *stream);

#endif
