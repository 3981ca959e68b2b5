/* rebuild_jobs.c - requests rebuilds of a read model, runs them, compares and cancels them. */
#include "projection/generations/rebuild_jobs.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "projection/generations/followers.h"
#include "projection/rebuild/compare.h"
#include "projection/tables/generation_lock.h"

#define AGAIN_US CAIRN_SECONDS(5) /* after an attempt that failed */
#define LOOK_US CAIRN_SECONDS(1)  /* between two checks for divergence */

static struct cairn_metric phases = CAIRN_GAUGE(
    "cairn_rebuild_running", "1 while a generation of the read model is built here.", "projection");
static struct cairn_metric done =
    CAIRN_GAUGE("cairn_rebuild_done", "How far its present phase is.", "projection");
static struct cairn_metric totals =
    CAIRN_GAUGE("cairn_rebuild_size", "What its present phase ends at.", "projection");
static struct cairn_metric folded =
    CAIRN_GAUGE("cairn_rebuild_events", "Events that were folded for it.", "projection");

/* ---- finding and requesting ---- */

/* The open rebuild: to be built, or built and not read yet. */
struct job {
    int64_t rebuild;
    bool cancelled;
    bool followed; /* its generation is followed: built, and not read yet */
    int64_t generation;
    bool uncompared;
};

static const struct cairn_statement job_statement = {
    .name = "find_rebuild",
    .sql = "select r.rebuild, r.request is not distinct from 'cancel' as cancelled,"
           "     coalesce(g.state = 'following', false) as followed,"
           "     coalesce(r.generation, 0) as generation,"
           "     r.diff and r.differences is null as uncompared"
           " from cairn.rebuilds r left join cairn.generations g using (projection, generation)"
           " where r.projection = $1 and r.code_version = $2 and r.ended_at is null",
};

static int find_job(struct cairn_supervisor *supervisor, struct job *ret, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = &supervisor->arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, supervisor->projection->name);
    cairn_pg_add_integer(&params, supervisor->projection->version);
    int64_t count =
        cairn_pg_call(cairn_store_pg(supervisor->store), &job_statement, &params, &rows, error);
    if (count <= 0)
        return (int)count;
    *ret =
        (struct job){.rebuild = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "rebuild")),
                     .cancelled = cairn_pg_bool(rows, 0, cairn_pg_column(rows, "cancelled")),
                     .followed = cairn_pg_bool(rows, 0, cairn_pg_column(rows, "followed")),
                     .generation = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "generation")),
                     .uncompared = cairn_pg_bool(rows, 0, cairn_pg_column(rows, "uncompared"))};
    return 1;
}

static const struct cairn_statement ask_statement = {
    .name = "ask_rebuild",
    .sql = "insert into cairn.rebuilds (projection, code_version, cause) values ($1, $2, $3)"
           " on conflict do nothing",
};

static int ask(struct cairn_supervisor *supervisor, const char *cause, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = &supervisor->arena};
    cairn_pg_add_text(&params, supervisor->projection->name);
    cairn_pg_add_integer(&params, supervisor->projection->version);
    cairn_pg_add_text(&params, cause);
    int64_t asked = cairn_pg_run(cairn_store_pg(supervisor->store), &ask_statement, &params, error);
    supervisor->hurries = true;
    return asked < 0 ? (int)asked : 0;
}

static void show_progress(void *context, const struct cairn_rebuild_progress *progress)
{
    struct cairn_supervisor *supervisor = context;
    const char *name = supervisor->projection->name;
    cairn_lock(&supervisor->lock);
    supervisor->building = *progress;
    cairn_unlock(&supervisor->lock);
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

/* Records a failed attempt and delays the retry, so that the whole log is not read every second in
 * vain. */
static int note_failure(struct cairn_supervisor *supervisor, const struct job *job, int failed,
                        const struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = &supervisor->arena};
    supervisor->build_us = cairn_monotonic_us() + AGAIN_US;
    cairn_pg_add_integer(&params, job->rebuild);
    cairn_pg_add_text(&params, error->message);
    (void)!cairn_pg_run(cairn_store_pg(supervisor->store), &failed_statement, &params, NULL);
    return failed;
}

static int build(struct cairn_supervisor *supervisor, const struct job *job, int64_t fence,
                 struct cairn_error *error)
{
    static const struct cairn_rebuild_progress none = {.phase = NULL};
    struct cairn_rebuild rebuild = {
        .projection = supervisor->projection,
        .database_url = supervisor->database_url,
        .redis_url = supervisor->redis_url,
        .limits = supervisor->limits,
        .store = supervisor->store,
        .lease = supervisor->lease,
        .fence = fence,
        .id = job->rebuild,
        .stopping = &supervisor->stopping,
        .tell = show_progress,
        .context = supervisor,
    };
    if (cairn_monotonic_us() < supervisor->build_us)
        return 0;
    supervisor->waits = pthread_mutex_trylock(supervisor->turn) != 0;
    if (supervisor->waits)
        return 0; /* another read model is being built */
    int failed = cairn_rebuild_run(&rebuild, &supervisor->arena, error);
    cairn_unlock(supervisor->turn);
    show_progress(supervisor, &none);
    if (failed && failed != -CAIRN_CONFLICT)
        return note_failure(supervisor, job, failed, error);
    supervisor->built = !failed;
    supervisor->hurries = true;
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

/* Cancels the rebuild, under the lock of the projection: a rebuild is either cancelled or switched
 * to, never both. */
static int cancel(struct cairn_supervisor *supervisor, struct job *job, struct cairn_error *error)
{
    supervisor->hurries = true;
    return cairn_generation_locked(cairn_store_pg(supervisor->store), supervisor->projection,
                                   end_job, job, &supervisor->arena, error);
}

/* A new owner of the lease may update the same rebuild: compares its generation, not the fence. */
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

/* A row that is parked in either generation is no difference: the gate counts parked rows. */
static int compare(struct cairn_supervisor *supervisor, const struct job *job,
                   struct cairn_error *error)
{
    const struct cairn_generation generation = {.projection = supervisor->projection,
                                                .number = job->generation};
    struct cairn_pg_params params = {.arena = &supervisor->arena};
    struct cairn_compared compared;
    cairn_pg_add_integer(&params, job->rebuild);
    cairn_pg_add_integer(&params, job->generation);
    int64_t moved =
        cairn_pg_run(cairn_store_pg(supervisor->store), &comparing_statement, &params, error);
    if (moved < 0)
        return (int)moved;
    int failed = cairn_compare(supervisor->store, &generation, &supervisor->stopping,
                               &supervisor->arena, &compared, error);
    if (failed)
        return failed;
    cairn_pg_add_integer(&params, compared.differences);
    cairn_pg_add_json(&params, compared.examples);
    cairn_pg_add_text(&params, compared.columns[0] ? compared.columns : NULL);
    moved = cairn_pg_run(cairn_store_pg(supervisor->store), &compared_statement, &params, error);
    supervisor->hurries = true;
    return moved < 0 ? (int)moved : 0;
}

static int do_job(struct cairn_supervisor *supervisor, struct job *job, int64_t fence,
                  struct cairn_error *error)
{
    if (job->cancelled)
        return cancel(supervisor, job, error);
    if (!job->followed)
        return build(supervisor, job, fence, error);
    if (job->uncompared && cairn_followers_caught_up(supervisor, job->generation))
        return compare(supervisor, job, error);
    return 0;
}

/* ---- divergence ---- */

static const struct cairn_statement diverged_statement = {
    .name = "diverged_generation",
    .sql = "select 1 from cairn.verify_checkpoints() v join cairn.generations g"
           "     using (projection, generation)"
           " where v.projection = $1 and g.code_version = $2 and g.serving",
};

/* Requests a rebuild of a read model that is of another history than the log. */
static int look_for_divergence(struct cairn_supervisor *supervisor, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = &supervisor->arena};
    CAIRN_PG_RESULT *rows = NULL;
    if (cairn_monotonic_us() < supervisor->diverged_us)
        return 0;
    cairn_pg_add_text(&params, supervisor->projection->name);
    cairn_pg_add_integer(&params, supervisor->projection->version);
    int64_t count = cairn_pg_call(cairn_store_pg(supervisor->store), &diverged_statement, &params,
                                  &rows, error);
    if (count > 0)
        return ask(supervisor, "diverged", error);
    supervisor->diverged_us = cairn_monotonic_us() + LOOK_US;
    return (int)count;
}

int cairn_jobs_do(struct cairn_supervisor *supervisor, int64_t followed, int64_t fence,
                  struct cairn_error *error)
{
    struct job job = {0};
    int found = find_job(supervisor, &job, error);
    if (found > 0)
        return do_job(supervisor, &job, fence, error);
    if (found < 0)
        return found;
    return followed == 0 ? ask(supervisor, "version", error)
                         : look_for_divergence(supervisor, error);
}
