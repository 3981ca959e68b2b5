/* live.c - readers that follow topics, and what their streams are sent. */
#include "query/stream/live.h"

#include "core/report/metrics.h"
#include "core/text/hash.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "query/stream/topics.h"
#include "store/read/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The stream of a reader that misses this many heartbeats in a row is cut. */
enum { MISSED_MAX = 4 };

static const char hello[] = "retry: 1000\n\n"; /* milliseconds until a client reconnects */
static const char beat[] = ":\n\n";

static struct cairn_metric streams =
    CAIRN_GAUGE("cairn_query_streams", "Streams that are open.", NULL);
static struct cairn_metric messages =
    CAIRN_COUNTER("cairn_query_messages_total", "States sent to streams.", NULL);
static struct cairn_metric cuts = CAIRN_COUNTER(
    "cairn_query_streams_cut_total", "Streams cut because their client did not read.", NULL);

/* ---- heartbeats ---- */

static void queue_beat(struct cairn_query_live *live, struct cairn_reader *reader)
{
    reader->beat_us = cairn_monotonic_us() + live->heartbeat_us;
    reader->later = NULL;
    reader->earlier = live->last_beat;
    *(live->last_beat ? &live->last_beat->later : &live->next_beat) = reader;
    live->last_beat = reader;
}

static void unqueue_beat(struct cairn_query_live *live, struct cairn_reader *reader)
{
    *(reader->earlier ? &reader->earlier->later : &live->next_beat) = reader->later;
    *(reader->later ? &reader->later->earlier : &live->last_beat) = reader->earlier;
}

/* A reader that has not consumed the previous heartbeat has no room for another one. */
static void give_beat(struct cairn_reader *reader)
{
    reader->missed = reader->beat ? reader->missed + 1 : 0;
    reader->beat = true;
    if (reader->missed < MISSED_MAX) {
        cairn_http_wake(reader->request);
        return;
    }
    cairn_http_cut(reader->request);
    cairn_metric_add(&cuts, "", 1);
}

int64_t cairn_query_live_heartbeat(struct cairn_query_live *live)
{
    int64_t now_us = cairn_monotonic_us();
    cairn_lock(&live->lock);
    while (live->next_beat && live->next_beat->beat_us <= now_us) {
        struct cairn_reader *reader = live->next_beat;
        unqueue_beat(live, reader);
        queue_beat(live, reader);
        give_beat(reader);
    }
    int64_t next_us = live->next_beat ? live->next_beat->beat_us : INT64_MAX;
    cairn_unlock(&live->lock);
    return next_us;
}

/* ---- reading from the stream ---- */

/* Copies what fits into `ret`; the rest is kept in the reader. */
static int64_t copy_part(struct cairn_reader *reader, const char *text, size_t count, char *ret,
                         size_t room)
{
    size_t fits = count < room ? count : room;
    memcpy(ret, text, fits);
    if (fits < count) {
        reader->rest = cairn_allocate(count - fits);
        reader->rest_bytes = count - fits;
        reader->rest_at = 0;
        memcpy(reader->rest, text + fits, count - fits);
    }
    return (int64_t)fits;
}

static int64_t copy_rest(struct cairn_reader *reader, char *ret, size_t room)
{
    size_t left = reader->rest_bytes - reader->rest_at;
    size_t fits = left < room ? left : room;
    memcpy(ret, reader->rest + reader->rest_at, fits);
    reader->rest_at += fits;
    if (fits == left) {
        free(reader->rest);
        reader->rest = NULL;
    }
    return (int64_t)fits;
}

/* Returns whether the token that the stream was opened with has expired. */
static bool is_over(const struct cairn_reader *reader)
{
    return reader->until_s && cairn_time_to_unix(cairn_now()) / CAIRN_SECONDS(1) >= reader->until_s;
}

static int64_t pull(void *self, char *ret, size_t room)
{
    struct cairn_reader *reader = self;
    struct cairn_query_live *live = reader->live;
    const struct cairn_topic *topic = reader->topic;
    int64_t given = 0;
    cairn_lock(&live->lock);
    if (reader->rest) {
        given = copy_rest(reader, ret, room);
    } else if (is_over(reader)) {
        given = -1;
    } else if (reader->seen != topic->number) {
        reader->seen = topic->number;
        given = copy_part(reader, topic->message, topic->bytes, ret, room);
        cairn_metric_add(&messages, "", 1);
    } else if (reader->beat) {
        given = copy_part(reader, beat, sizeof beat - 1, ret, room);
    }
    if (given > 0)
        reader->beat = false;
    cairn_unlock(&live->lock);
    return given;
}

static void leave(void *self)
{
    struct cairn_reader *reader = self;
    struct cairn_query_live *live = reader->live;
    struct cairn_topic *topic = reader->topic;
    cairn_lock(&live->lock);
    *(reader->before ? &reader->before->after : &topic->readers) = reader->after;
    if (reader->after)
        reader->after->before = reader->before;
    unqueue_beat(live, reader);
    live->count--;
    if (!topic->readers)
        cairn_topic_remove(live, topic);
    cairn_unlock(&live->lock);
    free(reader->rest);
    free(reader);
    cairn_metric_add(&streams, "", -1);
}

/* ---- joining ---- */

/* The model's first topic sets the position from which it is followed. */
static void begin_following(struct cairn_query_live *live, size_t place,
                            const struct cairn_query_state *state)
{
    struct cairn_followed *followed = &live->followed[place];
    if (followed->topics)
        return;
    followed->generation = state->generation;
    followed->timeline = *state->timeline;
    followed->position = state->position;
    followed->shown = state->position;
    followed->revision = -1;
    free(followed->key);
    followed->key = NULL;
}

/* Updates the topic and the reader to the newer of the two states. Changes up to the followed
 * position are not reported again: if the reader's state is older than that, the row is read once
 * more; so is a page read at the position of the topic's state, since their order is unknown. */
static void reconcile(struct cairn_query_live *live, struct cairn_topic *topic,
                      const struct cairn_query_state *state, int64_t seen,
                      struct cairn_reader *reader)
{
    const struct cairn_followed *followed = &live->followed[topic->place];
    bool is_new = topic->number == 0;
    bool past = !cairn_timeline_equal(state->timeline, &followed->timeline);
    bool other = past || topic->generation != state->generation;
    if (is_new || (!other && state->changed > topic->changed))
        cairn_topic_show(live, topic, state);
    if (past)
        topic->position = 0; /* not comparable with positions of this history */
    if (past || followed->generation != state->generation || state->position < followed->position ||
        (topic->page && !is_new && state->position == topic->position))
        cairn_topic_mark_dirty(live, topic);
    bool has_seen = seen >= topic->changed && topic->generation == state->generation;
    reader->seen = has_seen ? topic->number : 0;
}

static void join_topic(struct cairn_query_live *live, size_t place, struct cairn_page *page,
                       const struct cairn_query_state *state, int64_t seen,
                       struct cairn_reader *reader)
{
    struct cairn_topic *topic = cairn_topic_find(live, place, state->key, &state->owner);
    begin_following(live, place, state);
    if (topic)
        cairn_page_let_go(page);
    else
        topic = cairn_topic_add(live, place, page, state->key, &state->owner);
    reader->topic = topic;
    reconcile(live, topic, state, seen, reader);
    reader->after = topic->readers;
    if (topic->readers)
        topic->readers->before = reader;
    topic->readers = reader;
    queue_beat(live, reader);
    live->count++;
}

/* Returns whether a client has as many streams as it may. Each stream is in the list of beats. */
static bool has_its_share(const struct cairn_query_live *live, uint64_t client)
{
    size_t count = 0;
    if (!live->client_max || !client)
        return false;
    for (const struct cairn_reader *at = live->next_beat; at; at = at->later)
        count += at->request->client == client;
    return count >= live->client_max;
}

/* Returns -CAIRN_BUSY or -CAIRN_TOO_MANY if the stream cannot be opened, or 0. A page costs one
 * query each time its read model moves, shared by all of its streams. */
static int refuse(const struct cairn_query_live *live, size_t place, const struct cairn_page *page,
                  const char *key, uint64_t client, struct cairn_error *error)
{
    if (live->stopping || live->count >= live->max)
        return cairn_fail(error, CAIRN_BUSY, "%zu streams are open already, or the server stops",
                          live->max);
    if (has_its_share(live, client))
        return cairn_fail(error, CAIRN_TOO_MANY, "this client has %zu streams open already",
                          live->client_max);
    if (page && live->pages >= live->pages_max && !cairn_topic_first(live, place, key))
        return cairn_fail(error, CAIRN_BUSY,
                          "%zu different pages are followed already: ask for this one without"
                          " following it, or later",
                          live->pages_max);
    return 0;
}

int cairn_query_live_join(struct cairn_query_live *live, size_t model, struct cairn_page *page,
                          const struct cairn_query_state *state, int64_t seen,
                          struct cairn_http_request *request, struct cairn_http_response *response,
                          struct cairn_error *error)
{
    struct cairn_reader *reader = cairn_allocate(sizeof *reader);
    reader->live = live;
    reader->request = request;
    reader->until_s = state->until_s;
    const size_t place = page ? model + live->model_count : model;
    cairn_lock(&live->lock);
    int failed = refuse(live, place, page, state->key, request->client, error);
    if (failed)
        cairn_page_let_go(page);
    else
        join_topic(live, place, page, state, seen, reader);
    cairn_unlock(&live->lock);
    if (failed)
        free(reader);
    if (failed)
        return failed;
    char ignored[1];
    (void)copy_part(reader, hello, sizeof hello - 1, ignored, 0);
    response->stream = (struct cairn_http_stream){pull, leave, reader};
    cairn_metric_add(&streams, "", 1);
    live->news(live->news_context); /* to read a dirty row, and to schedule the next heartbeat */
    if (page)
        live->page_news(live->page_context);
    return 0;
}

/* ---- life ---- */

struct cairn_query_live *cairn_query_live_open(struct cairn_query_models *models,
                                               int64_t streams_max, int64_t client_streams_max,
                                               int64_t pages_max, int64_t heartbeat_us)
{
    struct cairn_query_live *live = cairn_allocate(sizeof *live);
    size_t count = cairn_query_models_count(models);
    live->models = models;
    live->model_count = count;
    live->max = (size_t)streams_max;
    live->client_max = (size_t)client_streams_max;
    live->pages_max = (size_t)pages_max;
    live->heartbeat_us = heartbeat_us;
    live->followed = cairn_allocate((2 * count + 1) * sizeof *live->followed);
    live->follows = cairn_follow_open(count);
    cairn_lock_init(&live->lock);
    return live;
}

void cairn_query_live_on_news(struct cairn_query_live *live, void (*news)(void *context),
                              void *context)
{
    live->news = news;
    live->news_context = context;
}

void cairn_query_live_stop(struct cairn_query_live *live)
{
    cairn_lock(&live->lock);
    live->stopping = true;
    cairn_unlock(&live->lock);
}

void cairn_query_live_close(struct cairn_query_live *live)
{
    cairn_follow_close(live->follows, live->model_count);
    for (size_t i = 0; i < 2 * live->model_count; i++)
        free(live->followed[i].key);
    cairn_lock_destroy(&live->lock);
    free(live->followed);
    free(live);
}
