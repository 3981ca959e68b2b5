/* dialer.c - the thread that connects to Redis. */
#include "redis/dialer.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct cairn_redis_dialer {
    char *url;
    int64_t deadline_us;
    int fd;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the members below */
    pthread_cond_t called;
    enum { IDLE, WANTED, TRIED } state;
    int64_t at_us;             /* WANTED: time of the attempt */
    struct cairn_redis *redis; /* TRIED: NULL if the attempt failed */
    struct cairn_error error;
    bool closing;
};

static struct cairn_metric probes = CAIRN_COUNTER(
    "cairn_redis_breaker_probes_total", "Probes of an unavailable Redis, by result.", "outcome");

/* ---- the thread ---- */

/* Returns false when closing. */
static bool wait_until_wanted(struct cairn_redis_dialer *dialer)
{
    cairn_lock(&dialer->lock);
    while (!dialer->closing && (dialer->state != WANTED || cairn_monotonic_us() < dialer->at_us))
        (void)cairn_cond_wait_until(&dialer->called, &dialer->lock,
                                    dialer->state == WANTED ? dialer->at_us : INT64_MAX);
    bool wanted = !dialer->closing;
    cairn_unlock(&dialer->lock);
    return wanted;
}

static int connect_now(const struct cairn_redis_dialer *dialer, struct cairn_redis **ret,
                       struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_redis_reply pong;
    struct cairn_redis *redis = NULL;
    const int64_t begun_us = cairn_monotonic_us();
    int failed = cairn_redis_open(dialer->url, dialer->deadline_us, &redis, error);
    if (!failed)
        failed = cairn_redis_call(redis, &CAIRN_ARG("PING"), 1, &arena, &pong, error);
    if (!failed && cairn_monotonic_us() - begun_us > dialer->deadline_us)
        failed = cairn_fail(error, CAIRN_UNAVAILABLE, "Redis is slow");
    cairn_arena_close(&arena);
    if (failed)
        cairn_redis_close(redis);
    else
        *ret = redis;
    return failed;
}

static void publish_result(struct cairn_redis_dialer *dialer, struct cairn_redis *redis,
                           const struct cairn_error *error)
{
    cairn_lock(&dialer->lock);
    dialer->redis = redis;
    dialer->error = *error;
    dialer->state = TRIED;
    cairn_unlock(&dialer->lock);
    (void)eventfd_write(dialer->fd, 1);
}

static void *dialer_thread(void *context)
{
    struct cairn_redis_dialer *dialer = context;
    while (wait_until_wanted(dialer)) {
        struct cairn_redis *redis = NULL;
        struct cairn_error error = {0};
        int failed = connect_now(dialer, &redis, &error);
        cairn_metric_add(&probes, failed ? "failed" : "succeeded", 1);
        publish_result(dialer, redis, &error);
    }
    return NULL;
}

/* ---- asking ---- */

void cairn_redis_dialer_want(struct cairn_redis_dialer *dialer, int64_t at_us)
{
    cairn_lock(&dialer->lock);
    dialer->state = WANTED;
    dialer->at_us = at_us;
    cairn_cond_signal(&dialer->called);
    cairn_unlock(&dialer->lock);
}

int cairn_redis_dialer_fd(const struct cairn_redis_dialer *dialer)
{
    return dialer->fd;
}

int cairn_redis_dialer_take(struct cairn_redis_dialer *dialer, struct cairn_redis **ret,
                            struct cairn_error *error)
{
    eventfd_t ignored;
    int failed = 0;
    *ret = NULL;
    (void)eventfd_read(dialer->fd, &ignored);
    cairn_lock(&dialer->lock);
    if (dialer->state == TRIED) {
        *ret = dialer->redis;
        if (!dialer->redis)
            failed = cairn_error_pass(error, &dialer->error);
        dialer->redis = NULL;
        dialer->state = IDLE;
    }
    cairn_unlock(&dialer->lock);
    return failed;
}

/* ---- life ---- */

static void dispose(struct cairn_redis_dialer *dialer)
{
    cairn_redis_close(dialer->redis);
    if (dialer->fd >= 0)
        (void)close(dialer->fd);
    cairn_cond_destroy(&dialer->called);
    cairn_lock_destroy(&dialer->lock);
    free(dialer->url);
    free(dialer);
}

/* Checks that the URL is valid; does not connect. */
static int check(const char *url, int64_t deadline_us, struct cairn_error *error)
{
    struct cairn_redis *redis = NULL;
    int failed = cairn_redis_open(url, deadline_us, &redis, error);
    cairn_redis_close(redis);
    return failed;
}

int cairn_redis_dialer_open(const char *url, int64_t deadline_us, struct cairn_redis_dialer **ret,
                            struct cairn_error *error)
{
    int failed = check(url, deadline_us, error);
    if (failed)
        return failed;
    struct cairn_redis_dialer *dialer = cairn_allocate(sizeof *dialer);
    dialer->url = cairn_duplicate(url);
    dialer->deadline_us = deadline_us;
    dialer->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    cairn_cond_init(&dialer->called);
    cairn_lock_init(&dialer->lock);
    failed = dialer->fd < 0 ? cairn_fail(error, CAIRN_CONFIG, "no eventfd: %s", strerror(errno))
                            : cairn_thread_start(&dialer->thread, dialer_thread, dialer,
                                                 "connects to Redis", error);
    if (failed) {
        dispose(dialer);
        return failed;
    }
    *ret = dialer;
    return 0;
}

void cairn_redis_dialer_close(struct cairn_redis_dialer *dialer)
{
    if (!dialer)
        return;
    cairn_lock(&dialer->lock);
    dialer->closing = true;
    cairn_cond_signal(&dialer->called);
    cairn_unlock(&dialer->lock);
    cairn_thread_join(dialer->thread);
    dispose(dialer);
}
