/* body_stream.c - answers without a known end: the library pulls data while the socket accepts
 * bytes, and the connection rests while there is none.
 *
 * A resting connection is suspended, and the library does not watch a suspended socket. A client
 * that has disconnected is thus noticed only when something is sent to it: the producer of a stream
 * must send a keep-alive from time to time.
 *
 * Threads: one lock for all streams of a server. It guards `flow` of each and is held while the
 * library suspends or resumes, never while `pull` or `close` run. */
#include "core/threads/lock.h"
#include "http/connection/client_connection.h"
#include "http/connection/poller.h"
#include "http/exchange.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { BLOCK_BYTES = 128 }; /* the library's own buffer, which a chunked answer does not use */

struct cairn_streams {
    pthread_mutex_t lock;
    struct cairn_exchange *first;
    bool ending;
};

struct cairn_streams *cairn_streams_open(void)
{
    struct cairn_streams *streams = cairn_allocate(sizeof *streams);
    cairn_lock_init(&streams->lock);
    return streams;
}

void cairn_streams_free(struct cairn_streams *streams)
{
    cairn_lock_destroy(&streams->lock);
    free(streams);
}

/* ---- the library pulls ---- */

/* Returns whether the stream is to end. Clears `woken`, since the stream is about to be pulled. */
static bool begin_pull(struct cairn_exchange *exchange)
{
    struct cairn_streams *streams = exchange->http->streams;
    cairn_lock(&streams->lock);
    bool ending = streams->ending;
    exchange->flow.woken = false;
    cairn_unlock(&streams->lock);
    return ending;
}

/* Suspends the connection, unless the stream was woken since the pull. Returns whether it did. */
static bool suspend_unless_woken(struct cairn_exchange *exchange)
{
    struct cairn_streams *streams = exchange->http->streams;
    cairn_lock(&streams->lock);
    bool resting = !exchange->flow.woken && !streams->ending;
    if (resting)
        MHD_suspend_connection(exchange->wire);
    exchange->flow.resting = resting;
    cairn_unlock(&streams->lock);
    return resting;
}

static ssize_t on_pull(void *context, uint64_t position, char *ret, size_t room)
{
    (void)position;
    struct cairn_exchange *exchange = context;
    const struct cairn_http_stream *stream = &exchange->response.stream;
    do {
        int64_t count = begin_pull(exchange) ? -1 : stream->pull(stream->self, ret, room);
        if (count > 0)
            cairn_poller_moved(exchange->poller);
        if (count > 0)
            return (ssize_t)count;
        if (count < 0) {
            cairn_connection_enter(exchange->connection, CAIRN_PHASE_ANSWERING);
            return MHD_CONTENT_READER_END_OF_STREAM;
        }
    } while (!suspend_unless_woken(exchange));
    return 0;
}

/* ---- other threads wake a stream ---- */

static void wake(struct cairn_exchange *exchange)
{
    exchange->flow.woken = true;
    if (exchange->flow.resting)
        cairn_poller_resume(exchange);
    exchange->flow.resting = false;
}

void cairn_http_wake(struct cairn_http_request *request)
{
    struct cairn_exchange *exchange = request->handle_;
    struct cairn_streams *streams = exchange->http->streams;
    cairn_lock(&streams->lock);
    wake(exchange);
    cairn_unlock(&streams->lock);
}

void cairn_http_cut(struct cairn_http_request *request)
{
    const struct cairn_exchange *exchange = request->handle_;
    (void)shutdown(exchange->connection->socket, SHUT_RDWR);
    cairn_http_wake(request);
}

/* ---- life ---- */

struct MHD_Response *cairn_stream_begin(struct cairn_exchange *exchange)
{
    struct cairn_streams *streams = exchange->http->streams;
    cairn_connection_enter(exchange->connection, CAIRN_PHASE_STREAMING);
    cairn_lock(&streams->lock);
    exchange->flow.after = streams->first;
    if (streams->first)
        streams->first->flow.before = exchange;
    streams->first = exchange;
    exchange->flow.listed = true;
    cairn_unlock(&streams->lock);
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, on_pull, exchange,
                                             NULL);
}

void cairn_stream_close(struct cairn_exchange *exchange)
{
    struct cairn_streams *streams = exchange->http->streams;
    struct cairn_http_stream *stream = &exchange->response.stream;
    if (stream->close)
        stream->close(stream->self);
    stream->close = NULL;
    if (!exchange->flow.listed)
        return;
    cairn_lock(&streams->lock);
    struct cairn_exchange *before = exchange->flow.before;
    struct cairn_exchange *after = exchange->flow.after;
    *(before ? &before->flow.after : &streams->first) = after;
    if (after)
        after->flow.before = before;
    exchange->flow.listed = false;
    cairn_unlock(&streams->lock);
}

void cairn_streams_end(struct cairn_streams *streams)
{
    cairn_lock(&streams->lock);
    streams->ending = true;
    for (struct cairn_exchange *at = streams->first; at; at = at->flow.after)
        wake(at);
    cairn_unlock(&streams->lock);
}
