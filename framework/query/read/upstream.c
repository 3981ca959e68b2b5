/* upstream.c - a pipe to Redis per polling thread, and the periodic checks of copies that are
 * passed over. */
#include "query/read/upstream.h"

#include "core/threads/clock.h"
#include "query/models/known_models.h"
#include "query/query_engine.h"

#include <stdlib.h>

/* Short, so that an unresponsive server delays no request for long. */
#define DEADLINE_US CAIRN_MILLISECONDS(250)
#define LOOK_US CAIRN_MILLISECONDS(250) /* interval between checks of a copy that is passed over */

/* A check of one copy. */
struct look {
    struct cairn_redis_question question;
    struct cairn_query_models *models;
    size_t model;
    int64_t generation;
    struct cairn_arena arena;
    bool under_way;
};

struct upstream {
    struct cairn_query_models *models;
    struct cairn_redis_pipe *redis;
    int64_t look_us;     /* monotonic: time of the next check */
    struct look looks[]; /* one per model */
};

struct cairn_redis_pipe *cairn_query_upstream_pipe(const void *upstream)
{
    return ((const struct upstream *)upstream)->redis;
}

/* ---- copies that are passed over ---- */

/* Parses "EPOCH POSITION FENCE REVISION". */
static void on_seen(struct cairn_redis_question *question, const struct cairn_redis_reply *reply)
{
    struct look *look = question->context;
    char *rest = NULL;
    if (reply && reply->kind == CAIRN_REDIS_TEXT) {
        int64_t epoch = strtoll(reply->text, &rest, 10);
        cairn_query_models_mend(look->models, look->model, look->generation, epoch,
                                strtoll(rest, NULL, 10));
    }
    look->under_way = false;
}

static void look_at(struct upstream *upstream, size_t model, const struct cairn_query_known *known)
{
    struct look *look = &upstream->looks[model];
    if (look->under_way)
        return;
    cairn_arena_reset(&look->arena);
    look->models = upstream->models;
    look->model = model;
    look->generation = known->generation;
    look->question =
        (struct cairn_redis_question){.done = on_seen, .context = look, .arena = &look->arena};
    const struct cairn_redis_arg args[] = {CAIRN_ARG("GET"), CAIRN_ARG(known->checkpoint_key)};
    look->under_way = cairn_redis_pipe_ask(upstream->redis, args, 2, &look->question);
}

static void look_at_all(struct upstream *upstream)
{
    struct cairn_query_known known;
    for (size_t i = 0; i < cairn_query_models_count(upstream->models); i++) {
        if (cairn_query_models_get(upstream->models, i, &known, NULL) == 0 && known.copy_fails)
            look_at(upstream, i, &known);
    }
}

/* ---- called by the polling loop ---- */

static int64_t prepare(void *self, struct pollfd *ret)
{
    struct upstream *upstream = self;
    int64_t due_us = cairn_redis_pipe_prepare(upstream->redis, ret);
    if (!cairn_query_models_passed_over(upstream->models))
        return due_us;
    return due_us && due_us < upstream->look_us ? due_us : upstream->look_us;
}

static void go_on(void *self, short what)
{
    struct upstream *upstream = self;
    cairn_redis_pipe_go_on(upstream->redis, what);
    if (!cairn_query_models_passed_over(upstream->models) ||
        cairn_monotonic_us() < upstream->look_us)
        return;
    look_at_all(upstream);
    upstream->look_us = cairn_monotonic_us() + LOOK_US;
}

/* ---- life ---- */

static int open_upstream(void *context, void **ret, struct cairn_error *error)
{
    const struct cairn_query_engine *engine = context;
    if (!*engine->redis_url)
        return 0;
    struct cairn_redis_pipe *redis = NULL;
    int failed = cairn_redis_pipe_open(engine->redis_url, DEADLINE_US, &redis, error);
    if (failed)
        return failed;
    size_t count = cairn_query_models_count(engine->models);
    struct upstream *upstream = cairn_allocate(sizeof *upstream + count * sizeof *upstream->looks);
    upstream->models = engine->models;
    upstream->redis = redis;
    upstream->look_us = cairn_monotonic_us();
    *ret = upstream;
    return 0;
}

static void close_upstream(void *self)
{
    struct upstream *upstream = self;
    cairn_redis_pipe_close(upstream->redis);
    for (size_t i = 0; i < cairn_query_models_count(upstream->models); i++)
        cairn_arena_close(&upstream->looks[i].arena);
    free(upstream);
}

const struct cairn_http_upstream cairn_query_upstream = {
    .open = open_upstream,
    .close = close_upstream,
    .prepare = prepare,
    .go_on = go_on,
};
