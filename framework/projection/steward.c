/* steward.c - the rounds of one projection. */
#include "projection/steward.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/wait.h"
#include "projection/compare.h"
#include "projection/retire.h"
#include "projection/within.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUND_US CAIRN_SECONDS(1)
#define HURRY_US CAIRN_MILLISECONDS(50)
#define TURN_US CAIRN_MILLISECONDS(200) /* between two looks whether it is our turn to build */
#define AGAIN_US CAIRN_SECONDS(5)       /* after an attempt that failed */
#define SWEEP_US CAIRN_SECONDS(10)

static struct cairn_metric phases = CAIRN_GAUGE(
    "cairn_rebuild_running", "1 while a generation of the read model is built here.", "projection");
static struct cairn_metric done =
    CAIRN_GAUGE("cairn_rebuild_done", "How far its present phase is.", "projection");
static struct cairn_metric totals =
    CAIRN_GAUGE("cairn_rebuild_total", "What its present phase ends at.", "projection");
static struct cairn_metric folded =
    CAIRN_GAUGE("cairn_rebuild_events", "Events that were folded for it.", "projection");

/* ---- tracks ---- */

static void *follow(void *context)
{
    struct cairn_track *track = context;
    while (!atomic_load(&track->stopping)) {
        struct cairn_pause pause = cairn_runner_step(&track->runner);
        if (pause.for_lease)
            (void)cairn_lease_wait(track->runner.lease, pause.until_us);
        else if (pause.until_us) /* where there is no news the runner looks for itself */
            track->runner.told =
                cairn_follower_wait(track->follower, pause.seen, pause.until_us, NULL);
    }
    return NULL;
}

static void free_track(struct cairn_track *track)
{
    cairn_runner_close(&track->runner);
    free(track);
}

static void stop_track(struct cairn_steward *steward, struct cairn_track **at)
{
    struct cairn_track *track = *at;
    atomic_store(&track->stopping, true);
    cairn_follower_wake(steward->follower);
    (void)pthread_join(track->thread, NULL);
    (void)pthread_mutex_lock(&steward->lock);
    *at = NULL;
    (void)pthread_mutex_unlock(&steward->lock);
    free_track(track);
}

static struct cairn_track **find_track(struct cairn_steward *steward, int64_t generation)
{
    for (size_t i = 0; i < CAIRN_TRACKS_MAX; i++) {
        struct cairn_track *track = steward->tracks[i];
        if (generation ? track && track->runner.number == generation : !track)
            return &steward->tracks[i];
    }
    return NULL;
}

static int start_track(struct cairn_steward *steward, struct cairn_track **at,
                       const struct cairn_generation *generation, struct cairn_error *error)
{
    const struct cairn_runner_options options = {.projection = steward->projection,
                                                 .generation = generation->number,
                                                 .database_url = steward->database_url,
                                                 .redis_url = steward->redis_url,
                                                 .lease = steward->lease,
                                                 .notifier = steward->notifier,
                                                 .window_ms = steward->limits.window_ms};
    struct cairn_track *track = cairn_allocate(sizeof *track);
    track->follower = steward->follower;
    int failed = cairn_runner_open(&track->runner, &options, error);
    atomic_store(&track->runner.serving, generation->serving);
    if (!failed && pthread_create(&track->thread, NULL, follow, track) != 0)
        failed = cairn_fail(error, CAIRN_BUSY, "there can be no more threads");
    if (failed) {
        free_track(track);
        return failed;
    }
    (void)pthread_mutex_lock(&steward->lock);
    *at = track;
    (void)pthread_mutex_unlock(&steward->lock);
    return 0;
}

static bool is_listed(const struct cairn_generation *all, int64_t count, int64_t number)
{
    for (int64_t i = 0; i < count; i++) {
        if (all[i].number == number)
            return true;
    }
    return false;
}

/* A thread for each generation that is followed, and for no other; the newest first, should there
 * be too many. */
static int64_t match_tracks(struct cairn_steward *steward, struct cairn_error *error)
{
    const struct cairn_generation *all = NULL;
    int64_t count =
        cairn_generation_list(steward->store, steward->projection, &steward->arena, &all, error);
    if (count < 0)
        return count;
    for (size_t i = 0; i < CAIRN_TRACKS_MAX; i++) {
        struct cairn_track *track = steward->tracks[i];
        if (track && !is_listed(all, count, track->runner.number))
            stop_track(steward, &steward->tracks[i]);
    }
    int failed = 0;
    for (int64_t i = 0; i < count && !failed; i++) {
        struct cairn_track **at = find_track(steward, all[i].number);
        struct cairn_track **room = at ? at : find_track(steward, 0);
        if (at)
            atomic_store(&(*at)->runner.serving, all[i].serving);
        else if (room)
            failed = start_track(steward, room, &all[i], error);
    }
    return failed ? failed : count;
}

/* ---- dropping ---- */

static int retire(struct cairn_steward *steward, struct cairn_error *error)
{
    struct cairn_generation generation;
    int found = cairn_retire_find(steward->store, steward->projection, 0, steward->limits.window_ms,
                                  &steward->arena, &generation, error);
    if (found > 0) {
        struct cairn_track **track = find_track(steward, generation.number);
        if (track)
            stop_track(steward, track);
        steward->hurries = true;
        steward->swept_us = 0;
        return cairn_retire_drop(steward->store, &generation, &steward->arena, error);
    }
    if (found < 0 || cairn_monotonic_us() < steward->swept_us)
        return found;
    int swept = cairn_retire_sweep(steward->store, steward->projection, steward->redis,
                                   &steward->arena, error);
    if (swept <= 0)
        steward->swept_us = cairn_monotonic_us() + SWEEP_US;
    return swept < 0 ? swept : 0;
}

/* ---- building ---- */

/* What is to be built or is being held, if anything. */
struct job {
    int64_t rebuild;
    bool cancelled;
    bool followed; /* its generation is: built, and not read yet */
    int64_t generation;
    bool uncompared;
};

static const struct cairn_statement job_statement = {
    .name = "find_rebuild",
    .sql = "select r.rebuild, r.request is not distinct from 'cancel',"
           "     coalesce(g.state = 'following', false), coalesce(r.generation, 0),"
           "     r.diff and r.differences is null"
           " from cairn.rebuilds r left join cairn.generations g using (projection, generation)"
           " where r.projection = $1 and r.code_version = $2 and r.ended_at is null",
};

static int find_job(struct cairn_steward *steward, struct job *ret, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = &steward->arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, steward->projection->name);
    cairn_pg_add_integer(&params, steward->projection->version);
    int64_t count =
        cairn_pg_call(cairn_store_pg(steward->store), &job_statement, &params, &rows, error);
    if (count <= 0)
        return (int)count;
    *ret = (struct job){.rebuild = cairn_pg_integer(rows, 0, 0),
                        .cancelled = cairn_pg_bool(rows, 0, 1),
                        .followed = cairn_pg_bool(rows, 0, 2),
                        .generation = cairn_pg_integer(rows, 0, 3),
                        .uncompared = cairn_pg_bool(rows, 0, 4)};
    return 1;
}

static const struct cairn_statement ask_statement = {
    .name = "ask_rebuild",
    .sql = "insert into cairn.rebuilds (projection, code_version, cause) values ($1, $2, $3)"
           " on conflict do nothing",
};

static int ask(struct cairn_steward *steward, const char *cause, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = &steward->arena};
    cairn_pg_add_text(&params, steward->projection->name);
    cairn_pg_add_integer(&params, steward->projection->version);
    cairn_pg_add_text(&params, cause);
    int64_t asked = cairn_pg_run(cairn_store_pg(steward->store), &ask_statement, &params, error);
    steward->hurries = true;
    return asked < 0 ? (int)asked : 0;
}

static void show_progress(void *context, const struct cairn_rebuild_progress *progress)
{
    struct cairn_steward *steward = context;
    const char *name = steward->projection->name;
    (void)pthread_mutex_lock(&steward->lock);
    steward->building = *progress;
    (void)pthread_mutex_unlock(&steward->lock);
    cairn_metric_set(&phases, name, progress->phase != NULL);
    cairn_metric_set(&done, name, progress->done);
    cairn_metric_set(&totals, name, progress->total);
    cairn_metric_set(&folded, name, progress->events);
}

static const struct cairn_statement failed_statement = {
    .name = "failed_rebuild",
    .sql = "update cairn.rebuilds set phase = 'waiting', note = $2, phase_at = clock_timestamp()"
           " where rebuild = $1 and ended_at is null",
};

/* It is tried again, but the whole log is not read every second for nothing. */
static int note_failure(struct cairn_steward *steward, const struct job *job, int failed,
                        const struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = &steward->arena};
    steward->build_us = cairn_monotonic_us() + AGAIN_US;
    cairn_pg_add_integer(&params, job->rebuild);
    cairn_pg_add_text(&params, error->message);
    (void)!cairn_pg_run(cairn_store_pg(steward->store), &failed_statement, &params, NULL);
    return failed;
}

static int build(struct cairn_steward *steward, const struct job *job, int64_t fence,
                 struct cairn_error *error)
{
    static const struct cairn_rebuild_progress none = {.phase = NULL};
    struct cairn_rebuild rebuild = {
        .projection = steward->projection,
        .database_url = steward->database_url,
        .redis_url = steward->redis_url,
        .limits = steward->limits,
        .store = steward->store,
        .lease = steward->lease,
        .fence = fence,
        .id = job->rebuild,
        .stopping = &steward->stopping,
        .tell = show_progress,
        .context = steward,
    };
    if (cairn_monotonic_us() < steward->build_us)
        return 0;
    steward->waits = pthread_mutex_trylock(steward->turn) != 0;
    if (steward->waits)
        return 0; /* another one is built now */
    int failed = cairn_rebuild_run(&rebuild, &steward->arena, error);
    (void)pthread_mutex_unlock(steward->turn);
    show_progress(steward, &none);
    if (failed && failed != -CAIRN_CONFLICT)
        return note_failure(steward, job, failed, error);
    steward->hurries = true;
    return 0;
}

static const struct cairn_statement cancel_statement = {
    .name = "cancel_rebuild",
    .sql = "with ended as (update cairn.rebuilds set phase = 'cancelled',"
           "         ended_at = clock_timestamp(), phase_at = clock_timestamp()"
           "     where rebuild = $1 and ended_at is null returning projection, generation)"
           " update cairn.generations g set kept_until = now() - interval '1 second' from ended"
           "     where g.projection = ended.projection and g.generation = ended.generation"
           "         and not g.serving",
};

static int end_job(struct cairn_pg *pg, void *context, struct cairn_arena *arena,
                   struct cairn_error *error)
{
    const struct job *job = context;
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_integer(&params, job->rebuild);
    int64_t cancelled = cairn_pg_run(pg, &cancel_statement, &params, error);
    return cancelled < 0 ? (int)cancelled : 0;
}

/* Either it is cancelled or queries go there: not both. */
static int cancel(struct cairn_steward *steward, struct job *job, struct cairn_error *error)
{
    steward->hurries = true;
    return cairn_within(cairn_store_pg(steward->store), steward->projection, end_job, job,
                        &steward->arena, error);
}

/* By whoever has the lease by now. */
#define STILL_COMPARED " where rebuild = $1 and generation = $2 and ended_at is null"

static const struct cairn_statement compared_statement = {
    .name = "compared_rebuild",
    .sql = "update cairn.rebuilds set differences = $3, examples = $4, left_out = $5,"
           "     phase = 'following', phase_at = clock_timestamp()" STILL_COMPARED,
};

static const struct cairn_statement comparing_statement = {
    .name = "comparing_rebuild",
    .sql = "update cairn.rebuilds set phase = 'comparing', phase_at = "
           "clock_timestamp()" STILL_COMPARED,
};

/* A row that is parked in either is no difference: the gate counts those. */
static int compare(struct cairn_steward *steward, const struct job *job, struct cairn_error *error)
{
    const struct cairn_generation generation = {.projection = steward->projection,
                                                .number = job->generation};
    struct cairn_pg_params params = {.arena = &steward->arena};
    struct cairn_compared compared;
    cairn_pg_add_integer(&params, job->rebuild);
    cairn_pg_add_integer(&params, job->generation);
    int64_t moved =
        cairn_pg_run(cairn_store_pg(steward->store), &comparing_statement, &params, error);
    if (moved < 0)
        return (int)moved;
    int failed = cairn_compare(steward->store, &generation, &steward->stopping, &steward->arena,
                               &compared, error);
    if (failed)
        return failed;
    cairn_pg_add_integer(&params, compared.differences);
    cairn_pg_add_json(&params, compared.examples);
    cairn_pg_add_text(&params, compared.columns[0] ? compared.columns : NULL);
    moved = cairn_pg_run(cairn_store_pg(steward->store), &compared_statement, &params, error);
    steward->hurries = true;
    return moved < 0 ? (int)moved : 0;
}

/* Has its follower come to the end of the log once? */
static bool has_caught_up(struct cairn_steward *steward, int64_t generation)
{
    struct cairn_track **track = find_track(steward, generation);
    struct cairn_projector_state state;
    if (!track)
        return false;
    cairn_runner_state(&(*track)->runner, &state);
    return state.leading && state.head > 0 && state.position + 1000 >= state.head;
}

static int do_job(struct cairn_steward *steward, struct job *job, int64_t fence,
                  struct cairn_error *error)
{
    if (job->cancelled)
        return cancel(steward, job, error);
    if (!job->followed)
        return build(steward, job, fence, error);
    if (job->uncompared && has_caught_up(steward, job->generation))
        return compare(steward, job, error);
    return 0;
}

/* ---- what went wrong ---- */

static const struct cairn_statement diverged_statement = {
    .name = "diverged_generation",
    .sql = "select 1 from cairn.verify_checkpoints() v join cairn.generations g"
           "     using (projection, generation)"
           " where v.projection = $1 and g.code_version = $2 and g.serving",
};

/* A read model of another history than the log is built anew. */
static int look_for_divergence(struct cairn_steward *steward, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = &steward->arena};
    CAIRN_PG_RESULT *rows = NULL;
    if (cairn_monotonic_us() < steward->diverged_us)
        return 0;
    cairn_pg_add_text(&params, steward->projection->name);
    cairn_pg_add_integer(&params, steward->projection->version);
    int64_t count =
        cairn_pg_call(cairn_store_pg(steward->store), &diverged_statement, &params, &rows, error);
    if (count > 0)
        return ask(steward, "diverged", error);
    steward->diverged_us = cairn_monotonic_us() + ROUND_US;
    return (int)count;
}

/* ---- a round ---- */

static int lead(struct cairn_steward *steward, int64_t followed, int64_t fence,
                struct cairn_error *error)
{
    const struct cairn_switch_terms terms = {fence, steward->limits.window_ms};
    struct job job = {0};
    int back =
        cairn_switch_back(steward->store, steward->projection, &terms, &steward->arena, error);
    if (back < 0)
        return back;
    steward->hurries |= back > 0;
    if (back == 1)
        cairn_notifier_nudge(steward->notifier);
    int failed = retire(steward, error); /* after those that somebody wants back */
    if (failed)
        return failed;
    int found = find_job(steward, &job, error);
    if (found > 0)
        return do_job(steward, &job, fence, error);
    if (found == 0)
        found =
            followed == 0 ? ask(steward, "version", error) : look_for_divergence(steward, error);
    return found;
}

static int go_round(struct cairn_steward *steward, struct cairn_error *error)
{
    cairn_arena_reset(&steward->arena);
    steward->hurries = steward->waits = false;
    int64_t followed = match_tracks(steward, error);
    int64_t fence = cairn_lease_fence(steward->lease);
    if (followed < 0 || fence == 0)
        return followed < 0 ? (int)followed : 0;
    return lead(steward, followed, fence, error);
}

/* Says it once. */
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
    for (size_t i = 0; i < CAIRN_TRACKS_MAX; i++) {
        if (steward->tracks[i])
            stop_track(steward, &steward->tracks[i]);
    }
    return NULL;
}

/* ---- what it shows ---- */

static struct cairn_track *shown_track(struct cairn_steward *steward)
{
    struct cairn_track *shown = NULL;
    for (size_t i = 0; i < CAIRN_TRACKS_MAX; i++) {
        struct cairn_track *track = steward->tracks[i];
        if (!track)
            continue;
        if (atomic_load(&track->runner.serving))
            return track;
        if (!shown || track->runner.number > shown->runner.number)
            shown = track;
    }
    return shown;
}

void cairn_steward_state(struct cairn_steward *steward, struct cairn_projector_state *ret)
{
    struct cairn_lease_state lease;
    *ret = (struct cairn_projector_state){.name = steward->projection->name};
    cairn_lease_state(steward->lease, &lease);
    (void)pthread_mutex_lock(&steward->lock);
    struct cairn_track *track = shown_track(steward);
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

/* ---- life ---- */

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
