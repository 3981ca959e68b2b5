/* follow_pages.c - re-reads followed pages when their read model has moved. */
#include "query/stream/follow_pages.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "query/read/query_read.h"
#include "query/stream/topics.h"

#include <pthread.h>
#include <stdlib.h>

#define PACE_US CAIRN_MILLISECONDS(100)  /* pause between two rounds */
#define AGAIN_US CAIRN_MILLISECONDS(250) /* pause after a round with failures */
#define COMPLAIN_US CAIRN_SECONDS(60)    /* between log lines about unreadable pages */
#define SLOW_US CAIRN_MILLISECONDS(50)   /* a page that takes longer is slow … */
#define FAST_US CAIRN_MILLISECONDS(20)   /* … until it takes no longer than this */

/* A thread and its own state. */
struct lane {
    struct cairn_query_pages *pages;
    struct cairn_query_context *context;
    bool slow;           /* it reads the slow pages, and no others */
    bool failing;        /* the last round failed */
    bool started;        /* the thread is running */
    int64_t complain_us; /* monotonic: earliest next log line about an unreadable page */
    pthread_t thread;
    pthread_cond_t called;
    bool news; /* guarded by the lock of the pages */
};

enum { LANES = 2 };

struct cairn_query_pages {
    struct cairn_query_engine *engine;
    struct lane lanes[LANES];
    pthread_mutex_t lock;
    bool closing; /* guarded by it */
};

/* A page to read. */
struct errand {
    struct cairn_page *page; /* holds a reference */
    const char *key;
};

/* ---- a page ---- */

static void show(struct cairn_query_live *live, size_t place, const char *key,
                 const struct cairn_query_read *read)
{
    const struct cairn_query_state state = {
        .key = key,
        .json = read->body,
        .print = cairn_query_page_print(read),
        .generation = read->known->generation,
        .changed = read->position,
        .position = read->position,
        .timeline = &read->known->timeline,
    };
    cairn_lock(&live->lock);
    struct cairn_topic *topic = cairn_topic_first(live, place, key);
    if (topic)
        cairn_topic_show(live, topic, &state);
    cairn_unlock(&live->lock);
}

/* Reads the page as a request would. */
static int read_page(struct lane *lane, size_t place, const struct errand *errand,
                     struct cairn_error *error)
{
    struct cairn_query_live *live = lane->pages->engine->live;
    struct cairn_query_visit visit = {.engine = lane->pages->engine,
                                      .resource = errand->page->resource,
                                      .ask = *errand->page->ask,
                                      .model = place - live->model_count};
    struct cairn_query_read read = {.visit = &visit,
                                    .context = lane->context,
                                    .resource = visit.resource,
                                    .ask = &visit.ask,
                                    .arena = &lane->context->scratch};
    cairn_arena_reset(&lane->context->scratch);
    int failed = cairn_query_look(&read, error);
    if (!failed)
        show(live, place, errand->key, &read);
    return failed;
}

/* ---- a read model ---- */

/* Returns the lane's dirty pages and marks them clean: later changes are noticed separately. */
static struct errand *take_dirty(struct cairn_query_live *live, size_t place, bool slow,
                                 struct cairn_arena *arena, size_t *ret_count)
{
    size_t count = 0;
    cairn_lock(&live->lock);
    size_t most = live->followed[place].dirty;
    struct errand *all = cairn_new(arena, struct errand, most + 1);
    for (size_t i = 0; i < CAIRN_BUCKETS && count < most; i++) {
        for (struct cairn_topic *at = live->buckets[i]; at && count < most; at = at->next) {
            if (!at->dirty || at->place != place || at->page->slow != slow)
                continue;
            at->dirty = false;
            at->page->holders++;
            all[count++] = (struct errand){at->page, cairn_copy_text(arena, at->key)};
            live->followed[place].dirty--;
        }
    }
    cairn_unlock(&live->lock);
    *ret_count = count;
    return all;
}

/* Wakes both threads: there may be pages to read. */
static void on_news(void *context)
{
    struct cairn_query_pages *pages = context;
    cairn_lock(&pages->lock);
    for (size_t i = 0; i < LANES; i++) {
        pages->lanes[i].news = true;
        cairn_cond_signal(&pages->lanes[i].called);
    }
    cairn_unlock(&pages->lock);
}

/* Releases the page; a page that could not be read becomes dirty again. `took_us` is the duration
 * of the attempt; 0 if there was none. */
static void give_back(struct lane *lane, size_t place, const struct errand *errand, bool again,
                      int64_t took_us)
{
    struct cairn_query_live *live = lane->pages->engine->live;
    bool moves = lane->slow ? took_us > 0 && took_us <= FAST_US : took_us > SLOW_US;
    cairn_lock(&live->lock);
    struct cairn_topic *topic = again ? cairn_topic_first(live, place, errand->key) : NULL;
    if (topic)
        cairn_topic_mark_dirty(live, topic);
    if (moves)
        errand->page->slow = !lane->slow;
    cairn_page_let_go(errand->page);
    cairn_unlock(&live->lock);
    if (moves) /* it may be dirty, and is now the other lane's */
        on_news(lane->pages);
}

static bool is_closing(struct cairn_query_pages *pages)
{
    cairn_lock(&pages->lock);
    bool closing = pages->closing;
    cairn_unlock(&pages->lock);
    return closing;
}

static bool may_be_read_later(int failed)
{
    return failed == -CAIRN_UNAVAILABLE || failed == -CAIRN_STALE || failed == -CAIRN_BUSY;
}

static void log_failure(struct lane *lane, const struct cairn_error *error)
{
    if (cairn_monotonic_us() < lane->complain_us)
        return;
    lane->complain_us = cairn_monotonic_us() + COMPLAIN_US;
    cairn_log_error(CAIRN_LOG_ERROR, "a page that is followed cannot be read", error);
}

/* One failing page does not block the others; after two in a row the database counts as
 * unavailable. Returns 0, or the first retryable failure. An unreadable page stays as
 * last shown. */
static int read_dirty(struct lane *lane, size_t place, struct cairn_arena *arena,
                      struct cairn_error *error)
{
    size_t count = 0;
    int first = 0;
    int in_vain = 0; /* consecutive failures */
    cairn_arena_reset(arena);
    const struct errand *all =
        take_dirty(lane->pages->engine->live, place, lane->slow, arena, &count);
    for (size_t i = 0; i < count; i++) {
        struct cairn_error why = {0};
        bool gives_up = in_vain > 1 || is_closing(lane->pages);
        int64_t begun_us = cairn_monotonic_us();
        int failed = gives_up ? 0 : read_page(lane, place, &all[i], &why);
        bool later = may_be_read_later(failed);
        give_back(lane, place, &all[i], gives_up || later,
                  gives_up ? 0 : cairn_monotonic_us() - begun_us + 1);
        in_vain = gives_up || later ? in_vain + 1 : 0;
        if (later && !first) {
            first = failed;
            *error = why;
        }
        if (failed && !later)
            log_failure(lane, &why);
    }
    return first;
}

/* Individual pages are not distinguished: when the read model has moved, all are read again. */
static int follow(struct lane *lane, size_t model, const struct cairn_query_known *known,
                  struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_query_live *live = lane->pages->engine->live;
    size_t place = model + live->model_count;
    struct cairn_followed *followed = &live->followed[place];
    bool moved = false;
    if (!cairn_follow_look(live, place, known, &moved))
        return 0;
    cairn_lock(&live->lock);
    if (moved && followed->generation == known->generation) {
        cairn_follow_mark_all_dirty(live, place);
        followed->position = known->position;
        free(followed->key);
        followed->key = NULL;
    }
    cairn_unlock(&live->lock);
    return read_dirty(lane, place, arena, error);
}

/* Returns 0, or the first failure; a model that cannot be read does not block the others. */
static int follow_all(struct lane *lane, struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_query_known known;
    struct cairn_query_live *live = lane->pages->engine->live;
    int first = 0;
    for (size_t i = 0; i < live->model_count; i++) {
        struct cairn_error why = {0};
        int failed = 0;
        if (cairn_query_models_get(live->models, i, &known, NULL) == 0)
            failed = follow(lane, i, &known, arena, &why);
        if (failed && !first) {
            first = failed;
            *error = why;
        }
    }
    return first;
}

/* ---- the threads ---- */

/* Waits until `from_us` at least, then for news or until `until_us`. Returns false when closing. */
static bool wait_for_news(struct lane *lane, int64_t from_us, int64_t until_us)
{
    struct cairn_query_pages *pages = lane->pages;
    cairn_lock(&pages->lock);
    while (!pages->closing && (!lane->news || cairn_monotonic_us() < from_us) &&
           cairn_monotonic_us() < until_us)
        (void)cairn_cond_wait_until(&lane->called, &pages->lock, lane->news ? from_us : until_us);
    bool goes_on = !pages->closing;
    lane->news = false;
    cairn_unlock(&pages->lock);
    return goes_on;
}

static int64_t rest_of(const struct lane *lane, bool failed, int64_t took_us)
{
    int64_t rest_us = failed ? AGAIN_US : PACE_US;
    return lane->slow && took_us > rest_us ? took_us : rest_us;
}

static void *lane_thread(void *context)
{
    struct lane *lane = context;
    struct cairn_arena arena = {0};
    int64_t from_us = 0;
    int64_t until_us = INT64_MAX;
    while (wait_for_news(lane, from_us, until_us)) {
        struct cairn_error error = {0};
        int64_t begun_us = cairn_monotonic_us();
        int failed = follow_all(lane, &arena, &error);
        int64_t now_us = cairn_monotonic_us();
        if (failed && !lane->failing)
            cairn_log_error(CAIRN_LOG_WARN, "cannot read the pages that are followed", &error);
        lane->failing = failed != 0;
        from_us = now_us + rest_of(lane, failed, now_us - begun_us);
        until_us = failed ? from_us : INT64_MAX;
    }
    cairn_arena_close(&arena);
    return NULL;
}

/* ---- life ---- */

static int start(struct cairn_query_pages *pages, struct lane *lane, struct cairn_error *error)
{
    lane->pages = pages;
    cairn_cond_init(&lane->called);
    int failed = cairn_query_open(pages->engine, &lane->context, error);
    if (!failed)
        failed = cairn_thread_start(&lane->thread, lane_thread, lane, "reads pages", error);
    lane->started = !failed;
    return failed;
}

static void stop(struct lane *lane)
{
    if (lane->started)
        cairn_thread_join(lane->thread);
    cairn_query_close(lane->context);
    if (lane->pages)
        cairn_cond_destroy(&lane->called);
}

int cairn_query_pages_open(struct cairn_query_engine *engine, struct cairn_query_pages **ret,
                           struct cairn_error *error)
{
    struct cairn_query_pages *pages = cairn_allocate(sizeof *pages);
    pages->engine = engine;
    pages->lanes[1].slow = true;
    cairn_lock_init(&pages->lock);
    int failed = 0;
    for (size_t i = 0; i < LANES && !failed; i++)
        failed = start(pages, &pages->lanes[i], error);
    if (failed) {
        cairn_query_pages_close(pages);
        return failed;
    }
    engine->live->page_news = on_news;
    engine->live->page_context = pages;
    *ret = pages;
    return 0;
}

void cairn_query_pages_close(struct cairn_query_pages *pages)
{
    if (!pages)
        return;
    cairn_lock(&pages->lock);
    pages->closing = true;
    for (size_t i = 0; i < LANES && pages->lanes[i].pages; i++)
        cairn_cond_signal(&pages->lanes[i].called);
    cairn_unlock(&pages->lock);
    for (size_t i = 0; i < LANES; i++)
        stop(&pages->lanes[i]);
    cairn_lock_destroy(&pages->lock);
    free(pages);
}
