/* proxy.c - passes bytes on: two sockets and a poll loop for each connection. */
#include "proxy.h"

#include "core/threads/thread.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 20 };

struct wire {
    struct proxy *proxy;
    int client;
    int server;
    unsigned random;
};

/* ---- addresses ---- */

union address {
    struct sockaddr any;
    struct sockaddr_in port;
    struct sockaddr_un path;
};

static socklen_t make_address(const char *path, int port, union address *ret)
{
    memset(ret, 0, sizeof *ret);
    if (*path) {
        ret->path.sun_family = AF_UNIX;
        if (snprintf(ret->path.sun_path, sizeof ret->path.sun_path, "%s", path) >=
            (int)sizeof ret->path.sun_path)
            abort(); /* no path that tests/run creates is that long */
        return sizeof ret->path;
    }
    ret->port.sin_family = AF_INET;
    ret->port.sin_port = htons((uint16_t)port);
    ret->port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sizeof ret->port;
}

static int dial(const struct proxy *proxy)
{
    union address address;
    socklen_t size = make_address(proxy->target, proxy->target_port, &address);
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, &address.any, size) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* ---- forwarding ---- */

static void rest(int us)
{
    struct timespec left = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L};
    (void)nanosleep(&left, NULL);
}

static bool take_one(atomic_int *knob)
{
    int left = atomic_load(knob);
    while (left > 0) {
        if (atomic_compare_exchange_weak(knob, &left, left - 1))
            return true;
    }
    return false;
}

static bool write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t put = send(fd, bytes, count, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        bytes += put;
        count -= (size_t)put;
    }
    return true;
}

/* Makes close() reset the connection: the peer's read sees an error, not end of file. */
static void reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* Returns whether the connection stays open. */
static bool pass(struct wire *wire, int from, int to)
{
    char bytes[16384];
    struct proxy *proxy = wire->proxy;
    ssize_t got = recv(from, bytes, sizeof bytes, 0);
    if (got <= 0)
        return false;
    if (proxy->latency_us > 0)
        rest(proxy->latency_us);
    while (proxy->frozen && !proxy->over)
        rest(TICK_MS * 1000);
    size_t count = (size_t)got;
    bool answer = from == wire->server;
    bool cut = take_one(answer ? &proxy->cuts : &proxy->cuts_before);
    if (cut && answer) {
        wire->random = wire->random * 1664525U + 1013904223U;
        count = (wire->random >> 8) % count;
    }
    bool passed = write_all(to, bytes, count);
    if (!cut)
        return passed;
    if (!answer)
        rest((int)(wire->random >> 8) % 3000); /* the server may have begun to work on it */
    reset(wire->client);
    return false;
}

static void *run_wire(void *context)
{
    struct wire *wire = context;
    struct proxy *proxy = wire->proxy;
    bool good = true;
    while (good && !proxy->over) {
        struct pollfd ends[] = {{wire->client, POLLIN, 0}, {wire->server, POLLIN, 0}};
        int ready = poll(ends, 2, TICK_MS);
        if (ready < 0 && errno != EINTR)
            break;
        if (ready > 0 && ends[1].revents)
            good = pass(wire, wire->server, wire->client);
        if (good && ready > 0 && ends[0].revents)
            good = pass(wire, wire->client, wire->server);
    }
    (void)close(wire->client);
    (void)close(wire->server);
    free(wire);
    proxy->open--;
    return NULL;
}

/* ---- listening ---- */

static void take_connection(struct proxy *proxy, int client)
{
    static atomic_uint number;
    pthread_t thread;
    struct wire *wire = calloc(1, sizeof *wire);
    int server = wire && !proxy->refuses ? dial(proxy) : -1;
    if (server < 0) {
        reset(client);
        (void)close(client);
        free(wire);
        return;
    }
    *wire = (struct wire){proxy, client, server, ++number * 2654435761U};
    proxy->open++;
    if (pthread_create(&thread, NULL, run_wire, wire) != 0)
        abort();
    (void)pthread_detach(thread);
}

static void *run_proxy(void *context)
{
    struct proxy *proxy = context;
    while (!proxy->over) {
        struct pollfd listener = {proxy->listener, POLLIN, 0};
        if (poll(&listener, 1, TICK_MS) <= 0)
            continue;
        int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
        if (client >= 0)
            take_connection(proxy, client);
    }
    return NULL;
}

void proxy_start(struct proxy *ret, const char *path, int port, const char *target, int target_port)
{
    union address address;
    int yes = 1;
    memset(ret, 0, sizeof *ret);
    (void)snprintf(ret->target, sizeof ret->target, "%s", target);
    ret->target_port = target_port;
    socklen_t size = make_address(path, port, &address);
    if (*path)
        (void)unlink(path);
    ret->listener = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(ret->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (ret->listener < 0 || bind(ret->listener, &address.any, size) < 0 ||
        listen(ret->listener, 128) < 0 || pthread_create(&ret->thread, NULL, run_proxy, ret) != 0) {
        perror("proxy");
        abort();
    }
}

void proxy_heal(struct proxy *proxy)
{
    proxy->cuts = 0;
    proxy->cuts_before = 0;
    proxy->latency_us = 0;
    proxy->frozen = false;
    proxy->refuses = false;
}

void proxy_stop(struct proxy *proxy)
{
    proxy->over = true;
    cairn_thread_join(proxy->thread);
    while (proxy->open > 0)
        rest(1000);
    (void)close(proxy->listener);
}
