/* supervisor.c - the thread that manages the generations of one projection, in rounds. */
#include "projection/generations/supervisor.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "projection/generations/followers.h"
#include "projection/generations/rebuild_jobs.h"
#include "projection/generations/retire.h"

#include <stdio.h>
#include <string.h>

#define ROUND_US CAIRN_SECONDS(1)
#define HURRY_US CAIRN_MILLISECONDS(50)
#define TURN_US CAIRN_MILLISECONDS(200) /* between two attempts to get `turn` */
#define SWEEP_US CAIRN_SECONDS(10)

/* ---- dropping ---- */

static int retire(struct cairn_supervisor *supervisor, struct cairn_error *error)
{
    struct cairn_generation generation;
    int found =
        cairn_retire_find(supervisor->store, supervisor->projection, 0,
                          supervisor->limits.window_ms, &supervisor->arena, &generation, error);
    if (found > 0) {
        cairn_followers_stop(supervisor, generation.number);
        supervisor->hurries = true;
        supervisor->swept_us = 0;
        return cairn_retire_drop(supervisor->store, &generation, &supervisor->arena, error);
    }
    if (found < 0 || cairn_monotonic_us() < supervisor->swept_us)
        return found;
    int swept = cairn_retire_sweep(supervisor->store, supervisor->projection, supervisor->redis,
                                   &supervisor->stopping, &supervisor->arena, error);
    if (swept <= 0)
        supervisor->swept_us = cairn_monotonic_us() + SWEEP_US;
    return swept < 0 ? swept : 0;
}

/* ---- a round ---- */

static int lead(struct cairn_supervisor *supervisor, int64_t followed, int64_t fence,
                struct cairn_error *error)
{
    const struct cairn_switch_terms terms = {fence, supervisor->limits.window_ms};
    int back = cairn_switch_back(supervisor->store, supervisor->projection, &terms,
                                 &supervisor->arena, error);
    if (back < 0)
        return back;
    supervisor->hurries |= back > 0;
    if (back == 1)
        cairn_notifier_nudge(supervisor->notifier);
    int failed = retire(supervisor, error); /* after rollbacks, which may need them */
    if (failed)
        return failed;
    return cairn_jobs_do(supervisor, followed, fence, error);
}

static int run_round(struct cairn_supervisor *supervisor, struct cairn_error *error)
{
    cairn_arena_reset(&supervisor->arena);
    supervisor->hurries = supervisor->waits = supervisor->built = false;
    int64_t followed = cairn_followers_match(supervisor, error);
    int64_t fence = cairn_lease_fence(supervisor->lease);
    if (followed < 0 || fence == 0)
        return followed < 0 ? (int)followed : 0;
    return lead(supervisor, followed, fence, error);
}

/* Records the problem; logs it if it has changed. */
static void report_problem(struct cairn_supervisor *supervisor, int failed,
                           const struct cairn_error *error)
{
    const char *problem = failed ? error->message : "";
    cairn_lock(&supervisor->lock);
    bool is_new = strncmp(supervisor->problem, problem, sizeof supervisor->problem - 1) != 0;
    (void)snprintf(supervisor->problem, sizeof supervisor->problem, "%.190s", problem);
    supervisor->shown[0] = '\0';
    if (failed)
        cairn_error_print_public(error, supervisor->shown, sizeof supervisor->shown);
    cairn_unlock(&supervisor->lock);
    if (is_new && failed)
        cairn_log(CAIRN_LOG_WARN, "the generations cannot be managed",
                  CAIRN_LOG_TEXT("projection", supervisor->projection->name),
                  CAIRN_LOG_TEXT("error", problem));
}

static void wait_for_round(struct cairn_supervisor *supervisor)
{
    if (supervisor->built)
        return; /* the next round follows it at once */
    int64_t pause_us = supervisor->hurries ? HURRY_US : supervisor->waits ? TURN_US : ROUND_US;
    int64_t until_us = cairn_monotonic_us() + pause_us;
    if (!cairn_lease_fence(supervisor->lease)) {
        (void)cairn_lease_wait(supervisor->lease, until_us);
        return;
    }
    cairn_lock(&supervisor->lock);
    while (!atomic_load(&supervisor->stopping) &&
           cairn_cond_wait_until(&supervisor->changed, &supervisor->lock, until_us))
        continue;
    cairn_unlock(&supervisor->lock);
}

static void *look_after(void *context)
{
    struct cairn_supervisor *supervisor = context;
    while (!atomic_load(&supervisor->stopping)) {
        struct cairn_error error = {0};
        report_problem(supervisor, run_round(supervisor, &error), &error);
        wait_for_round(supervisor);
    }
    cairn_followers_stop_all(supervisor);
    return NULL;
}

/* ---- state ---- */

void cairn_supervisor_state(struct cairn_supervisor *supervisor, struct cairn_projector_state *ret)
{
    struct cairn_lease_state lease;
    *ret = (struct cairn_projector_state){.name = supervisor->projection->name};
    cairn_lease_state(supervisor->lease, &lease);
    cairn_lock(&supervisor->lock);
    struct cairn_generation_follower *track = cairn_followers_shown(supervisor);
    if (track) {
        cairn_runner_state(&track->runner, ret);
    } else {
        ret->leading = lease.mine;
        memcpy(ret->owner, lease.owner, sizeof ret->owner);
        static const char none[] = "no generation is built yet";
        (void)snprintf(ret->problem, sizeof ret->problem, "%.190s",
                       supervisor->problem[0] ? supervisor->problem : none);
        (void)snprintf(ret->shown, sizeof ret->shown, "%.190s",
                       supervisor->problem[0] ? supervisor->shown : none);
    }
    ret->building = (int)supervisor->building.generation;
    ret->phase = supervisor->building.phase;
    ret->done = supervisor->building.done;
    ret->total = supervisor->building.total;
    cairn_unlock(&supervisor->lock);
}

/* ---- opening and closing ---- */

int cairn_supervisor_open(struct cairn_supervisor *supervisor,
                          const struct cairn_projection *projection,
                          const struct cairn_projector_options *options,
                          struct cairn_supervisor_shared *shared, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    *supervisor = (struct cairn_supervisor){.projection = projection,
                                            .database_url = options->database_url,
                                            .redis_url = options->redis_url,
                                            .limits = options->rebuild,
                                            .follower = shared->follower,
                                            .notifier = shared->notifier,
                                            .turn = &shared->turn};
    cairn_lock_init(&supervisor->lock);
    cairn_cond_init(&supervisor->changed);
    supervisor->lease =
        cairn_lease_want(options->leases, cairn_generation_lease(projection, &arena));
    cairn_arena_close(&arena);
    int failed =
        cairn_store_open(options->database_url, projection->name, &supervisor->store, error);
    if (!failed && options->redis_url)
        failed = cairn_redis_open(options->redis_url, CAIRN_SECONDS(2), &supervisor->redis, error);
    if (failed)
        return failed;
    cairn_pg_on_connect(cairn_store_pg(supervisor->store),
                        "set enable_seqscan = off; set lock_timeout = '2s'");
    failed = cairn_thread_start(&supervisor->thread, look_after, supervisor,
                                "manages the generations of a read model", error);
    supervisor->started = !failed;
    return failed;
}

void cairn_supervisor_stop(struct cairn_supervisor *supervisor)
{
    cairn_lock(&supervisor->lock);
    atomic_store(&supervisor->stopping, true);
    cairn_cond_broadcast(&supervisor->changed);
    cairn_unlock(&supervisor->lock);
}

void cairn_supervisor_close(struct cairn_supervisor *supervisor)
{
    if (supervisor->started)
        cairn_thread_join(supervisor->thread);
    cairn_redis_close(supervisor->redis);
    cairn_store_close(supervisor->store);
    cairn_arena_close(&supervisor->arena);
    cairn_cond_destroy(&supervisor->changed);
    cairn_lock_destroy(&supervisor->lock);
}
