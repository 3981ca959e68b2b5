/* poller.c - the loop of each polling thread.
 *
 * Invariants
 *  (1) A thread that has work for a polling thread first stores it, then calls; the polling thread
 *      marks itself awake, then looks for work, and sleeps only if it has not been called since. So
 *      no work is missed, and calling a thread that is awake needs no system call.
 *  (2) While requests wait for the upstream, the library always reports work, and cannot tell
 *      whether it is theirs. The thread then waits for events, but never long; likewise where
 *      the library's work has had no result.
 *  (3) A resumed request may be answered, and its server stopped, before the call that resumes it
 *      has returned: that call holds the lock, and stop() acquires it after the thread ended. */
#include "http/connection/poller.h"

#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "http/connection/client_connection.h"
#include "http/connection/stalled_body.h"
#include "http/request/refused_request.h"

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { READS, WRITES, UPSTREAMS };
enum { TURNS = 2, TURNS_MAX = 16 };   /* of the library: one calls a handler, the next sends */
#define BUSY_US CAIRN_MILLISECONDS(1) /* longest wait while the library reports work */
#define WATCH_US 50                   /* without sleeping, between two turns */
#define FOREVER_US CAIRN_SECONDS(60)

/* The state of a thread, for threads that call it. */
enum sleep_state { AWAKE, ASLEEP, CALLED };

struct pending_connection {
    struct pending_connection *next;
    int socket;
    socklen_t length;
    struct sockaddr_storage address;
};

struct cairn_poller {
    struct cairn_http *http;
    struct MHD_Daemon *daemon;
    int epoll; /* the daemon's */
    int waker;
    void *upstreams[UPSTREAMS];
    size_t asked; /* requests that wait for the upstream */
    bool running; /* the thread was started */
    size_t given; /* connections given to the library and not opened yet */
    bool moved;   /* the library has passed something on in this turn */
    struct cairn_stalled_bodies stalled;
    struct cairn_heads heads;
    pthread_t thread;
    atomic_int sleep_state;
    atomic_bool stopping;
    pthread_mutex_t lock; /* guards the members below; also held while a connection is resumed */
    struct pending_connection *newest;
};

struct cairn_pollers {
    int count;
    unsigned next; /* used by the acceptor's thread only */
    struct cairn_poller all[];
};

struct cairn_http *cairn_poller_http(const struct cairn_poller *poller)
{
    return poller->http;
}

void *cairn_poller_upstream(const struct cairn_poller *poller)
{
    return poller->upstreams[READS];
}

void *cairn_poller_writes(const struct cairn_poller *poller)
{
    return poller->upstreams[WRITES];
}

static const struct cairn_http_upstream *kind_of(const struct cairn_poller *poller, int which)
{
    const struct cairn_http_options *options = &poller->http->options;
    return which == READS ? &options->upstream : &options->writes;
}

void cairn_poller_asked(struct cairn_poller *poller, int more)
{
    poller->asked += (size_t)more;
}

void cairn_poller_opened(struct cairn_poller *poller)
{
    poller->given--;
}

void cairn_poller_moved(struct cairn_poller *poller)
{
    poller->moved = true;
}

struct cairn_stalled_bodies *cairn_poller_stalls(struct cairn_poller *poller)
{
    return &poller->stalled;
}

struct cairn_heads *cairn_poller_heads(struct cairn_poller *poller)
{
    return &poller->heads;
}

/* ---- called by other threads ---- */

static void call(struct cairn_poller *poller)
{
    if (atomic_exchange(&poller->sleep_state, CALLED) == ASLEEP)
        (void)eventfd_write(poller->waker, 1);
}

void cairn_poller_resume(struct cairn_exchange *exchange)
{
    struct cairn_poller *poller = exchange->poller;
    cairn_lock(&poller->lock);
    MHD_resume_connection(exchange->wire);
    call(poller);
    cairn_unlock(&poller->lock);
}

void cairn_pollers_add(struct cairn_pollers *pollers, int socket,
                       const struct sockaddr_storage *address, socklen_t length)
{
    struct cairn_poller *poller = &pollers->all[pollers->next++ % (unsigned)pollers->count];
    struct pending_connection *pending = cairn_allocate(sizeof *pending);
    pending->socket = socket;
    pending->length = length;
    pending->address = *address;
    cairn_lock(&poller->lock);
    pending->next = poller->newest;
    poller->newest = pending;
    cairn_unlock(&poller->lock);
    call(poller);
}

static struct pending_connection *take_pending(struct cairn_poller *poller)
{
    cairn_lock(&poller->lock);
    struct pending_connection *first = poller->newest;
    poller->newest = NULL;
    cairn_unlock(&poller->lock);
    return first;
}

/* Passes new connections to the library, which opens each at once or in its next turn, depending on
 * how it was built. */
static void add_new(struct cairn_poller *poller)
{
    for (struct pending_connection *at = take_pending(poller), *next; at; at = next) {
        next = at->next;
        poller->given++;
        (void)MHD_add_connection(poller->daemon, at->socket, (struct sockaddr *)&at->address,
                                 at->length);
        free(at);
    }
}

/* Dismisses the connections that the library did not open: it has closed their sockets without a
 * notification, and has none left to open. */
static void dismiss_unopened(struct cairn_poller *poller)
{
    for (; poller->given > 0; poller->given--)
        cairn_connections_dismiss(poller->http->connections);
}

static void close_new(struct cairn_poller *poller)
{
    for (struct pending_connection *at = take_pending(poller), *next; at; at = next) {
        next = at->next;
        (void)close(at->socket);
        cairn_connections_dismiss(poller->http->connections);
        free(at);
    }
}

/* ---- the thread ---- */

static bool has_work(struct cairn_poller *poller)
{
    MHD_UNSIGNED_LONG_LONG wait_ms = 1;
    return MHD_get_timeout(poller->daemon, &wait_ms) == MHD_YES && wait_ms == 0;
}

/* Runs the library until it has no work, only work that looks like waiting, or until other work has
 * to have its turn. Returns how long the thread may wait then. */
static int64_t take_turns(struct cairn_poller *poller)
{
    int turns = 0;
    int in_vain = 0; /* in a row: nothing has come of them */
    bool more;
    do {
        poller->moved = false;
        (void)MHD_run(poller->daemon);
        in_vain = poller->moved ? 0 : in_vain + 1;
        more = has_work(poller);
    } while (more && in_vain < TURNS && ++turns < (poller->asked ? TURNS : TURNS_MAX));
    if (!more) {
        dismiss_unopened(poller);
        return FOREVER_US;
    }
    return poller->asked || in_vain > 0 ? BUSY_US : 0; /* see (2), and stalled_body.h */
}

/* Runs an upstream's turn. Returns until when the thread may wait for it (monotonic). */
static int64_t prepare(const struct cairn_poller *poller, int which, struct pollfd *ret)
{
    void *upstream = poller->upstreams[which];
    int64_t due_us = upstream ? kind_of(poller, which)->prepare(upstream, ret) : 0;
    return due_us ? due_us : INT64_MAX;
}

/* Waits for an event without sleeping, for a few microseconds. Yields to other runnable threads. */
static void watch(struct cairn_poller *poller, struct pollfd *fds, nfds_t count)
{
    int64_t until_us = cairn_monotonic_us() + WATCH_US;
    while (poll(fds, count, 0) == 0 && atomic_load(&poller->sleep_state) == AWAKE &&
           cairn_monotonic_us() < until_us)
        (void)sched_yield();
}

static void wait_for_something(struct cairn_poller *poller, int64_t wait_us)
{
    eventfd_t ignored;
    int awake = AWAKE;
    struct pollfd fds[] = {{.fd = poller->epoll, .events = POLLIN},
                           {.fd = poller->waker, .events = POLLIN},
                           {.fd = -1},
                           {.fd = -1}};
    int64_t until_us = cairn_earlier_us(cairn_monotonic_us() + wait_us,
                                        cairn_stalled_bodies_cut(&poller->stalled));
    for (int i = 0; i < UPSTREAMS; i++)
        until_us = cairn_earlier_us(until_us, prepare(poller, i, &fds[2 + i]));
    bool watches = wait_us > 0 && until_us == CAIRN_HTTP_WATCH;
    wait_us = until_us - cairn_monotonic_us();
    if (watches)
        watch(poller, fds, sizeof fds / sizeof *fds);
    else if (wait_us < 0 || !atomic_compare_exchange_strong(&poller->sleep_state, &awake, ASLEEP))
        wait_us = 0;
    if (!watches)
        (void)poll(fds, sizeof fds / sizeof *fds, (int)((wait_us + 999) / 1000));
    atomic_store(&poller->sleep_state, AWAKE);
    if (fds[1].revents)
        (void)eventfd_read(poller->waker, &ignored);
    for (int i = 0; i < UPSTREAMS; i++) {
        if (poller->upstreams[i] && (fds[2 + i].revents || cairn_monotonic_us() >= until_us))
            kind_of(poller, i)->go_on(poller->upstreams[i], fds[2 + i].revents);
    }
}

static void close_upstreams(struct cairn_poller *poller)
{
    for (int i = 0; i < UPSTREAMS; i++) {
        if (poller->upstreams[i])
            kind_of(poller, i)->close(poller->upstreams[i]);
        poller->upstreams[i] = NULL;
    }
}

static void *poller_thread(void *context)
{
    struct cairn_poller *poller = context;
    while (!atomic_load(&poller->stopping)) {
        add_new(poller);
        wait_for_something(poller, take_turns(poller));
    }
    close_upstreams(poller);
    return NULL;
}

/* ---- life ---- */

static int start(struct cairn_poller *poller,
                 struct MHD_Daemon *(*start_daemon)(struct cairn_poller *),
                 struct cairn_error *error)
{
    const struct cairn_http_options *options = &poller->http->options;
    int failed = 0;
    for (int i = 0; i < UPSTREAMS && !failed; i++) {
        if (kind_of(poller, i)->open)
            failed = kind_of(poller, i)->open(options->context, &poller->upstreams[i], error);
    }
    if (failed)
        return failed;
    poller->waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    poller->daemon = start_daemon(poller);
    if (poller->waker < 0 || !poller->daemon)
        return cairn_fail(error, CAIRN_CONFIG, "cannot start the HTTP library");
    poller->epoll = MHD_get_daemon_info(poller->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    failed = cairn_thread_start(&poller->thread, poller_thread, poller, "polls connections", error);
    poller->running = !failed;
    return failed;
}

int cairn_pollers_start(struct cairn_http *http, int count,
                        struct MHD_Daemon *(*start_daemon)(struct cairn_poller *poller),
                        struct cairn_pollers **ret, struct cairn_error *error)
{
    struct cairn_pollers *pollers =
        cairn_allocate(sizeof *pollers + (size_t)count * sizeof *pollers->all);
    int failed = 0;
    pollers->count = count;
    for (int i = 0; i < count; i++) {
        pollers->all[i].http = http;
        pollers->all[i].waker = -1;
        cairn_lock_init(&pollers->all[i].lock);
    }
    *ret = pollers; /* set before the first connection */
    for (int i = 0; i < count && !failed; i++)
        failed = start(&pollers->all[i], start_daemon, error);
    if (failed) {
        *ret = NULL;
        cairn_pollers_stop(pollers);
    }
    return failed;
}

static void stop(struct cairn_poller *poller)
{
    if (poller->running)
        cairn_thread_join(poller->thread);
    close_upstreams(poller); /* of a thread that was never started */
    close_new(poller);       /* and see (3) */
    if (poller->daemon)
        MHD_stop_daemon(poller->daemon);
    dismiss_unopened(poller);
    if (poller->waker >= 0)
        (void)close(poller->waker);
    cairn_lock_destroy(&poller->lock);
}

void cairn_pollers_stop(struct cairn_pollers *pollers)
{
    if (!pollers)
        return;
    for (int i = 0; i < pollers->count; i++) {
        atomic_store(&pollers->all[i].stopping, true);
        call(&pollers->all[i]);
    }
    for (int i = 0; i < pollers->count; i++)
        stop(&pollers->all[i]);
    free(pollers);
}
