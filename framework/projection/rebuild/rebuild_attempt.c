/* rebuild_attempt.c - runs the phases of one attempt to build a generation. */
#include "projection/rebuild/rebuild_attempt.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "projection/follow/runner.h"
#include "projection/rebuild/bulk_load.h"
#include "projection/rebuild/refold.h"
#include "projection/tables/read_table.h"
#include "projection/tables/table_names.h"
#include "projection/verify/expected_rows.h"
#include "store/read/bulk_read.h"
#include "telemetry/span.h"

#include <string.h>

#define TELL_US CAIRN_MILLISECONDS(250)
enum { LOOK_EVENTS = 1000 }; /* between two checks of the clock */

struct run {
    struct cairn_rebuild *rebuild;
    struct cairn_arena *arena;
    struct cairn_arena scratch; /* of a statement */
    struct cairn_timeline timeline;
    struct cairn_generation generation;
    struct cairn_checkpoint at;
    struct cairn_refold *refold;
    struct cairn_bulk_load *load;
    struct cairn_map skipped; /* events that operators have skipped before */
    struct cairn_rebuild_progress progress;
    int64_t told_us;
    struct cairn_span *span, *phase_span; /* of the attempt, and of its phase; NULL: not recorded */
    const char *phase_traced;
    const char *phase_timed; /* NULL: none yet */
    int64_t phase_us;        /* monotonic: when that began */
};

static struct cairn_metric durations = CAIRN_COUNTER_OF_TIME(
    "cairn_rebuild_seconds_total", "Time spent on rebuilds, by phase.", "projection,phase");

/* Counts the time of the phase that has lasted until now; the next one begins. */
static void count_phase(struct run *run)
{
    int64_t now_us = cairn_monotonic_us();
    if (run->phase_timed) {
        const char *label =
            cairn_print(&run->scratch, "%s,%s", run->rebuild->projection->name, run->phase_timed);
        cairn_metric_add(&durations, label, now_us - run->phase_us);
    }
    run->phase_timed = run->progress.phase;
    run->phase_us = now_us;
}

/* ---- spans ---- */

/* The attempt is a trace of its own. */
static void begin_span(struct run *run)
{
    struct cairn_trace root;
    cairn_trace_begin_root(&root);
    run->span = cairn_span_begin_in(run->arena, CAIRN_SPAN_INTERNAL, "rebuild",
                                    run->rebuild->projection->name, &root);
}

static void end_phase(struct run *run)
{
    cairn_span_number(run->phase_span, "cairn.events", run->progress.events);
    cairn_span_number(run->phase_span, "cairn.rows", run->progress.rows);
    cairn_span_end(run->phase_span);
    run->phase_span = NULL;
}

/* Begins the span of the phase that the attempt is in, unless it has one. */
static void trace_phase(struct run *run)
{
    if (!run->span || run->phase_traced == run->progress.phase)
        return;
    end_phase(run);
    run->phase_traced = run->progress.phase;
    run->phase_span = cairn_span_begin_in(run->arena, CAIRN_SPAN_INTERNAL, run->progress.phase,
                                          run->rebuild->projection->name, &run->span->trace);
}

static void end_span(struct run *run, int failed, const struct cairn_error *error)
{
    end_phase(run);
    count_phase(run);
    cairn_span_number(run->span, "cairn.generation", run->generation.number);
    if (failed)
        cairn_span_fail(run->span, cairn_code_info(failed)->name, error ? error->message : NULL);
    cairn_span_end(run->span);
}

/* ---- progress and cancellation ---- */

static const struct cairn_statement tell_statement = {
    .name = "tell_rebuild",
    .sql = "update cairn.rebuilds set phase = $4, done = $5, total = $6, events = $7, rows = $8,"
           "     phase_at = case when phase = $4 then phase_at else clock_timestamp() end"
           " where rebuild = $1 and generation = $2 and fence = $3 and ended_at is null"
           " returning request is not distinct from 'cancel'",
};

static int record_progress(struct run *run, struct cairn_error *error)
{
    const struct cairn_rebuild *rebuild = run->rebuild;
    struct cairn_pg_params params = {.arena = &run->scratch};
    trace_phase(run);
    count_phase(run);
    cairn_arena_reset(&run->scratch);
    cairn_pg_add_integer(&params, rebuild->id);
    cairn_pg_add_integer(&params, run->generation.number);
    cairn_pg_add_integer(&params, rebuild->fence);
    cairn_pg_add_text(&params, run->progress.phase);
    cairn_pg_add_integer(&params, run->progress.done);
    cairn_pg_add_integer(&params, run->progress.total);
    cairn_pg_add_integer(&params, run->progress.events);
    cairn_pg_add_integer(&params, run->progress.rows);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count =
        cairn_pg_call(cairn_store_pg(rebuild->store), &tell_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    if (count == 0 || cairn_pg_bool(rows, 0, 0))
        return cairn_fail(error, CAIRN_CONFLICT, count ? "it was cancelled" : "it was taken over");
    rebuild->tell(rebuild->context, &run->progress);
    run->told_us = cairn_monotonic_us();
    return 0;
}

/* Fails if the lease is lost or `stopping` is set; records the progress if that is due. */
static int check_lease(struct run *run, struct cairn_error *error)
{
    const struct cairn_rebuild *rebuild = run->rebuild;
    if (atomic_load(rebuild->stopping) || cairn_lease_fence(rebuild->lease) != rebuild->fence)
        return cairn_fail(error, CAIRN_CONFLICT, "the lease was lost");
    return cairn_monotonic_us() - run->told_us < TELL_US ? 0 : record_progress(run, error);
}

static int enter_phase(struct run *run, const char *phase, int64_t total, struct cairn_error *error)
{
    run->progress.phase = phase;
    run->progress.done = 0;
    run->progress.total = total;
    return record_progress(run, error);
}

/* ---- begin ---- */

static const struct cairn_statement claim_statement = {
    .name = "claim_rebuild",
    .sql = "update cairn.rebuilds set generation = $2, fence = $3, events = 0, rows = 0,"
           "     started_at = clock_timestamp(), note = null, differences = null, examples = null,"
           "     left_out = null"
           " where rebuild = $1 and fence <= $3 and ended_at is null",
};

static const struct cairn_statement skipped_statement = {
    .name = "skipped_before",
    .sql = "select s.position, s.key from cairn.skipped s"
           " join cairn.generations g using (projection, generation)"
           " where s.projection = $1 and (g.live or (g.serving and g.code_version = $2))",
};

static int claim(struct run *run, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = run->arena};
    cairn_pg_add_integer(&params, run->rebuild->id);
    cairn_pg_add_integer(&params, run->generation.number);
    cairn_pg_add_integer(&params, run->rebuild->fence);
    int64_t done =
        cairn_pg_run(cairn_store_pg(run->rebuild->store), &claim_statement, &params, error);
    if (done < 0)
        return (int)done;
    return done ? 0 : cairn_fail(error, CAIRN_CONFLICT, "another process builds it");
}

static int load_skipped(struct run *run, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = run->arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, run->rebuild->projection->name);
    cairn_pg_add_integer(&params, run->rebuild->projection->version);
    int64_t count = cairn_pg_call(cairn_store_pg(run->rebuild->store), &skipped_statement, &params,
                                  &rows, error);
    run->skipped = cairn_map(run->arena);
    for (int64_t i = 0; i < count; i++)
        cairn_skip_name(&run->skipped, cairn_pg_integer(rows, i, 0), cairn_pg_text(rows, i, 1));
    return count < 0 ? (int)count : 0;
}

static int begin(struct run *run, struct cairn_error *error)
{
    struct cairn_rebuild *rebuild = run->rebuild;
    int failed = cairn_store_timeline(rebuild->store, &run->timeline, error);
    int64_t head = failed ? failed : cairn_store_head(rebuild->store, error);
    if (head < 0)
        return (int)head;
    run->at = (struct cairn_checkpoint){
        .epoch = run->timeline.epoch, .position = head, .fence = rebuild->fence};
    failed = cairn_generation_make(rebuild->store, rebuild->projection, run->arena,
                                   &run->generation, error);
    if (!failed)
        failed = claim(run, error);
    if (!failed)
        failed = load_skipped(run, error);
    run->progress.generation = run->generation.number;
    return failed ? failed : enter_phase(run, "reading", head, error);
}

/* ---- reading ---- */

static int read_all(struct run *run, struct cairn_bulk *bulk, struct cairn_error *error)
{
    struct cairn_stored_event event;
    struct cairn_refold_state state;
    int got;
    int failed = 0;
    for (int64_t i = 1; !failed && (got = cairn_bulk_next(bulk, &event, error)); i++) {
        failed = got < 0 ? got : cairn_refold_take(run->refold, &event, error);
        if (failed || i % LOOK_EVENTS)
            continue;
        cairn_refold_state(run->refold, &state);
        run->progress.done = event.position;
        run->progress.events = state.events;
        run->progress.rows = state.rows;
        failed = check_lease(run, error);
    }
    return failed ? failed : cairn_refold_end(run->refold, error);
}

/* Reads the log on a connection of its own: the store's is needed to record progress meanwhile. */
static int read_log(struct run *run, struct cairn_error *error)
{
    const struct cairn_rebuild *rebuild = run->rebuild;
    const struct cairn_refold_options options = {
        .projection = rebuild->projection,
        .threads = rebuild->limits.threads,
        .memory_bytes = rebuild->limits.memory_bytes,
        .directory = rebuild->limits.directory,
        .skipped = &run->skipped,
    };
    const struct cairn_event_filter filter = {
        .types = cairn_projection_types(rebuild->projection, run->arena)};
    struct cairn_store *log = NULL;
    struct cairn_bulk *bulk = NULL;
    int failed = cairn_refold_open(&options, &run->refold, error);
    if (!failed)
        failed = cairn_store_open(rebuild->database_url, "rebuild", &log, error);
    if (!failed)
        failed = cairn_bulk_open(log, 0, run->at.position, &filter, &bulk, error);
    if (!failed)
        failed = read_all(run, bulk, error);
    cairn_bulk_close(bulk);
    cairn_store_close(log);
    return failed;
}

/* ---- loading ---- */

/* Waits until both stores are loaded; Redis may take longer than PostgreSQL. */
static int watch_load(struct run *run, struct cairn_error *error)
{
    struct cairn_bulk_load_state state;
    struct cairn_refold_state folded;
    int done = 0;
    int failed = 0;
    while (!failed && !done) {
        done = cairn_bulk_load_wait(run->load, cairn_monotonic_us() + TELL_US, error);
        if (done < 0)
            return done;
        cairn_bulk_load_state(run->load, &state);
        cairn_refold_state(run->refold, &folded); /* may grow: spilled parts */
        run->progress.phase = state.loaded ? "copying" : "loading";
        run->progress.done = state.loaded ? state.copied : state.rows;
        run->progress.total = folded.rows > run->progress.total ? folded.rows : run->progress.total;
        run->progress.rows = run->progress.total;
        run->progress.events = folded.events;
        failed = check_lease(run, error);
    }
    return failed;
}

static int load_rows(struct run *run, struct cairn_error *error)
{
    const struct cairn_rebuild *rebuild = run->rebuild;
    struct cairn_refold_state state;
    cairn_refold_state(run->refold, &state);
    run->progress.events = state.events;
    run->progress.rows = state.rows;
    const struct cairn_bulk_load_options options = {
        .refold = run->refold,
        .generation = &run->generation,
        .timeline = &run->timeline,
        .at = run->at,
        .database_url = rebuild->database_url,
        .redis_url = rebuild->redis_url,
        .threads = rebuild->limits.threads,
    };
    int failed = enter_phase(run, "loading", state.rows, error);
    if (!failed)
        failed = cairn_bulk_load_open(&options, &run->load, error);
    if (!failed)
        failed = watch_load(run, error);
    return failed;
}

/* ---- indexing ---- */

/* Lets the server use about the memory that the rows had in this process, which is free by now. */
static const char *settings(const struct run *run, struct cairn_arena *arena)
{
    int64_t mib = (int64_t)(run->rebuild->limits.memory_bytes >> 20) / 2;
    return cairn_print(arena, "set maintenance_work_mem = '%" PRId64 "MB'", mib > 16 ? mib : 16);
}

static int count_indexes(struct run *run)
{
    struct cairn_buffer sql = cairn_buffer(run->arena);
    int count = 0;
    while (cairn_index_sql(run->rebuild->projection, run->generation.number, (size_t)count, &sql))
        count++;
    return count;
}

static int index_all(struct run *run, struct cairn_pg *pg, struct cairn_error *error)
{
    int failed = cairn_pg_script(pg, settings(run, run->arena), error);
    for (size_t i = 0; !failed; i++) {
        struct cairn_buffer sql = cairn_buffer(run->arena);
        if (!cairn_index_sql(run->rebuild->projection, run->generation.number, i, &sql))
            break;
        failed = cairn_pg_script(pg, sql.text, error);
        run->progress.done++;
        if (!failed)
            failed = check_lease(run, error);
    }
    if (failed)
        return failed;
    return cairn_pg_script(pg,
                           cairn_print(run->arena, "analyze read.\"%s\"",
                                       cairn_table_name(run->arena, run->rebuild->projection->name,
                                                        run->generation.number)),
                           error);
}

static int make_indexes(struct run *run, struct cairn_error *error)
{
    struct cairn_pg *pg = NULL;
    int failed = enter_phase(run, "indexing", count_indexes(run), error);
    if (!failed)
        failed = cairn_pg_open(run->rebuild->database_url, "rebuild", &pg, error);
    if (failed)
        return failed;
    cairn_pg_set_deadline(pg, CAIRN_HOURS(1));
    failed = index_all(run, pg, error);
    cairn_pg_close(pg);
    return failed;
}

/* ---- handing over ---- */

static int start(struct run *run, struct cairn_error *error)
{
    struct cairn_generation_start how = {.at = run->at};
    how.park_count = cairn_refold_parks(run->refold, &how.parks);
    how.skip_count = cairn_refold_skips(run->refold, &how.skips);
    return cairn_generation_start(run->rebuild->store, &run->generation, &how, run->arena, error);
}

static int build(struct run *run, struct cairn_error *error)
{
    int failed = read_log(run, error);
    if (!failed)
        failed = load_rows(run, error);
    if (!failed)
        failed = make_indexes(run, error);
    if (!failed)
        failed = start(run, error);
    return failed;
}

static void free_resources(struct run *run)
{
    cairn_bulk_load_close(run->load);
    cairn_refold_close(run->refold);
    run->load = NULL;
    run->refold = NULL;
}

/* Starts an empty generation for the live path. If the present one may have rows already, a new one
 * is made; the old one is dropped like any other abandoned build. */
static int leave_to_live_path(struct run *run, const struct cairn_error *why,
                              struct cairn_error *error)
{
    struct cairn_rebuild *rebuild = run->rebuild;
    cairn_log(CAIRN_LOG_WARN, "the read model is built by the live path, which takes longer",
              CAIRN_LOG_TEXT("projection", rebuild->projection->name),
              CAIRN_LOG_INTEGER("generation", run->generation.number),
              CAIRN_LOG_TEXT("error", why->message));
    int failed = 0;
    if (cairn_lease_fence(rebuild->lease) != rebuild->fence) /* another owner may have dropped it */
        return cairn_fail(error, CAIRN_CONFLICT, "the lease was lost");
    if (strcmp(run->progress.phase, "reading") != 0) {
        failed = cairn_generation_make(rebuild->store, rebuild->projection, run->arena,
                                       &run->generation, error);
        if (!failed)
            failed = claim(run, error);
    }
    if (!failed)
        failed = cairn_generation_start_empty(rebuild->store, &run->generation, rebuild->fence,
                                              run->arena, error);
    return failed;
}

int cairn_rebuild_run(struct cairn_rebuild *rebuild, struct cairn_arena *arena,
                      struct cairn_error *error)
{
    struct run run = {.rebuild = rebuild, .arena = arena};
    struct cairn_error why = {0};
    begin_span(&run);
    int failed = begin(&run, &why);
    bool begun = !failed;
    if (!failed)
        failed = build(&run, &why);
    free_resources(&run);
    if (begun && (cairn_is_refusal(failed) || failed == -CAIRN_PARKED))
        failed = leave_to_live_path(&run, &why, error);
    else if (failed)
        failed = cairn_error_pass(error, &why);
    if (!failed)
        failed = enter_phase(&run, "following", 0, error);
    end_span(&run, failed, error);
    cairn_arena_close(&run.scratch);
    return failed;
}
