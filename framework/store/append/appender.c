/* appender.c - the thread that appends, and the queue in front of it.
 *
 *     submit -> queue -> collect -> commit -> done
 *                                     |-- appends that cannot go with this batch are held for
 *                                     |   the next
 *                                     |-- refused as a whole: each half is committed by itself
 *                                     '-- connection lost: find out what became of the batch,
 *                                         and retry what was not written */
#include "store/append/appender.h"

#include "core/clock.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/queue.h"
#include "core/thread.h"
#include "store/append/append_batch.h"
#include "store/append/resolve_outcome.h"
#include "store/notifier.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    QUEUE_MAX = 4096,
    BATCH_APPENDS = 1024,
    BATCH_EVENTS = 1024,
    BATCH_BYTES = 4 << 20,
    CALL_US = 10000000,
    SETTLE_US = 10000000,
    WATCH_US = 50,   /* busy-waiting after an answer, for the next append */
    LOOK_US = 20000, /* between two checks while a batch is settled */
    ATTEMPTS = 3,    /* at most, of a batch that loses its connection */
};

struct cairn_appender {
    struct cairn_appender_options options;
    struct cairn_queue *queue;
    struct cairn_notifier *notifier; /* NULL: readers are not notified */
    pthread_t thread;

    /* the thread's own */
    struct cairn_store *store;
    struct cairn_timeline timeline; /* of the connection that appends */
    struct cairn_arena arena;
    struct cairn_appending *held[BATCH_APPENDS]; /* taken from the queue, in order */
    size_t held_count;
};

static struct cairn_metric batches =
    CAIRN_COUNTER("cairn_append_batches_total", "Calls to append to the log.", NULL);
static struct cairn_metric appends =
    CAIRN_COUNTER("cairn_appends_total", "Appends, by what became of them.", "outcome");
static struct cairn_metric events =
    CAIRN_COUNTER("cairn_appended_events_total", "Events appended to the log.", NULL);
static struct cairn_metric lost =
    CAIRN_COUNTER("cairn_append_batches_lost_total",
                  "Calls whose connection was lost before their answer came.", NULL);

/* ---- answers ---- */

/* Counts what one append has written, and notifies the readers. */
static void announce(const struct cairn_appender *appender, const struct cairn_appending *appending)
{
    for (size_t i = 0; i < appending->append.write_count; i++) {
        size_t count = appending->append.writes[i].event_count;
        cairn_metric_add(&events, "", (int64_t)count);
        if (count)
            cairn_notifier_notify(appender->notifier, appending->ret[i].position);
    }
}

static void answer(const struct cairn_appender *appender, struct cairn_appending *appending,
                   int outcome, const struct cairn_error *error)
{
    appending->outcome = outcome;
    appending->timeline = appender->timeline;
    if (error)
        appending->error = *error;
    cairn_metric_add(&appends,
                     outcome < 0    ? cairn_code_info(outcome)->name
                     : outcome == 1 ? "replayed"
                                    : "appended",
                     1);
    if (outcome == 0)
        announce(appender, appending);
    appending->done(appending);
}

static void answer_all(const struct cairn_appender *appender, struct cairn_appending **items,
                       size_t count, int outcome, const struct cairn_error *error)
{
    for (size_t i = 0; i < count; i++)
        answer(appender, items[i], outcome, error);
}

/* ---- settling ---- */

static void pause_for(int64_t us)
{
    const struct timespec pause = {.tv_nsec = us * 1000};
    (void)nanosleep(&pause, NULL);
}

/* Waits until the backend is gone. Returns 0, or -CAIRN_UNKNOWN after the deadline. */
static int await_end(struct cairn_appender *appender, const struct cairn_pg_backend *backend,
                     int64_t deadline_us, struct cairn_error *error)
{
    for (;;) {
        struct cairn_error wrong = {0};
        int gone = cairn_backend_end(appender->store, backend, &appender->arena, &wrong);
        if (gone == 1)
            return 0;
        if (cairn_monotonic_us() >= deadline_us)
            return gone < 0
                       ? cairn_fail(error, CAIRN_UNKNOWN, "%s", wrong.message)
                       : cairn_fail(error, CAIRN_UNKNOWN,
                                    "the server process %" PRId64 " does not end", backend->pid);
        pause_for(LOOK_US);
    }
}

/* Looks for an append in the log, and retries on lost connections. Returns 1, 0 or
 * -CAIRN_UNKNOWN. */
static int look_up_append(struct cairn_appender *appender, struct cairn_appending *appending,
                          int64_t deadline_us, struct cairn_error *error)
{
    for (;;) {
        struct cairn_error wrong = {0};
        int found = cairn_append_find(appender->store, &appending->append, &appender->arena,
                                      appending->ret, &wrong);
        if (found >= 0)
            return found;
        if (cairn_monotonic_us() >= deadline_us)
            return cairn_fail(error, CAIRN_UNKNOWN, "%s", wrong.message);
        pause_for(LOOK_US);
    }
}

/* Reads the timeline of the current connection. The connection was just used, so this rarely fails;
 * if it does, the timeline of the previous connection stays. */
static void renew_timeline(struct cairn_appender *appender)
{
    struct cairn_error ignored = {0};
    int failed = cairn_store_timeline(appender->store, &appender->timeline, &ignored);
    (void)failed;
}

/* Makes sure that what was found is on the standby, too. Returns 0 or -CAIRN_UNKNOWN. */
static int confirm(struct cairn_appender *appender, int64_t deadline_us, struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(appender->store);
    int failed;
    do {
        int64_t left_us = deadline_us - cairn_monotonic_us();
        cairn_pg_set_deadline(pg, left_us > LOOK_US ? left_us : LOOK_US);
        failed = cairn_store_confirm(appender->store, &appender->arena, error);
        if (failed)
            pause_for(LOOK_US);
    } while (failed && cairn_monotonic_us() < deadline_us);
    cairn_pg_set_deadline(pg, appender->options.call_us);
    return failed;
}

/* Answers the appends that are in the log, and those whose outcome cannot be known. Returns how
 * many are left: they are not in the log and never were, and are moved to the front of `items`. */
static size_t resolve_lost_batch(struct cairn_appender *appender, struct cairn_appending **items,
                                 size_t count, const struct cairn_pg_backend *backend)
{
    int64_t deadline_us = cairn_monotonic_us() + appender->options.settle_us;
    struct cairn_error error = {0};
    int failed = await_end(appender, backend, deadline_us, &error);
    int found[BATCH_APPENDS];
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        found[i] = failed ? failed : look_up_append(appender, items[i], deadline_us, &error);
        any = any || found[i] == 1;
    }
    int unconfirmed = any ? confirm(appender, deadline_us, &error) : 0;
    if (!failed)
        renew_timeline(appender);
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (found[i] == 0)
            items[left++] = items[i];
        else
            answer(appender, items[i], found[i] < 0 ? found[i] : unconfirmed, &error);
    }
    cairn_log(CAIRN_LOG_WARN, "the connection was lost while a batch was under way",
              CAIRN_LOG_INTEGER("appends", (int64_t)count),
              CAIRN_LOG_INTEGER("again", (int64_t)left));
    return left;
}

/* ---- committing ---- */

static void commit_all(struct cairn_appender *appender, struct cairn_appending **items,
                       size_t count);

static void read_outcomes(struct cairn_appender *appender, const struct cairn_append_batch *batch,
                          struct cairn_appending **items)
{
    struct cairn_append_batch_cursor cursor = {0};
    int outcomes[BATCH_APPENDS];
    for (size_t i = 0; i < batch->count; i++)
        outcomes[i] = cairn_append_batch_next(batch, &cursor, &items[i]->append, items[i]->ret,
                                              &items[i]->error);
    struct cairn_error error = {0};
    bool any = false;
    for (size_t i = 0; i < batch->count; i++)
        any = any || outcomes[i] == 1;
    int unconfirmed = any ? cairn_store_confirm(appender->store, &appender->arena, &error) : 0;
    for (size_t i = 0; i < batch->count; i++) {
        bool unknown = unconfirmed && outcomes[i] == 1;
        answer(appender, items[i], unknown ? unconfirmed : outcomes[i], unknown ? &error : NULL);
    }
}

/* Adds the first item to the batch, and as many more as can go with it. */
static void gather(const struct cairn_appender *appender, struct cairn_appending **items,
                   size_t count, struct cairn_append_batch *ret)
{
    for (size_t i = 0; i < count; i++) {
        const struct cairn_append *append = &items[i]->append;
        if (i > 0 &&
            (ret->event_count + cairn_append_events(append) > appender->options.batch_events ||
             ret->bytes + cairn_append_bytes(append) > appender->options.batch_bytes ||
             !cairn_append_batch_takes(ret, append)))
            break;
        cairn_append_batch_add(ret, append);
    }
}

/* Calls PostgreSQL. Returns 0, and all appends are answered; or the error that all of them failed
 * with. The connection is open, since its timeline was just read. */
static int call(struct cairn_appender *appender, struct cairn_append_batch *batch,
                struct cairn_appending **items, struct cairn_error *error)
{
    cairn_metric_add(&batches, "", 1);
    int failed = 1;
    if (batch->count == 1)
        failed = cairn_append_one(appender->store, &items[0]->append, &appender->arena,
                                  items[0]->ret, error);
    if (failed == 0)
        answer(appender, items[0], 0, NULL);
    if (failed <= 0)
        return failed;
    failed = cairn_append_batch_call(batch, appender->store, error);
    if (!failed)
        read_outcomes(appender, batch, items);
    return failed;
}

/* Handles a batch that was not carried out. Returns how many of its appends are to be retried; they
 * are moved to the front, the others are answered. */
static size_t handle_failure(struct cairn_appender *appender, struct cairn_appending **items,
                             size_t count, int failed, const struct cairn_error *error, bool again)
{
    struct cairn_pg *pg = cairn_store_pg(appender->store);
    size_t left = 0;
    if (failed == -CAIRN_UNAVAILABLE && cairn_pg_sent(pg)) {
        const struct cairn_pg_backend backend = cairn_pg_backend(pg);
        cairn_metric_add(&lost, "", 1);
        left = resolve_lost_batch(appender, items, count, &backend);
        if (!again) {
            answer_all(appender, items, left, failed, error);
            left = 0;
        }
    } else if ((failed == -CAIRN_INVALID || failed == -CAIRN_BUG) && count > 1) {
        /* a value was refused: split, so that only its append fails */
        commit_all(appender, items, count / 2);
        commit_all(appender, items + count / 2, count - count / 2);
    } else {
        answer_all(appender, items, count, failed, error);
    }
    return left;
}

/* Commits the first append, and as many more as can go with it. Returns how many. */
static size_t commit(struct cairn_appender *appender, struct cairn_appending **items, size_t count)
{
    struct cairn_append_batch batch;
    cairn_arena_reset(&appender->arena);
    cairn_append_batch_init(&batch, &appender->arena);
    gather(appender, items, count, &batch);
    size_t gathered = batch.count;
    for (int attempt = 1;; attempt++) {
        struct cairn_error error = {0};
        int failed = cairn_store_timeline(appender->store, &appender->timeline, &error);
        if (failed) { /* nothing was sent */
            answer_all(appender, items, batch.count, failed, &error);
            return gathered;
        }
        failed = call(appender, &batch, items, &error);
        size_t left = failed ? handle_failure(appender, items, batch.count, failed, &error,
                                              attempt < ATTEMPTS)
                             : 0;
        if (left == 0)
            return gathered;
        cairn_arena_reset(&appender->arena);
        cairn_append_batch_init(&batch, &appender->arena);
        gather(appender, items, left, &batch);
    }
}

static void commit_all(struct cairn_appender *appender, struct cairn_appending **items,
                       size_t count)
{
    while (count > 0) {
        size_t done = commit(appender, items, count);
        items += done;
        count -= done;
    }
}

/* ---- the thread ---- */

/* Fills `held` up from the queue; waits if nothing is held. Returns false at the end. */
static bool collect(struct cairn_appender *appender)
{
    void **room = (void **)(appender->held + appender->held_count);
    size_t places = BATCH_APPENDS - appender->held_count;
    if (appender->held_count == 0)
        cairn_queue_watch(appender->queue, cairn_monotonic_us() + WATCH_US);
    appender->held_count += appender->held_count ? cairn_queue_take(appender->queue, room, places)
                                                 : cairn_queue_drain(appender->queue, room, places);
    return appender->held_count > 0;
}

static void *work(void *context)
{
    struct cairn_appender *appender = context;
    while (collect(appender)) {
        size_t done = commit(appender, appender->held, appender->held_count);
        appender->held_count -= done;
        memmove(appender->held, appender->held + done,
                appender->held_count * sizeof *appender->held);
    }
    return NULL;
}

/* ---- submitting ---- */

int cairn_appender_submit(struct cairn_appender *appender, struct cairn_appending *appending,
                          struct cairn_error *error)
{
    int failed = cairn_append_check(&appending->append, error);
    if (!failed && cairn_queue_push(appender->queue, appending) < 0)
        failed = cairn_fail(error, CAIRN_BUSY, "%zu appends are waiting already",
                            appender->options.queue_max);
    return failed;
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
    int failed = cairn_appender_submit(appender, &appending, error);
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
    return ret;
}

static void free_appender(struct cairn_appender *appender)
{
    cairn_notifier_close(appender->notifier);
    cairn_store_close(appender->store);
    cairn_queue_free(appender->queue);
    cairn_arena_close(&appender->arena);
    free(appender);
}

int cairn_appender_open(const char *url, const char *label,
                        const struct cairn_appender_options *options, struct cairn_appender **ret,
                        struct cairn_error *error)
{
    struct cairn_appender *appender = cairn_allocate(sizeof *appender);
    appender->options = fill_in(options);
    appender->queue = cairn_queue_open(appender->options.queue_max);
    int failed = cairn_store_open(url, label, &appender->store, error);
    if (!failed && !appender->options.quiet)
        failed = cairn_notifier_open(url, label, CAIRN_CHANNEL_LOG, &appender->notifier, error);
    if (!failed) {
        cairn_pg_track_backend(cairn_store_pg(appender->store));
        cairn_pg_set_deadline(cairn_store_pg(appender->store), appender->options.call_us);
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
