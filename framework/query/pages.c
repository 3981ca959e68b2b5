/* pages.c - reads pages again when their read model has moved. */
#include "query/pages.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/wait.h"
#include "query/read.h"
#include "query/topics.h"

#include <pthread.h>
#include <stdlib.h>

#define PACE_US CAIRN_MILLISECONDS(100)  /* from one round to the next */
#define AGAIN_US CAIRN_MILLISECONDS(250) /* after one in which not all could be read */
enum { BATCH = 100 };

struct cairn_query_pages {
    struct cairn_query_side *side;
    struct cairn_query_context *context; /* the thread's own, as what follows */
    bool failing;                        /* the last round did */
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t called;
    bool news;
    bool closing;
};

/* A page that is to be read. */
struct errand {
    struct cairn_page *page; /* held */
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
    (void)pthread_mutex_lock(&live->lock);
    struct cairn_topic *topic = cairn_topic_find(live, place, key);
    if (topic)
        cairn_topic_show(live, topic, &state);
    (void)pthread_mutex_unlock(&live->lock);
}

/* As a request would. */
static int read_page(struct cairn_query_pages *pages, size_t place, const struct errand *errand,
                     struct cairn_error *error)
{
    struct cairn_query_live *live = pages->side->live;
    struct cairn_query_visit visit = {.side = pages->side,
                                      .resource = errand->page->resource,
                                      .ask = *errand->page->ask,
                                      .model = place - live->model_count};
    struct cairn_query_read read = {.visit = &visit,
                                    .context = pages->context,
                                    .resource = visit.resource,
                                    .ask = &visit.ask,
                                    .arena = &pages->context->scratch};
    cairn_arena_reset(&pages->context->scratch);
    int failed = cairn_query_look(&read, error);
    if (!failed)
        show(live, place, errand->key, &read);
    return failed;
}

/* ---- a read model ---- */

/* Some pages that are dirty. They are clean from now on: what changes later is noticed by itself.
 */
static size_t take_dirty(struct cairn_query_live *live, size_t place, struct cairn_arena *arena,
                         struct errand *ret)
{
    size_t count = 0;
    (void)pthread_mutex_lock(&live->lock);
    for (size_t i = 0; i < CAIRN_BUCKETS && live->followed[place].dirty && count < BATCH; i++) {
        for (struct cairn_topic *at = live->buckets[i]; at && count < BATCH; at = at->next) {
            if (!at->dirty || at->place != place)
                continue;
            at->dirty = false;
            at->page->holders++;
            ret[count++] = (struct errand){at->page, cairn_copy_text(arena, at->key)};
            live->followed[place].dirty--;
        }
    }
    (void)pthread_mutex_unlock(&live->lock);
    return count;
}

/* The page is not held any more; one that could not be read is dirty again. */
static void give_back(struct cairn_query_live *live, size_t place, const struct errand *errand,
                      bool again)
{
    (void)pthread_mutex_lock(&live->lock);
    struct cairn_topic *topic = again ? cairn_topic_find(live, place, errand->key) : NULL;
    if (topic)
        cairn_topic_soil(live, topic);
    cairn_page_let_go(errand->page);
    (void)pthread_mutex_unlock(&live->lock);
}

/* Returns 1 if there may be more, 0 if not. One that cannot be read at all is left as it was. */
static int read_some(struct cairn_query_pages *pages, size_t place, struct cairn_arena *arena,
                     struct cairn_error *error)
{
    struct cairn_query_live *live = pages->side->live;
    struct errand errands[BATCH];
    cairn_arena_reset(arena);
    size_t count = take_dirty(live, place, arena, errands);
    int away = 0;
    for (size_t i = 0; i < count; i++) {
        struct cairn_error why = {0};
        int failed = away ? away : read_page(pages, place, &errands[i], &why);
        bool again = failed == -CAIRN_UNAVAILABLE || failed == -CAIRN_STALE;
        give_back(live, place, &errands[i], again);
        if (failed && !away && !again)
            cairn_log_error(CAIRN_LOG_ERROR, "a page that is followed cannot be read", &why);
        if (again && !away) {
            away = failed;
            *error = why;
        }
    }
    return away ? away : count == BATCH;
}

/* Pages are not told apart: where the read model has moved, all of them are read again. */
static int follow(struct cairn_query_pages *pages, size_t model,
                  const struct cairn_query_known *known, struct cairn_arena *arena,
                  struct cairn_error *error)
{
    struct cairn_query_live *live = pages->side->live;
    size_t place = model + live->model_count;
    bool moved = false;
    if (!cairn_follow_look(live, place, known, &moved))
        return 0;
    (void)pthread_mutex_lock(&live->lock);
    if (moved) {
        cairn_follow_soil_all(live, place);
        live->followed[place].position = known->position;
    }
    (void)pthread_mutex_unlock(&live->lock);
    int more = 1;
    while (more > 0)
        more = read_some(pages, place, arena, error);
    return more;
}

/* Returns 0, or why not all could be read. */
static int follow_all(struct cairn_query_pages *pages, struct cairn_arena *arena,
                      struct cairn_error *error)
{
    struct cairn_query_known known;
    struct cairn_query_live *live = pages->side->live;
    int failed = 0;
    for (size_t i = 0; i < live->model_count && !failed; i++) {
        if (cairn_query_models_get(live->models, i, &known, NULL) == 0)
            failed = follow(pages, i, &known, arena, error);
    }
    return failed;
}

/* ---- the thread ---- */

/* Not before `from_us`; then when there is news, or at `until_us`. Returns false at the end. */
static bool wait_for_news(struct cairn_query_pages *pages, int64_t from_us, int64_t until_us)
{
    (void)pthread_mutex_lock(&pages->lock);
    while (!pages->closing && (!pages->news || cairn_monotonic_us() < from_us) &&
           cairn_monotonic_us() < until_us)
        (void)cairn_cond_wait_until(&pages->called, &pages->lock, pages->news ? from_us : until_us);
    bool goes_on = !pages->closing;
    pages->news = false;
    (void)pthread_mutex_unlock(&pages->lock);
    return goes_on;
}

static void *run(void *context)
{
    struct cairn_query_pages *pages = context;
    struct cairn_arena arena = {0};
    int64_t from_us = 0;
    int64_t until_us = INT64_MAX;
    while (wait_for_news(pages, from_us, until_us)) {
        struct cairn_error error = {0};
        int failed = follow_all(pages, &arena, &error);
        if (failed && !pages->failing)
            cairn_log_error(CAIRN_LOG_WARN, "cannot read the pages that are followed", &error);
        pages->failing = failed != 0;
        from_us = cairn_monotonic_us() + (failed ? AGAIN_US : PACE_US);
        until_us = failed ? from_us : INT64_MAX;
    }
    cairn_arena_close(&arena);
    return NULL;
}

static void on_news(void *context)
{
    struct cairn_query_pages *pages = context;
    (void)pthread_mutex_lock(&pages->lock);
    pages->news = true;
    (void)pthread_cond_signal(&pages->called);
    (void)pthread_mutex_unlock(&pages->lock);
}

/* ---- life ---- */

static void dispose(struct cairn_query_pages *pages)
{
    cairn_query_close(pages->context);
    (void)pthread_cond_destroy(&pages->called);
    (void)pthread_mutex_destroy(&pages->lock);
    free(pages);
}

int cairn_query_pages_open(struct cairn_query_side *side, struct cairn_query_pages **ret,
                           struct cairn_error *error)
{
    struct cairn_query_pages *pages = cairn_allocate(sizeof *pages);
    pages->side = side;
    cairn_cond_init(&pages->called);
    (void)pthread_mutex_init(&pages->lock, NULL);
    int failed = cairn_query_open(side, &pages->context, error);
    if (!failed && pthread_create(&pages->thread, NULL, run, pages) != 0)
        failed = cairn_fail(error, CAIRN_CONFIG, "cannot start a thread that reads pages");
    if (failed) {
        dispose(pages);
        return failed;
    }
    side->live->page_news = on_news;
    side->live->page_context = pages;
    *ret = pages;
    return 0;
}

void cairn_query_pages_close(struct cairn_query_pages *pages)
{
    if (!pages)
        return;
    (void)pthread_mutex_lock(&pages->lock);
    pages->closing = true;
    (void)pthread_cond_signal(&pages->called);
    (void)pthread_mutex_unlock(&pages->lock);
    (void)pthread_join(pages->thread, NULL);
    dispose(pages);
}
