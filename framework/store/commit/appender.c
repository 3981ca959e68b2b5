/* appender.c - the thread that appends, and the queue in front of it. An append that finds it idle
 * is carried out by its caller's thread (lead.h).
 *
 *     submit -> queue -> collect -> commit -> answered here, or given to the flusher
 *                                     |-- appends that cannot go with this batch are held for
 *                                     |   the next
 *                                     |-- refused as a whole: each half is committed by itself
 *                                     '-- connection lost: find out what became of the batch,
 *                                         and retry what was not written */
#include "store/commit/appender.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/queue.h"
#include "core/threads/thread.h"
#include "store/commit/flusher.h"
#include "store/commit/lead.h"
#include "store/commit/settle.h"
#include "store/handle.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUEUE_MAX = 4096,
    BATCH_EVENTS = 1024,
    BATCH_BYTES = 4 << 20,
    CALL_US = 10000000,
    SETTLE_US = 10000000,
    WATCH_US = 50, /* busy-waiting after an answer, for the next append */
    WATCH_ANSWER_US = 1000,
    SENT_MAX = 2,
    LOOK_US = 1000,    /* between two looks for appends that could be sent behind a batch */
    ATTEMPTS = 3,      /* at most, of an append whose connection is lost */
    AVERAGED_OVER = 8, /* batches */
};

#define SEND_AT 0.6 /* of the time that a batch is expected to take: then the next one is sent */

/* How long a batch takes on the server, recently. */
struct pace {
    double work_us; /* for each append, under the lock */
    double wait_us; /* for the lock, which other processes hold meanwhile */
};

struct cairn_appender {
    struct cairn_appender_options options;
    struct cairn_queue *queue;
    struct cairn_notifier *notifier; /* NULL: readers are not notified */
    struct cairn_flusher *flusher;
    struct cairn_lead lead;
    struct cairn_appending undone; /* in the queue: wakes the thread up to look what is undone */
    pthread_t thread;

    /* the thread's own */
    struct cairn_store *store;
    struct cairn_timeline timeline; /* of the connection that appends */
    struct cairn_arena arena;
    struct pace pace;
    struct cairn_appending *held[CAIRN_BATCH_APPENDS]; /* taken from the queue, in order */
    size_t held_count;
    struct cairn_flight *sent[SENT_MAX]; /* deferred batches under way, in order */
    size_t sent_count;
    bool is_deferring; /* the server has deferred the last batch */
};

static struct cairn_metric batches =
    CAIRN_COUNTER("cairn_append_batches_total", "Calls to append to the log.", NULL);
static struct cairn_metric behind =
    CAIRN_COUNTER("cairn_append_batches_queued_total",
                  "Calls that were sent while the one before was under way.", NULL);
static struct cairn_metric lost =
    CAIRN_COUNTER("cairn_append_batches_lost_total",
                  "Calls whose connection was lost before their answer came.", NULL);

static void commit_all(struct cairn_appender *appender, struct cairn_appending **items,
                       size_t count);
static void take_sent(struct cairn_appender *appender, size_t count);

/* ---- settling ---- */

static struct cairn_settling settling(struct cairn_appender *appender)
{
    return (struct cairn_settling){
        .store = appender->store,
        .arena = &appender->arena,
        .timeline = &appender->timeline,
        .notifier = appender->notifier,
        .call_us = appender->options.call_us,
        .deadline_us = cairn_monotonic_us() + appender->options.settle_us,
    };
}

/* Commits again what was lost, unless it has been tried often enough. */
static void commit_again(struct cairn_appender *appender, struct cairn_appending **items,
                         size_t count, const struct cairn_error *error)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (++items[i]->attempts < ATTEMPTS)
            items[left++] = items[i];
        else
            cairn_appending_answer(items[i], appender->notifier, -CAIRN_UNAVAILABLE, error,
                                   cairn_monotonic_us());
    }
    commit_all(appender, items, left);
}

/* Looks up appends whose connection was lost, and commits again what was not carried out. */
static void commit_lost(struct cairn_appender *appender, const struct cairn_pg_backend *backend,
                        struct cairn_appending **items, size_t count,
                        const struct cairn_error *error)
{
    struct cairn_settling how = settling(appender);
    struct cairn_error why = {0};
    cairn_metric_add(&lost, "", 1);
    size_t left = cairn_settle(&how, backend, items, count, &why);
    commit_again(appender, items, left, error);
}

/* Waits until all deferred batches are answered. Those that could not be flushed are looked up in
 * the log: a crash may have taken them back. */
static void settle_deferred(struct cairn_appender *appender)
{
    struct cairn_flight *flight = cairn_flusher_drain(appender->flusher);
    while (flight) {
        struct cairn_flight *next = flight->next;
        struct cairn_settling how = settling(appender);
        struct cairn_appending *items[CAIRN_BATCH_APPENDS];
        size_t count = flight->batch.count;
        memcpy(items, flight->items, count * sizeof *items);
        cairn_flusher_release(appender->flusher, flight);
        cairn_arena_reset(&appender->arena);
        struct cairn_error error = {0};
        size_t left = cairn_settle(&how, NULL, items, count, &error);
        (void)cairn_fail(&error, CAIRN_UNAVAILABLE,
                         "the connection to the database is lost again and again");
        commit_again(appender, items, left, &error);
        flight = next;
    }
}

/* ---- committing ---- */

static void answer_all(const struct cairn_appender *appender, struct cairn_appending **items,
                       size_t count, int outcome, const struct cairn_error *error)
{
    int64_t now_us = cairn_monotonic_us();
    for (size_t i = 0; i < count; i++)
        cairn_appending_answer(items[i], appender->notifier, outcome, error, now_us);
}

/* Decides how many of the appends that wait go into the next batch, and whether it is deferred.
 *
 * What is deferred is flushed while the next batch is carried out, so there must be one: of appends
 * that come together, half are left for it. That gains time only where carrying them out takes
 * longer than half a flush. Where other processes wait for the lock, it is theirs meanwhile. */
static size_t plan(const struct cairn_appender *appender, size_t count, bool *ret_deferred)
{
    struct cairn_flusher_state flusher = cairn_flusher_look(appender->flusher);
    *ret_deferred = flusher.is_usable;
    if (appender->options.always_defers)
        return count;
    bool is_busy = flusher.is_busy || appender->sent_count > 0;
    bool is_slow = (double)count * appender->pace.work_us > flusher.flush_us / 2;
    bool is_shared = appender->pace.wait_us > flusher.flush_us / 2;
    *ret_deferred = flusher.is_usable && (is_busy || (count > 1 && (is_slow || is_shared)));
    return *ret_deferred && !is_busy && !is_shared ? (count + 1) / 2 : count;
}

static void average(double *average, double value)
{
    *average += (value - *average) / (double)AVERAGED_OVER;
}

/* Waits for a flight; settles those that could not be flushed if none is left without them. */
static struct cairn_flight *take_flight(struct cairn_appender *appender)
{
    struct cairn_flight *flight = NULL;
    while (!(flight = cairn_flusher_take(appender->flusher))) {
        take_sent(appender, SENT_MAX); /* the connection is needed */
        settle_deferred(appender);
    }
    return flight;
}

/* Loads the first append, and as many more as can go with it. */
static struct cairn_flight *load(struct cairn_appender *appender, struct cairn_appending **items,
                                 size_t count)
{
    bool deferred = false;
    size_t most = plan(appender, count, &deferred);
    struct cairn_flight *flight = take_flight(appender);
    cairn_flight_load(flight, items, most, &appender->options);
    flight->batch.deferred = deferred;
    return flight;
}

/* Carries a single append out. Its answer is watched for: no thread leads (lead.h) what comes from
 * the queue. Returns what cairn_append_one() does. */
static int call_one(struct cairn_appender *appender, struct cairn_flight *flight,
                    struct cairn_error *error)
{
    struct cairn_appending *first = flight->items[0];
    int64_t began_us = cairn_monotonic_us();
    cairn_pg_set_watch(cairn_store_pg(appender->store), cairn_lead_watch_us(&appender->lead));
    int failed =
        cairn_append_one(appender->store, &first->append, &flight->arena, first->ret, error);
    cairn_pg_set_watch(cairn_store_pg(appender->store), 0);
    first->outcome = failed;
    first->timeline = flight->timeline;
    if (!failed)
        cairn_lead_measure(&appender->lead, cairn_monotonic_us() - began_us);
    return failed;
}

/* Reads the outcomes of a batch that was carried out. */
static void read_batch(struct cairn_appender *appender, struct cairn_flight *flight)
{
    const struct cairn_append_batch *batch = &flight->batch;
    average(&appender->pace.work_us, (double)batch->worked_us / (double)batch->count);
    average(&appender->pace.wait_us, (double)batch->waited_us);
    cairn_flight_read(flight);
}

/* Calls PostgreSQL. Returns 0, and all outcomes are read; or the error that all of them failed
 * with. The connection is open, since its timeline was just read. */
static int call(struct cairn_appender *appender, struct cairn_flight *flight,
                struct cairn_error *error)
{
    struct cairn_append_batch *batch = &flight->batch;
    cairn_metric_add(&batches, "", 1);
    flight->begun_us = cairn_monotonic_us();
    if (batch->count == 1 && !batch->deferred) {
        int failed = call_one(appender, flight, error);
        if (failed <= 0)
            return failed;
    }
    int failed = cairn_append_batch_call(batch, appender->store, error);
    if (!failed)
        read_batch(appender, flight);
    return failed;
}

/* Answers a batch that its own commit has flushed. What was carried out before is acknowledged only
 * after a commit that was not cancelled. */
static void answer(struct cairn_appender *appender, struct cairn_flight *flight)
{
    struct cairn_error error = {0};
    bool any = false;
    for (size_t i = 0; i < flight->batch.count; i++)
        any = any || flight->items[i]->outcome == 1;
    int unconfirmed = any ? cairn_store_confirm(appender->store, &appender->arena, &error) : 0;
    for (size_t i = 0; i < flight->batch.count && unconfirmed; i++) {
        struct cairn_appending *item = flight->items[i];
        if (item->outcome == 1) {
            item->outcome = unconfirmed;
            item->error = error;
        }
    }
    settle_deferred(appender);
    cairn_flight_answer(flight, appender->notifier);
    cairn_flusher_release(appender->flusher, flight);
}

/* Returns whether a connection is lost, rather than what is asked of it late. */
static bool is_early(const struct cairn_appender *appender, int failed, int64_t begun_us)
{
    return failed == -CAIRN_UNAVAILABLE &&
           cairn_monotonic_us() - begun_us < appender->options.call_us;
}

/* How a batch failed that was called. */
struct failure {
    int failed;
    bool is_lost; /* the server process may have carried it out */
    struct cairn_pg_backend backend;
    struct cairn_error error;
};

static struct failure failure(const struct cairn_appender *appender, int failed)
{
    struct cairn_pg *pg = cairn_store_pg(appender->store);
    return (struct failure){
        .failed = failed,
        .is_lost = failed == -CAIRN_UNAVAILABLE && cairn_pg_sent(pg),
        .backend = cairn_pg_backend(pg),
    };
}

/* Handles a batch that was not carried out. The connection was open: what was not sent, because the
 * statement was still prepared, is sent on the next one. */
static void handle_failure(struct cairn_appender *appender, struct cairn_flight *flight,
                           const struct failure *why)
{
    bool is_unsent = !why->is_lost && is_early(appender, why->failed, flight->begun_us);
    struct cairn_appending *items[CAIRN_BATCH_APPENDS];
    size_t count = flight->batch.count;
    memcpy(items, flight->items, count * sizeof *items);
    cairn_flusher_release(appender->flusher, flight);
    settle_deferred(appender);
    if (why->is_lost) {
        commit_lost(appender, &why->backend, items, count, &why->error);
    } else if (is_unsent) {
        commit_again(appender, items, count, &why->error);
    } else if ((why->failed == -CAIRN_INVALID || why->failed == -CAIRN_BUG) && count > 1) {
        /* a value was refused: split, so that only its append fails */
        commit_all(appender, items, count / 2);
        commit_all(appender, items + count / 2, count - count / 2);
    } else {
        answer_all(appender, items, count, why->failed, &why->error);
    }
}

/* Handles a batch that was not sent, since the timeline could not be read. */
static void handle_unsent(struct cairn_appender *appender, struct cairn_flight *flight,
                          bool retries, int failed, const struct cairn_error *error)
{
    struct cairn_appending *items[CAIRN_BATCH_APPENDS];
    size_t count = flight->batch.count;
    memcpy(items, flight->items, count * sizeof *items);
    cairn_flusher_release(appender->flusher, flight);
    settle_deferred(appender);
    if (retries)
        commit_again(appender, items, count, error);
    else
        answer_all(appender, items, count, failed, error);
}

/* Notes where the flight's batch is carried out. */
static void note_place(const struct cairn_appender *appender, struct cairn_flight *flight)
{
    flight->backend = cairn_pg_backend(cairn_store_pg(appender->store));
    flight->batch.durable = cairn_flusher_durable(appender->flusher, &flight->backend);
}

/* Carries out the batch of a flight, and answers it, or gives it to the flusher. */
static void carry_out(struct cairn_appender *appender, struct cairn_flight *flight)
{
    struct cairn_error error = {0};
    struct cairn_pg *pg = cairn_store_pg(appender->store);
    int64_t connection = cairn_pg_connection_number(pg);
    int64_t begun_us = cairn_monotonic_us();
    cairn_arena_reset(&appender->arena);
    int failed = cairn_store_timeline(appender->store, &appender->timeline, &error);
    if (failed) {
        bool is_new = cairn_pg_connection_number(pg) != connection;
        handle_unsent(appender, flight, is_new && is_early(appender, failed, begun_us), failed,
                      &error);
        return;
    }
    flight->timeline = appender->timeline;
    note_place(appender, flight);
    bool wanted = flight->batch.deferred;
    failed = call(appender, flight, &error);
    if (!failed && wanted)
        appender->is_deferring = flight->batch.deferred;
    if (failed) {
        struct failure why = failure(appender, failed);
        why.error = error;
        handle_failure(appender, flight, &why);
    } else if (flight->batch.deferred) {
        cairn_flusher_give(appender->flusher, flight);
    } else {
        answer(appender, flight);
    }
}

static void commit_all(struct cairn_appender *appender, struct cairn_appending **items,
                       size_t count)
{
    while (count > 0) {
        struct cairn_flight *flight = load(appender, items, count);
        size_t loaded = flight->batch.count;
        carry_out(appender, flight);
        items += loaded;
        count -= loaded;
    }
}

/* ---- two batches under way ---- */

/* Sends a batch that is deferred, behind the one that is under way: so the server has the next one
 * at hand when it has committed. Returns false if it was not sent. */
static bool send_flight(struct cairn_appender *appender, struct cairn_flight *flight)
{
    struct cairn_store *store = appender->store;
    if (!flight->batch.deferred || !appender->is_deferring ||
        store->timeline_of != cairn_pg_connection_number(store->pg))
        return false;
    note_place(appender, flight);
    if (!cairn_append_batch_queue(&flight->batch, store))
        return false;
    cairn_metric_add(&batches, "", 1);
    flight->timeline = store->timeline;
    flight->begun_us = cairn_monotonic_us();
    if (appender->sent_count > 0)
        cairn_metric_add(&behind, "", 1);
    appender->sent[appender->sent_count++] = flight;
    return true;
}

/* Takes the answer to the oldest batch that was sent. Returns whether it is the flusher's now; else
 * `ret` says what is to be done about it. */
static bool take_first(struct cairn_appender *appender, struct failure *ret)
{
    struct cairn_flight *flight = appender->sent[0];
    struct cairn_error error = {0};
    int failed = cairn_append_batch_take(&flight->batch, appender->store, &error);
    appender->sent[0] = appender->sent[--appender->sent_count];
    if (appender->sent_count > 0) /* the next one begins now */
        appender->sent[0]->begun_us = cairn_monotonic_us();
    *ret = failure(appender, failed);
    ret->backend = flight->backend;
    ret->error = error;
    if (failed)
        return false;
    read_batch(appender, flight);
    appender->is_deferring = flight->batch.deferred;
    if (flight->batch.deferred)
        cairn_flusher_give(appender->flusher, flight);
    return flight->batch.deferred;
}

/* Handles a batch whose answer was taken, and that is not the flusher's. */
static void handle(struct cairn_appender *appender, struct cairn_flight *flight,
                   const struct failure *why)
{
    if (why->failed == 0)
        answer(appender, flight);
    else if (why->failed == 1) /* nothing was written: each append is decided about by itself */
        carry_out(appender, flight);
    else
        handle_failure(appender, flight, why);
}

/* Takes at least `count` answers, as far as batches are under way; all of them if one is not the
 * flusher's, since handling that one needs the connection. */
static void take_sent(struct cairn_appender *appender, size_t count)
{
    struct cairn_flight *left[SENT_MAX];
    struct failure why[SENT_MAX];
    size_t left_count = 0;
    for (size_t taken = 0; appender->sent_count > 0 && (taken < count || left_count > 0); taken++) {
        left[left_count] = appender->sent[0];
        if (!take_first(appender, &why[left_count]))
            left_count++;
    }
    for (size_t i = 0; i < left_count; i++)
        handle(appender, left[i], &why[i]);
}

/* ---- the thread ---- */

/* Holds `more` items that were taken from the queue, behind those that are held already. */
static void hold(struct cairn_appender *appender, size_t more)
{
    struct cairn_appending **taken = appender->held + appender->held_count;
    for (size_t i = 0; i < more; i++) {
        if (taken[i] != &appender->undone)
            appender->held[appender->held_count++] = taken[i];
    }
}

/* Fills `held` up from the queue, without waiting. */
static void hold_more(struct cairn_appender *appender)
{
    hold(appender,
         cairn_queue_take(appender->queue, (void **)(appender->held + appender->held_count),
                          CAIRN_BATCH_APPENDS - appender->held_count));
}

/* Fills `held` up from the queue; waits if nothing is held. Returns false at the end. */
static bool collect(struct cairn_appender *appender)
{
    if (appender->held_count > 0) {
        hold_more(appender);
        return true;
    }
    cairn_queue_watch(appender->queue, cairn_monotonic_us() + WATCH_US);
    size_t more = cairn_queue_drain(appender->queue, (void **)appender->held, CAIRN_BATCH_APPENDS);
    hold(appender, more);
    return more > 0;
}

/* Begins the next batch of what is held. Where it cannot be queued, it is carried out when those
 * before it are. */
static void commit_held(struct cairn_appender *appender)
{
    struct cairn_flight *flight = load(appender, appender->held, appender->held_count);
    size_t loaded = flight->batch.count;
    appender->held_count -= loaded;
    memmove(appender->held, appender->held + loaded, appender->held_count * sizeof *appender->held);
    if (!send_flight(appender, flight)) {
        take_sent(appender, SENT_MAX);
        carry_out(appender, flight);
    }
    cairn_lead_done(&appender->lead, loaded);
}

/* Waits until something is held that can be sent behind the only batch under way, shortly before
 * that is expected to end, so that as many appends as possible go with it. Returns false if its
 * answer has come before. */
static bool await_next(struct cairn_appender *appender)
{
    const struct cairn_flight *first = appender->sent[0];
    double expected_us =
        appender->pace.wait_us + (double)first->batch.count * appender->pace.work_us;
    int64_t until_us = first->begun_us + (int64_t)(expected_us * SEND_AT);
    while (!cairn_pg_await_queued(cairn_store_pg(appender->store), until_us)) {
        hold_more(appender);
        if (appender->held_count > 0)
            return true;
        until_us = cairn_monotonic_us() + LOOK_US;
    }
    return false;
}

/* Continues with batches under way. */
static void go_on(struct cairn_appender *appender)
{
    if (appender->sent_count < SENT_MAX && await_next(appender))
        commit_held(appender);
    else
        take_sent(appender, 1);
}

/* Acquires the connection, and completes the append for which another thread has used it. */
static void acquire(struct cairn_appender *appender)
{
    struct cairn_lead_left left = cairn_lead_acquire(&appender->lead);
    if (!left.appending)
        return;
    settle_deferred(appender);
    if (left.is_lost)
        commit_lost(appender, &left.backend, &left.appending, 1, &left.error);
    else
        commit_all(appender, &left.appending, 1);
}

static void *work(void *context)
{
    struct cairn_appender *appender = context;
    while (collect(appender)) {
        acquire(appender);
        if (cairn_flusher_look(appender->flusher).is_undone)
            settle_deferred(appender);
        if (appender->held_count > 0)
            commit_held(appender);
        while (appender->sent_count > 0)
            go_on(appender);
        cairn_lead_release(&appender->lead);
    }
    acquire(appender);
    settle_deferred(appender);
    return NULL;
}

/* Wakes the thread up. If the queue is full or closed it is awake, and will look. */
static void wake_up(void *context)
{
    struct cairn_appender *appender = context;
    (void)!cairn_queue_push(appender->queue, &appender->undone);
}

/* ---- submitting ---- */

/* Puts an append into the queue; it counts as waiting already. */
static int push(struct cairn_appender *appender, struct cairn_appending *appending,
                struct cairn_error *error)
{
    appending->submitted_us = cairn_monotonic_us();
    if (cairn_queue_push(appender->queue, appending) == 0)
        return 0;
    cairn_lead_done(&appender->lead, 1);
    return cairn_fail(error, CAIRN_BUSY, "%zu appends are waiting already",
                      appender->options.queue_max);
}

int cairn_appender_submit(struct cairn_appender *appender, struct cairn_appending *appending,
                          struct cairn_error *error)
{
    int failed = cairn_append_check(&appending->append, error);
    if (failed)
        return failed;
    cairn_lead_wait_in_line(&appender->lead);
    return push(appender, appending, error);
}

/* ---- leading ---- */

struct cairn_leader {
    struct cairn_appender *appender;
    bool leads; /* or did, until another thread took over */
};

struct cairn_leader *cairn_leader_open(struct cairn_appender *appender)
{
    struct cairn_leader *leader = cairn_allocate(sizeof *leader);
    leader->appender = appender;
    return leader;
}

void cairn_leader_close(struct cairn_leader *leader)
{
    if (leader && leader->leads)
        wake_up(leader->appender);
    free(leader);
}

int cairn_leader_submit(struct cairn_leader *leader, struct cairn_appending *appending,
                        struct cairn_error *error)
{
    int failed = cairn_append_check(&appending->append, error);
    if (failed)
        return failed;
    if (!cairn_lead_begin(&leader->appender->lead, appending, leader))
        return push(leader->appender, appending, error);
    leader->leads = true;
    return 0;
}

int64_t cairn_leader_prepare(struct cairn_leader *leader, struct pollfd *ret)
{
    int64_t until_us = 0;
    if (leader->leads)
        leader->leads = cairn_lead_look(&leader->appender->lead, leader, ret, &until_us);
    return until_us;
}

void cairn_leader_go_on(struct cairn_leader *leader)
{
    if (leader->leads)
        cairn_lead_go_on(&leader->appender->lead, leader);
}

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool done;
};

static void wake(struct cairn_appending *appending)
{
    struct waiter *waiter = appending->context;
    cairn_lock(&waiter->lock);
    waiter->done = true;
    cairn_cond_signal(&waiter->answered);
    cairn_unlock(&waiter->lock);
}

int cairn_appender_append(struct cairn_appender *appender, const struct cairn_append *append,
                          struct cairn_appended *ret, struct cairn_error *error)
{
    struct waiter waiter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    struct cairn_appending appending = {
        .append = *append, .ret = ret, .done = wake, .context = &waiter};
    int failed = cairn_append_check(&appending.append, error);
    if (failed)
        return failed;
    if (cairn_lead_begin(&appender->lead, &appending, NULL))
        cairn_lead_wait(&appender->lead);
    else
        failed = push(appender, &appending, error);
    if (failed)
        return failed;
    cairn_lock(&waiter.lock);
    while (!waiter.done)
        cairn_cond_wait(&waiter.answered, &waiter.lock);
    cairn_unlock(&waiter.lock);
    cairn_cond_destroy(&waiter.answered);
    cairn_lock_destroy(&waiter.lock);
    if (appending.outcome < 0 && error)
        *error = appending.error;
    return appending.outcome;
}

/* ---- opening and closing ---- */

static struct cairn_appender_options fill_in(const struct cairn_appender_options *options)
{
    struct cairn_appender_options ret = options ? *options : (struct cairn_appender_options){0};
    if (ret.queue_max == 0)
        ret.queue_max = QUEUE_MAX;
    if (ret.batch_events == 0)
        ret.batch_events = BATCH_EVENTS;
    if (ret.batch_bytes == 0)
        ret.batch_bytes = BATCH_BYTES;
    if (ret.call_us == 0)
        ret.call_us = CALL_US;
    if (ret.settle_us == 0)
        ret.settle_us = SETTLE_US;
    if (ret.watch_us == 0)
        ret.watch_us = WATCH_ANSWER_US;
    return ret;
}

static void free_appender(struct cairn_appender *appender)
{
    cairn_flusher_close(appender->flusher);
    cairn_notifier_close(appender->notifier);
    cairn_store_close(appender->store);
    cairn_lead_free(&appender->lead);
    cairn_queue_free(appender->queue);
    cairn_arena_close(&appender->arena);
    free(appender);
}

static void prepare_lead(struct cairn_appender *appender)
{
    struct cairn_lead *lead = &appender->lead;
    lead->store = appender->store;
    lead->flusher = appender->flusher;
    lead->notifier = appender->notifier;
    lead->left_call = wake_up;
    lead->context = appender;
    lead->is_off = appender->options.always_defers;
    lead->watch_max_us = appender->options.watch_us > 0 ? appender->options.watch_us : 0;
}

int cairn_appender_open(const char *url, const char *label,
                        const struct cairn_appender_options *options, struct cairn_appender **ret,
                        struct cairn_error *error)
{
    struct cairn_appender *appender = cairn_allocate(sizeof *appender);
    appender->options = fill_in(options);
    appender->queue = cairn_queue_open(appender->options.queue_max);
    cairn_lead_init(&appender->lead);
    int failed = cairn_store_open(url, label, &appender->store, error);
    if (!failed && !appender->options.quiet)
        failed = cairn_notifier_open(url, label, CAIRN_CHANNEL_LOG, &appender->notifier, error);
    if (!failed)
        failed = cairn_flusher_open(url, label, appender->options.call_us, appender->notifier,
                                    wake_up, appender, &appender->flusher, error);
    if (!failed) {
        cairn_pg_track_backend(cairn_store_pg(appender->store));
        cairn_pg_set_deadline(cairn_store_pg(appender->store), appender->options.call_us);
        prepare_lead(appender);
        failed = cairn_thread_start(&appender->thread, work, appender, "appends", error);
    }
    if (failed)
        free_appender(appender);
    else
        *ret = appender;
    return failed;
}

void cairn_appender_close(struct cairn_appender *appender)
{
    if (!appender)
        return;
    cairn_queue_close(appender->queue);
    cairn_thread_join(appender->thread);
    free_appender(appender);
}
