/* log_watch.c - the thread that knows how the log grows, the requests that wait, the streams. */
#include "feed/face/log_watch.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "feed/face/log_text.h"
#include "store/read/log_follower.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN_US CAIRN_MILLISECONDS(250) /* after a failure */
#define IDLE_US CAIRN_SECONDS(60)

enum { MISSED_MAX = 4 }; /* heartbeats in a row that a client does not read */

static const char hello[] = "retry: 1000\n\n"; /* milliseconds until a client reconnects */
static const char beat[] = ":\n\n";

/* A stream. Its place and arena belong to the thread, the rest is guarded by the lock. */
struct tail {
    struct cairn_log_watch *watch;
    struct cairn_http_request *request;
    uint64_t client;
    struct tail *next, **before;
    const struct cairn_log_ask *ask;
    struct cairn_log_place place;
    int64_t looked;          /* the head that it was last read for; -1: none yet */
    int64_t epoch;           /* of its first page; 0: none yet */
    struct cairn_arena kept; /* has the ask */
    struct cairn_arena page; /* has `text`: not touched while that is not sent */
    int64_t until_s;         /* since 1970: its token expires; 0: it needs none */
    int64_t beat_us;         /* monotonic: when the next heartbeat is due */
    const char *text;        /* to be sent */
    size_t bytes, sent;
    bool reading; /* the thread works on it: it is freed by it */
    bool left;    /* closed meanwhile */
    bool ended;   /* nothing will be sent any more */
    int missed;
};

struct cairn_log_watch {
    struct cairn_log_watch_options options;
    struct cairn_follower *follower;
    struct cairn_store *store; /* the thread's own */
    pthread_t thread;
    bool started;
    bool failing;         /* the thread's own: the last read failed, and that was logged */
    pthread_mutex_t lock; /* guards what follows */
    struct cairn_log_wait *waiting;
    size_t waiting_count;
    struct tail *tails;
    size_t tail_count;
    bool stopping;
    bool closing;
};

static struct cairn_metric waits =
    CAIRN_GAUGE("cairn_log_waiting", "Requests that wait for events now.", NULL);
static struct cairn_metric streams =
    CAIRN_GAUGE("cairn_log_streams", "Streams of the log that are open.", NULL);
static struct cairn_metric sent_events =
    CAIRN_COUNTER("cairn_log_streamed_total", "Events sent to streams of the log.", NULL);

/* ---- waiting requests ---- */

static bool may_wait(const struct cairn_log_watch *watch, uint64_t client)
{
    size_t count = 0;
    if (watch->stopping || watch->waiting_count >= watch->options.waiting_max)
        return false;
    if (!watch->options.client_waiting_max || !client)
        return true;
    for (const struct cairn_log_wait *at = watch->waiting; at; at = at->next)
        count += at->request->client == client;
    return count < watch->options.client_waiting_max;
}

bool cairn_log_watch_wait(struct cairn_log_watch *watch, struct cairn_log_wait *wait)
{
    if (cairn_monotonic_us() >= wait->deadline_us)
        return false;
    cairn_lock(&watch->lock);
    bool taken = may_wait(watch, wait->request->client);
    if (taken) {
        wait->next = watch->waiting;
        watch->waiting = wait;
        watch->waiting_count++;
    }
    cairn_unlock(&watch->lock);
    if (taken) {
        cairn_metric_add(&waits, "", 1);
        cairn_follower_wake(watch->follower);
    }
    return taken;
}

/* Resumes the requests whose wait is over; `head` is negative if it is not known. Returns the next
 * deadline. A resumed request may be freed at any moment. */
static int64_t resume_waiting(struct cairn_log_watch *watch, int64_t head)
{
    int64_t next_us = INT64_MAX;
    int64_t now_us = cairn_monotonic_us();
    cairn_lock(&watch->lock);
    for (struct cairn_log_wait **at = &watch->waiting; *at;) {
        struct cairn_log_wait *wait = *at;
        bool moved = head > wait->head;
        if (!watch->stopping && !moved && now_us < wait->deadline_us) {
            next_us = cairn_earlier_us(next_us, wait->deadline_us);
            at = &wait->next;
            continue;
        }
        *at = wait->next;
        watch->waiting_count--;
        cairn_metric_add(&waits, "", -1);
        cairn_http_resume(wait->request);
    }
    cairn_unlock(&watch->lock);
    return next_us;
}

/* ---- what a stream is sent ---- */

static bool is_over(const struct tail *tail)
{
    return tail->until_s && cairn_time_to_unix(cairn_now()) / CAIRN_SECONDS(1) >= tail->until_s;
}

static int64_t pull(void *self, char *ret, size_t room)
{
    struct tail *tail = self;
    int64_t given = 0;
    bool drained = false;
    cairn_lock(&tail->watch->lock);
    if (tail->sent < tail->bytes) {
        size_t left = tail->bytes - tail->sent;
        size_t fits = left < room ? left : room;
        memcpy(ret, tail->text + tail->sent, fits);
        tail->sent += fits;
        tail->missed = 0;
        given = (int64_t)fits;
        drained = tail->sent == tail->bytes;
    } else if (tail->ended || tail->watch->stopping || is_over(tail)) {
        given = -1;
    }
    cairn_unlock(&tail->watch->lock);
    if (drained)
        cairn_follower_wake(tail->watch->follower);
    return given;
}

static void free_tail(struct tail *tail)
{
    cairn_arena_close(&tail->kept);
    cairn_arena_close(&tail->page);
    free(tail);
    cairn_metric_add(&streams, "", -1);
}

static void leave(void *self)
{
    struct tail *tail = self;
    struct cairn_log_watch *watch = tail->watch;
    cairn_lock(&watch->lock);
    *tail->before = tail->next;
    if (tail->next)
        tail->next->before = tail->before;
    watch->tail_count--;
    tail->left = true;
    bool mine = !tail->reading;
    cairn_unlock(&watch->lock);
    if (mine)
        free_tail(tail);
}

/* ---- joining ---- */

static int refuse(const struct cairn_log_watch *watch, uint64_t client, struct cairn_error *error)
{
    size_t count = 0;
    if (watch->stopping || watch->tail_count >= watch->options.streams_max)
        return cairn_fail(error, CAIRN_BUSY, "%zu streams are open already, or the server stops",
                          watch->tail_count);
    for (const struct tail *at = watch->tails; client && at; at = at->next)
        count += at->client == client;
    if (watch->options.client_streams_max && count >= watch->options.client_streams_max)
        return cairn_fail(error, CAIRN_TOO_MANY, "this client has %zu streams open already", count);
    return 0;
}

int cairn_log_watch_join(struct cairn_log_watch *watch, const struct cairn_log_ask *ask,
                         const struct cairn_log_place *place, struct cairn_http_request *request,
                         int64_t until_s, struct cairn_http_response *response,
                         struct cairn_error *error)
{
    struct tail *tail = cairn_allocate(sizeof *tail);
    *tail = (struct tail){.watch = watch,
                          .request = request,
                          .client = request->client,
                          .place = *place,
                          .until_s = until_s,
                          .text = hello,
                          .bytes = sizeof hello - 1,
                          .beat_us = cairn_monotonic_us() + watch->options.heartbeat_us};
    tail->ask = cairn_log_ask_keep(ask, &tail->kept);
    tail->looked = -1;
    cairn_metric_add(&streams, "", 1);
    cairn_lock(&watch->lock);
    int failed = refuse(watch, request->client, error);
    if (!failed) {
        tail->next = watch->tails;
        tail->before = &watch->tails;
        if (watch->tails)
            watch->tails->before = &tail->next;
        watch->tails = tail;
        watch->tail_count++;
    }
    cairn_unlock(&watch->lock);
    if (failed) {
        free_tail(tail);
        return failed;
    }
    response->stream = (struct cairn_http_stream){pull, leave, tail};
    cairn_follower_wake(watch->follower);
    return 0;
}

/* ---- feeding the streams ---- */

/* Under the lock. */
static void give(struct tail *tail, const char *text, size_t bytes)
{
    tail->text = text;
    tail->bytes = bytes;
    tail->sent = 0;
    tail->beat_us = cairn_monotonic_us() + tail->watch->options.heartbeat_us;
    cairn_http_wake(tail->request);
}

/* Reads the next page for a stream; the tail is marked as being read. Returns -CAIRN_TIMELINE if
 * the store was restored to an older state since the first one. */
static int64_t read_tail(struct tail *tail, struct cairn_buffer *ret, struct cairn_error *error)
{
    const struct cairn_stored_event *events = NULL;
    struct cairn_timeline timeline;
    struct cairn_store *store = tail->watch->store;
    cairn_arena_reset(&tail->page);
    int64_t count = cairn_store_timeline(store, &timeline, error);
    if (count == 0 && tail->epoch && tail->epoch != timeline.epoch)
        return cairn_fail(error, CAIRN_TIMELINE, "the store was restored");
    if (count == 0)
        tail->epoch = timeline.epoch;
    if (count == 0)
        count = cairn_log_collect(store, tail->ask, &tail->place, &tail->page, &events, error);
    if (count > 0) {
        *ret = cairn_buffer(&tail->page);
        cairn_log_write_messages(&timeline, events, count, ret);
        cairn_metric_add(&sent_events, "", count);
    }
    return count;
}

/* Returns a stream that has sent all it was given, and has not looked at this head; NULL: none.
 * It is marked as being read. */
static struct tail *next_hungry(struct cairn_log_watch *watch, int64_t head)
{
    struct tail *found = NULL;
    cairn_lock(&watch->lock);
    for (struct tail *at = watch->tails; at && !found; at = at->next) {
        bool news = at->looked != head || !at->place.complete;
        if (at->sent == at->bytes && !at->ended && news)
            found = at;
    }
    if (found)
        found->reading = true;
    cairn_unlock(&watch->lock);
    return found;
}

static void finish_reading(struct tail *tail, const struct cairn_buffer *text, bool ended)
{
    struct cairn_log_watch *watch = tail->watch;
    cairn_lock(&watch->lock);
    tail->reading = false;
    bool left = tail->left;
    if (!left && ended) {
        tail->ended = true;
        cairn_http_wake(tail->request);
    } else if (!left && text->length) {
        give(tail, text->text, text->length);
    }
    cairn_unlock(&watch->lock);
    if (left)
        free_tail(tail);
}

static int feed_tails(struct cairn_log_watch *watch, int64_t head, struct cairn_error *error)
{
    for (struct tail *tail; (tail = next_hungry(watch, head));) {
        struct cairn_buffer text = {.length = 0};
        struct cairn_error why = {0};
        int64_t count = read_tail(tail, &text, &why);
        if (count >= 0)
            tail->looked = head;
        finish_reading(tail, &text, count == -CAIRN_TIMELINE);
        if (count < 0 && count != -CAIRN_TIMELINE)
            return cairn_error_pass(error, &why);
    }
    return 0;
}

/* Returns when the next heartbeat is due. */
static int64_t send_heartbeats(struct cairn_log_watch *watch)
{
    int64_t next_us = INT64_MAX;
    int64_t now_us = cairn_monotonic_us();
    cairn_lock(&watch->lock);
    for (struct tail *at = watch->tails; at; at = at->next) {
        if (at->beat_us <= now_us && at->sent == at->bytes && !at->reading) {
            give(at, beat, sizeof beat - 1);
        } else if (at->beat_us <= now_us) {
            at->beat_us = now_us + watch->options.heartbeat_us;
            if (++at->missed >= MISSED_MAX)
                cairn_http_cut(at->request);
        }
        next_us = cairn_earlier_us(next_us, at->beat_us);
    }
    cairn_unlock(&watch->lock);
    return next_us;
}

/* ---- the thread ---- */

static bool is_closing(struct cairn_log_watch *watch)
{
    cairn_lock(&watch->lock);
    bool closing = watch->closing;
    cairn_unlock(&watch->lock);
    return closing;
}

static void *watch_log(void *context)
{
    struct cairn_log_watch *watch = context;
    int64_t head = -1;
    int64_t until_us = cairn_monotonic_us() + IDLE_US;
    int64_t wakes = 0;
    while (!is_closing(watch)) {
        struct cairn_error error = {0};
        head = cairn_follower_wait_since(watch->follower, head, wakes, until_us, &error);
        wakes = cairn_follower_wakes(watch->follower);
        int failed = head < 0 ? (int)head : feed_tails(watch, head, &error);
        if (failed && !watch->failing)
            cairn_log_error(CAIRN_LOG_WARN, "cannot see the log grow", &error);
        watch->failing = failed != 0;
        until_us = cairn_earlier_us(resume_waiting(watch, head), send_heartbeats(watch));
        until_us = cairn_earlier_us(until_us, cairn_monotonic_us() + (failed ? AGAIN_US : IDLE_US));
    }
    return NULL;
}

/* ---- life ---- */

static void dispose(struct cairn_log_watch *watch)
{
    cairn_follower_close(watch->follower);
    cairn_store_close(watch->store);
    cairn_lock_destroy(&watch->lock);
    free(watch);
}

int cairn_log_watch_open(const struct cairn_log_watch_options *options,
                         struct cairn_log_watch **ret, struct cairn_error *error)
{
    struct cairn_log_watch *watch = cairn_allocate(sizeof *watch);
    watch->options = *options;
    cairn_lock_init(&watch->lock);
    int failed =
        cairn_follower_open(options->database_url, options->label, &watch->follower, error);
    if (!failed)
        failed = cairn_store_open(options->database_url, options->label, &watch->store, error);
    if (!failed)
        failed = cairn_thread_start(&watch->thread, watch_log, watch, "watches the log", error);
    if (failed) {
        dispose(watch);
        return failed;
    }
    *ret = watch;
    return 0;
}

void cairn_log_watch_stop(struct cairn_log_watch *watch)
{
    if (!watch)
        return;
    cairn_lock(&watch->lock);
    watch->stopping = true;
    cairn_unlock(&watch->lock);
    cairn_follower_wake(watch->follower);
}

void cairn_log_watch_close(struct cairn_log_watch *watch)
{
    if (!watch)
        return;
    cairn_lock(&watch->lock);
    watch->stopping = watch->closing = true;
    cairn_unlock(&watch->lock);
    cairn_follower_stop(watch->follower);
    cairn_thread_join(watch->thread);
    (void)resume_waiting(watch, -1);
    dispose(watch);
}
