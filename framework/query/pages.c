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
#define COMPLAIN_US CAIRN_SECONDS(60)    /* between two lines in the log of such that never can */

struct cairn_query_pages {
    struct cairn_query_side *side;
    struct cairn_query_context *context; /* the thread's own, as what follows */
    bool failing;                        /* the last round did */
    int64_t complain_us; /* monotonic: when to say again that one cannot be read at all */
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

/* The pages that are dirty. They are clean from now on: what changes later is noticed by itself. */
static struct errand *take_dirty(struct cairn_query_live *live, size_t place,
                                 struct cairn_arena *arena, size_t *ret_count)
{
    size_t count = 0;
    (void)pthread_mutex_lock(&live->lock);
    size_t most = live->followed[place].dirty;
    struct errand *all = cairn_new(arena, struct errand, most + 1);
    for (size_t i = 0; i < CAIRN_BUCKETS && count < most; i++) {
        for (struct cairn_topic *at = live->buckets[i]; at && count < most; at = at->next) {
            if (!at->dirty || at->place != place)
                continue;
            at->dirty = false;
            at->page->holders++;
            all[count++] = (struct errand){at->page, cairn_copy_text(arena, at->key)};
            live->followed[place].dirty--;
        }
    }
    (void)pthread_mutex_unlock(&live->lock);
    *ret_count = count;
    return all;
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

static bool is_closing(struct cairn_query_pages *pages)
{
    (void)pthread_mutex_lock(&pages->lock);
    bool closing = pages->closing;
    (void)pthread_mutex_unlock(&pages->lock);
    return closing;
}

static bool may_be_read_later(int failed)
{
    return failed == -CAIRN_UNAVAILABLE || failed == -CAIRN_STALE || failed == -CAIRN_BUSY;
}

static void complain(struct cairn_query_pages *pages, const struct cairn_error *error)
{
    if (cairn_monotonic_us() < pages->complain_us)
        return;
    pages->complain_us = cairn_monotonic_us() + COMPLAIN_US;
    cairn_log_error(CAIRN_LOG_ERROR, "a page that is followed cannot be read", error);
}

/* One page that takes too long stops nobody; two in a row are a database that is away. Returns 0,
 * or why not all could be read. One that cannot be read at all is left as it was. */
static int read_dirty(struct cairn_query_pages *pages, size_t place, struct cairn_arena *arena,
                      struct cairn_error *error)
{
    size_t count = 0;
    int first = 0;
    int in_vain = 0; /* in a row */
    cairn_arena_reset(arena);
    const struct errand *all = take_dirty(pages->side->live, place, arena, &count);
    for (size_t i = 0; i < count; i++) {
        struct cairn_error why = {0};
        bool gives_up = in_vain > 1 || is_closing(pages);
        int failed = gives_up ? 0 : read_page(pages, place, &all[i], &why);
        bool later = may_be_read_later(failed);
        give_back(pages->side->live, place, &all[i], gives_up || later);
        in_vain = gives_up || later ? in_vain + 1 : 0;
        if (later && !first) {
            first = failed;
            *error = why;
        }
        if (failed && !later)
            complain(pages, &why);
    }
    return first;
}

/* Pages are not told apart: where the read model has moved, all of them are read again. */
static int follow(struct cairn_query_pages *pages, size_t model,
                  const struct cairn_query_known *known, struct cairn_arena *arena,
                  struct cairn_error *error)
{
    struct cairn_query_live *live = pages->side->live;
    size_t place = model + live->model_count;
    struct cairn_followed *followed = &live->followed[place];
    bool moved = false;
    if (!cairn_follow_look(live, place, known, &moved))
        return 0;
    (void)pthread_mutex_lock(&live->lock);
    if (moved && followed->generation == known->generation) {
        cairn_follow_soil_all(live, place);
        followed->position = known->position;
        free(followed->key);
        followed->key = NULL;
    }
    (void)pthread_mutex_unlock(&live->lock);
    return read_dirty(pages, place, arena, error);
}

/* Returns 0, or the first that was in the way; a model that cannot be read stops no other. */
static int follow_all(struct cairn_query_pages *pages, struct cairn_arena *arena,
                      struct cairn_error *error)
{
    struct cairn_query_known known;
    struct cairn_query_live *live = pages->side->live;
    int first = 0;
    for (size_t i = 0; i < live->model_count; i++) {
        struct cairn_error why = {0};
        int failed = 0;
        if (cairn_query_models_get(live->models, i, &known, NULL) == 0)
            failed = follow(pages, i, &known, arena, &why);
        if (failed && !first) {
            first = failed;
            *error = why;
        }
    }
    return first;
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
