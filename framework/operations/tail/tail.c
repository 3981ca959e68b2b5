/* tail.c - the thread that reads the newest events, and the streams that it gives them to. */
#include "operations/tail/tail.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "operations/http_question.h"
#include "operations/tail/tail_reader.h"
#include "postgres/postgres.h"
#include "record/json.h"

#include <stdlib.h>
#include <string.h>

/* Events that one query reads, for all streams. */
enum { READERS_MAX = 32, BATCH = 500 };
#define PAUSE_US CAIRN_MILLISECONDS(200)
#define BEAT_US CAIRN_SECONDS(15)
#define PATIENCE_US CAIRN_SECONDS(60) /* with a client that does not read */

CAIRN_STRUCT(view_tail, TEXT(type, .optional = true), TEXT(category, .optional = true),
             INT(from, .optional = true, CAIRN_RANGE(1, INT64_C(999999999999999)),
                 .help = "Begin after this position, at most 10,000 back."));

const struct cairn_record *const cairn_tail_question = &view_tail_record;

struct cairn_tail {
    struct cairn_pg *pg; /* the thread's */
    struct cairn_arena arena;
    bool failing;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the members below */
    pthread_cond_t called;
    struct cairn_tail_reader *readers;
    size_t count;
    bool stopping;
    bool closing;
};

/* ---- the log ---- */

static const struct cairn_statement head_statement = {
    .name = "tail_head",
    .sql = "select cairn.head() where (select cairn.await_durable()) >= 0",
};

/* Without what only the console of a reader with a reason may need: the data. */
static const struct cairn_statement events_statement = {
    .name = "tail_events",
    .sql = "select e.position, e.stream, e.type, json_build_object('position', e.position,"
           "     'recorded_at', e.recorded_at, 'stream', e.stream, 'version', e.version,"
           "     'type', e.type, 'meta', json_build_object('actor', e.meta -> 'actor',"
           "         'service', e.meta -> 'service', 'command', e.meta -> 'command'))::text"
           " from cairn.events e where e.shard = 0 and e.position > $1 and e.position <= $2"
           " order by e.position limit $3",
};

static int64_t read_head(struct cairn_pg *pg, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &head_statement, NULL, &rows, error);
    return count < 0 ? count : cairn_pg_integer(rows, 0, 0);
}

static int64_t read_events(struct cairn_tail *tail, int64_t after, int64_t head,
                           struct cairn_pg_result **ret, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = &tail->arena};
    cairn_pg_add_integer(&params, after);
    cairn_pg_add_integer(&params, head);
    cairn_pg_add_integer(&params, BATCH);
    return cairn_pg_call(tail->pg, &events_statement, &params, ret, error);
}

/* ---- the streams ---- */

/* Returns the position after which the next events are wanted; `head` if none are. A stream whose
 * client has not read what there is waits. */
static int64_t wanted_after(struct cairn_tail *tail, int64_t head)
{
    int64_t after = head;
    cairn_lock(&tail->lock);
    for (struct cairn_tail_reader *at = tail->readers; at; at = at->after) {
        cairn_tail_reader_catch_up(at, head);
        bool has_room = at->end - at->begin < CAIRN_TAIL_BUFFER / 2;
        if (has_room && at->position < after)
            after = at->position;
    }
    cairn_unlock(&tail->lock);
    return after;
}

static void give(struct cairn_tail *tail, const struct cairn_pg_result *rows, int64_t count,
                 int64_t after)
{
    cairn_lock(&tail->lock);
    for (struct cairn_tail_reader *at = tail->readers; at; at = at->after) {
        bool goes_on = at->position >= after;
        for (int64_t i = 0; i < count && goes_on; i++) {
            const struct cairn_tail_event event = {
                .position = cairn_pg_integer(rows, i, 0),
                .stream = cairn_pg_text(rows, i, 1),
                .type = cairn_pg_text(rows, i, 2),
                .json = cairn_pg_text(rows, i, 3),
            };
            goes_on = cairn_tail_reader_offer(at, &event);
        }
        if (at->begin < at->end)
            cairn_http_wake(at->request);
    }
    cairn_unlock(&tail->lock);
}

/* Ends what is over, sends heartbeats, and cuts streams whose clients do not read. */
static void tend(struct cairn_tail *tail)
{
    int64_t now_us = cairn_monotonic_us();
    int64_t now_s = cairn_time_to_unix(cairn_now()) / CAIRN_SECONDS(1);
    cairn_lock(&tail->lock);
    for (struct cairn_tail_reader *at = tail->readers; at; at = at->after) {
        bool was_over = at->over;
        bool is_idle = at->begin == at->end;
        at->over |= tail->stopping || (at->until_s && now_s >= at->until_s);
        if (!is_idle && now_us - at->taken_us > PATIENCE_US)
            cairn_http_cut(at->request);
        else if ((is_idle && now_us - at->taken_us > BEAT_US &&
                  cairn_tail_reader_add(at, ":\n\n")) ||
                 at->over != was_over)
            cairn_http_wake(at->request);
    }
    cairn_unlock(&tail->lock);
}

static int follow(struct cairn_tail *tail, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    cairn_arena_reset(&tail->arena);
    int64_t head = read_head(tail->pg, error);
    if (head < 0)
        return (int)head;
    int64_t after = wanted_after(tail, head);
    int64_t count = after < head ? read_events(tail, after, head, &rows, error) : 0;
    if (count > 0)
        give(tail, rows, count, after);
    return count < 0 ? (int)count : 0;
}

/* Waits until there is a stream, or the pause is over. Returns false if the tail closes. */
static bool await_streams(struct cairn_tail *tail)
{
    int64_t until_us = cairn_monotonic_us() + PAUSE_US;
    cairn_lock(&tail->lock);
    while (!tail->closing && (tail->readers ? cairn_monotonic_us() < until_us : true))
        (void)cairn_cond_wait_until(&tail->called, &tail->lock,
                                    tail->readers ? until_us : INT64_MAX);
    bool goes_on = !tail->closing;
    cairn_unlock(&tail->lock);
    return goes_on;
}

static void *run(void *context)
{
    struct cairn_tail *tail = context;
    while (await_streams(tail)) {
        struct cairn_error error = {0};
        int failed = follow(tail, &error);
        if (failed && !tail->failing)
            cairn_log_error(CAIRN_LOG_WARN, "the newest events cannot be read", &error);
        tail->failing = failed != 0;
        tend(tail);
    }
    return NULL;
}

/* ---- a stream ---- */

static int64_t pull(void *self, char *ret, size_t room)
{
    struct cairn_tail_reader *reader = self;
    cairn_lock(&reader->tail->lock);
    int64_t bytes = cairn_tail_reader_take(reader, ret, room);
    cairn_unlock(&reader->tail->lock);
    return bytes;
}

static void leave(void *self)
{
    struct cairn_tail_reader *reader = self;
    struct cairn_tail *tail = reader->tail;
    cairn_lock(&tail->lock);
    *(reader->before ? &reader->before->after : &tail->readers) = reader->after;
    if (reader->after)
        reader->after->before = reader->before;
    tail->count--;
    cairn_unlock(&tail->lock);
    cairn_tail_reader_free(reader);
}

static int join(struct cairn_tail *tail, struct cairn_tail_reader *reader,
                struct cairn_error *error)
{
    int failed = 0;
    cairn_lock(&tail->lock);
    if (tail->stopping || tail->count >= READERS_MAX) {
        failed = cairn_fail(error, CAIRN_BUSY, "%d follow the log already, or the console stops",
                            READERS_MAX);
    } else {
        reader->after = tail->readers;
        if (tail->readers)
            tail->readers->before = reader;
        tail->readers = reader;
        tail->count++;
        cairn_cond_signal(&tail->called);
    }
    cairn_unlock(&tail->lock);
    return failed;
}

static char *keep(const char *text)
{
    return text ? cairn_duplicate(text) : NULL;
}

static struct cairn_tail_reader *make_reader(struct cairn_tail *tail, const struct view_tail *ask,
                                             struct cairn_http_request *request)
{
    struct cairn_tail_reader *reader = cairn_allocate(sizeof *reader);
    const char *last = cairn_http_header(request, "Last-Event-ID");
    reader->tail = tail;
    reader->request = request;
    reader->type = keep(ask->type);
    reader->category = keep(ask->category);
    reader->until_s = request->actor ? request->actor->until_s : 0;
    reader->taken_us = cairn_monotonic_us();
    if (!last || cairn_integer_parse(last, &reader->position) < 0 || reader->position < 0)
        reader->position = ask->from;
    (void)cairn_tail_reader_add(reader, "retry: 1000\n\n");
    return reader;
}

/* What is recorded after the answer has begun is shown, unless the client begins elsewhere. */
static int begin(struct cairn_tail *tail, struct cairn_pg *pg, const struct view_tail *ask,
                 struct cairn_http_request *request, struct cairn_tail_reader **ret,
                 struct cairn_error *error)
{
    struct cairn_tail_reader *reader = make_reader(tail, ask, request);
    int64_t head = reader->position ? 0 : read_head(pg, error);
    if (!reader->position)
        reader->position = head;
    int failed = head < 0 ? (int)head : join(tail, reader, error);
    if (failed)
        cairn_tail_reader_free(reader);
    *ret = reader;
    return failed;
}

enum cairn_http_outcome cairn_http_tail(struct cairn_tail *tail, struct cairn_pg *pg,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_tail_reader *reader = NULL;
    const void *ask = NULL;
    int failed = cairn_http_question(request, cairn_tail_question, &ask, &error);
    if (!failed)
        failed = begin(tail, pg, ask, request, &reader, &error);
    if (failed) {
        cairn_http_problem(request, response, &error);
        return CAIRN_HTTP_DONE;
    }
    response->status = 200;
    response->content_type = "text/event-stream";
    cairn_http_set_header(response, "Cache-Control", "no-store");
    response->stream = (struct cairn_http_stream){pull, leave, reader};
    return CAIRN_HTTP_DONE;
}

/* ---- life ---- */

static void dispose(struct cairn_tail *tail)
{
    cairn_pg_close(tail->pg);
    cairn_arena_close(&tail->arena);
    cairn_cond_destroy(&tail->called);
    cairn_lock_destroy(&tail->lock);
    free(tail);
}

int cairn_tail_open(const char *database_url, struct cairn_tail **ret, struct cairn_error *error)
{
    struct cairn_tail *tail = cairn_allocate(sizeof *tail);
    cairn_lock_init(&tail->lock);
    cairn_cond_init(&tail->called);
    int failed = cairn_pg_open(database_url, "cairn-tail", &tail->pg, error);
    if (!failed)
        failed = cairn_thread_start(&tail->thread, run, tail, "follows the log", error);
    if (failed) {
        dispose(tail);
        return failed;
    }
    *ret = tail;
    return 0;
}

void cairn_tail_stop(struct cairn_tail *tail)
{
    if (!tail)
        return;
    cairn_lock(&tail->lock);
    tail->stopping = true;
    cairn_unlock(&tail->lock);
    tend(tail);
}

void cairn_tail_close(struct cairn_tail *tail)
{
    if (!tail)
        return;
    cairn_lock(&tail->lock);
    tail->closing = true;
    cairn_cond_signal(&tail->called);
    cairn_unlock(&tail->lock);
    cairn_thread_join(tail->thread);
    dispose(tail);
}
