/* verifier.c - the thread that verifies, and the runs that it has made. */
#include "operations/verify/verifier.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "operations/verify/verify_run.h"
#include "projection/find.h"
#include "record/json.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT = 20 };

struct cairn_verifier {
    struct cairn_verifier_options options;
    struct cairn_pg *pg; /* the thread's: records outcomes */
    pthread_t thread;
    pthread_mutex_t lock; /* guards the members below */
    pthread_cond_t called;
    struct cairn_verify_run *runs[KEPT]; /* the newest first */
    bool claimed;                        /* another one may not begin */
    struct cairn_verify_run *running;    /* runs[0], or NULL */
    bool cancelled;                      /* it is to end */
    bool closing;
};

/* ---- the runs ---- */

static void free_run(struct cairn_verify_run *run)
{
    if (!run)
        return;
    cairn_arena_close(&run->arena);
    free(run);
}

static const char *copy(struct cairn_arena *arena, const char *text)
{
    return text ? cairn_copy_text(arena, text) : NULL;
}

static struct cairn_verify_run *make_run(const struct cairn_projection *projection,
                                         const char *operation, const struct cairn_operator *by)
{
    struct cairn_verify_run *run = cairn_allocate(sizeof *run);
    run->operation = cairn_copy_text(&run->arena, operation);
    run->by = (struct cairn_operator){.sub = copy(&run->arena, by->sub),
                                      .iss = copy(&run->arena, by->iss)};
    run->begun_at = cairn_now();
    run->begun_us = cairn_monotonic_us();
    run->result.projection = projection;
    return run;
}

/* Called under the lock. */
static void keep(struct cairn_verifier *verifier, struct cairn_verify_run *run)
{
    free_run(verifier->runs[KEPT - 1]);
    memmove(verifier->runs + 1, verifier->runs, (KEPT - 1) * sizeof verifier->runs[0]);
    verifier->runs[0] = run;
    verifier->running = run;
    verifier->cancelled = false;
    cairn_cond_broadcast(&verifier->called);
}

void cairn_verifier_json(struct cairn_verifier *verifier, const char *read_model,
                         struct cairn_buffer *out)
{
    const char *between = "";
    cairn_buffer_char(out, '[');
    cairn_lock(&verifier->lock);
    for (int i = 0; i < KEPT && verifier->runs[i]; i++) {
        const struct cairn_verify_run *run = verifier->runs[i];
        if (read_model && strcmp(read_model, run->result.projection->name) != 0)
            continue;
        cairn_buffer_text(out, between);
        cairn_verify_run_json(run, out);
        between = ",";
    }
    cairn_unlock(&verifier->lock);
    cairn_buffer_char(out, ']');
}

/* ---- the thread ---- */

static bool on_progress(void *context, int64_t done, int64_t total)
{
    struct cairn_verifier *verifier = context;
    cairn_lock(&verifier->lock);
    verifier->running->done = done;
    verifier->running->total = total;
    bool goes_on = !verifier->cancelled && !verifier->closing;
    cairn_unlock(&verifier->lock);
    return goes_on;
}

static void on_difference(void *context, const struct cairn_difference *difference)
{
    struct cairn_verifier *verifier = context;
    cairn_lock(&verifier->lock);
    cairn_verify_run_note(verifier->running, difference);
    cairn_unlock(&verifier->lock);
}

static int verify(struct cairn_verifier *verifier, struct cairn_verify *result,
                  struct cairn_error *error)
{
    const struct cairn_verifier_options *options = &verifier->options;
    struct cairn_progress progress;
    *result = (struct cairn_verify){
        .projection = verifier->running->result.projection,
        .database_url = options->database_url,
        .redis_url = options->redis_url && *options->redis_url ? options->redis_url : NULL,
        .memory_bytes = options->memory_bytes,
        .differs = on_difference,
        .goes_on = on_progress,
        .context = verifier,
        .progress = &progress,
    };
    return cairn_projection_verify(result, error);
}

static void record(struct cairn_verifier *verifier, const struct cairn_verify_run *run)
{
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    struct cairn_buffer json = cairn_buffer(&arena);
    const struct cairn_place place = {.pg = verifier->pg, .arena = &arena};
    cairn_verify_run_outcome(run, &json);
    if (cairn_operation_finish(&place, CAIRN_VERIFY, run->operation,
                               run->problem ? NULL : json.text, run->problem, &run->by, &error) < 0)
        cairn_log_error(CAIRN_LOG_WARN, "the outcome of a verification cannot be recorded", &error);
    cairn_arena_close(&arena);
}

/* The outcome is recorded before it is shown. */
static void carry_out(struct cairn_verifier *verifier)
{
    struct cairn_error error = {0};
    struct cairn_verify_run *run = verifier->running;
    struct cairn_verify result;
    int failed = verify(verifier, &result, &error);
    cairn_lock(&verifier->lock);
    run->result = result;
    run->problem = failed ? cairn_copy_text(&run->arena, error.message) : NULL;
    bool cancelled = failed && (verifier->cancelled || verifier->closing);
    cairn_unlock(&verifier->lock);
    record(verifier, run);
    cairn_lock(&verifier->lock);
    run->state = cancelled ? CAIRN_VERIFY_CANCELLED
                 : failed  ? CAIRN_VERIFY_FAILED
                           : CAIRN_VERIFY_DONE;
    run->ended_us = cairn_monotonic_us();
    verifier->running = NULL;
    verifier->claimed = false;
    cairn_unlock(&verifier->lock);
}

/* Returns false if the verifier closes. */
static bool await_run(struct cairn_verifier *verifier)
{
    cairn_lock(&verifier->lock);
    while (!verifier->closing && !verifier->running)
        cairn_cond_wait(&verifier->called, &verifier->lock);
    bool goes_on = verifier->running != NULL;
    cairn_unlock(&verifier->lock);
    return goes_on;
}

static void *run(void *context)
{
    cairn_thread_yields();
    while (await_run(context))
        carry_out(context);
    return NULL;
}

/* ---- requests ---- */

/* Claims the thread. Returns false if it is claimed already. */
static bool claim(struct cairn_verifier *verifier)
{
    cairn_lock(&verifier->lock);
    bool claims = !verifier->claimed && !verifier->closing;
    verifier->claimed |= claims;
    cairn_unlock(&verifier->lock);
    return claims;
}

/* Begins what was recorded, or gives the claim up: it was refused, or is the outcome of before. */
static void settle(struct cairn_verifier *verifier, struct cairn_verify_run *begun)
{
    cairn_lock(&verifier->lock);
    if (begun)
        keep(verifier, begun);
    else
        verifier->claimed = false;
    cairn_unlock(&verifier->lock);
}

static bool is_running(struct cairn_verifier *verifier, const char *read_model)
{
    cairn_lock(&verifier->lock);
    bool runs =
        verifier->running && strcmp(verifier->running->result.projection->name, read_model) == 0;
    cairn_unlock(&verifier->lock);
    return runs;
}

int cairn_verifier_begin(struct cairn_verifier *verifier, const struct cairn_place *place,
                         const char *read_model, const struct cairn_operator *by, const char *key,
                         struct cairn_operation *ret, struct cairn_error *error)
{
    const struct operate_verify arguments = {.read_model = read_model};
    const struct cairn_projection *projection =
        cairn_projection_find(verifier->options.services, read_model);
    if (!projection)
        return cairn_fail(error, CAIRN_NOT_FOUND, "this program has no read model %.100s",
                          read_model);
    if (!claim(verifier))
        return cairn_fail(error, CAIRN_BUSY,
                          "a read model is being verified: cancel that, or ask again");
    int failed = cairn_operate(place, CAIRN_VERIFY, &arguments, by, key, ret, error);
    settle(verifier, failed || ret->replayed ? NULL : make_run(projection, ret->id, by));
    return failed;
}

int cairn_verifier_cancel(struct cairn_verifier *verifier, const struct cairn_place *place,
                          const char *read_model, const struct cairn_operator *by, const char *key,
                          struct cairn_operation *ret, struct cairn_error *error)
{
    const struct operate_verify arguments = {.read_model = read_model};
    if (!is_running(verifier, read_model))
        return cairn_fail(error, CAIRN_NOT_FOUND, "%.100s is not being verified", read_model);
    int failed = cairn_operate(place, CAIRN_CANCEL_VERIFICATION, &arguments, by, key, ret, error);
    if (failed)
        return failed;
    cairn_lock(&verifier->lock);
    verifier->cancelled = true;
    cairn_unlock(&verifier->lock);
    return 0;
}

/* ---- life ---- */

static void dispose(struct cairn_verifier *verifier)
{
    for (int i = 0; i < KEPT; i++)
        free_run(verifier->runs[i]);
    cairn_pg_close(verifier->pg);
    cairn_cond_destroy(&verifier->called);
    cairn_lock_destroy(&verifier->lock);
    free(verifier);
}

int cairn_verifier_open(const struct cairn_verifier_options *options, struct cairn_verifier **ret,
                        struct cairn_error *error)
{
    struct cairn_verifier *verifier = cairn_allocate(sizeof *verifier);
    verifier->options = *options;
    cairn_lock_init(&verifier->lock);
    cairn_cond_init(&verifier->called);
    int failed = cairn_pg_open(options->database_url, "cairn-verify", &verifier->pg, error);
    if (!failed)
        failed = cairn_thread_start(&verifier->thread, run, verifier, "verifies", error);
    if (failed) {
        dispose(verifier);
        return failed;
    }
    *ret = verifier;
    return 0;
}

void cairn_verifier_close(struct cairn_verifier *verifier)
{
    if (!verifier)
        return;
    cairn_lock(&verifier->lock);
    verifier->closing = true;
    cairn_cond_broadcast(&verifier->called);
    cairn_unlock(&verifier->lock);
    cairn_thread_join(verifier->thread);
    dispose(verifier);
}
