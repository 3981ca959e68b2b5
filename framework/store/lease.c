/* lease.c - one thread sends heartbeats for all leases of the process; the others check and wait.
 *
 * The thread copies what it sends under the lock, and stores the answer under the lock; the call
 * itself is made without it. A lease that is given up during the call gets a new turn: an answer to
 * a question of an earlier turn is ignored, and a lease that it has granted is released. */
#include "store/lease.h"

#include "core/containers/arena.h"
#include "core/report/log.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "postgres/postgres.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BEAT_US CAIRN_MILLISECONDS(CAIRN_LEASE_HEARTBEAT_MS)
#define TTL_US CAIRN_MILLISECONDS(CAIRN_LEASE_TTL_MS)
#define DEADLINE_US CAIRN_SECONDS(1) /* for a heartbeat */

struct cairn_lease {
    struct cairn_leases *leases;
    struct cairn_lease *next;
    char name[201];
    int64_t fence;     /* of this process' tenure; 0: none */
    int64_t until_us;  /* monotonic: held until then */
    int64_t wanted_us; /* monotonic: not requested before */
    int64_t turn;      /* incremented when it is given up */
    int64_t returning; /* the fence to release; 0: none */
    struct cairn_lease_state seen;
};

struct cairn_leases {
    struct cairn_pg *pg; /* the thread's own */
    char owner[201];
    pthread_t thread;
    bool started;
    struct cairn_arena arena; /* the thread's own: for one beat */
    bool failing;             /* the last beat failed, and that was logged; the thread's own */
    pthread_mutex_t lock;     /* guards what follows, and the leases */
    pthread_cond_t changed;
    struct cairn_lease *first;
    bool asked;    /* beat now */
    bool stopping; /* waits return at once */
    bool closing;  /* the thread has to stop */
};

/* ---- a beat ---- */

/* What one beat or release asks for one lease. */
struct question {
    struct cairn_lease *lease;
    const char *name;
    int64_t fence;
    int64_t turn;
};

static const struct cairn_statement beat_statement = {
    .name = "beat",
    .sql = "select fence, mine, owner, array_position($2::text[], name) - 1"
           " from cairn.beat($1, $2, $3, make_interval(secs => $4::bigint / 1000.0))",
};

static const struct cairn_statement release_statement = {
    .name = "release",
    .sql = "select cairn.release($1, $2, $3)",
};

/* Allocates room for one question per lease. Called under the lock. */
static struct question *room(struct cairn_leases *leases)
{
    size_t count = 1;
    for (struct cairn_lease *at = leases->first; at; at = at->next)
        count++;
    return cairn_new(&leases->arena, struct question, count);
}

/* Called under the lock. Returns how many leases are to be requested or renewed. */
static size_t collect_due(struct cairn_leases *leases, struct question **ret)
{
    size_t count = 0;
    int64_t now_us = cairn_monotonic_us();
    *ret = room(leases);
    for (struct cairn_lease *at = leases->first; at; at = at->next) {
        if (now_us >= at->wanted_us)
            (*ret)[count++] = (struct question){at, at->name, at->fence, at->turn};
    }
    return count;
}

/* Called under the lock. Returns how many leases are to be released. */
static size_t collect_returning(struct cairn_leases *leases, struct question **ret)
{
    size_t count = 0;
    *ret = room(leases);
    for (struct cairn_lease *at = leases->first; at; at = at->next) {
        if (at->returning)
            (*ret)[count++] = (struct question){at, at->name, at->returning, at->turn};
        at->returning = 0;
    }
    return count;
}

static struct cairn_pg_params params_of(struct cairn_leases *leases,
                                        const struct question *questions, size_t count)
{
    struct cairn_pg_params params = {.arena = &leases->arena};
    cairn_pg_add_text(&params, leases->owner);
    cairn_pg_add_texts(&params, &questions->name, sizeof *questions, count);
    cairn_pg_add_integers(&params, &questions->fence, sizeof *questions, count);
    return params;
}

/* Called under the lock. */
static void take_answer(struct cairn_leases *leases, const struct question *question,
                        int64_t asked_us, int64_t fence, bool mine, const char *owner)
{
    struct cairn_lease *lease = question->lease;
    if (lease->turn != question->turn) {
        lease->returning = mine ? fence : 0;
        leases->asked = leases->asked || mine;
        return;
    }
    lease->seen.fence = fence;
    lease->seen.mine = mine;
    (void)snprintf(lease->seen.owner, sizeof lease->seen.owner, "%s", owner);
    lease->fence = mine ? fence : 0;
    lease->until_us = mine ? asked_us + TTL_US : 0;
}

static void take_answers(struct cairn_leases *leases, const struct question *questions,
                         int64_t asked_us, const struct cairn_pg_result *rows, int64_t count)
{
    cairn_lock(&leases->lock);
    for (int64_t row = 0; row < count; row++)
        take_answer(leases, &questions[cairn_pg_integer(rows, row, 3)], asked_us,
                    cairn_pg_integer(rows, row, 0), cairn_pg_bool(rows, row, 1),
                    cairn_pg_text(rows, row, 2));
    cairn_cond_broadcast(&leases->changed);
    cairn_unlock(&leases->lock);
}

/* Logs a failure; an outage is logged once. */
static void log_outcome(struct cairn_leases *leases, int64_t done, const struct cairn_error *error)
{
    if (done < 0 && !leases->failing)
        cairn_log_error(CAIRN_LOG_WARN, "leases cannot be renewed", error);
    leases->failing = done < 0;
}

static void send_heartbeat(struct cairn_leases *leases, const struct question *questions,
                           size_t count)
{
    struct cairn_error error = {0};
    int64_t asked_us = cairn_monotonic_us();
    struct cairn_pg_params params = params_of(leases, questions, count);
    cairn_pg_add_integer(&params, CAIRN_LEASE_TTL_MS);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t answered = cairn_pg_call(leases->pg, &beat_statement, &params, &rows, &error);
    log_outcome(leases, answered, &error);
    if (answered > 0)
        take_answers(leases, questions, asked_us, rows, answered);
}

/* Releases leases, so that other processes need not wait until they expire. If this fails, they do
 * expire. */
static void release_all(struct cairn_leases *leases, const struct question *questions, size_t count)
{
    const struct cairn_pg_params params = params_of(leases, questions, count);
    if (count)
        (void)!cairn_pg_run(leases->pg, &release_statement, &params, NULL);
}

/* ---- the thread ---- */

/* The work of one round. */
struct round {
    struct question *due, *returning;
    size_t due_count, returning_count;
};

/* Waits until it is time for a round. Returns false for the last one. */
static bool next(struct cairn_leases *leases, int64_t due_us, struct round *ret)
{
    cairn_lock(&leases->lock);
    while (!leases->asked && !leases->closing &&
           cairn_cond_wait_until(&leases->changed, &leases->lock, due_us))
        continue;
    bool goes_on = !leases->closing;
    leases->asked = false;
    ret->returning_count = collect_returning(leases, &ret->returning);
    ret->due_count = goes_on ? collect_due(leases, &ret->due) : 0;
    cairn_unlock(&leases->lock);
    return goes_on;
}

static void *keep(void *context)
{
    struct cairn_leases *leases = context;
    bool goes_on = true;
    int64_t due_us = cairn_monotonic_us();
    while (goes_on) {
        struct round round;
        goes_on = next(leases, due_us, &round);
        due_us = cairn_monotonic_us() + BEAT_US;
        release_all(leases, round.returning, round.returning_count);
        if (round.due_count)
            send_heartbeat(leases, round.due, round.due_count);
        cairn_arena_reset(&leases->arena);
    }
    return NULL;
}

/* ---- checking and waiting ---- */

/* Called under the lock. */
static int64_t fence_of(const struct cairn_lease *lease)
{
    return cairn_monotonic_us() < lease->until_us ? lease->fence : 0;
}

int64_t cairn_lease_fence(struct cairn_lease *lease)
{
    cairn_lock(&lease->leases->lock);
    int64_t fence = fence_of(lease);
    cairn_unlock(&lease->leases->lock);
    return fence;
}

int64_t cairn_lease_wait(struct cairn_lease *lease, int64_t until_us)
{
    struct cairn_leases *leases = lease->leases;
    cairn_lock(&leases->lock);
    while (!fence_of(lease) && !leases->stopping &&
           cairn_cond_wait_until(&leases->changed, &leases->lock, until_us))
        continue;
    int64_t fence = fence_of(lease);
    cairn_unlock(&leases->lock);
    return fence;
}

void cairn_lease_state(struct cairn_lease *lease, struct cairn_lease_state *ret)
{
    cairn_lock(&lease->leases->lock);
    *ret = lease->seen;
    ret->mine = fence_of(lease) != 0;
    cairn_unlock(&lease->leases->lock);
}

/* ---- requesting and yielding ---- */

/* Called under the lock. */
static struct cairn_lease *add(struct cairn_leases *leases, const char *name)
{
    struct cairn_lease *lease = cairn_allocate(sizeof *lease);
    lease->leases = leases;
    (void)snprintf(lease->name, sizeof lease->name, "%s", name);
    lease->next = leases->first;
    leases->first = lease;
    leases->asked = true;
    cairn_cond_broadcast(&leases->changed);
    return lease;
}

struct cairn_lease *cairn_lease_want(struct cairn_leases *leases, const char *name)
{
    cairn_lock(&leases->lock);
    struct cairn_lease *lease = leases->first;
    while (lease && strcmp(lease->name, name) != 0)
        lease = lease->next;
    if (!lease)
        lease = add(leases, name);
    cairn_unlock(&leases->lock);
    return lease;
}

/* Called under the lock. */
static void give_up(struct cairn_lease *lease)
{
    lease->turn++;
    if (lease->fence)
        lease->returning = lease->fence;
    lease->fence = 0;
    lease->until_us = 0;
    lease->seen.mine = false;
}

void cairn_lease_yield(struct cairn_lease *lease, int64_t for_us)
{
    struct cairn_leases *leases = lease->leases;
    int64_t now_us = cairn_monotonic_us();
    cairn_lock(&leases->lock);
    lease->wanted_us = for_us > INT64_MAX - now_us ? INT64_MAX : now_us + for_us;
    give_up(lease);
    leases->asked = true;
    cairn_cond_broadcast(&leases->changed);
    cairn_unlock(&leases->lock);
}

/* ---- opening and closing ---- */

/* Makes a unique name, unlike even that of a process with the same pid on a host of the same
 * name. */
static void name_owner(struct cairn_leases *leases, const char *label)
{
    char host[64] = "";
    const struct cairn_uuid chance = cairn_uuid_make();
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(leases->owner, sizeof leases->owner, "%.60s@%s:%d:%02x%02x%02x%02x", label, host,
                   (int)getpid(), chance.bytes[12], chance.bytes[13], chance.bytes[14],
                   chance.bytes[15]);
}

static struct cairn_leases *make(const char *label)
{
    struct cairn_leases *leases = cairn_allocate(sizeof *leases);
    name_owner(leases, label);
    cairn_cond_init(&leases->changed);
    cairn_lock_init(&leases->lock);
    return leases;
}

static int start(struct cairn_leases *leases, const char *url, const char *label,
                 struct cairn_error *error)
{
    int failed = cairn_pg_open(url, label, &leases->pg, error);
    if (failed)
        return failed;
    cairn_pg_set_deadline(leases->pg, DEADLINE_US);
    cairn_pg_on_connect(leases->pg, "set enable_seqscan = off");
    failed = cairn_thread_start(&leases->thread, keep, leases, "renews leases", error);
    leases->started = !failed;
    return failed;
}

int cairn_leases_open(const char *url, const char *label, struct cairn_leases **ret,
                      struct cairn_error *error)
{
    struct cairn_leases *leases = make(label);
    int failed = start(leases, url, label, error);
    if (failed) {
        cairn_leases_close(leases);
        return failed;
    }
    *ret = leases;
    return 0;
}

void cairn_leases_stop(struct cairn_leases *leases)
{
    cairn_lock(&leases->lock);
    leases->stopping = true;
    cairn_cond_broadcast(&leases->changed);
    cairn_unlock(&leases->lock);
}

/* Stops the thread, which releases all leases in its last round. */
static void end(struct cairn_leases *leases)
{
    cairn_lock(&leases->lock);
    leases->stopping = leases->closing = true;
    for (struct cairn_lease *at = leases->first; at; at = at->next)
        give_up(at);
    cairn_cond_broadcast(&leases->changed);
    cairn_unlock(&leases->lock);
    if (leases->started)
        cairn_thread_join(leases->thread);
}

void cairn_leases_close(struct cairn_leases *leases)
{
    if (!leases)
        return;
    end(leases);
    while (leases->first) {
        struct cairn_lease *lease = leases->first;
        leases->first = lease->next;
        free(lease);
    }
    cairn_pg_close(leases->pg);
    cairn_arena_close(&leases->arena);
    cairn_cond_destroy(&leases->changed);
    cairn_lock_destroy(&leases->lock);
    free(leases);
}
