/* log_follower.c - one thread listens for new events, the others wait on a condition variable.
 *
 * `head` is -1 while it is not known: before the first read, and from the moment the connection is
 * lost until the next read. So waiting threads are never woken by an outdated head. */
#include "store/read/log_follower.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "store/store.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LOOK_US CAIRN_SECONDS(1)         /* between two reads, without a notification */
#define AGAIN_US CAIRN_MILLISECONDS(250) /* after a failure */
#define DEADLINE_US CAIRN_SECONDS(3)     /* for a read of the head */

struct cairn_follower {
    struct cairn_store *store; /* the thread's own */
    int wake;                  /* an eventfd, readable when it is time to stop */
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t moved;
    int64_t head;
    struct cairn_error error; /* why the head is not known */
    int64_t woken;            /* number of cairn_follower_wake() calls */
    bool stopping;
};

/* ---- the head ---- */

static bool is_stopping(struct cairn_follower *follower)
{
    cairn_lock(&follower->lock);
    bool stopping = follower->stopping;
    cairn_unlock(&follower->lock);
    return stopping;
}

static void publish(struct cairn_follower *follower, int64_t head)
{
    cairn_lock(&follower->lock);
    if (head != follower->head)
        cairn_cond_broadcast(&follower->moved);
    follower->head = head;
    follower->error.code = CAIRN_OK;
    cairn_unlock(&follower->lock);
}

/* Marks the head as unknown. An outage is logged once. */
static void mark_unknown(struct cairn_follower *follower, const struct cairn_error *why)
{
    cairn_lock(&follower->lock);
    bool is_new = follower->error.code == CAIRN_OK && !follower->stopping;
    follower->head = -1;
    follower->error = *why;
    cairn_unlock(&follower->lock);
    if (is_new)
        cairn_log_error(CAIRN_LOG_WARN, "cannot listen for new events", why);
}

/* ---- the thread ---- */

/* Returns whether the payload is a position beyond the head, or is malformed. */
static bool is_news(const char *payload, int64_t head)
{
    char *end = NULL;
    int64_t position = strtoll(payload, &end, 10);
    return end == payload || *end != '\0' || position > head;
}

/* Waits for a notification of news, the time of the next read, or the stop. */
static int wait_for_news(struct cairn_follower *follower, int64_t head, struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(follower->store);
    int64_t until_us = cairn_monotonic_us() + LOOK_US;
    char payload[32] = "0";
    int came = 1;
    while (came > 0 && !is_news(payload, head))
        came = cairn_pg_wait(pg, until_us - cairn_monotonic_us(), follower->wake, payload,
                             sizeof payload, error);
    return came < 0 ? came : 0;
}

static int read_head(struct cairn_follower *follower, struct cairn_error *error)
{
    int64_t head = cairn_store_head(follower->store, error);
    if (head < 0)
        return (int)head;
    publish(follower, head);
    return wait_for_news(follower, head, error);
}

static void *follow(void *context)
{
    struct cairn_follower *follower = context;
    struct pollfd wake = {.fd = follower->wake, .events = POLLIN};
    while (!is_stopping(follower)) {
        struct cairn_error error = {0};
        if (read_head(follower, &error) == 0)
            continue;
        mark_unknown(follower, &error);
        (void)poll(&wake, 1, AGAIN_US / 1000);
    }
    return NULL;
}

/* ---- waiting ---- */

int64_t cairn_follower_wait(struct cairn_follower *follower, int64_t seen, int64_t until_us,
                            struct cairn_error *error)
{
    return cairn_follower_wait_since(follower, seen, cairn_follower_wakes(follower), until_us,
                                     error);
}

int64_t cairn_follower_wakes(struct cairn_follower *follower)
{
    cairn_lock(&follower->lock);
    int64_t woken = follower->woken;
    cairn_unlock(&follower->lock);
    return woken;
}

int64_t cairn_follower_wait_since(struct cairn_follower *follower, int64_t seen, int64_t woken,
                                  int64_t until_us, struct cairn_error *error)
{
    if (seen < 0) /* a failure is below a head that is not known, and would end each wait at once */
        seen = -1;
    cairn_lock(&follower->lock);
    while (follower->head <= seen && !follower->stopping && woken == follower->woken &&
           cairn_cond_wait_until(&follower->moved, &follower->lock, until_us))
        continue;
    int64_t head = follower->head;
    if (head < 0 && follower->error.code)
        head = cairn_error_pass(error, &follower->error);
    else if (head < 0)
        head = cairn_fail(error, CAIRN_UNAVAILABLE, "the head of the log has not been read yet");
    cairn_unlock(&follower->lock);
    return head;
}

void cairn_follower_wake(struct cairn_follower *follower)
{
    cairn_lock(&follower->lock);
    follower->woken++;
    cairn_cond_broadcast(&follower->moved);
    cairn_unlock(&follower->lock);
}

/* ---- opening and closing ---- */

static struct cairn_follower *make(void)
{
    struct cairn_follower *follower = cairn_allocate(sizeof *follower);
    follower->head = -1;
    follower->wake = eventfd(0, EFD_CLOEXEC);
    cairn_cond_init(&follower->moved);
    cairn_lock_init(&follower->lock);
    return follower;
}

static void dispose(struct cairn_follower *follower)
{
    cairn_store_close(follower->store);
    if (follower->wake >= 0)
        (void)close(follower->wake);
    cairn_cond_destroy(&follower->moved);
    cairn_lock_destroy(&follower->lock);
    free(follower);
}

static int start(struct cairn_follower *follower, const char *url, const char *label,
                 struct cairn_error *error)
{
    int failed = cairn_store_open(url, label, &follower->store, error);
    if (failed)
        return failed;
    cairn_pg_on_connect(cairn_store_pg(follower->store), "listen cairn");
    cairn_pg_set_deadline(cairn_store_pg(follower->store), DEADLINE_US);
    if (follower->wake < 0)
        return cairn_fail(error, CAIRN_CONFIG, "no eventfd: %s", strerror(errno));
    return cairn_thread_start(&follower->thread, follow, follower, "follows the log", error);
}

int cairn_follower_open(const char *url, const char *label, struct cairn_follower **ret,
                        struct cairn_error *error)
{
    struct cairn_follower *follower = make();
    int failed = start(follower, url, label, error);
    if (failed) {
        dispose(follower);
        return failed;
    }
    *ret = follower;
    return 0;
}

void cairn_follower_stop(struct cairn_follower *follower)
{
    const uint64_t one = 1;
    cairn_lock(&follower->lock);
    follower->stopping = true;
    cairn_cond_broadcast(&follower->moved);
    cairn_unlock(&follower->lock);
    (void)!write(follower->wake, &one, sizeof one);
}

void cairn_follower_close(struct cairn_follower *follower)
{
    if (!follower)
        return;
    cairn_follower_stop(follower);
    cairn_thread_join(follower->thread);
    dispose(follower);
}
