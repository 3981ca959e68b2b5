/* tail.c - the thread that reads the newest events, and the streams that it gives them to. */
#include "operations/tail/tail.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "operations/http/http_question.h"
#include "operations/tail/tail_reader.h"
#include "record/json.h"
#include "store/read/log_follower.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 500 };            /* events that one query reads, for all streams */
#define TEND_US CAIRN_SECONDS(1) /* between two looks at streams that get nothing */

CAIRN_STRUCT(view_tail, TEXT(type, .optional = true), TEXT(category, .optional = true),
             INT(from, .optional = true, CAIRN_RANGE(1, INT64_C(999999999999999)),
                 .help = "Begin after this position, at most 10,000 back."));

const struct cairn_record *const cairn_tail_question = &view_tail_record;

struct cairn_tail {
    struct cairn_live live; /* the first member */
    bool is_held;           /* a stream has no room for what there is; guarded by its lock */
    struct cairn_follower *follower;
    struct cairn_pg *pg; /* the thread's */
    struct cairn_arena arena;
    bool failing;
    pthread_t thread;
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

static struct cairn_tail_reader *reader_of(struct cairn_live_stream *stream)
{
    return (struct cairn_tail_reader *)stream;
}

/* Returns the position after which the next events are wanted; `head` if none are. A stream whose
 * client has not read what there is waits. */
static int64_t wanted_after(struct cairn_tail *tail, int64_t head)
{
    int64_t after = head;
    cairn_lock(&tail->live.lock);
    tail->is_held = false;
    for (struct cairn_live_stream *at = tail->live.streams; at; at = at->after) {
        struct cairn_tail_reader *reader = reader_of(at);
        cairn_tail_reader_catch_up(reader, head);
        bool has_room = cairn_tail_reader_has_room(reader);
        tail->is_held |= !has_room && reader->position < head;
        if (has_room && reader->position < after)
            after = reader->position;
    }
    cairn_unlock(&tail->live.lock);
    return after;
}

static void give(struct cairn_tail *tail, const struct cairn_pg_result *rows, int64_t count,
                 int64_t after)
{
    cairn_lock(&tail->live.lock);
    for (struct cairn_live_stream *at = tail->live.streams; at; at = at->after) {
        struct cairn_tail_reader *reader = reader_of(at);
        bool goes_on = reader->position >= after;
        for (int64_t i = 0; i < count && goes_on; i++) {
            const struct cairn_tail_event event = {
                .position = cairn_pg_integer(rows, i, 0),
                .stream = cairn_pg_text(rows, i, 1),
                .type = cairn_pg_text(rows, i, 2),
                .json = cairn_pg_text(rows, i, 3),
            };
            goes_on = cairn_tail_reader_offer(reader, &event);
        }
        cairn_live_wake(at);
    }
    cairn_unlock(&tail->live.lock);
}

/* ---- the thread ---- */

/* Gives the streams what there is. Returns the head, which is read here: that of the follower may
 * be older than the position of a stream. */
static int64_t give_all(struct cairn_tail *tail, struct cairn_error *error)
{
    int64_t head = read_head(tail->pg, error);
    int64_t after = head < 0 ? head : wanted_after(tail, head);
    while (after < head) {
        CAIRN_PG_RESULT *rows = NULL;
        cairn_arena_reset(&tail->arena);
        int64_t count = read_events(tail, after, head, &rows, error);
        if (count < 0)
            return count;
        if (count == 0)
            return head; /* a restored log has no such events */
        give(tail, rows, count, after);
        after = wanted_after(tail, head);
    }
    return head;
}

static void note_failure(struct cairn_tail *tail, int64_t head, const struct cairn_error *error)
{
    if (head < 0 && !tail->failing)
        cairn_log_error(CAIRN_LOG_WARN, "the newest events cannot be read", error);
    tail->failing = head < 0;
}

static void *run(void *context)
{
    struct cairn_tail *tail = context;
    while (cairn_live_await(&tail->live)) {
        struct cairn_error error = {0};
        int64_t woken = cairn_follower_wakes(tail->follower);
        int64_t head = give_all(tail, &error);
        note_failure(tail, head, &error);
        cairn_live_tend(&tail->live);
        int64_t seen = head < 0 ? INT64_MAX : head; /* after a failure the time is waited for */
        (void)!cairn_follower_wait_since(tail->follower, seen, woken,
                                         cairn_monotonic_us() + TEND_US, &error);
    }
    return NULL;
}

/* ---- a stream ---- */

/* A client that has read makes room for more. */
static void on_taken(struct cairn_live *live)
{
    struct cairn_tail *tail = (struct cairn_tail *)live;
    cairn_lock(&live->lock);
    bool is_held = tail->is_held;
    cairn_unlock(&live->lock);
    if (is_held)
        cairn_follower_wake(tail->follower);
}

static char *keep(const char *text)
{
    return text ? cairn_duplicate(text) : NULL;
}

static struct cairn_tail_reader *make_reader(const struct view_tail *ask,
                                             struct cairn_http_request *request)
{
    struct cairn_tail_reader *reader = cairn_allocate(sizeof *reader);
    const char *last = cairn_http_header(request, "Last-Event-ID");
    cairn_live_make(&reader->stream, CAIRN_TAIL_BUFFER, request);
    reader->stream.forget = cairn_tail_reader_free;
    reader->stream.taken = on_taken;
    reader->type = keep(ask->type);
    reader->category = keep(ask->category);
    if (!last || cairn_integer_parse(last, &reader->position) < 0 || reader->position < 0)
        reader->position = ask->from;
    return reader;
}

/* What is recorded after the answer has begun is shown, unless the client begins elsewhere. */
static int begin(struct cairn_tail *tail, struct cairn_pg *pg, const struct view_tail *ask,
                 struct cairn_http_request *request, struct cairn_http_response *response,
                 struct cairn_error *error)
{
    int64_t head = read_head(pg, error);
    if (head < 0)
        return (int)head;
    struct cairn_tail_reader *reader = make_reader(ask, request);
    if (!reader->position)
        reader->position = head;
    int failed = cairn_live_join(&tail->live, &reader->stream, response, error);
    if (!failed)
        cairn_follower_wake(tail->follower);
    return failed;
}

enum cairn_http_outcome cairn_http_tail(struct cairn_tail *tail, struct cairn_pg *pg,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    const void *ask = NULL;
    int failed = cairn_http_question(request, cairn_tail_question, &ask, &error);
    if (!failed)
        failed = begin(tail, pg, ask, request, response, &error);
    if (failed)
        cairn_http_problem(request, response, &error);
    return CAIRN_HTTP_DONE;
}

/* ---- life ---- */

static void dispose(struct cairn_tail *tail)
{
    cairn_follower_close(tail->follower);
    cairn_pg_close(tail->pg);
    cairn_arena_close(&tail->arena);
    cairn_live_destroy(&tail->live);
    free(tail);
}

int cairn_tail_open(const char *database_url, struct cairn_tail **ret, struct cairn_error *error)
{
    struct cairn_tail *tail = cairn_allocate(sizeof *tail);
    cairn_live_init(&tail->live);
    int failed = cairn_pg_open(database_url, "cairn-tail", &tail->pg, error);
    if (!failed)
        failed = cairn_follower_open(database_url, "cairn-tail", &tail->follower, error);
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
    if (tail)
        cairn_live_stop(&tail->live);
}

void cairn_tail_close(struct cairn_tail *tail)
{
    if (!tail)
        return;
    cairn_live_end(&tail->live);
    cairn_follower_stop(tail->follower);
    cairn_thread_join(tail->thread);
    dispose(tail);
}
