/* appender.c - the thread that appends, and the queue in front of it. An append that finds it idle
 * is carried out by its caller's thread (lead.h).
 *
 *     submit -> queue -> collect -> committer (committer.h)
 *                           '-- appends that cannot go with this batch are held for the next */
#include "store/commit/appender.h"

#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/queue.h"
#include "core/threads/thread.h"
#include "store/commit/committer.h"

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
    LOOK_US = 1000, /* between two looks for appends that could be sent behind a batch */
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
    struct cairn_committer committer;
    struct cairn_appending *held[CAIRN_BATCH_APPENDS]; /* taken from the queue, in order */
    size_t held_count;
};

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

/* Begins the next batch of what is held. */
static void commit_held(struct cairn_appender *appender)
{
    size_t begun =
        cairn_committer_begin(&appender->committer, appender->held, appender->held_count);
    appender->held_count -= begun;
    memmove(appender->held, appender->held + begun, appender->held_count * sizeof *appender->held);
    cairn_lead_done(&appender->lead, begun);
}

/* Waits until something is held that can be sent behind the only batch under way. Returns false if
 * its answer has come before. */
static bool await_next(struct cairn_appender *appender)
{
    int64_t until_us = cairn_committer_next_us(&appender->committer);
    while (!cairn_committer_await(&appender->committer, until_us)) {
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
    if (appender->committer.sent_count < CAIRN_COMMITTER_SENT_MAX && await_next(appender))
        commit_held(appender);
    else
        cairn_committer_take(&appender->committer, 1);
}

/* Acquires the connection, and completes the append for which another thread has used it. */
static void acquire(struct cairn_appender *appender)
{
    struct cairn_lead_left left = cairn_lead_acquire(&appender->lead);
    if (!left.appending)
        return;
    cairn_committer_settle(&appender->committer);
    if (left.is_lost)
        cairn_committer_commit_lost(&appender->committer, &left.backend, &left.appending, 1,
                                    &left.error);
    else
        cairn_committer_commit(&appender->committer, &left.appending, 1);
}

static void *work(void *context)
{
    struct cairn_appender *appender = context;
    while (collect(appender)) {
        acquire(appender);
        if (cairn_flusher_look(appender->flusher).is_undone)
            cairn_committer_settle(&appender->committer);
        if (appender->held_count > 0)
            commit_held(appender);
        while (appender->committer.sent_count > 0)
            go_on(appender);
        cairn_lead_release(&appender->lead);
    }
    acquire(appender);
    cairn_committer_settle(&appender->committer);
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
    cairn_arena_close(&appender->committer.arena);
    free(appender);
}

static void prepare_committer(struct cairn_appender *appender)
{
    struct cairn_committer *committer = &appender->committer;
    committer->options = &appender->options;
    committer->store = appender->store;
    committer->flusher = appender->flusher;
    committer->notifier = appender->notifier;
    committer->lead = &appender->lead;
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
        prepare_committer(appender);
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
