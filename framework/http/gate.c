/* gate.c - the thread that accepts, cuts and lingers on connections. */
#include "http/gate.h"

#include "core/arena.h"
#include "core/clock.h"
#include "core/log.h"
#include "http/poller.h"

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

struct cairn_gate {
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

static void wake(const struct cairn_gate *gate)
{
    (void)eventfd_write(gate->waker, 1);
}

/* ---- accepting ---- */

static bool somebody_knocks(const struct cairn_gate *gate)
{
    struct pollfd fd = {.fd = gate->listener, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

/* Returns after how long to accept again if it cannot now; 0 when no client is waiting. */
static int64_t accept_all(struct cairn_gate *gate)
{
    for (;;) {
        struct sockaddr_storage address;
        socklen_t length = sizeof address;
        if (!cairn_connections_admit(gate->connections)) {
            if (somebody_knocks(gate))
                cairn_connections_make_room(gate->connections);
            return FULL_US;
        }
        int socket = accept4(gate->listener, (struct sockaddr *)&address, &length,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket >= 0) {
            cairn_pollers_add(gate->pollers, socket, &address, length);
            continue;
        }
        cairn_connections_dismiss(gate->connections);
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

void cairn_gate_linger(struct cairn_gate *gate, int socket)
{
    int copy = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return;
    (void)pthread_mutex_lock(&gate->lock);
    bool kept = gate->lingering_count < LINGER_MAX;
    if (kept)
        gate->lingering[gate->lingering_count++] =
            (struct lingering){.socket = copy, .until_us = cairn_monotonic_us() + LINGER_US};
    (void)pthread_mutex_unlock(&gate->lock);
    if (kept)
        wake(gate);
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

static void drain_all(struct cairn_gate *gate)
{
    int64_t now_us = cairn_monotonic_us();
    (void)pthread_mutex_lock(&gate->lock);
    for (size_t i = gate->lingering_count; i-- > 0;) {
        struct lingering *at = &gate->lingering[i];
        if (gate->state != CLOSING && at->until_us > now_us && !drain(at->socket))
            continue;
        (void)close(at->socket);
        *at = gate->lingering[--gate->lingering_count];
    }
    (void)pthread_mutex_unlock(&gate->lock);
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

static void watch_lingering(struct watch *watch, struct cairn_gate *gate)
{
    (void)pthread_mutex_lock(&gate->lock);
    for (size_t i = 0; i < gate->lingering_count; i++) {
        watch_socket(watch, gate->lingering[i].socket);
        watch_until(watch, gate->lingering[i].until_us);
    }
    (void)pthread_mutex_unlock(&gate->lock);
}

/* Carries out what other threads have requested. Returns false when the thread is to stop. */
static bool follow(struct cairn_gate *gate)
{
    (void)pthread_mutex_lock(&gate->lock);
    if (gate->state != OPEN && gate->listener >= 0) {
        (void)close(gate->listener);
        gate->listener = -1;
        if (gate->state == SHUTTING)
            gate->state = SHUT;
        (void)pthread_cond_broadcast(&gate->shut);
    }
    bool stay = gate->state != CLOSING;
    (void)pthread_mutex_unlock(&gate->lock);
    return stay;
}

static void *keep_gate(void *context)
{
    struct cairn_gate *gate = context;
    int64_t pause_us = 0;
    while (follow(gate)) {
        struct watch watch = {.until_us = cairn_connections_cut(gate->connections)};
        int64_t now_us = cairn_monotonic_us();
        watch_socket(&watch, gate->waker);
        if (pause_us)
            watch_until(&watch, now_us + pause_us);
        else if (gate->listener >= 0)
            watch_socket(&watch, gate->listener);
        watch_lingering(&watch, gate);
        int64_t wait_ms = watch.until_us > now_us ? (watch.until_us - now_us + 999) / 1000 : 0;
        (void)poll(watch.fds, watch.count, (int)(wait_ms < 60000 ? wait_ms : 60000));
        eventfd_t ignored;
        (void)eventfd_read(gate->waker, &ignored);
        pause_us = gate->listener >= 0 ? accept_all(gate) : 0;
        drain_all(gate);
    }
    drain_all(gate);
    return NULL;
}

/* ---- life ---- */

static void free_gate(struct cairn_gate *gate)
{
    if (gate->listener >= 0)
        (void)close(gate->listener);
    (void)close(gate->waker);
    (void)pthread_cond_destroy(&gate->shut);
    (void)pthread_mutex_destroy(&gate->lock);
    free(gate);
}

int cairn_gate_open(int listener, struct cairn_pollers *pollers,
                    struct cairn_connections *connections, struct cairn_gate **ret,
                    struct cairn_error *error)
{
    struct cairn_gate *gate = cairn_allocate(sizeof *gate);
    *gate = (struct cairn_gate){.listener = listener,
                                .waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                                .pollers = pollers,
                                .connections = connections,
                                .state = OPEN};
    (void)pthread_mutex_init(&gate->lock, NULL);
    (void)pthread_cond_init(&gate->shut, NULL);
    *ret = gate; /* set before the first connection, whose thread reads it */
    int failed = gate->waker < 0 ? errno : pthread_create(&gate->thread, NULL, keep_gate, gate);
    if (failed) {
        *ret = NULL;
        free_gate(gate);
        return cairn_fail(error, CAIRN_CONFIG, "cannot accept connections: %s", strerror(failed));
    }
    return 0;
}

void cairn_gate_shut(struct cairn_gate *gate)
{
    (void)pthread_mutex_lock(&gate->lock);
    gate->state = SHUTTING;
    wake(gate);
    while (gate->state == SHUTTING)
        (void)pthread_cond_wait(&gate->shut, &gate->lock);
    (void)pthread_mutex_unlock(&gate->lock);
}

void cairn_gate_close(struct cairn_gate *gate)
{
    if (!gate)
        return;
    (void)pthread_mutex_lock(&gate->lock);
    gate->state = CLOSING;
    (void)pthread_mutex_unlock(&gate->lock);
    wake(gate);
    (void)pthread_join(gate->thread, NULL);
    free_gate(gate);
}
