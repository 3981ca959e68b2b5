/* watch.c - the watch thread and the list of waiting requests. */
#include "query/models/watch.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LOOK_US CAIRN_SECONDS(1)                /* between two looks without a notification */
#define LOOK_WAITING_US CAIRN_MILLISECONDS(200) /* the same, while a request waits */
#define AGAIN_US CAIRN_MILLISECONDS(250)        /* after a failure */
#define DEADLINE_US CAIRN_SECONDS(3)            /* for a look */
#define UNBUILT_US CAIRN_SECONDS(5)             /* without a projector, before it is logged */

struct cairn_query_watch {
    struct cairn_query_models *models;
    struct cairn_query_live *live;
    struct cairn_pg *pg; /* the thread's own, like the members below */
    struct cairn_arena scratch;
    int64_t look_us; /* monotonic: time of the next look */
    bool failing;    /* the last look failed */
    int waker;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the members below */
    struct cairn_query_wait *waiting;
    size_t waiting_count;
    size_t waiting_max;
    size_t client_max; /* 0: any number */
    bool look_now;     /* a request has found the known state outdated */
    bool stopping;
    bool closing;
};

static struct cairn_metric waiting =
    CAIRN_GAUGE("cairn_query_waiting", "Reads that wait for a position now.", NULL);
static struct cairn_metric crowded_out =
    CAIRN_COUNTER("cairn_query_waits_crowded_total",
                  "Reads that could not wait for a position: too many were waiting.", NULL);
static struct cairn_metric looks =
    CAIRN_COUNTER("cairn_query_looks_total", "Looks at how far the read models are.", NULL);

/* ---- waiting ---- */

static void wake(struct cairn_query_watch *watch)
{
    (void)eventfd_write(watch->waker, 1);
}

/* Returns whether the wait is over. `known` is NULL if nothing is known. */
static bool is_over(const struct cairn_query_wait *wait, const struct cairn_query_known *known,
                    int64_t now_us)
{
    if (now_us >= wait->deadline_us)
        return true;
    return known && (known->position >= wait->position || known->generation != wait->generation ||
                     known->timeline.epoch != wait->epoch || known->epoch != wait->epoch);
}

/* Returns whether as many reads of a client wait as may. Under the lock. */
static bool has_its_share(const struct cairn_query_watch *watch, uint64_t client)
{
    size_t count = 0;
    if (!watch->client_max || !client)
        return false;
    for (const struct cairn_query_wait *at = watch->waiting; at; at = at->next)
        count += at->request->client == client;
    return count >= watch->client_max;
}

/* The known state is usually older than the request's own look, so it is consulted only at the
 * first wait, when the checkpoint may have moved between that look and now; later waits ask for a
 * new look. */
bool cairn_query_watch_wait(struct cairn_query_watch *watch, struct cairn_query_wait *wait)
{
    struct cairn_query_known known;
    int64_t now_us = cairn_monotonic_us();
    if (now_us >= wait->deadline_us)
        return false;
    bool moved = !wait->again &&
                 cairn_query_models_get(watch->models, wait->model, &known, NULL) == 0 &&
                 is_over(wait, &known, now_us);
    cairn_lock(&watch->lock);
    bool crowded = !moved && (watch->waiting_count >= watch->waiting_max ||
                              has_its_share(watch, wait->request->client));
    bool taken = !watch->stopping && !crowded;
    if (taken && !moved) {
        watch->waiting_count++;
        wait->next = watch->waiting;
        watch->waiting = wait;
        watch->look_now |= wait->again;
    }
    cairn_unlock(&watch->lock);
    if (crowded)
        cairn_metric_add(&crowded_out, "", 1);
    if (!taken)
        return false;
    wait->again = true;
    if (moved) {
        cairn_http_resume(wait->request);
        return true;
    }
    cairn_metric_add(&waiting, "", 1);
    wake(watch);
    return true;
}

/* Resumes the requests whose wait is over. Returns the next deadline; INT64_MAX if no request
 * waits. A resumed request may be freed at any moment. */
static int64_t resume_all(struct cairn_query_watch *watch)
{
    struct cairn_query_known known;
    int64_t next_us = INT64_MAX;
    int64_t now_us = cairn_monotonic_us();
    cairn_lock(&watch->lock);
    for (struct cairn_query_wait **at = &watch->waiting; *at;) {
        struct cairn_query_wait *wait = *at;
        bool is_known = cairn_query_models_get(watch->models, wait->model, &known, NULL) == 0;
        if (watch->stopping || is_over(wait, is_known ? &known : NULL, now_us)) {
            *at = wait->next;
            watch->waiting_count--;
            cairn_metric_add(&waiting, "", -1);
            cairn_http_resume(wait->request);
            continue;
        }
        if (wait->deadline_us < next_us)
            next_us = wait->deadline_us;
        at = &wait->next;
    }
    cairn_unlock(&watch->lock);
    return next_us;
}

/* ---- the thread ---- */

static bool is_closing(struct cairn_query_watch *watch)
{
    cairn_lock(&watch->lock);
    bool closing = watch->closing;
    cairn_unlock(&watch->lock);
    return closing;
}

static bool take_look_now(struct cairn_query_watch *watch)
{
    cairn_lock(&watch->lock);
    bool look_now = watch->look_now;
    watch->look_now = false;
    cairn_unlock(&watch->lock);
    return look_now;
}

/* A projector that starts together with this process has begun long before. */
static void log_unbuilt(struct cairn_query_watch *watch)
{
    const struct cairn_projection *at = cairn_query_models_unbuilt(watch->models, UNBUILT_US);
    for (; at; at = cairn_query_models_unbuilt(watch->models, UNBUILT_US)) {
        char what[200];
        (void)snprintf(what, sizeof what,
                       "list &%s_projection in .projections of a service, and run it", at->name);
        cairn_log(CAIRN_LOG_WARN, "no projector has begun to build a read model",
                  CAIRN_LOG_TEXT("projection", at->name), CAIRN_LOG_INTEGER("version", at->version),
                  CAIRN_LOG_TEXT("at", at->at ? at->at : ""), CAIRN_LOG_TEXT("error", what));
    }
}

/* Looks if that is due, and feeds the streams; repeated failures are logged once. */
static void look_up_models(struct cairn_query_watch *watch)
{
    struct cairn_error error = {0};
    cairn_arena_reset(&watch->scratch);
    int failed = 0;
    if (take_look_now(watch))
        watch->look_us = 0;
    if (cairn_monotonic_us() >= watch->look_us) {
        failed = cairn_query_models_look(watch->models, watch->pg, &watch->scratch, &error);
        watch->look_us = cairn_monotonic_us() + (failed ? AGAIN_US : LOOK_US);
        cairn_metric_add(&looks, "", 1);
        log_unbuilt(watch);
    } else if (watch->failing) {
        return;
    }
    if (!failed)
        failed = cairn_query_live_follow(watch->live, watch->pg, &watch->scratch, &error);
    if (failed && !watch->failing)
        cairn_log_error(CAIRN_LOG_WARN, "cannot see the read models move", &error);
    watch->failing = failed != 0;
}

/* Waits for a notification, a wake-up, or `until_us`. */
static void wait_for_news(struct cairn_query_watch *watch, int64_t until_us)
{
    char payload[8];
    eventfd_t ignored;
    struct pollfd waker = {.fd = watch->waker, .events = POLLIN};
    int64_t us = until_us - cairn_monotonic_us();
    int came =
        cairn_pg_wait(watch->pg, us > 0 ? us : 0, watch->waker, payload, sizeof payload, NULL);
    if (came < 0)
        (void)poll(&waker, 1, us > 0 ? (int)((us + 999) / 1000) : 0);
    while (came > 0) { /* one look for all of them */
        watch->look_us = 0;
        came = cairn_pg_wait(watch->pg, 0, -1, payload, sizeof payload, NULL);
    }
    (void)eventfd_read(watch->waker, &ignored);
}

static void *watch_thread(void *context)
{
    struct cairn_query_watch *watch = context;
    while (!is_closing(watch)) {
        look_up_models(watch);
        int64_t next_us = resume_all(watch);
        if (next_us < INT64_MAX)
            watch->look_us =
                cairn_earlier_us(watch->look_us, cairn_monotonic_us() + LOOK_WAITING_US);
        next_us = cairn_earlier_us(next_us, watch->look_us);
        next_us = cairn_earlier_us(next_us, cairn_query_live_heartbeat(watch->live));
        wait_for_news(watch, next_us);
    }
    return NULL;
}

/* ---- life ---- */

static void on_news(void *context)
{
    wake(context);
}

static void dispose(struct cairn_query_watch *watch)
{
    cairn_pg_close(watch->pg);
    cairn_arena_close(&watch->scratch);
    if (watch->waker >= 0)
        (void)close(watch->waker);
    cairn_lock_destroy(&watch->lock);
    free(watch);
}

int cairn_query_watch_open(const char *database_url, const char *greeting, size_t waiting_max,
                           size_t client_max, struct cairn_query_models *models,
                           struct cairn_query_live *live, struct cairn_query_watch **ret,
                           struct cairn_error *error)
{
    struct cairn_query_watch *watch = cairn_allocate(sizeof *watch);
    watch->models = models;
    watch->live = live;
    watch->waiting_max = waiting_max;
    watch->client_max = client_max;
    watch->waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    cairn_lock_init(&watch->lock);
    int failed = cairn_pg_open(database_url, "cairn-query-watch", &watch->pg, error);
    if (!failed) {
        cairn_pg_on_connect(watch->pg, greeting);
        cairn_pg_set_deadline(watch->pg, DEADLINE_US);
        cairn_query_live_on_news(live, on_news, watch);
    }
    if (!failed && watch->waker < 0)
        failed = cairn_fail(error, CAIRN_CONFIG, "no eventfd: %s", strerror(errno));
    if (!failed)
        failed =
            cairn_thread_start(&watch->thread, watch_thread, watch, "watches read models", error);
    if (failed) {
        dispose(watch);
        return failed;
    }
    *ret = watch;
    return 0;
}

void cairn_query_watch_stop(struct cairn_query_watch *watch)
{
    cairn_lock(&watch->lock);
    watch->stopping = true;
    cairn_unlock(&watch->lock);
    wake(watch);
}

void cairn_query_watch_close(struct cairn_query_watch *watch)
{
    if (!watch)
        return;
    cairn_lock(&watch->lock);
    watch->stopping = watch->closing = true;
    cairn_unlock(&watch->lock);
    wake(watch);
    cairn_thread_join(watch->thread);
    (void)resume_all(watch);
    dispose(watch);
}
