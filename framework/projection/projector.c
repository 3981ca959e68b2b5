/* projector.c - a thread for each projection, and one that listens for all of them. */
#include "projection/projector.h"

#include "core/clock.h"
#include "projection/runner.h"
#include "projection/table.h"
#include "store/follow.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct cairn_projector {
    struct cairn_follower *follower; /* of the log, for all threads */
    struct cairn_notifier *notifier; /* tells readers that a checkpoint has moved */
    atomic_bool stopping;
    struct thread *threads;
    size_t count;   /* of runners that are open */
    size_t started; /* of threads that run */
};

struct thread {
    struct cairn_projector *projector;
    struct cairn_runner runner;
    pthread_t id;
};

/* Waits until the next step is due. Where the follower knows of no news the runner looks for
 * itself, so it does not matter here why the wait is over, nor that the follower may have trouble.
 */
static void wait_for(struct cairn_projector *projector, struct thread *thread,
                     struct cairn_pause pause)
{
    if (pause.for_lease)
        (void)cairn_lease_wait(thread->runner.lease, pause.until_us);
    else if (pause.until_us)
        thread->runner.told =
            cairn_follower_wait(projector->follower, pause.seen, pause.until_us, NULL);
}

static void *follow(void *context)
{
    struct thread *thread = context;
    while (!atomic_load(&thread->projector->stopping))
        wait_for(thread->projector, thread, cairn_runner_step(&thread->runner));
    return NULL;
}

static struct cairn_projector *make(size_t count)
{
    struct cairn_projector *projector = cairn_allocate(sizeof *projector);
    projector->threads = cairn_allocate(count * sizeof *projector->threads);
    return projector;
}

static int start_threads(struct cairn_projector *projector, struct cairn_error *error)
{
    for (; projector->started < projector->count; projector->started++) {
        struct thread *thread = &projector->threads[projector->started];
        thread->runner.notifier = projector->notifier;
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
                          struct cairn_leases *leases,
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
                                   redis_url, leases, error);
    }
    if (!failed)
        failed = cairn_follower_open(database_url, "follower", &projector->follower, error);
    if (!failed)
        failed = cairn_notifier_open(database_url, "projector", CAIRN_CHANNEL_READ,
                                     &projector->notifier, error);
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
    atomic_store(&projector->stopping, true);
    if (projector->follower)
        cairn_follower_stop(projector->follower);
    for (size_t i = 0; i < projector->started; i++)
        (void)pthread_join(projector->threads[i].id, NULL);
    for (size_t i = 0; i < projector->count; i++)
        cairn_runner_close(&projector->threads[i].runner);
    cairn_follower_close(projector->follower);
    cairn_notifier_close(projector->notifier);
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
