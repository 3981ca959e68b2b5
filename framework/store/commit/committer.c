/* committer.c - carries out batches of appends.
 *
 *     load -> queued on the connection, or called -> answered here, or given to the flusher
 *                |-- refused as a whole: each half is committed by itself
 *                '-- connection lost: find out what became of the batch, and retry what was not
 *                    written */
#include "store/commit/committer.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "store/commit/settle.h"
#include "store/handle.h"

#include <string.h>

enum {
    ATTEMPTS = 3,      /* at most, of an append whose connection is lost */
    AVERAGED_OVER = 8, /* batches */
};

#define SEND_AT 0.6 /* of the time that a batch is expected to take: then the next one is sent */

static struct cairn_metric batches =
    CAIRN_COUNTER("cairn_append_batches_total", "Calls to append to the log.", NULL);
static struct cairn_metric behind =
    CAIRN_COUNTER("cairn_append_batches_queued_total",
                  "Calls that were sent while the one before was under way.", NULL);
static struct cairn_metric lost =
    CAIRN_COUNTER("cairn_append_batches_lost_total",
                  "Calls whose connection was lost before their answer came.", NULL);

/* ---- settling ---- */

/* Moves the appends out of a flight, which is free then. Returns how many. */
static size_t take_items(struct cairn_committer *committer, struct cairn_flight *flight,
                         struct cairn_appending *ret[CAIRN_BATCH_APPENDS])
{
    size_t count = flight->batch.count;
    memcpy(ret, flight->items, count * sizeof(struct cairn_appending *));
    cairn_flusher_release(committer->flusher, flight);
    return count;
}

static struct cairn_settling settling(struct cairn_committer *committer)
{
    return (struct cairn_settling){
        .store = committer->store,
        .arena = &committer->arena,
        .timeline = &committer->timeline,
        .notifier = committer->notifier,
        .call_us = committer->options->call_us,
        .deadline_us = cairn_monotonic_us() + committer->options->settle_us,
    };
}

/* Commits again what was lost, unless it has been tried often enough. */
static void commit_again(struct cairn_committer *committer, struct cairn_appending **items,
                         size_t count, const struct cairn_error *error)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (++items[i]->attempts < ATTEMPTS)
            items[left++] = items[i];
        else
            cairn_appending_answer(items[i], committer->notifier, -CAIRN_UNAVAILABLE, error,
                                   cairn_monotonic_us());
    }
    cairn_committer_commit(committer, items, left);
}

void cairn_committer_commit_lost(struct cairn_committer *committer,
                                 const struct cairn_pg_backend *backend,
                                 struct cairn_appending **items, size_t count,
                                 const struct cairn_error *error)
{
    struct cairn_settling how = settling(committer);
    struct cairn_error why = {0};
    cairn_metric_add(&lost, "", 1);
    size_t left = cairn_settle(&how, backend, items, count, &why);
    commit_again(committer, items, left, error);
}

void cairn_committer_settle(struct cairn_committer *committer)
{
    struct cairn_flight *flight = cairn_flusher_drain(committer->flusher);
    while (flight) {
        struct cairn_flight *next = flight->next;
        struct cairn_settling how = settling(committer);
        struct cairn_appending *items[CAIRN_BATCH_APPENDS];
        size_t count = take_items(committer, flight, items);
        cairn_arena_reset(&committer->arena);
        struct cairn_error error = {0};
        size_t left = cairn_settle(&how, NULL, items, count, &error);
        (void)cairn_fail(&error, CAIRN_UNAVAILABLE,
                         "the connection to the database is lost again and again");
        commit_again(committer, items, left, &error);
        flight = next;
    }
}

/* ---- committing ---- */

static void answer_all(const struct cairn_committer *committer, struct cairn_appending **items,
                       size_t count, int outcome, const struct cairn_error *error)
{
    int64_t now_us = cairn_monotonic_us();
    for (size_t i = 0; i < count; i++)
        cairn_appending_answer(items[i], committer->notifier, outcome, error, now_us);
}

/* Decides how many of the appends that wait go into the next batch, and whether it is deferred.
 *
 * What is deferred is flushed while the next batch is carried out, so there must be one: of appends
 * that come together, half are left for it. That gains time only where carrying them out takes
 * longer than half a flush. Where other processes wait for the lock, it is theirs meanwhile. */
static size_t plan(const struct cairn_committer *committer, size_t count, bool *ret_deferred)
{
    struct cairn_flusher_state flusher = cairn_flusher_look(committer->flusher);
    *ret_deferred = flusher.is_usable;
    if (committer->options->always_defers)
        return count;
    bool is_busy = flusher.is_busy || committer->sent_count > 0;
    bool is_slow = (double)count * committer->pace.work_us > flusher.flush_us / 2;
    bool is_shared = committer->pace.wait_us > flusher.flush_us / 2;
    *ret_deferred = flusher.is_usable && (is_busy || (count > 1 && (is_slow || is_shared)));
    return *ret_deferred && !is_busy && !is_shared ? (count + 1) / 2 : count;
}

static void average(double *average, double value)
{
    *average += (value - *average) / (double)AVERAGED_OVER;
}

/* Waits for a flight; settles those that could not be flushed if none is left without them. */
static struct cairn_flight *take_flight(struct cairn_committer *committer)
{
    struct cairn_flight *flight = NULL;
    while (!(flight = cairn_flusher_take(committer->flusher))) {
        cairn_committer_take(committer, CAIRN_COMMITTER_SENT_MAX); /* the connection is needed */
        cairn_committer_settle(committer);
    }
    return flight;
}

/* Loads the first append, and as many more as can go with it. */
static struct cairn_flight *load(struct cairn_committer *committer, struct cairn_appending **items,
                                 size_t count)
{
    bool deferred = false;
    size_t most = plan(committer, count, &deferred);
    struct cairn_flight *flight = take_flight(committer);
    cairn_flight_load(flight, items, most, committer->options);
    flight->batch.deferred = deferred;
    return flight;
}

/* Carries a single append out. Its answer is watched for: no thread leads (lead.h) what comes from
 * the queue. Returns what cairn_append_one() does. */
static int call_one(struct cairn_committer *committer, struct cairn_flight *flight,
                    struct cairn_error *error)
{
    struct cairn_appending *first = flight->items[0];
    int64_t began_us = cairn_monotonic_us();
    cairn_pg_set_watch(cairn_store_pg(committer->store), cairn_lead_watch_us(committer->lead));
    int failed =
        cairn_append_one(committer->store, &first->append, &flight->arena, first->ret, error);
    cairn_pg_set_watch(cairn_store_pg(committer->store), 0);
    first->outcome = failed;
    first->timeline = flight->timeline;
    if (!failed)
        cairn_lead_measure(committer->lead, cairn_monotonic_us() - began_us);
    return failed;
}

/* Reads the outcomes of a batch that was carried out. */
static void read_batch(struct cairn_committer *committer, struct cairn_flight *flight)
{
    const struct cairn_append_batch *batch = &flight->batch;
    average(&committer->pace.work_us, (double)batch->worked_us / (double)batch->count);
    average(&committer->pace.wait_us, (double)batch->waited_us);
    cairn_flight_read(flight);
}

/* Calls PostgreSQL. Returns 0, and all outcomes are read; or the error that all of them failed
 * with. The connection is open, since its timeline was just read. */
static int call(struct cairn_committer *committer, struct cairn_flight *flight,
                struct cairn_error *error)
{
    struct cairn_append_batch *batch = &flight->batch;
    cairn_metric_add(&batches, "", 1);
    flight->begun_us = cairn_monotonic_us();
    if (batch->count == 1 && !batch->deferred) {
        int failed = call_one(committer, flight, error);
        if (failed <= 0)
            return failed;
    }
    int failed = cairn_append_batch_call(batch, committer->store, error);
    if (!failed)
        read_batch(committer, flight);
    return failed;
}

/* Answers a batch that its own commit has flushed. What was carried out before is acknowledged only
 * after a commit that was not cancelled. */
static void answer(struct cairn_committer *committer, struct cairn_flight *flight)
{
    struct cairn_error error = {0};
    bool any = false;
    for (size_t i = 0; i < flight->batch.count; i++)
        any = any || flight->items[i]->outcome == 1;
    int unconfirmed = any ? cairn_store_confirm(committer->store, &committer->arena, &error) : 0;
    for (size_t i = 0; i < flight->batch.count && unconfirmed; i++) {
        struct cairn_appending *item = flight->items[i];
        if (item->outcome == 1) {
            item->outcome = unconfirmed;
            item->error = error;
        }
    }
    cairn_committer_settle(committer);
    cairn_flight_answer(flight, committer->notifier);
    cairn_flusher_release(committer->flusher, flight);
}

/* Returns whether a connection is lost, rather than what is asked of it late. */
static bool is_early(const struct cairn_committer *committer, int failed, int64_t begun_us)
{
    return failed == -CAIRN_UNAVAILABLE &&
           cairn_monotonic_us() - begun_us < committer->options->call_us;
}

/* How a batch failed that was called. */
struct failure {
    int failed;
    bool is_lost; /* the server process may have carried it out */
    struct cairn_pg_backend backend;
    struct cairn_error error;
};

static struct failure failure(const struct cairn_committer *committer, int failed)
{
    struct cairn_pg *pg = cairn_store_pg(committer->store);
    return (struct failure){
        .failed = failed,
        .is_lost = failed == -CAIRN_UNAVAILABLE && cairn_pg_sent(pg),
        .backend = cairn_pg_backend(pg),
    };
}

/* Handles a batch that was not carried out. The connection was open: what was not sent, because the
 * statement was still prepared, is sent on the next one. */
static void handle_failure(struct cairn_committer *committer, struct cairn_flight *flight,
                           const struct failure *why)
{
    bool is_unsent = !why->is_lost && is_early(committer, why->failed, flight->begun_us);
    struct cairn_appending *items[CAIRN_BATCH_APPENDS];
    size_t count = take_items(committer, flight, items);
    cairn_committer_settle(committer);
    if (why->is_lost) {
        cairn_committer_commit_lost(committer, &why->backend, items, count, &why->error);
    } else if (is_unsent) {
        commit_again(committer, items, count, &why->error);
    } else if ((why->failed == -CAIRN_INVALID || why->failed == -CAIRN_BUG) && count > 1) {
        /* a value was refused: split, so that only its append fails */
        cairn_committer_commit(committer, items, count / 2);
        cairn_committer_commit(committer, items + count / 2, count - count / 2);
    } else {
        answer_all(committer, items, count, why->failed, &why->error);
    }
}

/* Handles a batch that was not sent, since the timeline could not be read. */
static void handle_unsent(struct cairn_committer *committer, struct cairn_flight *flight,
                          bool retries, int failed, const struct cairn_error *error)
{
    struct cairn_appending *items[CAIRN_BATCH_APPENDS];
    size_t count = take_items(committer, flight, items);
    cairn_committer_settle(committer);
    if (retries)
        commit_again(committer, items, count, error);
    else
        answer_all(committer, items, count, failed, error);
}

/* Notes where the flight's batch is carried out. */
static void note_place(const struct cairn_committer *committer, struct cairn_flight *flight)
{
    flight->backend = cairn_pg_backend(cairn_store_pg(committer->store));
    flight->batch.durable = cairn_flusher_durable(committer->flusher, &flight->backend);
}

/* Carries out the batch of a flight, and answers it, or gives it to the flusher. */
static void carry_out(struct cairn_committer *committer, struct cairn_flight *flight)
{
    struct cairn_error error = {0};
    struct cairn_pg *pg = cairn_store_pg(committer->store);
    int64_t connection = cairn_pg_connection_number(pg);
    int64_t begun_us = cairn_monotonic_us();
    cairn_arena_reset(&committer->arena);
    int failed = cairn_store_timeline(committer->store, &committer->timeline, &error);
    if (failed) {
        bool is_new = cairn_pg_connection_number(pg) != connection;
        handle_unsent(committer, flight, is_new && is_early(committer, failed, begun_us), failed,
                      &error);
        return;
    }
    flight->timeline = committer->timeline;
    note_place(committer, flight);
    bool wanted = flight->batch.deferred;
    failed = call(committer, flight, &error);
    if (!failed && wanted)
        committer->is_deferring = flight->batch.deferred;
    if (failed) {
        struct failure why = failure(committer, failed);
        why.error = error;
        handle_failure(committer, flight, &why);
    } else if (flight->batch.deferred) {
        cairn_flusher_give(committer->flusher, flight);
    } else {
        answer(committer, flight);
    }
}

void cairn_committer_commit(struct cairn_committer *committer, struct cairn_appending **items,
                            size_t count)
{
    while (count > 0) {
        struct cairn_flight *flight = load(committer, items, count);
        size_t loaded = flight->batch.count;
        carry_out(committer, flight);
        items += loaded;
        count -= loaded;
    }
}

/* ---- two batches under way ---- */

/* Sends a batch that is deferred, behind the one that is under way: so the server has the next one
 * at hand when it has committed. Returns false if it was not sent. */
static bool send_flight(struct cairn_committer *committer, struct cairn_flight *flight)
{
    struct cairn_store *store = committer->store;
    if (!flight->batch.deferred || !committer->is_deferring ||
        store->timeline_of != cairn_pg_connection_number(store->pg))
        return false;
    note_place(committer, flight);
    if (!cairn_append_batch_queue(&flight->batch, store))
        return false;
    cairn_metric_add(&batches, "", 1);
    flight->timeline = store->timeline;
    flight->begun_us = cairn_monotonic_us();
    if (committer->sent_count > 0)
        cairn_metric_add(&behind, "", 1);
    committer->sent[committer->sent_count++] = flight;
    return true;
}

/* Takes the answer to the oldest batch that was sent. Returns whether it is the flusher's now; else
 * `ret` says what is to be done about it. */
static bool take_first(struct cairn_committer *committer, struct failure *ret)
{
    struct cairn_flight *flight = committer->sent[0];
    struct cairn_error error = {0};
    int failed = cairn_append_batch_take(&flight->batch, committer->store, &error);
    committer->sent[0] = committer->sent[--committer->sent_count];
    if (committer->sent_count > 0) /* the next one begins now */
        committer->sent[0]->begun_us = cairn_monotonic_us();
    *ret = failure(committer, failed);
    ret->backend = flight->backend;
    ret->error = error;
    if (failed)
        return false;
    read_batch(committer, flight);
    committer->is_deferring = flight->batch.deferred;
    if (flight->batch.deferred)
        cairn_flusher_give(committer->flusher, flight);
    return flight->batch.deferred;
}

/* Handles a batch whose answer was taken, and that is not the flusher's. */
static void handle(struct cairn_committer *committer, struct cairn_flight *flight,
                   const struct failure *why)
{
    if (why->failed == 0)
        answer(committer, flight);
    else if (why->failed == 1) /* nothing was written: each append is decided about by itself */
        carry_out(committer, flight);
    else
        handle_failure(committer, flight, why);
}

void cairn_committer_take(struct cairn_committer *committer, size_t count)
{
    struct cairn_flight *left[CAIRN_COMMITTER_SENT_MAX];
    struct failure why[CAIRN_COMMITTER_SENT_MAX];
    size_t left_count = 0;
    for (size_t taken = 0; committer->sent_count > 0 && (taken < count || left_count > 0);
         taken++) {
        left[left_count] = committer->sent[0];
        if (!take_first(committer, &why[left_count]))
            left_count++;
    }
    for (size_t i = 0; i < left_count; i++)
        handle(committer, left[i], &why[i]);
}

size_t cairn_committer_begin(struct cairn_committer *committer, struct cairn_appending **items,
                             size_t count)
{
    struct cairn_flight *flight = load(committer, items, count);
    size_t loaded = flight->batch.count;
    if (!send_flight(committer, flight)) {
        cairn_committer_take(committer, CAIRN_COMMITTER_SENT_MAX);
        carry_out(committer, flight);
    }
    return loaded;
}

int64_t cairn_committer_next_us(const struct cairn_committer *committer)
{
    const struct cairn_flight *first = committer->sent[0];
    double expected_us =
        committer->pace.wait_us + (double)first->batch.count * committer->pace.work_us;
    return first->begun_us + (int64_t)(expected_us * SEND_AT);
}

bool cairn_committer_await(struct cairn_committer *committer, int64_t until_us)
{
    return cairn_pg_await_queued(cairn_store_pg(committer->store), until_us);
}
