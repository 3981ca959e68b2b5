/* live_streams.c - a list of streams, and what each has not sent yet. */
#include "operations/live/live_streams.h"

#include "core/threads/clock.h"
#include "core/threads/lock.h"

#include <stdlib.h>
#include <string.h>

#define BEAT_US CAIRN_SECONDS(15)
#define PATIENCE_US CAIRN_SECONDS(60) /* with a client that does not read */

void cairn_live_init(struct cairn_live *live)
{
    cairn_lock_init(&live->lock);
    cairn_cond_init(&live->called);
}

void cairn_live_destroy(struct cairn_live *live)
{
    cairn_cond_destroy(&live->called);
    cairn_lock_destroy(&live->lock);
}

/* ---- the thread that feeds ---- */

bool cairn_live_await(struct cairn_live *live)
{
    cairn_lock(&live->lock);
    while (!live->closing && !live->streams)
        cairn_cond_wait(&live->called, &live->lock);
    bool goes_on = !live->closing;
    cairn_unlock(&live->lock);
    return goes_on;
}

bool cairn_live_pause(struct cairn_live *live, int64_t until_us)
{
    cairn_lock(&live->lock);
    while (!live->closing && cairn_cond_wait_until(&live->called, &live->lock, until_us))
        continue;
    bool goes_on = !live->closing;
    cairn_unlock(&live->lock);
    return goes_on;
}

void cairn_live_tend(struct cairn_live *live)
{
    int64_t now_us = cairn_monotonic_us();
    int64_t now_s = cairn_time_to_unix(cairn_now()) / CAIRN_SECONDS(1);
    cairn_lock(&live->lock);
    for (struct cairn_live_stream *at = live->streams; at; at = at->after) {
        bool was_over = at->over;
        bool is_idle = at->begin == at->end;
        at->over |= live->stopping || (at->until_s && now_s >= at->until_s);
        if (!is_idle && now_us - at->taken_us > PATIENCE_US)
            cairn_http_cut(at->request);
        else if ((is_idle && now_us - at->taken_us > BEAT_US && cairn_live_add(at, ":\n\n")) ||
                 at->over != was_over)
            cairn_http_wake(at->request);
    }
    cairn_unlock(&live->lock);
}

void cairn_live_stop(struct cairn_live *live)
{
    cairn_lock(&live->lock);
    live->stopping = true;
    cairn_unlock(&live->lock);
    cairn_live_tend(live);
}

void cairn_live_end(struct cairn_live *live)
{
    cairn_lock(&live->lock);
    live->closing = true;
    cairn_cond_broadcast(&live->called);
    cairn_unlock(&live->lock);
}

/* ---- what is not sent ---- */

static void compact(struct cairn_live_stream *stream)
{
    memmove(stream->buffer, stream->buffer + stream->begin, stream->end - stream->begin);
    stream->end -= stream->begin;
    stream->begin = 0;
}

bool cairn_live_add(struct cairn_live_stream *stream, const char *text)
{
    size_t bytes = strlen(text);
    if (stream->begin == stream->end)
        stream->taken_us = cairn_monotonic_us();
    if (bytes > stream->size - stream->end)
        compact(stream);
    if (bytes > stream->size - stream->end)
        return false;
    memcpy(stream->buffer + stream->end, text, bytes);
    stream->end += bytes;
    return true;
}

void cairn_live_wake(struct cairn_live_stream *stream)
{
    if (stream->begin < stream->end)
        cairn_http_wake(stream->request);
}

static int64_t take(struct cairn_live_stream *stream, char *ret, size_t room)
{
    size_t left = stream->end - stream->begin;
    size_t bytes = left < room ? left : room;
    if (!left)
        return stream->over ? -1 : 0;
    memcpy(ret, stream->buffer + stream->begin, bytes);
    stream->begin += bytes;
    stream->taken_us = cairn_monotonic_us();
    return (int64_t)bytes;
}

/* ---- a stream ---- */

static int64_t pull(void *self, char *ret, size_t room)
{
    struct cairn_live_stream *stream = self;
    struct cairn_live *live = stream->live;
    cairn_lock(&live->lock);
    int64_t bytes = take(stream, ret, room);
    cairn_unlock(&live->lock);
    if (bytes > 0 && stream->taken)
        stream->taken(live);
    return bytes;
}

static void forget(struct cairn_live_stream *stream)
{
    free(stream->buffer);
    stream->forget(stream);
}

static void leave(void *self)
{
    struct cairn_live_stream *stream = self;
    struct cairn_live *live = stream->live;
    cairn_lock(&live->lock);
    *(stream->before ? &stream->before->after : &live->streams) = stream->after;
    if (stream->after)
        stream->after->before = stream->before;
    live->count--;
    cairn_unlock(&live->lock);
    forget(stream);
}

void cairn_live_make(struct cairn_live_stream *stream, size_t size,
                     struct cairn_http_request *request)
{
    stream->request = request;
    stream->until_s = request->actor ? request->actor->until_s : 0;
    stream->taken_us = cairn_monotonic_us();
    stream->size = size;
    stream->buffer = cairn_allocate(size);
    (void)cairn_live_add(stream, "retry: 1000\n\n");
}

static bool enter(struct cairn_live *live, struct cairn_live_stream *stream)
{
    cairn_lock(&live->lock);
    bool enters = !live->stopping && live->count < CAIRN_LIVE_STREAMS_MAX;
    if (enters) {
        stream->live = live;
        stream->after = live->streams;
        if (live->streams)
            live->streams->before = stream;
        live->streams = stream;
        live->count++;
        cairn_cond_broadcast(&live->called);
    }
    cairn_unlock(&live->lock);
    return enters;
}

int cairn_live_join(struct cairn_live *live, struct cairn_live_stream *stream,
                    struct cairn_http_response *response, struct cairn_error *error)
{
    if (!enter(live, stream)) {
        forget(stream);
        return cairn_fail(error, CAIRN_BUSY, "%d streams are open already, or the console stops",
                          CAIRN_LIVE_STREAMS_MAX);
    }
    response->status = 200;
    response->content_type = "text/event-stream";
    cairn_http_set_header(response, "Cache-Control", "no-store");
    response->stream = (struct cairn_http_stream){pull, leave, stream};
    return 0;
}
