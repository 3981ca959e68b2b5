/* projector.c - a thread for each projection. */
#include "projection/projector.h"

#include "core/clock.h"
#include "projection/runner.h"
#include "projection/table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct cairn_projector {
    pthread_mutex_t lock; /* guards `stopping` */
    pthread_cond_t stop;
    bool stopping;
    struct thread *threads;
    size_t count;   /* of runners that are open */
    size_t started; /* of threads that run */
};

struct thread {
    struct cairn_projector *projector;
    struct cairn_runner runner;
    pthread_t id;
};

/* Waits so long, or until it is time to stop. Returns false then. */
static bool wait_unless_stopping(struct cairn_projector *projector, int64_t us)
{
    int64_t until_us = cairn_monotonic_us() + us;
    const struct timespec until = {.tv_sec = until_us / 1000000,
                                   .tv_nsec = until_us % 1000000 * 1000};
    (void)pthread_mutex_lock(&projector->lock);
    int late = us == 0;
    while (!projector->stopping && !late)
        late = pthread_cond_timedwait(&projector->stop, &projector->lock, &until);
    bool go_on = !projector->stopping;
    (void)pthread_mutex_unlock(&projector->lock);
    return go_on;
}

static void *follow(void *context)
{
    struct thread *thread = context;
    while (wait_unless_stopping(thread->projector, cairn_runner_step(&thread->runner)))
        continue;
    return NULL;
}

static struct cairn_projector *make(size_t count)
{
    struct cairn_projector *projector = cairn_allocate(sizeof *projector);
    projector->threads = cairn_allocate(count * sizeof *projector->threads);
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&projector->stop, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)pthread_mutex_init(&projector->lock, NULL);
    return projector;
}

static int start_threads(struct cairn_projector *projector, struct cairn_error *error)
{
    for (; projector->started < projector->count; projector->started++) {
        struct thread *thread = &projector->threads[projector->started];
        if (pthread_create(&thread->id, NULL, follow, thread) != 0)
            return cairn_fail(error, CAIRN_CONFIG, "cannot start a thread for %s",
                              thread->runner.projection->name);
    }
    return 0;
}

static int check(const struct cairn_projection *const projections[], size_t count,
                 struct cairn_error *error)
{
    int failed = 0;
    for (size_t i = 0; i < count && !failed; i++) {
        failed = cairn_table_check(projections[i], error);
        for (size_t k = 0; k < i && !failed; k++) {
            if (strcmp(projections[i]->name, projections[k]->name) == 0)
                failed = cairn_fail(error, CAIRN_BUG, "two projections are called %s",
                                    projections[i]->name);
        }
    }
    return failed;
}

int cairn_projector_start(const char *database_url, const char *redis_url,
                          const struct cairn_projection *const projections[], size_t count,
                          struct cairn_projector **ret, struct cairn_error *error)
{
    int failed = check(projections, count, error);
    if (failed)
        return failed;
    struct cairn_projector *projector = make(count);
    for (size_t i = 0; i < count && !failed; i++) {
        projector->threads[i].projector = projector;
        projector->count++;
        failed = cairn_runner_open(&projector->threads[i].runner, projections[i], database_url,
                                   redis_url, error);
    }
    if (!failed)
        failed = start_threads(projector, error);
    if (failed) {
        cairn_projector_stop(projector);
        return failed;
    }
    *ret = projector;
    return 0;
}

void cairn_projector_stop(struct cairn_projector *projector)
{
    (void)pthread_mutex_lock(&projector->lock);
    projector->stopping = true;
    (void)pthread_cond_broadcast(&projector->stop);
    (void)pthread_mutex_unlock(&projector->lock);
    for (size_t i = 0; i < projector->started; i++)
        (void)pthread_join(projector->threads[i].id, NULL);
    for (size_t i = 0; i < projector->count; i++)
        cairn_runner_close(&projector->threads[i].runner);
    (void)pthread_cond_destroy(&projector->stop);
    (void)pthread_mutex_destroy(&projector->lock);
    free(projector->threads);
    free(projector);
}

size_t cairn_projector_states(struct cairn_projector *projector, struct cairn_projector_state *ret,
                              size_t count)
{
    for (size_t i = 0; i < projector->count && i < count; i++)
        cairn_runner_state(&projector->threads[i].runner, &ret[i]);
    return projector->count;
}
