/* steward.c - the thread that manages the generations of one projection, in rounds. */
#include "projection/steward.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/wait.h"
#include "projection/jobs.h"
#include "projection/retire.h"
#include "projection/tracks.h"

#include <stdio.h>
#include <string.h>

#define ROUND_US CAIRN_SECONDS(1)
#define HURRY_US CAIRN_MILLISECONDS(50)
#define TURN_US CAIRN_MILLISECONDS(200) /* between two attempts to get `turn` */
#define SWEEP_US CAIRN_SECONDS(10)

/* ---- dropping ---- */

static int retire(struct cairn_steward *steward, struct cairn_error *error)
{
    struct cairn_generation generation;
    int found = cairn_retire_find(steward->store, steward->projection, 0, steward->limits.window_ms,
                                  &steward->arena, &generation, error);
    if (found > 0) {
        cairn_tracks_stop(steward, generation.number);
        steward->hurries = true;
        steward->swept_us = 0;
        return cairn_retire_drop(steward->store, &generation, &steward->arena, error);
    }
    if (found < 0 || cairn_monotonic_us() < steward->swept_us)
        return found;
    int swept = cairn_retire_sweep(steward->store, steward->projection, steward->redis,
                                   &steward->stopping, &steward->arena, error);
    if (swept <= 0)
        steward->swept_us = cairn_monotonic_us() + SWEEP_US;
    return swept < 0 ? swept : 0;
}

/* ---- a round ---- */

static int lead(struct cairn_steward *steward, int64_t followed, int64_t fence,
                struct cairn_error *error)
{
    const struct cairn_switch_terms terms = {fence, steward->limits.window_ms};
    int back =
        cairn_switch_back(steward->store, steward->projection, &terms, &steward->arena, error);
    if (back < 0)
        return back;
    steward->hurries |= back > 0;
    if (back == 1)
        cairn_notifier_nudge(steward->notifier);
    int failed = retire(steward, error); /* after rollbacks, which may need them */
    if (failed)
        return failed;
    return cairn_jobs_do(steward, followed, fence, error);
}

static int go_round(struct cairn_steward *steward, struct cairn_error *error)
{
    cairn_arena_reset(&steward->arena);
    steward->hurries = steward->waits = steward->built = false;
    int64_t followed = cairn_tracks_match(steward, error);
    int64_t fence = cairn_lease_fence(steward->lease);
    if (followed < 0 || fence == 0)
        return followed < 0 ? (int)followed : 0;
    return lead(steward, followed, fence, error);
}

/* Records the problem; logs it if it has changed. */
static void tell(struct cairn_steward *steward, int failed, const struct cairn_error *error)
{
    const char *problem = failed ? error->message : "";
    (void)pthread_mutex_lock(&steward->lock);
    bool is_new = strncmp(steward->problem, problem, sizeof steward->problem - 1) != 0;
    (void)snprintf(steward->problem, sizeof steward->problem, "%.190s", problem);
    (void)pthread_mutex_unlock(&steward->lock);
    if (is_new && failed)
        cairn_log(CAIRN_LOG_WARN, "the generations cannot be looked after",
                  CAIRN_LOG_TEXT("projection", steward->projection->name),
                  CAIRN_LOG_TEXT("error", problem));
}

static void rest(struct cairn_steward *steward)
{
    if (steward->built)
        return; /* the next round follows it at once */
    int64_t pause_us = steward->hurries ? HURRY_US : steward->waits ? TURN_US : ROUND_US;
    int64_t until_us = cairn_monotonic_us() + pause_us;
    if (!cairn_lease_fence(steward->lease)) {
        (void)cairn_lease_wait(steward->lease, until_us);
        return;
    }
    (void)pthread_mutex_lock(&steward->lock);
    while (!atomic_load(&steward->stopping) &&
           cairn_cond_wait_until(&steward->changed, &steward->lock, until_us))
        continue;
    (void)pthread_mutex_unlock(&steward->lock);
}

static void *look_after(void *context)
{
    struct cairn_steward *steward = context;
    while (!atomic_load(&steward->stopping)) {
        struct cairn_error error = {0};
        tell(steward, go_round(steward, &error), &error);
        rest(steward);
    }
    cairn_tracks_stop_all(steward);
    return NULL;
}

/* ---- state ---- */

void cairn_steward_state(struct cairn_steward *steward, struct cairn_projector_state *ret)
{
    struct cairn_lease_state lease;
    *ret = (struct cairn_projector_state){.name = steward->projection->name};
    cairn_lease_state(steward->lease, &lease);
    (void)pthread_mutex_lock(&steward->lock);
    struct cairn_track *track = cairn_tracks_shown(steward);
    if (track) {
        cairn_runner_state(&track->runner, ret);
    } else {
        ret->leading = lease.mine;
        memcpy(ret->owner, lease.owner, sizeof ret->owner);
        (void)snprintf(ret->problem, sizeof ret->problem, "%.190s",
                       steward->problem[0] ? steward->problem : "no generation is built yet");
    }
    ret->building = (int)steward->building.generation;
    ret->phase = steward->building.phase;
    ret->done = steward->building.done;
    ret->total = steward->building.total;
    (void)pthread_mutex_unlock(&steward->lock);
}

/* ---- opening and closing ---- */

int cairn_steward_open(struct cairn_steward *steward, const struct cairn_projection *projection,
                       const struct cairn_projector_options *options,
                       struct cairn_steward_shared *shared, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    *steward = (struct cairn_steward){.projection = projection,
                                      .database_url = options->database_url,
                                      .redis_url = options->redis_url,
                                      .limits = options->rebuild,
                                      .follower = shared->follower,
                                      .notifier = shared->notifier,
                                      .turn = &shared->turn};
    (void)pthread_mutex_init(&steward->lock, NULL);
    cairn_cond_init(&steward->changed);
    steward->lease = cairn_lease_want(options->leases, cairn_generation_lease(projection, &arena));
    cairn_arena_close(&arena);
    int failed = cairn_store_open(options->database_url, projection->name, &steward->store, error);
    if (!failed && options->redis_url)
        failed = cairn_redis_open(options->redis_url, CAIRN_SECONDS(2), &steward->redis, error);
    if (failed)
        return failed;
    cairn_pg_on_connect(cairn_store_pg(steward->store),
                        "set enable_seqscan = off; set jit = off; set lock_timeout = '2s'");
    if (pthread_create(&steward->thread, NULL, look_after, steward) != 0)
        return cairn_fail(error, CAIRN_CONFIG, "cannot start a thread for %s", projection->name);
    steward->started = true;
    return 0;
}

void cairn_steward_stop(struct cairn_steward *steward)
{
    (void)pthread_mutex_lock(&steward->lock);
    atomic_store(&steward->stopping, true);
    (void)pthread_cond_broadcast(&steward->changed);
    (void)pthread_mutex_unlock(&steward->lock);
}

void cairn_steward_close(struct cairn_steward *steward)
{
    if (steward->started)
        (void)pthread_join(steward->thread, NULL);
    cairn_redis_close(steward->redis);
    cairn_store_close(steward->store);
    cairn_arena_close(&steward->arena);
    (void)pthread_cond_destroy(&steward->changed);
    (void)pthread_mutex_destroy(&steward->lock);
}
