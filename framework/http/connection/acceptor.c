/* acceptor.c - the thread that accepts, cuts and lingers on connections. */
#include "http/connection/acceptor.h"

#include "core/containers/arena.h"
#include "core/report/log.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "http/connection/poller.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    LINGER_MAX = 64,
    LINGER_US = 2000000,
    FULL_US = 20000,      /* all places are taken: interval between attempts */
    EXHAUSTED_US = 200000 /* no descriptors left: interval between attempts */
};

struct lingering {
    int socket;
    int64_t until_us;
};

struct cairn_acceptor {
    int listener; /* -1 when shut */
    int waker;
    struct cairn_pollers *pollers;
    struct cairn_connections *connections;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the members below */
    pthread_cond_t shut;
    enum { OPEN = 1, SHUTTING, SHUT, CLOSING } state;
    struct lingering lingering[LINGER_MAX];
    size_t lingering_count;
};

static void wake(const struct cairn_acceptor *acceptor)
{
    (void)eventfd_write(acceptor->waker, 1);
}

/* ---- accepting ---- */

static bool client_is_waiting(const struct cairn_acceptor *acceptor)
{
    struct pollfd fd = {.fd = acceptor->listener, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

/* Returns after how long to accept again if it cannot now; 0 when no client is waiting. */
static int64_t accept_all(struct cairn_acceptor *acceptor)
{
    for (;;) {
        struct sockaddr_storage address;
        socklen_t length = sizeof address;
        if (!cairn_connections_admit(acceptor->connections)) {
            if (client_is_waiting(acceptor))
                cairn_connections_make_room(acceptor->connections);
            return FULL_US;
        }
        int socket = accept4(acceptor->listener, (struct sockaddr *)&address, &length,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket >= 0) {
            cairn_pollers_add(acceptor->pollers, socket, &address, length);
            continue;
        }
        cairn_connections_dismiss(acceptor->connections);
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            cairn_log(CAIRN_LOG_WARN, "cannot accept connections",
                      CAIRN_LOG_TEXT("detail", strerror(errno)));
            return EXHAUSTED_US;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return 0;
        /* Any other error concerns only the connection that failed before it was accepted. */
    }
}

/* ---- lingering ---- */

void cairn_acceptor_linger(struct cairn_acceptor *acceptor, int socket)
{
    int copy = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return;
    cairn_lock(&acceptor->lock);
    bool kept = acceptor->lingering_count < LINGER_MAX;
    if (kept)
        acceptor->lingering[acceptor->lingering_count++] =
            (struct lingering){.socket = copy, .until_us = cairn_monotonic_us() + LINGER_US};
    cairn_unlock(&acceptor->lock);
    if (kept)
        wake(acceptor);
    else
        (void)close(copy);
}

/* Discards what has arrived. Returns true when the client has finished. */
static bool drain(int socket)
{
    char waste[16384];
    ssize_t count;
    do {
        count = recv(socket, waste, sizeof waste, MSG_DONTWAIT);
    } while (count == (ssize_t)sizeof waste);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

static void drain_all(struct cairn_acceptor *acceptor)
{
    int64_t now_us = cairn_monotonic_us();
    cairn_lock(&acceptor->lock);
    for (size_t i = acceptor->lingering_count; i-- > 0;) {
        struct lingering *at = &acceptor->lingering[i];
        if (acceptor->state != CLOSING && at->until_us > now_us && !drain(at->socket))
            continue;
        (void)close(at->socket);
        *at = acceptor->lingering[--acceptor->lingering_count];
    }
    cairn_unlock(&acceptor->lock);
}

/* ---- the thread ---- */

struct watch {
    struct pollfd fds[LINGER_MAX + 2];
    nfds_t count;
    int64_t until_us;
};

static void watch_socket(struct watch *watch, int socket)
{
    watch->fds[watch->count++] = (struct pollfd){.fd = socket, .events = POLLIN};
}

static void watch_until(struct watch *watch, int64_t time_us)
{
    if (time_us < watch->until_us)
        watch->until_us = time_us;
}

static void watch_lingering(struct watch *watch, struct cairn_acceptor *acceptor)
{
    cairn_lock(&acceptor->lock);
    for (size_t i = 0; i < acceptor->lingering_count; i++) {
        watch_socket(watch, acceptor->lingering[i].socket);
        watch_until(watch, acceptor->lingering[i].until_us);
    }
    cairn_unlock(&acceptor->lock);
}

/* Carries out what other threads have requested. Returns false when the thread is to stop. */
static bool follow(struct cairn_acceptor *acceptor)
{
    cairn_lock(&acceptor->lock);
    if (acceptor->state != OPEN && acceptor->listener >= 0) {
        (void)close(acceptor->listener);
        acceptor->listener = -1;
        if (acceptor->state == SHUTTING)
            acceptor->state = SHUT;
        cairn_cond_broadcast(&acceptor->shut);
    }
    bool stay = acceptor->state != CLOSING;
    cairn_unlock(&acceptor->lock);
    return stay;
}

static void *acceptor_thread(void *context)
{
    struct cairn_acceptor *acceptor = context;
    int64_t pause_us = 0;
    while (follow(acceptor)) {
        struct watch watch = {.until_us = cairn_connections_cut(acceptor->connections)};
        int64_t now_us = cairn_monotonic_us();
        watch_socket(&watch, acceptor->waker);
        if (pause_us)
            watch_until(&watch, now_us + pause_us);
        else if (acceptor->listener >= 0)
            watch_socket(&watch, acceptor->listener);
        watch_lingering(&watch, acceptor);
        int64_t wait_ms = watch.until_us > now_us ? (watch.until_us - now_us + 999) / 1000 : 0;
        (void)poll(watch.fds, watch.count, (int)(wait_ms < 60000 ? wait_ms : 60000));
        eventfd_t ignored;
        (void)eventfd_read(acceptor->waker, &ignored);
        pause_us = acceptor->listener >= 0 ? accept_all(acceptor) : 0;
        drain_all(acceptor);
    }
    drain_all(acceptor);
    return NULL;
}

/* ---- life ---- */

static void free_acceptor(struct cairn_acceptor *acceptor)
{
    if (acceptor->listener >= 0)
        (void)close(acceptor->listener);
    (void)close(acceptor->waker);
    cairn_cond_destroy(&acceptor->shut);
    cairn_lock_destroy(&acceptor->lock);
    free(acceptor);
}

int cairn_acceptor_open(int listener, struct cairn_pollers *pollers,
                        struct cairn_connections *connections, struct cairn_acceptor **ret,
                        struct cairn_error *error)
{
    struct cairn_acceptor *acceptor = cairn_allocate(sizeof *acceptor);
    *acceptor = (struct cairn_acceptor){.listener = listener,
                                        .waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                                        .pollers = pollers,
                                        .connections = connections,
                                        .state = OPEN};
    cairn_lock_init(&acceptor->lock);
    cairn_cond_init(&acceptor->shut);
    *ret = acceptor; /* set before the first connection, whose thread reads it */
    int failed = acceptor->waker < 0
                     ? cairn_fail(error, CAIRN_CONFIG, "no eventfd: %s", strerror(errno))
                     : cairn_thread_start(&acceptor->thread, acceptor_thread, acceptor,
                                          "accepts connections", error);
    if (failed) {
        *ret = NULL;
        free_acceptor(acceptor);
    }
    return failed;
}

void cairn_acceptor_shut(struct cairn_acceptor *acceptor)
{
    cairn_lock(&acceptor->lock);
    acceptor->state = SHUTTING;
    wake(acceptor);
    while (acceptor->state == SHUTTING)
        cairn_cond_wait(&acceptor->shut, &acceptor->lock);
    cairn_unlock(&acceptor->lock);
}

void cairn_acceptor_close(struct cairn_acceptor *acceptor)
{
    if (!acceptor)
        return;
    cairn_lock(&acceptor->lock);
    acceptor->state = CLOSING;
    cairn_unlock(&acceptor->lock);
    wake(acceptor);
    cairn_thread_join(acceptor->thread);
    free_acceptor(acceptor);
}
