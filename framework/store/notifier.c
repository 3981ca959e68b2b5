/* notifier.c - a thread that sends the newest reported position as a notification. */
#include "store/notifier.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "postgres/postgres.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define GAP_US CAIRN_MILLISECONDS(5)     /* between the starts of two notifications */
#define AGAIN_US CAIRN_MILLISECONDS(500) /* after a failure */
#define DEADLINE_US CAIRN_SECONDS(2)     /* for one notification */
#define LATE_US CAIRN_SECONDS(1)         /* after this long, a lower position is of another log */

struct cairn_notifier {
    struct cairn_pg *pg; /* the thread's own */
    const char *channel;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t news;  /* there is a position to send, or it is time to end */
    int64_t told;         /* the newest position that was reported */
    int64_t told_us;      /* monotonic: when it was reported */
    int64_t sent;         /* the newest position that was sent */
    bool failing;         /* the last one could not be sent */
    bool closing;
};

/* Returns whether a position is news. Positions come in order, except those reported at nearly the
 * same time. One that is lower than one reported a while ago is of a log restored since, and is
 * news. */
static bool is_news(const struct cairn_notifier *notifier, int64_t position)
{
    return position > notifier->told ||
           (position < notifier->told && cairn_monotonic_us() - notifier->told_us > LATE_US);
}

/* Reports a position; 0 stands for the one after the last. */
static void note_position(struct cairn_notifier *notifier, int64_t position)
{
    if (!notifier)
        return;
    cairn_lock(&notifier->lock);
    bool was_idle = notifier->told == notifier->sent;
    if (position == 0)
        position = notifier->told + 1;
    if (is_news(notifier, position)) {
        notifier->told = position;
        notifier->told_us = cairn_monotonic_us();
    }
    if (was_idle && notifier->told != notifier->sent)
        cairn_cond_signal(&notifier->news);
    cairn_unlock(&notifier->lock);
}

void cairn_notifier_notify(struct cairn_notifier *notifier, int64_t position)
{
    note_position(notifier, position);
}

void cairn_notifier_nudge(struct cairn_notifier *notifier)
{
    note_position(notifier, 0);
}

/* ---- the thread ---- */

/* Waits until the next notification may be sent and there is one to send. Returns its position, or
 * 0 to end the thread: when closing, with nothing left or after a failure. */
static int64_t next(struct cairn_notifier *notifier, int64_t not_before_us)
{
    cairn_lock(&notifier->lock);
    while (!notifier->closing &&
           cairn_cond_wait_until(&notifier->news, &notifier->lock, not_before_us))
        continue;
    while (!notifier->closing && notifier->told == notifier->sent)
        cairn_cond_wait(&notifier->news, &notifier->lock);
    bool ended = notifier->told == notifier->sent || (notifier->closing && notifier->failing);
    int64_t position = ended ? 0 : notifier->told;
    cairn_unlock(&notifier->lock);
    return position;
}

static const struct cairn_statement notify_statement = {
    .name = "notify",
    .sql = "select pg_notify($1, $2)",
};

static int64_t send_notification(struct cairn_notifier *notifier, int64_t position,
                                 struct cairn_error *error)
{
    char text[24];
    struct cairn_pg_params params = {.arena = NULL};
    (void)snprintf(text, sizeof text, "%" PRId64, position);
    cairn_pg_add_text(&params, notifier->channel);
    cairn_pg_add_text(&params, text);
    return cairn_pg_run(notifier->pg, &notify_statement, &params, error);
}

static void record_sent(struct cairn_notifier *notifier, int64_t position,
                        const struct cairn_error *error)
{
    cairn_lock(&notifier->lock);
    bool is_new = error->code && !notifier->failing;
    notifier->failing = error->code != CAIRN_OK;
    if (!notifier->failing)
        notifier->sent = position;
    cairn_unlock(&notifier->lock);
    if (is_new)
        cairn_log_error(CAIRN_LOG_WARN, "cannot notify readers of new events", error);
}

static void *notifier_thread(void *context)
{
    struct cairn_notifier *notifier = context;
    int64_t not_before_us = 0;
    for (int64_t position; (position = next(notifier, not_before_us)) > 0;) {
        struct cairn_error error = {0};
        int64_t begun_us = cairn_monotonic_us();
        int64_t failed = send_notification(notifier, position, &error);
        record_sent(notifier, position, &error);
        not_before_us = begun_us + (failed < 0 ? AGAIN_US : GAP_US);
    }
    return NULL;
}

/* ---- opening and closing ---- */

static struct cairn_notifier *make(void)
{
    struct cairn_notifier *notifier = cairn_allocate(sizeof *notifier);
    cairn_cond_init(&notifier->news);
    cairn_lock_init(&notifier->lock);
    return notifier;
}

static void dispose(struct cairn_notifier *notifier)
{
    cairn_pg_close(notifier->pg);
    cairn_cond_destroy(&notifier->news);
    cairn_lock_destroy(&notifier->lock);
    free(notifier);
}

/* Starts the thread. No notification that is lost in a crash of the database is needed, so its
 * commit need not wait for the disk. */
static int start(struct cairn_notifier *notifier, const char *url, const char *label,
                 struct cairn_error *error)
{
    int failed = cairn_pg_open(url, label, &notifier->pg, error);
    if (failed)
        return failed;
    cairn_pg_on_connect(notifier->pg, "set synchronous_commit = off");
    cairn_pg_set_deadline(notifier->pg, DEADLINE_US);
    return cairn_thread_start(&notifier->thread, notifier_thread, notifier, "notifies readers",
                              error);
}

int cairn_notifier_open(const char *url, const char *label, const char *channel,
                        struct cairn_notifier **ret, struct cairn_error *error)
{
    struct cairn_notifier *notifier = make();
    notifier->channel = channel;
    int failed = start(notifier, url, label, error);
    if (failed) {
        dispose(notifier);
        return failed;
    }
    *ret = notifier;
    return 0;
}

void cairn_notifier_close(struct cairn_notifier *notifier)
{
    if (!notifier)
        return;
    cairn_lock(&notifier->lock);
    notifier->closing = true;
    cairn_cond_signal(&notifier->news);
    cairn_unlock(&notifier->lock);
    cairn_thread_join(notifier->thread);
    dispose(notifier);
}
