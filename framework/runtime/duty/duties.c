/* duties.c - gives duties their turns, each in a transaction under its fence. */
#include "runtime/duty/duties.h"

#include "bus/consume/consumer_sql.h"
#include "core/report/log.h"
#include "core/threads/clock.h"
#include "core/threads/queue.h"
#include "core/threads/thread.h"
#include "postgres/postgres.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEASE_US CAIRN_MILLISECONDS(250)
#define EVERY_US CAIRN_SECONDS(1)
#define IDLE_US CAIRN_SECONDS(10)

enum { NAME_MAX_BYTES = 100 };

struct thread {
    struct cairn_duties *all;
    const struct cairn_duty *duty;
    struct cairn_lease *lease;
    struct cairn_pg *pg;
    struct cairn_queue *stop; /* carries no items: closing it interrupts the pause */
    struct cairn_arena arena; /* of a turn */
    char greeting[120];
    char problem[300]; /* the last one that was logged */
    int64_t fence;     /* under which the last turn was tried */
    pthread_t id;
    bool started;
};

struct cairn_duties {
    struct thread *threads;
    size_t count;
    atomic_bool stopping;
};

/* No row: a later owner has had a turn. */
static const struct cairn_statement turn_statement = {
    .name = "turn",
    .sql = "select turns from cairn.take_turn($1, $2) as turns where turns is not null",
};

/* ---- a turn ---- */

static void show(struct thread *thread, const struct cairn_error *error)
{
    if (strncmp(thread->problem, error->message, sizeof thread->problem - 1) == 0)
        return;
    (void)snprintf(thread->problem, sizeof thread->problem, "%.*s", (int)sizeof thread->problem - 1,
                   error->message);
    cairn_log(error->code ? CAIRN_LOG_WARN : CAIRN_LOG_INFO,
              error->code ? "a duty has failed" : "the duty goes on",
              CAIRN_LOG_TEXT("duty", thread->duty->name), CAIRN_LOG_INTEGER("fence", thread->fence),
              CAIRN_LOG_TEXT("error", error->message));
}

static int take_turn(struct thread *thread, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = &thread->arena};
    cairn_pg_add_text(&params, thread->duty->name);
    cairn_pg_add_integer(&params, thread->fence);
    int64_t taken = cairn_pg_run(thread->pg, &turn_statement, &params, error);
    if (taken != 0)
        return taken < 0 ? (int)taken : 0;
    return cairn_fail(error, CAIRN_BUSY, "the turn was refused: another process has had one since");
}

/* Returns whether what the turn has written is to be committed; else `error` may say why not. */
static int work(struct thread *thread, struct cairn_error *error)
{
    struct cairn_sql sql = {.pg = thread->pg, .arena = &thread->arena, .whole = true};
    const struct cairn_turn turn = {.fence = thread->fence, .sql = &sql};
    enum cairn_outcome outcome = thread->duty->work(&turn, error);
    if (outcome != CAIRN_DONE)
        return error->code ? -(int)error->code : -CAIRN_BUSY;
    return sql.failed ? cairn_fail(error, CAIRN_BUG, "a statement of the turn has failed") : 0;
}

/* The fence is compared in the transaction that it guards. A turn that fails leaves nothing. */
static void run_turn(struct thread *thread)
{
    struct cairn_error error = {0};
    cairn_arena_reset(&thread->arena);
    int failed = cairn_pg_script(thread->pg, "begin", &error);
    if (!failed)
        failed = take_turn(thread, &error);
    if (!failed)
        failed = work(thread, &error);
    if (!failed)
        failed = cairn_pg_script(thread->pg, "commit", &error);
    if (failed)
        (void)!cairn_pg_script(thread->pg, "rollback", NULL);
    show(thread, &error);
}

/* ---- the threads ---- */

static bool goes_on(struct thread *thread, int64_t us)
{
    if (us > 0 && !atomic_load(&thread->all->stopping))
        (void)cairn_queue_pop(thread->stop, cairn_monotonic_us() + us);
    return !atomic_load(&thread->all->stopping);
}

static void *run(void *context)
{
    struct thread *thread = context;
    int64_t every_us = thread->duty->every_us ? thread->duty->every_us : EVERY_US;
    int64_t pause_us = 0;
    while (goes_on(thread, pause_us)) {
        int64_t fence = cairn_lease_wait(thread->lease, cairn_monotonic_us() + LEASE_US);
        pause_us = 0;
        if (!fence)
            continue;
        if (fence != thread->fence)
            cairn_log(CAIRN_LOG_INFO, "does a duty", CAIRN_LOG_TEXT("duty", thread->duty->name),
                      CAIRN_LOG_INTEGER("fence", fence));
        thread->fence = fence;
        run_turn(thread);
        pause_us = every_us;
    }
    return NULL;
}

/* ---- life ---- */

int cairn_duties_check(const struct cairn_service *service, struct cairn_error *error)
{
    for (const struct cairn_duty *at = service->duties; at && at->name; at++) {
        size_t bytes = strlen(at->name);
        if (bytes == 0 || bytes > NAME_MAX_BYTES ||
            strspn(at->name, "abcdefghijklmnopqrstuvwxyz0123456789-") != bytes)
            return cairn_fail(error, CAIRN_BUG,
                              "duty \"%.200s\" of %s: a name has 1 to %d of a-z, 0-9 and -",
                              at->name, service->name, NAME_MAX_BYTES);
        if (!at->work)
            return cairn_fail(error, CAIRN_BUG, "duty %s of %s has no work", at->name,
                              service->name);
        if (at->every_us < 0 || at->idle_us < 0)
            return cairn_fail(error, CAIRN_BUG, "duty %s of %s: times are not negative", at->name,
                              service->name);
    }
    return 0;
}

static int open_thread(struct thread *thread, const char *url, struct cairn_leases *leases,
                       struct cairn_error *error)
{
    const struct cairn_duty *duty = thread->duty;
    char name[NAME_MAX_BYTES + 8];
    (void)snprintf(name, sizeof name, "duty/%s", duty->name);
    (void)snprintf(thread->greeting, sizeof thread->greeting,
                   "set idle_in_transaction_session_timeout = %" PRId64,
                   (duty->idle_us ? duty->idle_us : IDLE_US) / 1000);
    thread->lease = cairn_lease_want(leases, name);
    thread->stop = cairn_queue_open(1);
    int failed = cairn_pg_open(url, duty->name, &thread->pg, error);
    if (!failed)
        cairn_pg_on_connect(thread->pg, thread->greeting);
    return failed;
}

static size_t count_duties(const struct cairn_service *const services[])
{
    size_t count = 0;
    for (; *services; services++) {
        for (const struct cairn_duty *at = (*services)->duties; at && at->name; at++)
            count++;
    }
    return count;
}

int cairn_duties_start(const char *database_url, const struct cairn_service *const services[],
                       struct cairn_leases *leases, struct cairn_duties **ret,
                       struct cairn_error *error)
{
    struct cairn_duties *all = cairn_allocate(sizeof *all);
    int failed = 0;
    all->threads = cairn_allocate((count_duties(services) + 1) * sizeof *all->threads);
    for (; *services; services++) {
        for (const struct cairn_duty *at = (*services)->duties; at && at->name && !failed; at++) {
            struct thread *thread = &all->threads[all->count++];
            *thread = (struct thread){.all = all, .duty = at};
            failed = open_thread(thread, database_url, leases, error);
        }
    }
    for (size_t i = 0; i < all->count && !failed; i++) {
        struct thread *thread = &all->threads[i];
        failed = cairn_thread_start(&thread->id, run, thread, "does a duty", error);
        thread->started = !failed;
    }
    if (failed) {
        cairn_duties_stop(all);
        return failed;
    }
    *ret = all;
    return 0;
}

void cairn_duties_stop(struct cairn_duties *duties)
{
    if (!duties)
        return;
    atomic_store(&duties->stopping, true);
    for (size_t i = 0; i < duties->count; i++)
        cairn_queue_close(duties->threads[i].stop);
    for (size_t i = 0; i < duties->count; i++) {
        struct thread *thread = &duties->threads[i];
        if (thread->started)
            cairn_thread_join(thread->id);
        cairn_queue_free(thread->stop);
        cairn_pg_close(thread->pg);
        cairn_arena_close(&thread->arena);
    }
    free(duties->threads);
    free(duties);
}
